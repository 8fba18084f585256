"""Free time: which starts are clear of what is taken, on one bookable, several, or any k of n.

Everything is given: what the rules allow (broken.py) and what is taken, buffers included. Nothing
here knows of the database. Times are microseconds since 1970, see ranges.py.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, islice
from operator import and_, xor
from typing import NamedTuple

from msgspec import Struct

from lastseat.calendar.ranges import SECOND, Ranges, difference
from lastseat.calendar.starts import Grid, StartRanges, grid_points


class Candidate(NamedTuple):
    """A bookable that may be picked: the starts its rules allow, and when it is `taken`.

    `taken` are the ranges in which what is asked for does not fit, buffers included, in order.
    Candidates with the same rules should share their `allowed`: it is looked at once then.
    """

    allowed: StartRanges
    taken: Ranges = ()


class Extent(Struct, frozen=True):
    """How long a booking takes, in seconds: `duration`, and the buffers around it."""

    duration: int
    before: int = 0
    after: int = 0


def fitting(open_: Ranges, duration: int) -> Ranges:
    """The starts from which `duration` seconds stay in one of the ranges.

    Two ranges may not touch, or a booking across the seam would be missed.
    """
    length = duration * SECOND
    return tuple((first, end - length + 1) for first, end in open_ if end - first >= length)


def barred(taken: Ranges, extent: Extent) -> Iterable[tuple[int, int]]:
    """The starts at which a booking meets one of `taken`: in order, and they may overlap.

    A booking blocks `[start - before, start + duration + after)`; touching is not meeting.
    """
    ahead, behind = _reach(extent)
    return ((first - ahead, end + behind) for first, end in taken)


def _reach(extent: Extent) -> tuple[int, int]:
    """How long before what is taken a start meets it, and how long after it ends, exclusive."""
    return (extent.duration + extent.after) * SECOND - 1, extent.before * SECOND


def free_at(points: Sequence[int], candidates: Sequence[Candidate], extent: Extent) -> list[int]:
    """For each of `points` the candidates that can start there: bit `i` is candidate `i`.

    The points are in order. If the candidates have one grid between them the points are taken to
    lie on it; if they have several, each candidate is looked at on its own.

    So `mask.bit_count()` is how many, and `picked` says which are taken. Each range costs two marks
    where its candidate's bit turns, and one pass over the points adds the marks up: no look at
    every point of every candidate.
    """
    size = len(points)
    allowed, taken = [0] * (size + 1), [0] * (size + 1)
    for starts, bits in _alike(candidates):
        for here, there in _places(points, starts.ranges, 0, 0):
            allowed[here] ^= bits
            allowed[there] ^= bits
    ahead, behind = _reach(extent)
    for number, candidate in enumerate(candidates):
        bit = 1 << number
        for here, there in _places(points, candidate.taken, ahead, behind):
            taken[here] ^= bit
            taken[there] ^= bit
    turned = zip(accumulate(allowed, xor), accumulate(taken, xor), strict=True)
    masks = [may & ~barred for may, barred in islice(turned, size)]
    if len({candidate.allowed.grids for candidate in candidates}) > 1:
        masks = list(map(and_, masks, _on_their_grids(points, candidates)))
    return masks


def _places(
    points: Sequence[int], pairs: Ranges, ahead: int, behind: int
) -> Iterator[tuple[int, int]]:
    """Which of `points` lie in `[first - ahead, end + behind)`, as slices that do not overlap.

    Widened, two pairs may have points in common; a point may be marked once only.
    """
    size, marked = len(points), 0
    if isinstance(points, range):
        step = points.step
        from_first, from_end = points.start + ahead, points.start - behind
        for first, end in pairs:
            here, there = -((from_first - first) // step), -((from_end - end) // step)
            here = here if here > marked else marked  # noqa: FURB136 -- max() takes as long again
            if here >= size:
                return
            if there > here:
                marked = there if there < size else size  # noqa: FURB136 -- as above
                yield here, marked
    else:
        for first, end in pairs:
            here = bisect_left(points, first - ahead, lo=marked)
            there = bisect_left(points, end + behind, lo=here)
            if there > here:
                marked = there
                yield here, there


def _alike(candidates: Sequence[Candidate]) -> Iterable[tuple[StartRanges, int]]:
    """What is allowed, once each, with the bits of all candidates that share it."""
    shared: dict[int, tuple[StartRanges, int]] = {}
    for number, (allowed, _) in enumerate(candidates):
        _, bits = shared.get(id(allowed), (allowed, 0))
        shared[id(allowed)] = allowed, bits | 1 << number
    return shared.values()


def _on_their_grids(points: Sequence[int], candidates: Sequence[Candidate]) -> list[int]:
    """For each of `points` the candidates whose own grid has it."""
    of_grids: dict[tuple[Grid, ...], int] = {}
    for number, (allowed, _) in enumerate(candidates):
        of_grids[allowed.grids] = of_grids.get(allowed.grids, 0) | 1 << number
    masks = [of_grids.pop((), 0)] * len(points)
    if points:
        for grids, bits in of_grids.items():
            known = set(grid_points(grids, points[0], points[-1] + 1))
            masks = [
                mask | bits if at in known else mask for mask, at in zip(masks, points, strict=True)
            ]
    return masks


def picked(mask: int, many: int, *, adjacent: bool = False) -> tuple[int, ...] | None:
    """The first `many` candidates of a mask, with `adjacent` the first that follow each other.

    The same that a booking's choice picks; None if there are not so many.
    """
    if adjacent:
        runs = mask
        for _ in range(many - 1):
            runs &= runs >> 1
        if not runs:
            return None
        lowest = (runs & -runs).bit_length() - 1
        return tuple(range(lowest, lowest + many))
    if mask.bit_count() < many:
        return None
    chosen: list[int] = []
    for _ in range(many):
        chosen.append((mask & -mask).bit_length() - 1)
        mask &= mask - 1
    return tuple(chosen)


def how_often(mask: int, many: int, *, adjacent: bool = False) -> int:
    """How many bookings of `many` candidates each there is room for side by side."""
    if not adjacent:
        return mask.bit_count() // many
    rounds = 0
    while (chosen := picked(mask, many, adjacent=True)) is not None:
        rounds += 1
        mask &= -1 << chosen[-1] + 1
    return rounds


def worth_a_look(candidates: Sequence[Candidate], extent: Extent) -> Sequence[int]:
    """Starts among which is the earliest for any of the candidates together, in order.

    Without a grid it is one at which some candidate becomes free: before it nobody more was.
    """
    grids = {candidate.allowed.grids for candidate in candidates}
    of_any = [pair for allowed, _ in _alike(candidates) for pair in allowed.ranges]
    if not of_any:
        return ()
    first, end = min(of_any)[0], max(end for _, end in of_any)
    if len(grids) == 1 and () not in grids:
        return grid_points(grids.pop(), first, end)
    points: set[int] = set()
    for allowed, taken in candidates:
        if not allowed.grids:
            free = difference(allowed.ranges, barred(taken, extent))
            points.update(first for first, _ in free)
    for own in grids - {()}:
        points.update(grid_points(own, first, end))
    return sorted(points)
