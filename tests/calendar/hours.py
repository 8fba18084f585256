"""Rules in few words, for the tests of opening hours and of free time."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from lastseat.calendar.blocks import Blocks, blocked_ranges
from lastseat.calendar.broken import Ruled
from lastseat.calendar.hours import open_ranges
from lastseat.calendar.ranges import Ranges, intervals, micros
from lastseat.core.interval import Interval
from lastseat.core.rules import Day, Hours, Rules, Span

DAYS: tuple[Day, ...] = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def spans(text: str) -> tuple[Span, ...]:
    """`09:00-12:00 13:00-17:00` as spans."""
    return tuple(Span(*each.split("-")) for each in text.split())


def week(**days: str) -> dict[Day, tuple[Span, ...]]:
    """Weekly hours: `week(MO="09:00-17:00")`."""
    return {day: spans(days[day]) for day in DAYS if day in days}


def daily(text: str) -> Hours:
    """The same hours every day."""
    return Hours(weekly=dict.fromkeys(DAYS, spans(text)))


def utc(text: str) -> datetime:
    """A UTC time such as `2027-03-28T01:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def between(start: str, end: str) -> Interval:
    """The interval between two such times."""
    return Interval(utc(start), utc(end))


def lasting(start: str, **length: int) -> Interval:
    """The interval that begins then and lasts so long."""
    return Interval(utc(start), utc(start) + timedelta(**length))


def chain(rules: Rules, zone: str = "UTC", owner: str = "lane-1") -> list[Ruled]:
    """The chain of something with these rules only."""
    return [Ruled(owner, rules, zone)]


def whole(interval: Interval) -> Ranges:
    """One interval as ranges."""
    return ((micros(interval.start), micros(interval.end)),)


def opening(hours: Hours, zone: ZoneInfo, window: Interval) -> list[Interval]:
    """The times in `window` that are open, in order; what touches is joined."""
    return intervals(open_ranges(hours, zone, micros(window.start), micros(window.end)))


def blocked_times(blocks: Blocks, zone: ZoneInfo, window: Interval) -> list[Interval]:
    """The times in `window` that are blocked, in order; what touches is joined."""
    return intervals(blocked_ranges(blocks, zone, micros(window.start), micros(window.end)))
