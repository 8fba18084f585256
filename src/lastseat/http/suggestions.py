"""Other times for a booking, asked for without being refused first (MISSION C10)."""

from typing import Annotated, Any

from litestar import Response, post
from msgspec import Meta, Struct

from lastseat.access import Action
from lastseat.core import outcomes as o
from lastseat.core.outcomes import Code
from lastseat.engine.requests import Answer
from lastseat.http.asking import asked
from lastseat.http.availability import of_actor
from lastseat.http.bookings import chosen_from, wanted
from lastseat.http.caller import caller_of
from lastseat.http.describing import described
from lastseat.http.incoming import AnyRequest, Body
from lastseat.http.naming import SHORT, renamed
from lastseat.http.problems import document, respond
from lastseat.http.shapes import Choices, Claims, Id, Step, Units
from lastseat.http.suggesting import SuggestedSlot, suggested
from lastseat.library.checks import check
from lastseat.library.suggesting import LONGEST_WITHIN, MOST, NOBODY, WITHIN

_MONDAY = {"start": "2026-11-23T17:00:00Z", "end": "2026-11-23T18:00:00Z"}


class SuggestBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The booking that is wanted, as for POST /v1/bookings, and how far it may be shifted.

    For one occurrence other occurrences of its event are suggested.
    """

    bookable: Id | None = None
    units: Units = 1
    claims: Claims | None = None
    choices: Choices | None = None
    actor: Annotated[
        Id | None, Meta(description="Whose other bookings are to be kept clear of.")
    ] = None
    within_seconds: Annotated[int, Meta(ge=1, le=LONGEST_WITHIN)] = WITHIN
    most: Annotated[int, Meta(ge=1, le=100)] = MOST
    step: Step | None = None


class Suggestions(Struct, frozen=True, kw_only=True):
    """Times that could be booked, the nearest first."""

    items: list[SuggestedSlot]


_SUGGEST = Body(SuggestBody)


@post(
    "/v1/suggestions",
    **described(
        "suggest",
        tag="availability",
        summary="Suggest other times",
        says=(
            "For a booking that can't be had as asked: the same at other times, the nearest first,"
            " each of which could be booked now. Refused bookings have some with them already."
        ),
        status=200,
        body=SuggestBody,
        body_example={"claims": [{"bookable": "lane-2", **_MONDAY}]},
        keyed=False,
        answer=Suggestions,
        answer_example={
            "items": [{**_MONDAY, "claims": [{"bookable": "lane-2", **_MONDAY}], "choices": []}]
        },
        refused=(Code.UNKNOWN_BOOKABLE,),
    ),
)
async def suggest(request: AnyRequest) -> Response[Any]:
    """Other times for a booking."""
    caller = await caller_of(request, Action.AVAILABILITY_READ)
    body = await _SUGGEST.read(request)
    actor = of_actor(caller, body.actor)
    command = caller.tenant.commands.book(
        wanted(body.claims, body.bookable, body.units, body.choices),
        choices=chosen_from(body.choices),
        actor=NOBODY if actor is None else actor,
        units=body.units if body.bookable is not None else 1,
    )
    checked = check(command)
    if isinstance(checked, o.Invalid):
        return respond(renamed(Answer(checked), SHORT if body.bookable is not None else {}))
    with asked({"within": "within_seconds"}):
        found = await caller.tenant.suggest(
            command.claims,
            command.choices,
            actor=actor,
            within=body.within_seconds,
            most=body.most,
            step=body.step,
        )
    return document(Suggestions(items=[suggested(x) for x in found]))


handlers = [suggest]
