"""S of docs/performance.md: how fast the server takes journal rows when it has nothing to decide.

Rows as the engine writes them into a table made like the journal, 256 at a time, one connection,
one commit a batch. Making the rows is not timed: it is Python's cost, and S is the server's.
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

from lastseat.bench.database import Connection, ask
from lastseat.bench.failure import BenchmarkFailed
from lastseat.bench.load import Window
from lastseat.core import events as e
from lastseat.core.status import Status
from lastseat.engine.ids import new_id
from lastseat.ledger.sql import array

ROWS = 256
"""Rows of one batch."""


class Bulk:
    """Batches of rows, one after another, for as long as the window lasts."""

    name = "bulk rows"
    main = True

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.written = 0

    async def window(self, seconds: float) -> Window:
        """Insert until the statements have taken so long."""
        took = 0.0
        rows = 0
        for parameters in batches(self.written + 1):
            started = time.perf_counter()
            await ask(self.connection, "bulk", **parameters)
            took += time.perf_counter() - started
            rows += ROWS
            if took >= seconds:
                break
        self.written += rows
        return Window(rows / took)

    async def check(self) -> None:
        """Raises `BenchmarkFailed` unless every row is there."""
        cursor = await self.connection.execute("SELECT count(*) FROM bulk")
        found = await cursor.fetchone()
        if found != (self.written,):
            raise BenchmarkFailed(f"{self.written} bulk rows were written, and {found} are there")


def batches(first_seq: int) -> Iterator[dict[str, str]]:
    """Parameters for batch after batch, the rows of bookings on one stream."""
    seq = first_seq
    while True:
        actors = [new_id() for _ in range(ROWS)]
        events = [e.Booked(x, Status.CONFIRMED, (e.ClaimMade(1, 1),)) for x in actors]
        yield {
            "stream": array(["hot"] * ROWS),
            "seq": array(list(range(seq, seq + ROWS))),
            "type": array(["booked"] * ROWS),
            "v": array([e.BODY_VERSION] * ROWS),
            "body": array([e.encode(event) for event in events]),
            "command": array([new_id() for _ in range(ROWS)]),
            "booking": array([new_id() for _ in range(ROWS)]),
            "version": array([1] * ROWS),
            "lead": array([True] * ROWS),
            "principal": array(["system"] * ROWS),
            "at": array([datetime.now(UTC)] * ROWS),
        }
        seq += ROWS
