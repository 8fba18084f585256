"""Free time, compared minute by minute with the long way round."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from itertools import combinations, pairwise
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lastseat.calendar.free import (
    Candidate,
    Extent,
    barred,
    fitting,
    free_at,
    how_often,
    picked,
    worth_a_look,
)
from lastseat.calendar.ranges import (
    SECOND,
    Ranges,
    difference,
    intersection,
    intervals,
    joined,
    micros,
    moment,
    ranges,
)
from lastseat.calendar.starts import Grid, StartRanges
from lastseat.core.interval import Interval

MINUTE = 60 * SECOND
T0 = micros(datetime(2027, 5, 3, tzinfo=UTC))
"""A midnight, from which the minutes of these tests count."""

pairs = st.lists(st.tuples(st.integers(0, 60), st.integers(-3, 15)), max_size=8).map(
    lambda found: [(first, first + length) for first, length in found]
)


def at(minute: int) -> int:
    return T0 + minute * MINUTE


def timed(found: Sequence[tuple[int, int]]) -> Ranges:
    return joined((at(first), at(end)) for first, end in found)


def minutes(found: Ranges) -> set[int]:
    """Each minute that begins in one of the ranges."""
    assert list(found) == sorted(found)
    assert all(one[1] < other[0] for one, other in pairwise(found))
    assert all(first < end for first, end in found)
    return {
        m for first, end in found for m in range(-((T0 - first) // MINUTE), -((T0 - end) // MINUTE))
    }


def covered(found: Sequence[tuple[int, int]]) -> set[int]:
    return {minute for first, end in found for minute in range(first, end)}


@given(pairs, pairs)
def test_arithmetic_is_that_of_sets_of_minutes(
    one: list[tuple[int, int]], other: list[tuple[int, int]]
) -> None:
    assert minutes(timed(one)) == covered(one)
    assert minutes(intersection(timed(one), timed(other))) == covered(one) & covered(other)
    assert minutes(difference(timed(one), timed(other))) == covered(one) - covered(other)
    # What is taken away may overlap, as long as it is in order.
    unjoined = sorted((at(first), at(end)) for first, end in other if first < end)
    assert minutes(difference(timed(one), unjoined)) == covered(one) - covered(other)


@given(pairs)
def test_ranges_and_intervals_are_the_same_time(found: list[tuple[int, int]]) -> None:
    there = timed(found)
    assert ranges(intervals(there)) == there
    assert all(each.start.tzinfo is UTC for each in intervals(there))


@given(st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)))
def test_a_time_is_counted_to_the_microsecond(when: datetime) -> None:
    assert moment(micros(when)) == when
    assert micros(when.astimezone(timezone(timedelta(hours=5)))) == micros(when)
    assert ranges([Interval(when, when + timedelta(microseconds=1))]) == (
        (micros(when), micros(when) + 1),
    )


extents = st.builds(Extent, *(st.integers(least, 12).map(lambda m: m * 60) for least in (1, 0, 0)))


def can_start(minute: int, open_: set[int], taken: set[int], extent: Extent) -> bool:
    """Whether each minute of the duration is open, and with the buffers none is taken."""
    last = minute + extent.duration // 60
    seen = range(minute, last)
    blocked = range(minute - extent.before // 60, last + extent.after // 60)
    return open_.issuperset(seen) and taken.isdisjoint(blocked)


@given(pairs, pairs, extents)
def test_a_start_is_free_if_the_whole_duration_is_open_and_the_buffers_are_clear(
    open_: list[tuple[int, int]], taken: list[tuple[int, int]], extent: Extent
) -> None:
    starts = difference(fitting(timed(open_), extent.duration), barred(timed(taken), extent))
    expected = {m for m in range(80) if can_start(m, covered(open_), covered(taken), extent)}
    assert minutes(starts) == expected
    # To the microsecond: the first and last of each range are free, their neighbours are not.
    for first, end in starts:
        for start, free in ((first - 1, False), (first, True), (end - 1, True), (end, False)):
            assert free_to_the_microsecond(start, timed(open_), timed(taken), extent) is free


def free_to_the_microsecond(start: int, open_: Ranges, taken: Ranges, extent: Extent) -> bool:
    ends = start + extent.duration * SECOND
    first, last = start - extent.before * SECOND, ends + extent.after * SECOND
    return any(a <= start and ends <= b for a, b in open_) and not any(
        a < last and first < b for a, b in taken
    )


GRIDS = [(), (Grid("UTC", 300),), (Grid("UTC", 420),), (Grid("UTC", 300), Grid("UTC", 420))]


@st.composite
def candidates(draw: st.DrawFn, grids: Sequence[tuple[Grid, ...]]) -> list[Candidate]:
    """Some candidates, several of them with the same rules."""
    allowed = draw(
        st.lists(
            st.builds(lambda p, g: StartRanges(timed(p), g), pairs, st.sampled_from(grids)),
            min_size=1,
            max_size=3,
        )
    )
    return draw(
        st.lists(
            st.builds(Candidate, st.sampled_from(allowed), pairs.map(timed)), min_size=1, max_size=6
        )
    )


def free_here(start: int, there: Sequence[Candidate], extent: Extent) -> list[int]:
    """The candidates that can start then, one after the other."""
    first = start - extent.before * SECOND
    last = start + (extent.duration + extent.after) * SECOND
    return [
        number
        for number, (allowed, taken) in enumerate(there)
        if allowed.has(moment(start)) and not any(a < last and first < b for a, b in taken)
    ]


@settings(max_examples=150, deadline=None)
@given(
    candidates(GRIDS),
    extents,
    st.sampled_from([range(at(0), at(70), MINUTE), range(at(3), at(50), 7 * MINUTE)])
    | st.lists(st.integers(0, 70).map(at), unique=True).map(lambda found: tuple(sorted(found))),
)
def test_each_point_has_the_candidates_that_are_free_there(
    there: list[Candidate], extent: Extent, points: Sequence[int]
) -> None:
    grids = {allowed.grids for allowed, _ in there}
    if len(grids) == 1:  # the points are those of their grid, then
        points = [p for p in points if all(g.has(moment(p)) for g in there[0].allowed.grids)]
    masks = free_at(points, there, extent)
    assert [bits(mask) for mask in masks] == [free_here(at, there, extent) for at in points]


def bits(mask: int) -> list[int]:
    return [number for number in range(mask.bit_length()) if mask >> number & 1]


def earliest(
    there: list[Candidate], extent: Extent, many: int | None, *, adjacent: bool
) -> tuple[int, tuple[int, ...]] | None:
    """The first start at which so many are free, all of them for None, and which are picked."""
    points = worth_a_look(there, extent)
    assert list(points) == sorted(set(points))
    for point, mask in zip(points, free_at(points, there, extent), strict=True):
        chosen = picked(mask, len(there) if many is None else many, adjacent=adjacent)
        if chosen is not None:
            return point, chosen
    return None


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(GRIDS).flatmap(lambda grids: candidates([grids])) | candidates(GRIDS),
    extents,
    st.none() | st.integers(1, 4),
    st.booleans(),
)
def test_the_earliest_start_of_so_many_is_one_worth_a_look(
    there: list[Candidate], extent: Extent, many: int | None, adjacent: bool
) -> None:
    found = earliest(there, extent, many, adjacent=adjacent)
    needed = len(there) if many is None else many
    if found is not None:
        assert found[1] == first_fit(free_here(found[0], there, extent), needed, adjacent)
    # Every minute, and what lies a microsecond past one: where a range begins to be free.
    for minute in range(80):
        for start in (at(minute), at(minute) + 1):
            if found is not None and start >= found[0]:
                return
            assert first_fit(free_here(start, there, extent), needed, adjacent) is None


def first_fit(free: list[int], many: int, adjacent: bool) -> tuple[int, ...] | None:
    """As a booking's choice picks: the first in order, or the first that follow each other."""
    for chosen in combinations(free, many):
        if not adjacent or chosen[-1] - chosen[0] == many - 1:
            return chosen
    return None


@given(st.integers(0, 2**9 - 1), st.integers(1, 4), st.booleans())
def test_picked_is_the_first_fit_and_how_often_is_how_many_fit_side_by_side(
    mask: int, many: int, adjacent: bool
) -> None:
    assert picked(mask, many, adjacent=adjacent) == first_fit(bits(mask), many, adjacent)
    assert how_often(mask, many, adjacent=adjacent) == most_disjoint(bits(mask), many, adjacent)


def most_disjoint(free: list[int], many: int, adjacent: bool) -> int:
    fits = [c for c in combinations(free, many) if not adjacent or c[-1] - c[0] == many - 1]
    if not adjacent:
        return len(free) // many
    taken: set[int] = set()
    rounds = 0
    for fit in fits:  # in order: greedy is best for what lies on a line
        if taken.isdisjoint(fit):
            taken.update(fit)
            rounds += 1
    return rounds


DAY = StartRanges(((at(0), at(24 * 60)),))


@pytest.mark.parametrize(
    ("taken", "many", "adjacent", "start", "chosen"),
    [
        # lanes 0 to 3; an hour is wanted
        ([[], [], [], []], 3, True, 0, (0, 1, 2)),
        ([[], [(0, 90)], [], []], 3, True, 90, (0, 1, 2)),
        ([[], [(0, 90)], [], []], 3, False, 0, (0, 2, 3)),
        ([[(0, 200)], [(0, 90)], [], []], 3, True, 90, (1, 2, 3)),
        ([[(0, 60)], [(60, 120)], [(120, 180)], [(180, 240)]], None, False, 240, (0, 1, 2, 3)),
        ([[(0, 2000)], [], [], []], None, False, None, ()),
        ([[], []], 3, False, None, ()),
    ],
)
def test_three_adjacent_lanes(
    taken: list[list[tuple[int, int]]],
    many: int | None,
    adjacent: bool,
    start: int | None,
    chosen: tuple[int, ...],
) -> None:
    there = [Candidate(DAY, timed(each)) for each in taken]
    found = earliest(there, Extent(3600), many, adjacent=adjacent)
    assert found == (None if start is None else (at(start), chosen))


def test_no_candidates_and_no_points_have_no_answers() -> None:
    assert free_at((), [Candidate(DAY)], Extent(60)) == []
    assert free_at(range(at(0), at(0), MINUTE), [Candidate(DAY)], Extent(60)) == []
    assert free_at((at(0), at(1)), [], Extent(60)) == [0, 0]
    assert worth_a_look([Candidate(StartRanges(()))], Extent(60)) == ()


def test_a_month_of_a_hundred_resources_takes_no_look_at_every_point_of_each() -> None:
    month = StartRanges(
        tuple((at(1440 * day + 540), at(1440 * day + 1260)) for day in range(30)),
        (Grid("UTC", 900),),
    )
    there = [
        Candidate(month, timed([(n * 450 + lane % 7 * 15, n * 450 + 225) for n in range(96)]))
        for lane in range(100)
    ]
    points = range(at(0), at(30 * 1440), 15 * MINUTE)
    free_at(points, there, Extent(3600))
    took = min(timing(lambda: free_at(points, there, Extent(3600))) for _ in range(3))
    # About 5 ms on an idle machine; 288,000 looks would take a second.
    assert took < 0.25
    masks = free_at(points, there, Extent(3600))
    for point in list(range(0, len(points), 97)):
        here = masks[point] if month.has(moment(points[point])) else 0
        assert bits(here) == free_here(points[point], there, Extent(3600))


def timing(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began
