"""A process of its own that books and can be stopped, or killed, at a named point."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
from tests.races.moments import until

import lastseat
from lastseat import Claim
from lastseat.core.outcomes import decode, encode

ROOT = Path(__file__).parents[2]

What = str | Claim


class Bookings:
    """A child that books each (what, actor) in turn, `at_once` of them at a time.

    With `keys` the n-th booking has the key `<keys>-<n>`. `fault` is LASTSEAT_FAULT.
    """

    def __init__(
        self,
        conninfo: str,
        tenant_id: str,
        wanted: Sequence[tuple[What, str]],
        *,
        fault: str = "",
        keys: str | None = None,
        at_once: int = 1,
    ) -> None:
        order = {
            "conninfo": conninfo,
            "tenant_id": tenant_id,
            "wanted": msgspec.to_builtins(wanted),
            "keys": keys,
            "at_once": at_once,
        }
        self._child = subprocess.Popen(
            [sys.executable, "-m", "tests.races.processes", json.dumps(order)],
            cwd=ROOT,
            env={**os.environ, "LASTSEAT_FAULT": fault},
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._child.poll() is None:
            self._child.kill()
        self._child.communicate()

    def wait_until_stopped(self) -> None:
        """Until SIGSTOP has reached it."""
        stat = Path(f"/proc/{self._child.pid}/stat")
        until(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T")

    def go_on(self) -> None:
        """Let it run again."""
        self._child.send_signal(signal.SIGCONT)

    def answers(self) -> dict[int, lastseat.AnyOutcome]:
        """By its place in the order, what each booking came to before the child's end."""
        text, _ = self._child.communicate(timeout=60)
        lines = [line.partition(" ") for line in text.splitlines()]
        return {int(number): decode(outcome) for number, _, outcome in lines}

    def outcomes(self) -> list[lastseat.AnyOutcome]:
        """What every booking came to; the child must have ended well."""
        answers = self.answers()
        assert self._child.returncode == 0
        return [answers[i] for i in sorted(answers)]

    @property
    def killed(self) -> bool:
        """Whether it has ended by SIGKILL."""
        return self._child.returncode == -signal.SIGKILL


async def _book(order: dict[str, object]) -> None:
    wanted = msgspec.convert(order["wanted"], list[tuple[What, str]])
    turn = asyncio.Semaphore(msgspec.convert(order["at_once"], int))

    async def book(i: int, what: What, actor: str) -> None:
        async with turn:
            key = f"{order['keys']}-{i}" if order["keys"] else None
            outcome = await tenant.book(what, actor=actor, key=key)
        # One write: a line is there whole or not at all.
        os.write(1, f"{i} {encode(outcome)}\n".encode())

    async with lastseat.open_async(str(order["conninfo"]), migrate=False) as engine:
        tenant = engine.tenant(str(order["tenant_id"]))
        await asyncio.gather(*(book(i, what, actor) for i, (what, actor) in enumerate(wanted)))


if __name__ == "__main__":
    asyncio.run(_book(json.loads(sys.argv[1])))
