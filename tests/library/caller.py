"""What a caller of `execute_in` has of its own: connections, a table, settings. Judges nothing."""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

Connection = psycopg.Connection[Any]
Connect = Callable[[], Connection]
SETTINGS = ("lock_timeout", "enable_seqscan", "idle_in_transaction_session_timeout")


@contextmanager
def a_table(conninfo: str) -> Iterator[str]:
    """The name of a table of the caller's own."""
    name = f"orders_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(f"CREATE TABLE {name} (customer text)".encode())
        yield name
        connection.execute(f"DROP TABLE {name}".encode())


@contextmanager
def connections(conninfo: str) -> Iterator[Connect]:
    """Makes connections, and closes them at the end."""
    opened: list[Connection] = []

    def connect() -> Connection:
        opened.append(psycopg.connect(conninfo))
        return opened[-1]

    yield connect
    for connection in opened:
        connection.close()


def insert(connection: Connection, orders: str, customer: str) -> None:
    """Write a row of the caller's."""
    connection.execute(f"INSERT INTO {orders} VALUES (%s)".encode(), [customer])


def customers(connection: Connection, orders: str) -> list[str]:
    """The caller's rows."""
    return [x for (x,) in connection.execute(f"SELECT customer FROM {orders}".encode())]


def settings(connection: Connection) -> list[str]:
    """What the session is set to."""
    query = b"SELECT current_setting(name) FROM unnest(%s::text[]) AS name"
    return [x for (x,) in connection.execute(query, [list(SETTINGS)])]


def until_waiting(connection: Connection, since: str = "'0'") -> None:
    """Until the backend of a connection has been waiting for a lock for so long."""
    pid = connection.info.backend_pid
    query = (
        "SELECT wait_event_type = 'Lock' AND clock_timestamp() - query_start > "
        f"{since}::interval FROM pg_stat_activity WHERE pid = %s"
    )
    with psycopg.connect(connection.info.dsn, autocommit=True) as looking:
        deadline = time.monotonic() + 20
        while looking.execute(query.encode(), [pid]).fetchone() != (True,):
            assert time.monotonic() < deadline
            time.sleep(0.01)
