"""Dividing a database among the nodes of a Citus cluster, by tenant: `migrate --distribute`.

Every table that has a `tenant_id` is distributed by it, all in one group, so that a tenant's rows
lie on one node and its transactions stay there. What has none stays on the coordinator, for the
reasons in `LOCAL`; a table that is neither is refused before anything is done. What works on such
a database and what does not: docs/scale.md. Not for making the cluster.
"""

from collections.abc import Callable

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

from lastseat.ledger.migrate import LOCK, MigrationError
from lastseat.ledger.sql import QUERIES

FIRST = "tenants"
"""The table whose group the others join."""

LOCAL = {
    "migrations": "which files were applied: a row each, asked for when a program starts",
    "job_migrations": "the same for the queue of jobs",
    "relay": "how far the feed has come: one row, locked by one relay at a time",
    "no_show_look": "how far no-shows were looked for: one row, locked by one worker at a time",
}
"""Tables that stay on the coordinator, each with the reason."""

QUEUE = "procrastinate_"
"""So do the tables of the job queue: that package's, with triggers, and jobs are of no tenant."""

Connection = psycopg.Connection[tuple[object, ...]]


def distribute(conninfo: str, *, report: Callable[[str], None] = lambda _: None) -> list[str]:
    """Distribute what is not yet, in one transaction; returns the tables, often none.

    The database has to be migrated, and no program may use it meanwhile: writers wait. Raises
    `MigrationError` when the extension is not there, or a table has no place.
    """
    with psycopg.connect(conninfo, row_factory=tuple_row) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        if connection.execute(QUERIES["citus_version"].encode()).fetchone() is None:
            raise MigrationError(
                "this database has not got the extension citus, so there are no nodes to divide it"
                " among: nothing was distributed. Install Citus on every node, say CREATE EXTENSION"
                " citus and citus_add_node(...) on the coordinator, and try again"
            )
        rows = connection.execute(QUERIES["divided_already"].encode()).fetchall()
        already = {str(name) for (name,) in rows}
        todo = [table for table in divided(connection) if table not in already]
        connection.execute(QUERIES["one_after_the_other"].encode())
        for statement in statements(todo):
            report(statement)
            connection.execute(statement.encode())
    return todo


def divided(connection: Connection) -> list[str]:
    """The tables to be distributed, the one that the others join first."""
    rows = connection.execute(QUERIES["tables_of_the_schema"].encode()).fetchall()
    by_tenant = [str(name) for name, has_tenant in rows if has_tenant]
    others = {str(name) for name, has_tenant in rows if not has_tenant}
    homeless = sorted(x for x in others - set(LOCAL) if not x.startswith(QUEUE))
    if homeless or FIRST not in by_tenant:
        raise MigrationError(
            f"the tables {', '.join(homeless) or 'of Lastseat'} can't be divided by tenant, or are"
            " not there: run `lastseat migrate` of the same release first"
        )
    return [FIRST, *(x for x in by_tenant if x != FIRST)]


def statements(tables: list[str]) -> list[str]:
    """What distributes these tables, in order; nothing for none."""
    if not tables:
        return []
    clock = "SELECT create_distributed_function('lastseat.clock()')"
    return [clock, *(_statement(table) for table in tables)]


def _statement(table: str) -> str:
    group = "none" if table == FIRST else f"lastseat.{FIRST}"
    made = sql.SQL("SELECT create_distributed_table({}, 'tenant_id', colocate_with => {})")
    return made.format(f"lastseat.{table}", group).as_string()
