"""Was anything sold twice? Worked out from the live claims alone, by plain arithmetic.

On purpose not the code that decisions use: a fault there must show here. Claims made by override
are left out, since they may overlap; their entries say so.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from heapq import heappop, heappush

from msgspec import Struct


class Use(Struct, frozen=True, gc=False):
    """`units` in use from `start` to before `end` (microseconds), since entry `seq`."""

    start: float
    end: float
    units: int
    seq: int
    name: str


def overlaps(uses: Sequence[Use]) -> Iterator[tuple[Use, Use]]:
    """Each use of an exclusive thing that begins before an earlier one has ended, with that one."""
    last: Use | None = None
    for use in sorted(uses, key=lambda x: (x.start, x.seq)):
        if last is not None and use.start < last.end:
            yield last, use
        if last is None or use.end > last.end:
            last = use


class Capacities:
    """A pool's or limit's capacity from each entry that set it on."""

    def __init__(self) -> None:
        self._since: list[int] = []
        self._capacity: list[int] = []

    def set(self, seq: int, capacity: int) -> None:
        """From entry `seq` on it is `capacity`."""
        self._since.append(seq)
        self._capacity.append(capacity)

    def at(self, seq: int) -> int:
        """What it was for the decision that wrote entry `seq`."""
        found = bisect_right(self._since, seq)
        return self._capacity[found - 1] if found else 0


def excess(uses: Sequence[Use], capacities: Capacities) -> tuple[float, int, int] | None:
    """The first instant at which a pool is used beyond its capacity: when, units, capacity.

    What is live now was live already when the last of it was booked, so together it must fit the
    capacity of that moment, whatever became of the capacity since.
    """
    edges = [(use.end, 0, use) for use in uses] + [(use.start, 1, use) for use in uses]
    edges.sort(key=lambda edge: edge[:2])
    units = 0
    ended: set[int] = set()
    newest: list[tuple[int, int]] = []
    for when, starts, use in edges:
        if starts:
            units += use.units
            heappush(newest, (-use.seq, id(use)))
        else:
            units -= use.units
            ended.add(id(use))
        while newest and newest[0][1] in ended:
            heappop(newest)
        if newest and units > capacities.at(-newest[0][0]):
            return when, units, capacities.at(-newest[0][0])
    return None
