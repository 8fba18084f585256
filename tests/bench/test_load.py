"""Windows and rounds: what is counted, what is left out, and in which order arms are measured."""

import asyncio
import math
import time

import pytest

from lastseat.bench.failure import BenchmarkFailed
from lastseat.bench.load import Load, Window, figure, percentile
from lastseat.bench.rounds import alternate, plan


def test_a_window_counts_what_is_answered_while_it_is_open() -> None:
    async def turn(load: Load) -> None:
        await load.timed(asyncio.sleep(0.01))

    window = asyncio.run(Load(seconds=0.3, warm_up=0.1).run(4, turn))
    # Slower at most: a sleep is never shorter than asked for.
    assert 0 < window.per_s <= 4 / 0.01 * 1.2
    assert 10 <= window.p50_ms <= window.p99_ms


def test_a_window_stays_open_for_one_turn_of_the_crowd() -> None:
    # As on a machine where the first answers take longer than the window.
    load = Load(seconds=0.01)

    async def turn(load: Load) -> None:
        await load.timed(asyncio.sleep(0.1))

    window = asyncio.run(load.run(8, turn))
    assert len(load.took) == 8
    assert 0 < window.per_s <= 8 / 0.1 * 1.2


def test_a_window_in_which_nothing_is_answered_is_no_window() -> None:
    async def turn(load: Load) -> None:
        await load.timed(asyncio.sleep(0.05), counts=lambda _: False)

    with pytest.raises(BenchmarkFailed, match="make it longer"):
        asyncio.run(Load(seconds=0.1, patience=0.1).run(1, turn))


def test_a_caller_that_fails_ends_the_window() -> None:
    async def turn(load: Load) -> None:
        raise BenchmarkFailed("refused")

    with pytest.raises(BenchmarkFailed, match="refused"):
        asyncio.run(Load(seconds=60).run(8, turn))


def test_figures_are_medians_with_their_range() -> None:
    found = figure([Window(1.0, 5.0), Window(9.0, 7.0), Window(2.0, 6.0)])
    assert (found.per_s, found.per_s_range, found.p50_ms) == (2.0, (1.0, 9.0), 6.0)
    assert found.p99_ms is None
    assert percentile([3, 1, 2, 4], 0.5) == 2
    assert percentile(list(range(1, 101)), 0.99) == 99
    assert math.isnan(percentile([], 0.5))


class Counted:
    """An arm that only counts its windows."""

    def __init__(self, name: str, log: list[str], *, main: bool) -> None:
        self.name = name
        self.main = main
        self.log = log

    async def window(self, seconds: float) -> Window:
        self.log.append(self.name)
        return Window(seconds)


def test_arms_alternate_and_turn_round() -> None:
    log: list[str] = []
    arms = [Counted(name, log, main=name != "c") for name in "abc"]
    found = asyncio.run(alternate(arms, plan(0.5, None), lambda what, done: None, time.monotonic()))
    assert "".join(log) == "abc" + "ba" + "ab" + "ba" + "ab"
    assert {name: len(windows) for name, windows in found.items()} == {"a": 5, "b": 5, "c": 1}


def test_a_run_out_of_time_begins_no_further_round() -> None:
    log: list[str] = []
    arms = [Counted(name, log, main=True) for name in "ab"]
    long_ago = time.monotonic() - 3600
    asyncio.run(alternate(arms, plan(1.0, None), lambda what, done: None, long_ago))
    assert log == ["a", "b"]


def test_full_windows_are_five_of_everything() -> None:
    assert (plan(3.0, None).main_windows, plan(3.0, None).side_windows) == (5, 5)
    assert (plan(1.0, 2).main_windows, plan(1.0, 2).side_windows) == (2, 2)
