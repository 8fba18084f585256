"""A tenant's operations on what there is to book."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from lastseat.core.events import ActorTime
from lastseat.core.outcomes import AnyOutcome
from lastseat.library.asynchronous.operations import AsyncOperations
from lastseat.library.build import Seconds


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
        key: str | None = None,
    ) -> AnyOutcome:
        """Make an occurrence `[start, end)` with `capacity` places.

        `actor_time` says what a booking does about the actor's other bookings at that time (B8).
        The same definition again is `defined` with `created` false; another, `already_defined`.
        `location` belongs to it; `name` and `attributes` are written with it and may change.
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
                key=key,
            )
        )

    async def define_event(
        self,
        event: str,
        *,
        starts: Sequence[datetime | str],
        duration: Seconds,
        time_zone: str,
        capacity: int,
        actor_time: ActorTime | str = ActorTime.REFUSE,
        location: str | None = None,
        name: str | None = None,
        attributes: dict[str, Any] | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """Make an event whose occurrences start at naive local times in `time_zone`.

        `duration` is in seconds or a timedelta. Book its occurrence `<event>@<local start>`.
        """
        return await self._outcome(
            self.commands.define_event(
                event,
                starts=starts,
                duration=duration,
                time_zone=time_zone,
                capacity=capacity,
                actor_time=actor_time,
                location=location,
                name=name,
                attributes=attributes,
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
