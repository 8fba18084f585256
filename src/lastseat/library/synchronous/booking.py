"""See asynchronous/booking.py."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from lastseat.core import commands as c
from lastseat.core import limits
from lastseat.core.outcomes import AnyOutcome
from lastseat.library.commands import Claims, Seconds
from lastseat.library.synchronous.operations import Operations

T = TypeVar("T")


class Booking(Operations):
    """Bookings, made and changed."""

    def book(
        self,
        claims: Claims = (),
        *,
        choices: Sequence[c.Choice] = (),
        actor: str,
        units: int = 1,
        confirmed: bool = True,
        override: bool = False,
        reason: str | None = None,
        metadata: dict[str, Any] | None = None,
        contact: c.Contact | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """See `AsyncTenant.book`."""
        return self.engine.call(
            self._tenant.book,
            claims,
            choices=choices,
            actor=actor,
            units=units,
            confirmed=confirmed,
            override=override,
            reason=reason,
            metadata=metadata,
            contact=contact,
            key=key,
        )

    def book_series(
        self,
        dates: Sequence[Claims | c.SeriesDate],
        *,
        actor: str,
        policy: c.SeriesPolicy | str = c.SeriesPolicy.ALL_OR_NOTHING,
        most: int | None = None,
        seconds: Seconds | None = None,
        limit: Seconds | None = None,
        confirmed: bool = True,
        override: bool = False,
        reason: str | None = None,
        metadata: dict[str, Any] | None = None,
        contact: c.Contact | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """See `AsyncTenant.book_series`."""
        return self.engine.call(
            self._tenant.book_series,
            dates,
            actor=actor,
            policy=policy,
            most=most,
            seconds=seconds,
            limit=limit,
            confirmed=confirmed,
            override=override,
            reason=reason,
            metadata=metadata,
            contact=contact,
            key=key,
        )

    def hold(
        self,
        claims: Claims = (),
        *,
        choices: Sequence[c.Choice] = (),
        actor: str,
        units: int = 1,
        seconds: Seconds = limits.HOLD_SECONDS,
        limit: Seconds = limits.HOLD_LIMIT_SECONDS,
        override: bool = False,
        reason: str | None = None,
        metadata: dict[str, Any] | None = None,
        contact: c.Contact | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """See `AsyncTenant.hold`."""
        return self.engine.call(
            self._tenant.hold,
            claims,
            choices=choices,
            actor=actor,
            units=units,
            seconds=seconds,
            limit=limit,
            override=override,
            reason=reason,
            metadata=metadata,
            contact=contact,
            key=key,
        )

    def confirm(
        self,
        booking: str,
        *,
        actor: str | None = None,
        contact: c.Contact | None = None,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """See `AsyncTenant.confirm`."""
        return self.engine.call(
            self._tenant.confirm,
            booking,
            actor=actor,
            contact=contact,
            version=version,
            reason=reason,
            key=key,
        )

    def release(
        self,
        booking: str,
        *,
        actor: str | None = None,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """See `AsyncTenant.release`."""
        return self.engine.call(
            self._tenant.release,
            booking,
            actor=actor,
            version=version,
            reason=reason,
            key=key,
        )

    def cancel(
        self,
        booking: str,
        *,
        actor: str | None = None,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """See `AsyncTenant.cancel`."""
        return self.engine.call(
            self._tenant.cancel,
            booking,
            actor=actor,
            version=version,
            reason=reason,
            key=key,
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
    ) -> AnyOutcome:
        """See `AsyncTenant.extend`."""
        return self.engine.call(
            self._tenant.extend,
            booking,
            actor=actor,
            seconds=seconds,
            version=version,
            reason=reason,
            key=key,
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
    ) -> AnyOutcome:
        """See `AsyncTenant.check_in`."""
        return self.engine.call(
            self._tenant.check_in,
            booking,
            actor=actor,
            late=late,
            version=version,
            reason=reason,
            key=key,
        )

    def check_out(
        self,
        booking: str,
        *,
        actor: str | None = None,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """See `AsyncTenant.check_out`."""
        return self.engine.call(
            self._tenant.check_out, booking, actor=actor, version=version, reason=reason, key=key
        )

    def complete(
        self,
        booking: str,
        *,
        actor: str | None = None,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """See `AsyncTenant.complete`."""
        return self.engine.call(
            self._tenant.complete, booking, actor=actor, version=version, reason=reason, key=key
        )

    def no_show(
        self,
        booking: str,
        *,
        actor: str | None = None,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """See `AsyncTenant.no_show`."""
        return self.engine.call(
            self._tenant.no_show, booking, actor=actor, version=version, reason=reason, key=key
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
    ) -> AnyOutcome:
        """See `AsyncTenant.update`."""
        return self.engine.call(
            self._tenant.update,
            booking,
            actor=actor,
            metadata=metadata,
            contact=contact,
            version=version,
            reason=reason,
            key=key,
        )

    def move(
        self,
        booking: str,
        claims: Claims = (),
        *,
        choices: Sequence[c.Choice] = (),
        actor: str | None = None,
        units: int = 1,
        version: int | None = None,
        override: bool = False,
        reason: str | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """See `AsyncTenant.move`."""
        return self.engine.call(
            self._tenant.move,
            booking,
            claims,
            choices=choices,
            actor=actor,
            units=units,
            version=version,
            override=override,
            reason=reason,
            key=key,
        )

    def move_together(
        self,
        moves: Mapping[str, Claims],
        *,
        override: bool = False,
        reason: str | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """See `AsyncTenant.move_together`."""
        return self.engine.call(
            self._tenant.move_together, moves, override=override, reason=reason, key=key
        )

    def expire(self, *, limit: int = 1000) -> int:
        """See `AsyncTenant.expire`."""
        return self.engine.call(self._tenant.expire, limit=limit)
