"""From a command to a ticket: bad input refused, the request hashed for its idempotency key."""

import hashlib
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
    if isinstance(command, c.Define) and command.time_zone is not None:
        try:
            ZoneInfo(command.time_zone)
        except (KeyError, ValueError, OSError):
            return Invalid(field="time_zone", reason="is not in the time zone database (IANA)")
    if command.key is None:
        return Ticket(command)
    return Ticket(command, request_hash(command))


def request_hash(command: c.AnyCommand) -> str:
    """What a key stands for: the command without the ids that are drawn anew for each try."""
    same = msgspec.structs.replace(command, command_id="")
    if isinstance(same, c.Book):
        same = msgspec.structs.replace(same, booking_id="")
    body = msgspec.json.encode(same, order="deterministic")
    return hashlib.sha256(body).hexdigest()[:32]
