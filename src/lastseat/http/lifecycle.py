"""What becomes of a booking: confirmed, released, cancelled, extended, expired.

Each step is one command on one booking, at the version that the caller expects where they say one.
Those of the day itself, check-in and the like, are in arrivals.py.
"""

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from litestar import Response, post
from litestar.params import FromPath
from msgspec import Meta, Struct

from lastseat.access import Action
from lastseat.core import limits
from lastseat.core import outcomes as o
from lastseat.core.commands import AnyCommand, Contact
from lastseat.core.outcomes import Code
from lastseat.http.bookings import PATH, theirs
from lastseat.http.caller import caller_of
from lastseat.http.describing import described
from lastseat.http.etag import expected_version
from lastseat.http.examples import told
from lastseat.http.idempotency import key_of
from lastseat.http.incoming import AnyRequest, Body
from lastseat.http.naming import STEP, renamed
from lastseat.http.problems import document, respond
from lastseat.http.shapes import HoldSeconds, Reason, Version
from lastseat.library.commands import Commands
from lastseat.reads.rows import MOST_ROWS


class StepBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every step may say; the body may be left out."""

    expected_version: Version | None = None
    reason: Reason | None = None


class ConfirmBody(StepBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A confirmation may add to how the guest is reached."""

    contact: Contact | None = None


class ExtendBody(StepBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long the hold runs from now on."""

    seconds: HoldSeconds = limits.HOLD_SECONDS


class ExpireBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many at most."""

    limit: Annotated[int, Meta(ge=1, le=MOST_ROWS)] = 1_000


class ExpiredHolds(Struct, frozen=True, kw_only=True):
    """How many overdue holds the journal now says are expired."""

    expired: int


_STEP = Body(StepBody, optional=True)
_CONFIRM = Body(ConfirmBody, optional=True)
_EXTEND = Body(ExtendBody, optional=True)
_EXPIRE = Body(ExpireBody, optional=True)

_ANY = (Code.INVALID, Code.UNKNOWN_BOOKING, Code.CONFLICT, 412)


def step(
    operation_id: str,
    summary: str,
    answer: type[o.Success],
    example: dict[str, Any],
    *refused: Code,
    says: str,
    body: type[StepBody] = StepBody,
    body_example: Any = None,
) -> dict[str, Any]:
    """The keyword arguments of a step's route."""
    return described(
        operation_id,
        tag="bookings",
        summary=summary,
        says=says,
        path=PATH,
        body=body,
        body_example={"expected_version": 1} if body_example is None else body_example,
        body_optional=True,
        answer=answer,
        answer_example=example,
        refused=(*_ANY, *refused),
        versioned=True,
    )


async def run(
    request: AnyRequest,
    action: Action,
    booking_id: str,
    make: Callable[[Commands], Callable[..., AnyCommand]],
    shape: Body[Any] = _STEP,
) -> Response[Any]:
    """One of the steps: what its body says beside version and reason is the command's own."""
    caller = await caller_of(request, action)
    body = await shape.read(request)
    own = [name for name in body.__struct_fields__ if name not in StepBody.__struct_fields__]
    command = make(caller.tenant.commands)(
        await theirs(caller, booking_id),
        **{name: getattr(body, name) for name in own},
        version=expected_version(request, body.expected_version),
        reason=body.reason,
        key=key_of(request),
    )
    return respond(renamed(await caller.tenant.execute(command), STEP))


@post(
    "/v1/bookings/{booking_id:str}/confirm",
    **step(
        "confirm",
        "Confirm a booking",
        o.Confirmed,
        told("confirmed"),
        Code.NOT_BOOKED,
        Code.HOLD_EXPIRED,
        Code.WRONG_STATUS,
        says="A held or reserved booking becomes CONFIRMED; once more changes nothing.",
        body=ConfirmBody,
    ),
)
async def confirm(request: AnyRequest, booking_id: FromPath[str]) -> Response[Any]:
    """Confirm a held or reserved booking."""
    return await run(
        request, Action.BOOKINGS_CONFIRM, booking_id, lambda x: x.confirm, shape=_CONFIRM
    )


@post(
    "/v1/bookings/{booking_id:str}/release",
    **step(
        "release",
        "Give a hold back",
        o.Released,
        told("released"),
        Code.NOT_BOOKED,
        Code.NOT_HELD,
        Code.HOLD_EXPIRED,
        says="Its places are free at once. A booking that is no hold is left alone (`not_held`).",
    ),
)
async def release(request: AnyRequest, booking_id: FromPath[str]) -> Response[Any]:
    """Give a hold back."""
    return await run(request, Action.BOOKINGS_RELEASE, booking_id, lambda x: x.release)


@post(
    "/v1/bookings/{booking_id:str}/cancel",
    **step(
        "cancel",
        "Cancel a booking",
        o.Cancelled,
        told("cancelled"),
        Code.NOT_BOOKED,
        Code.WRONG_STATUS,
        says="Its places are free at once. Cancelled before, it is `not_booked`.",
        body_example={"reason": "ill"},
    ),
)
async def cancel(request: AnyRequest, booking_id: FromPath[str]) -> Response[Any]:
    """Cancel a booking."""
    return await run(request, Action.BOOKINGS_CANCEL, booking_id, lambda x: x.cancel)


@post(
    "/v1/bookings/{booking_id:str}/extend",
    **step(
        "extend",
        "Extend a hold",
        o.Extended,
        told("extended", expires_at="2026-11-20T09:45:02.113Z"),
        Code.NOT_BOOKED,
        Code.NOT_HELD,
        Code.HOLD_EXPIRED,
        Code.EXTEND_LIMIT,
        says="It runs `seconds` from now, never less than before, within its limit.",
        body=ExtendBody,
        body_example={"seconds": 900},
    ),
)
async def extend(request: AnyRequest, booking_id: FromPath[str]) -> Response[Any]:
    """Let a hold run on."""
    return await run(request, Action.BOOKINGS_EXTEND, booking_id, lambda x: x.extend, shape=_EXTEND)


@post(
    "/v1/bookings/{booking_id:str}/expire",
    **described(
        "expire_booking",
        tag="bookings",
        summary="Expire a hold",
        says="Journals a hold whose time is over as expired; it counted as free before.",
        path=PATH,
        answer=o.Expired,
        answer_example=told("expired"),
        refused=(Code.INVALID, Code.UNKNOWN_BOOKING, Code.NOT_EXPIRED, Code.KEY_REUSED),
        keyed=True,
        tagged=True,
    ),
)
async def expire_booking(request: AnyRequest, booking_id: FromPath[str]) -> Response[Any]:
    """Journal an overdue hold as expired."""
    caller = await caller_of(request, Action.BOOKINGS_EXPIRE)
    command = caller.tenant.commands.expire(await theirs(caller, booking_id))
    keyed = msgspec.structs.replace(command, key=key_of(request))
    return respond(await caller.tenant.execute(keyed))


@post(
    "/v1/expire",
    **described(
        "expire",
        tag="bookings",
        summary="Expire overdue holds",
        says="Journals the tenant's overdue holds as expired, oldest first. Harmless to repeat.",
        body=ExpireBody,
        body_example={"limit": 1000},
        body_optional=True,
        answer=ExpiredHolds,
        answer_example={"expired": 3},
        keyed=False,
    ),
)
async def expire(request: AnyRequest) -> Response[Any]:
    """Journal all overdue holds as expired."""
    caller = await caller_of(request, Action.BOOKINGS_EXPIRE)
    body = await _EXPIRE.read(request)
    return document(ExpiredHolds(expired=await caller.tenant.expire(limit=body.limit)))


handlers = [
    confirm,
    release,
    cancel,
    extend,
    expire_booking,
    expire,
]
