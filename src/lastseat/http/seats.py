"""Bookings named by whose they are and where, and decisions on a picture that the caller observed.

The picture is that of GET /v1/occurrences/{bookable}/observed. Of two who decide on one picture,
exactly one is `booked` and the other is answered `conflict`.
"""

from typing import Annotated, Any

from litestar import Response, post
from msgspec import Meta, Struct

from lastseat.access import Action
from lastseat.core import limits
from lastseat.core import outcomes as o
from lastseat.core.interval import Interval
from lastseat.core.observed import Observed, ObservedPlace, book_observed, cancel_observed
from lastseat.core.outcomes import Code
from lastseat.core.status import Status
from lastseat.http.caller import caller_of
from lastseat.http.describing import UUID, described
from lastseat.http.etag import expected_version
from lastseat.http.examples import BOOKED, OBSERVED, told
from lastseat.http.idempotency import key_of
from lastseat.http.incoming import AnyRequest, Body
from lastseat.http.naming import SHORT, STEP, renamed
from lastseat.http.problems import respond
from lastseat.http.shapes import Id, Moment, Reason, Sequences, Version

Actor = Annotated[
    Id | None, Meta(description="Who it is for; who books only for themselves leaves it out.")
]

# The picture is judged before the engine is asked, so its bounds are checked here.
SeenUnits = Annotated[int, Meta(ge=1, le=limits.UNITS)]


class CancelSeatBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The live booking of `actor` on `bookable`."""

    bookable: Id
    actor: Actor = None
    expected_version: Version | None = None
    expected: Sequences | None = None
    reason: Reason | None = None


class SeenInterval(Struct, frozen=True, forbid_unknown_fields=True):
    """The half-open time `[start, end)`."""

    start: Moment
    end: Moment


class SeenPlace(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One booking seen on the roster."""

    booking_id: Annotated[str, Meta(extra_json_schema=UUID)]
    actor: str
    units: SeenUnits
    seat: Annotated[int, Meta(ge=1, le=2**62)]
    status: Status


class Seen(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An occurrence as it was observed, sent back as it came."""

    bookable: Id
    seq: Annotated[int, Meta(ge=0, le=2**62)]
    capacity: Annotated[int, Meta(ge=1, le=limits.CAPACITY)]
    during: SeenInterval
    roster: tuple[SeenPlace, ...]

    def picture(self) -> Observed:
        """The same for the engine."""
        return Observed(
            self.bookable,
            self.seq,
            self.capacity,
            Interval(self.during.start, self.during.end),
            tuple(
                ObservedPlace(x.booking_id, x.actor, x.units, x.seat, x.status) for x in self.roster
            ),
        )


class BookObservedBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Book `units` on what was observed."""

    observed: Seen
    actor: Actor = None
    units: SeenUnits = 1


class CancelObservedBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Cancel the actor's booking on what was observed."""

    observed: Seen
    actor: Actor = None


_NAMES = {**STEP, **SHORT, "target.": ""}

_CANCEL_SEAT = Body(CancelSeatBody)
_BOOK_OBSERVED = Body(BookObservedBody)
_CANCEL_OBSERVED = Body(CancelObservedBody)


@post(
    "/v1/bookings/cancel",
    **described(
        "cancel_seat",
        tag="bookings",
        summary="Cancel by seat",
        says="The booking named by its occurrence and actor instead of its id.",
        body=CancelSeatBody,
        body_example={"bookable": "yoga-monday", "actor": "ann"},
        answer=o.Cancelled,
        answer_example=told("cancelled"),
        refused=(
            Code.INVALID,
            Code.CONFLICT,
            Code.UNKNOWN_BOOKABLE,
            Code.NOT_BOOKED,
            Code.WRONG_STATUS,
            412,
        ),
        versioned=True,
    ),
)
async def cancel_seat(request: AnyRequest) -> Response[Any]:
    """Cancel the actor's booking on an occurrence."""
    caller = await caller_of(request, Action.BOOKINGS_CANCEL)
    body = await _CANCEL_SEAT.read(request)
    command = caller.tenant.commands.cancel(
        body.bookable,
        actor=caller.own(body.actor),
        version=expected_version(request, body.expected_version),
        expected=body.expected,
        reason=body.reason,
        key=key_of(request),
    )
    return respond(renamed(await caller.tenant.execute(command), _NAMES))


@post(
    "/v1/bookings/book-observed",
    **described(
        "book_with_observed",
        tag="bookings",
        summary="Book on what was observed",
        says=(
            "Answered in this order: `already`, `full`, `booked`, or `conflict` with the stream's"
            " actual sequence when the picture is no longer true."
        ),
        status=201,
        body=BookObservedBody,
        body_example={"observed": OBSERVED, "actor": "ben"},
        answer=o.Booked,
        answer_example={**BOOKED, "actor": "ben", "seat": 3, "units": 1},
        refused=(
            Code.INVALID,
            Code.CONFLICT,
            Code.UNKNOWN_BOOKABLE,
            Code.ALREADY,
            Code.FULL,
            Code.ACTOR_BUSY,
        ),
        tagged=True,
    ),
)
async def book_with_observed(request: AnyRequest) -> Response[Any]:
    """Book on a picture."""
    caller = await caller_of(request, Action.BOOKINGS_BOOK)
    body = await _BOOK_OBSERVED.read(request)
    picture, actor = body.observed.picture(), caller.own(body.actor)
    refusal = book_observed(picture, actor, body.units)
    if refusal is not None:
        return respond(refusal)
    command = caller.tenant.commands.book(
        picture.bookable,
        actor=actor,
        units=body.units,
        expected={picture.bookable: picture.seq},
        key=key_of(request),
    )
    answer = await caller.tenant.execute(command)
    outcome = answer.outcome
    if not isinstance(outcome, o.Booked):
        return respond(renamed(answer, _NAMES))
    return respond(answer, status=201, headers={"location": f"/v1/bookings/{outcome.booking_id}"})


@post(
    "/v1/bookings/cancel-observed",
    **described(
        "cancel_with_observed",
        tag="bookings",
        summary="Cancel on what was observed",
        says="`not_booked`, `cancelled`, or `conflict` when the picture is no longer true.",
        body=CancelObservedBody,
        body_example={"observed": OBSERVED, "actor": "ann"},
        answer=o.Cancelled,
        answer_example=told("cancelled"),
        refused=(
            Code.INVALID,
            Code.CONFLICT,
            Code.UNKNOWN_BOOKABLE,
            Code.NOT_BOOKED,
            Code.WRONG_STATUS,
        ),
        tagged=True,
    ),
)
async def cancel_with_observed(request: AnyRequest) -> Response[Any]:
    """Cancel on a picture."""
    caller = await caller_of(request, Action.BOOKINGS_CANCEL)
    body = await _CANCEL_OBSERVED.read(request)
    picture, actor = body.observed.picture(), caller.own(body.actor)
    refusal = cancel_observed(picture, actor)
    if refusal is not None:
        return respond(refusal)
    command = caller.tenant.commands.cancel(
        picture.bookable,
        actor=actor,
        expected={picture.bookable: picture.seq},
        key=key_of(request),
    )
    return respond(renamed(await caller.tenant.execute(command), _NAMES))


handlers = [cancel_seat, book_with_observed, cancel_with_observed]
