"""`lastseat bench availability`, in short. No figure is held to anything: other tests run too."""

import asyncio
from io import StringIO

import psycopg
import pytest
from rich.console import Console
from typer.testing import CliRunner

from lastseat.bench import month as months
from lastseat.bench.availability import Availability, Plan, availability, by_hand
from lastseat.bench.database import connect, own_database
from lastseat.bench.failure import BenchmarkFailed
from lastseat.bench.month import Size
from lastseat.bench.report import tables
from lastseat.cli.bench import app

SMALL = Size(resources=6, days=7, claims=900, occurrences=60)


@pytest.fixture(scope="module")
def result(conninfo: str) -> Availability:
    """One short run for all claims about it."""
    plan = Plan(size=SMALL, rounds=2)
    return asyncio.run(availability(conninfo, plan, lambda what, done: None))


def test_both_ways_are_measured_in_the_same_rounds(result: Availability) -> None:
    assert result.slots > 0
    assert (result.claims, result.claims_by) == (900, "SQL")
    assert len(result.ratio_scan_rounds) == len(result.ratio_python_rounds) == 2
    low, high = result.slots_ms_range
    assert 0 < low <= result.slots_ms <= high
    for took in (
        result.scan_ms,
        result.scan_parallel_ms,
        result.count_ms,
        result.fetch_ms,
        result.python_ms,
    ):
        assert took > 0
    assert min(result.next_free_ms, result.agenda_ms) > 0
    assert result.agenda_items == 56


def test_it_fits_a_terminal_of_100_columns(result: Availability) -> None:
    screen = Console(file=StringIO(), width=100)
    screen.print(tables(result))
    assert isinstance(screen.file, StringIO)
    lines = screen.file.getvalue().splitlines()
    assert max(map(len, lines)) <= 100
    assert any("Python / slots" in line for line in lines)


def test_its_database_is_gone(result: Availability, conninfo: str) -> None:
    with psycopg.connect(conninfo) as connection:
        left = "SELECT count(*) FROM pg_database WHERE datname LIKE 'lastseat\\_bench\\_%'"
        assert connection.execute(left).fetchone() == (0,)


def test_slots_that_were_not_there_are_found_out(
    conninfo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The count by hand overlooks a lane: the two no longer agree.
    def careless(month: months.Month, rows: list[tuple[object, ...]]) -> object:
        return by_hand(month, [row for row in rows if row[2] != "lane-001"])

    monkeypatch.setattr("lastseat.bench.availability.by_hand", careless)
    plan = Plan(size=SMALL, rounds=1)
    with pytest.raises(BenchmarkFailed, match="counted by hand"):
        asyncio.run(availability(conninfo, plan, lambda what, done: None))


def test_the_month_is_as_it_says(conninfo: str) -> None:
    async def run() -> tuple[list[tuple[int, ...]], list[tuple[int, ...]]]:
        async with own_database(conninfo) as where, await connect(where) as connection:
            await months.make(where, connection, SMALL)
            each = "SELECT count(*) FROM lastseat.claims WHERE exclusive GROUP BY bookable_id"
            claims = await (await connection.execute(each)).fetchall()
            # The exclusion constraint let them in, so no two overlap; nor is one empty.
            empty = "SELECT count(*) FROM lastseat.claims WHERE isempty(blocked)"
            return claims, await (await connection.execute(empty)).fetchall()

    claims, empty = asyncio.run(run())
    assert claims == [(150,)] * 6
    assert empty == [(0,)]


def test_the_command_tells_how() -> None:
    found = CliRunner().invoke(app, ["availability", "--help"])
    assert found.exit_code == 0
    assert "free slots in a busy month" in found.output
