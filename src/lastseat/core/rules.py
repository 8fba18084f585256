"""When something may be booked at all: opening hours, recurring blocks, lead time. Data only.

Rules belong to a bookable, a service (as its limit `service:<id>`) or a location (`location:<id>`).
They are journalled on their owner's stream. What they come to at a time is worked out by
`lastseat.calendar`, by the same functions for decisions and for availability (MISSION C2).

Times of day and dates are local to the owner's time zone.
"""

from typing import Literal

from msgspec import Struct

Day = Literal["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
"""A weekday, spelled as in RFC 5545."""


class Span(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Open from `opens` to `closes`, `HH:MM`, on the day it opens.

    `closes` at or before `opens` is on the next day: 18:00 to 02:00. `24:00` is midnight at the end
    of the day; 00:00 to 24:00 is the whole day.
    """

    opens: str
    closes: str


class Season(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Other weekly hours from `first` to `last`, both included.

    Both `YYYY-MM-DD`, or both `MM-DD` for every year; a season of every year may go past December.
    """

    first: str
    last: str
    weekly: dict[Day, tuple[Span, ...]]

    def __hash__(self) -> int:
        return hash((self.first, self.last, frozenset(self.weekly.items())))


class SpecialDay(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Other hours on one date, or on each up to `last` (included); no spans: closed.

    Dates are `YYYY-MM-DD`. `name` says why, such as "Christmas".
    """

    date: str
    last: str | None = None
    spans: tuple[Span, ...] = ()
    name: str | None = None


class Hours(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Opening hours: special days go before seasons, seasons before the week.

    A weekday that is not named is closed. Of seasons and special days that share a date the last
    one listed counts.
    """

    weekly: dict[Day, tuple[Span, ...]] = {}
    seasons: tuple[Season, ...] = ()
    special: tuple[SpecialDay, ...] = ()

    def __hash__(self) -> int:
        # A dict has no hash, and what the hours come to is kept by them (calendar/hours.py).
        return hash((frozenset(self.weekly.items()), self.seasons, self.special))


class RecurringBlock(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A time that comes again and in which nothing can be booked, such as maintenance.

    `start` is local, `YYYY-MM-DDTHH:MM`; `rrule` as in RFC 5545, without it once.
    """

    start: str
    seconds: int
    rrule: tuple[str, ...] = ()
    rdate: tuple[str, ...] = ()
    exdate: tuple[str, ...] = ()
    name: str | None = None


class Rules(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """All rules of one owner. What is left out allows everything.

    `lead_seconds`: how long before its start one books at the latest; `horizon_seconds`: how far
    ahead at most. `grid_seconds`: starts lie on local midnight plus multiples of it.
    `min_seconds` and `max_seconds` bound the duration, without buffers. Hours apply to what the
    customer sees; blocks to that with its buffers, as other bookings do.
    """

    hours: Hours | None = None
    blocks: tuple[RecurringBlock, ...] = ()
    lead_seconds: int = 0
    horizon_seconds: int | None = None
    grid_seconds: int | None = None
    min_seconds: int | None = None
    max_seconds: int | None = None


NO_RULES = Rules()
