"""Publishable keys are slowed down: a minute's worth at once, then evenly; a bounded memory."""

import pytest

from lastseat.access.rate import Buckets


def test_a_minutes_worth_at_once_and_then_no_more() -> None:
    buckets = Buckets()
    assert [buckets.take("a", 60, 100.0) for _ in range(60)] == [0.0] * 60
    assert buckets.take("a", 60, 100.0) == pytest.approx(1.0)


def test_who_waits_as_long_as_told_is_let_through() -> None:
    buckets = Buckets()
    for per_minute in (1, 7, 60, 90, 1_000):
        now, name = 1e6 / 3, f"key {per_minute}"
        for _ in range(per_minute):
            assert buckets.take(name, per_minute, now) == 0
        for _ in range(50):
            wait = buckets.take(name, per_minute, now)
            assert wait > 0
            now += wait
            assert buckets.take(name, per_minute, now) == 0


def test_in_the_long_run_it_is_the_rate() -> None:
    buckets = Buckets()
    through = sum(buckets.take("a", 60, second / 10) == 0 for second in range(6_000))
    assert through == pytest.approx(60 + 600, abs=1)


def test_to_ask_in_vain_costs_nothing() -> None:
    buckets = Buckets()
    while buckets.take("a", 60, 0.0) == 0:
        pass
    for moment in range(1, 100):
        assert buckets.take("a", 60, moment / 100) > 0
    assert buckets.take("a", 60, 1.0) == 0


def test_keys_do_not_slow_each_other_down() -> None:
    buckets = Buckets()
    assert buckets.take("a", 1, 0.0) == 0
    assert buckets.take("a", 1, 0.0) > 0
    assert buckets.take("b", 1, 0.0) == 0


def test_a_clock_that_goes_back_gives_nothing_away() -> None:
    buckets = Buckets()
    assert buckets.take("a", 1, 100.0) == 0
    assert buckets.take("a", 1, 0.0) == pytest.approx(60.0)


def test_there_are_never_more_buckets_than_the_bound() -> None:
    buckets = Buckets(most=3)
    for name in ("a", "b", "c"):
        assert buckets.take(name, 1, 0.0) == 0
    assert buckets.take("a", 1, 0.0) > 0
    assert buckets.take("d", 1, 0.0) == 0
    assert len(buckets) == 3
    # "a" was asked for lately and is still empty; "b" is the one that was forgotten.
    assert buckets.take("a", 1, 0.0) > 0
    assert buckets.take("b", 1, 0.0) == 0
