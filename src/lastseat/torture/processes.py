"""The run's own processes: started apart from the terminal, told by stdin, gone with it.

An engine that ends is started again, however it ended, on the same socket or port.
"""

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from lastseat.torture.doors import Address
from lastseat.torture.worker import Asked

START_SECONDS = 60.0
"""How long a process may take to come up."""


class Child:
    """A process that runs one of our modules and reads its orders from stdin."""

    def __init__(self, module: str, log: Path) -> None:
        self._module = module
        self._log = log
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, order: Any, *, descriptors: tuple[int, ...] = ()) -> None:
        """Start it and give it its first order."""
        await self.spawn(descriptors)
        await self.tell(order)

    async def spawn(self, descriptors: tuple[int, ...] = ()) -> None:
        """Start it; it waits for an order."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                "-m",
                f"lastseat.torture.{self._module}",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                pass_fds=descriptors,
                # Ctrl-C is for us alone, and we end it.
                start_new_session=True,
            )

    async def tell(self, order: Any) -> None:
        """Write an order. One that is gone does not hear it."""
        stdin = self.process.stdin
        assert stdin is not None
        stdin.write(msgspec.json.encode(order) + b"\n")
        try:
            await stdin.drain()
        except ConnectionError:
            return

    async def heard(self) -> bytes:
        """The next line it says; nothing at its end."""
        assert self.process.stdout is not None
        return await self.process.stdout.readline()

    @property
    def process(self) -> asyncio.subprocess.Process:
        """The process, once it is started."""
        assert self._process is not None
        return self._process

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if it is still there to hear it."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)

    async def end(self) -> None:
        """Kill it and wait for its end."""
        if self._process is not None:
            self.signal(signal.SIGKILL)
            await self._process.wait()


class Engine:
    """One engine: a worker that is replaced whenever it ends, on the same socket or port.

    The next worker is loaded already when it is needed: loading takes longer than starting.
    """

    def __init__(self, name: str, conninfo: str, home: Path, *, library: bool) -> None:
        self.name = name
        self._conninfo = conninfo
        self._log = home / f"{name}.log"
        self._child = self._spare = Child("worker", self._log)
        self._path = str(home / f"{name}.sock") if library else None
        self.port: int | None = None
        """The port that it serves, if it is an HTTP service."""
        self._reserved: socket.socket | None = None
        if not library:
            # Bound for as long as we live, and never listened to: nobody else can have the port.
            self._reserved = socket.socket()
            self._reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._reserved.bind(("127.0.0.1", 0))
            self.port = int(self._reserved.getsockname()[1])
        self._kept: asyncio.Task[None] | None = None
        self._ending = False
        self.ready = asyncio.Event()
        self.fault = ""
        """LASTSEAT_FAULT of the next start, and of that one alone."""
        self.running = ""
        """The same of the process that runs."""
        self.died: Callable[[Engine], None] = lambda _: None
        """Called when it ended without having been told to."""

    def address(self, port: int | None) -> Address:
        """Where clients find it: `port` is the wire's."""
        return Address(self.name, self._path, port, self.port)

    async def start(self) -> None:
        """Start it, and see to it that it runs from now on."""
        await self._spare.spawn()
        self._kept = asyncio.create_task(self._keep())
        await asyncio.wait_for(self.ready.wait(), START_SECONDS)

    def kill(self) -> None:
        """Kill -9. It comes back by itself."""
        self._child.signal(signal.SIGKILL)

    def stop(self) -> None:
        """SIGSTOP."""
        self._child.signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """SIGCONT."""
        self._child.signal(signal.SIGCONT)

    async def end(self) -> None:
        """For good."""
        self._ending = True
        if self._kept is not None:
            self._kept.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._kept
        for child in (self._child, self._spare):
            await child.end()
        if self._reserved is not None:
            self._reserved.close()

    async def _keep(self) -> None:
        while True:
            self._child = self._spare
            self.running, self.fault = self.fault, ""
            asked = Asked(self._conninfo, self._path, self.port, self.running)
            await self._child.tell(asked)
            self._spare = Child("worker", self._log)
            if await self._child.heard():
                self.ready.set()
            await self._spare.spawn()
            await self._child.process.wait()
            self.ready.clear()
            if self._ending:
                return
            self.died(self)
