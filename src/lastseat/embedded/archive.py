"""Backups: a consistent copy of the running cluster in one tar file, and back.

A backup is PostgreSQL's own base backup, verified against its manifest before it is packed and
again before a restore replaces anything. It is for this major version and machine type; it is not a
dump, and no incremental archive.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import tarfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO

from . import settings
from .account import Account, ourselves
from .binaries import Binaries, of_major
from .cluster import data_major
from .errors import (
    AccessDeniedError,
    AlreadyExistsError,
    EmbeddedError,
    InvalidBackupError,
    from_output,
    wrong_version,
)
from .layout import Layout, sync_dir
from .postmaster import SUPERUSER, Postmaster

_ZIPPED = (".tar.gz", ".tgz")
_SUFFIXES = (".tar", *_ZIPPED)
_MUST_HAVE = (
    "PG_VERSION",
    "global/pg_control",
    "backup_label",
    "backup_manifest",
    "postgresql.conf",
)


def write(server: Postmaster, binaries: Binaries, target: Path) -> None:
    """Write a backup of `server` to `target` (.tar, .tar.gz or .tgz), which must not exist.

    It appears under its name when it is complete, verified and on disk. Raises an `EmbeddedError`
    otherwise.
    """
    if not target.name.endswith(_SUFFIXES):
        raise EmbeddedError(
            f"A backup's name must end with {', '.join(_SUFFIXES)}: {target} doesn't."
        )
    _must_not_exist(target)
    with _partial_dir(target) as (partial, lock_fd):
        _must_not_exist(
            target
        )  # Another process may have finished it while we came to hold the directory.
        copy = partial / "data"
        conninfo = server.conninfo(user=SUPERUSER, dbname="postgres")
        options = ["-Fp", "-X", "stream", "-c", "fast", "--no-password", "--no-sync"]
        program = binaries.path("pg_basebackup")
        _run("The backup", [program, "-d", conninfo, "-D", copy, *options], keep_fd=lock_fd)
        _verify(copy, binaries)
        packed = partial / "packed"
        fd = os.open(packed, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as file:
            _pack(copy, file, zipped=target.name.endswith(_ZIPPED))
            file.flush()
            os.fsync(file.fileno())
        packed.rename(target)
        sync_dir(target.parent)


def read(source: Path, layout: Layout, account: Account, binaries: Binaries) -> None:
    """Unpack the backup `source` into `layout.restored`, validated and on disk. No more.

    Raises `InvalidBackupError` for what is not a whole, intact backup, `VersionMismatchError` for
    another major version.
    """
    fresh = layout.extracting
    for leftover in (fresh, layout.restored):
        shutil.rmtree(leftover, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    try:
        _unpack(source, fresh)
        _validate(fresh, source, binaries)
        # The server's first start recovers as from an archive, which is what begins a new timeline.
        fresh.joinpath("recovery.signal").touch(mode=0o600)
        # Ours alone until here, so that nobody could change what was validated; the top directory
        # is handed over last.
        if account.drop:
            _hand_over(fresh, account)
        synced = account.run([binaries.path("initdb"), "--sync-only", "-D", fresh])
        if synced.returncode != 0:
            raise from_output("Syncing the restored files", synced.stdout)
        fresh.rename(layout.restored)
        sync_dir(layout.root)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def put_in_place(layout: Layout, *, aside: str = "before-restore") -> Path:
    """Let `layout.restored` take the cluster's place; returns where that is kept, if there was one.

    It is moved aside within the data directory, named with the time.
    """
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    kept = layout.root / f"postgres.{aside}-{now}"
    if os.path.lexists(layout.pgdata):
        layout.pgdata.rename(kept)
    finish(layout)
    return kept


def finish(layout: Layout) -> None:
    """Complete a restore or an upgrade that was killed after moving the old cluster aside.

    Otherwise the next start would find no cluster and make an empty one.
    """
    if layout.restored.exists() and not os.path.lexists(layout.pgdata):
        layout.restored.rename(layout.pgdata)
        sync_dir(layout.root)


@contextlib.contextmanager
def _partial_dir(target: Path) -> Iterator[tuple[Path, int]]:
    """A private directory beside `target`, removed at the end, and a descriptor that locks it.

    pg_basebackup inherits the lock: should we be killed, the next backup doesn't work in the
    directory of this one.
    """
    partial = target.with_name(f".{target.name}.partial")
    partial.mkdir(mode=0o700, exist_ok=True)
    info = os.lstat(partial)
    if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.geteuid():
        raise AccessDeniedError(
            f"{partial} is in the way and is not ours. Remove it, or choose another target."
        )
    fd = os.open(partial, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EmbeddedError(
                f"Another backup to {target} is being written. Wait for it to end."
            ) from None
        try:
            for leftover in partial.iterdir():
                shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
            yield partial, fd
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    finally:
        os.close(fd)


def _pack(directory: Path, file: IO[bytes], zipped: bool) -> None:
    with (
        tarfile.open(fileobj=file, mode="w:gz", compresslevel=3)
        if zipped
        else tarfile.open(fileobj=file, mode="w")
    ) as tar:
        for path in sorted(directory.rglob("*")):
            if path.is_symlink():
                raise EmbeddedError(
                    f"{path.name} is a link: clusters with tablespaces can't be backed up this way."
                )
            entry = tar.gettarinfo(str(path), arcname=str(path.relative_to(directory)))
            entry.uid = entry.gid = 0  # Whose the files are is decided where they are restored.
            entry.uname = entry.gname = ""
            if entry.isreg():
                with path.open("rb") as content:
                    tar.addfile(entry, content)
            else:
                tar.addfile(entry)


def _hand_over(directory: Path, account: Account) -> None:
    for path in (*directory.rglob("*"), directory):
        os.chown(path, account.uid, account.gid, follow_symlinks=False)


def _unpack(source: Path, directory: Path) -> None:
    """Plain files below `directory` only: an archive is not trusted to say where it writes."""
    try:
        with tarfile.open(source, "r:*") as tar:
            for entry in tar:
                name = PurePosixPath(entry.name)
                if name.is_absolute() or ".." in name.parts or not (entry.isreg() or entry.isdir()):
                    raise InvalidBackupError(
                        f"{source} is not a backup of Lastseat: it has the entry {entry.name!r}."
                    )
                path = directory / name
                if entry.isdir():
                    path.mkdir(mode=0o700, parents=True, exist_ok=True)
                    continue
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                content = tar.extractfile(entry)
                fd = os.open(
                    path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
                )
                with os.fdopen(fd, "wb") as file:
                    if content is not None:
                        shutil.copyfileobj(content, file, 1024 * 1024)
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise InvalidBackupError(
            f"{source} is no readable tar file, or only part of one ({error})."
        ) from error


def _validate(directory: Path, source: Path, binaries: Binaries) -> None:
    missing = [name for name in _MUST_HAVE if not directory.joinpath(name).is_file()]
    if missing:
        raise InvalidBackupError(
            f"{source} is not a backup of Lastseat: it lacks {', '.join(missing)}."
        )
    if settings.INCLUDES not in directory.joinpath("postgresql.conf").read_text(errors="replace"):
        raise InvalidBackupError(f"{source} is a backup of a server that Lastseat did not set up.")
    major = data_major(directory) or "unknown"
    if major != str(binaries.major):
        raise wrong_version(source, major, binaries.bin_dir, binaries.major, of_major(major))
    try:
        _verify(directory, binaries)
    except EmbeddedError as error:
        raise InvalidBackupError(f"{source} is damaged. {error}") from error


def _verify(directory: Path, binaries: Binaries) -> None:
    program = binaries.path("pg_verifybackup")
    if (
        program.exists()
    ):  # Some systems package it apart; all others check every file and the WAL here.
        _run("Verifying the backup", [program, "--exit-on-error", directory])


def _run(doing: str, argv: Sequence[str | Path], keep_fd: int | None = None) -> None:
    done = ourselves().run(argv, keep_fds=[] if keep_fd is None else [keep_fd])
    if done.returncode != 0:
        raise from_output(doing, done.stdout)


def _must_not_exist(target: Path) -> None:
    if os.path.lexists(target):
        raise AlreadyExistsError(
            f"{target} exists already, and a backup never overwrites. Choose another name."
        )
