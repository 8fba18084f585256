"""The checker's own small model: streams, bookings and claims, folded from the journal.

It shares no code with the engine. It is told what happened, row by row, and says where that can't
be; whether it was answered truly is not asked here (see answers.py, refusals.py).
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from math import inf

from msgspec import Struct, field

from lastseat.checker.history import Operation
from lastseat.checker.lines import Awaited, JournalRow

OWN_TIME = "actor:"
"""The stream of an actor's own time is this and the actor's id."""


class Command(Struct, gc=False, eq=False):
    """What one command wrote, and the operation that asked for it, if one did."""

    tenant: "Tenant"
    command_id: str
    rows: list[JournalRow] = field(default_factory=list)
    operation: Operation | None = None
    told: list[Operation] = field(default_factory=list)
    """Those that were told of it and may have been it: confirming twice answers the same."""
    folded: int = 0
    """How many of its rows were folded so far."""
    invoked: float = -inf
    returned: float = inf

    @property
    def op(self) -> int | None:
        """The operation's number."""
        return None if self.operation is None else self.operation.asked.op

    def __str__(self) -> str:
        if self.operation is not None:
            return f"op {self.operation.asked.op}"
        own = ("expired", "defined", "offered")
        return "the engine" if self.rows[0].type in own else "nobody known"


class Claim(Struct, gc=False, eq=False):
    """Units of one bookable, in whole microseconds; an occurrence's claims have its time."""

    booking: "Booking"
    no: int
    stream: "Stream"
    units: int
    start: int
    end: int
    blocked_start: int
    blocked_end: int
    exclusive: bool
    override: bool
    seq: int
    local_start: str | None
    time_zone: str | None
    place: int
    """The first seat when it was made: one more than what was taken."""
    made_at: int
    """The step of its stream that made it."""
    freed_at: int = 2**62
    """The step of its stream that freed it."""
    live: bool = True


class Load(Struct, gc=False):
    """A claim asked for, in whole microseconds."""

    blocked_start: int
    blocked_end: int
    units: int
    start: int
    end: int


class Waiting(Struct, gc=False, eq=False):
    """A booking's place in line: for what, over which time in its line, and who stood before it."""

    booking: "Booking"
    queue: str
    awaited: Awaited
    start: int
    end: int
    seq: int
    position: int
    noted: dict[str, tuple[int, int]] = field(default_factory=dict)
    """The streams that it waits on: at which entry, and from which step on."""
    overlooked: bool = False
    """It was said of it that there was a place, and it was not offered."""

    @property
    def units(self) -> int:
        """How many want it in its line."""
        return self.awaited.claims[0].units

    def before(self, other: "Waiting") -> bool:
        """Whether it stands in the other one's way, where the line lets nobody pass."""
        return self.seq < other.seq and self.over(other.start, other.end)

    def over(self, start: int, end: int) -> bool:
        """Whether it waits for a time that overlaps this one."""
        return self.start < end and start < self.end


class Version(Struct, gc=False, eq=False):
    """A booking since one of its versions."""

    command: Command
    type: str
    status: str
    expires_at: int | None
    limit_at: int | None


class Booking(Struct, gc=False, eq=False):
    """A booking folded from its lead rows."""

    booking_id: str
    actor_id: str
    status: str = ""
    version: int = 0
    expires_at: int | None = None
    limit_at: int | None = None
    made: int = 0
    claims: dict[int, Claim] = field(default_factory=dict)
    """Every claim it ever had, by number."""
    versions: list[Version] = field(default_factory=list)
    waiting: Waiting | None = None
    """Its place in line, if it ever had one."""

    def live_claims(self) -> list[Claim]:
        """Those that count."""
        return [claim for claim in self.claims.values() if claim.live]


class Intervals(Struct, gc=False, eq=False):
    """Live claims by their blocked times."""

    claims: list[tuple[int, int, int, Claim]] = field(default_factory=list)
    longest: int = 0
    rank: int = 0

    def put(self, claim: Claim) -> None:
        """One more."""
        self.rank += 1
        insort(self.claims, (claim.blocked_start, claim.blocked_end, self.rank, claim))
        self.longest = max(self.longest, claim.blocked_end - claim.blocked_start)

    def drop(self, claim: Claim) -> None:
        """One less."""
        i = bisect_left(self.claims, (claim.blocked_start, claim.blocked_end, 0))
        while self.claims[i][3] is not claim:
            i += 1
        del self.claims[i]

    def over(self, start: int, end: int) -> Iterator[Claim]:
        """Those that share an instant with `[start, end)`."""
        claims = self.claims
        i = bisect_left(claims, (start - self.longest, 0, 0))
        while i < len(claims) and claims[i][0] < end:
            if claims[i][1] > start:
                yield claims[i][3]
            i += 1


class Stream(Struct, gc=False, eq=False):
    """One bookable's journal, folded, and its past: a state after each step.

    A step is all that one command wrote here. Nobody can see a state in between. State 0 is that
    before the first step; `taken_after[k]` and so on are the states.
    """

    tenant: "Tenant"
    name: str
    kind: str
    capacity: int
    overbooked: int = 0
    taken: int = 0
    seq: int = 0
    at: int | None = None
    fresh: bool = False
    """Whether `at` was the clock's time: it is never let go back."""
    tx: str = ""
    ordinal: int = -1
    start: int | None = None
    end: int | None = None
    time_zone: str | None = None
    event_id: str | None = None
    starts: tuple[str, ...] = ()
    seconds: int = 0
    own: bool = False
    actor_time: str = "refuse"
    location: str | None = None
    policy: str = "fifo"
    broken: bool = False
    stepping: bool = False
    """Whether the last step's command has rows to come."""
    steps: list[Command] = field(default_factory=list)
    seq_after: list[int] = field(default_factory=list)
    taken_after: list[int] = field(default_factory=list)
    capacity_after: list[int] = field(default_factory=list)
    overbooked_after: list[int] = field(default_factory=list)
    expiry_after: list[float] = field(default_factory=list)
    """The earliest expiry of the holds that count."""
    holds: list[tuple[int, str]] = field(default_factory=list)
    made: list[Claim] = field(default_factory=list)
    """Claims of the step at hand."""
    changes: list[tuple[int, bool, Claim]] = field(default_factory=list)
    """(step, made or freed, claim), in order."""
    waiting: dict[str, Waiting] = field(default_factory=dict)
    """Who waits on it, in its own line or in another one: in the order in which they came."""
    lined: int = 0
    """How many of them stand in its own line."""
    lined_after: list[int] = field(default_factory=list)
    line_changes: list[tuple[int, bool, Waiting]] = field(default_factory=list)
    """(step, came or left, who), in order."""
    seated: dict[str, list[Claim]] = field(default_factory=dict)
    """The live claims of each actor here; of an occurrence."""
    in_time: Intervals = field(default_factory=Intervals)
    """The live claims; not of an occurrence."""
    invoked_before: list[float] | None = None
    returned_after: list[float] | None = None
    left_at: dict[tuple[int, int, int], list[int]] | None = None
    """(capacity, left, how many stand before it) to the states in which a walk-in was told so."""

    @property
    def counted(self) -> bool:
        """Whether units are summed, whatever their time."""
        return self.kind == "occurrence"

    @property
    def own_time(self) -> bool:
        """Whether it is an actor's own time."""
        return self.kind == "actor"

    def line(self) -> list[Waiting]:
        """Who stands in its own line, first come first."""
        return [x for x in self.waiting.values() if x.queue == self.name]

    def join(self, waiting: Waiting, seq: int) -> None:
        """One more waits."""
        waiting.noted[self.name] = seq, len(self.steps)
        self.waiting[waiting.booking.booking_id] = waiting
        self.lined += waiting.queue == self.name
        self.line_changes.append((len(self.steps), True, waiting))

    def leave(self, booking: Booking) -> bool:
        """Whoever waited here waits no longer; whether they did."""
        waiting = self.waiting.pop(booking.booking_id, None)
        if waiting is None:
            return False
        self.lined -= waiting.queue == self.name
        self.line_changes.append((len(self.steps), False, waiting))
        return True

    def put(self, claim: Claim) -> None:
        """Count a claim."""
        self.changes.append((claim.made_at, True, claim))
        if self.kind == "occurrence":
            self.taken += claim.units
            self.seated.setdefault(claim.booking.actor_id, []).append(claim)
            return
        self.in_time.put(claim)

    def drop(self, claim: Claim, step: int) -> None:
        """Count it no more."""
        claim.live, claim.freed_at = False, step
        self.changes.append((step, False, claim))
        if self.kind == "occurrence":
            self.taken -= claim.units
            there = self.seated[claim.booking.actor_id]
            there.remove(claim)
            if not there:
                del self.seated[claim.booking.actor_id]
            return
        self.in_time.drop(claim)


class Tenant(Struct, gc=False, eq=False):
    """All of one tenant."""

    name: str
    streams: dict[str, Stream] = field(default_factory=dict)
    bookings: dict[str, Booking] = field(default_factory=dict)
    commands: dict[str, Command] = field(default_factory=dict)
    leads: dict[tuple[str, int], Command] = field(default_factory=dict)
    """(booking, version) to who made it."""
    placed: dict[tuple[str, int], Command] = field(default_factory=dict)
    """(stream, sequence) of definitions and facts to who wrote them."""
    by_key: dict[str, list[Operation]] = field(default_factory=dict)
    actors: dict[str, str] = field(default_factory=dict)
    """References to ids."""
    refs: dict[str, str] = field(default_factory=dict)
    """Ids to references."""

    def stream(self, name: str) -> Stream:
        """A stream, made when first asked for."""
        found = self.streams.get(name)
        if found is None:
            own = name.startswith(OWN_TIME)
            found = Stream(self, name, "actor" if own else "unborn", 1 if own else 0)
            found.seq_after.append(0)
            found.taken_after.append(0)
            found.capacity_after.append(found.capacity)
            found.overbooked_after.append(0)
            found.expiry_after.append(inf)
            found.lined_after.append(0)
            self.streams[name] = found
        return found


def peak(claims: Iterable[Claim | Load], start: int, end: float) -> int:
    """The most units in use at one instant of `[start, end)`: ends before starts."""
    edges: list[tuple[int, int]] = []
    now = 0
    for claim in claims:
        if claim.blocked_start >= end or claim.blocked_end <= start:
            continue
        if claim.blocked_start <= start:
            now += claim.units
        else:
            edges.append((claim.blocked_start, claim.units))
        if claim.blocked_end < end:
            edges.append((claim.blocked_end, -claim.units))
    most = now
    edges.sort()
    for _, units in edges:
        now += units
        most = max(most, now)
    return most
