"""Arms measured in turn, round after round, so that the machine's moods hit all of them alike."""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec import Struct

from lastseat.bench.load import Window

Report = Callable[[str, float], None]
"""Told what is being measured, and how far the whole is, from 0 to 1."""


class Arm(Protocol):
    """One thing to be measured, a window at a time."""

    name: str
    main: bool
    """Whether a ratio is made of it, so that it needs several windows even in a short run."""

    async def window(self, seconds: float) -> Window:
        """Measure for so long."""


class Plan(Struct, frozen=True):
    """Windows of each arm, in rounds.

    After the first, no round is begun that would end more than `budget` seconds after the start.
    """

    seconds: float
    main_windows: int
    side_windows: int
    budget: float


def plan(seconds: float, windows: int | None) -> Plan:
    """Five windows of each arm, or `windows`.

    Under 2 s a window all is to take less than a minute: one window of the arms that no ratio is
    made of, and of the others as many as there is time for, five at most.
    """
    if windows is not None:
        return Plan(seconds, windows, windows, float("inf"))
    short = seconds < 2  # noqa: PLR2004
    return Plan(seconds, 5, 1 if short else 5, 50.0 if short else float("inf"))


async def alternate(
    arms: Sequence[Arm], plan: Plan, report: Report, started: float
) -> dict[str, list[Window]]:
    """The windows of each arm by its name. Every other round goes backwards.

    `started` is when the budget began to run, by `time.monotonic`.
    """
    found: dict[str, list[Window]] = {arm.name: [] for arm in arms}
    wanted = {arm.name: plan.main_windows if arm.main else plan.side_windows for arm in arms}
    took = dict.fromkeys(found, 0.0)
    total, done = sum(wanted.values()), 0
    for number in range(max(wanted.values())):
        due = [arm for arm in arms if number < wanted[arm.name]]
        expected = sum(took[arm.name] for arm in due)
        if time.monotonic() - started + expected > plan.budget and number:
            break
        for arm in due if number % 2 == 0 else reversed(due):
            begun = time.monotonic()
            report(arm.name, done / total)
            found[arm.name].append(await arm.window(plan.seconds))
            took[arm.name] = time.monotonic() - begun
            done += 1
    return found
