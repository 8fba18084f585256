"""The database away: said at once and honestly, and forgotten within a second of its return."""

import asyncio
import contextlib
import os
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.http.inside import Answer, Inside
from tests.http.venue import HOUR, SOON, Venue, settings

import lastseat
from lastseat.embedded import EmbeddedServer
from lastseat.engine import drivers, stuck
from lastseat.http.app import make_app
from lastseat.ledger.migrate import migrate

HANG_SECONDS = 5


@pytest.fixture(scope="module")
def own_server() -> Iterator[EmbeddedServer]:
    """A server that these tests may stop."""
    # In memory where there is room, as in tests/conftest.py.
    memory = Path("/dev") / "shm"
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 2 * 2**30
    home = Path(tempfile.mkdtemp(prefix="lastseat-", dir=memory if roomy else None))
    home.chmod(0o755)
    server = EmbeddedServer(home / "data")
    try:
        migrate(server.ensure_running())
        yield server
    finally:
        server.stop(mode="immediate")
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def venue(own_server: EmbeddedServer, tenant_id: str) -> Venue:
    with lastseat.open(own_server.ensure_running(), migrate=False) as engine:
        return Venue(engine, tenant_id)


@pytest.fixture
def inside(own_server: EmbeddedServer, tmp_path: Path) -> Iterator[Inside]:
    inside = Inside(make_app(settings(own_server.ensure_running(), tmp_path)))
    try:
        yield inside
    finally:
        own_server.ensure_running()
        inside.close()


def booking(venue: Venue, actor: str) -> dict[str, Any]:
    end = (SOON + HOUR).isoformat()
    claims = [{"bookable": venue.pool, "start": SOON.isoformat(), "end": end}]
    return {"actor": actor, "claims": claims}


def requests(venue: Venue) -> list[tuple[str, str, Any]]:
    """One of each kind: engine, reads, catalogue, access, reservations."""
    return [
        ("POST", "/v1/bookings", booking(venue, "ben")),
        ("POST", "/v1/resources", {"bookable": "new"}),
        ("GET", "/v1/bookings", None),
        ("GET", f"/v1/occurrences/{venue.occurrence}/roster", None),
        ("GET", f"/v1/occurrences/{venue.occurrence}/observed", None),
        ("POST", "/v1/expire", None),
        ("GET", "/v1/locations", None),
        ("PATCH", f"/v1/locations/{venue.location}", {"name": "The hall"}),
        ("PATCH", f"/v1/services/{venue.service}", {"name": "Another"}),
        ("GET", "/v1/keys", None),
        ("POST", "/v1/people", {"subject": "eve", "roles": ["staff"]}),
        ("POST", "/v1/actors/forget", {"actor": "nobody"}),
        ("GET", "/api/booking/metrics", None),
        ("GET", "/api/booking/health", None),
    ]


def unavailable(answer: Answer) -> None:
    problem = answer.problem(503)
    assert problem["code"] in ("unavailable", "outcome_unknown"), problem
    assert int(answer.header("retry-after") or 0) >= 1


def seconds_until(works: Callable[[], bool]) -> float:
    """How long it takes until something works."""
    began = time.monotonic()
    while time.monotonic() - began < 20:
        if works():
            return time.monotonic() - began
        time.sleep(0.01)
    raise AssertionError("it never came back")


def test_away_is_said_at_once_and_forgotten_within_a_second(
    own_server: EmbeddedServer, inside: Inside, venue: Venue
) -> None:
    def ask(method: str, path: str, body: Any) -> Answer:
        return inside.ask(method, path, body, key=venue.owner)

    usual = time.monotonic()
    for method, path, body in requests(venue):
        assert ask(method, path, body).status in (200, 201), path
    usual = time.monotonic() - usual
    own_server.stop(mode="immediate")
    gone = time.monotonic()
    # The key is believed for a second more; afterwards it can't even be looked up.
    believed = [lambda x=x: inside.answer(*x, key=venue.owner) for x in requests(venue)]
    for answer in inside.together(*believed):
        unavailable(answer)
    assert time.monotonic() - gone < HANG_SECONDS
    time.sleep(1.1)
    asked = time.monotonic()
    for answer in inside.together(*believed):
        unavailable(answer)
    assert time.monotonic() - asked < HANG_SECONDS
    assert inside.ask("GET", "/healthz").status == 200
    assert inside.ask("GET", "/openapi.json").status == 200
    inside.ask("GET", "/v1/nothing").problem(404)
    own_server.ensure_running()
    back = time.monotonic()
    for method, path, body in requests(venue):
        seconds_until(lambda x=(method, path, body): ask(*x).status in (200, 201, 409))  # type: ignore[misc]
    # Beside what so many requests take here.
    assert time.monotonic() - back < 1 + 2 * usual


def test_what_was_under_way_is_answered_honestly(
    own_server: EmbeddedServer, inside: Inside, venue: Venue
) -> None:
    """Booked is booked; unavailable is not; and a key finds out what nobody could say."""
    numbers = range(300)
    waits: list[float] = []

    async def one(number: int, wait: float) -> Answer:
        await asyncio.sleep(wait)
        # What the engine writes, and what is written beside it.
        asked: tuple[str, Any] = ("/v1/bookings", booking(venue, f"actor-{number}"))
        if number % 5 == 0:
            asked = ("/v1/people", {"subject": f"actor-{number}", "roles": ["staff"]})
        elif number % 5 == 1:
            location = {"location_id": f"actor-{number}", "name": "Hall", "time_zone": "UTC"}
            asked = ("/v1/locations", location)
        headers = [("Idempotency-Key", f"tap-{number}")]
        began = time.monotonic()
        answer = await inside.answer("POST", *asked, key=venue.owner, headers=headers)
        waits.append(time.monotonic() - began)
        return answer

    def all_of_them(seconds: float) -> list[Answer]:
        spread = seconds / len(numbers)
        return inside.together(*(lambda i=i: one(i, i * spread) for i in numbers))

    async def stop() -> None:
        await asyncio.sleep(0.15)
        await asyncio.to_thread(own_server.stop, mode="immediate")

    stopping = asyncio.run_coroutine_threadsafe(stop(), inside.loop)
    first = all_of_them(0.6)
    stopping.result(30)
    assert {x.status for x in first} == {201, 503}
    for answer in first:
        if answer.status == 503:
            unavailable(answer)
    assert max(waits) < HANG_SECONDS
    told = {f"actor-{i}" for i, x in enumerate(first) if x.status == 201}
    refused = {
        f"actor-{i}"
        for i, x in enumerate(first)
        if x.status == 503 and x.json()["code"] == "unavailable"
    }
    found = effects(own_server.ensure_running(), venue.tenant_id)
    assert told <= set(found)
    # "Nothing was done" has to be true.
    assert not refused & set(found)
    assert set(found.values()) == {1}
    seconds_until(lambda: inside.ask("GET", "/v1/bookings", key=venue.owner).status == 200)
    again = all_of_them(0)
    assert {x.status for x in again} == {201}
    for before, after in zip(first, again, strict=True):
        if before.status == 201:
            assert after.body == before.body


def effects(conninfo: str, tenant_id: str) -> Counter[str]:
    """Who has a booking, is known, or is a location: by SQL that is none of ours."""
    with psycopg.connect(conninfo) as connection:
        rows = connection.execute(
            "SELECT ref FROM lastseat.bookings JOIN lastseat.actors USING (tenant_id, actor_id)"
            " WHERE tenant_id = %(t)s"
            " UNION ALL SELECT subject FROM lastseat.people WHERE tenant_id = %(t)s"
            " UNION ALL SELECT location_id FROM lastseat.locations WHERE tenant_id = %(t)s",
            {"t": tenant_id},
        ).fetchall()
    return Counter(name for (name,) in rows if name.startswith("actor-"))


def test_a_database_that_stopped_answering_keeps_nobody_waiting(
    own_server: EmbeddedServer, inside: Inside, venue: Venue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Worse than gone: its sockets take what is sent, and nothing comes back."""
    # Patience with it is ten seconds; a test has less.
    monkeypatch.setattr(stuck, "STUCK_SECONDS", 1.0)
    monkeypatch.setattr(drivers, "CONNECT_TIMEOUT", 2)
    usual = time.monotonic()
    for method, path, body in requests(venue):
        assert inside.ask(method, path, body, key=venue.owner).status in (200, 201)
    usual = time.monotonic() - usual
    stopped = processes(own_server)
    try:
        for pid in stopped:
            # The parent first: it starts no other then, and one that just ended is none to stop.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        asked = time.monotonic()
        asking = [lambda x=x: inside.answer(*x, key=venue.owner) for x in requests(venue)]
        answers = inside.together(*asking)
        took = time.monotonic() - asked
    finally:
        for pid in reversed(stopped):
            # One that was just ending is gone when its parent goes on.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
    for answer in answers:
        unavailable(answer)
    assert took < HANG_SECONDS
    back = time.monotonic()
    for method, path, body in requests(venue):
        seconds_until(
            lambda x=(method, path, body): (
                inside.ask(*x, key=venue.owner).status  # type: ignore[misc]
                in (200, 201, 409)
            )
        )
    assert time.monotonic() - back < 1 + 2 * usual


def processes(server: EmbeddedServer) -> list[int]:
    """The server's own processes: its postmaster and what that started."""
    pid = server.status().pid
    assert pid is not None
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(int(x) for x in children)]
