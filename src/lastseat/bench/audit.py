"""Whether what the callers were told is what is in the tables, by SQL that is not the engine's.

A benchmark that measures refusals, or an engine that loses rows, is fast and worthless: it fails
here instead.
"""

from collections import Counter

from msgspec import Struct

from lastseat.bench.database import Connection, ask
from lastseat.bench.failure import BenchmarkFailed
from lastseat.core.outcomes import AnyOutcome, Code


class Told(Struct, frozen=True):
    """What a tenant's callers were answered, counted by outcome."""

    tenant_id: str
    answers: Counter[str]

    def expect(self, outcome: AnyOutcome, wanted: Code) -> None:
        """Count the answer. Raises `BenchmarkFailed` when it is another than `wanted`."""
        if outcome.code is not wanted:
            raise BenchmarkFailed(f"expected {wanted.value}, was answered {outcome!r}")
        self.answers[wanted.value] += 1


CHANGES = {
    Code.BOOKED: "booked",
    Code.HELD: "booked",
    Code.CONFIRMED: "confirmed",
    Code.RELEASED: "released",
    Code.CANCELLED: "cancelled",
}
"""The journal's word for what a caller was told."""


async def audit(connection: Connection, told: Told) -> int:
    """Hold the tables to what was answered; how many seats are sold past the capacity, always 0.

    Raises `BenchmarkFailed` with what differs.
    """
    tenant = told.tenant_id
    answers = told.answers
    wanted: Counter[str] = Counter()
    for code, word in CHANGES.items():
        wanted[word] += answers[code.value]
    made = wanted["booked"]
    live = made - wanted["cancelled"] - wanted["released"]
    journal = {
        str(word): int(n) for word, n in await ask(connection, "audit_journal", tenant=tenant)
    }
    broken = (await ask(connection, "audit_streams", tenant=tenant))[0][0]
    taken, claimed, oversold = (await ask(connection, "audit_heads", tenant=tenant))[0]
    bookings, active, actors = (await ask(connection, "audit_bookings", tenant=tenant))[0]
    differences = [
        f"{what} is {is_}, and should be {should}"
        for what, is_, should in (
            ("the journal", journal, {word: n for word, n in wanted.items() if n}),
            ("the number of broken streams", broken, 0),
            ("what the heads count as taken", taken, live),
            ("the live claims", claimed, live),
            ("seats sold past the capacity", oversold, 0),
            ("the bookings", bookings, made),
            ("the live bookings", active, live),
            ("the actors", actors, made),
        )
        if is_ != should
    ]
    if differences:
        raise BenchmarkFailed(f"tenant {tenant}: " + "; ".join(differences))
    return int(oversold)
