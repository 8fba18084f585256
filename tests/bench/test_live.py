"""`lastseat bench live`, in short. No time is held to anything: other tests run too."""

import asyncio
from io import StringIO

import pytest
from rich.console import Console

from lastseat.bench.failure import BenchmarkFailed
from lastseat.bench.listeners import Heard
from lastseat.bench.live import Live, Plan, _delays, live
from lastseat.bench.report import tables


@pytest.fixture(scope="module")
def result(conninfo: str) -> Live:
    """One short run for all claims about it."""
    return asyncio.run(
        live(conninfo, Plan(seconds=1, clients=20, rate=10), lambda what, done: None)
    )


def test_every_client_hears_every_booking_once(result: Live) -> None:
    assert (result.changes, result.clients, result.returned) == (10, 20, 2)
    assert result.messages == 10 * 20
    assert (result.missed, result.repeated, result.resets) == (0, 0, 0)
    assert 0 < result.booking_p50_ms < result.p50_ms <= result.p99_ms <= result.max_ms


def test_it_fits_a_terminal_of_100_columns(result: Live) -> None:
    screen = Console(file=StringIO(), width=100)
    screen.print(tables(result))
    assert isinstance(screen.file, StringIO)
    assert max(map(len, screen.file.getvalue().splitlines())) <= 100


def test_what_nobody_booked_fails_the_run() -> None:
    heard = Heard(["made up"], b"", b"", 0, 0, 0, 0.0)
    with pytest.raises(BenchmarkFailed):
        _delays({}, heard)
