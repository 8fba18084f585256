"""`tenant.reservations`: reserve a slot of a service, commit it, cancel by token (MISSION D).

A thin layer. A reservation is a hold of one unit of the service's bookable `service:<id>`, an
appointment the same booking confirmed; the engine decides both, and keeps their answers under
their keys. What is read here beside it (terms, a booking's slot) never decides about capacity.

`reserving.py` has what these come to; for threads there is synchronous/catalogue.py.
"""

import json
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec

from lastseat.catalogue import holds, services, slots, tokens
from lastseat.catalogue.answers import outcome_under
from lastseat.catalogue.holds import Metrics
from lastseat.catalogue.services import Service
from lastseat.catalogue.slots import Capacity, ConfirmedSlot, Slot
from lastseat.core import commands as c
from lastseat.core import limits
from lastseat.core import outcomes as o
from lastseat.core.fields import UUID
from lastseat.core.interval import Interval
from lastseat.core.state import SERVICE_PREFIX
from lastseat.core.status import Status
from lastseat.core.validate import validate
from lastseat.engine.requests import Answer
from lastseat.library.reserving import GUEST, Appointment, Cancellation, Reservation, Reserved

if TYPE_CHECKING:
    from lastseat.library.asynchronous.tenant import AsyncTenant

ROUNDS = 5
"""How often a booking that changed under our eyes is looked at again."""

MOST_SLOTS = 1_000
"""Confirmed appointments listed at once."""

Whose = Callable[[str], bool] | None
"""Which actors' bookings the caller may touch; None: all. Others' are unknown to them."""


def guests_only(actor: str) -> bool:
    """For those who come with a publishable key: bookings that were made as theirs."""
    return actor.startswith(GUEST)


class AsyncReservations:
    """A tenant's reservations and appointments."""

    def __init__(self, tenant: "AsyncTenant") -> None:
        self._tenant = tenant

    async def reserve(
        self,
        service_id: str,
        *,
        start: datetime,
        end: datetime,
        seconds: int | None = None,
        actor: str | None = None,
        key: str | None = None,
    ) -> Reserved | o.AnyOutcome:
        """Hold one unit of a service over `[start, end)` (D1): `Reserved`, or refused as `hold` is.

        It holds for `seconds`, the service's `hold_seconds` unless told otherwise. Without `actor`
        it is for a guest, drawn for this reservation. The same key and request again: the same.
        """
        asked = (service_id, _said(start), _said(end), seconds, actor)
        who = actor or guest(self._tenant.tenant_id, key, asked)
        service = await self._service(service_id)
        command: c.Book | o.AnyOutcome = o.UnknownBookable(bookable=SERVICE_PREFIX + service_id)
        if service is not None:
            command = self._held(service, start, end, seconds, who, key)
        answer = (
            await self._tenant.execute(command) if isinstance(command, c.Book) else Answer(command)
        )
        if isinstance(answer.outcome, o.KeyReused | o.Invalid | o.UnknownBookable):
            answer = await self._before_the_terms_changed(key, who, actor) or answer
        outcome = answer.outcome
        if not isinstance(outcome, o.Held):
            return outcome
        return Reserved(
            reservation_id=outcome.booking_id,
            service_id=service_id,
            slot_start=start,
            slot_end=end,
            expires_at=outcome.expires_at,
            extendable_until=outcome.limit_at,
            replayed=answer.replayed,
        )

    async def validate(self, reservation_id: str, *, whose: Whose = None) -> Reservation | None:
        """Where a reservation or appointment stands now, or None when there is none of that id."""
        slot = await self._slot(reservation_id, whose)
        if slot is None:
            return None
        return Reservation(
            reservation_id=slot.booking_id,
            service_id=slot.bookable.removeprefix(SERVICE_PREFIX),
            slot_start=slot.start,
            slot_end=slot.end,
            status=slot.status,
            valid=slot.status is Status.HELD,
            version=slot.version,
            expires_at=slot.expires_at,
            extendable_until=slot.limit_at,
        )

    async def extend(
        self,
        reservation_id: str,
        *,
        seconds: int | None = None,
        version: int | None = None,
        key: str | None = None,
        whose: Whose = None,
    ) -> Answer:
        """Let a reservation run `seconds` from now (the service's `hold_seconds`): `extended`.

        `extend_limit` past the service's limit; `hold_expired` when it is too late.
        """
        slot = await self._slot(reservation_id, whose)
        if slot is None:
            return Answer(o.UnknownBooking(booking_id=reservation_id))
        if seconds is None:
            service = await self._service(slot.bookable.removeprefix(SERVICE_PREFIX))
            seconds = service.hold_seconds if service else limits.HOLD_SECONDS
        command = self._tenant.commands.extend(
            slot.booking_id, seconds=seconds, version=version, key=key
        )
        return await self._tenant.execute(command)

    async def commit(
        self,
        reservation_id: str,
        *,
        contact: c.Contact,
        key: str | None = None,
        whose: Whose = None,
    ) -> Appointment | o.AnyOutcome:
        """Make a reservation an appointment, with how to reach the guest (D1).

        `Appointment`, with the token that cancels it; the same again for the same contact.
        `hold_expired` when it is too late; `unknown_booking` for a booking that is no reservation,
        and for an appointment of somebody else: whoever only knows its id gets no token.
        """
        unknown = o.UnknownBooking(booking_id=reservation_id)
        before = await self._slot(reservation_id, whose)
        if before is None:
            return unknown
        if before.status is Status.CONFIRMED and not _is_theirs(before, contact):
            return unknown
        command = self._tenant.commands.confirm(reservation_id, contact=contact, key=key)
        answer = await self._tenant.execute(command)
        confirmed = answer.outcome
        if not isinstance(confirmed, o.Confirmed):
            return confirmed
        # What is stored now tells whether it was this guest who came first.
        after = await self._slot(reservation_id, whose)
        if after is None or not _is_theirs(after, contact):
            return unknown
        replayed = answer.replayed or before.status is Status.CONFIRMED
        return await self._appointment(after, confirmed.version, replayed=replayed)

    async def book(
        self,
        service_id: str,
        *,
        start: datetime,
        end: datetime,
        contact: c.Contact | None = None,
        actor: str | None = None,
        override: bool = False,
        reason: str | None = None,
        key: str | None = None,
    ) -> Appointment | o.AnyOutcome:
        """An appointment without a reservation, through the same capacity check (D3).

        `override` skips the check; it needs a `reason`, and who may do it is the caller's to say.
        """
        service = await self._service(service_id)
        if service is None:
            return o.UnknownBookable(bookable=SERVICE_PREFIX + service_id)
        claim = _claim(service, start, end)
        if isinstance(claim, o.Invalid):
            return claim
        asked = (service_id, _said(start), _said(end), None, actor)
        command = self._tenant.commands.book(
            claim,
            actor=actor or guest(self._tenant.tenant_id, key, asked),
            contact=contact,
            override=override,
            reason=reason,
            key=key,
        )
        answer = await self._tenant.execute(command)
        booked = answer.outcome
        if not isinstance(booked, o.Booked):
            return booked
        slot = await self._slot(booked.booking_id, None)
        assert slot is not None, "it was just booked"
        return await self._appointment(slot, booked.version, replayed=answer.replayed)

    async def reschedule(
        self,
        booking_id: str,
        *,
        start: datetime,
        end: datetime,
        version: int | None = None,
        override: bool = False,
        reason: str | None = None,
        key: str | None = None,
        whose: Whose = None,
    ) -> Reservation | o.AnyOutcome:
        """Move a reservation or appointment without giving up its old slot first (A10, D4).

        `full` when the new slot is; `conflict` with the actual version when `version` is stale.
        """
        slot = await self._slot(booking_id, whose)
        service_id = slot.bookable.removeprefix(SERVICE_PREFIX) if slot else ""
        service = await self._service(service_id)
        if slot is None or service is None:
            return o.UnknownBooking(booking_id=booking_id)
        if slot.others:
            reason_why = "takes more than the service: move the booking with all its claims"
            return o.Invalid(field="booking_id", reason=reason_why)
        claim = _claim(service, start, end)
        if isinstance(claim, o.Invalid):
            return claim
        command = self._tenant.commands.move(
            booking_id, claim, version=version, override=override, reason=reason, key=key
        )
        answer = await self._tenant.execute(command)
        moved = answer.outcome
        if not isinstance(moved, o.Moved):
            return moved
        return Reservation(
            reservation_id=booking_id,
            service_id=service_id,
            slot_start=start,
            slot_end=end,
            status=slot.status,
            valid=slot.status is Status.HELD,
            version=moved.moved[0].version,
            expires_at=slot.expires_at,
            extendable_until=slot.limit_at,
            replayed=answer.replayed,
        )

    async def cancel(self, token: str) -> Cancellation | None:
        """Cancel the appointment of a cancellation token (D1). Cancelled already: the same again.

        None for a token that is wrong, of another tenant, or no good any more: it is good until
        the appointment begins. Whoever tries tokens learns nothing from which it was.
        """
        said = tokens.parse(token)
        if said is None or said.tenant_id != self._tenant.tenant_id:
            return None
        secret = await self._tenant.engine.read(tokens.secret_of, said.tenant_id)
        if secret is None or not tokens.proves(secret, said):
            return None
        for _ in range(ROUNDS):
            slot = await self._slot(said.booking_id, None)
            if slot is None or slot.now >= slot.start:
                return None
            if slot.status is Status.CANCELLED:
                return _cancelled(slot, slot.version, replayed=True)
            if slot.status not in (Status.RESERVED, Status.CONFIRMED):
                return None
            # At this version: they may be checking in at this moment.
            command = self._tenant.commands.cancel(slot.booking_id, version=slot.version)
            outcome = (await self._tenant.execute(command)).outcome
            if isinstance(outcome, o.Cancelled):
                return _cancelled(slot, outcome.version, replayed=False)
        return None

    async def capacity(
        self, service_id: str, *, start: datetime, end: datetime
    ) -> Capacity | o.Invalid | None:
        """How many more of a service fit over `[start, end)`, buffers included (D2).

        None when there is no such service. To be shown, not to be relied on: others book meanwhile.
        """
        service = await self._service(service_id)
        if service is None:
            return None
        claim = _claim(service, start, end)
        if isinstance(claim, o.Invalid):
            return claim
        refusal = validate(self._tenant.commands.hold(claim, actor=GUEST))
        if refusal is not None:
            return refusal
        blocked = claim.blocked
        assert blocked is not None
        found: Capacity | None = await self._tenant.engine.read(
            slots.load, self._tenant.tenant_id, service.bookable, blocked
        )
        return found

    async def confirmed(
        self, service_id: str, *, start: datetime, end: datetime, limit: int = 100
    ) -> list[ConfirmedSlot]:
        """The confirmed appointments of a service that overlap `[start, end)`, by their start."""
        if not 1 <= limit <= MOST_SLOTS:
            raise ValueError(f"limit must be from 1 to {MOST_SLOTS}")
        if end <= start:
            raise ValueError("end must come after start")
        found: list[ConfirmedSlot] = await self._tenant.engine.read(
            slots.confirmed,
            self._tenant.tenant_id,
            SERVICE_PREFIX + service_id,
            Interval(start, end),
            limit=limit,
        )
        return found

    async def metrics(self, *, window_seconds: int = 86_400) -> Metrics:
        """How the reservations made in the last `window_seconds` fare (D6)."""
        if not 1 <= window_seconds <= limits.LONGEST.total_seconds():
            raise ValueError(
                f"window_seconds must be from 1 to {limits.LONGEST.total_seconds():.0f}"
            )
        found: Metrics = await self._tenant.engine.read(
            holds.metrics, self._tenant.tenant_id, window_seconds=window_seconds
        )
        return found

    def _held(
        self,
        service: Service,
        start: datetime,
        end: datetime,
        seconds: int | None,
        actor: str,
        key: str | None,
    ) -> c.Book | o.Invalid:
        """The hold, within the service's terms: who reserves must not hold a place for weeks."""
        claim = _claim(service, start, end)
        if isinstance(claim, o.Invalid):
            return claim
        most = service.hold_limit_seconds
        if seconds is not None and not 1 <= seconds <= most:
            return o.Invalid(field="hold_seconds", reason=f"must be from 1 to {most} seconds")
        return self._tenant.commands.hold(
            claim, actor=actor, seconds=seconds or service.hold_seconds, limit=most, key=key
        )

    async def _before_the_terms_changed(
        self, key: str | None, who: str, actor: str | None
    ) -> Answer | None:
        """The answer this very request had under its key while the service's terms were others.

        A guest is drawn from key and request, so an answer about this guest is this request's.
        """
        if key is None or actor is not None:
            return None
        text: str | None = await self._tenant.engine.read(
            outcome_under, self._tenant.tenant_id, key
        )
        if text is None:
            return None
        try:
            outcome = o.decode(text)
        except msgspec.DecodeError:
            # Not an outcome: another kind of request had this key.
            return None
        same = isinstance(outcome, o.Held | o.Full) and outcome.actor == who
        return Answer(outcome, replayed=True) if same else None

    async def _service(self, service_id: str) -> Service | None:
        found: Service | None = await self._tenant.engine.read(
            services.get, self._tenant.tenant_id, service_id
        )
        return found

    async def _slot(self, booking_id: str, whose: Whose) -> Slot | None:
        """The booking of a service, if the caller may know of it."""
        if UUID.fullmatch(booking_id) is None:
            return None
        slot: Slot | None = await self._tenant.engine.read(
            slots.slot, self._tenant.tenant_id, booking_id
        )
        if slot is None or (whose is not None and not whose(slot.actor)):
            return None
        return slot

    async def _appointment(self, slot: Slot, version: int, *, replayed: bool) -> Appointment:
        tenant_id = self._tenant.tenant_id
        secret = await self._tenant.engine.read(tokens.secret_for_signing, tenant_id)
        return Appointment(
            appointment_id=slot.booking_id,
            service_id=slot.bookable.removeprefix(SERVICE_PREFIX),
            slot_start=slot.start,
            slot_end=slot.end,
            status=Status.CONFIRMED,
            version=version,
            cancellation_token=tokens.sign(secret, tenant_id, slot.booking_id),
            replayed=replayed,
        )


def guest(tenant_id: str, key: str | None, asked: tuple[object, ...]) -> str:
    """Whom a reservation is for that nobody has a name for: the same for the same keyed request."""
    if key is None:
        return f"{GUEST}{uuid.uuid4()}"
    name = json.dumps([tenant_id, key, *asked])
    return f"{GUEST}{uuid.uuid5(uuid.NAMESPACE_OID, name)}"


def _said(time: datetime) -> str:
    """The instant, however it was written. What is no instant is refused later."""
    return time.isoformat() if time.tzinfo is None else str(time.timestamp())


def _claim(service: Service, start: datetime, end: datetime) -> c.Claim | o.Invalid:
    """One unit of the service, with its buffers, remembering the wall clock of its location."""
    for field, moment in (("start", start), ("end", end)):
        if moment.tzinfo is None:
            return o.Invalid(field=field, reason="is naive: give its time zone")
    lasts = service.duration_seconds
    if lasts is not None and (end - start).total_seconds() != lasts:
        return o.Invalid(field="end", reason=f"must be {lasts} seconds after start")
    # What lies outside is refused later; it may have no time in another zone.
    zone = service.time_zone if limits.EARLIEST <= start < limits.LATEST else None
    return c.Claim(
        bookable=service.bookable,
        start=start.astimezone(ZoneInfo(zone)) if zone else start,
        end=end,
        before=service.before_seconds,
        after=service.after_seconds,
    )


def _is_theirs(slot: Slot, contact: c.Contact) -> bool:
    """Whether an appointment is for whom this contact reaches."""
    return (slot.email, slot.phone) == (contact.email, contact.phone)


def _cancelled(slot: Slot, version: int, *, replayed: bool) -> Cancellation:
    return Cancellation(
        appointment_id=slot.booking_id,
        service_id=slot.bookable.removeprefix(SERVICE_PREFIX),
        slot_start=slot.start,
        slot_end=slot.end,
        version=version,
        replayed=replayed,
    )
