"""What an owner's rules come to, day by day, and which bookings today's rules would refuse (C2)."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import msgspec

from lastseat.calendar.broken import Ruled, broken, effective_hours
from lastseat.calendar.zones import utc, zone
from lastseat.core.interval import Interval
from lastseat.core.state import LOCATION_PREFIX
from lastseat.ledger.rows import instant
from lastseat.library.asynchronous.engine import NotFound
from lastseat.reads import availability as reads
from lastseat.reads import rules
from lastseat.reads.availability import Things
from lastseat.reads.rows import Connection
from lastseat.views.times import DayHours, OutsideRules

UNRULED = "UTC"
"""The zone of what has neither one of its own nor a location's."""


async def days(
    connection: Connection, tenant: str, owner: str, first: date, last: date
) -> list[DayHours]:
    """The opening hours of each date, both ends included. Raises `NotFound`."""
    if owner.startswith(LOCATION_PREFIX):
        view = await rules.of(connection, tenant, owner)
        if view is None:
            raise NotFound("owner", owner, f"there is no {owner!r}")
        where = view.time_zone or UNRULED
        chain: tuple[Ruled, ...] = (Ruled(owner, view.rules, where),)
    else:
        there = await _there(connection, tenant, owner)
        where = there.found[owner].time_zone
        chain = whole_chain(there, owner)
    return [effective_hours(chain, day) or _all_day(day, where) for day in _from_to(first, last)]


async def _there(connection: Connection, tenant: str, owner: str) -> Things:
    there = await reads.things(connection, tenant, (owner,))
    if owner not in there.found:
        raise NotFound("bookable", owner)
    return there


def whole_chain(there: Things, name: str) -> tuple[Ruled, ...]:
    """The rules of a bookable and, of a composite, those of its parts: all of them hold."""
    thing = there.found[name]
    if not thing.parts:
        return thing.chain
    parts = (ruled for leaf in there.leaves(name) for ruled in leaf.chain)
    return (*thing.chain, *parts)


def _from_to(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += timedelta(days=1)


def _all_day(day: date, where: str) -> DayHours:
    midnight = datetime.combine(day, time())
    ends = utc(midnight + timedelta(days=1), zone(where))
    return DayHours(day, (Interval(utc(midnight, zone(where)), ends),))


async def outside(
    connection: Connection, tenant: str, owner: str, limit: int
) -> list[OutsideRules]:
    """The first `limit` of them, by their start. Raises `NotFound`."""
    if owner.startswith(LOCATION_PREFIX):
        if await rules.of(connection, tenant, owner) is None:
            raise NotFound("owner", owner, f"there is no {owner!r}")
        names = await reads.at_location(connection, tenant, owner.removeprefix(LOCATION_PREFIX))
        there = await reads.things(connection, tenant, names)
    else:
        there = await _there(connection, tenant, owner)
        names = [leaf.bookable for leaf in there.leaves(owner)]
    chains = {name: tuple(_lasting(ruled) for ruled in there.found[name].chain) for name in names}
    ruled = [name for name in names if chains[name]]
    found: list[OutsideRules] = []
    for row in await reads.claims_ahead(connection, tenant, ruled):
        outside = _outside(row, chains[row[1]], there.now)
        if outside is not None:
            found.append(outside)
            if len(found) == limit:
                break
    return found


def _lasting(ruled: Ruled) -> Ruled:
    """The rules but for those about when a booking is made."""
    lasting = msgspec.structs.replace(ruled.rules, lead_seconds=0, horizon_seconds=None)
    return Ruled(ruled.owner, lasting, ruled.zone)


def _outside(row: Sequence[Any], chain: Sequence[Ruled], now: datetime) -> OutsideRules | None:
    booking_id, name, actor, *times = row
    start, end, blocked_start, blocked_end = map(instant, times)
    during = Interval(start, end)
    blocked = Interval(blocked_start, blocked_end)
    refusal = broken(chain, name, actor, during, blocked, now)
    return None if refusal is None else OutsideRules(booking_id, name, during, refusal)
