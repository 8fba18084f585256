"""Reading a tenant's feed from a position on. For looking: nothing is decided by it."""

from typing import Any

import psycopg
from msgspec import Struct
from psycopg.rows import tuple_row

from lastseat.core import events
from lastseat.feed.relay import QUERIES
from lastseat.ledger.rows import instant
from lastseat.views.history import JournalRow

Connection = psycopg.AsyncConnection[Any]


class FeedItem(Struct, frozen=True, kw_only=True):
    """One entry of the journal at its place in the feed, `pos`, from 1 without gaps."""

    pos: int
    stream: str
    row: JournalRow


class FeedPage(Struct, frozen=True, kw_only=True):
    """A page. Positions of another `epoch` mean nothing in this one; None: nothing was fed yet."""

    epoch: str | None
    items: tuple[FeedItem, ...]
    gap: bool = False
    """What comes right after the position asked for has been removed: `items` begin later."""


async def feed(connection: Connection, tenant: str, *, after: int, limit: int) -> FeedPage:
    """Up to `limit` entries past position `after`, in order."""
    async with connection.transaction(), connection.cursor(row_factory=tuple_row) as cursor:
        # One snapshot for both: an epoch may begin between them.
        await cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        await cursor.execute(QUERIES["epoch"].encode())
        epoch = await cursor.fetchone()
        params = {"tenant": tenant, "after": after, "limit": limit}
        await cursor.execute(QUERIES["feed"].encode(), params)
        found = await cursor.fetchall()
    items = tuple(map(_item, found))
    gap = bool(items) and items[0].pos != after + 1
    return FeedPage(epoch=epoch[0] if epoch else None, items=items, gap=gap)


def _item(found: tuple[Any, ...]) -> FeedItem:
    pos, stream, seq, name, version, body, booking_id, booking_version, lead, principal, at = found
    event = events.decode(name, version, body)
    row = JournalRow(seq, name, event, instant(at), principal, lead, booking_id, booking_version)
    return FeedItem(pos=pos, stream=stream, row=row)
