"""A process of its own that cancels bookings at random moments, and can be killed in the middle."""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import lastseat
from lastseat.core.outcomes import encode

ROOT = Path(__file__).parents[2]

WITHIN = 0.4
"""Seconds over which the cancellations are spread."""


class Leavers:
    """A child that cancels these bookings, each at a moment of its own. `fault`: LASTSEAT_FAULT."""

    def __init__(
        self, conninfo: str, tenant_id: str, bookings: Sequence[str], *, fault: str = ""
    ) -> None:
        order = {"conninfo": conninfo, "tenant_id": tenant_id, "bookings": list(bookings)}
        self._child = subprocess.Popen(
            [sys.executable, "-m", "tests.races.leavers", json.dumps(order)],
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

    def told(self) -> list[str]:
        """What each cancellation came to, up to the child's end."""
        text, _ = self._child.communicate(timeout=60)
        return text.splitlines()

    @property
    def killed(self) -> bool:
        """Whether it has ended by SIGKILL."""
        return self._child.returncode == -signal.SIGKILL


async def _leave(conninfo: str, tenant_id: str, bookings: Sequence[str]) -> None:
    async def leave(booking_id: str) -> None:
        await asyncio.sleep(random.uniform(0, WITHIN))
        outcome = await tenant.cancel(booking_id)
        # One write: a line is there whole or not at all.
        os.write(1, f"{encode(outcome)}\n".encode())

    async with lastseat.open_async(conninfo, migrate=False) as engine:
        tenant = engine.tenant(tenant_id)
        await asyncio.gather(*map(leave, bookings))


if __name__ == "__main__":
    asyncio.run(_leave(**json.loads(sys.argv[1])))
