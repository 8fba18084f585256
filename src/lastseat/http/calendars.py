"""Calendars over HTTP: iCalendar imported, refreshed, exported (MISSION B7)."""

from typing import Annotated, Any, Literal

from litestar import Response, delete, get, post
from litestar.params import FromPath
from msgspec import Meta, Struct, field

from lastseat.access import Action, Reach
from lastseat.catalogue.answers import Unknown
from lastseat.catalogue.calendars import Calendar
from lastseat.core import limits
from lastseat.core.outcomes import Code, Invalid
from lastseat.gateways.fetch import MOST_URL
from lastseat.http.caller import Caller, caller_of
from lastseat.http.describing import Link, described
from lastseat.http.idempotency import key_of
from lastseat.http.incoming import AnyRequest, Body, Paged, path_id, query_of
from lastseat.http.keeping import kept
from lastseat.http.paging import Page, encode_cursor
from lastseat.http.problems import Forbidden, Reply, document, respond, unknown
from lastseat.http.shapes import Capacity, Moment
from lastseat.library.importing import ImportReport
from lastseat.library.importing_terms import CALENDAR_LENGTH
from lastseat.library.showing import Shown, kind_of

CALENDAR_TYPE = "text/calendar"

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
SHOWN = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Lastseat//Lastseat//EN
CALSCALE:GREGORIAN
METHOD:PUBLISH
X-WR-CALNAME:Yoga
BEGIN:VEVENT
UID:0f0e2c58-2f0e-5d0a-8a52-6a3a9c0f1d33@lastseat
DTSTAMP:20261120T091502Z
DTSTART:20261123T170000Z
DTEND:20261123T180000Z
SEQUENCE:0
SUMMARY:Yoga
STATUS:CONFIRMED
END:VEVENT
END:VCALENDAR
"""

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
Of = Annotated[
    str,
    Meta(
        description="What it shows: `event:<id>`, `resource:<id>`, `location:<id>`, `actor:<id>`.",
        extra_json_schema={
            "maxLength": limits.NAME_LENGTH,
            "pattern": "^(event|resource|location|actor):[^\\u0000-\\u001f\\u007f-\\u009f]+$",
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


class Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    """No more has to be said."""


class CalendarsQuery(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which calendars to list."""


class ExportQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of what, from when to when, and whether with people."""

    of: Of
    start: Moment | None = None
    end: Moment | None = None
    redacted: Annotated[Literal["true", "false"], Meta(description="`true`: without people.")] = (
        "false"
    )


class AfterCalendar(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a page of calendars ended."""

    after: str


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
        query=CalendarsQuery,
        answer=Page[Calendar],
        answer_example={"items": [EXAMPLE], "next": None},
    ),
)
async def list_calendars(request: AnyRequest) -> Response[Any]:
    """A page of calendars."""
    caller = await caller_of(request, Action.CALENDARS_READ)
    query = query_of(request, CalendarsQuery)
    after = query.after(AfterCalendar)
    found = await caller.tenant.calendars.calendars(
        after=after.after if after else "", limit=query.limit
    )
    more = len(found) == query.limit
    following = encode_cursor({"after": found[-1].calendar_id}) if more else None
    return document(Page(items=found, next=following))


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


@get(
    "/v1/calendar",
    **described(
        "export_calendar",
        tag="calendars",
        summary="Export a calendar",
        says=(
            "What is booked or takes place, as iCalendar; with people unless `redacted`. From a"
            " month ago to 400 days ahead, unless `start` and `end` say otherwise. Who reaches only"
            " their own bookings may ask for themselves as `actor:` alone."
        ),
        query=ExportQuery,
        answer=str,
        answer_example=SHOWN,
        media=CALENDAR_TYPE,
        refused=(404,),
    ),
)
async def export_calendar(request: AnyRequest) -> Response[Any]:
    """A calendar as a file."""
    take_calendars(request)
    caller = await caller_of(request, Action.CALENDARS_EXPORT)
    query = query_of(request, ExportQuery)
    _own(caller, query.of)
    found = await caller.tenant.calendars.export(
        query.of, start=query.start, end=query.end, redacted=query.redacted == "true"
    )
    return sent(request, found)


def _own(caller: Caller, of: str) -> None:
    """Raises the problem 403 for another's calendar when the caller reaches only their own."""
    if caller.reach is Reach.ALL:
        return
    mine = caller.principal.actor
    if mine is None or kind_of(of) != ("actor", mine):
        raise Forbidden(caller.action, f"`{caller.action}` is for the caller's own bookings alone")


def take_calendars(request: AnyRequest) -> None:
    """Let a request say that it takes calendars, where they are what it is about."""
    headers = request.scope["headers"]
    request.scope["headers"] = [
        x for x in headers if not (x[0] == b"accept" and b"text/calendar" in x[1].lower())
    ]


def sent(
    request: AnyRequest, found: Shown | Invalid | Unknown, *, private: bool = False
) -> Response[Any]:
    """A calendar as it is sent; without its body when the caller has it already."""
    if isinstance(found, Unknown):
        raise unknown("not_found" if private else f"unknown_{found.what}", id=found.id)
    if isinstance(found, Invalid):
        return respond(found)
    tag = f'"{found.etag}"'.encode()
    headers = [
        (b"content-type", b"text/calendar; charset=utf-8"),
        (b"etag", tag),
        (b"cache-control", b"private, max-age=300"),
        (b"content-disposition", b'inline; filename="calendar.ics"'),
        (b"x-content-type-options", b"nosniff"),
    ]
    known = request.headers.get("if-none-match", "")
    if tag in [x.strip().removeprefix("W/").encode() for x in known.split(",")]:
        return Reply(304, b"", headers[1:3])
    return Reply(200, found.body, headers)


handlers = [
    import_calendar,
    list_calendars,
    read_calendar,
    refresh_calendar,
    remove_calendar,
    export_calendar,
]
