"""`lastseat worker` does what happens by itself until it is told to stop; `lastseat jobs` looks."""

import json
import signal
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from tests.cli.running import PROGRAM, SECONDS, environment, error_line
from tests.cli.running import lastseat as run
from tests.ledger.conftest import made_database
from tests.library.venue import done
from tests.races.clocks import set_clock
from tests.races.moments import until

import lastseat
from lastseat import Status
from lastseat.core.outcomes import Held
from lastseat.embedded import EmbeddedServer
from lastseat.ledger.migrate import migrate


@pytest.fixture(scope="module")
def where(server: EmbeddedServer) -> Iterator[str]:
    with made_database(server) as made:
        migrate(made)
        yield made


def held(where: str) -> tuple[str, str]:
    """A tenant and its hold of a second."""
    with lastseat.open(where, migrate=False) as engine:
        tenant = engine.tenant("studio")
        start = datetime(2027, 3, 1, 18, tzinfo=UTC)
        tenant.define_occurrence("yoga", start=start, end=start + timedelta(hours=1), capacity=9)
        return "studio", done(tenant.hold("yoga", actor="ann", seconds=1), Held).booking_id


def test_a_worker_expires_holds_and_ends_when_told(where: str) -> None:
    process = subprocess.Popen(
        [PROGRAM, "worker", "--url", where],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "at work; Ctrl-C ends it\n"
        tenant, booking = held(where)
        with lastseat.open(where, migrate=False) as engine:
            trail = engine.tenant(tenant).audit
            until(lambda: trail(booking)[-1].after.status is Status.EXPIRED)
        # What it does is told to webhooks: it numbers the journal as well.
        with psycopg.connect(where, autocommit=True) as connection:
            of = "SELECT max(last_pos) >= 3 FROM lastseat.feed_pages"
            until(lambda: connection.execute(of.encode()).fetchone() == (True,))
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=SECONDS)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 0, errors
    assert "1 holds have run out" in errors
    assert "Traceback" not in errors


def test_jobs_shows_what_waits_and_fails_when_it_waits_too_long(where: str) -> None:
    held(where)
    set_clock(where, timedelta(hours=1))
    shown = run("jobs", "--url", where)
    assert shown.returncode == 1
    assert "holds that ran out\t1\t" in shown.stdout
    found = json.loads(run("jobs", "--url", where, "--json").stdout)
    assert "holds" in found["late"]
    assert found["lag"]["holds"]["waiting"] == 1
    assert found["limit"] == 120
    patient = run("jobs", "--url", where, LASTSEAT_CLEANUP_LAG_SECONDS="86400")
    assert patient.returncode == 0


def test_jobs_says_what_is_wrong_in_one_line(conninfo: str) -> None:
    wrong = run("jobs", "--url", conninfo, LASTSEAT_CLEANUP_LAG_SECONDS="soon")
    assert "LASTSEAT_CLEANUP_LAG_SECONDS" in error_line(wrong)


@pytest.mark.parametrize("command", ["worker", "serve"])
@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("LASTSEAT_WEBHOOK_NETWORKS", "the office"),
        ("LASTSEAT_FETCH_NETWORKS", "10.1.0.1/16"),
        ("LASTSEAT_CLEANUP_LAG_SECONDS", "soon"),
    ],
)
def test_a_variable_that_can_t_be_used_is_refused_before_anything_begins(
    conninfo: str, command: str, variable: str, value: str
) -> None:
    refused = run(command, "--url", conninfo, cwd=None, **{variable: value})
    assert refused.returncode == 1
    assert variable in error_line(refused)
