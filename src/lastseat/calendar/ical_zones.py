"""Time zones as calendars name them, and as calendars want them described.

Reading: a TZID is a name of the time zone database, one of Windows', or one of the file's own,
whose VTIMEZONE then says how its clock goes. Writing: the database's name, with a VTIMEZONE of one
STANDARD and one DAYLIGHT half that recur from 1970 on; Outlook ignores any other.

A file's VTIMEZONE never reaches `icalendar`, which keeps zones in a table of the whole process: one
tenant's file could give a zone of another's another meaning.
"""

import calendar
import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard, vRecur
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from lastseat.calendar.ical_lines import Part
from lastseat.calendar.zones import names, zone

_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_LIKELY = (
    "Europe/Berlin",
    "Europe/London",
    "Europe/Athens",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "Australia/Sydney",
    "Pacific/Auckland",
)
"""Of several zones whose clocks go alike, these are named first."""

_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)(?:\d\d)?")
_BYDAY = re.compile(r"([+-]?\d)(MO|TU|WE|TH|FR|SA|SU)")

Clock = tuple[tuple[date, int], ...]
"""How a zone's clock goes in one year: from each date on, so many minutes before UTC's."""


def zone_of(tzid: str, described: dict[str, Part], year: int) -> str | None:
    """The time zone database's name for a TZID, or None when it can't be found out.

    `described` are the file's VTIMEZONEs by TZID; they are compared with zones as of `year`.
    """
    name = tzid.strip().strip('"')
    known = _known(name)
    if known is not None:
        return known
    part = described.get(tzid)
    if part is None:
        return None
    for alias in ("X-LIC-LOCATION", "TZID-ALIAS-OF"):
        line = part.first(alias)
        known = _known(line.value) if line is not None else None
        if known is not None:
            return known
    clock = _described(part, year)
    return _like(clock, year) if clock is not None else None


def timezone_component(name: str, year: int) -> Timezone:
    """The VTIMEZONE of a zone as its rule is in `year`."""
    found = Timezone()
    found.add("tzid", name)
    found.add("x-lic-location", name)
    changes = _changes(name, year)
    rules = [_rule(name, x, year) for x in changes]
    if not changes or None in rules:
        # No summer time; or not by a rule, as where it follows the moon. Then one by one.
        once = [x for y in range(year - 1, year + 6) for x in _changes(name, y)]
        halves: dict[tuple[timedelta, bool], Any] = {}
        for change in once:
            kind = _offset(zone(name), change), bool(change.astimezone(zone(name)).dst())
            if kind in halves:
                halves[kind].add("rdate", _wall_before(name, change))
            else:
                halves[kind] = _half(name, change, _wall_before(name, change), None)
        if not once:
            start = datetime(year, 1, 1, tzinfo=UTC)
            halves[timedelta(), False] = _half(name, start, datetime(1970, 1, 1), None)
        for half in halves.values():
            found.add_component(half)
        return found
    for change, rule in zip(changes, rules, strict=True):
        assert rule is not None
        month, nth, day = rule
        first = datetime.combine(_nth(1970, month, nth, day), _wall_before(name, change).time())
        recur = {"freq": "yearly", "bymonth": month, "byday": f"{nth}{_DAYS[day]}"}
        found.add_component(_half(name, change, first, recur))
    return found


# Reading -----------------------------------------------------------------------------------------


def _known(name: str) -> str | None:
    found = WINDOWS_TO_OLSON.get(name)
    if found is not None and name not in names():
        return found
    # Some put a path before it: /freeassociation.sourceforge.net/Europe/Berlin.
    parts = name.strip("/").split("/")
    for at in range(len(parts)):
        candidate = "/".join(parts[at:])
        if candidate in names():
            return candidate
    return None


def _described(part: Part, year: int) -> Clock | None:
    """How the clock of a VTIMEZONE goes in a year, or None when it can't be read."""
    onsets: list[tuple[date, int]] = []
    before: list[tuple[date, int]] = []
    for half in part.parts:
        start, offset, rule = (half.first(x) for x in ("DTSTART", "TZOFFSETTO", "RRULE"))
        minutes = _minutes(offset.value) if offset is not None else None
        begun = _date(start.value) if start is not None else None
        if minutes is None or begun is None:
            return None
        days = [begun, *(_date(x) for line in half.all("RDATE") for x in line.value.split(","))]
        days = [x for x in days if x is not None]
        if rule is not None and begun.year <= year:
            onset = _onset(rule.value, year)
            if onset is not None:
                days.append(onset)
        for day in days:
            if day is not None and day.year == year:
                onsets.append((day, minutes))
            elif day is not None and day.year < year:
                before.append((day, minutes))
    onsets = sorted(set(onsets))
    if onsets:
        # What held on New Year's Day is what the last change of the year leads to.
        return ((date(year, 1, 1), onsets[-1][1]), *onsets)
    return ((date(year, 1, 1), max(before)[1]),) if before else None


def _onset(rule: str, year: int) -> date | None:
    """The day of a yearly rule in a year; None when it is over by then or no rule of this kind."""
    fields = dict(x.split("=", 1) for x in rule.upper().split(";") if "=" in x)
    until = _date(fields.get("UNTIL", ""))
    nth = _BYDAY.fullmatch(fields.get("BYDAY", ""))
    month = fields.get("BYMONTH", "")
    if fields.get("FREQ") != "YEARLY" or nth is None or not month.isdigit():
        return None
    if (until is not None and until.year < year) or not 1 <= int(month) <= 12:  # noqa: PLR2004
        return None
    if not -5 <= int(nth[1]) <= 5 or int(nth[1]) == 0:  # noqa: PLR2004
        return None
    return _nth(year, int(month), int(nth[1]), _DAYS.index(nth[2]))


def _like(clock: Clock, year: int) -> str | None:
    """A well-known zone whose clock goes so. Whole hours from UTC are nobody's in particular."""
    if len(clock) == 1:
        minutes = clock[0][1]
        if minutes % 60 == 0 and -12 * 60 <= minutes <= 14 * 60:
            return "UTC" if minutes == 0 else f"Etc/GMT{-minutes // 60:+d}"
    others = sorted(set(WINDOWS_TO_OLSON.values()) & names())
    return next((x for x in (*_LIKELY, *others) if _clock(x, year) == clock), None)


def _minutes(text: str) -> int | None:
    found = _OFFSET.fullmatch(text.strip())
    if found is None:
        return None
    minutes = int(found[2]) * 60 + int(found[3])
    return -minutes if found[1] == "-" else minutes


def _date(text: str) -> date | None:
    try:
        return datetime.strptime(text.strip()[:8], "%Y%m%d").date()  # noqa: DTZ007 - a day alone
    except ValueError:
        return None


# How zones are -----------------------------------------------------------------------------------


@lru_cache(2048)
def _changes(name: str, year: int) -> tuple[datetime, ...]:
    """The instants of a year from which on another offset holds, in UTC."""
    clock = zone(name)
    found = []
    day, step = datetime(year, 1, 1, tzinfo=UTC), timedelta(days=1)
    while day.year == year:
        if _offset(clock, day) != _offset(clock, day + step):
            found.append(_exactly(clock, day, day + step))
        day += step
    return tuple(found)


def _exactly(clock: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The minute between the two at which the offset changes."""
    old = _offset(clock, before)
    while after - before > timedelta(minutes=1):
        middle = before + ((after - before) // timedelta(minutes=2)) * timedelta(minutes=1)
        if _offset(clock, middle) == old:
            before = middle
        else:
            after = middle
    return after


def _offset(clock: ZoneInfo, instant: datetime) -> timedelta:
    offset = instant.astimezone(clock).utcoffset()
    assert offset is not None
    return offset


@lru_cache(1024)
def _clock(name: str, year: int) -> Clock:
    clock = zone(name)
    start = datetime(year, 1, 1, 12, tzinfo=UTC)
    found = [(date(year, 1, 1), _offset(clock, start))]
    found += [(_wall_before(name, x).date(), _offset(clock, x)) for x in _changes(name, year)]
    return tuple((day, int(x.total_seconds()) // 60) for day, x in found)


def _wall_before(name: str, change: datetime) -> datetime:
    """What the clock showed when it was put on or back."""
    old = _offset(zone(name), change - timedelta(minutes=1))
    return (change + old).replace(tzinfo=None)


def _rule(name: str, change: datetime, year: int) -> tuple[int, int, int] | None:
    """Month, which one (-1: the last) and weekday of a change, if it is so in later years too."""
    found: set[tuple[int, int, int, time]] | None = None
    for y in range(year, year + 5):
        here: set[tuple[int, int, int, time]] = set()
        for x in _changes(name, y):
            day = _wall_before(name, x)
            last = day.day + 7 > calendar.monthrange(y, day.month)[1]
            which = {(day.day + 6) // 7} | ({-1} if last else set())
            if _offset(zone(name), x) == _offset(zone(name), change):
                here |= {(day.month, n, day.weekday(), day.time()) for n in which}
        found = here if found is None else found & here
    month, nth, day_of_week, _ = min(found) if found else (0, 0, 0, None)
    return (month, nth, day_of_week) if month else None


def _nth(year: int, month: int, nth: int, weekday: int) -> date:
    """The nth such weekday of a month, from its end when negative; no further than it goes."""
    length = calendar.monthrange(year, month)[1]
    days = [x for x in range(1, length + 1) if date(year, month, x).weekday() == weekday]
    at = min(nth, len(days)) - 1 if nth > 0 else max(nth, -len(days))
    return date(year, month, days[at])


def _half(name: str, change: datetime, first: datetime, recur: dict[str, Any] | None) -> Any:
    """STANDARD or DAYLIGHT: what holds from `change` on; `first` is its DTSTART in local time."""
    clock = zone(name)
    old, new = _offset(clock, change - timedelta(minutes=1)), _offset(clock, change)
    there = change.astimezone(clock)
    half = TimezoneDaylight() if there.dst() else TimezoneStandard()
    half.add("dtstart", first)
    half.add("tzoffsetfrom", old)
    half.add("tzoffsetto", new)
    half.add("tzname", there.tzname())
    if recur is not None:
        half.add("rrule", vRecur(recur))
    return half
