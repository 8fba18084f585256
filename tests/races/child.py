"""A process of its own that does one thing, tells of it line by line, and can be killed over it."""

import os
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.races.crowd import APART, SECONDS
from tests.races.moments import until

from lastseat.engine import faults

Tell = Callable[[str], None]


class Child:
    """It runs `work(tell, *arguments)`, with `fault` for LASTSEAT_FAULT."""

    def __init__(self, work: Callable[..., None], *arguments: Any, fault: str = "") -> None:
        self._lines, theirs = APART.Pipe(duplex=False)
        self._process = APART.Process(target=_run, args=(theirs, work, arguments, fault))
        self._process.start()
        theirs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.join()
        self._lines.close()

    def wait_until_stopped(self) -> None:
        """Until SIGSTOP has reached it."""
        stat = Path(f"/proc/{self._process.pid}/stat")
        until(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T")

    def go_on(self) -> None:
        """Let it run again."""
        assert self._process.pid is not None
        os.kill(self._process.pid, signal.SIGCONT)

    def told(self) -> list[str]:
        """What it told, up to its end."""
        told: list[str] = []
        while self._lines.poll(SECONDS):
            try:
                told.append(self._lines.recv())
            except EOFError:
                self._process.join(SECONDS)
                return told
        raise AssertionError("it does not come to an end")

    @property
    def killed(self) -> bool:
        """Whether it has ended by SIGKILL."""
        return self._process.exitcode == -signal.SIGKILL

    @property
    def ended_well(self) -> bool:
        """Whether it came to its end by itself."""
        return self._process.exitcode == 0


def _run(
    lines: Connection, work: Callable[..., None], arguments: tuple[Any, ...], fault: str
) -> None:
    faults.arm(fault)
    # One write each: a line is there whole or not at all.
    work(lines.send, *arguments)
