"""`lastseat bench availability`: free slots of a busy month, against reading its claims at all.

100 lanes, 30 days, 100,000 live claims (month.py says how they come there). Each question is the
public call, on an engine as anybody has it. Beside it, in turns in the same rounds: a plain SQL
scan of the same claims, and the same slots worked out in Python from one fetch of them. Both ways
have to find the same.
"""

import os
import statistics
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

import lastseat
from lastseat.bench import month as months
from lastseat.bench.database import Connection, ask, connect, describe, own_database
from lastseat.bench.failure import BenchmarkFailed
from lastseat.bench.month import Month, Size
from lastseat.bench.rounds import Report
from lastseat.ledger.rows import EPOCH

CALLS = 3
"""Times that each arm is asked in a round; the fastest counts, what else runs only adds."""

ADJACENT, OF = 3, 64
"""Adjacent lanes, of as many as one choice can name."""

ONE_PROCESS = "SET max_parallel_workers_per_gather = 0"

MICRO = 1_000_000
DAY = 86_400 * MICRO


Slots = list[tuple[datetime, int]]
"""Starts, and how many pairs of lanes are free from there."""


class Plan(Struct, frozen=True, kw_only=True):
    """How much to measure, and how often."""

    size: Size = Size()
    rounds: int = 9


class Availability(Struct, frozen=True, kw_only=True):
    """What `lastseat bench availability` answers; docs/performance.md says what each means."""

    server: str
    fsync: str
    synchronous_commit: str
    flush_us: float
    cpus: int
    load_before: float
    load_after: float
    elapsed_s: float
    resources: int
    days: int
    claims: int
    claims_by: str
    slots: int
    slots_ms: float
    slots_ms_range: tuple[float, float]
    scan_ms: float
    scan_parallel_ms: float
    count_ms: float
    fetch_ms: float
    python_ms: float
    ratio_scan: float
    ratio_scan_rounds: list[float]
    ratio_python: float
    ratio_python_rounds: list[float]
    next_free_ms: float
    agenda_ms: float
    agenda_items: int


class Questions:
    """The arms: ours, and what it is compared with."""

    def __init__(self, month: Month, tenant: lastseat.AsyncTenant, connection: Connection) -> None:
        self.month = month
        self.tenant = tenant
        self.connection = connection
        self.starts: Slots = []
        self.by_hand: Slots = []
        self.items = 0

    def arms(self) -> dict[str, Callable[[], Awaitable[None]]]:
        """What is asked in each round."""
        return {
            "slots": self.slots,
            "scan": self.scan,
            "scan_parallel": self.scan_parallel,
            "count": self.count,
            "fetch": self.fetch,
            "python": self.python,
            "next_free": self.next_free,
            "agenda": self.agenda,
        }

    async def slots(self) -> None:
        """The public call."""
        window = self.month.window
        found = await self.tenant.slots(
            months.SERVICE, start=window.start, end=window.end, limit=10_000
        )
        self.starts = [(slot.start, slot.left) for slot in found]

    async def scan_parallel(self) -> None:
        """The scan with as many workers as the server is set to give it."""
        await self.connection.execute("RESET max_parallel_workers_per_gather")
        try:
            await self._ask("scan_claims")
        finally:
            await self.connection.execute(ONE_PROCESS)

    async def scan(self) -> None:
        """Plain SQL that looks at each claim once, in one process as the slots are."""
        await self._ask("scan_claims")

    async def count(self) -> None:
        """The same, counting alone."""
        await self._ask("count_claims")

    async def fetch(self) -> None:
        """The first half of `python`."""
        await self._ask("fetch_claims")

    async def python(self) -> None:
        """One fetch, one sorted pass."""
        self.by_hand = by_hand(self.month, await self._ask("fetch_claims"))

    async def next_free(self) -> None:
        """An hour on three lanes that lie side by side."""
        await self.tenant.next_free(
            self.month.lanes[:OF],
            duration=months.HOUR_SECONDS,
            after=self.month.window.start,
            horizon=self.month.window.end,
            any=ADJACENT,
            adjacent=True,
        )

    async def agenda(self) -> None:
        """All classes of the month with what is taken of them."""
        window = self.month.window
        page = await self.tenant.agenda(
            start=window.start, end=window.end, location=months.STUDIO, limit=10_000
        )
        self.items = len(page.items)

    async def _ask(self, query: str) -> list[tuple[Any, ...]]:
        window = self.month.window
        return await ask(
            self.connection,
            query,
            tenant=months.TENANT,
            bookables=self.month.lanes,
            start=window.start,
            end=window.end,
        )

    def check(self) -> None:
        """Raises `BenchmarkFailed` unless both ways found the same slots, and all classes."""
        if self.starts != self.by_hand or not self.starts:
            raise BenchmarkFailed(
                f"{len(self.starts)} slots offered, {len(self.by_hand)} counted by hand"
            )
        if self.items != self.month.classes:
            raise BenchmarkFailed(f"an agenda of {self.items} classes")


def by_hand(month: Month, rows: Sequence[tuple[Any, ...]]) -> Slots:
    """The starts from which a pair of lanes is free, as one would count them in one sorted pass."""
    length, step = months.HOUR_SECONDS * MICRO, months.GRID_SECONDS * MICRO
    first, last = (round(x.timestamp()) * MICRO for x in (month.window.start, month.window.end))
    opens = months.OPENS_HOUR * 3600 * MICRO
    latest = months.CLOSES_HOUR * 3600 * MICRO - length
    pair_of = {lane: pair for pair, lanes in month.pairs.items() for lane in lanes}
    claims: dict[str, list[tuple[int, int]]] = {pair: [] for pair in month.pairs}
    for start, end, lane in sorted(rows):
        claims[pair_of[lane]].append((start, end))
    free: Counter[int] = Counter()
    for taken in claims.values():
        at = first
        for start, end in [*taken, (last + DAY, last + DAY)]:
            if start - at >= length:
                begins = -(-at // step) * step
                free.update(range(begins, min(start - length + 1, last), step))
            at = max(at, end)
    open_ = sorted(at for at in free if opens <= at % DAY <= latest)
    return [(EPOCH + timedelta(microseconds=at), free[at]) for at in open_]


async def availability(server: str, plan: Plan, report: Report) -> Availability:
    """Measure. Raises `BenchmarkFailed`, or a `LastseatError` when the database is away."""
    started, load_before = time.monotonic(), os.getloadavg()[0]
    report("booking a month", 0.0)
    async with own_database(server) as where, await connect(where) as connection:
        about = await describe(connection)
        # Planned for the lanes at hand: a plan for any list of lanes compares each claim with each.
        await connection.execute("SET plan_cache_mode = force_custom_plan")
        await connection.execute(ONE_PROCESS)
        month = await months.make(where, connection, plan.size)
        async with lastseat.open_async(where, migrate=False) as engine:
            asked = Questions(month, engine.tenant(months.TENANT), connection)
            took = await _rounds(asked, plan.rounds, report)
        asked.check()
    scans = [ours / theirs for ours, theirs in zip(took["slots"], took["scan"], strict=True)]
    pythons = [theirs / ours for ours, theirs in zip(took["slots"], took["python"], strict=True)]
    return Availability(
        server=about.version,
        fsync=about.fsync,
        synchronous_commit=about.synchronous_commit,
        flush_us=about.flush_us,
        cpus=os.cpu_count() or 1,
        load_before=round(load_before, 2),
        load_after=round(os.getloadavg()[0], 2),
        elapsed_s=round(time.monotonic() - started, 1),
        resources=plan.size.resources,
        days=plan.size.days,
        claims=plan.size.claims,
        claims_by="SQL",
        slots=len(asked.starts),
        slots_ms=_ms(took["slots"]),
        slots_ms_range=(round(min(took["slots"]), 1), round(max(took["slots"]), 1)),
        scan_ms=_ms(took["scan"]),
        scan_parallel_ms=_ms(took["scan_parallel"]),
        count_ms=_ms(took["count"]),
        fetch_ms=_ms(took["fetch"]),
        python_ms=_ms(took["python"]),
        ratio_scan=round(statistics.median(scans), 2),
        ratio_scan_rounds=[round(x, 2) for x in scans],
        ratio_python=round(statistics.median(pythons), 2),
        ratio_python_rounds=[round(x, 2) for x in pythons],
        next_free_ms=_ms(took["next_free"]),
        agenda_ms=_ms(took["agenda"]),
        agenda_items=asked.items,
    )


def _ms(times: Sequence[float]) -> float:
    return round(statistics.median(times), 1)


async def _rounds(asked: Questions, rounds: int, report: Report) -> dict[str, list[float]]:
    """Milliseconds of each arm, a figure for each round; every other round goes backwards."""
    arms = asked.arms()
    took: dict[str, list[float]] = {name: [] for name in arms}
    for ask_once in arms.values():
        await ask_once()  # connections are made, statements prepared
    for number in range(rounds):
        names = list(arms) if number % 2 == 0 else list(reversed(arms))
        best = dict.fromkeys(names, float("inf"))
        # One after the other and again, so that what else the machine does hits all alike.
        for _ in range(CALLS):
            for name in names:
                report(name, number / rounds)
                begun = time.perf_counter()
                await arms[name]()
                best[name] = min(best[name], (time.perf_counter() - begun) * 1000)
        for name, least in best.items():
            took[name].append(least)
    return took
