"""Reservations over HTTP: reserve, look, extend, move, commit, cancel by the token (MISSION D5)."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from lastseat.access import Action, Reach
from lastseat.catalogue import tokens
from lastseat.core import outcomes as o
from lastseat.core.commands import Contact
from lastseat.core.outcomes import Code
from lastseat.http.auth import SERVICE, Service
from lastseat.http.caller import caller_of
from lastseat.http.describing import UUID, Link, described
from lastseat.http.etag import expected_version
from lastseat.http.idempotency import key_of
from lastseat.http.incoming import AnyRequest, Body
from lastseat.http.problems import Problem, invalid
from lastseat.http.reserving import (
    GONE,
    NO_CAPACITY,
    AppointmentAnswer,
    Camel,
    CancelledAnswer,
    Email,
    Key,
    Minutes,
    Phone,
    Recovery,
    ReservationAnswer,
    ReservationId,
    ReservedAnswer,
    SlotBody,
    done,
    key_in,
    not_had,
    own_business,
    refused,
    whose,
)
from lastseat.http.shapes import Id, Moment, Reason, Version
from lastseat.library.reserving import Appointment, Reservation, Reserved

BOOKING = "01936b2c-5d1e-7c3a-9f00-3a5c0e6d7b11"
_SLOT: dict[str, Any] = {
    "businessId": "studio",
    "serviceId": "massage",
    "slotStart": "2026-11-23T17:00:00Z",
    "slotEnd": "2026-11-23T18:00:00Z",
}
RESERVED = {
    "reservationId": BOOKING,
    **_SLOT,
    "status": "HELD",
    "expiresAt": "2026-11-20T09:30:02.113Z",
    "extendableUntil": "2026-11-20T10:15:02.113Z",
    "version": 1,
    "chosen": ["room-2"],
}
RESERVATION = {**RESERVED, "valid": True}
TOKEN = f"c3R1ZGlv.{BOOKING}.m0Y3S4nS1y3Z8kQ2tq2vVqKc8o6u1m9mYb3dD3uD0hQ"
APPOINTMENT = {
    "appointmentId": BOOKING,
    **_SLOT,
    "status": "CONFIRMED",
    "version": 2,
    "cancellationToken": TOKEN,
    "chosen": ["room-2"],
}
CANCELLED = {"appointmentId": BOOKING, **_SLOT, "status": "CANCELLED", "version": 3}

PATH = {"reservation_id": (UUID, "The reservation's id.", BOOKING)}
_ID = "$response.body#/reservationId"


class ReserveBody(SlotBody, frozen=True, kw_only=True):
    """A slot to be held: for `ttlMinutes`, else as long as the service says."""

    idempotency_key: Key | None = None
    ttl_minutes: Minutes | None = None


class CommitBody(Camel, frozen=True, kw_only=True):
    """Which reservation, and how to reach the guest."""

    reservation_id: ReservationId
    guest_email: Email
    guest_phone: Phone | None = None
    guest_name: Id | None = None

    def contact(self) -> Contact:
        """The same for the engine."""
        return Contact(name=self.guest_name, email=self.guest_email, phone=self.guest_phone)


class ExtendReservationBody(Camel, frozen=True, kw_only=True):
    """For how many minutes from now on; left out, as long as the service says."""

    reservation_id: ReservationId
    ttl_minutes: Minutes | None = None
    expected_version: Version | None = None


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


_RESERVE = Body(ReserveBody)
_COMMIT = Body(CommitBody)
_EXTEND = Body(ExtendReservationBody)
_RESCHEDULE = Body(RescheduleBody)
_CANCEL = Body(CancelByTokenBody)


@post(
    "/api/booking/reserve",
    **described(
        "reserve",
        tag="reservations",
        summary="Reserve a slot",
        says=(
            "Holds one place of the service, and what it needs, until `expiresAt`. `businessId` is"
            " the tenant of the key. The same `idempotencyKey` (or header Idempotency-Key) reserves"
            " once. A refusal has other slots that could be had, `suggestedSlots`."
        ),
        status=201,
        body=ReserveBody,
        keyed=False,
        body_example={**_SLOT, "idempotencyKey": "tap-8f3a", "ttlMinutes": 15},
        answer=ReservedAnswer,
        answer_example=RESERVED,
        refused=(404, Code.FULL, Code.CONFLICT, Code.NOT_BOOKABLE),
        tagged=True,
        links={
            "reservation": Link("reservation", {"reservation_id": _ID}),
            "commit": Link("commit", body={"reservationId": _ID, "guestEmail": "ann@example.org"}),
        },
    ),
)
async def reserve(request: AnyRequest) -> Response[Any]:
    """Hold a slot."""
    caller = await caller_of(request, Action.RESERVATIONS_RESERVE)
    body = await _RESERVE.read(request)
    own_business(caller, body.business_id)
    minutes = body.ttl_minutes
    actor = caller.own(None) if caller.reach is Reach.OWN else None
    found = await caller.tenant.reservations.reserve(
        body.service_id,
        start=body.slot_start,
        end=body.slot_end,
        party=body.party,
        seconds=None if minutes is None else minutes * 60,
        actor=actor,
        key=key_in(request, body.idempotency_key),
    )
    if not isinstance(found, Reserved):
        return await not_had(request, caller, found, body.slot(actor))
    return done(found, ReservedAnswer, status=201, business_id=body.business_id)


@post(
    "/api/booking/commit",
    **described(
        "commit",
        tag="reservations",
        summary="Commit a reservation",
        says=(
            "It becomes a confirmed appointment. Sent again for the same guest, the answer and its"
            " cancellation token are the same."
        ),
        status=201,
        body=CommitBody,
        body_example={
            "reservationId": BOOKING,
            "guestEmail": "ann@example.org",
            "guestPhone": "+49 30 1234567",
        },
        answer=AppointmentAnswer,
        answer_example=APPOINTMENT,
        refused=(Code.UNKNOWN_BOOKING, Code.WRONG_STATUS, Code.CONFLICT),
        tagged=True,
    ),
)
async def commit(request: AnyRequest) -> Response[Any]:
    """Make a reservation an appointment."""
    caller = await caller_of(request, Action.RESERVATIONS_COMMIT)
    body = await _COMMIT.read(request)
    found = await caller.tenant.reservations.commit(
        body.reservation_id.lower(),
        contact=body.contact(),
        key=key_of(request),
        whose=whose(caller),
    )
    if not isinstance(found, Appointment):
        return refused(request, found, booking_id=body.reservation_id)
    return done(found, AppointmentAnswer, status=201, business_id=caller.tenant.tenant_id)


@get(
    "/api/booking/reservation/{reservation_id:str}",
    **described(
        "reservation",
        tag="reservations",
        summary="Validate a reservation",
        says="Where it stands now: `valid` while it can be committed.",
        path=PATH,
        answer=ReservationAnswer,
        answer_example=RESERVATION,
        refused=(404,),
        tagged=True,
    ),
)
async def reservation(request: AnyRequest, reservation_id: FromPath[str]) -> Response[Any]:
    """Where a reservation stands."""
    caller = await caller_of(request, Action.RESERVATIONS_READ)
    found = await caller.tenant.reservations.validate(reservation_id.lower(), whose=whose(caller))
    if found is None:
        return refused(
            request, o.UnknownBooking(booking_id=reservation_id), booking_id=reservation_id
        )
    return done(found, ReservationAnswer, status=200, business_id=caller.tenant.tenant_id)


@post(
    "/api/booking/extend",
    **described(
        "extend_reservation",
        tag="reservations",
        summary="Extend a reservation",
        says="It lasts that long from now on, up to `extendableUntil`; never shorter than before.",
        body=ExtendReservationBody,
        body_example={"reservationId": BOOKING, "ttlMinutes": 15},
        answer=ReservationAnswer,
        answer_example={**RESERVATION, "version": 2},
        refused=(Code.UNKNOWN_BOOKING, Code.NOT_HELD, Code.EXTEND_LIMIT, Code.CONFLICT, 412),
        versioned=True,
    ),
)
async def extend_reservation(request: AnyRequest) -> Response[Any]:
    """Let a reservation run longer."""
    caller = await caller_of(request, Action.RESERVATIONS_EXTEND)
    body = await _EXTEND.read(request)
    booking_id = body.reservation_id.lower()
    minutes = body.ttl_minutes
    desk = caller.tenant.reservations
    answer = await desk.extend(
        booking_id,
        seconds=None if minutes is None else minutes * 60,
        version=expected_version(request, body.expected_version),
        key=key_of(request),
        whose=whose(caller),
    )
    extended = answer.outcome
    found = await desk.validate(booking_id) if isinstance(extended, o.Extended) else None
    if not isinstance(extended, o.Extended) or found is None:
        return refused(request, extended, booking_id=body.reservation_id)
    # As it was answered first, whatever has become of it since.
    now = _extended(found, extended, replayed=answer.replayed)
    return done(now, ReservationAnswer, status=200, business_id=caller.tenant.tenant_id)


def _extended(found: Reservation, extended: o.Extended, *, replayed: bool) -> Reservation:
    """The reservation as its extension left it."""
    return Reservation(
        reservation_id=found.reservation_id,
        service_id=found.service_id,
        slot_start=found.slot_start,
        slot_end=found.slot_end,
        status=found.status,
        valid=found.valid,
        version=extended.version,
        expires_at=extended.expires_at,
        extendable_until=found.extendable_until,
        chosen=found.chosen,
        replayed=replayed,
    )


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


handlers = [
    reserve,
    commit,
    reservation,
    extend_reservation,
    reschedule,
    cancel_by_token,
]
