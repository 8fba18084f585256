"""Which database a command is about, and how it gets there."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from lastseat import config
from lastseat.cli.terminal import Failure, working
from lastseat.embedded import EmbeddedServer
from lastseat.library.opening import conninfo

NO_SCHEMA = "the database has no schema of Lastseat: `lastseat migrate` makes it"
OLD_SCHEMA = "the schema is an older release's: `lastseat migrate` changes it"


def configured(url: str | None, data_dir: Path | None) -> config.Database:
    """Which database is meant. Raises `Failure` for a URL that is none."""
    try:
        where = config.database(url, data_dir)
    except ValueError as error:
        raise Failure(f"{error}; see --url, --data-dir and {config.URL_VARIABLE}") from None
    if where.url is not None:
        try:
            conninfo_to_dict(where.url)
        except psycopg.ProgrammingError:
            # libpq's own words may repeat the URL, and with it a password.
            raise Failure(
                "the database URL can't be read: check its host, port and percent-encoding"
            ) from None
    return where


def reach(url: str | None, data_dir: Path | None) -> str:
    """The database as libpq has it, the embedded server started if it is that one."""
    where = configured(url, data_dir)
    if where.url is not None:
        return where.url
    server = EmbeddedServer(where.data_dir)
    if server.status().accepting:
        return server.ensure_running()
    with working(f"Starting the database in {server.data_dir}"):
        return conninfo(data_dir=server.data_dir)


def reach_made(url: str | None, data_dir: Path | None) -> str:
    """The same, of a database that is there: none is made for the sake of a look at it."""
    where = configured(url, data_dir)
    if where.url is None and EmbeddedServer(where.data_dir).status().version is None:
        raise Failure(NO_SCHEMA)
    return reach(url, data_dir)


@contextmanager
def schema_needed() -> Iterator[None]:
    """Raise `Failure` where what is asked there finds no schema, or an older one."""
    try:
        yield
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
        raise Failure(NO_SCHEMA) from None
    except psycopg.errors.UndefinedColumn:
        raise Failure(OLD_SCHEMA) from None


def embedded(data_dir: Path | None) -> EmbeddedServer:
    """The embedded server that `lastseat db` is about.

    Raises `Failure` when a URL is configured: to stop or back up another server than the one in
    use would be a bad surprise.
    """
    where = configured(None, data_dir)
    if where.url is not None:
        raise Failure(
            f"{config.URL_VARIABLE} is set, and `lastseat db` is about the embedded server alone: "
            "use your server's own tools, or name the embedded one with --data-dir"
        )
    return EmbeddedServer(where.data_dir)
