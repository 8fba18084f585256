"""The views that reads answer with, and the queries behind them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import psycopg
from msgspec import Struct
from psycopg.rows import tuple_row

from lastseat.calendar import zones
from lastseat.core import events
from lastseat.core.commands import Contact
from lastseat.core.events import ActorTime, Event, Kind, WaitPolicy
from lastseat.core.interval import Interval
from lastseat.core.status import Status
from lastseat.ledger.rows import EPOCH, interval, moment
from lastseat.ledger.sql import load
from lastseat.reads.waiting import WaitingView, waiting_view

QUERIES = load("lastseat.reads")

MOST_ROWS = 10_000
"""Rows of one page, at most."""

EVERYTHING = 2**31 - 1
"""A limit that is none."""

Connection = psycopg.AsyncConnection[Any]


class BookableView(Struct, frozen=True):
    """A bookable as it stands. `taken` and `left` are of an occurrence; 0 for the others.

    `name` and `attributes` are what it was called when it was defined, or is called since. `parts`
    are a composite's. An occurrence that is `called_off` does not take place. `waiting` are the
    bookings in its line; where nobody may overtake them nothing is `left` (MISSION C7).
    """

    bookable: str
    kind: Kind
    capacity: int
    overbooked: int
    seq: int
    taken: int
    left: int
    during: Interval | None = None
    time_zone: str | None = None
    event_id: str | None = None
    actor_time: ActorTime = ActorTime.REFUSE
    location_id: str | None = None
    name: str | None = None
    attributes: dict[str, Any] | None = None
    parts: tuple[str, ...] = ()
    called_off: bool = False
    waitlist: WaitPolicy = WaitPolicy.FIFO
    waiting: int = 0


class Place(Struct, frozen=True):
    """One booking on a roster. `seat` is its first, 1-based; a party takes `units` from there."""

    booking_id: str
    actor: str
    units: int
    status: Status
    version: int
    seat: int
    expires_at: datetime | None = None


class ClaimView(Struct, frozen=True):
    """One claim of a booking; `live` while it counts.

    `local_start` is what the wall clock of `time_zone` shows at its start: as it was asked for, for
    an occurrence as its zone has it. Both are None where nobody named a zone.
    """

    bookable: str
    units: int
    during: Interval
    live: bool
    local_start: str | None = None
    time_zone: str | None = None


class BookingView(Struct, frozen=True):
    """A booking. `actor`, `metadata` and `contact` are gone once the person is forgotten.

    The bookings of one series share `series_id`. One that is WAITLISTED has no claims, but what it
    is `waiting` for.
    """

    booking_id: str
    actor: str
    status: Status
    version: int
    claims: tuple[ClaimView, ...]
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None = None
    metadata: dict[str, Any] | None = None
    contact: Contact | None = None
    series_id: str | None = None
    waiting: WaitingView | None = None


class JournalRow(Struct, frozen=True):
    """One entry of a stream."""

    seq: int
    type: str
    event: Event
    at: datetime
    principal: str
    lead: bool
    booking_id: str | None = None
    version: int | None = None


async def _fetch(connection: Connection, name: str, **params: Any) -> list[tuple[Any, ...]]:
    return await fetch(connection, QUERIES[name], **params)


async def fetch(connection: Connection, statement: str, **params: Any) -> list[tuple[Any, ...]]:
    """The rows of one of the named queries, or of pieces of them put together.

    None when a parameter is a text that no row could have.
    """
    if not all(storable(value) for value in params.values()):
        return []
    async with connection.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(statement.encode(), params)
        return await cursor.fetchall()


def storable(value: object) -> bool:
    """Whether a row could have it: no text column holds a NUL or half a surrogate pair."""
    if not isinstance(value, str):
        return True
    return not any(x == "\0" or "\ud800" <= x <= "\udfff" for x in value)


async def bookable(connection: Connection, tenant: str, name: str) -> BookableView | None:
    """The bookable, or None when the tenant has none of that id."""
    found = await _fetch(connection, "occurrence", tenant=tenant, bookable=name)
    if not found:
        return None
    return bookable_view(found[0])


def bookable_view(row: Sequence[Any]) -> BookableView:
    """A row of `occurrence`, or of a page of bookables."""
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
    found = await _fetch(
        connection, "roster", tenant=tenant, bookable=name, after_seat=after_seat, limit=limit
    )
    return [
        Place(row[0], row[1], row[2], Status(row[3]), row[4], int(row[5]), moment(row[6]))
        for row in found
    ]


async def place(
    connection: Connection, tenant: str, name: str, actor: str
) -> tuple[int, Status] | None:
    """The actor's first seat and the booking's status, or None."""
    found = await _fetch(connection, "place", tenant=tenant, bookable=name, actor=actor)
    return (found[0][2], Status(found[0][1])) if found else None


async def booking_count(connection: Connection, tenant: str, name: str) -> int:
    """How many live bookings the roster has."""
    found = await _fetch(connection, "booking_count", tenant=tenant, bookable=name)
    return int(found[0][0])


async def booking(connection: Connection, tenant: str, booking_id: str) -> BookingView | None:
    """The booking with all claims it ever made, or None."""
    found = await _fetch(connection, "booking", tenant=tenant, booking=booking_id)
    if not found:
        return None
    return booking_view(found)


def booking_view(found: Sequence[Sequence[Any]]) -> BookingView:
    """The rows of `booking`: one booking, once for each of its claims, with its place in line."""
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
    found = await _fetch(
        connection, "journal", tenant=tenant, stream=stream, after=after, limit=limit
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
    found = await _fetch(connection, "due_holds", tenant=tenant, limit=limit)
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
        due = await _fetch(connection, "due_on", tenant=tenant, bookable=name)
    return there, places, due[0][0] if due else None
