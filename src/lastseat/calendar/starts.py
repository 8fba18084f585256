"""The starts a booking may have: ranges of them, and the grid they have to lie on.

A grid is a matter of the wall clock: local midnight and multiples of so many seconds from there. On
the day the clocks go back a wall time comes twice, and both are on the grid; one that is skipped
never comes. Not for which starts a rule allows: see broken.py.
"""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from msgspec import Struct

from lastseat.calendar.ranges import SECOND, Ranges, micros, moment
from lastseat.calendar.zones import utc, zone

_DAY = 86_400 * SECOND
_LATE = timedelta(hours=3)
"""More than clocks are ever put back by."""


class Grid(Struct, frozen=True):
    """Starts lie on local midnight in the time zone `zone` plus multiples of `seconds`."""

    zone: str
    seconds: int

    def has(self, at: datetime) -> bool:
        """Whether the aware time `at` is on the grid."""
        local = at.astimezone(zone(self.zone))
        of_day = (local.hour * 60 + local.minute) * 60 + local.second
        return local.microsecond == 0 and of_day % self.seconds == 0


class StartRanges(Struct, frozen=True):
    """Every start in `ranges` that is on all of `grids` can be had; without grids, every one.

    Starts are microseconds since 1970, see ranges.py: `(first, end)` has `first` and not `end`.
    """

    ranges: Ranges
    grids: tuple[Grid, ...] = ()

    def has(self, start: datetime) -> bool:
        """Whether the aware time `start` is one of them."""
        at = micros(start)
        before = bisect_right(self.ranges, at, key=_first) - 1
        if before < 0 or at >= self.ranges[before][1]:
            return False
        return all(grid.has(start) for grid in self.grids)


def _first(pair: tuple[int, int]) -> int:
    return pair[0]


@lru_cache(maxsize=32)
def grid_points(grids: tuple[Grid, ...], first: int, end: int) -> Sequence[int]:
    """The times in `[first, end)` that are on all of `grids`, in order.

    A `range` when they are evenly spaced, as they are for every usual grid: that has no length to
    pay for, and the place of a time in it is a division.
    """
    points = _evenly(_points(grids[0], first, end))
    rest = grids[1:]
    if rest:
        points = [at for at in points if all(grid.has(moment(at)) for grid in rest)]
    return points


def _points(grid: Grid, first: int, end: int) -> list[range]:
    """The grid's points in `[first, end)`, as runs, not quite in order.

    Two days' interlace where the clocks are put back over midnight.
    """
    if first >= end:
        return []
    where = zone(grid.zone)
    step = grid.seconds * SECOND
    # A day more at both ends: the clocks may be put back over midnight.
    day = moment(first).astimezone(where).date() - timedelta(days=1)
    last = moment(end).astimezone(where).date() + timedelta(days=1)
    runs: list[range] = []
    while day <= last:
        runs += _points_of_day(day, step, where)
        day += timedelta(days=1)
    return [kept for run in runs if (kept := _within(run, first, end))]


def _points_of_day(day: date, step: int, where: ZoneInfo) -> list[range]:
    midnight = datetime.combine(day, time())
    begins, ends = utc(midnight, where), utc(midnight + timedelta(days=1), where)
    # Where they are put back just after midnight, the end of this day is shown again after that.
    after = ends + _LATE
    if ends - begins == timedelta(days=1) and _offset(begins, where) == _offset(after, where):
        return [range(micros(begins), micros(ends), step)]
    # The clocks are changed: each wall time comes never, once or twice.
    found: set[int] = set()
    for since in range(0, _DAY, step):
        wall = midnight + timedelta(microseconds=since)
        for fold in (0, 1):
            at = wall.replace(tzinfo=where, fold=fold).astimezone(UTC)
            if at.astimezone(where).replace(tzinfo=None) == wall:
                found.add(micros(at))
    return [range(at, at + 1) for at in sorted(found)]


def _offset(at: datetime, where: ZoneInfo) -> timedelta | None:
    return at.astimezone(where).utcoffset()


def _within(run: range, first: int, end: int) -> range:
    skipped = max(0, -((run.start - first) // run.step))
    return range(run.start + skipped * run.step, min(run.stop, end), run.step)


def _evenly(runs: list[range]) -> Sequence[int]:
    """The points of all runs, in order, as one `range` if they lie on one."""
    if not runs:
        return range(0)
    step = max(run.step for run in runs)
    whole = range(runs[0].start, runs[-1][-1] + 1, step)
    if len(whole) == sum(map(len, runs)) and all(
        run.start in whole and (run.step == step or len(run) == 1) for run in runs
    ):
        return whole
    return tuple(sorted(at for run in runs for at in run))
