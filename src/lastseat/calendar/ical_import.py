"""From a file of iCalendar to items. What would take guessing is skipped, with its reason.

Nothing is expanded here and no rule is checked: that is `recurrence.py`'s, of the schedule that
comes of it. `items` is lazy, one UID at a time, so that whoever reads a file can stop at any time.
"""

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from lastseat.calendar import ical_lines as lines
from lastseat.calendar.ical import (
    CAPACITY_PROPERTY,
    MOST_NAME,
    MOST_TIMES,
    MOST_UID,
    BadCalendar,
    Item,
    Parsed,
    Standing,
)
from lastseat.calendar.ical_lines import Line, Part
from lastseat.calendar.ical_times import Bad, Reader, Start, standing
from lastseat.calendar.zones import local
from lastseat.core.schedule import Override, Schedule, Segment
from lastseat.views.calendars import Skipped

WANTED = frozenset(
    {
        "UID", "SEQUENCE", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "EXRULE",
        "RECURRENCE-ID", "SUMMARY", "LOCATION", "STATUS", "TRANSP", "LAST-MODIFIED", "METHOD",
        "X-WR-CALNAME", "NAME", CAPACITY_PROPERTY, "X-MICROSOFT-CDO-BUSYSTATUS",
        # of time zones
        "TZID", "TZOFFSETTO", "X-LIC-LOCATION", "TZID-ALIAS-OF",
    }
)  # fmt: skip

_KINDS = {
    "VTODO": "is a to-do",
    "VJOURNAL": "is a journal entry",
    "VFREEBUSY": "is free/busy time",
    "VALARM": "is an alarm",
    "VAVAILABILITY": "is availability",
    "VPOLL": "is a poll",
}
_UNTIL = re.compile(r"(UNTIL=)(\d{8}T\d{6})Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class File(NamedTuple):
    """A file taken apart: the components of each UID, in its order, and the time zones."""

    name: str | None
    method: str | None
    events: dict[str, list[Part]]
    zones: dict[str, Part]
    skipped: list[Skipped]


def parse(data: bytes, *, year: int) -> Parsed:
    """The whole file. `year` is that of today: the VTIMEZONEs of unknown zones are read as of it.

    Raises `BadCalendar` for a file that is none, is beyond the bounds, or breaks off.
    """
    file = opened(data)
    found, skipped = [], list(file.skipped)
    for made in items(file, year=year):
        if isinstance(made, Item):
            found.append(made)
        else:
            skipped.append(made)
    return Parsed(file.name, tuple(found), tuple(skipped))


def opened(data: bytes) -> File:
    """The file taken apart, and no more. Raises `BadCalendar`."""
    file = File(None, None, {}, {}, [])
    name, method = None, None
    for part in lines.calendars(lines.text_of(data), WANTED):
        if part.name == "VEVENT":
            _add_event(file, part)
        elif part.name == "VTIMEZONE":
            tzid = part.first("TZID")
            if tzid is not None:
                file.zones[tzid.value] = part
        elif part.name == "VCALENDAR":
            called = part.first("X-WR-CALNAME") or part.first("NAME")
            name = name or (_text(called) if called is not None else None)
            told = part.first("METHOD")
            method = method or (told.value.strip().upper() if told is not None else None)
        else:
            reason = _KINDS.get(part.name, "is no event")
            file.skipped.append(Skipped(f"{part.name} of line {part.number}", _uid(part), reason))
    return file._replace(name=name, method=method)


def items(file: File, *, year: int) -> Iterator[Item | Skipped]:
    """Each UID's item, or why there is none; and what of an item was left out."""
    for uid, parts in file.events.items():
        left_out: list[Skipped] = []
        try:
            item = _item(uid, parts, file.zones, year, left_out)
        except Bad as bad:
            yield Skipped(f"VEVENT of line {parts[0].number}", uid, str(bad))
            continue
        if file.method == "CANCEL":
            item = msgspec.structs.replace(item, status=Standing.CANCELLED)
        yield item
        yield from left_out


def hash_of(item: Item) -> str:
    """What tells an item from an earlier version of itself: all of it but its sequence and time."""
    plain = msgspec.structs.replace(item, sequence=0, changed=None)
    return hashlib.sha256(msgspec.json.encode(plain)).hexdigest()[:32]


def _add_event(file: File, part: Part) -> None:
    if part.broken:
        file.skipped.append(
            Skipped(f"VEVENT of line {part.number}", _uid(part),
                    f"{part.broken} of its lines are no properties; the others were read")
        )  # fmt: skip
    uid = _uid(part)
    if uid is None:
        file.skipped.append(
            Skipped(
                f"VEVENT of line {part.number}", None, "has no UID that it could be known by again"
            )
        )
        return
    file.events.setdefault(uid, []).append(part)


def _uid(part: Part) -> str | None:
    line = part.first("UID")
    text = _text(line) if line is not None else None
    return text if text is not None and len(text.encode()) <= MOST_UID else None


def _text(line: Line) -> str | None:
    """A text without what no row or terminal could have."""
    text = _CONTROL.sub(" ", _ESCAPED.sub(_unescaped, line.value)).strip()
    return text or None


def _unescaped(found: re.Match[str]) -> str:
    return " " if found[1] in "nN" else found[1]


# One item ----------------------------------------------------------------------------------------


def _item(
    uid: str, parts: list[Part], zones: dict[str, Part], year: int, left_out: list[Skipped]
) -> Item:
    masters = [x for x in parts if x.first("RECURRENCE-ID") is None]
    if not masters:
        raise Bad("is an instance (RECURRENCE-ID) of a series that is not in the file")
    master = max(masters, key=lambda x: (_number(x, "SEQUENCE"), x.number))
    left_out += [
        Skipped(f"VEVENT of line {x.number}", uid, "is there twice; the latest counts")
        for x in masters
        if x is not master
    ]
    reader = Reader(zones, year)
    start = reader.start(master)
    seconds = reader.seconds(master, start)
    segment, longer = _segment(master, reader, start, seconds)
    overrides = {
        _iso(at): Override(at=_iso(at), seconds=length)
        for at, length in longer
        if length != seconds
    }
    for part in parts:
        if part.first("RECURRENCE-ID") is None:
            continue
        try:
            override = _override(part, reader, start, seconds)
        except Bad as bad:
            left_out.append(Skipped(f"VEVENT of line {part.number}", uid, str(bad)))
            continue
        if override is not None:
            overrides[override.at] = override
    if len(overrides) > MOST_TIMES:
        raise Bad(f"has more than {MOST_TIMES} overrides")
    called, where = master.first("SUMMARY"), master.first("LOCATION")
    return Item(
        uid=uid,
        schedule=Schedule((segment,), tuple(overrides[x] for x in sorted(overrides))),
        zone=start.zone.key if start.zone is not None else None,
        sequence=max(_number(x, "SEQUENCE") for x in parts),
        name=_short(called),
        place=_short(where),
        status=standing(master),
        all_day=start.all_day,
        free=_is_free(master),
        capacity=_number(master, CAPACITY_PROPERTY) or None,
        changed=max((x for x in map(_changed, parts) if x is not None), default=None),
    )


def _segment(
    part: Part, reader: Reader, start: Start, seconds: int
) -> tuple[Segment, list[tuple[datetime, int]]]:
    """The rules of an item, and the instances that last another time than the rest."""
    if part.all("EXRULE"):
        raise Bad("has an EXRULE, which RFC 5545 has no more; list its dates as EXDATE")
    more = [x for line in _told(part, "RDATE") for x in reader.times(line, start)]
    less = [x for line in _told(part, "EXDATE") for x, _ in reader.times(line, start)]
    if len(more) + len(less) > MOST_TIMES:
        raise Bad(f"lists more than {MOST_TIMES} times (RDATE, EXDATE)")
    rules = []
    for line in part.all("RRULE"):
        if line.reason is not None:
            raise Bad(f"has an RRULE that {line.reason}")
        rules.append(_rule(line.value, start))
    segment = Segment(
        start=_iso(start.at),
        seconds=seconds,
        rrule=tuple(rules),
        rdate=tuple(sorted({_iso(x) for x, _ in more} - {_iso(start.at)})),
        exdate=tuple(sorted({_iso(x) for x in less})),
    )
    return segment, [(at, length) for at, length in more if length is not None]


def _rule(text: str, start: Start) -> str:
    """A rule in upper case whose UNTIL is local, as all of a schedule is."""
    rule = "".join(text.upper().split()).strip(";")
    found = _UNTIL.search(rule)
    if found is None or start.zone is None:
        return rule
    try:
        until = datetime.strptime(found[2], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        return _UNTIL.sub(f"UNTIL={local(until, start.zone):%Y%m%dT%H%M%S}", rule)
    except (ValueError, OverflowError):
        raise Bad("has an RRULE whose UNTIL is no time") from None


def _override(part: Part, reader: Reader, start: Start, seconds: int) -> Override | None:
    line = part.first("RECURRENCE-ID")
    assert line is not None
    if line.params.get("RANGE"):
        raise Bad("changes all instances after one (RANGE), which is not supported")
    ((at, _),) = list(reader.times(line, start))[:1]
    if standing(part) is Standing.CANCELLED:
        return Override(at=_iso(at), cancelled=True)
    own = reader.start(part)
    if own.all_day != start.all_day:
        raise Bad("is all day where its series is not, or the other way round")
    begins = reader.local(own.at, own.zone, start)
    length = reader.seconds(part, own)
    override = Override(
        at=_iso(at),
        start=_iso(begins) if begins != at else None,
        seconds=length if length != seconds else None,
        capacity=_number(part, CAPACITY_PROPERTY) or None,
    )
    return override if override != Override(at=override.at) else None


# Small things ------------------------------------------------------------------------------------


def _told(part: Part, name: str) -> list[Line]:
    """Those that say something: some write an empty one."""
    return [x for x in part.all(name) if x.value.strip() or x.reason is not None]


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="minutes")


def _number(part: Part, name: str) -> int:
    """A whole number that is not negative; 0 for what is none."""
    line = part.first(name)
    text = line.value.strip() if line is not None else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0  # noqa: PLR2004


def _short(line: Line | None) -> str | None:
    text = _text(line) if line is not None and line.reason is None else None
    return text[:MOST_NAME].rstrip() if text is not None else None


def _is_free(part: Part) -> bool:
    line = part.first("TRANSP")
    busy = part.first("X-MICROSOFT-CDO-BUSYSTATUS")
    return (line is not None and line.value.strip().upper() == "TRANSPARENT") or (
        busy is not None and busy.value.strip().upper() == "FREE"
    )


def _changed(part: Part) -> datetime | None:
    line = part.first("LAST-MODIFIED")
    try:
        return (
            datetime.strptime(line.value.strip(), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            if line is not None
            else None
        )
    except ValueError:
        return None


__all__ = ["BadCalendar", "File", "hash_of", "items", "opened", "parse"]
