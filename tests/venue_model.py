"""A venue of lanes, skis and composites on a grid of half hours: an independent model for tests.

It shares no code with the decisions: what is taken is a number for each thing and half hour, and
every question is answered by trying it on a copy of that grid. Of the core it uses only the
language: commands and outcomes. `asked` draws what may be asked for from a seed.
"""

import copy
from collections.abc import Sequence
from datetime import timedelta
from random import Random

from tests.core import given as g

from lastseat.core import commands as c
from lastseat.core import outcomes as o
from lastseat.core.interval import Interval

HALF_HOURS = 8
CAPACITY = {"a": 1, "b": 1, "c": 1, "d": 1, "skis": 3}
PARTS = {"ab": ("a", "b"), "bcd": ("b", "c", "d"), "kit": ("d", "skis")}
VENUE: tuple[c.Define, ...] = (
    *(g.resource(name) for name in "abcd"),
    g.pool("skis", CAPACITY["skis"]),
    *(g.composite(name, *parts) for name, parts in PARTS.items()),
)
CLOSED = {("c", 0), ("c", 1), ("ab", 6), ("ab", 7), ("skis", 5)}
"""Half hours in which a thing is not to be booked, or a composite by its own name."""

Piece = tuple[str, int, int, int]
"""A thing, its units, and its first and last half hour (left out)."""

Grid = dict[tuple[str, int], int]


class Refused(Exception):
    """The code that a booking is refused with."""


def half_hours(during: Interval) -> range:
    """The half hours of a time."""
    half = timedelta(minutes=30)
    return range((during.start - g.T0) // half, (during.end - g.T0) // half)


def pieces_of(claim: c.Claim) -> list[Piece]:
    """What a claim comes to: of exclusive things one, of a pool as many as asked."""
    assert claim.during is not None
    when = half_hours(claim.during)
    return [
        (name, 1 if CAPACITY[name] == 1 else claim.units, when.start, when.stop)
        for name in PARTS.get(claim.bookable, (claim.bookable,))
    ]


class VenueModel:
    """What is taken, and by which booking."""

    def __init__(self) -> None:
        self.bookings: dict[str, list[Piece]] = {}

    def grid(self, without: Sequence[str] = ()) -> Grid:
        """Units in use, but for those of some bookings."""
        grid: Grid = {}
        for booking_id, pieces in self.bookings.items():
            if booking_id not in without:
                for piece in pieces:
                    take(grid, piece)
        return grid

    def apply(self, command: c.AnyCommand) -> tuple[str, list[tuple[str, ...]]]:
        """The code it has to be answered with, and what is chosen for each booking."""
        before = copy.deepcopy(self.bookings)
        try:
            return self._apply(command)
        except Refused as refused:
            self.bookings = before
            return str(refused), []

    def _apply(self, command: c.AnyCommand) -> tuple[str, list[tuple[str, ...]]]:
        match command:
            case c.Book():
                return "booked", [self.book(command.booking_id, command)]
            case c.BookSeries():
                return self.series(command)
            case c.Move():
                return "moved", self.move(command)
            case c.Cancel(target=c.BookingId(booking_id)):
                if self.bookings.pop(booking_id, None) is None:
                    raise Refused("not_booked")
                return "cancelled", []
            case _:
                raise AssertionError(command)

    def book(self, booking_id: str, asked: c.Book | c.SeriesDate) -> tuple[str, ...]:
        (chosen,) = self.place([(booking_id, asked)])
        return chosen

    def series(self, command: c.BookSeries) -> tuple[str, list[tuple[str, ...]]]:
        chosen: list[tuple[str, ...]] = []
        for date in command.dates:
            if len(chosen) == command.most:
                break
            try:
                chosen.append(self.book(date.booking_id, date))
            except Refused:
                continue
        least = {"all_or_nothing": len(command.dates), "skip_conflicts": 1}
        if len(chosen) < least.get(command.policy, command.most or 0):
            raise Refused("series_refused")
        return "series_booked", chosen

    def move(self, command: c.Move) -> list[tuple[str, ...]]:
        wanted = []
        for relocation in command.moves:
            assert isinstance(relocation.target, c.BookingId)
            booking_id = relocation.target.booking_id
            if booking_id not in self.bookings:
                raise Refused("not_booked")
            wanted.append((booking_id, relocation))
        return self.place(wanted)

    def place(
        self, wanted: Sequence[tuple[str, c.Book | c.SeriesDate | c.Relocation]]
    ) -> list[tuple[str, ...]]:
        """Give each booking what it wants instead of what it has; what is chosen for each."""
        had = {booking_id: self.bookings.get(booking_id, []) for booking_id, _ in wanted}
        if any(forbidden(asked, had[booking_id]) for booking_id, asked in wanted):
            raise Refused("not_bookable")
        grid = self.grid(without=list(had))
        has = {
            booking_id: [piece for claim in asked.claims for piece in pieces_of(claim)]
            for booking_id, asked in wanted
        }
        for pieces in has.values():
            for piece in pieces:
                take(grid, piece)
        if not within(grid):
            raise Refused("taken")
        chosen: list[tuple[str, ...]] = []
        for booking_id, asked in wanted:
            names: tuple[str, ...] = ()
            for choice in asked.choices:
                run = picked(choice, grid, had[booking_id], capacity=True)
                if run is None:
                    raise Refused("taken")
                for piece in (x for name in run for x in pieces_of(choice.claim(name))):
                    take(grid, piece)
                    has[booking_id].append(piece)
                names += run
            chosen.append(names)
        self.bookings |= has
        return chosen


def forbidden(asked: c.Book | c.SeriesDate | c.Relocation, has: list[Piece]) -> bool:
    """Whether the rules alone make it impossible; what a booking has already it may keep."""
    spare = list(has)
    for claim in asked.claims:
        new = [piece for piece in pieces_of(claim) if not removed(spare, piece)]
        if new and (closed(claim.bookable, new[0]) or any(closed(x[0], x) for x in new)):
            return True
    return any(picked(choice, {}, has, capacity=False) is None for choice in asked.choices)


def take(grid: Grid, piece: Piece) -> None:
    name, units, first, end = piece
    for i in range(first, end):
        grid[name, i] = grid.get((name, i), 0) + units


def within(grid: Grid) -> bool:
    return all(units <= CAPACITY[name] for (name, _), units in grid.items())


def closed(asked: str, piece: Piece) -> bool:
    """Whether what was asked for is closed in any of the half hours of a piece."""
    return any((asked, i) in CLOSED for i in range(piece[2], piece[3]))


def removed(pieces: list[Piece], piece: Piece) -> bool:
    """Whether the piece was among them, and is no more."""
    if piece not in pieces:
        return False
    pieces.remove(piece)
    return True


def picked(
    choice: c.Choice, grid: Grid, has: list[Piece], *, capacity: bool
) -> tuple[str, ...] | None:
    """The first that fit, by trying; without `capacity` only the rules are asked."""

    def fits(names: tuple[str, ...]) -> bool:
        trial = dict(grid)
        for name in names:
            pieces = pieces_of(choice.claim(name))
            new = [piece for piece in pieces if piece not in has]
            if new and (closed(name, new[0]) or any(closed(x[0], x) for x in new)):
                return False
            for piece in pieces:
                take(trial, piece)
        return within(trial) or not capacity

    if choice.adjacent:
        runs = (choice.of[i : i + choice.any] for i in range(len(choice.of)))
        return next((run for run in runs if len(run) == choice.any and fits(run)), None)
    found: tuple[str, ...] = ()
    for name in choice.of:
        if len(found) < choice.any and fits((*found, name)):
            found = (*found, name)
    return found if len(found) == choice.any else None


def code(outcome: o.AnyOutcome) -> str:
    """An outcome's code in the model's words: it does not care why there is no room."""
    return "taken" if isinstance(outcome, o.Full | o.Conflict) else str(outcome.code)


def chosen(outcome: o.AnyOutcome) -> list[tuple[str, ...]]:
    """What an outcome says was chosen, for each booking."""
    match outcome:
        case o.Booked():
            return [outcome.chosen]
        case o.Moved():
            return [x.chosen for x in outcome.moved]
        case o.SeriesBooked():
            return [x.chosen for x in outcome.report if isinstance(x, o.Booked)]
        case _:
            return []


# What may be asked for ----------------------------------------------------------------------------


class Asking:
    """Draws commands. From a seed, so that what is drawn does not depend on the answers."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.made = 0

    def command(self, model: VenueModel) -> c.AnyCommand:
        live = sorted(model.bookings)
        draw = self.chance.random()
        if not live or draw < 0.5:
            return self.chance.choice([self.book, self.book, self.series])()
        if draw < 0.75:
            return g.move(*(self.relocation(x) for x in self.some(live)))
        return c.Cancel(**g.BASE, target=c.BookingId(self.chance.choice(live)))

    def some(self, live: list[str]) -> list[str]:
        return self.chance.sample(live, min(len(live), self.chance.choice([1, 1, 2, 3])))

    def an_id(self) -> str:
        self.made += 1
        return g.an_id(self.made)

    def book(self) -> c.AnyCommand:
        claims, choices = self.wanted()
        return c.Book(
            **g.BASE,
            booking_id=self.an_id(),
            actor=f"actor {self.made}",
            claims=claims,
            choices=choices,
        )

    def series(self) -> c.AnyCommand:
        policy = self.chance.choice(list(c.SeriesPolicy))
        dates = []
        for _ in range(self.chance.randint(1, 4)):
            claims, choices = self.wanted()
            dates.append(c.SeriesDate(booking_id=self.an_id(), claims=claims, choices=choices))
        first = policy is c.SeriesPolicy.FIRST_N
        most = self.chance.randint(1, len(dates)) if first else None
        return g.series(f"actor {self.made}", *dates, policy=policy, most=most)

    def relocation(self, booking_id: str) -> c.Relocation:
        claims, choices = self.wanted()
        return c.Relocation(target=c.BookingId(booking_id), claims=claims, choices=choices)

    def wanted(self) -> tuple[tuple[c.Claim, ...], tuple[c.Choice, ...]]:
        claims = tuple(self.claim() for _ in range(self.chance.choice([0, 1, 1, 2])))
        choices = tuple(self.choice() for _ in range(self.chance.choice([0, 1, 2])))
        return (claims, choices) if claims or choices else ((self.claim(),), ())

    def minutes(self) -> tuple[int, int]:
        first = self.chance.randrange(HALF_HOURS - 1)
        last = self.chance.randint(first + 1, min(first + 3, HALF_HOURS))
        return 30 * first, 30 * last

    def claim(self) -> c.Claim:
        name = self.chance.choice([*CAPACITY, *PARTS])
        units = self.chance.randint(1, 3) if name in ("skis", "kit") else 1
        return g.claim(name, units, *self.minutes())

    def choice(self) -> c.Choice:
        of = self.chance.sample("abcd", self.chance.randint(1, 4)) + self.chance.choice(
            [[], [], ["ab"], ["bcd", "ab"]]
        )
        start, end = self.minutes()
        many = self.chance.randint(1, min(3, len(of)))
        return g.choice(many, *of, start=start, end=end, adjacent=self.chance.random() < 0.4)
