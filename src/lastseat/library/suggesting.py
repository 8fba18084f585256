"""Other times for a booking that could not be had: "three suggested slots" (MISSION C10).

The same booking, all of it, shifted; or for one occurrence, others of its event. Each suggestion
could be booked when it was made. Nothing is held for whoever asks.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import msgspec
from msgspec import Struct

from lastseat.calendar.free import Extent
from lastseat.calendar.ranges import SECOND, micros
from lastseat.calendar.ranges import moment as instant
from lastseat.calendar.recurrence import BadRule, read_local
from lastseat.calendar.starts import Grid, grid_points
from lastseat.calendar.zones import local, utc, zone
from lastseat.core import commands as c
from lastseat.core import limits
from lastseat.core.asked import in_parts
from lastseat.core.fields import Bad
from lastseat.core.interval import Interval
from lastseat.library.offering import Offering, Wanted, around
from lastseat.library.seeking import STEP, offering
from lastseat.reads import availability as reads
from lastseat.reads.agenda import AgendaFilter, occurrences, seated
from lastseat.reads.bookings import bookable
from lastseat.reads.rows import Connection
from lastseat.views.times import AgendaItem, Suggestion

WITHIN = 7_200
"""How much sooner or later a suggestion begins at most, in seconds."""

LONGEST_WITHIN = 7 * 86_400

MOST = 3
"""Suggestions made unless more are asked for."""

NOBODY = "-"
"""Whom a booking that is not made is for, where nobody is named."""

OTHER_OCCURRENCES = timedelta(days=14)
"""How far from an occurrence others of its event are suggested."""

_Timed = TypeVar("_Timed", c.Claim, c.Choice)

_UNIT = Grid("UTC", 1)


class Query(Struct, frozen=True):
    """The booking, whom it is for, how far it may be shifted (seconds), how many are wanted."""

    booking: c.Book
    actor: str | None
    within: int
    most: int
    step: int | None


class _Group(Struct, frozen=True):
    """What of a booking is for one time, with one pair of buffers."""

    start: datetime
    extent: Extent
    wanted: tuple[Wanted, ...]

    @property
    def blocked(self) -> Interval:
        return around(Interval(self.start, self.start), self.extent)


async def suggest(connection: Connection, tenant: str, query: Query) -> list[Suggestion]:
    """The nearest that can be had, the earlier of two first. Raises `NotFound`."""
    claims, choices = query.booking.claims, query.booking.choices
    if len(claims) == 1 and not choices and claims[0].start is None:
        return await _others(connection, tenant, query, claims[0])
    if not all([*map(_whole_seconds, claims), *map(_whole_seconds, choices)]):
        return []
    groups = _groups(claims, choices)
    reach = timedelta(seconds=query.within)
    offered = [
        await offering(
            connection,
            tenant,
            group.wanted,
            Interval(group.start - reach, group.start + reach + timedelta(microseconds=1)),
            group.extent,
            actor=query.actor,
        )
        for group in groups
    ]
    _few_parts(query.booking, offered)
    if not groups or _meet(groups, offered):
        return []
    ends = micros(max(end for _, end in [*map(_times, claims), *map(_times, choices)]))
    # What ends later can't be booked.
    shifts = [x for x in _shifts(groups[0], offered[0], query) if ends + x < micros(limits.LATEST)]
    for group, offer in zip(groups, offered, strict=True):
        points = [micros(group.start) + shift for shift in shifts]
        found = zip(shifts, offer.checked_masks(points), strict=True)
        shifts = [shift for shift, mask in found if offer.pick(mask) is not None]
    nearest = sorted(shifts, key=lambda shift: (abs(shift), shift))[: query.most]
    return [_shifted(query, timedelta(microseconds=shift)) for shift in nearest]


def _whole_seconds(asked: c.Claim | c.Choice) -> bool:
    """Whether it is for a time that is counted in seconds."""
    if asked.start is None or asked.end is None or asked.end <= asked.start:
        return False
    return (asked.end - asked.start) % timedelta(seconds=1) == timedelta(0)


def _groups(claims: Sequence[c.Claim], choices: Sequence[c.Choice]) -> list[_Group]:
    """What is for the same time together: it is looked for at once."""
    wanted: dict[tuple[datetime, Extent], list[Wanted]] = {}
    asked: list[tuple[c.Claim | c.Choice, Wanted]] = [
        (claim, Wanted((claim.bookable,), units=claim.units)) for claim in claims
    ]
    asked += [(x, Wanted(x.of, x.any, x.adjacent, x.units)) for x in choices]
    for each, what in asked:
        start, end = _times(each)
        lasts = int((end - start).total_seconds())
        key = start.astimezone(UTC), Extent(lasts, each.before, each.after)
        wanted.setdefault(key, []).append(what)
    return [_Group(start, extent, tuple(some)) for (start, extent), some in wanted.items()]


def _few_parts(booking: c.Book, offered: Sequence[Offering]) -> None:
    """Raises `ValueError` for what is too much to book once composites are their parts."""
    sizes = {name: len(x.there.leaves(name)) for x in offered for name in x.names}
    try:
        in_parts(booking, sizes)
    except Bad as bad:
        raise ValueError(f"{bad.invalid.field}: {bad.invalid.reason}") from None


def _meet(groups: Sequence[_Group], offered: Sequence[Offering]) -> bool:
    """Whether two groups want the same thing at the same time: then neither can be told alone."""
    leaves = [
        {leaf.bookable for name in offer.names for leaf in offer.there.leaves(name)}
        for offer in offered
    ]
    return any(
        groups[i].blocked.overlaps(groups[j].blocked) and leaves[i] & leaves[j]
        for i in range(len(groups))
        for j in range(i)
    )


def _shifts(group: _Group, offered: Offering, query: Query) -> list[int]:
    """By how much the booking may be shifted, in microseconds; not by nothing.

    From point to point of the grid its rules have, else by steps.
    """
    base, reach = micros(group.start), query.within * SECOND
    grids = offered.grids(_UNIT)
    if grids == (_UNIT,):
        step = (query.step or STEP) * SECOND
        most = reach // step
        return [shift * step for shift in range(-most, most + 1) if shift]
    return [at - base for at in grid_points(grids, base - reach, base + reach + 1) if at != base]


def _shifted(query: Query, by: timedelta) -> Suggestion:
    claims = tuple(_at(claim, by) for claim in query.booking.claims)
    choices = tuple(_at(choice, by) for choice in query.booking.choices)
    times = [*map(_times, claims), *map(_times, choices)]
    start, end = min(start for start, _ in times), max(end for _, end in times)
    return Suggestion(start, end, claims, choices)


def _times(asked: c.Claim | c.Choice) -> tuple[datetime, datetime]:
    if asked.start is None or asked.end is None:
        raise ValueError("a claim without a time")
    return asked.start, asked.end


def _at(asked: _Timed, by: timedelta) -> _Timed:
    """The same at another time, with what the wall clock shows then."""
    start, end = _times(asked)
    start, end = start + by, end + by
    shown = asked.local_start
    if shown is not None and asked.time_zone is not None:
        shown = local(start, zone(asked.time_zone)).isoformat()
    return msgspec.structs.replace(asked, start=start, end=end, local_start=shown)


async def _others(
    connection: Connection, tenant: str, query: Query, claim: c.Claim
) -> list[Suggestion]:
    """Other occurrences of the same event with room for as many."""
    there = await bookable(connection, tenant, claim.bookable)
    event = there.event_id if there else claim.bookable.rpartition("@")[0]
    about = there.during.start if there and there.during else None
    whole = await bookable(connection, tenant, event) if event else None
    if whole is None or whole.time_zone is None:
        return []
    if about is None:
        try:
            about = utc(read_local(claim.bookable.rpartition("@")[2], "at"), zone(whole.time_zone))
        except BadRule:
            return []
    window = Interval(about - OTHER_OCCURRENCES, about + OTHER_OCCURRENCES)
    found = await occurrences(connection, tenant, AgendaFilter(window, event=event), window)
    now = await reads.now(connection)
    open_ = [
        item
        for item in found
        if item.bookable != claim.bookable
        and item.start > now
        and abs(item.start - about) <= OTHER_OCCURRENCES
        and not item.cancelled
        and item.left >= claim.units
    ]
    if query.actor is not None:
        open_ = await _unless_busy(connection, tenant, query.actor, open_, window)
    nearest = sorted(open_, key=lambda item: (abs(item.start - about), item.start))
    return [
        Suggestion(x.start, x.end, (c.Claim(bookable=x.bookable, units=claim.units),))
        for x in nearest[: query.most]
    ]


async def _unless_busy(
    connection: Connection,
    tenant: str,
    actor: str,
    items: Sequence[AgendaItem],
    window: Interval,
) -> list[AgendaItem]:
    """Those at which the actor has nothing else on, and on which they are not already."""
    whole = Interval(window.start, max((item.end for item in items), default=window.end))
    steps = await reads.steps(connection, tenant, (), whole, actor=actor)
    busy = [
        Interval(instant(step.first), instant(step.end)) for own in steps.values() for step in own
    ]
    theirs = await seated(connection, tenant, actor, [item.bookable for item in items])
    return [
        item
        for item in items
        if item.bookable not in theirs
        and not any(each.overlaps(Interval(item.start, item.end)) for each in busy)
    ]
