"""Bringing a database to this release's schema: plain SQL files, each applied once, under a lock.

Any number of processes may do it at once: one works, the others wait and find it done.
"""

import hashlib
from collections.abc import Callable
from importlib.resources import files

import psycopg
from psycopg.rows import tuple_row

from lastseat.ledger import job_tables

LOCK = 0x6C617374736561
"""The advisory lock's number, the letters of "lastsea"."""


OLDEST_POSTGRESQL = 15


class MigrationError(Exception):
    """The database's schema is not one this release can work with; the message says why."""


def migrations() -> list[tuple[int, str, str]]:
    """Every migration as (version, name, SQL), in order."""
    found = []
    for path in (files("lastseat.ledger.sql") / "migrations").iterdir():
        if path.name.endswith(".sql"):
            number, _, name = path.name.removesuffix(".sql").partition("_")
            found.append((int(number), name, path.read_text(encoding="utf-8")))
    return sorted(found)


def migrate(conninfo: str, *, report: Callable[[str], None] = lambda _: None) -> list[str]:
    """Apply what is missing, in one transaction; returns the names applied, often none.

    Raises `MigrationError` when the database is newer than this release, when an applied file has
    changed since, when the server is older than PostgreSQL 15, or when a right is missing.
    """
    try:
        return _migrate(conninfo, report)
    except psycopg.errors.InsufficientPrivilege as error:
        raise MigrationError(
            f"{str(error).strip()}: the role needs CREATE on the database, or an owner's"
            " `lastseat migrate` once"
        ) from error


def _migrate(conninfo: str, report: Callable[[str], None]) -> list[str]:
    done: list[str] = []
    with psycopg.connect(conninfo, row_factory=tuple_row) as connection:
        # Under any other, what is read after waiting for the lock would be from before it.
        connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        version = connection.info.server_version // 10_000
        if version < OLDEST_POSTGRESQL:
            raise MigrationError(
                f"PostgreSQL {version} is too old: {OLDEST_POSTGRESQL} or newer is needed"
            )
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        there = _applied(connection)
        known = migrations()
        newer = sorted(set(there) - {version for version, _, _ in known})
        if newer:
            raise MigrationError(
                f"the database has migration {newer[-1]}, which this release does not know: "
                "upgrade lastseat"
            )
        for version, name, sql in known:
            checksum = hashlib.sha256(sql.encode()).hexdigest()
            if version in there:
                if there[version] != checksum:
                    raise MigrationError(f"migration {version} ({name}) was applied as other text")
                continue
            report(f"applying {version:04d} {name}")
            _apply(connection, version, name, sql, checksum)
            done.append(name)
        if any(name == "jobs" for _, name, _ in known):
            job_tables.bring_up(connection, report)
    return done


def _applied(connection: psycopg.Connection[tuple[object, ...]]) -> dict[int, str]:
    """The versions that the database has, with the checksum each was applied with."""
    cursor = connection.cursor(row_factory=tuple_row)
    try:
        if cursor.execute("SELECT to_regclass('lastseat.migrations')").fetchone() == (None,):
            return {}
        rows = cursor.execute("SELECT version, checksum FROM lastseat.migrations").fetchall()
    except psycopg.errors.InsufficientPrivilege as error:
        raise MigrationError(
            f"{str(error).strip()}: the schema is there, and the role needs the GRANTs of"
            ' docs/operate.md, "A server of your own", said by its owner'
        ) from error
    return {int(str(version)): str(checksum) for version, checksum in rows}


def _apply(
    connection: psycopg.Connection[tuple[object, ...]],
    version: int,
    name: str,
    sql: str,
    checksum: str,
) -> None:
    if version == 1:
        # IF NOT EXISTS would ask for CREATE on the database even where the schema was made for us.
        if connection.execute("SELECT to_regnamespace('lastseat')").fetchone() == (None,):
            connection.execute("CREATE SCHEMA lastseat")
        connection.execute(
            "CREATE TABLE lastseat.migrations (version integer PRIMARY KEY,"
            " name text NOT NULL, checksum text NOT NULL,"
            " applied_at timestamptz NOT NULL DEFAULT now())"
        )
    connection.execute(sql.encode())
    connection.execute(
        "INSERT INTO lastseat.migrations (version, name, checksum) VALUES (%s, %s, %s)",
        [version, name, checksum],
    )
