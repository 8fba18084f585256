"""Databases for the ledger's tests: bare ones, and copies of one with a busy day in it."""

import contextlib
import uuid
from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from tests.ledger.spoiling import Spoilable
from tests.ledger.story import Story, tell

from lastseat.embedded import EmbeddedServer
from lastseat.ledger.migrate import migrate


@contextlib.contextmanager
def made_database(server: EmbeddedServer, template: str = "template1") -> Iterator[str]:
    """A new database, a copy of `template`, dropped at the end."""
    shared = server.ensure_running()
    name = f"ledger_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(shared, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
    try:
        yield make_conninfo(shared, dbname=name)
    finally:
        with psycopg.connect(server.ensure_running(), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def empty(server: EmbeddedServer) -> Iterator[str]:
    """A database without a ledger."""
    with made_database(server) as where:
        yield where


@pytest.fixture(scope="session")
def story(server: EmbeddedServer) -> Iterator[Story]:
    """The busy day, told once for two tenants. For reading only: `retold` makes copies."""
    with made_database(server) as where:
        migrate(where)
        ids = tell(where, "studio")
        tell(where, "annex")
        yield Story(where, ids)


@pytest.fixture
def retold(server: EmbeddedServer, story: Story) -> Iterator[Callable[[], str]]:
    """Makes copies of the busy day's database, to be spoiled."""
    with contextlib.ExitStack() as stack:
        yield lambda: stack.enter_context(made_database(server, story.database))


@pytest.fixture(scope="session")
def spoilable(server: EmbeddedServer, story: Story) -> Iterator[Spoilable]:
    """One copy of the busy day's database, to be spoiled and mended."""
    with made_database(server, story.database) as where:
        yield Spoilable(where)
