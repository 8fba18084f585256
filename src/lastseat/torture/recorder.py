"""The history: one JSON object a line, as docs/proof.md has it. Writing and merging, no judging."""

import heapq
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

FORMAT = "lastseat-history"
VERSION = 2

_encode = msgspec.json.Encoder().encode


def now() -> float:
    """CLOCK_MONOTONIC, which all processes of one machine share, in seconds."""
    return time.monotonic()


class Recorder:
    """One process's part of the history.

    Operations are numbered `first`, `first + step`, ...: processes that write at once never give
    out one number twice.
    """

    def __init__(self, path: Path, *, first: int = 0, step: int = 1) -> None:
        self._file = path.open("wb", buffering=1 << 16)
        self._next, self._step = first, step

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def draw(self) -> int:
        """The number of an operation to come."""
        op = self._next
        self._next += self._step
        return op

    def close(self) -> None:
        """Write what is left."""
        self._file.close()

    def flush(self) -> None:
        """Write what there is."""
        self._file.flush()

    def invoke(self, op: int, **fields: Any) -> None:
        """An operation is about to be sent."""
        self._write({"t": "invoke", "op": op, "at": now(), **fields})

    def returned(
        self,
        op: int,
        result: str,
        outcome: Any = None,
        *,
        replayed: bool = False,
        error: str | None = None,
    ) -> None:
        """What it came to: `ok`, `fail` or `unknown`."""
        self._write(
            {
                "t": "return",
                "op": op,
                "at": now(),
                "result": result,
                "outcome": outcome,
                "replayed": replayed,
                "error": error,
            }
        )

    def fault(self, what: str, detail: dict[str, Any]) -> None:
        """Something bad was done."""
        self._write({"t": "fault", "at": now(), "what": what, "detail": detail})

    def fed(self, epoch: str | None, ends: dict[str, int]) -> None:
        """Where the tenants' feeds end now."""
        self._write({"t": "fed", "at": now(), "epoch": epoch, "ends": ends})

    def recovered(self, at: float, seconds: float) -> None:
        """A booking was acknowledged `seconds` after the database took connections again."""
        self._write({"t": "recovered", "at": at, "seconds": round(seconds, 4)})

    def _write(self, line: dict[str, Any]) -> None:
        self._file.write(_encode(line) + b"\n")


class _At(msgspec.Struct):
    at: float


def _timed(path: Path) -> Iterator[tuple[float, bytes]]:
    decode = msgspec.json.Decoder(_At).decode
    with path.open("rb") as lines:
        for line in lines:
            # The last line of a process that was ended may be half of one.
            if line.endswith(b"\n"):
                yield decode(line).at, line


def merge(parts: Iterable[Path], header: dict[str, Any], rows: Iterable[bytes], into: Path) -> int:
    """Put the parts in the order of time, then the ledger's rows; how many operations there are."""
    operations = 0
    with into.open("wb", buffering=1 << 20) as file:
        start = {"t": "header", "format": FORMAT, "version": VERSION, **header}
        file.write(_encode(start) + b"\n")
        for _, line in heapq.merge(*map(_timed, parts), key=lambda found: found[0]):
            operations += line.startswith(b'{"t":"invoke"')
            file.write(line)
        for row in rows:
            file.write(row)
            file.write(b"\n")
        file.write(_encode({"t": "end", "operations": operations}) + b"\n")
    return operations
