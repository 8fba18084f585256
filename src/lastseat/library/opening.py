"""`open` and `open_async`: an engine on the embedded server or a URL, the schema up to date.

The only file that wires the configuration, the embedded server and the engine together.
"""

import asyncio
import os
from typing import Any

import psycopg

from lastseat.config import database
from lastseat.embedded import EmbeddedServer
from lastseat.engine.errors import DatabaseUnavailable
from lastseat.ledger import migrate as migrations
from lastseat.library.asynchronous.engine import AsyncEngine
from lastseat.library.synchronous.engine import Engine

PathLike = str | os.PathLike[str]


def conninfo(url: str | None = None, *, data_dir: PathLike | None = None) -> str:
    """Where the database is, the embedded server started if it is to be that one.

    Raises `EmbeddedError` when it can't be started.
    """
    where = database(url, data_dir)
    if where.url is not None:
        return where.url
    return EmbeddedServer(where.data_dir).ensure_running()


def open(  # noqa: A001 - used as lastseat.open
    url: str | None = None,
    *,
    data_dir: PathLike | None = None,
    migrate: bool = True,
    **options: Any,
) -> Engine:
    """An engine for threads, on the database of `url`, else the embedded server's.

    Without either argument LASTSEAT_DATABASE_URL counts, then LASTSEAT_DATA_DIR. `migrate` brings
    the schema `lastseat` up to date first. `options` are those of `AsyncEngine`: `lanes`,
    `slow_lanes`, `prepare` (false behind a pooler without prepared statements), `patience`,
    `queue_limit`, `queue_timeout`, `lock_patience` (seconds), and `read_url`: a replica that
    answers lists, agendas and availability.

    Raises `DatabaseUnavailable`, `MigrationError` or `EmbeddedError`.
    """
    where = _ready(url, data_dir, migrate=migrate)
    return Engine(lambda: AsyncEngine(where, **options))


def open_async(
    url: str | None = None,
    *,
    data_dir: PathLike | None = None,
    migrate: bool = True,
    **options: Any,
) -> "Opening":
    """The same for asyncio: `async with lastseat.open_async() as engine`."""
    return Opening(url, data_dir, migrate, options)


class Opening:
    """An engine being opened: await it, or enter it."""

    def __init__(
        self,
        url: str | None,
        data_dir: PathLike | None,
        migrate: bool,
        options: dict[str, Any],
    ) -> None:
        self._arguments = url, data_dir, migrate
        self._options = options
        self._engine: AsyncEngine | None = None

    def __await__(self) -> Any:
        return self.__aenter__().__await__()

    async def __aenter__(self) -> AsyncEngine:
        url, data_dir, migrate = self._arguments
        where = await asyncio.to_thread(_ready, url, data_dir, migrate=migrate)
        self._engine = await AsyncEngine(where, **self._options).__aenter__()
        return self._engine

    async def __aexit__(self, *_: object) -> None:
        if self._engine is not None:
            await self._engine.close()


def _ready(url: str | None, data_dir: PathLike | None, *, migrate: bool) -> str:
    where = conninfo(url, data_dir=data_dir)
    if migrate:
        try:
            migrations.migrate(where)
        except psycopg.OperationalError as error:
            raise DatabaseUnavailable(f"the database can't be reached: {error}") from error
    return where
