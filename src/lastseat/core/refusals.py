"""The outcomes of commands that were refused: nothing was written. See outcomes.py."""

from datetime import datetime

from msgspec import Struct

from lastseat.core.interval import Interval
from lastseat.core.outcome import Refusal
from lastseat.core.status import Status


class Overloaded(Refusal, frozen=True, kw_only=True, tag="overloaded"):
    """Too much is waiting, or a lock was held too long; try again after `retry_after` seconds."""

    retry_after: float


class Invalid(Refusal, frozen=True, kw_only=True, tag="invalid"):
    """`field` of the command can't be taken, for `reason`."""

    field: str
    reason: str


class KeyReused(Refusal, frozen=True, kw_only=True, tag="key_reused"):
    """The idempotency key was used for another request; use a new key."""

    key: str


class UnknownBookable(Refusal, frozen=True, kw_only=True, tag="unknown_bookable"):
    """The tenant has no such occurrence, resource, pool or event."""

    bookable: str


class UnknownBooking(Refusal, frozen=True, kw_only=True, tag="unknown_booking"):
    """The tenant has no booking of that id."""

    booking_id: str


class ClockBehind(Refusal, frozen=True, kw_only=True, tag="clock_behind"):
    """The database's clock lies more than 5 s behind the stream's last entry: mend it first."""

    bookable: str
    last: datetime
    clock: datetime


class AlreadyDefined(Refusal, frozen=True, kw_only=True, tag="already_defined"):
    """The bookable exists with another definition; `field` is the first that differs."""

    bookable: str
    field: str


class Conflict(Refusal, frozen=True, kw_only=True, tag="conflict"):
    """Somebody was faster, or the caller's picture is stale; `rule` says which.

    `exclusive`: the resource is taken in that time (`during` is the claim in the way);
    `any_of`, `adjacent`: of a choice only `actual` were free, and `bookable` is the first in the
    way;
    `expected_seq`: the stream is at `actual`; `version`: the booking is at `actual`;
    `boundary`: the booking kept moving while its places were being locked;
    `followers`, `booked`: since an edit of the event was worked out, an occurrence was opened, or
    one that was empty was booked; `waiting`: others wait for the resource in that time.

    One can wait for the bookable in that time if `can_join_waitlist` (MISSION C7, C10).
    """

    rule: str
    actor: str | None = None
    bookable: str | None = None
    booking_id: str | None = None
    during: Interval | None = None
    actual: int | None = None
    can_join_waitlist: bool = False


class NotBooked(Refusal, frozen=True, kw_only=True, tag="not_booked"):
    """There is no live booking there: never made, cancelled before, or expired."""

    actor: str | None = None
    bookable: str | None = None
    booking_id: str | None = None


class HoldExpired(Refusal, frozen=True, kw_only=True, tag="hold_expired"):
    """The hold ran out at `expired_at`; hold or book again."""

    booking_id: str
    expired_at: datetime


class NotHeld(Refusal, frozen=True, kw_only=True, tag="not_held"):
    """The booking is not a hold, so it can't be released or extended; `status` is what it is."""

    booking_id: str
    status: Status


class NotExpired(Refusal, frozen=True, kw_only=True, tag="not_expired"):
    """The booking is not a hold whose time has run out."""

    booking_id: str
    expires_at: datetime | None = None


class WrongStatus(Refusal, frozen=True, kw_only=True, tag="wrong_status"):
    """A booking that is `status` can't become `wanted` (see status.py)."""

    booking_id: str
    status: Status
    wanted: str


class TooEarly(Refusal, frozen=True, kw_only=True, tag="too_early"):
    """Nobody is a no-show before the booking begins, at `not_before`."""

    booking_id: str
    not_before: datetime


class Already(Refusal, frozen=True, kw_only=True, tag="already"):
    """The actor is on that roster already, at `seat` (MISSION A5)."""

    booking_id: str
    actor: str
    bookable: str
    seat: int
    status: Status


class AlreadyWaiting(Refusal, frozen=True, kw_only=True, tag="already_waiting"):
    """The actor waits in that line for that time already, at `position` (MISSION C7)."""

    booking_id: str
    actor: str
    bookable: str
    position: int


class WaitlistClosed(Refusal, frozen=True, kw_only=True, tag="waitlist_closed"):
    """Nobody can wait for `bookable`, or no longer: `reason` says which."""

    actor: str
    bookable: str
    reason: str


class WaitlistFull(Refusal, frozen=True, kw_only=True, tag="waitlist_full"):
    """As many wait for `bookable` as may, or as many bookings of the actor: `limit`."""

    actor: str
    bookable: str
    limit: int


class ExtendLimit(Refusal, frozen=True, kw_only=True, tag="extend_limit"):
    """The hold can't be extended past `limit_at`."""

    booking_id: str
    limit_at: datetime


class BelowTaken(Refusal, frozen=True, kw_only=True, tag="below_taken"):
    """`taken` units are taken at the peak, more than the capacity asked for."""

    bookable: str
    capacity: int
    taken: int


class Affected(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A booked occurrence that an edit would change; `effect` is what the edit has to be told of.

    `moved`: to `becomes`; `dropped`: the new rule has it no more; `overbooked`: more is taken than
    the new capacity.
    """

    bookable: str
    effect: str
    bookings: int
    units: int
    during: Interval
    becomes: Interval | None = None


class WouldAffect(Refusal, frozen=True, kw_only=True, tag="would_affect"):
    """Nothing was done: the edit would change booked occurrences and does not say what of them."""

    event: str
    affected: tuple[Affected, ...]


class NotBookable(Refusal, frozen=True, kw_only=True, tag="not_bookable"):
    """A rule of `owner` does not let `bookable` be booked over `during` (MISSION C2).

    `rule` says which. `hours`: `open` are the hours about that time. `block`: `open` is empty and
    `reason` the block's name. `lead_time` and `horizon`: `limit` is the earliest or latest start
    there is now. `grid`, `min_duration`, `max_duration`: `seconds` is theirs. `called_off`: the
    occurrence does not take place.
    """

    rule: str
    actor: str
    bookable: str
    owner: str
    during: Interval
    open: tuple[Interval, ...] = ()
    limit: datetime | None = None
    seconds: int | None = None
    reason: str | None = None


class Full(Refusal, frozen=True, kw_only=True, tag="full"):
    """Not enough is left for the whole party; `left` units are, in that time.

    Where `waiting` is not 0, what there is left belongs to those who wait in line. One can join
    them if `can_join_waitlist` (MISSION C7, C10).
    """

    actor: str
    bookable: str
    capacity: int
    left: int
    during: Interval
    waiting: int = 0
    can_join_waitlist: bool = False


class ActorBusy(Refusal, frozen=True, kw_only=True, tag="actor_busy"):
    """The actor has another booking, `booking_id`, over `during` (MISSION B8)."""

    actor: str
    booking_id: str
    during: Interval
