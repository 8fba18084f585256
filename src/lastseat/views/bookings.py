"""Bookables, and the bookings on them, as they stand."""

from datetime import datetime
from typing import Any

from msgspec import Struct

from lastseat.core.claim import Awaited
from lastseat.core.commands import Contact
from lastseat.core.events import ActorTime, Kind, WaitPolicy
from lastseat.core.interval import Interval
from lastseat.core.status import Status


class BookableView(Struct, frozen=True):
    """A bookable as it stands. `taken` and `left` are of an occurrence; 0 for the others.

    `name` and `attributes` are what it was called when it was defined, or is called since. `parts`
    are a composite's. An occurrence that is `called_off` does not take place. `waiting` are the
    bookings in its line; where nobody may overtake them nothing is `left` (MISSION C7).
    """

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


class SeatsLeft(Struct, frozen=True, kw_only=True):
    """Units still free, and how many bookings there are, parties counted once.

    Where bookings are `waiting` in a line that nobody overtakes, nothing is left.
    """

    bookable: str
    capacity: int
    left: int
    bookings: int
    waiting: int = 0


class SeatView(Struct, frozen=True, kw_only=True):
    """An actor's first seat, 1-based, 0 if absent; `state` is `held`, `confirmed` or `none`."""

    bookable: str
    actor: str
    seat: int
    state: str


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

    `local_start` is what the wall clock of `time_zone` shows at its start: as it was asked for, for
    an occurrence as its zone has it. Both are None where nobody named a zone.
    """

    bookable: str
    units: int
    during: Interval
    live: bool
    local_start: str | None = None
    time_zone: str | None = None


class WaitingView(Struct, frozen=True, kw_only=True):
    """A place in the line of `bookable`: the one next for that time has position 1.

    `during` is the time that is waited for, `awaited` all of what an offer will be made for.
    """

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
    """A booking. `actor`, `metadata` and `contact` are gone once the person is forgotten.

    The bookings of one series share `series_id`. One that is WAITLISTED has no claims, but what it
    is `waiting` for.
    """

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


class Forgotten(Struct, frozen=True, kw_only=True):
    """What was erased of a person.

    `bookings` are nameless now; `details` had metadata and `contacts` a way to reach the person;
    `notes` are reasons given with commands on the bookings; `answers` under idempotency keys named
    the person; `people` signed in by that name. All 0: nothing of them was there.
    """

    bookings: int
    details: int
    contacts: int
    notes: int
    answers: int
    people: int
