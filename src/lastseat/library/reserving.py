"""What reservations come to when they succeed. A refusal is the engine's own outcome."""

import json
import uuid
from collections.abc import Callable
from datetime import datetime

from msgspec import Struct

from lastseat.core.status import Status

GUEST = "guest:"
"""How the actor begins whom nobody has a name for."""


def guest(tenant_id: str, key: str | None, asked: tuple[object, ...]) -> str:
    """Whom a reservation is for that nobody has a name for: the same for the same keyed request."""
    if key is None:
        return f"{GUEST}{uuid.uuid4()}"
    name = json.dumps([tenant_id, key, *asked])
    return f"{GUEST}{uuid.uuid5(uuid.NAMESPACE_OID, name)}"


def more_than_one(party: int) -> tuple[int, ...]:
    """Said only where it is more than one: guests were drawn before there were parties."""
    return (party,) if party != 1 else ()


def said(time: datetime) -> str:
    """The instant, however it was written. What is no instant is refused later."""
    given: object = time
    if not isinstance(given, datetime):
        # Quoted, so that it can't be what an instant comes to.
        return repr(given)
    return time.isoformat() if time.tzinfo is None else str(time.timestamp())


Whose = Callable[[str], bool] | None
"""Which actors' bookings the caller may touch; None: all. Others' are unknown to them."""


def guests_only(actor: str) -> bool:
    """For those who come with a publishable key: bookings that were made as theirs."""
    return actor.startswith(GUEST)


class Done(Struct, frozen=True, kw_only=True):
    """It was done. `replayed` when it had been before, under the same key or by itself."""

    replayed: bool = False

    @property
    def ok(self) -> bool:
        """True, as an outcome's of a command that succeeded."""
        return True

    @property
    def code(self) -> str:
        """Its name, as an outcome has one: `reserved`, `appointment`, `cancellation` and so on."""
        return type(self).__name__.lower()


class Reserved(Done, frozen=True, kw_only=True):
    """The slot is held until `expires_at`; it can be extended until `extendable_until`.

    `chosen` are the bookables that it has beside the service, those picked for a choice last.
    """

    reservation_id: str
    service_id: str
    slot_start: datetime
    slot_end: datetime
    expires_at: datetime
    extendable_until: datetime
    status: Status = Status.HELD
    version: int = 1
    chosen: tuple[str, ...] = ()


class Reservation(Done, frozen=True, kw_only=True):
    """A reservation, or the appointment that came of it. `valid` while it can be committed.

    `chosen` are the bookables that it has beside the service. While it waits for its slot it is
    WAITLISTED, at `position` in line (MISSION C7).
    """

    reservation_id: str
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


class Appointment(Done, frozen=True, kw_only=True):
    """A confirmed appointment, and the token that cancels it without an account.

    `chosen` are the bookables that it has beside the service.
    """

    appointment_id: str
    service_id: str
    slot_start: datetime
    slot_end: datetime
    status: Status
    version: int
    cancellation_token: str
    chosen: tuple[str, ...] = ()


class Cancellation(Done, frozen=True, kw_only=True):
    """The appointment is cancelled and its slot is free."""

    appointment_id: str
    service_id: str
    slot_start: datetime
    slot_end: datetime
    version: int
    status: Status = Status.CANCELLED


class Cleaned(Struct, frozen=True, kw_only=True):
    """Overdue reservations journalled as expired; `more` when some are left for the next call."""

    cleaned: int
    more: bool
