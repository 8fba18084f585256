"""Fetching what a user names: from public addresses alone, bounded, only when it has changed."""

import asyncio
import time
import tracemalloc

import pytest
from tests.gateways.hosts import hosting, moved, ok

from lastseat.gateways.addresses import networks
from lastseat.gateways.fetch import Bounds, Fetched, NotFetched, NotModified, fetch

HERE = Bounds(also=networks("127.0.0.1/32"), seconds=5)


def reason(found: Fetched | NotModified | NotFetched) -> str:
    assert isinstance(found, NotFetched), found
    return found.reason


def test_a_file_is_fetched_with_its_validators_and_asked_for_again_only_if_it_changed() -> None:
    def answer(headers: dict[str, str]) -> bytes:
        if headers.get("if-none-match") == '"v1"':
            return b"HTTP/1.1 304 Not Modified\r\nContent-Length: 0\r\n\r\n"
        return ok(b"BEGIN", 'ETag: "v1"', "Last-Modified: Sat, 21 Nov 2026 09:00:00 GMT")

    async def scene() -> None:
        async with hosting({"/a.ics?x=1": answer}) as host:
            url = f"http://127.0.0.1:{host.port}/a.ics?x=1"
            found = await fetch(url, bounds=HERE)
            assert found == Fetched(b"BEGIN", '"v1"', "Sat, 21 Nov 2026 09:00:00 GMT")
            assert isinstance(await fetch(url, etag='"v1"', bounds=HERE), NotModified)
            path, headers = host.asked[0]
            assert path == "/a.ics?x=1"
            assert headers["host"] == f"127.0.0.1:{host.port}"
            assert "cookie" not in headers
            assert "authorization" not in headers

    asyncio.run(scene())


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "0x7f000001", "2130706433", "127.1"])
def test_this_machine_is_not_asked_and_not_even_connected_to(name: str) -> None:
    async def scene() -> None:
        async with hosting({"/": ok(b"a secret of the inside")}) as host:
            found = await fetch(f"http://{name}:{host.port}/", bounds=Bounds(seconds=5))
            assert reason(found) in ("is not at a public address", "names a host that is not known")
            assert host.connections == 0

    asyncio.run(scene())


def test_a_redirect_is_judged_as_the_first_address_is() -> None:
    async def scene() -> None:
        async with (
            hosting({"/": ok(b"inside")}, "127.0.0.2") as inside,
            hosting({}) as outside,
        ):
            outside.paths["/out"] = moved(f"http://127.0.0.2:{inside.port}/")
            outside.paths["/in"] = moved("/there")
            outside.paths["/there"] = ok(b"there")
            at = f"http://127.0.0.1:{outside.port}"
            assert reason(await fetch(f"{at}/out", bounds=HERE)) == "is not at a public address"
            assert inside.connections == 0
            # The control: a redirect by itself is followed, and so is this one where it may be.
            assert await fetch(f"{at}/in", bounds=HERE) == Fetched(b"there")
            both = Bounds(also=networks("127.0.0.0/8"), seconds=5)
            assert await fetch(f"{at}/out", bounds=both) == Fetched(b"inside")

    asyncio.run(scene())


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://example.org/a.ics",
        "file:///etc/passwd",
        "//example.org/a.ics",
        "https://",
        "https://user:word@example.org/",
        "https://example.org:99999/",
        "https://example.org:0/",
        "https://exa mple.org\n/",
        "https://[::1/",
        "https://" + "a" * 3_000,
        "https://" + "a" * 70 + ".example.org/",
    ],
)
def test_what_is_no_address_is_refused_in_words_that_do_not_repeat_it(url: str) -> None:
    said = reason(asyncio.run(fetch(url)))
    assert said
    assert "word" not in said.replace("password", "")


def test_it_is_bounded_in_size_whatever_length_is_told() -> None:
    body = b"x" * 300_000
    endless = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body
    small = Bounds(also=HERE.also, most_bytes=100_000, seconds=5)

    async def scene() -> None:
        async with hosting({"/told": ok(body), "/endless": endless}) as host:
            for path in ("/told", "/endless"):
                found = await fetch(f"http://127.0.0.1:{host.port}{path}", bounds=small)
                assert reason(found) == "is larger than 100000 bytes"
                assert await fetch(f"http://127.0.0.1:{host.port}{path}", bounds=HERE) == Fetched(
                    body
                )

    asyncio.run(scene())


def test_a_hundred_megabytes_take_the_memory_of_ten() -> None:
    sent = 0

    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readline()
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        try:
            while sent < 100_000_000:
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
            tracemalloc.start()
            found = await fetch(f"http://127.0.0.1:{port}/", bounds=HERE)
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        assert reason(found) == "is larger than 10000000 bytes"
        assert peak < 20_000_000
        assert sent < 30_000_000

    asyncio.run(scene())


def test_it_is_bounded_in_time_however_slowly_it_drips() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        try:
            for _ in range(100):
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.1)
        except ConnectionError:
            return
        finally:
            writer.close()

    async def scene() -> None:
        server = await asyncio.start_server(drip, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            since = time.monotonic()
            quick = Bounds(also=HERE.also, seconds=0.5)
            found = await fetch(f"http://127.0.0.1:{port}/", bounds=quick)
            assert found == NotFetched("took longer than 0.5 seconds", passing=True)
            assert time.monotonic() - since < 2

    asyncio.run(scene())


def test_what_comes_packed_or_broken_or_goes_round_is_refused() -> None:
    async def scene() -> None:
        paths = {
            "/packed": ok(b"...", "Content-Encoding: gzip"),
            "/gone": b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n",
            "/down": b"HTTP/1.1 503 Away\r\nContent-Length: 0\r\n\r\n",
            "/round": moved("/round"),
            "/nowhere": b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
            "/file": moved("file:///etc/passwd"),
            "/nonsense": b"SSH-2.0-OpenSSH\r\n\r\n",
        }
        async with hosting(dict(paths)) as host:
            said = {
                path: await fetch(f"http://127.0.0.1:{host.port}{path}", bounds=HERE)
                for path in paths
            }
        assert reason(said["/packed"]).startswith("comes packed")
        assert said["/gone"] == NotFetched("was answered with status 410")
        assert said["/down"] == NotFetched("was answered with status 503", passing=True)
        assert reason(said["/round"]) == "was redirected more than 5 times"
        assert reason(said["/nowhere"]) == "is redirected to nowhere"
        assert reason(said["/file"]).startswith("must begin with")
        assert reason(said["/nonsense"]).startswith("does not answer")

    asyncio.run(scene())


def test_who_does_not_answer_is_told_as_passing() -> None:
    async def scene() -> None:
        async with hosting({}) as host:
            port = host.port
        found = await fetch(f"http://127.0.0.1:{port}/", bounds=HERE)
        assert isinstance(found, NotFetched)
        assert found.passing

    asyncio.run(scene())


def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        async with hosting({"/": ok(b"direct")}) as host:
            monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
            monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
            assert await fetch(f"http://127.0.0.1:{host.port}/", bounds=HERE) == Fetched(b"direct")

    asyncio.run(scene())
