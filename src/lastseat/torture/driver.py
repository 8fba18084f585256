"""A driver process: some of the clients, until it is told to end; then it settles what is open.

On stdin: what to do, then `end`. On stdout: its counts as JSON, twice a second; the last line says
how many outcomes stayed open.
"""

import asyncio
import contextlib
import sys
from pathlib import Path

import msgspec
import uvloop
from msgspec import Struct

from lastseat.torture.clients import Client, Crowd
from lastseat.torture.doors import Address, Down
from lastseat.torture.plan import intents
from lastseat.torture.recorder import Recorder

SETTLE_SECONDS = 60.0
"""How long open outcomes are asked for at the end."""

FINISH_SECONDS = 30.0
"""How long what is under way at the end may take."""


class Order(Struct, frozen=True):
    """What a driver is told. Its operations are numbered `first`, `first + step`, ..."""

    seed: int
    clients: list[int]
    first: int
    step: int
    history: str
    engines: list[Address]
    keys: dict[str, str]
    principals: dict[str, str]
    sending: list[str]
    rate: float = 0.0
    """Operations a second of one client, at most; 0: no bound."""


class Count(Struct):
    """How far a driver is."""

    counts: dict[str, int]
    ended: bool = False
    unresolved: int = 0


def say(count: Count) -> None:
    """Tell the run."""
    sys.stdout.buffer.write(msgspec.json.encode(count) + b"\n")
    sys.stdout.buffer.flush()


async def work(client: Client, order: Order, end: asyncio.Event) -> None:
    """One client's day."""
    pause = 1 / order.rate if order.rate else 0.0
    loop = asyncio.get_running_loop()
    due = loop.time()
    for intent in intents(order.seed, client.number, order.sending):
        if end.is_set():
            break
        try:
            await client.follow(intent)
        except Down:
            await asyncio.sleep(0.05)
        due = max(due + pause, loop.time() - 1)
        if due > loop.time():
            await asyncio.sleep(due - loop.time())
    await client.end()


async def drive(order: Order, said: asyncio.StreamReader) -> None:
    """Let the clients work until `end`, then settle."""
    end = asyncio.Event()

    async def listen() -> None:
        await said.readline()
        end.set()

    async def tell(crowd: Crowd) -> None:
        while True:
            await asyncio.sleep(0.5)
            say(Count(dict(crowd.counts)))

    with Recorder(Path(order.history), first=order.first, step=order.step) as recorder:
        crowd = Crowd(order.engines, order.keys, order.principals, recorder)
        listening = asyncio.create_task(listen())
        telling = asyncio.create_task(tell(crowd))
        clients = [Client(number, crowd) for number in order.clients]
        working = [asyncio.create_task(work(client, order, end)) for client in clients]
        waiting = asyncio.create_task(end.wait())
        await asyncio.wait([waiting, *working], return_when=asyncio.FIRST_COMPLETED)
        for task in working:
            if task.done():
                task.result()
        _, late = await asyncio.wait(working, timeout=FINISH_SECONDS)
        for task in late:
            task.cancel()
        for task in working:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        unresolved = await crowd.resolve(SETTLE_SECONDS)
        telling.cancel()
        listening.cancel()
    say(Count(dict(crowd.counts), ended=True, unresolved=unresolved))


async def _main() -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=1 << 20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    order = msgspec.json.decode(await reader.readline(), type=Order)
    await drive(order, reader)


def main() -> None:
    """Drive what the first line of stdin says."""
    uvloop.run(_main())


if __name__ == "__main__":
    main()
