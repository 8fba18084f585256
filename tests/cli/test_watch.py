"""`lastseat watch` shows what changes, as it happens, until it is told to stop."""

import json
import signal
from typing import Any

import pytest
from tests.cli.running import Running, error_line, lastseat, started
from tests.client.service import new_key, serving
from tests.http.venue import SOON

import lastseat as product
from lastseat.access import Role


@pytest.fixture
def studio(conninfo: str, engine: product.Engine, tenant_id: str) -> Any:
    new_key(conninfo, tenant_id, Role.STAFF)
    tenant: Any = engine.tenant(tenant_id)
    tenant.catalogue.create_location("north", name="North", time_zone="UTC")
    for name, location in (("yoga", "north"), ("elsewhere", None)):
        assert tenant.define_occurrence(
            name, start=SOON, end=SOON.replace(hour=23), capacity=9, location=location
        ).ok
    return tenant


def line(process: Running) -> str:
    # What the test made just before may be told as well: the feed is a moment behind.
    return next(line for line in process.stdout if "defined" not in line).rstrip()


def test_it_shows_a_location_from_the_database_until_ctrl_c(studio: Any, conninfo: str) -> None:
    arguments = ["--url", conninfo, "--tenant", studio.tenant_id, "--location", "north"]
    with started("watch", *arguments) as process:
        assert line(process).startswith(f"watching chain.bookings.{studio.tenant_id}.north")
        assert studio.book("elsewhere", actor="ben").ok
        booked = studio.book("yoga", actor="ann", units=2)
        _, event, where, units, status, _, booking = line(process).split("\t")
        assert (event, where, units) == ("booking.booked", "yoga", "2 units")
        assert (status, booking) == ("CONFIRMED", booked.booking_id)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


def test_it_watches_a_service_elsewhere(studio: Any, conninfo: str) -> None:
    key = new_key(conninfo, studio.tenant_id, Role.STAFF)
    with serving(conninfo) as port:
        arguments = ["--url", f"http://127.0.0.1:{port}", "--location", "north", "--json"]
        with started("watch", *arguments, LASTSEAT_KEY=key) as process:
            assert json.loads(line(process))["event"] == "position"
            assert studio.book("yoga", actor="ann").ok
            message = json.loads(line(process))
            assert message["event"] == "booking.booked"
            assert message["data"]["bookables"] == ["yoga"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--location", "nowhere"], "there is no location 'nowhere'"),
        (["--occurrence", "nothing"], "nothing"),
        (["--location", "north", "--event", "yoga"], "not both"),
    ],
)
def test_what_can_not_be_watched_is_said(
    studio: Any, conninfo: str, arguments: list[str], words: str
) -> None:
    done = lastseat("watch", "--url", conninfo, "--tenant", studio.tenant_id, *arguments)
    assert done.returncode == 1
    assert words in error_line(done)
