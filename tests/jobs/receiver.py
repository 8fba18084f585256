"""A receiver of webhooks as somebody might run one: a small server that answers as it is told."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from standardwebhooks import Webhook

OK = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"


def status(code: int, *headers: str) -> bytes:
    """An answer without a body."""
    head = [f"HTTP/1.1 {code} Said", "Content-Length: 0", "Connection: close", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n"


class Message(NamedTuple):
    """What was posted."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def said(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def type(self) -> str:
        return str(self.said["type"])

    @property
    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = self.said["data"]
        return found

    def verified(self, secret: str) -> bool:
        """As a receiver does it: raises if it is not what somebody with the secret sent."""
        return bool(Webhook(secret).verify(self.body, self.headers))


Answer = Callable[[Message], bytes | float]
"""Bytes to answer with; or seconds to say nothing before OK."""


class Receiver:
    """Keeps what it is sent."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.got: list[Message] = []
        self.port = 0
        self._more = asyncio.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def until(self, count: int) -> None:
        """Wait until it got that many."""
        async with asyncio.timeout(10):
            while len(self.got) < count:
                self._more.clear()
                await self._more.wait()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {
                name.lower(): value for name, value in (x.split(": ", 1) for x in head[1:] if x)
            }
            body = await reader.readexactly(int(headers["content-length"]))
            message = Message(head[0].split(" ")[1], headers, body)
            said = self.answer(message)
            self.got.append(message)
            self._more.set()
            if isinstance(said, float):
                await asyncio.sleep(said)
                said = OK
            writer.write(said)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


@asynccontextmanager
async def receiving(answer: Answer = lambda _: OK) -> AsyncIterator[Receiver]:
    """A receiver for the length of the block."""
    receiver = Receiver(answer)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver
