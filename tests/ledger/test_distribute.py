"""Each table has its place on a cluster; without one nothing is done, and it is said why."""

from collections.abc import Callable

import psycopg
import pytest
from psycopg.rows import tuple_row
from tests.cli.running import error_line, lastseat

from lastseat.ledger.distribute import LOCAL, QUEUE, distribute, divided, statements
from lastseat.ledger.migrate import MigrationError


def schema(conninfo: str) -> set[str]:
    """The tables that there are."""
    with psycopg.connect(conninfo, row_factory=tuple_row) as connection:
        rows = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'lastseat'"
        ).fetchall()
    return {str(name) for (name,) in rows}


def test_every_table_is_distributed_by_tenant_or_stays_for_a_reason(conninfo: str) -> None:
    with psycopg.connect(conninfo, row_factory=tuple_row) as connection:
        tables = divided(connection)
    assert {"tenants", "heads", "journal", "bookings", "claims", "waitlist"} <= set(tables)
    rest = {x for x in schema(conninfo) - set(tables) if not x.startswith(QUEUE)}
    assert rest == set(LOCAL)
    assert all(LOCAL.values())


def test_the_statements_name_each_table_once_and_one_group(conninfo: str) -> None:
    with psycopg.connect(conninfo, row_factory=tuple_row) as connection:
        tables = divided(connection)
    clock, first, *others = statements(tables)
    assert clock == "SELECT create_distributed_function('lastseat.clock()')"
    assert first == (
        "SELECT create_distributed_table('lastseat.tenants', 'tenant_id', colocate_with => 'none')"
    )
    assert others == [
        f"SELECT create_distributed_table('lastseat.{table}', 'tenant_id',"
        " colocate_with => 'lastseat.tenants')"
        for table in tables[1:]
    ]
    assert len(set(others)) == len(schema(conninfo)) - len(LOCAL) - 1 - sum(
        x.startswith(QUEUE) for x in schema(conninfo)
    )
    assert statements([]) == []


def test_a_table_without_a_place_is_refused(database: Callable[[], str]) -> None:
    where = database()
    with psycopg.connect(where, row_factory=tuple_row) as connection:
        connection.execute("CREATE TABLE lastseat.stray (tenant_id text, x int)")
        with pytest.raises(MigrationError, match="stray can't be divided by tenant"):
            divided(connection)


def test_without_the_extension_nothing_is_done(conninfo: str) -> None:
    with pytest.raises(MigrationError, match="has not got the extension citus"):
        distribute(conninfo)


def test_the_command_says_so_in_one_line(conninfo: str) -> None:
    done = lastseat("migrate", "--distribute", "--url", conninfo)
    assert (done.returncode, done.stdout) == (1, "the schema is up to date\n")
    assert "nothing was distributed" in error_line(done)
