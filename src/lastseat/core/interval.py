"""Half-open intervals of time and the peak of what overlaps in them. Nothing about bookings.

An interval is `[start, end)`: it holds its start and not its end, so back-to-back claims touch
without overlapping (MISSION B4).
"""

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct


class Interval(Struct, frozen=True, order=True, gc=False):
    """The half-open time `[start, end)`, both aware, UTC."""

    start: datetime
    end: datetime

    def overlaps(self, other: "Interval") -> bool:
        """Whether the two share an instant."""
        return self.start < other.end and other.start < self.end


class Load(Struct, frozen=True):
    """`units` in use over an interval."""

    interval: Interval
    units: int


def peak_overlap(loads: Iterable[Load], window: Interval) -> int:
    """The most units in use at any instant of `window`.

    Sorts the edges inside the window and sweeps them, O(n log n). At one instant the ends come
    before the starts, because intervals are half-open. The peak is what a pool's capacity bounds:
    the sum of all that overlaps the window would refuse bookings that never meet (MISSION A11).
    """
    edges: list[tuple[datetime, int]] = []
    in_use = 0
    for load in loads:
        interval = load.interval
        if not interval.overlaps(window):
            continue
        if interval.start <= window.start:
            in_use += load.units
        else:
            edges.append((interval.start, load.units))
        if interval.end < window.end:
            edges.append((interval.end, -load.units))
    peak = in_use
    for _, change in sorted(edges):
        in_use += change
        peak = max(peak, in_use)
    return peak


def merged(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """The same instants as the fewest intervals, in order; touching ones are joined."""
    joined: list[Interval] = []
    for interval in sorted(intervals):
        if joined and interval.start <= joined[-1].end:
            last = joined.pop()
            joined.append(Interval(last.start, max(last.end, interval.end)))
        else:
            joined.append(interval)
    return tuple(joined)
