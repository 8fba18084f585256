"""See asynchronous/defining.py."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from lastseat.core.events import ActorTime, WaitPolicy
from lastseat.core.outcomes import AnyOutcome
from lastseat.core.rules import Rules
from lastseat.core.schedule import Override
from lastseat.library.commands import Seconds
from lastseat.library.synchronous.operations import Operations

T = TypeVar("T")


class Defining(Operations):
    """Occurrences, resources, pools, limits and events: made, and their capacity changed."""

    def define_occurrence(
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
        """See `AsyncTenant.define_occurrence`."""
        return self.engine.call(
            self._tenant.define_occurrence,
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

    def define_resource(
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
        """See `AsyncTenant.define_resource`."""
        return self.engine.call(
            self._tenant.define_resource,
            bookable,
            time_zone=time_zone,
            actor_time=actor_time,
            location=location,
            name=name,
            attributes=attributes,
            waitlist=waitlist,
            key=key,
        )

    def define_pool(
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
        """See `AsyncTenant.define_pool`."""
        return self.engine.call(
            self._tenant.define_pool,
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

    def define_limit(
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
        """See `AsyncTenant.define_limit`."""
        return self.engine.call(
            self._tenant.define_limit,
            bookable,
            capacity=capacity,
            location=location,
            name=name,
            attributes=attributes,
            waitlist=waitlist,
            key=key,
        )

    def define_composite(
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
        """See `AsyncTenant.define_composite`."""
        return self.engine.call(
            self._tenant.define_composite,
            bookable,
            parts=parts,
            time_zone=time_zone,
            location=location,
            name=name,
            attributes=attributes,
            key=key,
        )

    def set_rules(
        self,
        owner: str,
        rules: Rules,
        *,
        expected: Mapping[str, int] | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """See `AsyncTenant.set_rules`."""
        return self.engine.call(
            self._tenant.set_rules, owner, rules, expected=expected, reason=reason, key=key
        )

    def define_event(
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
        """See `AsyncTenant.define_event`."""
        return self.engine.call(
            self._tenant.define_event,
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

    def change_capacity(
        self,
        bookable: str,
        capacity: int,
        *,
        override: bool = False,
        reason: str | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """See `AsyncTenant.change_capacity`."""
        return self.engine.call(
            self._tenant.change_capacity,
            bookable,
            capacity,
            override=override,
            reason=reason,
            key=key,
        )
