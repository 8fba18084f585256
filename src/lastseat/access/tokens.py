"""Signed tokens (JWT) of the configured issuer: verified, and read.

A token must have `iss`, `aud`, `exp` and `sub`; `tenant` names the tenants it is for, a text or a
list of them. Who its bearer is in a tenant, `people.py` says.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
from msgspec import Struct

from lastseat.access.jwks import MOST_BYTES, FetchedKeys, KeysUnavailable
from lastseat.access.signing import ALGORITHMS, SigningKey, find, of_file, of_secret
from lastseat.access.texts import fault
from lastseat.config import TokenSettings

TOKEN_BYTES = 8 * 1024
"""The longest token."""

LEEWAY_SECONDS = 30
"""How far the issuer's clock and ours may be apart."""

MOST_TENANTS = 100
"""Tenants that one token may name."""

REQUIRED = ["exp", "iss", "aud", "sub"]


class BadToken(Exception):
    """A token is not accepted. `reason` may be told to whoever sent it: it repeats nothing."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class KeysAway(BadToken):
    """Whether it is to be accepted can't be told now: the issuer's keys are out of reach."""


class Claims(Struct, frozen=True):
    """What a verified token says: who, and for which tenants (none: it does not say)."""

    subject: str
    tenants: tuple[str, ...] = ()


class Verifier:
    """Verifies tokens by the settings in force. Made once; files are read then."""

    def __init__(self, settings: TokenSettings) -> None:
        """Raise `ValueError` when a key file can't be read or holds no usable key."""
        self._settings = settings
        self._keys: tuple[SigningKey, ...] = ()
        self._fetched: FetchedKeys | None = None
        if settings.jwks_url is not None:
            self._fetched = FetchedKeys(settings.jwks_url)
        elif settings.key_file is not None:
            self._keys = _from(settings.key_file, of_file)
        elif settings.secret_file is not None:
            self._keys = _from(settings.secret_file, of_secret)
        else:
            raise ValueError("there is nothing to verify tokens with")

    async def verify(self, text: str) -> Claims:
        """What a token says. Raises `BadToken`."""
        if len(text) > TOKEN_BYTES:
            raise BadToken("the token is too long")
        if not text.isascii():
            raise BadToken("the token is malformed")
        key = await self._key(text)
        return _claims(self._decoded(text, key))

    async def _key(self, text: str) -> SigningKey:
        try:
            header = jwt.get_unverified_header(text)
        except (jwt.PyJWTError, RecursionError):
            raise BadToken("the token is malformed") from None
        algorithm = header.get("alg")
        if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
            raise BadToken("the token is signed with an algorithm that is not accepted")
        kid = header.get("kid")
        try:
            if self._fetched is not None:
                key = await self._fetched.find(kid, algorithm)
            else:
                key = find(self._keys, kid, algorithm)
        except KeysUnavailable:
            raise KeysAway("the keys of the token's issuer are out of reach") from None
        if key is None:
            raise BadToken("the token is signed with a key that is not known")
        return key

    def _decoded(self, text: str, key: SigningKey) -> dict[str, Any]:
        try:
            return jwt.decode(
                text,
                key.key,
                algorithms=[key.algorithm],
                issuer=self._settings.issuer,
                audience=self._settings.audience,
                leeway=LEEWAY_SECONDS,
                options={"require": REQUIRED},
            )
        except jwt.PyJWTError as error:
            raise BadToken(_reason(error)) from None
        except (OverflowError, RecursionError, TypeError, ValueError):
            # Signed by the issuer, and yet no claims: an infinite `exp`, say.
            raise BadToken("the token's claims are malformed") from None


def _from(path: Path, read: Callable[[bytes], tuple[SigningKey, ...]]) -> tuple[SigningKey, ...]:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES)
        return read(content)
    except OSError as error:
        raise ValueError(f"{path} can't be read: {error.strerror}") from None
    except ValueError as error:
        raise ValueError(f"{path} {error}") from None


def _reason(error: jwt.PyJWTError) -> str:
    match error:
        case jwt.ExpiredSignatureError():
            return "the token has expired"
        case jwt.ImmatureSignatureError():
            return "the token is not valid yet"
        case jwt.InvalidIssuerError():
            return "the token is of another issuer"
        case jwt.InvalidAudienceError():
            return "the token is for another audience"
        case jwt.MissingRequiredClaimError():
            return f"the token needs the claims {', '.join(REQUIRED)}"
        case jwt.InvalidSignatureError():
            return "the token's signature is wrong"
        case jwt.DecodeError():
            return "the token is malformed"
        case _:
            return "the token's claims are malformed"


def _claims(payload: dict[str, Any]) -> Claims:
    subject = payload["sub"]
    named = payload.get("tenant", [])
    tenants = [named] if isinstance(named, str) else named
    if not isinstance(tenants, list) or len(tenants) > MOST_TENANTS:
        raise BadToken("the token's claim tenant is neither a text nor a list of texts")
    if any(not isinstance(x, str) or fault(x) is not None for x in [subject, *tenants]):
        raise BadToken("the token's claims are malformed")
    return Claims(subject=subject, tenants=tuple(dict.fromkeys(tenants)))
