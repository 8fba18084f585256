"""The calls of the waitlist (MISSION C7): join a line, and who waits in it.

What was offered is a hold: `confirm` accepts it, `release` declines it, `cancel` leaves the line.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from lastseat.client.bookings import wanted
from lastseat.client.call import Call, read, write
from lastseat.client.looking import PAGE_SIZE
from lastseat.client.wording import Claims, Seconds, seconds
from lastseat.core import limits
from lastseat.core.commands import Choice, Contact
from lastseat.core.outcomes import AnyOutcome
from lastseat.views.bookings import BookingView, WaitlistEntry
from lastseat.views.page import Page

_WAITLIST = ("v1", "waitlist")


class Waiting:
    """Lines, and those who wait in them."""

    def join_waitlist(
        self,
        claims: Claims,
        *,
        choices: Sequence[Choice] = (),
        actor: str,
        units: int = 1,
        offer_seconds: Seconds = limits.HOLD_SECONDS,
        metadata: dict[str, Any] | None = None,
        contact: Contact | None = None,
        key: str | None = None,
    ) -> Call[AnyOutcome]:
        """Wait for what `book` of the same would take (C7): `joined`, or `held` if it is free."""
        body = {
            **wanted(claims, units, choices),
            "actor": actor,
            "offer_seconds": seconds(offer_seconds),
            "metadata": metadata,
            "contact": contact,
        }
        return write("POST", AnyOutcome, *_WAITLIST, body=body, key=key)

    def join_service_waitlist(
        self,
        service_id: str,
        *,
        start: datetime,
        end: datetime | None = None,
        party: int = 1,
        offer_seconds: int | None = None,
        actor: str | None = None,
        metadata: dict[str, Any] | None = None,
        contact: Contact | None = None,
        key: str | None = None,
    ) -> Call[AnyOutcome]:
        """Wait for a slot of a service. Without `actor` a guest waits, such as of a booking page.

        The offer lasts `offer_seconds`, the service's `hold_seconds` unless told otherwise.
        """
        body = {
            "service_id": service_id,
            "start": start,
            "end": end,
            "party": party,
            "offer_seconds": offer_seconds,
            "actor": actor,
            "metadata": metadata,
            "contact": contact,
        }
        return write("POST", AnyOutcome, *_WAITLIST, body=body, key=key)

    def position(self, booking_id: str) -> Call[int]:
        """Where a booking stands in its line, 1 is next; 0: it does not wait."""
        return read(BookingView, "v1", "bookings", booking_id, take=_position)

    def waitlist(
        self,
        bookable: str,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        page_size: int = PAGE_SIZE,
    ) -> Call[Page[WaitlistEntry]]:
        """Who waits in the line of a bookable, first come first."""
        query = {"bookable": bookable, "start": start, "end": end, "limit": page_size}
        return read(Page[WaitlistEntry], *_WAITLIST, query=query)


def _position(found: BookingView) -> int:
    return found.waiting.position if found.waiting else 0
