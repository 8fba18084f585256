"""Idempotency keys and callers' transactions (property 7).

One key: one effect, equal answers, and the row of the key says the same. One transaction: all of
its commands or none.
"""

import msgspec

from lastseat.checker import told
from lastseat.checker.history import History, Operation
from lastseat.checker.lines import KeyRow
from lastseat.checker.model import Command, Tenant
from lastseat.checker.verdict import Verdict

DECODER: msgspec.json.Decoder[told.Answer] = msgspec.json.Decoder(told.Answer)

KEPT = 24 * 3600 * 1_000_000
"""Microseconds for which an answer without a booking is kept at least."""


def check_keys(history: History, tenants: dict[str, Tenant], verdict: Verdict) -> None:
    """Every key that was used."""
    rows = {(row.tenant_id, row.key): row for row in history.keys}
    times = [row.at for row in history.journal]
    forgotten = bool(times) and max(times) - min(times) >= KEPT
    for tenant in tenants.values():
        for key, tries in tenant.by_key.items():
            _check_key(tenant, key, tries, rows.get((tenant.name, key)), forgotten, verdict)


def _check_key(
    tenant: Tenant,
    key: str,
    tries: list[Operation],
    row: KeyRow | None,
    forgotten: bool,
    verdict: Verdict,
) -> None:
    numbers = [x.asked.op for x in tries]
    effects: dict[str, Command] = {}
    for x in tries:
        if x.done is not None:
            effects[x.done.command_id] = x.done
    if len(effects) > 1:
        what = f"key {key!r}: ops {numbers} had {len(effects)} effects, and should have had one"
        verdict.add("doubled", what, *numbers, tenant=tenant.name)
    decided = [x for x in tries if x.decided]
    for x in decided[1:]:
        if decision(x.outcome) != decision(decided[0].outcome):
            one, two = decided[0].asked.op, x.asked.op
            what = (
                f"key {key!r}: op {one} was told {told.words(decided[0].outcome)},"
                f" and op {two} {told.words(x.outcome)}"
            )
            verdict.add("key", what, one, two, tenant=tenant.name)
            break
    if not decided:
        return
    first = decided[0]
    if row is None:
        if not forgotten:
            what = f"key {key!r}: op {first.asked.op} was answered, and the answer was not kept"
            verdict.add("key", what, *numbers, tenant=tenant.name)
        return
    try:
        kept = DECODER.decode(row.outcome)
    except msgspec.DecodeError as error:
        verdict.add("not_understood", f"key {key!r}: {error}", *numbers, tenant=tenant.name)
        return
    if decision(kept) != decision(first.outcome):
        what = (
            f"key {key!r}: op {first.asked.op} was told {told.words(first.outcome)},"
            f" and {told.words(kept)} was kept"
        )
        verdict.add("key", what, first.asked.op, tenant=tenant.name)
    if effects and row.command_id not in effects:
        what = f"key {key!r}: its row names another command than the one that ops {numbers} are"
        verdict.add("key", what, *numbers, tenant=tenant.name)


def check_transactions(history: History, verdict: Verdict) -> None:
    """Of the operations of one transaction all are done that were to be, or none."""
    together: dict[tuple[str, int | str], list[Operation]] = {}
    for operation in history.operations.values():
        if operation.asked.transaction is not None:
            which = operation.asked.tenant, operation.asked.transaction
            together.setdefault(which, []).append(operation)
    for (tenant, name), operations in together.items():
        numbers = [x.asked.op for x in operations]
        done = [x for x in operations if x.done is not None]
        told_done = {x.outcome is not None for x in operations if x.result != "unknown"}
        if len(told_done) > 1:
            what = f"transaction {name}: some of it was told done, some not"
            verdict.add("transaction", what, *numbers, tenant=tenant)
        if told_done == {False} and done:
            what = f"transaction {name} was rolled back, and the journal has {ops(done)} of it"
            verdict.add("transaction", what, *numbers, tenant=tenant)
        if len({row.tx for x in done for row in x.done.rows}) > 1:
            what = f"transaction {name}: the journal has {ops(done)} of it in several transactions"
            verdict.add("transaction", what, *numbers, tenant=tenant)
        lost = [x for x in operations if x.result == "ok" and x.done is None]
        if done and any(wrote(x) for x in lost):
            what = f"transaction {name}: the journal has {ops(done)} of it, and not {ops(lost)}"
            verdict.add("transaction", what, *numbers, tenant=tenant)


def decision(answer: told.Answer | None) -> told.Answer | None:
    """An answer without what the service adds when it tells it: whether one can wait, by now."""
    if isinstance(answer, told.Full | told.Conflict):
        return msgspec.structs.replace(answer, can_join_waitlist=False)
    return answer


def ops(operations: list[Operation]) -> str:
    """Operations in words."""
    return ", ".join(f"op {x.asked.op}" for x in operations)


def wrote(operation: Operation) -> bool:
    """Whether an answer is of one that always writes."""
    return isinstance(
        operation.outcome, told.Booked | told.Held | told.Joined | told.Cancelled | told.Released
    )
