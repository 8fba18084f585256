"""From a command to a ticket: bad input refused, the request hashed for its idempotency key."""

import hashlib
from collections.abc import Mapping, Sequence

import msgspec

from lastseat.calendar.recurrence import BadRule
from lastseat.calendar.rules import BadRules, check_rules
from lastseat.calendar.schedule import check_schedule
from lastseat.calendar.zones import UnknownZone
from lastseat.calendar.zones import zone as zone_named
from lastseat.core import commands as c
from lastseat.core.outcomes import Invalid
from lastseat.core.rules import Rules
from lastseat.core.schedule import Schedule
from lastseat.core.validate import validate
from lastseat.engine.requests import Ticket


def check(command: c.AnyCommand) -> Ticket | Invalid:
    """The command ready to be queued, or why it can't be taken."""
    refusal = validate(command)
    if refusal is not None:
        return refusal
    refusal = _zones(command)
    if refusal is not None:
        return refusal
    if command.key is None:
        return Ticket(command)
    return Ticket(command, request_hash(command))


def unwritable(asked: Mapping[str, object]) -> Invalid | None:
    """The refusal of the first part of a request that has no JSON, such as half a surrogate pair.

    What a request's key stands for is its JSON, and so is the answer that is kept.
    """
    for field, value in asked.items():
        try:
            msgspec.json.encode(value)
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            return Invalid(field=field, reason=f"can't be written as JSON: {error}")
    return None


def _zones(command: c.AnyCommand) -> Invalid | None:
    """The refusal of the first time zone in a command that nobody knows."""
    match command:
        case c.Book() | c.Join():
            return _asked("", command)
        case c.BookSeries():
            dates = (_asked(f"dates[{i}].", date) for i, date in enumerate(command.dates))
            return next((x for x in dates if x is not None), None)
        case c.Move():
            moves = (_asked(f"moves[{i}].", move) for i, move in enumerate(command.moves))
            return next((x for x in moves if x is not None), None)
        case c.SetRules():
            return ruled(command.rules)
        case c.Define():
            refusal = _zone("time_zone", command.time_zone)
            return refusal or scheduled(command.schedule, command.time_zone)
        case _:
            return None


def scheduled(schedule: Schedule | None, zone: str | None) -> Invalid | None:
    """The refusal of a new event's schedule that can't be expanded, or gives nothing."""
    if schedule is None or zone is None:
        return None
    try:
        check_schedule(schedule, zone, new=True)
    except BadRule as bad:
        # Of an event that has not been edited yet: it has but one.
        return Invalid(field=bad.field.removeprefix("segments[0]."), reason=bad.reason)
    return None


def ruled(rules: Rules, field: str = "rules") -> Invalid | None:
    """The refusal of rules that make no sense."""
    try:
        check_rules(rules, field)
    except BadRules as bad:
        return Invalid(field=bad.field, reason=bad.reason)
    return None


def _asked(prefix: str, asked: c.Book | c.Join | c.SeriesDate | c.Relocation) -> Invalid | None:
    refusal = _claimed(f"{prefix}claims", asked.claims)
    if refusal is None and asked.choices:
        refusal = _claimed(f"{prefix}choices", asked.choices)
    return refusal


def _claimed(field: str, claims: Sequence[c.Claim | c.Choice]) -> Invalid | None:
    for i, claim in enumerate(claims):
        if claim.time_zone is not None:
            refusal = _zone(f"{field}[{i}].time_zone", claim.time_zone)
            if refusal is not None:
                return refusal
    return None


def _zone(field: str, zone: str | None) -> Invalid | None:
    if zone is None:
        return None
    try:
        zone_named(zone)
    except UnknownZone:
        return Invalid(field=field, reason="is not in the time zone database (IANA)")
    return None


def request_hash(command: c.AnyCommand) -> str:
    """What a key stands for: the command without the ids that are drawn anew for each try."""
    same = msgspec.structs.replace(command, command_id="")
    if isinstance(same, c.Book | c.Join):
        same = msgspec.structs.replace(same, booking_id="")
    if isinstance(same, c.BookSeries):
        dates = tuple(msgspec.structs.replace(date, booking_id="") for date in same.dates)
        same = msgspec.structs.replace(same, series_id="", dates=dates)
    if isinstance(same, c.EditEvent):
        # The rest was worked out from what was there, and will be otherwise the next time.
        same = msgspec.structs.replace(
            same, expected={}, schedule=None, capacity=0, followers=(), edits=()
        )
    body = msgspec.json.encode(same, order="deterministic")
    return hashlib.sha256(body).hexdigest()[:32]
