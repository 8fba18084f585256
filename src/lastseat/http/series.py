"""Series over HTTP: many dates booked in one transaction, by a stated policy (MISSION H1)."""

from typing import Annotated, Any

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Meta, Struct

from lastseat.access import Action, Reach
from lastseat.core import limits
from lastseat.core import outcomes as o
from lastseat.core.commands import Claim, Contact, SeriesDate, SeriesPolicy
from lastseat.core.outcomes import Code
from lastseat.engine.ids import new_id
from lastseat.http.bookings import TAKING, chosen_from, series_id, wanted
from lastseat.http.caller import caller_of
from lastseat.http.describing import UUID, Link, described
from lastseat.http.examples import BOOKED, BOOKING, BOOKING_VIEW
from lastseat.http.idempotency import key_of
from lastseat.http.incoming import AnyRequest, Body, Paged, query_of
from lastseat.http.paging import AfterUuid, Page, encode_cursor
from lastseat.http.problems import Problem, document, invalid, respond, unknown
from lastseat.http.shapes import Attributes, Choices, Claims, HoldSeconds, Id, Reason, Units
from lastseat.views.bookings import BookingView

SERIES = "01936b2c-7c11-7a55-b0aa-1d2e3f4a5b66"
PATH = {"series_id": (UUID, "The series' id.", SERIES)}


class DateBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """One date, a booking of its own: `claims` and `choices`, or `units` of one `bookable`."""

    bookable: Id | None = None
    units: Units = 1
    claims: Claims | None = None
    choices: Choices | None = None

    def date(self) -> SeriesDate:
        """The same for the engine."""
        claims = wanted(self.claims, self.bookable, self.units, self.choices)
        if isinstance(claims, str):
            claims = [Claim(bookable=claims, units=self.units)]
        return SeriesDate(
            booking_id=new_id(), claims=tuple(claims), choices=chosen_from(self.choices)
        )


class SeriesBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The dates, and what is to become of them when not all can be had.

    `all_or_nothing`: every date or none. `skip_conflicts`: those that can be had, one at least.
    `first_n`: the first `most` that can be had, or none. The other fields are those of a booking,
    the same for each date.
    """

    dates: Annotated[
        tuple[DateBody, ...], Meta(extra_json_schema={"minItems": 1, "maxItems": limits.DATES})
    ]
    policy: SeriesPolicy = SeriesPolicy.ALL_OR_NOTHING
    most: Annotated[
        int | None,
        Meta(description="The n of `first_n`.", extra_json_schema={"minimum": 1}),
    ] = None
    actor: Annotated[
        Id | None, Meta(description="Who it is for; who books only for themselves leaves it out.")
    ] = None
    confirmed: bool = True
    hold_seconds: HoldSeconds | None = None
    limit_seconds: HoldSeconds | None = None
    override: bool = False
    reason: Reason | None = None
    metadata: Attributes | None = None
    contact: Contact | None = None


_SERIES = Body(SeriesBody)

_MONDAY = {
    "bookable": "lane-4",
    "start": "2026-11-23T19:30:00+01:00",
    "end": "2026-11-23T21:00:00+01:00",
    "time_zone": "Europe/Berlin",
}
_NEXT = {
    **_MONDAY,
    "start": "2026-11-30T19:30:00+01:00",
    "end": "2026-11-30T21:00:00+01:00",
}
_TAKEN = {
    "code": "conflict",
    "rule": "exclusive",
    "actor": "ann",
    "bookable": "lane-4",
    "booking_id": BOOKING,
    "during": {"start": "2026-11-30T18:00:00Z", "end": "2026-11-30T19:00:00Z"},
    "actual": None,
}


@post(
    "/v1/series",
    **described(
        "book_series",
        tag="bookings",
        summary="Book a series",
        says=(
            f"Up to {limits.DATES} dates in one transaction. `report` has, in the order of the"
            " dates, what each came to: its booking, or why not; null for a date that was not"
            " tried, since enough were had."
        ),
        status=201,
        body=SeriesBody,
        body_example={
            "actor": "ann",
            "policy": "skip_conflicts",
            "dates": [{"claims": [_MONDAY]}, {"claims": [_NEXT]}],
        },
        answer=o.SeriesBooked,
        answer_example={
            "code": "series_booked",
            "series_id": SERIES,
            "actor": "ann",
            "booked": 1,
            "report": [{**BOOKED, "seat": 0, "units": 1}, _TAKEN],
        },
        refused=(*TAKING, Code.SERIES_REFUSED),
        links={"series": Link("series", {"series_id": "$response.body#/series_id"})},
    ),
)
async def book_series(request: AnyRequest) -> Response[Any]:
    """Book the dates of a series."""
    try:
        body = await _SERIES.read(request)
    except Problem:
        # Who may not book at all is told that, whatever they sent.
        await caller_of(request, Action.BOOKINGS_BOOK)
        raise
    holds = body.hold_seconds is not None
    caller = await caller_of(request, Action.BOOKINGS_HOLD if holds else Action.BOOKINGS_BOOK)
    if body.override:
        caller.allow(Action.BOOKINGS_OVERRIDE)
    if body.limit_seconds is not None and not holds:
        raise invalid("limit_seconds", "is a hold's: give hold_seconds too")
    actor = caller.own(body.actor)
    command = caller.tenant.commands.book_series(
        dates=[_date(i, date) for i, date in enumerate(body.dates)],
        actor=actor,
        policy=body.policy,
        most=body.most,
        seconds=body.hold_seconds,
        limit=body.limit_seconds,
        confirmed=body.confirmed,
        override=body.override,
        reason=body.reason,
        metadata=body.metadata,
        contact=body.contact,
        key=key_of(request),
    )
    answer = await caller.tenant.execute(command)
    outcome = answer.outcome
    if not isinstance(outcome, o.SeriesBooked):
        return respond(answer)
    return respond(answer, status=201, headers={"location": f"/v1/series/{outcome.series_id}"})


def _date(i: int, body: DateBody) -> SeriesDate:
    """One date. A problem names the date that it is about."""
    try:
        return body.date()
    except Problem as problem:
        field, reason = problem.extra["field"], problem.extra["reason"]
        raise invalid(f"dates[{i}].{field}", reason) from None


@get(
    "/v1/series/{series_id:str}",
    **described(
        "series",
        tag="bookings",
        summary="Read a series",
        says="Its bookings as they stand now, the newest first. A customer reads only their own.",
        path=PATH,
        query=Paged,
        answer=Page[BookingView],
        answer_example={"items": [{**BOOKING_VIEW, "series_id": SERIES}], "next": None},
        refused=("unknown_series",),
    ),
)
async def read_series(request: AnyRequest, series_id: FromPath[str]) -> Response[Any]:
    """A page of the bookings of a series."""
    caller = await caller_of(request, Action.BOOKINGS_LIST)
    query = query_of(request, Paged)
    after = query.after(AfterUuid)
    try:
        wanted_id = _id(series_id)
    except Problem:
        raise unknown("unknown_series", series_id=series_id) from None
    found = await caller.tenant.bookings(
        actor=None if caller.reach is Reach.ALL else caller.own(None),
        series=wanted_id,
        after=str(after.after) if after else None,
        limit=query.limit,
    )
    if not found.items and after is None:
        raise unknown("unknown_series", series_id=series_id)
    following = encode_cursor({"after": found.next}) if found.next is not None else None
    return document(Page(items=list(found.items), next=following))


_id = series_id
"""Under a name that the path's parameter does not hide."""

handlers = [book_series, read_series]
