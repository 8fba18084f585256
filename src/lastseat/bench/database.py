"""A database of the benchmark's own, and what the server says about itself.

The user's data is never touched: a database `lastseat_bench_<random>` is made on the configured
server, migrated, and dropped at the end, also after Ctrl-C.
"""

import asyncio
import secrets
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from msgspec import Struct
from psycopg.conninfo import make_conninfo
from psycopg.rows import tuple_row

from lastseat.bench.failure import BenchmarkFailed
from lastseat.engine.errors import DatabaseUnavailable
from lastseat.ledger.migrate import migrate
from lastseat.ledger.sql import load

QUERIES = load("lastseat.bench")

PREFIX = "lastseat_bench_"

COUNTED_WITH_IO = 180_000
"""From PostgreSQL 18 on flushes are counted with all other input and output."""

Connection = psycopg.AsyncConnection[tuple[Any, ...]]


class Server(Struct, frozen=True):
    """What the server says of itself. `flush_us`: microseconds that a commit waits for the disk."""

    version: str
    fsync: str
    synchronous_commit: str
    wal_sync_method: str
    shared_buffers: str
    flush_us: float


@asynccontextmanager
async def own_database(server: str) -> AsyncIterator[str]:
    """A new, migrated database on the server; yields its conninfo and drops it whatever happens."""
    name = PREFIX + secrets.token_hex(6)
    # Neither this nor the drop in a thread: Ctrl-C meanwhile would leave the database behind.
    _administer(server, f"CREATE DATABASE {name}")
    try:
        where = make_conninfo(server, dbname=name)
        await asyncio.to_thread(migrate, where)
        yield where
    finally:
        _administer(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _administer(server: str, statement: str) -> None:
    try:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(statement.encode())
    except psycopg.errors.InsufficientPrivilege as error:
        raise BenchmarkFailed(
            f"{str(error).strip()}: the benchmark makes a database of its own, so its role needs"
            " CREATEDB"
        ) from error
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(f"the database can't be reached: {str(error).strip()}") from error


async def connect(where: str) -> Connection:
    """A connection of the benchmark itself: autocommit, everything prepared."""
    return await psycopg.AsyncConnection.connect(
        where,
        autocommit=True,
        row_factory=tuple_row,
        prepare_threshold=0,
        application_name="lastseat-bench",
    )


async def ask(connection: Connection, name: str, **params: Any) -> list[tuple[Any, ...]]:
    """Run one of the benchmark's queries; its rows, if it has any."""
    cursor = await connection.execute(QUERIES[name].encode(), params or None)
    return await cursor.fetchall() if cursor.description else []


async def describe(connection: Connection) -> Server:
    """The server's settings, and how long it takes to flush here and now."""
    version, fsync, commits, method, buffers = (await ask(connection, "settings"))[0]
    return Server(version, fsync, commits, method, buffers, await _flush_us(connection))


async def _flush_us(connection: Connection) -> float:
    """The time of a small commit less that of the same one which does not wait for the disk.

    What a transaction pays, write and system calls included, on any server one can connect to.
    """
    await ask(connection, "make_probe")
    await ask(connection, "fill_probe")
    took: dict[str, list[float]] = {"on": [], "off": []}
    for _ in range(6):
        for setting, times in took.items():
            await connection.execute(f"SET synchronous_commit = {setting}".encode())
            for _ in range(25):
                started = time.perf_counter()
                await ask(connection, "probe")
                times.append(time.perf_counter() - started)
    await connection.execute("RESET synchronous_commit")
    waited = statistics.median(took["on"]) - statistics.median(took["off"])
    return round(max(0.0, waited) * 1e6, 1)


async def flushes(connection: Connection, patience: float = 5.0) -> int:
    """How often the server has flushed its write-ahead log.

    Waits until every other connection to this database has ended: only then has it surely reported
    its share. Raises `BenchmarkFailed` when one still lives after `patience` seconds.
    """
    deadline = time.monotonic() + patience
    while (await ask(connection, "others"))[0][0]:
        if time.monotonic() >= deadline:
            raise BenchmarkFailed(f"connections of the benchmark still live after {patience:g} s")
        await asyncio.sleep(0.002)
    await ask(connection, "report_flushes")
    recent = connection.info.server_version >= COUNTED_WITH_IO
    rows = await ask(connection, "flushes_since_18" if recent else "flushes_before_18")
    return int(rows[0][0])
