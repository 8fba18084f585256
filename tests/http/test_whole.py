"""An answer written whole is what one written in two messages would have been, bytes and all."""

import contextlib
import gc
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from litestar import Litestar, Request, Response, get, post

from lastseat.http.addresses import answer_head
from lastseat.http.edge import EDGE, Edge, stand_before
from lastseat.http.problems import Reply
from lastseat.http.server import listen, server_of
from lastseat.http.settings import ServeSettings
from lastseat.http.straight import short_ways
from lastseat.http.whole import Whole

LARGE = 30_000_000


@get("/small")
async def small(request: Request[Any, Any, Any]) -> Response[Any]:
    return Reply(200, b'{"small":true}', [(b"content-type", b"application/json")])


@get("/large")
async def large(request: Request[Any, Any, Any]) -> Response[Any]:
    return Reply(200, b"a" * LARGE, [])


@get("/split")
async def split(request: Request[Any, Any, Any]) -> Response[Any]:
    return Reply(200, b"{}", [(b"x-one", b"a\r\nx-two: b")])


@get("/last")
async def last(request: Request[Any, Any, Any]) -> Response[Any]:
    return Reply(200, b"{}", [(b"connection", b"close")])


@post("/echo")
async def echo(request: Request[Any, Any, Any]) -> Response[Any]:
    message: Any = await request.receive()
    return Reply(200, message["body"], [])


Connect = Callable[[], contextlib.AbstractContextManager[socket.socket]]


@pytest.fixture(scope="module")
def edge() -> Edge:
    return Edge(ServeSettings(url="", drain=0.0, grace=1.0))


@pytest.fixture(scope="module")
def connect(edge: Edge) -> Iterator[Connect]:
    """Opens a connection to the server that we use, with an application of a few bytes."""
    app = Litestar([small, large, split, last, echo], openapi_config=None, opt={EDGE: edge})
    short_ways(app)
    answer_head(app)
    stand_before(app, edge)
    server = server_of(app)
    with listen("127.0.0.1", 0) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        address = listening.getsockname()
        try:
            yield lambda: socket.create_connection(address, timeout=10)
        finally:
            server.should_exit = True
            thread.join(10)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each answer that was offered was written whole."""
    found: list[bool] = []
    inner = Whole.__call__

    def noting(self: Whole, *args: Any) -> bool:
        found.append(inner(self, *args))
        return found[-1]

    monkeypatch.setattr(Whole, "__call__", noting)
    return found


def read(connection: socket.socket) -> tuple[bytes, dict[bytes, bytes], bytes]:
    """The next answer: its first line, its headers, its body."""
    got = b""
    while b"\r\n\r\n" not in got:
        part = connection.recv(1)
        assert part, got
        got += part
    line, *rest = got[:-4].split(b"\r\n")
    headers = dict(x.split(b": ", 1) for x in rest)
    assert len(headers) == len(rest), "a header came twice"
    length = int(headers[b"content-length"])
    body = bytearray()
    while len(body) < length:
        part = connection.recv(min(65_536, length - len(body)))
        assert part, "the connection was ended"
        body += part
    return line, headers, bytes(body)


def ask(path: bytes, more: bytes = b"", version: bytes = b"1.1", method: bytes = b"GET") -> bytes:
    return b"%b %b HTTP/%b\r\nHost: x\r\n%b\r\n" % (method, path, version, more)


def ended(connection: socket.socket) -> bool:
    return connection.recv(1) == b""


def test_it_is_the_answer_that_two_messages_make(
    connect: Connect, written: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    with connect() as connection:
        connection.sendall(ask(b"/small", b"X-Request-ID: mine\r\n"))
        whole = read(connection)
        monkeypatch.setattr(Whole, "__call__", lambda *_: False)
        connection.sendall(ask(b"/small", b"X-Request-ID: mine\r\n"))
        parted = read(connection)
    assert written == [True]
    for _, headers, _ in (whole, parted):
        assert headers.pop(b"date")
    assert whole == parted
    assert whole[0] == b"HTTP/1.1 200 OK"
    assert whole[2] == b'{"small":true}'


def test_requests_sent_together_are_answered_in_order(
    connect: Connect, written: list[bool]
) -> None:
    bodies = [b"one", b"two", b"three"]
    with connect() as connection:
        connection.sendall(
            b"".join(
                ask(b"/echo", b"Content-Length: %d\r\n" % len(x), method=b"POST") + x
                for x in bodies
            )
        )
        assert [read(connection)[2] for _ in bodies] == bodies
    assert written == [True, True, True]


def test_each_is_counted_once(connect: Connect, edge: Edge, written: list[bool]) -> None:
    def answers() -> int:
        return sum(sum(spread.counts) for spread in edge.requests.values())

    before = answers()
    with connect() as connection:
        for _ in range(3):
            connection.sendall(ask(b"/small"))
            read(connection)
        # Each is counted before the next is read.
        assert before + 2 <= answers() <= before + 3
    assert written == [True] * 3


@pytest.mark.parametrize(
    ("path", "more", "version"),
    [
        (b"/small", b"Connection: close\r\n", b"1.1"),
        (b"/small", b"", b"1.0"),
        (b"/last", b"", b"1.1"),
    ],
)
def test_a_connection_that_is_to_end_ends_with_its_answer(
    connect: Connect, written: list[bool], path: bytes, more: bytes, version: bytes
) -> None:
    with connect() as connection:
        connection.sendall(ask(path, more, version))
        _, headers, body = read(connection)
        assert headers[b"connection"] == b"close"
        assert body
        assert ended(connection)
    assert written == [False]


def test_a_service_about_to_stop_gives_its_connections_back(
    connect: Connect, edge: Edge, written: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge, "stopping", True)
    with connect() as connection:
        connection.sendall(ask(b"/small"))
        assert read(connection)[1][b"connection"] == b"close"
        assert ended(connection)
    assert written == []


def test_head_has_the_length_and_no_body(connect: Connect, written: list[bool]) -> None:
    with connect() as connection:
        connection.sendall(ask(b"/small", b"Connection: close\r\n", method=b"HEAD"))
        answer = b""
        while part := connection.recv(65_536):
            answer += part
    assert b"content-length: 14\r\n" in answer
    assert answer.endswith(b"\r\n\r\n")
    assert written == []


def test_a_header_of_two_lines_is_not_sent(
    connect: Connect, written: list[bool], caplog: pytest.LogCaptureFixture
) -> None:
    with connect() as connection:
        connection.sendall(ask(b"/split"))
        # The server ends the connection rather than say it.
        assert ended(connection)
    assert written == [False]
    assert "Invalid HTTP header value" in caplog.text


def test_who_reads_slowly_has_all_of_it_and_what_comes_after(
    connect: Connect, written: list[bool]
) -> None:
    with connect() as connection:
        connection.sendall(ask(b"/large") + ask(b"/small"))
        assert read(connection)[2] == b"a" * LARGE
        assert read(connection)[2] == b'{"small":true}'
    # The second had to wait until the first was on its way.
    assert written == [True, False]


def test_an_answer_leaves_nothing_behind_that_python_has_to_look_for(
    connect: Connect, written: list[bool]
) -> None:
    with connect() as connection:
        gc.collect()
        gc.disable()
        try:
            for _ in range(100):
                connection.sendall(ask(b"/small"))
                read(connection)
            found = gc.collect()
        finally:
            gc.enable()
    assert written == [True] * 100
    assert found < 100
