"""Failures of the engine itself: each needs a fault that explains it.

The schema's own constraints hide what they stop: a run in which one of them had to hold is not
clean, though nothing was oversold.
"""

import re

from lastseat.checker.history import History
from lastseat.checker.verdict import Verdict

SQLSTATE = re.compile(r"\b([0-9][0-9A-Z]{4}): ")
EXPLAINED = ("53", "55P03", "57", "58", "08")
"""Beginnings of SQLSTATEs: no room, locks, interruptions, the system, connections. A deadlock or a
lost race is none of them: the engine goes again, and whoever calls it does not hear of it."""

POINTS = frozenset(
    {
        "before_lock",
        "after_lock",
        "after_decide",
        "before_commit",
        "after_commit",
        "before_answer",
    }
)
"""The crash points that can be made to raise."""

BREAKING = frozenset({"crash_point", "disk_full", "statement_timeout", "lock_timeout"})
"""Faults that make an engine fail without saying which."""


def check_failures(history: History, verdict: Verdict) -> None:
    """Every operation that failed by an error and not by a refusal."""
    kinds = {fault.what for fault in history.faults}
    for operation in history.operations.values():
        error = operation.error
        if error is None or explained(error, kinds):
            continue
        asked = operation.asked
        what = f"op {asked.op} ({asked.kind}) failed, and no fault explains it: {error}"
        verdict.add("failed", what, asked.op, tenant=asked.tenant)


def explained(error: str, faults: set[str]) -> bool:
    """Whether the faults of the run explain an error."""
    name, _, text = error.removeprefix("RolledBack: ").partition(": ")
    if name == "internal":
        return not faults.isdisjoint(BREAKING)
    if name != "CommandFailed":
        return True
    found = SQLSTATE.search(text)
    if found is not None:
        return found[1].startswith(EXPLAINED)
    if "attempts lost" in text:
        return True
    return "crash_point" in faults and any(point in text for point in POINTS)
