"""Commands about what there is to book: made, and what it has changed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from lastseat.core import commands as c
from lastseat.core.events import ActorTime, Fact, Kind, WaitPolicy
from lastseat.core.rules import Rules
from lastseat.core.schedule import Override, Schedule, Segment
from lastseat.library.commands.making import Making
from lastseat.library.commands.spelling import (
    Seconds,
    local_text,
    named,
    seconds_of,
    utc_of,
    zone_of,
)


class Defining(Making):
    """Occurrences, resources, pools, limits, composites and events; capacity, rules, facts."""

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
    ) -> c.Define:
        """An occurrence of its own: one time for everybody, `capacity` places."""
        zone = time_zone or zone_of(start)
        return c.Define(
            **self._common(key),
            bookable=bookable,
            kind=Kind.OCCURRENCE,
            capacity=capacity,
            start=utc_of(start),
            end=utc_of(end),
            time_zone=zone,
            actor_time=named(ActorTime, actor_time),
            location=location,
            name=name,
            attributes=attributes,
            waitlist=named(WaitPolicy, waitlist),
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
    ) -> c.Define:
        """An exclusive resource: no two live claims overlap."""
        return c.Define(
            **self._common(key),
            bookable=bookable,
            kind=Kind.RESOURCE,
            capacity=1,
            time_zone=time_zone,
            actor_time=named(ActorTime, actor_time),
            location=location,
            name=name,
            attributes=attributes,
            waitlist=named(WaitPolicy, waitlist),
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
    ) -> c.Define:
        """A pool: at no instant are more than `capacity` units in use."""
        return c.Define(
            **self._common(key),
            bookable=bookable,
            kind=Kind.POOL,
            capacity=capacity,
            time_zone=time_zone,
            actor_time=named(ActorTime, actor_time),
            location=location,
            name=name,
            attributes=attributes,
            waitlist=named(WaitPolicy, waitlist),
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
    ) -> c.Define:
        """A limit: no more than `capacity` at once, whatever each of them takes beside it (D2)."""
        return c.Define(
            **self._common(key),
            bookable=bookable,
            kind=Kind.LIMIT,
            capacity=capacity,
            actor_time=ActorTime.ALLOW,
            location=location,
            name=name,
            attributes=attributes,
            waitlist=named(WaitPolicy, waitlist),
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
    ) -> c.Define:
        """Several resources or pools under one name: who books it books all its parts (H2)."""
        return c.Define(
            **self._common(key),
            bookable=bookable,
            kind=Kind.COMPOSITE,
            capacity=1,
            time_zone=time_zone,
            # Its parts say what becomes of the actor's time.
            actor_time=ActorTime.ALLOW,
            parts=tuple(parts),
            location=location,
            name=name,
            attributes=attributes,
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
    ) -> c.Define:
        """What recurs: `starts`, or a `start` with a rule (RFC 5545); naive times in `time_zone`.

        Its occurrences are `<event>@<local start>`, such as `yoga@2026-11-23T18:00`; they need not
        be written in advance: the first booking opens one.
        """
        schedule = None
        if start is not None or rrule or rdate or exdate or overrides:
            segment = Segment(
                start=local_text("" if start is None else start),
                seconds=seconds_of(duration),
                rrule=(rrule,) if isinstance(rrule, str) else tuple(rrule),
                rdate=tuple(local_text(x) for x in rdate),
                exdate=tuple(local_text(x) for x in exdate),
            )
            schedule = Schedule((segment,), tuple(overrides))
        return c.Define(
            **self._common(key),
            bookable=event,
            kind=Kind.EVENT,
            capacity=capacity,
            time_zone=time_zone,
            starts=tuple(local_text(x) for x in starts),
            seconds=0 if schedule is not None else seconds_of(duration),
            schedule=schedule,
            actor_time=named(ActorTime, actor_time),
            location=location,
            name=name,
            attributes=attributes,
            waitlist=named(WaitPolicy, waitlist),
        )

    def change_capacity(
        self,
        bookable: str,
        capacity: int,
        *,
        override: bool = False,
        reason: str | None = None,
        key: str | None = None,
    ) -> c.ChangeCapacity:
        """Set a bookable's capacity; an event's goes to its occurrences too."""
        return c.ChangeCapacity(
            **self._common(key, reason),
            bookable=bookable,
            capacity=capacity,
            override=override,
        )

    def set_rules(
        self,
        owner: str,
        rules: Rules,
        *,
        expected: Mapping[str, int] | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> c.SetRules:
        """Replace all rules of a bookable, a service's limit, or `location:<id>` (C2)."""
        return c.SetRules(
            **self._common(key, reason),
            expected=dict(expected or {}),
            owner=owner,
            rules=rules,
        )

    def append_expect(
        self, appends: Mapping[str, tuple[int, Sequence[Fact]]], *, key: str | None = None
    ) -> c.Append:
        """Append facts to streams, each with its expected sequence; all or none."""
        return c.Append(
            **self._common(key),
            expected={stream: seq for stream, (seq, _) in appends.items()},
            facts={stream: tuple(facts) for stream, (_, facts) in appends.items()},
        )
