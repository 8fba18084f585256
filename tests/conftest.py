"""One real PostgreSQL for all tests, on the embedded server; nothing of ours is mocked.

Tests keep apart by tenant. A test that changes what all share (the clock, the schema, the server)
asks for a `database` of its own.
"""

import contextlib
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

import lastseat
from lastseat.embedded import EmbeddedServer
from lastseat.ledger.migrate import migrate


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedServer]:
    """The test run's own server, gone with all its data when the run ends."""
    # Not pytest's tmp_path: the server's account can't enter a directory that is root's alone.
    # In memory where there is room: no test cuts the power, and crash recovery is soon over there.
    memory = Path("/dev") / "shm"
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 2 * 2**30
    home = Path(tempfile.mkdtemp(prefix="lastseat-", dir=memory if roomy else None))
    home.chmod(0o755)
    server = EmbeddedServer(home / "data")
    try:
        server.ensure_running()
        yield server
    finally:
        server.stop(mode="immediate")
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def conninfo(server: EmbeddedServer) -> str:
    """The database that tests share, migrated."""
    where = server.ensure_running()
    migrate(where)
    return where


@pytest.fixture
def database(server: EmbeddedServer) -> Iterator[Callable[[], str]]:
    """Makes databases of a test's own, migrated, and drops them after it."""
    shared = server.ensure_running()
    made: list[str] = []

    def create() -> str:
        name = f"test_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(shared, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        made.append(name)
        where = make_conninfo(shared, dbname=name)
        migrate(where)
        return where

    yield create
    with psycopg.connect(server.ensure_running(), autocommit=True) as connection:
        for name in made:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def tenant_id() -> str:
    """A tenant that no other test has."""
    return f"tenant-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def engine(conninfo: str) -> Iterator[lastseat.Engine]:
    """An engine on the shared database."""
    with contextlib.closing(lastseat.open(conninfo, migrate=False)) as opened:
        yield opened


@pytest.fixture
def tenant(engine: lastseat.Engine, tenant_id: str) -> lastseat.Tenant:
    """A fresh tenant's operations."""
    return engine.tenant(tenant_id)
