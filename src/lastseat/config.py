"""Where the database is, by configuration: an argument, else the environment, else embedded."""

import os
from pathlib import Path

from msgspec import Struct

URL_VARIABLE = "LASTSEAT_DATABASE_URL"
DATA_DIR_VARIABLE = "LASTSEAT_DATA_DIR"


class Database(Struct, frozen=True):
    """A server's URL, or the embedded server's data directory; both None: its default one."""

    url: str | None = None
    data_dir: Path | None = None


def database(url: str | None = None, data_dir: str | os.PathLike[str] | None = None) -> Database:
    """What is in force: the arguments, else LASTSEAT_DATABASE_URL, else LASTSEAT_DATA_DIR.

    Raises `ValueError` when both arguments are given, or the URL is not one of PostgreSQL's.
    """
    if url is not None and data_dir is not None:
        raise ValueError("give a database URL or a data directory, not both")
    if url is None and data_dir is None:
        url = os.environ.get(URL_VARIABLE) or None
    if url is not None:
        # The message must not repeat the URL: it may hold a password.
        if "=" not in url and not url.startswith(("postgresql://", "postgres://")):
            raise ValueError("the database URL must begin with postgresql://")
        return Database(url=url)
    directory = data_dir or os.environ.get(DATA_DIR_VARIABLE) or None
    return Database(data_dir=Path(directory) if directory else None)
