"""Others at the same database: those who hold what we need, and what is seen of those who wait."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg


@contextmanager
def held_by_a_stranger(conninfo: str, tenant_id: str, bookable: str) -> Iterator[None]:
    """Somebody else's transaction has the head's row locked."""
    with psycopg.connect(conninfo) as stranger:
        stranger.execute(
            "SELECT 1 FROM lastseat.heads WHERE tenant_id = %s AND bookable_id = %s FOR UPDATE",
            [tenant_id, bookable],
        )
        yield


def waiting(conninfo: str, pid: int) -> bool:
    """Whether a backend waits for a lock."""
    with psycopg.connect(conninfo) as connection:
        query = "SELECT 1 FROM pg_locks WHERE pid = %s AND NOT granted"
        return connection.execute(query, [pid]).fetchone() is not None


def an_engine_waits(conninfo: str) -> bool:
    """Whether a lane of an engine on this database waits for a lock."""
    query = """
        SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid)
        WHERE NOT granted AND application_name = 'lastseat' AND datname = current_database()"""
    with psycopg.connect(conninfo) as connection:
        return connection.execute(query).fetchone() is not None


def deadlocks(conninfo: str) -> int:
    """How many there were in this database."""
    with psycopg.connect(conninfo) as connection:
        row = connection.execute(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        ).fetchone()
    assert row is not None
    return int(row[0])
