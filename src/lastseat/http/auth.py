"""Authentication: from the header Authorization to a principal and the tenant's operations.

A credential that was found good is believed for a second, so that a busy key costs no query for
each request: a revoked key works for that second longer, no more. While one request looks a
credential up, others with the same one wait for its answer instead of asking too.
"""

import asyncio
import math
import re
import time
from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct

from lastseat.access import Principal, Role, people, store
from lastseat.access.keys import PREFIXES
from lastseat.access.rate import Buckets
from lastseat.access.tokens import BadToken, KeysAway, Verifier
from lastseat.core import limits
from lastseat.http.problems import Forbidden, Problem, invalid
from lastseat.http.settings import ServeSettings
from lastseat.http.wording import DETAIL
from lastseat.library.asynchronous.engine import AsyncEngine
from lastseat.library.asynchronous.tenant import AsyncTenant

SERVICE = "lastseat"
"""Where an application's `opt` has its `Service`."""

BELIEVED_SECONDS = 1.0
"""How long a credential that was found good is believed without asking again."""

MOST_BELIEVED = 10_000
"""Credentials believed at a time, at most."""

TENANT_HEADER = "Lastseat-Tenant"


class Believed(Struct, frozen=True):
    """Whom a credential stands for, until a time of the monotonic clock."""

    principal: Principal
    tenant: AsyncTenant
    until: float


Credential = tuple[bytes, bytes | None]
"""The value of Authorization, and the tenant that the request names."""


class Service:
    """What all requests of one process share: the engine, who is believed, who was how busy."""

    def __init__(self, settings: ServeSettings) -> None:
        self.settings = settings
        self._engine: AsyncEngine | None = None
        self._believed: dict[Credential, Believed] = {}
        self._asking: dict[Credential, asyncio.Task[Believed]] = {}
        self._buckets = Buckets()
        self.slowed_down = 0
        """Requests that were answered 429."""
        self._tokens = Verifier(settings.tokens) if settings.tokens else None

    def opened(self, engine: AsyncEngine) -> None:
        """The engine is there: requests can be served."""
        self._engine = engine
        self._believed.clear()

    @property
    def engine(self) -> AsyncEngine:
        """The engine of this process."""
        assert self._engine is not None, "the application was not started"
        return self._engine

    async def who(self, headers: Iterable[tuple[bytes, bytes]]) -> Believed:
        """Whom the headers' credential stands for. Raises the problems 401, 403 and 429."""
        found = await self.known(headers)
        per_minute = found.principal.per_minute
        if per_minute is not None:
            self._slow_down(found.principal, per_minute)
        return found

    async def known(self, headers: Iterable[tuple[bytes, bytes]]) -> Believed:
        """The same without a request being counted: for one that goes on for long."""
        credential, named = None, None
        for name, value in headers:
            if name == b"authorization":
                # Which of two a proxy in front has looked at can't be known.
                if credential is not None:
                    raise unauthorized("the header Authorization was sent twice")
                credential = value
            elif name == b"lastseat-tenant":
                if named is not None:
                    raise invalid(TENANT_HEADER, "was sent twice")
                named = value
            elif name == b"accept" and not takes_json(value):
                raise Problem(406, "not_acceptable", DETAIL["not_acceptable"])
        asked: Credential = (credential or b"", named)
        found = self._believed.get(asked)
        if found is None or found.until < time.monotonic():
            found = await self._ask_once(asked)
        return found

    async def _ask_once(self, asked: Credential) -> Believed:
        task = self._asking.get(asked)
        if task is None:
            task = asyncio.create_task(self._ask(asked))
            self._asking[asked] = task
            task.add_done_callback(lambda _: self._asking.pop(asked, None))
        # Shielded: the one who asked first may go away, those who wait with them stay.
        return await asyncio.shield(task)

    async def _ask(self, asked: Credential) -> Believed:
        credential, named = asked
        since = time.monotonic()
        tenant_id = _tenant_id(named)
        if self.settings.auth:
            principal = await self._authenticate(_bearer(credential), tenant_id)
        else:
            principal = everybody(tenant_id or "default")
        tenant = self.engine.tenant(principal.tenant_id, principal=principal.name)
        # From before the question on: a key revoked while it is asked is not believed longer.
        found = Believed(principal, tenant, since + BELIEVED_SECONDS)
        if len(self._believed) >= MOST_BELIEVED:
            self._believed.clear()
        self._believed[asked] = found
        return found

    async def _authenticate(self, text: str, tenant_id: str | None) -> Principal:
        found: Principal | None
        if text.startswith(PREFIXES):
            found = await self.engine.read(store.authenticate_key, text)
        elif self._tokens is None:
            raise unauthorized("signed tokens are not configured here; send an API key")
        else:
            found = await self._person(self._tokens, text, tenant_id)
        if found is None:
            raise unauthorized("the key or token is unknown, expired or revoked")
        if tenant_id is not None and tenant_id != found.tenant_id:
            raise Forbidden("tenant", "The credential is not of the tenant that the request names.")
        return found

    async def _person(
        self, verifier: Verifier, text: str, tenant_id: str | None
    ) -> Principal | None:
        try:
            claims = await verifier.verify(text)
        except KeysAway as error:
            raise Problem(
                503,
                "unavailable",
                f"Nothing was done: {error.reason}. Try again.",
                headers={"Retry-After": "1"},
            ) from None
        except BadToken as error:
            raise unauthorized(error.reason) from None
        # Only to whoever holds a good token: these are facts about it and the request, no more.
        if tenant_id is None and not claims.tenants:
            raise invalid(TENANT_HEADER, "is missing: the token does not say which tenant is meant")
        found: Principal | None = await self.engine.read(people.principal_of, claims, tenant_id)
        if found is None and tenant_id is None and len(claims.tenants) > 1:
            raise invalid(TENANT_HEADER, "must say which of the token's tenants is meant")
        return found

    def _slow_down(self, principal: Principal, per_minute: int) -> None:
        wait = self._buckets.take(principal.name, per_minute, time.monotonic())
        if wait > 0:
            self.slowed_down += 1
            raise Problem(
                429,
                "too_many_requests",
                DETAIL["too_many_requests"],
                headers={"Retry-After": str(math.ceil(wait))},
            )


@lru_cache(256)
def takes_json(accept: bytes) -> bool:
    """Whether a header Accept lets us answer in JSON. Without a word everything will do."""
    wanted = [part.strip() for part in accept.decode("latin-1").lower().split(",") if part.strip()]
    for part in wanted:
        media, *parameters = (x.strip() for x in part.split(";"))
        ruled_out = any(_NO.fullmatch(x) for x in parameters)
        if media in _ANY_JSON and not ruled_out:
            return True
    return not wanted


_NO = re.compile(r"q\s*=\s*0(\.0*)?")
_ANY_JSON = frozenset({"*/*", "application/*", "application/json", "application/problem+json"})


def everybody(tenant_id: str) -> Principal:
    """Whoever asks where authentication is off: an owner, of the tenant that they name."""
    return Principal(
        tenant_id=tenant_id, name="anybody", roles=frozenset({Role.OWNER}), operator=True
    )


def unauthorized(reason: str) -> Problem:
    """The problem 401: who asks is not known."""
    return Problem(
        401,
        "unauthorized",
        DETAIL["unauthorized"],
        extra={"reason": reason},
        headers={"WWW-Authenticate": 'Bearer realm="lastseat"'},
    )


def _bearer(credential: bytes) -> str:
    scheme, _, rest = credential.partition(b" ")
    if scheme.lower() != b"bearer":
        raise unauthorized("the header Authorization is missing, or is no Bearer credential")
    text = rest.strip()
    if not text or not text.isascii():
        raise unauthorized("the credential is empty, or has characters that none has")
    return text.decode("ascii")


def _tenant_id(named: bytes | None) -> str | None:
    if named is None:
        return None
    try:
        text = named.decode()
    except UnicodeDecodeError:
        raise invalid(TENANT_HEADER, "is no UTF-8") from None
    if not 1 <= len(text) <= limits.NAME_LENGTH or not text.isprintable():
        raise invalid(TENANT_HEADER, f"must be 1 to {limits.NAME_LENGTH} printable characters")
    return text
