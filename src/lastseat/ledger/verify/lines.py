"""Who waits on one stream by its fold, beside the rows of the waitlist (MISSION C7)."""

from collections.abc import Iterator, Mapping

import msgspec

from lastseat.core.state import Waiter
from lastseat.ledger.verify.report import Findings, Value, micros
from lastseat.ledger.verify.rows import Key, Row


def compare_line(
    key: Key, rows: Iterator[Row], waiters: Mapping[str, Waiter], findings: Findings
) -> None:
    """Each that waits has a row that says the same, and nobody else has one."""
    lacking = dict(waiters)
    for _, stream, booking_id, *columns in rows:
        where = f"booking {booking_id}, waiting for {stream}"
        waiter = lacking.pop(booking_id, None)
        if waiter is None:
            findings.add(key[0], where, "is a row, but by the journal it does not wait there")
            continue
        fold = _row_of(waiter)
        findings.compare(key[0], where, dict(zip(fold, columns, strict=True)), fold)
    for booking_id in sorted(lacking):
        where = f"booking {booking_id}, waiting for {key[1]}"
        findings.add(key[0], where, "is in the journal, but has no row")


def _row_of(waiter: Waiter) -> dict[str, Value]:
    """The columns as they are to be: only in its line they say what is waited for."""
    awaited, blocked = waiter.awaited, waiter.blocked
    return {
        "queue_id": waiter.queue,
        "actor_id": waiter.actor_id,
        "seq": waiter.seq,
        "units": awaited.claims[0].units if awaited is not None else None,
        "start": micros(blocked.start if blocked else None),
        "end": micros(blocked.end if blocked else None),
        "awaited": msgspec.json.encode(awaited).decode() if awaited is not None else None,
    }
