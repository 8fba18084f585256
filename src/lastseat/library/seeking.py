"""Reads behind `tenant.slots`, `next_free` and the like: what they need, in a statement or three.

Each takes a connection for reads. What they come to is never relied on: the engine decides.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import accumulate, repeat
from operator import add

from msgspec import Struct

from lastseat.calendar.blocks import blocked_ranges
from lastseat.calendar.free import Extent, worth_a_look
from lastseat.calendar.hours import open_ranges
from lastseat.calendar.ranges import Ranges, difference, intersection, joined, micros
from lastseat.calendar.ranges import moment as instant
from lastseat.calendar.starts import Grid
from lastseat.calendar.zones import zone
from lastseat.catalogue import services
from lastseat.catalogue.needs import fits, units_of
from lastseat.core.interval import Interval
from lastseat.core.state import SERVICE_PREFIX
from lastseat.library.asynchronous.engine import NotFound
from lastseat.library.hours import whole_chain
from lastseat.library.offering import (
    Offering,
    Taken,
    Wanted,
    around,
    gap,
    lacking,
    peaks,
    whole_minute,
)
from lastseat.reads import availability as reads
from lastseat.reads.availability import MOST_STEPS, POOLED, TIMED, Lacking, Step, Things
from lastseat.reads.lines import waited_for
from lastseat.reads.rows import Connection
from lastseat.views.catalogue import Service
from lastseat.views.times import Opening, OpenSlot

STEP = 900
"""Where no rule says on which times bookings begin, they are offered every so many seconds."""


MOST_DAYS = 40_000
"""Bookables times days that one question is about: a hundred for a year, a thousand for a month."""

MOST_STARTS = 100_000
"""Starts that one question looks at."""


class SlotQuery(Struct, frozen=True):
    """Slots of a service that begin in `window`, for a party; at most `limit`.

    `duration` and `step` are in seconds.
    """

    service_id: str
    window: Interval
    party: int
    duration: int | None
    step: int | None
    limit: int


async def things(connection: Connection, tenant: str, names: Iterable[str]) -> Things:
    """The bookables of these names, all of them booked over a time. Raises `NotFound`."""
    asked = dict.fromkeys(names)
    there = await reads.things(connection, tenant, asked)
    for name in asked:
        thing = there.found.get(name)
        if thing is None:
            raise NotFound("bookable", name)
        if thing.kind not in TIMED:
            raise NotFound(
                "bookable", name, f"{name!r} is a {thing.kind}: it is not booked over a time"
            )
    return there


async def offering(
    connection: Connection,
    tenant: str,
    wanted: Sequence[Wanted],
    window: Interval,
    extent: Extent,
    *,
    actor: str | None = None,
    passed: bool = False,
    counted: bool = False,
    unhurried: bool = False,
) -> Offering:
    """What can be had of `wanted` from a start in `window` on. Raises `NotFound`.

    Nothing that has begun, unless `passed`; and nothing while `actor` has something else on. With
    `counted` the pools that are taken in any case are left to `_room`; `unhurried`: see `Offering`.
    """
    names = [name for each in wanted for name in each.of]
    if len(names) * ((window.end - window.start) / timedelta(days=1)) > MOST_DAYS:
        raise ValueError("start and end: too long for so many bookables; ask about less")
    there = await things(connection, tenant, names)
    # On the minute: what is shown is what a clock shows.
    start = window.start if passed else max(window.start, whole_minute(there.now))
    window = Interval(start, max(start, window.end))
    where = around(window, extent)
    asked = lacking(there, wanted)
    if counted:
        asked -= certain_pools(there, wanted)
    times = await _gone(connection, tenant, there, asked, where, gap=gap(extent))
    busy: Ranges = ()
    if actor is not None:
        own = await reads.steps(connection, tenant, (), where, actor=actor)
        busy = joined((step.first, step.end) for steps in own.values() for step in steps)
    return Offering(there, wanted, Taken(times), window, extent, busy, unhurried=unhurried)


async def _gone(
    connection: Connection,
    tenant: str,
    there: Things,
    asked: Iterable[Lacking],
    window: Interval,
    *,
    gap: int = 0,
) -> dict[Lacking, Ranges]:
    """When what is asked for is taken, or is for those who wait in line (MISSION C7)."""
    times = await reads.taken(connection, tenant, there, asked, window, gap=gap)
    lined = {each.bookable for each in times if there.found[each.bookable].lined}
    lines = await waited_for(connection, tenant, lined, window)
    return {
        each: joined((*taken, *lines[each.bookable])) if each.bookable in lines else taken
        for each, taken in times.items()
    }


def _few_starts(offered: Offering, default: Grid | None) -> None:
    """Raises `ValueError` where there are too many starts to look at each of them."""
    grids = {grid.seconds for each in offered.candidates for grid in each.allowed.grids}
    if default is not None:
        grids.add(default.seconds)
    window = offered.window.end - offered.window.start
    if grids and window / timedelta(seconds=min(grids)) > MOST_STARTS:
        raise ValueError(f"start and end: more than {MOST_STARTS} starts lie between them")


async def next_free(
    connection: Connection,
    tenant: str,
    wanted: Wanted,
    window: Interval,
    extent: Extent,
    step: int | None,
) -> Opening | None:
    """The earliest start in `window`, and what is picked there."""
    offered = await offering(connection, tenant, (wanted,), window, extent, unhurried=True)
    _few_starts(offered, None if step is None else Grid("UTC", step))
    if step is None:
        points = worth_a_look(offered.candidates, extent)
    else:
        points = offered.points(Grid(offered.there.found[wanted.of[0]].time_zone, step))
    for at, mask in zip(points, offered.masks(points), strict=True):
        places = offered.pick(mask)
        if places is not None:
            start = instant(at)
            end = start + timedelta(seconds=extent.duration)
            return Opening(start, end, tuple(offered.names[place] for place in places))
    return None


async def slots(connection: Connection, tenant: str, query: SlotQuery) -> list[OpenSlot]:
    """The slots that can be had, in order."""
    service = await services.get(connection, tenant, query.service_id)
    if service is None:
        raise NotFound("service", query.service_id)
    extent = Extent(_duration(service, query), service.before_seconds, service.after_seconds)
    wanted = needed(service, query.party)
    offered = await offering(connection, tenant, wanted, query.window, extent, counted=True)
    default = Grid(service.time_zone or "UTC", query.step or STEP)
    _few_starts(offered, default)
    points = offered.points(default)
    room = await _room(connection, tenant, offered, points, wanted)
    length = timedelta(seconds=extent.duration)
    found: list[OpenSlot] = []
    known: dict[int, tuple[int, tuple[str, ...]] | None] = {}
    every = zip(_moments(points), offered.masks(points), room, strict=True)
    for start, mask, units in every:
        if not mask or units < 1:
            continue
        if mask not in known:
            known[mask] = offered.told(mask)
        what = known[mask]
        if what is not None:
            found.append(OpenSlot(start, start + length, min(units, what[0]), what[1]))
            if len(found) == query.limit:
                break
    return found


def _moments(points: Sequence[int]) -> Iterable[datetime]:
    """The points as times; by adding where they are evenly spaced, which is eight times as fast."""
    if not isinstance(points, range) or len(points) == 0:
        return map(instant, points)
    step = timedelta(microseconds=points.step)
    return accumulate(repeat(step, len(points) - 1), add, initial=instant(points[0]))


def _duration(service: Service, query: SlotQuery) -> int:
    lasts = service.duration_seconds
    if lasts is None and query.duration is None:
        raise ValueError("duration: the service has none of its own, so say how long")
    if lasts is not None and query.duration not in (None, lasts):
        raise ValueError(f"duration: the service lasts {lasts} seconds")
    return lasts or query.duration or 0


def needed(service: Service, party: int) -> list[Wanted]:
    """One of the service's limit, and what it needs, as a booking claims them."""
    if not fits(service.needs, party):
        raise ValueError("party: must be 1, the service takes the same for any")
    needs = [
        Wanted(need.of, need.any, need.adjacent, units_of(need, party)) for need in service.needs
    ]
    return [Wanted((SERVICE_PREFIX + service.service_id,)), *needs]


async def _room(
    connection: Connection,
    tenant: str,
    offered: Offering,
    points: Sequence[int],
    wanted: Sequence[Wanted],
) -> list[int]:
    """For each point how many bookings the pools that are taken in any case have room for.

    None where somebody waits in line for them.
    """
    there = offered.there
    counted = certain_pools(there, wanted)
    names = sorted({x.bookable for x in counted})
    where = around(offered.window, offered.extent)
    steps = await reads.steps(connection, tenant, names, where, most=MOST_STEPS)
    least = [there.found[x.bookable].capacity // x.units for x in counted]
    room = [min(least)] * len(points)
    lined = {name for name in names if there.found[name].lined}
    for times in (await waited_for(connection, tenant, lined, where)).values():
        waiting = peaks(points, [Step(first, end, 1) for first, end in times], offered.extent)
        room = [0 if some else so_far for so_far, some in zip(room, waiting, strict=True)]
    for each in counted:
        if each.bookable in steps:
            capacity = there.found[each.bookable].capacity
            in_use = peaks(points, steps[each.bookable], offered.extent)
            room = [
                min(so_far, (capacity - units) // each.units)
                for so_far, units in zip(room, in_use, strict=True)
            ]
    return room


def certain_pools(there: Things, wanted: Sequence[Wanted]) -> set[Lacking]:
    """The pools and limits that are taken in any case and by nothing else, and how many units."""
    picked_from = {
        leaf.bookable
        for each in wanted
        if each.any is not None
        for name in each.of
        for leaf in there.leaves(name)
    }
    return {
        asked
        for asked in lacking(there, [each for each in wanted if each.any is None])
        if there.found[asked.bookable].kind in POOLED and asked.bookable not in picked_from
    }


async def free(
    connection: Connection, tenant: str, name: str, window: Interval, units: int
) -> Ranges:
    """When `units` of a bookable are free in `window`: open, not blocked, not taken."""
    there = await things(connection, tenant, (name,))
    asked = lacking(there, (Wanted((name,), units=units),))
    taken = await _gone(connection, tenant, there, asked, window)
    first, end = micros(window.start), micros(window.end)
    left: Ranges = ((first, end),)
    for ruled in whole_chain(there, name):
        where = zone(ruled.zone)
        if ruled.rules.hours is not None:
            left = intersection(left, open_ranges(ruled.rules.hours, where, first, end))
        left = difference(left, blocked_ranges(ruled.rules.blocks, where, first, end))
    for times in taken.values():
        left = difference(left, times)
    return left


async def is_free(
    connection: Connection,
    tenant: str,
    wanted: Sequence[Wanted],
    during: Interval,
    extent: Extent,
) -> bool:
    """Whether all of `wanted` can be had over `during` now."""
    at = micros(during.start)
    window = Interval(during.start, instant(at + 1))
    offered = await offering(connection, tenant, wanted, window, extent, passed=True)
    return offered.pick(offered.checked_masks([at])[0]) is not None


def seconds(length: int | timedelta, name: str) -> int:
    """A length in seconds, whatever they are. Raises `ValueError` for parts of one."""
    if not isinstance(length, timedelta):
        return length
    if length % timedelta(seconds=1):
        raise ValueError(f"{name} must be whole seconds")
    return length // timedelta(seconds=1)
