"""Decisions on a picture, and facts at an expected sequence (MISSION A2, A3)."""

from collections.abc import Mapping, Sequence

from lastseat.core.events import Fact
from lastseat.core.observed import Observed, ObservedPlace, book_observed, cancel_observed
from lastseat.core.outcomes import AnyOutcome
from lastseat.library.asynchronous.engine import NotFound
from lastseat.library.asynchronous.operations import AsyncOperations
from lastseat.reads import bookings


class AsyncObserving(AsyncOperations):
    """What is decided on what the caller saw: answered `conflict` when it is no longer so."""

    async def observe(self, occurrence: str) -> Observed:
        """An occurrence's roster and sequence now, to decide on. Raises `NotFound`.

        Holds whose time is over are journalled as expired first: the sequence of a picture that
        leaves them out has to be the one after it, or nobody could book on it.
        """
        there, places, due = await self.engine.read(bookings.observed, self.tenant_id, occurrence)
        if due is not None:
            await self._outcome(self.commands.expire(due))
            there, places, _ = await self.engine.read(bookings.observed, self.tenant_id, occurrence)
        if there is None or there.during is None:
            raise NotFound("occurrence", occurrence)
        seen = tuple(
            ObservedPlace(x.booking_id, x.actor, x.units, x.seat, x.status) for x in places
        )
        return Observed(occurrence, there.seq, there.capacity, there.during, seen)

    async def book_with_observed(
        self, observed: Observed, *, actor: str, units: int = 1, key: str | None = None
    ) -> AnyOutcome:
        """Book on what was observed: `already`, `full`, `booked`, or `conflict` when it changed."""
        refusal = book_observed(observed, actor, units)
        if refusal is not None:
            return refusal
        expected = {observed.bookable: observed.seq}
        return await self._outcome(
            self.commands.book(
                observed.bookable, actor=actor, units=units, expected=expected, key=key
            )
        )

    async def cancel_with_observed(
        self, observed: Observed, *, actor: str, key: str | None = None
    ) -> AnyOutcome:
        """Cancel on what was observed: `not_booked`, `cancelled`, or `conflict`."""
        refusal = cancel_observed(observed, actor)
        if refusal is not None:
            return refusal
        expected = {observed.bookable: observed.seq}
        return await self._outcome(
            self.commands.cancel(observed.bookable, actor=actor, expected=expected, key=key)
        )

    async def append_expect(
        self, appends: Mapping[str, tuple[int, Sequence[Fact]]], *, key: str | None = None
    ) -> AnyOutcome:
        """Append facts to streams at their expected sequences, all or none (A2).

        `appended`, or `conflict` with the actual sequence. Facts change no capacity: what does is
        decided by the engine, never appended. Put no personal data in them (H5).
        """
        return await self._outcome(self.commands.append_expect(appends, key=key))
