"""A tenant's lists and histories, and forgetting who somebody was."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from lastseat.core.events import Kind
from lastseat.core.schedule import Schedule
from lastseat.core.status import Status
from lastseat.library.asynchronous.bounds import aware, is_id, listed, page, sequence
from lastseat.library.asynchronous.engine import NotFound
from lastseat.library.asynchronous.operations import AsyncOperations
from lastseat.library.forgetting import forget
from lastseat.reads import audit, events, lines, listing, rules
from lastseat.reads.events import EventView
from lastseat.views.bookings import BookableView, BookingView, Forgotten
from lastseat.views.history import AuditEntry, BookingRow
from lastseat.views.page import Page
from lastseat.views.times import RulesView

LEFT_AT_ONCE = 100
"""Lines that a forgotten actor leaves at once."""


class AsyncListing(AsyncOperations):
    """Pages of bookings and bookables, a booking's history; and what erases a person from them."""

    async def bookings(
        self,
        *,
        actor: str | None = None,
        bookable: str | None = None,
        location: str | None = None,
        status: Sequence[Status | str] = (),
        starts_from: datetime | None = None,
        starts_to: datetime | None = None,
        series: str | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> Page[BookingView]:
        """Bookings, newest first, that everything given is true of.

        `status` is one or several that may be shown; an overdue hold shows as EXPIRED.
        `bookable`, `location` and the time `[starts_from, starts_to)`, either end of which may be
        open, are about one claim: it is there and overlaps that time. `after` is the `next` of the
        page before, or a booking's id. A page may be short and yet have a `next`: where a filter
        has no index, one page looks at some 20,000 bookings. `series` is the id of one (H1). Raises
        `ValueError` for bad input.
        """
        if series is not None and not is_id(series):
            raise ValueError("series must be the id of a series")
        if after is not None and not is_id(after):
            raise ValueError("after must be the id of a booking")
        wanted = listing.BookingFilter(
            actor,
            bookable,
            location,
            tuple(Status(x) for x in ([status] if isinstance(status, str) else status)),
            aware("starts_from", starts_from),
            aware("starts_to", starts_to),
            series,
        )
        if starts_from is not None and starts_to is not None and starts_from >= starts_to:
            raise ValueError("starts_from must be before starts_to")
        page: Page[BookingView] = await self.engine.look(
            listing.bookings, self.tenant_id, wanted, after=after, limit=listed(limit)
        )
        return page

    async def bookables(
        self,
        *,
        kind: Sequence[Kind | str] = (),
        location: str | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> Page[BookableView]:
        """Bookables in the order of their ids, of the kinds (or the one kind) and location given.

        `after` is the `next` of the page before. Raises `ValueError` for bad input.
        """
        kinds = tuple(Kind(x) for x in ([kind] if isinstance(kind, str) else kind))
        if Kind.ACTOR in kinds:
            raise ValueError("an actor's own time is not listed")
        page: Page[BookableView] = await self.engine.look(
            listing.bookables,
            self.tenant_id,
            kinds=kinds,
            location=location,
            after=after,
            limit=listed(limit),
        )
        return page

    async def rules(self, owner: str) -> RulesView:
        """When `owner` may be booked: a bookable, a service's limit, or a `location:<id>` (C2).

        Raises `NotFound` for an owner that is not there; one without rules allows everything.
        """
        found: RulesView | None = await self.engine.read(rules.of, self.tenant_id, owner)
        if found is None:
            raise NotFound("bookable", owner)
        return found

    async def schedule(self, event: str) -> Schedule:
        """When an event's occurrences are: its rule and what differs from it (B1, B3).

        Local to the event's time zone; one that lists its starts has all but the first as `rdate`.
        Raises `NotFound`.
        """
        found: EventView | None = await self.engine.read(events.event, self.tenant_id, event)
        if found is None:
            raise NotFound("event", event)
        return found.schedule

    async def audit(
        self, booking_id: str, *, after_version: int = 0, limit: int = 1_000
    ) -> list[AuditEntry]:
        """What was done to a booking past `after_version`, oldest first (C5). Raises `NotFound`."""
        after_version, limit = sequence("after_version", after_version), page(limit)
        found: list[AuditEntry] | None = None
        if is_id(booking_id):
            found = await self.engine.read(
                audit.audit, self.tenant_id, booking_id, after_version=after_version, limit=limit
            )
        if found is None:
            raise NotFound("booking", booking_id)
        return found

    async def booking_journal(self, booking_id: str) -> list[BookingRow]:
        """A booking's journal rows on all streams, in the order written. Raises `NotFound`."""
        found: list[BookingRow] = []
        if is_id(booking_id):
            found = await self.engine.read(audit.booking_journal, self.tenant_id, booking_id)
        if not found:
            raise NotFound("booking", booking_id)
        return found

    async def forget(self, actor: str) -> Forgotten:
        """Erase who `actor` is and what was said of them (H5); their bookings stay, nameless.

        Where they wait in line they leave it first: nobody could accept the offer.

        What was erased is counted; forgetting once more finds nothing. Books of the same reference
        later are somebody new's. Raises `DatabaseUnavailable` when it can't be done now, such as
        while a caller's own transaction that booked is open: then nothing was erased.
        """
        await self._leave_lines(actor)
        forgotten: Forgotten = await self.engine.read(forget, self.tenant_id, actor)
        return forgotten

    async def _leave_lines(self, actor: str) -> None:
        """Cancel what the actor waits for. Who joins meanwhile is passed over at their turn."""
        while True:
            waiting = await self.engine.read(
                lines.of_actor, self.tenant_id, actor, limit=LEFT_AT_ONCE
            )
            outcomes = await asyncio.gather(
                *(self._outcome(self.commands.cancel(x)) for x in waiting)
            )
            if len(waiting) < LEFT_AT_ONCE or not any(x.ok for x in outcomes):
                return
