"""The calls that make what there is to book, and set its capacity."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from lastseat.client.call import Call, write
from lastseat.client.wording import (
    Seconds,
    each,
    listed,
    local,
    locals_of,
    seconds,
    several_of,
    zone_of,
)
from lastseat.core.events import ActorTime, WaitPolicy
from lastseat.core.outcomes import AnyOutcome
from lastseat.core.schedule import Override

Scope = Literal["this", "following", "all"]
OnMoved = Literal["ask", "move", "keep", "call_off"]
OnDropped = Literal["ask", "keep", "call_off"]
OnOverbooked = Literal["ask", "allow"]

OCCURRENCES, RESOURCES, EVENTS = COLLECTIONS = ("occurrences", "resources", "events")
"""Where bookables are over HTTP, by their kind; pools are among the resources."""


def collections_of(bookable: object) -> Sequence[str]:
    """Where a bookable may be: an id does not say of which kind it is, but for an event's `@`."""
    return (OCCURRENCES,) if isinstance(bookable, str) and "@" in bookable else COLLECTIONS


class Venue:
    """Occurrences, resources, pools, composites, events."""

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
    ) -> Call[AnyOutcome]:
        """An occurrence `[start, end)` with `capacity` places: `defined`, or `already_defined`."""
        body = {
            "bookable": bookable,
            "start": start,
            "end": end,
            "capacity": capacity,
            "time_zone": time_zone or zone_of(start),
            "actor_time": actor_time,
            "location": location,
            "name": name,
            "attributes": attributes,
            "waitlist": waitlist,
        }
        return write("POST", AnyOutcome, "v1", OCCURRENCES, body=body, key=key)

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
    ) -> Call[AnyOutcome]:
        """An exclusive resource: a lane, a room, a person."""
        body = {
            "bookable": bookable,
            "time_zone": time_zone,
            "actor_time": actor_time,
            "location": location,
            "name": name,
            "attributes": attributes,
            "waitlist": waitlist,
        }
        return write("POST", AnyOutcome, "v1", RESOURCES, body=body, key=key)

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
    ) -> Call[AnyOutcome]:
        """A pool of `capacity` like units; of one unit, over HTTP, it is an exclusive resource."""
        body = {
            "bookable": bookable,
            "capacity": capacity,
            "time_zone": time_zone,
            "actor_time": actor_time,
            "location": location,
            "name": name,
            "attributes": attributes,
            "waitlist": waitlist,
        }
        return write("POST", AnyOutcome, "v1", RESOURCES, body=body, key=key)

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
    ) -> Call[AnyOutcome]:
        """An event whose occurrences `<event>@<local start>` start at local times in `time_zone`.

        Either `starts` lists them, or there is a first `start` with rules, as in RFC 5545 (B1).
        `duration` is in seconds or a timedelta.
        """
        body = {
            "bookable": event,
            "starts": locals_of(starts),
            "start": None if start is None else local(start),
            "rrule": several_of(rrule),
            "rdate": locals_of(rdate),
            "exdate": locals_of(exdate),
            "overrides": each(overrides, _override),
            "duration_seconds": seconds(duration),
            "time_zone": time_zone,
            "capacity": capacity,
            "actor_time": actor_time,
            "location": location,
            "name": name,
            "attributes": attributes,
            "waitlist": waitlist,
        }
        return write("POST", AnyOutcome, "v1", EVENTS, body=body, key=key)

    def edit_event(
        self,
        event: str,
        *,
        scope: Scope,
        at: datetime | str | None = None,
        start: datetime | str | None = None,
        duration: Seconds | None = None,
        rrule: str | Sequence[str] | None = None,
        rdate: Sequence[datetime | str] | None = None,
        exdate: Sequence[datetime | str] | None = None,
        capacity: int | None = None,
        cancelled: bool | None = None,
        on_moved: OnMoved = "ask",
        on_dropped: OnDropped = "ask",
        on_overbooked: OnOverbooked = "ask",
        dry_run: bool = False,
        reason: str | None = None,
        key: str | None = None,
    ) -> Call[AnyOutcome]:
        """Change `this` occurrence, this and `following`, or `all`: `event_edited` (B3).

        While a policy is `ask` and something booked would be affected nothing is done, and the
        answer is `would_affect`; so it is with `dry_run`, always.
        """
        body = {
            "scope": scope,
            "at": None if at is None else local(at),
            "start": None if start is None else local(start),
            "duration_seconds": None if duration is None else seconds(duration),
            "rrule": several_of(rrule),
            "rdate": locals_of(rdate),
            "exdate": locals_of(exdate),
            "capacity": capacity,
            "cancelled": cancelled,
            "on_moved": on_moved,
            "on_dropped": on_dropped,
            "on_overbooked": on_overbooked,
            "dry_run": dry_run,
            "reason": reason,
        }
        return write("POST", AnyOutcome, "v1", EVENTS, event, "edit", body=body, key=key)

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
    ) -> Call[AnyOutcome]:
        """Several bookables under one name: who books it books all `parts` (H2)."""
        body = {
            "bookable": bookable,
            "parts": listed(parts),
            "time_zone": time_zone,
            "location": location,
            "name": name,
            "attributes": attributes,
        }
        return write("POST", AnyOutcome, "v1", "composites", body=body, key=key)

    def change_capacity(
        self,
        bookable: str,
        capacity: int,
        *,
        override: bool = False,
        reason: str | None = None,
        key: str | None = None,
    ) -> Call[AnyOutcome]:
        """Set the capacity: `capacity_changed`, or `below_taken` when more is taken.

        An override, with its reason, marks the difference as overbooked.
        """
        body = {"capacity": capacity, "override": override, "reason": reason}
        call: Call[AnyOutcome] | None = None
        for collection in reversed(collections_of(bookable)):
            call = write(
                "PUT",
                AnyOutcome,
                *("v1", collection, bookable, "capacity"),
                body=body,
                # Only one of them takes it, so they can share it; and if drawn, they must.
                key=key if call is None else call.key,
                elsewhere=call,
            )
        assert call is not None
        return call


def _override(one: object) -> Any:
    if not isinstance(one, Override):
        return one
    body = {
        "at": one.at,
        "start": one.start,
        "duration_seconds": one.seconds,
        "capacity": one.capacity,
        "cancelled": one.cancelled,
    }
    return {name: value for name, value in body.items() if value is not None}
