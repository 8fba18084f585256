"""A tenant's waitlist (MISSION C7): joining a line, and where one stands in it.

What was offered is a hold like any other: `confirm` accepts it, `release` declines it, and `cancel`
leaves the line before. For a slot of a service see `tenant.reservations.join_waitlist`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from lastseat.core import commands as c
from lastseat.core import limits
from lastseat.core.outcomes import AnyOutcome
from lastseat.library.asynchronous.bounds import aware, listed, sequence
from lastseat.library.asynchronous.looking import AsyncLooking
from lastseat.library.commands import Claims, Seconds
from lastseat.reads import lines
from lastseat.views.bookings import WaitlistEntry
from lastseat.views.page import Page


class AsyncWaiting(AsyncLooking):
    """Lines, and those who wait in them."""

    async def join_waitlist(
        self,
        claims: Claims,
        *,
        choices: Sequence[c.Choice] = (),
        actor: str,
        units: int = 1,
        offer_seconds: Seconds = limits.HOLD_SECONDS,
        metadata: dict[str, Any] | None = None,
        contact: c.Contact | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """Wait for what `book` of the same would take (C7), in the line of the first claim.

        Comes to `joined`, with the `position`; or to `held` if it is free and nobody waits for it:
        that is the offer already. When it comes free later it is held for `offer_seconds` for
        whoever is next. Refused as `already`, `already_waiting`, `not_bookable`, `waitlist_closed`,
        `waitlist_full`, `full` (a party larger than the place), `unknown_bookable`, `invalid`.
        """
        return await self._outcome(
            self.commands.join_waitlist(
                claims,
                choices=choices,
                actor=actor,
                units=units,
                offer_seconds=offer_seconds,
                metadata=metadata,
                contact=contact,
                key=key,
            )
        )

    async def position(self, booking_id: str) -> int:
        """Where a booking stands in its line, 1 is next; 0: it does not wait. Raises `NotFound`.

        Only those who wait for a time that overlaps its own count.
        """
        there = await self.booking(booking_id)
        return there.waiting.position if there.waiting else 0

    async def waitlist(
        self,
        bookable: str,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        limit: int = 100,
        cursor: str | None = None,
    ) -> Page[WaitlistEntry]:
        """Who waits in the line of a bookable, first come first; a page of them.

        `[start, end)`, either end of which may be open, leaves out those who wait for other times;
        an occurrence's line has one time. `cursor` is the `next` of the page before. Raises
        `NotFound` when there is no such bookable, `ValueError` for bad input.
        """
        aware("start", start)
        aware("end", end)
        if start is not None and end is not None and start >= end:
            raise ValueError("start must be before end")
        page: Page[WaitlistEntry] = await self.engine.read(
            lines.line,
            self.tenant_id,
            bookable,
            window=(start, end),
            after=0 if cursor is None else _place(cursor),
            limit=listed(limit),
        )
        if not page.items:
            await self.bookable(bookable)
        return page


_DIGITS = 19


def _place(cursor: str) -> int:
    # `isdecimal` alone takes the digits of every script, which `int` reads too.
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= _DIGITS):
        raise ValueError("cursor is not one that a waitlist gave")
    return sequence("cursor", int(cursor))
