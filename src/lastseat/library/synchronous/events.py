"""See asynchronous/events.py."""

from collections.abc import Sequence
from datetime import datetime

from lastseat.core.outcomes import AnyOutcome
from lastseat.library.commands import Seconds
from lastseat.library.editing import OnDropped, OnMoved, OnOverbooked, Scope
from lastseat.library.synchronous.operations import Operations


class Events(Operations):
    """Edits of events that have occurrences, some of them booked."""

    def edit_event(
        self,
        event: str,
        *,
        scope: Scope,
        at: datetime | str | None = None,
        start: datetime | str | None = None,
        duration: Seconds | None = None,
        rrule: str | Sequence[str] | None = None,
        rdate: Sequence[datetime | str] | None = None,
        exdate: Sequence[datetime | str] | None = None,
        capacity: int | None = None,
        cancelled: bool | None = None,
        on_moved: OnMoved = "ask",
        on_dropped: OnDropped = "ask",
        on_overbooked: OnOverbooked = "ask",
        dry_run: bool = False,
        reason: str | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """See `AsyncTenant.edit_event`."""
        return self.engine.call(
            self._tenant.edit_event,
            event,
            scope=scope,
            at=at,
            start=start,
            duration=duration,
            rrule=rrule,
            rdate=rdate,
            exdate=exdate,
            capacity=capacity,
            cancelled=cancelled,
            on_moved=on_moved,
            on_dropped=on_dropped,
            on_overbooked=on_overbooked,
            dry_run=dry_run,
            reason=reason,
            key=key,
        )
