"""Runs at random: every true one is clean, and none stays so that was made untrue in one place."""

import pickle
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from tests.checker.made_up.rows import Row, write
from tests.checker.mutations import FEED_MUTATIONS, MUTATIONS, spots, untrue_value
from tests.checker.random_run import random_run
from tests.checker.story import feed_anew

from lastseat.checker import check

SEEDS = 8


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("overlapping", [True, False])
def test_a_true_run_is_clean(seed: int, overlapping: bool, tmp_path: Path) -> None:
    run = random_run(seed, 250, overlapping=overlapping)
    verdict = check(run.save(tmp_path / "history.jsonl"))
    assert verdict.violations == []
    assert verdict.rows > 100


@cache
def pickled(seed: int) -> bytes:
    # One after the other: where operations overlap, many things may be true.
    return pickle.dumps(random_run(seed, 60, overlapping=False).lines())


def true_run(seed: int) -> list[Row]:
    """A copy of it, to make untrue."""
    # A tenth of the time that copy.deepcopy takes.
    lines: list[Row] = pickle.loads(pickled(seed))  # noqa: S301 - our own
    return lines


@cache
def places(seed: int) -> int:
    return len(list(spots(true_run(seed))))


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: str(mutation.__name__))
@settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, SEEDS - 1), data=st.data())
def test_a_run_made_untrue_is_not_clean(
    mutation: object, seed: int, data: st.DataObject, tmp_path: Path
) -> None:
    number = data.draw(st.integers(0, places(seed) - 1))
    lines = true_run(seed)
    if mutation is untrue_value:
        mapping, name, value = list(spots(lines))[number]
        note(f"{name} of {mapping} becomes {value}")
    assert callable(mutation)
    mutation(lines, number)
    if mutation not in FEED_MUTATIONS:
        # Not to be told by the feed alone: it is that of the untrue journal.
        feed_anew(lines)
    assert not check(write(tmp_path / "history.jsonl", lines)).clean


@settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, SEEDS - 1), data=st.data())
def test_no_value_can_be_another(seed: int, data: st.DataObject, tmp_path: Path) -> None:
    number = data.draw(st.integers(0, places(seed) - 1))
    lines = true_run(seed)
    mapping, name, value = list(spots(lines))[number]
    note(f"{name} of {mapping} becomes {value}")
    mapping[name] = value
    feed_anew(lines)
    assert not check(write(tmp_path / "history.jsonl", lines)).clean
