"""The times of one VEVENT: read in the zones of their file, put into that of its DTSTART."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from icalendar.prop import vDDDTypes

from lastseat.calendar.ical import Standing
from lastseat.calendar.ical_lines import Line, Part
from lastseat.calendar.ical_zones import zone_of
from lastseat.calendar.zones import local, utc, zone

DAY = 86_400
"""Seconds of a day whose clock is not changed."""


class Bad(Exception):
    """This component can't be taken: why."""


class Start(NamedTuple):
    """DTSTART: a naive local time; its zone, None where it floats; whether it is a date alone."""

    at: datetime
    zone: ZoneInfo | None
    all_day: bool


class Reader:
    """Reads one UID's times: in the file's zones, put into that of the item's DTSTART."""

    def __init__(self, zones: dict[str, Part], year: int) -> None:
        self._zones = zones
        self._year = year

    def start(self, part: Part) -> Start:
        """DTSTART."""
        line = only(part, "DTSTART")
        if line is None:
            raise Bad("has no DTSTART")
        value, its = self._value(line)
        if isinstance(value, datetime):
            return Start(_minutes(value, "DTSTART"), its, all_day=False)
        if isinstance(value, date):
            return Start(_midnight(value), None, all_day=True)
        raise Bad("has a DTSTART that is no time")

    def seconds(self, part: Part, start: Start) -> int:
        """How long it lasts: by DTEND, DURATION, or for a day without either, a day.

        So for what is cancelled: some leave it out there, and it does not matter any more.
        """
        end, duration = only(part, "DTEND"), only(part, "DURATION")
        if end is None and duration is None:
            if start.all_day or standing(part) is Standing.CANCELLED:
                return DAY
            raise Bad("has neither DTEND nor DURATION, so it takes no time")
        if end is None:
            assert duration is not None
            value, _ = self._value(duration)
            if not isinstance(value, timedelta):
                raise Bad("has a DURATION that is none")
            seconds = int(value.total_seconds())
        else:
            seconds = self._until(end, start)
        if seconds <= 0:
            raise Bad("ends no later than it starts")
        return seconds

    def times(self, line: Line, start: Start) -> Iterator[tuple[datetime, int | None]]:
        """The times of an RDATE, EXDATE or RECURRENCE-ID, local to the item, and how long each."""
        for text in line.value.split(","):
            value, its = self._value(line, text)
            seconds = None
            if isinstance(value, tuple):
                first, last = value
                length = last if isinstance(last, timedelta) else last - first
                value, seconds = first, int(length.total_seconds())
            if isinstance(value, datetime):
                yield self.local(_minutes(value, line.name), its, start), seconds
            elif isinstance(value, date):
                # Some leave out an instance by its date alone; it is at the time of day it is at.
                yield datetime.combine(value, start.at.time()), seconds
            else:
                raise Bad(f"has an {line.name} that is no time")

    def local(self, at: datetime, its: ZoneInfo | None, start: Start) -> datetime:
        """A time of another zone as the item's own clock shows it."""
        if its is None or start.zone is None or its.key == start.zone.key:
            return at
        return local(utc(at, its), start.zone)

    def _until(self, end: Line, start: Start) -> int:
        value, its = self._value(end)
        if isinstance(value, datetime):
            if start.all_day:
                raise Bad("starts on a date and ends at a time")
            here = start.zone or zone("UTC")
            return int((utc(value, its or here) - utc(start.at, here)).total_seconds())
        if isinstance(value, date):
            return int((_midnight(value) - start.at).total_seconds())
        raise Bad("has a DTEND that is no time")

    def _value(self, line: Line, text: str | None = None) -> tuple[object, ZoneInfo | None]:
        """A value as it stands there, without its zone, and the zone."""
        if line.reason is not None:
            raise Bad(f"has a {line.name} that {line.reason}")
        try:
            value = vDDDTypes.from_ical(  # type: ignore[no-untyped-call]
                (text if text is not None else line.value).strip()
            )
        except (ValueError, TypeError, OverflowError, ArithmeticError):
            raise Bad(f"has a {line.name} that can't be read") from None
        first = value[0] if isinstance(value, tuple) else value
        if isinstance(first, datetime) and first.tzinfo is not None:
            plain = _naive(value)
            return plain, zone("UTC")
        tzid = line.params.get("TZID")
        if tzid is None or not isinstance(first, datetime):
            return value, None
        name = zone_of(tzid, self._zones, self._year)
        if name is None:
            raise Bad(f"is in the time zone {tzid[:100]!r}, which is not known")
        return value, zone(name)


def only(part: Part, name: str) -> Line | None:
    """The one property of that name, if there is one."""
    found = part.all(name)
    if len(found) > 1:
        raise Bad(f"has {name} twice")
    return found[0] if found else None


def _minutes(at: datetime, name: str) -> datetime:
    if at.second or at.microsecond:
        raise Bad(f"has a {name} with seconds; times are to the minute")
    return at.replace(tzinfo=None)


def _naive(value: object) -> object:
    if isinstance(value, tuple):
        return tuple(_naive(x) for x in value)
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)


def standing(part: Part) -> Standing:
    """STATUS; what nobody knows is CONFIRMED."""
    line = part.first("STATUS")
    try:
        return Standing(line.value.strip().upper()) if line is not None else Standing.CONFIRMED
    except ValueError:
        return Standing.CONFIRMED
