"""The words of reservations over HTTP: their fields, and refusals as worded there (MISSION D5, D7).

Everything here is spelled as the document that asks for it spells it, `slotStart` and not
`slot_start`. Each refusal says beside its sentence what to do next, under `recovery`.
"""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from litestar import Response
from msgspec import Meta, Struct

from lastseat.access import Reach, Role
from lastseat.core import limits
from lastseat.core import outcomes as o
from lastseat.core.state import SERVICE_PREFIX
from lastseat.http.caller import Caller
from lastseat.http.idempotency import key_of
from lastseat.http.incoming import AnyRequest
from lastseat.http.problems import IF_MATCH, Problem, document, invalid, respond, unknown
from lastseat.http.shapes import Id, Moment, Units
from lastseat.http.suggesting import TIMED, WantedSlot, for_service, waited
from lastseat.library.reserving import Done, Whose, guests_only
from lastseat.views.reservations import (
    Recovery,
    SuggestedAnswer,
)

TAKEN = "The selected time slot is no longer available"
GONE = "Reservation not found or expired"
CONFLICT = "CONFLICT"
NO_CAPACITY = "No available capacity for the new time slot"

CAPACITY_ROUTE = "/api/booking/capacity"
RESERVE_ROUTE = "/api/booking/reserve"
RESERVATION_ROUTE = "/api/booking/reservation"

Minutes = Annotated[
    int,
    Meta(
        description="For how many minutes; the service says how many at most.",
        ge=1,
        le=limits.LONGEST_HOLD_SECONDS // 60,
    ),
]
Key = Annotated[
    str,
    Meta(
        description="Makes the write safe to repeat; the header Idempotency-Key does the same.",
        extra_json_schema={"minLength": 1, "maxLength": limits.NAME_LENGTH, "pattern": "^[!-~]+$"},
    ),
]
Email = Annotated[
    str, Meta(extra_json_schema={"minLength": 3, "maxLength": 254, "format": "email"})
]
Phone = Annotated[str, Meta(extra_json_schema={"pattern": "^[0-9+()./ -]{1,40}$"})]
ReservationId = Annotated[str, Meta(extra_json_schema={"format": "uuid"})]


class Camel(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A body of these routes: `slotStart`."""


class SlotBody(Camel, frozen=True, kw_only=True):
    """A slot of a business's service. `businessId` is the caller's own tenant."""

    business_id: Id
    service_id: Id
    slot_start: Moment
    slot_end: Moment
    party: Annotated[
        Units, Meta(description="For how many, where what the service needs goes by that.")
    ] = 1

    def slot(self, actor: str | None = None) -> WantedSlot:
        """The same, to look for others near it."""
        return WantedSlot(
            service_id=self.service_id,
            start=self.slot_start,
            end=self.slot_end,
            party=self.party,
            actor=actor,
        )


_ANOTHER = Recovery(do="Choose another slot.", next=f"GET {CAPACITY_ROUTE}")
_OR_WAIT = Recovery(
    do="Choose another slot, or wait for this one: POST /v1/waitlist.",
    next=f"GET {CAPACITY_ROUTE}",
)


def own_business(caller: Caller, business_id: str) -> None:
    """Raises the problem 404 when the business is not the caller's tenant."""
    if business_id != caller.tenant.tenant_id:
        raise unknown("unknown_business", businessId=business_id)


def whose(caller: Caller) -> Whose:
    """Which actors' reservations the caller may touch."""
    if caller.reach is Reach.OWN:
        mine = caller.principal.actor
        return lambda actor: actor == mine
    if caller.principal.roles <= {Role.GUEST}:
        return guests_only
    return None


def key_in(request: AnyRequest, body_key: str | None) -> str | None:
    """The idempotency key, by the header or the body. Raises the problem 400 when they differ."""
    header = key_of(request)
    if header is not None and body_key is not None and header != body_key:
        raise invalid("idempotencyKey", "is another one than that of the header Idempotency-Key")
    return header if body_key is None else body_key


def done(answer: Done, shape: type[Struct], *, status: int, **more: Any) -> Response[Any]:
    """What was done, in these routes' spelling."""
    fields = msgspec.structs.asdict(answer)
    replayed = fields.pop("replayed")
    headers = {"Idempotency-Replayed": "true"} if replayed else None
    body = shape(**fields, **more)
    return document(body, status=status, version=fields["version"], headers=headers)


async def not_had(
    request: AnyRequest,
    caller: Caller,
    outcome: o.AnyOutcome,
    slot: WantedSlot,
    *,
    booking_id: str = "",
    full: str = TAKEN,
) -> Response[Any]:
    """The refusal of a slot, with other slots that could be had, if there are any near."""
    more = await for_service(request, caller, outcome, slot)
    found = more["suggested_slots"] if more else ()
    slots = [SuggestedAnswer(slot_start=x.start, slot_end=x.end) for x in found]
    outcome = await waited(caller, outcome, SERVICE_PREFIX + slot.service_id)
    return refused(request, outcome, booking_id=booking_id, full=full, slots=slots)


def refused(
    request: AnyRequest,
    outcome: o.AnyOutcome,
    *,
    booking_id: str = "",
    full: str = TAKEN,
    slots: Sequence[SuggestedAnswer] = (),
) -> Response[Any]:
    """A refusal with the source's sentence as `detail` and `message`, and how to recover."""
    more: dict[str, Any] = {"suggestedSlots": slots} if slots else {}
    match outcome:
        case o.Full():
            return _problem(
                409,
                outcome,
                full,
                _OR_WAIT if outcome.can_join_waitlist else _ANOTHER,
                availableSlots=outcome.left,
                capacity=outcome.capacity,
                canJoinWaitlist=outcome.can_join_waitlist,
                **more,
            )
        case o.Conflict(rule=rule, can_join_waitlist=can) if rule in TIMED:
            # What the service needs is taken, though there would be one more of the service.
            more |= {"availableSlots": 0, "rule": rule, "canJoinWaitlist": can}
            return _problem(409, outcome, full, _OR_WAIT if can else _ANOTHER, **more)
        case o.NotBookable(rule=rule):
            more |= {"availableSlots": 0, "rule": rule, "canJoinWaitlist": False}
            return _problem(409, outcome, full, _ANOTHER, **more)
        case o.UnknownBooking() | o.NotBooked() | o.HoldExpired():
            when = {"expiredAt": outcome.expired_at} if isinstance(outcome, o.HoldExpired) else {}
            again = Recovery(do="Reserve a slot again.", next=f"POST {RESERVE_ROUTE}")
            return _problem(404, outcome, GONE, again, reservationId=booking_id, **when)
        case o.Conflict(rule="version"):
            look = Recovery(
                do="Read it again, decide again, and send the current version.",
                next=f"GET {RESERVATION_ROUTE}/{booking_id}",
            )
            status = 412 if IF_MATCH in request.scope else 409
            more = {"error": CONFLICT, "currentVersion": outcome.actual, "actual": outcome.actual}
            return _problem(status, outcome, CONFLICT, look, **more)
        case o.UnknownBookable(bookable=bookable):
            raise unknown("unknown_service", serviceId=bookable.removeprefix("service:"))
        case o.Invalid(field=field, reason=reason):
            raise invalid(FIELDS.get(field, field), reason)
        case _:
            return respond(outcome)


def _problem(
    status: int, outcome: o.AnyOutcome, words: str, recovery: Recovery, **more: Any
) -> Response[Any]:
    extra = {"message": words, **more, "recovery": msgspec.to_builtins(recovery)}
    return Problem(status, outcome.code, words, extra=extra).response()


FIELDS = {
    "start": "slotStart",
    "end": "slotEnd",
    "claims[0].start": "slotStart",
    "claims[0].end": "slotEnd",
    "moves[0].claims[0].start": "slotStart",
    "moves[0].claims[0].end": "slotEnd",
    "hold_seconds": "ttlMinutes",
    "seconds": "ttlMinutes",
    "contact": "guestEmail",
    "contact.email": "guestEmail",
    "contact.phone": "guestPhone",
    "contact.name": "guestName",
    "key": "idempotencyKey",
    "version": "expectedVersion",
    "booking_id": "appointmentId",
}
"""The library's names of fields in these routes' spelling."""
