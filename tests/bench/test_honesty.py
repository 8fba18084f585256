"""The benchmark can't be fooled: refusals, lost rows, oversold seats and flushes are all seen."""

import asyncio
import itertools
import os
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

import lastseat
from lastseat.bench.alternatives import BUYERS, Shop
from lastseat.bench.audit import Told, audit
from lastseat.bench.bookings import define, define_all
from lastseat.bench.bulk import ROWS, batches
from lastseat.bench.database import ask, connect, flushes
from lastseat.bench.failure import BenchmarkFailed
from lastseat.bench.pgbench import TRIES, HotUpdate, environment
from lastseat.core.outcomes import Code


def test_a_refusal_is_not_measured(conninfo: str, tenant_id: str) -> None:
    async def sell() -> None:
        async with lastseat.open_async(conninfo, migrate=False) as engine:
            tenant = engine.tenant(tenant_id)
            await define(tenant, "small", 1)
            told = Told(tenant_id, Counter())
            for actor in ("ann", "ben"):
                told.expect(await tenant.book("small", actor=actor), Code.BOOKED)

    with pytest.raises(BenchmarkFailed, match="expected booked, was answered Full"):
        asyncio.run(sell())


async def _book_ten(where: str, tenant_id: str) -> Told:
    """Ten bookings, one of them cancelled, one a hold that is kept."""
    told = Told(tenant_id, Counter())
    await define_all(where, tenant_id, ["a", "b"], "refuse")
    async with lastseat.open_async(where, migrate=False) as engine:
        tenant = engine.tenant(tenant_id)
        for i in range(9):
            told.expect(await tenant.book("ab"[i % 2], actor=f"p{i}"), Code.BOOKED)
        told.expect(await tenant.hold("a", actor="p9"), Code.HELD)
        told.expect(await tenant.cancel("a", actor="p0"), Code.CANCELLED)
    return told


def test_the_audit_agrees_with_what_the_engine_answered(conninfo: str, tenant_id: str) -> None:
    async def run() -> int:
        told = await _book_ten(conninfo, tenant_id)
        async with await connect(conninfo) as connection:
            return await audit(connection, told)

    assert asyncio.run(run()) == 0


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        ("DELETE FROM lastseat.journal WHERE type = 'booked' AND lead AND seq = 3", "the journal"),
        ("UPDATE lastseat.journal SET seq = 99 WHERE seq = 3", "broken streams"),
        ("UPDATE lastseat.heads SET seq = seq + 1 WHERE bookable_id = 'a'", "broken streams"),
        ("UPDATE lastseat.heads SET taken = 0 WHERE bookable_id = 'a'", "the heads count"),
        ("DELETE FROM lastseat.claims WHERE bookable_id = 'b'", "the live claims"),
        ("UPDATE lastseat.claims SET units = 1000001 WHERE bookable_id = 'a'", "past the capacity"),
        ("DELETE FROM lastseat.bookings WHERE status = 'HELD'", "the bookings"),
        ("UPDATE lastseat.bookings SET status = 'CANCELLED' WHERE status = 'HELD'", "the live"),
    ],
)  # fmt: skip
def test_the_audit_finds_what_was_lost(database: Callable[[], str], spoil: str, what: str) -> None:
    where = database()

    async def run() -> None:
        told = await _book_ten(where, "spoiled")
        async with await connect(where) as connection:
            for statement in spoil.split(";"):
                await connection.execute(statement.encode())
            await audit(connection, told)

    with pytest.raises(BenchmarkFailed, match=what):
        asyncio.run(run())


def test_every_flush_is_counted(database: Callable[[], str]) -> None:
    where = database()

    async def run() -> tuple[int, int]:
        async with await connect(where) as connection:
            before = await flushes(connection)
            async with await connect(where) as other:
                await other.execute("CREATE TABLE t (n integer)")
                for n in range(100):
                    await other.execute("INSERT INTO t VALUES (%s)", [n])
            return before, await flushes(connection)

    before, after = asyncio.run(run())
    assert after - before >= 101


def test_the_bulk_rows_are_journal_rows(database: Callable[[], str]) -> None:
    where = database()

    async def run() -> None:
        async with await connect(where) as connection:
            await ask(connection, "make_bulk")
            for parameters in itertools.islice(batches(1), 2):
                await ask(connection, "bulk", **parameters)

    asyncio.run(run())
    with psycopg.connect(where) as connection:
        rows = connection.execute("SELECT count(*), max(seq), count(DISTINCT booking_id) FROM bulk")
        assert rows.fetchone() == (2 * ROWS, 2 * ROWS, 2 * ROWS)


def test_without_the_lock_the_last_seats_are_sold_twice_and_it_is_counted(
    database: Callable[[], str],
) -> None:
    async def sell(*, locked: bool, first: int, deadline: float) -> Shop:
        async with await connect(where) as connection:
            shop = Shop(where, connection, first, locked=locked, seats=BUYERS // 2)
            while time.monotonic() < deadline and not shop.oversold:
                await shop.window(0.2)
                await shop.count()
            return shop

    async def both() -> tuple[Shop, Shop]:
        async with await connect(where) as connection:
            await ask(connection, "make_shop_occurrences")
            await ask(connection, "make_shop_bookings")
        racy = await sell(locked=False, first=1, deadline=time.monotonic() + 20)
        return racy, await sell(locked=True, first=1_000_000, deadline=time.monotonic() + 0.3)

    where = database()
    racy, locked = asyncio.run(both())
    assert racy.oversold > 0
    assert locked.oversold == 0
    assert locked.sold > 0


def test_a_password_reaches_pgbench_out_of_sight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "PGHOST", "elsewhere")
    found = environment("postgresql://ann:s3cret@db.example:6543/shop")
    assert found["PGPASSWORD"] == "s3cret"
    assert (found["PGHOST"], found["PGPORT"], found["PGDATABASE"]) == ("db.example", "6543", "shop")


@pytest.mark.parametrize(("idle", "rate"), [(0, 12), (TRIES - 1, 12), (TRIES, None)])
def test_a_window_in_which_the_machine_did_nothing_is_no_rate_to_divide_by(
    idle: int, rate: float | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In place of pgbench a program that finishes nothing so many times."""
    program = tmp_path / "pgbench"
    program.write_text(
        f"#!/bin/sh\necho >>{tmp_path}/runs\n"
        f'[ "$(wc -l <{tmp_path}/runs)" -gt {idle} ] && echo tps = 12.0 || echo tps = 0.0\n'
    )
    program.chmod(0o755)
    monkeypatch.setattr("lastseat.bench.pgbench.program", lambda: program)
    window = HotUpdate("host=nowhere", 1).window(1)
    if rate is None:
        with pytest.raises(BenchmarkFailed, match="no transaction, 5 times"):
            asyncio.run(window)
    else:
        assert asyncio.run(window).per_s == rate
