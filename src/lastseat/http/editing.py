"""Events edited over HTTP: one occurrence, this and what follows, or all of them (MISSION B3).

What an edit would do to booked occurrences is told first (`would_affect`), and nothing is done
until it says what is to become of them.
"""

from typing import Annotated, Any, Literal

from litestar import Response, post
from litestar.params import FromPath
from msgspec import Meta, Struct

from lastseat.access import Action
from lastseat.core import outcomes as o
from lastseat.core.outcomes import Code
from lastseat.engine.requests import Answer
from lastseat.http.bookables import PATH
from lastseat.http.caller import caller_of
from lastseat.http.definitions import LocalStart, Rule
from lastseat.http.describing import described
from lastseat.http.idempotency import key_of
from lastseat.http.incoming import AnyRequest, Body
from lastseat.http.naming import renamed
from lastseat.http.problems import document, respond
from lastseat.http.shapes import Capacity, Reason


class EditBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to change; what is left out stays. `at` is an occurrence's original local start.

    `scope` `this` changes that occurrence alone, `following` it and those after, `all` the event.
    """

    scope: Literal["this", "following", "all"]
    at: LocalStart | None = None
    start: Annotated[
        str | None,
        Meta(
            description="The new local start, or only its time of day, `19:30`.",
            extra_json_schema={"pattern": r"^(\d{4}-\d{2}-\d{2}T)?\d{2}:\d{2}$"},
        ),
    ] = None
    duration_seconds: Annotated[int | None, Meta(extra_json_schema={"minimum": 1})] = None
    rrule: tuple[Rule, ...] | None = None
    rdate: tuple[LocalStart, ...] | None = None
    exdate: tuple[LocalStart, ...] | None = None
    capacity: Capacity | None = None
    cancelled: Annotated[bool | None, Meta(description="Whether the occurrence is called off.")] = (
        None
    )
    on_moved: Annotated[
        Literal["ask", "move", "keep", "call_off"],
        Meta(description="Of booked occurrences that would be at another time."),
    ] = "ask"
    on_dropped: Annotated[
        Literal["ask", "keep", "call_off"],
        Meta(description="Of booked occurrences that there would be no more."),
    ] = "ask"
    on_overbooked: Annotated[
        Literal["ask", "allow"],
        Meta(description="Where more is taken than the new capacity; to allow is a permission."),
    ] = "ask"
    dry_run: Annotated[bool, Meta(description="Only tell what would be affected.")] = False
    reason: Reason | None = None


_EDIT = Body(EditBody)

_NAMES = {"duration": "duration_seconds", "seconds": "duration_seconds", "event": "bookable"}


@post(
    "/v1/events/{bookable:str}/edit",
    **described(
        "edit_event",
        tag="events",
        summary="Edit an event",
        says=(
            "Its rule, time, length or capacity, or one occurrence's; an occurrence keeps its id"
            " and its bookings wherever it goes. As long as something booked would be affected and"
            " the edit does not say how, it is refused (`would_affect`) with what that is. With"
            " `dry_run` that is the answer, and nothing is done."
        ),
        status=200,
        path=PATH,
        body=EditBody,
        body_example={
            "scope": "following",
            "at": "2026-11-30T18:00",
            "start": "19:30",
            "on_moved": "move",
        },
        answer=o.EventEdited | o.WouldAffect,
        answer_example={
            "code": "event_edited",
            "event": "yoga",
            "seq": 4,
            "changed": ["yoga@2026-11-30T18:00"],
        },
        refused=(
            Code.UNKNOWN_BOOKABLE,
            Code.WOULD_AFFECT,
            Code.CONFLICT,
            Code.FULL,
            Code.ACTOR_BUSY,
        ),
    ),
)
async def edit_event(request: AnyRequest, bookable: FromPath[str]) -> Response[Any]:
    """Edit an event."""
    caller = await caller_of(request, Action.EVENTS_EDIT)
    body = await _EDIT.read(request)
    if body.on_overbooked == "allow":
        caller.allow(Action.BOOKABLES_OVERRIDE_CAPACITY)
    outcome = await caller.tenant.edit_event(
        bookable,
        scope=body.scope,
        at=body.at,
        start=body.start,
        duration=body.duration_seconds,
        rrule=body.rrule,
        rdate=body.rdate,
        exdate=body.exdate,
        capacity=body.capacity,
        cancelled=body.cancelled,
        on_moved=body.on_moved,
        on_dropped=body.on_dropped,
        on_overbooked=body.on_overbooked,
        dry_run=body.dry_run,
        reason=body.reason,
        key=key_of(request),
    )
    if body.dry_run and isinstance(outcome, o.WouldAffect):
        return document(outcome)
    return respond(renamed(Answer(outcome), _NAMES))


handlers = [edit_event]
