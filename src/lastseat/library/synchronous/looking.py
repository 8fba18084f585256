"""See asynchronous/looking.py."""

from typing import TypeVar

from lastseat.library.synchronous.operations import Operations
from lastseat.reads import views

T = TypeVar("T")


class Looking(Operations):
    """What is there now. Nothing here decides anything."""

    def bookable(self, bookable: str) -> views.BookableView:
        """See `AsyncTenant.bookable`."""
        return self.engine.call(self._tenant.bookable, bookable)

    def is_booked(self, occurrence: str, actor: str) -> bool:
        """See `AsyncTenant.is_booked`."""
        return self.engine.call(self._tenant.is_booked, occurrence, actor)

    def seat_of(self, occurrence: str, actor: str) -> int:
        """See `AsyncTenant.seat_of`."""
        return self.engine.call(self._tenant.seat_of, occurrence, actor)

    def seat_state(self, occurrence: str, actor: str) -> str:
        """See `AsyncTenant.seat_state`."""
        return self.engine.call(self._tenant.seat_state, occurrence, actor)

    def roster(
        self, occurrence: str, *, after_seat: int = 0, limit: int = 1000
    ) -> list[views.Place]:
        """See `AsyncTenant.roster`."""
        return self.engine.call(self._tenant.roster, occurrence, after_seat=after_seat, limit=limit)

    def seats_left(self, occurrence: str) -> int:
        """See `AsyncTenant.seats_left`."""
        return self.engine.call(self._tenant.seats_left, occurrence)

    def booking_count(self, occurrence: str) -> int:
        """See `AsyncTenant.booking_count`."""
        return self.engine.call(self._tenant.booking_count, occurrence)

    def booking(self, booking_id: str) -> views.BookingView:
        """See `AsyncTenant.booking`."""
        return self.engine.call(self._tenant.booking, booking_id)

    def journal(self, stream: str, *, after: int = 0, limit: int = 1000) -> list[views.JournalRow]:
        """See `AsyncTenant.journal`."""
        return self.engine.call(self._tenant.journal, stream, after=after, limit=limit)
