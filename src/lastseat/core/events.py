"""What the journal holds: facts about one bookable, in the order they happened. Data only.

An event is written once to one stream and never changed. A change that touches several streams
writes one event to each, and exactly one of those entries is the `lead` (see state.py). The
journal's column `type` is the word in TYPES, its column `body` the event as JSON, its column `v`
the version of the body's shape: `decode` brings older versions up to date.

Actors appear here by their surrogates alone, so that a person can be forgotten without touching
the journal (MISSION H5). Times are UTC.
"""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct

from lastseat.core.claim import Awaited
from lastseat.core.interval import Interval
from lastseat.core.rules import Rules
from lastseat.core.schedule import Schedule
from lastseat.core.status import Status

BODY_VERSION = 1
"""The version that new bodies are written in."""


class Kind(StrEnum):
    """What sort of thing a bookable is, hence how its capacity is counted."""

    EVENT = "event"
    """What recurs: it holds the capacity its occurrences start with and is never booked itself."""
    OCCURRENCE = "occurrence"
    """One interval for everybody: the units of all live claims stay within capacity."""
    RESOURCE = "resource"
    """Exclusive, capacity 1: no two live claims overlap."""
    POOL = "pool"
    """The peak of the overlapping live claims stays within capacity."""
    ACTOR = "actor"
    """An actor's own time, capacity 1, claimed beside what is booked (MISSION B8)."""
    LIMIT = "limit"
    """How many at once, whatever they take: a service's (MISSION D2). Counted as a pool is."""
    COMPOSITE = "composite"
    """Several bookables under one name: who books it books all its parts (MISSION H2)."""
    LOCATION = "location"
    """A place of the tenant: it has rules, and is never booked itself."""


class ActorTime(StrEnum):
    """What a booking does about the actor's other bookings at that time (MISSION B8)."""

    REFUSE = "refuse"
    """Claims the actor's time; an overlap is refused as `actor_busy`."""
    WARN = "warn"
    """Claims the actor's time; an overlap is answered as a warning."""
    ALLOW = "allow"
    """Takes no part: neither refused for the actor's other bookings, nor a reason to refuse."""


class WaitPolicy(StrEnum):
    """Who is offered what comes free (MISSION C7)."""

    CLOSED = "closed"
    """Nobody can wait."""
    FIFO = "fifo"
    """Whoever waits longest; those behind, and walk-ins, wait until the party in front fits."""
    FIRST_THAT_FITS = "first_that_fits"
    """Whoever waits longest of those whose party fits; walk-ins have what fits nobody."""


class ClaimMade(Struct, frozen=True, omit_defaults=True, gc=False):
    """`units` of this stream's bookable, as one booking's claim number `no`.

    `during` is what the customer sees, `blocked` the same with both buffers, frozen at booking.
    Left out, `during` is the occurrence's own time and `blocked` is `during`.
    """

    no: int
    units: int
    during: Interval | None = None
    blocked: Interval | None = None
    exclusive: bool = False
    override: bool = False
    local_start: str | None = None
    time_zone: str | None = None


class Defined(Struct, frozen=True, omit_defaults=True):
    """The bookable came into being.

    `starts` and `seconds` are an event's that lists its starts, `schedule` one's that has a rule,
    see commands.py. `parts` are a composite's: none of them a composite itself.
    """

    kind: Kind
    capacity: int
    during: Interval | None = None
    time_zone: str | None = None
    event_id: str | None = None
    starts: tuple[str, ...] = ()
    seconds: int = 0
    actor_time: ActorTime = ActorTime.REFUSE
    location: str | None = None
    schedule: Schedule | None = None
    parts: tuple[str, ...] = ()
    waitlist: WaitPolicy = WaitPolicy.FIFO


class CapacityChanged(Struct, frozen=True, omit_defaults=True):
    """From here on `capacity` units may be taken; `overbooked` more already were.

    `own` marks an occurrence that no longer follows its event's capacity (MISSION B3).
    """

    capacity: int
    overbooked: int = 0
    own: bool = False


class RulesChanged(Struct, frozen=True):
    """From here on these rules say when the stream's bookable or location may be booked."""

    rules: Rules


class ScheduleChanged(Struct, frozen=True):
    """From here on the event's occurrences are these."""

    schedule: Schedule


class Rescheduled(Struct, frozen=True):
    """The occurrence takes place at this time, again if it was called off; its id stays.

    Its bookings stay, too, and their claims of their actors' time move in entries of their own.
    """

    during: Interval


class CalledOff(Struct, frozen=True):
    """The occurrence does not take place: nothing can be booked on it any more."""


class Booked(Struct, frozen=True, omit_defaults=True, gc=False):
    """A booking was made with these claims on this stream; HELD when it is a hold.

    `series` is the id that the bookings of one series share (MISSION H1).
    """

    actor_id: str
    status: Status
    claims: tuple[ClaimMade, ...]
    expires_at: datetime | None = None
    limit_at: datetime | None = None
    series: str | None = None


class Joined(Struct, frozen=True, omit_defaults=True):
    """The booking waits in the line of `queue`: on that stream it says for what (MISSION C7).

    The other streams are those of what it may be given.
    """

    actor_id: str
    queue: str
    awaited: Awaited | None = None


class Offered(Struct, frozen=True, omit_defaults=True):
    """What the booking waited for came free: it is HELD, with these claims on this stream."""

    actor_id: str
    claims: tuple[ClaimMade, ...]
    expires_at: datetime
    limit_at: datetime


class Confirmed(Struct, frozen=True):
    """The booking became CONFIRMED; its claims stay and no longer expire."""


class Extended(Struct, frozen=True):
    """The hold now expires at another time."""

    expires_at: datetime


class Moved(Struct, frozen=True, omit_defaults=True):
    """The booking gave up the claims numbered `left` and made those in `claims`, on this stream."""

    actor_id: str
    left: tuple[int, ...] = ()
    claims: tuple[ClaimMade, ...] = ()


class Released(Struct, frozen=True):
    """The hold was given back; its claims on this stream are free."""


class Cancelled(Struct, frozen=True):
    """The booking was cancelled; its claims on this stream are free."""


class Expired(Struct, frozen=True):
    """The hold's time ran out; its claims on this stream are free."""


class CheckedIn(Struct, frozen=True, omit_defaults=True):
    """They arrived; `late` when the booking was a no-show already. Its claims stay."""

    late: bool = False


class CheckedOut(Struct, frozen=True):
    """They were seen to leave: the booking is COMPLETED, its claims stay."""


class Completed(Struct, frozen=True):
    """What was booked is done: the booking is COMPLETED, its claims stay."""


class NoShow(Struct, frozen=True):
    """Nobody came; the claims stay, since their time has begun."""


class Updated(Struct, frozen=True):
    """Personal data beside the booking were written: `fields` says which, never what they are."""

    fields: tuple[str, ...]


class Fact(Struct, frozen=True):
    """Something the application noted on the stream; it changes no capacity (MISSION A2)."""

    name: str
    data: dict[str, str | int | bool | None] = {}


class Checkpoint(Struct, frozen=True):
    """The stream's own numbers at this point, so that entries before it can be archived."""

    capacity: int
    overbooked: int
    taken: int


Event = (
    Defined
    | CapacityChanged
    | RulesChanged
    | ScheduleChanged
    | Rescheduled
    | CalledOff
    | Booked
    | Joined
    | Offered
    | Confirmed
    | Extended
    | Moved
    | Released
    | Cancelled
    | Expired
    | CheckedIn
    | CheckedOut
    | Completed
    | NoShow
    | Updated
    | Fact
    | Checkpoint
)

TYPES: dict[str, type[Event]] = {
    "defined": Defined,
    "capacity_changed": CapacityChanged,
    "rules_changed": RulesChanged,
    "schedule_changed": ScheduleChanged,
    "rescheduled": Rescheduled,
    "called_off": CalledOff,
    "booked": Booked,
    "joined": Joined,
    "offered": Offered,
    "confirmed": Confirmed,
    "extended": Extended,
    "moved": Moved,
    "released": Released,
    "cancelled": Cancelled,
    "expired": Expired,
    "checked_in": CheckedIn,
    "checked_out": CheckedOut,
    "completed": Completed,
    "no_show": NoShow,
    "updated": Updated,
    "fact": Fact,
    "checkpoint": Checkpoint,
}
"""The journal's word for each event; a word, once written, is never given another meaning."""

NAMES: dict[type[Event], str] = {cls: name for name, cls in TYPES.items()}

FREEING = (Released, Cancelled, Expired)
"""The events after which a booking holds nothing on the stream."""

UPCASTERS: dict[tuple[str, int], Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""For a type and an old version: its body as the next version has it. None are needed yet."""

_ENCODER = msgspec.json.Encoder()
_DECODERS = {name: msgspec.json.Decoder(cls) for name, cls in TYPES.items()}


def encode(event: Event) -> str:
    """The event's body as JSON text, in the shape of `BODY_VERSION`."""
    return _ENCODER.encode(event).decode()


def decode(name: str, version: int, body: str) -> Event:
    """The event a journal row holds, old versions brought up to date.

    Raises `KeyError` for a type or a version this release does not know, `msgspec.ValidationError`
    for a body that does not fit it: nothing is guessed.
    """
    if version == BODY_VERSION:
        return _DECODERS[name].decode(body)
    if version > BODY_VERSION:
        raise KeyError(name, version)
    data = msgspec.json.decode(body)
    for old in range(version, BODY_VERSION):
        data = UPCASTERS[name, old](data)
    return msgspec.convert(data, TYPES[name])
