"""How commands talk: two consoles, the database options they share, and the error they raise.

On a terminal there are colours and a spinner; into a pipe or a file the same words go plain, one
line for each, so that a script can read them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import psycopg
import typer
from psycopg.conninfo import conninfo_to_dict
from rich.console import Console

from lastseat import config
from lastseat.embedded import EmbeddedServer
from lastseat.library.opening import conninfo

Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        metavar="URL",
        help=f"A PostgreSQL server of your own; or set {config.URL_VARIABLE}.",
    ),
]
DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        metavar="DIR",
        help=f"The embedded server's data directory; or set {config.DATA_DIR_VARIABLE}.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")]

out = Console(highlight=False, markup=False, soft_wrap=True)
err = Console(highlight=False, markup=False, soft_wrap=True, stderr=True)


class Failure(Exception):
    """Why a command can't do what it was asked for, and how to go on: one line."""


@contextmanager
def working(what: str) -> Iterator[None]:
    """Say on stderr what takes a while: a spinner on a terminal, else one line."""
    if err.is_terminal:
        with err.status(what):
            yield
    else:
        err.print(what)
        yield


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
