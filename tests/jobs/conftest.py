"""A database for each file of tests: jobs look after all tenants, and some tests move the clock."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from tests.ledger.conftest import made_database
from tests.races.clocks import set_clock

import lastseat
from lastseat.embedded import EmbeddedServer
from lastseat.jobs.app import opened
from lastseat.jobs.working import JobSettings, Working
from lastseat.ledger.migrate import migrate


@pytest.fixture(scope="module")
def where(server: EmbeddedServer) -> Iterator[str]:
    with made_database(server) as made:
        migrate(made)
        yield made


@pytest.fixture(scope="module")
def engine(where: str) -> Iterator[lastseat.Engine]:
    with contextlib.closing(lastseat.open(where, migrate=False)) as made:
        yield made


@pytest.fixture
def tenant(engine: lastseat.Engine, tenant_id: str, as_before: None) -> lastseat.Tenant:
    return engine.tenant(tenant_id)


@pytest.fixture
def as_before(where: str) -> Iterator[None]:
    """The clock as it is, and no tenants of another test to look after."""
    yield
    set_clock(where, timedelta())
    with psycopg.connect(where) as connection:
        connection.execute("DELETE FROM lastseat.tenants")


Work = Callable[[Working], Awaitable[Any]]


class Worker:
    """Does tasks, as a worker would, one after the other or side by side."""

    def __init__(self, where: str) -> None:
        self.where = where

    def do(self, *works: Work, **settings: Any) -> list[Any]:
        return asyncio.run(self._do(works, JobSettings(**settings)))

    async def _do(self, works: tuple[Work, ...], settings: JobSettings) -> list[Any]:
        async with contextlib.AsyncExitStack() as stack:
            ready = [await stack.enter_async_context(working(self.where, settings)) for _ in works]
            return await asyncio.gather(
                *(work(each) for work, each in zip(works, ready, strict=True))
            )


@contextlib.asynccontextmanager
async def working(where: str, settings: JobSettings | None = None) -> Any:
    """What a task of a worker of its own gets."""
    async with (
        lastseat.open_async(where, migrate=False) as engine,
        opened(where) as (_, pool),
    ):
        yield Working(
            engine=engine, pool=pool, stopping=asyncio.Event(), settings=settings or JobSettings()
        )


@pytest.fixture
def worker(where: str, as_before: None) -> Worker:
    return Worker(where)
