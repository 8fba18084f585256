"""Agendas over HTTP: what is on, everywhere, at a place, of an event, of a person (MISSION B6).

Who may not read everybody's bookings sees what takes place and when something is taken, never by
whom; their own bookings they see whole.
"""

from typing import Annotated, Any

import msgspec
from litestar import Response, get
from litestar.params import FromPath
from msgspec import Meta

from lastseat.access import Action, Reach, permit
from lastseat.core.outcomes import Code
from lastseat.http.asking import asked
from lastseat.http.bookables import EVENTS, one_of
from lastseat.http.bookables import PATH as BOOKABLE
from lastseat.http.caller import Caller, caller_of
from lastseat.http.describing import described
from lastseat.http.incoming import AnyRequest, Paged, query_of
from lastseat.http.paging import Page
from lastseat.http.problems import Forbidden, document
from lastseat.http.shapes import Moment, Name
from lastseat.views.times import AgendaItem

_ITEM: dict[str, Any] = {
    "start": "2026-11-23T17:00:00Z",
    "end": "2026-11-23T18:00:00Z",
    "kind": "occurrence",
    "bookable": "yoga@2026-11-23T18:00",
    "title": "Yoga",
    "event": "yoga",
    "location": "kreuzberg",
    "taken": 4,
    "capacity": 12,
    "left": 8,
}


class WindowQuery(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What overlaps `[start, end)`."""

    start: Moment
    end: Moment


class AgendaQuery(WindowQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What overlaps `[start, end)`, of everything that all else given is true of."""

    location: Name | None = None
    resource: Name | None = None
    event: Name | None = None
    actor: Annotated[
        Name | None, Meta(description="Whose: one's own, unless one may read all bookings.")
    ] = None


@get(
    "/v1/agenda",
    **described(
        "agenda",
        tag="availability",
        summary="Read the agenda",
        says=(
            "Occurrences, opened or not, bookings and blocks, by their start. Who may not read all"
            " bookings is not told whose they are."
        ),
        query=AgendaQuery,
        answer=Page[AgendaItem],
        answer_example={"items": [_ITEM], "next": None},
        refused=(Code.UNKNOWN_BOOKABLE,),
    ),
)
async def agenda(request: AnyRequest) -> Response[Any]:
    """A page of the agenda."""
    caller = await caller_of(request, Action.AGENDA_READ)
    query = query_of(request, AgendaQuery)
    own = query.actor is not None and query.actor == caller.principal.actor
    whole = own or _sees_all(caller)
    if query.actor is not None and not whole:
        # Refused as a list of that actor's bookings is.
        caller.allow(Action.BOOKINGS_LIST)
        action = Action.BOOKINGS_LIST
        raise Forbidden(action, f"`{action}` is for the caller's own bookings alone")
    with asked():
        found = await caller.tenant.agenda(
            start=query.start,
            end=query.end,
            location=query.location,
            resource=query.resource,
            actor=query.actor,
            event=query.event,
            limit=query.limit,
            cursor=query.cursor,
        )
    items = list(found.items) if whole else [nameless(x) for x in found.items]
    return document(Page(items=items, next=found.next))


@get(
    "/v1/events/{bookable:str}/occurrences",
    **described(
        "event_occurrences",
        tag="events",
        summary="List an event's occurrences",
        says=(
            "Those that overlap the time, by their start, with what is taken: those that nobody has"
            " booked yet too, and those that are called off."
        ),
        path=BOOKABLE,
        query=WindowQuery,
        answer=Page[AgendaItem],
        answer_example={"items": [_ITEM], "next": None},
        refused=(Code.UNKNOWN_BOOKABLE,),
    ),
)
async def event_occurrences(request: AnyRequest, bookable: FromPath[str]) -> Response[Any]:
    """A page of an event's occurrences."""
    caller = await caller_of(request, Action.BOOKABLES_READ)
    query = query_of(request, WindowQuery)
    await one_of(caller, bookable, EVENTS)
    with asked():
        found = await caller.tenant.agenda(
            start=query.start,
            end=query.end,
            event=bookable,
            limit=query.limit,
            cursor=query.cursor,
        )
    return document(Page(items=[nameless(x) for x in found.items], next=found.next))


def _sees_all(caller: Caller) -> bool:
    return permit(caller.principal, Action.BOOKINGS_LIST) is Reach.ALL


def nameless(item: AgendaItem) -> AgendaItem:
    """The item without whose it is. What a booking is called may say so, too."""
    title = item.title if item.booking_id is None else item.bookable
    return msgspec.structs.replace(item, actor=None, booking_id=None, title=title)


handlers = [agenda, event_occurrences]
