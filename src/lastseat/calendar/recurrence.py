"""What a rule comes to: the starts of one segment, as a wall clock shows them.

Over naive local times, so that 18:00 stays 18:00 whatever the clock does. `rrule.py` reads a rule,
`sequence.py` has dateutil work it out; here are COUNT, UNTIL, RDATE, EXDATE and what is refused: a
start that does not match its rule, a rule that gives nothing or too much.

Not for what differs from a rule in single occurrences: see schedule.py.
"""

from bisect import bisect_left
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from heapq import merge
from itertools import dropwhile, islice, takewhile
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from lastseat.calendar.rrule import BadRule, Rule, anchored, read_rule, times_a_day
from lastseat.calendar.sequence import BY_DAYS, first_day, sequence
from lastseat.calendar.zones import local, utc
from lastseat.core import limits
from lastseat.core.schedule import Segment

# BadRule with them, for who checks a segment.
__all__ = ["MOST_STARTS", "BadRule", "TooMany", "check_segment", "includes", "read_local", "starts"]

MOST_STARTS: Final = 10_000
"""Starts that one expansion gives, and that a rule without end may give in its first year."""

MOST_RULES: Final = 10
"""Rules of one segment."""

MOST_DATES: Final = limits.STARTS
"""Dates that a segment adds, and as many that it takes away."""

FEW: Final = 100
"""Dates up to which what was read of a segment is kept in large numbers."""

YEARS: Final = 50
SEARCHED: Final = timedelta(days=YEARS * 366)
"""How far past its start a rule is searched before it is said to yield nothing."""

EARLIEST: Final = limits.EARLIEST.replace(tzinfo=None)
LATEST: Final = limits.LATEST.replace(tzinfo=None)

MINUTE: Final = timedelta(minutes=1)
DAY: Final = timedelta(days=1)


class TooMany(BadRule):
    """More starts than one expansion gives."""

    def __init__(self, field: str) -> None:
        super().__init__(field, f"gives more than {MOST_STARTS} starts; ask for a shorter time")


def read_local(text: object, field: str) -> datetime:
    """A naive local time spelled `YYYY-MM-DDTHH:MM`; raises `BadRule` for `field`."""
    try:
        when = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        when = None
    # Python reads more spellings than one, and an occurrence is known by its spelling.
    if when is None or when.isoformat(timespec="minutes") != text or when.tzinfo is not None:
        raise BadRule(field, "must be a local time such as 2026-11-23T18:00")
    if not EARLIEST <= when < LATEST:
        raise BadRule(field, f"must be from {EARLIEST:%Y} to {LATEST:%Y}")
    return when


class _Recurrence(Struct, frozen=True):
    """A segment, read."""

    start: datetime
    rules: tuple[Rule, ...]
    added: tuple[datetime, ...]
    taken: frozenset[datetime]
    since: datetime


def check_segment(segment: Segment, field: str, zone: ZoneInfo) -> None:
    """Raise `BadRule` unless the segment is well formed and gives a start, and not too many."""
    check_form(segment, field, zone)
    if next(starts(segment, EARLIEST, LATEST, zone), None) is None:
        raise BadRule(_dotted(field, "exdate"), "takes every start away")


def check_form(segment: Segment, field: str, zone: ZoneInfo) -> None:
    """As `check_segment`, but `exdate` may take every start away."""
    try:
        check_seconds(segment.seconds, "seconds")
        for dates in ("rrule", "rdate", "exdate"):
            check_texts(getattr(segment, dates), dates)
        recurrence = _read(segment)
        for i, rule in enumerate(recurrence.rules):
            _check_rule(rule, recurrence.start, zone, f"rrule[{i}]")
        _check_start(recurrence, zone)
    except BadRule as bad:
        raise BadRule(_dotted(field, bad.field), bad.reason) from None


def check_texts(texts: object, field: str) -> None:
    """A tuple of texts: what is read of a segment is kept by its value, so it has to have one."""
    if not isinstance(texts, tuple) or not all(isinstance(text, str) for text in texts):
        raise BadRule(field, "must be a tuple of texts")


def check_seconds(seconds: object, field: str) -> None:
    """A duration that one claim may have."""
    most = int(limits.LONGEST.total_seconds())
    if not isinstance(seconds, int) or isinstance(seconds, bool) or not 1 <= seconds <= most:
        raise BadRule(field, f"must be from 1 to {most}")


def starts(
    segment: Segment, after: datetime, before: datetime, zone: ZoneInfo
) -> Iterator[datetime]:
    """The naive local starts in `[after, before)` and from `since` on, in order, each once.

    A start that the clock skips and that comes to another start of the segment (each hour, in the
    night when an hour is left out) is that one, not a second one. Raises `TooMany` past
    MOST_STARTS, and `BadRule` for a segment that can't be read.
    """
    recurrence = _read(segment)
    after, before = max(after, recurrence.since, EARLIEST), min(before, LATEST)
    previous: datetime | None = None
    given = 0
    for start in _candidates(recurrence, after, before, zone):
        if start == previous or start in recurrence.taken:
            continue
        previous = start
        shown = local(utc(start, zone), zone)
        if shown != start and _has(recurrence, shown, zone):
            continue
        given += 1
        if given > MOST_STARTS:
            raise TooMany("rrule")
        yield start


def includes(segment: Segment, local: datetime, zone: ZoneInfo) -> bool:
    """Whether `local` is one of the starts."""
    return next(starts(segment, local, local + MINUTE, zone), None) is not None


def _read(segment: Segment) -> _Recurrence:
    """The segment's texts read and its rules anchored; `BadRule` names the field."""
    short = len(segment.rdate) + len(segment.exdate) <= FEW
    return _read_short(segment) if short else _read_long(segment)


def _reading(segment: Segment) -> _Recurrence:
    start = read_local(segment.start, "start")
    if len(segment.rrule) > MOST_RULES:
        raise BadRule("rrule", f"has more than {MOST_RULES} rules")
    read = [read_rule(text, f"rrule[{i}]") for i, text in enumerate(segment.rrule)]
    added = _dates(segment.rdate, "rdate")
    return _Recurrence(
        start=start,
        rules=tuple(anchored(rule, start) for rule in read),
        # Without a rule the start is one of the starts by itself (RFC 5545, 3.8.5.3).
        added=tuple(sorted({*added, *(() if read else (start,))})),
        taken=frozenset(_dates(segment.exdate, "exdate")),
        since=EARLIEST if segment.since is None else read_local(segment.since, "since"),
    )


# What is kept is bounded in memory, too: many short ones, and few of those that can be long.
_read_short = lru_cache(maxsize=8192)(_reading)
_read_long = lru_cache(maxsize=32)(_reading)


def _dates(texts: tuple[str, ...], field: str) -> list[datetime]:
    if len(texts) > MOST_DATES:
        raise BadRule(field, f"has more than {MOST_DATES} dates")
    return [read_local(text, f"{field}[{i}]") for i, text in enumerate(texts)]


def _check_rule(rule: Rule, start: datetime, zone: ZoneInfo, field: str) -> None:
    """Refuse a rule that gives nothing, or more in its first year than an expansion may."""
    first = None
    if first_day(rule, start, start + SEARCHED) is not None:
        first = next(_given(rule, start, start, start + SEARCHED, zone), None)
    if first is None:
        until = "up to UNTIL" if rule.until else f"within {YEARS} years"
        raise BadRule(field, f"gives no start {until}")
    year = _given(rule, start, first, first + timedelta(days=366), zone)
    # Counted only where there can be too many: counting takes a tenth of a second.
    few = times_a_day(rule) * 367 <= MOST_STARTS
    if not few and next(islice(year, MOST_STARTS, None), None) is not None:
        raise BadRule(field, f"gives more than {MOST_STARTS} starts in a year")
    if rule.count is not None and rule.freq in BY_DAYS:
        # Each day until the last one is gone through whenever they are counted anew.
        counted = _count_of(rule, start)
        if len(counted) < rule.count or counted[-1] > start + SEARCHED:
            raise BadRule(field, f"COUNT: there are not so many within {YEARS} years")


def _check_start(recurrence: _Recurrence, zone: ZoneInfo) -> None:
    """Refuse a start that is none of its rules': what that gives is undefined (RFC 5545, 3.8.5.3).

    The RFC itself takes such a start away by EXDATE ("every Friday the 13th"), which is clear but
    for COUNT, since the start counts.
    """
    start, rules = recurrence.start, recurrence.rules
    if not rules or any(_gives(rule, start, start, zone) for rule in rules):
        return
    if start not in recurrence.taken or any(rule.count is not None for rule in rules):
        raise BadRule("start", "does not match the rule: give its first start")


def _candidates(
    recurrence: _Recurrence, after: datetime, before: datetime, zone: ZoneInfo
) -> Iterator[datetime]:
    """What the rules and `rdate` give in `[after, before)`, in order, some more than once."""
    given = [_given(rule, recurrence.start, after, before, zone) for rule in recurrence.rules]
    added = recurrence.added
    if not added:
        return given[0] if len(given) == 1 else merge(*given)
    within = added[bisect_left(added, after) : bisect_left(added, before)]
    return merge(*given, within)


def _has(recurrence: _Recurrence, start: datetime, zone: ZoneInfo) -> bool:
    """Whether `start`, a time that the clock shows, is one of the starts."""
    if start < recurrence.since or start in recurrence.taken:
        return False
    return next(_candidates(recurrence, start, start + MINUTE, zone), None) is not None


def _gives(rule: Rule, start: datetime, when: datetime, zone: ZoneInfo) -> bool:
    return next(_given(rule, start, when, when + MINUTE, zone), None) is not None


def _given(
    rule: Rule, start: datetime, after: datetime, before: datetime, zone: ZoneInfo
) -> Iterator[datetime]:
    """What a rule that first starts at `start` gives in `[after, before)`."""
    if rule.count is not None:
        counted = _count_of(rule, start)
        return iter(counted[bisect_left(counted, after) : bisect_left(counted, before)])
    near = first_day(rule, max(start, after), before)
    if near is None:
        return iter(())
    from_there = dropwhile(near.__gt__, takewhile(before.__gt__, sequence(rule, start, near)))
    return from_there if rule.until is None else _ending(from_there, rule.until, zone)


def _count_of(rule: Rule, start: datetime) -> tuple[datetime, ...]:
    assert rule.count is not None
    return (_counted_short if rule.count <= FEW else _counted_long)(rule, start)


def _counted(rule: Rule, start: datetime) -> tuple[datetime, ...]:
    """All that a rule with COUNT gives: where it ends does not depend on the window asked for."""
    from_start = dropwhile(start.__gt__, sequence(rule, start, start))
    return tuple(takewhile(LATEST.__gt__, islice(from_start, rule.count)))


_counted_short = lru_cache(maxsize=4096)(_counted)
_counted_long = lru_cache(maxsize=32)(_counted)


def _ending(
    given: Iterator[datetime], until: date | datetime, zone: ZoneInfo
) -> Iterator[datetime]:
    """Those up to `until`, which is included. In UTC it is compared with the instants."""
    if not isinstance(until, datetime):
        yield from takewhile(datetime.combine(until, time.max).__ge__, given)
    elif until.tzinfo is None:
        yield from takewhile(until.__ge__, given)
    else:
        for start in given:
            instant = utc(start, zone)
            if instant <= until:
                yield start
            # Instants are not quite in the order of the clock's times: it may be put forward.
            elif instant - until > DAY:
                return


def _dotted(field: str, inner: str) -> str:
    return f"{field}.{inner}" if field else inner
