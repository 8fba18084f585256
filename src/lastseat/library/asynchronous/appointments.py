"""`tenant.reservations`, the half of appointments: made of a reservation, at once, or cancelled.

An appointment is a booking of a service that is confirmed. Whoever has its token can cancel it
without an account.
"""

from datetime import datetime

from lastseat.catalogue import tokens
from lastseat.catalogue.slots import Slot
from lastseat.core import commands as c
from lastseat.core import outcomes as o
from lastseat.core.state import SERVICE_PREFIX
from lastseat.core.status import Status
from lastseat.library.asynchronous.service_lines import AsyncServiceLines
from lastseat.library.asynchronous.service_slots import beside
from lastseat.library.reserving import Appointment, Cancellation, Whose, guest, more_than_one, said
from lastseat.library.taking import asked

ROUNDS = 5
"""How often a booking that changed under our eyes is looked at again."""


class AsyncAppointments(AsyncServiceLines):
    """A tenant's appointments."""

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
        party: int = 1,
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
        wanted = asked(service, start, end, party)
        if isinstance(wanted, o.Invalid):
            return wanted
        request = (service_id, said(start), said(end), None, actor, *more_than_one(party))
        command = self._tenant.commands.book(
            wanted.claims,
            choices=wanted.choices,
            actor=guest(self._tenant.tenant_id, key, request) if actor is None else actor,
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
            chosen=beside(slot),
            replayed=replayed,
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
