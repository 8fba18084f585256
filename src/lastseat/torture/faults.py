"""What is done to engines, database and wires: a function each, by its name in the plan."""

import asyncio
import contextlib
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import psycopg

from lastseat.torture.database import Database
from lastseat.torture.plan import Fault
from lastseat.torture.processes import Child, Engine
from lastseat.torture.proxy import Order
from lastseat.torture.recorder import Recorder

CLOCK = (
    "CREATE OR REPLACE FUNCTION lastseat.clock() RETURNS timestamptz LANGUAGE sql VOLATILE"
    " PARALLEL SAFE AS $$SELECT clock_timestamp(){}$$"
)

PATIENCE = 8
"""How often a fault is tried that needs the database, twice a second."""

BACKENDS = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND application_name IN ('lastseat', 'lastseat-relay')
  AND pid <> pg_backend_pid()
"""

END_RELAYS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'lastseat-relay'
  AND backend_xid IS NOT NULL
"""


class Hurt:
    """What can be hurt, and what was."""

    def __init__(
        self, database: Database, engines: Sequence[Engine], proxy: Child, recorder: Recorder
    ) -> None:
        self.database = database
        self.engines = engines
        self.proxy = proxy
        self.recorder = recorder
        self.counts: Counter[str] = Counter()
        self.backs: list[float] = []
        """When the database took connections again."""
        self.server = asyncio.Lock()
        """Whoever ends or fills the server does so alone."""
        self.settings = asyncio.Lock()
        for engine in engines:
            engine.died = self._died

    def note(self, what: str, **detail: Any) -> None:
        """It is being done now."""
        self.counts[what] += 1
        self.recorder.fault(what, detail)

    def engine(self, fault: Fault) -> Engine:
        """The engine that is meant."""
        return self.engines[int(fault.engine * len(self.engines))]

    def _died(self, engine: Engine) -> None:
        if engine.running.partition("=")[2].startswith("kill"):
            self.note("crash_point", engine=engine.name, fault=engine.running)

    async def heal(self) -> None:
        """Put everything back, and see to it that all run, with no crash point armed."""
        async with self.server, self.settings:
            if self.database.mounted:
                self.database.resize(None)
            await asyncio.to_thread(self.database.back)
            await self.database.insist("ALTER ROLE lastseat RESET ALL")
            await self.database.insist(CLOCK.format(""))
        for engine in self.engines:
            engine.fault = ""
            engine.go_on()
            if engine.running:
                engine.running = ""
                engine.kill()
                await asyncio.sleep(0.05)
        for engine in self.engines:
            await asyncio.wait_for(engine.ready.wait(), 60)


async def inflict(
    hurt: Hurt, planned: Sequence[Fault], stop: asyncio.Event, seconds: float
) -> None:
    """Do what is planned, each at its time, until `seconds` are over or `stop` is set."""
    began = time.monotonic()
    tasks: list[asyncio.Task[None]] = []
    for fault in planned:
        await _sleep(began + fault.at - time.monotonic(), stop)
        if stop.is_set():
            break
        tasks.append(asyncio.create_task(_one(hurt, fault)))
    await _sleep(began + seconds - time.monotonic(), stop)
    for task in tasks:
        await task


async def _sleep(seconds: float, stop: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), max(0.0, seconds))


async def _one(hurt: Hurt, fault: Fault) -> None:
    for _ in range(PATIENCE):
        try:
            await FAULTS[fault.kind](hurt, fault)
        except psycopg.OperationalError:
            # The database is away just now, by another fault.
            await asyncio.sleep(0.5)
        else:
            return


async def kill_engine(hurt: Hurt, fault: Fault) -> None:
    """Kill -9 of an engine; it is started again at once."""
    engine = hurt.engine(fault)
    await asyncio.wait_for(engine.ready.wait(), 30)
    hurt.note("kill_engine", engine=engine.name)
    engine.running = ""
    engine.kill()


async def crash_point(hurt: Hurt, fault: Fault) -> None:
    """An engine is started anew with a crash point armed; it is counted when it is reached."""
    engine = hurt.engine(fault)
    await asyncio.wait_for(engine.ready.wait(), 30)
    detail = fault.detail
    engine.fault = f"{detail['point']}={detail['action']}:{detail['nth']}"
    if detail["action"] == "raise":
        hurt.note("crash_point", engine=engine.name, fault=engine.fault)
    engine.running = ""
    engine.kill()


async def stop_engine(hurt: Hurt, fault: Fault) -> None:
    """SIGSTOP of an engine for seconds: a zombie writer that wakes up."""
    engine = hurt.engine(fault)
    hurt.note("stop_engine", engine=engine.name, seconds=fault.seconds)
    engine.stop()
    await asyncio.sleep(fault.seconds)
    engine.go_on()


async def kill_backend(hurt: Hurt, fault: Fault) -> None:
    """Kill -9 of a backend: PostgreSQL ends all others, too, and recovers."""
    async with hurt.server:
        pids = [pid for (pid,) in await hurt.database.run(BACKENDS)]
        if not pids:
            raise psycopg.OperationalError("no backend there")
        pid = pids[int(fault.engine * len(pids))]
        hurt.note("kill_backend", pid=pid)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        hurt.backs.append(await hurt.database.accepting(after_refusal=True))


async def terminate_backend(hurt: Hurt, fault: Fault) -> None:
    """pg_terminate_backend of some sessions: their transactions roll back, wherever they are."""
    pids = [pid for (pid,) in await hurt.database.run(BACKENDS)]
    chance = random.Random(fault.engine)
    chosen = chance.sample(pids, min(len(pids), 3))
    hurt.note("terminate_backend", pids=chosen)
    await hurt.database.run(
        "SELECT pg_terminate_backend(pid) FROM unnest(%s::int[]) AS pid", [chosen]
    )


async def kill_relay(hurt: Hurt, fault: Fault) -> None:
    """Whoever is writing the feed is ended in the middle of it, again and again for a while."""
    hurt.note("kill_relay", seconds=fault.seconds)
    connect = psycopg.AsyncConnection.connect(
        hurt.database.conninfo, autocommit=True, connect_timeout=5, application_name="torture"
    )
    until = time.monotonic() + fault.seconds
    async with await connect as connection:
        while time.monotonic() < until:
            await connection.execute(END_RELAYS)
            await asyncio.sleep(0.001)


async def kill_postmaster(hurt: Hurt, fault: Fault) -> None:  # noqa: ARG001 - all have one shape
    """Kill -9 of the postmaster and all its processes; then the server is started again."""
    async with hurt.server:
        number = await asyncio.to_thread(hurt.database.kill_group)
        hurt.note("kill_postmaster", processes=number)
        started = asyncio.create_task(asyncio.to_thread(hurt.database.back))
        hurt.backs.append(await hurt.database.accepting(after_refusal=True))
        await started


async def cut_requests(hurt: Hurt, fault: Fault) -> None:
    """What is sent gets lost, for a while; then the connections break."""
    await _cut(hurt, fault, "cut_requests")


async def cut_answers(hurt: Hurt, fault: Fault) -> None:
    """What is answered gets lost, for a while; then the connections break."""
    await _cut(hurt, fault, "cut_answers")


async def _cut(hurt: Hurt, fault: Fault, what: str) -> None:
    wire = _wire(hurt, fault)
    hurt.note(what, wire=wire, seconds=fault.seconds)
    await hurt.proxy.tell(Order(wire, what, fault.seconds))
    await asyncio.sleep(fault.seconds)


def _wire(hurt: Hurt, fault: Fault) -> str:
    engine = hurt.engine(fault)
    if fault.detail.get("link") == "client":
        services = [engine for engine in hurt.engines if engine.port is not None]
        if services:
            return f"{services[int(fault.engine * len(services))].name}:client"
    return f"{engine.name}:database"


async def commit_late(hurt: Hurt, fault: Fault) -> None:
    """An engine is hung up on in the middle of a COMMIT, which PostgreSQL gets only later."""
    wire = f"{hurt.engine(fault).name}:database"
    hurt.note("commit_late", wire=wire, seconds=fault.detail["late"])
    await hurt.proxy.tell(Order(wire, "late", fault.detail["late"]))


async def statement_timeout(hurt: Hurt, fault: Fault) -> None:
    """New sessions' statements are cancelled after a few milliseconds, for a while."""
    await _setting(hurt, fault, "statement_timeout", "3ms")


async def lock_timeout(hurt: Hurt, fault: Fault) -> None:
    """A stranger holds the heads that everybody wants, and locks are given up on soon."""
    hurt.note("lock_timeout", seconds=fault.seconds)
    connection = await psycopg.AsyncConnection.connect(
        hurt.database.conninfo,
        connect_timeout=5,
        application_name="torture",
        options="-c statement_timeout=0",
    )
    with contextlib.suppress(psycopg.OperationalError):
        async with connection:
            await connection.execute(
                "SELECT 1 FROM lastseat.heads WHERE bookable_id = ANY (ARRAY(SELECT bookable_id"
                " FROM lastseat.heads WHERE kind IN ('occurrence', 'pool', 'resource')"
                " ORDER BY at DESC NULLS LAST LIMIT 8)) ORDER BY bookable_id FOR UPDATE"
            )
            await asyncio.sleep(fault.seconds)
            await connection.rollback()


async def _setting(hurt: Hurt, fault: Fault, name: str, value: str) -> None:
    """A setting of the role; sessions are ended so that new ones have it, and again after it."""
    async with hurt.settings:
        hurt.note(name, value=value, seconds=fault.seconds)
        end = f"SELECT pg_terminate_backend(pid) FROM ({BACKENDS}) AS backends"  # noqa: S608
        try:
            await hurt.database.run(f"ALTER ROLE lastseat SET {name} = '{value}'")
            await hurt.database.run(end)
            await asyncio.sleep(fault.seconds)
        finally:
            await hurt.database.insist("ALTER ROLE lastseat RESET ALL")
            await hurt.database.insist(end)


async def disk_full(hurt: Hurt, fault: Fault) -> None:
    """Nothing more can be written, for a while; the server may go down and has to come back."""
    async with hurt.server:
        hurt.note("disk_full", seconds=fault.seconds)
        hurt.database.resize(hurt.database.used() + (1 << 16))
        await asyncio.sleep(fault.seconds)
        hurt.database.resize(None)
        await asyncio.to_thread(hurt.database.back)


async def clock_step(hurt: Hurt, fault: Fault) -> None:
    """`lastseat.clock()` jumps, and jumps back."""
    async with hurt.settings:
        offset = fault.detail["offset"]
        hurt.note("clock_step", offset=offset, seconds=fault.seconds)
        try:
            await hurt.database.run(CLOCK.format(f" + interval '{offset} s'"))
            await asyncio.sleep(fault.seconds)
        finally:
            await hurt.database.insist(CLOCK.format(""))
            hurt.recorder.fault("clock_step", {"offset": 0.0})


FAULTS: dict[str, Callable[[Hurt, Fault], Awaitable[None]]] = {
    function.__name__: function
    for function in (
        kill_engine,
        kill_postmaster,
        kill_backend,
        kill_relay,
        crash_point,
        cut_answers,
        stop_engine,
        cut_requests,
        commit_late,
        lock_timeout,
        disk_full,
        clock_step,
        statement_timeout,
        terminate_backend,
    )
}
