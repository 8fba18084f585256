"""Who sends the requests of `lastseat bench http`: wrk where it is installed, else a stand-in.

The stand-in is Python and takes a processor's worth of time away from what it measures: its figures
are for a rough idea, and the result says that it was used.
"""

import asyncio
import os
import resource
import shutil
import time
from importlib.resources import as_file, files
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from lastseat.bench.failure import BenchmarkFailed
from lastseat.bench.load import percentile


class Requests(Struct, frozen=True, kw_only=True):
    """What a window sends, and where: see http.lua."""

    url: str
    what: str
    window: str
    bookable: str = "-"
    credential: str = "-"


class Told(Struct, frozen=True, kw_only=True):
    """What came back. `refused`: answers of 400 and more; `broken`: no answer at all."""

    requests: int
    us: int
    refused: int
    broken: int
    p50_us: int
    p99_us: int
    cpu_share: float = 0.0
    """Of one processor, that the generator took."""


def name() -> str:
    """Which one there is."""
    return "wrk" if shutil.which("wrk") else "asyncio (wrk is not installed: a rough idea only)"


async def send(requests: Requests, *, connections: int, seconds: int) -> Told:
    """Send for so long from so many connections, each anew when it is answered."""
    program = shutil.which("wrk")
    before, began = _cpu(), time.monotonic()
    if program is None:
        told = await _stand_in(requests, connections, seconds)
    else:
        told = await _wrk(program, requests, connections, seconds)
    used = _cpu()
    which = 1 if program else 0
    share = (used[which] - before[which]) / (time.monotonic() - began)
    return msgspec.structs.replace(told, cpu_share=round(share, 2))


def _cpu() -> tuple[float, float]:
    """Seconds that this process and its children that have ended took."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime, ended.ru_utime + ended.ru_stime


async def _wrk(program: str, requests: Requests, connections: int, seconds: int) -> Told:
    with as_file(files("lastseat.bench") / "http.lua") as script:
        process = await asyncio.create_subprocess_exec(
            program,
            *("--threads", "1", "--connections", str(connections), "--duration", f"{seconds}s"),
            *("--timeout", "10s", "--script", os.fspath(script), requests.url, "--"),
            *(requests.what, requests.window, requests.bookable, requests.credential),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            output, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    lines = [x for x in output.decode().splitlines() if x.startswith("told ")]
    if process.returncode != 0 or not lines:
        raise BenchmarkFailed(f"wrk failed: {output.decode().strip()[-500:]}")
    return msgspec.json.decode(lines[0].removeprefix("told "), type=Told)


async def _stand_in(requests: Requests, connections: int, seconds: int) -> Told:
    where = urlsplit(requests.url)
    took: list[float] = []
    refused = 0
    began = time.perf_counter()
    until = began + seconds

    async def connection(number: int) -> None:
        nonlocal refused
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        count = 0
        while (sent := time.perf_counter()) < until:
            count += 1
            writer.write(_request(requests, where.path, f"{requests.window}-{number}-{count}"))
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                int(x[15:]) for x in head.lower().split(b"\r\n") if x.startswith(b"content-length:")
            )
            await reader.readexactly(length)
            took.append(time.perf_counter() - sent)
            refused += head[9:10] in b"45"
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(connection(number) for number in range(connections)))
    return Told(
        requests=len(took),
        us=int((time.perf_counter() - began) * 1e6),
        refused=refused,
        broken=0,
        p50_us=int(percentile(took, 0.5) * 1e6),
        p99_us=int(percentile(took, 0.99) * 1e6),
    )


def _request(requests: Requests, path: str, name: str) -> bytes:
    body = "{}" if requests.what == "empty" else (
        f'{{"bookable":"{requests.bookable}","actor":"{name}"}}'
    )  # fmt: skip
    headers = "Host: bench\r\nContent-Type: application/json\r\n"
    if requests.credential != "-":
        headers += f"Authorization: Bearer {requests.credential}\r\n"
    if requests.what == "keyed":
        headers += f"Idempotency-Key: {name}\r\n"
    return f"POST {path} HTTP/1.1\r\n{headers}Content-Length: {len(body)}\r\n\r\n{body}".encode()
