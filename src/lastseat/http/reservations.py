"""Reservations over HTTP: reserve, look, extend, commit (MISSION D5)."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from lastseat.access import Action, Reach
from lastseat.core import outcomes as o
from lastseat.core.commands import Contact
from lastseat.core.outcomes import Code
from lastseat.http.caller import caller_of
from lastseat.http.describing import UUID, Link, described
from lastseat.http.etag import expected_version
from lastseat.http.idempotency import key_of
from lastseat.http.incoming import AnyRequest, Body
from lastseat.http.reserving import (
    Camel,
    Email,
    Key,
    Minutes,
    Phone,
    ReservationId,
    SlotBody,
    done,
    key_in,
    not_had,
    own_business,
    refused,
    whose,
)
from lastseat.http.shapes import Id, Version
from lastseat.library.reserving import Appointment, Reservation, Reserved
from lastseat.views.reservations import (
    AppointmentAnswer,
    ReservationAnswer,
    ReservedAnswer,
)

BOOKING = "01936b2c-5d1e-7c3a-9f00-3a5c0e6d7b11"
SLOT: dict[str, Any] = {
    "businessId": "studio",
    "serviceId": "massage",
    "slotStart": "2026-11-23T17:00:00Z",
    "slotEnd": "2026-11-23T18:00:00Z",
}
RESERVED = {
    "reservationId": BOOKING,
    **SLOT,
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
    **SLOT,
    "status": "CONFIRMED",
    "version": 2,
    "cancellationToken": TOKEN,
    "chosen": ["room-2"],
}

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


_RESERVE = Body(ReserveBody)
_COMMIT = Body(CommitBody)
_EXTEND = Body(ExtendReservationBody)


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
        body_example={**SLOT, "idempotencyKey": "tap-8f3a", "ttlMinutes": 15},
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


handlers = [
    reserve,
    commit,
    reservation,
    extend_reservation,
]
