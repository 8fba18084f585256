"""What becomes of a tenant's bookings: confirmed, cancelled, checked in and so on."""

import asyncio
from typing import Any

from lastseat.core import commands as c
from lastseat.core import limits
from lastseat.core.outcomes import AnyOutcome, Expired
from lastseat.library.asynchronous.bounds import page
from lastseat.library.asynchronous.operations import AsyncOperations
from lastseat.library.commands import Seconds
from lastseat.reads import bookings


class AsyncActing(AsyncOperations):
    """What happens to bookings; none of it takes a place."""

    async def confirm(
        self,
        booking: str,
        *,
        actor: str | None = None,
        contact: c.Contact | None = None,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """Confirm a held or reserved booking: `confirmed`, `hold_expired`, `not_booked`.

        `booking` is its id; with `actor`, the occurrence on which the actor has it. Parts of
        `contact` are added to those given before. Confirmed already, it is left as it is.
        """
        return await self._outcome(
            self.commands.confirm(
                booking,
                actor=actor,
                contact=contact,
                version=version,
                reason=reason,
                key=key,
            )
        )

    async def release(
        self,
        booking: str,
        *,
        actor: str | None = None,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """Give a hold back: `released`; `not_held` leaves any other booking alone (A8)."""
        return await self._outcome(
            self.commands.release(
                booking,
                actor=actor,
                version=version,
                reason=reason,
                key=key,
            )
        )

    async def cancel(
        self,
        booking: str,
        *,
        actor: str | None = None,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """Cancel a booking: `cancelled`; once more, or by who is not there, `not_booked` (A7).

        An id of which the tenant has no booking is `unknown_booking`.
        """
        return await self._outcome(
            self.commands.cancel(
                booking,
                actor=actor,
                version=version,
                reason=reason,
                key=key,
            )
        )

    async def extend(
        self,
        booking: str,
        *,
        actor: str | None = None,
        seconds: Seconds = limits.HOLD_SECONDS,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """Let a hold run `seconds` from now: `extended`, or `extend_limit` (A9)."""
        return await self._outcome(
            self.commands.extend(
                booking,
                actor=actor,
                seconds=seconds,
                version=version,
                reason=reason,
                key=key,
            )
        )

    async def check_in(
        self,
        booking: str,
        *,
        actor: str | None = None,
        late: bool = False,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """They have arrived: `checked_in`, from RESERVED or CONFIRMED (C3).

        A NO_SHOW only with `late` (C4: who may say so is the caller's to decide), else
        `wrong_status`, as whoever is checked in already.
        """
        return await self._outcome(
            self.commands.check_in(
                booking, actor=actor, late=late, version=version, reason=reason, key=key
            )
        )

    async def check_out(
        self,
        booking: str,
        *,
        actor: str | None = None,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """They were seen to leave: `checked_out`; `wrong_status` unless CHECKED_IN."""
        return await self._outcome(
            self.commands.check_out(booking, actor=actor, version=version, reason=reason, key=key)
        )

    async def complete(
        self,
        booking: str,
        *,
        actor: str | None = None,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """What was booked is done: `completed`; `wrong_status` unless CHECKED_IN."""
        return await self._outcome(
            self.commands.complete(booking, actor=actor, version=version, reason=reason, key=key)
        )

    async def no_show(
        self,
        booking: str,
        *,
        actor: str | None = None,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """Nobody came: `no_show`; `too_early` before the booking's first claim begins (C3)."""
        return await self._outcome(
            self.commands.no_show(booking, actor=actor, version=version, reason=reason, key=key)
        )

    async def update(
        self,
        booking: str,
        *,
        actor: str | None = None,
        metadata: dict[str, Any] | None = None,
        contact: c.Contact | None = None,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """Write a booking's details: `updated`, with its new version (C1, D4).

        `metadata` replaces all that was there, and `contact` each part of it that is given; an
        empty mapping or text clears. The journal says which were written, not what they are (H5).
        """
        return await self._outcome(
            self.commands.update(
                booking,
                actor=actor,
                metadata=metadata,
                contact=contact,
                version=version,
                reason=reason,
                key=key,
            )
        )

    async def expire(self, *, limit: int = 1_000) -> int:
        """Journal the tenant's overdue holds as expired, oldest first; how many were.

        Decisions count them as free anyway; this makes the journal say so (A9).
        """
        due = await self.engine.read(bookings.due_holds, self.tenant_id, limit=page(limit))
        outcomes = await asyncio.gather(*(self._outcome(self.commands.expire(x)) for x in due))
        return sum(isinstance(x, Expired) for x in outcomes)
