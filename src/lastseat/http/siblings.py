"""The workers of one `lastseat serve` tell each other their numbers, over sockets in a directory.

They share one port, so that a scrape meets any of them: whoever is asked asks the others. The
directory is made by the parent and open to its account alone.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

SECONDS = 1.0
"""How long the others are waited for."""

MOST_BYTES = 8_000_000
"""Of what one worker tells, no more is read."""


@asynccontextmanager
async def telling(directory: str, worker: int, numbers: Callable[[], bytes]) -> AsyncIterator[None]:
    """Answer the others meanwhile; nothing to do without a directory."""
    if not directory:
        yield
        return

    async def tell(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            writer.write(numbers())
            await writer.drain()
        writer.close()

    path = _path(directory, worker)
    # One that died leaves its socket behind.
    path.unlink(missing_ok=True)
    server = await asyncio.start_unix_server(tell, path)
    try:
        yield
    finally:
        server.close()
        path.unlink(missing_ok=True)


async def others(directory: str, workers: int, worker: int) -> dict[int, bytes | None]:
    """What each other worker tells; None of one that does not answer."""
    if not directory:
        return {}
    numbers = [x for x in range(workers) if x != worker]
    told = await asyncio.gather(*(_ask(_path(directory, x)) for x in numbers))
    return dict(zip(numbers, told, strict=True))


async def _ask(path: Path) -> bytes | None:
    try:
        async with asyncio.timeout(SECONDS):
            reader, writer = await asyncio.open_unix_connection(path)
            try:
                found = await reader.read(MOST_BYTES)
                while part := await reader.read(MOST_BYTES):
                    found += part
                return found if len(found) < MOST_BYTES else None
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return None


def _path(directory: str, worker: int) -> Path:
    return Path(directory) / f"{worker}.sock"
