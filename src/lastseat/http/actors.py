"""Whom bookings are for: forgetting a person. Their bookings stay, nameless."""

from typing import Any

from litestar import Response, post
from msgspec import Struct

from lastseat.access import Action
from lastseat.core.outcomes import Code
from lastseat.http.caller import caller_of
from lastseat.http.describing import described
from lastseat.http.incoming import AnyRequest, Body
from lastseat.http.problems import document
from lastseat.http.shapes import Name
from lastseat.views.bookings import Forgotten


class ForgetBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom to forget."""

    actor: Name


_FORGET = Body(ForgetBody)


@post(
    "/v1/actors/forget",
    **described(
        "forget",
        tag="actors",
        summary="Forget a person",
        says=(
            "Erases who they are, and with it metadata, contacts, reasons and the answers stored"
            " under keys. The bookings and the journal stay, nameless. There is no way back; once"
            " more changes nothing."
        ),
        body=ForgetBody,
        body_example={"actor": "ann"},
        answer=Forgotten,
        answer_example={
            "bookings": 3,
            "details": 1,
            "contacts": 1,
            "notes": 0,
            "answers": 3,
            "people": 0,
        },
        refused=(Code.INVALID,),
        keyed=False,
    ),
)
async def forget(request: AnyRequest) -> Response[Any]:
    """Forget a person."""
    caller = await caller_of(request, Action.ACTORS_FORGET)
    body = await _FORGET.read(request)
    return document(await caller.tenant.forget(body.actor))


handlers = [forget]
