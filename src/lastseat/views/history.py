"""What happened: a stream's journal, a booking's, and its audit trail."""

from datetime import datetime

from msgspec import Struct

from lastseat.core.events import Event
from lastseat.core.interval import Interval
from lastseat.core.status import Status


class JournalRow(Struct, frozen=True):
    """One entry of a stream."""

    seq: int
    type: str
    event: Event
    at: datetime
    principal: str
    lead: bool
    booking_id: str | None = None
    version: int | None = None


class BookingRow(Struct, frozen=True):
    """One journal row of a booking, on one of the streams it touched."""

    stream: str
    seq: int
    type: str
    event: Event
    at: datetime
    principal: str
    lead: bool
    version: int


class AuditClaim(Struct, frozen=True):
    """`units` of a bookable over `during`."""

    bookable: str
    units: int
    during: Interval


class AuditState(Struct, frozen=True):
    """A booking as it stood between two changes; `claims` are those that counted.

    `awaits` is what it waited for while it was WAITLISTED, choices apart.
    """

    status: Status
    claims: tuple[AuditClaim, ...]
    expires_at: datetime | None = None
    awaits: tuple[AuditClaim, ...] = ()


class AuditEntry(Struct, frozen=True):
    """One change of a booking.

    `action` is the journal's word for it (`booked`, `confirmed`, `moved`, ...), `principal` who
    asked for it. `before` is None for the first. `fields` names the personal fields an update
    wrote, never what is in them. `override` marks claims taken past the capacity, or past the
    actor's own time, by permission.
    """

    version: int
    action: str
    at: datetime
    principal: str
    before: AuditState | None
    after: AuditState
    reason: str | None = None
    fields: tuple[str, ...] = ()
    override: bool = False
