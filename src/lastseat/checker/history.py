"""The file of a run: JSON lines, read strictly. Nothing is judged here.

An operation is an `invoke` line and, unless the run ended, a `return` line with its number. Then
the ledger, a line a row, and an `end` line that counts the operations.
"""

from collections.abc import Iterator
from math import inf
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from lastseat.checker import told
from lastseat.checker.lines import (
    ActorRow,
    BookingRow,
    ClaimRow,
    End,
    EventRow,
    Fault,
    Fed,
    FeedPageRow,
    Header,
    HeadRow,
    Invoke,
    JournalRow,
    KeyRow,
    Recovered,
    RelayRow,
    Return,
    RowLine,
    WaitingRow,
)
from lastseat.checker.verdict import Verdict


class Operation(Struct, gc=False):
    """One operation: what was asked, and what came back if anything did."""

    asked: Invoke
    result: str = "unknown"
    outcome: told.Answer | None = None
    returned: float = inf
    error: str | None = None
    replayed: bool = False
    has_returned: bool = False
    since: float = 0.0
    until: float = inf
    """When it can have been decided: with an idempotency key at any of its tries, since the others
    are given the answer of the first that was decided."""
    done: Any = None
    """The journal's command that is this operation, once matched."""

    @property
    def number(self) -> int:
        """Its number in the run."""
        return self.asked.op

    @property
    def decided(self) -> bool:
        """Whether it was answered by a decision, which is kept under its idempotency key."""
        if isinstance(self.outcome, told.Conflict) and self.outcome.rule == "boundary":
            return False
        return self.outcome is not None and not isinstance(
            self.outcome, told.Overloaded | told.ClockBehind | told.KeyReused | told.Invalid
        )

    @property
    def args_id(self) -> str | None:
        """The command id that the client drew, if it did."""
        return self.asked.args.command_id


class History(Struct):
    """A run, read."""

    operations: dict[int, Operation]
    faults: list[Fault]
    journal: list[JournalRow]
    heads: list[HeadRow]
    bookings: list[BookingRow]
    claims: list[ClaimRow]
    waitlist: list[WaitingRow]
    keys: list[KeyRow]
    actors: list[ActorRow]
    events: list[EventRow]
    feed_pages: list[FeedPageRow]
    relay: list[RelayRow]
    fed: list[Fed]


FORMAT, VERSION = "lastseat-history", 2
KINDS = frozenset(
    {
        *("book", "hold", "join", "confirm", "release", "cancel", "extend", "expire", "update"),
        *("check_in", "check_out", "complete", "no_show", "move", "move_together"),
        *("change_capacity", "append", "define_occurrence", "define_resource", "define_pool"),
        *("define_limit", "define_event"),
    }
)
TABLES: dict[str, type[Struct]] = {
    "journal": JournalRow,
    "heads": HeadRow,
    "bookings": BookingRow,
    "claims": ClaimRow,
    "waitlist": WaitingRow,
    "keys": KeyRow,
    "actors": ActorRow,
    "events": EventRow,
    "feed_pages": FeedPageRow,
    "relay": RelayRow,
}
MOST_UNREAD = 50
"""Lines told that can't be read; a file of something else has nothing but."""


def read(path: Path, verdict: Verdict) -> History:
    """Everything the file holds; what can't be read is a violation."""
    with path.open("rb") as lines:
        return Reader(verdict).read(lines)


class Reader:
    """Reads lines into a `History`."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        self.history = History({}, *([] for _ in range(12)))
        self.unread = 0
        self.ended: int | None = None
        self.rows = {
            table: (msgspec.json.Decoder(row), getattr(self.history, table))
            for table, row in TABLES.items()
        }

    def read(self, lines: Iterator[bytes]) -> History:
        """All lines, in order."""
        decode = msgspec.json.Decoder(
            Header | Invoke | Return | Fault | Recovered | Fed | RowLine | End
        ).decode
        number = 0
        for number, line in enumerate(lines, 1):
            try:
                self._take(number, decode(line))
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                self.odd(f"line {number} can't be read: {error}")
                if self.unread > MOST_UNREAD:
                    break
        self._whole(number)
        return self.history

    def _take(self, number: int, line: Struct) -> None:
        if (number == 1) != isinstance(line, Header):
            self.odd(f"line {number}: the header is the first line, and only that")
        match line:
            case RowLine():
                self._row(number, line)
            case Invoke():
                self._invoke(line)
            case Return():
                self._return(line)
            case Fault():
                self.history.faults.append(line)
            case Fed():
                self.history.fed.append(line)
            case Header() if (line.format, line.version) != (FORMAT, VERSION):
                self.odd(f"this is {line.format} {line.version}, and not {FORMAT} {VERSION}")
            case End():
                self.ended = line.operations
            case _:
                pass

    def _row(self, number: int, line: RowLine) -> None:
        if line.table not in self.rows:
            self.odd(f"line {number}: there is no table {line.table!r}")
            return
        decoder, rows = self.rows[line.table]
        rows.append(decoder.decode(line.row))

    def _invoke(self, line: Invoke) -> None:
        if line.op in self.history.operations:
            self.odd(f"op {line.op} is invoked twice", line.op)
            return
        if line.kind not in KINDS:
            self.odd(f"op {line.op}: there is no operation {line.kind!r}", line.op)
        self.history.operations[line.op] = Operation(line, since=line.at)

    def _return(self, line: Return) -> None:
        operation = self.history.operations.get(line.op)
        if operation is None:
            self.odd(f"op {line.op} returns, but was never invoked", line.op)
            return
        if operation.has_returned:
            self.odd(f"op {line.op} returns twice", line.op)
            return
        operation.has_returned = True
        if line.at < operation.asked.at:
            self.odd(f"op {line.op} returned before it was invoked", line.op)
        success = isinstance(line.outcome, told.Success)
        fits = {
            "ok": success,
            "fail": line.outcome is None or isinstance(line.outcome, told.Refusal) or line.error,
            "unknown": line.outcome is None,
        }
        if not fits.get(line.result):
            self.odd(f"op {line.op}: {line.result!r} does not fit {line.outcome}", line.op)
        operation.result = line.result
        operation.outcome = line.outcome
        operation.error = line.error
        operation.replayed = line.replayed
        if line.result != "unknown":
            operation.returned = operation.until = line.at

    def _whole(self, lines: int) -> None:
        operations = len(self.history.operations)
        if not lines:
            self.verdict.add("unfinished", "the file is empty")
        elif self.ended is None:
            self.verdict.add("unfinished", "the file has no end line: the run was cut off")
        elif self.ended != operations:
            what = f"the end line counts {self.ended} operations, the file has {operations}"
            self.verdict.add("unfinished", what)
        self.verdict.operations = operations
        self.verdict.rows = len(self.history.journal)
        self.verdict.count_faults([fault.what for fault in self.history.faults])

    def odd(self, what: str, *operations: int) -> None:
        """Note what can't be understood."""
        self.unread += 1
        self.verdict.add("not_understood", what, *operations)
