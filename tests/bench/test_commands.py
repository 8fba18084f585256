"""`lastseat bench`, in short: what each command answers, and that it cleans up after itself.

No figure is held to anything here: other tests run on the same machine.
"""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from io import StringIO
from typing import TypeVar

import msgspec
import psycopg
import pytest
from rich.console import Console
from tests.bench.rounding import rounded
from typer.testing import CliRunner

from lastseat.bench.growth import Growth, Plan, growth
from lastseat.bench.hot import LEVELS, Hot
from lastseat.bench.report import tables
from lastseat.bench.stall import Stall
from lastseat.cli.bench import app

Measured = TypeVar("Measured", Hot, Growth, Stall)

RUN = "from lastseat.cli.bench import app; app()"


def measure(kind: type[Measured], *arguments: str) -> Measured:
    """What a command answers in JSON, read back from its last line."""
    found = CliRunner().invoke(app, [*arguments, "--json"], catch_exceptions=False)
    assert found.exit_code == 0, found.output
    return msgspec.json.decode(found.stdout.splitlines()[-1], type=kind)


def drawn(result: Hot | Growth | Stall) -> str:
    """The same for a person."""
    screen = Console(file=StringIO(), width=100)
    screen.print(tables(result))
    assert isinstance(screen.file, StringIO)
    return screen.file.getvalue()


def leftovers(conninfo: str) -> list[str]:
    """The benchmark's databases that are still on the server."""
    with psycopg.connect(conninfo) as connection:
        found = connection.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE 'lastseat\\_bench\\_%'"
        )
        return [name for (name,) in found]


@pytest.fixture(scope="module")
def hot_result(conninfo: str) -> Iterator[Hot]:
    """One short run for all claims about it."""
    yield measure(Hot, "hot", "--seconds", "0.1", "--windows", "1", "--url", conninfo)
    assert leftovers(conninfo) == []


def test_hot_measures_the_engine_at_every_level_with_and_without_keys(hot_result: Hot) -> None:
    for levels in (hot_result.levels, hot_result.levels_keys):
        assert tuple(x.in_flight for x in levels) == LEVELS
        assert all(x.per_s > 0 and x.windows == 1 for x in levels)
        assert all(x.p50_ms and x.p99_ms and 0 < x.p50_ms <= x.p99_ms for x in levels)
    others = [*hot_result.levels_actor_time, hot_result.wide, hot_result.mix, hot_result.feed]
    assert all(x.in_flight == 256 and x.per_s > 0 for x in others)
    assert hot_result.bookings_checked > 1024


def test_hot_divides_by_what_postgresql_does_in_the_same_run(hot_result: Hot) -> None:
    crowd = next(x for x in hot_result.levels if x.in_flight == 256)
    assert hot_result.hot_update_per_s == max(x.per_s for x in hot_result.hot_update.values())
    assert hot_result.ratio_hot == rounded(crowd.per_s / hot_result.hot_update_per_s)
    assert hot_result.ratio_bulk == rounded(crowd.per_s / hot_result.bulk_rows_per_s)
    assert hot_result.ratio_lone > 0
    assert hot_result.ratio_feed == rounded(hot_result.feed.per_s / crowd.per_s)
    # One round, so its ratio is the ratio.
    assert hot_result.ratio_hot_rounds == rounded([hot_result.ratio_hot])
    assert hot_result.ratio_bulk_rounds == rounded([hot_result.ratio_bulk])
    assert hot_result.ratio_lone_rounds == rounded([hot_result.ratio_lone])


def test_a_crowd_shares_its_flushes_and_a_lone_booking_has_its_own(hot_result: Hot) -> None:
    assert (hot_result.fsync, hot_result.synchronous_commit) == ("on", "on")
    by_flight = {x.in_flight: x.flushes_per_booking for x in hot_result.levels}
    assert (by_flight[1] or 0) >= 1
    assert 0 < (by_flight[256] or 0) < 0.5


def test_beside_the_engine_stands_what_one_would_write_instead(hot_result: Hot) -> None:
    ways = hot_result.alternatives
    assert list(ways) == ["for_update", "racy", "lastseat"]
    assert all(x.sold > 0 and x.per_s > 0 for x in ways.values())
    assert ways["for_update"].oversold == ways["lastseat"].oversold == 0


def test_hot_fits_a_terminal_of_100_columns(hot_result: Hot) -> None:
    lines = drawn(hot_result).splitlines()
    assert max(map(len, lines)) <= 100
    assert sum("256, cancels and holds" in line for line in lines) == 1


def test_growth_compares_a_grown_journal_with_a_new_one(conninfo: str) -> None:
    short = ["--rows", "3000", "--windows", "1", "--seconds", "0.2", "--snapshot-seconds", "0.3"]
    found = measure(Growth, "growth", *short, "--url", conninfo)
    assert found.grown_by_engine + found.grown_by_sql == pytest.approx(3000, abs=10)
    assert found.ratio == rounded(found.grown.per_s / found.first.per_s)
    assert found.ratio_snapshot > 0
    assert len(found.during_snapshot) >= 1
    assert max(map(len, drawn(found).splitlines())) <= 100
    assert leftovers(conninfo) == []


def test_a_journal_grown_by_sql_is_one_the_engine_goes_on_with(conninfo: str) -> None:
    small = Plan(rows=2000, windows=1, seconds=0.2, snapshot_seconds=0.1, engine_seconds=0)
    found = asyncio.run(growth(conninfo, small, lambda what, done: None))
    assert found.grown_by_engine == 0
    assert found.grown_by_sql > 1900
    # Rows by SQL, the windows after it, and the new database's: all are found where they belong.
    assert found.bookings_checked > 2000 + 2 * 1000


def test_a_stranger_on_one_head_keeps_only_its_own_callers_waiting(conninfo: str) -> None:
    found = measure(Stall, "stall", "--hold-seconds", "0.6", "--rounds", "1", "--url", conninfo)
    assert found.during.per_s > 0
    assert found.stuck_waited_s >= 0.5
    assert found.stuck_booked > 0
    assert found.ratio_p99 > 0
    assert max(map(len, drawn(found).splitlines())) <= 100
    assert leftovers(conninfo) == []


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 1)])
def test_interrupted_it_drops_its_database(conninfo: str, sent: int, code: int) -> None:
    command = [sys.executable, "-c", RUN, "hot", "--url", conninfo, "--seconds", "30"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 30
        while not leftovers(conninfo):
            assert time.monotonic() < deadline, "no database was made"
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
        process.send_signal(sent)
        _, complaints = process.communicate(timeout=30)
    assert leftovers(conninfo) == []
    assert process.returncode == code, complaints
