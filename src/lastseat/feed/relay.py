"""The relay: numbers what became visible in the journal since it last looked. Decides nothing.

Any number of servers run one; the cursor's row lock lets one work at a time, and whoever finds it
taken lets it be. So there is no leader to elect and none to mourn: a relay that dies in the middle
has written nothing, and the next one goes on from the same cursor. Pages and cursor are committed
together.

An *epoch* is a stretch in which positions are comparable. Another server or timeline (a restore, a
failover) begins a new one, since what was told may be gone: readers begin anew, too.
"""

import asyncio
import contextlib
from collections.abc import Callable

import psycopg
from msgspec import Struct
from psycopg.rows import tuple_row

from lastseat.ledger.sql import load

QUERIES = load("lastseat.feed")

PAGE = 1_000
"""Entries of one page at most."""

PAUSE = 0.05
"""Seconds between two looks."""

PATIENT_PAUSE = 1.0
"""The same for a relay that found another one at work."""

CHANNEL = "lastseat_feed"
"""Listeners on this channel are told `<tenant> <last position>` once it is committed."""

Heard = Callable[[dict[str, int]], None]
"""Is called after a commit with each tenant's last position."""


class Relayed(Struct, frozen=True):
    """What one look came to: `busy` when another relay was at work, else the tenants' ends."""

    busy: bool
    ends: dict[str, int]


class Relay:
    """Copies the journal's order into the feed, until `run` is cancelled."""

    def __init__(self, conninfo: str, *, heard: Heard = lambda _: None) -> None:
        self._conninfo = conninfo
        self._heard = heard

    async def run(self) -> None:
        """Look again and again. A database that is away is waited for."""
        pause = PAUSE
        while True:
            with contextlib.suppress(psycopg.OperationalError):
                async with await psycopg.AsyncConnection.connect(self._conninfo) as connection:
                    while True:
                        done = await self._look(connection)
                        pause = PATIENT_PAUSE if done.busy else PAUSE
                        if done.ends:
                            self._heard(done.ends)
                            await announce(connection, done.ends)
                        await asyncio.sleep(pause)
            await asyncio.sleep(pause)

    async def _look(self, connection: psycopg.AsyncConnection[tuple[object, ...]]) -> Relayed:
        try:
            return await relay(connection)
        except psycopg.errors.LockNotAvailable:
            return Relayed(busy=True, ends={})


async def relay(connection: psycopg.AsyncConnection[tuple[object, ...]]) -> Relayed:
    """One look: what is new is in the feed when it returns.

    Raises `psycopg.errors.LockNotAvailable` if an epoch has to begin and a transaction that wrote
    to the journal stays open.
    """
    # Under REPEATABLE READ the second statement would see no more than the first.
    if not connection.autocommit:
        await connection.set_autocommit(True)
    async with connection.transaction(), connection.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
        await cursor.execute(QUERIES["take_cursor"].encode())
        row = await cursor.fetchone()
        if row is None:
            return Relayed(busy=True, ends={})
        epoch, identity, snapshot, floor, here = row
        if epoch is None or identity != here:
            # While this waits nobody else writes: rather again later than long.
            await cursor.execute("SET LOCAL lock_timeout = '200ms'")
            await cursor.execute(QUERIES["stop_writers"].encode())
            params = {"identity": here, "page": PAGE}
            await cursor.execute(QUERIES["begin_epoch"].encode(), params)
        else:
            oldest = int(str(snapshot).partition(":")[0])
            params = {"snapshot": snapshot, "xmin": oldest, "floor": floor, "page": PAGE}
            await cursor.execute(QUERIES["relay"].encode(), params)
        ends = {str(tenant): int(str(end)) for tenant, end in await cursor.fetchall()}
    return Relayed(busy=False, ends=ends)


async def announce(
    connection: psycopg.AsyncConnection[tuple[object, ...]], ends: dict[str, int]
) -> None:
    """Wake whoever listens. In a transaction of its own: NOTIFY makes all commits wait in line."""
    words = [f"{tenant} {end}" for tenant, end in ends.items()]
    await connection.execute(QUERIES["announce"].encode(), {"channel": CHANNEL, "words": words})
