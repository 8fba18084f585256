"""What becomes of reservations over HTTP: moved by staff, cancelled by the token (MISSION D5)."""

from typing import Any

from litestar import Response, post

from lastseat.access import Action
from lastseat.catalogue import tokens
from lastseat.core.outcomes import Code
from lastseat.http.auth import SERVICE, Service
from lastseat.http.caller import caller_of
from lastseat.http.describing import described
from lastseat.http.etag import expected_version
from lastseat.http.idempotency import key_of
from lastseat.http.incoming import AnyRequest, Body
from lastseat.http.problems import Problem, invalid
from lastseat.http.reservations import BOOKING, RESERVATION, SLOT, TOKEN
from lastseat.http.reserving import GONE, NO_CAPACITY, Camel, ReservationId, done, refused, whose
from lastseat.http.shapes import Moment, Reason, Version
from lastseat.library.reserving import Reservation
from lastseat.views.reservations import CancelledAnswer, Recovery, ReservationAnswer

CANCELLED = {"appointmentId": BOOKING, **SLOT, "status": "CANCELLED", "version": 3}


class RescheduleBody(Camel, frozen=True, kw_only=True):
    """Where a reservation or an appointment is to go; name one of the two."""

    reservation_id: ReservationId | None = None
    appointment_id: ReservationId | None = None
    slot_start: Moment
    slot_end: Moment
    expected_version: Version | None = None
    override: bool = False
    reason: Reason | None = None


class CancelByTokenBody(Camel, frozen=True, kw_only=True):
    """The token that the appointment's confirmation had."""

    cancellation_token: str


_RESCHEDULE = Body(RescheduleBody)
_CANCEL = Body(CancelByTokenBody)


@post(
    "/api/booking/reschedule",
    **described(
        "reschedule",
        tag="reservations",
        summary="Reschedule a reservation or an appointment",
        says=(
            "By permission. The old slot is given up only when the new one is had. A stale"
            " `expectedVersion` is a `CONFLICT` with `currentVersion`. What the service needs is"
            " picked anew."
        ),
        body=RescheduleBody,
        body_example={
            "appointmentId": BOOKING,
            "slotStart": "2026-11-24T17:00:00Z",
            "slotEnd": "2026-11-24T18:00:00Z",
            "expectedVersion": 2,
        },
        answer=ReservationAnswer,
        answer_example={**RESERVATION, "status": "CONFIRMED", "valid": False, "version": 3},
        refused=(
            Code.UNKNOWN_BOOKING,
            Code.FULL,
            Code.CONFLICT,
            Code.NOT_BOOKABLE,
            Code.WRONG_STATUS,
            412,
        ),
        versioned=True,
    ),
)
async def reschedule(request: AnyRequest) -> Response[Any]:
    """Move a reservation or an appointment."""
    caller = await caller_of(request, Action.BOOKINGS_MOVE)
    body = await _RESCHEDULE.read(request)
    if body.override:
        caller.allow(Action.BOOKINGS_OVERRIDE)
    if (body.reservation_id is None) == (body.appointment_id is None):
        raise invalid("reservationId", "or appointmentId: give one of the two")
    booking_id = (body.reservation_id or body.appointment_id or "").lower()
    found = await caller.tenant.reservations.reschedule(
        booking_id,
        start=body.slot_start,
        end=body.slot_end,
        version=expected_version(request, body.expected_version),
        override=body.override,
        reason=body.reason,
        key=key_of(request),
        whose=whose(caller),
    )
    if not isinstance(found, Reservation):
        return refused(request, found, booking_id=booking_id, full=NO_CAPACITY)
    return done(found, ReservationAnswer, status=200, business_id=caller.tenant.tenant_id)


_BY_TOKEN = {
    **described(
        "cancel_by_token",
        tag="reservations",
        summary="Cancel by the cancellation token",
        says=(
            "Needs no account: the token is the proof. It is good until the appointment begins;"
            " sent again, the answer is the same. Any other token is not found."
        ),
        body=CancelByTokenBody,
        body_example={"cancellationToken": TOKEN},
        keyed=False,
        answer=CancelledAnswer,
        answer_example=CANCELLED,
        refused=(404,),
        tagged=True,
    ),
    "security": [{}],
}


@post("/api/booking/cancel", **_BY_TOKEN)
async def cancel_by_token(request: AnyRequest) -> Response[Any]:
    """Cancel an appointment by its token."""
    body = await _CANCEL.read(request)
    said = tokens.parse(body.cancellation_token)
    service: Service = request.app.opt[SERVICE]
    found = None
    if said is not None:
        tenant = service.engine.tenant(said.tenant_id, principal="guest")
        found = await tenant.reservations.cancel(body.cancellation_token)
    if said is None or found is None:
        again = Recovery(do="Ask the business to cancel it.", next="Its own address.")
        extra = {"message": GONE, "recovery": {"do": again.do, "next": again.next}}
        raise Problem(404, "unknown_booking", GONE, extra=extra)
    return done(found, CancelledAnswer, status=200, business_id=said.tenant_id)


handlers = [reschedule, cancel_by_token]
