"""Which rule does not let something be booked, and which starts none forbids.

`broken` decides, under the lock; `bookable_starts` is the same rules seen from the other side, so
that what is offered can be booked: `broken` is None for a booking exactly if its start is one of
`bookable_starts`. Whether somebody else has the time is not asked here: see free.py.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from msgspec import Struct

from lastseat.calendar.blocks import Blocks, block_times, blocked_ranges
from lastseat.calendar.free import Extent, barred, fitting
from lastseat.calendar.hours import day_plan, open_ranges, opened
from lastseat.calendar.ranges import (
    SECOND,
    Ranges,
    difference,
    intersection,
    intervals,
    micros,
)
from lastseat.calendar.starts import Grid, StartRanges
from lastseat.calendar.zones import utc, zone
from lastseat.core.interval import Interval
from lastseat.core.outcomes import NotBookable
from lastseat.core.rules import Hours, Rules
from lastseat.views.times import DayHours


class Ruled(Struct, frozen=True):
    """The rules of one owner, and the time zone they are in.

    What is booked has a chain of them: its own, and those of its location. All of them hold: what
    is open is open by each, what one blocks is blocked, and of two numbers the stricter counts.
    """

    owner: str
    rules: Rules
    zone: str


Chain = Sequence[Ruled]


class _Asked(Struct, frozen=True):
    """What somebody wants to book, and when they ask."""

    bookable: str
    actor: str
    during: Interval
    blocked: Interval
    now: datetime

    def refused(
        self,
        rule: str,
        ruled: Ruled,
        *,
        open_: Sequence[Interval] = (),
        limit: datetime | None = None,
        seconds: int | None = None,
        reason: str | None = None,
    ) -> NotBookable:
        return NotBookable(
            rule=rule,
            actor=self.actor,
            bookable=self.bookable,
            owner=ruled.owner,
            during=self.during,
            open=tuple(open_),
            limit=limit,
            seconds=seconds,
            reason=reason,
        )


def broken(
    chain: Chain, bookable: str, actor: str, during: Interval, blocked: Interval, now: datetime
) -> NotBookable | None:
    """The first rule that does not let `bookable` be booked, or None.

    `during` is what the customer sees, `blocked` the same with its buffers, `now` the time of the
    decision. The order is lead time, horizon, shortest and longest duration, grid, hours, block;
    where several owners have the rule, the strictest is told.
    """
    asked = _Asked(bookable, actor, during, blocked, now)
    for rule in _RULES:
        refusal = rule(chain, asked)
        if refusal is not None:
            return refusal
    return None


def _lead_time(chain: Chain, asked: _Asked) -> NotBookable | None:
    """A lead time of 0 is none: what has begun can be booked, as where there are no rules."""
    strictest = max(chain, key=lambda ruled: ruled.rules.lead_seconds, default=None)
    if strictest is None or strictest.rules.lead_seconds == 0:
        return None
    earliest = asked.now + timedelta(seconds=strictest.rules.lead_seconds)
    if asked.during.start >= earliest:
        return None
    return asked.refused("lead_time", strictest, limit=earliest)


def _horizon(chain: Chain, asked: _Asked) -> NotBookable | None:
    known = [(far, ruled) for ruled in chain if (far := ruled.rules.horizon_seconds) is not None]
    if not known:
        return None
    nearest, strictest = min(known, key=_number)
    latest = asked.now + timedelta(seconds=nearest)
    if asked.during.start <= latest:
        return None
    return asked.refused("horizon", strictest, limit=latest)


def _min_duration(chain: Chain, asked: _Asked) -> NotBookable | None:
    known = [(least, ruled) for ruled in chain if (least := ruled.rules.min_seconds) is not None]
    if not known:
        return None
    least, strictest = max(known, key=_number)
    if asked.during.end - asked.during.start >= timedelta(seconds=least):
        return None
    return asked.refused("min_duration", strictest, seconds=least)


def _max_duration(chain: Chain, asked: _Asked) -> NotBookable | None:
    known = [(most, ruled) for ruled in chain if (most := ruled.rules.max_seconds) is not None]
    if not known:
        return None
    most, strictest = min(known, key=_number)
    if asked.during.end - asked.during.start <= timedelta(seconds=most):
        return None
    return asked.refused("max_duration", strictest, seconds=most)


def _number(known: tuple[int, Ruled]) -> int:
    return known[0]


def _grid(chain: Chain, asked: _Asked) -> NotBookable | None:
    for ruled in chain:
        seconds = ruled.rules.grid_seconds
        if seconds is not None and not Grid(ruled.zone, seconds).has(asked.during.start):
            return asked.refused("grid", ruled, seconds=seconds)
    return None


def _hours(chain: Chain, asked: _Asked) -> NotBookable | None:
    first, end = micros(asked.during.start), micros(asked.during.end)
    for ruled in chain:
        hours = ruled.rules.hours
        if hours is None:
            continue
        where = zone(ruled.zone)
        # Cut to what is asked for, so it is one opening if and only if it is all of it.
        if open_ranges(hours, where, first, end) != ((first, end),):
            return asked.refused("hours", ruled, open_=_about(ruled, hours, asked.during))
    return None


def _about(ruled: Ruled, hours: Hours, during: Interval) -> list[Interval]:
    """The openings, whole, that touch the days of `during`; a few of them."""
    where = zone(ruled.zone)
    first, last = (each.astimezone(where).date() for each in (during.start, during.end))
    midnight = micros(utc(datetime.combine(first, time()), where))
    about = opened(hours, where, first - timedelta(days=1), last)
    return intervals(tuple(pair for pair in about if pair[1] > midnight)[:MOST_TOLD])


MOST_TOLD = 20
"""Openings told in one refusal."""


def _block(chain: Chain, asked: _Asked) -> NotBookable | None:
    for ruled in chain:
        if ruled.rules.blocks:
            met = block_times(ruled.rules.blocks, zone(ruled.zone), asked.blocked)
            if met:
                return asked.refused("block", ruled, reason=met[0].block.name)
    return None


_RULES: tuple[Callable[[Chain, _Asked], NotBookable | None], ...] = (
    _lead_time,
    _horizon,
    _min_duration,
    _max_duration,
    _grid,
    _hours,
    _block,
)


def bookable_starts(chain: Chain, window: Interval, extent: Extent, now: datetime) -> StartRanges:
    """The starts in `window` that no rule forbids for a booking of that extent.

    The window is about starts alone: what begins in it may end after it. Equal for equal rules,
    whoever owns them, and worked out once for all of them.
    """
    first, end = micros(window.start), micros(window.end)
    asked_at = micros(now)
    for ruled in chain:
        rules = ruled.rules
        if rules.min_seconds is not None and extent.duration < rules.min_seconds:
            return NO_STARTS
        if rules.max_seconds is not None and extent.duration > rules.max_seconds:
            return NO_STARTS
        if rules.lead_seconds:
            first = max(first, asked_at + rules.lead_seconds * SECOND)
        if rules.horizon_seconds is not None:
            end = min(end, asked_at + rules.horizon_seconds * SECOND + 1)
    if first >= end:
        return NO_STARTS
    known = tuple((ruled.rules.hours, ruled.rules.blocks, ruled.zone) for ruled in chain)
    grids = dict.fromkeys(
        Grid(ruled.zone, ruled.rules.grid_seconds)
        for ruled in chain
        if ruled.rules.grid_seconds is not None
    )
    return _starts(known, first, end, extent, tuple(grids))


NO_STARTS = StartRanges(())


def effective_hours(chain: Chain, day: date) -> DayHours | None:
    """The openings that belong to `day`, UTC, or None if nobody in the chain has hours.

    They belong to the day they open on by the first hours in the chain, and are cut to what the
    others have open: so the days' openings together are what can be booked.
    """
    known = [(hours, ruled) for ruled in chain if (hours := ruled.rules.hours) is not None]
    if not known:
        return None
    spans: Ranges | None = None
    for hours, ruled in known:
        where = zone(ruled.zone)
        if spans is None:
            spans = opened(hours, where, day, day)
        elif spans:
            whole = open_ranges(hours, where, spans[0][0], spans[-1][1])
            spans = intersection(spans, whole)
    if spans:
        return DayHours(day, tuple(intervals(spans)))
    closing = (plan.because for hours, _ in known if not (plan := day_plan(hours, day)).spans)
    return DayHours(day, (), next(closing, "hours"))


@lru_cache(maxsize=32)
def _starts(
    known: tuple[tuple[Hours | None, Blocks, str], ...],
    first: int,
    end: int,
    extent: Extent,
    grids: tuple[Grid, ...],
) -> StartRanges:
    starts: Ranges = ((first, end),)
    length, before, after = extent.duration * SECOND, extent.before * SECOND, extent.after * SECOND
    for hours, blocks, name in known:
        where = zone(name)
        if hours is not None:
            open_ = open_ranges(hours, where, first, end + length)
            starts = intersection(starts, fitting(open_, extent.duration))
        if blocks:
            taken = blocked_ranges(blocks, where, first - before, end + length + after)
            starts = difference(starts, barred(taken, extent))
    return StartRanges(starts, grids)
