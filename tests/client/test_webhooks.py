"""Webhooks over HTTP with the client."""

import inspect
from typing import Any

import psycopg
import pytest

from lastseat import outcomes as o
from lastseat.client import Client, NotFound
from lastseat.library.synchronous.groups import Webhooks
from lastseat.views.webhooks import MadeWebhook, Replayed, Tried, Webhook

NAMES = {
    "create": "create_webhook",
    "get": "webhook",
    "list": "webhooks",
    "change": "change_webhook",
    "remove": "remove_webhook",
    "rotate_secret": "rotate_webhook_secret",
    "test": "test_webhook",
    "deliveries": "webhook_deliveries",
    "replay": "replay_webhook",
}
"""What the library's operations of `tenant.webhooks` are called here."""

URL = "https://hooks.example.org/"


@pytest.fixture
def made(client: Client) -> MadeWebhook:
    found = client.create_webhook(URL, kinds=["booking.*"], description="the till")
    assert isinstance(found, MadeWebhook)
    return found


def test_a_webhook_is_made_changed_listed_and_removed(client: Client, made: MadeWebhook) -> None:
    assert made.secret is not None
    assert made.secret.startswith("whsec_")
    assert made.secret not in repr(made)
    webhook_id = made.webhook.webhook_id
    assert client.webhook(webhook_id) == made.webhook
    assert isinstance(client.create_webhook("http://localhost/"), o.Invalid)
    changed = client.change_webhook(webhook_id, kinds=["*"], description="", version=1)
    assert isinstance(changed, Webhook)
    assert (changed.kinds, changed.description, changed.version) == (("*",), None, 2)
    assert isinstance(client.change_webhook(webhook_id, enabled=False, version=1), o.Conflict)
    rotated = client.rotate_webhook_secret(webhook_id, overlap_seconds=60)
    assert isinstance(rotated, MadeWebhook)
    assert rotated.secret != made.secret
    another = client.create_webhook(URL)
    assert isinstance(another, MadeWebhook)
    assert len(list(client.webhooks(page_size=1))) == 2
    assert client.remove_webhook(webhook_id) == changed
    assert [x.webhook_id for x in client.webhooks()] == [another.webhook.webhook_id]
    with pytest.raises(NotFound):
        client.webhook(webhook_id)


def test_it_is_tested_and_its_messages_are_listed_and_replayed(
    client: Client, made: MadeWebhook, conninfo: str
) -> None:
    webhook_id = made.webhook.webhook_id
    with psycopg.connect(conninfo, autocommit=True) as connection:
        # Where the service does not post to.
        connection.execute(
            "UPDATE lastseat.webhooks SET url = 'http://127.0.0.1:9/' WHERE webhook_id = %s",
            [webhook_id],
        )
    tried = client.test_webhook(webhook_id)
    assert isinstance(tried, Tried)
    assert (tried.delivered, tried.reason) == (False, "must begin with https://")
    assert list(client.webhook_deliveries(webhook_id)) == []
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO lastseat.webhook_deliveries SELECT tenant_id, webhook_id,"
            " gen_random_uuid(), n, 'booking:x', 'booking.booked', '{}', 'dead', 10, now(), now(),"
            " now(), 500, 'said so' FROM lastseat.webhooks, generate_series(1, 3) n"
            " WHERE webhook_id = %s",
            [webhook_id],
        )
    dead = list(client.webhook_deliveries(webhook_id, status="dead", page_size=2))
    assert [x.pos for x in dead] == [3, 2, 1]
    assert client.replay_webhook(webhook_id, dead[0].delivery_id) == Replayed(1)
    assert client.replay_webhook(webhook_id) == Replayed(2)
    assert list(client.webhook_deliveries(webhook_id, status="dead")) == []
    client.remove_webhook(webhook_id)


def parameters(operation: Any) -> list[tuple[str, Any]]:
    found = dict(inspect.signature(operation).parameters)
    for paging in ("self", "after", "before", "limit", "page_size"):
        found.pop(paging, None)
    return [(name, x.default) for name, x in found.items()]


def test_the_client_has_every_operation_with_its_arguments() -> None:
    names = {x for x in dir(Webhooks) if not x.startswith("_")}
    assert names == set(NAMES)
    for name, ours in NAMES.items():
        assert parameters(getattr(Client, ours)) == parameters(getattr(Webhooks, name)), name
