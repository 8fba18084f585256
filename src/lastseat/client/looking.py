"""The calls that look: what there is, who is on it, what happened. Nothing here changes anything.

A read of what is not there raises `NotFound`. Lists come as iterators, which ask for the next page
when it is needed; `page_size` rows are asked for at a time, 1 to 1000.
"""

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, TypeVar

from lastseat.client.call import Call, read
from lastseat.client.venue import COLLECTIONS, EVENTS, OCCURRENCES, RESOURCES, collections_of
from lastseat.client.wired import EventView, WiredBookingRow, WiredRow, unwired
from lastseat.client.wording import several_of
from lastseat.core.events import Kind
from lastseat.core.observed import Observed
from lastseat.core.schedule import Schedule
from lastseat.core.status import Status
from lastseat.views.bookings import BookableView, BookingView, Place, SeatsLeft, SeatView
from lastseat.views.history import AuditEntry, BookingRow, JournalRow
from lastseat.views.page import Page

T = TypeVar("T")

PAGE_SIZE = 100

_KINDS = {
    OCCURRENCES: frozenset({Kind.OCCURRENCE}),
    RESOURCES: frozenset({Kind.RESOURCE, Kind.POOL, Kind.COMPOSITE}),
    EVENTS: frozenset({Kind.EVENT}),
}


class Looking:
    """Bookables, rosters, seats, bookings, journals."""

    def observe(self, occurrence: str) -> Call[Observed]:
        """An occurrence's roster and sequence now, to decide on."""
        return read(Observed, *_at(occurrence), "observed")

    def bookable(self, bookable: str) -> Call[BookableView]:
        """The bookable as it stands."""
        return read(BookableView, "v1", "bookables", bookable)

    def schedule(self, event: str) -> Call[Schedule]:
        """When an event's occurrences are: its rule and what differs from it (B1, B3)."""
        return read(EventView, "v1", EVENTS, event, take=attrgetter("schedule"))

    def bookables(
        self,
        *,
        kind: Sequence[Kind | str] = (),
        location: str | None = None,
        page_size: int = PAGE_SIZE,
    ) -> Call[Page[BookableView]]:
        """Occurrences, then resources, pools and composites, then events, each by id."""
        kinds = _kinds(kind)
        query = {"location": location, "limit": page_size}
        call: Call[Page[BookableView]] | None = None
        for collection in reversed(COLLECTIONS):
            if kinds and not kinds & _KINDS[collection]:
                continue
            call = read(
                Page[BookableView],
                *("v1", collection),
                query=query,
                take=lambda page: _only(page, kinds),
                afterwards=call,
            )
        if call is None:
            raise ValueError(f"bookables of kind {', '.join(sorted(kinds))} are not listed")
        return call

    def is_booked(self, occurrence: str, actor: str) -> Call[bool]:
        """Whether the actor is on the roster (A5)."""
        return _seat(occurrence, actor, lambda found: bool(found.seat > 0))

    def seat_of(self, occurrence: str, actor: str) -> Call[int]:
        """The actor's first seat, 1-based; 0 if absent (A5)."""
        return _seat(occurrence, actor, attrgetter("seat"))

    def seat_state(self, occurrence: str, actor: str) -> Call[str]:
        """`held`, `confirmed` or `none` (A8)."""
        return _seat(occurrence, actor, attrgetter("state"))

    def roster(self, occurrence: str, *, page_size: int = PAGE_SIZE) -> Call[Page[Place]]:
        """The live bookings, oldest first."""
        return read(Page[Place], *_at(occurrence), "roster", query={"limit": page_size})

    def seats_left(self, occurrence: str) -> Call[int]:
        """Units still free, never below 0 (A5)."""
        return read(SeatsLeft, *_at(occurrence), "seats-left", take=attrgetter("left"))

    def booking_count(self, occurrence: str) -> Call[int]:
        """Live bookings on the roster, parties counted once (A5)."""
        return read(SeatsLeft, *_at(occurrence), "seats-left", take=attrgetter("bookings"))

    def booking(self, booking_id: str) -> Call[BookingView]:
        """A booking, an expired hold too."""
        return read(BookingView, "v1", "bookings", booking_id)

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
        page_size: int = PAGE_SIZE,
    ) -> Call[Page[BookingView]]:
        """The bookings that all of this is true of, newest first."""
        query = {
            "actor": actor,
            "bookable": bookable,
            "location": location,
            "status": several_of(status),
            "starts_from": starts_from,
            "starts_to": starts_to,
            "series": series,
            "limit": page_size,
        }
        return read(Page[BookingView], "v1", "bookings", query=query)

    def audit(self, booking_id: str, *, page_size: int = PAGE_SIZE) -> Call[Page[AuditEntry]]:
        """What was done to a booking, by whom, and what it was before and after (C5)."""
        query = {"limit": page_size}
        return read(Page[AuditEntry], "v1", "bookings", booking_id, "audit", query=query)

    def booking_journal(
        self, booking_id: str, *, page_size: int = PAGE_SIZE
    ) -> Call[Page[BookingRow]]:
        """A booking's journal rows on all the streams it touched, in the order written."""
        return read(
            Page[WiredBookingRow],
            *("v1", "bookings", booking_id, "journal"),
            query={"limit": page_size},
            take=lambda page: unwired(page, BookingRow),
        )

    def journal(self, stream: str, *, page_size: int = PAGE_SIZE) -> Call[Page[JournalRow]]:
        """A bookable's entries, in order."""
        call: Call[Page[JournalRow]] | None = None
        for collection in reversed(collections_of(stream)):
            call = read(
                Page[WiredRow],
                *("v1", collection, stream, "journal"),
                query={"limit": page_size},
                take=lambda page: unwired(page, JournalRow),
                elsewhere=call,
            )
        assert call is not None
        return call


def _at(occurrence: str) -> tuple[str, ...]:
    return ("v1", OCCURRENCES, occurrence)


def _kinds(kind: Sequence[Kind | str]) -> frozenset[Kind]:
    asked = several_of(kind)
    if not isinstance(asked, list):
        raise ValueError("kind must be a kind, or several")  # noqa: TRY004 - as all bad input is
    return frozenset(Kind(x) for x in asked)


def _seat(occurrence: str, actor: str, take: Any) -> Call[Any]:
    return read(SeatView, *_at(occurrence), "seat", query={"actor": actor}, take=take)


def _only(page: Page[BookableView], kinds: frozenset[Kind]) -> Page[BookableView]:
    if not kinds:
        return page
    return Page([x for x in page.items if x.kind in kinds], page.next)
