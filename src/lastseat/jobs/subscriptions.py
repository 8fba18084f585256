"""Calendars that came from an address are looked at again, each once an hour (MISSION B7).

Whoever runs this takes a calendar by setting its next time, so two workers never take the same one,
and one that dies has it back an hour later. A calendar that can't be had or read is asked for half
as often each time, once a day at the least; `import_ics` by hand is always possible.
"""

import asyncio
import logging

from lastseat.catalogue.answers import Saved
from lastseat.core.outcomes import Conflict
from lastseat.engine.errors import CommandFailed, DatabaseUnavailable, OutcomeUnknown
from lastseat.jobs.rows import fetch
from lastseat.jobs.working import Working

log = logging.getLogger("lastseat.jobs")

AT_A_TIME = 4
"""Calendars that are fetched side by side: other people's servers are slow."""

IN_ONE_RUN = 50
"""Calendars of each of these, at most; the next run goes on."""

MOST_SECONDS = 24 * 3600.0
"""Between two tries, however often it failed."""


async def refresh_calendars(working: Working) -> None:
    """Every five minutes: those whose hour is over."""
    await asyncio.gather(*(_one_after_the_other(working) for _ in range(AT_A_TIME)))


async def _one_after_the_other(working: Working) -> None:
    for _ in range(IN_ONE_RUN):
        if working.stopping.is_set() or not await _refresh_one(working):
            return


async def _refresh_one(working: Working) -> bool:
    """Refresh one that is due; whether there was one."""
    times = {"every": working.settings.calendars, "most": MOST_SECONDS}
    async with working.pool.connection() as connection:
        rows = await fetch(connection, "take_calendar", **times)
    if not rows:
        return False
    ((tenant, calendar),) = rows
    try:
        found = await working.engine.tenant(tenant).calendars.refresh(calendar)
        reason = "" if isinstance(found, Saved | Conflict) else str(found)
    except (CommandFailed, OutcomeUnknown) as error:
        reason = str(error)
    except DatabaseUnavailable:
        raise
    except Exception:
        # A bug; what it hits must not keep the others from their turn.
        log.exception("calendar %s of tenant %s could not be looked at", calendar, tenant)
        reason = "the fault is ours"
    which = {"tenant": tenant, "calendar": calendar}
    async with working.pool.connection() as connection:
        if reason:
            log.warning("calendar %s of tenant %s: %s", calendar, tenant, reason)
            await fetch(connection, "calendar_not_refreshed", **which, **times)
        else:
            await fetch(connection, "calendar_refreshed", **which)
    return True
