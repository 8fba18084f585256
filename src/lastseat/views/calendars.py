"""Calendars that come in, what an import made of them, and feeds that go out."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

import msgspec
from msgspec import Struct

from lastseat.core.outcomes import Affected


class As(StrEnum):
    """What the items of a calendar become."""

    EVENTS = "events"
    BLOCKS = "blocks"


Vanished = Literal["report", "cancel"]
Moved = Literal["ask", "move", "keep", "call_off"]
Dropped = Literal["ask", "keep", "call_off"]


class ImportTerms(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a calendar is imported.

    `into`: `location:<id>` or `resource:<id>`. Events have `capacity`. `vanished`: whether what is
    no longer in the file is only reported, or cancelled. `moved` and `dropped`: what becomes of
    bookings on occurrences that a changed item moves or no longer has, as in `edit_event`.
    """

    into: str
    as_: As = msgspec.field(name="as", default=As.EVENTS)
    capacity: int = 1
    vanished: Vanished = "report"
    moved: Moved = "ask"
    dropped: Dropped = "ask"


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
    """An item that has changed, and would move or drop occurrences that are booked.

    It was left as it is. Import again and say what becomes of them (`moved`, `dropped`).
    """

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


class MadeFeed(Struct, frozen=True, kw_only=True):
    """A feed, and its address on this server; a repeated answer does not have that any more.

    The library's `NewFeed` knows no server: it has the address' secret part alone.
    """

    feed: Feed
    path: str | None = None

    def __repr__(self) -> str:
        """Without the secret: what is printed ends up in logs."""
        return f"MadeFeed(feed={self.feed!r})"
