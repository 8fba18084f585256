"""What items are to become: an event's schedule, or times in which nothing can be booked.

Each answers with what there is to do, or raises `Unusable` with the reason why there is nothing.
"""

from datetime import datetime, timedelta
from itertools import islice

from msgspec import Struct

from lastseat.calendar.blocks import segment as segment_of_block
from lastseat.calendar.ical import Item
from lastseat.calendar.recurrence import EARLIEST, LATEST, BadRule, check_segment, starts
from lastseat.calendar.schedule import check_schedule, expand
from lastseat.calendar.zones import local, utc, zone
from lastseat.core import limits
from lastseat.core.interval import Interval
from lastseat.core.rules import RecurringBlock
from lastseat.core.schedule import Schedule

MOST_WRITTEN_OUT = 366
"""Times of a recurring block that are listed where its rule, being of another zone, can't be."""

WRITTEN_OUT = timedelta(days=366)
"""How far ahead they are."""

MOST_ONCE = 100
"""Bookings that one item makes."""

Once = tuple[tuple[str, Interval], ...]


class Unusable(Exception):
    """Nothing can be made of the item: why."""


class UsedEvent(Struct, frozen=True):
    """An event. `ends_at` None: by its rule it may go on for ever, or nobody has counted."""

    schedule: Schedule
    zone: str
    ends_at: datetime | None


class UsedBlocks(Struct, frozen=True):
    """Times to block: by a rule, and once each, by their original local start.

    `until`: the rule's times are listed up to then, for they are of another time zone.
    """

    recurring: RecurringBlock | None
    once: Once
    ends_at: datetime | None
    until: datetime | None = None


def as_event(item: Item, where: str, now: datetime, *, tried: bool = False) -> UsedEvent:
    """The item as an event; one that floats is at that time in the zone `where`.

    `tried`: its rule was found to be sound before, which can take a while.
    """
    name = item.zone or where
    schedule = item.schedule
    try:
        if not tried:
            check_schedule(schedule, name, new=True)
    except BadRule as bad:
        raise Unusable(f"{bad.field.removeprefix('segments[0].')} {bad.reason}") from None
    ends_at = _end(schedule, name)
    if not _goes_on(schedule, name, ends_at, now):
        raise Unusable("is over")
    return UsedEvent(schedule, name, ends_at)


def as_blocks(item: Item, where: str, now: datetime, *, tried: bool = False) -> UsedBlocks:
    """The item as times to block, for something whose rules are local to the zone `where`."""
    if item.free:
        raise Unusable("takes no time: it is marked as free")
    used = as_event(item, where, now, tried=tried)
    schedule, (segment,) = used.schedule, used.schedule.segments
    if not item.recurs:
        found = _instances(schedule, used.zone, now)
        return UsedBlocks(None, found, used.ends_at)
    if used.zone != where and not _alike(used.zone, where, now):
        return _written_out(item, used, where, now)
    apart = {x.at for x in schedule.overrides}
    block = RecurringBlock(
        start=segment.start,
        seconds=segment.seconds,
        rrule=segment.rrule,
        rdate=tuple(x for x in segment.rdate if x not in apart),
        exdate=tuple(sorted({*segment.exdate, *apart})),
        name=item.name,
    )
    only = Schedule(schedule.segments, tuple(x for x in schedule.overrides if not x.cancelled))
    once = tuple(x for x in _overridden(only, used.zone, now))
    if len(once) > MOST_ONCE:
        raise Unusable(f"has more than {MOST_ONCE} instances that differ from its rule")
    try:
        check_segment(segment_of_block(block), "", zone(where))
    except BadRule:
        # Every time that the rule gives is an exception from it.
        return UsedBlocks(None, once, used.ends_at)
    return UsedBlocks(block, once, used.ends_at)


def _written_out(item: Item, used: UsedEvent, where: str, now: datetime) -> UsedBlocks:
    clock = zone(where)
    window = Interval(now, min(now + WRITTEN_OUT, limits.LATEST))
    too_many = f"has more than {MOST_WRITTEN_OUT} times a year, in another time zone"
    if _more_than(MOST_WRITTEN_OUT + len(used.schedule.overrides), used, window):
        raise Unusable(too_many)
    try:
        listed = [x for x in expand(used.schedule, used.zone, window) if not x.cancelled]
    except BadRule as bad:
        raise Unusable(f"{bad.field} {bad.reason}") from None
    if not listed:
        raise Unusable("has no time within a year")
    usual = used.schedule.segments[0].seconds
    alike = [x for x in listed if int((x.end - x.start).total_seconds()) == usual]
    once = tuple((x.at, Interval(x.start, x.end)) for x in listed if x not in alike)
    if len(alike) > MOST_WRITTEN_OUT or len(once) > MOST_ONCE:
        raise Unusable(too_many)
    begins = sorted({f"{local(x.start, clock):%Y-%m-%dT%H:%M}" for x in alike})
    block = None
    if begins:
        block = RecurringBlock(
            start=begins[0], seconds=usual, rdate=tuple(begins[1:]), name=item.name
        )
    return UsedBlocks(block, once, used.ends_at, until=window.end)


def _more_than(most: int, used: UsedEvent, window: Interval) -> bool:
    """Whether its rule gives more than `most` starts there, without going through all of them."""
    (segment,), its = used.schedule.segments, zone(used.zone)
    given = starts(segment, local(window.start, its), local(window.end, its), its)
    return next(islice(given, most, None), None) is not None


def _instances(schedule: Schedule, name: str, now: datetime) -> Once:
    """What is not over of an item that does not recur."""
    window = Interval(now, limits.LATEST)
    found = expand(schedule, name, window)
    return tuple((x.at, Interval(x.start, x.end)) for x in found if not x.cancelled)


def _overridden(schedule: Schedule, name: str, now: datetime) -> Once:
    """The instances that have an override and are not over."""
    clock = zone(name)
    found = []
    for override in schedule.overrides:
        start = utc(datetime.fromisoformat(override.start or override.at), clock)
        seconds = override.seconds or schedule.segments[0].seconds
        during = Interval(start, start + timedelta(seconds=seconds))
        if during.end > now:
            found.append((override.at, during))
    return tuple(found)


def _end(schedule: Schedule, name: str) -> datetime | None:
    """When the last of it is over, if that is listed: by a rule it is not looked for."""
    (segment,) = schedule.segments
    if segment.rrule:
        return None
    clock = zone(name)
    ends = [
        utc(datetime.fromisoformat(at), clock) + timedelta(seconds=segment.seconds)
        for at in (segment.start, *segment.rdate)
    ]
    ends += [x.end for x in _all_overridden(schedule, name)]
    return max(ends)


def _all_overridden(schedule: Schedule, name: str) -> list[Interval]:
    return [x for _, x in _overridden(schedule, name, limits.EARLIEST)]


def _goes_on(schedule: Schedule, name: str, ends_at: datetime | None, now: datetime) -> bool:
    """Whether something of it is not over."""
    if ends_at is not None:
        return ends_at > now
    if any(x.end > now for x in _all_overridden(schedule, name)):
        return True
    (segment,) = schedule.segments
    clock = zone(name)
    after = local(now, clock) - timedelta(seconds=segment.seconds)
    return next(starts(segment, max(after, EARLIEST), LATEST, clock), None) is not None


def _alike(one: str, other: str, now: datetime) -> bool:
    """Whether two zones' clocks show the same, as far as a block is written out."""
    a, b = zone(one), zone(other)
    days = range(0, WRITTEN_OUT.days * 2, 7)
    return all(
        (now + timedelta(days=x)).astimezone(a).utcoffset()
        == (now + timedelta(days=x)).astimezone(b).utcoffset()
        for x in days
    )
