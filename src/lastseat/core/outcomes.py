"""What a command came to. A refusal is an outcome too: a value, never an exception.

`Code` (outcome.py) lists every outcome's name; refusals stand there in the order in which they are
checked, so when several hold, the first is the answer. Over HTTP a refusal's `code` is this name.
The outcomes themselves are in successes.py and refusals.py; here is the closed union of them all.

An outcome's `actor` is the reference the caller gave, never the journal's surrogate.
"""

import msgspec

from lastseat.core.outcome import Code, Outcome, Refusal, Success
from lastseat.core.refusals import (
    ActorBusy,
    Affected,
    Already,
    AlreadyDefined,
    AlreadyWaiting,
    BelowTaken,
    ClockBehind,
    Conflict,
    ExtendLimit,
    Full,
    HoldExpired,
    Invalid,
    KeyReused,
    NotBookable,
    NotBooked,
    NotExpired,
    NotHeld,
    Overloaded,
    TooEarly,
    UnknownBookable,
    UnknownBooking,
    WaitlistClosed,
    WaitlistFull,
    WouldAffect,
    WrongStatus,
)
from lastseat.core.successes import (
    Appended,
    Booked,
    Cancelled,
    CapacityChanged,
    CheckedIn,
    CheckedOut,
    Completed,
    Confirmed,
    Defined,
    EventEdited,
    Expired,
    Extended,
    Held,
    Joined,
    Moved,
    NoShow,
    Overlap,
    Released,
    Relocated,
    RulesChanged,
    Updated,
)

__all__ = [
    "ActorBusy",
    "Affected",
    "Already",
    "AlreadyDefined",
    "AlreadyWaiting",
    "AnyOutcome",
    "Appended",
    "BelowTaken",
    "Booked",
    "Cancelled",
    "CapacityChanged",
    "CheckedIn",
    "CheckedOut",
    "ClockBehind",
    "Code",
    "Completed",
    "Confirmed",
    "Conflict",
    "DateOutcome",
    "Defined",
    "EventEdited",
    "Expired",
    "ExtendLimit",
    "Extended",
    "Full",
    "Held",
    "HoldExpired",
    "Invalid",
    "Joined",
    "KeyReused",
    "Moved",
    "NoShow",
    "NotBookable",
    "NotBooked",
    "NotExpired",
    "NotHeld",
    "Outcome",
    "Overlap",
    "Overloaded",
    "Refusal",
    "Released",
    "Relocated",
    "RulesChanged",
    "SeriesBooked",
    "SeriesRefused",
    "Success",
    "TooEarly",
    "UnknownBookable",
    "UnknownBooking",
    "Updated",
    "WaitlistClosed",
    "WaitlistFull",
    "WouldAffect",
    "WrongStatus",
    "decode",
    "encode",
]

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
