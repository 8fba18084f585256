"""Holds are journalled as EXPIRED within a second of their time (MISSION A9).

A loop in every worker, not a job of the queue: a queue's timetable has no seconds to be trusted,
and a worker that is killed must not be missed for one. That two of them look is no harm: the engine
answers the second that it is done. Decisions do not wait for any of this; they count an overdue
hold as free.
"""

import asyncio
import logging

from lastseat.core.outcomes import Expired
from lastseat.jobs.rows import fetch
from lastseat.jobs.working import Working
from lastseat.library.commands import Commands

log = logging.getLogger("lastseat.jobs")

LEAST_PAUSE = 0.02
"""Seconds between two looks, at least: what runs out meanwhile goes together."""

PATIENCE = 0.25
"""Seconds after which the next look is taken though some are still under way: the engine waits much
longer for a bookable that somebody has locked, and other tenants' holds must not."""

LOTS = 4
"""As many lots of `settings.holds` are under way, at most."""


class Expiring:
    """Expires what is due, look by look; for one event loop."""

    def __init__(self, working: Working) -> None:
        self._working = working
        self._under_way: dict[str, asyncio.Task[bool]] = {}

    async def look(self) -> float:
        """Begin with what is due; for how many seconds there is nothing else to do.

        Raises `DatabaseUnavailable`.
        """
        settings = self._working.settings
        if len(self._under_way) > (LOTS - 1) * settings.holds:
            await asyncio.wait(self._under_way.values(), timeout=settings.look)
            self._done()
            return LEAST_PAUSE
        soon = await self._working.engine.read(
            fetch,
            "holds_soon",
            within=settings.look,
            limit=settings.holds,
            besides=list(self._under_way),
        )
        begun = [self._begin(tenant, booking) for tenant, booking, seconds in soon if seconds <= 0]
        if begun:
            await asyncio.wait(begun, timeout=PATIENCE)
        done = self._done()
        if done:
            log.info("%s holds have run out", done)
        if done and len(soon) == settings.holds:
            return LEAST_PAUSE
        # What can't be expired now stays due: it is no reason to look all the time.
        ahead = [seconds for _, _, seconds in soon if seconds > 0]
        return max(LEAST_PAUSE, min(ahead, default=settings.look))

    async def finish(self) -> None:
        """Wait for what is under way."""
        while self._under_way:
            await asyncio.wait(self._under_way.values())
            self._done()

    async def give_up(self) -> None:
        """Break off what is under way."""
        for task in self._under_way.values():
            task.cancel()
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)

    def _begin(self, tenant: str, booking: str) -> "asyncio.Task[bool]":
        task = asyncio.create_task(self._expire(tenant, booking))
        self._under_way[booking] = task
        return task

    async def _expire(self, tenant: str, booking: str) -> bool:
        outcomes = await self._working.carry_out([Commands(tenant).expire(booking)])
        return any(isinstance(x, Expired) for x in outcomes)

    def _done(self) -> int:
        """Forget what is done; how many have expired. Raises what one of them did."""
        done = {booking: task for booking, task in self._under_way.items() if task.done()}
        for booking in done:
            del self._under_way[booking]
        errors = [error for task in done.values() if (error := task.exception()) is not None]
        if errors:
            raise errors[0]
        return sum(task.result() for task in done.values())


async def expire_holds(working: Working) -> None:
    """Look for what is due now or before the next look; wait for that, or for the next look."""
    expiring = Expiring(working)
    try:
        while not working.stopping.is_set():
            await working.sleep(await expiring.look())
        await expiring.finish()
    finally:
        await expiring.give_up()


async def expire_due(working: Working) -> float:
    """Journal what is due; for how many seconds there is nothing else to do."""
    expiring = Expiring(working)
    try:
        pause = await expiring.look()
        await expiring.finish()
    finally:
        await expiring.give_up()
    return pause
