"""What reads answer with: the library's views (reads/views.py), as they come over HTTP."""

from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct

from lastseat.core import events
from lastseat.core.claim import Awaited
from lastseat.core.commands import Contact
from lastseat.core.events import ActorTime, Event, Kind, WaitPolicy
from lastseat.core.interval import Interval
from lastseat.core.schedule import Schedule
from lastseat.core.status import Status

T = TypeVar("T")


class Page(Struct, Generic[T], frozen=True):
    """One page of a list; `next` is the cursor of the page after it, None on the last."""

    items: tuple[T, ...]
    next: str | None = None


class BookableView(Struct, frozen=True):
    """A bookable as it stands. `taken` and `left` are of an occurrence; 0 for the others."""

    bookable: str
    kind: Kind
    capacity: int
    overbooked: int
    seq: int
    taken: int
    left: int
    during: Interval | None = None
    time_zone: str | None = None
    event_id: str | None = None
    actor_time: ActorTime = ActorTime.REFUSE
    location_id: str | None = None
    name: str | None = None
    attributes: dict[str, Any] | None = None
    parts: tuple[str, ...] = ()
    called_off: bool = False
    waitlist: WaitPolicy = WaitPolicy.FIFO
    waiting: int = 0


class EventView(Struct, frozen=True):
    """An event's schedule, local to its time zone."""

    bookable: str
    time_zone: str
    schedule: Schedule


class Place(Struct, frozen=True):
    """One booking on a roster. `seat` is its first, 1-based; a party takes `units` from there."""

    booking_id: str
    actor: str
    units: int
    status: Status
    version: int
    seat: int
    expires_at: datetime | None = None


class ClaimView(Struct, frozen=True):
    """One claim of a booking; `live` while it counts.

    `local_start` is what the wall clock of `time_zone` shows at its start, where a zone is known.
    """

    bookable: str
    units: int
    during: Interval
    live: bool
    local_start: str | None = None
    time_zone: str | None = None


class WaitingView(Struct, frozen=True, kw_only=True):
    """A place in the line of `bookable`: the one next for that time has position 1."""

    bookable: str
    units: int
    position: int
    during: Interval
    joined_at: datetime
    awaited: Awaited


class WaitlistEntry(WaitingView, frozen=True, kw_only=True):
    """Who has that place. `actor` is "" once they are forgotten."""

    booking_id: str
    actor: str
    version: int


class BookingView(Struct, frozen=True):
    """A booking. `actor`, `metadata` and `contact` are gone once the person is forgotten."""

    booking_id: str
    actor: str
    status: Status
    version: int
    claims: tuple[ClaimView, ...]
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None = None
    metadata: dict[str, Any] | None = None
    contact: Contact | None = None
    series_id: str | None = None
    waiting: WaitingView | None = None


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


class WiredRow(Struct, frozen=True):
    """A journal's row as JSON: what its `event` is, its `type` says."""

    seq: int
    type: str
    event: msgspec.Raw
    at: datetime
    principal: str
    lead: bool
    booking_id: str | None = None
    version: int | None = None


class AuditClaim(Struct, frozen=True):
    """`units` of a bookable over `during`."""

    bookable: str
    units: int
    during: Interval


class AuditState(Struct, frozen=True):
    """A booking as it stood between two changes; `claims` are those that counted."""

    status: Status
    claims: tuple[AuditClaim, ...]
    expires_at: datetime | None = None
    awaits: tuple[AuditClaim, ...] = ()


class AuditEntry(Struct, frozen=True):
    """One change of a booking: what was done, when, by whom, and what it was before and after.

    `fields` names the personal fields that an update wrote, never what is in them.
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


class WiredBookingRow(Struct, frozen=True):
    """A booking's journal row as JSON."""

    stream: str
    seq: int
    type: str
    event: msgspec.Raw
    at: datetime
    principal: str
    lead: bool
    version: int


class Forgotten(Struct, frozen=True, kw_only=True):
    """What was erased of a person, counted; all 0: nothing of them was there."""

    bookings: int
    details: int
    contacts: int
    notes: int
    answers: int
    people: int


class SeatsLeft(Struct, frozen=True):
    """Units still free, and how many bookings there are, parties counted once."""

    bookable: str
    capacity: int
    left: int
    bookings: int


class SeatView(Struct, frozen=True):
    """An actor's first seat, 1-based, 0 if absent; `state` is `held`, `confirmed` or `none`."""

    bookable: str
    actor: str
    seat: int
    state: str


def unwired(page: Page[Any], row: type[T]) -> Page[T]:
    """A page of a journal with its events. Raises `KeyError` for a type this release lacks."""
    return Page(tuple(_unwired(x, row) for x in page.items), page.next)


def _unwired(wired: Any, row: type[T]) -> T:
    event = events.decode(wired.type, events.BODY_VERSION, bytes(wired.event).decode())
    return row(**{**msgspec.structs.asdict(wired), "event": event})
