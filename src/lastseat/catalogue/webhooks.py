"""Webhooks' rows: a tenant's endpoints, their secrets, and what became of their messages.

What an endpoint may be, and which kinds of changes there are, is checked in library/hooking.py;
messages are made and sent in jobs/webhooks.py.
"""

import uuid
from typing import Any

import msgspec
from msgspec import Struct

from lastseat.catalogue import signatures
from lastseat.catalogue.answers import Refused, Saved, Unknown
from lastseat.catalogue.rows import Connection, Row, fetch
from lastseat.core import outcomes as o
from lastseat.ledger.rows import instant
from lastseat.views.webhooks import Delivery, Replayed, State, Webhook

MOST = 100
"""Endpoints of a tenant: each change is written and sent once for each."""

SECRETS = 4
"""Secrets of an endpoint that sign at a time."""

AT_ONCE = 1_000
"""Dead letters replayed in one call."""

HASTENED = 10_000
"""Messages that wait for another attempt and need not, once an endpoint is put right."""

DISABLED = "disabled by hand"


class NewWebhook(Struct, frozen=True, kw_only=True):
    """An endpoint and the only copy of a new secret of its, which signs what it is sent."""

    webhook: Webhook
    secret: str

    def __repr__(self) -> str:
        """Without the secret: what is printed ends up in logs."""
        return f"NewWebhook(webhook={self.webhook!r})"


async def create(
    connection: Connection,
    tenant: str,
    *,
    url: str,
    kinds: tuple[str, ...],
    description: str | None,
) -> NewWebhook | Refused:
    """Make an endpoint."""
    ((there,),) = await fetch(connection, "count_webhooks", tenant=tenant)
    if there >= MOST:
        return o.Invalid(field="url", reason=f"there are {MOST} webhooks: remove one first")
    webhook_id = str(uuid.uuid4())
    rows = await fetch(
        connection,
        "add_webhook",
        tenant=tenant,
        webhook=webhook_id,
        url=url,
        kinds=list(kinds),
        description=description,
    )
    secret = await _add_secret(connection, tenant, webhook_id)
    return NewWebhook(webhook=_webhook(rows[0]), secret=secret)


async def get(connection: Connection, tenant: str, webhook_id: str) -> Webhook | None:
    """The endpoint, or None."""
    if not is_id(webhook_id):
        return None
    rows = await fetch(connection, "webhook", tenant=tenant, webhook=webhook_id)
    return _webhook(rows[0]) if rows else None


async def page(
    connection: Connection, tenant: str, *, after: str | None, limit: int
) -> list[Webhook]:
    """Up to `limit` endpoints with an id after that one, by id."""
    if after is not None and not is_id(after):
        return []
    rows = await fetch(connection, "webhooks", tenant=tenant, after=after, limit=limit)
    return [_webhook(row) for row in rows]


async def change(
    connection: Connection,
    tenant: str,
    webhook_id: str,
    *,
    changes: dict[str, Any],
    version: int | None,
) -> Saved[Webhook] | Refused:
    """Change what `changes` names: of url, kinds, description, enabled.

    A stale `version` is a `conflict` with the actual one. Nothing to change leaves the version.
    """
    there = await _locked(connection, tenant, webhook_id)
    if there is None:
        return Unknown("webhook", webhook_id)
    if version is not None and version != there.version:
        return o.Conflict(rule="version", actual=there.version)
    wanted = msgspec.structs.replace(there, **changes)
    if wanted == there:
        return Saved(there, created=False)
    disabled = None if wanted.enabled else there.disabled or DISABLED
    rows = await fetch(
        connection,
        "change_webhook",
        tenant=tenant,
        webhook=webhook_id,
        url=wanted.url,
        kinds=list(wanted.kinds),
        description=wanted.description,
        disabled=disabled,
        afresh=wanted.enabled and not there.enabled,
    )
    if wanted.enabled and (not there.enabled or wanted.url != there.url):
        await fetch(
            connection,
            "hasten_webhook_deliveries",
            tenant=tenant,
            webhook=webhook_id,
            limit=HASTENED,
        )
    return Saved(_webhook(rows[0]), created=False)


async def remove(connection: Connection, tenant: str, webhook_id: str) -> Webhook | None:
    """Remove an endpoint with all that is its, for good; as it was, or None."""
    there = await _locked(connection, tenant, webhook_id)
    if there is not None:
        for name in ("remove_webhook", "remove_webhook_secrets", "remove_webhook_deliveries"):
            await fetch(connection, name, tenant=tenant, webhook=webhook_id)
    return there


async def rotate(
    connection: Connection, tenant: str, webhook_id: str, *, overlap: int
) -> NewWebhook | None:
    """Give an endpoint another secret; those before it sign too for `overlap` more seconds."""
    there = await _locked(connection, tenant, webhook_id)
    if there is None:
        return None
    await fetch(
        connection, "end_webhook_secrets", tenant=tenant, webhook=webhook_id, seconds=overlap
    )
    return NewWebhook(webhook=there, secret=await _add_secret(connection, tenant, webhook_id))


async def signing(connection: Connection, tenant: str, webhook_id: str) -> list[bytes]:
    """The secrets that sign an endpoint's messages now, the newest first; none: it was removed."""
    rows = await fetch(connection, "webhook_secrets", tenant=tenant, webhook=webhook_id)
    return [bytes(value) for (value,) in rows]


async def deliveries(
    connection: Connection,
    tenant: str,
    webhook_id: str,
    *,
    status: State | None,
    before: int,
    limit: int,
) -> list[Delivery] | None:
    """Up to `limit` messages before that position, the newest first; None: no such webhook."""
    if await get(connection, tenant, webhook_id) is None:
        return None
    asked: dict[str, Any] = {"tenant": tenant, "webhook": webhook_id, "before": before}
    if status == "dead":
        rows = await fetch(connection, "dead_webhook_deliveries", **asked, limit=limit)
    else:
        rows = await fetch(connection, "webhook_deliveries", **asked, status=status, limit=limit)
    return [_delivery(row) for row in rows]


async def replay(
    connection: Connection, tenant: str, webhook_id: str, delivery_id: str | None
) -> Saved[Replayed] | Refused:
    """Send a message that is done again, or the oldest dead letters. One that is pending waits."""
    if await _locked(connection, tenant, webhook_id) is None:
        return Unknown("webhook", webhook_id)
    asked = {"tenant": tenant, "webhook": webhook_id}
    if delivery_id is not None:
        if not is_id(delivery_id) or not await fetch(
            connection, "webhook_delivery", **asked, delivery=delivery_id
        ):
            return Unknown("delivery", delivery_id)
        one = await fetch(connection, "replay_webhook_delivery", **asked, delivery=delivery_id)
        return Saved(Replayed(len(one)), created=False)
    many = await fetch(connection, "replay_dead_webhook_deliveries", **asked, limit=AT_ONCE)
    more = bool(await fetch(connection, "any_dead_webhook_delivery", **asked))
    return Saved(Replayed(len(many), more), created=False)


def is_id(text: str) -> bool:
    """Whether it has the form of an endpoint's or a message's id."""
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


async def _locked(connection: Connection, tenant: str, webhook_id: str) -> Webhook | None:
    if not is_id(webhook_id):
        return None
    rows = await fetch(connection, "lock_webhook", tenant=tenant, webhook=webhook_id)
    return _webhook(rows[0]) if rows else None


async def _add_secret(connection: Connection, tenant: str, webhook_id: str) -> str:
    drawn = signatures.draw()
    await fetch(
        connection,
        "add_webhook_secret",
        tenant=tenant,
        webhook=webhook_id,
        value=drawn,
        kept=SECRETS - 1,
    )
    return signatures.spelled(drawn)


def _webhook(row: Row) -> Webhook:
    return Webhook(
        webhook_id=row[0],
        url=row[1],
        kinds=tuple(row[2]),
        description=row[3],
        enabled=row[4] is None,
        disabled=row[4],
        failing_since=instant(row[5]) if row[5] is not None else None,
        version=row[6],
        created_at=instant(row[7]),
        updated_at=instant(row[8]),
    )


def _delivery(row: Row) -> Delivery:
    return Delivery(
        delivery_id=row[0],
        pos=row[1],
        subject=row[2],
        type=row[3],
        status=row[4],
        attempts=row[5],
        created_at=instant(row[6]),
        due_at=instant(row[7]) if row[4] == "pending" else None,
        done_at=instant(row[8]) if row[8] is not None else None,
        answered=row[9],
        reason=row[10],
    )
