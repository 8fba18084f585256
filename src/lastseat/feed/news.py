"""What a hub reads: where feeds end, and a page of one as changes."""

from typing import Any

import psycopg
from msgspec import Struct
from psycopg.rows import tuple_row

from lastseat.feed.changes import Change, Where, gathered, worth_telling
from lastseat.feed.channels import Place
from lastseat.feed.positions import UNFED
from lastseat.feed.reading import FeedItem, feed
from lastseat.feed.relay import QUERIES

Connection = psycopg.AsyncConnection[Any]

PAGE = 1_000
"""Entries read at a time; more than one change has."""


class Ends(Struct, frozen=True):
    """Where feeds end, by tenant, in an epoch."""

    epoch: str
    ends: dict[str, int]


class Kept(Struct, frozen=True):
    """From which position to which a feed is there."""

    epoch: str
    oldest: int
    newest: int


class News(Struct, frozen=True):
    """The changes of a page that ends at position `upto`."""

    epoch: str
    changes: list[Change]
    upto: int


async def ends_of(connection: Connection, tenants: list[str]) -> Ends:
    """Where these feeds end."""
    rows = await _fetch(connection, "ends", tenants=tenants)
    return Ends(rows[0][0] or UNFED, {tenant: end for _, tenant, end in rows})


async def kept_of(connection: Connection, tenant: str) -> Kept:
    """What there is of a feed."""
    ((epoch, oldest, newest),) = await _fetch(connection, "kept", tenant=tenant)
    return Kept(epoch or UNFED, oldest, newest)


async def news(connection: Connection, where: Where, after: int) -> News:
    """The changes past `after`, a page of them; none if what comes right after it is gone."""
    page = await feed(connection, where.tenant, after=after, limit=PAGE)
    epoch = page.epoch or UNFED
    groups = gathered(page.items, complete=len(page.items) < PAGE)
    if not groups or page.gap:
        return News(epoch, [], after)
    told = [group for group in groups if worth_telling(group)]
    places = await places_of(connection, where.tenant, told)
    changes = [Change(where, group, places) for group in told]
    return News(epoch, changes, groups[-1][-1].pos)


async def places_of(
    connection: Connection, tenant: str, groups: list[tuple[FeedItem, ...]]
) -> dict[str, Place]:
    """What the streams of these changes are of."""
    streams = sorted({item.stream for group in groups for item in group})
    rows = await _fetch(connection, "places", tenant=tenant, streams=streams) if streams else []
    return {stream: Place(kind, location, event) for stream, kind, location, event in rows}


async def _fetch(connection: Connection, name: str, **params: Any) -> list[tuple[Any, ...]]:
    async with connection.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(QUERIES[name].encode(), params)
        return await cursor.fetchall()
