"""Calendars, imports and feeds, as the service answers with them. Times are UTC."""

from datetime import datetime
from typing import Literal

import msgspec
from msgspec import Struct

from lastseat.core.outcomes import Affected


class ImportTerms(Struct, frozen=True, kw_only=True):
    """How a calendar is imported; see `import_ics`."""

    into: str
    as_: str = msgspec.field(name="as", default="events")
    capacity: int = 1
    vanished: Literal["report", "cancel"] = "report"
    moved: Literal["ask", "move", "keep", "call_off"] = "ask"
    dropped: Literal["ask", "keep", "call_off"] = "ask"


class Counts(Struct, frozen=True, kw_only=True):
    """What an import came to, in numbers."""

    imported: int = 0
    changed: int = 0
    unchanged: int = 0
    cancelled: int = 0
    vanished: int = 0
    undecided: int = 0
    skipped: int = 0


class Calendar(Struct, frozen=True, kw_only=True):
    """A calendar that was imported. Of its address only the host is told: the rest is a secret."""

    calendar_id: str
    terms: ImportTerms
    host: str | None
    imported_at: datetime | None
    last: Counts | None
    created_at: datetime


class Entry(Struct, frozen=True, kw_only=True):
    """An item, and the ids of what it became: events, bookings (`booking:`) or rules (`rules:`)."""

    uid: str
    name: str | None = None
    made: tuple[str, ...] = ()
    note: str | None = None


class Undecided(Struct, frozen=True, kw_only=True):
    """An item that has changed, and would move or drop occurrences that are booked."""

    uid: str
    event: str
    affected: tuple[Affected, ...]


class Skipped(Struct, frozen=True):
    """What of a file is not imported, and why. `uid` is None for what has none."""

    what: str
    uid: str | None
    reason: str


class ImportReport(Struct, frozen=True, kw_only=True):
    """What an import came to, item by item. `not_modified`: the address had nothing new.

    `vanished` are items that are not in the file any more, and were left as they are.
    """

    calendar_id: str
    counts: Counts
    not_modified: bool = False
    imported: tuple[Entry, ...] = ()
    changed: tuple[Entry, ...] = ()
    cancelled: tuple[Entry, ...] = ()
    vanished: tuple[Entry, ...] = ()
    undecided: tuple[Undecided, ...] = ()
    skipped: tuple[Skipped, ...] = ()

    @property
    def ok(self) -> bool:
        """True: it was done, as far as the report says."""
        return True


class Feed(Struct, frozen=True, kw_only=True):
    """A feed. `of` is what it shows, such as `resource:lane-1`; `redacted`: without people."""

    feed_id: str
    of: str
    redacted: bool
    created_at: datetime


class NewFeed(Struct, frozen=True, kw_only=True):
    """A feed and its address on the service; a repeated answer does not have that any more."""

    feed: Feed
    path: str | None = None

    def __repr__(self) -> str:
        """Without the secret: what is printed ends up in logs."""
        return f"NewFeed(feed={self.feed!r})"
