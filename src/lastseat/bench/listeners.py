"""Many clients of live updates in one process: raw sockets, so that it is not they who are slow.

Each message's time of arrival is taken by the clock that all processes of the machine share. Some
clients go away at once and come back at the end with the id they had.
"""

import asyncio
import contextlib
import resource
import time
from array import array
from multiprocessing.connection import Connection

from msgspec import Struct

DRAIN_SECONDS = 10.0
"""How long the last messages may be on their way."""

_ID, _POS, _BOOKING = b"\nid: ", b'"pos":', b'"booking_id":"'
_UUID = 36


class Crowd(Struct, frozen=True):
    """Who listens: `returning` of them only come back for what they missed."""

    host: str
    port: int
    path: str
    clients: int
    returning: int


class Heard(Struct, frozen=True):
    """What was heard: for each arrival which booking, by its place in `bookings`, and when.

    `missed` and `repeated` count what clients should have heard once, the returning among them.
    """

    bookings: list[str]
    which: bytes
    when: bytes
    missed: int
    repeated: int
    resets: int
    cpu_s: float


class Listener(asyncio.Protocol):
    """One client."""

    def __init__(self, crowd: "Listening", after: bytes = b"") -> None:
        self._crowd = crowd
        self._after = after
        self._rest = b""
        self.last_id = after
        self.heard = bytearray()
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Ask."""
        self.transport = transport
        crowd = self._crowd.crowd
        asking = f"GET {crowd.path} HTTP/1.1\r\nHost: {crowd.host}\r\n".encode()
        if self._after:
            asking += b"Last-Event-ID: " + self._after + b"\r\n"
        transport.write(asking + b"\r\n")

    def data_received(self, data: bytes) -> None:
        """Note each message that is complete."""
        now = time.monotonic()
        *blocks, self._rest = (self._rest + data).split(b"\n\n")
        for block in blocks:
            start = block.find(_ID)
            if start >= 0:
                start += len(_ID)
                self.last_id = block[start : block.index(b"\n", start)]
            booking = block.find(_BOOKING)
            if booking >= 0:
                booking += len(_BOOKING)
                self._note(block[booking : booking + _UUID], now)
            elif b"event: reset" in block:
                self._crowd.resets += 1
            if not self.ready.done():
                self.ready.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        """The server let us go, or we left."""
        if not self.ready.done():
            self.ready.set_exception(error or ConnectionError("the server hung up"))

    def _note(self, booking: bytes, now: float) -> None:
        which = self._crowd.number(booking)
        if which >= len(self.heard):
            self.heard.extend(bytes(which + 1 - len(self.heard)))
        self.heard[which] += 1
        self._crowd.which.append(which)
        self._crowd.when.append(now)

    def itself(self) -> "Listener":
        """What a connection is made with."""
        return self

    def leave(self) -> None:
        """Go away."""
        if self.transport is not None:
            self.transport.close()


class Listening:
    """All clients and what they heard."""

    def __init__(self, crowd: Crowd) -> None:
        self.crowd = crowd
        self.which = array("I")
        self.when = array("d")
        self.resets = 0
        self._numbers: dict[bytes, int] = {}

    def number(self, booking: bytes) -> int:
        """Which booking this is."""
        return self._numbers.setdefault(booking, len(self._numbers))

    async def listen(self, pipe: Connection) -> Heard:
        """From the first connection to the last message."""
        crowd = self.crowd
        staying = await self._connected([b""] * crowd.clients)
        leaving = await self._connected([b""] * crowd.returning)
        for one in leaving:
            one.leave()
        pipe.send("listening")
        # The parent sends how many bookings it has made.
        many = await asyncio.to_thread(pipe.recv)
        await self._until(staying, many)
        arrivals = len(self.which)
        back = await self._connected([one.last_id for one in leaving])
        await self._until(back, many)
        everybody = [*staying, *back]
        counts = [one.heard.ljust(many, b"\0") for one in everybody]
        used = resource.getrusage(resource.RUSAGE_SELF)
        for one in everybody:
            one.leave()
        return Heard(
            bookings=[booking.decode() for booking in self._numbers],
            which=self.which[:arrivals].tobytes(),
            when=self.when[:arrivals].tobytes(),
            missed=sum(x.count(0) for x in counts),
            repeated=sum(sum(x) - (len(x) - x.count(0)) for x in counts),
            resets=self.resets,
            cpu_s=round(used.ru_utime + used.ru_stime, 1),
        )

    async def _connected(self, after: list[bytes]) -> list[Listener]:
        """Clients who have had their first message, made a few at a time."""
        loop = asyncio.get_running_loop()
        made: list[Listener] = []
        for start in range(0, len(after), 50):
            batch = [Listener(self, x) for x in after[start : start + 50]]
            for one in batch:
                await loop.create_connection(one.itself, self.crowd.host, self.crowd.port)
            await asyncio.gather(*(one.ready for one in batch))
            made += batch
        return made

    async def _until(self, listeners: list[Listener], many: int) -> None:
        """Until all have heard so much, or it takes too long."""
        deadline = time.monotonic() + DRAIN_SECONDS
        while time.monotonic() < deadline:
            if all(sum(one.heard) >= many for one in listeners):
                return
            await asyncio.sleep(0.1)


def listen(crowd: Crowd, pipe: Connection) -> None:
    """The whole process."""
    import uvloop

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        pipe.send(runner.run(Listening(crowd).listen(pipe)))
