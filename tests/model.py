"""What Lastseat must answer, worked out the slow way: an independent model of the booking rules.

For tests that compare. It shares no code with the decisions (`booking`, `capacity`, `moving`,
`defining`, `state`, `world`, `decide`): it keeps a list of bookings in the order they were made and
recounts everything, instant by instant, for every question. Of the core it uses only the language:
commands, outcomes, statuses, kinds.

    model = Model()
    expected = model.apply(command, now)      # what an engine must answer, and the model goes on
    assert same(expected, answered)

It holds for any engine that settles these commands one after the other, each at its `now`, with
`now` never going back. The caller gives what an engine draws or knows by itself: booking ids come
with `Book`, the time with `apply`. Four things differ between right engines, so they are not the
model's:

- commands must be well formed (`validate` is not repeated here), and the clock sound
  (`clock_behind`, `overloaded`, `key_reused` are never expected);
- occurrences of recurring events are not opened: define them one by one;
- the sequences that `expected` names are the model's `seq`, where each expired hold is journalled
  as soon as its time is over; an engine that journals it later is behind until it does;
- the claim that a `conflict` of the rule `exclusive` shows, where several are in the way, and the
  wording of a reason: `same` leaves both out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import combinations, pairwise

import msgspec

from lastseat.core import commands as c
from lastseat.core import outcomes as o
from lastseat.core.events import ActorTime, Kind, WaitPolicy
from lastseat.core.interval import Interval
from lastseat.core.status import Status

Stretch = tuple[datetime, datetime]
"""From, and until but without."""

HOLD_LIMIT = timedelta(hours=1)
MOST_TURNS = 10
FOREVER = datetime(2300, 1, 1, tzinfo=UTC)
LIVE = {
    Status.HELD,
    Status.PENDING_APPROVAL,
    Status.RESERVED,
    Status.CONFIRMED,
    Status.CHECKED_IN,
    Status.COMPLETED,
    Status.NO_SHOW,
}


ARRIVED = {Status.CHECKED_IN, Status.COMPLETED, Status.NO_SHOW}
"""Their time has come: nothing is left to confirm or to move."""


def same(expected: o.AnyOutcome, answered: o.AnyOutcome) -> bool:
    """Whether an engine's answer is the one the model expected."""
    return _essence(expected) == _essence(answered)


def _essence(outcome: o.AnyOutcome) -> o.AnyOutcome:
    if isinstance(outcome, o.Invalid | o.WaitlistClosed):
        return msgspec.structs.replace(outcome, reason="")
    if isinstance(outcome, o.Conflict):
        return msgspec.structs.replace(outcome, during=None)
    return outcome


@dataclass
class Thing:
    """A bookable."""

    kind: Kind
    capacity: int
    time: Stretch | None
    zone: str | None
    actor_time: ActorTime
    location: str | None = None
    waitlist: WaitPolicy = WaitPolicy.FIFO
    seq: int = 1


@dataclass(frozen=True)
class Piece:
    """A claim of a booking. `since` is when it was made, for the order of the roster."""

    bookable: str
    units: int
    during: Stretch
    blocked: Stretch
    since: int = 0

    def like(self, other: "Piece") -> bool:
        """Whether both claim the same."""
        return replace(self, since=0) == replace(other, since=0)


@dataclass(frozen=True)
class OwnTime:
    """What a booking takes of its actor's own time."""

    stretches: tuple[Stretch, ...] = ()
    refuses: bool = False
    since: int = 0


@dataclass(frozen=True)
class Turn:
    """What a booking waits for: the first piece is on the bookable whose line it is in."""

    pieces: tuple[Piece, ...]
    seconds: int
    since: int

    @property
    def line(self) -> str:
        """Whose line."""
        return self.pieces[0].bookable


@dataclass
class Party:
    """A booking."""

    booking_id: str
    actor: str
    status: Status
    pieces: list[Piece]
    own: OwnTime
    version: int = 1
    expires_at: datetime | None = None
    limit_at: datetime | None = None
    turn: Turn | None = None
    """Also once it waits no longer."""

    @property
    def live(self) -> bool:
        """Whether it counts."""
        return self.status in LIVE

    @property
    def asked(self) -> list[Piece]:
        """What it has, or waits for."""
        return self.pieces or list(self.turn.pieces if self.turn else ())

    @property
    def waits(self) -> bool:
        """Whether it is in a line."""
        return self.status is Status.WAITLISTED


@dataclass
class Going:
    """One booking on the move: what it keeps, and what it asks for."""

    party: Party
    keeps: list[Piece]
    leaves: list[Piece]
    takes: list[Piece]
    own: OwnTime
    own_stays: bool


@dataclass
class Model:
    """Every bookable and every booking ever made."""

    things: dict[str, Thing] = field(default_factory=dict)
    parties: list[Party] = field(default_factory=list)
    made: int = 0

    def apply(self, command: c.AnyCommand, now: datetime) -> o.AnyOutcome:
        """What the command comes to at `now`; the model is then as after it."""
        self.lapse(now)
        outcome = self._apply(command, now)
        told = self._serve(now)
        if isinstance(outcome, o.Joined):
            return told.get(outcome.booking_id, outcome)
        return outcome

    def _apply(self, command: c.AnyCommand, now: datetime) -> o.AnyOutcome:
        stale = self._stale(command)
        if stale is not None:
            return stale
        match command:
            case c.Join():
                return self._join(command, now)
            case c.Define():
                return self._define(command)
            case c.Book():
                return self._book(command, now)
            case c.Move():
                return self._move(command)
            case c.ChangeCapacity():
                return self._change_capacity(command, now)
            case c.Append():
                return self._append(command)
            case c.Expire():
                return self._expire(command)
            case c.Cancel():
                return self._cancel(command)
            case c.Confirm() | c.Release() | c.Extend():
                return self._hold(command, now)
            case _:
                # No machine asks these of the model.
                assert not isinstance(command, c.BookSeries | c.SetRules | c.EditEvent)
                return self._visit(command, now)

    def _stale(self, command: c.AnyCommand) -> o.AnyOutcome | None:
        for stream, seq in command.expected.items():
            actual = self.seq(stream)
            if actual == 0 and seq != 0:
                return o.UnknownBookable(bookable=stream)
            if actual != seq:
                actor = command.actor if isinstance(command, c.Book | c.Join) else None
                return o.Conflict(rule="expected_seq", actor=actor, bookable=stream, actual=actual)
        return None

    # What there is ------------------------------------------------------------------------------

    def seq(self, bookable: str) -> int:
        """How many entries the bookable's stream has; 0 for none."""
        return self.things[bookable].seq if bookable in self.things else 0

    def party(self, booking_id: str) -> Party | None:
        """The booking of that id, whatever became of it."""
        return next((x for x in self.parties if x.booking_id == booking_id), None)

    def on(self, bookable: str, without: Iterable[Piece] = ()) -> list[tuple[Party, Piece]]:
        """The live claims of a bookable, oldest first."""
        gone = [id(piece) for piece in without]
        there = [
            (party, piece)
            for party in self.parties
            if party.live
            for piece in party.pieces
            if piece.bookable == bookable and id(piece) not in gone
        ]
        return sorted(there, key=lambda x: x[1].since)

    def roster(self, occurrence: str) -> list[str]:
        """The actors on an occurrence, one for each seat."""
        return [party.actor for party, piece in self.on(occurrence) for _ in range(piece.units)]

    def seated(self, occurrence: str, actor: str) -> Party | None:
        """The actor's live booking on an occurrence."""
        thing = self.things.get(occurrence)
        if thing is None or thing.kind is not Kind.OCCURRENCE:
            return None
        return next((party for party, _ in self.on(occurrence) if party.actor == actor), None)

    def seat(self, occurrence: str, actor: str) -> int:
        """The actor's first seat there."""
        return 1 + self.roster(occurrence).index(actor)

    def taken(self, bookable: str, since: datetime) -> int:
        """The units taken: of an occurrence all, else the most at any instant from `since` on."""
        pieces = [piece for _, piece in self.on(bookable)]
        if self.things[bookable].kind is Kind.OCCURRENCE:
            return sum(piece.units for piece in pieces)
        return most_at_once(pieces, (since, FOREVER))

    # What time does -----------------------------------------------------------------------------

    def lapse(self, now: datetime) -> None:
        """Every hold whose time is over is EXPIRED from here on, and its place another's."""
        for party in self.parties:
            if party.status is Status.HELD and party.expires_at and party.expires_at <= now:
                self._became(party, Status.EXPIRED)
        self._serve(now)

    def _became(self, party: Party, status: Status) -> None:
        pieces = party.asked if party.waits else party.pieces
        party.status = status
        self._changed(party, {piece.bookable for piece in pieces})

    def _changed(self, party: Party, streams: Iterable[str]) -> None:
        party.version += 1
        for bookable in streams:
            self.things[bookable].seq += 1

    # Commands -----------------------------------------------------------------------------------

    def _define(self, command: c.Define) -> o.AnyOutcome:
        time = None
        if command.start is not None and command.end is not None:
            time = (command.start, command.end)
        new = Thing(
            command.kind,
            command.capacity,
            time,
            command.time_zone,
            command.actor_time,
            command.location,
            command.waitlist,
        )
        old = self.things.get(command.bookable)
        if old is None:
            self.things[command.bookable] = new
            return o.Defined(bookable=command.bookable, created=True)
        names = {"kind": "kind", "capacity": "capacity", "time": "during", "zone": "time_zone"}
        names |= {x: x for x in ("actor_time", "location", "waitlist")}
        for mine, theirs in names.items():
            if getattr(old, mine) != getattr(new, mine):
                return o.AlreadyDefined(bookable=command.bookable, field=theirs)
        return o.Defined(bookable=command.bookable, created=False)

    def _book(self, command: c.Book, now: datetime) -> o.AnyOutcome:
        pieces = self._pieces(command.claims)
        if not isinstance(pieces, list):
            return pieces
        for piece in pieces:
            there = self.seated(piece.bookable, command.actor)
            if there is not None:
                return self._already(there, command.actor, piece.bookable)
        if self.party(command.booking_id) is not None:
            return o.Invalid(field="booking_id", reason="")
        own = self._own_time(pieces)
        warnings: list[o.Overlap] = []
        if not command.override:
            refusal = self._short([(command.actor, piece) for piece in pieces], [])
            if refusal is not None:
                return refusal
            busy = self._busy(command.actor, own, [])
            if isinstance(busy, o.ActorBusy):
                return busy
            warnings = busy
        self.made += 1
        party = Party(
            command.booking_id,
            command.actor,
            Status.CONFIRMED if command.confirmed else Status.RESERVED,
            [replace(piece, since=self.made) for piece in pieces],
            replace(own, since=self.made),
        )
        self.parties.append(party)
        for bookable in {piece.bookable for piece in pieces}:
            self.things[bookable].seq += 1
        counted = [x.bookable for x in pieces if self.things[x.bookable].kind is Kind.OCCURRENCE]
        seat = self.seat(counted[0], command.actor) if counted else 0
        units = sum(piece.units for piece in pieces)
        if command.hold_seconds is None:
            return o.Booked(
                booking_id=party.booking_id,
                actor=party.actor,
                seat=seat,
                units=units,
                status=party.status,
                warnings=tuple(warnings),
            )
        party.status = Status.HELD
        party.expires_at = now + timedelta(seconds=command.hold_seconds)
        limit = timedelta(seconds=command.limit_seconds) if command.limit_seconds else HOLD_LIMIT
        party.limit_at = max(party.expires_at, now + limit)
        return o.Held(
            booking_id=party.booking_id,
            actor=party.actor,
            seat=seat,
            units=units,
            expires_at=party.expires_at,
            limit_at=party.limit_at,
            warnings=tuple(warnings),
        )

    # Lines --------------------------------------------------------------------------------------

    def line(self, bookable: str, over: Stretch | None = None) -> list[Party]:
        """Who waits in the bookable's line, first come first: for a time that meets this one."""
        there = [x for x in self.parties if x.waits and x.turn and x.turn.line == bookable]
        if over is not None:
            there = [x for x in there if x.turn and meet(x.turn.pieces[0].blocked, over)]
        return sorted(there, key=lambda x: x.turn.since if x.turn else 0)

    def _join(self, command: c.Join, now: datetime) -> o.AnyOutcome:
        pieces = self._pieces(command.claims)
        if not isinstance(pieces, list):
            return pieces
        refusal = self._unjoinable(command, pieces, now)
        if refusal is not None:
            return refusal
        first, actor = pieces[0], command.actor
        name, ahead = first.bookable, self.line(first.bookable, first.blocked)
        self.made += 1
        turn = Turn(tuple(pieces), command.offer_seconds, self.made)
        party = Party(command.booking_id, actor, Status.WAITLISTED, [], OwnTime(), turn=turn)
        self.parties.append(party)
        for bookable in {piece.bookable for piece in pieces}:
            self.things[bookable].seq += 1
        return o.Joined(
            booking_id=party.booking_id,
            actor=actor,
            bookable=name,
            units=first.units,
            position=len(ahead) + 1,
        )

    def _unjoinable(
        self, command: c.Join, pieces: list[Piece], now: datetime
    ) -> o.AnyOutcome | None:
        first, actor = pieces[0], command.actor
        name = first.bookable
        if sum(piece.bookable == name for piece in pieces) > 1:
            return o.Invalid(field="claims", reason="")
        for piece in pieces:
            there = self.seated(piece.bookable, actor)
            if there is not None:
                return self._already(there, actor, piece.bookable)
        for i, other in enumerate(self.line(name, first.blocked)):
            if other.actor == actor:
                return o.AlreadyWaiting(
                    booking_id=other.booking_id, actor=actor, bookable=name, position=i + 1
                )
        if self.party(command.booking_id) is not None:
            return o.Invalid(field="booking_id", reason="")
        if self.things[name].waitlist is WaitPolicy.CLOSED or first.during[0] <= now:
            return o.WaitlistClosed(actor=actor, bookable=name, reason="")
        if sum(x.actor == actor for x in self.line(name)) == MOST_TURNS:
            return o.WaitlistFull(actor=actor, bookable=name, limit=MOST_TURNS)
        return self._larger(actor, pieces) or self._elsewhere(actor, pieces)

    def _elsewhere(self, actor: str, pieces: list[Piece]) -> o.ActorBusy | None:
        """The actor's other booking, when there is room and it is their turn at once."""
        name = pieces[0].bookable
        if self.things[name].waitlist is WaitPolicy.FIFO and self.line(name, pieces[0].blocked):
            return None
        if self._short([(actor, x) for x in pieces], [], name) is not None:
            return None
        busy = self._busy(actor, self._own_time(pieces), [])
        return busy if isinstance(busy, o.ActorBusy) else None

    def _larger(self, actor: str, pieces: Sequence[Piece]) -> o.AnyOutcome | None:
        """The refusal if there was no room for this though nobody was there."""
        alone = Model({name: replace(x) for name, x in self.things.items()})
        short = alone._short([(actor, piece) for piece in pieces], [])
        if isinstance(short, o.Full):
            thing = self.things[short.bookable]
            counted = thing.kind is Kind.OCCURRENCE
            free = thing.capacity - sum(x.units for _, x in self.on(short.bookable))
            left = max(0, free) if counted else 0
            return msgspec.structs.replace(short, left=left, can_join_waitlist=False)
        if short is not None:
            assert isinstance(short, o.Conflict)
            return msgspec.structs.replace(short, can_join_waitlist=False)
        return None

    def _serve(self, now: datetime) -> dict[str, o.AnyOutcome]:
        """Everybody whose turn it is gets what there is; what they were told, by booking."""
        told: dict[str, o.AnyOutcome] = {}
        going = True
        while going:
            going = False
            for name in sorted(self.things):
                for party in self.line(name):
                    going = self._serve_one(party, now, told) or going
        return told

    def _serve_one(self, party: Party, now: datetime, told: dict[str, o.AnyOutcome]) -> bool:
        """Whether the party waits no longer: it has an offer, or could not have taken one."""
        turn, actor = party.turn, party.actor
        assert turn is not None
        first, thing = turn.pieces[0], self.things[turn.line]
        if first.during[0] <= now:
            self._became(party, Status.EXPIRED)
            return True
        if thing.waitlist is WaitPolicy.FIFO and self.line(turn.line, first.blocked)[0] != party:
            return False
        pieces = list(turn.pieces)
        counted = thing.kind is Kind.OCCURRENCE
        free = thing.capacity - sum(x.units for _, x in self.on(turn.line))
        if counted and max(0, free) < first.units <= thing.capacity:
            return False
        if self._short([(actor, x) for x in pieces], [], turn.line) is not None:
            if self._larger(actor, pieces) is None:
                return False
            self._became(party, Status.EXPIRED)
            return True
        own = self._own_time(pieces)
        busy = self._busy(actor, own, [])
        if any(self.seated(x.bookable, actor) for x in pieces) or isinstance(busy, o.ActorBusy):
            self._became(party, Status.EXPIRED)
            return True
        self.made += 1
        party.pieces = [replace(piece, since=self.made) for piece in pieces]
        party.own = replace(own, since=self.made)
        self._became(party, Status.HELD)
        party.expires_at = now + timedelta(seconds=turn.seconds)
        party.limit_at = max(party.expires_at, now + HOLD_LIMIT)
        seats = [x.bookable for x in pieces if self.things[x.bookable].kind is Kind.OCCURRENCE]
        told[party.booking_id] = o.Held(
            booking_id=party.booking_id,
            actor=actor,
            seat=self.seat(seats[0], actor) if seats else 0,
            units=sum(piece.units for piece in pieces),
            expires_at=party.expires_at,
            limit_at=party.limit_at,
            version=party.version,
            warnings=tuple(busy),
        )
        return True

    def _find(self, target: c.Target, version: int | None) -> Party | o.AnyOutcome:
        if isinstance(target, c.Seat):
            if target.bookable not in self.things:
                return o.UnknownBookable(bookable=target.bookable)
            party = self.seated(target.bookable, target.actor)
            if party is None:
                return o.NotBooked(actor=target.actor, bookable=target.bookable)
        else:
            party = self.party(target.booking_id)
            if party is None:
                return o.UnknownBooking(booking_id=target.booking_id)
        if version not in (None, party.version):
            booking_id = party.booking_id
            return o.Conflict(rule="version", booking_id=booking_id, actual=party.version)
        return party

    def _hold(self, command: c.Confirm | c.Release | c.Extend, now: datetime) -> o.AnyOutcome:
        party = self._find(command.target, command.version)
        if not isinstance(party, Party):
            return party
        booking_id, actor = party.booking_id, party.actor
        if party.status is Status.EXPIRED:
            return o.HoldExpired(booking_id=booking_id, expired_at=party.expires_at or now)
        if not party.live and not party.waits:
            return o.NotBooked(actor=actor, booking_id=booking_id)
        if isinstance(command, c.Confirm):
            if party.status in ARRIVED or party.waits:
                return o.WrongStatus(
                    booking_id=booking_id, status=party.status, wanted=Status.CONFIRMED
                )
            if party.status is not Status.CONFIRMED:
                self._became(party, Status.CONFIRMED)
                party.expires_at = party.limit_at = None
            return o.Confirmed(booking_id=booking_id, actor=actor, version=party.version)
        if party.status is not Status.HELD or party.expires_at is None or party.limit_at is None:
            return o.NotHeld(booking_id=booking_id, status=party.status)
        if isinstance(command, c.Release):
            self._became(party, Status.CANCELLED)
            return o.Released(booking_id=booking_id, actor=actor, version=party.version)
        wanted = now + timedelta(seconds=command.seconds)
        if wanted > party.limit_at:
            return o.ExtendLimit(booking_id=booking_id, limit_at=party.limit_at)
        party.expires_at = max(party.expires_at, wanted)
        self._became(party, Status.HELD)
        return o.Extended(
            booking_id=booking_id, actor=actor, version=party.version, expires_at=party.expires_at
        )

    def _cancel(self, command: c.Cancel) -> o.AnyOutcome:
        party = self._find(command.target, command.version)
        if not isinstance(party, Party):
            return party
        if not party.live and not party.waits:
            return o.NotBooked(actor=party.actor, booking_id=party.booking_id)
        if party.status in {Status.COMPLETED, Status.NO_SHOW}:
            return o.WrongStatus(
                booking_id=party.booking_id, status=party.status, wanted=Status.CANCELLED
            )
        self._became(party, Status.CANCELLED)
        return o.Cancelled(booking_id=party.booking_id, actor=party.actor, version=party.version)

    def _visit(
        self, command: c.CheckIn | c.CheckOut | c.Complete | c.NoShow | c.Update, now: datetime
    ) -> o.AnyOutcome:
        party = self._find(command.target, command.version)
        if not isinstance(party, Party):
            return party
        booking_id, actor, was = party.booking_id, party.actor, party.status
        if was is Status.EXPIRED:
            return o.HoldExpired(booking_id=booking_id, expired_at=party.expires_at or now)
        if not party.live and not party.waits:
            return o.NotBooked(actor=actor, booking_id=booking_id)
        if isinstance(command, c.Update):
            self._became(party, was)
            return o.Updated(
                booking_id=booking_id, actor=actor, version=party.version, fields=written(command)
            )
        coming = {Status.RESERVED, Status.CONFIRMED}
        says: type[o.CheckedIn | o.CheckedOut | o.Completed | o.NoShow]
        if isinstance(command, c.CheckIn):
            becomes, says = Status.CHECKED_IN, o.CheckedIn
            may = was in coming or (command.late and was is Status.NO_SHOW)
        elif isinstance(command, c.NoShow):
            becomes, says, may = Status.NO_SHOW, o.NoShow, was in coming
        else:
            becomes, may = Status.COMPLETED, was is Status.CHECKED_IN
            says = o.CheckedOut if isinstance(command, c.CheckOut) else o.Completed
        if not may:
            return o.WrongStatus(booking_id=booking_id, status=was, wanted=becomes)
        begins = min(piece.during[0] for piece in party.pieces)
        if isinstance(command, c.NoShow) and begins > now:
            return o.TooEarly(booking_id=booking_id, not_before=begins)
        self._became(party, becomes)
        return says(booking_id=booking_id, actor=actor, version=party.version)

    def _expire(self, command: c.Expire) -> o.AnyOutcome:
        party = self._find(command.target, None)
        if not isinstance(party, Party):
            return party
        if party.status is Status.EXPIRED:
            return o.Expired(booking_id=party.booking_id, actor=party.actor, version=party.version)
        return o.NotExpired(booking_id=party.booking_id, expires_at=party.expires_at)

    def _change_capacity(self, command: c.ChangeCapacity, now: datetime) -> o.AnyOutcome:
        thing = self.things.get(command.bookable)
        if thing is None:
            return o.UnknownBookable(bookable=command.bookable)
        if thing.kind is Kind.RESOURCE:
            return o.Invalid(field="capacity", reason="")
        taken = self.taken(command.bookable, now)
        if taken > command.capacity and not command.override:
            return o.BelowTaken(bookable=command.bookable, capacity=thing.capacity, taken=taken)
        counted = thing.kind is Kind.OCCURRENCE
        over = max(0, taken - command.capacity) if counted else 0
        thing.seq += thing.capacity != command.capacity
        thing.capacity = command.capacity
        return o.CapacityChanged(
            bookable=command.bookable, capacity=command.capacity, overbooked=over
        )

    def _append(self, command: c.Append) -> o.AnyOutcome:
        for stream in command.facts:
            if stream not in self.things:
                return o.UnknownBookable(bookable=stream)
        for stream, facts in command.facts.items():
            self.things[stream].seq += len(facts)
        return o.Appended(sequences={stream: self.seq(stream) for stream in command.facts})

    def _move(self, command: c.Move) -> o.AnyOutcome:
        going: list[Going] = []
        for i, relocation in enumerate(command.moves):
            plan = self._going(relocation)
            if not isinstance(plan, Going):
                return plan
            if any(plan.party is other.party for other in going):
                return o.Invalid(field=f"moves[{i}].target", reason="")
            going.append(plan)
        twice = self._twice(going)
        if twice is not None:
            return twice
        warnings: list[o.Overlap] = []
        if not command.override:
            checked = self._room(going)
            if not isinstance(checked, list):
                return checked
            warnings = checked
        for plan in going:
            self._go(plan)
        moved = []
        for plan in going:
            party = plan.party
            new = [x for x in plan.takes if self.things[x.bookable].kind is Kind.OCCURRENCE]
            seat = self.seat(new[0].bookable, party.actor) if new else 0
            moved.append(o.Relocated(booking_id=party.booking_id, version=party.version, seat=seat))
        return o.Moved(moved=tuple(moved), warnings=tuple(warnings))

    def _going(self, relocation: c.Relocation) -> Going | o.AnyOutcome:
        party = self._find(relocation.target, relocation.version)
        if not isinstance(party, Party):
            return party
        if not party.live and not party.waits:
            return o.NotBooked(actor=party.actor, booking_id=party.booking_id)
        if party.status in ARRIVED or party.waits:
            return o.WrongStatus(booking_id=party.booking_id, status=party.status, wanted="a move")
        wanted = self._pieces(relocation.claims)
        if not isinstance(wanted, list):
            return wanted
        leaves = list(party.pieces)
        keeps: list[Piece] = []
        takes: list[Piece] = []
        for piece in wanted:
            kept = next((x for x in leaves if x.like(piece)), None)
            if kept is None:
                takes.append(piece)
            else:
                keeps.append(kept)
                leaves.remove(kept)
        own = self._own_time(wanted)
        stays = own == replace(party.own, since=0) or not (own.stretches or party.own.stretches)
        return Going(party, keeps, leaves, takes, own, stays)

    def _go(self, plan: Going) -> None:
        party = plan.party
        if not plan.leaves and not plan.takes and plan.own_stays:
            return
        self.made += 1
        takes = [replace(piece, since=self.made) for piece in plan.takes]
        party.pieces = plan.keeps + takes
        if not plan.own_stays:
            party.own = replace(plan.own, since=self.made)
        self._changed(party, {piece.bookable for piece in plan.leaves + plan.takes})

    # Rules --------------------------------------------------------------------------------------

    def _pieces(self, claims: Sequence[c.Claim]) -> list[Piece] | o.AnyOutcome:
        """The claims with their times, or what is wrong with the first that has none."""
        pieces: list[Piece] = []
        for i, claim in enumerate(claims):
            thing = self.things.get(claim.bookable)
            if thing is None:
                return o.UnknownBookable(bookable=claim.bookable)
            timed = claim.start is not None and claim.end is not None
            if thing.time is not None:
                if timed or claim.before or claim.after:
                    return o.Invalid(field=f"claims[{i}].start", reason="")
                if any(piece.bookable == claim.bookable for piece in pieces):
                    return o.Invalid(field=f"claims[{i}].bookable", reason="")
                pieces.append(Piece(claim.bookable, claim.units, thing.time, thing.time))
                continue
            if claim.start is None or claim.end is None:
                return o.Invalid(field=f"claims[{i}].start", reason="")
            if thing.kind is Kind.RESOURCE and claim.units != 1:
                return o.Invalid(field=f"claims[{i}].units", reason="")
            before, after = timedelta(seconds=claim.before), timedelta(seconds=claim.after)
            during = (claim.start, claim.end)
            blocked = (claim.start - before, claim.end + after)
            pieces.append(Piece(claim.bookable, claim.units, during, blocked))
        return pieces

    def _already(self, party: Party, actor: str, occurrence: str) -> o.Already:
        return o.Already(
            booking_id=party.booking_id,
            actor=actor,
            bookable=occurrence,
            seat=self.seat(occurrence, party.actor),
            status=party.status,
        )

    def _twice(self, going: list[Going]) -> o.AnyOutcome | None:
        """`already`, when the moves would give an actor two bookings on one roster."""
        leaving = [piece for plan in going for piece in plan.leaves]
        coming: list[tuple[str, str]] = []
        for plan in going:
            actor = plan.party.actor
            for piece in plan.takes:
                name = piece.bookable
                if self.things[name].kind is not Kind.OCCURRENCE:
                    continue
                staying = [x for x, _ in self.on(name, leaving) if x.actor == actor]
                if staying:
                    return self._already(staying[0], actor, name)
                if (name, actor) in coming:
                    return o.Already(
                        booking_id=plan.party.booking_id,
                        actor=actor,
                        bookable=name,
                        seat=0,
                        status=plan.party.status,
                    )
                coming.append((name, actor))
        return None

    def _room(self, going: list[Going]) -> list[o.Overlap] | o.AnyOutcome:
        leaving = [piece for plan in going for piece in plan.leaves]
        asked = [(plan.party.actor, piece) for plan in going for piece in plan.takes]
        refusal = self._short(asked, leaving)
        if refusal is not None:
            return refusal
        moving = [plan for plan in going if not plan.own_stays]
        changing = [plan.party for plan in moving]
        warnings: list[o.Overlap] = []
        for plan in moving:
            busy = self._busy(plan.party.actor, plan.own, changing)
            if isinstance(busy, o.ActorBusy):
                return busy
            warnings += busy
        for first, second in combinations(moving, 2):
            if first.party.actor != second.party.actor:
                continue
            for stretch in second.own.stretches:
                if any(meet(stretch, other) for other in first.own.stretches):
                    booking_id = first.party.booking_id
                    if first.own.refuses or second.own.refuses:
                        return o.ActorBusy(
                            actor=second.party.actor,
                            booking_id=booking_id,
                            during=Interval(*stretch),
                        )
                    warnings.append(o.Overlap(booking_id=booking_id, during=Interval(*stretch)))
        return warnings

    def _short(
        self, asked: Sequence[tuple[str, Piece]], leaving: Sequence[Piece], turn: str = ""
    ) -> o.AnyOutcome | None:
        """The first bookable, in the order asked for, that has no room for all of its pieces.

        Nor has it for whoever would overtake its line; `turn` is the one whose turn it is.
        """
        for name in dict.fromkeys(piece.bookable for _, piece in asked):
            thing = self.things[name]
            wanted = [(actor, piece) for actor, piece in asked if piece.bookable == name]
            there = [piece for _, piece in self.on(name, leaving)]
            new = [piece for _, piece in wanted]
            behind = self._behind(wanted, leaving) if name != turn else None
            if behind is not None:
                return behind
            for actor, piece in wanted:
                refusal = None
                if thing.kind is not Kind.RESOURCE:
                    if used(thing, there + new, piece) > thing.capacity:
                        refusal = _full(actor, piece, thing, used(thing, there, piece))
                elif any(meet(piece.blocked, x.blocked) for x in there):
                    return _conflict("exclusive", actor, name, thing)
                if refusal is not None:
                    return refusal
            if thing.kind is Kind.RESOURCE:
                # Nobody is in the way: then two of those asked for may still be, to each other.
                ordered = sorted(wanted, key=lambda x: x[1].blocked)
                for (_, first), (actor, second) in pairwise(ordered):
                    if meet(first.blocked, second.blocked):
                        return _conflict("exclusive", actor, name, thing)
        return None

    def _behind(
        self, wanted: Sequence[tuple[str, Piece]], leaving: Sequence[Piece]
    ) -> o.AnyOutcome | None:
        """The refusal for those who ask for more of a bookable than they leave, past its line."""
        for actor, piece in wanted:
            name, thing = piece.bookable, self.things[piece.bookable]
            ahead = len(self.line(name, piece.blocked))
            new = [other for _, other in wanted]
            if thing.waitlist is WaitPolicy.FIFO and ahead and takes_more(new, leaving, piece):
                if thing.kind is Kind.RESOURCE:
                    return _conflict("waiting", actor, name, thing)
                return _full(actor, piece, thing, thing.capacity, ahead)
        return None

    def _own_time(self, pieces: Sequence[Piece]) -> OwnTime:
        """What these claims take of the actor's time: stretches that touch are one."""
        rules = [(piece.during, self.things[piece.bookable].actor_time) for piece in pieces]
        watched = sorted(during for during, rule in rules if rule is not ActorTime.ALLOW)
        stretches: list[Stretch] = []
        for start, end in watched:
            if stretches and start <= stretches[-1][1]:
                stretches[-1] = (stretches[-1][0], max(end, stretches[-1][1]))
            else:
                stretches.append((start, end))
        return OwnTime(tuple(stretches), any(rule is ActorTime.REFUSE for _, rule in rules))

    def _busy(
        self, actor: str, own: OwnTime, changing: Sequence[Party]
    ) -> list[o.Overlap] | o.ActorBusy:
        """The actor's other bookings over that time, oldest first; those changing don't count."""
        overlaps = [
            o.Overlap(booking_id=party.booking_id, during=Interval(*stretch))
            for party in sorted(self.parties, key=lambda x: x.own.since)
            if party.live and party.actor == actor and party not in changing
            for stretch in party.own.stretches
            if any(meet(stretch, mine) for mine in own.stretches)
        ]
        if overlaps and own.refuses:
            first = overlaps[0]
            return o.ActorBusy(actor=actor, booking_id=first.booking_id, during=first.during)
        return overlaps


def written(command: c.Update) -> tuple[str, ...]:
    """The names of the details that an update gives, metadata first."""
    contact = command.contact or c.Contact()
    parts = {
        "metadata": command.metadata,
        "contact.name": contact.name,
        "contact.email": contact.email,
        "contact.phone": contact.phone,
    }
    return tuple(name for name, given in parts.items() if given is not None)


def meet(one: Stretch, other: Stretch) -> bool:
    """Whether the two share an instant: then the later of their starts is one."""
    instant = max(one[0], other[0])
    return all(start <= instant < end for start, end in (one, other))


def most_at_once(pieces: Sequence[Piece], window: Stretch) -> int:
    """The most units at any instant of the window. Usage only grows where a piece starts."""
    instants = {window[0], *(piece.blocked[0] for piece in pieces)}
    return max(
        sum(piece.units for piece in pieces if piece.blocked[0] <= now < piece.blocked[1])
        for now in instants
        if window[0] <= now < window[1]
    )


def used(thing: Thing, pieces: Sequence[Piece], piece: Piece) -> int:
    """The units in use: of an occurrence all, else the most at any instant of the piece."""
    if thing.kind is Kind.OCCURRENCE:
        return sum(x.units for x in pieces)
    return most_at_once(pieces, piece.blocked)


def takes_more(new: Sequence[Piece], leaving: Sequence[Piece], piece: Piece) -> bool:
    """Whether at some instant of the piece the new ones take more than is left behind there."""
    left = [x for x in leaving if x.bookable == piece.bookable]
    edges = {time for x in [*new, *left] for time in x.blocked}
    instants = [x for x in edges if piece.blocked[0] <= x < piece.blocked[1]]
    return any(
        sum(x.units for x in new if x.blocked[0] <= now < x.blocked[1])
        > sum(x.units for x in left if x.blocked[0] <= now < x.blocked[1])
        for now in instants
    )


def _conflict(rule: str, actor: str, name: str, thing: Thing) -> o.Conflict:
    joinable = thing.waitlist is not WaitPolicy.CLOSED
    return o.Conflict(rule=rule, actor=actor, bookable=name, can_join_waitlist=joinable)


def _full(actor: str, piece: Piece, thing: Thing, taken: int, waiting: int = 0) -> o.Full:
    return o.Full(
        actor=actor,
        bookable=piece.bookable,
        capacity=thing.capacity,
        left=max(0, thing.capacity - taken),
        during=Interval(*piece.during),
        waiting=waiting,
        can_join_waitlist=thing.waitlist is not WaitPolicy.CLOSED and piece.units <= thing.capacity,
    )
