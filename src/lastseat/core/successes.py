"""The outcomes of commands that did what they asked for. See outcomes.py."""

from datetime import datetime

from msgspec import Struct

from lastseat.core.interval import Interval
from lastseat.core.outcome import Success
from lastseat.core.status import Status


class Overlap(Struct, frozen=True, kw_only=True):
    """A warning: the actor has another booking over this time (`warn` of MISSION B8)."""

    booking_id: str
    during: Interval


class Booked(Success, frozen=True, kw_only=True, tag="booked"):
    """All claims are taken.

    `seat` is the party's first place, 1-based, on the roster of the first occurrence claimed; 0
    when none is an occurrence. `chosen` are the bookables picked for its choices, in order.
    """

    booking_id: str
    actor: str
    seat: int
    units: int
    status: Status
    version: int = 1
    warnings: tuple[Overlap, ...] = ()
    chosen: tuple[str, ...] = ()


class Held(Success, frozen=True, kw_only=True, tag="held"):
    """All claims are taken until `expires_at`; the hold can be extended until `limit_at`."""

    booking_id: str
    actor: str
    seat: int
    units: int
    expires_at: datetime
    limit_at: datetime
    version: int = 1
    warnings: tuple[Overlap, ...] = ()
    chosen: tuple[str, ...] = ()


class Joined(Success, frozen=True, kw_only=True, tag="joined"):
    """The booking waits in the line of `bookable`, at `position` (1 is next) for that time.

    A place that is free at once is offered at once: that is answered `held`.
    """

    booking_id: str
    actor: str
    bookable: str
    units: int
    position: int
    version: int = 1


class Confirmed(Success, frozen=True, kw_only=True, tag="confirmed"):
    """The booking is CONFIRMED; confirming it again answers the same and changes nothing."""

    booking_id: str
    actor: str | None
    version: int


class Released(Success, frozen=True, kw_only=True, tag="released"):
    """The hold was given back."""

    booking_id: str
    actor: str | None
    version: int


class Cancelled(Success, frozen=True, kw_only=True, tag="cancelled"):
    """The booking is cancelled and its claims are free."""

    booking_id: str
    actor: str | None
    version: int


class Extended(Success, frozen=True, kw_only=True, tag="extended"):
    """The hold now lasts until `expires_at`."""

    booking_id: str
    actor: str | None
    version: int
    expires_at: datetime


class Expired(Success, frozen=True, kw_only=True, tag="expired"):
    """The hold's time had run out and the journal now says so."""

    booking_id: str
    actor: str | None
    version: int


class CheckedIn(Success, frozen=True, kw_only=True, tag="checked_in"):
    """They have arrived; the booking is CHECKED_IN."""

    booking_id: str
    actor: str | None
    version: int


class CheckedOut(Success, frozen=True, kw_only=True, tag="checked_out"):
    """They have left; the booking is COMPLETED."""

    booking_id: str
    actor: str | None
    version: int


class Completed(Success, frozen=True, kw_only=True, tag="completed"):
    """What was booked is done; the booking is COMPLETED."""

    booking_id: str
    actor: str | None
    version: int


class NoShow(Success, frozen=True, kw_only=True, tag="no_show"):
    """Nobody came; the booking is NO_SHOW."""

    booking_id: str
    actor: str | None
    version: int


class Updated(Success, frozen=True, kw_only=True, tag="updated"):
    """The booking's details were written: those that `fields` names."""

    booking_id: str
    actor: str | None
    version: int
    fields: tuple[str, ...]


class Relocated(Struct, frozen=True, kw_only=True):
    """One moved booking; `seat` is its first on the first occurrence it moved to, 0 for none.

    `chosen` are the bookables picked for its choices, in order.
    """

    booking_id: str
    version: int
    seat: int
    chosen: tuple[str, ...] = ()


class Moved(Success, frozen=True, kw_only=True, tag="moved"):
    """Every booking has its new claims."""

    moved: tuple[Relocated, ...]
    warnings: tuple[Overlap, ...] = ()


class Defined(Success, frozen=True, kw_only=True, tag="defined"):
    """The bookable exists with this definition; `created` is false when it already did."""

    bookable: str
    created: bool


class CapacityChanged(Success, frozen=True, kw_only=True, tag="capacity_changed"):
    """The capacity is `capacity`; `overbooked` units more than that are taken."""

    bookable: str
    capacity: int
    overbooked: int


class RulesChanged(Success, frozen=True, kw_only=True, tag="rules_changed"):
    """The rules hold for every booking decided from now on; those that are there stay.

    `seq` is the owner's sequence, for `expected`.
    """

    owner: str
    seq: int


class EventEdited(Success, frozen=True, kw_only=True, tag="event_edited"):
    """The event has its new schedule; `changed` are the occurrences that were touched.

    `seq` is the event's sequence, for `expected`.
    """

    event: str
    seq: int
    changed: tuple[str, ...] = ()


class Appended(Success, frozen=True, kw_only=True, tag="appended"):
    """The facts are written; `sequences` maps each stream to its last sequence."""

    sequences: dict[str, int]
