"""Commands of the waitlist (MISSION C7). An offer is taken or declined as any hold is."""

from collections.abc import Sequence
from typing import Any

from lastseat.core import commands as c
from lastseat.core import limits
from lastseat.library.commands.making import Making
from lastseat.library.commands.spelling import Claims, Seconds, choices_of, claims_of, seconds_of


class Waiting(Making):
    """Joining a line."""

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
    ) -> c.Join:
        """Wait in line for the first claim; the offer is a hold of `offer_seconds`."""
        common = self._common(key)
        return c.Join(
            **common,
            # Unlike all others too, and who knows one knows the other.
            booking_id=common["command_id"],
            actor=actor,
            claims=claims_of(claims, units),
            choices=choices_of(choices),
            offer_seconds=seconds_of(offer_seconds),
            metadata=metadata,
            contact=contact,
        )
