"""Slots of services that were had, as HTTP tells of them and the client reads it.

The library's own (library/reserving.py) know no business and spell nothing in camels.
"""

from datetime import datetime

from msgspec import Struct

from lastseat.core.status import Status


class Had(Struct, frozen=True, kw_only=True):
    """It was done: what a caller of the client tells from a refusal by its `ok`."""

    @property
    def ok(self) -> bool:
        """True."""
        return True


class ReservedAnswer(Had, frozen=True, kw_only=True, rename="camel"):
    """The slot is held until `expiresAt`; it can be extended until `extendableUntil`.

    `chosen` are the bookables that it has beside the service.
    """

    reservation_id: str
    business_id: str
    service_id: str
    slot_start: datetime
    slot_end: datetime
    status: Status
    expires_at: datetime
    extendable_until: datetime
    version: int
    chosen: tuple[str, ...] = ()


class ReservationAnswer(Had, frozen=True, kw_only=True, rename="camel"):
    """A reservation or the appointment that came of it. `valid` while it can be committed.

    Who waits for the slot is WAITLISTED, at `position` in line.
    """

    reservation_id: str
    business_id: str
    service_id: str
    slot_start: datetime
    slot_end: datetime
    status: Status
    valid: bool
    version: int
    expires_at: datetime | None = None
    extendable_until: datetime | None = None
    chosen: tuple[str, ...] = ()
    position: int | None = None


class AppointmentAnswer(Had, frozen=True, kw_only=True, rename="camel"):
    """A confirmed appointment, and the token that cancels it without an account."""

    appointment_id: str
    business_id: str
    service_id: str
    slot_start: datetime
    slot_end: datetime
    status: Status
    version: int
    cancellation_token: str
    chosen: tuple[str, ...] = ()


class CancelledAnswer(Had, frozen=True, kw_only=True, rename="camel"):
    """The appointment is cancelled, its slot is free."""

    appointment_id: str
    business_id: str
    service_id: str
    slot_start: datetime
    slot_end: datetime
    status: Status
    version: int


class CapacityAnswer(Had, frozen=True, kw_only=True, rename="camel"):
    """How many more of the service fit in the slot, buffers included."""

    business_id: str
    service_id: str
    slot_start: datetime
    slot_end: datetime
    available_slots: int
    capacity: int
    taken: int


class ServiceBooked(Had, frozen=True, kw_only=True):
    """A slot that is held or booked; `chosen` are the bookables it has beside the service.

    Of a hold `expires_at` and `extendable_until` are given, of an appointment the token that
    cancels it without an account.
    """

    booking_id: str
    service_id: str
    start: datetime
    end: datetime
    status: Status
    version: int
    chosen: tuple[str, ...]
    expires_at: datetime | None = None
    extendable_until: datetime | None = None
    cancellation_token: str | None = None


class Recovery(Struct, frozen=True, kw_only=True):
    """What to do next, and where."""

    do: str
    next: str


class SuggestedAnswer(Struct, frozen=True, kw_only=True, rename="camel"):
    """A slot of the same service that could be had."""

    slot_start: datetime
    slot_end: datetime
