"""Both faces of the library in turn: each test of a `tenant` runs for threads and for asyncio."""

import asyncio
import inspect
import uuid
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime
from typing import Any, cast

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from tests.engine.stage import Stage, stage
from tests.library.caller import Connect, a_table, connections

import lastseat
from lastseat.embedded import EmbeddedServer
from lastseat.ledger.migrate import migrate

Open = Callable[[str], lastseat.Tenant]


class Awaited:
    """An asynchronous tenant that is called like the synchronous one."""

    def __init__(
        self, tenant: lastseat.AsyncTenant, run: Callable[[Awaitable[Any]], object]
    ) -> None:
        self._tenant = tenant
        self._run = run

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self._tenant, name)
        if not inspect.iscoroutinefunction(operation):
            return operation
        return lambda *args, **kwargs: self._run(operation(*args, **kwargs))


def awaited(tenant: lastseat.AsyncTenant, run: Callable[[Awaitable[Any]], object]) -> Any:
    """The tenant, each of whose operations `run` waits for."""
    return cast("lastseat.Tenant", Awaited(tenant, run))


@pytest.fixture(scope="session")
def threads(conninfo: str) -> Iterator[Open]:
    """Tenants of one synchronous engine."""
    with lastseat.open(conninfo, migrate=False) as engine:
        yield engine.tenant


@pytest.fixture(scope="session")
def tasks(conninfo: str) -> Iterator[Open]:
    """Tenants of one asynchronous engine."""
    with asyncio.Runner() as runner:

        async def opened() -> lastseat.AsyncEngine:
            engine: lastseat.AsyncEngine = await lastseat.open_async(conninfo, migrate=False)
            return engine

        async def wait(operation: Awaitable[Any]) -> object:
            return await operation

        engine = runner.run(opened())
        yield lambda name: awaited(engine.tenant(name), lambda x: runner.run(wait(x)))
        runner.run(engine.close())


@pytest.fixture(params=["threads", "tasks"])
def face(request: pytest.FixtureRequest) -> Open:
    """How tenants are come by, for each face."""
    found: Open = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def tenant(face: Open, tenant_id: str) -> lastseat.Tenant:
    """A fresh tenant's operations."""
    return face(tenant_id)


@pytest.fixture
def place(threads: Open, tenant_id: str) -> Callable[[str], str]:
    """Makes locations of the test's tenant."""

    def made(name: str) -> str:
        catalogue = threads(tenant_id).catalogue
        assert catalogue.create_location(name, name=name, time_zone="UTC").ok
        return name

    return made


@pytest.fixture(scope="session")
def still_stage(server: EmbeddedServer) -> Iterator[Stage]:
    """A database of its own, whose clock stands until a test moves it."""
    shared = server.ensure_running()
    name = f"still_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(shared, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    where = make_conninfo(shared, dbname=name)
    migrate(where)
    with stage(where) as opened:
        yield opened
    with psycopg.connect(server.ensure_running(), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


class Clocked:
    """A tenant whose time the test tells."""

    def __init__(self, opened: Stage, tenant_id: str) -> None:
        self.stage = opened
        self.tenant: lastseat.Tenant = awaited(opened.engines[0].tenant(tenant_id), opened.run)

    def it_is(self, now: datetime) -> None:
        """From here on it is `now`."""
        self.stage.set_clock(now)


@pytest.fixture
def clocked(still_stage: Stage, tenant_id: str) -> Clocked:
    """A fresh tenant where time stands still."""
    return Clocked(still_stage, tenant_id)


@pytest.fixture
def orders(conninfo: str) -> Iterator[str]:
    """A table of the caller's own."""
    with a_table(conninfo) as name:
        yield name


@pytest.fixture
def theirs(conninfo: str, orders: str) -> Iterator[Connect]:
    """Makes connections of the caller's own, closed before its table goes."""
    with connections(conninfo) as connect:
        yield connect
