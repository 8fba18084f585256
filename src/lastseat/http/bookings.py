"""Bookings: made, listed and read.

What becomes of one is in lifecycle.py, its places are changed in moves.py, its details in
details.py. Everything is a command of the engine; nothing is decided here.
"""

from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import UNSET, Meta, Struct, UnsetType

from lastseat.access import Action, Reach
from lastseat.core import limits
from lastseat.core import outcomes as o
from lastseat.core.commands import Book, Choice, Claim, Contact
from lastseat.core.outcomes import Code
from lastseat.core.status import Status
from lastseat.engine.requests import Answer
from lastseat.http.caller import Caller, caller_of
from lastseat.http.describing import UUID as ID
from lastseat.http.describing import Link, described
from lastseat.http.examples import BOOKED, BOOKING, BOOKING_VIEW
from lastseat.http.idempotency import key_of
from lastseat.http.incoming import AnyRequest, Body, Paged, query_of
from lastseat.http.naming import SHORT, renamed
from lastseat.http.paging import AfterUuid, Page, encode_cursor
from lastseat.http.problems import Problem, document, invalid, respond, unknown
from lastseat.http.shapes import (
    Attributes,
    ChoiceBody,
    Choices,
    ClaimBody,
    Claims,
    HoldSeconds,
    Id,
    Moment,
    Name,
    Reason,
    Sequences,
    Units,
)
from lastseat.http.suggesting import Suggest, for_booking, waited
from lastseat.library.asynchronous.engine import NotFound
from lastseat.views.bookings import BookingView

PATH = {"booking_id": (ID, "The booking's id.", BOOKING)}

TAKING = (
    Code.INVALID,
    Code.CONFLICT,
    Code.UNKNOWN_BOOKABLE,
    Code.ALREADY,
    Code.NOT_BOOKABLE,
    Code.FULL,
    Code.ACTOR_BUSY,
)
"""What taking places may be refused as."""


class BookBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """What to book: `claims` and `choices`, all or nothing, or `units` of one `bookable`.

    With `hold_seconds` it is a hold. Without, CONFIRMED, or RESERVED when `confirmed` is false.
    `override` skips capacity and the actor's time: a permission, with a `reason`.
    """

    actor: Annotated[
        Id | None, Meta(description="Who it is for; who books only for themselves leaves it out.")
    ] = None
    bookable: Id | None = None
    units: Units = 1
    claims: Claims | None = None
    choices: Choices | None = None
    confirmed: bool | UnsetType = UNSET
    hold_seconds: HoldSeconds | None = None
    limit_seconds: Annotated[
        HoldSeconds | None, Meta(description="How long after now the hold can be extended to.")
    ] = None
    override: bool = False
    reason: Reason | None = None
    metadata: Attributes | None = None
    contact: Contact | None = None
    expected: Sequences | None = None


class BookQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a refusal is to say beside itself."""

    suggest: Suggest = False


class BookingsQuery(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which bookings to list. All that is given has to hold."""

    actor: Name | None = None
    bookable: Name | None = None
    location: Name | None = None
    status: Annotated[
        tuple[Status, ...], Meta(description="One of these; repeat the parameter for several.")
    ] = ()
    starts_from: Annotated[
        Moment | None,
        Meta(description="A claim overlaps `[starts_from, starts_to)`; either end may be open."),
    ] = None
    starts_to: Annotated[Moment | None, Meta(description="The other end, itself left out.")] = None
    series: Annotated[str | None, Meta(extra_json_schema=ID, description="Of this series.")] = None


_BOOK = Body(BookBody)
_TAKEN = (o.Booked, o.Held)

_THIS = {"booking_id": "$response.body#/booking_id"}
_LINKS = {
    "booking": Link("booking", _THIS, says="Read it."),
    "confirm": Link("confirm", _THIS, {}, "Confirm it."),
    "cancel": Link("cancel", _THIS, {}, "Cancel it."),
    "release": Link("release", _THIS, {}, "Give a hold back."),
    "extend": Link("extend", _THIS, {}, "Let a hold run on."),
    "check_in": Link("check_in", _THIS, {}, "They have arrived."),
    "move": Link(
        "move", _THIS, {"bookable": "$request.body#/bookable"}, "Move it, here to where it is."
    ),
    "update": Link("update", _THIS, {"metadata": {"note": "by the door"}}, "Change its details."),
    "audit": Link("audit", _THIS, says="Read what was done to it."),
}


@post(
    "/v1/bookings",
    **described(
        "book",
        tag="bookings",
        summary="Book or hold",
        says=(
            "Takes all claims or none; the last seat is sold once. Of a choice the first that are"
            " free are taken: `chosen`. An actor who is on the roster already is answered"
            " `already`, with the seat. A refusal for a time has other times that could be booked,"
            " `suggested_slots`; one for an occurrence has other occurrences with `?suggest=true`."
        ),
        status=201,
        query=BookQuery,
        body=BookBody,
        body_example={"bookable": "yoga-monday", "units": 2, "actor": "ann"},
        answer=o.Booked | o.Held,
        answer_example=BOOKED,
        refused=TAKING,
        tagged=True,
        links=_LINKS,
    ),
)
async def book(request: AnyRequest) -> Response[Any]:
    """Take places for good, or hold them for a while."""
    try:
        body = await _BOOK.read(request)
    except Problem:
        # Who may not book at all is told that, whatever they sent.
        await caller_of(request, Action.BOOKINGS_BOOK)
        raise
    holds = body.hold_seconds is not None
    caller = await caller_of(request, Action.BOOKINGS_HOLD if holds else Action.BOOKINGS_BOOK)
    if body.override:
        caller.allow(Action.BOOKINGS_OVERRIDE)
    suggest = request.scope["query_string"] and query_of(request, BookQuery).suggest
    command = _command(caller, body, key_of(request))
    answer = await caller.tenant.execute(command)
    outcome = answer.outcome
    if not isinstance(outcome, _TAKEN):
        first = command.claims[0].bookable if command.claims else None
        answer = Answer(await waited(caller, outcome, first), answer.replayed)
        told = answer if body.bookable is None else renamed(answer, SHORT)
        offered = await for_booking(request, caller, outcome, command, always=bool(suggest))
        return respond(told, more=offered)
    return respond(answer, status=201, headers={"location": f"/v1/bookings/{outcome.booking_id}"})


def _command(caller: Caller, body: BookBody, key: str | None) -> Book:
    actor = caller.own(body.actor)
    claims = wanted(body.claims, body.bookable, body.units, body.choices)
    choices = chosen_from(body.choices)
    if body.hold_seconds is None:
        if body.limit_seconds is not None:
            raise invalid("limit_seconds", "is a hold's: give hold_seconds too")
        return caller.tenant.commands.book(
            claims,
            choices=choices,
            actor=actor,
            units=body.units if body.bookable is not None else 1,
            confirmed=body.confirmed is not False,
            override=body.override,
            reason=body.reason,
            metadata=body.metadata,
            contact=body.contact,
            expected=body.expected,
            key=key,
        )
    if body.confirmed is not UNSET:
        raise invalid("confirmed", "says nothing about a hold, which is neither: leave it out")
    return caller.tenant.commands.hold(
        claims,
        choices=choices,
        actor=actor,
        units=body.units if body.bookable is not None else 1,
        seconds=body.hold_seconds,
        limit=limits.HOLD_LIMIT_SECONDS if body.limit_seconds is None else body.limit_seconds,
        override=body.override,
        reason=body.reason,
        metadata=body.metadata,
        contact=body.contact,
        expected=body.expected,
        key=key,
    )


def wanted(
    claims: tuple[ClaimBody, ...] | None,
    bookable: str | None,
    units: int,
    choices: tuple[ChoiceBody, ...] | None = None,
) -> str | list[Claim]:
    """The claims a body asks for, in either of its forms. Raises the problem 400 for both or none.

    With choices there need not be any.
    """
    if claims is None and choices is None:
        if bookable is None:
            raise invalid("claims", "are missing: give claims or choices, or one bookable")
        return bookable
    if bookable is not None:
        raise invalid("bookable", "is in the way of claims and choices: give it alone")
    if units != 1:
        raise invalid("units", "goes with bookable; each of the claims has its own")
    return [claim.claim() for claim in claims or ()]


def chosen_from(choices: tuple[ChoiceBody, ...] | None) -> tuple[Choice, ...]:
    """The choices of a body for the engine."""
    return tuple(x.choice() for x in choices or ())


@get(
    "/v1/bookings",
    **described(
        "bookings",
        tag="bookings",
        summary="List bookings",
        says="Newest first. A customer's list has only their own.",
        query=BookingsQuery,
        answer=Page[BookingView],
        answer_example={"items": [BOOKING_VIEW], "next": None},
        refused=(Code.INVALID,),
    ),
)
async def list_bookings(request: AnyRequest) -> Response[Any]:
    """A page of bookings."""
    caller = await caller_of(request, Action.BOOKINGS_LIST)
    query = query_of(request, BookingsQuery)
    after = query.after(AfterUuid)
    starts_from, starts_to = query.starts_from, query.starts_to
    if starts_from is not None and starts_to is not None and starts_from >= starts_to:
        raise invalid("starts_to", "must come after starts_from")
    found = await caller.tenant.bookings(
        actor=query.actor if caller.reach is Reach.ALL else caller.own(query.actor),
        bookable=query.bookable,
        location=query.location,
        status=query.status,
        starts_from=starts_from,
        starts_to=starts_to,
        series=series_id(query.series),
        after=str(after.after) if after else None,
        limit=query.limit,
    )
    following = encode_cursor({"after": found.next}) if found.next is not None else None
    return document(Page(items=list(found.items), next=following))


@get(
    "/v1/bookings/{booking_id:str}",
    **described(
        "booking",
        tag="bookings",
        summary="Read a booking",
        says="As it stands now, with every claim it ever made; an overdue hold is EXPIRED already.",
        path=PATH,
        answer=BookingView,
        answer_example=BOOKING_VIEW,
        refused=(Code.UNKNOWN_BOOKING,),
        tagged=True,
    ),
)
async def read_booking(request: AnyRequest, booking_id: FromPath[str]) -> Response[Any]:
    """A booking as it stands."""
    caller = await caller_of(request, Action.BOOKINGS_READ)
    try:
        found = await caller.tenant.booking(booking_id)
    except NotFound:
        raise unknown("unknown_booking", booking_id=booking_id) from None
    if caller.reach is not Reach.ALL and found.actor != caller.principal.actor:
        raise unknown("unknown_booking", booking_id=booking_id)
    return document(found, version=found.version)


def series_id(text: str | None) -> str | None:
    """The id of a series as the journal spells it. Raises the problem 400 for what is none."""
    try:
        return None if text is None else str(UUID(text))
    except ValueError:
        raise invalid("series", "must be a UUID") from None


async def theirs(caller: Caller, booking_id: str) -> str:
    """The id of a booking that the caller may reach. Raises the problem 404 otherwise."""
    try:
        # What is no id is nobody's booking; an id has one spelling in the journal.
        found = str(UUID(booking_id))
    except ValueError:
        found = ""
    if found != booking_id.lower():
        raise unknown("unknown_booking", booking_id=booking_id)
    await caller.check_own(found)
    return found


handlers = [book, list_bookings, read_booking]
