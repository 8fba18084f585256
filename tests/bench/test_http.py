"""`lastseat bench http`, in short: what it answers, and that it counts what was booked.

No figure is held to anything here: other tests run on the same machine.
"""

import asyncio
import shutil
from collections.abc import Iterator
from io import StringIO

import msgspec
import psycopg
import pytest
from rich.console import Console
from tests.bench.rounding import rounded
from typer.testing import CliRunner

from lastseat.bench import generator
from lastseat.bench.failure import BenchmarkFailed
from lastseat.bench.http import CONNECTIONS, Http, Sending
from lastseat.bench.report import tables
from lastseat.cli.bench import app

ARMS = ["empty", "booking", "refusal", "booking_auth_keys", "refusal_auth_keys"]


@pytest.fixture(scope="module")
def result(conninfo: str) -> Iterator[Http]:
    """One short run for all claims about it."""
    arguments = ["http", "--seconds", "1", "--windows", "1", "--json", "--url", conninfo]
    found = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert found.exit_code == 0, found.output
    yield msgspec.json.decode(found.stdout.splitlines()[-1], type=Http)
    with psycopg.connect(conninfo) as connection:
        left = connection.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE 'lastseat\\_bench\\_%'"
        ).fetchall()
    assert left == []


def test_every_arm_has_its_rate_and_latencies(result: Http) -> None:
    assert list(result.figures) == list(result.p50_ms) == list(result.p99_ms) == ARMS
    assert all(of.per_s > 0 and of.windows == 1 for of in result.figures.values())
    assert all(0 < result.p50_ms[arm] <= result.p99_ms[arm] for arm in ARMS)


def test_the_ratios_are_to_an_empty_post_of_the_same_run(result: Http) -> None:
    assert result.ratio_booking == rounded(result.booking_per_s / result.empty_per_s)
    assert result.ratio_refusal == rounded(result.refusal_per_s / result.empty_per_s)
    keyed = result.booking_auth_keys_per_s / result.empty_per_s
    assert result.ratio_booking_auth_keys == rounded(keyed)


def test_what_was_answered_was_found_in_the_tables(result: Http) -> None:
    answered = result.booking_per_s + result.booking_auth_keys_per_s
    assert result.bookings_checked > 0.5 * answered


def test_it_says_who_sent_and_what_that_took(result: Http) -> None:
    assert result.generator.startswith("wrk" if shutil.which("wrk") else "asyncio")
    assert all(0 < share < 4 for share in result.generator_cpu.values())


def test_it_fits_a_terminal_of_100_columns(result: Http) -> None:
    screen = Console(file=StringIO(), width=100)
    screen.print(tables(result))
    assert isinstance(screen.file, StringIO)
    assert max(map(len, screen.file.getvalue().splitlines())) <= 100


async def _refused(*_: object, **__: object) -> generator.Told:
    return generator.Told(requests=100, us=1_000_000, refused=3, broken=0, p50_us=1, p99_us=2)


def test_a_window_in_which_anything_was_refused_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generator, "send", _refused)
    arm = Sending("booking", "http://127.0.0.1:9", "plain", "hot", "-")
    with pytest.raises(BenchmarkFailed, match="3 were refused"):
        asyncio.run(arm.window(1))
    assert CONNECTIONS >= 64
