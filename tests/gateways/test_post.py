"""Posting to what a user names: public addresses alone, bounded, no redirect followed."""

import asyncio
import socket
import time
from typing import Any

import pytest
from tests.gateways.hosts import hosting, moved, ok

from lastseat.gateways import post as posting
from lastseat.gateways.addresses import networks
from lastseat.gateways.post import Bounds, NotPosted, Posted, post, refusal

HERE = Bounds(also=networks("127.0.0.1/32"), seconds=2)
QUICK = Bounds(also=HERE.also, seconds=0.3)


def posted(url: str, bounds: Bounds = HERE) -> Posted | NotPosted:
    return asyncio.run(post(url, b"{}", {"webhook-id": "x"}, bounds))


def test_a_message_arrives_and_its_status_is_told() -> None:
    async def scene() -> None:
        async with hosting({"/hook?a=1": ok(b"fine")}) as host:
            url = f"http://127.0.0.1:{host.port}/hook?a=1"
            assert await post(url, b"{}", {"webhook-id": "m-1"}, HERE) == Posted(200)
            path, headers = host.asked[0]
            assert path == "/hook?a=1"
            assert headers["webhook-id"] == "m-1"
            assert headers["content-type"] == "application/json"
            assert "authorization" not in headers

    asyncio.run(scene())


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    async def scene() -> None:
        async with hosting({"/": ok(b"inside")}, "127.0.0.2") as inside, hosting({}) as host:
            host.paths["/"] = moved(f"http://127.0.0.2:{inside.port}/")
            both = Bounds(also=networks("127.0.0.0/8"), seconds=2)
            # Not even where it may be.
            for bounds in (HERE, both):
                found = await post(f"http://127.0.0.1:{host.port}/", b"{}", {}, bounds)
                assert found == Posted(302)
            assert inside.connections == 0

    asyncio.run(scene())


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "0x7f000001", "2130706433", "127.1"])
def test_this_machine_is_not_posted_to(name: str) -> None:
    async def scene() -> None:
        async with hosting({"/": ok(b"inside")}) as host:
            for scheme in ("http", "https"):
                found = await post(f"{scheme}://{name}:{host.port}/", b"{}", {}, Bounds(seconds=2))
                assert isinstance(found, NotPosted)
            assert host.connections == 0

    asyncio.run(scene())


def test_a_name_that_changes_its_meaning_reaches_nothing_inside(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The number that is connected to is the one that was judged; there is no second look."""
    asked = []

    def resolve(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        number = "127.0.0.1" if len(asked) == 1 else "127.0.0.2"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, port))]

    async def scene() -> None:
        async with (
            hosting({"/": ok(b"inside")}, "127.0.0.2") as inside,
            hosting({"/": ok(b"here")}, "127.0.0.1", inside.port) as host,
        ):
            monkeypatch.setattr(socket, "getaddrinfo", resolve)
            url = f"http://rebinds.example.org:{host.port}/"
            assert await post(url, b"{}", {}, HERE) == Posted(200)
            assert asked == ["rebinds.example.org"]
            assert host.asked[0][1]["host"] == f"rebinds.example.org:{host.port}"
            # Now it means the inside one.
            assert await post(url, b"{}", {}, HERE) == NotPosted("is not at a public address")
            assert inside.connections == 0

    asyncio.run(scene())


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://example.org/",
        "ftp://example.org/",
        "webcal://example.org/",
        "//example.org/",
        "https://",
        "https://user:word@example.org/",
        "https://user@example.org/",
        "https://example.org:99999/",
        "https://example.org:0/",
        "https://example.org:25/",
        "https://example.org:22/",
        "https://127.0.0.1/",
        "https://10.1.2.3/",
        "https://169.254.169.254/latest/",
        "https://100.64.0.1/",
        "https://0.0.0.0/",
        "https://224.0.0.1/",
        "https://[::1]/",
        "https://[fe80::1]/",
        "https://[fd00::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:10.1.2.3]/",
        "https://[64:ff9b::7f00:1]/",
        "https://localhost/",
        "https://LOCALHOST./",
        "https://a.localhost/",
        "https://printer/",
        "https://nas.local/",
        "https://vault.internal/",
        "https://0x7f000001/",
        "https://127.1/",
        "https://2130706433/",
        "https://[::1/",
        "https://exa mple.org\n/",
        "https://exa mple.org/",
        "https://exa$mple.org/",
        "https://" + "a" * 3_000,
        "https://" + "a" * 70 + ".example.org/",
    ],
)
def test_what_can_not_be_posted_to_is_refused_at_once_and_not_repeated(url: str) -> None:
    said = refusal(url)
    assert said
    assert "word" not in said.replace("password", "")
    assert isinstance(posted(url, Bounds(seconds=2)), NotPosted)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/",
        "https://example.org:443/a?b=c",
        "https://example.org:8443/",
        "https://1.1.1.1/",
        "https://[2606:4700::1111]/",
        "https://bücher.example.org/",
    ],
)
def test_control_what_may_be_posted_to(url: str) -> None:
    assert refusal(url) is None


def test_plain_http_is_for_the_operators_networks_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(_: str, port: int, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("1.1.1.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert refusal("http://inner/", HERE.also) is None
    assert posted("http://inner/") == NotPosted("must begin with https://")


Serve = Any


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


async def drips(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    try:
        for _ in range(100):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)
    except ConnectionError:
        return
    finally:
        writer.close()


async def drips_its_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    try:
        for letter in b"HTTP/1.1 200 OK\r\n" * 20:
            writer.write(bytes([letter]))
            await writer.drain()
            await asyncio.sleep(0.05)
    except ConnectionError:
        return
    finally:
        writer.close()


async def closes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")
    await writer.drain()
    writer.close()


async def talks_otherwise(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH\r\n\r\n")
    await writer.drain()
    writer.close()


SILENCE = "does not answer, or not as a web server does"


@pytest.mark.parametrize(
    ("serve", "reason"),
    [
        (silent, "took longer than 0.3 seconds"),
        (drips, "took longer than 0.3 seconds"),
        (drips_its_head, "took longer than 0.3 seconds"),
        (closes, SILENCE),
        (talks_otherwise, SILENCE),
    ],
)
def test_who_does_not_answer_properly_is_given_up_in_time(serve: Serve, reason: str) -> None:
    async def scene() -> None:
        serving = []

        async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            serving.append(asyncio.current_task())
            await serve(reader, writer)

        server = await asyncio.start_server(served, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            since = time.monotonic()
            found = await post(f"http://127.0.0.1:{port}/", b"{}", {}, QUICK)
            assert found == NotPosted(reason)
            assert time.monotonic() - since < 1
        await asyncio.gather(*(x for x in serving if x))

    asyncio.run(scene())


def test_of_a_gigabyte_next_to_nothing_is_read() -> None:
    sent = 0

    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        try:
            while sent < 1_000_000_000:
                writer.write(bytes(65_536))
                sent += 65_536
                await writer.drain()
        except ConnectionError:
            return
        finally:
            writer.close()

    async def scene() -> None:
        server = await asyncio.start_server(pour, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            assert await post(f"http://127.0.0.1:{port}/", b"{}", {}, HERE) == Posted(200)
        assert sent < 20_000_000

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("status", "said", "seconds"),
    [
        (429, "120", 120.0),
        (503, "1.5", 1.5),
        (429, "-5", 0.0),
        (429, "Fri, 31 Dec 1999 23:59:59 GMT", 0.0),
        (429, "soon", None),
        (429, "inf", None),
        (429, "nan", None),
        (500, "120", None),
        (200, "120", None),
    ],
)
def test_how_long_to_stay_away_is_told(status: int, said: str, seconds: float | None) -> None:
    answer = f"HTTP/1.1 {status} X\r\nRetry-After: {said}\r\nContent-Length: 0\r\n\r\n".encode()

    async def scene() -> None:
        async with hosting({"/": answer}) as host:
            found = await post(f"http://127.0.0.1:{host.port}/", b"{}", {}, HERE)
            assert found == Posted(status, seconds)

    asyncio.run(scene())


def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        async with hosting({"/": ok(b"direct")}) as host:
            monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
            monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
            found = await post(f"http://127.0.0.1:{host.port}/", b"{}", {}, HERE)
            assert found == Posted(200)

    asyncio.run(scene())


def test_a_post_has_a_bound_of_its_own() -> None:
    assert (posting.SECONDS, posting.MOST_BYTES) == (15.0, 65_536)


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/",
        "https://10.1.2.3/",
        "https://[::ffff:10.1.2.3]/",
        "https://127.0.0.2/",
        "https://8.8.8.8:22/",
        "http://8.8.8.8/",
        "http://[::1%25eth0]/",
    ],
)
def test_an_operator_s_networks_open_no_others(url: str) -> None:
    assert refusal(url, HERE.also)
    assert isinstance(posted(url), NotPosted)


@pytest.mark.parametrize("url", ["http://name.example.org/", "https://name.example.org:22/"])
def test_a_name_is_held_to_what_it_means(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    public = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", 80))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [public])
    # It may be one of the operator's own, but is not.
    assert refusal(url, HERE.also) is None
    found = posted(url)
    assert isinstance(found, NotPosted)
    assert found.reason.startswith("must ")
