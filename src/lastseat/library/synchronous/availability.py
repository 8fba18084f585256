"""See asynchronous/availability.py."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import TypeVar

from lastseat.calendar.broken import DayHours
from lastseat.core import commands as c
from lastseat.core.interval import Interval
from lastseat.library import suggesting
from lastseat.library.asynchronous.availability import Length
from lastseat.library.commands import Claims
from lastseat.library.hours import OutsideRules
from lastseat.library.occupied import BusyInterval, Clash
from lastseat.library.seeking import Opening, OpenSlot
from lastseat.library.suggesting import Suggestion
from lastseat.library.synchronous.operations import Operations
from lastseat.reads.agenda import AgendaItem
from lastseat.reads.listing import Page

T = TypeVar("T")


class Availability(Operations):
    """What is taken and what can be had. Nothing here is kept for whoever asks."""

    def busy(
        self,
        bookable: str | None = None,
        *,
        actor: str | None = None,
        start: datetime,
        end: datetime,
    ) -> list[BusyInterval]:
        """See `AsyncTenant.busy`."""
        return self.engine.call(self._tenant.busy, bookable, actor=actor, start=start, end=end)

    def conflicts(
        self,
        bookable: str | None = None,
        *,
        actor: str | None = None,
        start: datetime,
        end: datetime,
        limit: int = 1_000,
    ) -> list[Clash]:
        """See `AsyncTenant.conflicts`."""
        return self.engine.call(
            self._tenant.conflicts, bookable, actor=actor, start=start, end=end, limit=limit
        )

    def free(
        self, bookable: str, *, start: datetime, end: datetime, units: int = 1
    ) -> list[Interval]:
        """See `AsyncTenant.free`."""
        return self.engine.call(self._tenant.free, bookable, start=start, end=end, units=units)

    def is_free(
        self,
        bookables: str | Sequence[str],
        *,
        start: datetime,
        end: datetime,
        units: int = 1,
        before: int = 0,
        after: int = 0,
    ) -> bool:
        """See `AsyncTenant.is_free`."""
        return self.engine.call(
            self._tenant.is_free,
            bookables,
            start=start,
            end=end,
            units=units,
            before=before,
            after=after,
        )

    def next_free(
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
        """See `AsyncTenant.next_free`."""
        return self.engine.call(
            self._tenant.next_free,
            of,
            duration=duration,
            after=after,
            horizon=horizon,
            any=any,
            adjacent=adjacent,
            units=units,
            before=before,
            after_buffer=after_buffer,
            step=step,
        )

    def slots(
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
        """See `AsyncTenant.slots`."""
        return self.engine.call(
            self._tenant.slots,
            service_id,
            start=start,
            end=end,
            party=party,
            duration=duration,
            step=step,
            limit=limit,
        )

    def suggest(
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
        """See `AsyncTenant.suggest`."""
        return self.engine.call(
            self._tenant.suggest,
            claims,
            choices,
            actor=actor,
            units=units,
            within=within,
            most=most,
            step=step,
        )

    def effective_hours(self, owner: str, first: date, last: date) -> list[DayHours]:
        """See `AsyncTenant.effective_hours`."""
        return self.engine.call(self._tenant.effective_hours, owner, first, last)

    def outside_rules(self, owner: str, *, limit: int = 100) -> list[OutsideRules]:
        """See `AsyncTenant.outside_rules`."""
        return self.engine.call(self._tenant.outside_rules, owner, limit=limit)

    def agenda(
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
        """See `AsyncTenant.agenda`."""
        return self.engine.call(
            self._tenant.agenda,
            start=start,
            end=end,
            location=location,
            resource=resource,
            actor=actor,
            event=event,
            limit=limit,
            cursor=cursor,
        )
