"""From a command to a ticket: bad input refused, the request hashed for its idempotency key."""

import hashlib
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import msgspec

from lastseat.core import commands as c
from lastseat.core.outcomes import Invalid
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


def _zones(command: c.AnyCommand) -> Invalid | None:
    """The refusal of the first time zone in a command that nobody knows."""
    match command:
        case c.Book():
            return _claimed("claims", command.claims)
        case c.Move():
            refusals = (
                _claimed(f"moves[{i}].claims", move.claims) for i, move in enumerate(command.moves)
            )
            return next((x for x in refusals if x is not None), None)
        case c.Define():
            return _zone("time_zone", command.time_zone)
        case _:
            return None


def _claimed(field: str, claims: Sequence[c.Claim]) -> Invalid | None:
    for i, claim in enumerate(claims):
        if claim.time_zone is not None:
            refusal = _zone(f"{field}[{i}].time_zone", claim.time_zone)
            if refusal is not None:
                return refusal
    return None


def _zone(field: str, zone: str | None) -> Invalid | None:
    try:
        known = zone is None or ZoneInfo(zone).key == zone
    except (KeyError, ValueError, OSError):
        known = False
    if known:
        return None
    return Invalid(field=field, reason="is not in the time zone database (IANA)")


def request_hash(command: c.AnyCommand) -> str:
    """What a key stands for: the command without the ids that are drawn anew for each try."""
    same = msgspec.structs.replace(command, command_id="")
    if isinstance(same, c.Book):
        same = msgspec.structs.replace(same, booking_id="")
    body = msgspec.json.encode(same, order="deterministic")
    return hashlib.sha256(body).hexdigest()[:32]
