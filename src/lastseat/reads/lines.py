"""Who waits in line for what (MISSION C7). For looking only: the engine decides."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import msgspec

from lastseat.calendar.ranges import Ranges, joined
from lastseat.core.claim import Awaited
from lastseat.core.interval import Interval
from lastseat.ledger.rows import EPOCH, interval, moment
from lastseat.reads.rows import QUERIES, Connection, fetch
from lastseat.views.bookings import WaitingView, WaitlistEntry
from lastseat.views.page import Page

_AWAITED = msgspec.json.Decoder(Awaited)


async def line(
    connection: Connection,
    tenant: str,
    bookable: str,
    *,
    window: tuple[datetime | None, datetime | None],
    after: int,
    limit: int,
) -> Page[WaitlistEntry]:
    """Who waits in the line of a bookable, first come first, past the sequence `after`.

    Of a line with times those that overlap `window`, buffers included; either end may be None.
    """
    rows = await fetch(
        connection,
        QUERIES["line"],
        tenant=tenant,
        bookable=bookable,
        start=window[0],
        end=window[1],
        after=after,
        limit=limit,
    )
    found = [
        WaitlistEntry(booking_id=x[1], actor=x[2], version=x[3], **waiting_columns(x[4:]))
        for x in rows[:limit]
    ]
    return Page(found, str(rows[limit - 1][0]) if len(rows) > limit else None)


async def waited_for(
    connection: Connection, tenant: str, bookables: Collection[str], window: Interval
) -> dict[str, Ranges]:
    """When walk-ins would overtake somebody in the lines of these: what overlaps `window`."""
    if not bookables:
        return {}
    rows = await fetch(
        connection,
        QUERIES["waited_for"],
        tenant=tenant,
        bookables=sorted(bookables),
        start=window.start,
        end=window.end,
    )
    found: dict[str, list[tuple[int, int]]] = {}
    for name, first, end in rows:
        found.setdefault(name, []).append((first, end))
    return {name: joined(times) for name, times in found.items()}


async def too_late(connection: Connection, *, limit: int) -> list[tuple[str, str]]:
    """Tenant and booking of those who wait for what has begun, longest waiting first."""
    rows = await fetch(connection, QUERIES["waiting_too_late"], limit=limit)
    return [(row[0], row[1]) for row in rows]


async def of_actor(connection: Connection, tenant: str, actor: str, *, limit: int) -> list[str]:
    """The bookings of an actor that wait."""
    rows = await fetch(
        connection, QUERIES["waiting_of_actor"], tenant=tenant, actor=actor, limit=limit
    )
    return [row[0] for row in rows]


def waiting_view(row: Sequence[Any]) -> WaitingView | None:
    """A row's columns from its line on, if it waits."""
    if row[0] is None:
        return None
    return WaitingView(**waiting_columns(row))


def waiting_columns(row: Sequence[Any]) -> dict[str, Any]:
    """The members of a `WaitingView`."""
    bookable, units, position, awaited, joined_at, starts, ends = row[:7]
    what = _AWAITED.decode(awaited)
    return {
        "bookable": bookable,
        "units": units,
        "position": int(position),
        "during": what.during or interval(starts, ends) or Interval(EPOCH, EPOCH),
        "joined_at": moment(joined_at) or EPOCH,
        "awaited": what,
    }
