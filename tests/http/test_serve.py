"""`lastseat serve`: the first key shown once, a port workers share, an end that loses nothing."""

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psycopg
from psycopg.conninfo import conninfo_to_dict
from tests.cli.running import SECONDS, error_line, lastseat
from tests.http.conftest import bearer, serving, until_up

from lastseat.http.settings import ServeSettings, loopback

EVERYWHERE = "0.0.0.0"  # noqa: S104 - to see it refused


def occurrence(url: str, name: str, **headers: str) -> None:
    """An occurrence with many places, in the tenant of the headers."""
    start = datetime.now(UTC) + timedelta(days=3)
    body = {
        "bookable": name,
        "start": start.isoformat(),
        "end": (start + timedelta(hours=1)).isoformat(),
        "capacity": 1000,
    }
    made = httpx.post(f"{url}/v1/occurrences", json=body, headers=headers)
    assert made.status_code == 201, made.text


def test_the_first_owners_key_is_printed_once_and_opens_the_door(
    database: Callable[[], str],
) -> None:
    where = database()
    with serving("--url", where, "--workers", "2") as first:
        key = first.owner_key
        assert key is not None
        answer = httpx.get(f"{first.url}/v1/tenants", headers=bearer(key))
        assert [x["tenant_id"] for x in answer.json()["items"]] == ["default"]
        assert answer.json()["items"][0]["operator"] is True
    with serving("--url", where, LASTSEAT_JOBS="true") as second:
        assert second.owner_key is None
        assert httpx.get(f"{second.url}/v1/tenants").status_code == 401
        assert httpx.get(f"{second.url}/v1/tenants", headers=bearer(key)).status_code == 200


def test_without_authentication_it_serves_this_machine_alone() -> None:
    for host in (EVERYWHERE, "::", "192.0.2.1", "example.org"):
        refused = lastseat("serve", "--no-auth", "--host", host, "--port", "0")
        assert refused.returncode == 1
        assert "--no-auth" in error_line(refused)
    assert all(loopback(x) for x in ("127.0.0.1", "::1", "localhost"))
    assert not any(loopback(x) for x in (EVERYWHERE, "localhost.example.org"))
    assert ServeSettings(url="", auth=False).refusal() is None


def test_a_port_that_is_taken_is_told_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = lastseat("serve", "--port", str(port))
    assert refused.returncode == 1
    assert f"port {port}" in error_line(refused)


def test_told_to_stop_it_answers_what_is_under_way_and_takes_nothing_new(
    database: Callable[[], str],
) -> None:
    where = database()
    with serving("--url", where, "--no-auth") as service, psycopg.connect(where) as stranger:
        occurrence(service.url, "yoga")
        # A stranger holds the occurrence's row: the booking has to wait for it.
        stranger.execute("SELECT FROM lastseat.heads WHERE bookable_id = 'yoga' FOR UPDATE")
        answers: list[httpx.Response] = []

        def book() -> None:
            body = {"bookable": "yoga", "actor": "ann"}
            answers.append(httpx.post(f"{service.url}/v1/bookings", json=body, timeout=20))

        booker = threading.Thread(target=book)
        booker.start()
        until(lambda: waits_for_a_lock(where), "the booking does not come")
        service.process.send_signal(signal.SIGTERM)
        until(lambda: not answers_at(service.url), "it goes on taking new ones")
        assert service.process.poll() is None, "it did not wait"
        stranger.rollback()
        booker.join()
        assert answers[0].status_code == 201
        assert service.process.wait(timeout=10) == 0


def test_workers_share_one_port_and_a_dead_one_is_replaced(conninfo: str) -> None:
    with serving("--url", conninfo, "--no-auth", "--workers", "2") as service:
        before = children(service.process.pid)
        assert len(before) == 2
        until(lambda: workers_that_tell(service.url) == 2, "one of them tells no numbers")
        os.kill(before[0], signal.SIGKILL)
        deadline = time.monotonic() + SECONDS
        while len(set(children(service.process.pid)) - set(before)) < 1:
            assert time.monotonic() < deadline, "nobody took its place"
            # The one that lives goes on; a connection that the dead one had is lost.
            until_up(service.url)
            time.sleep(0.1)
        assert before[1] in children(service.process.pid)
        assert service.stop() == 0
        assert not any(alive(x) for x in before)


def test_workers_do_not_outlive_a_killed_parent(conninfo: str) -> None:
    with serving("--url", conninfo, "--no-auth", "--workers", "2") as service:
        workers = children(service.process.pid)
        assert len(workers) == 2
        service.process.kill()
        service.process.wait()
        deadline = time.monotonic() + SECONDS
        while any(alive(x) for x in workers):
            assert time.monotonic() < deadline, "a worker serves on, with nobody to stop it"
            time.sleep(0.1)


def test_the_database_away_is_503_and_its_return_is_noticed_within_a_second(
    database: Callable[[], str], conninfo: str
) -> None:
    where = database()
    name = str(conninfo_to_dict(where)["dbname"])
    with (
        serving("--url", where, "--no-auth") as service,
        psycopg.connect(conninfo, autocommit=True) as admin,
        httpx.Client(base_url=service.url, timeout=20) as client,
    ):
        occurrence(service.url, "yoga")
        body = {"bookable": "yoga", "actor": "ann"}
        usual = time.monotonic()
        assert client.post("/v1/bookings", json=body).status_code == 201
        assert client.get("/v1/occurrences/yoga").status_code == 200
        usual = time.monotonic() - usual
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false".encode())
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )
        for answer in (
            client.post("/v1/bookings", json={**body, "actor": "ben"}),
            client.get("/v1/occurrences/yoga"),
        ):
            assert answer.status_code == 503, answer.text
            assert answer.json()["code"] == "unavailable"
            assert answer.headers["retry-after"] == "1"
        assert client.get("/healthz").status_code == 200
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true".encode())
        back = time.monotonic()
        answers = [
            client.post("/v1/bookings", json={**body, "actor": "cyd"}).status_code,
            client.get("/v1/occurrences/yoga").status_code,
        ]
        # Beside what two requests take here.
        assert time.monotonic() - back < 1 + 2 * usual
        assert answers == [201, 200]


def until(true: Callable[[], bool], otherwise: str) -> None:
    """Wait for what has to come."""
    deadline = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.02)


def waits_for_a_lock(where: str) -> bool:
    """Whether somebody on that database waits for a row that another has."""
    with psycopg.connect(where) as connection:
        waiting = connection.execute(
            "SELECT FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return waiting.fetchone() is not None


def answers_at(url: str) -> bool:
    """Whether a new connection is answered."""
    try:
        return httpx.get(f"{url}/healthz", timeout=0.5).is_success
    except httpx.TransportError:
        return False


def workers_that_tell(url: str) -> int:
    """How many workers' numbers there are, whichever is asked."""
    lines = httpx.get(f"{url}/metrics").text.splitlines()
    return sum(line.startswith("lastseat_worker_up{") and line.endswith(" 1.0") for line in lines)


def children(parent: int) -> list[int]:
    """The workers of a supervisor, oldest first."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            state, above, *_ = path.read_text().rsplit(")", 1)[1].split()
            # Python's own resource tracker is a child, too.
            command = path.with_name("cmdline").read_bytes()
            if int(above) == parent and state != "Z" and b"spawn_main" in command:
                found.append(int(path.parent.name))
    return sorted(found)


def alive(pid: int) -> bool:
    """Whether that process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
