"""What is over goes: stored answers, old pages of the feed, what the queue kept of failed jobs.

In small transactions, so that nobody waits for one; what is left after a run goes with the next.
"""

import logging
from collections.abc import Awaitable, Callable
from functools import partial

from lastseat.feed.pruning import prune
from lastseat.jobs.rows import Connection, fetch
from lastseat.jobs.working import Working

log = logging.getLogger("lastseat.jobs")

AT_ONCE = 1_000
"""Rows of one transaction."""

IN_ONE_RUN = 100
"""Transactions of one kind in one run."""

JOB_DAYS = 7
"""For so long what the queue knows of a failed job is kept."""


async def clean_up(working: Working) -> None:
    """Every ten minutes."""
    keys = await _drop(working, "drop_keys")
    jobs = await _drop(working, "drop_failed_jobs", days=JOB_DAYS)
    pages = await _some_at_a_time(working, partial(prune, most=AT_ONCE))
    async with working.pool.connection() as connection:
        await fetch(connection, "drop_dead_workers")
    if keys or jobs or pages:
        log.info("gone: %s stored answers, %s failed jobs, %s pages of the feed", keys, jobs, pages)


async def _drop(working: Working, name: str, **params: int) -> int:
    async def some(connection: Connection) -> int:
        return len(await fetch(connection, name, limit=AT_ONCE, **params))

    return await _some_at_a_time(working, some)


async def _some_at_a_time(working: Working, some: Callable[[Connection], Awaitable[int]]) -> int:
    """How many rows went, `some` in each transaction."""
    gone = 0
    for _ in range(IN_ONE_RUN):
        if working.stopping.is_set():
            break
        async with working.pool.connection() as connection:
            dropped = await some(connection)
        gone += dropped
        if dropped < AT_ONCE:
            break
    return gone
