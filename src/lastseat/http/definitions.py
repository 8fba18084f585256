"""Making what there is to book: occurrences, resources, events.

What becomes of it is in bookables.py; services, which sell these, are in services.py.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from litestar import Response, post
from msgspec import Meta, Struct

from lastseat.access import Action
from lastseat.core import outcomes as o
from lastseat.core.commands import AnyCommand
from lastseat.core.events import ActorTime, WaitPolicy
from lastseat.core.outcomes import Code
from lastseat.core.schedule import Override
from lastseat.http.caller import Caller, caller_of
from lastseat.http.describing import Link, described
from lastseat.http.examples import DEFINED
from lastseat.http.idempotency import key_of
from lastseat.http.incoming import AnyRequest, Body, path_id
from lastseat.http.naming import renamed
from lastseat.http.problems import respond
from lastseat.http.shapes import Attributes, Capacity, Id, Moment, Zone

LocalStart = Annotated[
    str,
    Meta(
        extra_json_schema={
            "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$",
            "examples": ["2026-11-23T18:00"],
        }
    ),
]


class Definition(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every bookable is made with.

    `actor_time` says what a booking does about the actor's other bookings at that time; `waitlist`,
    who is offered what comes free: whoever waits longest, or of those who fit; or nobody can wait.
    A `location` is made first: one that is not there is `invalid`.
    """

    bookable: Id
    actor_time: ActorTime = ActorTime.REFUSE
    location: Id | None = None
    name: Id | None = None
    attributes: Attributes | None = None
    waitlist: WaitPolicy = WaitPolicy.FIFO

    def common(self, key: str | None) -> dict[str, Any]:
        """The arguments that the library's definitions share."""
        return {
            "actor_time": self.actor_time,
            "location": self.location,
            "name": self.name,
            "attributes": self.attributes,
            "waitlist": self.waitlist,
            "key": key,
        }


class OccurrenceBody(Definition, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An occurrence `[start, end)` with `capacity` places."""

    start: Moment
    end: Moment
    capacity: Capacity
    time_zone: Zone | None = None


class ResourceBody(Definition, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A resource: exclusive with capacity 1; with more, a pool of like units."""

    capacity: Capacity = 1
    time_zone: Zone | None = None


class OverrideBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One occurrence, by its original local start `at`, that differs from its event."""

    at: LocalStart
    start: LocalStart | None = None
    duration_seconds: Annotated[int | None, Meta(extra_json_schema={"minimum": 1})] = None
    capacity: Capacity | None = None
    cancelled: bool = False

    def override(self) -> Override:
        """The same for the engine."""
        return Override(
            self.at, self.start, self.duration_seconds, self.capacity, cancelled=self.cancelled
        )


Rule = Annotated[
    str,
    Meta(
        description="A rule of RFC 5545, 3.3.10.",
        extra_json_schema={"examples": ["FREQ=WEEKLY;BYDAY=MO,TH"]},
    ),
]


class EventBody(Definition, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What recurs, at local times in `time_zone`; its occurrences are `<event>@<local start>`.

    Either `starts` lists them, or the first `start` has rules. A start matches its rules, and
    counts; `rdate` adds starts and `exdate` takes some away.
    """

    starts: list[LocalStart] = []
    start: LocalStart | None = None
    rrule: tuple[Rule, ...] = ()
    rdate: tuple[LocalStart, ...] = ()
    exdate: tuple[LocalStart, ...] = ()
    overrides: tuple[OverrideBody, ...] = ()
    duration_seconds: Annotated[int, Meta(extra_json_schema={"minimum": 1})]
    time_zone: Zone
    capacity: Capacity


NAMES = {
    "seconds": "duration_seconds",
    "schedule.segments[0].seconds": "duration_seconds",
    "schedule.segments[0].": "",
    "schedule.": "",
}
"""The body's names of an event's fields."""

_OCCURRENCE = Body(OccurrenceBody)
_RESOURCE = Body(ResourceBody)
_EVENT = Body(EventBody)


def reads(*operations: str) -> dict[str, Link]:
    """Links to what can be read of the bookable that was made."""
    body = "$response.body#/bookable"
    return {name: Link(name, {"bookable": body}) for name in operations}


def defining(
    operation_id: str, tag: str, what: str, *, also_refused: Sequence[Code] = (), **more: Any
) -> dict[str, Any]:
    """The keyword arguments of a route that makes a bookable."""
    return described(
        operation_id,
        tag=tag,
        summary=f"Make {what}",
        status=201,
        also={200: "It was there already, defined the same."},
        answer=o.Defined,
        answer_example=DEFINED,
        refused=(Code.ALREADY_DEFINED, Code.INVALID, *also_refused),
        **more,
    )


@post(
    "/v1/occurrences",
    **defining(
        "define_occurrence",
        "occurrences",
        "an occurrence",
        says="One time for everybody, with places. The same definition again changes nothing.",
        body=OccurrenceBody,
        body_example={
            "bookable": "yoga-monday",
            "start": "2026-11-23T18:00:00+01:00",
            "end": "2026-11-23T19:00:00+01:00",
            "capacity": 12,
            "time_zone": "Europe/Berlin",
        },
        links={
            **reads(
                "occurrence",
                "seats_left",
                "roster",
                "observe",
                "occurrence_journal",
                "change_occurrence_capacity",
            ),
            "book": Link("book", body={"bookable": "$response.body#/bookable", "actor": "ann"}),
        },
    ),
)
async def define_occurrence(request: AnyRequest) -> Response[Any]:
    """Make an occurrence."""
    caller = await caller_of(request, Action.BOOKABLES_DEFINE)
    body = await _OCCURRENCE.read(request)
    command = caller.tenant.commands.define_occurrence(
        body.bookable,
        start=body.start,
        end=body.end,
        capacity=body.capacity,
        time_zone=body.time_zone,
        **body.common(key_of(request)),
    )
    return await defined(caller, command, "occurrences")


@post(
    "/v1/resources",
    **defining(
        "define_resource",
        "resources",
        "a resource",
        says="Capacity 1 is exclusive: a lane, a room, a person. More is a pool of like units.",
        body=ResourceBody,
        body_example={"bookable": "lane-4", "name": "Lane 4", "time_zone": "Europe/Berlin"},
        links=reads("resource", "resource_journal", "change_resource_capacity"),
    ),
)
async def define_resource(request: AnyRequest) -> Response[Any]:
    """Make a resource or a pool."""
    caller = await caller_of(request, Action.BOOKABLES_DEFINE)
    body = await _RESOURCE.read(request)
    commands, common = caller.tenant.commands, body.common(key_of(request))
    if body.capacity == 1:
        command = commands.define_resource(body.bookable, time_zone=body.time_zone, **common)
    else:
        command = commands.define_pool(
            body.bookable, capacity=body.capacity, time_zone=body.time_zone, **common
        )
    return await defined(caller, command, "resources")


@post(
    "/v1/events",
    **defining(
        "define_event",
        "events",
        "an event",
        says=(
            "What recurs. Its occurrences, `<event>@<original local start>`, need not be made: the"
            " first booking opens one, with the event's capacity. Times are those of the wall clock"
            " in `time_zone`, and stay so when the clocks change (RFC 5545)."
        ),
        body=EventBody,
        body_example={
            "bookable": "yoga",
            "start": "2026-11-23T18:00",
            "rrule": ["FREQ=WEEKLY;BYDAY=MO,TH"],
            "exdate": ["2026-12-24T18:00"],
            "duration_seconds": 3600,
            "time_zone": "Europe/Berlin",
            "capacity": 12,
        },
        links=reads(
            "event", "event_journal", "change_event_capacity", "event_occurrences", "edit_event"
        ),
    ),
)
async def define_event(request: AnyRequest) -> Response[Any]:
    """Make an event."""
    caller = await caller_of(request, Action.BOOKABLES_DEFINE)
    body = await _EVENT.read(request)
    command = caller.tenant.commands.define_event(
        body.bookable,
        starts=body.starts,
        start=body.start,
        rrule=body.rrule,
        rdate=body.rdate,
        exdate=body.exdate,
        overrides=[x.override() for x in body.overrides],
        duration=body.duration_seconds,
        time_zone=body.time_zone,
        capacity=body.capacity,
        **body.common(key_of(request)),
    )
    return await defined(caller, command, "events", NAMES)


async def defined(
    caller: Caller, command: AnyCommand, collection: str, names: Mapping[str, str] | None = None
) -> Response[Any]:
    """What a definition comes to, and where it is to be read."""
    answer = renamed(await caller.tenant.execute(command), names or {})
    outcome = answer.outcome
    if not isinstance(outcome, o.Defined):
        return respond(answer)
    where = {"location": f"/v1/{collection}/{path_id(outcome.bookable)}"}
    return respond(answer, status=201 if outcome.created else 200, headers=where)


handlers = [define_occurrence, define_resource, define_event]
