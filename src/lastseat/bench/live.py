"""`lastseat bench live`: how soon after a booking everybody who listens knows.

A server in its own process, its clients in another, bookings through the library at a steady rate.
A message's time runs from before the booking is asked for until it is read from the client's
socket, so it has the booking itself in it. A tenth as many clients go away before the first booking
and come back after the last one with the id they had.
"""

import asyncio
import contextlib
import multiprocessing
import os
import statistics
import time
from array import array
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from urllib.parse import urlsplit

import httpx
from msgspec import Struct

import lastseat
from lastseat.bench.database import connect, describe, own_database
from lastseat.bench.failure import BenchmarkFailed
from lastseat.bench.http import server_process, until_up
from lastseat.bench.listeners import DRAIN_SECONDS, Crowd, Heard, listen
from lastseat.bench.rounds import Report
from lastseat.core.limits import CAPACITY
from lastseat.http.server import work
from lastseat.http.settings import ServeSettings

TENANT = "default"
CONNECT_SECONDS = 60.0
"""How long all clients together may take to connect."""


class Plan(Struct, frozen=True):
    """So many clients, told of so many changes a second for so long."""

    seconds: float
    clients: int
    rate: float


class Live(Struct, frozen=True, kw_only=True):
    """What `lastseat bench live` answers; docs/performance.md says what each field means."""

    server: str
    fsync: str
    synchronous_commit: str
    flush_us: float
    cpus: int
    load_before: float
    load_after: float
    seconds: float
    elapsed_s: float
    clients: int
    returned: int
    rate: float
    changes: int
    messages: int
    p50_ms: float
    p99_ms: float
    max_ms: float
    booking_p50_ms: float
    missed: int
    repeated: int
    resets: int
    clients_cpu_s: float


async def live(server: str, plan: Plan, report: Report) -> Live:
    """Measure. Raises `BenchmarkFailed`, or a `LastseatError` when the database is away."""
    started = time.monotonic()
    load_before = os.getloadavg()[0]
    report("making a database", 0.0)
    async with own_database(server) as where:
        async with await connect(where) as connection:
            about = await describe(connection)
        settings = ServeSettings(url=where, auth=False, live_clients=10 * plan.clients)
        with server_process(work, settings) as url:
            async with httpx.AsyncClient() as client:
                await until_up(client, url)
            async with lastseat.open_async(where, migrate=False) as engine:
                tenant = engine.tenant(TENANT)
                await _define(tenant)
                report("connecting", 0.05)
                parts = urlsplit(url)
                assert parts.hostname and parts.port  # noqa: PT018
                crowd = Crowd(
                    parts.hostname,
                    parts.port,
                    "/v1/live?occurrence=hot",
                    plan.clients,
                    plan.clients // 10,
                )
                async with _crowd(crowd) as pipe:
                    asked, took = await _book(tenant, plan, report)
                    pipe.send(len(asked))
                    report("counting what was heard", 0.95)
                    heard: Heard = await _said(pipe, 3 * DRAIN_SECONDS + CONNECT_SECONDS)
    delays = _delays(asked, heard)
    return Live(
        server=about.version,
        fsync=about.fsync,
        synchronous_commit=about.synchronous_commit,
        flush_us=about.flush_us,
        cpus=os.cpu_count() or 1,
        load_before=round(load_before, 2),
        load_after=round(os.getloadavg()[0], 2),
        seconds=plan.seconds,
        elapsed_s=round(time.monotonic() - started, 1),
        clients=plan.clients,
        returned=crowd.returning,
        rate=plan.rate,
        changes=len(asked),
        messages=len(delays),
        p50_ms=_ms(delays, 0.5),
        p99_ms=_ms(delays, 0.99),
        max_ms=_ms(delays, 1.0),
        booking_p50_ms=round(statistics.median(took) * 1000, 1),
        missed=heard.missed,
        repeated=heard.repeated,
        resets=heard.resets,
        clients_cpu_s=heard.cpu_s,
    )


async def _define(tenant: lastseat.AsyncTenant) -> None:
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=30)
    defined = await tenant.define_occurrence(
        "hot", start=start, end=start + timedelta(hours=1), capacity=CAPACITY, actor_time="allow"
    )
    if not defined.ok:
        raise BenchmarkFailed(f"the occurrence could not be made: {defined!r}")


async def _book(
    tenant: lastseat.AsyncTenant, plan: Plan, report: Report
) -> tuple[dict[str, float], list[float]]:
    """When each booking was asked for, and how long its answer took; at a steady rate."""
    asked: dict[str, float] = {}
    took: list[float] = []
    began = time.monotonic()
    for n in range(max(1, round(plan.seconds * plan.rate))):
        await asyncio.sleep(began + n / plan.rate - time.monotonic())
        since = time.monotonic()
        outcome = await tenant.book("hot", actor=f"guest-{n}")
        if not isinstance(outcome, lastseat.outcomes.Booked):
            raise BenchmarkFailed(f"a booking came to {outcome!r}")
        asked[outcome.booking_id] = since
        took.append(time.monotonic() - since)
        report("telling", 0.1 + 0.85 * n / (plan.seconds * plan.rate))
    return asked, took


@contextlib.asynccontextmanager
async def _crowd(crowd: Crowd) -> AsyncIterator[Connection]:
    """The clients' process, all of them connected."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=listen, args=(crowd, theirs))
    process.start()
    theirs.close()
    try:
        await _said(ours, CONNECT_SECONDS)
        yield ours
    finally:
        process.terminate()
        process.join(10)
        if process.is_alive():
            process.kill()
            process.join()
        ours.close()


async def _said(pipe: Connection, seconds: float) -> Heard:
    """What the clients' process says next. Raises `BenchmarkFailed`."""
    try:
        if await asyncio.to_thread(pipe.poll, seconds):
            said: Heard = pipe.recv()
            return said
    except EOFError:
        raise BenchmarkFailed("the clients broke off") from None
    raise BenchmarkFailed("the clients took too long")


def _delays(asked: dict[str, float], heard: Heard) -> list[float]:
    """Each message's time in seconds, sorted. Raises `BenchmarkFailed` for what nobody booked."""
    which, when = array("I"), array("d")
    which.frombytes(heard.which)
    when.frombytes(heard.when)
    if not set(heard.bookings) <= asked.keys():
        raise BenchmarkFailed("the clients were told of bookings that nobody made")
    since = [asked[booking] for booking in heard.bookings]
    delays = sorted(then - since[n] for n, then in zip(which, when, strict=True))
    if not delays:
        raise BenchmarkFailed("nobody heard anything")
    return delays


def _ms(delays: list[float], share: float) -> float:
    return round(delays[min(len(delays) - 1, int(len(delays) * share))] * 1000, 1)
