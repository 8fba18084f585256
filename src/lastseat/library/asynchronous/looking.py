"""A tenant's reads of one thing: a bookable, a roster, a booking, a stream. Lists: listing.py."""

from lastseat.core.defining import event_of
from lastseat.core.events import Kind
from lastseat.core.status import Status
from lastseat.library.asynchronous.bounds import is_id, page, sequence
from lastseat.library.asynchronous.engine import NotFound
from lastseat.library.asynchronous.operations import AsyncOperations
from lastseat.reads import bookings, events
from lastseat.views.bookings import BookableView, BookingView, Place
from lastseat.views.history import JournalRow


class AsyncLooking(AsyncOperations):
    """What is there now. Nothing here decides anything."""

    async def bookable(self, bookable: str) -> BookableView:
        """The bookable as it stands. Raises `NotFound`.

        An occurrence of an event that nobody has asked for yet is as its first booking would find
        it, with sequence 0.
        """
        found: BookableView | None = await self.engine.read(
            bookings.bookable, self.tenant_id, bookable
        )
        event_id = event_of(bookable) if found is None else None
        if event_id is not None:
            found = await self.engine.read(events.unopened, self.tenant_id, event_id, bookable)
        if found is None:
            raise NotFound("bookable", bookable)
        return found

    async def is_booked(self, occurrence: str, actor: str) -> bool:
        """Whether the actor is on the roster (A5). Raises `NotFound`."""
        return await self.seat_of(occurrence, actor) > 0

    async def seat_of(self, occurrence: str, actor: str) -> int:
        """The actor's first seat, 1-based; 0 if absent (A5). Raises `NotFound`."""
        found = await self._place(occurrence, actor)
        return found[0] if found else 0

    async def seat_state(self, occurrence: str, actor: str) -> str:
        """`held`, `confirmed` or `none` (A8). Raises `NotFound`."""
        found = await self._place(occurrence, actor)
        if found is None:
            return "none"
        pending = (Status.HELD, Status.PENDING_APPROVAL)
        return "held" if found[1] in pending else "confirmed"

    async def roster(
        self, occurrence: str, *, after_seat: int = 0, limit: int = 1_000
    ) -> list[Place]:
        """The live bookings, oldest first: up to `limit` whose first seat is past `after_seat`.

        The last one's `seat` is the next page's `after_seat`. Raises `NotFound`.
        """
        after_seat, limit = sequence("after_seat", after_seat), page(limit)
        await self._occurrence(occurrence)
        places: list[Place] = await self.engine.read(
            bookings.roster, self.tenant_id, occurrence, after_seat=after_seat, limit=limit
        )
        return places

    async def seats_left(self, occurrence: str) -> int:
        """Units still free, never below 0 (A5). Raises `NotFound`."""
        return (await self._occurrence(occurrence)).left

    async def booking_count(self, occurrence: str) -> int:
        """Live bookings on the roster, parties counted once (A5). Raises `NotFound`."""
        await self._occurrence(occurrence)
        count: int = await self.engine.read(bookings.booking_count, self.tenant_id, occurrence)
        return count

    async def booking(self, booking_id: str) -> BookingView:
        """A booking, an expired hold too. Raises `NotFound`."""
        found: BookingView | None = None
        if is_id(booking_id):
            found = await self.engine.read(bookings.booking, self.tenant_id, booking_id)
        if found is None:
            raise NotFound("booking", booking_id)
        return found

    async def journal(self, stream: str, *, after: int = 0, limit: int = 1_000) -> list[JournalRow]:
        """A stream's entries past sequence `after`, in order, up to `limit`."""
        found: list[JournalRow] = await self.engine.read(
            bookings.journal,
            self.tenant_id,
            stream,
            after=sequence("after", after),
            limit=page(limit),
        )
        return found

    async def _occurrence(self, name: str) -> BookableView:
        found = await self.bookable(name)
        if found.kind is not Kind.OCCURRENCE:
            raise NotFound("occurrence", name, f"{name!r} is no occurrence but a {found.kind}")
        return found

    async def _place(self, occurrence: str, actor: str) -> tuple[int, Status] | None:
        await self._occurrence(occurrence)
        found: tuple[int, Status] | None = await self.engine.read(
            bookings.place, self.tenant_id, occurrence, actor
        )
        return found
