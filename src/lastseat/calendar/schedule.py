"""An event's occurrences in a window: its segments and what overrides them (MISSION B1 to B3).

An occurrence is known by its original local start, `at`, wherever it was moved to. Not for what an
edit of the event does: see editing.py.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from lastseat.calendar.recurrence import (
    DAY,
    EARLIEST,
    LATEST,
    MOST_STARTS,
    BadRule,
    TooMany,
    check_form,
    check_seconds,
    includes,
    read_local,
    starts,
)
from lastseat.calendar.zones import UnknownZone, local, utc
from lastseat.calendar.zones import zone as zone_named
from lastseat.core import limits
from lastseat.core.interval import Interval
from lastseat.core.schedule import Override, Schedule, Segment

MOST_SEGMENTS: Final = 100
"""Segments of one schedule: how often "this and following" can be edited."""

MOST_OVERRIDES: Final = limits.STARTS
"""Occurrences of one schedule that differ from it."""

FIRST: Final = limits.EARLIEST
LAST: Final = limits.LATEST


class Instance(Struct, frozen=True, gc=False):
    """One occurrence: its time in UTC, and what the wall clock shows at its start.

    `capacity` is its own, None if it has the event's.
    """

    at: str
    start: datetime
    end: datetime
    local_start: str
    capacity: int | None = None
    cancelled: bool = False


def listed(starts: tuple[str, ...], seconds: int) -> Schedule:
    """The schedule of an event that lists its starts, of which there is one at least."""
    first, *others = sorted(starts)
    return Schedule((Segment(start=first, seconds=seconds, rdate=tuple(others)),))


def check_schedule(schedule: Schedule, zone: str, *, new: bool = False) -> None:
    """Raise `BadRule` unless the schedule is well formed.

    `new`: it has to have an occurrence, and its overrides have to be of occurrences that its rules
    give. After an edit nothing may be left, and an override may be of an occurrence that was kept.
    """
    try:
        tz = zone_named(zone)
    except UnknownZone as unknown:
        raise BadRule("time_zone", str(unknown)) from None
    if len(schedule.segments) > MOST_SEGMENTS:
        raise BadRule("segments", f"are more than {MOST_SEGMENTS}")
    since = ""
    for i, segment in enumerate(schedule.segments):
        field = f"segments[{i}]"
        check_form(segment, field, tz)
        check_capacity(segment.capacity, f"{field}.capacity")
        # Times compare as their texts do.
        if (segment.since is None) != (i == 0) or (segment.since or "") < since:
            raise BadRule(f"{field}.since", "the first has none, each other one a later one")
        since = segment.since or ""
    _check_overrides(schedule, zone, new=new)
    if new and next(Occurrences(schedule, zone).given(EARLIEST, LATEST), None) is None:
        raise BadRule("exdate", "takes every start away")


def expand(schedule: Schedule, zone: str, window: Interval) -> list[Instance]:
    """The occurrences that overlap the half-open `window`, cancelled ones too, by start and `at`.

    Those that began before the window count. Raises `TooMany` past MOST_STARTS.
    """
    return Occurrences(schedule, zone).within(window)


def instance(schedule: Schedule, zone: str, at: str) -> Instance | None:
    """The occurrence whose original start is `at`; None if there is none. It may be cancelled."""
    # Of thousands that differ from the rules, only the one asked for is worked out.
    this = tuple(x for x in schedule.overrides if x.at == at)
    return Occurrences(Schedule(schedule.segments, this), zone).at(at)


class Occurrences:
    """A schedule in its zone, to be asked more than once."""

    def __init__(self, schedule: Schedule, zone: str) -> None:
        self.schedule = schedule
        self.zone = zone_named(zone)
        self._overridden = {x.at: _overriding(schedule, x, self.zone) for x in schedule.overrides}

    def within(self, window: Interval) -> list[Instance]:
        """As `expand`."""
        zone, overridden = self.zone, self._overridden
        found = [x for x in overridden.values() if x.start < window.end and x.end > window.start]
        longest = max((segment.seconds for segment in self.schedule.segments), default=0)
        after = local(max(window.start, FIRST) - timedelta(seconds=longest), zone)
        before = local(min(window.end, LAST), zone)
        # A day more on either side: where a clock is put forward, by a day at most so far, a start
        # is shown later than it says.
        for segment, start in self.given(after - DAY, before + DAY):
            given = _instance(segment, start, zone)
            overlaps = given.start < window.end and given.end > window.start
            if overlaps and given.at not in overridden:
                found.append(given)
            if len(found) > MOST_STARTS:
                raise TooMany("window")
        return sorted(found, key=_order)

    def given(self, after: datetime, before: datetime) -> Iterator[tuple[Segment, datetime]]:
        """The local starts in `[after, before)` by the rules alone, in order."""
        segments = self.schedule.segments
        for segment, following in zip_longest(segments, segments[1:]):
            until = None if following is None else read_local(following.since, "since")
            for start in starts(segment, after, min(before, until or before), self.zone):
                yield segment, start

    def at(self, at: str) -> Instance | None:
        """As `instance`."""
        return self._overridden.get(at) or self.ruled(at)

    def ruled(self, at: str) -> Instance | None:
        """What the rules alone say about `at`: nothing is overridden."""
        try:
            start = read_local(at, "at")
        except BadRule:
            return None  # No occurrence is spelled so.
        segment = segment_of(self.schedule, at)
        if segment is None or not includes(segment, start, self.zone):
            return None
        return _instance(segment, start, self.zone)


def segment_of(schedule: Schedule, at: str) -> Segment | None:
    """The segment that says whether there is an occurrence at `at`."""
    held = [x for x in schedule.segments if x.since is None or x.since <= at]
    return held[-1] if held else None


def _overriding(schedule: Schedule, override: Override, zone: ZoneInfo) -> Instance:
    segment = segment_of(schedule, override.at)
    shown = override.start or override.at
    start = utc(read_local(shown, "start"), zone)
    seconds, capacity = override.seconds, override.capacity
    if segment is not None:
        seconds = segment.seconds if seconds is None else seconds
        capacity = segment.capacity if capacity is None else capacity
    end = start + timedelta(seconds=seconds or 0)
    return Instance(override.at, start, end, shown, capacity, override.cancelled)


def _instance(segment: Segment, start: datetime, zone: ZoneInfo) -> Instance:
    at = start.isoformat(timespec="minutes")
    instant = utc(start, zone)
    return Instance(at, instant, instant + timedelta(seconds=segment.seconds), at, segment.capacity)


def _order(instance: Instance) -> tuple[datetime, str]:
    return instance.start, instance.at


def _check_overrides(schedule: Schedule, zone: str, *, new: bool) -> None:
    if len(schedule.overrides) > MOST_OVERRIDES:
        raise BadRule("overrides", f"are more than {MOST_OVERRIDES}")
    seen = set[str]()
    occurrences = Occurrences(Schedule(schedule.segments), zone)
    for i, override in enumerate(schedule.overrides):
        field = f"overrides[{i}]"
        read_local(override.at, f"{field}.at")
        if override.at in seen:
            raise BadRule(f"{field}.at", "is overridden twice")
        seen.add(override.at)
        if new and occurrences.ruled(override.at) is None:
            raise BadRule(f"{field}.at", "is not the start of an occurrence")
        if override.start is not None:
            read_local(override.start, f"{field}.start")
        if override.seconds is not None:
            check_seconds(override.seconds, f"{field}.seconds")
        elif segment_of(schedule, override.at) is None:
            raise BadRule(f"{field}.seconds", "must be given: no segment is about that time")
        check_capacity(override.capacity, f"{field}.capacity")


def check_capacity(capacity: object, field: str) -> None:
    """A capacity that a bookable may have, or None."""
    if capacity is None:
        return
    if not isinstance(capacity, int) or isinstance(capacity, bool):
        raise BadRule(field, "must be a whole number")
    if not 1 <= capacity <= limits.CAPACITY:
        raise BadRule(field, f"must be from 1 to {limits.CAPACITY}")
