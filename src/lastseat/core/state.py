"""The state that decisions read, and `evolve`: how each event changes it. Nothing decides here.

A `Bookable` is one stream folded. It may hold all of its live claims (a whole fold, as `verify`
does) or only those that the decisions at hand can touch (what the engine reads under the lock);
the counters `taken`, `overbooked` and `seq` are right in both cases.
"""

from datetime import datetime
from typing import assert_never

import msgspec
from msgspec import Struct

from lastseat.core import events as e
from lastseat.core.claim import Awaited
from lastseat.core.events import ActorTime, Event, Kind, WaitPolicy
from lastseat.core.interval import Interval
from lastseat.core.rules import NO_RULES, Rules
from lastseat.core.schedule import Schedule
from lastseat.core.status import FREED, Status

ACTOR_PREFIX = "actor:"
"""The stream of an actor's own time is this and the actor's surrogate."""

SERVICE_PREFIX = "service:"
"""How many at once of a service is the capacity of the limit named this and the service's id."""

LOCATION_PREFIX = "location:"
"""The stream of a location's rules is this and the location's id."""


_OCCURRENCE = Kind.OCCURRENCE  # looked up once: it is asked ten times a booking


class LiveClaim(Struct, gc=False):
    """A claim that counts. `place` is its first seat on the roster where that was asked for."""

    booking_id: str
    no: int
    bookable: str
    actor_id: str
    units: int
    during: Interval
    blocked: Interval
    seq: int
    exclusive: bool = False
    override: bool = False
    local_start: str | None = None
    time_zone: str | None = None
    live: bool = True
    place: int = 0


class Waiter(Struct, gc=False):
    """A booking that waits (MISSION C7), as a stream that it waits on has it.

    `seq` is its place in the line of `queue`, which alone has what is `awaited`.
    """

    booking_id: str
    actor_id: str
    queue: str
    seq: int
    awaited: Awaited | None = None
    actor: str | None = None
    """The reference its actor is known by; None once they are forgotten."""
    during: Interval | None = None
    """The time that is waited for in the line, worked out once; None is the occurrence's own."""
    blocked: Interval | None = None
    """The same with buffers."""

    def __post_init__(self) -> None:
        if self.awaited is not None:
            self.during, self.blocked = self.awaited.during, self.awaited.blocked


class Bookable(Struct, gc=False):
    """One bookable's stream, folded."""

    bookable: str
    kind: Kind
    capacity: int
    overbooked: int = 0
    taken: int = 0
    seq: int = 0
    at: datetime | None = None
    during: Interval | None = None
    time_zone: str | None = None
    event_id: str | None = None
    starts: tuple[str, ...] = ()
    seconds: int = 0
    own_capacity: bool = False
    actor_time: ActorTime = ActorTime.REFUSE
    location: str | None = None
    claims: dict[tuple[str, int], LiveClaim] = msgspec.field(default_factory=dict)
    ranked: bool = True
    """Whether `evolve` keeps the claims' places: decisions want them, a whole fold has no use."""
    schedule: Schedule | None = None
    """An event's that has a rule; one that lists its starts has them in `starts`."""
    called_off: bool = False
    """The occurrence does not take place: nothing can be booked on it."""
    parts: tuple[str, ...] = ()
    """A composite's: what is claimed in its stead, none of them a composite itself."""
    rules: Rules = NO_RULES
    """When it may be booked. Only a whole fold has them: decisions have `World.broken`."""
    waitlist: WaitPolicy = WaitPolicy.FIFO
    waiting: int = 0
    """How many bookings wait on this stream."""
    waiters: dict[str, Waiter] = msgspec.field(default_factory=dict)
    """Those, by booking; decisions have them whole where `waiting` is not 0."""

    @property
    def counted(self) -> bool:
        """Whether capacity bounds the sum of all units (an occurrence), not a peak in time."""
        return self.kind is _OCCURRENCE

    @property
    def left(self) -> int:
        """Units of an occurrence that are still free, never below 0."""
        return max(0, self.capacity - self.taken)


class Booking(Struct, gc=False):
    """One booking: its lead entries folded, and its live claims on every stream."""

    booking_id: str
    actor_id: str
    status: Status
    version: int
    actor: str | None = None
    expires_at: datetime | None = None
    limit_at: datetime | None = None
    made: int = 0
    """The highest claim number given so far; numbers are never used twice."""
    series: str | None = None
    """What the bookings of one series share, as its first entry says; a row read has it not."""
    claims: dict[int, LiveClaim] = msgspec.field(default_factory=dict)
    waiter: Waiter | None = None
    """Its place in line, while it waits."""

    @property
    def live(self) -> bool:
        """Whether its claims count."""
        return self.status not in FREED

    def expired(self, now: datetime) -> bool:
        """The one predicate for a hold whose time is over, whoever asks (MISSION A9)."""
        return self.expires_at is not None and self.expires_at <= now


class Entry(Struct, gc=False):
    """One row to be written to the journal: an event on a stream, for a booking or not.

    Of the entries of one change exactly one is the `lead`: the row that audit and feeds read. `seq`
    and `at` are given when the entry is applied.
    """

    stream: str
    event: Event
    booking_id: str | None = None
    version: int | None = None
    lead: bool = False
    seq: int = 0
    at: datetime | None = None


def actor_stream(actor_id: str) -> str:
    """The id of the bookable that is an actor's own time (MISSION B8)."""
    return ACTOR_PREFIX + actor_id


def undefined(bookable: str) -> Bookable:
    """A stream before its first entry. An actor's own time, or a location, needs no definition."""
    if bookable.startswith(ACTOR_PREFIX):
        return Bookable(bookable, Kind.ACTOR, 1)
    if bookable.startswith(LOCATION_PREFIX):
        return Bookable(bookable, Kind.LOCATION, 0)
    return Bookable(bookable, Kind.OCCURRENCE, 0)


def evolve(state: Bookable, entry: Entry) -> None:
    """Change `state` as the entry says. The only code that does, for decisions and proofs alike."""
    event = entry.event
    match event:
        case e.Booked():
            _add(state, entry, event.actor_id, event.claims)
        case e.Joined():
            _join(state, entry, event)
        case e.Offered():
            _leave(state, entry)
            _add(state, entry, event.actor_id, event.claims)
        case e.Confirmed() | e.Extended() | e.Updated() | e.Fact():
            pass
        case e.CheckedIn() | e.CheckedOut() | e.Completed() | e.NoShow():
            pass
        case e.Released() | e.Cancelled() | e.Expired():
            _remove(state, [key for key in state.claims if key[0] == entry.booking_id])
            _leave(state, entry)
        case e.Moved():
            _move(state, entry, event)
        case e.CapacityChanged():
            state.capacity = event.capacity
            state.overbooked = event.overbooked
            state.own_capacity = event.own
        case e.Defined():
            _define(state, event)
        case e.RulesChanged() | e.ScheduleChanged() | e.Rescheduled() | e.CalledOff():
            _change_times(state, event)
        case e.Checkpoint():
            state.capacity = event.capacity
            state.overbooked = event.overbooked
            state.taken = event.taken
        case _:
            assert_never(event)
    state.seq = entry.seq
    state.at = entry.at


def _define(state: Bookable, event: e.Defined) -> None:
    state.kind = event.kind
    state.capacity = event.capacity
    state.during = event.during
    state.time_zone = event.time_zone
    state.event_id = event.event_id
    state.starts = event.starts
    state.seconds = event.seconds
    state.actor_time = event.actor_time
    state.location = event.location
    state.schedule = event.schedule
    state.parts = event.parts
    state.waitlist = event.waitlist


def _change_times(
    state: Bookable, event: e.RulesChanged | e.ScheduleChanged | e.Rescheduled | e.CalledOff
) -> None:
    """When it can be booked, or takes place, from here on."""
    match event:
        case e.RulesChanged():
            state.rules = event.rules
        case e.ScheduleChanged():
            # From here on it has a rule, if it listed its starts before.
            state.schedule, state.starts, state.seconds = event.schedule, (), 0
        case e.Rescheduled():
            _reschedule(state, event.during)
        case e.CalledOff():
            state.called_off = True


def _join(state: Bookable, entry: Entry, event: e.Joined) -> None:
    """One more waits; behind all others, since it is the stream's newest entry."""
    if entry.booking_id is None:
        raise ValueError(f"{entry.stream}/{entry.seq}: nobody waits")
    state.waiters[entry.booking_id] = Waiter(
        entry.booking_id, event.actor_id, event.queue, entry.seq, event.awaited
    )
    state.waiting += 1


def _leave(state: Bookable, entry: Entry) -> None:
    """Whoever waited here waits no longer."""
    if state.waiting and state.waiters.pop(entry.booking_id or "", None) is not None:
        state.waiting -= 1


def _add(state: Bookable, entry: Entry, actor_id: str, made: tuple[e.ClaimMade, ...]) -> None:
    """Count the claims an event made. An override may push an occurrence over its capacity."""
    if entry.booking_id is None:
        raise ValueError(f"{entry.stream}/{entry.seq}: claims without a booking")
    for claim in made:
        during = claim.during or state.during
        if during is None:
            raise ValueError(f"{entry.stream}/{entry.seq}: a claim without a time")
        state.claims[entry.booking_id, claim.no] = LiveClaim(
            entry.booking_id,
            claim.no,
            entry.stream,
            actor_id,
            claim.units,
            during,
            claim.blocked or during,
            entry.seq,
            claim.exclusive,
            claim.override,
            claim.local_start,
            claim.time_zone,
            True,
            state.taken + 1 if state.counted else 0,
        )
        if state.counted:
            state.taken += claim.units
            if claim.override:
                state.overbooked = max(state.overbooked, state.taken - state.capacity)


def _reschedule(state: Bookable, during: Interval) -> None:
    """Another time for the occurrence and for every claim of it, since they have its own."""
    state.during, state.called_off = during, False
    for claim in state.claims.values():
        claim.during = claim.blocked = during


def _remove(state: Bookable, keys: list[tuple[str, int]]) -> None:
    """Free claims; what an override had overbooked shrinks with them, seats behind move up."""
    for key in keys:
        gone = state.claims.pop(key)
        gone.live = False
        if state.counted:
            state.taken -= gone.units
            state.overbooked = min(state.overbooked, max(0, state.taken - state.capacity))
            if state.ranked:
                for claim in state.claims.values():
                    if claim.seq > gone.seq:
                        claim.place -= gone.units


def _move(state: Bookable, entry: Entry, event: e.Moved) -> None:
    booking_id = entry.booking_id
    if booking_id is None:
        raise ValueError(f"{entry.stream}/{entry.seq}: a move without a booking")
    actor_id = event.actor_id
    _remove(state, [(booking_id, no) for no in event.left])
    _add(state, entry, actor_id, event.claims)


_BECOMES: dict[type[Event], Status] = {
    e.Released: Status.CANCELLED,
    e.Cancelled: Status.CANCELLED,
    e.Expired: Status.EXPIRED,
    e.CheckedIn: Status.CHECKED_IN,
    e.CheckedOut: Status.COMPLETED,
    e.Completed: Status.COMPLETED,
    e.NoShow: Status.NO_SHOW,
}


def _made(entry: Entry) -> Booking:
    """The booking that its first entry makes."""
    event, booking_id, version = entry.event, entry.booking_id, entry.version
    assert booking_id is not None
    assert version is not None
    match event:
        case e.Booked():
            return Booking(
                booking_id,
                event.actor_id,
                event.status,
                version,
                None,
                event.expires_at,
                event.limit_at,
                series=event.series,
            )
        case e.Joined():
            return Booking(booking_id, event.actor_id, Status.WAITLISTED, version)
        case _:
            raise ValueError(f"{entry.stream}/{entry.seq}: the booking was never made")


def evolve_booking(before: Booking | None, entry: Entry) -> Booking:
    """The booking after one of its entries; `before` is None for the first.

    Only status, version and expiry: the claims are those of the streams.
    """
    event = entry.event
    if entry.booking_id is None or entry.version is None:
        raise ValueError(f"{entry.stream}/{entry.seq}: not an entry of a booking")
    if before is None:
        return _made(entry)
    before.version = entry.version
    match event:
        case e.Confirmed():
            before.status, before.expires_at, before.limit_at = Status.CONFIRMED, None, None
        case e.Offered():
            before.status = Status.HELD
            before.expires_at, before.limit_at = event.expires_at, event.limit_at
        case e.Extended():
            before.expires_at = event.expires_at
        case e.Released() | e.Cancelled() | e.Expired():
            before.status = _BECOMES[type(event)]
        case e.CheckedIn() | e.CheckedOut() | e.Completed() | e.NoShow():
            before.status = _BECOMES[type(event)]
        case e.Moved() | e.Updated():
            pass
        case e.Booked() | e.Joined() | e.Defined() | e.CapacityChanged() | e.Fact():
            raise ValueError(f"{entry.stream}/{entry.seq}: {event!r} can't follow in a booking")
        case (
            e.RulesChanged()
            | e.ScheduleChanged()
            | e.Rescheduled()
            | e.CalledOff()
            | e.Checkpoint()
        ):
            raise ValueError(f"{entry.stream}/{entry.seq}: {event!r} is not of a booking")
        case _:
            assert_never(event)
    return before
