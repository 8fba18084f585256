"""What every answer has: an id, security headers, CORS for configured origins; and the bounds."""

import contextlib
import logging
import socket
import time
from collections.abc import Callable, Iterator

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from tests.http.conftest import Headers, serving
from tests.http.inside import Inside

from lastseat.http.app import make_app
from lastseat.http.settings import ServeSettings, is_origin

Client = TestClient[Litestar]

SHOP = "https://shop.example"
SAFE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
}


@pytest.fixture(scope="module")
def inside(conninfo: str) -> Iterator[Inside]:
    settings = ServeSettings(url=conninfo, auth=False, cors=(SHOP,), hsts=86_400)
    opened = Inside(make_app(settings))
    try:
        yield opened
    finally:
        opened.close()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/healthz", 200),
        ("GET", "/v1/bookings", 401),
        ("GET", "/nowhere", 404),
        ("DELETE", "/v1/bookings", 405),
        ("OPTIONS", "/v1/bookings", 204),
        ("HEAD", "/healthz", 200),
        ("POST", "/v1/bookings", 401),
    ],
)
def test_every_answer_is_safe_and_has_an_id(
    client: Client, method: str, path: str, status: int
) -> None:
    answer = client.request(method, path)
    assert answer.status_code == status
    assert SAFE.items() <= dict(answer.headers).items()
    assert answer.headers["x-request-id"]
    assert "strict-transport-security" not in answer.headers


def test_a_page_says_its_own_policy_once(client: Client) -> None:
    answer = client.get("/docs")
    (policy,) = answer.headers.get_list("content-security-policy")
    assert "default-src 'self'" in policy
    assert answer.headers.get_list("x-content-type-options") == ["nosniff"]


def test_browsers_are_told_to_come_by_tls_where_it_is_configured(inside: Inside) -> None:
    answer = inside.ask("GET", "/healthz")
    assert answer.header("strict-transport-security") == "max-age=86400; includeSubDomains"


def test_a_request_keeps_its_id_if_that_is_one(client: Client) -> None:
    assert (
        client.get("/healthz", headers={"X-Request-ID": "tap-1:a/B"}).headers["x-request-id"]
        == "tap-1:a/B"
    )
    drawn = set()
    for bad in ("", "two words", "x" * 129, 'quo"te', "ümlaut".encode("latin-1")):
        value = bad if isinstance(bad, bytes) else bad.encode()
        answer = client.get("/healthz", headers=[(b"X-Request-ID", value)])
        drawn.add(answer.headers["x-request-id"])
    assert len(drawn) == 5
    assert not drawn & {"", "two words"}


def test_a_bug_tells_the_id_of_its_request(
    client: Client, owner: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(client.app.opt["lastseat"].engine, "read", broken)
    monkeypatch.setattr(logging.getLogger("lastseat.http"), "disabled", True)
    answer = client.get("/v1/keys", headers={**owner, "X-Request-ID": "tap-2"})
    assert answer.status_code == 500
    assert answer.json()["request_id"] == "tap-2"


def test_a_page_of_a_configured_origin_may_call(inside: Inside) -> None:
    asked = [("Origin", SHOP), ("Access-Control-Request-Method", "POST")]
    before = inside.ask("OPTIONS", "/v1/bookings", headers=asked)
    assert before.status == 204
    assert before.header("access-control-allow-origin") == SHOP
    assert "POST" in (before.header("access-control-allow-methods") or "")
    allowed = (before.header("access-control-allow-headers") or "").lower()
    assert {"authorization", "idempotency-key", "content-type"} <= set(allowed.split(", "))
    answer = inside.ask("GET", "/healthz", headers=[("Origin", SHOP)])
    assert answer.header("access-control-allow-origin") == SHOP
    assert answer.header("vary") == "origin"
    assert "ETag" in (answer.header("access-control-expose-headers") or "")
    # What is refused can be read by the page, too.
    refused = inside.ask("GET", "/nowhere", headers=[("Origin", SHOP)])
    assert (refused.status, refused.header("access-control-allow-origin")) == (404, SHOP)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://shop.example.evil"])
def test_a_page_of_another_may_not(inside: Inside, origin: str) -> None:
    asked = [("Origin", origin), ("Access-Control-Request-Method", "POST")]
    for answer in (
        inside.ask("OPTIONS", "/v1/bookings", headers=asked),
        inside.ask("GET", "/healthz", headers=[("Origin", origin)]),
    ):
        assert answer.header("access-control-allow-origin") is None
        assert answer.header("access-control-allow-methods") is None


def test_without_configuration_no_page_may(client: Client) -> None:
    answer = client.get("/healthz", headers={"Origin": SHOP})
    assert "access-control-allow-origin" not in answer.headers
    assert "vary" not in answer.headers


def test_what_is_an_origin() -> None:
    for good in ("https://a.example", "http://localhost:3000"):
        assert is_origin(good)
        assert ServeSettings(url="", cors=(good, "*")).refusal() is None
    for bad in ("a.example", "https://a.example/", "https://A.example", "https://u@a.example",
                "ftp://a.example", "https://a:x", ""):  # fmt: skip
        assert not is_origin(bad)
        assert ServeSettings(url="", cors=(bad,)).refusal() is not None


Connect = Callable[[], contextlib.AbstractContextManager[socket.socket]]


@pytest.fixture(scope="module")
def connect(conninfo: str) -> Iterator[Connect]:
    """Opens a connection to a real server that waits a second for a whole request."""
    with serving("--url", conninfo, "--no-auth", "--no-jobs", LASTSEAT_READING="1") as service:
        port = int(service.url.rpartition(":")[2])
        yield lambda: socket.create_connection(("127.0.0.1", port), timeout=10)


def rest(connection: socket.socket) -> bytes:
    """What comes until the server ends the connection."""
    found = b""
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(65_536):
            found += part
    return found


def ask_politely(connection: socket.socket) -> None:
    """One whole request and its answer, on a connection that goes on."""
    connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    answer = b""
    while not answer.endswith(b'{"status":"up"}'):
        part = connection.recv(65_536)
        assert part, "the connection was ended"
        answer += part


def test_a_request_with_too_large_a_head_is_431(connect: Connect) -> None:
    with connect() as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 70_000 + b"\r\n\r\n")
        answer = rest(connection)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b'"code":"head_too_large"' in answer
    # One that never ends is not read on either.
    with connect() as connection, contextlib.suppress(ConnectionError):
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
        sent = 0
        while sent < 20_000_000:
            sent += connection.send(b"X-More: " + b"a" * 8_000 + b"\r\n")
        raise AssertionError("it reads for ever")


def test_a_large_body_is_no_large_head(connect: Connect) -> None:
    body = b'{"actor": "' + b"a" * 200_000 + b'"}'
    head = b"POST /v1/bookings HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    head += b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    with connect() as connection:
        connection.sendall(head + body)
        assert rest(connection).startswith(b"HTTP/1.1 400 ")


def test_what_is_no_http_is_a_problem_too(connect: Connect) -> None:
    with connect() as connection:
        connection.sendall(b"hello?\r\n\r\n")
        answer = rest(connection)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in answer


def test_who_is_too_slow_is_cut_off_and_who_is_idle_is_not(connect: Connect) -> None:
    with connect() as idle, connect() as mute, connect() as slow:
        ask_politely(idle)
        slow.sendall(b"POST /v1/bookings HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
        began = time.monotonic()
        assert rest(mute) == b""
        rest(slow)
        assert time.monotonic() - began < 6
        ask_politely(idle)
