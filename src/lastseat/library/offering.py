"""What can be offered: when the bookables that somebody wants are free together. No I/O.

The rules come from `calendar.broken`, the same that decide; what is taken comes from
`reads.availability`, for all bookables at once. What is picked for a choice is what the engine
picks (core/choosing.py): the first that fit in the order given, none gone back on.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from lastseat.calendar.broken import Ruled, bookable_starts
from lastseat.calendar.free import Candidate, Extent, barred, free_at, how_often, picked
from lastseat.calendar.ranges import EPOCH, SECOND, Ranges, difference, joined, micros, moment
from lastseat.calendar.starts import Grid, StartRanges, grid_points
from lastseat.core.events import Kind
from lastseat.core.interval import Interval
from lastseat.reads.availability import POOLED, Lacking, Step, Thing, Things


class Wanted(Struct, frozen=True):
    """Any `any` of the bookables `of`, `units` of each; all of them for None."""

    of: tuple[str, ...]
    any: int | None = None
    adjacent: bool = False
    units: int = 1


class Taken(Struct, frozen=True):
    """When fewer than so many units are left, as `reads.availability.taken` has it."""

    times: Mapping[Lacking, Ranges]


def lacking(there: Things, wanted: Sequence[Wanted]) -> set[Lacking]:
    """What has to be known of whom. A pool that several want at once has to have it for all."""
    found: set[Lacking] = set()
    for each in wanted:
        for name in each.of:
            found.update(_lacking_of(there, name, each.units, wanted))
    return found


def _lacking_of(
    there: Things, name: str, units: int, wanted: Sequence[Wanted]
) -> Iterator[Lacking]:
    leaves = there.leaves(name)
    composite = there.found[name].kind is Kind.COMPOSITE
    divisible = any(leaf.kind is Kind.POOL for leaf in leaves)
    for leaf in leaves:
        if leaf.kind in POOLED:
            yield Lacking(leaf.bookable, _pooled_units(there, leaf, wanted))
        else:
            # An exclusive part is taken whole, whatever is asked for of the pools beside it.
            yield Lacking(leaf.bookable, 1 if composite and divisible else units)


def _pooled_units(there: Things, pool: Thing, wanted: Sequence[Wanted]) -> int:
    """How many units of a pool all that is wanted together can take."""
    total = 0
    for each in wanted:
        using = sum(pool in there.leaves(name) for name in each.of)
        most = using if each.any is None else min(using, each.any)
        total += most * each.units
    return total


MANY = 2**31 - 1
"""More than there is room for anywhere."""


class Offering:
    """The candidates for all that is wanted, and what is picked of those that are free."""

    def __init__(
        self,
        there: Things,
        wanted: Sequence[Wanted],
        taken: Taken,
        window: Interval,
        extent: Extent,
        busy: Ranges = (),
        *,
        unhurried: bool = False,
    ) -> None:
        """`window` is when it may start; `busy` is when it may not be at all, buffers apart.

        `unhurried`: what a lead time would refuse a minute from now is not offered any more.
        """
        self.there = there
        # What is wanted in any case is taken first, as it is in a decision.
        self.wanted = sorted(wanted, key=lambda each: each.any is not None)
        self.extent = extent
        self.window = window
        self._busy = busy
        self._unhurried = unhurried
        self._allowed: dict[tuple[object, ...], StartRanges] = {}
        self.names = [name for each in self.wanted for name in each.of]
        self.candidates = [
            self._candidate(name, each.units, taken) for each in self.wanted for name in each.of
        ]
        exclusive = Counter(
            leaf.bookable
            for name in self.names
            for leaf in there.leaves(name)
            if leaf.kind not in POOLED
        )
        self._tangled = max(exclusive.values(), default=0) > 1
        self._shares = self._shared_out()

    def _shared_out(self) -> list["_Share"]:
        found: list[_Share] = []
        offset = 0
        for each in self.wanted:
            kinds = {self.there.found[name].kind for name in each.of}
            counted = each.any is None and kinds <= set(POOLED)
            found.append(_Share(offset, (1 << len(each.of)) - 1, counted, each))
            offset += len(each.of)
        return found

    def _candidate(self, name: str, units: int, taken: Taken) -> Candidate:
        asked = list(_lacking_of(self.there, name, units, self.wanted))
        # Pools whose units are counted are not looked for.
        times = [taken.times.get(each, ()) for each in asked]
        return Candidate(
            self._starts(name), times[0] if len(times) == 1 else joined(sum(times, ()))
        )

    def _starts(self, name: str) -> StartRanges:
        """What the rules of it and of its parts allow: one value for all with the same rules."""
        leaves = self.there.leaves(name)
        whole = self.there.found[name]
        chain = whole.chain if leaves == (whole,) else whole.chain + _chains(leaves)
        key = tuple((id(ruled.rules), ruled.zone) for ruled in chain)
        if key not in self._allowed:
            allowed = bookable_starts(chain, self._window_of(chain), self.extent, self.there.now)
            if self._busy:
                # Whoever books is there for what they see of it: buffers are the venue's.
                met = barred(self._busy, Extent(self.extent.duration))
                allowed = StartRanges(difference(allowed.ranges, met), allowed.grids)
            self._allowed[key] = allowed
        return self._allowed[key]

    def _window_of(self, chain: Sequence[Ruled]) -> Interval:
        lead = max((ruled.rules.lead_seconds for ruled in chain), default=0)
        if not (self._unhurried and lead):
            return self.window
        soonest = whole_minute(self.there.now + timedelta(seconds=lead) + MINUTE)
        return Interval(max(self.window.start, soonest), self.window.end)

    def masks(self, points: Sequence[int]) -> list[int]:
        """For each of `points` the candidates that can start there, see `calendar.free`."""
        return free_at(points, self.candidates, self.extent)

    def checked_masks(self, points: Sequence[int]) -> list[int]:
        """The same for points that may lie on no grid, few of them."""
        masks = self.masks(points)
        off: dict[int, list[int]] = {}
        for number, candidate in enumerate(self.candidates):
            allowed = candidate.allowed
            if allowed.grids and id(allowed) not in off:
                off[id(allowed)] = [i for i, at in enumerate(points) if not allowed.has(moment(at))]
            for i in off.get(id(allowed), ()):
                masks[i] &= ~(1 << number)
        return masks

    def grids(self, default: Grid) -> tuple[Grid, ...]:
        """A grid that has every start there can be: that of what is wanted in any case.

        Else each candidate's, if it is the same for all; else `default`.
        """
        certain = [name for each in self.wanted if each.any is None for name in each.of]
        grids = dict.fromkeys(grid for name in certain for grid in self._starts(name).grids)
        if grids:
            return tuple(grids)
        others = {candidate.allowed.grids for candidate in self.candidates} - {()}
        return others.pop() if len(others) == 1 else (default,)

    def points(self, default: Grid) -> Sequence[int]:
        """The starts to look at, in order: on the grids there are, else on `default`."""
        first, end = micros(self.window.start), micros(self.window.end)
        grids = self.grids(default)
        of_each = {candidate.allowed.grids or (default,) for candidate in self.candidates}
        if grids != (default,) or len(of_each) == 1:
            return grid_points(grids, first, end)
        return sorted({at for own in of_each for at in grid_points(own, first, end)})

    def pick(self, mask: int) -> tuple[int, ...] | None:
        """The candidates taken where those of `mask` are free, or None: not enough are."""
        if self._tangled:
            return self._pick_apart(mask)
        chosen: list[int] = []
        for share in self._shares:
            here = mask >> share.offset & share.whole
            some = share.picked(here)
            if some is None:
                return None
            chosen += [share.offset + place for place in some]
        return tuple(chosen)

    def told(self, mask: int) -> tuple[int, tuple[str, ...]] | None:
        """How often that fits, at least, and what is picked for choices; None where it does not.

        The same as `pick` and `left`, in one go: it is asked for each slot of a month.
        """
        if self._tangled:
            return self._told_apart(mask)
        least = MANY
        chosen: tuple[str, ...] = ()
        for share in self._shares:
            here = mask >> share.offset & share.whole
            many = share.wanted.any
            if many is None:
                if here != share.whole:
                    return None
                fits = MANY if share.counted else 1
            elif many == 1:
                if not here:
                    return None
                chosen += (share.wanted.of[(here & -here).bit_length() - 1],)
                fits = here.bit_count()
            else:
                places = share.picked(here)
                if places is None:
                    return None
                chosen += tuple(share.wanted.of[place] for place in places)
                fits = how_often(here, many, adjacent=share.wanted.adjacent)
            least = min(least, fits)
        return least, chosen

    def _told_apart(self, mask: int) -> tuple[int, tuple[str, ...]] | None:
        places = self._pick_apart(mask)
        if places is None:
            return None
        certain = sum(len(each.of) for each in self.wanted if each.any is None)
        return 1, tuple(self.names[place] for place in places if place >= certain)

    def _pick_apart(self, mask: int) -> tuple[int, ...] | None:
        """The same where candidates share an exclusive part: each is taken once."""
        used: set[str] = set()
        chosen: list[int] = []
        offset = 0
        for each in self.wanted:
            places = [offset + i for i in range(len(each.of))]
            some = self._apart(each, places, mask, used)
            if some is None:
                return None
            chosen += some
            offset += len(each.of)
        return tuple(chosen)

    def _apart(
        self, each: Wanted, places: Sequence[int], mask: int, used: set[str]
    ) -> list[int] | None:
        many = len(places) if each.any is None else each.any
        runs: Iterable[Sequence[int]] = (places,)
        if each.adjacent:
            runs = (places[i : i + many] for i in range(len(places) - many + 1))
        for run in runs:
            found: list[int] = []
            taken: set[str] = set()
            for place in run:
                parts = {
                    leaf.bookable
                    for leaf in self.there.leaves(self.names[place])
                    if leaf.kind not in POOLED
                }
                if mask >> place & 1 and parts.isdisjoint(used | taken):
                    found.append(place)
                    taken |= parts
                if len(found) == many:
                    used |= taken
                    return found
        return None


class _Share(Struct, frozen=True):
    """Where one of what is wanted has its candidates: from `offset` on, a bit of `whole` for each.

    `counted`: pools taken in any case, whose units say how often.
    """

    offset: int
    whole: int
    counted: bool
    wanted: Wanted

    def picked(self, mask: int) -> tuple[int, ...] | None:
        """Which of its candidates are taken where those of `mask` are free."""
        if self.wanted.any is not None:
            return picked(mask, self.wanted.any, adjacent=self.wanted.adjacent)
        return tuple(range(len(self.wanted.of))) if mask == self.whole else None


MINUTE = timedelta(minutes=1)


def whole_minute(at: datetime) -> datetime:
    """The time, or the next whole minute after it."""
    return at + (EPOCH - at) % MINUTE


def _chains(leaves: Iterable[Thing]) -> tuple[Ruled, ...]:
    return tuple(ruled for leaf in leaves for ruled in leaf.chain)


def peaks(points: Sequence[int], steps: Sequence[Step], extent: Extent) -> list[int]:
    """For each of `points` the most units in use while a booking from there lasts, with buffers."""
    ahead, behind = (extent.duration + extent.after) * SECOND, extent.before * SECOND
    found: list[int] = []
    # Steps that may still be the most: in order, each of fewer units than the one before it.
    waiting: list[Step] = []
    first = following = 0
    for at in points:
        while following < len(steps) and steps[following].first < at + ahead:
            while len(waiting) > first and waiting[-1].units <= steps[following].units:
                waiting.pop()
            waiting.append(steps[following])
            following += 1
        while first < len(waiting) and waiting[first].end <= at - behind:
            first += 1
        found.append(waiting[first].units if first < len(waiting) else 0)
    return found


def around(window: Interval, extent: Extent) -> Interval:
    """The time in which claims can be in the way of what starts in `window`."""
    longest = timedelta(seconds=extent.duration + extent.after)
    return Interval(window.start - timedelta(seconds=extent.before), window.end + longest)


def gap(extent: Extent) -> int:
    """Free times up to this are too short, in microseconds."""
    return (extent.before + extent.duration + extent.after) * SECOND - 1
