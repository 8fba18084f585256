"""Other times, offered with a refusal for one, and whether one can wait for it (MISSION C10).

They are looked up when the refusal is told, so that each could be booked at that moment; the answer
that is kept under an idempotency key is the refusal alone.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from lastseat.core import limits
from lastseat.core import outcomes as o
from lastseat.core.commands import Book, Choice, Claim, Move
from lastseat.core.events import Kind, WaitPolicy
from lastseat.engine.errors import DatabaseUnavailable
from lastseat.http.auth import SERVICE, Service
from lastseat.http.caller import Caller
from lastseat.http.incoming import AnyRequest
from lastseat.http.settings import ServeSettings
from lastseat.http.shapes import ChoiceBody, ClaimBody
from lastseat.library.asynchronous.engine import NotFound
from lastseat.views.times import Suggestion

Suggest = Annotated[
    bool,
    Meta(description="Suggest other occurrences of the event when this one is full or called off."),
]

TIMED = frozenset({"exclusive", "any_of", "adjacent", "waiting"})
"""The conflicts that another time may be free of."""


class SuggestedSlot(Struct, frozen=True, kw_only=True):
    """A time that could be booked, with the `claims` and `choices` to send for it.

    Of a service's slot its time alone is told: it is booked by the service.
    """

    start: datetime
    end: datetime
    claims: tuple[ClaimBody, ...] = ()
    choices: tuple[ChoiceBody, ...] = ()


class SuggestedTime(Struct, frozen=True, kw_only=True):
    """A slot of a service that could be booked."""

    start: datetime
    end: datetime


def suggested(found: Suggestion) -> SuggestedSlot:
    """A suggestion as it can be sent back."""
    return SuggestedSlot(
        start=found.start,
        end=found.end,
        claims=tuple(ClaimBody.asking(x) for x in found.claims),
        choices=tuple(ChoiceBody.asking(x) for x in found.choices),
    )


class WantedSlot(Struct, frozen=True, kw_only=True):
    """A slot of a service that could not be had."""

    service_id: str
    start: datetime
    end: datetime
    party: int = 1
    actor: str | None = None


async def for_booking(
    request: AnyRequest, caller: Caller, refusal: o.AnyOutcome, command: Book, *, always: bool
) -> dict[str, Any] | None:
    """The members of a problem that offer other times, if it is one that they help with.

    `always`: for an occurrence too, which has a time of its own.
    """
    if command.override:
        return None
    return await offered(
        request,
        caller,
        refusal,
        command.claims,
        command.choices,
        actor=command.actor,
        always=always,
    )


async def for_move(
    request: AnyRequest, caller: Caller, refusal: o.AnyOutcome, command: Move
) -> dict[str, Any] | None:
    """The same for one booking that was to be moved. What it has now counts as taken."""
    if command.override or len(command.moves) != 1:
        return None
    (move,) = command.moves
    return await offered(request, caller, refusal, move.claims, move.choices)


async def for_service(
    request: AnyRequest,
    caller: Caller,
    refusal: o.AnyOutcome,
    slot: WantedSlot,
) -> dict[str, Any] | None:
    """The same for a slot of a service, with what it needs."""
    if not helps(refusal):
        return None
    taking = await caller.tenant.reservations.taking(
        slot.service_id, start=slot.start, end=slot.end, party=slot.party
    )
    if taking is None:
        return None
    more = await offered(
        request, caller, refusal, taking.claims, taking.choices, actor=slot.actor, always=True
    )
    if more is None:
        return None
    times = [SuggestedTime(start=x.start, end=x.end) for x in more["suggested_slots"]]
    return {"suggested_slots": times}


async def offered(
    request: AnyRequest,
    caller: Caller,
    refusal: o.AnyOutcome,
    claims: Sequence[Claim],
    choices: Sequence[Choice],
    *,
    actor: str | None = None,
    always: bool = False,
) -> dict[str, Any] | None:
    """`suggested_slots`, or None for a refusal that no other time would help with."""
    if not helps(refusal) or not (always or timed(claims, choices)):
        return None
    settings = settings_of(request)
    if settings.suggestions == 0:
        return None
    try:
        found = await caller.tenant.suggest(
            claims,
            choices,
            actor=actor,
            within=settings.suggest_within,
            most=settings.suggestions,
        )
    except DatabaseUnavailable:
        # The refusal stands, and is worth telling without.
        return None
    return {"suggested_slots": [suggested(x) for x in found]}


async def waited(caller: Caller, refusal: o.AnyOutcome, first: str | None) -> o.AnyOutcome:
    """The refusal, saying whether one can join the line of `first`: who waits, waits there.

    The engine says it of what is in the way, which may be something else that was asked for.
    """
    if not isinstance(refusal, o.Full | o.Conflict) or first == refusal.bookable:
        return refusal
    if isinstance(refusal, o.Conflict) and refusal.rule not in TIMED:
        return refusal
    can = False
    if first is not None:
        try:
            there = await caller.tenant.bookable(first)
            can = (
                there.kind is not Kind.COMPOSITE
                and there.waitlist is not WaitPolicy.CLOSED
                and there.waiting < limits.WAITING
            )
        except (NotFound, DatabaseUnavailable):
            # The refusal stands, and is worth telling without.
            can = False
    return msgspec.structs.replace(refusal, can_join_waitlist=can)


def helps(refusal: o.AnyOutcome) -> bool:
    """Whether it could be otherwise at another time."""
    match refusal:
        case o.Full() | o.NotBookable() | o.ActorBusy():
            return True
        case o.Conflict(rule=rule):
            return rule in TIMED
        case _:
            return False


def timed(claims: Sequence[Claim], choices: Sequence[Choice]) -> bool:
    """Whether what was asked for is for a time that the asker named."""
    return bool(choices) or any(claim.start is not None for claim in claims)


def settings_of(request: AnyRequest) -> ServeSettings:
    """How this service is served."""
    service: Service = request.app.opt[SERVICE]
    return service.settings
