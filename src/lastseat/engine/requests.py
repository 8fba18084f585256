"""What the executor asks of a driver, and what it makes of the commands. Values only.

The executor does no I/O: it yields requests and is sent what they came to, so the asynchronous
and the synchronous driver run the same code (see drivers.py).
"""

from typing import Any

from msgspec import Struct

from lastseat.core.commands import (
    AnyCommand,
    Book,
    BookSeries,
    EditEvent,
    Move,
    Relocation,
    SeriesDate,
    SetRules,
)
from lastseat.core.outcomes import AnyOutcome

Rows = list[tuple[Any, ...]]


class Statement(Struct, frozen=True, gc=False):
    """A named query (see ledger/sql) and its parameters."""

    name: str
    params: dict[str, Any] | None = None


class Run(Struct, frozen=True):
    """Send the statements in one go, answer with each one's rows. Raises a `LedgerError`."""

    statements: tuple[Statement, ...]
    writes: bool = False
    """Whether it is the batch's write, which keeps the database busy for a while."""


class Post(Struct, frozen=True):
    """Send the statements and go on at once; what becomes of them is told by the next `Run`."""

    statements: tuple[Statement, ...]


class Sleep(Struct, frozen=True):
    """Wait up to `seconds`, a random part of it, so that rivals do not meet again."""

    seconds: float


class Reconnect(Struct, frozen=True):
    """Replace a broken connection. Raises `DatabaseUnavailable` when patience runs out."""


Request = Run | Post | Sleep | Reconnect


class Ticket(Struct, frozen=True, gc=False):
    """A command on its way, with the hash of what its idempotency key stands for."""

    command: AnyCommand
    request_hash: str | None = None

    @property
    def weight(self) -> int:
        """Roughly the bytes it will write, for the bound of a batch."""
        command = self.command
        match command:
            case Book():
                return _size(command) + _metadata(command)
            case BookSeries():
                return sum(_size(date) + _metadata(command) for date in command.dates)
            case Move():
                return sum(_size(move) for move in command.moves)
            case SetRules():
                return 500 + 2 * len(repr(command.rules))
            case EditEvent():
                return 500 + 1_000 * len(command.edits)
            case _:
                return 500


def _size(asked: Book | SeriesDate | Relocation) -> int:
    return 500 * (len(asked.claims) + sum(choice.any for choice in asked.choices))


def _metadata(command: Book | BookSeries) -> int:
    return len(repr(command.metadata)) if command.metadata else 0


class Answer(Struct, frozen=True, gc=False):
    """What a command came to. `replayed` when its key had that answer already (MISSION C6)."""

    outcome: AnyOutcome
    replayed: bool = False


class Deferred(Struct, frozen=True):
    """Not done: a head was busy or missing. The same command has to wait for its locks."""


class Failed(Struct, frozen=True):
    """Not decided, for a reason that is nobody's answer: broken infrastructure or a bug."""

    error: Exception


Result = Answer | Deferred | Failed

DEFERRED = Deferred()
