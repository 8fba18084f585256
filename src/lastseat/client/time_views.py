"""What the questions about time are answered with, as it comes over HTTP. Times are UTC."""

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


class Opening(Struct, frozen=True):
    """A time that can be had, UTC, and which bookables are free then."""

    start: datetime
    end: datetime
    chosen: tuple[str, ...]


class OpenSlot(Struct, frozen=True):
    """A slot of a service that can be had, UTC, and how often.

    `chosen` are the bookables that the next booking of it would get for the service's choices.
    """

    start: datetime
    end: datetime
    left: int
    chosen: tuple[str, ...] = ()


class Suggestion(Struct, frozen=True, omit_defaults=True):
    """A time that can be had, UTC, and what to book to have it.

    Of a service's slot there is the time alone: it is booked by the service.
    """

    start: datetime
    end: datetime
    claims: tuple[Claim, ...] = ()
    choices: tuple[Choice, ...] = ()


class AgendaItem(Struct, frozen=True, omit_defaults=True):
    """One thing that is on from `start` to `end`, UTC.

    An `occurrence` of `event`, or of none, has what is `taken` of its `capacity`; an `actor`'s
    `booking`, one claim of it, what it takes of its bookable's. A `block` is a time in which
    nothing can be booked. `cancelled`: it does not take place. Who may not read all bookings is
    not told whose they are.
    """

    start: datetime
    end: datetime
    kind: Literal["block", "booking", "occurrence"]
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


class DayHours(Struct, frozen=True):
    """The opening hours of one `date`; `closed_because` says what closes all of it."""

    date: date
    spans: tuple[Interval, ...]
    closed_because: str | None = None


class OutsideRules(Struct, frozen=True):
    """A booking to come that could not be made now: `refusal` says by which rule."""

    booking_id: str
    bookable: str
    during: Interval
    refusal: NotBookable


class RulesView(Struct, frozen=True):
    """The rules of a bookable, a service's limit or a location.

    `seq` is its sequence, for `expected`; its hours are local to `time_zone`.
    """

    owner: str
    seq: int
    time_zone: str | None
    rules: Rules


class IsFree(Struct, frozen=True):
    """Whether it can be had."""

    free: bool


class NextFree(Struct, frozen=True):
    """The earliest opening; None when there is none before the horizon."""

    opening: Opening | None


class Days(Struct, frozen=True):
    """The opening hours of an owner, day by day."""

    owner: str
    items: list[DayHours]


class Outside(Struct, frozen=True):
    """Bookings that the rules would refuse."""

    items: list[OutsideRules]


class Suggestions(Struct, frozen=True):
    """Times that could be booked, the nearest first."""

    items: list[Suggestion]
