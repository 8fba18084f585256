"""The demonstration's service: `lastseat serve` in a process of its own, and a key to it.

Whoever started the process closes its stdin by going away, however that happens; then it ends, too.
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import msgspec
import psycopg
from msgspec import Struct

from lastseat.access import Role, store
from lastseat.access.store import NewKey
from lastseat.access.terms import KeyTerms
from lastseat.http.server import address_of, listen, prepare, serve
from lastseat.http.settings import PORT, ServeSettings

HOST = "127.0.0.1"
END_SECONDS = 10
"""How long the process may take to end once it is told to."""


class Asked(Struct, frozen=True):
    """What the process is told: the database, and which of its files is the open port."""

    conninfo: str
    port: int


def open_port(port: int | None) -> socket.socket:
    """The port, open; None: the usual one, or any when that is taken. Raises `OSError`."""
    if port is not None:
        return listen(HOST, port)
    try:
        return listen(HOST, PORT)
    except OSError:
        return listen(HOST, 0)


@contextmanager
def serving(conninfo: str, port: socket.socket) -> Iterator[str]:
    """The URL of a service on the database, up for the length of the block. Takes the port."""
    with port:
        url = address_of(port)
        process = subprocess.Popen(
            # -P: the working directory may have any file in it, a typing.py too.
            [sys.executable, "-P", "-m", "lastseat.demo.service"],
            stdin=subprocess.PIPE,
            pass_fds=[port.fileno()],
            # Ctrl-C is for us alone, and we end it.
            process_group=0,
        )
        asked = msgspec.json.encode(Asked(conninfo, port.fileno()))
    assert process.stdin is not None
    try:
        # One that is gone already is met when it does not answer.
        with suppress(BrokenPipeError):
            process.stdin.write(asked + b"\n")
            process.stdin.flush()
        yield url
    finally:
        with suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def first_owner(conninfo: str) -> str | None:
    """Make the database ready to serve; its first owner's key, when nobody had one before."""
    return prepare(ServeSettings(url=conninfo))


def new_tenant(conninfo: str, tenant_id: str) -> str:
    """Make a tenant; the key of its owner."""
    return asyncio.run(_new_tenant(conninfo, tenant_id))


async def _new_tenant(conninfo: str, tenant_id: str) -> str:
    async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as connection:
        await store.create_tenant(connection, tenant_id, name="Demonstration")
        terms = KeyTerms(name="demo", roles=[Role.OWNER])
        made = await store.create_key(connection, tenant_id, terms, created_by="demo")
    if not isinstance(made, NewKey):
        raise TypeError(f"the demonstration's key was refused: {made}")
    return made.text


def main() -> None:
    """Serve what the first line of stdin says, until stdin ends."""
    said = sys.stdin.readline()
    if not said:
        return
    asked = msgspec.json.decode(said, type=Asked)
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    serve(ServeSettings(url=asked.conninfo), socket.socket(fileno=asked.port))


def _end_with_stdin() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
