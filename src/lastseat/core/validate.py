"""Bad input, refused before anything is locked: each refusal names the field and the reason.

Only what a command says by itself is checked here; what needs the state is in the decisions.
"""

from datetime import timedelta
from typing import assert_never, get_args

from lastseat.core import commands as c
from lastseat.core import fields as f
from lastseat.core import limits
from lastseat.core.asked import series, wanted
from lastseat.core.defining import event_of, occurrence_id
from lastseat.core.events import ActorTime, Fact, Kind, WaitPolicy
from lastseat.core.interval import Interval
from lastseat.core.outcomes import Invalid
from lastseat.core.rules import Day, Rules
from lastseat.core.schedule import Schedule
from lastseat.core.state import ACTOR_PREFIX, LOCATION_PREFIX, SERVICE_PREFIX


def validate(command: c.AnyCommand) -> Invalid | None:
    """The first thing wrong with a command by itself, or None."""
    try:
        _common(command)
        match command:
            case c.Define():
                _define(command)
            case c.Book():
                _book(command)
            case c.Join():
                _join(command)
            case c.BookSeries():
                f.name("actor", command.actor)
                series(command)
                _how(command)
            case c.SetRules():
                _rules(command)
            case c.Expire():
                _target("target", command.target)
            case c.Move():
                _move(command)
            case c.ChangeCapacity():
                f.name("bookable", command.bookable)
                f.integer("capacity", command.capacity, 1, limits.CAPACITY)
                _override(command.override, command.reason)
            case c.EditEvent():
                _edit(command)
            case c.Append():
                _append(command)
            case _:
                _target("target", command.target)
                f.version("version", command.version)
                _targeted(command)
    except f.Bad as bad:
        return bad.invalid
    return None


def _targeted(command: c.Targeted) -> None:
    """What the commands about one booking have beside it."""
    match command:
        case c.Release() | c.Cancel() | c.Expire() | c.CheckOut() | c.Complete() | c.NoShow():
            pass
        case c.Extend():
            f.integer("seconds", command.seconds, 1, limits.LONGEST_HOLD_SECONDS)
        case c.CheckIn():
            f.flag("late", command.late)
        case c.Confirm():
            if command.contact is not None:
                f.contact("contact", command.contact)
        case c.Update():
            if command.metadata is not None:
                f.json("metadata", command.metadata)
            if command.contact is not None:
                f.contact("contact", command.contact, clearing=True)
            elif command.metadata is None:
                raise f.Bad("metadata", "give metadata or a contact: there is nothing to update")
        case _:
            assert_never(command)


def _common(command: c.AnyCommand) -> None:
    f.name("tenant_id", command.tenant_id)
    f.uuid("command_id", command.command_id)
    f.name("principal", command.principal)
    if command.key is not None:
        f.name("key", command.key)
    if command.reason is not None:
        f.text("reason", command.reason)
    expected: object = command.expected
    if not isinstance(expected, dict) or len(expected) > limits.STREAMS:
        raise f.Bad("expected", f"maps at most {limits.STREAMS} streams to sequences")
    for stream, seq in expected.items():
        f.name("expected", stream)
        f.integer(f"expected[{stream}]", seq, 0, 2**62)


def _target(field: str, target: object) -> None:
    match target:
        case c.Seat():
            f.name(f"{field}.bookable", target.bookable)
            f.name(f"{field}.actor", target.actor)
        case c.BookingId():
            f.uuid(f"{field}.booking_id", target.booking_id)
        case _:
            raise f.Bad(field, "must name a booking by its id, or by bookable and actor")


def _override(override: object, reason: object) -> None:
    f.flag("override", override)
    if override and reason is None:
        raise f.Bad("reason", "an override needs a reason")


def _book(command: c.Book) -> None:
    f.name("actor", command.actor)
    wanted("", command.claims, command.choices)
    if command.booking_id is not command.command_id:
        f.uuid("booking_id", command.booking_id)
    _how(command)


def _join(command: c.Join) -> None:
    f.name("actor", command.actor)
    wanted("", command.claims, command.choices)
    if not command.claims:
        raise f.Bad("claims", "must begin with what is waited for: its line is that one's")
    if command.booking_id is not command.command_id:
        f.uuid("booking_id", command.booking_id)
    f.integer("offer_seconds", command.offer_seconds, 1, limits.LONGEST_HOLD_SECONDS)
    if command.metadata is not None:
        f.json("metadata", command.metadata)
    if command.contact is not None:
        f.contact("contact", command.contact)


def _how(command: c.Book | c.BookSeries) -> None:
    """What a booking and a series have alike."""
    f.flag("confirmed", command.confirmed)
    if command.hold_seconds is not None:
        f.integer("hold_seconds", command.hold_seconds, 1, limits.LONGEST_HOLD_SECONDS)
    if command.limit_seconds is not None:
        f.integer("limit_seconds", command.limit_seconds, 1, limits.LONGEST_HOLD_SECONDS)
    _override(command.override, command.reason)
    if isinstance(command, c.Book):
        _ignoring(command)
    if command.metadata is not None:
        f.json("metadata", command.metadata)
    if command.contact is not None:
        f.contact("contact", command.contact)


def _ignoring(command: c.Book | c.Move) -> None:
    f.flag("ignore_rules", command.ignore_rules)
    if command.ignore_rules and command.reason is None:
        raise f.Bad("reason", "ignoring the rules needs a reason")


def _move(command: c.Move) -> None:
    moves: object = command.moves
    if not isinstance(moves, tuple) or not moves:
        raise f.Bad("moves", "must name at least one booking")
    if len(moves) > limits.MOVES:
        raise f.Bad("moves", f"must name at most {limits.MOVES} bookings")
    for i, move in enumerate(moves):
        if not isinstance(move, c.Relocation):
            raise f.Bad(f"moves[{i}]", "must be a Relocation")
        _target(f"moves[{i}].target", move.target)
        f.version(f"moves[{i}].version", move.version)
        wanted(f"moves[{i}].", move.claims, move.choices)
    _override(command.override, command.reason)
    _ignoring(command)


def _rules(command: c.SetRules) -> None:
    """The shape only: what the rules say is checked by those who work with them."""
    f.name("owner", command.owner)
    if command.owner.startswith(ACTOR_PREFIX):
        raise f.Bad("owner", "an actor's own time has no rules")
    f.struct("rules", command.rules, Rules, limits.RULES_BYTES, words=get_args(Day))


def _define(command: c.Define) -> None:
    f.name("bookable", command.bookable)
    if command.bookable.startswith(ACTOR_PREFIX):
        raise f.Bad("bookable", f"must not begin with {ACTOR_PREFIX!r}")
    if command.bookable.startswith(SERVICE_PREFIX) and command.kind is not Kind.LIMIT:
        raise f.Bad("bookable", f"{SERVICE_PREFIX!r} ids are for the limits of services")
    if command.bookable.startswith(LOCATION_PREFIX):
        raise f.Bad("bookable", f"{LOCATION_PREFIX!r} ids are for the rules of locations")
    if event_of(command.bookable) is not None:
        raise f.Bad("bookable", "has the form of an event's occurrence: define the event")
    f.integer("capacity", command.capacity, 1, limits.CAPACITY)
    if command.time_zone is not None:
        f.name("time_zone", command.time_zone)
    f.choice("kind", command.kind, Kind)
    f.choice("actor_time", command.actor_time, ActorTime)
    f.choice("waitlist", command.waitlist, WaitPolicy)
    _kind(command)
    if command.location is not None:
        f.name("location", command.location)
    if command.name is not None:
        f.name("name", command.name)
    if command.attributes is not None:
        f.json("attributes", command.attributes)


def _kind(command: c.Define) -> None:
    """What only some kinds have, and what they must have."""
    if command.kind is Kind.ACTOR:
        raise f.Bad("kind", "an actor's own time needs no definition")
    if command.kind is Kind.LOCATION:
        raise f.Bad("kind", "a location is made in the catalogue, and has rules without more")
    if command.kind is Kind.RESOURCE and command.capacity != 1:
        raise f.Bad("capacity", "an exclusive resource has capacity 1; define a pool")
    if command.kind is Kind.LIMIT and command.actor_time is not ActorTime.ALLOW:
        raise f.Bad("actor_time", "a limit takes nobody's time: it must be allow")
    _own(command)


def _own(command: c.Define) -> None:
    """The fields that one kind alone has."""
    if command.kind is Kind.COMPOSITE:
        _composite(command)
    elif command.parts != () or type(command.parts) is not tuple:
        raise f.Bad("parts", f"only a composite has parts, not a {command.kind}")
    if command.kind is Kind.OCCURRENCE:
        f.interval(command.start, command.end)
    elif command.start is not None or command.end is not None:
        raise f.Bad("start", f"only an occurrence has a start and an end, not a {command.kind}")
    if command.kind is Kind.EVENT:
        _event(command)
    elif command.schedule is not None:
        raise f.Bad("schedule", f"only an event has a schedule, not a {command.kind}")
    elif command.starts != ():
        raise f.Bad("starts", f"only an event has starts, not a {command.kind}")
    elif command.seconds != 0 or type(command.seconds) is not int:
        raise f.Bad("seconds", f"only an event has a duration, not a {command.kind}")


def _composite(command: c.Define) -> None:
    if command.capacity != 1:
        raise f.Bad("capacity", "a composite has the capacity of its parts: it must be 1")
    if command.actor_time is not ActorTime.ALLOW:
        raise f.Bad("actor_time", "its parts take their actors' time: it must be allow")
    parts: object = command.parts
    if not isinstance(parts, tuple) or not 1 < len(parts) <= limits.PARTS:
        raise f.Bad("parts", f"must be a tuple of 2 to {limits.PARTS} bookables")
    for i, part in enumerate(parts):
        f.name(f"parts[{i}]", part)
        if part == command.bookable:
            raise f.Bad(f"parts[{i}]", "is the composite itself")
    if len(set(parts)) != len(parts):
        raise f.Bad("parts", "has a part twice")


def _event(command: c.Define) -> None:
    if "@" in command.bookable:
        raise f.Bad("bookable", "an event's id must not contain '@'")
    if command.time_zone is None:
        raise f.Bad("time_zone", "an event needs its time zone")
    if command.schedule is not None:
        f.struct("schedule", command.schedule, Schedule, limits.SCHEDULE_BYTES)
        if command.starts != () or type(command.starts) is not tuple:
            raise f.Bad("starts", "an event has either starts or a schedule")
        if command.seconds != 0 or type(command.seconds) is not int:
            raise f.Bad("seconds", "the schedule says how long the event is")
        f.name("bookable", occurrence_id(command.bookable, "2026-11-23T18:00"))
        return
    f.integer("seconds", command.seconds, 1, int(limits.LONGEST / timedelta(seconds=1)))
    starts: object = command.starts
    if not isinstance(starts, tuple) or not 0 < len(starts) <= limits.STARTS:
        raise f.Bad("starts", f"must be a tuple of 1 to {limits.STARTS} starts")
    for i, start in enumerate(starts):
        if not isinstance(start, str) or event_of(f"x@{start}") is None:
            raise f.Bad(f"starts[{i}]", "must be a local time to the minute, 2026-11-23T18:00")
        f.local_time(f"starts[{i}]", start)
        f.name("bookable", occurrence_id(command.bookable, start))
    if len(set(starts)) != len(starts):
        raise f.Bad("starts", "has a start twice")


def _edit(command: c.EditEvent) -> None:
    f.name("event", command.event)
    f.integer("capacity", command.capacity, 1, limits.CAPACITY)
    if command.schedule is not None:
        f.struct("schedule", command.schedule, Schedule, limits.SCHEDULE_BYTES)
    if command.asked != "":
        f.name("asked", command.asked)
    edits = command.edits
    for field in ("followers", "edits"):
        names: object = getattr(command, field)
        if not isinstance(names, tuple) or len(names) > limits.FOLLOWERS:
            raise f.Bad(field, f"must be a tuple of at most {limits.FOLLOWERS} occurrences")
    if not all(isinstance(name, str) for name in command.followers):
        raise f.Bad("followers", "must be ids")
    for i, edit in enumerate(edits):
        if not isinstance(edit, c.OccurrenceEdit):
            raise f.Bad(f"edits[{i}]", "must be an OccurrenceEdit")
        f.name(f"edits[{i}].bookable", edit.bookable)
        if edit.during is not None:
            if not isinstance(edit.during, Interval):
                raise f.Bad(f"edits[{i}].during", "must be an Interval")
            f.interval(edit.during.start, edit.during.end, f"edits[{i}].during.")
        if edit.capacity is not None:
            f.integer(f"edits[{i}].capacity", edit.capacity, 1, limits.CAPACITY)
    if len({edit.bookable for edit in edits}) != len(edits):
        raise f.Bad("edits", "has an occurrence twice")


def _append(command: c.Append) -> None:
    streams: object = command.facts
    if not isinstance(streams, dict) or not 0 < len(streams) <= limits.STREAMS:
        raise f.Bad("facts", f"must map 1 to {limits.STREAMS} streams to facts")
    count = 0
    for stream, facts in streams.items():
        f.name("facts", stream)
        if stream not in command.expected:
            raise f.Bad(f"expected[{stream}]", "every stream appended to needs the observed one")
        if not isinstance(facts, tuple) or not facts:
            raise f.Bad(f"facts[{stream}]", "must be a tuple of at least one fact")
        count += len(facts)
        if count > limits.FACTS:
            raise f.Bad("facts", f"has {count} facts; at most {limits.FACTS} fit in one append")
        for i, fact in enumerate(facts):
            _fact(f"facts[{stream}][{i}]", fact)


def _fact(field: str, fact: object) -> None:
    if not isinstance(fact, Fact):
        raise f.Bad(field, "must be a Fact")
    f.name(f"{field}.name", fact.name)
    data: object = fact.data
    f.json(f"{field}.data", data)
    assert isinstance(data, dict)
    for value in data.values():
        if isinstance(value, int) and not isinstance(value, bool):
            f.integer(f"{field}.data", value, -(2**63), 2**63 - 1)
        elif value is not None and not isinstance(value, bool | str):
            raise f.Bad(f"{field}.data", "may hold texts, whole numbers, true, false and null")
