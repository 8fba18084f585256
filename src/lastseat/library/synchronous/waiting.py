"""See asynchronous/waiting.py."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from lastseat.core import commands as c
from lastseat.core import limits
from lastseat.core.outcomes import AnyOutcome
from lastseat.library.commands import Claims, Seconds
from lastseat.library.synchronous.operations import Operations
from lastseat.reads.listing import Page
from lastseat.reads.waiting import WaitlistEntry

T = TypeVar("T")


class Waiting(Operations):
    """Lines, and those who wait in them."""

    def join_waitlist(
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
        """See `AsyncTenant.join_waitlist`."""
        return self.engine.call(
            self._tenant.join_waitlist,
            claims,
            choices=choices,
            actor=actor,
            units=units,
            offer_seconds=offer_seconds,
            metadata=metadata,
            contact=contact,
            key=key,
        )

    def position(self, booking_id: str) -> int:
        """See `AsyncTenant.position`."""
        return self.engine.call(self._tenant.position, booking_id)

    def waitlist(
        self,
        bookable: str,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        limit: int = 100,
        cursor: str | None = None,
    ) -> Page[WaitlistEntry]:
        """See `AsyncTenant.waitlist`."""
        return self.engine.call(
            self._tenant.waitlist, bookable, start=start, end=end, limit=limit, cursor=cursor
        )
