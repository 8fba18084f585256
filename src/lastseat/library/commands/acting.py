"""Commands about one booking that is there."""

from collections.abc import Mapping
from typing import Any

from lastseat.core import commands as c
from lastseat.core import limits
from lastseat.library.commands.making import Making
from lastseat.library.commands.spelling import Seconds, seconds_of, target_of


class Acting(Making):
    """What becomes of a booking: confirmed, cancelled, checked in and so on."""

    def confirm(
        self,
        booking: str,
        *,
        actor: str | None = None,
        contact: c.Contact | None = None,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> c.Confirm:
        """Confirm a held or reserved booking: its id, or an occurrence's with the actor."""
        return c.Confirm(
            **self._common(key, reason),
            target=target_of(booking, actor),
            version=version,
            contact=contact,
        )

    def release(
        self,
        booking: str,
        *,
        actor: str | None = None,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> c.Release:
        """Give a hold back."""
        return c.Release(
            **self._common(key, reason),
            target=target_of(booking, actor),
            version=version,
        )

    def cancel(
        self,
        booking: str,
        *,
        actor: str | None = None,
        version: int | None = None,
        reason: str | None = None,
        expected: Mapping[str, int] | None = None,
        key: str | None = None,
    ) -> c.Cancel:
        """Cancel a booking and free its claims."""
        return c.Cancel(
            **self._common(key, reason),
            expected=dict(expected or {}),
            target=target_of(booking, actor),
            version=version,
        )

    def extend(
        self,
        booking: str,
        *,
        actor: str | None = None,
        seconds: Seconds = limits.HOLD_SECONDS,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> c.Extend:
        """Let a hold run `seconds` from now, within its limit."""
        return c.Extend(
            **self._common(key, reason),
            target=target_of(booking, actor),
            seconds=seconds_of(seconds),
            version=version,
        )

    def check_in(
        self,
        booking: str,
        *,
        actor: str | None = None,
        late: bool = False,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> c.CheckIn:
        """They have arrived; `late` lets in a no-show, by permission (C4)."""
        return c.CheckIn(
            **self._common(key, reason),
            target=target_of(booking, actor),
            late=late,
            version=version,
        )

    def check_out(
        self,
        booking: str,
        *,
        actor: str | None = None,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> c.CheckOut:
        """They were seen to leave: the booking is COMPLETED."""
        return c.CheckOut(
            **self._common(key, reason),
            target=target_of(booking, actor),
            version=version,
        )

    def complete(
        self,
        booking: str,
        *,
        actor: str | None = None,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> c.Complete:
        """What was booked is done: the booking is COMPLETED."""
        return c.Complete(
            **self._common(key, reason),
            target=target_of(booking, actor),
            version=version,
        )

    def no_show(
        self,
        booking: str,
        *,
        actor: str | None = None,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> c.NoShow:
        """Nobody came: NO_SHOW, not before the booking begins."""
        return c.NoShow(
            **self._common(key, reason),
            target=target_of(booking, actor),
            version=version,
        )

    def update(
        self,
        booking: str,
        *,
        actor: str | None = None,
        metadata: dict[str, Any] | None = None,
        contact: c.Contact | None = None,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> c.Update:
        """Replace the metadata, and of the contact what is given."""
        return c.Update(
            **self._common(key, reason),
            target=target_of(booking, actor),
            metadata=metadata,
            contact=contact,
            version=version,
        )

    def expire(self, booking: str, *, actor: str | None = None) -> c.Expire:
        """Journal a hold whose time is over as expired."""
        return c.Expire(**self._common(), target=target_of(booking, actor))
