"""A load: so many callers at once, each asking anew as soon as it is answered; and its windows.

A window's figures leave out the start and the end of the load: what was answered while it was
open counts, divided by the time from the last answer before it to the last one in it. It stays
open until there were as many answers as callers, however slow the machine: a share of one turn is
no rate. Windows of several arms alternate (see rounds.py), so that what else the machine does hits
all alike; each figure is the median of its windows, with their range.
"""

import asyncio
import math
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from msgspec import Struct

from lastseat.bench.failure import BenchmarkFailed

Answered = TypeVar("Answered")

PATIENCE = 60.0
"""Seconds that a window stays open beyond its time for answers that do not come."""


class Window(Struct):
    """What one window came to. Latencies are in milliseconds, NaN where they were not taken."""

    per_s: float
    p50_ms: float = math.nan
    p99_ms: float = math.nan
    flushes_per_booking: float = math.nan


class Figure(Struct, frozen=True):
    """The medians over an arm's windows; `per_s_range` is the slowest and the fastest window."""

    per_s: float
    per_s_range: tuple[float, float]
    p50_ms: float | None
    p99_ms: float | None
    flushes_per_booking: float | None
    windows: int


def figure(windows: Sequence[Window]) -> Figure:
    """An arm's windows together."""
    rates = [x.per_s for x in windows]
    return Figure(
        round(statistics.median(rates), 1),
        (round(min(rates), 1), round(max(rates), 1)),
        _median([x.p50_ms for x in windows], 3),
        _median([x.p99_ms for x in windows], 3),
        _median([x.flushes_per_booking for x in windows], 6),
        len(windows),
    )


def _median(values: list[float], digits: int) -> float | None:
    taken = [x for x in values if not math.isnan(x)]
    return round(statistics.median(taken), digits) if taken else None


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` of them do not exceed; NaN of none."""
    if not values:
        return math.nan
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, math.ceil(share * len(ordered)) - 1))]


class Load:
    """Callers that go on until the window closes. `timed` wraps each thing that is measured."""

    def __init__(self, *, seconds: float, warm_up: float = 0.0, patience: float = PATIENCE) -> None:
        self.opens = time.perf_counter() + warm_up
        self.closes = self.opens + seconds
        self.took: list[float] = []
        self._gives_up = self.closes + patience
        self._wanted = 1
        self._since = self._until = self.opens if not warm_up else time.perf_counter()

    async def timed(
        self, call: Awaitable[Answered], counts: Callable[[Answered], bool] | None = None
    ) -> Answered:
        """Wait for the answer; it counts if the window is open when it comes, and `counts` it."""
        started = time.perf_counter()
        answer = await call
        ended = time.perf_counter()
        if counts is not None and not counts(answer):
            return answer
        if ended < self.opens:
            self._since = self._until = ended
        elif self._open(ended):
            self._until = ended
            self.took.append(ended - started)
        return answer

    def _open(self, now: float) -> bool:
        return now < self.closes or (len(self.took) < self._wanted and now < self._gives_up)

    async def run(self, in_flight: int, turn: Callable[["Load"], Awaitable[None]]) -> Window:
        """Let `in_flight` callers take turns until the window closes."""
        self._wanted = in_flight

        async def caller() -> None:
            while self._open(time.perf_counter()):
                await turn(self)

        await together([caller() for _ in range(in_flight)])
        if not self.took:
            raise BenchmarkFailed("nothing was answered while a window was open: make it longer")
        # From the last answer before the window to the last one in it: answers come in batches,
        # and a window's edges would cut one off as often as not.
        return Window(
            len(self.took) / (self._until - self._since),
            percentile(self.took, 0.5) * 1000,
            percentile(self.took, 0.99) * 1000,
        )


async def together(callers: Sequence[Awaitable[Any]]) -> None:
    """Run them all; when one fails, end the others and raise what it raised."""
    tasks = [asyncio.ensure_future(caller) for caller in callers]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
