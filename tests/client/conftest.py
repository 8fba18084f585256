"""Both faces of the client in turn: each test of a `client` runs for threads and for asyncio."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest
from tests.client.proxy import Proxy
from tests.client.service import new_key, serving

from lastseat.access.roles import Role
from lastseat.client import AsyncClient, Client, Retries

Open = Callable[..., Client]

QUICK = Retries(first_pause=0.001, longest_pause=0.01)
"""Pauses that a test has time for."""


class Awaited:
    """An asynchronous client that is called like the synchronous one."""

    def __init__(self, client: AsyncClient, run: Callable[[Awaitable[Any]], object]) -> None:
        self._client = client
        self._run = run

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self._client, name)
        if inspect.isasyncgenfunction(operation):
            return lambda *args, **kwargs: iter(
                cast("list[Any]", self._run(_all(operation(*args, **kwargs))))
            )
        if not inspect.iscoroutinefunction(operation):
            return operation
        return lambda *args, **kwargs: self._run(operation(*args, **kwargs))


async def _all(found: AsyncIterator[Any]) -> list[Any]:
    return [x async for x in found]


@contextmanager
def _threads() -> Iterator[Open]:
    opened: list[Client] = []

    def make(url: str, **options: Any) -> Client:
        opened.append(Client(url, **{"retries": QUICK, **options}))
        return opened[-1]

    yield make
    for client in opened:
        client.close()


@contextmanager
def _tasks() -> Iterator[Open]:
    opened: list[AsyncClient] = []
    with asyncio.Runner() as runner:

        async def wait(operation: Awaitable[Any]) -> object:
            return await operation

        def make(url: str, **options: Any) -> Client:
            opened.append(AsyncClient(url, **{"retries": QUICK, **options}))
            return cast("Client", Awaited(opened[-1], lambda x: runner.run(wait(x))))

        yield make
        for client in opened:
            runner.run(client.close())


@pytest.fixture(params=[_threads, _tasks], ids=["threads", "tasks"])
def connect(request: pytest.FixtureRequest) -> Iterator[Open]:
    """Makes clients of each face; they are closed at the end."""
    with request.param() as make:
        yield make


@pytest.fixture(scope="session")
def port(conninfo: str) -> Iterator[int]:
    """A service on the shared database."""
    with serving(conninfo) as found:
        yield found


@pytest.fixture
def key(conninfo: str, tenant_id: str) -> str:
    """An owner's key of a fresh tenant."""
    return new_key(conninfo, tenant_id, Role.OWNER)


@pytest.fixture
def client(connect: Open, port: int, key: str) -> Client:
    """A fresh tenant's operations over HTTP."""
    return connect(f"http://127.0.0.1:{port}", key=key)


@pytest.fixture
def proxy(port: int) -> Iterator[Proxy]:
    """A flaky way to the service."""
    with Proxy(port).listening() as found:
        yield found
