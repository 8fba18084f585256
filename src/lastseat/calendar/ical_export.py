"""From items to a file of iCalendar that Apple's, Google's and Microsoft's calendars take.

What each of them insists on: CRLF and lines of 75 octets (icalendar's own work), a UID that stays,
DTSTAMP, times with a TZID whose VTIMEZONE is in the file (UTC as `Z`, never as a TZID), UNTIL in
UTC where DTSTART has a zone, one RRULE for one VEVENT and its overrides under the same UID.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import msgspec
from icalendar import Calendar, Event
from icalendar.prop import vDuration, vInline
from msgspec import Struct

from lastseat.calendar.ical import CAPACITY_PROPERTY, Item, Standing
from lastseat.calendar.ical_zones import timezone_component
from lastseat.calendar.recurrence import EARLIEST, LATEST, starts
from lastseat.calendar.zones import local, utc, zone
from lastseat.core.schedule import Override, Schedule, Segment

PRODUCT = "-//Lastseat//Lastseat//EN"

MOST_WRITTEN_OUT = 500
"""Starts that are listed where a rule can't be told as one."""

_UNTIL = re.compile(r";?UNTIL=([^;]+)")
_COUNT = re.compile(r";?COUNT=([0-9]+)")
_DAY = 86_400
_MINUTE = timedelta(minutes=1)


class Head(Struct, frozen=True, kw_only=True):
    """What a file says of itself. `refresh_seconds`: how often whoever subscribes should look."""

    name: str
    refresh_seconds: int = 3_600
    cut_at: datetime | None = None
    """What starts from this time on was left out, for there was too much."""


def export(items: Iterable[Item], head: Head, *, stamp: datetime) -> bytes:
    """The file. `stamp` stands for the time of change of an item that has none.

    The same items give the same bytes.
    """
    file = Calendar()
    file.add("prodid", PRODUCT)
    file.add("version", "2.0")
    file.add("calscale", "GREGORIAN")
    file.add("method", "PUBLISH")
    file.add("name", head.name)
    file.add("x-wr-calname", head.name)
    refresh = timedelta(seconds=head.refresh_seconds)
    file.add("refresh-interval", vDuration(refresh), parameters={"VALUE": "DURATION"})
    file.add("x-published-ttl", vDuration(refresh))
    if head.cut_at is not None:
        file.add("x-lastseat-cut-at", vInline(f"{head.cut_at.astimezone(UTC):%Y%m%dT%H%M%SZ}"))
    listed = [plain for item in items for plain in single(item)]
    zones = {x.zone for x in listed if x.zone is not None and not x.all_day} - {"UTC"}
    for name in sorted(zones):
        file.add_component(timezone_component(name, stamp.year))
    for item in listed:
        for event in _events(item, stamp):
            file.add_component(event)
    made: bytes = file.to_ical()
    return made


def single(item: Item) -> Iterator[Item]:
    """The item as one with a single segment, or as several: iCalendar has no word for segments.

    The rule from a time on, as after "this and following", is an item of its own. That is what
    other calendars do; its UID says from when on. An override of what no rule gives gets its RDATE.
    """
    segments = item.schedule.segments
    ends = [x.since or "" for x in segments[1:]] + ["~"]
    for segment, end in zip(segments, ends, strict=True):
        begin = segment.since or ""
        own = tuple(x for x in item.schedule.overrides if begin <= x.at < end)
        whole = segment if len(segments) == 1 and not begin else _between(segment, end, item.zone)
        if whole is None and not own:
            continue
        if whole is None:
            first, rest = own[0], own[1:]
            whole = Segment(first.at, segment.seconds, rdate=tuple(x.at for x in rest))
        whole = _with(whole, own, item.zone)
        uid = f"{item.uid}-from-{begin}" if begin else item.uid
        capacity = item.capacity if segment.capacity is None else segment.capacity
        schedule = Schedule((msgspec.structs.replace(whole, capacity=None),), own)
        yield msgspec.structs.replace(item, uid=uid, schedule=schedule, capacity=capacity)


# Segments ----------------------------------------------------------------------------------------


def _between(segment: Segment, end: str, zone_name: str | None) -> Segment | None:
    """A segment that begins with its first start and gives none from `end` on, if it has any."""
    clock = zone(zone_name or "UTC")
    since = datetime.fromisoformat(segment.since) if segment.since else EARLIEST
    before = LATEST if end == "~" else datetime.fromisoformat(end)
    bare = msgspec.structs.replace(segment, rdate=(), exdate=(), since=None)
    added = tuple(x for x in segment.rdate if (segment.since or "") <= x < end)
    first = next(starts(bare, since, before, clock), None)
    if first is None:
        return Segment(added[0], segment.seconds, rdate=added[1:]) if added else None
    taken = tuple(x for x in segment.exdate if (segment.since or "") <= x < end)
    shifted = first.isoformat(timespec="minutes") != segment.start
    if len(segment.rrule) > 1 and shifted:
        # Each rule counts its intervals from the start, and only one of them has this one.
        given = [first]
        for at in starts(bare, first + _MINUTE, before, clock):
            given.append(at)
            if len(given) == MOST_WRITTEN_OUT:
                break
        listed = [x.isoformat(timespec="minutes") for x in given]
        added = tuple(sorted({*listed[1:], *added}))
        return Segment(listed[0], segment.seconds, rdate=added, exdate=taken)
    rules = tuple(_limited(x, bare, first, end, before, clock) for x in segment.rrule)
    return Segment(
        first.isoformat(timespec="minutes"), segment.seconds, rules, rdate=added, exdate=taken
    )


def _limited(
    rule: str, bare: Segment, first: datetime, end: str, before: datetime, clock: Any
) -> str:
    """The rule with what is left of its COUNT, and with UNTIL where the next segment begins."""
    count = _COUNT.search(rule)
    if count is not None:
        alone = msgspec.structs.replace(bare, rrule=(rule,))
        given = list(starts(alone, first, before, clock))
        return _COUNT.sub(f";COUNT={len(given)}", rule)
    if end == "~":
        return rule
    until = _UNTIL.search(rule)
    last = f"{before - _MINUTE:%Y%m%dT%H%M%S}"
    if until is not None and until[1].ljust(15, "9")[:15] <= last and not until[1].endswith("Z"):
        return rule
    return f"{_UNTIL.sub('', rule)};UNTIL={last}"


def _with(segment: Segment, overrides: tuple[Override, ...], zone_name: str | None) -> Segment:
    """With an RDATE for each override that is no start of it: it has to be in the set."""
    clock = zone(zone_name or "UTC")
    more = []
    for override in overrides:
        at = datetime.fromisoformat(override.at)
        if next(starts(segment, at, at + _MINUTE, clock), None) is None:
            more.append(override.at)
    if not more:
        return segment
    return msgspec.structs.replace(
        segment,
        rdate=tuple(sorted({*segment.rdate, *more})),
        exdate=tuple(x for x in segment.exdate if x not in more),
    )


# Components --------------------------------------------------------------------------------------


def _events(item: Item, stamp: datetime) -> Iterator[Event]:
    """The VEVENT of an item, and those of its overrides."""
    (segment,) = item.schedule.segments
    event = _event(item, segment.start, segment.seconds, item.status, item.capacity, stamp)
    for rule in segment.rrule:
        # As it is: icalendar would put its parts in another order.
        event.add("rrule", vInline(_rule(rule, item)))
    for name, times in (("rdate", segment.rdate), ("exdate", segment.exdate)):
        for at in times:
            _add_time(event, name, at, item)
    yield event
    for override in item.schedule.overrides:
        status = Standing.CANCELLED if override.cancelled else item.status
        event = _event(
            item,
            override.start or override.at,
            override.seconds or segment.seconds,
            status,
            override.capacity,
            stamp,
        )
        _add_time(event, "recurrence-id", override.at, item)
        yield event


def _event(
    item: Item, start: str, seconds: int, status: Standing, capacity: int | None, stamp: datetime
) -> Event:
    event = Event()
    changed = item.changed or stamp
    event.add("uid", vInline(_plain(item.uid)))
    event.add("dtstamp", changed.astimezone(UTC))
    if item.changed is not None:
        event.add("last-modified", item.changed.astimezone(UTC))
    event.add("sequence", item.sequence)
    _add_time(event, "dtstart", start, item)
    _add_end(event, start, seconds, item)
    if item.name is not None:
        event.add("summary", item.name)
    if item.place is not None:
        event.add("location", item.place)
    event.add("status", str(status))
    event.add("transp", "TRANSPARENT" if item.free else "OPAQUE")
    # Outlook takes what is all day for free time otherwise.
    event.add("x-microsoft-cdo-busystatus", vInline(_busy(item, status)))
    if capacity is not None:
        event.add(CAPACITY_PROPERTY, vInline(str(capacity)))
    return event


def _busy(item: Item, status: Standing) -> str:
    if item.free or status is Standing.CANCELLED:
        return "FREE"
    return "TENTATIVE" if status is Standing.TENTATIVE else "BUSY"


def _add_time(event: Event, name: str, at: str, item: Item) -> None:
    when = datetime.fromisoformat(at)
    if _in_days(item):
        event.add(name, when.date(), parameters={"VALUE": "DATE"})
    elif item.zone == "UTC":
        event.add(name, when.replace(tzinfo=UTC))
    elif item.zone is None:
        event.add(name, when)
    else:
        event.add(name, when, parameters={"TZID": item.zone})


def _add_end(event: Event, start: str, seconds: int, item: Item) -> None:
    begin = datetime.fromisoformat(start)
    if _in_days(item):
        last: date = (begin + timedelta(seconds=seconds)).date()
        event.add("dtend", last, parameters={"VALUE": "DATE"})
        return
    clock = zone(item.zone or "UTC")
    instant = utc(begin, clock) + timedelta(seconds=seconds)
    end = local(instant, clock)
    if utc(end, clock) != instant:
        # It ends in an hour that comes twice, the second time: no wall clock's time says that.
        event.add("duration", timedelta(seconds=seconds))
    else:
        _add_time(event, "dtend", end.isoformat(), item)


def _in_days(item: Item) -> bool:
    """Whether its times are dates: it is all day, from midnight to midnight each time."""
    if not item.all_day:
        return False
    schedule = item.schedule
    times = [x for s in schedule.segments for x in (s.start, *s.rdate, *s.exdate)]
    times += [x for o in schedule.overrides for x in (o.at, o.start or o.at)]
    lengths = [s.seconds for s in schedule.segments] + [o.seconds or 0 for o in schedule.overrides]
    return all(x.endswith("T00:00") for x in times) and all(x % _DAY == 0 for x in lengths)


def _rule(rule: str, item: Item) -> str:
    """The rule with UNTIL as the RFC has it: UTC where DTSTART has a zone, a date for a date."""
    found = _UNTIL.search(rule)
    if found is None:
        return rule
    text = found[1]
    if _in_days(item):
        return rule.replace(text, text[:8])
    if text.endswith("Z") or item.zone is None:
        return rule
    day = datetime.strptime(text[:8], "%Y%m%d")  # noqa: DTZ007 - local by nature
    at = datetime.combine(day, time(23, 59, 59))
    if "T" in text:
        at = datetime.strptime(text, "%Y%m%dT%H%M%S")  # noqa: DTZ007
    return rule.replace(text, f"{utc(at, zone(item.zone)):%Y%m%dT%H%M%SZ}")


def _plain(uid: str) -> str:
    """A UID as TEXT has it, escaped; it has no line ends."""
    return re.sub(r"([\\;,])", r"\\\1", " ".join(uid.split()))
