"""What a task gets: the engine, connections of its own, and whether it is asked to stop."""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from typing import Any

import psycopg_pool
from msgspec import Struct

from lastseat.core import commands as c
from lastseat.core import outcomes as o
from lastseat.engine.errors import CommandFailed, OutcomeUnknown
from lastseat.engine.requests import Answer
from lastseat.library.asynchronous.engine import AsyncEngine

log = logging.getLogger("lastseat.jobs")

STALLED_SECONDS = 20.0
"""A worker that gave no sign for so long is taken for dead, and what it was at for failed."""

Pool = psycopg_pool.AsyncConnectionPool[Any]


class JobSettings(Struct, frozen=True, kw_only=True):
    """How the jobs are done. Times are in seconds."""

    look: float = 1.0
    """Between two looks for holds that run out; what runs out before the next is waited for."""
    holds: int = 1_000
    """Holds that one look takes up, at most."""
    calendars: float = 3600.0
    """Between two looks at a subscribed calendar."""


class Working(Struct, frozen=True, kw_only=True):
    """What a task may use.

    Bookings change by commands to `engine` alone. `pool` is for what is no booking: a connection
    of it is a transaction (`async with working.pool.connection() as connection`), committed at its
    end; statements name their schema. `stopping` is set when the process is asked to end: a task
    then finishes the unit it is at and returns.
    """

    engine: AsyncEngine
    pool: Pool
    stopping: asyncio.Event
    settings: JobSettings = JobSettings()

    async def carry_out(self, commands: Sequence[c.AnyCommand]) -> list[o.AnyOutcome]:
        """What became of each; one that failed is logged and left out: its time comes again.

        Raises `DatabaseUnavailable`: then none of the others would come through either.
        """
        answers = await asyncio.gather(
            *(self.engine.execute(command) for command in commands), return_exceptions=True
        )
        outcomes = []
        for command, answer in zip(commands, answers, strict=True):
            if isinstance(answer, Answer):
                outcomes.append(answer.outcome)
            elif isinstance(answer, CommandFailed | OutcomeUnknown):
                log.error("%s of tenant %s: %s", type(command).__name__, command.tenant_id, answer)
            else:
                raise answer
        return outcomes

    async def sleep(self, seconds: float) -> None:
        """Wait so long, or until asked to stop."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.stopping.wait(), seconds)
