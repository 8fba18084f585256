"""What the service tells in another form than the library does; all else is lastseat.views."""

from datetime import datetime
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from lastseat.core import events
from lastseat.core.schedule import Schedule
from lastseat.views.page import Page
from lastseat.views.reservations import Recovery, SuggestedAnswer
from lastseat.views.times import Suggestion

T = TypeVar("T")


class EventView(Struct, frozen=True):
    """An event's schedule, local to its time zone."""

    bookable: str
    time_zone: str
    schedule: Schedule


class Suggestions(Struct, frozen=True):
    """Times that could be booked, the nearest first."""

    items: list[Suggestion]


class SlotRefused(Struct, frozen=True, kw_only=True, rename="camel"):
    """A refusal in the words of reservations (MISSION D7), with how to recover.

    `code` is the outcome's name; `current_version` is there for a stale one, `available_slots` for
    a slot that is full, and `suggested_slots` that could be had instead. `can_join_waitlist`: one
    can wait for it.
    """

    code: str
    message: str
    recovery: Recovery
    available_slots: int | None = None
    current_version: int | None = None
    can_join_waitlist: bool = False
    suggested_slots: tuple[SuggestedAnswer, ...] = ()

    @property
    def ok(self) -> bool:
        """False: nothing was done."""
        return False


class WiredRow(Struct, frozen=True):
    """A journal's row as JSON: what its `event` is, its `type` says."""

    seq: int
    type: str
    event: msgspec.Raw
    at: datetime
    principal: str
    lead: bool
    booking_id: str | None = None
    version: int | None = None


class WiredBookingRow(Struct, frozen=True):
    """A booking's journal row as JSON."""

    stream: str
    seq: int
    type: str
    event: msgspec.Raw
    at: datetime
    principal: str
    lead: bool
    version: int


def unwired(page: Page[Any], row: type[T]) -> Page[T]:
    """A page of a journal with its events. Raises `KeyError` for a type this release lacks."""
    return Page([_unwired(x, row) for x in page.items], page.next)


def _unwired(wired: Any, row: type[T]) -> T:
    event = events.decode(wired.type, events.BODY_VERSION, bytes(wired.event).decode())
    return row(**{**msgspec.structs.asdict(wired), "event": event})
