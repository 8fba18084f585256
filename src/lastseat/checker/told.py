"""What callers were told: every outcome in the checker's own words, as JSON has it.

A second definition of what `core.outcomes` defines, on purpose: an answer the checker does not
know, or in another shape, is a violation and not a surprise it shares with the engine.
"""

from datetime import datetime

from msgspec import Struct


class Span(Struct, frozen=True, gc=False):
    """A time `[start, end)`."""

    start: datetime
    end: datetime


class Told(Struct, tag_field="code", gc=False, kw_only=True):
    """An answer."""


class Success(Told, kw_only=True, gc=False):
    """It was done."""


class Booked(Success, tag="booked", kw_only=True, gc=False):
    """A booking."""

    booking_id: str
    actor: str
    seat: int
    units: int
    status: str
    version: int = 1


class Held(Success, tag="held", kw_only=True, gc=False):
    """A hold."""

    booking_id: str
    actor: str
    seat: int
    units: int
    expires_at: datetime
    limit_at: datetime
    version: int = 1


class Joined(Success, tag="joined", kw_only=True, gc=False):
    """A place in line."""

    booking_id: str
    actor: str
    bookable: str
    units: int
    position: int
    version: int = 1


class Changed(Success, kw_only=True, gc=False):
    """One booking, changed."""

    booking_id: str
    version: int
    actor: str | None = None


class Confirmed(Changed, tag="confirmed", kw_only=True, gc=False):
    """Changed: confirmed."""


class Released(Changed, tag="released", kw_only=True, gc=False):
    """Changed: released."""


class Cancelled(Changed, tag="cancelled", kw_only=True, gc=False):
    """Changed: cancelled."""


class Extended(Changed, tag="extended", kw_only=True, gc=False):
    """Changed: extended."""

    expires_at: datetime


class Expired(Changed, tag="expired", kw_only=True, gc=False):
    """Changed: expired."""


class CheckedIn(Changed, tag="checked_in", kw_only=True, gc=False):
    """Changed: checked in."""


class CheckedOut(Changed, tag="checked_out", kw_only=True, gc=False):
    """Changed: checked out."""


class Completed(Changed, tag="completed", kw_only=True, gc=False):
    """Changed: completed."""


class NoShow(Changed, tag="no_show", kw_only=True, gc=False):
    """Changed: nobody came."""


class Updated(Changed, tag="updated", kw_only=True, gc=False):
    """Changed: details."""

    fields: tuple[str, ...]


class Relocated(Struct, kw_only=True, gc=False):
    """One of the bookings moved."""

    booking_id: str
    version: int
    seat: int


class Moved(Success, tag="moved", kw_only=True, gc=False):
    """Bookings moved."""

    moved: tuple[Relocated, ...]


class Defined(Success, tag="defined", kw_only=True, gc=False):
    """A bookable."""

    bookable: str
    created: bool


class CapacityChanged(Success, tag="capacity_changed", kw_only=True, gc=False):
    """A capacity."""

    bookable: str
    capacity: int
    overbooked: int


class Appended(Success, tag="appended", kw_only=True, gc=False):
    """Facts."""

    sequences: dict[str, int]


class Refusal(Told, kw_only=True, gc=False):
    """Nothing was done."""


class Overloaded(Refusal, tag="overloaded", kw_only=True, gc=False):
    """No time for it."""


class Invalid(Refusal, tag="invalid", kw_only=True, gc=False):
    """Not a sound request."""

    field: str
    reason: str


class KeyReused(Refusal, tag="key_reused", kw_only=True, gc=False):
    """The key is another request's."""

    key: str


class UnknownBookable(Refusal, tag="unknown_bookable", kw_only=True, gc=False):
    """No such thing."""

    bookable: str


class UnknownBooking(Refusal, tag="unknown_booking", kw_only=True, gc=False):
    """No such booking."""

    booking_id: str


class ClockBehind(Refusal, tag="clock_behind", kw_only=True, gc=False):
    """The clock was set back."""

    bookable: str
    last: datetime
    clock: datetime


class AlreadyDefined(Refusal, tag="already_defined", kw_only=True, gc=False):
    """Another definition is there."""

    bookable: str
    field: str


class Conflict(Refusal, tag="conflict", kw_only=True, gc=False):
    """Taken, or moved on."""

    rule: str
    actor: str | None = None
    bookable: str | None = None
    booking_id: str | None = None
    during: Span | None = None
    actual: int | None = None
    can_join_waitlist: bool = False


class NotBooked(Refusal, tag="not_booked", kw_only=True, gc=False):
    """No live booking."""

    actor: str | None = None
    bookable: str | None = None
    booking_id: str | None = None


class HoldExpired(Refusal, tag="hold_expired", kw_only=True, gc=False):
    """The hold was over."""

    booking_id: str
    expired_at: datetime


class NotHeld(Refusal, tag="not_held", kw_only=True, gc=False):
    """No hold."""

    booking_id: str
    status: str


class NotExpired(Refusal, tag="not_expired", kw_only=True, gc=False):
    """No hold that was over."""

    booking_id: str
    expires_at: datetime | None = None


class WrongStatus(Refusal, tag="wrong_status", kw_only=True, gc=False):
    """Not from there."""

    booking_id: str
    status: str
    wanted: str


class TooEarly(Refusal, tag="too_early", kw_only=True, gc=False):
    """It has not begun."""

    booking_id: str
    not_before: datetime


class Already(Refusal, tag="already", kw_only=True, gc=False):
    """They sit there."""

    booking_id: str
    actor: str
    bookable: str
    seat: int
    status: str


class AlreadyWaiting(Refusal, tag="already_waiting", kw_only=True, gc=False):
    """They stand in that line."""

    booking_id: str
    actor: str
    bookable: str
    position: int


class WaitlistClosed(Refusal, tag="waitlist_closed", kw_only=True, gc=False):
    """There is no line."""

    actor: str
    bookable: str
    reason: str


class WaitlistFull(Refusal, tag="waitlist_full", kw_only=True, gc=False):
    """No more can stand in it."""

    actor: str
    bookable: str
    limit: int


class ExtendLimit(Refusal, tag="extend_limit", kw_only=True, gc=False):
    """Too far."""

    booking_id: str
    limit_at: datetime


class BelowTaken(Refusal, tag="below_taken", kw_only=True, gc=False):
    """More is taken."""

    bookable: str
    capacity: int
    taken: int


class Full(Refusal, tag="full", kw_only=True, gc=False):
    """Too little is left."""

    actor: str
    bookable: str
    capacity: int
    left: int
    during: Span
    waiting: int = 0
    can_join_waitlist: bool = False


class ActorBusy(Refusal, tag="actor_busy", kw_only=True, gc=False):
    """The actor is elsewhere."""

    actor: str
    booking_id: str
    during: Span


Answer = (
    Booked
    | Held
    | Joined
    | Confirmed
    | Released
    | Cancelled
    | Extended
    | Expired
    | CheckedIn
    | CheckedOut
    | Completed
    | NoShow
    | Updated
    | Moved
    | Defined
    | CapacityChanged
    | Appended
    | Overloaded
    | Invalid
    | KeyReused
    | UnknownBookable
    | UnknownBooking
    | ClockBehind
    | AlreadyDefined
    | Conflict
    | NotBooked
    | HoldExpired
    | NotHeld
    | NotExpired
    | WrongStatus
    | TooEarly
    | Already
    | AlreadyWaiting
    | WaitlistClosed
    | WaitlistFull
    | ExtendLimit
    | BelowTaken
    | Full
    | ActorBusy
)


def code_of(answer: Told) -> str:
    """The answer's word."""
    return str(answer.__struct_config__.tag)


def words(answer: Told | None) -> str:
    """An answer in words: its code, and what a person would compare."""
    if answer is None:
        return "nothing"
    said = {
        name: getattr(answer, name)
        for name in answer.__struct_fields__
        if name not in ("actor", "bookable", "can_join_waitlist")
    }
    parts = [
        f"{name} {_shown(value)}"
        for name, value in said.items()
        if value is not None and (name, value) != ("waiting", 0)
    ]
    return f"{code_of(answer)} ({', '.join(parts)})" if parts else code_of(answer)


def _shown(value: object) -> str:
    match value:
        case Span():
            return f"{value.start.isoformat()} to {value.end.isoformat()}"
        case datetime():
            return value.isoformat()
        case _:
            return str(value)
