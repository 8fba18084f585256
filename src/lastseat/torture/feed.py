"""The feed as the run sees it from outside: where it ends, time and again, and whether it is whole.

Plain SQL, like dump.py; what it proves is the checker's to say.
"""

import asyncio
import contextlib
import time

import psycopg

from lastseat.torture.database import Database
from lastseat.torture.recorder import Recorder

LOOK_SECONDS = 0.5
WHOLE_SECONDS = 15.0
"""How long the relays may take at the end, once nothing hurts them any more."""

ENDS = """
SELECT r.epoch::text, p.tenant_id, max(p.last_pos)
FROM lastseat.relay r LEFT JOIN lastseat.feed_pages p ON true
GROUP BY r.epoch, p.tenant_id
"""

WHOLE = """
SELECT (SELECT count(*) FROM lastseat.journal)
    = (SELECT coalesce(sum(cardinality(streams)), 0) FROM lastseat.feed_pages)
"""


async def watch(database: Database, recorder: Recorder) -> None:
    """Note where the feeds end, as long as the run lasts."""
    while True:
        with contextlib.suppress(psycopg.OperationalError):
            found = await database.run(ENDS)
            ends = {tenant: end for _, tenant, end in found if tenant is not None}
            recorder.fed(found[0][0], ends)
        await asyncio.sleep(LOOK_SECONDS)


async def whole(database: Database) -> None:
    """Wait until as much is fed as the journal has, though not for ever."""
    until = time.monotonic() + WHOLE_SECONDS
    while time.monotonic() < until:
        ((is_whole,),) = await database.run(WHOLE)
        if is_whole:
            return
        await asyncio.sleep(0.1)
