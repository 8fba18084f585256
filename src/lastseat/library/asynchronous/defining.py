"""A tenant's operations on what there is to book."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from lastseat.core.events import ActorTime, WaitPolicy
from lastseat.core.outcomes import AnyOutcome
from lastseat.core.rules import Rules
from lastseat.core.schedule import Override
from lastseat.library.asynchronous.operations import AsyncOperations
from lastseat.library.commands import Seconds


class AsyncDefining(AsyncOperations):
    """Occurrences, resources, pools, limits and events: made, and their capacity changed."""

    async def define_occurrence(
        self,
        bookable: str,
        *,
        start: datetime,
        end: datetime,
        capacity: int,
        time_zone: str | None = None,
        actor_time: ActorTime | str = ActorTime.REFUSE,
        location: str | None = None,
        name: str | None = None,
        attributes: dict[str, Any] | None = None,
        waitlist: WaitPolicy | str = WaitPolicy.FIFO,
        key: str | None = None,
    ) -> AnyOutcome:
        """Make an occurrence `[start, end)` with `capacity` places.

        `actor_time` says what a booking does about the actor's other bookings at that time (B8).
        The same definition again is `defined` with `created` false; another, `already_defined`.
        `location` belongs to it, and is made first: one that is not there is `invalid`. `name` and
        `attributes` are written with it and may change.
        `waitlist` says who is offered what comes free (C7): `fifo`, `first_that_fits`, or nobody,
        since nobody can wait: `closed`.
        """
        return await self._outcome(
            self.commands.define_occurrence(
                bookable,
                start=start,
                end=end,
                capacity=capacity,
                time_zone=time_zone,
                actor_time=actor_time,
                location=location,
                name=name,
                attributes=attributes,
                waitlist=waitlist,
                key=key,
            )
        )

    async def define_resource(
        self,
        bookable: str,
        *,
        time_zone: str | None = None,
        actor_time: ActorTime | str = ActorTime.REFUSE,
        location: str | None = None,
        name: str | None = None,
        attributes: dict[str, Any] | None = None,
        waitlist: WaitPolicy | str = WaitPolicy.FIFO,
        key: str | None = None,
    ) -> AnyOutcome:
        """Make an exclusive resource: a lane, a room, a person."""
        return await self._outcome(
            self.commands.define_resource(
                bookable,
                time_zone=time_zone,
                actor_time=actor_time,
                location=location,
                name=name,
                attributes=attributes,
                waitlist=waitlist,
                key=key,
            )
        )

    async def define_pool(
        self,
        bookable: str,
        *,
        capacity: int,
        time_zone: str | None = None,
        actor_time: ActorTime | str = ActorTime.REFUSE,
        location: str | None = None,
        name: str | None = None,
        attributes: dict[str, Any] | None = None,
        waitlist: WaitPolicy | str = WaitPolicy.FIFO,
        key: str | None = None,
    ) -> AnyOutcome:
        """Make a pool of `capacity` like units, such as skis: its peak overlap is bounded (A11)."""
        return await self._outcome(
            self.commands.define_pool(
                bookable,
                capacity=capacity,
                time_zone=time_zone,
                actor_time=actor_time,
                location=location,
                name=name,
                attributes=attributes,
                waitlist=waitlist,
                key=key,
            )
        )

    async def define_limit(
        self,
        bookable: str,
        *,
        capacity: int,
        location: str | None = None,
        name: str | None = None,
        attributes: dict[str, Any] | None = None,
        waitlist: WaitPolicy | str = WaitPolicy.FIFO,
        key: str | None = None,
    ) -> AnyOutcome:
        """Make a limit: how many at once, whatever they take beside it, such as a service's (D2).

        Its peak overlap is bounded as a pool's is. `service:` ids are for limits alone.
        """
        return await self._outcome(
            self.commands.define_limit(
                bookable,
                capacity=capacity,
                location=location,
                name=name,
                attributes=attributes,
                waitlist=waitlist,
                key=key,
            )
        )

    async def define_composite(
        self,
        bookable: str,
        *,
        parts: Sequence[str],
        time_zone: str | None = None,
        location: str | None = None,
        name: str | None = None,
        attributes: dict[str, Any] | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """Make a composite, such as a hall of two halves: who books it books all `parts` (H2).

        The parts are there already: 2 to 50 resources and pools, or composites, which stand for
        their own parts; else `unknown_bookable` or `invalid`. They have the capacity: whoever books
        one of them is in the way of whoever books the whole.
        """
        return await self._outcome(
            self.commands.define_composite(
                bookable,
                parts=parts,
                time_zone=time_zone,
                location=location,
                name=name,
                attributes=attributes,
                key=key,
            )
        )

    async def set_rules(
        self,
        owner: str,
        rules: Rules,
        *,
        expected: Mapping[str, int] | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """Replace all rules of `owner`: opening hours, blocks, lead time and so on (C2).

        `owner` is a resource, pool, limit or composite, or `location:<id>`, whose rules hold for
        all that is there. Comes to `rules_changed`, and no booking decided after that breaks them;
        those that are there stay. `expected` maps the owner to the sequence observed: another is
        `conflict`. Also `unknown_bookable`, and `invalid`, which names what of the rules is wrong.
        """
        return await self._outcome(
            self.commands.set_rules(owner, rules, expected=expected, reason=reason, key=key)
        )

    async def define_event(
        self,
        event: str,
        *,
        starts: Sequence[datetime | str] = (),
        start: datetime | str | None = None,
        rrule: str | Sequence[str] = (),
        rdate: Sequence[datetime | str] = (),
        exdate: Sequence[datetime | str] = (),
        overrides: Sequence[Override] = (),
        duration: Seconds,
        time_zone: str,
        capacity: int,
        actor_time: ActorTime | str = ActorTime.REFUSE,
        location: str | None = None,
        name: str | None = None,
        attributes: dict[str, Any] | None = None,
        waitlist: WaitPolicy | str = WaitPolicy.FIFO,
        key: str | None = None,
    ) -> AnyOutcome:
        """Make an event whose occurrences start at naive local times in `time_zone` (B1).

        Either `starts` lists them, or there is a first `start` with an `rrule` or several, `rdate`
        and `exdate`, as in RFC 5545. `overrides` are occurrences that differ from it in time or
        capacity, or do not take place (B3). `duration` is in seconds or a timedelta. Book its
        occurrence `<event>@<local start>`, by its original start if it was moved.
        """
        return await self._outcome(
            self.commands.define_event(
                event,
                starts=starts,
                start=start,
                rrule=rrule,
                rdate=rdate,
                exdate=exdate,
                overrides=overrides,
                duration=duration,
                time_zone=time_zone,
                capacity=capacity,
                actor_time=actor_time,
                location=location,
                name=name,
                attributes=attributes,
                waitlist=waitlist,
                key=key,
            )
        )

    async def change_capacity(
        self,
        bookable: str,
        capacity: int,
        *,
        override: bool = False,
        reason: str | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """Set the capacity: `capacity_changed`, or `below_taken` when more is taken.

        An override, with its reason, marks the difference as overbooked. An event's capacity goes
        to its occurrences that have not ended and have no capacity of their own (B3).
        """
        return await self._outcome(
            self.commands.change_capacity(
                bookable, capacity, override=override, reason=reason, key=key
            )
        )
