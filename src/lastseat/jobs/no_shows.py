"""Who did not come becomes NO_SHOW when the grace is over (MISSION C4).

Each command names the version that was seen: a booking that is checked in, moved or cancelled
meanwhile is another one, and stays as it is. NO_SHOW frees nothing, and a late check-in is a
permission.

The look each minute reads what began a grace ago and since the last look, whatever the history. A
second one each hour reads the last week: for what was entered or moved into the past, a location
whose grace was shortened, and whatever an outage left. What began before that is history that
somebody enters, and nobody's no-show.
"""

import logging
from itertools import islice

from lastseat.core.outcomes import NoShow
from lastseat.jobs.rows import fetch
from lastseat.jobs.working import Working
from lastseat.library.commands import Commands
from lastseat.views.catalogue import NO_SHOW_AFTER_SECONDS

log = logging.getLogger("lastseat.jobs")

AT_ONCE = 200
"""Commands to the engine at a time; between two such lots it may be told to stop."""

IN_ONE_RUN = 5_000
"""Bookings of one run, at most; the next one goes on."""

OVERLAP = 300.0
"""Seconds that are looked at once more: what could not be done then has as many to try again."""

WEEK = 7 * 24 * 3600.0


async def note_no_shows(working: Working) -> None:
    """Each minute: what the grace ended of since the last look."""
    async with working.pool.connection() as connection:
        ((back, at),) = await fetch(connection, "no_show_window", overlap=OVERLAP, most=WEEK)
    if await _note(working, back):
        async with working.pool.connection() as connection:
            await fetch(connection, "no_shows_looked", at=at)


async def note_late_no_shows(working: Working) -> None:
    """Each hour: all of the last week."""
    await _note(working, WEEK)


async def _note(working: Working, back: float) -> bool:
    """Note those whose grace ended within `back` seconds; whether that were all there are."""
    params = {"back": back, "usual": NO_SHOW_AFTER_SECONDS, "limit": IN_ONE_RUN}
    # Not among the engine's reads, which must not take long: a week of a large venue may.
    async with working.pool.connection() as connection:
        due = await fetch(connection, "no_shows_due", **params)
    left, noted = iter(due), 0
    while (lot := list(islice(left, AT_ONCE))) and not working.stopping.is_set():
        commands = [
            Commands(tenant).no_show(booking, version=version)
            for tenant, booking, version, _ in lot
        ]
        noted += sum(isinstance(x, NoShow) for x in await working.carry_out(commands))
    if noted:
        log.info("%s bookings became no-shows", noted)
    return not working.stopping.is_set() and len(due) < IN_ONE_RUN
