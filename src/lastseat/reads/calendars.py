"""What calendars show: events with their schedules, live claims with their times. Bounded.

Who may see it, and in which words, is not known here: see library/showing.py.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from lastseat.calendar.schedule import listed
from lastseat.core.interval import Interval
from lastseat.core.rules import Rules
from lastseat.core.schedule import Schedule, Segment
from lastseat.core.status import Status
from lastseat.ledger.rows import instant
from lastseat.reads.rows import QUERIES, Connection, fetch

MOST_SHOWN = 5_000
"""Claims that one calendar shows, and bookings of an actor that are looked at."""

MOST_EVENTS = 2_000
"""Events of one location, and occurrences of their own."""

MOST_BOOKABLES = 1_000
"""Resources and pools of one location."""


class ShownEvent(Struct, frozen=True):
    """An event, or an occurrence of its own, whose `bookable` is the one."""

    bookable: str
    name: str | None
    capacity: int
    seq: int
    changed: datetime
    time_zone: str | None
    schedule: Schedule
    place: str | None
    called_off: bool = False


class ShownClaim(Struct, frozen=True):
    """A live claim. `title` is that of a block."""

    booking_id: str
    no: int
    bookable: str
    name: str | None
    actor: str
    units: int
    during: Interval
    time_zone: str | None
    status: Status
    version: int
    changed: datetime
    place: str | None
    title: str | None


async def event(connection: Connection, tenant: str, name: str) -> list[ShownEvent]:
    """The event of that id; none, if there is none."""
    return await _events(connection, "shown_event", tenant, name, 1)


async def events_at(connection: Connection, tenant: str, location: str) -> list[ShownEvent]:
    """A location's events: one more than MOST_EVENTS when there are more."""
    return await _events(connection, "shown_events_at", tenant, location, MOST_EVENTS + 1)


async def occurrences_at(
    connection: Connection, tenant: str, location: str, window: Interval
) -> list[ShownEvent]:
    """A location's occurrences of their own; one more than MOST_EVENTS when there are more."""
    rows = await fetch(
        connection,
        QUERIES["shown_occurrences_at"],
        tenant=tenant,
        location=location,
        start=window.start,
        end=window.end,
        limit=MOST_EVENTS + 1,
    )
    return [_occurrence(row) for row in rows]


async def parts(connection: Connection, tenant: str, bookable: str) -> list[str]:
    """What is taken when it is booked: itself, or a composite's parts; none: there is no such."""
    rows = await fetch(connection, QUERIES["shown_bookable"], tenant=tenant, bookable=bookable)
    return [row[0] for row in rows]


async def bookables_at(connection: Connection, tenant: str, location: str) -> list[str]:
    """A location's resources and pools; one more than MOST_BOOKABLES when there are more."""
    rows = await fetch(
        connection,
        QUERIES["shown_bookables_at"],
        tenant=tenant,
        location=location,
        limit=MOST_BOOKABLES + 1,
    )
    return [row[0] for row in rows]


async def claims(
    connection: Connection, tenant: str, bookables: Sequence[str], window: Interval
) -> list[ShownClaim]:
    """The live claims by their start: one more than MOST_SHOWN when there are more."""
    rows = await fetch(
        connection,
        QUERIES["shown_claims"],
        tenant=tenant,
        bookables=list(bookables),
        start=window.start,
        end=window.end,
        limit=MOST_SHOWN + 1,
    )
    return [_claim(row) for row in rows]


async def claims_of(
    connection: Connection, tenant: str, actor: str, window: Interval
) -> list[ShownClaim]:
    """The live claims of an actor's newest bookings, by their start."""
    rows = await fetch(
        connection,
        QUERIES["shown_claims_of_actor"],
        tenant=tenant,
        actor=actor,
        start=window.start,
        end=window.end,
        scan=MOST_SHOWN,
        limit=MOST_SHOWN + 1,
    )
    return [_claim(row) for row in rows]


async def rules_of(
    connection: Connection, tenant: str, owners: Sequence[str]
) -> list[tuple[str, str | None, Rules]]:
    """Those of the owners that have rules: each one's id, its zone, and its rules."""
    rows = await fetch(connection, QUERIES["shown_rules"], tenant=tenant, owners=list(owners))
    return [(row[0], row[1], msgspec.json.decode(row[2], type=Rules)) for row in rows]


async def now(connection: Connection) -> datetime:
    """What time it is by the one clock."""
    rows = await fetch(connection, QUERIES["shown_now"])
    return instant(rows[0][0])


async def _events(
    connection: Connection, query: str, tenant: str, name: str, limit: int
) -> list[ShownEvent]:
    rows = await fetch(connection, QUERIES[query], tenant=tenant, event=name, limit=limit)
    return [_event(row) for row in rows]


def _event(row: Sequence[Any]) -> ShownEvent:
    schedule = (
        msgspec.json.decode(row[8], type=Schedule) if row[8] else listed(tuple(row[6]), row[7])
    )
    return ShownEvent(row[0], row[1], row[2], row[3], instant(row[4]), row[5], schedule, row[9])


def _occurrence(row: Sequence[Any]) -> ShownEvent:
    start, end = instant(row[6]), instant(row[7])
    # In UTC, where no hour comes twice: it happens once, and calendars show it in their own zone.
    segment = Segment(f"{start:%Y-%m-%dT%H:%M}", max(1, int((end - start).total_seconds())))
    return ShownEvent(
        row[0], row[1], row[2], row[3], instant(row[4]), "UTC", Schedule((segment,)), row[9], row[8]
    )


def _claim(row: Sequence[Any]) -> ShownClaim:
    return ShownClaim(
        booking_id=row[0],
        no=row[1],
        bookable=row[2],
        name=row[3],
        actor=row[4],
        units=row[5],
        during=Interval(instant(row[6]), instant(row[7])),
        time_zone=row[8],
        status=Status(row[9]),
        version=row[10],
        changed=instant(row[11]),
        place=row[12],
        title=row[13],
    )
