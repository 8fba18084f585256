"""Who waits in line for what has begun waits no longer (MISSION C7)."""

import logging

from lastseat.core.outcomes import Expired
from lastseat.jobs.working import Working
from lastseat.library.commands import Commands
from lastseat.reads import lines

log = logging.getLogger("lastseat.jobs")

AT_ONCE = 1_000
"""Bookings of a lot."""

IN_ONE_RUN = 10
"""Lots of one run, at most; the next one goes on."""


async def end_waiting(working: Working) -> None:
    """Each minute: bookings that wait for what has begun, or was called off, are expired."""
    ended = 0
    for _ in range(IN_ONE_RUN):
        late = await working.engine.read(lines.too_late, limit=AT_ONCE)
        commands = [Commands(tenant).expire(booking) for tenant, booking in late]
        # One that fails must not keep the others, of all tenants, in line.
        done = sum(isinstance(x, Expired) for x in await working.carry_out(commands))
        ended += done
        if working.stopping.is_set() or not done or len(late) < AT_ONCE:
            break
    if ended:
        log.info("%s waited for what has begun", ended)
