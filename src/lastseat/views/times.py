"""When: what is taken, what is free, what is on, and the rules behind it."""

from datetime import date, datetime
from typing import Literal

from msgspec import Struct

from lastseat.core.commands import Choice, Claim
from lastseat.core.interval import Interval
from lastseat.core.outcomes import NotBookable
from lastseat.core.rules import Rules
from lastseat.core.status import Status


class BusyInterval(Struct, frozen=True):
    """From `start` to `end`, UTC, `units` are in use."""

    start: datetime
    end: datetime
    units: int = 1


class Clash(Struct, frozen=True):
    """Two bookings that overlap: in `during` both have the bookable, or the actor. UTC."""

    first: str
    second: str
    during: Interval


class IsFree(Struct, frozen=True, kw_only=True):
    """Whether it can be had."""

    free: bool


class Opening(Struct, frozen=True):
    """A time that can be had, UTC, and which bookables are free then."""

    start: datetime
    end: datetime
    chosen: tuple[str, ...]


class NextFree(Struct, frozen=True, kw_only=True):
    """The earliest opening; null when there is none before the horizon."""

    opening: Opening | None


class OpenSlot(Struct, frozen=True, gc=False):
    """A slot of a service that can be had, UTC; `left` such bookings fit into it, or more.

    `chosen` are the bookables that the next booking of it would get for the service's choices.
    """

    start: datetime
    end: datetime
    left: int
    chosen: tuple[str, ...] = ()


class Suggestion(Struct, frozen=True, omit_defaults=True):
    """A time that can be had, UTC, and what to book to have it.

    Of a service's slot its time alone is told: it is booked by the service.
    """

    start: datetime
    end: datetime
    claims: tuple[Claim, ...] = ()
    choices: tuple[Choice, ...] = ()


Sort = Literal["block", "booking", "occurrence"]


class AgendaItem(Struct, frozen=True, omit_defaults=True):
    """One thing that is on from `start` to `end`, UTC.

    An `occurrence` of `event`, or of none, has what is `taken` of its `capacity`, what is `left`
    for whoever books now, and how many bookings are `waiting` in its line; an `actor`'s
    `booking`, one claim of it, what it takes of its bookable's. A `block` is a time in which
    nothing can be booked: by the rules of `bookable`, which may be a location, or by a booking of
    an imported calendar. Buffers are not shown. `cancelled`: it does not take place. Over HTTP,
    who may not read all bookings is not told whose they are.
    """

    start: datetime
    end: datetime
    kind: Sort
    bookable: str
    title: str
    event: str | None = None
    location: str | None = None
    actor: str | None = None
    booking_id: str | None = None
    no: int = 0
    status: Status | None = None
    taken: int = 0
    capacity: int = 0
    cancelled: bool = False
    left: int = 0
    waiting: int = 0


class RulesView(Struct, frozen=True):
    """The rules of a bookable, a service's limit or a location.

    `seq` is its sequence, for `expected`; its hours are local to `time_zone`.
    """

    owner: str
    seq: int
    time_zone: str | None
    rules: Rules


class DayHours(Struct, frozen=True):
    """The opening hours of one `date`; `closed_because` says what closes all of it.

    That is a special day's name, `special day`, `season` or `week`, or `hours` if several owners'
    hours never meet.
    """

    date: date
    spans: tuple[Interval, ...]
    closed_because: str | None = None


class Days(Struct, frozen=True, kw_only=True):
    """The opening hours of an owner, day by day."""

    owner: str
    items: list[DayHours]


class OutsideRules(Struct, frozen=True):
    """A booking to come that could not be made now: `refusal` says by which rule."""

    booking_id: str
    bookable: str
    during: Interval
    refusal: NotBookable


class OutsideAnswer(Struct, frozen=True, kw_only=True):
    """Bookings that the rules would refuse."""

    items: list[OutsideRules]
