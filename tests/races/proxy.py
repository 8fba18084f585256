"""A wire between engine and database that reads along, and breaks at a COMMIT when it is told to.

It speaks just enough of PostgreSQL's protocol to tell one message from the next and to know which
of them executes COMMIT. It lives in the event loop of its test, on a Unix socket of its own.
"""

import asyncio
import contextlib
import struct
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from enum import Enum, auto
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo


class Break(Enum):
    """What becomes of a COMMIT on its way."""

    ANSWER_LOST = auto()
    """It is passed on and takes effect; the client is cut off before it hears of it."""
    COMMIT_LOST = auto()
    """Both sides are cut off before it is passed on."""
    COMMIT_LATE = auto()
    """The client is cut off; the database gets the COMMIT when `deliver` is called."""


class Proxy:
    """Connections to one server; `break_next` arms it for one COMMIT."""

    def __init__(self, conninfo: str, directory: Path) -> None:
        params = conninfo_to_dict(conninfo)
        self._server = f"{params['host']}/.s.PGSQL.{params['port']}"
        self._path = directory / f".s.PGSQL.{params['port']}"
        self.conninfo = make_conninfo(conninfo, host=str(directory))
        self._listener: asyncio.Server | None = None
        self._armed: Break | None = None
        self._late = asyncio.Event()
        self.broken = asyncio.Event()
        """Set when the armed COMMIT has met its fate."""
        self.delivered = asyncio.Event()
        """Set when the database has answered a late COMMIT."""
        self._tasks: set[asyncio.Task[None]] = set()

    def break_next(self, how: Break) -> None:
        """Do this to the next COMMIT of any connection."""
        self._armed = how
        self._late.clear()
        self.broken.clear()
        self.delivered.clear()

    def deliver(self) -> None:
        """Let a late COMMIT arrive."""
        self._late.set()

    def hang_up(self) -> None:
        """Take no more connections."""
        assert self._listener is not None
        self._listener.close()
        self._path.unlink()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Take connections for the length of the block."""
        self._path.unlink(missing_ok=True)
        self._listener = await asyncio.start_unix_server(self._connected, self._path)
        yield
        self._listener.close()
        tasks = [*self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _connected(
        self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        from_server, to_server = await asyncio.open_unix_connection(self._server)
        answers = asyncio.create_task(_copy(from_server, to_client))
        try:
            await self._forward(from_client, to_client, from_server, to_server, answers)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # Somebody hung up.
        finally:
            answers.cancel()
            for end in (to_client, to_server):
                end.close()
            self._tasks.discard(task)

    async def _forward(
        self,
        from_client: asyncio.StreamReader,
        to_client: asyncio.StreamWriter,
        from_server: asyncio.StreamReader,
        to_server: asyncio.StreamWriter,
        answers: "asyncio.Task[None]",
    ) -> None:
        to_server.write(await _startup(from_client))
        prepared: dict[bytes, bytes] = {}
        while True:
            message = await _message(from_client)
            # Always looked at: what is armed now may execute what was prepared before.
            if not _commits(message, prepared) or self._armed is None:
                to_server.write(message)
                continue
            how, self._armed = self._armed, None
            rest = message + await _until_sync(from_client)
            await to_server.drain()
            if how is Break.COMMIT_LOST:
                self.broken.set()
                return
            # From here on the client hears nothing more.
            answers.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await answers
            if how is Break.COMMIT_LATE:
                to_client.close()
                self.broken.set()
                await self._late.wait()
            to_server.write(rest)
            await _committed(from_server)
            self.broken.set()
            self.delivered.set()
            return


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while chunk := await source.read(65536):
            sink.write(chunk)
    sink.close()


async def _startup(client: asyncio.StreamReader) -> bytes:
    """The first message has no type, only its length."""
    head = await client.readexactly(4)
    (length,) = struct.unpack("!I", head)
    return head + await client.readexactly(length - 4)


async def _message(source: asyncio.StreamReader) -> bytes:
    head = await source.readexactly(5)
    (length,) = struct.unpack("!I", head[1:])
    return head + await source.readexactly(length - 4)


async def _until_sync(client: asyncio.StreamReader) -> bytes:
    """The rest of a pipeline, with the Sync that has it all answered."""
    rest = b""
    while not rest.endswith(b"S\x00\x00\x00\x04"):
        rest += await _message(client)
    return rest


def _commits(message: bytes, prepared: dict[bytes, bytes]) -> bool:
    """Whether a message has COMMIT executed; remembers what was prepared under which name."""
    kind, body = message[:1], message[5:]
    match kind:
        case b"Q":
            return body.startswith(b"COMMIT")
        case b"P":
            name, query, _ = body.split(b"\0", 2)
            prepared[name] = query
        case b"B":
            _, name, _ = body.split(b"\0", 2)
            return prepared.get(name, b"").startswith(b"COMMIT")
        case _:
            pass
    return False


async def _committed(server: asyncio.StreamReader) -> None:
    """Read on until the server says that the COMMIT is done."""
    seen = b""
    while b"C\x00\x00\x00\x0bCOMMIT\x00" not in seen:
        chunk = await server.read(65536)
        if not chunk:
            raise ConnectionError("the server left instead of committing")
        seen += chunk


@contextlib.contextmanager
def proxy_directory() -> Iterator[Path]:
    """A directory with a name short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="lsp") as directory:
        yield Path(directory)
