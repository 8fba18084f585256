"""What there is to book: occurrences, resources, events; listed, read, and their capacity.

Composites are among the resources. They are made in definitions.py and composites.py; who is on an
occurrence's roster is in rosters.py.
"""

from typing import Annotated, Any

import msgspec
from litestar import Response, get, put
from litestar.params import FromPath
from msgspec import Meta, Struct

from lastseat.access import Action
from lastseat.core import outcomes as o
from lastseat.core.defining import event_of
from lastseat.core.events import Kind
from lastseat.core.outcomes import Code
from lastseat.core.schedule import Schedule
from lastseat.http.caller import Caller, caller_of
from lastseat.http.describing import described
from lastseat.http.examples import EVENT_VIEW, OCCURRENCE_VIEW, RESOURCE_VIEW
from lastseat.http.idempotency import key_of
from lastseat.http.incoming import AnyRequest, Body, Paged, query_of
from lastseat.http.paging import AfterId, Page, encode_cursor
from lastseat.http.problems import document, respond, unknown
from lastseat.http.shapes import Capacity, Name, Reason
from lastseat.library.asynchronous.engine import NotFound
from lastseat.views.bookings import BookableView

OCCURRENCES = (Kind.OCCURRENCE,)
RESOURCES = (Kind.RESOURCE, Kind.POOL, Kind.COMPOSITE)
EVENTS = (Kind.EVENT,)
ANY = (*OCCURRENCES, *RESOURCES, *EVENTS, Kind.LIMIT)

PATH = {"bookable": ({"type": "string", "minLength": 1}, "Its id, percent-encoded.", "yoga")}


class CapacityBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new capacity. Below what is taken it needs `override`, a permission, and a reason."""

    capacity: Capacity
    override: bool = False
    reason: Reason | None = None


class EventAnswer(BookableView, frozen=True):
    """An event as it stands, with its schedule: the rule, and the occurrences that differ."""

    schedule: Schedule | None = None


class BookablesQuery(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which bookables to list."""

    location: Annotated[Name | None, Meta(description="Only those at this location.")] = None


_CAPACITY = Body(CapacityBody)


def _listing(operation_id: str, tag: str, example: Any) -> dict[str, Any]:
    return described(
        operation_id,
        tag=tag,
        summary=f"List {tag}",
        says="In the order of their ids.",
        query=BookablesQuery,
        answer=Page[BookableView],
        answer_example={"items": [example], "next": None},
    )


@get("/v1/occurrences", **_listing("occurrences", "occurrences", OCCURRENCE_VIEW))
async def list_occurrences(request: AnyRequest) -> Response[Any]:
    """A page of occurrences."""
    return await _list(request, OCCURRENCES)


@get("/v1/resources", **_listing("resources", "resources", RESOURCE_VIEW))
async def list_resources(request: AnyRequest) -> Response[Any]:
    """A page of resources, pools and composites."""
    return await _list(request, RESOURCES)


@get("/v1/events", **_listing("events", "events", EVENT_VIEW))
async def list_events(request: AnyRequest) -> Response[Any]:
    """A page of events."""
    return await _list(request, EVENTS)


async def _list(request: AnyRequest, kinds: tuple[Kind, ...]) -> Response[Any]:
    caller = await caller_of(request, Action.BOOKABLES_READ)
    query = query_of(request, BookablesQuery)
    after = query.after(AfterId)
    found = await caller.tenant.bookables(
        kind=kinds,
        location=query.location,
        after=after.after if after else None,
        limit=query.limit,
    )
    following = encode_cursor({"after": found.next}) if found.next is not None else None
    return document(Page(items=list(found.items), next=following))


def _reading(
    operation_id: str, tag: str, what: str, example: Any, shape: Any = BookableView
) -> dict[str, Any]:
    return described(
        operation_id,
        tag=tag,
        summary=f"Read {what}",
        says="As it stands now. An event's occurrence is there before anything is booked on it.",
        path=PATH,
        answer=shape,
        answer_example=example,
        refused=(Code.UNKNOWN_BOOKABLE,),
    )


@get(
    "/v1/occurrences/{bookable:str}",
    **_reading("occurrence", "occurrences", "an occurrence", OCCURRENCE_VIEW),
)
async def read_occurrence(request: AnyRequest, bookable: FromPath[str]) -> Response[Any]:
    """An occurrence as it stands."""
    return await _read(request, bookable, OCCURRENCES)


@get(
    "/v1/resources/{bookable:str}",
    **_reading("resource", "resources", "a resource", RESOURCE_VIEW),
)
async def read_resource(request: AnyRequest, bookable: FromPath[str]) -> Response[Any]:
    """A resource or a pool as it stands."""
    return await _read(request, bookable, RESOURCES)


@get(
    "/v1/bookables/{bookable:str}",
    **_reading("bookable", "resources", "a bookable", RESOURCE_VIEW),
)
async def read_bookable(request: AnyRequest, bookable: FromPath[str]) -> Response[Any]:
    """A bookable of whatever kind."""
    return await _read(request, bookable, ANY)


_EVENT = {
    **EVENT_VIEW,
    "schedule": {
        "segments": [
            {"start": "2026-11-23T18:00", "seconds": 3600, "rrule": ["FREQ=WEEKLY;BYDAY=MO,TH"]}
        ],
        "overrides": [{"at": "2026-12-24T18:00", "cancelled": True}],
    },
}


@get("/v1/events/{bookable:str}", **_reading("event", "events", "an event", _EVENT, EventAnswer))
async def read_event(request: AnyRequest, bookable: FromPath[str]) -> Response[Any]:
    """An event as it stands."""
    caller = await caller_of(request, Action.BOOKABLES_READ)
    found = await one_of(caller, bookable, EVENTS)
    schedule = await caller.tenant.schedule(bookable)
    return document(EventAnswer(**msgspec.structs.asdict(found), schedule=schedule))


async def _read(request: AnyRequest, bookable: str, kinds: tuple[Kind, ...]) -> Response[Any]:
    caller = await caller_of(request, Action.BOOKABLES_READ)
    return document(await one_of(caller, bookable, kinds))


async def one_of(caller: Caller, bookable: str, kinds: tuple[Kind, ...]) -> BookableView:
    """The bookable of one of these kinds. Raises the problem 404."""
    try:
        found = await caller.tenant.bookable(bookable)
    except NotFound:
        raise unknown("unknown_bookable", bookable=bookable) from None
    if found.kind not in kinds:
        raise unknown("unknown_bookable", bookable=bookable)
    return found


def _changing(operation_id: str, tag: str, says: str) -> dict[str, Any]:
    return described(
        operation_id,
        tag=tag,
        summary="Set the capacity",
        says=(
            f"{says} Below what is taken it is refused (`below_taken`) unless `override`, which is"
            " a permission, needs a reason, and marks the difference as overbooked."
        ),
        path=PATH,
        body=CapacityBody,
        body_example={"capacity": 14},
        answer=o.CapacityChanged,
        answer_example={
            "code": "capacity_changed",
            "bookable": "yoga-monday",
            "capacity": 14,
            "overbooked": 0,
        },
        refused=(Code.UNKNOWN_BOOKABLE, Code.BELOW_TAKEN, Code.INVALID),
    )


@put(
    "/v1/occurrences/{bookable:str}/capacity",
    **_changing(
        "change_occurrence_capacity",
        "occurrences",
        "An event's occurrence has a capacity of its own from then on.",
    ),
)
async def change_occurrence_capacity(request: AnyRequest, bookable: FromPath[str]) -> Response[Any]:
    """Set an occurrence's capacity."""
    return await _change(request, bookable, OCCURRENCES)


@put(
    "/v1/resources/{bookable:str}/capacity",
    **_changing(
        "change_resource_capacity", "resources", "An exclusive resource stays at capacity 1."
    ),
)
async def change_resource_capacity(request: AnyRequest, bookable: FromPath[str]) -> Response[Any]:
    """Set a pool's capacity."""
    return await _change(request, bookable, RESOURCES)


@put(
    "/v1/events/{bookable:str}/capacity",
    **_changing(
        "change_event_capacity",
        "events",
        "It goes to the occurrences that have not ended and have none of their own.",
    ),
)
async def change_event_capacity(request: AnyRequest, bookable: FromPath[str]) -> Response[Any]:
    """Set an event's capacity."""
    return await _change(request, bookable, EVENTS)


async def _change(request: AnyRequest, bookable: str, kinds: tuple[Kind, ...]) -> Response[Any]:
    caller = await caller_of(request, Action.BOOKABLES_CAPACITY)
    body = await _CAPACITY.read(request)
    if body.override:
        caller.allow(Action.BOOKABLES_OVERRIDE_CAPACITY)
    # A bookable's kind never changes, so nothing can come between. An event's occurrence that was
    # not opened yet is for the engine to find.
    if not (kinds == OCCURRENCES and event_of(bookable) is not None):
        await one_of(caller, bookable, kinds)
    command = caller.tenant.commands.change_capacity(
        bookable,
        body.capacity,
        override=body.override,
        reason=body.reason,
        key=key_of(request),
    )
    return respond(await caller.tenant.execute(command))


handlers = [
    list_occurrences,
    list_resources,
    list_events,
    read_occurrence,
    read_resource,
    read_event,
    read_bookable,
    change_occurrence_capacity,
    change_resource_capacity,
    change_event_capacity,
]
