"""The real application in this process, asked by its ASGI door: bytes in, bytes out.

No client library sits between: what a client could not be made to send (half a surrogate, a header
twice, a path that is no UTF-8) is sent as it is. The application has an event loop of its own in a
thread, so that tests and their fixtures stay plain functions.
"""

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, NamedTuple, TypeVar
from urllib.parse import unquote_to_bytes, urlencode

from litestar import Litestar

T = TypeVar("T")

Header = tuple[str | bytes, str | bytes]
Body = Any
"""Bytes as they are, or anything else to be sent as JSON; None: no body."""


class Answer(NamedTuple):
    """What was answered."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        found = [value for key, value in self.headers if key == name]
        assert len(found) <= 1, found
        return found[0] if found else None

    @property
    def code(self) -> str:
        """The name of the outcome or problem."""
        found = self.json()["code"]
        assert isinstance(found, str)
        return found

    def problem(self, status: int, code: str | None = None, field: str | None = None) -> Any:
        """The members of a problem, after a look whether it is a sound one of this status."""
        assert self.status == status, (self.status, self.body[:500])
        assert self.header("content-type") == "application/problem+json", self.headers
        members = self.json()
        assert members["status"] == status
        assert members["type"] == f"urn:lastseat:problem:{members['code']}"
        assert members["title"], members
        assert members["detail"], members
        assert code is None or members["code"] == code, members
        assert field is None or members.get("field") == field, members
        return members


class Inside:
    """A started application."""

    def __init__(self, app: Litestar) -> None:
        self._app = app
        self.loop = asyncio.new_event_loop()
        self._started: Future[None] = Future()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        self._life = asyncio.run_coroutine_threadsafe(self._live(), self.loop)
        self._started.result(60)

    async def _live(self) -> None:
        # One task from start to end: Litestar's lifespan has to be left by who entered it.
        try:
            async with self._app.lifespan():
                self._started.set_result(None)
                await self._stop.wait()
        except BaseException as error:
            if not self._started.done():
                self._started.set_exception(error)
            raise

    def close(self) -> None:
        """Shut the application down."""
        self.loop.call_soon_threadsafe(self._stop.set)
        self._life.result(60)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    def run(self, coroutine: Coroutine[Any, Any, T], timeout: float = 60) -> T:
        """Run something in the application's loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(timeout)

    def ask(
        self,
        method: str,
        path: str,
        body: Body = None,
        *,
        key: str | None = None,
        query: Mapping[str, Any] | str | bytes = "",
        headers: Sequence[Header] = (),
    ) -> Answer:
        """One request. `path` is percent-encoded, as on the wire."""
        return self.run(self.answer(method, path, body, key=key, query=query, headers=headers))

    async def answer(
        self,
        method: str,
        path: str,
        body: Body = None,
        *,
        key: str | None = None,
        query: Mapping[str, Any] | str | bytes = "",
        headers: Sequence[Header] = (),
    ) -> Answer:
        """The same within the application's loop, for several at once."""
        sent = [(_bytes(name).lower(), _bytes(value)) for name, value in headers]
        content = body if isinstance(body, bytes) else b""
        if body is not None and not isinstance(body, bytes):
            content = json.dumps(body).encode()
        names = {name for name, _ in sent}
        if body is not None and b"content-type" not in names:
            sent.append((b"content-type", b"application/json"))
        if body is not None and b"content-length" not in names:
            sent.append((b"content-length", b"%d" % len(content)))
        if key is not None:
            sent.append((b"authorization", f"Bearer {key}".encode("latin-1")))
        if isinstance(query, Mapping):
            query = urlencode(query, doseq=True)
        return await self.send(method, path, _bytes(query), sent, _once(content))

    async def send(
        self,
        method: str,
        path: str,
        query: bytes,
        headers: list[tuple[bytes, bytes]],
        parts: Iterator[bytes],
    ) -> Answer:
        """One request whose body comes in parts; they are asked for as the application reads."""
        raw = path.encode("latin-1")
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            # As servers do: uvicorn and granian decode what is no UTF-8 in their own ways.
            "path": unquote_to_bytes(raw).decode("utf-8", "replace"),
            "raw_path": raw,
            "query_string": query,
            "root_path": "",
            "headers": [(b"host", b"testserver"), *headers],
            "client": ("127.0.0.1", 50000),
            "server": ("testserver", 80),
            "state": {},
            "extensions": {},
        }
        sent: list[dict[str, Any]] = []
        ended = asyncio.Event()

        async def receive() -> dict[str, Any]:
            part = next(parts, None)
            if part is None:
                # Like a client that waits for its answer.
                await ended.wait()
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": part, "more_body": part != b""}

        async def take(message: Any) -> None:
            sent.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                ended.set()

        await self._app(scope, receive, take)  # type: ignore[arg-type]
        start = sent[0]
        assert start["type"] == "http.response.start"
        return Answer(
            start["status"],
            [(k.decode("latin-1").lower(), v.decode("latin-1")) for k, v in start["headers"]],
            b"".join(x.get("body", b"") for x in sent[1:]),
        )

    def together(self, *asking: Callable[[], Coroutine[Any, Any, Answer]]) -> list[Answer]:
        """Several requests at once."""

        async def all_of_them() -> list[Answer]:
            return await asyncio.gather(*(ask() for ask in asking))

        return self.run(all_of_them())


def _once(content: bytes) -> Iterator[bytes]:
    if content:
        yield content
    yield b""


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1")
