"""What is taken, what is free and when next, over HTTP (MISSION B4, B5).

Times are half-open windows of 400 days at most; what is offered can be booked, unless somebody is
faster. No person is in these answers: who is, is in agendas (agenda.py) and bookings.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, TypeVar

from litestar import Response, get
from msgspec import Meta, Struct

from lastseat.access import Action, Reach
from lastseat.core import limits
from lastseat.core.interval import Interval
from lastseat.core.outcomes import Code
from lastseat.http.asking import asked
from lastseat.http.caller import Caller, caller_of
from lastseat.http.describing import described
from lastseat.http.examples import BOOKING, OTHER
from lastseat.http.incoming import AnyRequest, Paged, query_of
from lastseat.http.paging import Page, encode_cursor
from lastseat.http.problems import Forbidden, document
from lastseat.http.shapes import Moment, Name, Step
from lastseat.views.times import BusyInterval, Clash, IsFree, NextFree

T = TypeVar("T")

_MONDAY = {"start": "2026-11-23T17:00:00Z", "end": "2026-11-23T18:00:00Z"}

QueryUnits = Annotated[int, Meta(ge=1, le=limits.UNITS)]
QueryBuffer = Annotated[
    int, Meta(ge=0, le=limits.BUFFER_SECONDS, description="A buffer around it, in seconds.")
]
Bookables = Annotated[
    tuple[Name, ...],
    Meta(
        description="A bookable; repeat the parameter for several.",
        extra_json_schema={"minItems": 1},
    ),
]


class BusyQuery(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bookable, or an actor, and the time `[start, end)`."""

    bookable: Name | None = None
    actor: Annotated[
        Name | None, Meta(description="Whose time: one's own, unless one may read all bookings.")
    ] = None
    start: Moment
    end: Moment


class FreeQuery(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bookable and the time `[start, end)`."""

    bookable: Name
    start: Moment
    end: Moment
    units: QueryUnits = 1


class IsFreeQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bookables to be had together over `[start, end)`."""

    of: Bookables
    start: Moment
    end: Moment
    units: QueryUnits = 1
    before: QueryBuffer = 0
    after: QueryBuffer = 0


class NextFreeQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What, for how long, and between which times."""

    of: Bookables
    duration_seconds: Annotated[int, Meta(ge=1, le=int(limits.LONGEST.total_seconds()))]
    after: Annotated[Moment, Meta(description="The earliest start.")]
    horizon: Annotated[Moment, Meta(description="The latest end.")]
    any: (
        Annotated[int, Meta(ge=1, description="So many of them will do; left out: all of them.")]
        | None
    ) = None
    adjacent: Annotated[
        bool, Meta(description="With `any`: they follow each other in the order of `of`.")
    ] = False
    units: QueryUnits = 1
    before: QueryBuffer = 0
    after_buffer: QueryBuffer = 0
    step: Step | None = None


class AfterTime(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a page of times ended."""

    start: Moment


class AfterMany(Struct, frozen=True, forbid_unknown_fields=True):
    """How many pairs of conflicts came before."""

    skip: Annotated[int, Meta(ge=0, le=10_000)]


@get(
    "/v1/busy",
    **described(
        "busy",
        tag="availability",
        summary="When something is taken",
        says=(
            "A bookable, with its buffers and of a pool the units in use; or an actor. In order;"
            " never by whom."
        ),
        query=BusyQuery,
        answer=Page[BusyInterval],
        answer_example={"items": [{**_MONDAY, "units": 1}], "next": None},
        refused=(Code.UNKNOWN_BOOKABLE,),
    ),
)
async def busy(request: AnyRequest) -> Response[Any]:
    """When a bookable or an actor is busy."""
    caller = await caller_of(request, Action.AVAILABILITY_READ)
    query = query_of(request, BusyQuery)
    after = query.after(AfterTime)
    actor = of_actor(caller, query.actor)
    with asked():
        found = await caller.tenant.busy(
            query.bookable, actor=actor, start=query.start, end=query.end
        )
    return document(_page(found, lambda x: x.start, after, query.limit))


@get(
    "/v1/free",
    **described(
        "free",
        tag="availability",
        summary="When something is free",
        says=(
            "When so many units are free: open, not blocked, not taken. How long a booking has to"
            " be, and how soon it may begin, is for `next-free` and for the slots of services."
        ),
        query=FreeQuery,
        answer=Page[Interval],
        answer_example={"items": [_MONDAY], "next": None},
        refused=(Code.UNKNOWN_BOOKABLE,),
    ),
)
async def free(request: AnyRequest) -> Response[Any]:
    """When a bookable is free."""
    caller = await caller_of(request, Action.AVAILABILITY_READ)
    query = query_of(request, FreeQuery)
    after = query.after(AfterTime)
    with asked():
        found = await caller.tenant.free(
            query.bookable, start=query.start, end=query.end, units=query.units
        )
    return document(_page(found, lambda x: x.start, after, query.limit))


@get(
    "/v1/is-free",
    **described(
        "is_free",
        tag="availability",
        summary="Whether something can be had",
        says="All of them together, by every rule that a booking is held to.",
        query=IsFreeQuery,
        answer=IsFree,
        answer_example={"free": True},
        refused=(Code.UNKNOWN_BOOKABLE,),
    ),
)
async def is_free(request: AnyRequest) -> Response[Any]:
    """Whether some bookables are free together."""
    caller = await caller_of(request, Action.AVAILABILITY_READ)
    query = query_of(request, IsFreeQuery)
    with asked():
        found = await caller.tenant.is_free(
            query.of,
            start=query.start,
            end=query.end,
            units=query.units,
            before=query.before,
            after=query.after,
        )
    return document(IsFree(free=found))


@get(
    "/v1/next-free",
    **described(
        "next_free",
        tag="availability",
        summary="When something can be had next",
        says=(
            "The earliest start of one bookable, of several together, or of any so many of them,"
            " adjacent ones if asked for: three lanes side by side."
        ),
        query=NextFreeQuery,
        answer=NextFree,
        answer_example={"opening": {**_MONDAY, "chosen": ["lane-2", "lane-3", "lane-4"]}},
        refused=(Code.UNKNOWN_BOOKABLE,),
    ),
)
async def next_free(request: AnyRequest) -> Response[Any]:
    """The earliest opening."""
    caller = await caller_of(request, Action.AVAILABILITY_READ)
    query = query_of(request, NextFreeQuery)
    with asked({"duration": "duration_seconds"}):
        found = await caller.tenant.next_free(
            query.of,
            duration=query.duration_seconds,
            after=query.after,
            horizon=query.horizon,
            any=query.any,
            adjacent=query.adjacent,
            units=query.units,
            before=query.before,
            after_buffer=query.after_buffer,
            step=query.step,
        )
    return document(NextFree(opening=found))


@get(
    "/v1/conflicts",
    **described(
        "conflicts",
        tag="availability",
        summary="Which bookings overlap",
        says=(
            "On a bookable, or for an actor: each pair once. On a resource only an override makes"
            " some."
        ),
        query=BusyQuery,
        answer=Page[Clash],
        answer_example={
            "items": [{"first": BOOKING, "second": OTHER, "during": _MONDAY}],
            "next": None,
        },
        refused=(Code.UNKNOWN_BOOKABLE,),
    ),
)
async def conflicts(request: AnyRequest) -> Response[Any]:
    """The pairs of bookings that overlap."""
    caller = await caller_of(request, Action.ROSTER_READ)
    query = query_of(request, BusyQuery)
    after = query.after(AfterMany)
    skip = after.skip if after else 0
    with asked():
        found = await caller.tenant.conflicts(
            query.bookable,
            actor=query.actor,
            start=query.start,
            end=query.end,
            limit=min(skip + query.limit + 1, _MOST_PAIRS),
        )
    items = found[skip : skip + query.limit]
    more = skip + len(items) < len(found)
    following = encode_cursor({"skip": skip + query.limit}) if more else None
    return document(Page(items=list(items), next=following))


_MOST_PAIRS = 10_000


def of_actor(caller: Caller, actor: str | None) -> str | None:
    """The actor whose time is asked about: one's own, for who may not read everybody's bookings."""
    if actor is not None and actor != caller.principal.actor:
        reach = caller.allow(Action.BOOKINGS_LIST)
        if reach is not Reach.ALL:
            action = Action.BOOKINGS_LIST
            raise Forbidden(action, f"`{action}` is for the caller's own bookings alone")
    return actor


def _page(
    found: Sequence[T], start: Callable[[T], datetime], after: AfterTime | None, limit: int
) -> Page[T]:
    """A page of times that are in order and do not overlap."""
    rest = [x for x in found if after is None or start(x) > after.start]
    more = len(rest) > limit
    items = rest[:limit]
    return Page(items=items, next=encode_cursor({"start": start(items[-1])}) if more else None)


handlers = [busy, free, is_free, next_free, conflicts]
