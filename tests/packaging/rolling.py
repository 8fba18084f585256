"""Two servers of one database behind a reverse proxy, restarted in turn while people book.

`make rolling`, or `python -m tests.packaging.rolling`: behind nginx with deploy/nginx.conf where
nginx is installed, else behind `Front`, which passes requests on by that file's rules. Not a proxy
for anything else: it holds whole answers, so it has no live streams.
"""

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import httpx
import uvicorn
from msgspec import Struct
from tests.cli.running import PROGRAM, environment, scratch

import lastseat
from lastseat.embedded import EmbeddedServer

NGINX_CONF = Path(__file__).parents[2] / "deploy" / "nginx.conf"
IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})
OF_A_HOP = frozenset(
    {b"connection", b"keep-alive", b"transfer-encoding", b"host", b"content-length"}
)
TENANT = "rolling"
UP_SECONDS = 40
START = datetime(2031, 3, 3, 18, tzinfo=UTC)


class Server:
    """`lastseat serve` on a port that it keeps over restarts."""

    def __init__(self, conninfo: str, *arguments: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._command = [PROGRAM, "serve", "--no-auth", "--url", conninfo, "--port", str(self.port)]
        self._command += arguments
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def until_up(self) -> None:
        until_up(self.url, lambda: self._process is not None and self._process.poll() is None)

    def stop(self) -> None:
        """As an init system does. Raises if it does not end, or not well."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        assert self._process.wait(timeout=45) == 0
        self._process = None

    def kill(self) -> None:
        """For the end, whatever became of the test."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


class Front:
    """A proxy by the rules of deploy/nginx.conf; `again=False` gives up at the first failure."""

    def __init__(self, urls: Sequence[str], *, again: bool = True) -> None:
        self._urls = urls
        self._again = again
        self._turn = 0
        self._client = httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=None))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """An ASGI application: one request passed on."""
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        answer = await self._passed_on(scope, body)
        headers = [(k, v) for k, v in answer.headers.raw if k.lower() not in OF_A_HOP]
        start = {"type": "http.response.start", "status": answer.status_code, "headers": headers}
        await send(start)
        await send({"type": "http.response.body", "body": answer.content})

    async def _passed_on(self, scope: Any, body: bytes) -> httpx.Response:
        headers = [(k, v) for k, v in scope["headers"] if k not in OF_A_HOP]
        twice = scope["method"] in IDEMPOTENT or b"idempotency-key" in dict(headers)
        self._turn += 1
        order = [self._urls[(self._turn + n) % len(self._urls)] for n in range(len(self._urls))]
        for left, url in enumerate(reversed(order)):
            last = left == len(order) - 1
            target = url + scope["path"]
            try:
                return await self._client.request(
                    scope["method"], target, content=body, headers=headers
                )
            except httpx.ConnectError:
                # It did not arrive: whatever it is may go to the other one.
                if last or not self._again:
                    break
            except httpx.TransportError:
                if last or not self._again or not twice:
                    break
        return httpx.Response(502)


@contextlib.contextmanager
def behind_front(urls: Sequence[str], *, again: bool = True) -> Iterator[str]:
    """A `Front` in a thread; its address."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        app: Callable[..., Awaitable[None]] = Front(urls, again=again)
        config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False)
        server = uvicorn.Server(config)
        running = threading.Thread(target=lambda: asyncio.run(server.serve([door])))
        running.start()
        try:
            yield f"http://127.0.0.1:{door.getsockname()[1]}"
        finally:
            server.should_exit = True
            running.join()


@contextlib.contextmanager
def behind_nginx(urls: Sequence[str]) -> Iterator[str]:
    """An nginx with deploy/nginx.conf, but for names, ports and TLS; its address."""
    port = free_port()
    conf = NGINX_CONF.read_text()
    plain, _, secure = conf.partition("server {\n    listen 80;")
    for made_up, url in zip(("127.0.0.1:8001", "127.0.0.1:8002"), urls, strict=True):
        assert made_up in plain
        plain = plain.replace(made_up, url.removeprefix("http://"))
    served = "server {" + secure.split("server {", 1)[1]
    lines = [x for x in served.splitlines() if "ssl_certificate" not in x]
    served = "\n".join(lines).replace("listen 443 ssl;", f"listen 127.0.0.1:{port};")
    with tempfile.TemporaryDirectory() as home:
        log = f"{home}/error.log"
        file = Path(home, "nginx.conf")
        # Or its workers could not enter this directory.
        user = "user root; " if os.geteuid() == 0 else ""
        temporary = "".join(
            f"{kind}_temp_path {home}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        file.write_text(
            f"{user}daemon off; pid {home}/pid; error_log {log};\nevents {{}}\n"
            f"http {{\naccess_log off;\n{temporary}{plain}\n{served}\n}}\n"
        )
        nginx = subprocess.Popen(["nginx", "-p", home, "-c", str(file), "-e", log])
        try:
            url = f"http://127.0.0.1:{port}"
            until_up(url)
            yield url
        finally:
            nginx.send_signal(signal.SIGQUIT)
            nginx.wait(timeout=30)


class Tally(Struct):
    """What clients got."""

    asked: int = 0
    failed: int = 0
    booked: int = 0


class Crowd:
    """Clients that book and look, each with a connection that it keeps, until told to leave."""

    def __init__(self, url: str, clients: int) -> None:
        self.tally = Tally()
        self.failures: list[str] = []
        self._url = url
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._come, args=(n,)) for n in range(clients)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _come(self, number: int) -> None:
        headers = {"Lastseat-Tenant": TENANT}
        with httpx.Client(base_url=self._url, headers=headers, timeout=60) as client:
            turn = 0
            while not self._over.is_set():
                turn += 1
                actor = f"guest-{number}-{turn}"
                self._ask(client, actor)

    def _ask(self, client: httpx.Client, actor: str) -> None:
        body = {"bookable": "yoga", "actor": actor}
        try:
            booked = client.post("/v1/bookings", json=body, headers={"Idempotency-Key": actor})
            looked = client.get("/v1/occurrences/yoga")
        except httpx.TransportError as error:
            self._note([f"{type(error).__name__}: {error}"], asked=1, booked=0)
            return
        wrong = [x.text or str(x) for x in (booked, looked) if x.status_code not in (200, 201)]
        self._note(wrong, asked=2, booked=int(booked.status_code == 201))

    def _note(self, wrong: list[str], *, asked: int, booked: int) -> None:
        with self._lock:
            self.tally.asked += asked
            self.tally.booked += booked
            self.tally.failed += len(wrong)
            self.failures += wrong


def run(servers: Sequence[Server], front: str, *, clients: int, pause: float) -> Crowd:
    """Restart each server in turn, `pause` seconds apart, under load."""
    with Crowd(front, clients) as crowd:
        for server in servers:
            time.sleep(pause)
            server.stop()
            server.start()
            server.until_up()
        time.sleep(pause)
    return crowd


def furnish(conninfo: str) -> None:
    """A class with room for all, in a tenant of its own."""
    with contextlib.closing(lastseat.open(conninfo)) as engine:
        engine.tenant(TENANT).define_occurrence(
            "yoga",
            start=START,
            end=START + timedelta(hours=1),
            capacity=1_000_000,
            actor_time="allow",
        )


def seated(conninfo: str) -> int:
    """How many the ledger says have a place."""
    with contextlib.closing(lastseat.open(conninfo)) as engine:
        return engine.tenant(TENANT).booking_count("yoga")


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def until_up(url: str, alive: Callable[[], bool] = lambda: True) -> None:
    """Wait until the service answers there, as long as it is alive."""
    deadline = time.monotonic() + UP_SECONDS
    while True:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{url}/healthz", timeout=5).status_code == 200:
                return
        assert alive(), f"what was to answer at {url} has ended"
        assert time.monotonic() < deadline, f"nothing answers at {url}"
        time.sleep(0.05)


def main() -> int:
    """The long form, with figures as JSON; 1 if anything failed or was done twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--pause", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--naive", action="store_true", help="the control: a proxy that asks nobody twice"
    )
    chosen = parser.parse_args()
    nginx = shutil.which("nginx") is not None and not chosen.naive
    with scratch() as home:
        conninfo = EmbeddedServer(home / "data").ensure_running()
        furnish(conninfo)
        servers = [Server(conninfo), Server(conninfo)]
        try:
            for server in servers:
                server.start()
            for server in servers:
                server.until_up()
            urls = [server.url for server in servers]
            again = not chosen.naive
            with behind_nginx(urls) if nginx else behind_front(urls, again=again) as front:
                order = servers * chosen.rounds
                crowd = run(order, front, clients=chosen.clients, pause=chosen.pause)
        finally:
            for server in servers:
                server.kill()
        told = {
            "behind": "nginx" if nginx else "the proxy of this file",
            "restarts": len(order),
            "requests": crowd.tally.asked,
            "failed": crowd.tally.failed,
            "booked": crowd.tally.booked,
            "seated": seated(conninfo),
        }
    for failure in crowd.failures[:5]:
        sys.stderr.write(f"{failure}\n")
    sys.stdout.write(f"{json.dumps(told)}\n")
    return int(told["failed"] != 0 or told["booked"] != told["seated"])


if __name__ == "__main__":
    sys.exit(main())
