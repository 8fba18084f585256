"""An engine whose database is away says so, and works again when it is back; closed is closed."""

import asyncio
import contextlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.library.venue import occurrence

import lastseat
from lastseat import DatabaseUnavailable, EngineClosed, OutcomeUnknown
from lastseat.embedded import EmbeddedServer


@pytest.fixture(scope="module")
def own_server() -> Iterator[EmbeddedServer]:
    """A server that these tests may stop."""
    home = Path(tempfile.mkdtemp(prefix="lastseat-", dir="/tmp"))
    home.chmod(0o755)
    server = EmbeddedServer(home / "data")
    try:
        yield server
    finally:
        server.stop(mode="immediate")
        shutil.rmtree(home, ignore_errors=True)


def seconds_until(works: Callable[[], object]) -> float:
    """How long it takes until something no longer finds the database away."""
    began = time.monotonic()
    while time.monotonic() - began < 20:
        with contextlib.suppress(DatabaseUnavailable):
            works()
            return time.monotonic() - began
    raise AssertionError("it never came back")


def test_it_says_so_and_works_again_within_a_second_of_its_return(
    own_server: EmbeddedServer, tenant_id: str
) -> None:
    with lastseat.open(own_server.ensure_running(), patience=0.2) as engine:
        tenant = engine.tenant(tenant_id)
        yoga = occurrence(tenant)
        assert tenant.book(yoga, actor="ann").ok
        usual = seconds_until(lambda: tenant.book(yoga, actor="cyd"))
        own_server.stop(mode="immediate")
        gone = time.monotonic()
        # Long enough for whatever waits longer after each failure to have got lazy.
        while time.monotonic() - gone < 3:
            with pytest.raises(DatabaseUnavailable, match="can't be reached"):
                tenant.book(yoga, actor="ben")
            with pytest.raises(DatabaseUnavailable, match="can't be reached"):
                tenant.seats_left(yoga)
        own_server.ensure_running()
        # Beside what the operation itself takes here.
        assert seconds_until(lambda: tenant.seats_left(yoga)) < 1 + 2 * usual
        assert seconds_until(lambda: tenant.book(yoga, actor="ben")) < 1 + 2 * usual
        assert [x.actor for x in tenant.roster(yoga)] == ["ann", "cyd", "ben"]


def test_a_short_outage_is_waited_out(own_server: EmbeddedServer, tenant_id: str) -> None:
    with lastseat.open(own_server.ensure_running(), patience=30) as engine:
        tenant = engine.tenant(tenant_id)
        yoga = occurrence(tenant)
        own_server.stop(mode="fast")
        back = threading.Timer(0.3, own_server.ensure_running)
        back.start()
        assert tenant.book(yoga, actor="ann").ok
        assert tenant.seats_left(yoga) == 2
        back.join()


def test_whatever_an_outage_hit_is_done_once_when_sent_again(
    own_server: EmbeddedServer, tenant_id: str
) -> None:
    with lastseat.open(own_server.ensure_running(), patience=0.2) as engine:
        tenant = engine.tenant(tenant_id)
        yoga = occurrence(tenant, capacity=500)
        unanswered: list[str] = []

        def book(actor: str) -> None:
            try:
                assert tenant.book(yoga, actor=actor, key=f"tap of {actor}").ok
            except (DatabaseUnavailable, OutcomeUnknown):
                unanswered.append(actor)

        threads = [threading.Thread(target=book, args=[f"a{i}"], daemon=True) for i in range(300)]
        for i, thread in enumerate(threads):
            thread.start()
            if i == 200:
                own_server.stop(mode="immediate")
        for thread in threads:
            thread.join()
        assert len(unanswered) >= 99
        own_server.ensure_running()
        for actor in unanswered:
            assert tenant.book(yoga, actor=actor, key=f"tap of {actor}").ok
        assert tenant.booking_count(yoga) == 300


def test_opening_an_engine_on_nothing_says_so() -> None:
    with pytest.raises(DatabaseUnavailable, match="can't be reached"):
        lastseat.open("postgresql://127.0.0.1:1/nothing")


def test_after_close_everything_says_so(conninfo: str, tenant_id: str) -> None:
    engine = lastseat.open(conninfo, migrate=False)
    tenant = engine.tenant(tenant_id)
    yoga = occurrence(tenant)
    engine.close()
    engine.close()
    for operation in (
        lambda: tenant.book(yoga, actor="ann"),
        lambda: tenant.seats_left(yoga),
        lambda: tenant.journal(yoga),
        tenant.expire,
    ):
        with pytest.raises(EngineClosed):
            operation()


async def _after_close(conninfo: str, tenant_id: str) -> None:
    engine = await lastseat.open_async(conninfo, migrate=False)
    tenant = engine.tenant(tenant_id)
    assert await tenant.journal("yoga") == []
    await engine.close()
    await engine.close()
    with pytest.raises(EngineClosed):
        await tenant.cancel("yoga", actor="ann")
    with pytest.raises(EngineClosed):
        await tenant.journal("yoga")


def test_after_close_everything_says_so_asynchronously(conninfo: str, tenant_id: str) -> None:
    asyncio.run(_after_close(conninfo, tenant_id))


def test_close_waits_for_what_the_threads_have_queued(conninfo: str, tenant_id: str) -> None:
    engine = lastseat.open(conninfo, migrate=False)
    tenant = engine.tenant(tenant_id)
    yoga = occurrence(tenant, capacity=500)
    answers: list[str] = []
    inside = threading.Barrier(41)

    def book(actor: str) -> None:
        inside.wait()
        try:
            answers.append(tenant.book(yoga, actor=actor).code)
        except EngineClosed:
            answers.append("closed")

    threads = [threading.Thread(target=book, args=[f"a{i}"], daemon=True) for i in range(40)]
    for thread in threads:
        thread.start()
    inside.wait()
    engine.close()
    for thread in threads:
        thread.join(20)
    assert len(answers) == 40
    assert set(answers) <= {"booked", "closed"}
    with lastseat.open(conninfo, migrate=False) as again:
        assert again.tenant(tenant_id).booking_count(yoga) == answers.count("booked")


FORK = """
import os, sys, lastseat
with lastseat.open(sys.argv[1], migrate=False) as engine:
    tenant = engine.tenant("forked")
    tenant.journal("yoga")
    child = os.fork()
    if not child:
        for operation in (lambda: tenant.journal("yoga"), lambda: tenant.cancel("x", actor="y")):
            try:
                operation()
            except lastseat.ForkedEngine:
                continue
            os._exit(1)
        os._exit(0)
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_forked_process_is_told_to_open_its_own(conninfo: str) -> None:
    command = [sys.executable, "-W", "ignore", "-c", FORK, conninfo]
    assert subprocess.run(command, timeout=30, check=False).returncode == 0
