"""`lastseat bench http`: bookings over HTTP, against an empty POST on the same server.

E is an empty JSON POST on a bare application of the framework and the server that we use, with as
many workers. Beside it: bookings of one hot occurrence and refusals of a sold-out one, without
authentication and idempotency keys, and with both.
"""

import asyncio
import contextlib
import multiprocessing
import os
import socket
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
from litestar import Litestar, post
from msgspec import Struct

import lastseat
from lastseat.bench import generator
from lastseat.bench.database import Connection, Server, ask, connect, describe, own_database
from lastseat.bench.failure import BenchmarkFailed
from lastseat.bench.generator import Requests, Told
from lastseat.bench.load import Figure, Window, figure
from lastseat.bench.rounds import Report, alternate, plan
from lastseat.core.limits import CAPACITY
from lastseat.http.server import address_of, answer, listen, prepare, serve_with, work
from lastseat.http.settings import ServeSettings

CONNECTIONS = 256
"""Connections of the generator, each with one request under way."""

TENANT = "default"

START_SECONDS = 20.0
"""How long a server may take to start."""


class Http(Struct, frozen=True, kw_only=True):
    """What `lastseat bench http` answers; docs/performance.md says what each field means."""

    server: str
    fsync: str
    synchronous_commit: str
    flush_us: float
    cpus: int
    load_before: float
    load_after: float
    seconds: int
    elapsed_s: float
    workers: int
    connections: int
    generator: str
    generator_cpu: dict[str, float]
    empty_per_s: float
    booking_per_s: float
    refusal_per_s: float
    booking_auth_keys_per_s: float
    refusal_auth_keys_per_s: float
    ratio_booking: float
    ratio_refusal: float
    ratio_booking_auth_keys: float
    ratio_refusal_auth_keys: float
    p50_ms: dict[str, float]
    p99_ms: dict[str, float]
    figures: dict[str, Figure]
    ratio_rounds: dict[str, list[float]]
    bookings_checked: int


class Sending:
    """One arm: requests of one kind to one server, a window at a time."""

    main = True

    def __init__(self, name: str, url: str, what: str, bookable: str, credential: str) -> None:
        self.name = name
        self._url = url
        self._what = what
        self._credential = credential
        self.bookable = bookable
        self.refuses = bookable.startswith("sold-out")
        self.told: list[Told] = []

    async def window(self, seconds: float) -> Window:
        """Measure for so long, rounded to whole seconds. Raises `BenchmarkFailed`."""
        requests = Requests(
            url=self._url,
            what=self._what,
            window=f"{self.name}-{len(self.told)}",
            bookable=self.bookable,
            credential=self._credential,
        )
        told = await generator.send(
            requests, connections=CONNECTIONS, seconds=max(1, round(seconds))
        )
        expected = told.requests if self.refuses else 0
        if told.broken or told.refused != expected:
            raise BenchmarkFailed(
                f"{self.name}: of {told.requests} requests {told.refused} were refused, and"
                f" {told.broken} not answered; {expected} refusals were expected"
            )
        self.told.append(told)
        return Window(told.requests / told.us * 1e6, told.p50_us / 1000, told.p99_us / 1000)

    async def check(self, connection: Connection) -> int:
        """Raises `BenchmarkFailed` unless the tables hold what was answered; the bookings there."""
        if self.bookable == "-":
            return 0
        rows = await ask(connection, "http_occurrence", tenant=TENANT, bookable=self.bookable)
        taken, capacity, overbooked, claimed, journalled = (int(x) for x in rows[0])
        answered = 1 if self.refuses else sum(told.requests for told in self.told)
        # The generator hangs up when its time is over: what was under way then is done as well.
        most = answered if self.refuses else answered + CONNECTIONS * len(self.told)
        sound = taken == claimed == journalled and taken <= capacity and overbooked == 0
        if not sound or not answered <= taken <= most:
            raise BenchmarkFailed(
                f"{self.bookable}: {answered} bookings were answered; the head has {taken}, there"
                f" are {claimed} claims and {journalled} entries, of {capacity} places"
            )
        return taken


async def http(
    server: str, seconds: float, windows: int | None, workers: int, report: Report
) -> Http:
    """Measure. Raises `BenchmarkFailed`, or a `LastseatError` when the database is away."""
    started = time.monotonic()
    load_before = os.getloadavg()[0]
    report("making a database", 0.0)
    async with own_database(server) as where, await connect(where) as connection:
        about = await describe(connection)
        settings = ServeSettings(url=where, workers=workers)
        key = await asyncio.to_thread(prepare, settings)
        assert key is not None, "a new database has no keys"
        await _define(where)
        async with _servers(settings) as urls:
            arms = _arms(urls, key)
            for arm in arms:
                await _probe(arm, urls, key)
            found = await alternate(arms, plan(seconds, windows), report, started)
            for arm in arms:
                await _probe(arm, urls, key)
        report("counting what was sold", 1.0)
        checked = sum([await arm.check(connection) for arm in arms])
        run = Run(load_before, seconds, started, checked, workers)
    return _result(arms, found, about, run)


def _arms(urls: dict[str, str], key: str) -> list[Sending]:
    open_, closed = f"{urls['open']}/v1/bookings", f"{urls['auth']}/v1/bookings"
    return [
        Sending("empty", f"{urls['bare']}/empty", "empty", "-", "-"),
        Sending("booking", open_, "plain", "hot", "-"),
        Sending("refusal", open_, "plain", "sold-out", "-"),
        Sending("booking_auth_keys", closed, "keyed", "hot-keyed", key),
        Sending("refusal_auth_keys", closed, "keyed", "sold-out-keyed", key),
    ]


async def _define(where: str) -> None:
    """Two occurrences as large as they can be, and two that are sold out."""
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=30)
    end = start + timedelta(hours=1)
    async with lastseat.open_async(where, migrate=False) as engine:
        tenant = engine.tenant(TENANT)
        for name in ("hot", "hot-keyed", "sold-out", "sold-out-keyed"):
            capacity = 1 if name.startswith("sold-out") else CAPACITY
            defined = await tenant.define_occurrence(
                name, start=start, end=end, capacity=capacity, actor_time="allow"
            )
            booked = await tenant.book(name, actor="first") if capacity == 1 else defined
            if not (defined.ok and booked.ok):
                raise BenchmarkFailed(f"{name} could not be made: {defined!r}, {booked!r}")


async def _probe(arm: Sending, urls: dict[str, str], key: str) -> None:
    """See with one's own eyes that the sold-out refuse because they are full."""
    if not arm.refuses:
        return
    url = urls["auth" if arm.name.endswith("keys") else "open"]
    async with httpx.AsyncClient(
        base_url=url, headers={"Authorization": f"Bearer {key}"}
    ) as client:
        found = await client.post("/v1/bookings", json={"bookable": arm.bookable, "actor": "probe"})
    if found.status_code != 409 or found.json().get("code") != "full":  # noqa: PLR2004
        raise BenchmarkFailed(f"{arm.bookable} was to be full, and answered {found.text}")


@post("/empty", status_code=200)
async def empty(data: dict[str, Any]) -> dict[str, Any]:
    """An empty object for an empty object."""
    return data


def bare(_: ServeSettings, listening: socket.socket) -> None:
    """The server we use with an application that does nothing."""
    answer(Litestar([empty], openapi_config=None, logging_config=None), listening)


@contextlib.asynccontextmanager
async def _servers(settings: ServeSettings) -> AsyncIterator[dict[str, str]]:
    """The bare server, the service without authentication, and with it; their addresses."""
    trusting = msgspec.structs.replace(settings, auth=False)
    with (
        server_process(bare, settings) as nothing,
        server_process(work, trusting) as trusted,
        server_process(work, settings) as asking,
    ):
        urls = {"bare": nothing, "open": trusted, "auth": asking}
        async with httpx.AsyncClient() as client:
            for url in urls.values():
                await until_up(client, url)
        yield urls


@contextlib.contextmanager
def server_process(target: Any, settings: ServeSettings) -> Iterator[str]:
    """A server in a process of its own; its address."""
    with listen("127.0.0.1", 0) as listening:
        process = multiprocessing.get_context("spawn").Process(
            target=serve_with, args=(settings.workers, target, settings, listening)
        )
        process.start()
        try:
            yield address_of(listening)
        finally:
            process.terminate()
            process.join(10)
            if process.is_alive():
                process.kill()
                process.join()


async def until_up(client: httpx.AsyncClient, url: str) -> None:
    """Wait until it answers. Raises `BenchmarkFailed`."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            await client.get(f"{url}/healthz", timeout=START_SECONDS)
            return
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise BenchmarkFailed(f"the server at {url} does not answer") from None
            await asyncio.sleep(0.05)


class Run(Struct, frozen=True):
    """What is told of the run beside its figures."""

    load_before: float
    seconds: float
    started: float
    checked: int
    workers: int


def _result(arms: list[Sending], found: dict[str, list[Window]], about: Server, run: Run) -> Http:
    figures = {arm.name: figure(found[arm.name]) for arm in arms}
    per_s = {name: of.per_s for name, of in figures.items()}
    ratios = {name: round(rate / per_s["empty"], 3) for name, rate in per_s.items()}
    rounds = {
        f"ratio_{arm.name}": [
            round(x.per_s / e.per_s, 3)
            for x, e in zip(found[arm.name], found["empty"], strict=False)
        ]
        for arm in arms[1:]
    }
    return Http(
        server=about.version,
        fsync=about.fsync,
        synchronous_commit=about.synchronous_commit,
        flush_us=about.flush_us,
        cpus=os.cpu_count() or 1,
        load_before=round(run.load_before, 2),
        load_after=round(os.getloadavg()[0], 2),
        seconds=max(1, round(run.seconds)),
        elapsed_s=round(time.monotonic() - run.started, 1),
        workers=run.workers,
        connections=CONNECTIONS,
        generator=generator.name(),
        generator_cpu={
            arm.name: statistics.median(told.cpu_share for told in arm.told) for arm in arms
        },
        empty_per_s=per_s["empty"],
        booking_per_s=per_s["booking"],
        refusal_per_s=per_s["refusal"],
        booking_auth_keys_per_s=per_s["booking_auth_keys"],
        refusal_auth_keys_per_s=per_s["refusal_auth_keys"],
        ratio_booking=ratios["booking"],
        ratio_refusal=ratios["refusal"],
        ratio_booking_auth_keys=ratios["booking_auth_keys"],
        ratio_refusal_auth_keys=ratios["refusal_auth_keys"],
        p50_ms={name: of.p50_ms or 0.0 for name, of in figures.items()},
        p99_ms={name: of.p99_ms or 0.0 for name, of in figures.items()},
        figures=figures,
        ratio_rounds=rounds,
        bookings_checked=run.checked,
    )
