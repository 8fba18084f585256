"""A read replica, for what is looked at and never decided on: lists, agendas, availability.

It answers as long as it is there, is this database's, and is not far behind; otherwise the primary
does, so that a replica can be lost without anybody noticing. How far it is behind is measured by
marks: what the primary's log had come to at a time, and whether the replica has replayed that.
"""

import asyncio
import logging
import time
from collections import deque
from typing import Any

import psycopg
import psycopg_pool

from lastseat.engine.errors import LastseatError
from lastseat.engine.stuck import cut_when_stuck
from lastseat.reads.rows import QUERIES, fetch

log = logging.getLogger("lastseat.reads")

MEASURED_SECONDS = 1.0
"""Between two measurements."""

OLDEST = 5.0
"""Seconds after which a measurement tells nothing any more."""

MOST_BEHIND = 10.0
"""Seconds that it may be behind and still answer."""

CONNECTED_SECONDS = 0.25
"""How long a read waits for a connection, before it goes to the primary."""

MARKS = 100
"""Kept at most: the oldest tells the lag."""

Pool = psycopg_pool.AsyncConnectionPool[Any]


class ReplicaUnfit(Exception):
    """The replica is away, far behind, another database's, or was not asked yet."""


class Replica:
    """The pool of a replica, and what is known of it. For one event loop."""

    def __init__(self, pool: Pool, primary: Pool) -> None:
        self.pool = pool
        self._primary = primary
        self._marks: deque[tuple[float, int]] = deque()
        self._measuring: asyncio.Task[None] | None = None
        self._measured = -OLDEST
        self._unfit: str | None = None
        self.lag = 0.0
        """Seconds, as last measured."""
        self.answered = 0
        self.missed = 0

    async def read(self, query: Any, *args: Any, **kwargs: Any) -> Any:
        """Nobody waits for a replica that is gone. Raises `ReplicaUnfit`; bugs as they are."""
        age = time.monotonic() - self._measured
        if age >= MEASURED_SECONDS and (self._measuring is None or self._measuring.done()):
            self._measuring = asyncio.create_task(self.measure())
        if age >= OLDEST or self._unfit is not None:
            raise ReplicaUnfit(self._unfit)
        try:
            async with self.pool.connection(timeout=CONNECTED_SECONDS) as connection:
                with cut_when_stuck(connection):
                    found = await query(connection, *args, **kwargs)
        except psycopg.Error as error:
            self._say(f"it can't be reached: {type(error).__name__}")
            raise ReplicaUnfit from error
        except LastseatError as error:
            # What was made a moment ago may not be there yet.
            raise ReplicaUnfit from error
        self.answered += 1
        return found

    async def fit(self) -> bool:
        """Whether it would answer now."""
        await self.measure()
        return self._unfit is None

    async def close(self) -> None:
        """Close its connections."""
        if self._measuring is not None:
            self._measuring.cancel()
            await asyncio.gather(self._measuring, return_exceptions=True)
        await self.pool.close()

    async def measure(self) -> None:
        """Find out how far it is behind, and whether it can answer."""
        try:
            self._say(await self._wrong())
        except psycopg.Error as error:
            self._say(f"it can't be reached: {type(error).__name__}")
        self._measured = time.monotonic()

    async def _wrong(self) -> str | None:
        """Why it can't answer. Raises `psycopg.Error` when it is away."""
        at = time.monotonic()
        try:
            system, written = await _ask(self._primary, "wal_written")
        except psycopg.Error:
            # Nothing is written meanwhile, and looking is still possible.
            system = written = None
        if written is not None and len(self._marks) < MARKS:
            self._marks.append((at, written))
        other, replayed = await _ask(self.pool, "wal_replayed")
        if system is not None and other != system:
            return "it is another database's"
        while self._marks and (replayed is None or self._marks[0][1] <= replayed):
            self._marks.popleft()
        self.lag = time.monotonic() - self._marks[0][0] if self._marks else 0.0
        return f"it is {self.lag:.0f} s behind" if self.lag > MOST_BEHIND else None

    def _say(self, unfit: str | None) -> None:
        """Log what has changed: once, whoever meets it."""
        if (unfit is None) != (self._unfit is None):
            if unfit is None:
                log.warning("the read replica answers again")
            else:
                log.warning("the read replica does not answer, the primary does: %s", unfit)
        self._unfit = unfit


async def _ask(pool: Pool, name: str) -> tuple[Any, ...]:
    async with pool.connection() as connection:
        with cut_when_stuck(connection):
            return (await fetch(connection, QUERIES[name]))[0]
