"""kill -9 of the whole service in the middle of 500 keyed requests: one answer, one effect each.

What was answered before stands after; what was not is found out by asking again with the same key.
"""

import os
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psycopg
from tests.http.conftest import Service, bearer, caller, make_key, make_tenant, serving

REQUESTS = 500
CAPACITY = 300
UNKEYED = 60

SLOT = {"start": "2027-06-07T18:00:00Z", "end": "2027-06-07T19:00:00Z"}

Answers = dict[int, tuple[int, bytes]]


def children(pid: int) -> list[int]:
    """The processes that a process has started, and theirs."""
    found = [int(x) for x in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return found + [x for child in found for x in children(child)]


def kill(service: Service) -> None:
    """All of it at once: nobody says goodbye."""
    for pid in [service.process.pid, *children(service.process.pid)]:
        os.kill(pid, signal.SIGKILL)
    service.process.wait()


def body(number: int) -> dict[str, Any]:
    return {"actor": f"actor-{number}", "claims": [{"bookable": "skis", **SLOT}]}


class Crowd:
    """Sixteen who ask at once, each on a connection of their own."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        self._url = url
        self._headers = headers
        self._mine = threading.local()
        self._clients: list[httpx.Client] = []
        self.answers: Answers = {}
        self.replayed: set[int] = set()
        self.unanswered: set[int] = set()

    def ask(self, number: int) -> None:
        """Request `number`; below 0 are those without a key."""
        if not hasattr(self._mine, "client"):
            self._mine.client = caller(self._url)
            self._clients.append(self._mine.client)
        headers, sent = dict(self._headers), body(number)
        if number < 0:
            sent["claims"][0]["bookable"] = "poles"
        else:
            headers["Idempotency-Key"] = f"tap-{number}"
        try:
            answer = self._mine.client.post("/v1/bookings", json=sent, headers=headers)
        except httpx.TransportError:
            self.unanswered.add(number)
            return
        self.answers[number] = answer.status_code, answer.content
        if "idempotency-replayed" in answer.headers:
            self.replayed.add(number)

    def rush(self, numbers: list[int], killed: Service | None = None, after: int = 0) -> None:
        """All of them; the service is killed once `after` answers are there."""
        with ThreadPoolExecutor(16) as pool:
            futures = [pool.submit(self.ask, number) for number in numbers]
            if killed is not None:
                while len(self.answers) < after:
                    time.sleep(0.001)
                kill(killed)
            for future in futures:
                future.result(60)
        for client in self._clients:
            client.close()


def everything() -> list[int]:
    """The numbers of all requests, those without a key in between."""
    step = REQUESTS // UNKEYED
    numbers = list(range(REQUESTS))
    for i in range(UNKEYED):
        numbers.insert(i * (step + 1), -1 - i)
    return numbers


def count(conninfo: str, tenant_id: str, pool: str) -> tuple[int, int, int]:
    """Bookings, units and journalled `booked` of a pool, by SQL that is none of ours."""
    with psycopg.connect(conninfo) as connection:
        row = connection.execute(
            "SELECT (SELECT count(DISTINCT booking_id) FROM lastseat.claims"
            "  WHERE tenant_id = %(t)s AND bookable_id = %(p)s AND live),"
            " (SELECT coalesce(sum(units), 0) FROM lastseat.claims"
            "  WHERE tenant_id = %(t)s AND bookable_id = %(p)s AND live),"
            " (SELECT count(*) FROM lastseat.journal"
            "  WHERE tenant_id = %(t)s AND stream_id = %(p)s AND type = 'booked')",
            {"t": tenant_id, "p": pool},
        ).fetchone()
    assert row is not None
    return row


def test_each_key_has_its_one_answer_and_one_effect(conninfo: str, tenant_id: str) -> None:
    make_tenant(conninfo, tenant_id)
    headers = bearer(make_key(conninfo, tenant_id))
    with serving("--url", conninfo, "--workers", "2") as first:
        for pool, capacity in (("skis", CAPACITY), ("poles", 10_000)):
            made = httpx.post(
                f"{first.url}/v1/resources",
                json={"bookable": pool, "capacity": capacity, "actor_time": "allow"},
                headers=headers,
            )
            assert made.status_code == 201, made.text
        before = Crowd(first.url, headers)
        before.rush(everything(), killed=first, after=(REQUESTS + UNKEYED) // 3)
    assert before.unanswered
    assert not before.replayed
    done = count(conninfo, tenant_id, "skis")[0]
    assert done >= sum(status == 201 for i, (status, _) in before.answers.items() if i >= 0)

    with serving("--url", conninfo, "--workers", "2") as second:
        after, again = (Crowd(second.url, headers) for _ in range(2))
        after.rush(everything())
        again.rush(list(range(REQUESTS)))
    assert not after.unanswered

    keyed = {i: x for i, x in after.answers.items() if i >= 0}
    given = {i: x for i, x in before.answers.items() if i >= 0}
    # What was answered stands; who asks once more is told the same.
    assert {i: keyed[i] for i in given} == given
    assert set(given) <= after.replayed
    assert again.answers == keyed
    assert again.replayed == set(keyed)
    # And has happened once.
    assert Counter(status for status, _ in keyed.values()) == {
        201: CAPACITY,
        409: REQUESTS - CAPACITY,
    }
    assert count(conninfo, tenant_id, "skis") == (CAPACITY, CAPACITY, CAPACITY)

    # The control: without keys, who asked again has booked again.
    bookings, _, journalled = count(conninfo, tenant_id, "poles")
    twice = sum(number < 0 for number in before.answers)
    assert twice > 0
    assert bookings == journalled >= UNKEYED + twice


def test_one_killed_worker_takes_only_its_own_requests_along(conninfo: str, tenant_id: str) -> None:
    make_tenant(conninfo, tenant_id)
    headers = bearer(make_key(conninfo, tenant_id))
    with serving("--url", conninfo, "--workers", "2") as service:
        url = f"{service.url}/v1/resources"
        asked = {"bookable": "skis", "capacity": CAPACITY, "actor_time": "allow"}
        assert httpx.post(url, json=asked, headers=headers).status_code == 201
        workers = [x for x in children(service.process.pid) if not children(x) and _serves(x)]
        os.kill(workers[0], signal.SIGKILL)
        crowd = Crowd(service.url, headers)
        crowd.rush(list(range(100)))
        # Whoever was on the killed one's connections asks again, and is answered by the other.
        retry = Crowd(service.url, headers)
        retry.rush(sorted(crowd.unanswered))
        assert not retry.unanswered
        until = time.monotonic() + 15
        while len([x for x in children(service.process.pid) if _serves(x)]) < 2:
            assert time.monotonic() < until, "nobody took its place"
            time.sleep(0.05)
    assert count(conninfo, tenant_id, "skis") == (100, 100, 100)


def _serves(pid: int) -> bool:
    """Whether a process is a worker; multiprocessing has one that only counts resources."""
    try:
        return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return False
