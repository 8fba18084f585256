"""What one field of a command may hold: each check raises `Bad`, naming the field and the reason.

Not for what a command as a whole has to be: see validate.py.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from math import isfinite
from unicodedata import bidirectional, category

import msgspec

from lastseat.core import limits
from lastseat.core.commands import Contact
from lastseat.core.outcomes import Invalid

UUID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
"""The one spelling PostgreSQL returns: an id in another would not be found again by its text."""


class Bad(Exception):
    """Why a field can't be taken, on its way to `validate`, which answers it."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(field, reason)
        self.invalid = Invalid(field=field, reason=reason)

    def within(self, prefix: str) -> "Bad":
        """The same, of a field that is a part of another."""
        return Bad(prefix + self.invalid.field, self.invalid.reason)


def name(field: str, value: object, most: int = limits.NAME_LENGTH) -> None:
    """An id, a reference, a name: short, on one line."""
    # Nearly always it is one: asked first, since several are looked at for every booking.
    if type(value) is str and len(value) <= most and value.isprintable() and value.strip():
        return
    if not isinstance(value, str) or not value or value.isspace():
        raise Bad(field, "must be a text that is not empty")
    if len(value) > most:
        raise Bad(field, f"is longer than {most} characters")
    if not _writable(value):
        raise Bad(field, "has control characters")


def text(field: str, value: object) -> None:
    """Free text; it may have several lines."""
    if not isinstance(value, str) or not value.strip():
        raise Bad(field, "must be a text that is not empty")
    if len(value) > limits.TEXT_LENGTH:
        raise Bad(field, f"is longer than {limits.TEXT_LENGTH} characters")
    if not _writable(value.replace("\n", "").replace("\t", "")):
        raise Bad(field, "has control characters")


def _writable(value: str) -> bool:
    """Whether a text is free of control characters, and of lone surrogates, which are no text.

    Not merely printable: names are written with joiners and spaces that Python calls unprintable.
    What turns the direction of writing is refused, since one name could then look like another.
    """
    return value.isprintable() or not any(
        category(x) in {"Cc", "Cs"} or bidirectional(x) in _TURNS for x in value
    )


_TURNS = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})


def integer(field: str, value: object, least: int, most: int) -> None:
    """A whole number in a range; true and false are none."""
    # Nearly always it is one: asked first, since several are looked at for every booking.
    if type(value) is int and least <= value <= most:
        return
    if not isinstance(value, int) or isinstance(value, bool):
        raise Bad(field, "must be a whole number")
    if not least <= value <= most:
        raise Bad(field, f"must be from {least} to {most}")


def time(field: str, value: object) -> None:
    """An aware time that every table can hold."""
    if not isinstance(value, datetime):
        raise Bad(field, "must be a datetime")
    if value.tzinfo is None or value.utcoffset() is None:
        raise Bad(field, "is naive: give its time zone")
    if not limits.EARLIEST <= value < limits.LATEST:
        raise Bad(field, f"must be from {limits.EARLIEST:%Y} to {limits.LATEST:%Y}")


def local_time(field: str, value: object) -> None:
    """What a wall clock shows, as ISO 8601 has it."""
    try:
        parsed = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        parsed = None
    # Python reads more spellings than PostgreSQL does.
    if parsed is None or value not in (parsed.isoformat(), parsed.isoformat(timespec="minutes")):
        raise Bad(field, "must be a local time such as 2026-11-23T18:00")
    if parsed.tzinfo is not None:
        raise Bad(field, "must be a local time, without an offset")
    time(field, parsed.replace(tzinfo=UTC))


def interval(start: object, end: object, prefix: str = "") -> None:
    """Two such times, the second later, not too far apart."""
    time(f"{prefix}start", start)
    time(f"{prefix}end", end)
    assert isinstance(start, datetime)
    assert isinstance(end, datetime)
    # Two times of one zone compare by the wall, which errs in the hour that comes twice.
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    if end <= start:
        raise Bad(f"{prefix}end", "must come after start")
    if end - start > limits.LONGEST:
        raise Bad(f"{prefix}end", f"is more than {limits.LONGEST.days} days after start")


def uuid(field: str, value: object) -> None:
    """An id that was drawn at random."""
    if not isinstance(value, str) or UUID.fullmatch(value) is None:
        raise Bad(field, "must be a UUID, in lower case and with its hyphens")


def flag(field: str, value: object) -> None:
    """True or false, and nothing that merely counts as such."""
    if value is not False and value is not True:
        raise Bad(field, "must be true or false")


def version(field: str, value: object) -> None:
    """A booking's version, or None."""
    if value is not None:
        integer(field, value, 1, 2**31 - 1)


def json(field: str, mapping: object) -> None:
    """JSON that is read back as it was written, and that a jsonb column takes."""
    if not isinstance(mapping, dict):
        raise Bad(field, "must be a mapping")
    waiting: list[object] = [mapping]
    seen = 0
    while waiting:
        seen += 1
        # Each value is a byte at least: what holds itself, or little very often, ends here too.
        if seen > limits.METADATA_BYTES:
            raise Bad(field, f"is more than {limits.METADATA_BYTES} bytes as JSON")
        waiting += _inside(field, waiting.pop())
    try:
        size = len(msgspec.json.encode(mapping))
    except (ValueError, RecursionError) as error:
        raise Bad(field, f"can't be written as JSON: {error}") from None
    if size > limits.METADATA_BYTES:
        raise Bad(field, f"is {size} bytes as JSON; at most {limits.METADATA_BYTES} fit")


def _inside(field: str, value: object) -> Iterable[object]:
    match value:
        case dict():
            if not all(isinstance(key, str) for key in value):
                raise Bad(field, "has a key that is not a text")
            return (*value.keys(), *value.values())
        case list() | tuple():
            return value
        case str() if "\0" in value:
            raise Bad(field, "has a NUL character")
        case float() if not isfinite(value):
            raise Bad(field, f"has the number {value}, which JSON can't say")
        case None | bool() | int() | float() | str():
            return ()
        case _:
            raise Bad(field, f"has a {type(value).__name__}, which JSON can't say")


def struct(
    field: str, value: object, cls: type[msgspec.Struct], most: int, words: Sequence[str] = ()
) -> None:
    """A `cls` that is read back as it was written: of the types it says, all the way down.

    Structs check no types when they are made, and those who work with one trust them. `most` bounds
    its bytes as JSON. `words` are what may stand where not any text may: who has another is told.
    """
    if not isinstance(value, cls):
        raise Bad(field, f"must be a {cls.__name__}")
    waiting: list[object] = [value]
    seen = 0
    while waiting:
        seen += 1
        if seen > most:
            raise Bad(field, f"is more than {most} bytes as JSON")
        waiting += _parts(field, waiting.pop())
    try:
        size = len(msgspec.json.encode(value))
        same = msgspec.convert(msgspec.to_builtins(value), cls)
    except msgspec.ValidationError as error:
        # "Expected `int`, got `str` - at `$.lead_seconds`", or "- at `key` in `$.hours.weekly`".
        reason, _, where = str(error).partition(" - at ")
        path = where.rpartition("`$")[2].rstrip("`")
        word = reason.removeprefix("Invalid enum value ")
        if word != reason:
            raise Bad(field + path, f"is {word}, and must be one of {', '.join(words)}") from None
        raise Bad(field + path, reason[:1].lower() + reason[1:]) from None
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise Bad(field, f"can't be written as JSON: {error}") from None
    if size > most:
        raise Bad(field, f"is {size} bytes as JSON; at most {most} fit")
    if same != value:
        raise Bad(field, "must have tuples for its lists")


def _parts(field: str, value: object) -> Iterable[object]:
    match value:
        case msgspec.Struct():
            return [getattr(value, name) for name in value.__struct_fields__]
        case dict():
            return (*value.keys(), *value.values())
        case list() | tuple():
            return value
        case str() if not _writable(value):
            raise Bad(field, "has control characters")
        case None | bool() | int() | str():
            return ()
        case _:
            raise Bad(field, f"has a {type(value).__name__}, which it can't hold")


def choice(field: str, value: object, choices: type[StrEnum]) -> None:
    """A member of an enumeration."""
    # A member's text equals it but is another object, and the decisions compare with `is`.
    if not isinstance(value, choices):
        raise Bad(field, f"must be one of {', '.join(choices)}")


_LONGEST = {
    "name": limits.NAME_LENGTH,
    "email": limits.EMAIL_LENGTH,
    "phone": limits.PHONE_LENGTH,
}
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_PHONE = re.compile(r"[0-9+()./ -]+")


def contact(field: str, value: object, *, clearing: bool = False) -> None:
    """A `Contact` that says something; `clearing` lets its parts be empty texts."""
    if not isinstance(value, Contact):
        raise Bad(field, "must be a Contact")
    parts = {part: getattr(value, part) for part in Contact.__struct_fields__}
    given = {part: what for part, what in parts.items() if what is not None}
    if not given:
        raise Bad(field, "gives neither a name nor an e-mail address nor a phone number")
    for part, what in given.items():
        if what == "" and clearing:
            continue
        name(f"{field}.{part}", what, _LONGEST[part])
        if part == "email" and not _EMAIL.fullmatch(what):
            raise Bad(f"{field}.email", "must be an e-mail address: one @ and no spaces")
        if part == "phone" and not _PHONE.fullmatch(what):
            raise Bad(f"{field}.phone", "must be of digits, spaces and + - ( ) . /")
