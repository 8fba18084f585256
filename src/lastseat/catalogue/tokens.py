"""Cancellation tokens: what lets a guest without an account cancel one appointment (MISSION D1).

A token is `<tenant in base64url>.<booking id>.<MAC>`, the MAC an HMAC-SHA256 of both under a secret
of the tenant. Nothing is stored for it, so a commit that is sent again answers the same token.
"""

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode

from msgspec import Struct

from lastseat.catalogue.rows import Connection, fetch, storable

SECRET = "cancellation"  # noqa: S105 - the name of a secret, not one
LONGEST = 2_000
"""Characters of a token, at most: a tenant's id of 200 characters may be 800 bytes."""

_FORM = re.compile(
    r"(?P<tenant>[A-Za-z0-9_-]+)\.(?P<booking>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
    r"\.(?P<mac>[A-Za-z0-9_-]{43})"
)


class Token(Struct, frozen=True):
    """What a token says. Nothing is proved until `proves`."""

    tenant_id: str
    booking_id: str
    mac: str


def sign(secret: bytes, tenant_id: str, booking_id: str) -> str:
    """The token of a booking."""
    tenant = _base64(tenant_id.encode())
    return f"{tenant}.{booking_id}.{_mac(secret, tenant_id, booking_id)}"


def parse(text: str) -> Token | None:
    """What a text says if it has the form of a token."""
    found = _FORM.fullmatch(text) if len(text) <= LONGEST else None
    if found is None:
        return None
    encoded = found["tenant"]
    try:
        tenant = urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    except ValueError:
        return None
    return Token(tenant, found["booking"], found["mac"]) if storable(tenant) else None


def proves(secret: bytes, token: Token) -> bool:
    """Whether it was signed with this secret; takes as long for a wrong one as for a right one."""
    return hmac.compare_digest(_mac(secret, token.tenant_id, token.booking_id), token.mac)


async def secret_for_signing(connection: Connection, tenant: str) -> bytes:
    """The tenant's secret, drawn when it is first needed."""
    found = await secret_of(connection, tenant)
    if found is None:
        drawn = secrets.token_bytes(32)
        await fetch(connection, "add_secret", tenant=tenant, name=SECRET, value=drawn)
        # Somebody else's may have come first: theirs is the one.
        found = await secret_of(connection, tenant)
    assert found is not None
    return found


async def secret_of(connection: Connection, tenant: str) -> bytes | None:
    """The tenant's secret, if it has signed anything yet."""
    rows = await fetch(connection, "secret", tenant=tenant, name=SECRET)
    return bytes(rows[0][0]) if rows else None


def _mac(secret: bytes, tenant_id: str, booking_id: str) -> str:
    # The parts are told apart by their lengths: a UUID's is fixed, and it comes last.
    message = b"cancellation\0" + tenant_id.encode() + b"\0" + booking_id.encode()
    return _base64(hmac.new(secret, message, hashlib.sha256).digest())


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
