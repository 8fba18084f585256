"""An engine: connections to one database, and the turnstile before them."""

import os
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import psycopg
import psycopg_pool

from lastseat.core import commands as c
from lastseat.core.outcomes import Invalid
from lastseat.engine.drivers import CONNECT_TIMEOUT, Lane
from lastseat.engine.errors import DatabaseUnavailable, EngineClosed, ForkedEngine, LastseatError
from lastseat.engine.process import generation
from lastseat.engine.requests import Answer
from lastseat.engine.stuck import cut_when_stuck
from lastseat.engine.turnstile import Turnstile
from lastseat.library import cleanup as cleaning
from lastseat.library.asynchronous.replica import Replica, ReplicaUnfit
from lastseat.library.checks import check
from lastseat.library.reserving import Cleaned

if TYPE_CHECKING:
    from lastseat.library.asynchronous.tenant import AsyncTenant


class NotFound(LastseatError, LookupError):
    """The tenant has nothing of that id.

    `what` it would be is a "bookable", "occurrence", "event", "booking" or "service", or the
    "owner" of rules; `id` is what was asked for, and `message` says so in words.
    """

    def __init__(self, what: str, id: str, message: str | None = None) -> None:  # noqa: A002 - its field
        self.what = what
        self.id = id
        self.message = message if message is not None else f"there is no {what} {id!r}"
        super().__init__(what, id, self.message)

    def __str__(self) -> str:
        return self.message


class AsyncEngine:
    """Connections to one database and the turnstile before them; made by `open_async`.

    Safe to share by all tasks of one event loop. Close it, or use it as a context manager.
    """

    def __init__(
        self,
        conninfo: str,
        *,
        lanes: int = 2,
        slow_lanes: int = 2,
        prepare: bool = True,
        patience: float = 2.0,
        queue_limit: int = 20_000,
        queue_timeout: float = 1.0,
        lock_patience: float = 10.0,
        read_url: str | None = None,
    ) -> None:
        self.conninfo = conninfo
        self._pid = os.getpid()
        self._generation = generation()
        self.turnstile = Turnstile(
            [Lane(conninfo, prepare=prepare, patience=patience) for _ in range(lanes)],
            [Lane(conninfo, prepare=prepare, patience=patience) for _ in range(slow_lanes)],
            queue_limit=queue_limit,
            queue_timeout=queue_timeout,
            lock_patience=lock_patience,
        )
        self._patience = patience
        self._reads = _pool(conninfo, patience, prepare=prepare)
        self.replica = (
            Replica(_pool(read_url, patience, prepare=prepare), self._reads) if read_url else None
        )

    async def __aenter__(self) -> Self:
        await self._reads.open()
        if self.replica is not None:
            await self.replica.pool.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Finish what is queued, then close the connections."""
        await self.turnstile.close()
        await self._reads.close()
        if self.replica is not None:
            await self.replica.close()

    def tenant(self, tenant_id: str, *, principal: str = "system") -> "AsyncTenant":
        """A tenant's operations, asked for by `principal`."""
        from lastseat.library.asynchronous.tenant import (  # noqa: PLC0415 - it imports this one
            AsyncTenant,
        )

        return AsyncTenant(self, tenant_id, principal=principal)

    async def execute(self, command: c.AnyCommand) -> Answer:
        """Run one command through the turnstile; the answer says whether it was a replay."""
        self.check_process()
        checked = check(command)
        if isinstance(checked, Invalid):
            return Answer(checked)
        return await self.turnstile.submit(checked)

    async def read(self, query: Any, *args: Any, **kwargs: Any) -> Any:
        """Run one of `reads.views` on a connection for reads."""
        self.check_process()
        try:
            async with self._reads.connection() as connection:
                with cut_when_stuck(connection):
                    return await query(connection, *args, **kwargs)
        except psycopg_pool.PoolClosed as error:
            raise EngineClosed("the engine is closed") from error
        except (psycopg_pool.PoolTimeout, psycopg.OperationalError) as error:
            raise DatabaseUnavailable(f"the database can't be reached: {error}") from error

    async def look(self, query: Any, *args: Any, **kwargs: Any) -> Any:
        """The same for what is only looked at: by the read replica, if there is one that can.

        What is read so may be seconds old. Never for a decision, nor for what must see one's own
        last write.
        """
        if self.replica is not None:
            self.check_process()
            try:
                return await self.replica.read(query, *args, **kwargs)
            except ReplicaUnfit:
                self.replica.missed += 1
        return await self.read(query, *args, **kwargs)

    @property
    def pools(self) -> dict[str, psycopg_pool.AsyncConnectionPool[Any]]:
        """The connections for reads, by what they are called."""
        if self.replica is None:
            return {"reads": self._reads}
        return {"reads": self._reads, "replica": self.replica.pool}

    async def cleanup_reservations(self, *, limit: int = 1_000) -> Cleaned:
        """Journal up to `limit` overdue holds of all tenants as expired (MISSION D6)."""
        return await cleaning.cleanup(self, limit=limit)

    async def cleanup_lag(self) -> float:
        """For how many seconds the oldest overdue hold has waited for that; 0: none waits."""
        return await cleaning.lag(self)

    def check_process(self) -> None:
        """Raises `ForkedEngine` in a process forked after the engine was opened."""
        if generation() != self._generation:
            raise ForkedEngine(
                f"this engine was opened by process {self._pid}, and this is {os.getpid()}: its"
                " connections can't be shared after a fork; open an engine in each process"
            )


def _pool(
    conninfo: str, patience: float, *, prepare: bool
) -> psycopg_pool.AsyncConnectionPool[Any]:
    return psycopg_pool.AsyncConnectionPool(
        conninfo,
        min_size=0,
        max_size=4,
        open=False,
        timeout=patience,
        # Given up that soon, the next read tries anew; else it would wait out a growing pause.
        reconnect_timeout=patience,
        check=_check,
        kwargs={
            "autocommit": True,
            "connect_timeout": CONNECT_TIMEOUT,
            "application_name": "lastseat-reads",
            "prepare_threshold": 5 if prepare else None,
        },
    )


async def _check(connection: psycopg.AsyncConnection[Any]) -> None:
    """Raises when a connection for reads is no longer one, or its server is silent."""
    with cut_when_stuck(connection):
        await psycopg_pool.AsyncConnectionPool.check_connection(connection)
