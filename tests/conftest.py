"""One real PostgreSQL for all tests, on the embedded server; nothing of ours is mocked.

Tests keep apart by tenant. A test that changes what all share (the clock, the schema, the server)
asks for a `database` of its own.
"""

import contextlib
import shutil
import tempfile
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg.conninfo import make_conninfo

import lastseat
from lastseat.embedded import EmbeddedServer
from lastseat.ledger.migrate import migrate

# A run finds what the last one found: a machine under load, or chance, is nobody's mistake. To look
# further: pytest --hypothesis-profile explore
settings.register_profile(
    "steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("explore", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")

LONG = (
    "tests/http/test_schemathesis.py",
    "tests/demo/",
    "tests/engine/test_machine",
    "tests/core/test_model",
    "tests/acceptance/",
    "tests/bench/",
    "tests/http/test_killed_server.py",
    "tests/jobs/",
    "tests/docs/",
    "tests/test_readme.py",
    "tests/packaging/",
    "tests/http/",
    "tests/cli/",
    "tests/embedded/",
)
"""What takes longest: begun first, or one process would be at it when the other has nothing."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """See that each test has a name of its own: of those that share one, xdist runs but one."""
    names = Counter(item.nodeid for item in items)
    assert names.total() == len(names), f"several tests are called {names.most_common(1)}"
    items.sort(key=lambda item: _turn(item.nodeid))


def _turn(name: str) -> int:
    return next((turn for turn, part in enumerate(LONG) if name.startswith(part)), len(LONG))


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


@pytest.fixture(scope="session")
def template(server: EmbeddedServer) -> str:
    """A migrated database that nobody uses: copying it takes a third of what migrating does."""
    shared = server.ensure_running()
    with psycopg.connect(shared, autocommit=True) as connection:
        connection.execute(b"CREATE DATABASE template_migrated")
    migrate(make_conninfo(shared, dbname="template_migrated"))
    return "template_migrated"


@pytest.fixture
def database(server: EmbeddedServer, template: str) -> Iterator[Callable[[], str]]:
    """Makes databases of a test's own, migrated, and drops them after it."""
    shared = server.ensure_running()
    made: list[str] = []

    def create() -> str:
        name = f"test_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(shared, autocommit=True) as connection:
            # As files: a fifth of what it takes to write each page to the log as well.
            connection.execute(
                f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy".encode()
            )
        made.append(name)
        return make_conninfo(shared, dbname=name)

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
