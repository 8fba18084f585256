"""A tenant's questions about time: what is taken, what is free, and when next (MISSION B4 to B6).

What is offered here a booking accepts, unless somebody was faster: rules and capacity are worked
out by the functions that decide. Each question is answered from two or three statements, however
many slots it is about. Windows are half-open, of 400 days at most; times answered are UTC.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from lastseat.calendar.free import Extent
from lastseat.calendar.ranges import intervals
from lastseat.core import commands as c
from lastseat.core import limits
from lastseat.core.interval import Interval
from lastseat.core.outcomes import Invalid
from lastseat.library import hours, occupied, seeking, suggesting
from lastseat.library.asynchronous.bounds import days, listed, page, whole, window
from lastseat.library.asynchronous.operations import AsyncOperations
from lastseat.library.checks import check
from lastseat.library.commands import Claims
from lastseat.library.offering import Wanted
from lastseat.library.seeking import SlotQuery
from lastseat.reads import agenda as agendas
from lastseat.reads.agenda import AgendaFilter
from lastseat.views.page import Page
from lastseat.views.times import (
    AgendaItem,
    BusyInterval,
    Clash,
    DayHours,
    Opening,
    OpenSlot,
    OutsideRules,
    Suggestion,
)

MOST_ASKED = 1_000
"""Bookables that one question names."""

LONGEST = int(limits.LONGEST / timedelta(seconds=1))
"""The longest duration, in seconds."""

Length = int | timedelta


class AsyncAvailability(AsyncOperations):
    """What is taken and what can be had. Nothing here is kept for whoever asks."""

    async def busy(
        self,
        bookable: str | None = None,
        *,
        actor: str | None = None,
        start: datetime,
        end: datetime,
    ) -> list[BusyInterval]:
        """When a bookable, or an actor, is in use in `[start, end)`, in order (B4).

        `units` of a pool are in use at once; of anything else 1. Buffers count. A composite is busy
        while any of its parts is. An actor is busy with bookings that refuse or warn of others
        (B8); one never heard of is not. Raises `NotFound`, and `ValueError` for bad input.
        """
        during = window(start, end)
        if (bookable is None) == (actor is None):
            raise ValueError("bookable or actor: name one of them")
        query, name = (occupied.busy, bookable) if actor is None else (occupied.own_busy, actor)
        found: list[BusyInterval] = await self.engine.look(query, self.tenant_id, name, during)
        return found

    async def conflicts(
        self,
        bookable: str | None = None,
        *,
        actor: str | None = None,
        start: datetime,
        end: datetime,
        limit: int = 1_000,
    ) -> list[Clash]:
        """The pairs of bookings that overlap on a bookable, or for an actor; each pair once (B4).

        By the start of what they share, which may lie partly outside `[start, end)`; `limit` pairs
        at most. On a resource only an override makes some; in a pool that is what it is for.
        """
        during = window(start, end)
        if (bookable is None) == (actor is None):
            raise ValueError("bookable or actor: name one of them")
        found: list[Clash] = await self.engine.read(
            occupied.clashes, self.tenant_id, bookable, actor, during, page(limit)
        )
        return found

    async def free(
        self, bookable: str, *, start: datetime, end: datetime, units: int = 1
    ) -> list[Interval]:
        """When `units` of a bookable are free in `[start, end)`: open, not blocked, not taken.

        In order. How long one has to be, and how soon it may begin, is for `slots` and `next_free`.
        """
        found = await self.engine.look(
            seeking.free, self.tenant_id, bookable, window(start, end), _units(units)
        )
        return intervals(found)

    async def is_free(
        self,
        bookables: str | Sequence[str],
        *,
        start: datetime,
        end: datetime,
        units: int = 1,
        before: int = 0,
        after: int = 0,
    ) -> bool:
        """Whether all `bookables` could be booked over `[start, end)` now, with these buffers.

        By every rule that a booking is held to, and by what is taken. Raises `NotFound`.
        """
        during = window(start, end)
        if (during.end - during.start) % timedelta(seconds=1):
            raise ValueError("end must be whole seconds after start")
        wanted = Wanted(_names(bookables), units=_units(units))
        extent = _extent(during.end - during.start, before, after)
        found: bool = await self.engine.look(
            seeking.is_free, self.tenant_id, (wanted,), during, extent
        )
        return found

    async def next_free(
        self,
        of: str | Sequence[str],
        *,
        duration: Length,
        after: datetime,
        horizon: datetime,
        any: int | None = None,  # noqa: A002 - as in Choice
        adjacent: bool = False,
        units: int = 1,
        before: int = 0,
        after_buffer: int = 0,
        step: int | None = None,
    ) -> Opening | None:
        """The earliest time from `after` on that can be had and ends by `horizon`, or None (B5).

        Of one bookable, of all of several together, or of `any` so many of them; `adjacent` ones
        follow each other in `of`. The start lies on what grid the rules have; `step` asks for one
        of so many seconds where they have none. Nothing in the past, and nothing that a lead time
        would refuse a minute from now. Raises `NotFound`, and `ValueError` for bad input.
        """
        wanted = Wanted(_names(of), any, adjacent, _units(units))
        if any is not None:
            whole("any", any, 1, len(wanted.of))
        if adjacent and any is None:
            raise ValueError("adjacent goes with any: all of them leave no choice")
        during = window(after, horizon, "after", "horizon")
        extent = _extent(duration, before, after_buffer, "after_buffer")
        latest = during.end - timedelta(seconds=extent.duration)
        if latest < during.start:
            return None
        # What begins at the latest start may begin: windows are half-open.
        starts = Interval(during.start, latest + timedelta(microseconds=1))
        found: Opening | None = await self.engine.look(
            seeking.next_free, self.tenant_id, wanted, starts, extent, _step(step)
        )
        return found

    async def slots(
        self,
        service_id: str,
        *,
        start: datetime,
        end: datetime,
        party: int = 1,
        duration: Length | None = None,
        step: int | None = None,
        limit: int = 1_000,
    ) -> list[OpenSlot]:
        """The slots of a service that begin in `[start, end)` and can be had, in order.

        With how many of each are left. They begin on the grid of the rules; without one each
        quarter of an hour by its location's clock, or each `step` seconds. `duration` is for a
        service that has none of its own. Nothing in the past. Raises `NotFound`.
        """
        lasts = None if duration is None else _extent(duration, 0, 0).duration
        query = SlotQuery(
            service_id, window(start, end), _units(party, "party"), lasts, _step(step), page(limit)
        )
        found: list[OpenSlot] = await self.engine.look(seeking.slots, self.tenant_id, query)
        return found

    async def suggest(
        self,
        claims: Claims = (),
        choices: Sequence[c.Choice] = (),
        *,
        actor: str | None = None,
        units: int = 1,
        within: Length = suggesting.WITHIN,
        most: int = suggesting.MOST,
        step: int | None = None,
    ) -> list[Suggestion]:
        """Other times for the same booking, the nearest first, earlier before later (C10).

        Up to `most` that can be had now, begin at most `within` seconds sooner or later, and find
        the `actor` without another booking. For one occurrence: others of its event with room for
        it, within 14 days. Empty for what can't be shifted. Raises `NotFound`, and `ValueError`
        for what could be booked at no time.
        """
        whose = suggesting.NOBODY if actor is None else actor
        asked = self.commands.book(claims, choices=choices, actor=whose, units=units)
        bad = check(asked)
        if isinstance(bad, Invalid):
            raise ValueError(f"{bad.field}: {bad.reason}")  # noqa: TRY004 - as all bad input is
        query = suggesting.Query(
            asked,
            actor,
            whole("within", seeking.seconds(within, "within"), 1, suggesting.LONGEST_WITHIN),
            listed(most, "most"),
            _step(step),
        )
        found: list[Suggestion] = await self.engine.read(suggesting.suggest, self.tenant_id, query)
        return found

    async def effective_hours(self, owner: str, first: date, last: date) -> list[DayHours]:
        """The opening hours of each date from `first` to `last`, both included (C2).

        `owner` is a bookable, with its location's hours applied, a `service:<id>` or a
        `location:<id>`. Without hours every day is open. Raises `NotFound`.
        """
        days(first, last)
        found: list[DayHours] = await self.engine.read(
            hours.days, self.tenant_id, owner, first, last
        )
        return found

    async def outside_rules(self, owner: str, *, limit: int = 100) -> list[OutsideRules]:
        """Bookings to come that today's rules would refuse, by their start (C2).

        Those on a bookable, a service's limit, or all of a location's; of a composite those on its
        parts, by their rules. Lead time and horizon are left out: they were kept when the booking
        was made.
        """
        found: list[OutsideRules] = await self.engine.read(
            hours.outside, self.tenant_id, owner, listed(limit)
        )
        return found

    async def agenda(
        self,
        *,
        start: datetime,
        end: datetime,
        location: str | None = None,
        resource: str | None = None,
        actor: str | None = None,
        event: str | None = None,
        limit: int = 1_000,
        cursor: str | None = None,
    ) -> Page[AgendaItem]:
        """What is on in `[start, end)`: occurrences, bookings and blocks, in order (B6).

        Of everything, a location, a resource, an event, or one actor's bookings. What overlaps the
        window counts, whenever it began. `cursor` is the `next` of the page before.
        """
        wanted = AgendaFilter(window(start, end), location, resource, actor, event)
        found: Page[AgendaItem] = await self.engine.look(
            agendas.agenda, self.tenant_id, wanted, limit=page(limit), cursor=cursor
        )
        return found


def _names(names: str | Sequence[str]) -> tuple[str, ...]:
    several: object = (names,) if isinstance(names, str) else names
    found = tuple(several) if isinstance(several, Iterable) else ()
    if not 1 <= len(found) <= MOST_ASKED or not all(isinstance(name, str) for name in found):
        raise ValueError(f"of must name 1 to {MOST_ASKED} bookables")
    if len(set(found)) < len(found):
        raise ValueError("of names a bookable twice")
    return found


def _units(units: int, name: str = "units") -> int:
    return whole(name, units, 1, limits.UNITS)


def _step(step: int | None) -> int | None:
    return None if step is None else whole("step", step, 60, 86_400)


def _extent(duration: Length, before: int, after: int, behind: str = "after") -> Extent:
    """How long it takes, in seconds; `behind` is what the buffer after it is called."""
    return Extent(
        whole("duration", seeking.seconds(duration, "duration"), 1, LONGEST),
        whole("before", before, 0, limits.BUFFER_SECONDS),
        whole(behind, after, 0, limits.BUFFER_SECONDS),
    )
