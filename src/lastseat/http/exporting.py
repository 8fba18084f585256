"""Calendars out over HTTP: what is booked or takes place, as iCalendar (MISSION B7)."""

from typing import Annotated, Any, Literal

from litestar import Response, get
from msgspec import Meta, Struct

from lastseat.access import Action, Reach
from lastseat.catalogue.answers import Unknown
from lastseat.core import limits
from lastseat.core.outcomes import Invalid
from lastseat.http.caller import Caller, caller_of
from lastseat.http.describing import described
from lastseat.http.incoming import AnyRequest, query_of
from lastseat.http.problems import Forbidden, Reply, missing, respond, unknown
from lastseat.http.shapes import Moment
from lastseat.library.showing import Shown, kind_of

CALENDAR_TYPE = "text/calendar"

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


class ExportQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of what, from when to when, and whether with people."""

    of: Of
    start: Moment | None = None
    end: Moment | None = None
    redacted: Annotated[Literal["true", "false"], Meta(description="`true`: without people.")] = (
        "false"
    )


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
        raise unknown("not_found", id=found.id) if private else missing(found.what, found.id)
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


handlers = [export_calendar]
