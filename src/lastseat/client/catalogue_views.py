"""Locations, services, reservations, as the service answers with them. Times are UTC."""

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from lastseat.core import limits
from lastseat.core.events import WaitPolicy
from lastseat.core.status import Status


class Location(Struct, frozen=True, kw_only=True):
    """A place. `version` counts its changes.

    `no_show_after_seconds` after its start a booking that nobody checked in becomes NO_SHOW by
    itself; not where `no_show` is false.
    """

    location_id: str
    name: str
    time_zone: str
    attributes: dict[str, Any] | None
    version: int
    created_at: datetime
    updated_at: datetime
    no_show: bool = True
    no_show_after_seconds: int = 900


class Need(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Bookables that a booking of the service takes: all of `of`, or `any` of them.

    `adjacent` are any that follow each other in the order of `of`: lanes as they lie. `units` are
    taken of each, "party" as many as are booked for.
    """

    of: tuple[str, ...]
    any: int | None = None
    adjacent: bool = False
    units: int | Literal["party"] = 1


class Terms(Struct, frozen=True, kw_only=True):
    """How a service is sold; lengths are in seconds.

    `duration_seconds` None: as long as who books says. Capacity is taken for `before_seconds` and
    `after_seconds` around what the customer sees. A reservation holds for `hold_seconds` and can be
    extended to `hold_limit_seconds` after it was made. `needs` are the resources it takes.
    """

    name: str
    location_id: str | None = None
    duration_seconds: int | None = None
    before_seconds: int = 0
    after_seconds: int = 0
    hold_seconds: int = limits.HOLD_SECONDS
    hold_limit_seconds: int = limits.HOLD_LIMIT_SECONDS
    attributes: dict[str, Any] | None = None
    needs: tuple[Need, ...] = ()


class Service(Terms, frozen=True, kw_only=True):
    """A service; what is booked of it is `service:<service_id>`. `time_zone` is its location's."""

    service_id: str
    max_simultaneous_bookings: int
    waitlist: WaitPolicy = WaitPolicy.FIFO
    time_zone: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class Slot(Struct, frozen=True, kw_only=True, rename="camel"):
    """What an answer about a slot of a business's service has in common."""

    business_id: str
    service_id: str
    slot_start: datetime
    slot_end: datetime

    @property
    def ok(self) -> bool:
        """True: it was done."""
        return True


class Reserved(Slot, frozen=True, kw_only=True, rename="camel"):
    """The slot is held until `expires_at`; it can be extended until `extendable_until`."""

    reservation_id: str
    status: Status
    expires_at: datetime
    extendable_until: datetime
    version: int
    chosen: tuple[str, ...] = ()


class Reservation(Slot, frozen=True, kw_only=True, rename="camel"):
    """A reservation, or the appointment that came of it. `valid` while it can be committed."""

    reservation_id: str
    status: Status
    valid: bool
    version: int
    expires_at: datetime | None = None
    extendable_until: datetime | None = None
    chosen: tuple[str, ...] = ()
    position: int | None = None


class Appointment(Slot, frozen=True, kw_only=True, rename="camel"):
    """A confirmed appointment, and the token that cancels it without an account."""

    appointment_id: str
    status: Status
    version: int
    cancellation_token: str
    chosen: tuple[str, ...] = ()


class Cancellation(Slot, frozen=True, kw_only=True, rename="camel"):
    """The appointment is cancelled and its slot is free."""

    appointment_id: str
    status: Status
    version: int


class Capacity(Slot, frozen=True, kw_only=True, rename="camel"):
    """How many more of the service fit in the slot, buffers included."""

    available_slots: int
    capacity: int
    taken: int


class Recovery(Struct, frozen=True):
    """What to do next, and where."""

    do: str
    next: str


class OtherSlot(Struct, frozen=True, kw_only=True, rename="camel"):
    """A slot of the same service that could be had."""

    slot_start: datetime
    slot_end: datetime


class ServiceBooked(Struct, frozen=True, kw_only=True):
    """A slot of a service that is held or booked; `chosen` are the bookables it has beside it.

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

    @property
    def ok(self) -> bool:
        """True: it was done."""
        return True


class SlotRefused(Struct, frozen=True, kw_only=True, rename="camel"):
    """A refusal in the words of reservations (MISSION D7), with how to recover.

    `code` is the outcome's name; `current_version` is there for a stale one, `available_slots` for
    a slot that is full, and `suggested_slots` that could be had instead. `can_join_waitlist`: one
    can wait for it.
    """

    code: str
    message: str
    recovery: Recovery
    available_slots: int | None = None
    current_version: int | None = None
    can_join_waitlist: bool = False
    suggested_slots: tuple[OtherSlot, ...] = ()

    @property
    def ok(self) -> bool:
        """False: nothing was done."""
        return False
