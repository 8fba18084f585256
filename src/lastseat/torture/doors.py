"""The ways to an engine: a library worker's socket, an HTTP service's port. One try each.

A door is asked for a connection first, so that a request that was never sent is not recorded. After
that, whatever goes wrong leaves unknown what was done.
"""

import asyncio
import time
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from lastseat.torture import wording

TIMEOUT = 5.0
"""Seconds that a client waits for an answer."""

IDLE_SECONDS = 3.0
"""An HTTP connection idle for longer is not used again: the service may be closing it."""

FAR_SIDE = {"unavailable", "too_many_requests"}
"""Problems that are no outcomes, and say that nothing was done."""

SUCCESSES = frozenset(
    {
        "booked", "held", "joined", "confirmed", "released", "cancelled", "extended", "expired",
        "checked_in", "checked_out", "moved", "defined", "capacity_changed",
    }
)  # fmt: skip

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.decode


class Down(Exception):
    """The engine can't be reached now; nothing was sent."""


class Lost(Exception):
    """The connection broke, or nothing came in time."""


class Address(Struct, frozen=True):
    """Where an engine is: `path` of a library's socket, else the `port` of a service.

    `port` is the wire's. `direct` is the service's own: only asked whether it is there.
    """

    name: str
    path: str | None = None
    port: int | None = None
    direct: int | None = None

    @property
    def library(self) -> bool:
        """Whether it is the library."""
        return self.path is not None


class Reply(Struct, frozen=True):
    """What an operation came to, as the history has it."""

    result: str
    outcome: dict[str, Any] | None = None
    replayed: bool = False
    error: str | None = None


class Sending(Struct, frozen=True):
    """An operation on its way."""

    tenant: str
    kind: str
    args: dict[str, Any]
    key: str | None
    command: Any = None


class Door(Protocol):
    """A way to one engine."""

    address: Address

    async def connect(self) -> Any:
        """A connection to send one operation over. Raises `Down`."""

    async def send(self, connection: Any, sending: Sending) -> Reply:
        """Send it and wait for the answer. Raises `Lost`."""


def judged(outcome: dict[str, Any], *, replayed: bool) -> Reply:
    """The reply that an outcome is."""
    ok = outcome["code"] in SUCCESSES
    return Reply("ok" if ok else "fail", outcome, replayed)


def raised(error: str) -> Reply:
    """The reply that an engine's exception is: nothing was done, or nobody knows."""
    name = error.partition(":")[0]
    nothing = {"DatabaseUnavailable", "CommandFailed", "EngineClosed", "RolledBack"}
    return Reply("fail" if name in nothing else "unknown", error=error)


class LibraryDoor:
    """One connection for all of a process's clients; answers come in any order."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._writer: asyncio.StreamWriter | None = None
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._next = 0
        self._opening = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    async def connect(self) -> asyncio.StreamWriter:
        """The connection, opened if there is none."""
        async with self._opening:
            if self._writer is None or self._writer.is_closing():
                try:
                    reader, writer = await asyncio.open_unix_connection(
                        self.address.path, limit=1 << 22
                    )
                except OSError as error:
                    raise Down(str(error)) from error
                self._writer = writer
                self._task = asyncio.create_task(self._listen(reader, writer))
            return self._writer

    async def send(self, connection: asyncio.StreamWriter, sending: Sending) -> Reply:
        """One command through the turnstile."""
        found = await self._exchange(connection, {"command": sending.command})
        if "error" in found:
            return raised(found["error"])
        return judged(found["outcome"], replayed=found["replayed"])

    async def transact(
        self, connection: asyncio.StreamWriter, commands: list[Any], op: int, *, commit: bool
    ) -> list[Reply]:
        """Several commands in a caller's transaction; the reply to each."""
        asked = {"commands": commands, "commit": commit, "op": op}
        found = await self._exchange(connection, asked)
        if "error" in found:
            return [raised(found["error"])] * len(commands)
        return [judged(outcome, replayed=False) for outcome in found["outcomes"]]

    async def _exchange(
        self, writer: asyncio.StreamWriter, asked: dict[str, Any]
    ) -> dict[str, Any]:
        self._next += 1
        number = self._next
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        try:
            if writer.is_closing():
                raise Lost("the worker hung up")
            writer.write(_encode({"n": number, **asked}) + b"\n")
            return await asyncio.wait_for(future, TIMEOUT)
        except TimeoutError as error:
            raise Lost(f"no answer for {TIMEOUT:g} s") from error
        finally:
            del self._waiting[number]

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                found = _decode(line, type=dict[str, Any])
                future = self._waiting.get(found["n"])
                if future is not None and not future.done():
                    future.set_result(found)
        except (OSError, ValueError, msgspec.DecodeError):
            pass  # It was killed in the middle of a line: the same as at the end of one.
        finally:
            writer.close()
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(Lost("the worker is gone"))


class HttpConnection(Struct):
    """One connection kept alive."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    since: float


class HttpDoor:
    """A pool of HTTP/1.1 connections, as small as a client can be."""

    def __init__(self, address: Address, keys: dict[str, str]) -> None:
        self.address = address
        self._keys = keys
        self._idle: list[HttpConnection] = []

    async def connect(self) -> HttpConnection:
        """An idle connection, or a new one."""
        while self._idle:
            found = self._idle.pop()
            if time.monotonic() - found.since < IDLE_SECONDS and not found.reader.at_eof():
                return found
            found.writer.close()
        try:
            # The wire takes connections for a service that is gone, too.
            _, probe = await asyncio.open_connection("127.0.0.1", self.address.direct)
            probe.close()
            reader, writer = await asyncio.wait_for(
                asyncio.open_connection("127.0.0.1", self.address.port, limit=1 << 20), TIMEOUT
            )
        except (OSError, TimeoutError) as error:
            raise Down(str(error)) from error
        return HttpConnection(reader, writer, time.monotonic())

    async def send(self, connection: HttpConnection, sending: Sending) -> Reply:
        """One request with the tenant's key."""
        method, path, body = wording.request_of(sending.kind, sending.args)
        content = b"" if body is None else _encode(body)
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: lastseat\r\n"
            f"Authorization: Bearer {self._keys[sending.tenant]}\r\n"
            f"Content-Length: {len(content)}\r\n"
        )
        if content:
            head += "Content-Type: application/json\r\n"
        if sending.key is not None:
            head += f'Idempotency-Key: "{sending.key}"\r\n'
        try:
            connection.writer.write(head.encode() + b"\r\n" + content)
            status, headers, answer = await asyncio.wait_for(_read(connection.reader), TIMEOUT)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError) as error:
            connection.writer.close()
            raise Lost(f"{type(error).__name__}: {error}") from error
        except asyncio.CancelledError:
            connection.writer.close()
            raise
        connection.since = time.monotonic()
        self._idle.append(connection)
        return _judged(status, headers, answer)


async def _read(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {
        name.lower(): value.strip()
        for name, _, value in (line.partition(":") for line in lines if line)
    }
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return int(first.split(" ", 2)[1]), headers, body


def _judged(status: int, headers: dict[str, str], body: bytes) -> Reply:
    try:
        found = _decode(body, type=dict[str, Any])
    except msgspec.DecodeError:
        return Reply("unknown", error=f"HTTP {status}: {body[:200]!r}")
    if status < 300:  # noqa: PLR2004 - HTTP's successes
        return judged(found, replayed=headers.get("idempotency-replayed") == "true")
    code = str(found.get("code"))
    if status >= 500 and code not in ("overloaded", "clock_behind"):  # noqa: PLR2004
        nothing = code in FAR_SIDE
        words = f"{code}: {found.get('detail')} {found.get('incident', '')}".strip()
        return Reply("fail" if nothing else "unknown", error=words)
    if code in ("unauthorized", "forbidden", "not_found", "too_many_requests"):
        return Reply("fail", error=f"{code}: {found.get('detail')}")
    return judged(wording.outcome_of(found), replayed=headers.get("idempotency-replayed") == "true")
