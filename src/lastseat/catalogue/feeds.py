"""Feeds given out: an address with a secret, which whoever has it can read without an account.

    /v1/feeds/<the feed's id>.<43 characters: 32 random bytes>.ics

Calendars of phones can't send a key; their address is all they have. Of the secret only a hash is
kept, so it is shown once; it can be changed, and then the old address is as unknown as any other.
What is in a feed is not known here.
"""

import hashlib
import hmac
import re
import secrets
import uuid

from msgspec import Struct

from lastseat.catalogue.rows import Connection, Row, fetch
from lastseat.ledger.rows import instant
from lastseat.views.calendars import Feed

_ADDRESS = re.compile(
    r"(?P<feed>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(?P<secret>[A-Za-z0-9_-]{43})"
)


class NewFeed(Struct, frozen=True, kw_only=True):
    """A feed and the only copy of its address' secret part, `<feed_id>.<secret>`."""

    feed: Feed
    address: str

    def __repr__(self) -> str:
        """Without the secret: what is printed ends up in logs."""
        return f"NewFeed(feed={self.feed!r})"


async def create(connection: Connection, tenant: str, *, of: str, redacted: bool) -> NewFeed:
    """Make a feed."""
    feed_id, secret = str(uuid.uuid4()), secrets.token_urlsafe(32)
    rows = await fetch(
        connection,
        "add_feed",
        tenant=tenant,
        feed=feed_id,
        hash=_hash(feed_id, secret),
        of=of,
        redacted=redacted,
    )
    return NewFeed(feed=_feed(rows[0]), address=f"{feed_id}.{secret}")


async def page(connection: Connection, tenant: str, *, after: str | None, limit: int) -> list[Feed]:
    """Up to `limit` feeds with an id after that one, by id."""
    if after is not None and not is_id(after):
        return []
    rows = await fetch(connection, "feeds", tenant=tenant, after=after, limit=limit)
    return [_feed(row) for row in rows]


async def change_secret(connection: Connection, tenant: str, feed_id: str) -> NewFeed | None:
    """Give a feed another address; None: the tenant has no such feed."""
    if not is_id(feed_id):
        return None
    secret = secrets.token_urlsafe(32)
    hashed = _hash(feed_id.lower(), secret)
    rows = await fetch(connection, "change_feed_secret", tenant=tenant, feed=feed_id, hash=hashed)
    if not rows:
        return None
    feed = _feed(rows[0])
    return NewFeed(feed=feed, address=f"{feed.feed_id}.{secret}")


async def revoke(connection: Connection, tenant: str, feed_id: str) -> Feed | None:
    """Take a feed away for good; None: the tenant has no such feed."""
    if not is_id(feed_id):
        return None
    rows = await fetch(connection, "revoke_feed", tenant=tenant, feed=feed_id)
    return _feed(rows[0]) if rows else None


async def opened(connection: Connection, address: str) -> tuple[str, Feed] | None:
    """The tenant and the feed of `<feed_id>.<secret>`, or None for any other text.

    A wrong secret takes as long to tell as a right one.
    """
    found = _ADDRESS.fullmatch(address)
    if found is None:
        return None
    rows = await fetch(connection, "feed_claimed", feed=found["feed"])
    for row in rows:
        if hmac.compare_digest(bytes(row[1]), _hash(found["feed"], found["secret"])):
            return row[0], _feed(row[2:])
    return None


def is_id(text: str) -> bool:
    """Whether it has the form of a feed's id."""
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def _hash(feed_id: str, secret: str) -> bytes:
    # A slow hash is for passwords, which can be guessed; 256 random bits can not.
    return hashlib.sha256(f"{feed_id}.{secret}".encode()).digest()


def _feed(row: Row) -> Feed:
    return Feed(feed_id=row[0], of=row[1], redacted=row[2], created_at=instant(row[3]))
