"""From bytes to components: characters, lines, BEGIN and END. Not what a component means.

Only the lines that mean something to us are kept, one component at a time, so a file within the
bounds of ical.py takes memory in proportion to it and no more. Calendars in the wild break off,
come in Latin-1 and have lines that are none: what can't be understood without guessing is refused.
"""

import re
from collections.abc import Iterator

from icalendar.parser import Contentline, Parameters
from msgspec import Struct

from lastseat.calendar.ical import (
    MOST_BYTES,
    MOST_COMPONENTS,
    MOST_DEPTH,
    MOST_LINE,
    MOST_LINES,
    BadCalendar,
)

_LINE = re.compile(r"[^\r\n]+")
_NAME = re.compile(r"[A-Za-z0-9-]+")


class Line(Struct, frozen=True):
    """One property. `reason` says why it can't be read; then it has no value."""

    number: int
    name: str
    params: dict[str, str]
    value: str
    reason: str | None = None


class Part(Struct):
    """One component: its properties that were wanted, and the components in it."""

    name: str
    number: int
    lines: list[Line]
    parts: list["Part"]
    broken: int = 0
    """Lines that are no property at all."""

    def all(self, name: str) -> list[Line]:
        """The properties of that name."""
        return [x for x in self.lines if x.name == name]

    def first(self, name: str) -> Line | None:
        """The first property of that name, if there is one."""
        return next((x for x in self.lines if x.name == name), None)


def text_of(data: bytes) -> str:
    """The file's characters: UTF-8, else Latin-1. Raises `BadCalendar`."""
    if len(data) > MOST_BYTES:
        raise BadCalendar("size", f"is {len(data)} bytes; {MOST_BYTES} are read at most")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What is not UTF-8 is old, and then it is this. Every byte has a character there.
        text = data.decode("latin-1")
    if not text.lstrip()[:15].upper().startswith("BEGIN:VCALENDAR"):
        raise BadCalendar("file", "is no iCalendar: it does not begin with BEGIN:VCALENDAR")
    return text


def calendars(text: str, wanted: frozenset[str]) -> Iterator[Part]:
    """The components in the file's VCALENDARs, and each VCALENDAR after its own.

    `wanted` are the properties to keep, in upper case. Raises `BadCalendar`.
    """
    open_parts: list[Part] = []
    count = 0.0
    for line in _lines(text, wanted):
        if line.name == "BEGIN":
            name = line.value.strip().upper()
            if not open_parts and name != "VCALENDAR":
                raise BadCalendar("file", f"has {name!r} outside a VCALENDAR (line {line.number})")
            if len(open_parts) == MOST_DEPTH:
                raise BadCalendar(
                    "file", f"has components {MOST_DEPTH} deep and more (line {line.number})"
                )
            # Parts of parts count as well, but an event may have its alarms.
            count += 0.25 if len(open_parts) > 1 else 1
            if count > MOST_COMPONENTS + 1:  # the VCALENDAR is one, too
                raise BadCalendar("components", f"are more than {MOST_COMPONENTS}")
            open_parts.append(Part(name, line.number, [], []))
        elif line.name == "END":
            part = _closed(open_parts, line)
            if len(open_parts) <= 1:
                yield part
            elif open_parts[-1].name == "VTIMEZONE":
                open_parts[-1].parts.append(part)
        elif not open_parts:
            raise BadCalendar("file", f"goes on after its end (line {line.number})")
        elif line.name == "":
            open_parts[-1].broken += 1
        else:
            open_parts[-1].lines.append(line)
    if open_parts:
        # To take what is missing for deleted would call events off.
        raise BadCalendar("file", f"breaks off: {open_parts[-1].name} has no end")


def _closed(open_parts: list[Part], line: Line) -> Part:
    name = line.value.strip().upper()
    if not open_parts or open_parts[-1].name != name:
        where = f"within {open_parts[-1].name}" if open_parts else "outside a VCALENDAR"
        raise BadCalendar("file", f"has END:{name} {where} (line {line.number})")
    return open_parts.pop()


def _lines(text: str, wanted: frozenset[str]) -> Iterator[Line]:
    """The properties that are wanted, BEGIN and END; one without a name for what is no property."""
    keep = wanted | {"BEGIN", "END"}
    for number, raw in _unfolded(text):
        found = _NAME.match(raw)
        if found is None or raw[found.end() : found.end() + 1] not in (":", ";"):
            yield Line(number, "", {}, "")
            continue
        name = found[0].upper()
        if name not in keep:
            continue
        if len(raw) >= MOST_LINE:
            yield Line(number, name, {}, "", f"is longer than {MOST_LINE} characters")
            continue
        try:
            _, params, value = Contentline(raw).raw_parts()  # type: ignore[no-untyped-call]
        except ValueError:
            yield Line(number, name, {}, "", "can't be read")
            continue
        yield Line(number, name, _plain(params), value)


def _plain(params: Parameters) -> dict[str, str]:
    return {
        name.upper(): value if isinstance(value, str) else ",".join(value)
        for name, value in params.items()
    }


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """The lines, those that were folded put together again; none longer than MOST_LINE."""
    number = started = length = 0
    parts: list[str] = []
    for found in _LINE.finditer(text):
        number += 1
        if number > MOST_LINES:
            raise BadCalendar("lines", f"are more than {MOST_LINES}")
        line = found[0]
        if line[0] in " \t" and parts:
            if length < MOST_LINE:
                parts.append(line[1 : MOST_LINE - length + 1])
                length += len(parts[-1])
            continue
        if parts:
            yield started, "".join(parts)
        started, parts = number, [line[:MOST_LINE]]
        length = len(parts[0])
    if parts:
        yield started, "".join(parts)
