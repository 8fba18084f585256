"""Services sold over HTTP: the slots that are open, and bookings of one (MISSION C9, D).

A booking takes one of the service and what it needs, picked when it is made. Guests do it with a
publishable key, as somebody nameless; reservations.py has the same in the words of part D.
"""

from datetime import datetime, timedelta
from typing import Annotated, Any

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Meta, Struct

from lastseat.access import Action, Reach, Role
from lastseat.core import limits
from lastseat.core import outcomes as o
from lastseat.core.commands import Contact
from lastseat.core.state import SERVICE_PREFIX
from lastseat.engine.requests import Answer
from lastseat.http.asking import asked
from lastseat.http.bookings import TAKING
from lastseat.http.caller import Caller, caller_of
from lastseat.http.describing import Link, described
from lastseat.http.examples import BOOKING
from lastseat.http.idempotency import key_of
from lastseat.http.incoming import AnyRequest, Body, Paged, query_of
from lastseat.http.naming import renamed
from lastseat.http.paging import Page, page_of
from lastseat.http.problems import document, invalid, respond, unknown
from lastseat.http.services import PATH
from lastseat.http.shapes import HoldSeconds, Id, Moment, Reason, Step, Units
from lastseat.http.suggesting import WantedSlot, for_service, waited
from lastseat.library.reserving import Appointment, Reserved
from lastseat.views.reservations import ServiceBooked
from lastseat.views.times import OpenSlot


class ServiceBookingBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which slot, for whom. `end` may be left out where the service says how long it lasts.

    With `hold_seconds` it is a hold, which `/api/booking/commit` makes an appointment; without, an
    appointment at once: a guest's needs an e-mail address then. Who has a name is the `actor`.
    """

    start: Moment
    end: Moment | None = None
    party: Annotated[
        Units, Meta(description="For how many, where the service's needs ask for it.")
    ] = 1
    actor: Id | None = None
    hold_seconds: HoldSeconds | None = None
    contact: Contact | None = None
    override: bool = False
    reason: Reason | None = None


Lasting = Annotated[
    int,
    Meta(
        ge=1,
        le=int(limits.LONGEST.total_seconds()),
        description="How long, of a service that does not say so itself.",
    ),
]


class SlotsQuery(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Slots that start in `[start, end)`, for a party."""

    start: Moment
    end: Moment
    party: Annotated[int, Meta(ge=1, le=limits.UNITS)] = 1
    duration_seconds: Lasting | None = None
    step: Step | None = None


class AfterSlot(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a page of slots ended."""

    start: Moment


_NEW = Body(ServiceBookingBody)
_NAMES = {"claims[0].": "", "seconds": "hold_seconds", "hold_limit_seconds": "hold_seconds"}
_EXAMPLE = {
    "booking_id": BOOKING,
    "service_id": "massage",
    "start": "2026-11-23T17:00:00Z",
    "end": "2026-11-23T18:00:00Z",
    "status": "CONFIRMED",
    "version": 1,
    "chosen": ["room-2"],
    "expires_at": None,
    "extendable_until": None,
    "cancellation_token": f"c3R1ZGlv.{BOOKING}.m0Y3S4nS1y3Z8kQ2tq2vVqKc8o6u1m9mYb3dD3uD0hQ",
}


@get(
    "/v1/services/{service_id:str}/slots",
    **described(
        "slots",
        tag="services",
        summary="List open slots",
        says=(
            "By their start, with how many times each could be booked. What is offered can be"
            " booked, unless somebody is faster."
        ),
        path=PATH,
        query=SlotsQuery,
        answer=Page[OpenSlot],
        answer_example={
            "items": [
                {
                    "start": "2026-11-23T17:00:00Z",
                    "end": "2026-11-23T18:00:00Z",
                    "left": 2,
                    "chosen": ["room-2"],
                },
            ],
            "next": None,
        },
        refused=("unknown_service",),
    ),
)
async def slots(request: AnyRequest, service_id: FromPath[str]) -> Response[Any]:
    """A page of a service's open slots."""
    caller = await caller_of(request, Action.AVAILABILITY_READ)
    query = query_of(request, SlotsQuery)
    after = query.after(AfterSlot)
    start = query.start if after is None else after.start + _NEXT
    with asked({"duration": "duration_seconds"}):
        found = await caller.tenant.slots(
            service_id,
            start=start,
            end=query.end,
            party=query.party,
            duration=query.duration_seconds,
            step=query.step,
            limit=query.limit,
        )
    return document(page_of(found, query.limit, lambda x: {"start": x.start}))


_NEXT = timedelta(microseconds=1)


@post(
    "/v1/services/{service_id:str}/bookings",
    **described(
        "book_service",
        tag="services",
        summary="Book a service",
        says=(
            "Takes one of the service and what it needs, all or nothing: of what leaves a choice"
            " the first that are free, `chosen`. A refusal has other times that could be booked,"
            " `suggested_slots`. A publishable key books for a guest."
        ),
        status=201,
        path=PATH,
        body=ServiceBookingBody,
        body_example={
            "start": "2026-11-23T18:00:00+01:00",
            "contact": {"email": "ann@example.org"},
        },
        answer=ServiceBooked,
        answer_example=_EXAMPLE,
        refused=("unknown_service", *TAKING),
        tagged=True,
        links={
            "reservation": Link("reservation", {"reservation_id": "$response.body#/booking_id"}),
        },
    ),
)
async def book_service(request: AnyRequest, service_id: FromPath[str]) -> Response[Any]:
    """Book or hold a slot of a service."""
    caller = await caller_of(request, Action.SERVICES_BOOK)
    body = await _NEW.read(request)
    if body.override:
        caller.allow(Action.BOOKINGS_OVERRIDE)
    actor = _actor(caller, body)
    end = body.end or await slot_end(caller, service_id, body.start)
    done = await _booked(caller, service_id, body, end, actor, key_of(request))
    if not isinstance(done, Reserved | Appointment):
        if isinstance(done, o.UnknownBookable) and done.bookable == f"service:{service_id}":
            raise unknown("unknown_service", id=service_id)
        more = None
        if not body.override:
            slot = WantedSlot(
                service_id=service_id, start=body.start, end=end, party=body.party, actor=actor
            )
            more = await for_service(request, caller, done, slot)
            done = await waited(caller, done, SERVICE_PREFIX + service_id)
        return respond(renamed(Answer(done), _NAMES), more=more)
    headers = {"Idempotency-Replayed": "true"} if done.replayed else None
    return document(_told(done), status=201, version=done.version, headers=headers)


async def _booked(
    caller: Caller,
    service_id: str,
    body: ServiceBookingBody,
    end: datetime,
    actor: str | None,
    key: str | None,
) -> Reserved | Appointment | o.AnyOutcome:
    desk = caller.tenant.reservations
    if body.hold_seconds is None:
        return await desk.book(
            service_id,
            start=body.start,
            end=end,
            party=body.party,
            contact=body.contact,
            actor=actor,
            override=body.override,
            reason=body.reason,
            key=key,
        )
    for field in ("contact", "override", "reason"):
        if getattr(body, field):
            raise invalid(field, "goes with an appointment; a hold gets it when it is committed")
    return await desk.reserve(
        service_id,
        start=body.start,
        end=end,
        party=body.party,
        seconds=body.hold_seconds,
        actor=actor,
        key=key,
    )


def _actor(caller: Caller, body: ServiceBookingBody) -> str | None:
    """Whom it is for; None: a guest. Raises the problems 400 and 403."""
    if caller.reach is Reach.OWN:
        return caller.own(body.actor)
    if not caller.principal.roles <= {Role.GUEST}:
        return body.actor
    if body.actor is not None:
        raise invalid("actor", "is drawn for a guest: leave it out")
    if body.hold_seconds is None and (body.contact is None or not body.contact.email):
        raise invalid("contact", "must have an e-mail address, or make it a hold: hold_seconds")
    return None


async def slot_end(caller: Caller, service_id: str, start: datetime) -> datetime:
    """When the slot ends by the service's duration."""
    service = await caller.tenant.catalogue.service(service_id)
    if service is None:
        raise unknown("unknown_service", id=service_id)
    if service.duration_seconds is None:
        raise invalid("end", "is missing: the service does not say how long it lasts")
    try:
        return start + timedelta(seconds=service.duration_seconds)
    except OverflowError:
        raise invalid("start", "is too late") from None


def _told(done: Reserved | Appointment) -> ServiceBooked:
    if isinstance(done, Reserved):
        return ServiceBooked(
            booking_id=done.reservation_id,
            service_id=done.service_id,
            start=done.slot_start,
            end=done.slot_end,
            status=done.status,
            version=done.version,
            chosen=done.chosen,
            expires_at=done.expires_at,
            extendable_until=done.extendable_until,
        )
    return ServiceBooked(
        booking_id=done.appointment_id,
        service_id=done.service_id,
        start=done.slot_start,
        end=done.slot_end,
        status=done.status,
        version=done.version,
        chosen=done.chosen,
        cancellation_token=done.cancellation_token,
    )


handlers = [slots, book_service]
