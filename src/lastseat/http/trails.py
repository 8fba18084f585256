"""The history of one booking: its audit trail, and its rows in the journal. Only looking."""

from typing import Annotated, Any

from litestar import Response, get
from litestar.params import FromPath
from msgspec import Meta, Struct

from lastseat.access import Action
from lastseat.core.outcomes import Code
from lastseat.http.bookings import PATH, theirs
from lastseat.http.caller import caller_of
from lastseat.http.describing import described
from lastseat.http.examples import AUDITED, ENTRY
from lastseat.http.incoming import AnyRequest, Paged, query_of
from lastseat.http.paging import Page, encode_cursor, page_of
from lastseat.http.problems import document, unknown
from lastseat.library.asynchronous.engine import NotFound
from lastseat.views.history import AuditEntry


class BookingEntry(Struct, frozen=True, kw_only=True):
    """One journal row of a booking; the members of `event` depend on its `type`."""

    stream: str
    seq: int
    type: str
    event: dict[str, Any]
    at: str
    principal: str
    lead: bool
    version: int


class AfterVersion(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a page of an audit trail ended."""

    version: Annotated[int, Meta(ge=0, le=2**31 - 1)]


class AfterRow(Struct, frozen=True, forbid_unknown_fields=True):
    """How many of a booking's rows the pages before had. They only become more."""

    rows: Annotated[int, Meta(ge=0, le=2**31 - 1)]


@get(
    "/v1/bookings/{booking_id:str}/audit",
    **described(
        "audit",
        tag="bookings",
        summary="Read the audit trail",
        says=(
            "Who did what and when, and what the booking was before and after. Of personal details"
            " it names the fields that were written, and never their values."
        ),
        path=PATH,
        query=Paged,
        answer=Page[AuditEntry],
        answer_example={"items": [AUDITED], "next": None},
        refused=(Code.UNKNOWN_BOOKING,),
    ),
)
async def audit(request: AnyRequest, booking_id: FromPath[str]) -> Response[Any]:
    """A page of a booking's audit trail."""
    caller = await caller_of(request, Action.BOOKINGS_AUDIT)
    query = query_of(request, Paged)
    after = query.after(AfterVersion)
    found = await theirs(caller, booking_id)
    try:
        entries = await caller.tenant.audit(
            found, after_version=after.version if after else 0, limit=query.limit
        )
    except NotFound:
        raise unknown("unknown_booking", booking_id=booking_id) from None
    return document(page_of(entries, query.limit, lambda x: {"version": x.version}))


@get(
    "/v1/bookings/{booking_id:str}/journal",
    **described(
        "booking_journal",
        tag="bookings",
        summary="Read a booking's journal",
        says="Its rows on all the streams it touched, in the order written.",
        path=PATH,
        query=Paged,
        answer=Page[BookingEntry],
        answer_example={
            "items": [
                {
                    "stream": "yoga-monday",
                    **{name: x for name, x in ENTRY.items() if name != "booking_id"},
                }
            ],
            "next": None,
        },
        refused=(Code.UNKNOWN_BOOKING,),
    ),
)
async def booking_journal(request: AnyRequest, booking_id: FromPath[str]) -> Response[Any]:
    """A page of a booking's journal rows."""
    caller = await caller_of(request, Action.JOURNAL_READ)
    query = query_of(request, Paged)
    after = query.after(AfterRow)
    try:
        rows = await caller.tenant.booking_journal(await theirs(caller, booking_id))
    except NotFound:
        raise unknown("unknown_booking", booking_id=booking_id) from None
    first = after.rows if after else 0
    page = rows[first : first + query.limit]
    past = first + len(page)
    following = encode_cursor({"rows": past}) if past < len(rows) else None
    return document(Page(items=page, next=following))


handlers = [audit, booking_journal]
