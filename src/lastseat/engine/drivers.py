"""The two drivers that run the executor: one asynchronous, one synchronous. All I/O is here.

Both send the statements of a `Run` in one pipeline: one round trip, whatever their number. On a
caller's connection a single statement goes without: psycopg answers a ROLLBACK by deallocating what
it has prepared, and in a pipeline that would take away what was prepared just before.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable, Generator
from typing import Any, assert_never

import psycopg
from psycopg.rows import tuple_row

from lastseat.engine.counts import LaneCounts
from lastseat.engine.errors import DatabaseUnavailable
from lastseat.engine.requests import (
    Post,
    Reconnect,
    Request,
    Result,
    Rows,
    Run,
    Sleep,
    Statement,
)
from lastseat.engine.stuck import cut_when_stuck
from lastseat.engine.wire import Wire, arguments, compiled
from lastseat.ledger.errors import ConnectionLost, LedgerError, translate
from lastseat.ledger.sql import QUERIES
from lastseat.tracing import span

Steps = Generator[Request, Any, list[Result]]

RETRY_SECONDS = 0.1
"""How often a lost database is tried again."""

CONNECT_TIMEOUT = 5
"""Seconds that one attempt to connect may take."""

TCP_TIMEOUT_MS = 10_000
"""Milliseconds that sent data may stay without the network's acknowledgement."""

APPLICATION_NAME = "lastseat"


async def drive(
    steps: Steps, perform: Callable[[Request], Awaitable[list[Rows] | None]]
) -> list[Result]:
    """Perform what the executor asks for until it has its results."""
    reply: list[Rows] | None = None
    error: Exception | None = None
    while True:
        try:
            request = steps.throw(error) if error else steps.send(reply)
        except StopIteration as stop:
            return list(stop.value)
        reply, error = None, None
        try:
            reply = await perform(request)
        except (psycopg.Error, LedgerError, DatabaseUnavailable) as failure:
            error = _translated(failure)


def drive_sync(steps: Steps, perform: Callable[[Request], list[Rows]]) -> list[Result]:
    """The same, synchronously."""
    reply: list[Rows] | None = None
    error: Exception | None = None
    while True:
        try:
            request = steps.throw(error) if error else steps.send(reply)
        except StopIteration as stop:
            return list(stop.value)
        reply, error = None, None
        try:
            reply = perform(request)
        except psycopg.Error as failure:
            error = _translated(failure)


def _translated(failure: Exception) -> Exception:
    if not isinstance(failure, psycopg.Error):
        return failure
    error = translate(failure)
    error.__cause__ = failure
    return error


class Lane:
    """One connection of an engine's own, opened when first needed and replaced when it breaks.

    `patience` is how many seconds a lost database is waited for, from when it was found away; who
    comes later is told after one more try. `prepare` off is for poolers that know nothing of
    prepared statements.
    """

    def __init__(self, conninfo: str, *, prepare: bool = True, patience: float = 2.0) -> None:
        self.conninfo = conninfo
        self.prepare = prepare
        self.patience = patience
        self.counts = LaneCounts()
        self._connection: psycopg.AsyncConnection[tuple[Any, ...]] | None = None
        self._wire: Wire | None = None
        self._away_since: float | None = None
        self._meanwhile: Callable[[], None] | None = None

    async def drive(
        self, steps: Steps, meanwhile: Callable[[], None] | None = None
    ) -> list[Result]:
        """Run the executor's steps on this connection.

        `meanwhile` is called when the database has got the writes and is busy with them.
        """
        self._meanwhile = meanwhile
        try:
            return await drive(steps, self._perform)
        except BaseException:
            # Whatever transaction is open must not meet the next batch.
            await self.close()
            raise

    @property
    def connected(self) -> bool:
        """Whether it has a connection now."""
        return self._connection is not None and not self._connection.closed

    async def close(self) -> None:
        """Close the connection, if there is one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _perform(self, request: Request) -> list[Rows] | None:
        match request:
            case Run():
                return await self._run(request)
            case Post():
                self._open_one()[1].post(request.statements)
            case Sleep():
                self.counts.retried += 1
                # Jitter, so that rivals do not meet again.
                await asyncio.sleep(request.seconds * random.uniform(0.5, 1))  # noqa: S311
            case Reconnect():
                self.counts.lost += 1
                await self._reconnect()
            case _:
                assert_never(request)
        return None

    async def _run(self, request: Run) -> list[Rows]:
        if self._connection is None:
            await self._reconnect()
        connection, wire = self._open_one()
        if request.writes:
            self.counts.written += 1
            if self._meanwhile is not None:
                # Runs when the wait below lets go of the loop, with everything sent.
                asyncio.get_running_loop().call_soon(self._meanwhile)
        async with connection.lock:
            with cut_when_stuck(connection), span("lastseat.round_trip"):
                return await connection.wait(wire.exchange(request.statements))

    def _open_one(self) -> tuple[psycopg.AsyncConnection[tuple[Any, ...]], Wire]:
        if self._wire is None or self._connection is None or self._connection.closed:
            raise ConnectionLost("the connection is closed")
        return self._connection, self._wire

    async def _reconnect(self) -> None:
        await self.close()
        # From when it was found away, not from now: who has queued up meanwhile would wait in turn.
        if self._away_since is None:
            self._away_since = time.monotonic()
        deadline = self._away_since + self.patience
        while True:
            try:
                self._connection = await psycopg.AsyncConnection.connect(
                    self.conninfo,
                    autocommit=True,
                    row_factory=tuple_row,
                    client_encoding="utf8",
                    connect_timeout=CONNECT_TIMEOUT,
                    # A network that swallows packets is a lost connection, not a long wait.
                    tcp_user_timeout=TCP_TIMEOUT_MS,
                    keepalives_idle=5,
                    keepalives_interval=5,
                    keepalives_count=2,
                    application_name=APPLICATION_NAME,
                )
            except psycopg.OperationalError as failure:
                if time.monotonic() >= deadline:
                    raise DatabaseUnavailable(
                        f"the database can't be reached: {str(failure).strip()}"
                    ) from failure
                await asyncio.sleep(RETRY_SECONDS)
            else:
                self._away_since = None
                self._wire = Wire(self._connection.pgconn, prepare=self.prepare)
                return


async def drive_in(connection: psycopg.AsyncConnection[Any], steps: Steps) -> list[Result]:
    """Run nested steps on a caller's asynchronous connection. Raises a `LedgerError`."""

    async def perform(request: Request) -> list[Rows]:
        statements = _run_alone(request)
        alone = len(statements) == 1
        cursors = []
        async with contextlib.nullcontext() if alone else connection.pipeline():
            for statement in statements:
                query, names = compiled(QUERIES[statement.name])
                cursor = psycopg.AsyncRawCursor(connection, row_factory=tuple_row)
                await cursor.execute(query, arguments(statement, names))
                cursors.append(cursor)
        return [await x.fetchall() if x.description else [] for x in cursors]

    return await drive(steps, perform)


def drive_in_sync(connection: psycopg.Connection[Any], steps: Steps) -> list[Result]:
    """The same on a synchronous one."""

    def perform(request: Request) -> list[Rows]:
        statements = _run_alone(request)
        alone = len(statements) == 1
        cursors = []
        with contextlib.nullcontext() if alone else connection.pipeline():
            for statement in statements:
                query, names = compiled(QUERIES[statement.name])
                cursor = psycopg.RawCursor(connection, row_factory=tuple_row)
                cursor.execute(query, arguments(statement, names))
                cursors.append(cursor)
        return [x.fetchall() if x.description else [] for x in cursors]

    return drive_sync(steps, perform)


def _run_alone(request: Request) -> tuple[Statement, ...]:
    """The statements of a nested step: a caller's transaction neither waits nor reconnects."""
    if not isinstance(request, Run):
        raise AssertionError(f"{request!r} in a caller's transaction")  # noqa: TRY004 - a bug
    return request.statements
