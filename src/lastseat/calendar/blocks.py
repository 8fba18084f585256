"""Times that come again in which nothing can be booked, such as maintenance, in UTC.

A block lasts its seconds from each start, whatever the clocks do meanwhile. Blocks that are there
once only, or that somebody may want back, are bookings.
"""

from array import array
from bisect import bisect_left, bisect_right
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from lastseat.calendar.ranges import (
    SECOND,
    Ranges,
    intersection,
    joined,
    micros,
    moment,
)
from lastseat.calendar.recurrence import starts
from lastseat.calendar.zones import utc
from lastseat.core.interval import Interval
from lastseat.core.rules import RecurringBlock
from lastseat.core.schedule import Segment

Blocks = tuple[RecurringBlock, ...]


class BlockTime(NamedTuple):
    """One time of a block, whole."""

    during: Interval
    block: RecurringBlock


def segment(block: RecurringBlock) -> Segment:
    """When a block comes, as the recurrence it is."""
    return Segment(block.start, block.seconds, block.rrule, block.rdate, block.exdate)


def blocked_ranges(blocks: Blocks, zone: ZoneInfo, first: int, end: int) -> Ranges:
    """The times in between that are blocked, in microseconds (ranges.py), joined."""
    pairs = (pair for block in blocks for pair in _times(block, zone, first, end))
    return intersection(joined(pairs), ((first, end),))


def block_times(blocks: Blocks, zone: ZoneInfo, window: Interval) -> list[BlockTime]:
    """Each time of each block that meets `window`, uncut, in order of start."""
    first, end = micros(window.start), micros(window.end)
    found = [
        BlockTime(Interval(moment(begins), moment(ends)), block)
        for block in blocks
        for begins, ends in _times(block, zone, first, end)
    ]
    return sorted(found, key=lambda each: each.during)


def _times(block: RecurringBlock, zone: ZoneInfo, first: int, end: int) -> list[tuple[int, int]]:
    """The times of a block that share an instant with `[first, end)`."""
    length = block.seconds * SECOND
    found: list[tuple[int, int]] = []
    oldest = moment(first - length).astimezone(zone).toordinal() // CHUNK
    for chunk in range(oldest, moment(end).astimezone(zone).toordinal() // CHUNK + 1):
        begun = _begun_in(block, zone, chunk)
        meeting = begun[bisect_right(begun, first - length) : bisect_left(begun, end)]
        found += [(at, at + length) for at in meeting]
    return found


CHUNK = 32
"""Days that are worked out and kept at a time: few, because a decision asks for one of them."""


@lru_cache(maxsize=4096)
def _begun_in(block: RecurringBlock, zone: ZoneInfo, chunk: int) -> "array[int]":
    """When the block begins in those days of its zone, in microseconds, in order."""
    first = datetime.fromordinal(chunk * CHUNK)
    local = starts(segment(block), first, first + timedelta(days=CHUNK), zone)
    return array("q", sorted({micros(utc(start, zone)) for start in local}))
