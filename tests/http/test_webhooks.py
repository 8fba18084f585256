"""Webhooks over HTTP: made, changed, tested, and what became of their messages."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from standardwebhooks import Webhook
from tests.gateways.hosts import Host, hosted, ok
from tests.http.inside import Answer, Inside
from tests.http.venue import Venue, settings

import lastseat
from lastseat.http.app import make_app

URL = "https://hooks.example.org/lastseat"


class Scene:
    """A venue, and the application that serves it."""

    def __init__(self, inside: Inside, venue: Venue) -> None:
        self.inside = inside
        self.venue = venue

    def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        more.setdefault("key", self.venue.owner)
        return self.inside.ask(method, f"/v1/webhooks{path}", body, **more)

    def make(self, url: str = URL, **more: Any) -> dict[str, Any]:
        made = self.ask("POST", "", {"url": url, **more})
        assert made.status == 201, made.body
        assert made.header("cache-control") == "no-store"
        found: dict[str, Any] = made.json()
        return found


@pytest.fixture(scope="module")
def scene(conninfo: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    directory = tmp_path_factory.mktemp("webhooks")
    with lastseat.open(conninfo, migrate=False) as engine:
        venue = Venue(engine, f"hooks-{directory.name}-{time.time_ns():x}")
        inside = Inside(make_app(settings(conninfo, directory)))
        try:
            yield Scene(inside, venue)
        finally:
            inside.close()


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """A receiver that may be posted to."""
    monkeypatch.setenv("LASTSEAT_WEBHOOK_NETWORKS", "127.0.0.1/32")
    with hosted({"/hook": ok(b"thanks")}) as host:
        yield host


def test_a_webhook_is_made_read_changed_and_removed(scene: Scene) -> None:
    made = scene.make(kinds=["booking.*"], description="the till")
    assert made["secret"].startswith("whsec_")
    webhook = made["webhook"]
    assert webhook["kinds"] == ["booking.*"]
    path = f"/{webhook['webhook_id']}"
    read = scene.ask("GET", path)
    assert read.json() == webhook
    assert read.header("etag") == '"1"'
    changed = scene.ask("PATCH", path, {"kinds": ["*"], "description": None, "enabled": False})
    assert changed.json()["version"] == 2
    assert changed.json()["description"] is None
    assert changed.json()["disabled"] == "disabled by hand"
    stale = scene.ask("PATCH", path, {"enabled": True}, headers=[("If-Match", '"1"')])
    assert stale.problem(412, "conflict")["actual"] == 2
    again = scene.ask("PATCH", path, {"enabled": True, "expected_version": 2})
    assert (again.json()["enabled"], again.json()["disabled"]) == (True, None)
    assert scene.ask("DELETE", path).json() == again.json()
    scene.ask("GET", path).problem(404, "unknown_webhook")
    scene.ask("DELETE", path).problem(404, "unknown_webhook")


def test_webhooks_are_listed_page_by_page(scene: Scene) -> None:
    ids = {scene.make()["webhook"]["webhook_id"] for _ in range(3)}
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = scene.ask("GET", "", query={"limit": 2, **cursor}).json()
        found += [x["webhook_id"] for x in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert ids <= set(found)
    assert found == sorted(found)
    assert "whsec_" not in json.dumps(page)
    scene.ask("GET", "", query={"cursor": "x"}).problem(400, "invalid", "cursor")


def test_a_secret_is_shown_once(scene: Scene) -> None:
    headers = [("Idempotency-Key", f"hook-{time.time_ns()}")]
    first = scene.ask("POST", "", {"url": URL}, headers=headers).json()
    again = scene.ask("POST", "", {"url": URL}, headers=headers)
    assert again.header("idempotency-replayed") == "true"
    assert again.json() == {"webhook": first["webhook"], "secret": None}
    path = f"/{first['webhook']['webhook_id']}/secret"
    rotated = scene.ask("POST", path)
    assert rotated.status == 200
    assert rotated.header("cache-control") == "no-store"
    assert rotated.json()["secret"] != first["secret"]
    scene.ask("POST", path, {"overlap_seconds": -1}).problem(400, "invalid", "overlap_seconds")
    scene.ask("POST", path, {"overlap_seconds": 10**9}).problem(400, "invalid", "overlap_seconds")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"url": "http://hooks.example.org/"}, "url"),
        ({"url": "https://127.0.0.1/"}, "url"),
        ({"url": "https://[::ffff:10.0.0.1]/"}, "url"),
        ({"url": "https://localhost/"}, "url"),
        ({"url": "https://user:word@hooks.example.org/"}, "url"),
        ({"url": "https://hooks.example.org:25/"}, "url"),
        ({"url": ""}, "url"),
        ({"url": URL, "kinds": []}, "kinds"),
        ({"url": URL, "kinds": ["booked"]}, "kinds"),
        ({"url": URL, "kinds": ["booking.booked", "booking.booked"]}, "kinds"),
        ({"url": URL, "kinds": ["*"] * 51}, "kinds"),
        ({"url": URL, "kinds": "*"}, "kinds"),
        ({"url": URL, "description": "x" * 2_001}, "description"),
        ({"url": URL, "description": "a\u0000b"}, "description"),
        ({"url": URL, "secret": "whsec_mine"}, "secret"),
    ],
)
def test_what_can_be_no_webhook_is_refused_by_field(
    scene: Scene, body: dict[str, Any], field: str
) -> None:
    problem = scene.ask("POST", "", body).problem(400, "invalid", field)
    assert "word@" not in json.dumps(problem)


def test_a_test_message_tells_how_it_was_answered(scene: Scene, here: Host) -> None:
    made = scene.make(f"http://127.0.0.1:{here.port}/hook")
    path = f"/{made['webhook']['webhook_id']}/test"
    found = scene.ask("POST", path).json()
    assert (found["delivered"], found["answered"], found["reason"]) == (True, 200, None)
    here.paths["/hook"] = b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"
    found = scene.ask("POST", path).json()
    assert (found["delivered"], found["answered"]) == (False, 500)
    assert found["reason"] == "was answered with status 500"
    _, headers = here.asked[0]
    assert {"webhook-id", "webhook-timestamp", "webhook-signature"} <= headers.keys()
    Webhook(made["secret"])
    scene.ask("POST", "/nothing/test").problem(404, "unknown_webhook")


def test_an_address_that_is_allowed_no_more_is_not_posted_to(
    scene: Scene, here: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = scene.make(f"http://127.0.0.1:{here.port}/hook")
    monkeypatch.delenv("LASTSEAT_WEBHOOK_NETWORKS")
    found = scene.ask("POST", f"/{made['webhook']['webhook_id']}/test").json()
    assert (found["delivered"], found["answered"]) == (False, None)
    assert found["reason"] == "must begin with https://"
    assert here.connections == 0


def test_messages_are_listed_and_replayed(scene: Scene) -> None:
    import psycopg  # noqa: PLC0415

    webhook_id = scene.make()["webhook"]["webhook_id"]
    with psycopg.connect(scene.venue.conninfo, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO lastseat.webhook_deliveries SELECT %s, %s, gen_random_uuid(), n,"
            " 'booking:x', 'booking.booked', '{}', CASE WHEN n > 3 THEN 'pending' ELSE 'dead' END,"
            " 10, now(), now(), CASE WHEN n > 3 THEN NULL ELSE now() END, 500, 'said so'"
            " FROM generate_series(1, 5) n",
            [scene.venue.tenant_id, webhook_id],
        )
    path = f"/{webhook_id}"

    def listed(**query: Any) -> Any:
        return scene.ask("GET", f"{path}/deliveries", query=query).json()

    assert [x["pos"] for x in listed()["items"]] == [5, 4, 3, 2, 1]
    first = listed(status="dead", limit=2)
    rest = listed(status="dead", limit=2, cursor=first["next"])
    dead = first["items"] + rest["items"]
    assert [x["pos"] for x in dead] == [3, 2, 1]
    assert rest["next"] is None
    assert (dead[0]["due_at"], dead[0]["reason"]) == (None, "said so")
    one = {"delivery_id": dead[0]["delivery_id"]}
    assert scene.ask("POST", f"{path}/replay", one).json() == {"replayed": 1, "more": False}
    assert scene.ask("POST", f"{path}/replay").json() == {"replayed": 2, "more": False}
    assert {x["status"] for x in listed()["items"]} == {"pending"}
    unknown = {"delivery_id": webhook_id}
    scene.ask("POST", f"{path}/replay", unknown).problem(404, "unknown_delivery")
    scene.ask("GET", f"{path}/deliveries", query={"status": "lost"}).problem(
        400, "invalid", "status"
    )
    scene.ask("GET", "/nothing/deliveries").problem(404, "unknown_webhook")
    # What was to be sent goes with it.
    assert scene.ask("DELETE", path).status == 200
    with psycopg.connect(scene.venue.conninfo) as connection:
        left = connection.execute(
            "SELECT count(*) FROM lastseat.webhook_deliveries WHERE webhook_id = %s", [webhook_id]
        ).fetchone()
    assert left == (0,)
