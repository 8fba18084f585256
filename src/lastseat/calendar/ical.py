"""What iCalendar (RFC 5545) and Lastseat have in common, as values. Read and written beside.

An `Item` is one VEVENT with its overrides, whether it is to become an event, a recurring block or a
booking, or comes from one. `ical_import.py` makes items of a file, `ical_export.py` a file of
items; of what an item has, nothing is lost on the way (see `normal`).
"""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from lastseat.core.schedule import Schedule
from lastseat.views.calendars import Skipped

MOST_BYTES = 10_000_000
"""Bytes of one file."""

MOST_LINES = 400_000
"""Lines of one file, before they are unfolded."""

MOST_LINE = 100_000
"""Characters of one unfolded line that means something to us; longer ones are not read."""

MOST_COMPONENTS = 5_000
"""Components of one file, but for the parts of others (alarms, the halves of a time zone)."""

MOST_DEPTH = 8
"""Components within components."""

MOST_TIMES = 5_000
"""Times that one item lists (RDATE, EXDATE) and overrides that it has."""

MOST_UID = 1_000
"""Bytes of a UID: with longer ones no index could find what was made of it."""

MOST_NAME = 200
"""Characters of a title that are kept."""

CAPACITY_PROPERTY = "X-LASTSEAT-CAPACITY"
"""How many an occurrence has room for: iCalendar has no word for it."""


class BadCalendar(ValueError):
    """The file as a whole is refused: `field` names what about it, `reason` says why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class Standing(StrEnum):
    """STATUS of a VEVENT."""

    TENTATIVE = "TENTATIVE"
    CONFIRMED = "CONFIRMED"
    CANCELLED = "CANCELLED"


class Item(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One VEVENT of a UID, with the overrides of its instances.

    `schedule` is local to `zone`, a name of the time zone database. Without a zone it floats: it is
    at that time wherever one is. An `all_day` item floats, too. `free` items take no time
    (TRANSP). `capacity` is what Lastseat wrote there itself. `changed` is LAST-MODIFIED, in UTC.
    """

    uid: str
    schedule: Schedule
    zone: str | None = None
    sequence: int = 0
    name: str | None = None
    place: str | None = None
    status: Standing = Standing.CONFIRMED
    all_day: bool = False
    free: bool = False
    capacity: int | None = None
    changed: datetime | None = None

    @property
    def recurs(self) -> bool:
        """Whether it has more than one instance by its rules."""
        return any(x.rrule or x.rdate for x in self.schedule.segments)


class Parsed(Struct, frozen=True):
    """What a file says: its name, its items (each UID once), and what of it was passed over."""

    name: str | None
    items: tuple[Item, ...]
    skipped: tuple[Skipped, ...] = ()
