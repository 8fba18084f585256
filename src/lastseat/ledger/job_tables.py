"""The job queue's tables: procrastinate's own SQL, put into the schema `lastseat`.

Its text is read from the installed package, so that the tables are always those of the code that
works on them. A new database gets its schema as it is now; one that has it already gets the
package's migrations that it lacks, as procrastinate asks of whoever upgrades it. Nothing of the
package is imported: who only books has no use for it.
"""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg.rows import tuple_row


def bring_up(
    connection: psycopg.Connection[tuple[object, ...]], report: Callable[[str], None]
) -> None:
    """Make the tables, or change what an older procrastinate left. Commits nothing."""
    sql = package_sql()
    shipped = {path.stem: path for path in sorted((sql / "migrations").glob("*.sql"))}
    cursor = connection.cursor(row_factory=tuple_row)
    rows = cursor.execute("SELECT name FROM lastseat.job_migrations").fetchall()
    there = {str(name) for (name,) in rows}
    missing = [name for name in shipped if name not in there]
    if not missing:
        return
    # Theirs names no schema. For this transaction alone.
    connection.execute("SET LOCAL search_path TO lastseat")
    if there:
        for name in missing:
            report(f"applying {name} of the job queue")
            connection.execute(shipped[name].read_bytes())
    else:
        connection.execute((sql / "schema.sql").read_bytes())
    connection.execute(
        "INSERT INTO lastseat.job_migrations (name) SELECT unnest(%s::text[])", [missing]
    )


def package_sql() -> Path:
    """Where the installed package has its SQL."""
    found = find_spec("procrastinate")
    # A dependency: without it the installation is broken.
    assert found is not None
    assert found.submodule_search_locations is not None
    return Path(next(iter(found.submodule_search_locations))) / "sql"
