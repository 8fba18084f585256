"""`lastseat bench growth`: what a booking costs when there are a million before it.

Two databases take turns: one that is new, of which the first 10,000 bookings are measured, and one
whose journal has grown to a million rows in the same tenant. Then a transaction that was left open
keeps its snapshot for a minute, so that no dead row version can go, while booking goes on.
"""

import itertools
import os
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from msgspec import Struct

import lastseat
from lastseat.bench.audit import Told, audit
from lastseat.bench.bookings import define_all
from lastseat.bench.database import Connection, ask, connect, describe, own_database
from lastseat.bench.load import Figure, Load, Window, figure, together
from lastseat.bench.rounds import Report
from lastseat.core.outcomes import Code

IN_FLIGHT = 256
OCCURRENCES = 4
"""They share the load, so that a fast engine does not sell a million seats out in a minute."""

NAMES = [f"o-{i}" for i in range(OCCURRENCES)]
FIRST_ROWS = 10_000
ENGINE_SECONDS = 90.0
"""How long growing through the engine may take; the rest is written by SQL."""

SQL_ROWS = 50_000
"""Rows written by one such transaction."""


class Plan(Struct, frozen=True, kw_only=True):
    """How much to measure. `engine_seconds`: how long growing through the engine may take."""

    rows: int = 1_000_000
    windows: int = 5
    seconds: float = 3.0
    snapshot_seconds: float = 60.0
    engine_seconds: float = ENGINE_SECONDS


class Growth(Struct, frozen=True, kw_only=True):
    """What `lastseat bench growth` answers; docs/performance.md says what each field means."""

    server: str
    fsync: str
    synchronous_commit: str
    flush_us: float
    cpus: int
    load_before: float
    load_after: float
    elapsed_s: float
    rows: int
    grown_by_engine: int
    grown_by_sql: int
    first_rows: int
    first: Figure
    grown: Figure
    ratio: float
    snapshot_seconds: float
    before_snapshot: Figure
    during_snapshot: list[float]
    end_of_snapshot: Figure
    ratio_snapshot: float
    bookings_checked: int


class Ledger:
    """One database, its tenant, and bookings on its occurrences."""

    def __init__(self, where: str, connection: Connection) -> None:
        self.where = where
        self.connection = connection
        self.told = Told("growth", Counter())
        self._numbers = itertools.count(1)
        self._places = itertools.cycle(NAMES)

    @classmethod
    async def make(cls, server: str, stack: AsyncExitStack) -> "Ledger":
        """A new one, dropped when the stack closes."""
        where = await stack.enter_async_context(own_database(server))
        connection = await stack.enter_async_context(await connect(where))
        ledger = cls(where, connection)
        await define_all(where, ledger.told.tenant_id, NAMES, "allow")
        return ledger

    def turn(self, engine: lastseat.AsyncEngine) -> Callable[[Load], Awaitable[None]]:
        """One booking for a new actor, on one occurrence after the other."""
        tenant = engine.tenant(self.told.tenant_id)

        async def book(load: Load) -> None:
            actor = f"person-{next(self._numbers)}"
            outcome = await load.timed(tenant.book(next(self._places), actor=actor))
            self.told.expect(outcome, Code.BOOKED)

        return book

    async def book_rows(self, engine: lastseat.AsyncEngine, rows: int) -> Window:
        """Book so many, at once as far as they go; the rate is theirs from first to last."""
        load = Load(seconds=float("inf"))
        turn = self.turn(engine)
        left = itertools.repeat(None, rows)

        async def caller() -> None:
            for _ in left:
                await turn(load)

        started = time.perf_counter()
        await together([caller() for _ in range(IN_FLIGHT)])
        return Window(rows / (time.perf_counter() - started))

    async def first_rows(self, rows: int) -> Window:
        """The rate of the next `rows` bookings, the first tenth left out: connections are made."""
        async with lastseat.open_async(self.where, migrate=False) as engine:
            await self.book_rows(engine, rows // 10)
            return await self.book_rows(engine, rows - rows // 10)

    async def grow(self, rows: int, seconds: float, report: Report) -> tuple[int, int]:
        """Grow the journal to `rows`: by the engine for so long, then by SQL. How many by each."""
        deadline = time.monotonic() + seconds
        missing = rows - await self._journal_rows()
        by_engine = 0
        async with lastseat.open_async(self.where, migrate=False) as engine:
            while by_engine < missing and time.monotonic() < deadline:
                report("growing through the engine", 0.5 * by_engine / missing)
                some = min(20_000, missing - by_engine)
                await self.book_rows(engine, some)
                by_engine += some
        by_sql = 0
        while by_engine + by_sql < missing:
            report("growing by SQL", 0.5 * (by_engine + by_sql) / missing)
            some = min(SQL_ROWS, missing - by_engine - by_sql)
            await self._grow_by_sql(some)
            by_sql += some
        # A journal of this size has long been looked after by autovacuum; it should not start now.
        await ask(self.connection, "vacuum")
        return by_engine, by_sql

    async def _grow_by_sql(self, rows: int) -> None:
        """The rows that as many bookings leave behind, on one occurrence."""
        place = {"tenant": self.told.tenant_id, "bookable": next(self._places)}
        async with self.connection.transaction():
            await ask(self.connection, "grow", **place, count=rows)
            for name in ("grow_refs", "grow_journal", "grow_bookings", "grow_claims"):
                await ask(self.connection, name)
            await ask(self.connection, "grow_head", **place, count=rows)
        self.told.answers[Code.BOOKED.value] += rows

    async def _journal_rows(self) -> int:
        rows = await ask(self.connection, "journal_rows", tenant=self.told.tenant_id)
        return int(rows[0][0])

    async def under_snapshot(self, plan: Plan, report: Report) -> tuple[list[Window], list[Window]]:
        """Windows before a snapshot is taken, and those while it is kept, in order."""
        async with lastseat.open_async(self.where, migrate=False) as engine:
            turn = self.turn(engine)
            before: list[Window] = []
            for i in range(plan.windows):
                report("before the snapshot", 0.7 + 0.1 * i / plan.windows)
                before.append(await Load(seconds=plan.seconds).run(IN_FLIGHT, turn))
            async with await connect(self.where) as idle:
                await idle.execute("SET idle_in_transaction_session_timeout = 0")
                await idle.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
                await ask(idle, "look")
                during: list[Window] = []
                started = time.monotonic()
                while (passed := time.monotonic() - started) < plan.snapshot_seconds:
                    report("while a snapshot is kept", 0.8 + 0.2 * passed / plan.snapshot_seconds)
                    during.append(await Load(seconds=plan.seconds).run(IN_FLIGHT, turn))
                await idle.execute("ROLLBACK")
        return before, during


async def growth(server: str, plan: Plan, report: Report) -> Growth:
    """Measure. Raises `BenchmarkFailed`, or a `LastseatError` when the database is away."""
    started = time.monotonic()
    load_before = os.getloadavg()[0]
    first_rows = min(FIRST_ROWS, plan.rows // 2)
    report("making databases", 0.0)
    async with AsyncExitStack() as stack:
        # All are made before, and dropped after: dropping one forces a checkpoint on all.
        new = [await Ledger.make(server, stack) for _ in range(plan.windows)]
        grown = await Ledger.make(server, stack)
        about = await describe(grown.connection)
        grown_by = await grown.grow(plan.rows, plan.engine_seconds, report)
        small: list[Window] = []
        large: list[Window] = []
        for i, ledger in enumerate(new):
            report("the first rows against the last", 0.5 + 0.2 * i / len(new))
            pair = [(small, ledger), (large, grown)]
            for windows, arm in pair if i % 2 == 0 else reversed(pair):
                windows.append(await arm.first_rows(first_rows))
        before, during = await grown.under_snapshot(plan, report)
        report("counting what was sold", 1.0)
        for ledger in [*new, grown]:
            await audit(ledger.connection, ledger.told)
    first, last = figure(small), figure(large)
    end = figure(during[-plan.windows :])
    return Growth(
        server=about.version,
        fsync=about.fsync,
        synchronous_commit=about.synchronous_commit,
        flush_us=about.flush_us,
        cpus=os.cpu_count() or 1,
        load_before=round(load_before, 2),
        load_after=round(os.getloadavg()[0], 2),
        elapsed_s=round(time.monotonic() - started, 1),
        rows=plan.rows,
        grown_by_engine=grown_by[0],
        grown_by_sql=grown_by[1],
        first_rows=first_rows,
        first=first,
        grown=last,
        ratio=round(last.per_s / first.per_s, 3),
        snapshot_seconds=plan.snapshot_seconds,
        before_snapshot=figure(before),
        during_snapshot=[round(x.per_s, 1) for x in during],
        end_of_snapshot=end,
        ratio_snapshot=round(end.per_s / figure(before).per_s, 3),
        bookings_checked=sum(ledger.told.answers["booked"] for ledger in [*new, grown]),
    )
