"""`lastseat bench hot`: everybody wants a place on the same occurrence, at once.

The engine at 1 to 1024 in flight, with and without idempotency keys, then with the actor's own
time, on 1000 occurrences, with cancels and holds, and with a relay at work; against H, S and a lone
SQL transaction (pgbench.py, bulk.py), and beside what one would write instead (alternatives.py).
"""

import os
import time

from msgspec import Struct

from lastseat.bench.alternatives import Shop, SoldOut
from lastseat.bench.audit import audit
from lastseat.bench.bookings import Bookings, Shape
from lastseat.bench.bulk import Bulk
from lastseat.bench.database import Connection, Server, ask, connect, describe, own_database
from lastseat.bench.load import Figure, Window, figure
from lastseat.bench.pgbench import HotUpdate, LoneTransaction
from lastseat.bench.rounds import Arm, Plan, Report, alternate, plan

LEVELS = (1, 16, 64, 256, 1024)
"""Bookings in flight."""

CROWD = 256
"""The level that the ratios are made of."""

WIDE = 1000
"""Occurrences of the arm that has many."""


class Level(Struct, frozen=True):
    """The engine with so many in flight. `per_s`: bookings; commands, in the mix."""

    in_flight: int
    per_s: float
    per_s_range: tuple[float, float]
    p50_ms: float | None
    p99_ms: float | None
    flushes_per_booking: float | None
    windows: int


class Alternative(Struct, frozen=True):
    """One way of selling occurrences of 100 seats to 16 buyers at once."""

    per_s: float
    per_s_range: tuple[float, float]
    p50_ms: float | None
    p99_ms: float | None
    sold: int
    oversold: int
    windows: int


class Hot(Struct, frozen=True, kw_only=True):
    """What `lastseat bench hot` answers; docs/performance.md says what each field means."""

    server: str
    fsync: str
    synchronous_commit: str
    wal_sync_method: str
    flush_us: float
    cpus: int
    load_before: float
    load_after: float
    seconds: float
    elapsed_s: float
    hot_update_per_s: float
    hot_update: dict[str, Figure]
    bulk_rows_per_s: float
    bulk: Figure
    levels: list[Level]
    levels_keys: list[Level]
    levels_actor_time: list[Level]
    wide: Level
    mix: Level
    feed: Level
    lone_sql: Figure
    alternatives: dict[str, Alternative]
    ratio_hot: float
    ratio_bulk: float
    ratio_lone: float
    ratio_feed: float
    ratio_hot_rounds: list[float]
    ratio_bulk_rounds: list[float]
    ratio_lone_rounds: list[float]
    ratio_feed_rounds: list[float]
    bookings_checked: int


class Arms:
    """All the arms of one run, on one database."""

    def __init__(self, where: str, connection: Connection) -> None:
        self.updates = [HotUpdate(where, 1), HotUpdate(where, 16)]
        self.bulk = Bulk(connection)
        self.lone = LoneTransaction(where)

        def bookings(name: str, shape: Shape, *, main: bool = False) -> Bookings:
            return Bookings(name, where, connection, shape, main=main)

        self.levels = [
            bookings(f"{n} in flight", Shape(in_flight=n), main=n in {1, CROWD}) for n in LEVELS
        ]
        self.levels_keys = [
            bookings(f"{n} in flight with keys", Shape(in_flight=n, keys=True)) for n in LEVELS
        ]
        self.actor_time = bookings("actor's own time", Shape(in_flight=CROWD, actor_time="refuse"))
        self.wide = bookings(f"{WIDE} occurrences", Shape(in_flight=CROWD, occurrences=WIDE))
        self.mix = bookings("cancels and holds", Shape(in_flight=CROWD, mix=True))
        self.feed = bookings("with the feed", Shape(in_flight=CROWD, feed=True), main=True)
        self.shops = [
            Shop(where, connection, 1, locked=True),
            Shop(where, connection, 1_000_001, locked=False),
        ]
        self.sold_out = SoldOut(where, connection)

    @property
    def engine(self) -> list[Bookings]:
        """Those whose answers are held to the tables at the end."""
        return [*self.levels, *self.levels_keys, self.actor_time, self.wide, self.mix, self.feed]

    @property
    def all(self) -> list[Arm]:
        """In the order in which they are measured: what is compared stands together."""
        crowd = next(x for x in self.levels if x.shape.in_flight == CROWD)
        alone = next(x for x in self.levels if x.shape.in_flight == 1)
        main: list[Arm] = [*self.updates, crowd, self.feed, self.bulk, self.lone, alone]
        rest: list[Arm] = [*self.engine, *self.shops, self.sold_out]
        return [*main, *(arm for arm in rest if arm not in main)]

    async def check(self, connection: Connection) -> int:
        """Raises `BenchmarkFailed` unless the tables hold what was answered; the bookings there."""
        await self.bulk.check()
        for arm in self.engine:
            await audit(connection, arm.told)
        for shop in self.shops:
            await shop.count()
        await self.sold_out.count()
        return sum(arm.told.answers["booked"] + arm.told.answers["held"] for arm in self.engine)


async def hot(server: str, seconds: float, windows: int | None, report: Report) -> Hot:
    """Measure. `windows` of each arm instead of what the plan would have.

    Raises `BenchmarkFailed`, or a `LastseatError` when the database is away.
    """
    started = time.monotonic()
    load_before = os.getloadavg()[0]
    report("making a database", 0.0)
    async with own_database(server) as where, await connect(where) as connection:
        about = await describe(connection)
        for name in ("make_hot", "fill_hot", "make_bulk", "make_lone"):
            await ask(connection, name)
        for name in ("make_shop_occurrences", "make_shop_bookings"):
            await ask(connection, name)
        arms = Arms(where, connection)
        chosen: Plan = plan(seconds, windows)
        found = await alternate(arms.all, chosen, report, started)
        report("counting what was sold", 1.0)
        checked = await arms.check(connection)
    return _result(arms, found, about, load_before, seconds, started, checked)


def _result(
    arms: Arms,
    found: dict[str, list[Window]],
    about: Server,
    load_before: float,
    seconds: float,
    started: float,
    checked: int,
) -> Hot:
    def level(arm: Bookings) -> Level:
        of = figure(found[arm.name])
        return Level(
            arm.shape.in_flight,
            of.per_s,
            of.per_s_range,
            of.p50_ms,
            of.p99_ms,
            of.flushes_per_booking,
            of.windows,
        )

    updates = {str(arm.clients): figure(found[arm.name]) for arm in arms.updates}
    best = max(x.per_s for x in updates.values())
    bulk = figure(found[arms.bulk.name])
    lone = figure(found[arms.lone.name])
    levels = [level(arm) for arm in arms.levels]
    by_flight = {x.in_flight: x for x in levels}
    alternatives = dict(zip(("for_update", "racy"), arms.shops, strict=True))
    return Hot(
        server=about.version,
        fsync=about.fsync,
        synchronous_commit=about.synchronous_commit,
        wal_sync_method=about.wal_sync_method,
        flush_us=about.flush_us,
        cpus=os.cpu_count() or 1,
        load_before=round(load_before, 2),
        load_after=round(os.getloadavg()[0], 2),
        seconds=seconds,
        elapsed_s=round(time.monotonic() - started, 1),
        hot_update_per_s=best,
        hot_update=updates,
        bulk_rows_per_s=bulk.per_s,
        bulk=bulk,
        levels=levels,
        levels_keys=[level(arm) for arm in arms.levels_keys],
        levels_actor_time=[level(arms.actor_time)],
        wide=level(arms.wide),
        mix=level(arms.mix),
        feed=level(arms.feed),
        lone_sql=lone,
        alternatives={
            **{name: _sold(shop, found, shop.sold) for name, shop in alternatives.items()},
            "lastseat": _sold(arms.sold_out, found, arms.sold_out.told.answers["booked"]),
        },
        ratio_hot=round(by_flight[CROWD].per_s / best, 3),
        ratio_bulk=round(by_flight[CROWD].per_s / bulk.per_s, 3),
        ratio_lone=round((by_flight[1].p50_ms or 0) / (lone.p50_ms or 1), 3),
        ratio_feed=round(level(arms.feed).per_s / by_flight[CROWD].per_s, 3),
        **_by_round(arms, found),
        bookings_checked=checked,
    )


def _by_round(arms: Arms, found: dict[str, list[Window]]) -> dict[str, list[float]]:
    """The ratios of each round by itself: what is compared was measured within seconds."""
    by_flight = {arm.shape.in_flight: found[arm.name] for arm in arms.levels}
    rows = [found[arm.name] for arm in arms.updates]
    best = [max(x.per_s for x in pair) for pair in zip(*rows, strict=True)]
    crowd = [x.per_s for x in by_flight[CROWD]]
    bulk = [x.per_s for x in found[arms.bulk.name]]
    feed = [x.per_s for x in found[arms.feed.name]]
    alone = [x.p50_ms for x in by_flight[1]]
    lone = [x.p50_ms for x in found[arms.lone.name]]
    return {
        f"ratio_{name}_rounds": [round(a / b, 3) for a, b in zip(of, by, strict=True)]
        for name, of, by in (
            ("hot", crowd, best),
            ("bulk", crowd, bulk),
            ("lone", alone, lone),
            ("feed", feed, crowd),
        )
    }


def _sold(arm: Shop | SoldOut, found: dict[str, list[Window]], sold: int) -> Alternative:
    of = figure(found[arm.name])
    return Alternative(
        of.per_s, of.per_s_range, of.p50_ms, of.p99_ms, sold, arm.oversold, of.windows
    )
