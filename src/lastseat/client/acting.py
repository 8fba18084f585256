"""The calls about bookings that are there: confirmed, cancelled, checked in and so on."""

from typing import Any

from lastseat.client.call import Call, change, write
from lastseat.client.wording import Seconds
from lastseat.client.wording import seconds as in_seconds
from lastseat.core import limits
from lastseat.core.commands import Contact
from lastseat.core.outcomes import AnyOutcome
from lastseat.views.bookings import Forgotten


class Acting:
    """What becomes of a booking; and forgetting who somebody was."""

    def confirm(
        self,
        booking: str,
        *,
        actor: str | None = None,
        contact: Contact | None = None,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> Call[AnyOutcome]:
        """Confirm a held or reserved booking: `confirmed`, `hold_expired`, `not_booked`."""
        return act("confirm", booking, actor, version, reason, key, contact=contact)

    def release(
        self,
        booking: str,
        *,
        actor: str | None = None,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> Call[AnyOutcome]:
        """Give a hold back: `released`; `not_held` leaves any other booking alone (A8)."""
        return act("release", booking, actor, version, reason, key)

    def cancel(
        self,
        booking: str,
        *,
        actor: str | None = None,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> Call[AnyOutcome]:
        """Cancel a booking, by its id, or by the occurrence and the actor: `cancelled` (A7)."""
        if actor is None:
            return act("cancel", booking, actor, version, reason, key)
        body = {
            "bookable": booking,
            "actor": actor,
            "expected_version": version,
            "reason": reason,
        }
        return post("cancel", body=body, key=key)

    def extend(
        self,
        booking: str,
        *,
        actor: str | None = None,
        seconds: Seconds = limits.HOLD_SECONDS,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> Call[AnyOutcome]:
        """Let a hold run `seconds` from now: `extended`, or `extend_limit` (A9)."""
        return act("extend", booking, actor, version, reason, key, seconds=in_seconds(seconds))

    def check_in(
        self,
        booking: str,
        *,
        actor: str | None = None,
        late: bool = False,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> Call[AnyOutcome]:
        """They have arrived: `checked_in`; a no-show only with `late`, a permission (C3, C4)."""
        return act("check-in", booking, actor, version, reason, key, late=late)

    def check_out(
        self,
        booking: str,
        *,
        actor: str | None = None,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> Call[AnyOutcome]:
        """They were seen to leave: `checked_out`; `wrong_status` unless CHECKED_IN."""
        return act("check-out", booking, actor, version, reason, key)

    def complete(
        self,
        booking: str,
        *,
        actor: str | None = None,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> Call[AnyOutcome]:
        """What was booked is done: `completed`; `wrong_status` unless CHECKED_IN."""
        return act("complete", booking, actor, version, reason, key)

    def no_show(
        self,
        booking: str,
        *,
        actor: str | None = None,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> Call[AnyOutcome]:
        """Nobody came: `no_show`; `too_early` before the booking's first claim begins (C3)."""
        return act("no-show", booking, actor, version, reason, key)

    def update(
        self,
        booking: str,
        *,
        actor: str | None = None,
        metadata: dict[str, Any] | None = None,
        contact: Contact | None = None,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> Call[AnyOutcome]:
        """Write a booking's details: `updated`, with its new version (C1, D4)."""
        _by_id(actor)
        body = {
            "metadata": metadata,
            "contact": contact,
            "expected_version": version,
            "reason": reason,
        }
        return write("PATCH", AnyOutcome, "v1", "bookings", booking, body=body, key=key)

    def expire(self, *, limit: int = 1_000) -> Call[int]:
        """Journal the tenant's overdue holds as expired, oldest first; how many were (A9)."""
        return change(dict[str, int], "v1", "expire", body={"limit": limit}, take=_expired)

    def forget(self, actor: str) -> Call[Forgotten]:
        """Erase who `actor` is and what was said of them (H5); their bookings stay, nameless."""
        return change(Forgotten, "v1", "actors", "forget", body={"actor": actor})


def post(*segments: str, body: dict[str, Any], key: str | None) -> Call[AnyOutcome]:
    """A write to the bookings, or to one of them."""
    return write("POST", AnyOutcome, "v1", "bookings", *segments, body=body, key=key)


def act(
    what: str,
    booking: str,
    actor: str | None,
    version: int | None,
    reason: str | None,
    key: str | None,
    **more: Any,
) -> Call[AnyOutcome]:
    """What is done to one booking."""
    _by_id(actor)
    return post(
        *(booking, what), body={"expected_version": version, "reason": reason, **more}, key=key
    )


def _by_id(actor: str | None) -> None:
    if actor is not None:
        raise ValueError(
            "over HTTP only `cancel` takes an occurrence and an actor: give the booking's id"
        )


def _expired(found: dict[str, int]) -> int:
    return found["expired"]
