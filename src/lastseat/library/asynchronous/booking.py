"""A tenant's operations that take places, or other places for those that are had."""

from collections.abc import Mapping, Sequence
from typing import Any

from lastseat.core import commands as c
from lastseat.core import limits
from lastseat.core.outcomes import AnyOutcome
from lastseat.library.asynchronous.operations import AsyncOperations
from lastseat.library.commands import Claims, Seconds


class AsyncBooking(AsyncOperations):
    """Book, hold, series and moves."""

    async def book(
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
        """Take all `claims` for `actor`, or none (A4, A11).

        `claims` is an occurrence's id (with `units` for a party), a `Claim`, or several; for each
        of the `choices` any k of its n are taken, the first that are free (C9). Comes to `booked`,
        with what was `chosen`; or `already`, `not_bookable` (a rule is in the way, C2), `full`,
        `conflict` (an exclusive resource is taken, or too few to choose from are free),
        `actor_busy`, `unknown_bookable`, `invalid`. `key` makes it safe to repeat (C6). `override`,
        with its `reason`, skips rules, capacity and the actor's time (D3).
        """
        return await self._outcome(
            self.commands.book(
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
        )

    async def book_series(
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
        """Book many dates in one transaction (H1), at most 400: what `book` takes, for each.

        `policy` is `all_or_nothing`, `skip_conflicts` (what can be had), or `first_n` (the first
        `most` that can be had). Comes to `series_booked` or `series_refused`; both report what
        each date came to, in order. Every date is a booking of its own. With `seconds` they are
        held, and can be extended up to `limit` seconds. The rest is as for `book`.
        """
        return await self._outcome(
            self.commands.book_series(
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
        )

    async def hold(
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
        """Take all claims for a while (A8, A9): `held`, or refused as `book` is.

        It expires `seconds` after the decision and can be extended up to `limit` seconds after it.
        """
        return await self._outcome(
            self.commands.hold(
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
        )

    async def move(
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
        """Give a booking new claims without giving up the old ones first (A10): `moved`.

        Until something is picked for its `choices`, what it has now counts as free for them.
        """
        return await self._outcome(
            self.commands.move(
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
        )

    async def move_together(
        self,
        moves: Mapping[str, Claims],
        *,
        override: bool = False,
        reason: str | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """Move several bookings, by id, in one step, all or none: also a swap when sold out."""
        return await self._outcome(
            self.commands.move_together(moves, override=override, reason=reason, key=key)
        )
