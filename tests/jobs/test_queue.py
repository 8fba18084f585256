"""The queue of jobs: workers that end, die or meet a database that is away; its tables."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from tests.ledger.conftest import made_database

import lastseat
from lastseat.embedded import EmbeddedServer
from lastseat.jobs import app, tasks
from lastseat.jobs.expiring import expire_due
from lastseat.jobs.tasks import Periodic
from lastseat.jobs.working import Working
from lastseat.ledger import job_tables
from lastseat.ledger.migrate import migrate

EACH_SECOND = "* * * * * */1"
SECONDS = 20

# A worker whose one task says that it is at work, and never ends.
HANGS = f"""
import asyncio, sys, lastseat
from lastseat.jobs import app, tasks
from lastseat.jobs.expiring import expire_due
app.POLL_SECONDS = 0.05

async def hang(working):
    print("at work", flush=True)
    await asyncio.Event().wait()

async def main():
    tasks.LOOPS[:] = []
    tasks.PERIODIC[:] = [tasks.Periodic("task", {EACH_SECOND!r}, hang)]
    async with lastseat.open_async(sys.argv[1], migrate=False) as engine:
        await app.run(engine, asyncio.Event())

asyncio.run(main())
"""


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Lets a worker have this task alone, each second."""
    monkeypatch.setattr(app, "POLL_SECONDS", 0.05)

    def task(work: tasks.Work) -> None:
        monkeypatch.setattr(tasks, "LOOPS", [])
        monkeypatch.setattr(tasks, "PERIODIC", [Periodic("task", EACH_SECOND, work)])

    return task


def jobs(where: str) -> list[tuple[str, str]]:
    """Names and statuses of the jobs that the queue keeps."""
    with psycopg.connect(where) as connection:
        rows = connection.execute(
            "SELECT task_name, status::text FROM lastseat.procrastinate_jobs ORDER BY id"
        ).fetchall()
    return [(str(name), str(status)) for name, status in rows]


async def run_until(where: str, *done: asyncio.Event, workers: int = 1) -> None:
    """Workers side by side, until each event has come."""
    stopping = asyncio.Event()
    async with lastseat.open_async(where, migrate=False) as engine:
        at_work = [asyncio.create_task(app.run(engine, stopping)) for _ in range(workers)]
        async with asyncio.timeout(SECONDS):
            for event in done:
                await event.wait()
            stopping.set()
            await asyncio.gather(*at_work)


def test_of_two_workers_one_does_a_job_and_it_is_gone_then(
    where: str, only: Callable[..., None]
) -> None:
    """It is due each second: with each for itself, three would be done within one."""
    running, most, runs = 0, 0, 0

    async def main() -> float:
        done = asyncio.Event()

        async def work(working: Working) -> None:
            nonlocal running, most, runs
            running, runs = running + 1, runs + 1
            most = max(most, running)
            await asyncio.sleep(0.1)
            running -= 1
            if runs == 3:
                done.set()

        only(work)
        begun = time.monotonic()
        await run_until(where, done, workers=2)
        return time.monotonic() - begun

    seconds = asyncio.run(main())
    assert most == 1
    assert runs <= seconds + 2
    assert ("task", "succeeded") not in jobs(where)


def test_asked_to_stop_a_worker_finishes_what_it_is_at(
    where: str, only: Callable[..., None]
) -> None:
    ended: list[bool] = []

    async def main() -> None:
        begun = asyncio.Event()

        async def work(working: Working) -> None:
            begun.set()
            await working.stopping.wait()
            await asyncio.sleep(0.1)
            ended.append(True)

        only(work)
        await run_until(where, begun)

    asyncio.run(main())
    assert ended == [True]
    assert [x for x in jobs(where) if x[1] == "doing"] == []


def test_a_task_that_fails_is_kept_and_told_and_comes_again(
    where: str, only: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    times: list[float] = []

    async def main() -> None:
        again = asyncio.Event()

        async def work(working: Working) -> None:
            times.append(time.time())
            if len(times) == 1:
                raise ValueError("a bug")
            again.set()

        only(work)
        await run_until(where, again)

    asyncio.run(main())
    assert jobs(where).count(("task", "failed")) == 1
    assert "a bug" in caplog.text


@pytest.fixture
def hanging(where: str) -> Iterator[subprocess.Popen[str]]:
    """A worker in the middle of its task."""
    process = subprocess.Popen(
        [sys.executable, "-c", HANGS, where], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "at work\n"
        yield process
    finally:
        process.kill()
        process.communicate()
        with psycopg.connect(where) as connection:
            connection.execute("DELETE FROM lastseat.procrastinate_jobs")


def test_when_a_worker_is_killed_in_the_middle_another_goes_on(
    where: str,
    only: Callable[..., None],
    hanging: subprocess.Popen[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    os.kill(hanging.pid, signal.SIGKILL)
    hanging.wait()
    assert jobs(where).count(("task", "doing")) == 1
    monkeypatch.setattr(app, "STALLED_SECONDS", 0.5)
    monkeypatch.setattr(app, "HEARTBEAT_SECONDS", 0.1)

    async def main() -> None:
        done = asyncio.Event()

        async def work(working: Working) -> None:
            done.set()

        only(work)
        await run_until(where, done)

    asyncio.run(main())
    assert [x for x in jobs(where) if x[1] == "doing"] == []
    assert ("task", "failed") in jobs(where)


def test_control_a_job_of_a_worker_that_lives_is_left_to_it(
    where: str, only: Callable[..., None], hanging: subprocess.Popen[str]
) -> None:
    async def main() -> None:
        never = asyncio.Event()

        async def work(working: Working) -> None:
            never.set()

        only(work)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.6):
                await run_until(where, never)

    asyncio.run(main())
    assert jobs(where).count(("task", "doing")) == 1


def test_a_clock_that_is_moved_does_not_stop_the_timetable(
    where: str,
    only: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Set back by an hour, the machine's clock shows times that were all done already."""
    behind = 0.0
    true = time.time

    async def main() -> None:
        nonlocal behind
        first, again = asyncio.Event(), asyncio.Event()

        async def work(working: Working) -> None:
            (again if behind else first).set()

        only(work)
        running = asyncio.create_task(run_until(where, first, again))
        await asyncio.wait_for(first.wait(), SECONDS)
        behind = 3600.0
        await running

    monkeypatch.setattr(time, "time", lambda: true() - behind)
    asyncio.run(main())
    assert "the clock was moved" in caplog.text


def test_a_database_that_broke_off_is_waited_for(
    where: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What runs in every worker, and the queue: both go on."""
    monkeypatch.setattr(app, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(app, "PAUSE_SECONDS", 0.1)
    monkeypatch.setattr(app, "LOST_SECONDS", 0.5)
    cut = False

    async def main() -> None:
        nonlocal cut
        looked, worked, looked_again, worked_again = (asyncio.Event() for _ in range(4))

        async def look(working: Working) -> None:
            while not working.stopping.is_set():
                await expire_due(working)
                (looked_again if cut else looked).set()
                await working.sleep(0.02)

        async def work(working: Working) -> None:
            async with working.pool.connection() as connection:
                await connection.execute("SELECT 1")
            (worked_again if cut else worked).set()

        monkeypatch.setattr(tasks, "LOOPS", [look])
        monkeypatch.setattr(tasks, "PERIODIC", [Periodic("task", EACH_SECOND, work)])
        running = asyncio.create_task(run_until(where, looked, worked, looked_again, worked_again))
        await asyncio.wait_for(asyncio.gather(looked.wait(), worked.wait()), SECONDS)
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        cut = True
        await running

    asyncio.run(main())
    ours = [record for record in caplog.records if record.name == "lastseat.jobs"]
    assert not [record for record in ours if record.exc_info], caplog.text


def test_a_job_whose_end_could_not_be_noted_comes_again(
    where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(app, "LOST_SECONDS", 0.5)

    async def main() -> None:
        begun, cut, again = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def work(_: Working) -> None:
            (again if cut.is_set() else begun).set()
            # The job's row is somebody else's by the time that its end is noted.
            while begun.is_set() and not locked.is_set():  # noqa: ASYNC110
                await asyncio.sleep(0.01)

        async def break_the_connection_that_notes_it() -> None:
            await begun.wait()
            connect = psycopg.AsyncConnection.connect
            async with await connect(where) as holder, await connect(where) as looker:
                await looker.set_autocommit(True)
                await holder.execute("SELECT FROM lastseat.procrastinate_jobs FOR UPDATE")
                locked.set()
                ended = 0
                while not ended:
                    found = await looker.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
                        " AND query LIKE '%procrastinate_finish_job%'"
                    )
                    ended = len(await found.fetchall())
                cut.set()

        locked = asyncio.Event()
        monkeypatch.setattr(tasks, "LOOPS", [])
        monkeypatch.setattr(tasks, "PERIODIC", [Periodic("task", EACH_SECOND, work)])
        breaking = asyncio.create_task(break_the_connection_that_notes_it())
        await run_until(where, cut, again)
        await breaking

    asyncio.run(main())


# Its tables ---------------------------------------------------------------------------------------


@pytest.fixture
def older(server: EmbeddedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A database with the tables of a procrastinate that had one migration less."""
    with made_database(server) as where:
        migrate(where)
        newer = tmp_path / "migrations"
        newer.mkdir()
        for path in (job_tables.package_sql() / "migrations").glob("*.sql"):
            (newer / path.name).write_bytes(path.read_bytes())
        (newer / "09.00.00_01_pre_more.sql").write_text("CREATE TABLE procrastinate_more (n int);")
        monkeypatch.setattr(job_tables, "package_sql", lambda: tmp_path)
        yield where


def test_a_newer_procrastinate_brings_its_tables_up_to_date_once(older: str) -> None:
    said: list[str] = []
    migrate(older, report=said.append)
    migrate(older, report=said.append)
    assert said == ["applying 09.00.00_01_pre_more of the job queue"]
    with psycopg.connect(older) as connection:
        assert connection.execute("SELECT * FROM lastseat.procrastinate_more").fetchall() == []


def test_nothing_of_the_queue_is_outside_our_schema(where: str) -> None:
    with psycopg.connect(where) as connection:
        rows = connection.execute(
            "SELECT relnamespace::regnamespace::text FROM pg_class"
            " WHERE relname LIKE 'procrastinate%%'"
            " UNION SELECT pronamespace::regnamespace::text FROM pg_proc"
            " WHERE proname LIKE 'procrastinate%%'"
        ).fetchall()
    assert rows == [("lastseat",)]
