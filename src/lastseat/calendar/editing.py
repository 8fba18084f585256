"""What an edit of an event makes of its schedule, and of the occurrences it had (MISSION B3).

Occurrences that are booked keep their id, the original start, whatever is edited. So an edit has
two steps. `edited` makes the schedule that is asked for, as if nothing were booked, and `pairs`
tells what becomes of the occurrences that are. Then `placed` writes those that go on under their
old id, where they were (`keep`) or where they belong now (`move`), in place of what the rules give
there, so that none appears twice. Such a stand-in follows later edits like what it stands for.

Not for what happens to bookings: see core/editing.py.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, time, timedelta
from functools import cache

from msgspec import Struct
from msgspec.structs import replace

from lastseat.calendar.recurrence import (
    EARLIEST,
    LATEST,
    BadRule,
    check_seconds,
    check_texts,
    read_local,
)
from lastseat.calendar.revising import (
    DAY,
    Edit,
    Shift,
    is_time,
    new_start,
    revised,
    shift_of,
    spelled,
    split,
)
from lastseat.calendar.schedule import (
    Instance,
    Occurrences,
    check_capacity,
    check_schedule,
    segment_of,
)
from lastseat.core.schedule import Override, Schedule, Segment

__all__ = ["Edit", "Place", "edited", "keep", "move", "pairs", "placed"]


class Place(Struct, frozen=True):
    """An occurrence under its own id, in place of what the rules give at `instead_of`."""

    at: str
    local_start: str
    seconds: int
    capacity: int | None = None
    cancelled: bool = False
    instead_of: str | None = None


def edited(schedule: Schedule, zone: str, edit: Edit) -> Schedule:
    """The schedule after the edit, nothing being booked; raises `BadRule` for what makes no sense.

    Overrides go with what they are of. Those of occurrences that the rules don't give any more go
    away; stand-ins for one that they do give, and occurrences that were kept, stay.
    """
    if edit.seconds is not None:
        check_seconds(edit.seconds, "seconds")
    check_capacity(edit.capacity, "capacity")
    for field in ("rrule", "rdate", "exdate"):
        if getattr(edit, field) is not None:
            check_texts(getattr(edit, field), field)
    changes = (edit.start, edit.seconds, edit.rrule, edit.rdate, edit.exdate)
    if all(x is None for x in (*changes, edit.capacity, edit.cancelled)):
        raise BadRule("scope", "goes with something to change")
    occurrences = Occurrences(schedule, zone)
    if edit.scope != "all" and edit.at is None:
        raise BadRule("at", f"must be given with {edit.scope!r}")
    if edit.at is not None and occurrences.at(edit.at) is None:
        raise BadRule("at", "is not the start of an occurrence")
    try:
        one = edit.scope == "this"
        changed = _one(occurrences, edit) if one else _many(occurrences, edit, zone)
        check_schedule(changed, zone)
    except BadRule as bad:
        # Whoever edits knows of `start` and `rrule`, not of which segment they come to lie in.
        field = re.sub(r"^(segments|overrides)\[[0-9]+\]\.", "", bad.field)
        raise BadRule(field, bad.reason) from None
    return changed


def pairs(old: Schedule, new: Schedule, zone: str, at: Iterable[str]) -> dict[str, Instance | None]:
    """What becomes of each occurrence of `old` in `new`, the schedule that `edited` made of it.

    Itself, if there is one by that id. Else one that only `new` has: as far from it as the first
    was moved, or else on the same day, in order. None if there is none: it is dropped.
    """
    before, after = Occurrences(old, zone), Occurrences(new, zone)
    names = sorted(set(at))
    found = {name: after.at(name) for name in names}
    used = set[str]()
    for likely in (_shifted(before, after), _same_day(after)):
        for name in names:
            if found[name] is None:
                gained = (x for x in likely(name) if x.at not in used and before.at(x.at) is None)
                found[name] = next(gained, None)
                used |= {x.at for x in (found[name],) if x is not None}
    return found


def keep(instance: Instance, instead_of: Instance | None = None) -> Place:
    """Leave an occurrence of the old schedule where it was; it may be in place of a new one."""
    return Place(
        at=instance.at,
        local_start=instance.local_start,
        seconds=_seconds(instance),
        capacity=instance.capacity,
        cancelled=instance.cancelled,
        instead_of=instead_of.at if instead_of else None,
    )


def move(at: str, to: Instance) -> Place:
    """Let the occurrence known as `at` be what the new schedule has as `to`."""
    return Place(at, to.local_start, _seconds(to), to.capacity, to.cancelled, to.at)


def placed(schedule: Schedule, zone: str, places: Sequence[Place]) -> Schedule:
    """The schedule with these occurrences under their own ids; raises `BadRule` past its bounds."""
    overrides = {override.at: override for override in schedule.overrides}
    taken = set[str]()
    for place in places:
        if place.instead_of not in {None, place.at}:
            overrides.pop(place.instead_of or "", None)
            taken.add(place.instead_of or "")
    for place in places:
        segment = segment_of(schedule, place.at)
        seconds = segment.seconds if segment else None
        capacity = segment.capacity if segment else None
        overrides[place.at] = Override(
            at=place.at,
            start=None if place.local_start == place.at else place.local_start,
            seconds=None if place.seconds == seconds else place.seconds,
            capacity=None if place.capacity == capacity else place.capacity,
            cancelled=place.cancelled,
        )
    ruled = _without(Schedule(schedule.segments), taken)
    changed = _with(ruled, overrides, Occurrences(ruled, zone))
    check_schedule(changed, zone)
    return changed


def _one(occurrences: Occurrences, edit: Edit) -> Schedule:
    """The schedule in which one occurrence differs."""
    for field in ("rrule", "rdate", "exdate"):
        if getattr(edit, field) is not None:
            raise BadRule(field, "is of the event, not of one occurrence")
    at = edit.at or ""
    schedule = occurrences.schedule
    overrides = {override.at: override for override in schedule.overrides}
    override = overrides.get(at, Override(at))
    if edit.start is not None:
        shown = read_local(override.start or at, "at")
        start = spelled(new_start(edit.start, shown))
        override = replace(override, start=None if start == at else start)
    for field in ("seconds", "capacity", "cancelled"):
        value = getattr(edit, field)
        if value is not None:
            override = replace(override, **{field: value})
    return _with(schedule, overrides | {at: override}, occurrences)


def _many(occurrences: Occurrences, edit: Edit, zone: str) -> Schedule:
    """The schedule in which all occurrences differ, or those from one on."""
    schedule = occurrences.schedule
    if edit.at is not None:
        edit = replace(edit, at=_position(occurrences, edit.at))
        ruled = occurrences.ruled(edit.at or "") or _stands_in(schedule, edit.at or "")
        if is_time(edit.start) and not ruled:
            raise BadRule("at", "is not one of those that the rule gives: name another")
    shift = shift_of(edit, schedule.segments)
    before, after = list[Segment](), list(schedule.segments)
    if edit.scope == "following" and edit.at is not None:
        before, after = split(schedule.segments, edit.at, shift)
        first = read_local(after[0].since, "since")
        held = segment_of(schedule, edit.at)
        if held is not None and held.since is not None:
            _not_before(occurrences, first, read_local(held.since, "since"))
        if not is_time(edit.start) and any(occurrences.given(first, read_local(edit.at, "at"))):
            raise BadRule("start", "comes before another occurrence that is not to be changed")
        if not any(occurrences.given(EARLIEST, first)):
            before, after = [], [replace(after[0], since=None), *after[1:]]
    segments = revised(after, edit, shift, occurrences.zone)
    for old, new in zip(after[1:], segments[1:], strict=False):
        since = read_local(new.since, "since")
        day = since if shift.to is None else datetime.combine(since.date(), time())
        if (new.since or "") < (old.since or ""):
            _not_before(occurrences, day, read_local(old.since, "since"))
    segments = [*before, *segments]
    return _carried(occurrences, Schedule(tuple(segments)), edit, shift, zone)


def _not_before(occurrences: Occurrences, first: datetime, since: datetime) -> None:
    """Refuse to put a segment's first before an occurrence that an earlier segment gives."""
    if any(occurrences.given(first, since)):
        raise BadRule("start", "comes before another occurrence of that day, which was set apart")


def _carried(
    occurrences: Occurrences, ruled: Schedule, edit: Edit, shift: Shift, zone: str
) -> Schedule:
    """The new segments with those of the old overrides that still are of an occurrence."""
    after = Occurrences(ruled, zone)
    free = Occurrences(_freed(ruled), zone)
    kept: dict[str, Override] = {}
    taken = set[str]()
    for old in occurrences.schedule.overrides:
        at, start = old.at, old.start
        if edit.scope == "following" and _position(occurrences, at) < (edit.at or ""):
            kept[at] = old
            continue
        if edit.cancelled:
            continue
        override = old if edit.cancelled is None else replace(old, cancelled=False)
        if occurrences.ruled(at) is not None:
            name = next((x for x in (shift.text(at), at) if after.ruled(x)), None)
            if name is not None:
                same = start in {None, name}
                kept[name] = replace(override, at=name, start=None if same else start)
        elif start is None or not _stands_in(occurrences.schedule, start):
            kept[at] = override
        elif free.ruled(shift.text(start)) is not None:
            kept[at] = replace(override, start=shift.text(start))
            taken.add(shift.text(start))
    ruled = _without(ruled, taken)
    return _with(ruled, kept, Occurrences(ruled, zone))


def _position(occurrences: Occurrences, at: str) -> str:
    """Where an occurrence lies among the others: a stand-in where what it stands for would be."""
    found = occurrences.at(at)
    return at if found is None or occurrences.ruled(at) is not None else found.local_start


def _stands_in(schedule: Schedule, start: str) -> bool:
    """Whether an override that starts then is in place of what the rules would give."""
    segment = segment_of(schedule, start)
    return segment is not None and start in segment.exdate


def _freed(schedule: Schedule) -> Schedule:
    """The schedule with nothing taken away."""
    return Schedule(tuple(replace(segment, exdate=()) for segment in schedule.segments))


def _without(schedule: Schedule, taken: set[str]) -> Schedule:
    """The schedule that gives none of the starts in `taken`."""
    if not taken:
        return schedule
    dates: dict[Segment | None, set[str]] = {}
    for start in taken:
        dates.setdefault(segment_of(schedule, start), set()).add(start)
    segments = (
        replace(segment, exdate=tuple(sorted({*segment.exdate, *dates.get(segment, ())})))
        for segment in schedule.segments
    )
    return Schedule(tuple(segments), schedule.overrides)


def _with(schedule: Schedule, overrides: dict[str, Override], of: Occurrences) -> Schedule:
    """The schedule with these overrides, but for those that override nothing."""
    needed = (
        override
        for _, override in sorted(overrides.items())
        if override != Override(override.at) or of.ruled(override.at) is None
    )
    return Schedule(schedule.segments, tuple(needed))


def _shifted(before: Occurrences, after: Occurrences) -> Callable[[str], list[Instance]]:
    """What lies as far from an occurrence as its segment's first was moved."""

    @cache
    def by(since: str | None) -> timedelta | None:
        begins = EARLIEST if since is None else read_local(since, "since")
        firsts = [next(x.given(begins, LATEST), None) for x in (before, after)]
        found = [first[1] for first in firsts if first is not None]
        return found[1] - found[0] if len(found) == len(firsts) else None

    def likely(at: str) -> list[Instance]:
        segment = segment_of(after.schedule, at)
        moved = segment and by(segment.since)
        found = after.at(spelled(read_local(at, "at") + moved)) if moved else None
        return [found] if found else []

    return likely


def _same_day(after: Occurrences) -> Callable[[str], Iterator[Instance]]:
    """What lies on the day of an occurrence."""

    def likely(at: str) -> Iterator[Instance]:
        day = read_local(at[:10] + "T00:00", "at")
        given = (after.at(spelled(start)) for _, start in after.given(day, day + DAY))
        return (found for found in given if found is not None)

    return likely


def _seconds(instance: Instance) -> int:
    return round((instance.end - instance.start).total_seconds())
