"""kill -9 of the database under load: nothing answered is lost, nothing is doubled, and it goes on.

A server of these tests' own, because all its sessions die. The callers are as real ones should be:
whoever gets an error asks again with the same key.
"""

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

import psycopg
import pytest
from tests.races import audit
from tests.races.moments import LATER, NOON

import lastseat
from lastseat import AsyncTenant
from lastseat.embedded import EmbeddedServer
from lastseat.ledger.migrate import migrate
from lastseat.ledger.verify import verify

CAPACITY = 500
BOOKERS = 12
BACK_WITHIN = 1.0
"""Seconds from the database's return to the first answer."""


@pytest.fixture(scope="module")
def own_server() -> Iterator[EmbeddedServer]:
    # In memory where there is some: recovery flushes every file, and no test cuts the power.
    memory = Path("/dev") / "shm"
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 2**30
    home = Path(tempfile.mkdtemp(prefix="lastseat-", dir=memory if roomy else None))
    # The server's account has to enter it.
    home.chmod(0o755)
    server = EmbeddedServer(home / "data")
    try:
        migrate(server.ensure_running())
        yield server
    finally:
        server.stop(mode="immediate")
        shutil.rmtree(home, ignore_errors=True)


def terminate_sessions(server: EmbeddedServer) -> None:
    """End every session of the engine, as an administrator may."""
    with psycopg.connect(server.ensure_running(), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'lastseat'"
        )


def kill_a_session(server: EmbeddedServer) -> None:
    """Kill -9 one backend: the server ends all the others and recovers."""
    with psycopg.connect(server.ensure_running(), autocommit=True) as connection:
        row = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'lastseat' LIMIT 1"
        ).fetchone()
    assert row is not None
    os.kill(row[0], signal.SIGKILL)


def kill_the_server(server: EmbeddedServer) -> None:
    """Kill -9 the postmaster, and start it again."""
    pid = server.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    server.ensure_running()


def freeze(server: EmbeddedServer) -> None:
    """Stop all its processes for a moment, as a host short of memory does."""
    pid = server.status().pid
    assert pid is not None
    # First the one that starts the others. One of those may just be leaving.
    os.kill(pid, signal.SIGSTOP)
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for sign in (signal.SIGSTOP, signal.SIGCONT):
        for process in map(int, children):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, sign)
        time.sleep(0.3)
    os.kill(pid, signal.SIGCONT)


class Load:
    """Callers who book one new actor after the other, each with a key, until told to stop."""

    def __init__(self, tenant: AsyncTenant) -> None:
        self.tenant = tenant
        self.answers: dict[str, lastseat.AnyOutcome] = {}
        self.answered_at: list[float] = []
        self.errors: Counter[str] = Counter()
        self.going = True

    async def book(self, caller: int) -> None:
        number = 0
        while self.going:
            actor = f"a{caller}-{number}"
            try:
                answer = await self.tenant.book("gala", actor=actor, key=f"tap-{actor}")
            except lastseat.LastseatError as error:
                self.errors[type(error).__name__] += 1
                await asyncio.sleep(0)
                continue
            self.answers[actor] = answer
            self.answered_at.append(time.monotonic())
            number += 1

    async def next_answer(self) -> float:
        """When the next answer came."""
        seen = len(self.answered_at)
        deadline = time.monotonic() + 20
        while len(self.answered_at) == seen:
            assert time.monotonic() < deadline, "no answer comes any more"
            await asyncio.sleep(0.005)
        return self.answered_at[seen]


async def kill_under_load(
    server: EmbeddedServer, tenant_id: str, kill: Callable[[EmbeddedServer], None]
) -> tuple[Load, list[float]]:
    """Three times over; the load, and how long after each return the first answer came."""
    delays = []
    async with lastseat.open_async(server.ensure_running(), migrate=False, patience=10) as engine:
        load = Load(engine.tenant(tenant_id))
        outcome = await load.tenant.define_occurrence(
            "gala", start=NOON, end=LATER, capacity=CAPACITY
        )
        assert outcome.ok
        callers = [asyncio.create_task(load.book(i)) for i in range(BOOKERS)]
        try:
            for _ in range(3):
                await load.next_answer()
                await asyncio.to_thread(kill, server)
                await asyncio.to_thread(until_it_answers, server)
                back = time.monotonic()
                delays.append(await load.next_answer() - back)
        finally:
            load.going = False
            await asyncio.gather(*callers)
    return load, delays


def until_it_answers(server: EmbeddedServer) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            psycopg.connect(server.ensure_running()).close()
        except psycopg.OperationalError:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        else:
            return


@pytest.mark.parametrize("kill", [freeze, terminate_sessions, kill_a_session, kill_the_server])
def test_nothing_is_lost_or_doubled_and_it_goes_on_within_a_second(
    own_server: EmbeddedServer, tenant_id: str, kill: Callable[[EmbeddedServer], None]
) -> None:
    load, delays = asyncio.run(kill_under_load(own_server, tenant_id, kill))
    assert set(load.errors) <= {"DatabaseUnavailable", "OutcomeUnknown"}
    assert min(delays) < BACK_WITHIN

    conninfo = own_server.ensure_running()
    with lastseat.open(conninfo, migrate=False) as engine:
        tenant = engine.tenant(tenant_id)
        booked = {actor for actor, answer in load.answers.items() if answer.ok}
        assert {
            code for answer in load.answers.values() if not answer.ok for code in [answer.code]
        } <= {lastseat.Code.FULL}
        # Every actor is on the roster by its one booking, and nobody is whom nobody told so.
        assert {place.actor for place in tenant.roster("gala")} == booked
        for actor in list(load.answers)[:20]:
            again = tenant.book("gala", actor=actor, key=f"tap-{actor}")
            assert again == load.answers[actor]
    assert audit.units(conninfo, tenant_id, "gala") == len(booked) <= CAPACITY
    assert audit.findings(conninfo, tenant_id) == []
    assert verify(conninfo, tenant_id=tenant_id).differences == ()


def test_while_it_is_away_callers_are_told_so_and_later_served(
    own_server: EmbeddedServer, tenant_id: str
) -> None:
    async def run() -> None:
        conninfo = own_server.ensure_running()
        async with lastseat.open_async(conninfo, migrate=False, patience=0.3) as engine:
            tenant = engine.tenant(tenant_id)
            assert (await tenant.define_pool("skis", capacity=1)).ok
            await asyncio.to_thread(own_server.stop, mode="immediate")
            with pytest.raises(lastseat.DatabaseUnavailable):
                await tenant.book("gala", actor="ann")
            with pytest.raises(lastseat.DatabaseUnavailable):
                await tenant.bookable("skis")
            await asyncio.to_thread(own_server.ensure_running)
            assert (await tenant.bookable("skis")).capacity == 1
            claim = lastseat.Claim(bookable="skis", start=NOON, end=LATER)
            assert (await tenant.book(claim, actor="ann")).ok

    asyncio.run(run())
