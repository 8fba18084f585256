"""Calendars in over HTTP: iCalendar imported and refreshed (MISSION B7). Out: exporting.py."""

from typing import Annotated, Any, Literal

from litestar import Response, delete, get, post
from litestar.params import FromPath
from msgspec import Meta, Struct, field

from lastseat.access import Action
from lastseat.core import limits
from lastseat.core.outcomes import Code
from lastseat.gateways.fetch import MOST_URL
from lastseat.http.caller import caller_of
from lastseat.http.describing import Link, described
from lastseat.http.idempotency import key_of
from lastseat.http.incoming import AnyRequest, Body, Paged, path_id, query_of
from lastseat.http.keeping import kept
from lastseat.http.paging import AfterId, Page, page_of
from lastseat.http.problems import document, unknown
from lastseat.http.shapes import Capacity, Nothing
from lastseat.library.importing_terms import CALENDAR_LENGTH
from lastseat.views.calendars import Calendar, ImportReport

_COUNTS = {
    "imported": 1,
    "changed": 0,
    "unchanged": 0,
    "cancelled": 0,
    "vanished": 0,
    "undecided": 0,
    "skipped": 1,
}
EXAMPLE: dict[str, Any] = {
    "calendar_id": "school",
    "terms": {"into": "location:kreuzberg", "as": "events", "capacity": 12},
    "host": "calendar.example.org",
    "imported_at": "2026-11-20T09:15:02.113Z",
    "last": _COUNTS,
    "created_at": "2026-11-20T09:15:02.113Z",
}
REPORT: dict[str, Any] = {
    "calendar_id": "school",
    "counts": _COUNTS,
    "not_modified": False,
    "imported": [
        {
            "uid": "6kq3ge1g@example.org",
            "name": "Yoga",
            "made": ["school:5f8d1c0a9b3e47d2a6c1f0e8"],
            "note": None,
        }
    ],
    "changed": [],
    "cancelled": [],
    "vanished": [],
    "undecided": [],
    "skipped": [{"what": "VTODO of line 40", "uid": "todo-1", "reason": "is a to-do"}],
}
PATH = {"calendar_id": ({"type": "string", "minLength": 1}, "Its id, percent-encoded.", "school")}
CalendarId = Annotated[
    str,
    Meta(
        description="Ids of what is made begin with it.",
        extra_json_schema={
            "minLength": 1,
            "maxLength": CALENDAR_LENGTH,
            "pattern": "^[^@\\u0000-\\u001f\\u007f-\\u009f]+$",
        },
    ),
]
Into = Annotated[
    str,
    Meta(
        description="`location:<id>`; blocks may be of a `resource:<id>`, too.",
        extra_json_schema={
            "maxLength": limits.NAME_LENGTH,
            "pattern": "^(location|resource):[^\\u0000-\\u001f\\u007f-\\u009f]+$",
        },
    ),
]


class ImportBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file, or where there is one; what its items become, and where."""

    calendar_id: CalendarId
    into: Into
    as_: Annotated[
        Literal["events", "blocks"],
        Meta(description="What its items become: events, or times when nothing can be booked."),
    ] = field(name="as", default="events")
    url: (
        Annotated[
            str,
            Meta(
                description="An https, http or webcal address, of up to 10 MB.",
                extra_json_schema={
                    "maxLength": MOST_URL,
                    "pattern": "^(https?|webcal)://[!-~]+$",
                },
            ),
        ]
        | None
    ) = None
    ics: Annotated[str, Meta(description="The file itself, instead of an address.")] | None = None
    capacity: Capacity = 1
    vanished: Annotated[
        Literal["report", "cancel"],
        Meta(description="What becomes of what is not in the file any more."),
    ] = "report"
    moved: Annotated[
        Literal["ask", "move", "keep", "call_off"],
        Meta(description="What becomes of bookings on occurrences that a change moves."),
    ] = "ask"
    dropped: Annotated[
        Literal["ask", "keep", "call_off"],
        Meta(description="What becomes of bookings on occurrences that a change drops."),
    ] = "ask"


_IMPORT = Body(ImportBody)
_NOTHING = Body(Nothing, optional=True)


@post(
    "/v1/calendars",
    **described(
        "import_calendar",
        tag="calendars",
        summary="Import a calendar",
        says=(
            "iCalendar (RFC 5545), from an address or as text; the same again changes what has"
            " changed. The report names each item that was passed over, with its reason. Only"
            " public addresses are asked, for 20 seconds at most; of an address no more than its"
            " host is ever shown. What a change would do to bookings is asked first: such items"
            " are `undecided`."
        ),
        status=200,
        body=ImportBody,
        body_example={
            "calendar_id": "school",
            "into": "location:kreuzberg",
            "ics": "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n",
            "capacity": 12,
        },
        answer=ImportReport,
        answer_example=REPORT,
        refused=(404, Code.CONFLICT),
        links={"calendar": Link("calendar", {"calendar_id": "$response.body#/calendar_id"})},
    ),
)
async def import_calendar(request: AnyRequest) -> Response[Any]:
    """Import a calendar."""
    caller = await caller_of(request, Action.CALENDARS_IMPORT)
    body = await _IMPORT.read(request)
    saved = await caller.tenant.calendars.import_ics(
        body.calendar_id,
        body.ics,
        url=body.url,
        into=body.into,
        as_=body.as_,
        capacity=body.capacity,
        vanished=body.vanished,
        moved=body.moved,
        dropped=body.dropped,
        key=key_of(request),
    )
    where = {"Location": f"/v1/calendars/{path_id(body.calendar_id)}"}
    return kept(saved, headers=where)


@get(
    "/v1/calendars",
    **described(
        "calendars",
        tag="calendars",
        summary="List calendars",
        says="Those that were imported, in the order of their ids.",
        query=Paged,
        answer=Page[Calendar],
        answer_example={"items": [EXAMPLE], "next": None},
    ),
)
async def list_calendars(request: AnyRequest) -> Response[Any]:
    """A page of calendars."""
    caller = await caller_of(request, Action.CALENDARS_READ)
    query = query_of(request, Paged)
    after = query.after(AfterId)
    found = await caller.tenant.calendars.calendars(
        after=after.after if after else "", limit=query.limit
    )
    return document(page_of(found, query.limit, lambda x: {"after": x.calendar_id}))


@get(
    "/v1/calendars/{calendar_id:str}",
    **described(
        "calendar",
        tag="calendars",
        summary="Read a calendar",
        says="How it is imported, and what the last import came to.",
        path=PATH,
        answer=Calendar,
        answer_example=EXAMPLE,
        refused=(404,),
    ),
)
async def read_calendar(request: AnyRequest, calendar_id: FromPath[str]) -> Response[Any]:
    """A calendar."""
    caller = await caller_of(request, Action.CALENDARS_READ)
    found = await caller.tenant.calendars.calendar(calendar_id)
    if found is None:
        raise unknown("unknown_calendar", id=calendar_id)
    return document(found)


@post(
    "/v1/calendars/{calendar_id:str}/refresh",
    **described(
        "refresh_calendar",
        tag="calendars",
        summary="Import a calendar again from its address",
        says="Asks only for what is new: with nothing new, `not_modified` and no more.",
        status=200,
        path=PATH,
        body=Nothing,
        body_example={},
        body_optional=True,
        answer=ImportReport,
        answer_example=REPORT,
        refused=(404, Code.CONFLICT),
    ),
)
async def refresh_calendar(request: AnyRequest, calendar_id: FromPath[str]) -> Response[Any]:
    """Import a calendar again."""
    caller = await caller_of(request, Action.CALENDARS_IMPORT)
    await _NOTHING.read(request)
    return kept(await caller.tenant.calendars.refresh(calendar_id, key=key_of(request)))


@delete(
    "/v1/calendars/{calendar_id:str}",
    **described(
        "remove_calendar",
        tag="calendars",
        summary="Forget a calendar",
        says="What was made of its items stays. Imported again, it finds them.",
        path=PATH,
        keyed=True,
        answer=Calendar,
        answer_example=EXAMPLE,
        refused=(404, Code.INVALID, Code.KEY_REUSED),
    ),
)
async def remove_calendar(request: AnyRequest, calendar_id: FromPath[str]) -> Response[Any]:
    """Forget a calendar."""
    caller = await caller_of(request, Action.CALENDARS_IMPORT)
    return kept(await caller.tenant.calendars.remove(calendar_id, key=key_of(request)))


handlers = [
    import_calendar,
    list_calendars,
    read_calendar,
    refresh_calendar,
    remove_calendar,
]
