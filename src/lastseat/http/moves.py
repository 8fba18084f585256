"""A booking's places: moved without ever giving up the old ones first, one booking or several."""

from typing import Annotated, Any

import msgspec
from litestar import Response, post
from litestar.params import FromPath
from msgspec import Meta, Struct

from lastseat.access import Action
from lastseat.core import limits
from lastseat.core import outcomes as o
from lastseat.core.commands import Claim, Relocation
from lastseat.core.outcomes import Code
from lastseat.http.bookings import PATH, TAKING, chosen_from, theirs, wanted
from lastseat.http.caller import caller_of
from lastseat.http.describing import UUID, described
from lastseat.http.etag import expected_version
from lastseat.http.examples import BOOKING, MOVED, OTHER
from lastseat.http.idempotency import key_of
from lastseat.http.incoming import AnyRequest, Body
from lastseat.http.naming import SHORT, renamed
from lastseat.http.problems import invalid, respond
from lastseat.http.shapes import Choices, Claims, Id, Reason, Units, Version
from lastseat.http.suggesting import for_move
from lastseat.library.commands import Claims as Wanted
from lastseat.library.commands import choices_of


class Places(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The places to have from now on: `claims` and `choices`, or `units` of one `bookable`."""

    bookable: Id | None = None
    units: Units = 1
    claims: Claims | None = None
    choices: Choices | None = None
    expected_version: Version | None = None


class MoveBody(Places, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`override` skips capacity and the actor's time: a permission, with a `reason`."""

    override: bool = False
    reason: Reason | None = None


class OneMove(Places, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of several bookings that move together."""

    booking_id: Annotated[str, Meta(extra_json_schema=UUID)]


class MovesBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bookings that move in one step, all or none: what they held counts as free for them all."""

    moves: Annotated[
        tuple[OneMove, ...], Meta(extra_json_schema={"minItems": 1, "maxItems": limits.MOVES})
    ]
    override: bool = False
    reason: Reason | None = None


_MOVE = Body(MoveBody)
_MOVES = Body(MovesBody)

_NAMES = {"moves[0].version": "expected_version", "moves[0].": ""}
_SHORT = {**{f"moves[0].{theirs}": ours for theirs, ours in SHORT.items()}, **_NAMES}

_REFUSED = (
    *TAKING,
    Code.UNKNOWN_BOOKING,
    Code.NOT_BOOKED,
    Code.HOLD_EXPIRED,
    Code.WRONG_STATUS,
)


@post(
    "/v1/bookings/{booking_id:str}/move",
    **described(
        "move",
        tag="bookings",
        summary="Move a booking",
        says="New places for the old ones in one step: it works when what it leaves is sold out.",
        path=PATH,
        body=MoveBody,
        body_example={"bookable": "yoga-friday", "units": 2, "expected_version": 1},
        answer=o.Moved,
        answer_example=MOVED,
        refused=(*_REFUSED, 412),
        versioned=True,
    ),
)
async def move(request: AnyRequest, booking_id: FromPath[str]) -> Response[Any]:
    """Give a booking other places."""
    caller = await caller_of(request, Action.BOOKINGS_MOVE)
    body = await _MOVE.read(request)
    if body.override:
        caller.allow(Action.BOOKINGS_OVERRIDE)
    command = caller.tenant.commands.move(
        await theirs(caller, booking_id),
        wanted(body.claims, body.bookable, body.units, body.choices),
        choices=chosen_from(body.choices),
        units=body.units if body.bookable is not None else 1,
        version=expected_version(request, body.expected_version),
        override=body.override,
        reason=body.reason,
        key=key_of(request),
    )
    answer = await caller.tenant.execute(command)
    outcome = answer.outcome
    if isinstance(outcome, o.Moved):
        return respond(answer, headers={"etag": f'"{outcome.moved[0].version}"'})
    offered = await for_move(request, caller, outcome, command)
    told = renamed(answer, _SHORT if body.bookable is not None else _NAMES)
    return respond(told, more=offered)


@post(
    "/v1/bookings/move",
    **described(
        "move_together",
        tag="bookings",
        summary="Move several bookings",
        says=(
            "All or none. What the moved bookings held counts as free while their new places are"
            " looked for, so two bookings of sold-out occurrences can be swapped."
        ),
        status=200,
        body=MovesBody,
        body_example={
            "moves": [
                {"booking_id": BOOKING, "bookable": "yoga-friday"},
                {"booking_id": OTHER, "bookable": "yoga-monday"},
            ]
        },
        answer=o.Moved,
        answer_example={
            "code": "moved",
            "moved": [
                {"booking_id": BOOKING, "version": 2, "seat": 12},
                {"booking_id": OTHER, "version": 2, "seat": 12},
            ],
        },
        refused=_REFUSED,
    ),
)
async def move_together(request: AnyRequest) -> Response[Any]:
    """Give several bookings other places in one step."""
    caller = await caller_of(request, Action.BOOKINGS_MOVE)
    body = await _MOVES.read(request)
    if body.override:
        caller.allow(Action.BOOKINGS_OVERRIDE)
    claims: dict[str, Wanted] = {}
    for i, one in enumerate(body.moves):
        booking_id = await theirs(caller, one.booking_id)
        if booking_id in claims:
            raise invalid(f"moves[{i}].booking_id", "is moved twice")
        claims[booking_id] = _places(one)
    command = caller.tenant.commands.move_together(
        claims, override=body.override, reason=body.reason, key=key_of(request)
    )
    command = msgspec.structs.replace(command, moves=_completed(command.moves, body.moves))
    return respond(await caller.tenant.execute(command))


def _places(one: OneMove) -> Wanted:
    """What one of several is to have; units go into the claim, since each has its own."""
    claims = wanted(one.claims, one.bookable, one.units, one.choices)
    return Claim(bookable=claims, units=one.units) if isinstance(claims, str) else claims


def _completed(
    moves: tuple[Relocation, ...], bodies: tuple[OneMove, ...]
) -> tuple[Relocation, ...]:
    """The relocations with what only some of them have: a version, choices."""
    return tuple(
        msgspec.structs.replace(
            move, version=body.expected_version, choices=choices_of(chosen_from(body.choices))
        )
        for move, body in zip(moves, bodies, strict=True)
    )


handlers = [move, move_together]
