"""What is on in a time: occurrences, bookings and blocks, merged into one order (MISSION B6).

Occurrences need not be written: events are expanded here, and those with a stream have what is
taken of them, in one query for all. Never used to decide capacity.
"""

import base64
import binascii
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from lastseat.calendar.blocks import block_times
from lastseat.calendar.schedule import expand, listed
from lastseat.calendar.zones import zone
from lastseat.core.events import WaitPolicy
from lastseat.core.interval import Interval
from lastseat.core.state import LOCATION_PREFIX
from lastseat.core.status import Status
from lastseat.ledger.rows import instant
from lastseat.ledger.rows import schedule as schedule_of
from lastseat.ledger.ruled import rules as rules_of
from lastseat.reads.rows import QUERIES, Connection, fetch, storable
from lastseat.views.page import Page
from lastseat.views.times import AgendaItem

SLICE = timedelta(days=31)
"""How much of a longer window is looked at at once."""

MOST_EVENTS = 20_000
MOST_BOOKABLES = 5_000
MOST_ITEMS = 50_000
"""Of each kind of thing, what one slice is made of at most: whoever has more asks about less."""

MOST_BOOKINGS = 10_000
"""Bookings of one actor that are looked at, the newest."""

BLOCK_PREFIX = "block:"
"""Whose bookings are blocks: an imported calendar's."""


class AgendaFilter(Struct, frozen=True):
    """What is asked for: in `window`, of all that is given here."""

    window: Interval
    location: str | None = None
    resource: str | None = None
    actor: str | None = None
    event: str | None = None


_Key = tuple[datetime, str, str, str, int]


def order(item: AgendaItem) -> _Key:
    """Where an item stands in the agenda: no two share it."""
    return item.start, item.kind, item.bookable, item.booking_id or item.title, item.no


async def agenda(
    connection: Connection, tenant: str, wanted: AgendaFilter, *, limit: int, cursor: str | None
) -> Page[AgendaItem]:
    """The first `limit` items after the cursor. Raises `ValueError` for a bad one, or too much."""
    after = None if cursor is None else _read(cursor)
    window = wanted.window
    first = max(window.start, after[0]) if after else window.start
    items: list[AgendaItem] = []
    while first < window.end and len(items) <= limit:
        end = min(window.end, first + SLICE)
        found = await _on(connection, tenant, wanted, Interval(first, end))
        # What began before the slice was on in one before it, unless that is the window's own.
        begins = [x for x in found if first == window.start or x.start >= first]
        items += sorted((x for x in begins if after is None or order(x) > after), key=order)
        first = end
    if len(items) <= limit:
        return Page(items)
    return Page(items[:limit], _written(order(items[limit - 1])))


def _written(key: _Key) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def _read(cursor: str) -> _Key:
    refusal = ValueError("cursor is not one that an agenda gave")
    try:
        padded = cursor.encode() + b"=" * (-len(cursor) % 4)
        key: _Key = msgspec.json.decode(base64.urlsafe_b64decode(padded), type=_Key)
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        raise refusal from None
    if key[0].utcoffset() is None:
        raise refusal
    return key


async def _on(
    connection: Connection, tenant: str, wanted: AgendaFilter, window: Interval
) -> list[AgendaItem]:
    if wanted.actor is not None:
        return await _of_actor(connection, tenant, wanted, window)
    found: list[AgendaItem] = []
    if wanted.resource is None:
        found += await occurrences(connection, tenant, wanted, window)
    if wanted.event is None:
        found += await _over_times(connection, tenant, wanted, window)
    return found


async def occurrences(
    connection: Connection, tenant: str, wanted: AgendaFilter, window: Interval
) -> list[AgendaItem]:
    """The occurrences that overlap `window`, of events and of none, in no order."""
    asked = {"tenant": tenant, "event": wanted.event, "location": wanted.location}
    opened_rows = await fetch(
        connection,
        QUERIES["agenda_opened"],
        **asked,
        start=window.start,
        end=window.end,
        limit=MOST_ITEMS + 1,
    )
    events = await fetch(connection, QUERIES["agenda_events"], **asked, limit=MOST_EVENTS + 1)
    _few(opened_rows, MOST_ITEMS)
    _few(events, MOST_EVENTS)
    opened = {row[0]: row for row in opened_rows}
    found = [_alone(row) for row in opened_rows if row[1] is None]
    for event in events:
        found += _expanded(event, opened, window)
        _few(found, MOST_ITEMS)
    return found


def _expanded(
    event: Sequence[Any], opened: dict[str, tuple[Any, ...]], window: Interval
) -> Iterable[AgendaItem]:
    name, capacity, time_zone, location, title, starts, seconds, schedule = event
    rule = schedule_of(schedule) or listed(tuple(msgspec.json.decode(starts)), seconds)
    for each in expand(rule, time_zone, window):
        there = opened.get(f"{name}@{each.at}")
        has = each.capacity or capacity
        told = (
            _told(there) if there else _Told(0, has, each.cancelled, 0 if each.cancelled else has)
        )
        yield AgendaItem(
            each.start,
            each.end,
            "occurrence",
            f"{name}@{each.at}",
            title or name,
            name,
            location,
            None,
            None,
            0,
            None,
            *told,
        )


class _Told(NamedTuple):
    """How an occurrence stands, as an item's last members."""

    taken: int
    capacity: int
    cancelled: bool
    left: int
    waiting: int = 0


def _told(row: Sequence[Any]) -> _Told:
    """Of a row of `agenda_opened`. Nobody overtakes a line that lets nobody pass (MISSION C7)."""
    capacity, called_off, taken, waiting = row[2], row[3], int(row[4]), int(row[10])
    none_left = called_off or (waiting > 0 and row[9] == WaitPolicy.FIFO)
    return _Told(taken, capacity, called_off, 0 if none_left else max(0, capacity - taken), waiting)


def _alone(row: Sequence[Any]) -> AgendaItem:
    return AgendaItem(
        instant(row[5]),
        instant(row[6]),
        "occurrence",
        row[0],
        row[8] or row[0],
        location=row[7],
        **_told(row)._asdict(),
    )


async def _over_times(
    connection: Connection, tenant: str, wanted: AgendaFilter, window: Interval
) -> list[AgendaItem]:
    """The bookings of what is booked over a time, and when it is blocked."""
    rows = await fetch(
        connection,
        QUERIES["agenda_bookables"],
        tenant=tenant,
        resource=wanted.resource,
        location=wanted.location,
        limit=MOST_BOOKABLES + 1,
    )
    _few(rows, MOST_BOOKABLES)
    names = [row[0] for row in rows]
    claims = await fetch(
        connection,
        QUERIES["agenda_claims"],
        tenant=tenant,
        bookables=names,
        start=window.start,
        end=window.end,
        limit=MOST_ITEMS + 1,
    )
    _few(claims, MOST_ITEMS)
    owners = set(names)
    if wanted.location is not None:
        owners.add(LOCATION_PREFIX + wanted.location)
    if wanted.resource is not None:
        owners.add(wanted.resource)
    named = sorted(filter(storable, owners))
    ruled = await fetch(
        connection, QUERIES["agenda_rules"], tenant=tenant, owners=named, bookables=names
    )
    return [_claim(row) for row in claims] + [
        AgendaItem(each.during.start, each.during.end, "block", owner, each.block.name or "")
        for owner, time_zone, text in ruled
        for each in block_times(rules_of(text).blocks, zone(time_zone), window)
    ]


async def _of_actor(
    connection: Connection, tenant: str, wanted: AgendaFilter, window: Interval
) -> list[AgendaItem]:
    rows = await fetch(
        connection,
        QUERIES["agenda_of_actor"],
        tenant=tenant,
        actor=wanted.actor,
        location=wanted.location,
        resource=wanted.resource,
        event=wanted.event,
        start=window.start,
        end=window.end,
        scan=MOST_BOOKINGS,
        limit=MOST_ITEMS + 1,
    )
    _few(rows, MOST_ITEMS)
    return [_claim(row) for row in rows]


def _claim(row: Sequence[Any]) -> AgendaItem:
    (
        booking_id,
        no,
        bookable,
        units,
        actor,
        status,
        start,
        end,
        event,
        capacity,
        place,
        name,
        said,
    ) = row
    blocks = actor.startswith(BLOCK_PREFIX)
    return AgendaItem(
        instant(start),
        instant(end),
        "block" if blocks else "booking",
        bookable,
        said or name or bookable,
        event,
        place,
        None if blocks else actor,
        booking_id,
        no,
        Status(status),
        units,
        capacity,
    )


async def seated(connection: Connection, tenant: str, actor: str, names: Sequence[str]) -> set[str]:
    """On which of these occurrences the actor has a place."""
    rows = await fetch(
        connection, QUERIES["seated"], tenant=tenant, actor=actor, bookables=list(names)
    )
    return {row[0] for row in rows}


def _few(rows: Sequence[object], most: int) -> None:
    if len(rows) > most:
        raise ValueError(f"start and end: more than {most} things lie there; ask about less")
