"""Who is on an occurrence, and what is left of it; the journals of bookables. Only looking.

Deciding on a picture that was observed here is in observed.py.
"""

from typing import Annotated, Any

from litestar import Response, get
from litestar.params import FromPath
from msgspec import Meta, Struct

from lastseat.access import Action, Reach, permit
from lastseat.core.events import Kind
from lastseat.core.observed import Observed
from lastseat.core.outcomes import Code
from lastseat.http.bookables import EVENTS, OCCURRENCES, PATH, RESOURCES, one_of
from lastseat.http.caller import caller_of
from lastseat.http.describing import described
from lastseat.http.examples import BOOKING, ENTRY, OBSERVED, PLACE
from lastseat.http.incoming import AnyRequest, Paged, query_of
from lastseat.http.paging import AfterSeq, Page, page_of
from lastseat.http.problems import document, unknown
from lastseat.http.shapes import Name
from lastseat.library.asynchronous.engine import NotFound
from lastseat.views.bookings import Place, SeatsLeft, SeatView
from lastseat.views.history import JournalRow


class JournalEntry(Struct, frozen=True, kw_only=True):
    """One entry of a stream; the members of `event` depend on its `type`."""

    seq: int
    type: str
    event: dict[str, Any]
    at: str
    principal: str
    lead: bool
    booking_id: str | None = None
    version: int | None = None


class SeatQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose seat."""

    actor: Annotated[
        Name | None,
        Meta(description="Whose; left out, the caller's own. Another's is not for all."),
    ] = None


class AfterSeat(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a page of a roster ended."""

    seat: Annotated[int, Meta(ge=0, le=2**53)]


@get(
    "/v1/occurrences/{bookable:str}/seats-left",
    **described(
        "seats_left",
        tag="occurrences",
        summary="Read what is left",
        says="Never below 0. An overdue hold counts as free.",
        path=PATH,
        answer=SeatsLeft,
        answer_example={
            "bookable": "yoga-monday",
            "capacity": 12,
            "left": 8,
            "bookings": 3,
            "waiting": 0,
        },
        refused=(Code.UNKNOWN_BOOKABLE,),
    ),
)
async def seats_left(request: AnyRequest, bookable: FromPath[str]) -> Response[Any]:
    """What is left of an occurrence."""
    caller = await caller_of(request, Action.SEATS_READ)
    found = await one_of(caller, bookable, OCCURRENCES)
    count = await caller.tenant.booking_count(bookable)
    return document(
        SeatsLeft(
            bookable=bookable,
            capacity=found.capacity,
            left=found.left,
            bookings=count,
            waiting=found.waiting,
        )
    )


@get(
    "/v1/occurrences/{bookable:str}/seat",
    **described(
        "seat_of",
        tag="occurrences",
        summary="Read an actor's seat",
        says="Who may not read the roster may ask for their own seat alone.",
        path=PATH,
        query=SeatQuery,
        answer=SeatView,
        answer_example={
            "bookable": "yoga-monday",
            "actor": "ann",
            "seat": 1,
            "state": "confirmed",
        },
        refused=(Code.UNKNOWN_BOOKABLE,),
    ),
)
async def seat_of(request: AnyRequest, bookable: FromPath[str]) -> Response[Any]:
    """An actor's seat on an occurrence."""
    caller = await caller_of(request, Action.SEATS_READ)
    query = query_of(request, SeatQuery)
    principal = caller.principal
    if permit(principal, Action.ROSTER_READ) is not Reach.ALL:
        if principal.actor is None or query.actor not in (None, principal.actor):
            # Whether somebody else is there is what the roster says.
            caller.allow(Action.ROSTER_READ)
        actor = principal.actor or ""
    else:
        actor = caller.own(query.actor)
    await one_of(caller, bookable, OCCURRENCES)
    seat = await caller.tenant.seat_of(bookable, actor)
    state = await caller.tenant.seat_state(bookable, actor)
    return document(SeatView(bookable=bookable, actor=actor, seat=seat, state=state))


@get(
    "/v1/occurrences/{bookable:str}/roster",
    **described(
        "roster",
        tag="occurrences",
        summary="Read the roster",
        says="The live bookings, oldest first, each with its party's first seat.",
        path=PATH,
        query=Paged,
        answer=Page[Place],
        answer_example={"items": [PLACE], "next": None},
        refused=(Code.UNKNOWN_BOOKABLE,),
    ),
)
async def roster(request: AnyRequest, bookable: FromPath[str]) -> Response[Any]:
    """A page of an occurrence's roster."""
    caller = await caller_of(request, Action.ROSTER_READ)
    query = query_of(request, Paged)
    after = query.after(AfterSeat)
    await one_of(caller, bookable, OCCURRENCES)
    places = await caller.tenant.roster(
        bookable, after_seat=after.seat if after else 0, limit=query.limit
    )
    return document(page_of(places, query.limit, lambda x: {"seat": x.seat}))


@get(
    "/v1/occurrences/{bookable:str}/observed",
    **described(
        "observe",
        tag="occurrences",
        summary="Observe an occurrence",
        says=(
            "Its roster and sequence of one moment, to decide on: send it back to"
            " `book_with_observed` or `cancel_with_observed`. Holds whose time is over are"
            " journalled as expired first."
        ),
        path=PATH,
        answer=Observed,
        answer_example=OBSERVED,
        refused=(Code.UNKNOWN_BOOKABLE,),
    ),
)
async def observe(request: AnyRequest, bookable: FromPath[str]) -> Response[Any]:
    """An occurrence as it is now, to decide on."""
    caller = await caller_of(request, Action.ROSTER_READ)
    try:
        return document(await caller.tenant.observe(bookable))
    except NotFound:
        raise unknown("unknown_bookable", bookable=bookable) from None


def _journal(operation_id: str, tag: str) -> dict[str, Any]:
    return described(
        operation_id,
        tag=tag,
        summary="Read the journal",
        says="The stream, oldest first: everything that happened to it, never changed.",
        path=PATH,
        query=Paged,
        answer=Page[JournalEntry],
        answer_example={"items": [{**ENTRY, "booking_id": BOOKING}], "next": None},
        refused=(Code.UNKNOWN_BOOKABLE,),
    )


@get(
    "/v1/occurrences/{bookable:str}/journal",
    **_journal("occurrence_journal", "occurrences"),
)
async def occurrence_journal(request: AnyRequest, bookable: FromPath[str]) -> Response[Any]:
    """A page of an occurrence's stream."""
    return await _stream(request, bookable, OCCURRENCES)


@get("/v1/resources/{bookable:str}/journal", **_journal("resource_journal", "resources"))
async def resource_journal(request: AnyRequest, bookable: FromPath[str]) -> Response[Any]:
    """A page of a resource's stream."""
    return await _stream(request, bookable, RESOURCES)


@get("/v1/events/{bookable:str}/journal", **_journal("event_journal", "events"))
async def event_journal(request: AnyRequest, bookable: FromPath[str]) -> Response[Any]:
    """A page of an event's stream."""
    return await _stream(request, bookable, EVENTS)


async def _stream(request: AnyRequest, bookable: str, kinds: tuple[Kind, ...]) -> Response[Any]:
    caller = await caller_of(request, Action.JOURNAL_READ)
    query = query_of(request, Paged)
    after = query.after(AfterSeq)
    await one_of(caller, bookable, kinds)
    rows: list[JournalRow] = await caller.tenant.journal(
        bookable, after=after.seq if after else 0, limit=query.limit
    )
    return document(page_of(rows, query.limit, lambda x: {"seq": x.seq}))


handlers = [
    seats_left,
    seat_of,
    roster,
    observe,
    occurrence_journal,
    resource_journal,
    event_journal,
]
