"""`tenant.calendars` for threads: the same operations, waited for."""

from datetime import datetime
from typing import TYPE_CHECKING

from lastseat.catalogue.answers import Refused, Saved, Unknown
from lastseat.catalogue.calendars import As, Calendar
from lastseat.catalogue.feeds import Feed, NewFeed
from lastseat.core import outcomes as o
from lastseat.library.asynchronous.calendars import AsyncCalendars
from lastseat.library.importing import ImportReport
from lastseat.library.showing import Shown

if TYPE_CHECKING:
    from lastseat.library.synchronous.engine import Engine


class Calendars:
    """A tenant's calendars and feeds; `AsyncCalendars` says what each comes to."""

    def __init__(self, engine: "Engine", calendars: AsyncCalendars) -> None:
        self._engine = engine
        self._calendars = calendars

    def import_ics(
        self,
        calendar_id: str,
        data: bytes | str | None = None,
        *,
        url: str | None = None,
        into: str,
        as_: As | str = As.EVENTS,
        capacity: int = 1,
        vanished: str = "report",
        moved: str = "ask",
        dropped: str = "ask",
        key: str | None = None,
    ) -> Saved[ImportReport] | Refused:
        """See `AsyncCalendars.import_ics`."""
        return self._engine.call(
            self._calendars.import_ics,
            calendar_id,
            data,
            url=url,
            into=into,
            as_=as_,
            capacity=capacity,
            vanished=vanished,
            moved=moved,
            dropped=dropped,
            key=key,
        )

    def refresh(self, calendar_id: str, *, key: str | None = None) -> Saved[ImportReport] | Refused:
        """See `AsyncCalendars.refresh`."""
        return self._engine.call(self._calendars.refresh, calendar_id, key=key)

    def calendar(self, calendar_id: str) -> Calendar | None:
        """See `AsyncCalendars.calendar`."""
        return self._engine.call(self._calendars.calendar, calendar_id)

    def calendars(self, *, after: str = "", limit: int = 100) -> list[Calendar]:
        """See `AsyncCalendars.calendars`."""
        return self._engine.call(self._calendars.calendars, after=after, limit=limit)

    def remove(self, calendar_id: str, *, key: str | None = None) -> Saved[Calendar] | Refused:
        """See `AsyncCalendars.remove`."""
        return self._engine.call(self._calendars.remove, calendar_id, key=key)

    def export(
        self,
        of: str,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        redacted: bool = False,
    ) -> Shown | o.Invalid | Unknown:
        """See `AsyncCalendars.export`."""
        return self._engine.call(
            self._calendars.export, of, start=start, end=end, redacted=redacted
        )

    def create_feed(
        self, of: str, *, redacted: bool = True, key: str | None = None
    ) -> Saved[NewFeed] | Saved[Feed] | Refused:
        """See `AsyncCalendars.create_feed`."""
        return self._engine.call(self._calendars.create_feed, of, redacted=redacted, key=key)

    def feeds(self, *, after: str | None = None, limit: int = 100) -> list[Feed]:
        """See `AsyncCalendars.feeds`."""
        return self._engine.call(self._calendars.feeds, after=after, limit=limit)

    def change_feed(
        self, feed_id: str, *, key: str | None = None
    ) -> Saved[NewFeed] | Saved[Feed] | Refused:
        """See `AsyncCalendars.change_feed`."""
        return self._engine.call(self._calendars.change_feed, feed_id, key=key)

    def revoke_feed(self, feed_id: str, *, key: str | None = None) -> Saved[Feed] | Refused:
        """See `AsyncCalendars.revoke_feed`."""
        return self._engine.call(self._calendars.revoke_feed, feed_id, key=key)
