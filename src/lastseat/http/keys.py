"""API keys: made, listed, revoked. A key's text is in one answer alone: what is kept is a hash."""

from typing import Annotated, Any

from litestar import Response, delete, get, post
from litestar.params import FromPath
from msgspec import Meta, Struct

from lastseat.access import Action, Role, may_grant, store
from lastseat.access.store import Key, NewKey
from lastseat.access.terms import GUEST_PER_MINUTE, MOST_PER_MINUTE, KeyTerms
from lastseat.catalogue.answers import Refused, Saved, Unknown
from lastseat.core import outcomes as o
from lastseat.http.caller import caller_of
from lastseat.http.describing import UUID as ID
from lastseat.http.describing import Link, described
from lastseat.http.idempotency import key_of
from lastseat.http.incoming import AnyRequest, Body, Paged, query_of
from lastseat.http.keeping import Connection, keep, kept, replayed
from lastseat.http.paging import AfterUuid, Page, page_of
from lastseat.http.problems import Forbidden, document
from lastseat.http.shapes import Id, Moment

_KEY_ID = "5b0d9c1e-63a4-4c1f-9d55-0a5b8e2f7c10"
EXAMPLE: dict[str, Any] = {
    "key_id": _KEY_ID,
    "name": "web shop",
    "roles": ["staff"],
    "scopes": ["bookings.book", "bookings.cancel"],
    "publishable": False,
    "per_minute": None,
    "created_at": "2026-11-20T09:15:02.113Z",
    "created_by": "key:0f2a4c9b-1f3e-4f0c-8a6d-3b1c9e7d5a02",
    "expires_at": "2027-11-20T00:00:00Z",
    "revoked_at": None,
}
PATH = {"key_id": (ID, "The key's id: the middle part of its text.", _KEY_ID)}


class KeyBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new key. `scopes` narrows what its roles allow; left out, it may do all that they may."""

    name: Annotated[Id, Meta(description="Who holds it.")]
    roles: Annotated[
        tuple[Role, ...], Meta(description="Of a publishable key: `guest`, or left out.")
    ] = ()
    scopes: tuple[Action, ...] | None = None
    publishable: Annotated[
        bool, Meta(description="For guests' browsers: it may be seen, and is rate limited.")
    ] = False
    per_minute: Annotated[
        int | None,
        Meta(
            description=f"Requests a minute; of a publishable key {GUEST_PER_MINUTE} unless said.",
            extra_json_schema={"minimum": 1, "maximum": MOST_PER_MINUTE},
        ),
    ] = None
    expires_at: Moment | None = None


class MadeKey(Struct, frozen=True, kw_only=True):
    """A key just made. `text` is what its holder sends; a repeated answer has it no more."""

    key: Key
    text: str | None = None


_NEW = Body(KeyBody)


@post(
    "/v1/keys",
    **described(
        "create_key",
        tag="keys",
        summary="Make a key",
        says=(
            "The answer has the key's text, and no other ever will: a repeat under the same"
            " Idempotency-Key is answered without it. Nobody can make a key that may do more than"
            " they may themselves."
        ),
        status=201,
        body=KeyBody,
        body_example={"name": "web shop", "roles": ["staff"]},
        answer=MadeKey,
        answer_example={
            "key": {**EXAMPLE, "scopes": None, "expires_at": None},
            "text": f"ls_sk_{_KEY_ID.replace('-', '')}_{'x' * 43}",
        },
        links={"revoke_key": Link("revoke_key", {"key_id": "$response.body#/key/key_id"})},
    ),
)
async def create_key(request: AnyRequest) -> Response[Any]:
    """Make a key."""
    caller = await caller_of(request, Action.KEYS_MANAGE)
    body = await _NEW.read(request)
    roles = body.roles or ((Role.GUEST,) if body.publishable else ())
    if not may_grant(caller.principal, roles, body.scopes):
        raise Forbidden(caller.action, "The key would be allowed more than whoever makes it.")
    terms = KeyTerms(
        body.name, roles, body.scopes, body.publishable, body.per_minute, body.expires_at
    )
    texts: list[str] = []

    async def work(connection: Connection) -> Saved[Any] | Refused:
        made = await store.create_key(
            connection, caller.tenant.tenant_id, terms, created_by=caller.principal.name
        )
        if isinstance(made, NewKey):
            texts[:] = [made.text]
            # Without its text: what is kept for a repeat must not hold the secret.
            return Saved(made.key, created=True)
        return made

    asked = {name: getattr(body, name) for name in body.__struct_fields__}
    saved = await keep(caller, "create_key", asked, key_of(request), work, Key)
    if not isinstance(saved, Saved):
        return kept(saved)
    text = None if saved.replayed else texts[0]
    headers = {"Cache-Control": "no-store", **replayed(saved)}
    return document(MadeKey(key=saved.row, text=text), status=201, headers=headers)


@get(
    "/v1/keys",
    **described(
        "keys",
        tag="keys",
        summary="List keys",
        says="In the order of their ids; expired and revoked ones too. Never their texts.",
        query=Paged,
        answer=Page[Key],
        answer_example={"items": [EXAMPLE], "next": None},
    ),
)
async def list_keys(request: AnyRequest) -> Response[Any]:
    """A page of keys."""
    caller = await caller_of(request, Action.KEYS_READ)
    query = query_of(request, Paged)
    after = query.after(AfterUuid)
    items: list[Key] = await caller.engine.read(
        store.list_keys,
        caller.tenant.tenant_id,
        after=after.after if after else None,
        limit=query.limit,
    )
    return document(page_of(items, query.limit, lambda x: {"after": x.key_id}))


@delete(
    "/v1/keys/{key_id:str}",
    **described(
        "revoke_key",
        tag="keys",
        summary="Revoke a key",
        says="For good; it is refused within a second. Once more changes nothing.",
        path=PATH,
        keyed=True,
        answer=Key,
        answer_example={**EXAMPLE, "revoked_at": "2026-11-21T08:00:00Z"},
        refused=(404, o.Code.INVALID, o.Code.KEY_REUSED),
    ),
)
async def revoke_key(request: AnyRequest, key_id: FromPath[str]) -> Response[Any]:
    """Revoke a key."""
    caller = await caller_of(request, Action.KEYS_MANAGE)

    async def work(connection: Connection) -> Saved[Any] | Refused:
        found = await store.revoke_key(connection, caller.tenant.tenant_id, key_id)
        return Unknown("key", key_id) if found is None else Saved(found, created=False)

    asked = {"key_id": key_id}
    return kept(await keep(caller, "revoke_key", asked, key_of(request), work, Key))


handlers = [create_key, list_keys, revoke_key]
