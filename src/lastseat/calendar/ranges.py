"""Arithmetic of time as whole microseconds: exact, and fast enough for a month of a venue.

A range is half-open, `(first, end)`, in microseconds since 1970 UTC. `Ranges` are in order and
share no instant. Not for what the ranges mean: see hours.py and free.py.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from lastseat.core.interval import Interval

Ranges = tuple[tuple[int, int], ...]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1_000_000
"""In microseconds."""


def micros(moment: datetime) -> int:
    """An aware time as microseconds since 1970 UTC."""
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * SECOND + since.microseconds


def moment(at: int) -> datetime:
    """The time, UTC, that `micros` counted."""
    return EPOCH + timedelta(microseconds=at)


def ranges(intervals: Iterable[Interval]) -> Ranges:
    """The same instants as the fewest ranges."""
    return joined((micros(each.start), micros(each.end)) for each in intervals)


def intervals(pairs: Ranges) -> list[Interval]:
    """The same as intervals, UTC."""
    return [Interval(moment(first), moment(end)) for first, end in pairs]


def joined(pairs: Iterable[tuple[int, int]]) -> Ranges:
    """The instants of any pairs, in any order, as the fewest ranges: touching ones are one.

    A pair that does not end after its beginning has no instants.
    """
    found: list[tuple[int, int]] = []
    last_first = last_end = 0
    for first, end in sorted(pairs):
        if first >= end:
            continue
        if found and first <= last_end:
            if end > last_end:
                found[-1] = (last_first, end)
                last_end = end
        else:
            found.append((first, end))
            last_first, last_end = first, end
    return tuple(found)


def intersection(one: Ranges, other: Ranges) -> Ranges:
    """The instants that are in both."""
    found: list[tuple[int, int]] = []
    i = j = 0
    while i < len(one) and j < len(other):
        first = max(one[i][0], other[j][0])
        end = min(one[i][1], other[j][1])
        if first < end:
            found.append((first, end))
        if one[i][1] <= other[j][1]:
            i += 1
        else:
            j += 1
    return tuple(found)


def difference(one: Ranges, other: Iterable[tuple[int, int]]) -> Ranges:
    """The instants of `one` that are in none of `other`, which is in order of its firsts."""
    left: list[tuple[int, int]] = []
    taken = iter(other)
    taken_first, taken_end = next(taken, _NEVER)
    for first, end in one:
        free_from = first
        while taken_end <= first:
            taken_first, taken_end = next(taken, _NEVER)
        while taken_first < end:
            if free_from < taken_first:
                left.append((free_from, taken_first))
            free_from = max(free_from, taken_end)
            if taken_end > end:
                break  # it goes on into what follows in `one`
            taken_first, taken_end = next(taken, _NEVER)
        if free_from < end:
            left.append((free_from, end))
    return tuple(left)


_NEVER = (2**80, 2**80)
