"""What an edit makes of an event's segments: pure rewriting of rules and dates.

Not for overrides and booked occurrences: see editing.py.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from lastseat.calendar.recurrence import EARLIEST, BadRule, read_local, starts
from lastseat.calendar.rrule import read_rule
from lastseat.calendar.zones import local
from lastseat.core.schedule import Segment

_TIME = re.compile("([01][0-9]|2[0-3]):[0-5][0-9]")
DAY: Final = timedelta(days=1)


class Edit(Struct, frozen=True, kw_only=True):
    """What is to change; None stays as it is.

    `this` and `following` name the occurrence by its original start `at`. `start` is its new local
    start, or `HH:MM` alone: then all that the edit is about begin at that time of day. Where some
    day could have several, `at` says which: those that begin at the same time of day as it.
    `capacity` of `all` is the event's own: here it only takes back what `following` gave.
    """

    scope: Literal["this", "following", "all"]
    at: str | None = None
    start: str | None = None
    seconds: int | None = None
    rrule: tuple[str, ...] | None = None
    rdate: tuple[str, ...] | None = None
    exdate: tuple[str, ...] | None = None
    capacity: int | None = None
    cancelled: bool | None = None


class Shift(Struct, frozen=True):
    """How starts are moved: by so much all of them, or those at one time of day; or all `to` one.

    Segments that began at different times of day begin at the same one then.
    """

    by: timedelta = timedelta()
    only: time | None = None
    to: time | None = None

    def of(self, start: datetime) -> datetime:
        """Where a start comes to lie."""
        if self.to is not None:
            return datetime.combine(start.date(), self.to)
        return start + self.by if self.only in {None, start.time()} else start

    def text(self, start: str) -> str:
        """The same, as a schedule spells it."""
        return spelled(self.of(read_local(start, "start")))


def spelled(when: datetime) -> str:
    """A local time as a schedule has it."""
    return when.isoformat(timespec="minutes")


def is_time(start: str | None) -> bool:
    """Whether the new start is a time of day alone."""
    return isinstance(start, str) and _TIME.fullmatch(start) is not None


def new_start(start: str, shown: datetime) -> datetime:
    """The new start of what began at `shown`."""
    if is_time(start):
        return datetime.combine(shown.date(), time.fromisoformat(start))
    return read_local(start, "start")


def shift_of(edit: Edit, segments: Sequence[Segment]) -> Shift:
    """How the edit moves what begins from the first of the segments on."""
    if edit.start is None:
        return Shift()
    shown = read_local(edit.at or segments[0].start, "at")
    new = new_start(edit.start, shown)
    if not is_time(edit.start):
        return Shift(new - shown)
    since = edit.at if edit.scope == "following" else None
    if all(len(_times(x, since)) < SEVERAL for x in _from(segments, since)):
        return Shift(to=new.time())
    if edit.at is None:
        raise BadRule("at", "must be given: the event begins at several times of day, name one")
    return Shift(new - shown, shown.time())


SEVERAL: Final = 2


def _from(segments: Sequence[Segment], at: str | None) -> Iterable[Segment]:
    """The segments that what begins from `at` on may be of."""
    ends = [*(x.since or "" for x in segments[1:]), "~"]
    return (x for x, end in zip(segments, ends, strict=True) if at is None or end > at)


def _times(segment: Segment, at: str | None = None) -> set[str]:
    """The times of day at which the segment's occurrences begin, from `at` on."""
    first = max(at or "", segment.since or "")
    listed = {date[10:] for date in segment.rdate if date >= first}
    return listed | ({segment.start[10:]} if segment.rrule or segment.start >= first else set())


def split(
    segments: Sequence[Segment], at: str, shift: Shift
) -> tuple[list[Segment], list[Segment]]:
    """The segments before the occurrence `at`, and those from it on.

    Where it moves to an earlier time, it is there that the second ones begin.
    """
    cut = min(at, shift.text(at))
    before = [_within(x, "", cut) for x in segments if x.since is None or x.since < cut]
    after = [x for x in segments if x.since is not None and x.since >= cut]
    if not after or (after[0].since or "") > at:
        last = [x for x in segments if x.since is None or x.since < cut][-1]
        after.insert(0, replace(_within(last, cut, "~"), since=cut))
    else:
        after[0] = replace(after[0], since=cut)
    return before, after


def revised(segments: Sequence[Segment], edit: Edit, shift: Shift, zone: ZoneInfo) -> list[Segment]:
    """The segments that the edit makes of those it is about; `since` may come to lie earlier."""
    if edit.cancelled:
        return [_nothing(segments[0])]
    dated = edit.start is not None and not is_time(edit.start)
    if dated or not (edit.rrule is None and edit.rdate is None and edit.exdate is None):
        return [_ruled(segments, edit, shift, zone)]
    return [_adjusted(segment, edit, shift, zone) for segment in segments]


def _within(segment: Segment, first: str, end: str) -> Segment:
    """The segment without the dates that lie outside of what it is for; texts compare as times."""
    rdate, exdate = (
        tuple(x for x in dates if first <= x < end) for dates in (segment.rdate, segment.exdate)
    )
    return replace(segment, rdate=rdate, exdate=exdate)


def _nothing(segment: Segment) -> Segment:
    """A segment in which nothing takes place: its one start is taken away."""
    start = segment.start
    return Segment(start=start, seconds=segment.seconds, exdate=(start,), since=segment.since)


def _adjusted(segment: Segment, edit: Edit, shift: Shift, zone: ZoneInfo) -> Segment:
    """The same rule at another time of day, with another duration or capacity."""
    start = read_local(segment.start, "start")
    capacity = segment.capacity
    if edit.capacity is not None:
        capacity = edit.capacity if edit.scope == "following" else None
    return replace(
        segment,
        start=spelled(shift.of(start)),
        seconds=segment.seconds if edit.seconds is None else edit.seconds,
        rrule=tuple(_retimed(text, start, shift, zone) for text in segment.rrule),
        rdate=_moved(segment.rdate, shift),
        exdate=_moved((x for x in segment.exdate if shift.to is None or _taken(segment, x)), shift),
        since=_since(segment, shift),
        capacity=capacity,
    )


def _ruled(segments: Sequence[Segment], edit: Edit, shift: Shift, zone: ZoneInfo) -> Segment:
    """One segment in place of all: with another rule, other dates, or begun on another day.

    What holds last goes on where the edit does not say otherwise.
    """
    if len(segments) > 1 and edit.rrule is None:
        raise BadRule("rrule", "must be given: the event has several rules, one after the other")
    last = replace(segments[-1], since=segments[0].since)
    dated = edit.start is not None and not is_time(edit.start)
    if dated and last.rdate and not last.rrule and edit.rrule is None and edit.rdate is None:
        raise BadRule("rdate", "must be given: the event lists its starts")
    rules, begins = last.rrule, segments[0].start
    if edit.scope == "following" and edit.at and (dated or edit.rrule is not None):
        rules, begins = _remaining(last, read_local(edit.at, "at"), zone), edit.at
    moved = replace(
        last,
        start=begins,
        rrule=rules if edit.rrule is None else (),
        rdate=tuple({date for segment in segments for date in segment.rdate}),
        exdate=tuple({date for segment in segments for date in segment.exdate}),
    )
    moved = _adjusted(moved, edit, shift, zone)
    return replace(
        moved,
        rrule=moved.rrule if edit.rrule is None else edit.rrule,
        rdate=moved.rdate if edit.rdate is None else edit.rdate,
        exdate=moved.exdate if edit.exdate is None else edit.exdate,
        since=last.since,
    )


def _since(segment: Segment, shift: Shift) -> str | None:
    """From when on the segment holds: from where its first occurrence comes to lie, or earlier."""
    if segment.since is None:
        return None
    since = first = read_local(segment.since, "since")
    time_of_day = shift.only or (read_local(segment.start, "start").time() if shift.to else None)
    if time_of_day is not None:
        first = datetime.combine(since.date(), time_of_day)
        if first < since:
            return segment.since
    return spelled(min(since, shift.of(first)))


def _taken(segment: Segment, date: str) -> bool:
    """Whether what is taken away is at a time of day that the segment has."""
    return date[10:] in _times(segment)


def _moved(dates: Iterable[str], shift: Shift) -> tuple[str, ...]:
    return tuple(sorted({shift.text(date) for date in dates}))


def _retimed(text: str, start: datetime, shift: Shift, zone: ZoneInfo) -> str:
    """The rule of a segment whose `start` is moved: UNTIL becomes the date that lets in as many.

    Else a last start at 18:00, moved to 19:00, would come after an UNTIL of 18:00.
    """
    if shift.to is None and not shift.by:
        return text
    rule = read_rule(text, "rrule")
    stays = shift.of(start) == start
    several = max(len(rule.hours), len(rule.minutes)) > 1 or rule.freq in {"HOURLY", "MINUTELY"}
    named = several or (not stays and (rule.hours or rule.minutes))
    if named and (shift.only or shift.to):
        raise BadRule("start", "can't be a time of day alone: the rule names its times; change it")
    if stays:
        return text
    if rule.until is None:
        return text
    last = rule.until
    if isinstance(last, datetime):
        shown = last if last.tzinfo is None else local(last, zone)
        last = shown.date() if shown.time() >= start.time() else shown.date() - DAY
    last += shift.of(start).date() - start.date()
    return re.sub("UNTIL=[^;]*", f"UNTIL={last:%Y%m%d}", text.upper())


def _remaining(segment: Segment, at: datetime, zone: ZoneInfo) -> tuple[str, ...]:
    """The rules as they go on from `at`: of COUNT what is left."""
    rules: list[str] = []
    for text in segment.rrule:
        count = read_rule(text, "rrule").count
        if count is not None:
            alone = Segment(start=segment.start, seconds=segment.seconds, rrule=(text,))
            count -= sum(1 for _ in starts(alone, EARLIEST, at, zone))
        if count is None or count > 0:
            rules.append(re.sub("COUNT=[0-9]+", f"COUNT={count}", text.upper()))
    return tuple(rules)
