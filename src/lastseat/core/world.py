"""The working set of a batch: the parts of one tenant's state that its decisions may touch.

The engine fills a `World` with what it read under the locks; `decide` reads it; `apply` lets a
decision's entries change it, so that the next command of the batch sees what its predecessors
left. What was changed is remembered here, for the rows to be written.
"""

from collections.abc import Iterable
from copy import copy
from datetime import datetime

import msgspec

from lastseat.core import events as e
from lastseat.core.interval import Interval
from lastseat.core.outcomes import AnyOutcome, NotBookable
from lastseat.core.state import (
    Bookable,
    Booking,
    Entry,
    LiveClaim,
    Waiter,
    evolve,
    evolve_booking,
)
from lastseat.core.status import Status

Decision = tuple[AnyOutcome, list[Entry]]
"""What a command came to, and the entries that make it so: none for a refusal."""

_TAKING = (e.Booked, e.Moved, e.Offered)
"""The events that make claims."""

_LEAVING = (*e.FREEING, e.Offered)
"""The events after which a booking waits no longer."""


class World:
    """Bookables, bookings and actors by id, at one instant `now` (aware, UTC)."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.bookables: dict[str, Bookable] = {}
        self.bookings: dict[str, Booking] = {}
        self.actors: dict[str, str] = {}
        """The callers' references to the surrogates."""
        self.seated: dict[tuple[str, str], str] = {}
        """(occurrence, surrogate) to the live booking there."""
        self.followers: dict[str, tuple[str, ...]] = {}
        """An event's occurrences that have a stream."""
        self.broken: dict[tuple[str, Interval, Interval], NotBookable | None] = {}
        """What the rules say of each bookable, `during` and `blocked` that the batch asks about."""
        self.lines = False
        """Whether anybody waits for any of this (waiting.py)."""
        self.ready: set[str] = set()
        """The waiting bookings whose offer can be decided: all that it may touch is here."""
        self.unready: dict[str, None] = {}
        """Those whose turn it was though they are not: what was decided is not to be written."""
        self.touched_streams: dict[str, None] = {}
        self.changed()

    def changed(self) -> None:
        """Begin the list of changes anew: those so far are on their way to the ledger.

        But for the streams' heads, which are written once, with the last changes: where an old
        snapshot keeps their dead versions, each one more makes the next slower to find.
        """
        self.made: list[LiveClaim] = []
        self.freed: list[LiveClaim] = []
        self.entries: list[Entry] = []
        self.touched_bookings: dict[str, None] = {}
        self.joined: list[tuple[str, Waiter]] = []
        """Streams with who waits on them from now on."""
        self.left: dict[str, None] = {}
        """The bookings that wait no longer."""
        self.lined: dict[str, None] = {}
        """The streams that more or fewer wait on."""

    def add_booking(self, booking: Booking) -> None:
        """Put a booking read from the ledger, with its claims, into the world."""
        self.bookings[booking.booking_id] = booking
        for claim in booking.claims.values():
            bookable = self.bookables.get(claim.bookable)
            if bookable is None:
                continue
            bookable.claims[claim.booking_id, claim.no] = claim
            if bookable.counted:
                self.seated[claim.bookable, booking.actor_id] = claim.booking_id

    def add_waiter(self, waiter: Waiter, version: int) -> None:
        """Put a waiting booking read from the ledger in line, and on what else it waits for."""
        assert waiter.awaited is not None
        for name in waiter.awaited.on:
            if name in self.bookables:
                self.bookables[name].waiters[waiter.booking_id] = waiter
        booking = self.bookings.get(waiter.booking_id)
        if booking is None:
            waitlisted = Status.WAITLISTED
            booking = Booking(waiter.booking_id, waiter.actor_id, waitlisted, version)
            self.bookings[waiter.booking_id] = booking
        booking.actor, booking.waiter = waiter.actor, waiter
        self.lines = True

    def scratch(self) -> "World":
        """A copy to try things on, as much of it as decisions change."""
        copied = World(self.now)
        copied.actors, copied.followers, copied.broken = self.actors, self.followers, self.broken
        copied.seated, copied.lines = dict(self.seated), self.lines
        for name, bookable in self.bookables.items():
            claims = {key: copy(claim) for key, claim in bookable.claims.items()}
            copied.bookables[name] = msgspec.structs.replace(bookable, claims=claims)
        for booking_id, booking in self.bookings.items():
            mine = {
                no: copied.bookables[claim.bookable].claims[booking_id, no]
                if claim.bookable in copied.bookables
                else copy(claim)
                for no, claim in booking.claims.items()
            }
            copied.bookings[booking_id] = msgspec.structs.replace(booking, claims=mine)
        return copied

    def apply(self, entries: list[Entry], actor: str | None = None) -> None:
        """Let a decision's entries change the state; numbers and times them as they are applied.

        Time never goes back within a stream. `actor` is the reference a new booking was made for.
        """
        for entry in entries:
            bookable = self.bookables[entry.stream]
            entry.seq = bookable.seq + 1
            last = bookable.at
            entry.at = self.now if last is None or last < self.now else last
            evolve(bookable, entry)
            self.touched_streams[entry.stream] = None
            if entry.booking_id is not None:
                self._apply_to_booking(bookable, entry, entry.booking_id, actor)
        self.entries += entries

    def _apply_to_booking(
        self, bookable: Bookable, entry: Entry, booking_id: str, actor: str | None
    ) -> None:
        self.touched_bookings[booking_id] = None
        if entry.lead:
            booking = evolve_booking(self.bookings.get(booking_id), entry)
            booking.actor = booking.actor or actor
            self.bookings[booking_id] = booking
        booking = self.bookings[booking_id]
        event = entry.event
        if isinstance(event, e.Moved):
            self._free(bookable, booking, event.left)
        elif isinstance(event, e.Joined):
            self._join(bookable, booking)
        if isinstance(event, _TAKING):
            for made in event.claims:
                claim = bookable.claims[booking_id, made.no]
                booking.claims[made.no] = claim
                booking.made = max(booking.made, made.no)
                self.made.append(claim)
                if bookable.counted:
                    self.seated[bookable.bookable, booking.actor_id] = booking_id
        elif isinstance(event, e.FREEING):
            here = [no for no, claim in booking.claims.items() if claim.bookable == entry.stream]
            self._free(bookable, booking, here)
        if booking.waiter is not None and isinstance(event, _LEAVING):
            self.left[booking_id] = self.lined[entry.stream] = None

    def _join(self, bookable: Bookable, booking: Booking) -> None:
        waiter = bookable.waiters[booking.booking_id]
        if waiter.queue == bookable.bookable:
            waiter.actor, booking.waiter = booking.actor, waiter
        elif booking.waiter is not None:
            # As when it is read: everywhere it says what it waits for, not in its line alone.
            bookable.waiters[booking.booking_id] = booking.waiter
        self.joined.append((bookable.bookable, waiter))
        self.lined[bookable.bookable] = None
        self.lines = True

    def _free(self, bookable: Bookable, booking: Booking, numbers: Iterable[int]) -> None:
        for no in numbers:
            self.freed.append(booking.claims.pop(no))
            seat = bookable.bookable, booking.actor_id
            # In a swap the actor's other booking may sit there by now.
            if self.seated.get(seat) == booking.booking_id:
                del self.seated[seat]
