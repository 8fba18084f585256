"""Messages of webhooks over HTTP: tried, listed, sent again (MISSION H4)."""

from typing import Annotated, Any

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Meta, Struct

from lastseat.access import Action
from lastseat.catalogue.answers import Unknown
from lastseat.http.caller import caller_of
from lastseat.http.describing import UUID as UUID_SCHEMA
from lastseat.http.describing import described
from lastseat.http.idempotency import key_of
from lastseat.http.incoming import AnyRequest, Body, Paged, query_of
from lastseat.http.keeping import kept
from lastseat.http.paging import Page, page_of
from lastseat.http.problems import document, unknown
from lastseat.http.shapes import Nothing
from lastseat.http.webhooks import PATH
from lastseat.views.webhooks import Delivery, Replayed, State, Tried

_DELIVERY_ID = "8241b4f2-348c-52d1-9164-7c0ff8a2ace7"
DELIVERY: dict[str, Any] = {
    "delivery_id": _DELIVERY_ID,
    "pos": 118,
    "subject": "booking:01a1fe31-dab1-721f-9713-f2635be6a9aa",
    "type": "booking.booked",
    "status": "pending",
    "attempts": 2,
    "created_at": "2026-11-20T09:15:02.113Z",
    "due_at": "2026-11-20T09:20:09.482Z",
    "done_at": None,
    "answered": 502,
    "reason": "was answered with status 502",
}


class ReplayBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which message; left out, the dead letters, the oldest 1,000 at a time."""

    delivery_id: Annotated[str, Meta(extra_json_schema=UUID_SCHEMA)] | None = None


class DeliveriesQuery(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which messages to list."""

    status: Annotated[
        State | None, Meta(description="`dead` are the dead letters; left out, all.")
    ] = None


class BeforeDelivery(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a page of messages ended."""

    before: Annotated[int, Meta(ge=0)]


_REPLAY = Body(ReplayBody, optional=True)
_NOTHING = Body(Nothing, optional=True)


@post(
    "/v1/webhooks/{webhook:str}/test",
    **described(
        "test_webhook",
        tag="webhooks",
        summary="Send a test message",
        says=(
            "`webhook.test`, now and once, to a disabled one too; the answer says how the receiver"
            " answered. It takes 15 seconds at most."
        ),
        path=PATH,
        body=Nothing,
        body_example={},
        body_optional=True,
        keyed=False,
        answer=Tried,
        answer_example={"delivered": True, "answered": 204, "reason": None, "seconds": 0.084},
        refused=(404,),
    ),
)
async def test_webhook(request: AnyRequest, webhook: FromPath[str]) -> Response[Any]:
    """Test a webhook."""
    caller = await caller_of(request, Action.WEBHOOKS_MANAGE)
    await _NOTHING.read(request)
    tried = await caller.tenant.webhooks.test(webhook)
    if isinstance(tried, Unknown):
        raise unknown("unknown_webhook", id=webhook)
    return document(tried)


@get(
    "/v1/webhooks/{webhook:str}/deliveries",
    **described(
        "webhook_deliveries",
        tag="webhooks",
        summary="List a webhook's messages",
        says="The newest first. Delivered ones are kept for a week, dead letters for 30 days.",
        path=PATH,
        query=DeliveriesQuery,
        answer=Page[Delivery],
        answer_example={"items": [DELIVERY], "next": None},
        refused=(404,),
    ),
)
async def list_deliveries(request: AnyRequest, webhook: FromPath[str]) -> Response[Any]:
    """A page of a webhook's messages."""
    caller = await caller_of(request, Action.WEBHOOKS_READ)
    query = query_of(request, DeliveriesQuery)
    before = query.after(BeforeDelivery)
    found = await caller.tenant.webhooks.deliveries(
        webhook,
        status=query.status,
        before=before.before if before else None,
        limit=query.limit,
    )
    if isinstance(found, Unknown):
        raise unknown("unknown_webhook", id=webhook)
    return document(page_of(found, query.limit, lambda x: {"before": x.pos}))


@post(
    "/v1/webhooks/{webhook:str}/replay",
    **described(
        "replay_webhook",
        tag="webhooks",
        summary="Send messages again",
        says=(
            "One by its `delivery_id`, delivered or dead; without it the dead letters, the oldest"
            " first. `more` says that some are left. One that is still pending is not touched."
        ),
        status=200,
        path=PATH,
        body=ReplayBody,
        body_example={"delivery_id": _DELIVERY_ID},
        body_optional=True,
        answer=Replayed,
        answer_example={"replayed": 1, "more": False},
        refused=(404,),
    ),
)
async def replay_webhook(request: AnyRequest, webhook: FromPath[str]) -> Response[Any]:
    """Replay a webhook's messages."""
    caller = await caller_of(request, Action.WEBHOOKS_MANAGE)
    body = await _REPLAY.read(request)
    return kept(await caller.tenant.webhooks.replay(webhook, body.delivery_id, key=key_of(request)))


handlers = [test_webhook, list_deliveries, replay_webhook]
