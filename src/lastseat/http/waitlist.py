"""The waitlist over HTTP: join a line, and who waits in it (MISSION C7).

A place in line is a booking: its position stands in `GET /v1/bookings/{booking_id}`, and what it
was offered is accepted by `confirm`, declined by `release`, and left by `cancel`, as any booking.
"""

from typing import Annotated, Any

from litestar import Response, get, post
from msgspec import Meta, Struct

from lastseat.access import Action, Reach, Role
from lastseat.core import limits
from lastseat.core import outcomes as o
from lastseat.core.commands import Contact, Join
from lastseat.core.outcomes import Code
from lastseat.http.asking import asked
from lastseat.http.bookings import chosen_from, wanted
from lastseat.http.caller import Caller, caller_of
from lastseat.http.describing import Link, described
from lastseat.http.examples import JOINED, WAITING
from lastseat.http.idempotency import key_of
from lastseat.http.incoming import AnyRequest, Body, Paged, query_of
from lastseat.http.naming import SHORT, renamed
from lastseat.http.paging import AfterSeq, Page, encode_cursor
from lastseat.http.problems import document, invalid, respond, unknown
from lastseat.http.selling import slot_end
from lastseat.http.shapes import (
    Attributes,
    Choices,
    Claims,
    HoldSeconds,
    Id,
    Moment,
    Name,
    Units,
)
from lastseat.views.bookings import WaitlistEntry

JOINING = (
    Code.INVALID,
    Code.CONFLICT,
    Code.UNKNOWN_BOOKABLE,
    Code.ALREADY,
    Code.ALREADY_WAITING,
    Code.NOT_BOOKABLE,
    Code.WAITLIST_CLOSED,
    Code.WAITLIST_FULL,
    Code.FULL,
)
"""What joining a line may be refused as."""


class JoinBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to wait for: `claims` and `choices`, or `units` of one `bookable`, or a service's slot.

    The line is that of the first claim. Of a service give `service_id` and `start`; `end` may be
    left out where the service says how long it lasts. The offer is a hold of `offer_seconds`: 900,
    or as long as the service's reservations.
    """

    actor: Annotated[
        Id | None, Meta(description="Who waits; who books only for themselves leaves it out.")
    ] = None
    bookable: Id | None = None
    units: Units = 1
    claims: Claims | None = None
    choices: Choices | None = None
    service_id: Id | None = None
    start: Moment | None = None
    end: Moment | None = None
    party: Annotated[
        Units, Meta(description="For how many, where the service's needs ask for it.")
    ] = 1
    offer_seconds: HoldSeconds | None = None
    metadata: Attributes | None = None
    contact: Contact | None = None


class WaitlistQuery(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose line; with `start` and `end` those alone who wait for a time that overlaps it."""

    bookable: Annotated[Name, Meta(description="Of a service it is `service:<service_id>`.")]
    start: Moment | None = None
    end: Moment | None = None


_JOIN = Body(JoinBody)
_THIS = {"booking_id": "$response.body#/booking_id"}
_SLOT = {"claims[0].": "", "claims[1].": ""}


@post(
    "/v1/waitlist",
    **described(
        "join_waitlist",
        tag="waitlist",
        summary="Join a waitlist",
        says=(
            "Who waits is answered `joined`, with the position. What comes free is held for whoever"
            " is next, before anybody else can have it: confirm the booking to take it, release it"
            " to pass it on. If it is free now and nobody waits, that is the answer: `held`. With a"
            " publishable key a guest waits for a slot of a service."
        ),
        status=201,
        body=JoinBody,
        body_example={"bookable": "yoga-monday", "units": 2, "actor": "ann"},
        answer=o.Joined | o.Held,
        answer_example=JOINED,
        refused=("unknown_service", *JOINING),
        tagged=True,
        links={
            "booking": Link("booking", _THIS, says="Read it, and its position."),
            "confirm": Link("confirm", _THIS, {}, "Accept what is offered."),
            "release": Link("release", _THIS, {}, "Decline what is offered."),
            "cancel": Link("cancel", _THIS, {}, "Leave the line."),
        },
    ),
)
async def join_waitlist(request: AnyRequest) -> Response[Any]:
    """Wait for a place."""
    caller = await caller_of(request, Action.WAITLIST_JOIN)
    body = await _JOIN.read(request)
    if body.service_id is None:
        # An offer is a hold: who may not hold a place can't be offered one.
        holder = Caller(caller.engine, caller.tenant, caller.principal, Action.BOOKINGS_HOLD)
        command: Join | o.AnyOutcome = _for_claims(holder, body, key_of(request))
    else:
        command = await _for_slot(caller, body, body.service_id, key_of(request))
    if not isinstance(command, Join):
        return respond(command)
    answer = await caller.tenant.execute(command)
    outcome = answer.outcome
    if not isinstance(outcome, o.Joined | o.Held):
        names = _SLOT if body.service_id else SHORT if body.bookable else {}
        return respond(renamed(answer, names))
    return respond(answer, status=201, headers={"location": f"/v1/bookings/{outcome.booking_id}"})


def _for_claims(caller: Caller, body: JoinBody, key: str | None) -> Join:
    for field in ("start", "end"):
        if getattr(body, field) is not None:
            raise invalid(field, "goes with service_id; each of the claims has its own")
    if body.party != 1:
        raise invalid("party", "goes with service_id; each of the claims has its units")
    return caller.tenant.commands.join_waitlist(
        wanted(body.claims, body.bookable, body.units, body.choices),
        choices=chosen_from(body.choices),
        actor=caller.own(body.actor),
        units=body.units if body.bookable is not None else 1,
        offer_seconds=limits.HOLD_SECONDS if body.offer_seconds is None else body.offer_seconds,
        metadata=body.metadata,
        contact=body.contact,
        key=key,
    )


async def _for_slot(
    caller: Caller, body: JoinBody, service_id: str, key: str | None
) -> Join | o.AnyOutcome:
    for field in ("bookable", "claims", "choices"):
        if getattr(body, field) is not None:
            raise invalid(field, "is in the way of service_id: give one of the two")
    if body.units != 1:
        raise invalid("units", "goes with bookable; of a service give the party")
    if body.start is None:
        raise invalid("start", "is missing: when the slot of the service begins")
    actor = _actor(caller, body.actor)
    end = body.end or await slot_end(caller, service_id, body.start)
    command: Join | o.AnyOutcome = await caller.tenant.reservations.joining(
        service_id,
        start=body.start,
        end=end,
        party=body.party,
        offer_seconds=body.offer_seconds,
        actor=actor,
        metadata=body.metadata,
        contact=body.contact,
        key=key,
    )
    if isinstance(command, o.UnknownBookable):
        raise unknown("unknown_service", id=service_id)
    return command


def _actor(caller: Caller, actor: str | None) -> str | None:
    """Who waits; None: a guest. Raises the problems 400 and 403."""
    if caller.reach is Reach.OWN:
        return caller.own(actor)
    if caller.principal.roles <= {Role.GUEST} and actor is not None:
        raise invalid("actor", "is drawn for a guest: leave it out")
    return actor


@get(
    "/v1/waitlist",
    **described(
        "waitlist",
        tag="waitlist",
        summary="List who waits",
        says="In the line of one bookable, first come first, each with what is waited for.",
        query=WaitlistQuery,
        answer=Page[WaitlistEntry],
        answer_example={"items": [WAITING], "next": None},
        refused=(Code.INVALID, Code.UNKNOWN_BOOKABLE),
    ),
)
async def waitlist(request: AnyRequest) -> Response[Any]:
    """A page of a line."""
    caller = await caller_of(request, Action.WAITLIST_READ)
    query = query_of(request, WaitlistQuery)
    after = query.after(AfterSeq)
    with asked():
        found = await caller.tenant.waitlist(
            query.bookable,
            start=query.start,
            end=query.end,
            limit=query.limit,
            cursor=str(after.seq) if after else None,
        )
    following = encode_cursor({"seq": int(found.next)}) if found.next is not None else None
    return document(Page(items=found.items, next=following))


handlers = [join_waitlist, waitlist]
