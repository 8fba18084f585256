"""What a business does about its slots over HTTP: how many are left, appointments, metrics (D)."""

from typing import Annotated, Any

from litestar import Response, get, post
from msgspec import Meta, Struct

from lastseat.access import Action, Reach
from lastseat.catalogue.slots import Capacity
from lastseat.core import limits
from lastseat.core import outcomes as o
from lastseat.core.commands import Contact
from lastseat.core.outcomes import Code
from lastseat.http.caller import caller_of
from lastseat.http.describing import described
from lastseat.http.idempotency import key_of
from lastseat.http.incoming import AnyRequest, Body, query_of
from lastseat.http.problems import document, invalid, unknown
from lastseat.http.reservations import APPOINTMENT, BOOKING, SLOT
from lastseat.http.reserving import FIELDS, Email, Phone, SlotBody, done, not_had, own_business
from lastseat.http.shapes import Id, Moment, Reason
from lastseat.library.asynchronous.service_slots import MOST_SLOTS
from lastseat.library.reserving import Appointment
from lastseat.views.reservations import AppointmentAnswer, CapacityAnswer


class SlotQuery(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which slot of which service; `businessId` is the caller's own tenant."""

    business_id: Id
    service_id: Id
    slot_start: Moment
    slot_end: Moment


class SlotsQuery(SlotQuery, frozen=True, kw_only=True):
    """Which appointments to list: those that overlap the time."""

    limit: Annotated[int, Meta(ge=1, le=MOST_SLOTS)] = 100


class MetricsQuery(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """How far back to count what became of reservations."""

    window_seconds: Annotated[int, Meta(ge=1, le=int(limits.LONGEST.total_seconds()))] = 86_400


class ConfirmedAnswer(Struct, frozen=True, kw_only=True, rename="camel"):
    """One confirmed appointment of a list."""

    appointment_id: str
    slot_start: Moment
    slot_end: Moment
    version: int


class AppointmentsAnswer(Struct, frozen=True, kw_only=True):
    """The confirmed appointments that overlap a time, by their start."""

    items: list[ConfirmedAnswer]


class MetricsAnswer(Struct, frozen=True, kw_only=True, rename="camel"):
    """`active` holds count, `overdue` ones wait for the cleanup, `lagSeconds` the oldest of them.

    The rest is of the reservations made within `windowSeconds`.
    """

    active: int
    overdue: int
    lag_seconds: float
    window_seconds: int
    committed: int
    expired: int
    cancelled: int


class AppointmentBody(SlotBody, frozen=True, kw_only=True):
    """An appointment made by the business itself. `override` needs a permission and a reason."""

    guest_email: Email | None = None
    guest_phone: Phone | None = None
    guest_name: Id | None = None
    actor: Id | None = None
    override: bool = False
    reason: Reason | None = None

    def contact(self) -> Contact | None:
        """How to reach the guest, if anything was said."""
        if self.guest_name is self.guest_email is self.guest_phone is None:
            return None
        return Contact(name=self.guest_name, email=self.guest_email, phone=self.guest_phone)


_NEW = Body(AppointmentBody)


@get(
    "/api/booking/capacity",
    **described(
        "capacity",
        tag="reservations",
        summary="How many slots are left",
        says="For that time, the service's buffers included. Others reserve meanwhile.",
        query=SlotQuery,
        answer=CapacityAnswer,
        answer_example={**SLOT, "availableSlots": 1, "capacity": 2, "taken": 1},
        refused=(404,),
    ),
)
async def capacity(request: AnyRequest) -> Response[Any]:
    """How many slots are left."""
    caller = await caller_of(request, Action.SEATS_READ)
    query = query_of(request, SlotQuery)
    own_business(caller, query.business_id)
    found = await caller.tenant.reservations.capacity(
        query.service_id, start=query.slot_start, end=query.slot_end
    )
    if isinstance(found, o.Invalid):
        raise invalid(FIELDS.get(found.field, found.field), found.reason)
    if not isinstance(found, Capacity):
        raise unknown("unknown_service", serviceId=query.service_id)
    return document(
        CapacityAnswer(
            business_id=query.business_id,
            service_id=query.service_id,
            slot_start=query.slot_start,
            slot_end=query.slot_end,
            available_slots=found.available_slots,
            capacity=found.capacity,
            taken=found.taken,
        )
    )


@post(
    "/api/booking/appointments",
    **described(
        "book_appointment",
        tag="reservations",
        summary="Make an appointment without a reservation",
        says=(
            "For staff, through the same capacity check. `override` skips it: a permission, which"
            " needs a reason and is logged."
        ),
        status=201,
        body=AppointmentBody,
        body_example={**SLOT, "guestEmail": "ann@example.org"},
        answer=AppointmentAnswer,
        answer_example={**APPOINTMENT, "version": 1},
        refused=(404, Code.FULL, Code.CONFLICT, Code.NOT_BOOKABLE),
        tagged=True,
    ),
)
async def book_appointment(request: AnyRequest) -> Response[Any]:
    """Make an appointment."""
    caller = await caller_of(request, Action.BOOKINGS_BOOK)
    body = await _NEW.read(request)
    own_business(caller, body.business_id)
    if body.override:
        caller.allow(Action.BOOKINGS_OVERRIDE)
    actor = caller.own(body.actor) if caller.reach is Reach.OWN else body.actor
    found = await caller.tenant.reservations.book(
        body.service_id,
        start=body.slot_start,
        end=body.slot_end,
        party=body.party,
        contact=body.contact(),
        actor=actor,
        override=body.override,
        reason=body.reason,
        key=key_of(request),
    )
    if not isinstance(found, Appointment):
        return await not_had(request, caller, found, body.slot(actor))
    return done(found, AppointmentAnswer, status=201, business_id=body.business_id)


@get(
    "/api/booking/appointments",
    **described(
        "appointments",
        tag="reservations",
        summary="List confirmed appointments",
        says="Those of a service that overlap the time, by their start.",
        query=SlotsQuery,
        answer=AppointmentsAnswer,
        answer_example={
            "items": [
                {
                    "appointmentId": BOOKING,
                    "slotStart": "2026-11-23T17:00:00Z",
                    "slotEnd": "2026-11-23T18:00:00Z",
                    "version": 2,
                }
            ]
        },
        refused=(403, 404),
    ),
)
async def appointments(request: AnyRequest) -> Response[Any]:
    """The confirmed appointments of a service."""
    caller = await caller_of(request, Action.ROSTER_READ)
    query = query_of(request, SlotsQuery)
    own_business(caller, query.business_id)
    if query.slot_end <= query.slot_start:
        raise invalid("slotEnd", "must come after slotStart")
    found = await caller.tenant.reservations.confirmed(
        query.service_id, start=query.slot_start, end=query.slot_end, limit=query.limit
    )
    items = [
        ConfirmedAnswer(
            appointment_id=x.appointment_id,
            slot_start=x.slot_start,
            slot_end=x.slot_end,
            version=x.version,
        )
        for x in found
    ]
    return document(AppointmentsAnswer(items=items))


@get(
    "/api/booking/metrics",
    **described(
        "reservation_metrics",
        tag="reservations",
        summary="How reservations fare",
        says="Of the tenant: what is held now, and what became of the reservations of late.",
        query=MetricsQuery,
        answer=MetricsAnswer,
        answer_example={
            "active": 3,
            "overdue": 0,
            "lagSeconds": 0.0,
            "windowSeconds": 86_400,
            "committed": 41,
            "expired": 9,
            "cancelled": 2,
        },
    ),
)
async def reservation_metrics(request: AnyRequest) -> Response[Any]:
    """How reservations fare."""
    caller = await caller_of(request, Action.RESERVATIONS_METRICS)
    query = query_of(request, MetricsQuery)
    found = await caller.tenant.reservations.metrics(window_seconds=query.window_seconds)
    return document(
        MetricsAnswer(
            active=found.active,
            overdue=found.overdue,
            lag_seconds=found.lag_seconds,
            window_seconds=found.window_seconds,
            committed=found.committed,
            expired=found.expired,
            cancelled=found.cancelled,
        )
    )


handlers = [capacity, book_appointment, appointments, reservation_metrics]
