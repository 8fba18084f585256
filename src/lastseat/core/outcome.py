"""What every outcome is: its name, and whether it is a success or a refusal. See outcomes.py."""

from enum import StrEnum

from msgspec import Struct


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
