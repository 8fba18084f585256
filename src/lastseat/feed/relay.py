"""The relay: numbers what became visible in the journal since it last looked. Decides nothing.

Any number of servers run one; the cursor's row lock lets one work at a time, and whoever finds it
taken lets it be. So there is no leader to elect and none to mourn: a relay that dies in the middle
has written nothing, and the next one goes on from the same cursor. Pages and cursor are committed
together.

An *epoch* is a stretch in which positions are comparable. Another server, timeline or table (a
restore, a failover) begins a new one, since what was told may be gone: readers begin anew, too.
"""

import asyncio
import contextlib
from collections.abc import Callable

import psycopg
from msgspec import Struct
from psycopg.rows import tuple_row

from lastseat.ledger.sql import load

QUERIES = load("lastseat.feed")


def _feed(rows: str) -> bytes:
    """The statement that feeds the rows which the query named `rows` finds."""
    return QUERIES["feed_rows"].replace("{rows}", QUERIES[rows]).encode()


FRESH, MISSING = _feed("fresh"), _feed("missing")

PAGE = 1_000
"""Entries of one page at most."""

PAUSE = 0.05
"""Seconds between two looks."""

SUMMARIZE_AFTER = 10_000
"""Entries fed after which the index is brought up to date."""

APPLICATION_NAME = "lastseat-relay"
"""Of a relay's connection."""

PATIENT_PAUSE = 1.0
"""The same for a relay that found another one at work."""

CHANNEL = "lastseat_feed"
"""Listeners on this channel are told `<tenant> <last position>` once it is committed."""

Heard = Callable[[dict[str, int]], None]
"""Is called after a commit with each tenant's last position."""


_AWAY = (psycopg.errors.IdleInTransactionSessionTimeout, psycopg.errors.ReadOnlySqlTransaction)
"""Beside operational errors: this process was stopped in the middle; the server is a standby."""


class Relayed(Struct, frozen=True):
    """What one look came to: `busy` when another relay was at work, else how much it fed."""

    busy: bool
    ends: dict[str, int]
    rows: int = 0


class Relay:
    """Copies the journal's order into the feed, until `run` is cancelled."""

    def __init__(self, conninfo: str, *, heard: Heard = lambda _: None) -> None:
        self._conninfo = conninfo
        self._heard = heard

    async def run(self) -> None:
        """Look again and again. A database that is away is waited for."""
        pause, unread = PAUSE, SUMMARIZE_AFTER
        while True:
            with contextlib.suppress(psycopg.OperationalError, *_AWAY):
                async with await self._connect() as connection:
                    while True:
                        done = await self._look(connection)
                        pause = PATIENT_PAUSE if done.busy else PAUSE
                        if done.ends:
                            self._heard(done.ends)
                            await announce(connection, done.ends)
                            unread += done.rows
                        if unread >= SUMMARIZE_AFTER and not done.busy:
                            await summarize(connection)
                            unread = 0
                        await asyncio.sleep(pause)
            await asyncio.sleep(pause)

    async def _connect(self) -> psycopg.AsyncConnection[tuple[object, ...]]:
        return await psycopg.AsyncConnection.connect(
            self._conninfo,
            connect_timeout=5,
            # A network that swallows packets is a lost connection, not a long wait.
            tcp_user_timeout=10_000,
            keepalives_idle=5,
            keepalives_interval=5,
            keepalives_count=2,
            application_name=APPLICATION_NAME,
        )

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
        epoch, identity, snapshot, floor, here, *_ = row
        if epoch is None or identity != here:
            await cursor.execute(QUERIES["at_length"].encode())
            await cursor.execute(QUERIES["stop_writers"].encode())
            await cursor.execute(MISSING, {"floor": floor, "page": PAGE})
            ends = await cursor.fetchall()
            await cursor.execute(QUERIES["begin_epoch"].encode(), {"identity": here})
        else:
            oldest = int(str(snapshot).partition(":")[0])
            params = {"snapshot": snapshot, "xmin": oldest, "floor": floor, "page": PAGE}
            await cursor.execute(FRESH, params)
            ends = await cursor.fetchall()
    return Relayed(
        busy=False,
        ends={str(tenant): int(str(end)) for tenant, end, _ in ends},
        rows=sum(int(str(rows)) for _, _, rows in ends),
    )


async def summarize(connection: psycopg.AsyncConnection[tuple[object, ...]]) -> None:
    """Keep the looks short: see the statement."""
    # PostgreSQL does it itself, only later: while a vacuum has the table, or if it is not ours.
    with contextlib.suppress(psycopg.errors.LockNotAvailable, psycopg.errors.InsufficientPrivilege):
        async with connection.transaction():
            await connection.execute(QUERIES["be_brief"].encode())
            await connection.execute(QUERIES["summarize"].encode())


async def announce(
    connection: psycopg.AsyncConnection[tuple[object, ...]], ends: dict[str, int]
) -> None:
    """Wake whoever listens. In a transaction of its own: NOTIFY makes all commits wait in line."""
    words = [f"{tenant} {end}" for tenant, end in ends.items()]
    await connection.execute(QUERIES["announce"].encode(), {"channel": CHANNEL, "words": words})
