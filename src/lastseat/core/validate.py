"""Bad input, refused before anything is locked: each refusal names the field and the reason.

Only what a command says by itself is checked here; what needs the state is in the decisions.
"""

from datetime import datetime, timedelta
from typing import assert_never
from uuid import UUID

import msgspec

from lastseat.core import commands as c
from lastseat.core import limits
from lastseat.core.defining import event_of
from lastseat.core.events import Kind
from lastseat.core.outcomes import Invalid
from lastseat.core.state import ACTOR_PREFIX


class _Bad(Exception):  # noqa: N818 - never leaves this module
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
                _target("target", command.target, command.version)
            case c.Extend():
                _target("target", command.target, command.version)
                _integer("seconds", command.seconds, 1, limits.LONGEST_HOLD_SECONDS)
            case c.Expire():
                _target("target", command.target, None)
            case c.Move():
                _move(command)
            case c.ChangeCapacity():
                _name("bookable", command.bookable)
                _integer("capacity", command.capacity, 1, limits.CAPACITY)
                _override(override=command.override, reason=command.reason)
            case c.Append():
                _append(command)
            case _:
                assert_never(command)
    except _Bad as bad:
        return bad.invalid
    return None


def _common(command: c.AnyCommand) -> None:
    _name("tenant_id", command.tenant_id)
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
    # Also refuses lone surrogates, which no UTF-8 database can store.
    if not value.isprintable():
        raise _Bad(field, "has characters that can't be printed")


def _text(field: str, value: object) -> None:
    if not isinstance(value, str) or not value.strip():
        raise _Bad(field, "must be a text that is not empty")
    if len(value) > limits.TEXT_LENGTH:
        raise _Bad(field, f"is longer than {limits.TEXT_LENGTH} characters")
    if not all(x.isprintable() or x in "\n\t" for x in value):
        raise _Bad(field, "has characters that can't be printed")


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


def _interval(start: object, end: object, prefix: str = "") -> None:
    _time(f"{prefix}start", start)
    _time(f"{prefix}end", end)
    assert isinstance(start, datetime)  # noqa: S101 - _time saw to it
    assert isinstance(end, datetime)  # noqa: S101
    if end <= start:
        raise _Bad(f"{prefix}end", "must come after start")
    if end - start > limits.LONGEST:
        raise _Bad(f"{prefix}end", f"is more than {limits.LONGEST.days} days after start")


def _uuid(field: str, value: object) -> None:
    if not isinstance(value, str) or len(value) != 36:
        raise _Bad(field, "must be a booking's id, as the booking's answer had it")
    try:
        UUID(value)
    except ValueError:
        raise _Bad(field, "must be a booking's id, as the booking's answer had it") from None


def _target(field: str, target: object, version: int | None) -> None:
    match target:
        case c.Seat():
            _name(f"{field}.bookable", target.bookable)
            _name(f"{field}.actor", target.actor)
        case c.BookingId():
            _uuid(f"{field}.booking_id", target.booking_id)
        case _:
            raise _Bad(field, "must name a booking by its id, or by bookable and actor")
    if version is not None:
        _integer("version", version, 1, 2**31 - 1)


def _claims(field: str, claims: object) -> None:
    if not isinstance(claims, tuple) or not claims:
        raise _Bad(field, "must have at least one claim")
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


def _override(*, override: bool, reason: str | None) -> None:
    if override and reason is None:
        raise _Bad("reason", "an override needs a reason")
    if reason is not None:
        _text("reason", reason)


def _book(command: c.Book) -> None:
    _name("actor", command.actor)
    _claims("claims", command.claims)
    _uuid("booking_id", command.booking_id)
    for field in ("hold_seconds", "limit_seconds"):
        seconds = getattr(command, field)
        if seconds is not None:
            _integer(field, seconds, 1, limits.LONGEST_HOLD_SECONDS)
    _override(override=command.override, reason=command.reason)
    if command.metadata is not None:
        _metadata(command.metadata)


def _metadata(metadata: object) -> None:
    if not isinstance(metadata, dict):
        raise _Bad("metadata", "must be a mapping")
    try:
        size = len(msgspec.json.encode(metadata))
    except (TypeError, ValueError, RecursionError) as error:
        raise _Bad("metadata", f"can't be written as JSON: {error}") from None
    if size > limits.METADATA_BYTES:
        raise _Bad("metadata", f"is {size} bytes as JSON; at most {limits.METADATA_BYTES} fit")


def _move(command: c.Move) -> None:
    moves: object = command.moves
    if not isinstance(moves, tuple) or not moves:
        raise _Bad("moves", "must name at least one booking")
    if len(moves) > limits.MOVES:
        raise _Bad("moves", f"must name at most {limits.MOVES} bookings")
    for i, move in enumerate(moves):
        if not isinstance(move, c.Relocation):
            raise _Bad(f"moves[{i}]", "must be a Relocation")
        _target(f"moves[{i}].target", move.target, move.version)
        _claims(f"moves[{i}].claims", move.claims)
    _override(override=command.override, reason=command.reason)


def _define(command: c.Define) -> None:
    _name("bookable", command.bookable)
    if command.bookable.startswith(ACTOR_PREFIX):
        raise _Bad("bookable", f"must not begin with {ACTOR_PREFIX!r}")
    if event_of(command.bookable) is not None:
        raise _Bad("bookable", "has the form of an event's occurrence: define the event")
    _integer("capacity", command.capacity, 1, limits.CAPACITY)
    if command.time_zone is not None:
        _name("time_zone", command.time_zone)
    match command.kind:
        case Kind.OCCURRENCE:
            _interval(command.start, command.end)
        case Kind.RESOURCE:
            if command.capacity != 1:
                raise _Bad("capacity", "an exclusive resource has capacity 1; define a pool")
        case Kind.POOL:
            pass
        case Kind.EVENT:
            _event(command)
        case Kind.ACTOR:
            raise _Bad("kind", "an actor's own time needs no definition")
        case _:
            raise _Bad("kind", "must be occurrence, resource, pool or event")
    if command.kind is not Kind.OCCURRENCE and (command.start or command.end):
        raise _Bad("start", f"only an occurrence has a start and an end, not a {command.kind}")


def _event(command: c.Define) -> None:
    if "@" in command.bookable:
        raise _Bad("bookable", "an event's id must not contain '@'")
    if command.time_zone is None:
        raise _Bad("time_zone", "an event needs its time zone")
    _integer("seconds", command.seconds, 1, int(limits.LONGEST / timedelta(seconds=1)))
    if not command.starts or len(command.starts) > limits.STARTS:
        raise _Bad("starts", f"must have from 1 to {limits.STARTS} starts")
    starts: tuple[object, ...] = command.starts
    for i, start in enumerate(starts):
        if not isinstance(start, str) or event_of(f"x@{start}") is None:
            raise _Bad(f"starts[{i}]", "must be a local time to the minute, 2026-11-23T18:00")
    if len(set(command.starts)) != len(command.starts):
        raise _Bad("starts", "has a start twice")


def _append(command: c.Append) -> None:
    if not command.facts or len(command.facts) > limits.STREAMS:
        raise _Bad("facts", f"must name from 1 to {limits.STREAMS} streams")
    count = 0
    for stream, facts in command.facts.items():
        _name("facts", stream)
        if stream not in command.expected:
            raise _Bad(f"expected[{stream}]", "every stream appended to needs the observed one")
        if not facts:
            raise _Bad(f"facts[{stream}]", "must have at least one fact")
        count += len(facts)
        for fact in facts:
            _name(f"facts[{stream}].name", fact.name)
            _metadata(fact.data)
    if count > limits.FACTS:
        raise _Bad("facts", f"has {count} facts; at most {limits.FACTS} fit in one append")
