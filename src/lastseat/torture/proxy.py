"""The wires: between each engine and PostgreSQL, and between clients and each HTTP engine.

A process of its own. Each direction of a wire can be cut separately: what is sent goes nowhere, for
a while, then both ends are hung up on. And a COMMIT can be made late: the engine is hung up on at
once, and PostgreSQL gets what it had sent only then.

On stdin, a JSON line each: the `Order`s. The first line is the list of `Wire`s.
"""

import asyncio
import contextlib
import re
import socket
import sys
from collections.abc import Coroutine, Sequence
from typing import Any

import msgspec
from msgspec import Struct

CHUNK = 1 << 16

_NAMED = re.compile(rb"P....([^\0]{1,60})\0COMMIT", re.DOTALL)
_WRITES = re.compile(
    rb"P....([^\0]{1,60})\0(?:WITH journal_rows|INSERT INTO lastseat\.keys)", re.DOTALL
)

STRIKES = 3
"""How many COMMITs of one wire are late in a row: after a loss the next may be lost, too."""


class Wire(Struct, frozen=True):
    """A listening socket's descriptor, and where its connections go: a path, or a port here."""

    name: str
    descriptor: int
    path: str | None = None
    port: int | None = None


class Order(Struct, frozen=True):
    """What to do to a wire: `cut_requests`, `cut_answers`, `reset`; `late` to its next COMMIT."""

    wire: str
    do: str
    seconds: float = 0.0


class Connection:
    """One connection through a wire."""

    def __init__(
        self,
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        server: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        self.client, self.to_client = client
        self.server, self.to_server = server
        self.commits: set[bytes] = set()
        """The names under which this connection has prepared COMMIT."""
        self.writes: set[bytes] = set()
        """The same for what writes."""

    def hang_up(self) -> None:
        """On both ends, without a word."""
        for writer in (self.to_client, self.to_server):
            writer.transport.abort()

    def commits_in(self, chunk: bytes) -> bool:
        """Whether a chunk writes and has COMMIT executed: most COMMITs only give locks back.

        What is cut in two by the chunk's end is missed.
        """
        self.commits.update(_NAMED.findall(chunk))
        self.writes.update(_WRITES.findall(chunk))
        return all(
            any(b"\0%b\0" % name in chunk for name in names)
            for names in (self.commits, self.writes)
        )


class Relay:
    """One wire, with all its connections."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.connections: set[Connection] = set()
        self.swallowed: set[str] = set()
        """The directions that are cut: `requests`, `answers`."""
        self.late: list[float] = []
        """For how many seconds each of the next COMMITs is kept back."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def listen(self) -> None:
        """Take connections from now on."""
        listening = socket.socket(fileno=self.wire.descriptor)
        if listening.family == socket.AF_UNIX:
            self._server = await asyncio.start_unix_server(self._connected, sock=listening)
        else:
            self._server = await asyncio.start_server(self._connected, sock=listening)

    async def close(self) -> None:
        """Hang up, and take no more connections."""
        if self._server is not None:
            self._server.close()
        self.obey(Order(self.wire.name, "reset"))
        # The ends are heard of in their own tasks.
        while self.connections:  # noqa: ASYNC110 - a moment, once
            await asyncio.sleep(0.001)

    def obey(self, order: Order) -> None:
        """Do what is asked for."""
        match order.do:
            case "cut_requests" | "cut_answers":
                self._later(self._cut(order.do.removeprefix("cut_"), order.seconds))
            case "late":
                self.late = [order.seconds] * STRIKES
            case "reset":
                self.late = []
                for connection in self.connections:
                    connection.hang_up()
            case _:
                raise ValueError(f"{order.do!r} is nothing a wire can do")

    async def _cut(self, direction: str, seconds: float) -> None:
        self.swallowed.add(direction)
        await asyncio.sleep(seconds)
        # Hung up on before anything passes again: a stream has no holes.
        for connection in [*self.connections]:
            connection.hang_up()
        self.swallowed.discard(direction)

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self.wire.path is not None:
                server = await asyncio.open_unix_connection(self.wire.path)
            else:
                server = await asyncio.open_connection("127.0.0.1", self.wire.port)
        except OSError:
            # Nobody is there: the same as a refusal, since nothing was read.
            writer.transport.abort()
            return
        connection = Connection((reader, writer), server)
        self.connections.add(connection)
        answers = asyncio.create_task(self._answers(connection))
        try:
            await self._requests(connection)
        except (OSError, RuntimeError):
            pass  # One of the ends is gone (uvloop raises either), which the other is to hear.
        finally:
            for end in (connection.to_client, connection.to_server):
                with contextlib.suppress(OSError, RuntimeError):
                    end.close()
            answers.cancel()
            self.connections.discard(connection)

    async def _requests(self, connection: Connection) -> None:
        while chunk := await connection.client.read(CHUNK):
            commits = self.wire.path is not None and connection.commits_in(chunk)
            if "requests" in self.swallowed:
                continue
            if commits and self.late:
                late = self.late.pop()
                connection.to_client.transport.abort()
                await asyncio.sleep(late)
                connection.to_server.write(chunk)
                await connection.to_server.drain()
                # Until it has been dealt with; the end of the connection would be no cancel.
                await asyncio.sleep(late)
                return
            connection.to_server.write(chunk)
            await connection.to_server.drain()

    async def _answers(self, connection: Connection) -> None:
        with contextlib.suppress(OSError, RuntimeError):
            while chunk := await connection.server.read(CHUNK):
                if "answers" in self.swallowed:
                    continue
                connection.to_client.write(chunk)
                await connection.to_client.drain()
        with contextlib.suppress(OSError, RuntimeError):
            if connection.to_client.can_write_eof() and not connection.to_client.is_closing():
                connection.to_client.close()


async def relay(wires: Sequence[Wire], orders: asyncio.StreamReader) -> None:
    """Be the wires until the orders end."""
    relays = {wire.name: Relay(wire) for wire in wires}
    for found in relays.values():
        await found.listen()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while line := await orders.readline():
        order = msgspec.json.decode(line, type=Order)
        relays[order.wire].obey(order)


async def _main() -> None:
    loop = asyncio.get_running_loop()
    orders = asyncio.StreamReader(limit=1 << 20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    wires = msgspec.json.decode(await orders.readline(), type=list[Wire])
    await relay(wires, orders)


def main() -> None:
    """Be the wires that the first line of stdin names."""
    import uvloop

    uvloop.run(_main())


if __name__ == "__main__":
    main()
