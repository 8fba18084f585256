"""`/metrics` tells what happened, to those who may know, and nothing that people have named."""

import json
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from prometheus_client.parser import text_string_to_metric_families
from tests.http.conftest import Headers, bearer, make_key, make_tenant
from tests.http.inside import Answer, Inside

from lastseat.http.app import make_app
from lastseat.http.metrics_families import FAMILIES, page, shown
from lastseat.http.settings import MetricsFor, ServeSettings

ROOT = Path(__file__).parents[2]
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture(scope="module")
def inside(conninfo: str) -> Iterator[Inside]:
    opened = Inside(make_app(ServeSettings(url=conninfo)))
    try:
        yield opened
    finally:
        opened.close()


def samples(answer: Answer | httpx.Response) -> Samples:
    """What a page says, by name and labels."""
    text = answer.body.decode() if isinstance(answer, Answer) else answer.text
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def of(found: Samples, name: str, **labels: str) -> float:
    """The sum of the samples with these labels."""
    return sum(x for (n, has), x in found.items() if n == name and labels.items() <= has)


def test_it_tells_what_happened(inside: Inside, conninfo: str, tenant_id: str) -> None:
    make_tenant(conninfo, tenant_id)
    key = make_key(conninfo, tenant_id)
    before = samples(inside.ask("GET", "/metrics"))
    made = {"bookable": "lane", "capacity": 2}
    assert inside.ask("POST", "/v1/resources", made, key=key).status == 201
    start, end = "2027-06-07T18:00:00Z", "2027-06-07T19:00:00Z"
    claims = [{"bookable": "lane", "start": start, "end": end}]
    for actor in ("ann", "ben", "cyd"):
        inside.ask("POST", "/v1/bookings", {"actor": actor, "claims": claims}, key=key)
    assert inside.ask("GET", "/v1/bookings/nobody", key=key).status == 404
    after = samples(inside.ask("GET", "/metrics"))

    def grown(name: str, **labels: str) -> float:
        return of(after, name, **labels) - of(before, name, **labels)

    assert grown("lastseat_commands_total", outcome="booked") == 2
    assert grown("lastseat_commands_total") == 4
    assert grown("lastseat_batch_commands_sum") == 4
    assert grown("lastseat_batch_commands_count") == grown("lastseat_batch_seconds_count") == 4
    assert grown("lastseat_batch_wait_seconds_bucket", le="+Inf") == 4
    assert grown("lastseat_transactions_written_total") == 3
    route = {"method": "POST", "route": "/v1/bookings"}
    assert grown("lastseat_http_requests_total", **route, status="201") == 2
    assert grown("lastseat_http_requests_total", **route, status="409") == 1
    assert grown("lastseat_http_request_seconds_count", **route) == 3
    assert grown("lastseat_http_requests_total", route="/v1/bookings/{booking_id}") == 1
    assert of(after, "lastseat_database_up") == 1
    assert of(after, "lastseat_connections", pool="fast") >= 1
    assert ("lastseat_behind_seconds", frozenset({("what", "holds")})) in after


def test_it_names_nobody(inside: Inside, conninfo: str, tenant_id: str) -> None:
    make_tenant(conninfo, tenant_id)
    key = make_key(conninfo, tenant_id)
    inside.ask("POST", "/v1/resources", {"bookable": "secret-lane"}, key=key)
    inside.ask("GET", "/v1/bookables/secret-lane", key=key)
    inside.ask("GET", "/secret-address", key=key)
    inside.ask("SECRET", "/v1/bookings", key=key)
    text = inside.ask("GET", "/metrics").body.decode()
    assert tenant_id not in text
    assert "secret" not in text.lower()
    # What is no route is one series, however many addresses are tried.
    assert 'route="other"' in text


def test_openmetrics_is_spoken_to_who_asks_for_it(inside: Inside) -> None:
    accept = "application/openmetrics-text; version=1.0.0"
    answer = inside.ask("GET", "/metrics", headers=[("Accept", accept)])
    assert (answer.header("content-type") or "").startswith("application/openmetrics-text")
    assert answer.body.endswith(b"# EOF\n")


def test_who_may_read_it(
    client: TestClient[Litestar], inside: Inside, login: Callable[..., Headers], conninfo: str
) -> None:
    # This one's address is no loopback's; that one's is.
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers=login("owner")).status_code == 403
    make_tenant(conninfo, "the-operators", operator=True)
    operator = bearer(make_key(conninfo, "the-operators"))
    assert client.get("/metrics", headers=operator).status_code == 200
    assert inside.ask("GET", "/metrics").status == 200
    # A proxy on this machine asks for somebody else.
    assert inside.ask("GET", "/metrics", headers=[("X-Forwarded-For", "192.0.2.1")]).status == 401


@pytest.mark.parametrize(
    ("metrics", "status"),
    [(MetricsFor.OPERATOR, 401), (MetricsFor.ANYBODY, 200), (MetricsFor.NOBODY, 404)],
)
def test_who_may_read_it_is_configured(
    inside: Inside, metrics: MetricsFor, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = inside._app.opt["lastseat"]
    other = msgspec.structs.replace(service.settings, metrics=metrics)
    monkeypatch.setattr(service, "settings", other)
    assert inside.ask("GET", "/metrics").status == status


def test_whichever_worker_is_asked_tells_the_numbers_of_all(conninfo: str) -> None:
    with tempfile.TemporaryDirectory() as siblings:
        settings = [
            ServeSettings(url=conninfo, workers=2, worker=x, siblings=siblings) for x in (0, 1)
        ]
        first, second = (Inside(make_app(x)) for x in settings)
        try:
            for _ in range(3):
                first.ask("GET", "/readyz")
            second.ask("GET", "/readyz")
            for asked in (first, second):
                found = samples(asked.ask("GET", "/metrics"))
                route = {"route": "/readyz", "status": "200"}
                assert of(found, "lastseat_http_requests_total", worker="0", **route) == 3
                assert of(found, "lastseat_http_requests_total", worker="1", **route) == 1
                assert of(found, "lastseat_worker_up") == 2
                # What is the database's is told once.
                assert of(found, "lastseat_database_up") == 1
            second.close()
            found = samples(first.ask("GET", "/metrics"))
            assert of(found, "lastseat_worker_up", worker="0") == 1
            assert of(found, "lastseat_worker_up", worker="1") == 0
            assert ("lastseat_worker_up", frozenset({("worker", "1")})) in found
        finally:
            first.close()


def test_its_page_is_current() -> None:
    assert (ROOT / "docs/metrics.md").read_text() == page()


def test_the_dashboard_asks_for_metrics_that_exist() -> None:
    board = json.loads((ROOT / "deploy/grafana/lastseat.json").read_text())
    asked = {
        name
        for panel in board["panels"]
        for target in panel.get("targets", [])
        for name in re.findall(r"\blastseat_\w+", target["expr"])
    }
    there = {
        name + suffix
        for name in map(shown, FAMILIES.values())
        for suffix in ("", "_bucket", "_sum", "_count")
    }
    assert asked
    assert asked <= there
    # And each kind of trouble has a panel: a metric that nobody looks at helps nobody.
    for family in ("commands", "batch_seconds", "http_request_seconds", "behind_seconds"):
        assert any(name.startswith(f"lastseat_{family}") for name in asked), family
