"""A booking's details: metadata and how the guest is reached. Personal, kept apart, erasable."""

from typing import Any

from litestar import Response, patch
from litestar.params import FromPath
from msgspec import Struct

from lastseat.access import Action
from lastseat.core import outcomes as o
from lastseat.core.commands import Contact
from lastseat.core.outcomes import Code
from lastseat.http.bookings import PATH, theirs
from lastseat.http.caller import caller_of
from lastseat.http.describing import described
from lastseat.http.etag import expected_version
from lastseat.http.examples import told
from lastseat.http.idempotency import key_of
from lastseat.http.incoming import AnyRequest, Body
from lastseat.http.naming import STEP, renamed
from lastseat.http.problems import respond
from lastseat.http.shapes import Attributes, Reason, Version


class UpdateBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The details to write: `metadata` as a whole, of `contact` each part given; "" clears it."""

    metadata: Attributes | None = None
    contact: Contact | None = None
    expected_version: Version | None = None
    reason: Reason | None = None


_UPDATE = Body(UpdateBody)


@patch(
    "/v1/bookings/{booking_id:str}",
    **described(
        "update",
        tag="bookings",
        summary="Change a booking's details",
        says=(
            "`metadata` is replaced as a whole, `contact` part by part. Its places are changed by"
            " `move`. The audit trail names what was changed, and never its values."
        ),
        path=PATH,
        body=UpdateBody,
        body_example={"metadata": {"mat": "own"}, "contact": {"phone": "+49 30 1234"}},
        answer=o.Updated,
        answer_example=told("updated", fields=["metadata", "contact.phone"]),
        refused=(Code.INVALID, Code.UNKNOWN_BOOKING, Code.CONFLICT, Code.NOT_BOOKED, 412),
        versioned=True,
    ),
)
async def update(request: AnyRequest, booking_id: FromPath[str]) -> Response[Any]:
    """Replace a booking's details."""
    caller = await caller_of(request, Action.BOOKINGS_UPDATE)
    body = await _UPDATE.read(request)
    command = caller.tenant.commands.update(
        await theirs(caller, booking_id),
        metadata=body.metadata,
        contact=body.contact,
        version=expected_version(request, body.expected_version),
        reason=body.reason,
        key=key_of(request),
    )
    return respond(renamed(await caller.tenant.execute(command), STEP))


handlers = [update]
