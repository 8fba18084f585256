"""Composites over HTTP: several bookables under one name, booked all or none (MISSION H2)."""

from typing import Annotated, Any

from litestar import Response, post
from msgspec import Meta, Struct

from lastseat.access import Action
from lastseat.core import limits
from lastseat.core.outcomes import Code
from lastseat.http.caller import caller_of
from lastseat.http.definitions import defined, defining, reads
from lastseat.http.idempotency import key_of
from lastseat.http.incoming import AnyRequest, Body
from lastseat.http.shapes import Attributes, Id, Zone


class CompositeBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A composite: who books it books all its `parts` for that time.

    A composite among them stands for its own parts. What is done about the actor's other bookings
    is as each part says.
    """

    bookable: Id
    parts: Annotated[
        tuple[Id, ...], Meta(extra_json_schema={"minItems": 2, "maxItems": limits.PARTS})
    ]
    time_zone: Zone | None = None
    location: Id | None = None
    name: Id | None = None
    attributes: Attributes | None = None


_COMPOSITE = Body(CompositeBody)


@post(
    "/v1/composites",
    **defining(
        "define_composite",
        "resources",
        "a composite",
        says=(
            "Resources and pools that are booked together, such as the halves of a hall: booking"
            " the hall takes both, booking a half blocks the hall. It is listed as a resource."
        ),
        body=CompositeBody,
        body_example={"bookable": "hall", "parts": ["hall-north", "hall-south"]},
        links=reads("resource", "resource_journal"),
        also_refused=(Code.UNKNOWN_BOOKABLE,),
    ),
)
async def define_composite(request: AnyRequest) -> Response[Any]:
    """Make a composite."""
    caller = await caller_of(request, Action.BOOKABLES_DEFINE)
    body = await _COMPOSITE.read(request)
    command = caller.tenant.commands.define_composite(
        body.bookable,
        parts=body.parts,
        time_zone=body.time_zone,
        location=body.location,
        name=body.name,
        attributes=body.attributes,
        key=key_of(request),
    )
    return await defined(caller, command, "resources")


handlers = [define_composite]
