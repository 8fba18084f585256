"""The history checker: what a recorded run proves (MISSION H6).

It knows nothing of the engine's code and imports nothing of it: its own small model, its own
arithmetic, fed by what clients saw and by the ledger as it was found. `check` returns a verdict,
which is clean or says in words what was violated, with the operations concerned.
"""

import gc
from pathlib import Path

from lastseat.checker.answers import Successes
from lastseat.checker.failures import check_failures
from lastseat.checker.feed import check_feed
from lastseat.checker.fold import Fold
from lastseat.checker.history import History, read
from lastseat.checker.keys import check_keys, check_transactions
from lastseat.checker.matching import Matching, tenants_of
from lastseat.checker.order import Clock, check_order
from lastseat.checker.projections import Projections
from lastseat.checker.refusals import Refusals
from lastseat.checker.verdict import WORDS, Verdict, Violation

__all__ = ["WORDS", "Verdict", "Violation", "check"]


def check(path: Path | str) -> Verdict:
    """The verdict on the history in a file. Raises `OSError` for one that can't be opened."""
    verdict = Verdict()
    # A million operations are some ten million objects without a cycle: nothing to collect.
    collecting = gc.isenabled()
    gc.disable()
    try:
        _judge(read(Path(path), verdict), verdict)
    finally:
        if collecting:
            gc.enable()
    return verdict


def _judge(history: History, verdict: Verdict) -> None:
    tenants = tenants_of(history)
    Matching(history, tenants, verdict).run()
    clock = Clock(history)
    fold = Fold(clock, history.journal, verdict)
    for row in history.journal:
        tenant = tenants[row.tenant_id]
        fold.take(row, tenant.commands[row.command_id])
    for tenant in tenants.values():
        fold.end(tenant)
        check_order(tenant, verdict)
    clock.read(tenants.values())
    refusals = {name: Refusals(tenant, clock, verdict) for name, tenant in tenants.items()}
    successes = {name: Successes(tenant, verdict) for name, tenant in tenants.items()}
    for operation in history.operations.values():
        if operation.result == "ok":
            successes[operation.asked.tenant].check(operation)
        elif operation.result == "fail":
            refusals[operation.asked.tenant].check(operation)
    for each in refusals.values():
        each.finish()
    check_failures(history, verdict)
    check_keys(history, tenants, verdict)
    check_transactions(history, verdict)
    Projections(tenants, verdict).check(history)
    check_feed(history, tenants, verdict)
