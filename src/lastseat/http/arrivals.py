"""The day itself: who has arrived, who has left, what is done, and who never came."""

from typing import Any

from litestar import Response, post
from litestar.params import FromPath

from lastseat.access import Action
from lastseat.core import outcomes as o
from lastseat.core.outcomes import Code
from lastseat.http.bookings import theirs
from lastseat.http.caller import caller_of
from lastseat.http.etag import expected_version
from lastseat.http.examples import told
from lastseat.http.idempotency import key_of
from lastseat.http.incoming import AnyRequest, Body
from lastseat.http.lifecycle import StepBody, run, step
from lastseat.http.naming import STEP, renamed
from lastseat.http.problems import respond


class CheckInBody(StepBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`late` lets in who was a NO_SHOW: a permission."""

    late: bool = False


_CHECK_IN = Body(CheckInBody, optional=True)


@post(
    "/v1/bookings/{booking_id:str}/check-in",
    **step(
        "check_in",
        "Check in",
        o.CheckedIn,
        told("checked_in"),
        Code.NOT_BOOKED,
        Code.WRONG_STATUS,
        says=(
            "They have arrived. Who was a no-show is let in only `late`, which is a permission"
            " (`bookings.check_in_late`)."
        ),
        body=CheckInBody,
        body_example={"expected_version": 1},
    ),
)
async def check_in(request: AnyRequest, booking_id: FromPath[str]) -> Response[Any]:
    """They have arrived."""
    caller = await caller_of(request, Action.BOOKINGS_CHECK_IN)
    body = await _CHECK_IN.read(request)
    if body.late:
        caller.allow(Action.BOOKINGS_CHECK_IN_LATE)
    command = caller.tenant.commands.check_in(
        await theirs(caller, booking_id),
        late=body.late,
        version=expected_version(request, body.expected_version),
        reason=body.reason,
        key=key_of(request),
    )
    return respond(renamed(await caller.tenant.execute(command), STEP))


@post(
    "/v1/bookings/{booking_id:str}/check-out",
    **step(
        "check_out",
        "Check out",
        o.CheckedOut,
        told("checked_out"),
        Code.NOT_BOOKED,
        Code.WRONG_STATUS,
        says="They were seen to leave: the booking is COMPLETED.",
    ),
)
async def check_out(request: AnyRequest, booking_id: FromPath[str]) -> Response[Any]:
    """They have left."""
    return await run(request, Action.BOOKINGS_CHECK_OUT, booking_id, lambda x: x.check_out)


@post(
    "/v1/bookings/{booking_id:str}/complete",
    **step(
        "complete",
        "Complete a booking",
        o.Completed,
        told("completed"),
        Code.NOT_BOOKED,
        Code.WRONG_STATUS,
        says="What was booked is done: the booking is COMPLETED.",
    ),
)
async def complete(request: AnyRequest, booking_id: FromPath[str]) -> Response[Any]:
    """What was booked is done."""
    return await run(request, Action.BOOKINGS_COMPLETE, booking_id, lambda x: x.complete)


@post(
    "/v1/bookings/{booking_id:str}/no-show",
    **step(
        "no_show",
        "Nobody came",
        o.NoShow,
        told("no_show"),
        Code.NOT_BOOKED,
        Code.WRONG_STATUS,
        Code.TOO_EARLY,
        says="Not before the booking begins (`too_early`).",
    ),
)
async def no_show(request: AnyRequest, booking_id: FromPath[str]) -> Response[Any]:
    """Nobody came."""
    return await run(request, Action.BOOKINGS_NO_SHOW, booking_id, lambda x: x.no_show)


handlers = [check_in, check_out, complete, no_show]
