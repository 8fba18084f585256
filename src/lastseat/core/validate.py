"""Bad input, refused before anything is locked: each refusal names the field and the reason.

Only what a command says by itself is checked here; what needs the state is in the decisions.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from math import isfinite
from typing import assert_never
from unicodedata import bidirectional, category

import msgspec

from lastseat.core import commands as c
from lastseat.core import limits
from lastseat.core.defining import event_of, occurrence_id
from lastseat.core.events import ActorTime, Fact, Kind
from lastseat.core.outcomes import Invalid
from lastseat.core.state import ACTOR_PREFIX

UUID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
"""The one spelling PostgreSQL returns: an id in another would not be found again by its text."""


class _Bad(Exception):
    def __init__(self, field: str, reason: str) -> None:
        super().__init__(field, reason)
        self.invalid = Invalid(field=field, reason=reason)


def validate(command: c.AnyCommand) -> Invalid | None:
    """The first thing wrong with a command by itself, or None."""
    try:
        _common(command)
        match command:
            case c.Define():
                _define(command)
            case c.Book():
                _book(command)
            case c.Confirm() | c.Release() | c.Cancel():
                _target("target", command.target)
                _version("version", command.version)
            case c.Extend():
                _target("target", command.target)
                _version("version", command.version)
                _integer("seconds", command.seconds, 1, limits.LONGEST_HOLD_SECONDS)
            case c.Expire():
                _target("target", command.target)
            case c.Move():
                _move(command)
            case c.ChangeCapacity():
                _name("bookable", command.bookable)
                _integer("capacity", command.capacity, 1, limits.CAPACITY)
                _override(command.override, command.reason)
            case c.Append():
                _append(command)
            case _:
                assert_never(command)
    except _Bad as bad:
        return bad.invalid
    return None


def _common(command: c.AnyCommand) -> None:
    _name("tenant_id", command.tenant_id)
    _uuid("command_id", command.command_id)
    _name("principal", command.principal)
    if command.key is not None:
        _name("key", command.key)
    expected: object = command.expected
    if not isinstance(expected, dict) or len(expected) > limits.STREAMS:
        raise _Bad("expected", f"maps at most {limits.STREAMS} streams to sequences")
    for stream, seq in expected.items():
        _name("expected", stream)
        _integer(f"expected[{stream}]", seq, 0, 2**62)


def _name(field: str, value: object) -> None:
    if not isinstance(value, str) or not value:
        raise _Bad(field, "must be a text that is not empty")
    if len(value) > limits.NAME_LENGTH:
        raise _Bad(field, f"is longer than {limits.NAME_LENGTH} characters")
    if not _writable(value):
        raise _Bad(field, "has control characters")


def _text(field: str, value: object) -> None:
    if not isinstance(value, str) or not value.strip():
        raise _Bad(field, "must be a text that is not empty")
    if len(value) > limits.TEXT_LENGTH:
        raise _Bad(field, f"is longer than {limits.TEXT_LENGTH} characters")
    if not _writable(value.replace("\n", "").replace("\t", "")):
        raise _Bad(field, "has control characters")


def _writable(value: str) -> bool:
    """Whether a text is free of control characters, and of lone surrogates, which are no text.

    Not merely printable: names are written with joiners and spaces that Python calls unprintable.
    What turns the direction of writing is refused, since one name could then look like another.
    """
    return value.isprintable() or not any(
        category(x) in {"Cc", "Cs"} or bidirectional(x) in _TURNS for x in value
    )


_TURNS = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})


def _integer(field: str, value: object, least: int, most: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _Bad(field, "must be a whole number")
    if not least <= value <= most:
        raise _Bad(field, f"must be from {least} to {most}")


def _time(field: str, value: object) -> None:
    if not isinstance(value, datetime):
        raise _Bad(field, "must be a datetime")
    if value.tzinfo is None or value.utcoffset() is None:
        raise _Bad(field, "is naive: give its time zone")
    if not limits.EARLIEST <= value < limits.LATEST:
        raise _Bad(field, f"must be from {limits.EARLIEST:%Y} to {limits.LATEST:%Y}")


def _local(field: str, value: object) -> None:
    try:
        parsed = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        parsed = None
    # Python reads more spellings than PostgreSQL does.
    if parsed is None or value not in (parsed.isoformat(), parsed.isoformat(timespec="minutes")):
        raise _Bad(field, "must be a local time such as 2026-11-23T18:00")
    if parsed.tzinfo is not None:
        raise _Bad(field, "must be a local time, without an offset")
    _time(field, parsed.replace(tzinfo=UTC))


def _interval(start: object, end: object, prefix: str = "") -> None:
    _time(f"{prefix}start", start)
    _time(f"{prefix}end", end)
    assert isinstance(start, datetime)
    assert isinstance(end, datetime)
    # Two times of one zone compare by the wall, which errs in the hour that comes twice.
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    if end <= start:
        raise _Bad(f"{prefix}end", "must come after start")
    if end - start > limits.LONGEST:
        raise _Bad(f"{prefix}end", f"is more than {limits.LONGEST.days} days after start")


def _uuid(field: str, value: object) -> None:
    if not isinstance(value, str) or UUID.fullmatch(value) is None:
        raise _Bad(field, "must be a UUID, in lower case and with its hyphens")


def _flag(field: str, value: object) -> None:
    if not isinstance(value, bool):
        raise _Bad(field, "must be true or false")


def _version(field: str, value: object) -> None:
    if value is not None:
        _integer(field, value, 1, 2**31 - 1)


def _target(field: str, target: object) -> None:
    match target:
        case c.Seat():
            _name(f"{field}.bookable", target.bookable)
            _name(f"{field}.actor", target.actor)
        case c.BookingId():
            _uuid(f"{field}.booking_id", target.booking_id)
        case _:
            raise _Bad(field, "must name a booking by its id, or by bookable and actor")


def _claims(field: str, claims: object) -> None:
    if not isinstance(claims, tuple) or not claims:
        raise _Bad(field, "must be a tuple of at least one claim")
    if len(claims) > limits.CLAIMS:
        raise _Bad(field, f"has {len(claims)} claims; at most {limits.CLAIMS} fit in one booking")
    for i, claim in enumerate(claims):
        prefix = f"{field}[{i}]."
        if not isinstance(claim, c.Claim):
            raise _Bad(f"{field}[{i}]", "must be a Claim")
        _name(f"{prefix}bookable", claim.bookable)
        if claim.bookable.startswith(ACTOR_PREFIX):
            raise _Bad(f"{prefix}bookable", f"{ACTOR_PREFIX!r} ids are claimed by themselves")
        _integer(f"{prefix}units", claim.units, 1, limits.UNITS)
        _integer(f"{prefix}before", claim.before, 0, limits.BUFFER_SECONDS)
        _integer(f"{prefix}after", claim.after, 0, limits.BUFFER_SECONDS)
        if claim.start is not None or claim.end is not None:
            _interval(claim.start, claim.end, prefix)
        if claim.time_zone is not None:
            _name(f"{prefix}time_zone", claim.time_zone)
        if claim.local_start is not None:
            _local(f"{prefix}local_start", claim.local_start)


def _override(override: object, reason: object) -> None:
    _flag("override", override)
    if override and reason is None:
        raise _Bad("reason", "an override needs a reason")
    if reason is not None:
        _text("reason", reason)


def _book(command: c.Book) -> None:
    _name("actor", command.actor)
    _claims("claims", command.claims)
    if command.booking_id is not command.command_id:
        _uuid("booking_id", command.booking_id)
    _flag("confirmed", command.confirmed)
    for field in ("hold_seconds", "limit_seconds"):
        seconds = getattr(command, field)
        if seconds is not None:
            _integer(field, seconds, 1, limits.LONGEST_HOLD_SECONDS)
    _override(command.override, command.reason)
    if command.metadata is not None:
        _json("metadata", command.metadata)


def _json(field: str, mapping: object) -> None:
    """JSON that is read back as it was written, and that a jsonb column takes."""
    if not isinstance(mapping, dict):
        raise _Bad(field, "must be a mapping")
    waiting: list[object] = [mapping]
    seen = 0
    while waiting:
        seen += 1
        # Each value is a byte at least: what holds itself, or little very often, ends here too.
        if seen > limits.METADATA_BYTES:
            raise _Bad(field, f"is more than {limits.METADATA_BYTES} bytes as JSON")
        waiting += _inside(field, waiting.pop())
    try:
        size = len(msgspec.json.encode(mapping))
    except (ValueError, RecursionError) as error:
        raise _Bad(field, f"can't be written as JSON: {error}") from None
    if size > limits.METADATA_BYTES:
        raise _Bad(field, f"is {size} bytes as JSON; at most {limits.METADATA_BYTES} fit")


def _inside(field: str, value: object) -> Iterable[object]:
    match value:
        case dict():
            if not all(isinstance(key, str) for key in value):
                raise _Bad(field, "has a key that is not a text")
            return (*value.keys(), *value.values())
        case list() | tuple():
            return value
        case str() if "\0" in value:
            raise _Bad(field, "has a NUL character")
        case float() if not isfinite(value):
            raise _Bad(field, f"has the number {value}, which JSON can't say")
        case None | bool() | int() | float() | str():
            return ()
        case _:
            raise _Bad(field, f"has a {type(value).__name__}, which JSON can't say")


def _move(command: c.Move) -> None:
    moves: object = command.moves
    if not isinstance(moves, tuple) or not moves:
        raise _Bad("moves", "must name at least one booking")
    if len(moves) > limits.MOVES:
        raise _Bad("moves", f"must name at most {limits.MOVES} bookings")
    for i, move in enumerate(moves):
        if not isinstance(move, c.Relocation):
            raise _Bad(f"moves[{i}]", "must be a Relocation")
        _target(f"moves[{i}].target", move.target)
        _version(f"moves[{i}].version", move.version)
        _claims(f"moves[{i}].claims", move.claims)
    _override(command.override, command.reason)


def _define(command: c.Define) -> None:
    _name("bookable", command.bookable)
    if command.bookable.startswith(ACTOR_PREFIX):
        raise _Bad("bookable", f"must not begin with {ACTOR_PREFIX!r}")
    if event_of(command.bookable) is not None:
        raise _Bad("bookable", "has the form of an event's occurrence: define the event")
    _integer("capacity", command.capacity, 1, limits.CAPACITY)
    if command.time_zone is not None:
        _name("time_zone", command.time_zone)
    _choice("kind", command.kind, Kind)
    _choice("actor_time", command.actor_time, ActorTime)
    if command.kind is Kind.ACTOR:
        raise _Bad("kind", "an actor's own time needs no definition")
    if command.kind is Kind.RESOURCE and command.capacity != 1:
        raise _Bad("capacity", "an exclusive resource has capacity 1; define a pool")
    if command.kind is Kind.OCCURRENCE:
        _interval(command.start, command.end)
    elif command.start is not None or command.end is not None:
        raise _Bad("start", f"only an occurrence has a start and an end, not a {command.kind}")
    if command.kind is Kind.EVENT:
        _event(command)
    elif command.starts != ():
        raise _Bad("starts", f"only an event has starts, not a {command.kind}")
    elif command.seconds != 0 or type(command.seconds) is not int:
        raise _Bad("seconds", f"only an event has a duration, not a {command.kind}")


def _choice(field: str, value: object, choices: type[StrEnum]) -> None:
    # A member's text equals it but is another object, and the decisions compare with `is`.
    if not isinstance(value, choices):
        raise _Bad(field, f"must be one of {', '.join(choices)}")


def _event(command: c.Define) -> None:
    if "@" in command.bookable:
        raise _Bad("bookable", "an event's id must not contain '@'")
    if command.time_zone is None:
        raise _Bad("time_zone", "an event needs its time zone")
    _integer("seconds", command.seconds, 1, int(limits.LONGEST / timedelta(seconds=1)))
    starts: object = command.starts
    if not isinstance(starts, tuple) or not 0 < len(starts) <= limits.STARTS:
        raise _Bad("starts", f"must be a tuple of 1 to {limits.STARTS} starts")
    for i, start in enumerate(starts):
        if not isinstance(start, str) or event_of(f"x@{start}") is None:
            raise _Bad(f"starts[{i}]", "must be a local time to the minute, 2026-11-23T18:00")
        _local(f"starts[{i}]", start)
        _name("bookable", occurrence_id(command.bookable, start))
    if len(set(starts)) != len(starts):
        raise _Bad("starts", "has a start twice")


def _append(command: c.Append) -> None:
    streams: object = command.facts
    if not isinstance(streams, dict) or not 0 < len(streams) <= limits.STREAMS:
        raise _Bad("facts", f"must map 1 to {limits.STREAMS} streams to facts")
    count = 0
    for stream, facts in streams.items():
        _name("facts", stream)
        if stream not in command.expected:
            raise _Bad(f"expected[{stream}]", "every stream appended to needs the observed one")
        if not isinstance(facts, tuple) or not facts:
            raise _Bad(f"facts[{stream}]", "must be a tuple of at least one fact")
        count += len(facts)
        if count > limits.FACTS:
            raise _Bad("facts", f"has {count} facts; at most {limits.FACTS} fit in one append")
        for i, fact in enumerate(facts):
            _fact(f"facts[{stream}][{i}]", fact)


def _fact(field: str, fact: object) -> None:
    if not isinstance(fact, Fact):
        raise _Bad(field, "must be a Fact")
    _name(f"{field}.name", fact.name)
    data: object = fact.data
    _json(f"{field}.data", data)
    assert isinstance(data, dict)
    for value in data.values():
        if isinstance(value, int) and not isinstance(value, bool):
            _integer(f"{field}.data", value, -(2**63), 2**63 - 1)
        elif value is not None and not isinstance(value, bool | str):
            raise _Bad(f"{field}.data", "may hold texts, whole numbers, true, false and null")
