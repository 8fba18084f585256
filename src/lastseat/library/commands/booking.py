"""Commands that take places, or other places for those they have."""

from collections.abc import Mapping, Sequence
from typing import Any

from lastseat.core import commands as c
from lastseat.core import limits
from lastseat.engine.ids import new_id
from lastseat.library.commands.making import Making
from lastseat.library.commands.spelling import (
    Claims,
    Seconds,
    choices_of,
    claims_of,
    date_of,
    named,
    seconds_of,
    target_of,
)


class Booking(Making):
    """Book, hold, series and moves."""

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
        expected: Mapping[str, int] | None = None,
        key: str | None = None,
    ) -> c.Book:
        """Take all claims or none; CONFIRMED at once, or RESERVED when `confirmed` is false."""
        command_id = new_id()
        return c.Book(
            tenant_id=self.tenant_id,
            command_id=command_id,
            principal=self.principal,
            key=key,
            expected=dict(expected) if expected else {},
            # Unlike all others too, and who knows one knows the other.
            booking_id=command_id,
            actor=actor,
            claims=claims_of(claims, units),
            choices=choices_of(choices),
            confirmed=confirmed,
            override=override,
            reason=reason,
            metadata=metadata,
            contact=contact,
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
        expected: Mapping[str, int] | None = None,
        key: str | None = None,
    ) -> c.Book:
        """Take all claims for `seconds`; `extend` can go on to `limit` seconds from now."""
        common = self._common(key, reason)
        return c.Book(
            **common,
            expected=dict(expected or {}),
            # Unlike all others too, and who knows one knows the other.
            booking_id=common["command_id"],
            actor=actor,
            claims=claims_of(claims, units),
            choices=choices_of(choices),
            hold_seconds=seconds_of(seconds),
            limit_seconds=seconds_of(limit),
            override=override,
            metadata=metadata,
            contact=contact,
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
    ) -> c.BookSeries:
        """Book many dates in one step; `seconds` holds them. A `SeriesDate` may have choices."""
        common = self._common(key, reason)
        return c.BookSeries(
            **common,
            series_id=common["command_id"],
            actor=actor,
            dates=tuple(date_of(x) for x in dates),
            policy=named(c.SeriesPolicy, policy),
            most=most,
            hold_seconds=None if seconds is None else seconds_of(seconds),
            limit_seconds=None if limit is None else seconds_of(limit),
            confirmed=confirmed,
            override=override,
            metadata=metadata,
            contact=contact,
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
    ) -> c.Move:
        """Give a booking new claims for its old ones, in one step."""
        relocation = c.Relocation(
            target=target_of(booking, actor),
            claims=claims_of(claims, units),
            choices=choices_of(choices),
            version=version,
        )
        return c.Move(**self._common(key, reason), moves=(relocation,), override=override)

    def move_together(
        self,
        moves: Mapping[str, Claims],
        *,
        override: bool = False,
        reason: str | None = None,
        key: str | None = None,
    ) -> c.Move:
        """Give several bookings, by id, new claims in one step: also a swap of two."""
        relocations = tuple(
            c.Relocation(target=c.BookingId(booking_id), claims=claims_of(claims, 1))
            for booking_id, claims in moves.items()
        )
        return c.Move(**self._common(key, reason), moves=relocations, override=override)
