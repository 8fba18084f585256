"""A machine that lives a venue's life at random and holds the core to the model, step by step.

Each rule makes one command; `settle` asks the model what must come of it, lets the core decide,
and compares. What must always hold is checked after every step from the world itself, so that a
mistake the model shares is found all the same.
"""

from datetime import datetime, timedelta
from itertools import combinations
from typing import Any

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.core import given as g
from tests.model import Model, same
from tests.modelled.things import Party, Piece

from lastseat.core import commands as c
from lastseat.core import outcomes as o
from lastseat.core.capacity import in_line
from lastseat.core.decide import decide, expire_due, settle
from lastseat.core.events import (
    ActorTime,
    Cancelled,
    Expired,
    Fact,
    Joined,
    Kind,
    Offered,
    WaitPolicy,
)
from lastseat.core.interval import Interval
from lastseat.core.state import Bookable, Entry, LiveClaim
from lastseat.core.status import Status
from lastseat.core.validate import validate
from lastseat.core.world import World

ACTORS = ("ann", "ben", "cy", "dee")
FITS = WaitPolicy.FIRST_THAT_FITS
VENUE = (
    g.occurrence("show", 3, 0, 60, ActorTime.REFUSE),
    g.occurrence("late show", 2, 30, 90, ActorTime.WARN, FITS),
    g.occurrence("open day", 2, 0, 120),
    g.resource("lane", ActorTime.REFUSE),
    g.resource("room", line=WaitPolicy.CLOSED),
    g.pool("skis", 3, line=FITS),
    g.pool("guides", 2, ActorTime.WARN),
    g.limit("service:tour", 3),
)
OPENS = g.at(-25)
"""When the machine begins: before what can be waited for does."""
KINDS = {define.bookable: define.kind for define in VENUE}

actors = st.sampled_from(ACTORS)
PEAKED = (Kind.POOL, Kind.LIMIT)
pools = st.sampled_from([name for name, kind in KINDS.items() if kind in PEAKED])
rarely = st.integers(0, 9).map(lambda x: x == 9)
names = st.sampled_from([*KINDS, *KINDS, "nowhere"])


@st.composite
def sensibly(draw: st.DrawFn) -> c.Claim:
    """A claim that only what is taken can refuse."""
    kinds = draw(st.sampled_from([(Kind.OCCURRENCE,), PEAKED, (Kind.RESOURCE,)]))
    name = draw(st.sampled_from([x for x in KINDS if KINDS[x] in kinds]))
    units = draw(st.sampled_from([1, 1, 2]))
    if KINDS[name] is Kind.OCCURRENCE:
        return g.claim(name, units)
    start = 30 * draw(st.integers(0, 3))
    end = start + 30 * draw(st.integers(1, 3))
    return g.claim(name, 1 if KINDS[name] is Kind.RESOURCE else units, start, end)


@st.composite
def oddly(draw: st.DrawFn) -> c.Claim:
    """A claim that may make no sense, with buffers."""
    name = draw(names)
    if draw(st.booleans()):
        return g.claim(name, draw(st.integers(1, 3)))
    start = 30 * draw(st.integers(0, 3))
    before, after = (draw(st.sampled_from([0, 1800])) for _ in "ba")
    units = draw(st.sampled_from([1, 1, 2]))
    return g.claim(name, units, start, start + 30, before=before, after=after)


sensible = sensibly()
Visit = c.CheckIn | c.CheckOut | c.Complete | c.NoShow | c.Update
visits = st.sampled_from([c.CheckIn, c.CheckIn, c.CheckOut, c.Complete, c.NoShow, c.Update])
DETAILS: tuple[dict[str, Any], ...] = (
    {"metadata": {"wheelchair": True}},
    {"contact": c.Contact(name="Ann", phone="")},
    {"metadata": {}, "contact": c.Contact(email="ann@example.org")},
)
claims = st.lists(st.one_of(sensible, sensible, oddly()), min_size=1, max_size=3).map(tuple)


class VenueMachine(RuleBasedStateMachine):
    """The venue, the model of it, and the journal from its first entry on."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.world = World(OPENS)
        self.journal: list[Entry] = []
        self.overridden: set[str] = set()
        """Bookables on which an override was allowed: they may be over capacity."""
        self.changed: dict[str, datetime] = {}
        """When a bookable's capacity was last changed: what was over by then does not count."""

    @initialize(first=st.lists(st.tuples(actors, sensible, st.booleans()), min_size=3, max_size=9))
    def open_the_venue(self, first: list[tuple[str, c.Claim, bool]]) -> None:
        for define in VENUE:
            self.settle(define)
        for actor, wanted, held in first:
            self.book_one(actor, wanted, held)

    # What may happen ----------------------------------------------------------------------------

    @rule(actor=actors, wanted=sensible, held=st.booleans())
    def book_one(self, actor: str, wanted: c.Claim, held: bool) -> None:
        number = len(self.model.parties) + 1
        self.settle(g.book(actor, wanted, number=number, hold_seconds=900 if held else None))

    @rule(actor=actors, pool=pools, start=st.integers(0, 2), slots=st.integers(1, 3))
    def hire(self, actor: str, pool: str, start: int, slots: int) -> None:
        """Hires of all lengths side by side, so that peaks differ from sums."""
        wanted = g.claim(pool, 1, 30 * start, 30 * (start + slots))
        self.book_one(actor, wanted, held=False)

    @rule(actor=actors, wanted=claims, held=st.booleans(), extra=st.data())
    def book(
        self, actor: str, wanted: tuple[c.Claim, ...], held: bool, extra: st.DataObject
    ) -> None:
        more: dict[str, Any] = self.observed(extra)
        if held:
            more["hold_seconds"] = 60 * extra.draw(st.sampled_from([5, 15, 90]))
            more["limit_seconds"] = extra.draw(st.sampled_from([None, 1200]))
        if extra.draw(rarely):
            more |= {"override": True, "reason": "the mayor"}
        reused = extra.draw(rarely) and bool(self.model.parties)
        number = 1 if reused else len(self.model.parties) + 1
        more["confirmed"] = not extra.draw(rarely)
        self.settle(g.book(actor, *wanted, number=number, **more))

    @rule(actor=actors, wanted=sensible, minutes=st.sampled_from([5, 15, 90]))
    def join_one(self, actor: str, wanted: c.Claim, minutes: int) -> None:
        number = len(self.model.parties) + 1
        self.settle(g.join(actor, wanted, number=number, seconds=60 * minutes))

    @rule(actor=actors, wanted=claims, extra=st.data())
    def join(self, actor: str, wanted: tuple[c.Claim, ...], extra: st.DataObject) -> None:
        reused = extra.draw(rarely) and bool(self.model.parties)
        number = 1 if reused else len(self.model.parties) + 1
        self.settle(g.join(actor, *wanted, number=number, **self.observed(extra)))

    @precondition(lambda self: self.model.parties)
    @rule(actor=actors, units=st.integers(1, 2), extra=st.data())
    def join_where_it_is_taken(self, actor: str, units: int, extra: st.DataObject) -> None:
        """A line is made where somebody sits already."""
        pieces = [x for party in self.live() for x in party.pieces]
        if not pieces:
            return
        wanted = self.claims_of([extra.draw(st.sampled_from(pieces))])[0]
        if KINDS[wanted.bookable] is not Kind.RESOURCE:
            wanted = msgspec.structs.replace(wanted, units=units)
        self.settle(g.join(actor, wanted, number=len(self.model.parties) + 1))

    @precondition(lambda self: self.waiting())
    @rule(how=st.sampled_from(["cancel", "lapse", "elsewhere"]), extra=st.data())
    def their_turn_comes(self, how: str, extra: st.DataObject) -> None:
        """What somebody waits for comes free, maybe when they are elsewhere by then."""
        waiting = extra.draw(st.sampled_from(self.waiting()))
        if how == "elsewhere":
            # Where a place in line counts for nothing: it may be the mayor who asks.
            more = {"override": True, "reason": "the mayor"}
            hour = g.claim("lane", 1, 0, 120)
            self.settle(g.book(waiting.actor, hour, number=len(self.model.parties) + 1, **more))
        if how == "lapse":
            self.time_goes_by(14)
        wanted = {piece.bookable for piece in waiting.asked}
        there = [x for x in self.live() if {piece.bookable for piece in x.pieces} & wanted]
        for party in there:
            self.settle(c.Cancel(**g.BASE, target=c.BookingId(party.booking_id)))

    @precondition(lambda self: self.model.parties)
    @rule(kind=st.sampled_from([c.Confirm, c.Release, c.Cancel]), extra=st.data())
    def finish(self, kind: type[c.Confirm | c.Release | c.Cancel], extra: st.DataObject) -> None:
        target = self.target(extra)
        version = self.version(target, extra)
        self.settle(kind(**g.BASE, target=target, version=version, **self.observed(extra)))

    @precondition(lambda self: self.model.parties)
    @rule(kind=visits, extra=st.data())
    def visit(self, kind: type[Visit], extra: st.DataObject) -> None:
        target = self.target(extra)
        more: dict[str, Any] = {"late": True} if kind is c.CheckIn and extra.draw(rarely) else {}
        if kind is c.Update:
            more = extra.draw(st.sampled_from(DETAILS))
        version = self.version(target, extra)
        self.settle(kind(**g.BASE, target=target, version=version, **more))

    @precondition(lambda self: self.live())
    @rule(kinds=st.lists(visits, min_size=2, max_size=3), cancelled=st.booleans(), extra=st.data())
    def come_and_go(self, kinds: list[type[Visit]], cancelled: bool, extra: st.DataObject) -> None:
        """One visit after the other, of one booking: mostly in an order that is not allowed."""
        booking_id = extra.draw(st.sampled_from(self.live())).booking_id
        target = c.BookingId(booking_id)
        if c.NoShow in kinds:
            self.time_goes_by(30)
        for kind in kinds:
            more: dict[str, Any] = DETAILS[0] if kind is c.Update else {}
            self.settle(kind(**g.BASE, target=target, **more))
        if cancelled:
            self.settle(c.Cancel(**g.BASE, target=target))

    @precondition(lambda self: self.model.parties)
    @rule(minutes=st.sampled_from([1, 20, 50, 100]), extra=st.data())
    def extend(self, minutes: int, extra: st.DataObject) -> None:
        target = self.target(extra)
        version = self.version(target, extra)
        self.settle(c.Extend(**g.BASE, target=target, seconds=60 * minutes, version=version))

    @precondition(lambda self: self.model.parties)
    @rule(extra=st.data())
    def expire(self, extra: st.DataObject) -> None:
        self.settle(c.Expire(**g.BASE, target=self.target(extra)))

    @precondition(lambda self: self.live())
    @rule(wanted=sensible, extra=st.data())
    def move_one(self, wanted: c.Claim, extra: st.DataObject) -> None:
        party = extra.draw(st.sampled_from(self.live()))
        target = c.BookingId(party.booking_id)
        self.settle(g.move(c.Relocation(target=target, claims=(wanted,))))

    @precondition(lambda self: self.model.parties)
    @rule(wanted=st.lists(claims, min_size=1, max_size=3), extra=st.data())
    def move(self, wanted: list[tuple[c.Claim, ...]], extra: st.DataObject) -> None:
        relocations = []
        for each in wanted:
            target = self.target(extra)
            version = self.version(target, extra)
            relocations.append(c.Relocation(target=target, claims=each, version=version))
        more: dict[str, Any] = self.observed(extra)
        if extra.draw(rarely):
            more |= {"override": True, "reason": "the mayor"}
        self.settle(g.move(*relocations, **more))

    @precondition(lambda self: len(self.live()) > 1)
    @rule(extra=st.data())
    def swap(self, extra: st.DataObject) -> None:
        """Two or three bookings change places: each takes all that the next one has."""
        number = st.integers(2, min(3, len(self.live())))
        some = extra.draw(st.permutations(self.live()))[: extra.draw(number)]
        moves = [
            c.Relocation(target=c.BookingId(each.booking_id), claims=self.claims_of(other.pieces))
            for each, other in zip(some, some[1:] + some[:1], strict=True)
        ]
        self.settle(g.move(*moves))

    @rule(name=names, capacity=st.integers(1, 4), extra=st.data())
    def change_capacity(self, name: str, capacity: int, extra: st.DataObject) -> None:
        more: dict[str, Any] = self.observed(extra)
        if extra.draw(rarely):
            more |= {"override": True, "reason": "the fire officer"}
        self.settle(g.change(name, capacity, **more))

    @rule(name=names, extra=st.data())
    def note_or_define_again(self, name: str, extra: st.DataObject) -> None:
        if extra.draw(st.booleans()):
            self.settle(extra.draw(st.sampled_from(VENUE)))
            return
        seq = self.model.seq(name) + extra.draw(st.sampled_from([0, 0, 1]))
        facts: dict[str, tuple[Fact, ...]] = {name: (Fact("doors", {"open": True}),)}
        self.settle(c.Append(**g.BASE, facts=facts, expected={name: seq}))

    @rule(minutes=st.sampled_from([1, 5, 14, 30]))
    def time_goes_by(self, minutes: int) -> None:
        self.world.now += timedelta(minutes=minutes)
        # As the service does by itself: who waits for what has begun is let go.
        for party in self.model.parties:
            if party.waits and party.turn and party.turn.pieces[0].during[0] <= self.world.now:
                self.settle(c.Expire(**g.BASE, target=c.BookingId(party.booking_id)))

    @rule()
    def next_batch(self) -> None:
        """The engine forgets everything and reads it again."""
        self.world = g.later_batch(self.journal, self.world)

    # How it is made and settled -----------------------------------------------------------------

    def live(self) -> list[Party]:
        return [party for party in self.model.parties if party.live]

    def waiting(self) -> list[Party]:
        return [party for party in self.model.parties if party.waits]

    def target(self, extra: st.DataObject) -> c.Target:
        if extra.draw(rarely):
            return g.by_id(1000)
        if extra.draw(rarely):
            return c.Seat(extra.draw(names), extra.draw(actors))
        live, every = self.live(), self.model.parties
        party = extra.draw(st.sampled_from(live * 3 + every))
        piece = extra.draw(st.sampled_from(party.asked))
        if KINDS[piece.bookable] is Kind.OCCURRENCE and extra.draw(st.booleans()):
            return c.Seat(piece.bookable, party.actor)
        return c.BookingId(party.booking_id)

    def version(self, target: c.Target, extra: st.DataObject) -> int | None:
        there = self.model.party(target.booking_id) if isinstance(target, c.BookingId) else None
        if there is None or not extra.draw(rarely):
            return None
        return there.version + extra.draw(st.integers(0, 1))

    def observed(self, extra: st.DataObject) -> dict[str, Any]:
        if not extra.draw(rarely):
            return {}
        name = extra.draw(names)
        return {"expected": {name: self.model.seq(name) + extra.draw(st.integers(0, 1))}}

    def claims_of(self, pieces: list[Piece]) -> tuple[c.Claim, ...]:
        claims = []
        for piece in pieces:
            if KINDS[piece.bookable] is Kind.OCCURRENCE:
                claims.append(g.claim(piece.bookable, piece.units))
                continue
            before = (piece.during[0] - piece.blocked[0]) // timedelta(seconds=1)
            after = (piece.blocked[1] - piece.during[1]) // timedelta(seconds=1)
            start, end = piece.during
            claims.append(
                c.Claim(
                    bookable=piece.bookable,
                    units=piece.units,
                    start=start,
                    end=end,
                    before=before,
                    after=after,
                )
            )
        return tuple(claims)

    def settle(self, command: c.AnyCommand) -> None:
        """One command as the engine settles it, held to what the model says."""
        assert validate(command) is None
        written = len(self.world.entries)
        g.prepare(self.world, command)
        expire_due(self.world)
        before = g.all_of(self.world)
        first, _ = decide(self.world, command)
        assert g.all_of(self.world) == before, "decide changed the world"
        expected = self.model.apply(command, self.world.now)
        outcome, entries = settle(self.world, command)
        if not (isinstance(first, o.Joined) and isinstance(outcome, o.Held)):
            assert outcome == first, "the same world gave two answers"
        assert same(expected, outcome), f"expected {expected}, answered {outcome}"
        assert outcome.ok or not entries, "a refusal wrote something"
        self.journal += self.world.entries[written:]
        if outcome.ok and isinstance(command, c.ChangeCapacity):
            self.changed[command.bookable] = self.world.now
        if outcome.ok and getattr(command, "override", False):
            self.overridden |= {entry.stream for entry in entries}

    # What must always hold ----------------------------------------------------------------------

    @invariant()
    def never_oversold(self) -> None:
        for bookable in self.world.bookables.values():
            claims = list(bookable.claims.values())
            if bookable.kind is Kind.OCCURRENCE:
                taken = sum(claim.units for claim in claims)
                assert bookable.taken == taken
                assert bookable.overbooked == max(0, taken - bookable.capacity)
                assert not bookable.overbooked or bookable.bookable in self.overridden
                assert bookable.left == max(0, bookable.capacity - taken)
            elif bookable.kind in PEAKED:
                since = self.changed.get(bookable.bookable, g.at(-999))
                instants = [max(since, claim.blocked.start) for claim in claims]
                over = any(self.in_use(claims, now) > bookable.capacity for now in instants)
                assert not over or bookable.bookable in self.overridden
            elif bookable.kind is Kind.RESOURCE:
                for one, other in combinations(claims, 2):
                    apart = (
                        one.blocked.end <= other.blocked.start
                        or other.blocked.end <= one.blocked.start
                    )
                    assert apart or one.override or other.override

    @staticmethod
    def in_use(claims: list[LiveClaim], now: datetime) -> int:
        return sum(x.units for x in claims if x.blocked.start <= now < x.blocked.end)

    @invariant()
    def whole_parties_sit_where_the_model_says(self) -> None:
        """Half a party is never seated, and nobody sits where nobody booked."""
        seated = {
            booking.booking_id: sorted(
                (x.bookable, x.units, x.during, x.blocked)
                for x in booking.claims.values()
                if x.bookable in KINDS
            )
            for booking in self.world.bookings.values()
            if booking.live and booking.status is not Status.WAITLISTED
        }
        asked = {
            party.booking_id: sorted(
                (x.bookable, x.units, Interval(*x.during), Interval(*x.blocked))
                for x in party.pieces
            )
            for party in self.live()
        }
        assert seated == asked

    @invariant()
    def the_roster_is_in_order_without_gaps(self) -> None:
        for name, kind in KINDS.items():
            if kind is not Kind.OCCURRENCE or name not in self.world.bookables:
                continue
            claims = self.world.bookables[name].claims.values()
            there = sorted(claims, key=lambda claim: claim.seq)
            place = 1
            seats = []
            for claim in there:
                assert claim.place == place
                place += claim.units
                seats += [self.world.bookings[claim.booking_id].actor] * claim.units
            assert seats == self.model.roster(name)
            assert len({claim.actor_id for claim in there}) == len(there)
            for claim in there:
                assert self.world.seated[name, claim.actor_id] == claim.booking_id

    @invariant()
    def an_actors_time_is_claimed_once_where_overlaps_are_refused(self) -> None:
        for name, bookable in self.world.bookables.items():
            if bookable.kind is Kind.ACTOR and name not in self.overridden:
                claims = bookable.claims.values()
                for one, other in combinations([x for x in claims if x.exclusive], 2):
                    assert not one.during.overlaps(other.during)

    @invariant()
    def the_journal_is_gapless_and_replays_to_the_world(self) -> None:
        for name, bookable in self.world.bookables.items():
            stream = [entry for entry in self.journal if entry.stream == name]
            assert [entry.seq for entry in stream] == list(range(1, bookable.seq + 1))
            times = [entry.at for entry in stream if entry.at]
            assert times == sorted(times)
            assert len(times) == len(stream)
        replayed = g.later_batch(self.journal, self.world)
        assert replayed.bookables == self.world.bookables
        assert replayed.seated == self.world.seated
        for booking_id, booking in self.world.bookings.items():
            # That it waited is known no longer than the batch lasts.
            if booking.status is not Status.WAITLISTED:
                booking = msgspec.structs.replace(booking, waiter=None)  # noqa: PLW2901
            assert replayed.bookings[booking_id] == booking

    @invariant()
    def those_wait_of_whom_the_model_says_so(self) -> None:
        for name, bookable in self.world.bookables.items():
            assert bookable.waiting == len(bookable.waiters)
            line = [x.booking_id for x in in_line(bookable)]
            assert line == [party.booking_id for party in self.model.line(name)]

    @invariant()
    def no_place_stands_empty_while_who_is_next_fits(self) -> None:
        """Counted from the claims alone, wherever one thing is waited for."""
        for bookable in self.world.bookables.values():
            passed: list[Interval] = []
            for waiter in in_line(bookable):
                assert waiter.awaited is not None
                blocked = waiter.blocked or bookable.during
                assert blocked is not None
                first = not any(blocked.overlaps(other) for other in passed)
                if first and len(waiter.awaited.on) == 1 and blocked.start > self.world.now:
                    units = waiter.awaited.claims[0].units
                    assert self.most_in_use(bookable, blocked) + units > bookable.capacity
                if bookable.waitlist is WaitPolicy.FIFO:
                    passed.append(blocked)

    def most_in_use(self, bookable: Bookable, blocked: Interval) -> int:
        claims = [x for x in bookable.claims.values() if x.blocked.overlaps(blocked)]
        if bookable.kind is Kind.OCCURRENCE:
            return sum(claim.units for claim in claims)
        instants = [max(x.blocked.start, blocked.start) for x in claims]
        return max((self.in_use(claims, now) for now in instants), default=0)

    @invariant()
    def offers_are_made_in_order(self) -> None:
        """By the journal alone: in a fifo line nobody before the one with the offer is left."""
        lines: dict[str, dict[str, Interval]] = {}
        for entry in self.journal:
            booking_id = entry.booking_id or ""
            line = lines.setdefault(entry.stream, {})
            if isinstance(entry.event, Joined):
                awaited = entry.event.awaited
                if awaited is not None:
                    line[booking_id] = awaited.blocked or Interval(g.T0, g.at(999))
                continue
            mine = line.get(booking_id)
            if mine is not None and isinstance(entry.event, Offered):
                before = list(line)[: list(line).index(booking_id)]
                fifo = self.world.bookables[entry.stream].waitlist is WaitPolicy.FIFO
                assert not (fifo and any(mine.overlaps(line[x]) for x in before))
            if isinstance(entry.event, Offered | Cancelled | Expired):
                line.pop(booking_id, None)

    @invariant()
    def every_version_of_a_booking_has_one_lead(self) -> None:
        leads = [(x.booking_id, x.version) for x in self.journal if x.lead and x.booking_id]
        assert len(leads) == len(set(leads))
        for booking_id, booking in self.world.bookings.items():
            versions = sorted(v for b, v in leads if b == booking_id and v)
            assert versions == list(range(1, booking.version + 1))
        led = set(leads)
        assert all((x.booking_id, x.version) in led for x in self.journal if x.booking_id)

    @invariant()
    def no_expired_hold_holds(self) -> None:
        for booking in self.world.bookings.values():
            party = self.model.party(booking.booking_id)
            assert party is not None
            assert booking.live or not booking.claims

    def teardown(self) -> None:
        kinds: list[Bookable] = list(self.world.bookables.values())
        assert {bookable.kind for bookable in kinds} >= set(KINDS.values())
        assert not any(isinstance(x, o.Refusal) for x in self.journal)
