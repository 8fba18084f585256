"""Web servers to fetch from, on addresses of this machine: what each answers is written out."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

Answer = bytes | Callable[[dict[str, str]], bytes]


class Host:
    """A server that answers each path with bytes, and keeps what it was asked."""

    def __init__(self, paths: dict[str, Answer]) -> None:
        self.paths = paths
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.connections = 0
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            path = head[0].split(" ")[1]
            headers = dict(x.lower().split(": ", 1) for x in head[1:] if ": " in x)
            self.asked.append((path, headers))
            answer = self.paths[path]
            writer.write(answer(headers) if callable(answer) else answer)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


@asynccontextmanager
async def hosting(
    paths: dict[str, Answer], address: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[Host]:
    """A host at that address for the length of the block."""
    host = Host(paths)
    server = await asyncio.start_server(host.serve, address, port)
    host.port = server.sockets[0].getsockname()[1]
    async with server:
        yield host


@contextmanager
def hosted(paths: dict[str, Answer]) -> Iterator[Host]:
    """The same in a thread of its own, for those who wait."""
    host = Host(paths)
    started, ended = threading.Event(), asyncio.Event()

    async def serve() -> None:
        server = await asyncio.start_server(host.serve, "127.0.0.1", 0)
        host.port = server.sockets[0].getsockname()[1]
        async with server:
            started.set()
            await ended.wait()

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert started.wait(10)
    try:
        yield host
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()


def ok(body: bytes, *headers: str) -> bytes:
    """An answer with this body."""
    head = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def moved(to: str) -> bytes:
    """A redirect."""
    return f"HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()
