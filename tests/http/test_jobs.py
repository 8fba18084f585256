"""A service with its jobs: what happens by itself, and the check that fails when it does not."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from tests.http.desk import Desk, refusal
from tests.ledger.conftest import made_database
from tests.library.venue import done
from tests.races.clocks import set_clock
from tests.races.moments import until

import lastseat
from lastseat import Claim
from lastseat.core.outcomes import Booked
from lastseat.embedded import EmbeddedServer
from lastseat.http import health
from lastseat.http.app import make_app
from lastseat.http.settings import ServeSettings
from lastseat.ledger.migrate import migrate


@pytest.fixture(scope="module")
def where(server: EmbeddedServer) -> Iterator[str]:
    with made_database(server) as made:
        migrate(made)
        yield made


def served(where: str, *, jobs: bool) -> TestClient[Litestar]:
    settings = ServeSettings(url=where, auth=False, jobs=jobs)
    return TestClient(make_app(settings), base_url="http://127.0.0.1")


def absent(where: str) -> str:
    """A booking that begins now, at a place where nobody is waited for."""
    now = datetime.now(UTC)
    with lastseat.open(where, migrate=False) as engine:
        studio = engine.tenant("studio")
        studio.catalogue.create_location(
            "hall", name="Hall", time_zone="UTC", no_show_after_seconds=0
        )
        assert studio.define_resource("lane", location="hall").ok
        claim = Claim(bookable="lane", start=now, end=now + timedelta(hours=1))
        return done(studio.book([claim], actor="ann"), Booked).booking_id


def test_what_is_due_happens_while_it_serves(where: str) -> None:
    booking = absent(where)
    with served(where, jobs=True) as client:
        desk = Desk(client, {"Lastseat-Tenant": "studio"})
        path = f"/v1/bookings/{booking}"
        until(lambda: desk.get(path).json()["status"] == "NO_SHOW")
        trail = desk.get(f"{path}/audit").json()["items"]
        assert (trail[-1]["action"], trail[-1]["principal"]) == ("no_show", "system")
        assert not desk.post(f"{path}/check-in", {}).is_success
        late = desk.post(f"{path}/check-in", {"late": True})
        assert late.json()["code"] == "checked_in", late.text
        # A hold of a second, of which nobody asks anything.
        desk.occurrence("yoga")
        held = desk.book("yoga", hold_seconds=1)
        trail_of = f"/v1/bookings/{held}/audit"
        until(lambda: desk.get(trail_of).json()["items"][-1]["action"] == "expired")
        until(lambda: client.get("/healthz/jobs").json().get("status") == "up")


def test_the_health_check_fails_when_nobody_does_it(
    where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "MEASURED_SECONDS", 0.0)
    with served(where, jobs=False) as client:
        desk = Desk(client, {"Lastseat-Tenant": "studio"})
        desk.occurrence("pilates")
        desk.book("pilates", hold_seconds=60)
        set_clock(where, timedelta(seconds=300))
        lagging = client.get("/healthz/jobs")
        assert refusal(lagging) == (503, "jobs_lag")
        assert "holds" in lagging.json()["late"]
        assert 235 < lagging.json()["seconds"]["holds"] < 300
        assert "retry-after" in lagging.headers
        monkeypatch.setenv("LASTSEAT_CLEANUP_LAG_SECONDS", "86400")
        assert client.get("/healthz/jobs").json()["limit_seconds"] == 86400
        assert client.get("/healthz").status_code == 200
