"""`tenant.webhooks`: what an endpoint may be. For tasks, and what is sent: tests/jobs."""

import inspect
from typing import Any, get_type_hints

import psycopg
import pytest

import lastseat
from lastseat.catalogue import Saved, Unknown
from lastseat.catalogue.webhooks import MOST, NewWebhook
from lastseat.core import outcomes as o
from lastseat.library.asynchronous.webhooks import AsyncWebhooks
from lastseat.library.synchronous.groups import Webhooks
from lastseat.views.webhooks import Webhook

URL = "https://hooks.example.org/"
NOBODYS = "0d1f6a52-4c55-4a0e-8f3c-6d2a9b7e1c40"

Hooks = Any


@pytest.fixture
def hooks(engine: lastseat.Engine, tenant_id: str) -> Hooks:
    return engine.tenant(tenant_id).webhooks


def made(hooks: Hooks, **more: Any) -> NewWebhook:
    saved = hooks.create(URL, **more)
    assert isinstance(saved, Saved), saved
    assert isinstance(saved.row, NewWebhook)
    return saved.row


def test_a_secret_is_shown_once_and_in_no_repr(hooks: Hooks) -> None:
    first = made(hooks, key="one")
    assert first.secret not in repr(first)
    again = hooks.create(URL, key="one")
    assert again == Saved(first.webhook, created=True, replayed=True)
    assert isinstance(hooks.create(URL, kinds=["booking.*"], key="one"), o.KeyReused)
    webhook_id = first.webhook.webhook_id
    rotated = hooks.rotate_secret(webhook_id, key="two")
    assert rotated.row.secret != first.secret
    assert isinstance(hooks.rotate_secret(webhook_id, key="two").row, Webhook)


def test_a_change_is_made_on_the_version_that_was_seen(hooks: Hooks) -> None:
    webhook_id = made(hooks, description="the till").webhook.webhook_id
    changed = hooks.change(webhook_id, kinds=("booking.*",), version=1)
    assert (changed.row.version, changed.row.description) == (2, "the till")
    assert hooks.change(webhook_id, url=f"{URL}x", version=1) == o.Conflict(
        rule="version", actual=2
    )
    assert hooks.change(webhook_id, kinds=("booking.*",)).row.version == 2
    assert hooks.change(webhook_id, description="").row.description is None
    assert hooks.get(webhook_id) == hooks.change(webhook_id).row


def test_what_is_not_there_is_unknown(hooks: Hooks, engine: lastseat.Engine) -> None:
    theirs = made(engine.tenant("somebody-elses").webhooks).webhook.webhook_id
    for webhook_id in (NOBODYS, theirs, "x", "", "\0"):
        unknown = Unknown("webhook", webhook_id)
        assert hooks.get(webhook_id) is None
        assert hooks.change(webhook_id, enabled=False) == unknown
        assert hooks.rotate_secret(webhook_id) == unknown
        assert hooks.test(webhook_id) == unknown
        assert hooks.deliveries(webhook_id) == unknown
        assert hooks.replay(webhook_id) == unknown
        assert hooks.remove(webhook_id) == unknown
    mine = made(hooks).webhook.webhook_id
    for delivery_id in (NOBODYS, "x", "\0"):
        assert hooks.replay(mine, delivery_id) == Unknown("delivery", delivery_id)
    assert hooks.list(after="x") == []
    engine.tenant("somebody-elses").webhooks.remove(theirs)


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"url": "http://hooks.example.org/"}, "url"),
        ({"url": None}, "url"),
        ({"kinds": ()}, "kinds"),
        ({"kinds": "booking.booked"}, "kinds"),
        ({"kinds": [1]}, "kinds"),
        ({"kinds": ["booking.nothing"]}, "kinds"),
        ({"kinds": ["bookable.*"]}, "kinds"),
        ({"description": "x\ny"}, "description"),
        ({"description": 1}, "description"),
        ({"key": ""}, "key"),
    ],
)
def test_what_can_be_no_webhook_is_refused(
    hooks: Hooks, arguments: dict[str, Any], field: str
) -> None:
    refused = hooks.create(**{"url": URL, **arguments})
    assert isinstance(refused, o.Invalid)
    assert refused.field == field
    assert refused.reason


def test_what_is_no_question_is_raised(hooks: Hooks) -> None:
    webhook_id = made(hooks).webhook.webhook_id
    for bad in ({"status": "lost"}, {"limit": 0}, {"limit": 10**6}, {"before": -1}):
        with pytest.raises(ValueError, match=next(iter(bad))):
            hooks.deliveries(webhook_id, **bad)
    assert isinstance(hooks.rotate_secret(webhook_id, overlap_seconds=-1), o.Invalid)
    assert isinstance(hooks.change(webhook_id, enabled="yes"), o.Invalid)


def test_a_tenant_has_so_many_and_no_more(hooks: Hooks, conninfo: str) -> None:
    first = made(hooks).webhook.webhook_id
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO lastseat.webhooks (tenant_id, webhook_id, url, kinds, pos, created_at,"
            " updated_at) SELECT tenant_id, gen_random_uuid(), url, kinds, pos, created_at,"
            " updated_at FROM lastseat.webhooks, generate_series(2, %s) WHERE webhook_id = %s",
            [MOST, first],
        )
    refused = hooks.create(URL)
    assert isinstance(refused, o.Invalid)
    assert "remove one first" in refused.reason
    ids = [x.webhook_id for x in hooks.list(limit=1_000)]
    assert len(ids) == MOST
    assert ids == sorted(ids)
    assert [x.webhook_id for x in hooks.list(after=ids[3], limit=2)] == ids[4:6]
    hooks.remove(first)
    assert isinstance(hooks.create(URL), Saved)


def test_both_faces_have_the_same_operations() -> None:
    names = {x for x in dir(AsyncWebhooks) if not x.startswith("_")}
    assert names == {x for x in dir(Webhooks) if not x.startswith("_")}
    for name in names:
        waits, awaits = getattr(Webhooks, name), getattr(AsyncWebhooks, name)
        assert inspect.signature(waits) == inspect.signature(awaits)
        assert get_type_hints(waits) == get_type_hints(awaits)
        assert inspect.iscoroutinefunction(awaits)
        assert inspect.getdoc(waits)
