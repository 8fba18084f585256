"""Half-open time: back-to-back claims touch without overlapping, and a pool is full at its peak."""

from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given as hypothesis_given
from hypothesis import strategies as st
from tests.core.given import at, between

from lastseat.core.interval import Interval, Load, merged, peak_overlap

MINUTES = range(10)

intervals = st.tuples(st.sampled_from(MINUTES), st.integers(1, 5)).map(
    lambda x: between(x[0], x[0] + x[1])
)
loads = st.lists(st.builds(Load, intervals, st.integers(1, 4)), max_size=8)


def holds(interval: Interval, instant: datetime) -> bool:
    return interval.start <= instant < interval.end


def brute_force_peak(there: list[Load], window: Interval) -> int:
    """Count every minute of the window; all edges here are whole minutes."""
    instants = [at(m) for m in range(20) if holds(window, at(m))]
    return max(sum(x.units for x in there if holds(x.interval, now)) for now in instants)


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        ((0, 10), (10, 20), False),
        ((0, 10), (9, 20), True),
        ((0, 10), (2, 3), True),
        ((0, 10), (0, 10), True),
        ((0, 10), (11, 20), False),
    ],
)
def test_intervals_overlap_when_they_share_an_instant(
    one: tuple[int, int], other: tuple[int, int], overlap: bool
) -> None:
    assert between(*one).overlaps(between(*other)) is overlap
    assert between(*other).overlaps(between(*one)) is overlap


@hypothesis_given(intervals, intervals)
def test_overlap_is_a_shared_minute(one: Interval, other: Interval) -> None:
    shared = any(holds(one, at(m)) and holds(other, at(m)) for m in range(20))
    assert one.overlaps(other) is shared


@hypothesis_given(loads, intervals)
def test_the_peak_is_the_most_of_any_minute_of_the_window(
    there: list[Load], window: Interval
) -> None:
    assert peak_overlap(there, window) == brute_force_peak(there, window)


def test_the_peak_is_not_the_sum_of_all_that_overlaps_the_window() -> None:
    """Two parties of 3, one after the other, leave 1 of 4 pairs of skis all day long."""
    morning, afternoon = Load(between(0, 60), 3), Load(between(60, 120), 3)
    assert peak_overlap([morning, afternoon], between(0, 120)) == 3


@hypothesis_given(st.lists(intervals, max_size=8))
def test_merged_keeps_every_minute_and_joins_what_touches(some: list[Interval]) -> None:
    joined = merged(some)
    for minute in range(20):
        instant = at(minute)
        assert any(holds(x, instant) for x in joined) is any(holds(x, instant) for x in some)
    for first, second in pairwise(joined):
        assert first.end < second.start
