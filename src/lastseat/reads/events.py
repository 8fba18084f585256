"""Events as they stand, with the occurrences that have been opened: what an edit is planned on.

Not for deciding: what is read here may be stale by the time it is used.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from lastseat.calendar.schedule import Instance, instance, listed
from lastseat.core import limits
from lastseat.core.events import ActorTime, Kind, WaitPolicy
from lastseat.core.interval import Interval
from lastseat.core.schedule import Schedule
from lastseat.ledger.rows import EPOCH, instant, interval, schedule
from lastseat.reads.rows import QUERIES, Connection, fetch
from lastseat.views.bookings import BookableView


class EventView(Struct, frozen=True):
    """An event at sequence `seq`. `ruled` is false for one that lists its starts; `now` is when."""

    event: str
    seq: int
    capacity: int
    time_zone: str
    schedule: Schedule
    ruled: bool
    actor_time: ActorTime
    location_id: str | None
    now: datetime
    waitlist: WaitPolicy = WaitPolicy.FIFO

    def instance(self, bookable: str) -> Instance | None:
        """The event's occurrence of that id, None if it has none such."""
        return instance(self.schedule, self.time_zone, bookable.removeprefix(f"{self.event}@"))


class Follower(Struct, frozen=True):
    """An occurrence of an event that has a stream, with its live bookings and their units."""

    bookable: str
    at: str
    during: Interval
    capacity: int
    own_capacity: bool
    called_off: bool
    bookings: int
    units: int


class Picture(Struct, frozen=True):
    """An event and all its opened occurrences, of one moment."""

    event: EventView
    followers: tuple[Follower, ...]


def when(starts: str, seconds: int, body: str | None) -> Schedule:
    """The schedule of an event's row."""
    return schedule(body) or listed(tuple(msgspec.json.decode(starts)), seconds)


async def event(connection: Connection, tenant: str, name: str) -> EventView | None:
    """The event, or None when the tenant has none of that id."""
    found = await fetch(connection, QUERIES["event"], tenant=tenant, event=name)
    if not found:
        return None
    seq, capacity, zone, actor_time, location, starts, seconds, body, now, line = found[0]
    return EventView(
        name,
        seq,
        capacity,
        zone,
        when(starts, seconds, body),
        body is not None,
        ActorTime(actor_time),
        location,
        instant(now),
        WaitPolicy(line),
    )


async def picture(connection: Connection, tenant: str, name: str) -> Picture | None:
    """The event with its opened occurrences, one more than `FOLLOWERS` at most; None without."""
    async with connection.transaction():
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        there = await event(connection, tenant, name)
        if there is None:
            return None
        found = await fetch(
            connection,
            QUERIES["event_followers"],
            tenant=tenant,
            event=name,
            limit=limits.FOLLOWERS + 1,
        )
    return Picture(there, tuple(_follower(name, row) for row in found))


def _follower(event: str, row: Sequence[Any]) -> Follower:
    bookable, start, end, *more = row
    during = interval(start, end) or Interval(EPOCH, EPOCH)
    return Follower(bookable, bookable.removeprefix(f"{event}@"), during, *more)


async def unopened(
    connection: Connection, tenant: str, event_id: str, name: str
) -> BookableView | None:
    """An occurrence that nobody has asked for yet, as its first booking would find it."""
    there = await event(connection, tenant, event_id)
    instance = None if there is None else there.instance(name)
    if there is None or instance is None:
        return None
    capacity = there.capacity if instance.capacity is None else instance.capacity
    return BookableView(
        name,
        Kind.OCCURRENCE,
        capacity,
        0,
        0,
        0,
        0 if instance.cancelled else capacity,
        Interval(instance.start, instance.end),
        there.time_zone,
        event_id,
        there.actor_time,
        there.location_id,
        called_off=instance.cancelled,
        waitlist=there.waitlist,
    )


async def kept_answer(connection: Connection, tenant: str, key: str) -> tuple[str, str] | None:
    """The request's hash and the answer that an idempotency key has, or None."""
    found = await fetch(connection, QUERIES["kept_answer"], tenant=tenant, key=key)
    return (found[0][0], found[0][1]) if found else None
