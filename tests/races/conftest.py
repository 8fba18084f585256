"""A crowd of processes for all race tests, and a database whose schema guards nothing."""

import uuid
from collections.abc import Iterator

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from tests.races.crowd import Crowd
from tests.races.sabotage import drop_the_belt

from lastseat.embedded import EmbeddedServer
from lastseat.ledger.migrate import migrate


@pytest.fixture(scope="session")
def crowd() -> Iterator[Crowd]:
    """Eight processes."""
    crowd = Crowd(8)
    yield crowd
    crowd.close()


@pytest.fixture(scope="session")
def beltless(server: EmbeddedServer) -> str:
    """A database without constraints on capacity: what holds there holds by the engine alone."""
    shared = server.ensure_running()
    name = f"beltless_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(shared, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    conninfo = make_conninfo(shared, dbname=name)
    migrate(conninfo)
    drop_the_belt(conninfo)
    return conninfo
