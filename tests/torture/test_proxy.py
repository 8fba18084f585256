"""The wire: each direction can be cut by itself, and a COMMIT can come late."""

import asyncio
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from tests.races.moments import LATER, NOON

import lastseat
from lastseat.torture.proxy import Order, Relay, Wire


@asynccontextmanager
async def echo() -> AsyncIterator[tuple[Relay, int, list[bytes]]]:
    """A wire to a service that answers what it hears, the wire's port, and what was heard."""
    heard: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            heard.append(line)
            writer.write(line)
        writer.close()

    service = await asyncio.start_server(answer, "127.0.0.1", 0)
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    relay = Relay(Wire("wire", listening.detach(), port=service.sockets[0].getsockname()[1]))
    await relay.listen()
    try:
        yield relay, port, heard
    finally:
        await relay.close()
        service.close()


async def asked(port: int) -> bytes:
    """What is answered over the wire; nothing, if it is hung up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"hello\n")
    try:
        return await reader.readline()
    except ConnectionError:
        return b""
    finally:
        writer.close()


def run(work: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(work(), 20))


def test_a_wire_left_alone_carries_both_ways() -> None:
    async def work() -> None:
        async with echo() as (_, port, heard):
            assert await asked(port) == b"hello\n"
            assert heard == [b"hello\n"]

    run(work)


@pytest.mark.parametrize(("cut", "arrives"), [("cut_requests", 0), ("cut_answers", 1)])
def test_each_direction_is_cut_by_itself(cut: str, arrives: int) -> None:
    async def work() -> None:
        async with echo() as (relay, port, heard):
            relay.obey(Order("wire", cut, 0.2))
            await asyncio.sleep(0)
            assert await asked(port) == b""
            assert len(heard) == arrives
            # After it the wire is whole again.
            assert await asked(port) == b"hello\n"

    run(work)


def test_a_late_commit_takes_effect_once_though_the_engine_was_cut_off(
    conninfo: str, tenant_id: str, tmp_path: Path
) -> None:
    async def work() -> None:
        params = conninfo_to_dict(conninfo)
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(str(tmp_path / f".s.PGSQL.{params['port']}"))
        listening.listen()
        path = f"{params['host']}/.s.PGSQL.{params['port']}"
        relay = Relay(Wire("wire", listening.detach(), path=path))
        await relay.listen()
        through = make_conninfo(conninfo, host=str(tmp_path))
        async with lastseat.open_async(through, migrate=False) as engine:
            tenant = engine.tenant(tenant_id)
            for actor in ("ann", "ben"):
                made = await tenant.define_occurrence("gala", start=NOON, end=LATER, capacity=9)
                assert made.ok
                assert (await tenant.book("gala", actor=actor)).ok
            relay.obey(Order("wire", "late", 0.3))
            began = time.monotonic()
            assert isinstance(await tenant.book("gala", actor="cyd"), lastseat.outcomes.Booked)
            # The lost transaction had the lock until PostgreSQL got its COMMIT.
            assert time.monotonic() - began >= 0.3
            rows = Counter(row.type for row in await tenant.journal("gala"))
            assert rows == {"defined": 1, "booked": 3}
        await relay.close()

    run(work)
