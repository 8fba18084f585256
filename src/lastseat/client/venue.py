"""The calls that make what there is to book, and set its capacity."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from lastseat.client.call import Call, write
from lastseat.client.wording import Seconds, local, seconds, zone_of
from lastseat.core.events import ActorTime
from lastseat.core.outcomes import AnyOutcome

OCCURRENCES, RESOURCES, EVENTS = COLLECTIONS = ("occurrences", "resources", "events")
"""Where bookables are over HTTP, by their kind; pools are among the resources."""


def collections_of(bookable: str) -> Sequence[str]:
    """Where a bookable may be: an id does not say of which kind it is, but for an event's `@`."""
    return (OCCURRENCES,) if "@" in bookable else COLLECTIONS


class Venue:
    """Occurrences, resources, pools, events."""

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
        }
        return write("POST", AnyOutcome, "v1", RESOURCES, body=body, key=key)

    def define_event(
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
    ) -> Call[AnyOutcome]:
        """An event whose occurrences `<event>@<local start>` start at local times in `time_zone`.

        `duration` is in seconds or a timedelta.
        """
        body = {
            "bookable": event,
            "starts": [local(x) for x in starts],
            "duration_seconds": seconds(duration),
            "time_zone": time_zone,
            "capacity": capacity,
            "actor_time": actor_time,
            "location": location,
            "name": name,
            "attributes": attributes,
        }
        return write("POST", AnyOutcome, "v1", EVENTS, body=body, key=key)

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
