"""The tasks at work: loops of our own, and periodic ones on procrastinate's queue.

Procrastinate's tables are in the schema `lastseat` (ledger/job_tables.py), which its connections
have as their search path. The queue holds no truth: a job is a wake-up, and what it finds to do is
in our tables, so that a job that was lost or came twice makes no difference.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import procrastinate
import psycopg
from procrastinate.job_context import JobContext

from lastseat.engine.drivers import CONNECT_TIMEOUT
from lastseat.engine.errors import DatabaseUnavailable
from lastseat.jobs import tasks
from lastseat.jobs.rows import Connection, fetch
from lastseat.jobs.tasks import Periodic
from lastseat.jobs.working import STALLED_SECONDS, JobSettings, Pool, Working
from lastseat.library.asynchronous.engine import AsyncEngine

log = logging.getLogger("lastseat.jobs")

CONNECTIONS = 6
"""Of the pool that tasks and the queue share, at most."""

PAUSE_SECONDS = 1.0
"""Before what broke off is begun again."""

GRACE_SECONDS = 10.0
"""How long a task may take to finish its unit once it is asked to stop; then it is broken off."""

STEP_SECONDS = 5.0
"""A machine's clock that was moved by so much is noticed."""

POLL_SECONDS = 2.0
"""Between two looks into the queue."""

HEARTBEAT_SECONDS = 5.0
"""Between two signs of life of a worker."""

LOST_SECONDS = 10.0
"""So long after a job's end the queue has noted it, or the connection broke over that."""

WORKING = "working"
ENDED = "ended"

AWAY = (DatabaseUnavailable, psycopg.OperationalError, procrastinate.exceptions.ConnectorException)
"""The database is away or broke off (a pool's time-out is an OperationalError, too)."""


def app(pool_conninfo: str, periodic: list[Periodic]) -> procrastinate.App:
    """The queue's application, with a line of the timetable for each periodic task."""
    made = procrastinate.App(connector=_connector(pool_conninfo))
    for task in periodic:
        _register(made, task)
    return made


def _connector(conninfo: str) -> procrastinate.PsycopgConnector:
    return procrastinate.PsycopgConnector(
        conninfo=conninfo,
        min_size=0,
        max_size=CONNECTIONS,
        configure=_in_our_schema,
        timeout=5.0,
        reconnect_timeout=5.0,
        kwargs={"connect_timeout": CONNECT_TIMEOUT, "application_name": "lastseat-jobs"},
    )


async def _in_our_schema(connection: psycopg.AsyncConnection[Any]) -> None:
    # Not among the connection's own options, which the URL may have already.
    await connection.execute("SET search_path TO lastseat")
    await connection.commit()


def _register(made: procrastinate.App, task: Periodic) -> None:
    # One waiting is enough, and one at a time: who finds it running waits for its end. Should its
    # worker be killed, `_queue` sees to it that the lock is free again.
    @made.periodic(cron=task.cron)
    @made.task(name=task.name, queueing_lock=task.name, lock=task.name, pass_context=True)
    async def run(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 - procrastinate's
        working: Working = context.additional_context[WORKING]
        try:
            if not working.stopping.is_set():
                await task.work(working)
        finally:
            context.additional_context[ENDED][context.job.id] = time.monotonic()


async def run(
    engine: AsyncEngine, stopping: asyncio.Event, settings: JobSettings | None = None
) -> None:
    """Do all there is to do until `stopping` is set, or this is cancelled; what is under way ends.

    A database that is away is waited for.
    """
    async with opened(engine.conninfo) as (made, pool):
        working = Working(
            engine=engine, pool=pool, stopping=stopping, settings=settings or JobSettings()
        )
        queue = partial(_queue, made, working, {})
        at_work = [
            asyncio.create_task(_again_and_again(name, work, working))
            for name, work in [
                *((loop.__name__, partial(loop, working)) for loop in tasks.LOOPS),
                ("the queue", queue),
            ]
        ]
        try:
            await stopping.wait()
        finally:
            stopping.set()
            await asyncio.wait(at_work, timeout=GRACE_SECONDS + PAUSE_SECONDS)
            for task in at_work:
                task.cancel()
            await asyncio.gather(*at_work, return_exceptions=True)


@asynccontextmanager
async def opened(conninfo: str) -> AsyncIterator[tuple[procrastinate.App, Pool]]:
    """The queue, and the connections that it shares with the tasks."""
    made = app(conninfo, tasks.PERIODIC)
    connector = made.connector
    assert isinstance(connector, procrastinate.PsycopgConnector)
    async with made.open_async():
        yield made, connector.pool


async def _again_and_again(
    name: str, work: Callable[[], Coroutine[Any, Any, None]], working: Working
) -> None:
    while not working.stopping.is_set():
        try:
            await work()
        except AWAY as error:
            log.warning("%s waits for the database: %s", name, " ".join(str(error).split()))
        except Exception:
            log.exception("%s broke off; it is begun again", name)
        await working.sleep(PAUSE_SECONDS)


async def _queue(made: procrastinate.App, working: Working, ended: dict[int, float]) -> None:
    """Work on the queue until asked to stop, or until the machine's clock is moved.

    The timetable goes by what is next after the last time, so that it would stand still for as long
    as the clock was set back; begun again it goes by the time it is. `ended` are the jobs that this
    process is done with and still has to look after: they outlive a worker that breaks off.
    """
    worker = asyncio.create_task(
        made.run_worker_async(
            concurrency=len(tasks.PERIODIC) + 1,
            listen_notify=False,
            fetch_job_polling_interval=POLL_SECONDS,
            shutdown_graceful_timeout=GRACE_SECONDS,
            delete_jobs="successful",
            install_signal_handlers=False,
            update_heartbeat_interval=HEARTBEAT_SECONDS,
            stalled_worker_timeout=STALLED_SECONDS,
            additional_context={WORKING: working, ENDED: ended},
        )
    )
    ahead = time.time() - time.monotonic()
    try:
        while not (worker.done() or working.stopping.is_set()):
            async with working.pool.connection() as connection:
                await fetch(connection, "revive", seconds=STALLED_SECONDS)
                await _give_up(connection, ended)
            await working.sleep(POLL_SECONDS)
            if abs(time.time() - time.monotonic() - ahead) > STEP_SECONDS:
                log.warning("the clock was moved: the timetable is begun anew")
                break
    finally:
        worker.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await worker


async def _give_up(connection: Connection, ended: dict[int, float]) -> None:
    """Free the locks of jobs whose end could not be noted: they would be under way for ever."""
    over = [job for job, at in ended.items() if time.monotonic() - at > LOST_SECONDS]
    if over:
        lost = await fetch(connection, "give_up", jobs=over)
        if lost:
            log.warning("the end of %s jobs was not noted; they come again", len(lost))
    for job in over:
        del ended[job]
