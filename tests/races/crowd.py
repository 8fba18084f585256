"""Processes that wait for one another and then book all at once, as several machines would.

None is forked from the test's own process, whose threads and connections it would share, but from
one that has done nothing but load what they need: that takes longer than their work. The crowd is
kept for the whole run. What it does is in `bookers.py`.
"""

import multiprocessing
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import Any

Meet = Callable[[], None]
Task = Callable[..., Any]

SECONDS = 60
"""How long the processes of a crowd are waited for."""

APART = multiprocessing.get_context("forkserver")
"""Where the processes of these tests come from."""

APART.set_forkserver_preload(
    ["lastseat.library.synchronous.engine", "tests.races.bookers", "tests.races.child"]
)


class Crowd:
    """`size` processes that run tasks."""

    def __init__(self, size: int) -> None:
        self._ends: list[Connection] = []
        self._processes = []
        for i in range(size):
            ours, theirs = APART.Pipe()
            process = APART.Process(target=_serve, args=(theirs,), name=f"crowd-{i}", daemon=True)
            process.start()
            theirs.close()
            self._ends.append(ours)
            self._processes.append(process)

    def run(self, task: Task, arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
        """`task(meet, *arguments[i])` in one process each; all return from `meet` together."""
        assert len(arguments) <= len(self._ends)
        ends = self._ends[: len(arguments)]
        for end, args in zip(ends, arguments, strict=True):
            end.send((task, args))
        for end in ends:
            assert _received(end) == "ready"
        for end in ends:
            end.send("go")
        return [_received(end) for end in ends]

    def close(self) -> None:
        """Let the processes go."""
        for end in self._ends:
            end.close()
        for process in self._processes:
            process.join(SECONDS)
            assert process.exitcode == 0


def _received(end: Connection) -> Any:
    assert end.poll(SECONDS), "a process of the crowd does not answer"
    value = end.recv()
    if isinstance(value, BaseException):
        raise value
    return value


def _serve(end: Connection) -> None:
    def meet() -> None:
        end.send("ready")
        end.recv()

    while True:
        try:
            task, args = end.recv()
        except EOFError:
            return
        try:
            end.send(task(meet, *args))
        except Exception as error:  # noqa: BLE001 - it is raised again where the result is asked for
            end.send(RuntimeError(f"{type(error).__name__}: {error}"))
