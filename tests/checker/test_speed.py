"""A long history is checked in time, and in memory that grows with it and no faster."""

import time
from pathlib import Path

from tests.checker.random_run import random_run

from lastseat.checker import check

OPERATIONS = 10_000
SECONDS_FOR_A_MILLION = 60
SLACK = 3
"""The machine does other things at the same time."""


def test_ten_thousand_operations_take_their_part_of_a_minute(tmp_path: Path) -> None:
    run = random_run(1, OPERATIONS, streams=OPERATIONS // 400, capacity=40)
    path = run.save(tmp_path / "history.jsonl")
    begun = time.process_time()
    verdict = check(path)
    took = time.process_time() - begun
    assert verdict.clean
    assert verdict.operations >= OPERATIONS
    assert took < SECONDS_FOR_A_MILLION * OPERATIONS / 1_000_000 * SLACK


def test_one_crowded_stream_is_not_slower(tmp_path: Path) -> None:
    """Everybody wants the same few things: no part of the checker looks at all pairs."""
    took = []
    for length in (2_000, 6_000):
        path = random_run(2, length, streams=1, capacity=60).save(tmp_path / f"{length}.jsonl")
        begun = time.process_time()
        assert check(path).clean
        took.append(time.process_time() - begun)
    assert took[1] < took[0] * 3 * SLACK
