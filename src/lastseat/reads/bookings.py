"""Bookables, rosters, bookings and journals as they stand.

Each is one statement; `observed` alone is several, of one moment.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from lastseat.calendar import zones
from lastseat.core import events
from lastseat.core.commands import Contact
from lastseat.core.events import ActorTime, Kind, WaitPolicy
from lastseat.core.interval import Interval
from lastseat.core.status import Status
from lastseat.ledger.rows import EPOCH, interval, moment
from lastseat.reads.lines import waiting_view
from lastseat.reads.rows import EVERYTHING, QUERIES, Connection, fetch
from lastseat.views.bookings import BookableView, BookingView, ClaimView, Place
from lastseat.views.history import JournalRow

# Put together as lists are (listing.sql), so that one is shown as it is in a list.
ONE_BOOKABLE = f"WITH source AS (\n{QUERIES['one_bookable']}\n)\n{QUERIES['shown_bookables']}"
ONE_BOOKING = f"WITH {QUERIES['one_booking']}\n{QUERIES['shown_bookings']}"


async def bookable(connection: Connection, tenant: str, name: str) -> BookableView | None:
    """The bookable, or None when the tenant has none of that id."""
    found = await fetch(connection, ONE_BOOKABLE, tenant=tenant, bookable=name)
    if not found:
        return None
    return bookable_view(found[0])


def bookable_view(row: Sequence[Any]) -> BookableView:
    """A row of `shown_bookables`."""
    kind = Kind(row[1])
    counted = kind is Kind.OCCURRENCE
    taken = int(row[10]) if counted else 0
    waitlist, waiting = WaitPolicy(row[16]), int(row[17])
    for_line = waiting > 0 and waitlist is WaitPolicy.FIFO
    return BookableView(
        row[0],
        kind,
        row[2],
        row[3],
        row[4],
        taken,
        max(0, row[2] - taken) if counted and not (row[15] or for_line) else 0,
        interval(row[5], row[6]),
        row[7],
        row[8],
        ActorTime(row[9]),
        row[11],
        row[12],
        msgspec.json.decode(row[13]) if row[13] else None,
        tuple(row[14] or ()),
        row[15],
        waitlist,
        waiting,
    )


async def roster(
    connection: Connection, tenant: str, name: str, *, after_seat: int, limit: int
) -> list[Place]:
    """The live bookings with a first seat past `after_seat`, oldest first."""
    found = await fetch(
        connection,
        QUERIES["roster"],
        tenant=tenant,
        bookable=name,
        after_seat=after_seat,
        limit=limit,
    )
    return [
        Place(row[0], row[1], row[2], Status(row[3]), row[4], int(row[5]), moment(row[6]))
        for row in found
    ]


async def place(
    connection: Connection, tenant: str, name: str, actor: str
) -> tuple[int, Status] | None:
    """The actor's first seat and the booking's status, or None."""
    found = await fetch(connection, QUERIES["place"], tenant=tenant, bookable=name, actor=actor)
    return (found[0][2], Status(found[0][1])) if found else None


async def booking_count(connection: Connection, tenant: str, name: str) -> int:
    """How many live bookings the roster has."""
    found = await fetch(connection, QUERIES["booking_count"], tenant=tenant, bookable=name)
    return int(found[0][0])


async def booking(connection: Connection, tenant: str, booking_id: str) -> BookingView | None:
    """The booking with all claims it ever made, or None."""
    found = await fetch(connection, ONE_BOOKING, tenant=tenant, booking=booking_id)
    there = booking_views(found)
    return there[0] if there else None


def booking_views(found: Sequence[Sequence[Any]]) -> list[BookingView]:
    """The rows of `shown_bookings`: those of a booking are beside one another."""
    bookings: dict[str, list[Sequence[Any]]] = {}
    for row in found:
        if row[2] is not None:
            bookings.setdefault(row[2], []).append(row[2:])
    return [_booking_view(claims) for claims in bookings.values()]


def _booking_view(found: Sequence[Sequence[Any]]) -> BookingView:
    """One booking, once for each of its claims, with its place in line."""
    row = found[0]
    claims = tuple(_claim(x[12:]) for x in found if x[12] is not None)
    said = any(x is not None for x in row[8:11])
    return BookingView(
        row[0],
        row[1],
        Status(row[2]),
        row[3],
        claims,
        moment(row[5]) or EPOCH,
        moment(row[6]) or EPOCH,
        moment(row[4]),
        msgspec.json.decode(row[7]) if row[7] else None,
        Contact(name=row[8], email=row[9], phone=row[10]) if said else None,
        row[11],
        waiting_view(row[19:]),
    )


def _claim(row: Sequence[Any]) -> ClaimView:
    during = interval(row[2], row[3]) or Interval(EPOCH, EPOCH)
    local, zone = row[5], row[6]
    if local is None and zone is not None:
        local = zones.local(during.start, zones.zone(zone)).isoformat()
    return ClaimView(row[0], row[1], during, row[4], local, zone)


async def journal(
    connection: Connection, tenant: str, stream: str, *, after: int, limit: int
) -> list[JournalRow]:
    """A stream's entries with a sequence past `after`, in order."""
    found = await fetch(
        connection, QUERIES["journal"], tenant=tenant, stream=stream, after=after, limit=limit
    )
    return [
        JournalRow(
            row[0],
            row[1],
            events.decode(row[1], row[2], row[3]),
            moment(row[8]) or EPOCH,
            row[7],
            row[6],
            row[4],
            row[5],
        )
        for row in found
    ]


async def due_holds(connection: Connection, tenant: str, *, limit: int) -> list[str]:
    """The bookings whose hold is over and not journalled as expired yet, oldest first."""
    found = await fetch(connection, QUERIES["due_holds"], tenant=tenant, limit=limit)
    return [row[0] for row in found]


async def observed(
    connection: Connection, tenant: str, name: str
) -> tuple[BookableView | None, list[Place], str | None]:
    """A bookable, its whole roster, and a hold on it that ran out, if one is not journalled yet.

    All of one moment.
    """
    async with connection.transaction():
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        there = await bookable(connection, tenant, name)
        places = await roster(connection, tenant, name, after_seat=0, limit=EVERYTHING)
        due = await fetch(connection, QUERIES["due_on"], tenant=tenant, bookable=name)
    return there, places, due[0][0] if due else None
