"""A machine that lives a venue's life at random on the real engine and holds it to the model.

Commands go one by one, as a batch to one engine, or as a race to two. A batch is settled in the
order submitted. Of a race the order is not known: there has to be one that explains all answers,
and in it what changed something comes as the journal has it. The venue is that of the core's
machine; what must come of a command is the model's alone.
"""

import copy
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Any, ClassVar

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from tests.core import given as g
from tests.core.machine import ACTORS, DETAILS, KINDS, OPENS, VENUE
from tests.engine import proof
from tests.engine.stage import Stage
from tests.model import Model
from tests.model import same as like_the_model
from tests.modelled.things import Party, Piece

import lastseat
from lastseat.core import commands as c
from lastseat.core import outcomes as o
from lastseat.core.events import Fact, Kind, WaitPolicy
from lastseat.core.interval import Interval
from lastseat.core.naming import bookables_of
from lastseat.engine.ids import new_id
from lastseat.engine.requests import Answer

NAMES = [*KINDS, *KINDS, "nowhere"]
TENANTS = count(1)
ORDINALS = """
SELECT command_id::text, min(ordinal) FROM lastseat.journal
WHERE tenant_id = %s AND command_id = ANY(%s::uuid[]) GROUP BY command_id
"""
DUE = """
SELECT count(*) FROM lastseat.bookings
WHERE tenant_id = %s AND status = 'HELD' AND expires_at <= lastseat.clock()
"""


seeds = st.integers(0, 2**32)


def rarely(chance: Random) -> bool:
    """One time in ten."""
    return chance.random() < 0.1


def some_claims(chance: Random) -> tuple[c.Claim, ...]:
    """One to three claims that mostly make sense."""
    return tuple(some_claim(chance) for _ in range(chance.choice([1, 1, 1, 2, 3])))


def some_claim(chance: Random) -> c.Claim:
    name = chance.choice(NAMES)
    kind = KINDS.get(name)
    if kind is Kind.OCCURRENCE:
        return g.claim(name, chance.randint(1, 3))
    start = 30 * chance.randint(0, 3)
    end = start + 30 * chance.randint(1, 2)
    units = 1 if kind is Kind.RESOURCE and not rarely(chance) else chance.randint(1, 3)
    before, after = (1800 if rarely(chance) else 0 for _ in "ba")
    return g.claim(name, units, start, end, before=before, after=after)


class EngineMachine(RuleBasedStateMachine):
    """The venue of one tenant on two engines, and the model of it. `stage` is set by the test."""

    stage: ClassVar[Stage]

    def __init__(self) -> None:
        super().__init__()
        self.tenant_id = f"venue {next(TENANTS)}"
        self.model = Model()
        self.made = 0
        self.answered: dict[str, tuple[c.AnyCommand, o.AnyOutcome]] = {}
        """Keys to the command first sent with each, and what it came to."""
        self.overridden: set[str] = set()
        """Bookables that may be over capacity: an override, or an edit of old times, said so."""
        self.now = OPENS
        self.stage.set_clock(self.now)

    @initialize()
    def open_the_venue(self) -> None:
        self.settle(VENUE)

    # What may happen ----------------------------------------------------------------------------

    @rule(number=st.integers(0, 1), seed=seeds)
    def one_command(self, number: int, seed: int) -> None:
        chance = Random(seed)
        command = self.any_command(chance)
        if rarely(chance):
            command = msgspec.structs.replace(command, key=f"key {self.made}")
        self.settle([command], number)

    @rule(seed=seeds)
    def an_edit(self, seed: int) -> None:
        self.settle([self.edit(Random(seed))])

    @rule(size=st.integers(2, 8), number=st.integers(0, 1), seed=seeds)
    def a_batch(self, size: int, number: int, seed: int) -> None:
        chance = Random(seed)
        self.settle([self.any_command(chance) for _ in range(size)], number)

    @rule(number=st.integers(0, 1), seed=seeds)
    def a_line_forms_and_moves(self, number: int, seed: int) -> None:
        """Some come, or what one of them waits for is given back while others walk in."""
        chance = Random(seed)
        waiting = [party for party in self.model.parties if party.waits]
        commands: list[c.AnyCommand] = []
        if waiting and chance.random() < 0.6:
            wanted = {piece.bookable for piece in chance.choice(waiting).asked}
            there = [x for x in self.live() if {piece.bookable for piece in x.pieces} & wanted]
            ids = [c.BookingId(party.booking_id) for party in there]
            commands += [c.Cancel(**g.BASE, target=target) for target in ids]
        for _ in range(3):
            self.made += 1
            commands.append(self.join(chance))
        self.made += 1
        self.settle([*commands, self.booking(chance)], number)

    @rule(size=st.integers(2, 4), seed=seeds)
    def a_race(self, size: int, seed: int) -> None:
        """Two engines at once: some serial order must explain what each answered."""
        chance = Random(seed)
        commands = [self.any_command(chance) for _ in range(size)]
        if rarely(chance):
            commands[0] = self.edit(chance)
        commands = [self.addressed(command) for command in commands]
        numbers = [chance.randrange(2) for _ in commands]
        answers = self.stage.together(list(zip(numbers, commands, strict=True)))
        found = self.explained(commands, answers)
        assert found is not None, f"no order explains {list(zip(commands, answers, strict=True))}"
        self.model = found
        self.note(commands, answers)

    @rule(seed=seeds)
    def one_key_on_both_engines(self, seed: int) -> None:
        """A tap that the phone repeated: done once, answered twice."""
        command = self.any_command(Random(seed))
        command = msgspec.structs.replace(command, key=f"key {self.made}")
        twice = [self.addressed(command), self.again(command)]
        answers = self.stage.together(list(enumerate(twice)))
        assert sorted(answer.replayed for answer in answers) == [False, True]
        assert answers[0].outcome == answers[1].outcome
        first = twice[answers[0].replayed]
        expected = self.model.apply(first, self.now)
        assert same(expected, answers[0].outcome), f"{first}: {expected}, {answers[0]}"
        self.answered[str(command.key)] = first, answers[0].outcome
        self.note([first], answers[:1])

    @rule(number=st.integers(0, 1), seed=seeds)
    def a_key_again(self, number: int, seed: int) -> None:
        if not self.answered:
            return
        key = Random(seed).choice(sorted(self.answered))
        command, outcome = self.answered[key]
        answer = self.stage.one(self.again(command), number)
        assert answer == Answer(outcome, replayed=True)
        other = msgspec.structs.replace(self.again(command), principal="somebody else")
        assert self.stage.one(other, number) == Answer(o.KeyReused(key=key))

    @rule(minutes=st.sampled_from([1, 5, 14, 30]))
    def time_goes_by(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        self.stage.set_clock(self.now)
        if not any(party.waits for party in self.model.parties):
            return
        # An offer lasts from when its place was found free. The model finds what is over at once,
        # an engine when somebody comes by: so the sweeper does, and whatever has begun is let go.
        self.stage.call(self.stage.engines[0].tenant(self.tenant_id).expire)
        begun = [
            c.Expire(**g.BASE, target=c.BookingId(party.booking_id))
            for party in self.model.parties
            if party.waits and party.asked[0].during[0] <= self.now
        ]
        self.model.lapse(self.now)
        for command in begun:
            self.stage.one(self.addressed(command))

    @rule()
    def the_sweeper_comes(self) -> None:
        tenant = self.stage.engines[0].tenant(self.tenant_id)
        ((due,),) = self.stage.rows(DUE, self.tenant_id)
        assert self.stage.call(tenant.expire) == due
        assert self.stage.rows(DUE, self.tenant_id) == [(0,)]

    @rule(name=st.sampled_from([x for x in KINDS if KINDS[x] is Kind.OCCURRENCE]))
    def somebody_looks(self, name: str) -> None:
        """What people are shown is what the model says, overdue holds gone (A5, A8, A9)."""
        self.model.lapse(self.now)
        tenant = self.stage.engines[1].tenant(self.tenant_id)
        places = self.stage.call(tenant.roster, name)
        assert [x.actor for x in places for _ in range(x.units)] == self.model.roster(name)
        thing = self.model.things[name]
        left = max(0, thing.capacity - len(self.model.roster(name)))
        if thing.waitlist is WaitPolicy.FIFO and self.model.line(name):
            # What there is left is for who waits (C7).
            left = 0
        assert self.stage.call(tenant.seats_left, name) == left
        assert self.stage.call(tenant.booking_count, name) == len(places)
        for actor in ACTORS:
            party = self.model.seated(name, actor)
            seat = self.model.seat(name, actor) if party else 0
            assert self.stage.call(tenant.seat_of, name, actor) == seat
            state = "none" if party is None else "held" if party.expires_at else "confirmed"
            assert self.stage.call(tenant.seat_state, name, actor) == state

    def teardown(self) -> None:
        proof.check(self.stage, self.tenant_id, self.overridden)

    # How commands are drawn ---------------------------------------------------------------------
    #
    # From a seed, not from Hypothesis: what there is to draw from depends on how a race went, and
    # Hypothesis wants to find the same choices again.

    def any_command(self, chance: Random) -> c.AnyCommand:
        self.made += 1
        if not self.model.parties or chance.random() < 0.5:
            return self.booking(chance)
        change: list[Callable[[Random], c.AnyCommand]] = [self.change, self.join, self.move]
        others = [self.visit, self.swap, self.append]
        draw = chance.choice([*change, *change, *others])
        return draw(chance)

    def booking(self, chance: Random) -> c.AnyCommand:
        more = self.observed(chance)
        if chance.random() < 0.5:
            more["hold_seconds"] = 60 * chance.choice([5, 15, 90])
            more["limit_seconds"] = chance.choice([None, 1200])
        if rarely(chance):
            more |= {"override": True, "reason": "the mayor"}
        reused = rarely(chance) and bool(self.model.parties)
        booking_id = self.model.parties[0].booking_id if reused else g.an_id(self.made)
        book = g.book(
            chance.choice(ACTORS), *some_claims(chance), confirmed=not rarely(chance), **more
        )
        return msgspec.structs.replace(book, booking_id=booking_id)

    def join(self, chance: Random) -> c.AnyCommand:
        """In line for something, mostly for what somebody has."""
        wanted = some_claims(chance)
        live = self.live()
        if live and chance.random() < 0.7:
            wanted = claims_like([chance.choice(chance.choice(live).pieces)])
        asked = g.join(
            chance.choice(ACTORS),
            *wanted,
            seconds=60 * chance.choice([5, 15, 90]),
            **self.observed(chance),
        )
        return msgspec.structs.replace(asked, booking_id=g.an_id(self.made))

    def change(self, chance: Random) -> c.AnyCommand:
        target = self.target(chance)
        if rarely(chance):
            return c.Expire(**g.BASE, target=target)
        version = self.version(target, chance)
        more: dict[str, Any] = g.BASE | {"target": target, "version": version}
        kind = chance.choice([c.Confirm, c.Release, c.Cancel, c.Extend, c.Update])
        if kind is c.Update:
            return c.Update(**more, **chance.choice(DETAILS))
        if kind is c.Extend:
            return c.Extend(**more, seconds=60 * chance.choice([1, 20, 50, 100]))
        wanted: c.AnyCommand = kind(**more, **self.observed(chance))
        return wanted

    def visit(self, chance: Random) -> c.AnyCommand:
        target = self.target(chance)
        more: dict[str, Any] = g.BASE | {"target": target, "version": self.version(target, chance)}
        kind = chance.choice([c.CheckIn, c.CheckIn, c.CheckOut, c.Complete, c.NoShow])
        if kind is c.CheckIn:
            return c.CheckIn(**more, late=rarely(chance))
        wanted: c.AnyCommand = kind(**more)
        return wanted

    def move(self, chance: Random) -> c.AnyCommand:
        relocations = []
        for _ in range(chance.randint(1, 2)):
            target = self.target(chance)
            version = self.version(target, chance)
            wanted = some_claims(chance)
            relocations.append(c.Relocation(target=target, claims=wanted, version=version))
        more: dict[str, Any] = {"override": True, "reason": "the mayor"}
        return g.move(*relocations, **(more if rarely(chance) else {}))

    def swap(self, chance: Random) -> c.AnyCommand:
        """Two or three bookings change places: each takes all that the next one has."""
        live = self.live()
        if len(live) < 2:
            return self.move(chance)
        some = chance.sample(live, chance.randint(2, min(3, len(live))))
        moves = [
            c.Relocation(target=c.BookingId(one.booking_id), claims=claims_like(other.pieces))
            for one, other in zip(some, some[1:] + some[:1], strict=True)
        ]
        return g.move(*moves)

    def append(self, chance: Random) -> c.AnyCommand:
        name = chance.choice(NAMES)
        seq = self.model.seq(name) + chance.choice([0, 0, 1])
        facts: dict[str, tuple[Fact, ...]] = {name: (Fact("doors", {"open": True}),)}
        return c.Append(**g.BASE, facts=facts, expected={name: seq})

    def edit(self, chance: Random) -> c.AnyCommand:
        self.made += 1
        if chance.random() < 0.5:
            again: c.AnyCommand = chance.choice(VENUE)
            return again
        more = self.observed(chance)
        if rarely(chance):
            more |= {"override": True, "reason": "the fire officer"}
        return g.change(chance.choice(NAMES), chance.randint(1, 4), **more)

    def live(self) -> list[Party]:
        return [party for party in self.model.parties if party.live]

    def target(self, chance: Random) -> c.Target:
        if rarely(chance):
            return g.by_id(10_000)
        if chance.random() < 0.25:
            return c.Seat(chance.choice(NAMES), chance.choice(ACTORS))
        live = [party.booking_id for party in self.live()]
        every = [party.booking_id for party in self.model.parties]
        return c.BookingId(chance.choice(live * 3 + every))

    def version(self, target: c.Target, chance: Random) -> int | None:
        there = self.model.party(target.booking_id) if isinstance(target, c.BookingId) else None
        if there is None or not rarely(chance):
            return None
        return there.version + chance.randint(0, 1)

    def observed(self, chance: Random) -> dict[str, Any]:
        if not rarely(chance):
            return {}
        name = chance.choice(NAMES)
        return {"expected": {name: self.model.seq(name) + chance.randint(0, 1)}}

    # How they are settled -----------------------------------------------------------------------

    def addressed(self, command: c.AnyCommand) -> c.AnyCommand:
        return msgspec.structs.replace(command, tenant_id=self.tenant_id, command_id=new_id())

    def again(self, command: c.AnyCommand) -> c.AnyCommand:
        """The same request, as a client makes it that lost the answer."""
        if isinstance(command, c.Book | c.Join):
            self.made += 1
            command = msgspec.structs.replace(command, booking_id=g.an_id(self.made))
        return self.addressed(command)

    def settle(self, commands: Iterable[c.AnyCommand], number: int = 0) -> None:
        """All at once on one engine, nobody else about: answered as the model does, in order."""
        commands = [self.addressed(command) for command in commands]
        answers = self.stage.together([(number, command) for command in commands])
        for command, answer in zip(commands, answers, strict=True):
            expected = self.model.apply(command, self.now)
            assert same(expected, answer.outcome), f"{command}: expected {expected}, {answer}"
            assert not answer.replayed
            if command.key is not None:
                self.answered[command.key] = command, answer.outcome
        self.note(commands, answers)

    def explained(
        self, commands: Sequence[c.AnyCommand], answers: Sequence[Answer]
    ) -> Model | None:
        """The model after an order of the commands in which it answers as the engines did."""
        ids = [command.command_id for command in commands]
        ordinals = dict(self.stage.rows(ORDINALS, self.tenant_id, ids))
        told = [
            (command, answer.outcome) for command, answer in zip(commands, answers, strict=True)
        ]
        changes = sorted(
            (x for x in told if x[0].command_id in ordinals),
            key=lambda x: ordinals[x[0].command_id],
        )
        others = [x for x in told if x[0].command_id not in ordinals]
        return in_some_order(self.model, self.now, changes, others)

    def note(self, commands: Sequence[c.AnyCommand], answers: Sequence[Answer]) -> None:
        """Refusals wrote nothing; overrides may have filled a bookable beyond its capacity."""
        done = list(zip(commands, answers, strict=True))
        refused = [command.command_id for command, answer in done if not answer.outcome.ok]
        assert self.stage.rows(ORDINALS, self.tenant_id, refused) == []
        for command, answer in done:
            if not answer.outcome.ok:
                continue
            past = isinstance(command, c.ChangeCapacity) and self.now > OPENS
            if past or getattr(command, "override", False):
                self.overridden |= set(bookables_of(command))


def same(expected: o.AnyOutcome, answered: o.AnyOutcome) -> bool:
    """Whether the engine's answer is the model's.

    Ids are drawn so that none is ever in use, so the engine meets one only when it writes: if there
    is no room either, it may say that.
    """
    if isinstance(expected, o.Invalid) and expected.field == "booking_id":
        return isinstance(answered, o.Invalid | o.Full | o.Conflict | o.ActorBusy)
    return like_the_model(expected, answered)


Told = tuple[c.AnyCommand, o.AnyOutcome]


def in_some_order(
    model: Model, now: datetime, changes: Sequence[Told], others: Sequence[Told]
) -> Model | None:
    """The model after `changes` in their order and `others` somewhere between, if that fits."""
    if not changes and not others:
        return model
    ways = [(changes[0], changes[1:], others)] if changes else []
    ways += [(x, changes, [y for y in others if y is not x]) for x in others]
    for (command, outcome), later, rest in ways:
        after = copy.deepcopy(model)
        if same(after.apply(command, now), outcome):
            found = in_some_order(after, now, later, rest)
            if found is not None:
                return found
    return None


def claims_like(pieces: Sequence[Piece]) -> tuple[c.Claim, ...]:
    """Claims of all that a booking has."""
    wanted = []
    for piece in pieces:
        if KINDS[piece.bookable] is Kind.OCCURRENCE:
            wanted.append(lastseat.Claim(bookable=piece.bookable, units=piece.units))
            continue
        during, blocked = Interval(*piece.during), Interval(*piece.blocked)
        wanted.append(
            lastseat.Claim(
                bookable=piece.bookable,
                units=piece.units,
                start=during.start,
                end=during.end,
                before=(during.start - blocked.start) // timedelta(seconds=1),
                after=(blocked.end - during.end) // timedelta(seconds=1),
            )
        )
    return tuple(wanted)
