"""What a command came to. A refusal is an outcome too: a value, never an exception.

`Code` lists every outcome's name; refusals stand there in the order in which they are checked, so
when several hold, the first is the answer. Over HTTP a refusal's `code` is this name.

An outcome's `actor` is the reference the caller gave, never the journal's surrogate.
"""

from datetime import datetime
from enum import StrEnum

import msgspec
from msgspec import Struct

from lastseat.core.interval import Interval
from lastseat.core.status import Status


class Code(StrEnum):
    """Every outcome: first what succeeded, then the refusals in order of precedence.

    The order is that of the questions: is the command sound, and the caller's picture current; is
    the booking it names there, in a status for it; is what it claims there, and is there room; is
    the clock sound. Claims, moves and streams are asked about in the order given.

    Two stand where they are met first. What only the state can call `invalid` is found after
    `unknown_bookable` (a booking's id in use after `already`, so that a booking sent twice is
    answered that). A `conflict` of the rule `exclusive` is found with `full`, claim by claim, and
    after the claims those of the rules `any_of` and `adjacent`, choice by choice.
    """

    BOOKED = "booked"
    HELD = "held"
    JOINED = "joined"
    CONFIRMED = "confirmed"
    RELEASED = "released"
    CANCELLED = "cancelled"
    EXTENDED = "extended"
    EXPIRED = "expired"
    CHECKED_IN = "checked_in"
    CHECKED_OUT = "checked_out"
    COMPLETED = "completed"
    NO_SHOW = "no_show"
    UPDATED = "updated"
    MOVED = "moved"
    DEFINED = "defined"
    CAPACITY_CHANGED = "capacity_changed"
    RULES_CHANGED = "rules_changed"
    EVENT_EDITED = "event_edited"
    SERIES_BOOKED = "series_booked"
    APPENDED = "appended"

    OVERLOADED = "overloaded"
    INVALID = "invalid"
    KEY_REUSED = "key_reused"
    CONFLICT = "conflict"
    UNKNOWN_BOOKING = "unknown_booking"
    ALREADY_DEFINED = "already_defined"
    NOT_BOOKED = "not_booked"
    HOLD_EXPIRED = "hold_expired"
    NOT_HELD = "not_held"
    NOT_EXPIRED = "not_expired"
    WRONG_STATUS = "wrong_status"
    TOO_EARLY = "too_early"
    UNKNOWN_BOOKABLE = "unknown_bookable"
    ALREADY = "already"
    ALREADY_WAITING = "already_waiting"
    EXTEND_LIMIT = "extend_limit"
    BELOW_TAKEN = "below_taken"
    WOULD_AFFECT = "would_affect"
    NOT_BOOKABLE = "not_bookable"
    WAITLIST_CLOSED = "waitlist_closed"
    WAITLIST_FULL = "waitlist_full"
    FULL = "full"
    ACTOR_BUSY = "actor_busy"
    SERIES_REFUSED = "series_refused"
    CLOCK_BEHIND = "clock_behind"


class Outcome(Struct, frozen=True, kw_only=True, tag_field="code", omit_defaults=True, gc=False):
    """What every outcome is. `ok` tells a success from a refusal."""

    @property
    def ok(self) -> bool:
        """Whether the command did what it asked for."""
        return isinstance(self, Success)

    @property
    def code(self) -> Code:
        """The outcome's name."""
        return Code(str(self.__struct_config__.tag))


class Success(Outcome, frozen=True, kw_only=True):
    """The command did what it asked for."""


class Refusal(Outcome, frozen=True, kw_only=True):
    """The command was refused and nothing was written."""


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


DateOutcome = (
    Booked
    | Held
    | Invalid
    | Conflict
    | UnknownBookable
    | Already
    | NotBookable
    | Full
    | ActorBusy
    | ClockBehind
)
"""What one date of a series can come to."""


class SeriesBooked(Success, frozen=True, kw_only=True, tag="series_booked"):
    """The dates of the series that could be had are booked: what each came to, in order (H1).

    Under `first_n` the dates after the n-th booked were not tried: None.
    """

    series_id: str
    actor: str
    booked: int
    report: tuple[DateOutcome | None, ...]


class SeriesRefused(Refusal, frozen=True, kw_only=True, tag="series_refused"):
    """Nothing was booked: the policy wants more dates than could be had. What each came to.

    A date's `booked` or `held` says that it could have been had.
    """

    actor: str
    policy: str
    report: tuple[DateOutcome | None, ...]


AnyOutcome = (
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
    | RulesChanged
    | EventEdited
    | SeriesBooked
    | Appended
    | Overloaded
    | Invalid
    | KeyReused
    | Conflict
    | UnknownBooking
    | AlreadyDefined
    | NotBooked
    | HoldExpired
    | NotHeld
    | NotExpired
    | WrongStatus
    | TooEarly
    | UnknownBookable
    | Already
    | AlreadyWaiting
    | ExtendLimit
    | BelowTaken
    | WouldAffect
    | NotBookable
    | WaitlistClosed
    | WaitlistFull
    | Full
    | ActorBusy
    | SeriesRefused
    | ClockBehind
)

_ENCODER = msgspec.json.Encoder()
_DECODER: msgspec.json.Decoder[AnyOutcome] = msgspec.json.Decoder(AnyOutcome)


def encode(outcome: AnyOutcome) -> str:
    """The outcome as JSON text, as stored with an idempotency key."""
    return _ENCODER.encode(outcome).decode()


def decode(text: str) -> AnyOutcome:
    """The outcome that `encode` wrote."""
    return _DECODER.decode(text)
