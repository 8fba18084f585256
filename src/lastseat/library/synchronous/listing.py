"""See asynchronous/listing.py."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from lastseat.core.events import Kind
from lastseat.core.schedule import Schedule
from lastseat.core.status import Status
from lastseat.library.forgetting import Forgotten
from lastseat.library.synchronous.operations import Operations
from lastseat.reads import views
from lastseat.reads.audit import AuditEntry, BookingRow
from lastseat.reads.listing import Page
from lastseat.reads.rules import RulesView

T = TypeVar("T")


class Listing(Operations):
    """Pages of bookings and bookables, a booking's history; and what erases a person from them."""

    def bookings(
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
    ) -> Page[views.BookingView]:
        """See `AsyncTenant.bookings`."""
        return self.engine.call(
            self._tenant.bookings,
            actor=actor,
            bookable=bookable,
            location=location,
            status=status,
            starts_from=starts_from,
            starts_to=starts_to,
            series=series,
            after=after,
            limit=limit,
        )

    def bookables(
        self,
        *,
        kind: Sequence[Kind | str] = (),
        location: str | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> Page[views.BookableView]:
        """See `AsyncTenant.bookables`."""
        return self.engine.call(
            self._tenant.bookables, kind=kind, location=location, after=after, limit=limit
        )

    def rules(self, owner: str) -> RulesView:
        """See `AsyncTenant.rules`."""
        return self.engine.call(self._tenant.rules, owner)

    def schedule(self, event: str) -> Schedule:
        """See `AsyncTenant.schedule`."""
        return self.engine.call(self._tenant.schedule, event)

    def audit(
        self, booking_id: str, *, after_version: int = 0, limit: int = 1_000
    ) -> list[AuditEntry]:
        """See `AsyncTenant.audit`."""
        return self.engine.call(
            self._tenant.audit, booking_id, after_version=after_version, limit=limit
        )

    def booking_journal(self, booking_id: str) -> list[BookingRow]:
        """See `AsyncTenant.booking_journal`."""
        return self.engine.call(self._tenant.booking_journal, booking_id)

    def forget(self, actor: str) -> Forgotten:
        """See `AsyncTenant.forget`."""
        return self.engine.call(self._tenant.forget, actor)
