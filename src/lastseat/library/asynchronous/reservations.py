"""`tenant.reservations`: hold a slot of a service, see how it stands, move it (MISSION D).

A thin layer. A reservation is a hold of one unit of the service's bookable `service:<id>` and of
what the service needs, an appointment the same booking confirmed; the engine decides both, and
keeps their answers under their keys. What is read here beside it (terms, a booking's slot) never
decides about capacity.

`reserving.py` has what these come to, appointments.py what is made of a reservation,
service_slots.py what is only looked at.
"""

from datetime import datetime

import msgspec

from lastseat.catalogue import services
from lastseat.catalogue.answers import outcome_under
from lastseat.core import commands as c
from lastseat.core import limits
from lastseat.core import outcomes as o
from lastseat.core.state import SERVICE_PREFIX
from lastseat.core.status import Status
from lastseat.engine.requests import Answer
from lastseat.library.asynchronous.appointments import AsyncAppointments
from lastseat.library.asynchronous.service_slots import beside
from lastseat.library.reserving import Reservation, Reserved, Whose, guest, more_than_one, said
from lastseat.library.taking import Asked, asked, fixed, party_of
from lastseat.views.catalogue import Service

_ANSWERS = (o.Held, o.Full, o.Conflict, o.NotBookable)
"""What a reservation that could be decided comes to, with whom it is for."""


class AsyncReservations(AsyncAppointments):
    """A tenant's reservations and appointments."""

    async def reserve(
        self,
        service_id: str,
        *,
        start: datetime,
        end: datetime,
        party: int = 1,
        seconds: int | None = None,
        actor: str | None = None,
        key: str | None = None,
    ) -> Reserved | o.AnyOutcome:
        """Hold one unit of a service over `[start, end)` (D1): `Reserved`, or refused as `hold` is.

        What the service needs is held with it, for a `party` where its needs say so. It holds for
        `seconds`, the service's `hold_seconds` unless told otherwise. Without `actor` it is for a
        guest, drawn for this reservation. The same key and request again: the same.
        """
        request = (service_id, said(start), said(end), seconds, actor, *more_than_one(party))
        who = guest(self._tenant.tenant_id, key, request) if actor is None else actor
        service = await self._service(service_id)
        command: c.Book | o.AnyOutcome = o.UnknownBookable(bookable=SERVICE_PREFIX + service_id)
        if service is not None:
            wanted = asked(service, start, end, party)
            command = self._held(service, wanted, seconds, who, key)
        answer = (
            await self._tenant.execute(command) if isinstance(command, c.Book) else Answer(command)
        )
        before = None
        if isinstance(answer.outcome, o.KeyReused | o.Invalid | o.UnknownBookable):
            before = await self._before_the_terms_changed(key, who, actor)
        answer = before or answer
        outcome = answer.outcome
        if not isinstance(outcome, o.Held):
            return outcome
        chosen = (*(fixed(service) if service else ()), *outcome.chosen)
        if before is not None:
            # What it took in any case the terms of today do not say.
            slot = await self._slot(outcome.booking_id, None)
            chosen = beside(slot) if slot else ()
        return Reserved(
            reservation_id=outcome.booking_id,
            service_id=service_id,
            slot_start=start,
            slot_end=end,
            expires_at=outcome.expires_at,
            extendable_until=outcome.limit_at,
            chosen=chosen,
            replayed=answer.replayed,
        )

    async def validate(self, reservation_id: str, *, whose: Whose = None) -> Reservation | None:
        """Where a reservation or appointment stands now, or None when there is none of that id."""
        slot = await self._slot(reservation_id, whose)
        if slot is None:
            return None
        position = None
        if slot.status is Status.WAITLISTED:
            position = await self._tenant.position(slot.booking_id)
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
            chosen=beside(slot),
            position=position,
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

        What the service needs is picked anew, for as many as before. `full` when the new slot is;
        `conflict` with the actual version when `version` is stale.
        """
        slot = await self._slot(booking_id, whose)
        service_id = slot.bookable.removeprefix(SERVICE_PREFIX) if slot else ""
        service = await self._service(service_id)
        if slot is None or service is None:
            return o.UnknownBooking(booking_id=booking_id)
        party = party_of(service, slot.others, await self._parts(service))
        if party is None:
            reason_why = "takes more than the service: move the booking with all its claims"
            return o.Invalid(field="booking_id", reason=reason_why)
        wanted = asked(service, start, end, party)
        if isinstance(wanted, o.Invalid):
            return wanted
        command = self._tenant.commands.move(
            booking_id,
            wanted.claims,
            choices=wanted.choices,
            version=version,
            override=override,
            reason=reason,
            key=key,
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
            chosen=(*fixed(service), *moved.moved[0].chosen),
            replayed=answer.replayed,
        )

    def _held(
        self,
        service: Service,
        wanted: Asked | o.Invalid,
        seconds: int | None,
        actor: str,
        key: str | None,
    ) -> c.Book | o.Invalid:
        """The hold, within the service's terms: who reserves must not hold a place for weeks."""
        if isinstance(wanted, o.Invalid):
            return wanted
        most = service.hold_limit_seconds
        if seconds is not None and not 1 <= seconds <= most:
            return o.Invalid(field="hold_seconds", reason=f"must be from 1 to {most} seconds")
        return self._tenant.commands.hold(
            wanted.claims,
            choices=wanted.choices,
            actor=actor,
            seconds=seconds or service.hold_seconds,
            limit=most,
            key=key,
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
        same = isinstance(outcome, _ANSWERS) and outcome.actor == who
        return Answer(outcome, replayed=True) if same else None

    async def _parts(self, service: Service) -> dict[str, tuple[str, ...]]:
        """The parts of the composites that the service needs, which are claimed in their place."""
        named = [name for need in service.needs for name in need.of]
        if not named:
            return {}
        there = await self._tenant.engine.read(services.parts_of, self._tenant.tenant_id, named)
        return {name: parts for name, (_, parts) in there.items()}
