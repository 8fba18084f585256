"""What one would write instead: two tables, and a transaction for each booking.

`for_update` locks the occurrence's row, counts, inserts. `racy` leaves the lock out and sells the
last seats twice. The engine is asked the same thing beside them: sixteen buyers sell occurrences of
a hundred seats out, one after another. Speed is seats sold a second; what was sold past the
capacity is counted afterwards by SQL.
"""

import asyncio
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable

import psycopg

import lastseat
from lastseat.bench.audit import Told, audit
from lastseat.bench.bookings import WARM_UP, define
from lastseat.bench.database import QUERIES, Connection, ask, connect
from lastseat.bench.failure import BenchmarkFailed
from lastseat.bench.load import Load, Window, together
from lastseat.core.outcomes import Code

BUYERS = 16
SEATS = 100
"""The capacity of each occurrence."""

Buy = Callable[[int, str], Awaitable[bool]]
"""Try to get a seat of an occurrence for an actor; False when it is sold out."""


class _Sale:
    """Buyers on one occurrence; the first to find it sold out opens the next for all."""

    def __init__(self, first: int, open_one: Callable[[int], Awaitable[None]]) -> None:
        self.current = first
        self._open = open_one
        self._lock = asyncio.Lock()
        self._actors = itertools.count(1)

    async def turn(self, load: Load, buy: Buy) -> None:
        """One try; only a seat that was got is measured."""
        occurrence = self.current
        actor = f"buyer-{occurrence}-{next(self._actors)}"
        if await load.timed(buy(occurrence, actor), counts=bool):
            return
        async with self._lock:
            if self.current == occurrence:
                await self._open(occurrence + 1)
                self.current = occurrence + 1


class Shop:
    """The two tables, with the lock (`for_update`) or without (`racy`)."""

    main = False

    def __init__(
        self,
        where: str,
        connection: Connection,
        first: int,
        *,
        locked: bool,
        seats: int = SEATS,
    ) -> None:
        self.name = "SELECT ... FOR UPDATE, count, insert" if locked else "count, then insert"
        self.where = where
        self.connection = connection
        self.locked = locked
        self.seats = seats
        self.low = self.next = first
        self.sold = 0
        self.oversold = 0

    async def window(self, seconds: float) -> Window:
        """Measure for so long, on new occurrences."""
        sale = _Sale(self.next, self._open)
        await self._open(self.next)
        free: asyncio.Queue[Connection] = asyncio.Queue()
        connections = [await connect(self.where) for _ in range(BUYERS)]
        try:
            for connection in connections:
                free.put_nowait(connection)

            async def buy(occurrence: int, actor: str) -> bool:
                connection = free.get_nowait()
                try:
                    return await self._buy(connection, occurrence, actor)
                finally:
                    free.put_nowait(connection)

            load = Load(seconds=seconds, warm_up=WARM_UP)
            window = await load.run(BUYERS, lambda load: sale.turn(load, buy))
        finally:
            await together([connection.close() for connection in connections])
        self.next = sale.current + 1
        return window

    async def count(self) -> None:
        """Count what was sold, and what should not have been."""
        params = {"low": self.low, "high": self.next - 1}
        there, self.oversold = (await ask(self.connection, "shop_totals", **params))[0]
        if there != self.sold:
            raise BenchmarkFailed(f"{self.name}: {self.sold} seats sold, and {there} rows")
        if self.locked and self.oversold:
            raise BenchmarkFailed(f"{self.name}: {self.oversold} seats oversold under a lock")

    async def _open(self, occurrence: int) -> None:
        await ask(
            self.connection, "add_shop_occurrence", occurrence=occurrence, capacity=self.seats
        )

    async def _buy(self, connection: Connection, occurrence: int, actor: str) -> bool:
        lock = QUERIES["shop_capacity_locked" if self.locked else "shop_capacity"].encode()
        wanted = {"occurrence": occurrence}
        try:
            async with connection.transaction():
                row = await (await connection.execute(lock, wanted)).fetchone()
                count = QUERIES["shop_count"].encode()
                taken = await (await connection.execute(count, wanted)).fetchone()
                if row is None or taken is None or taken[0] >= row[0]:
                    return False
                await connection.execute(QUERIES["shop_book"].encode(), {**wanted, "actor": actor})
        except psycopg.Error as error:
            raise BenchmarkFailed(f"{self.name}: {error}") from error
        self.sold += 1
        return True


class SoldOut:
    """The engine selling the same occurrences out."""

    name = "lastseat, the same occurrences"
    main = False

    def __init__(self, where: str, connection: Connection) -> None:
        self.where = where
        self.connection = connection
        self.told = Told("sold-out", Counter())
        self.next = 1
        self.oversold = 0

    async def window(self, seconds: float) -> Window:
        """Measure for so long, on new occurrences."""
        async with lastseat.open_async(self.where, migrate=False) as engine:
            tenant = engine.tenant(self.told.tenant_id)

            async def open_one(occurrence: int) -> None:
                await define(tenant, str(occurrence), SEATS)

            async def buy(occurrence: int, actor: str) -> bool:
                outcome = await tenant.book(str(occurrence), actor=actor)
                if outcome.code is Code.FULL:
                    return False
                self.told.expect(outcome, Code.BOOKED)
                return True

            sale = _Sale(self.next, open_one)
            await open_one(self.next)
            load = Load(seconds=seconds, warm_up=WARM_UP)
            window = await load.run(BUYERS, lambda load: sale.turn(load, buy))
            self.next = sale.current + 1
        return window

    async def count(self) -> None:
        """Hold the tables to the answers; nothing is oversold, or it raises."""
        self.oversold = await audit(self.connection, self.told)
