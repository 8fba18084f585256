"""The calls of a booking page: reserve a slot of a service, commit it, cancel by token (MISSION D).

`business_id` is the tenant of the key, which may be a publishable one. A refusal comes in these
routes' own words, `SlotRefused`; bad input is `Invalid`, as everywhere.
"""

from datetime import datetime
from typing import Any

from lastseat.client.call import Call, change, read, write
from lastseat.client.wired import SlotRefused
from lastseat.core.commands import Contact
from lastseat.core.outcomes import Refusal
from lastseat.views.reservations import (
    AppointmentAnswer,
    CancelledAnswer,
    CapacityAnswer,
    ReservationAnswer,
    ReservedAnswer,
    ServiceBooked,
)

Refused = SlotRefused | Refusal

_WHERE = ("api", "booking")


class Reservations:
    """Reservations and appointments."""

    def reserve(
        self,
        business_id: str,
        service_id: str,
        *,
        start: datetime,
        end: datetime,
        party: int = 1,
        minutes: int | None = None,
        key: str | None = None,
    ) -> Call[ReservedAnswer | Refused]:
        """Hold one place of a service over `[start, end)` for `minutes`, else as it says (D1).

        What the service needs is held with it, for a `party` where its needs go by that.
        """
        slot = _slot(business_id, service_id, start, end)
        body = {**slot, "party": party, "ttlMinutes": minutes}
        return write("POST", ReservedAnswer, *_WHERE, "reserve", body=body, key=key)

    def book_service(
        self,
        service_id: str,
        *,
        start: datetime,
        end: datetime | None = None,
        party: int = 1,
        actor: str | None = None,
        hold_seconds: int | None = None,
        contact: Contact | None = None,
        override: bool = False,
        reason: str | None = None,
        key: str | None = None,
    ) -> Call[ServiceBooked | Refusal]:
        """Book a slot of a service and what it needs, or hold it for `hold_seconds` (C9, D3).

        Without `actor` it is for a guest. A refusal is an outcome; other times that could be had
        are in `client.execute(call).suggested`.
        """
        body = {
            "start": start,
            "end": end,
            "party": party,
            "actor": actor,
            "hold_seconds": hold_seconds,
            "contact": contact,
            "override": override,
            "reason": reason,
        }
        where = ("v1", "services", service_id, "bookings")
        return write("POST", ServiceBooked, *where, body=body, key=key)

    def reservation(self, reservation_id: str) -> Call[ReservationAnswer]:
        """Where a reservation or appointment stands now. Raises `NotFound`."""
        return read(ReservationAnswer, *_WHERE, "reservation", reservation_id)

    def extend_reservation(
        self,
        reservation_id: str,
        *,
        minutes: int | None = None,
        version: int | None = None,
        key: str | None = None,
    ) -> Call[ReservationAnswer | Refused]:
        """Let a reservation run `minutes` from now, within the service's limit."""
        body = {
            "reservationId": reservation_id,
            "ttlMinutes": minutes,
            "expectedVersion": version,
        }
        return write("POST", ReservationAnswer, *_WHERE, "extend", body=body, key=key)

    def commit(
        self,
        reservation_id: str,
        *,
        email: str,
        phone: str | None = None,
        name: str | None = None,
        key: str | None = None,
    ) -> Call[AppointmentAnswer | Refused]:
        """Make it a confirmed appointment; for the same guest again, the same answer."""
        body = {
            "reservationId": reservation_id,
            "guestEmail": email,
            "guestPhone": phone,
            "guestName": name,
        }
        return write("POST", AppointmentAnswer, *_WHERE, "commit", body=body, key=key)

    def reschedule(
        self,
        booking_id: str,
        *,
        start: datetime,
        end: datetime,
        version: int | None = None,
        override: bool = False,
        reason: str | None = None,
        key: str | None = None,
    ) -> Call[ReservationAnswer | Refused]:
        """Move a reservation or appointment without giving up its old slot first (A10, D4)."""
        body = {
            "appointmentId": booking_id,
            "slotStart": start,
            "slotEnd": end,
            "expectedVersion": version,
            "override": override,
            "reason": reason,
        }
        return write("POST", ReservationAnswer, *_WHERE, "reschedule", body=body, key=key)

    def cancel_by_token(self, token: str) -> Call[CancelledAnswer]:
        """Cancel the appointment of a token, no key needed; once more: the same answer.

        Raises `NotFound` for a token that is wrong, or no good any more.
        """
        return change(CancelledAnswer, *_WHERE, "cancel", body={"cancellationToken": token})

    def capacity(
        self, business_id: str, service_id: str, *, start: datetime, end: datetime
    ) -> Call[CapacityAnswer]:
        """How many more fit in the slot (D2); to be shown, others reserve meanwhile."""
        query = _slot(business_id, service_id, start, end)
        return read(CapacityAnswer, *_WHERE, "capacity", query=query)


def _slot(business_id: str, service_id: str, start: datetime, end: datetime) -> dict[str, Any]:
    return {
        "businessId": business_id,
        "serviceId": service_id,
        "slotStart": start,
        "slotEnd": end,
    }
