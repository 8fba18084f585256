"""Opening hours: when a place is open, in UTC. Not for whether they make sense: see rules.py.

- Special days go before seasons, seasons before the week; of two of a kind the last listed counts.
- A span belongs to the day it opens on, past midnight too: closed on Sundays, a bar is open until
  Sunday 02:00 if Saturday's hours say so, and a special day changes what opens on it, no more.
- Openings that touch or overlap are one: 18:00 to 02:00 and 02:00 to 06:00 is open all night.
- Times are the wall clock's (zones.utc). What opens or closes at a time that comes twice does so
  at the first; at one that is skipped, as much later as the clocks were put forward. A span that
  comes to nothing by that is none.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from lastseat.calendar.ranges import Ranges, intersection, joined, micros, moment
from lastseat.calendar.zones import utc
from lastseat.core.rules import Day, Hours, Span

WEEKDAYS: tuple[Day, ...] = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
MINUTES_A_DAY = 24 * 60

Minutes = tuple[tuple[int, int], ...]
"""Spans in minutes since midnight; past midnight they end after 1440."""


class DayPlan(NamedTuple):
    """The spans that open on one day, and what says so: `week`, `season`, or a special day."""

    spans: Minutes
    because: str


def minutes(text: str) -> int:
    """`HH:MM` as minutes since midnight."""
    return int(text[:2]) * 60 + int(text[3:])


def span_minutes(span: Span) -> tuple[int, int]:
    """From when to when, in minutes since the midnight before it opens."""
    opens, closes = minutes(span.opens), minutes(span.closes)
    return opens, closes if closes > opens else closes + MINUTES_A_DAY


def open_ranges(hours: Hours, zone: ZoneInfo, first: int, end: int) -> Ranges:
    """The times in between that are open, in microseconds (ranges.py); what touches is joined."""
    if first >= end:
        return ()
    # What opens on a day closes on the next at the latest; a day more, for clocks that are changed.
    day = moment(first).astimezone(zone).date() - timedelta(days=2)
    last = moment(end).astimezone(zone).date() + timedelta(days=1)
    return intersection(opened(hours, zone, day, last), ((first, end),))


def day_plan(hours: Hours, day: date) -> DayPlan:
    """What opens on that date."""
    return _plans(hours).on(day)


def opened(hours: Hours, zone: ZoneInfo, first: date, last: date) -> Ranges:
    """The openings that belong to the dates from `first` to `last`, both included, uncut."""
    plans = _plans(hours)
    found: list[tuple[int, int]] = []
    day = first
    while day <= last:
        found += _of_day(plans.on(day), day, zone)
        day += timedelta(days=1)
    return joined(found)


def _of_day(plan: DayPlan, day: date, zone: ZoneInfo) -> Iterator[tuple[int, int]]:
    midnight = datetime.combine(day, time())
    for opens, closes in plan.spans:
        yield (
            micros(utc(midnight + timedelta(minutes=opens), zone)),
            micros(utc(midnight + timedelta(minutes=closes), zone)),
        )


class _Season(NamedTuple):
    """Weekly hours from `first` to `last`: ordinals of dates, or of every year `(month, day)`."""

    every_year: bool
    first: tuple[int, ...]
    last: tuple[int, ...]
    weekly: tuple[Minutes, ...]

    def has(self, day: date) -> bool:
        here = (day.month, day.day) if self.every_year else (day.year, day.month, day.day)
        if self.first <= self.last:
            return self.first <= here <= self.last
        return here >= self.first or here <= self.last  # over New Year


class _Special(NamedTuple):
    first: date
    last: date
    plan: DayPlan


class _Plans(NamedTuple):
    """Hours, read once; of seasons and special days the last one listed comes first."""

    weekly: tuple[Minutes, ...]
    seasons: tuple[_Season, ...]
    special: tuple[_Special, ...]

    def on(self, day: date) -> DayPlan:
        for special in self.special:
            if special.first <= day <= special.last:
                return special.plan
        for season in self.seasons:
            if season.has(day):
                return DayPlan(season.weekly[day.weekday()], "season")
        return DayPlan(self.weekly[day.weekday()], "week")


@lru_cache(maxsize=256)
def _plans(hours: Hours) -> _Plans:
    return _Plans(
        _week(hours.weekly),
        tuple(
            _Season(
                every_year=len(season.first) == len("12-24"),
                first=tuple(map(int, season.first.split("-"))),
                last=tuple(map(int, season.last.split("-"))),
                weekly=_week(season.weekly),
            )
            for season in reversed(hours.seasons)
        ),
        tuple(
            _Special(
                date.fromisoformat(special.date),
                date.fromisoformat(special.last or special.date),
                DayPlan(_spans(special.spans), special.name or "special day"),
            )
            for special in reversed(hours.special)
        ),
    )


def _week(weekly: dict[Day, tuple[Span, ...]]) -> tuple[Minutes, ...]:
    return tuple(_spans(weekly.get(day, ())) for day in WEEKDAYS)


def _spans(spans: tuple[Span, ...]) -> Minutes:
    return tuple(sorted(map(span_minutes, spans)))
