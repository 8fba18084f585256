"""SIGTERM under load: no request is cut, nothing acknowledged is lost, and streams say goodbye."""

import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import psycopg
import pytest
from tests.http.conftest import Headers, Service, bearer, make_key, make_tenant, serving

CLIENTS = 8
SLOT = {"start": "2027-06-07T18:00:00Z", "end": "2027-06-07T19:00:00Z"}


class Crowd:
    """Clients who book without a pause, each on a connection of its own that it keeps.

    Who is told that the connection ends goes to the next server, as a load balancer would. Without
    an idempotency key, so that nobody can find out what became of a request that was cut.
    """

    def __init__(self, urls: list[str], headers: Headers) -> None:
        self._urls = urls
        self._headers = headers
        self._stop = threading.Event()
        self.acknowledged: set[str] = set()
        self.on: dict[int, int] = {}
        """Which server each is on."""
        self.cut = 0

    def run(self, me: int) -> None:
        number = server = 0
        client = self._connect(server)
        while not self._stop.is_set():
            self.on[me] = server
            number += 1
            body = {"actor": f"{me}-{number}", "claims": [{"bookable": "skis", **SLOT}]}
            try:
                answer = client.post("/v1/bookings", json=body)
            except httpx.ConnectError:
                # Nobody is there to take it: nothing was sent.
                moving = True
            except httpx.TransportError:
                self.cut += 1
                moving = True
            else:
                assert answer.status_code == 201, answer.text
                self.acknowledged.add(answer.json()["booking_id"])
                moving = answer.headers.get("connection") == "close"
            if moving:
                client.close()
                server = min(server + 1, len(self._urls) - 1)
                client = self._connect(server)
            time.sleep(0.002)
        client.close()

    def _connect(self, server: int) -> httpx.Client:
        # No certificates are needed, and loading them takes longer than all the rest.
        return httpx.Client(
            base_url=self._urls[server],
            timeout=20,
            headers=self._headers,
            verify=False,  # noqa: S501 - plain http
        )

    @contextmanager
    def booking(self) -> Iterator[None]:
        """They all book meanwhile."""
        threads = [threading.Thread(target=self.run, args=(x,)) for x in range(CLIENTS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join(30)
        assert not any(thread.is_alive() for thread in threads)

    def wait_for(self, acknowledged: int) -> None:
        """Until so many more are booked."""
        wanted, deadline = len(self.acknowledged) + acknowledged, time.monotonic() + 30
        while len(self.acknowledged) < wanted:
            assert time.monotonic() < deadline, "nobody books"
            time.sleep(0.01)


def listen(url: str, headers: Headers, heard: list[str], listening: threading.Event) -> None:
    """A live stream, until the server ends it."""
    with httpx.stream("GET", f"{url}/v1/live", headers=headers, timeout=30) as answer:
        for line in answer.iter_lines():
            heard.append(line)
            listening.set()
    heard.append("the end")


@pytest.mark.timeout(120)
def test_a_server_that_is_told_to_stop_cuts_nobody(conninfo: str, tenant_id: str) -> None:
    make_tenant(conninfo, tenant_id)
    headers = bearer(make_key(conninfo, tenant_id))
    options = ("--url", conninfo, "--no-jobs", "--drain", "0.6")
    with serving(*options) as first, serving(*options) as second:
        pool = {"bookable": "skis", "capacity": 1_000_000, "actor_time": "allow"}
        made = httpx.post(f"{first.url}/v1/resources", json=pool, headers=headers)
        assert made.status_code == 201
        heard: list[str] = []
        listening = threading.Event()
        stream = threading.Thread(target=listen, args=(first.url, headers, heard, listening))
        stream.start()
        assert listening.wait(20)
        crowd = Crowd([first.url, second.url], headers)
        with crowd.booking(), httpx.Client(base_url=first.url, timeout=20) as balancer:
            crowd.wait_for(20)
            assert set(crowd.on.values()) == {0}
            first.process.send_signal(signal.SIGTERM)
            assert why_not_ready(balancer) == ["stopping"]
            assert first.process.wait(timeout=30) == 0
            crowd.wait_for(20)
            assert set(crowd.on.values()) == {1}
        assert crowd.cut == 0
        assert booked(conninfo, tenant_id) == crowd.acknowledged
        stream.join(20)
        assert heard[0].startswith("retry: ")
        assert heard[-1] == "the end"

        # The control: the same, of a server that is not given the time.
        control = Crowd([second.url], headers)
        with control.booking():
            control.wait_for(20)
            kill(second)
        assert control.cut > 0
        assert booked(conninfo, tenant_id) >= crowd.acknowledged | control.acknowledged


def why_not_ready(balancer: httpx.Client) -> list[str]:
    """What a load balancer hears that asks until it is told."""
    deadline = time.monotonic() + 20
    while (answer := balancer.get("/readyz")).status_code == 200:
        assert time.monotonic() < deadline, "it goes on being ready"
    assert answer.headers["connection"] == "close"
    reasons: list[str] = answer.json()["reasons"]
    return reasons


def kill(service: Service) -> None:
    """At once."""
    service.process.kill()
    service.process.wait()


def booked(conninfo: str, tenant_id: str) -> set[str]:
    """The bookings that there are, by SQL that is none of ours."""
    with psycopg.connect(conninfo) as connection:
        rows = connection.execute(
            "SELECT booking_id::text FROM lastseat.bookings WHERE tenant_id = %s", [tenant_id]
        ).fetchall()
    return {str(row[0]) for row in rows}


def test_who_came_at_the_last_moment_is_heard_out(conninfo: str) -> None:
    with serving("--url", conninfo, "--no-auth", "--no-jobs", "--drain", "0.3") as service:
        where = httpx.URL(service.url)
        address = (where.host, where.port or 80)
        service.process.send_signal(signal.SIGTERM)
        with socket.create_connection(address) as late:
            until_refused(address)
            late.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = late.recv(4096)
        assert answer.startswith(b"HTTP/1.1 200")
        assert b"connection: close" in answer
        assert service.process.wait(timeout=30) == 0


def until_refused(address: tuple[str, int]) -> None:
    """Until nobody new is let in."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            socket.create_connection(address).close()
        except ConnectionError:
            return
        time.sleep(0.01)
    raise AssertionError("it goes on listening")


def test_nobody_whom_the_system_has_let_in_is_turned_away(conninfo: str) -> None:
    """Connections come without a pause: some always wait at the door when it is closed."""
    ended: list[bytes] = []
    gone = threading.Event()

    def visit(address: tuple[str, int]) -> None:
        while not gone.is_set():
            with socket.socket() as visitor:
                try:
                    visitor.connect(address)
                except ConnectionError:
                    # Not let in: nothing was asked.
                    gone.wait(0.001)
                    continue
                try:
                    visitor.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                    ended.append(visitor.recv(12))
                except OSError as cut:
                    ended.append(str(cut).encode())

    with serving("--url", conninfo, "--no-auth", "--no-jobs", "--drain", "0.2") as service:
        where = httpx.URL(service.url)
        address = (where.host, where.port or 80)
        visitors = [threading.Thread(target=visit, args=(address,)) for _ in range(6)]
        for visitor in visitors:
            visitor.start()
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(timeout=30) == 0
        gone.set()
        for visitor in visitors:
            visitor.join(10)
    assert len(ended) > 100
    # Between the last look and the close lies a moment that nothing guards. Without the look it is
    # a handful each time.
    assert [x for x in ended if x != b"HTTP/1.1 200"][1:] == []
