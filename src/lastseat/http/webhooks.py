"""Webhooks over HTTP: endpoints and their secrets (MISSION H4). Their messages: deliveries.py."""

from typing import Annotated, Any

import msgspec
from litestar import Response, delete, get, patch, post
from litestar.params import FromPath
from msgspec import UNSET, Meta, Struct, UnsetType

from lastseat.access import Action
from lastseat.catalogue.answers import Saved
from lastseat.catalogue.webhooks import NewWebhook
from lastseat.core import limits
from lastseat.core.outcomes import Code
from lastseat.gateways.pinned import MOST_URL
from lastseat.http.caller import caller_of
from lastseat.http.describing import UUID as UUID_SCHEMA
from lastseat.http.describing import Link, described
from lastseat.http.etag import expected_version
from lastseat.http.idempotency import key_of
from lastseat.http.incoming import AnyRequest, Body, Paged, query_of
from lastseat.http.keeping import kept, replayed
from lastseat.http.paging import AfterId, Page, page_of
from lastseat.http.problems import document, unknown
from lastseat.http.shapes import Version
from lastseat.library import hooking
from lastseat.library.hooking import EVERYTHING, GROUPS, KINDS, LONGEST_OVERLAP, OVERLAP
from lastseat.views.webhooks import MadeWebhook, Webhook

_WEBHOOK_ID = "0d1f6a52-4c55-4a0e-8f3c-6d2a9b7e1c40"
_URL = "https://hooks.example.org/lastseat"
EXAMPLE: dict[str, Any] = {
    "webhook_id": _WEBHOOK_ID,
    "url": _URL,
    "kinds": ["booking.*"],
    "description": "the front desk's till",
    "enabled": True,
    "disabled": None,
    "failing_since": None,
    "version": 1,
    "created_at": "2026-11-20T09:15:02.113Z",
    "updated_at": "2026-11-20T09:15:02.113Z",
}
MADE: dict[str, Any] = {"webhook": EXAMPLE, "secret": f"whsec_{'x' * 43}="}
PATH = {"webhook": (UUID_SCHEMA, "Its id.", _WEBHOOK_ID)}

Url = Annotated[
    str,
    Meta(
        description="Where messages are posted: https, at a public address.",
        extra_json_schema={
            "minLength": 1,
            "maxLength": MOST_URL,
            "pattern": "^https?://",
            "examples": [_URL],
        },
    ),
]
Kinds = Annotated[
    tuple[str, ...],
    Meta(
        description=f"Of which changes: `{EVERYTHING}`, `{'`, `'.join((*GROUPS, *KINDS))}`.",
        extra_json_schema={
            "minItems": 1,
            "maxItems": hooking.MOST_KINDS,
            "uniqueItems": True,
            "items": {"type": "string", "enum": [EVERYTHING, *GROUPS, *KINDS]},
        },
    ),
]
Description = Annotated[
    str,
    Meta(
        description="For people.",
        extra_json_schema={"maxLength": limits.TEXT_LENGTH},
    ),
]


class WebhookBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new endpoint."""

    url: Url
    kinds: Kinds = (EVERYTHING,)
    description: Description | None = None


class WebhookChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What changes of an endpoint; what is left out stays. A null description takes it away."""

    url: Url | UnsetType = UNSET
    kinds: Kinds | UnsetType = UNSET
    description: Description | UnsetType | None = UNSET
    enabled: bool | UnsetType = UNSET
    expected_version: Version | None = None


class RotateBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For how long the secrets before go on signing, in seconds; 0: not at all."""

    overlap_seconds: Annotated[
        int, Meta(extra_json_schema={"minimum": 0, "maximum": LONGEST_OVERLAP})
    ] = OVERLAP


_NEW = Body(WebhookBody)
_CHANGE = Body(WebhookChange)
_ROTATE = Body(RotateBody, optional=True)


@post(
    "/v1/webhooks",
    **described(
        "create_webhook",
        tag="webhooks",
        summary="Make a webhook",
        says=(
            "Its `url` is told of changes from now on, in messages signed as Standard Webhooks has"
            " it. The answer has the secret, and no other ever will: a repeat under the same"
            " Idempotency-Key is answered without it."
        ),
        status=201,
        body=WebhookBody,
        body_example={"url": _URL, "kinds": ["booking.*"], "description": "the front desk's till"},
        answer=MadeWebhook,
        answer_example=MADE,
        links={
            name: Link(name, {"webhook": "$response.body#/webhook/webhook_id"})
            for name in (
                "webhook",
                "change_webhook",
                "rotate_webhook_secret",
                "webhook_deliveries",
                "replay_webhook",
                "remove_webhook",
            )
        },
    ),
)
async def create_webhook(request: AnyRequest) -> Response[Any]:
    """Make a webhook."""
    caller = await caller_of(request, Action.WEBHOOKS_MANAGE)
    body = await _NEW.read(request)
    saved = await caller.tenant.webhooks.create(
        body.url, kinds=body.kinds, description=body.description, key=key_of(request)
    )
    return _made(saved, status=201)


@get(
    "/v1/webhooks",
    **described(
        "webhooks",
        tag="webhooks",
        summary="List webhooks",
        says="In the order of their ids. Never their secrets.",
        query=Paged,
        answer=Page[Webhook],
        answer_example={"items": [EXAMPLE], "next": None},
    ),
)
async def list_webhooks(request: AnyRequest) -> Response[Any]:
    """A page of webhooks."""
    caller = await caller_of(request, Action.WEBHOOKS_READ)
    query = query_of(request, Paged)
    after = query.after(AfterId)
    found = await caller.tenant.webhooks.list(
        after=after.after if after else None, limit=query.limit
    )
    return document(page_of(found, query.limit, lambda x: {"after": x.webhook_id}))


@get(
    "/v1/webhooks/{webhook:str}",
    **described(
        "webhook",
        tag="webhooks",
        summary="Read a webhook",
        says="`disabled` says why it is told nothing, `failing_since` that nothing gets there.",
        path=PATH,
        answer=Webhook,
        answer_example=EXAMPLE,
        refused=(404,),
        tagged=True,
    ),
)
async def read_webhook(request: AnyRequest, webhook: FromPath[str]) -> Response[Any]:
    """A webhook."""
    caller = await caller_of(request, Action.WEBHOOKS_READ)
    found = await caller.tenant.webhooks.get(webhook)
    if found is None:
        raise unknown("unknown_webhook", id=webhook)
    return document(found, version=found.version)


@patch(
    "/v1/webhooks/{webhook:str}",
    **described(
        "change_webhook",
        tag="webhooks",
        summary="Change a webhook",
        says=(
            "Disabled, it is sent nothing, and of what happens meanwhile it is never told. What"
            " waited for it before goes out once it is enabled again."
        ),
        path=PATH,
        body=WebhookChange,
        body_example={"kinds": ["booking.booked", "booking.cancelled"], "expected_version": 1},
        answer=Webhook,
        answer_example={**EXAMPLE, "kinds": ["booking.booked", "booking.cancelled"], "version": 2},
        refused=(404, Code.CONFLICT, 412),
        versioned=True,
    ),
)
async def change_webhook(request: AnyRequest, webhook: FromPath[str]) -> Response[Any]:
    """Change a webhook."""
    caller = await caller_of(request, Action.WEBHOOKS_MANAGE)
    body = await _CHANGE.read(request)
    changes = {k: v for k, v in msgspec.structs.asdict(body).items() if v is not UNSET}
    changes.pop("expected_version")
    if "description" in changes:
        changes["description"] = changes["description"] or ""
    saved = await caller.tenant.webhooks.change(
        webhook,
        **changes,
        version=expected_version(request, body.expected_version),
        key=key_of(request),
    )
    return kept(saved)


@delete(
    "/v1/webhooks/{webhook:str}",
    **described(
        "remove_webhook",
        tag="webhooks",
        summary="Remove a webhook",
        says="For good, with what was to be sent to it.",
        path=PATH,
        keyed=True,
        answer=Webhook,
        answer_example=EXAMPLE,
        refused=(404, Code.INVALID, Code.KEY_REUSED),
    ),
)
async def remove_webhook(request: AnyRequest, webhook: FromPath[str]) -> Response[Any]:
    """Remove a webhook."""
    caller = await caller_of(request, Action.WEBHOOKS_MANAGE)
    return kept(await caller.tenant.webhooks.remove(webhook, key=key_of(request)))


@post(
    "/v1/webhooks/{webhook:str}/secret",
    **described(
        "rotate_webhook_secret",
        tag="webhooks",
        summary="Give a webhook another secret",
        says=(
            "It is shown this once. For `overlap_seconds` the one before signs too, so that"
            " receivers have the time to change; with 0 it ends at once."
        ),
        status=200,
        path=PATH,
        body=RotateBody,
        body_example={"overlap_seconds": OVERLAP},
        body_optional=True,
        answer=MadeWebhook,
        answer_example=MADE,
        refused=(404,),
    ),
)
async def rotate_secret(request: AnyRequest, webhook: FromPath[str]) -> Response[Any]:
    """Rotate a webhook's secret."""
    caller = await caller_of(request, Action.WEBHOOKS_MANAGE)
    body = await _ROTATE.read(request)
    saved = await caller.tenant.webhooks.rotate_secret(
        webhook, overlap_seconds=body.overlap_seconds, key=key_of(request)
    )
    return _made(saved, status=200)


def _made(saved: Any, *, status: int) -> Response[Any]:
    if not isinstance(saved, Saved):
        return kept(saved)
    row: Webhook | NewWebhook = saved.row
    made = (
        MadeWebhook(webhook=row.webhook, secret=row.secret)
        if isinstance(row, NewWebhook)
        else MadeWebhook(webhook=row)
    )
    headers = {"Cache-Control": "no-store", **replayed(saved)}
    return document(made, status=status, headers=headers)


handlers = [
    create_webhook,
    list_webhooks,
    read_webhook,
    change_webhook,
    remove_webhook,
    rotate_secret,
]
