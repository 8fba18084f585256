"""One operation in two languages: as a command of the library, and as a request over HTTP.

Both are made from the history's `kind` and `args`, so the same operation sent through two doors is
one request to its idempotency key.
"""

from datetime import datetime
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import Struct

from lastseat.core.commands import AnyCommand, Book, Join
from lastseat.core.commands import Claim as CoreClaim
from lastseat.engine.ids import new_id
from lastseat.library.commands import Commands

_STEPS = {
    "confirm": "confirm",
    "release": "release",
    "cancel": "cancel",
    "extend": "extend",
    "check_in": "check-in",
    "check_out": "check-out",
    "expire": "expire",
}

Request = tuple[str, str, dict[str, Any] | None]
"""Method, path, body."""


class Order(Struct, frozen=True):
    """An operation for the library. `args` are the history's, with the ids of the command."""

    tenant: str
    principal: str
    kind: str
    args: dict[str, Any]
    key: str | None = None


_IDS = ("command_id", "booking_id")


def ids_for(kind: str) -> dict[str, str]:
    """New ids for an operation that brings its own."""
    command_id = new_id()
    if kind in ("book", "hold", "join"):
        return {"command_id": command_id, "booking_id": command_id}
    return {"command_id": command_id}


def command_of(order: Order) -> AnyCommand:
    """The operation as a command, with the ids that the client has drawn."""
    commands = Commands(order.tenant, principal=order.principal)
    made = _command(commands, order.kind, order.args)
    made = msgspec.structs.replace(made, command_id=order.args["command_id"], key=order.key)
    if isinstance(made, Book | Join):
        made = msgspec.structs.replace(made, booking_id=order.args["booking_id"])
    return made


def _command(commands: Commands, kind: str, args: dict[str, Any]) -> AnyCommand:
    rest = {name: value for name, value in args.items() if name not in ("claims", *_IDS)}
    match kind:
        case "book" | "hold":
            return _any(commands, kind, _claims(args["claims"]), **rest)
        case "join":
            return commands.join_waitlist(_claims(args["claims"]), **rest)
        case "move":
            return commands.move(args["booking_id"], _claims(args["claims"]), **rest)
        case "move_together":
            moves = {x["booking_id"]: _claims(x["claims"]) for x in args["moves"]}
            return commands.move_together(moves)
        case "change_capacity":
            return _any(commands, kind, **rest)
        case "define_occurrence":
            rest["start"] = datetime.fromisoformat(rest["start"])
            rest["end"] = datetime.fromisoformat(rest["end"])
            return _any(commands, kind, **rest)
        case "define_event":
            return _any(commands, kind, rest.pop("bookable"), **rest)
        case "define_resource" | "define_pool":
            return _any(commands, kind, **rest)
        case _:
            return _any(commands, kind, args["booking_id"], **rest)


def _any(commands: Commands, kind: str, *args: Any, **kwargs: Any) -> AnyCommand:
    found: AnyCommand = getattr(commands, kind)(*args, **kwargs)
    return found


def _claims(claims: list[dict[str, Any]]) -> list[str | CoreClaim]:
    return [msgspec.convert(claim, CoreClaim) for claim in claims]


def request_of(kind: str, args: dict[str, Any]) -> Request:
    """The operation as an HTTP request."""
    body = {name: value for name, value in args.items() if name != "booking_id"}
    match kind:
        case "book":
            return "POST", "/v1/bookings", body
        case "hold":
            body["hold_seconds"] = body.pop("seconds")
            body["limit_seconds"] = body.pop("limit")
            return "POST", "/v1/bookings", body
        case "join":
            return "POST", "/v1/waitlist", body
        case "move_together":
            return "POST", "/v1/bookings/move", body
        case "change_capacity":
            bookable = body.pop("bookable")
            return "PUT", f"/v1/{_collection(bookable)}/{quote(bookable)}/capacity", body
        case "define_occurrence":
            return "POST", "/v1/occurrences", body
        case "define_resource" | "define_pool":
            return "POST", "/v1/resources", body
        case "define_event":
            body["duration_seconds"] = body.pop("duration")
            return "POST", "/v1/events", body
        case _:
            if "version" in body:
                body["expected_version"] = body.pop("version")
            path = "move" if kind == "move" else _STEPS[kind]
            sent = None if kind == "expire" else body
            return "POST", f"/v1/bookings/{args['booking_id']}/{path}", sent


def _collection(bookable: str) -> str:
    if bookable.startswith(("hot-", "wide-", "over-")) or "@" in bookable:
        return "occurrences"
    return "events" if bookable == "yoga" else "resources"


_PROBLEMS_OWN = ("type", "title", "status", "detail", "instance")


def outcome_of(problem: dict[str, Any]) -> dict[str, Any]:
    """The refusal's outcome that an HTTP problem is."""
    outcome = {name: value for name, value in problem.items() if name not in _PROBLEMS_OWN}
    if "booking_status" in outcome:
        # A problem's `status` is HTTP's number.
        outcome["status"] = outcome.pop("booking_status")
    return outcome
