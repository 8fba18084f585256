"""How commands talk: two consoles, the database options they share, and the error they raise.

On a terminal there are colours and a spinner; into a pipe or a file the same words go plain, one
line for each, so that a script can read them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from lastseat import config

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


def no_tenant(tenant_id: str) -> Failure:
    """Why nothing is said of a tenant: what is empty for a mistyped one would be no answer."""
    return Failure(f"there is no tenant {tenant_id!r}: see `lastseat tenants list`")


@contextmanager
def working(what: str) -> Iterator[None]:
    """Say on stderr what takes a while: a spinner on a terminal, else one line."""
    if err.is_terminal:
        with err.status(what):
            yield
    else:
        err.print(what)
        yield
