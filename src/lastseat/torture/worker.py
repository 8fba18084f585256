"""An engine process: the library behind a Unix socket that speaks JSON lines, or the HTTP service.

It ends when its stdin does, so that nothing outlives the run. A worker of the library also runs
callers' own transactions: `execute_in` on a connection of its own, committed or rolled back.

    {"n": 1, "command": {...}}                      -> {"n": 1, "outcome": {...}, "replayed": false}
    {"n": 2, "commands": [...], "commit": true}     -> {"n": 2, "outcomes": [...]}
    what was raised                                 -> {"n": 3, "error": "OutcomeUnknown: ..."}
"""

import asyncio
import contextlib
import importlib
import os
import signal
import sys
import threading
from typing import Any

import msgspec
import psycopg
import uvloop
from msgspec import Raw, Struct

import lastseat
from lastseat.core.outcomes import AnyOutcome
from lastseat.engine import faults
from lastseat.feed.relay import Relay
from lastseat.http.server import listen, serve
from lastseat.http.settings import ServeSettings
from lastseat.library.asynchronous.engine import AsyncEngine
from lastseat.torture.wording import Order, command_of

PLANT = "LASTSEAT_TORTURE_PLANT"
"""`module:function`: called before the engine is opened. Tests plant bugs with it."""

ROLLED_BACK = "rolled back"
NOTED = "INSERT INTO public.torture_callers (op) VALUES (%s)"


class Asked(Struct, frozen=True):
    """What the process is told on the first line of its stdin.

    `socket` is the path of a library's, `port` that of an HTTP service. `fault` is LASTSEAT_FAULT.
    """

    conninfo: str
    socket: str | None = None
    port: int | None = None
    fault: str = ""


class Message(Struct, frozen=True):
    """A request. `op` is the first operation of a transaction: the caller's own row."""

    n: int
    command: Order | None = None
    commands: tuple[Order, ...] = ()
    commit: bool = True
    op: int = 0


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Message).decode


async def answer(engine: AsyncEngine, message: Message) -> dict[str, Any]:
    """Run what is asked for; what was raised is an answer, too."""
    try:
        if message.command is not None:
            found = await engine.execute(command_of(message.command))
            return {
                "n": message.n,
                "outcome": Raw(_encode(found.outcome)),
                "replayed": found.replayed,
            }
        outcomes = await transaction(engine.conninfo, message)
        return {"n": message.n, "outcomes": [Raw(_encode(outcome)) for outcome in outcomes]}
    except Exception as error:  # noqa: BLE001 - whatever it is, the client has to hear of it
        return {"n": message.n, "error": f"{type(error).__name__}: {error}"}


class RolledBack(Exception):
    """The caller's transaction was rolled back: by intent, or because nothing else was possible."""


class CommitUnknown(Exception):
    """The connection broke during the caller's COMMIT."""


async def transaction(conninfo: str, message: Message) -> list[AnyOutcome]:
    """The commands beside a row of the caller's own, in one transaction of the caller's.

    Raises `RolledBack` when nothing was done, `CommitUnknown` when that is not known.
    """
    try:
        connection = await psycopg.AsyncConnection.connect(conninfo, connect_timeout=5)
    except psycopg.OperationalError as error:
        raise RolledBack(f"no connection: {error}") from error
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(connection.close)
        try:
            await connection.execute(NOTED, [message.op])
            outcomes = await lastseat.execute_in(
                connection, [command_of(order) for order in message.commands]
            )
        except (lastseat.LastseatError, psycopg.Error) as error:
            raise RolledBack(f"{type(error).__name__}: {error}") from error
        if not message.commit:
            raise RolledBack(ROLLED_BACK)
        try:
            await connection.commit()
        except psycopg.errors.Error as error:
            if connection.broken or connection.closed:
                raise CommitUnknown(str(error)) from error
            raise RolledBack(f"{type(error).__name__}: {error}") from error
    return outcomes


async def serve_library(asked: Asked) -> None:
    """Answer on the socket until stdin ends."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    threading.Thread(
        target=lambda: (sys.stdin.read(), loop.call_soon_threadsafe(ended.set)), daemon=True
    ).start()
    async with lastseat.open_async(asked.conninfo, migrate=False) as engine:
        # As each `lastseat serve` does: whoever is not stopped or dead feeds what all have written.
        tasks = {asyncio.create_task(Relay(asked.conninfo).run())}

        async def one(line: bytes, writer: asyncio.StreamWriter) -> None:
            writer.write(_encode(await answer(engine, _decode(line))) + b"\n")

        async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(ConnectionError):
                while line := await reader.readline():
                    task = asyncio.create_task(one(line, writer))
                    tasks.add(task)
                    task.add_done_callback(tasks.discard)
            writer.close()

        server = await asyncio.start_unix_server(client, asked.socket, limit=1 << 20)
        print("ready", flush=True)
        await ended.wait()
        server.close()
        os._exit(0)


def serve_http(asked: Asked) -> None:
    """What `lastseat serve` runs, on an open port."""
    assert asked.port is not None
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    with listen("127.0.0.1", asked.port) as listening:
        print("ready", flush=True)
        serve(ServeSettings(url=asked.conninfo, jobs=True), listening)


def _end_with_stdin() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Be the engine that the first line of stdin describes."""
    line = sys.stdin.readline()
    if not line:
        return
    asked = msgspec.json.decode(line, type=Asked)
    faults.arm(asked.fault)
    planted = os.environ.get(PLANT)
    if planted:
        module, _, function = planted.partition(":")
        getattr(importlib.import_module(module), function)()
    if asked.socket is None:
        serve_http(asked)
        return
    uvloop.run(serve_library(asked))


if __name__ == "__main__":
    main()
