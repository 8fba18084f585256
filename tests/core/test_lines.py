"""Lines over choices, composites and shared things: nobody who fits is left waiting.

The machine (machine.py) holds lines to a model; it knows no choices. Here the decisions themselves
are asked again after each step, about everybody whose turn it is: none may fit.
"""

from collections.abc import Callable
from random import Random

import msgspec
import pytest
from tests.core import given as g
from tests.core.given import claim

from lastseat.core import commands as c
from lastseat.core import outcomes as o
from lastseat.core import waiting
from lastseat.core.booking import decide_book
from lastseat.core.capacity import in_line
from lastseat.core.decide import expire_due, settle
from lastseat.core.events import ActorTime, WaitPolicy
from lastseat.core.interval import Interval
from lastseat.core.state import Bookable
from lastseat.core.status import Status

FITS = WaitPolicy.FIRST_THAT_FITS
LANES = ("lane 1", "lane 2", "zane")
VENUE = (
    *(g.resource(x, ActorTime.REFUSE if x == "lane 1" else ActorTime.ALLOW) for x in LANES),
    g.pool("skis", 3),
    g.pool("sledges", 2, line=FITS),
    g.composite("all lanes", *LANES),
    g.limit("service:lesson", 2),
    g.limit("service:tour", 2, line=FITS),
    g.occurrence("show", 2, 600, 660, ActorTime.WARN),
)
ACTORS = [f"actor {i}" for i in range(6)]


class Day:
    """A venue's life at random, each command settled on the world the one before it left."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.world = g.given(*VENUE)
        self.made = 0
        self.offered = 0

    def step(self) -> None:
        chance, world = self.chance, self.world
        command = chance.choice([self.book, self.join, self.join, self.finish, self.move])()
        if chance.random() < 0.05:
            world.now += g.at(11) - g.T0
        g.prepare(world, command)
        expire_due(world)
        settle(world, command)
        assert not world.unready
        self.offered = len(
            {x.booking_id for x in world.entries if type(x.event).__name__ == "Offered"}
        )

    def hour(self, name: str, units: int = 1) -> c.Claim:
        start = self.chance.randrange(600, 720, 20)
        return claim(name, units, start, start + self.chance.choice([20, 60]))

    def asked(self) -> tuple[tuple[c.Claim, ...], tuple[c.Choice, ...]]:
        chance = self.chance
        what = chance.choice(["show", "lane", "pool", "service", "service", "service", "hall"])
        if what == "show":
            return (claim("show", chance.choice([1, 2])),), ()
        if what == "hall":
            return (self.hour("skis"), self.hour("all lanes")), ()
        if what == "service":
            first = self.hour(chance.choice(["service:lesson", "service:tour"]))
            assert first.start is not None
            assert first.end is not None
            of = tuple(chance.sample([*LANES, "sledges"], chance.choice([1, 2, 4])))
            choice = c.Choice(of=of, start=first.start, end=first.end)
            beside = c.Claim(bookable="skis", units=2, start=first.start, end=first.end)
            return (first, *([beside] if chance.random() < 0.3 else [])), (choice,)
        name = chance.choice(LANES if what == "lane" else ["skis", "sledges"])
        return (self.hour(name, 1 if what == "lane" else chance.choice([1, 2])),), ()

    def book(self) -> c.AnyCommand:
        self.made += 1
        claims, choices = self.asked()
        seconds = self.chance.choice([None, 600])
        booking = g.picking(self.chance.choice(ACTORS), *choices, claims=claims, number=self.made)
        return msgspec.structs.replace(booking, hold_seconds=seconds)

    def join(self) -> c.AnyCommand:
        self.made += 1
        claims, choices = self.asked()
        return g.join(self.chance.choice(ACTORS), *claims, choices=choices, number=self.made)

    def finish(self) -> c.AnyCommand:
        number = self.chance.randint(1, max(1, self.made))
        ends: list[Callable[[int], c.AnyCommand]] = [g.cancel, g.cancel, g.confirm, g.release]
        return self.chance.choice(ends)(number)

    def move(self) -> c.AnyCommand:
        claims, choices = self.asked()
        number = self.chance.randint(1, max(1, self.made))
        return g.move(c.Relocation(target=g.by_id(number), claims=claims, choices=choices))

    def left_waiting(self) -> list[str]:
        """Those whose turn it is and who would fit, or could not take a place that is there."""
        g.prepare(self.world, g.expire(0))
        return [x for there in self.world.bookables.values() for x in self._in(there)]

    def _in(self, there: Bookable) -> list[str]:
        found: list[str] = []
        passed: list[Interval] = []
        for waiter in in_line(there):
            blocked = waiter.blocked or there.during
            assert blocked is not None
            assert self.world.bookings[waiter.booking_id].status is Status.WAITLISTED
            assert waiter.awaited is not None
            assert waiter.actor is not None
            book = c.Book(
                **g.BASE,
                booking_id=waiter.booking_id,
                actor=waiter.actor,
                claims=waiter.awaited.claims,
                choices=waiter.awaited.choices,
                hold_seconds=600,
            )
            first = not any(blocked.overlaps(other) for other in passed)
            outcome, _ = decide_book(self.world, book, None, waiter)
            if first and not isinstance(outcome, o.Full | o.Conflict):
                found.append(waiter.booking_id)
            if there.waitlist is WaitPolicy.FIFO:
                passed.append(blocked)
        return found


def live(seed: int) -> int:
    """How many offers there were."""
    day = Day(seed)
    for _ in range(60):
        day.step()
        assert day.left_waiting() == []
    return day.offered


def test_nobody_who_fits_is_left_waiting() -> None:
    assert sum(live(seed) for seed in range(40)) > 100


def a_line_that_got_shorter_is_nobodys_business(core: pytest.MonkeyPatch) -> None:
    lines = waiting._lines
    core.setattr(waiting, "_lines", lambda *x, others=False: [] if others else lines(*x))


def only_the_line_itself_is_looked_at(core: pytest.MonkeyPatch) -> None:
    touched = waiting._touched
    core.setattr(waiting, "_touched", lambda x, name, at: name == x.queue and touched(x, name, at))


PLANTED: list[Callable[[pytest.MonkeyPatch], None]] = [
    a_line_that_got_shorter_is_nobodys_business,
    only_the_line_itself_is_looked_at,
]


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_control_a_planted_mistake_is_found(
    plant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    with pytest.raises(AssertionError):
        sum(live(seed) for seed in range(200))
