"""Rules over HTTP: opening hours, recurring blocks, lead time; what they come to on which day (C2).

An owner of rules is a bookable, a service as its limit `service:<id>`, or a `location:<id>`, whose
rules hold for all that is there. Its sequence is the entity tag.
"""

from datetime import date
from typing import Annotated, Any

from litestar import Response, get, put
from litestar.params import FromPath
from msgspec import Meta, Struct

from lastseat.access import Action
from lastseat.core import outcomes as o
from lastseat.core.outcomes import Code
from lastseat.core.rules import Rules
from lastseat.http.asking import asked
from lastseat.http.caller import caller_of
from lastseat.http.describing import Link, described
from lastseat.http.etag import expected_version
from lastseat.http.examples import BOOKING
from lastseat.http.idempotency import key_of
from lastseat.http.incoming import AnyRequest, Body, query_of
from lastseat.http.paging import MOST, USUAL
from lastseat.http.problems import document, invalid, respond, unknown
from lastseat.http.shapes import Reason, Sequences
from lastseat.library.asynchronous.engine import NotFound
from lastseat.views.times import Days, OutsideAnswer, RulesView

OWNER = "location:kreuzberg"
RULES: dict[str, Any] = {
    "hours": {
        "weekly": {
            "MO": [{"opens": "10:00", "closes": "22:00"}],
            "SA": [{"opens": "10:00", "closes": "14:00"}, {"opens": "16:00", "closes": "02:00"}],
        },
        "seasons": [{"first": "07-01", "last": "08-31", "weekly": {}}],
        "special": [{"date": "2026-12-24", "last": "2026-12-26", "name": "Christmas"}],
    },
    "blocks": [
        {
            "start": "2026-11-02T08:00",
            "seconds": 7200,
            "rrule": ["FREQ=MONTHLY;BYDAY=1MO"],
            "name": "Maintenance",
        }
    ],
    "lead_seconds": 3600,
    "horizon_seconds": 7_776_000,
    "grid_seconds": 1800,
}
VIEW = {"owner": OWNER, "seq": 3, "time_zone": "Europe/Berlin", "rules": RULES}
OUTSIDE: dict[str, Any] = {
    "booking_id": BOOKING,
    "bookable": "lane-4",
    "during": {"start": "2026-12-24T17:00:00Z", "end": "2026-12-24T18:00:00Z"},
    "refusal": {
        "code": "not_bookable",
        "rule": "hours",
        "actor": "ann",
        "bookable": "lane-4",
        "owner": OWNER,
        "during": {"start": "2026-12-24T17:00:00Z", "end": "2026-12-24T18:00:00Z"},
        "open": [],
        "limit": None,
        "seconds": None,
        "reason": "Christmas",
    },
}
PATH = {
    "owner": (
        {"type": "string", "minLength": 1},
        "A bookable, `service:<id>` or `location:<id>`, percent-encoded.",
        OWNER,
    )
}


class RulesBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rules from now on: all of them, those that were there are gone."""

    rules: Rules
    expected: Sequences | None = None
    reason: Reason | None = None


class DaysQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which days, both included."""

    first: Annotated[date, Meta(description="By the owner's wall clock.")]
    last: Annotated[date | None, Meta(description="Left out: the first alone.")] = None


class OutsideQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many of them."""

    limit: Annotated[int, Meta(ge=1, le=MOST)] = USUAL


_RULES = Body(RulesBody)


@put(
    "/v1/rules/{owner:str}",
    **described(
        "set_rules",
        tag="rules",
        summary="Set the rules",
        says=(
            "Replaces all rules of the owner. They hold for every booking decided from then on;"
            " what is booked stays: `/outside` lists what they would refuse. If-Match has the"
            " sequence that was read."
        ),
        path=PATH,
        body=RulesBody,
        body_example={"rules": RULES},
        answer=o.RulesChanged,
        answer_example={"code": "rules_changed", "owner": OWNER, "seq": 3},
        refused=(Code.UNKNOWN_BOOKABLE, Code.CONFLICT, 412),
        versioned=True,
        links={
            name: Link(name, {"owner": "$response.body#/owner"})
            for name in ("rules", "effective_hours", "outside_rules")
        },
    ),
)
async def set_rules(request: AnyRequest, owner: FromPath[str]) -> Response[Any]:
    """Replace an owner's rules."""
    caller = await caller_of(request, Action.RULES_WRITE)
    body = await _RULES.read(request)
    seq = expected_version(request, rule="expected_seq")
    expected = body.expected or {}
    if seq is not None:
        if expected.get(owner, seq) != seq:
            raise invalid("expected", "is another sequence than that of If-Match")
        expected = {**expected, owner: seq}
    command = caller.tenant.commands.set_rules(
        owner, body.rules, expected=expected, reason=body.reason, key=key_of(request)
    )
    answer = await caller.tenant.execute(command)
    outcome = answer.outcome
    if isinstance(outcome, o.RulesChanged):
        return respond(answer, headers={"etag": f'"{outcome.seq}"'})
    return respond(answer)


@get(
    "/v1/rules/{owner:str}",
    **described(
        "rules",
        tag="rules",
        summary="Read the rules",
        says="As they are now; an owner without rules can be booked at any time.",
        path=PATH,
        answer=RulesView,
        answer_example=VIEW,
        refused=(Code.UNKNOWN_BOOKABLE,),
        tagged=True,
    ),
)
async def read_rules(request: AnyRequest, owner: FromPath[str]) -> Response[Any]:
    """An owner's rules."""
    caller = await caller_of(request, Action.RULES_READ)
    try:
        found = await caller.tenant.rules(owner)
    except NotFound:
        raise unknown("unknown_bookable", bookable=owner) from None
    # A location that was never given rules has no stream, and no version to expect.
    return document(found, version=found.seq or None)


@get(
    "/v1/hours/{owner:str}",
    **described(
        "effective_hours",
        tag="rules",
        summary="Read the opening hours",
        says=(
            "What the rules come to on each day: the hours of the owner within those of its"
            " location, special days before seasons, seasons before the week."
        ),
        path=PATH,
        query=DaysQuery,
        answer=Days,
        answer_example={
            "owner": OWNER,
            "items": [
                {
                    "date": "2026-11-23",
                    "spans": [{"start": "2026-11-23T09:00:00Z", "end": "2026-11-23T21:00:00Z"}],
                    "closed_because": None,
                },
                {"date": "2026-12-24", "spans": [], "closed_because": "Christmas"},
            ],
        },
        refused=(Code.UNKNOWN_BOOKABLE,),
    ),
)
async def effective_hours(request: AnyRequest, owner: FromPath[str]) -> Response[Any]:
    """An owner's opening hours on some days."""
    caller = await caller_of(request, Action.AVAILABILITY_READ)
    query = query_of(request, DaysQuery)
    last = query.first if query.last is None else query.last
    with asked():
        found = await caller.tenant.effective_hours(owner, first=query.first, last=last)
    return document(Days(owner=owner, items=list(found)))


@get(
    "/v1/rules/{owner:str}/outside",
    **described(
        "outside_rules",
        tag="rules",
        summary="List bookings outside the rules",
        says=(
            "Bookings to come that today's rules would refuse, by their start: made before the"
            " rules were, or by override. At most `limit` of them; once they are moved or"
            " cancelled, the next ones show."
        ),
        path=PATH,
        query=OutsideQuery,
        answer=OutsideAnswer,
        answer_example={"items": [OUTSIDE]},
        refused=(Code.UNKNOWN_BOOKABLE,),
    ),
)
async def outside_rules(request: AnyRequest, owner: FromPath[str]) -> Response[Any]:
    """Bookings that the rules would refuse."""
    caller = await caller_of(request, Action.RULES_READ)
    query = query_of(request, OutsideQuery)
    with asked():
        found = await caller.tenant.outside_rules(owner, limit=query.limit)
    return document(OutsideAnswer(items=list(found)))


handlers = [set_rules, read_rules, effective_hours, outside_rules]
