"""A tenant's operations on bookings, from the first hold to the last check-out."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from lastseat.core import commands as c
from lastseat.core import limits
from lastseat.core.outcomes import AnyOutcome, Expired
from lastseat.library.asynchronous.bounds import page
from lastseat.library.asynchronous.operations import AsyncOperations
from lastseat.library.commands import Claims, Seconds
from lastseat.reads import views


class AsyncBooking(AsyncOperations):
    """Bookings, made and changed."""

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

    async def expire(self, *, limit: int = 1_000) -> int:
        """Journal the tenant's overdue holds as expired, oldest first; how many were.

        Decisions count them as free anyway; this makes the journal say so (A9).
        """
        due = await self.engine.read(views.due_holds, self.tenant_id, limit=page(limit))
        outcomes = await asyncio.gather(*(self._outcome(self.commands.expire(x)) for x in due))
        return sum(isinstance(x, Expired) for x in outcomes)
