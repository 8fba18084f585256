"""What lies where in the data directory, and who may own it.

    <data_dir>/            owned by whoever runs Lastseat; root gives the server's account its group
        lastseat.lock      held while starting, stopping, restoring; the sign that this is ours
        server.lock        held by the server and its children while any of them lives
        lastseat.conf      our settings, written at each start       custom.conf   yours, read last
        log/  run/         the server's logs and its socket, private to its account
        postgres/          the cluster itself (PGDATA), private to its account
        postgres.*/        being initialised, restored or upgraded, or moved aside by that

Since as root the directory itself is root's, the server's account can't plant links for root to
follow.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from .account import Account
from .errors import AccessDeniedError, EmbeddedError, ForeignDirectoryError

DATA_VARIABLE = "LASTSEAT_DATA_DIR"
PORT = 5432
_SOCKET_PATH_BYTES = 107  # The kernel's limit on Linux, without the closing NUL.


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of one data directory."""

    root: Path

    @property
    def pgdata(self) -> Path:
        """The cluster."""
        return self.root / "postgres"

    @property
    def initialising(self) -> Path:
        """A cluster not complete yet; renamed to `pgdata` when it is."""
        return self.root / "postgres.new"

    @property
    def extracting(self) -> Path:
        """A backup being unpacked, not validated yet."""
        return self.root / "postgres.extracting"

    @property
    def restored(self) -> Path:
        """A validated backup, or an upgraded copy, about to take the place of `pgdata`."""
        return self.root / "postgres.restored"

    @property
    def upgrading(self) -> Path:
        """A copy being written by a newer major version."""
        return self.root / "postgres.upgrading"

    @property
    def upgrade_work(self) -> Path:
        """Where pg_upgrade leaves its notes."""
        return self.root / "postgres.upgrade-work"

    @property
    def turn_lock(self) -> Path:
        """The lock of whoever is starting, stopping or restoring."""
        return self.root / "lastseat.lock"

    @property
    def server_lock(self) -> Path:
        """The lock that the server's processes inherit."""
        return self.root / "server.lock"

    @property
    def settings(self) -> Path:
        """The settings file that we write."""
        return self.root / "lastseat.conf"

    @property
    def log_dir(self) -> Path:
        """The directory of the server's logs."""
        return self.root / "log"


def default_data_dir() -> Path:
    """$LASTSEAT_DATA_DIR, else /var/lib/lastseat as root, else the user's data directory."""
    configured = os.environ.get(DATA_VARIABLE)
    if configured:
        return Path(configured).expanduser().absolute()
    if os.geteuid() == 0:
        return Path("/var/lib/lastseat")
    return platformdirs.user_data_path("lastseat", appauthor=False)


def claim(layout: Layout, account: Account) -> None:
    """Make the data directory, or check that the one there is ours to use.

    Raises `ForeignDirectoryError` when it holds anything else, `AccessDeniedError` when it belongs
    to another user or the server's account can't reach it.
    """
    _refuse_planted_links(layout.root)
    layout.root.mkdir(mode=0o700, parents=True, exist_ok=True)
    _must_be_mine(layout.root)
    held = {entry.name for entry in layout.root.iterdir()} - {"lost+found"}
    if held and layout.turn_lock.name not in held:
        raise ForeignDirectoryError(
            f"{layout.root} is not empty and is not a data directory of Lastseat (it holds "
            f"{', '.join(sorted(held)[:3])} and such). Nothing was changed. "
            f"Set {DATA_VARIABLE} to an empty or new directory."
        )
    # First of all the sign that it is ours: another process, or the next one if we are killed here,
    # looks for it.
    os.close(
        os.open(layout.turn_lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    )
    if not os.path.lexists(layout.pgdata):
        if account.drop:
            os.chown(layout.root, -1, account.gid)
        layout.root.chmod(0o750 if account.drop else 0o700)
    account.must_reach(layout.root)
    private_dir(layout.log_dir, account)


def socket_dir(layout: Layout, account: Account) -> Path:
    """The socket's directory, made if missing: in the data directory unless that is too long.

    Commas and the like are taken for "too long": libpq and PostgreSQL read them as lists of
    directories.
    """
    inside = layout.root / "run"
    socket = os.fsencode(inside / f".s.PGSQL.{PORT}")
    if len(socket) <= _SOCKET_PATH_BYTES and re.fullmatch(r"[\w./+@ -]+", str(inside), re.ASCII):
        return private_dir(inside, account)
    name = hashlib.sha256(os.fsencode(layout.root)).hexdigest()[:16]
    # Not XDG_RUNTIME_DIR nor TMPDIR: the server outlives the login session that these may be tied
    # to.
    parent = Path("/run") if account.drop and Path("/run").is_dir() else Path("/tmp")  # noqa: S108 (checked for its owner)
    return private_dir(parent / f"lastseat-{account.uid}-{name}", account)


def private_dir(path: Path, account: Account) -> Path:
    """Make `path` a directory that only `account` and root can enter. Never follows a link.

    One that is there already may have been opened for reading (logs), but raises
    `AccessDeniedError` when others own it or can write to it.
    """
    try:
        path.mkdir(0o700)
    except FileExistsError:
        info = os.lstat(path)
        mine = info.st_uid == account.uid or (account.drop and info.st_uid == 0)
        if not stat.S_ISDIR(info.st_mode) or not mine or info.st_mode & 0o022:
            raise AccessDeniedError(
                f"{path} must be a directory that only the account {account.name!r} can write to, "
                "and it is not. It may have been put there by someone else: look at it, remove "
                "it, then try again."
            ) from None
    if account.drop:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)
    return path


def read_small(path: Path, limit: int = 8192) -> str | None:
    """The text of a small file of the server's account, None if there is none; follows no link."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            return os.read(fd, limit).decode(errors="replace")
        finally:
            os.close(fd)
    except (FileNotFoundError, NotADirectoryError, ProcessLookupError):
        return None  # The last is what /proc says of a process that has just ended.


def sync_dir(path: Path) -> None:
    """Make renames in a directory survive a power cut."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _must_be_mine(root: Path) -> None:
    info = os.lstat(root)
    if not stat.S_ISDIR(info.st_mode):
        raise ForeignDirectoryError(f"{root} is not a directory. Set {DATA_VARIABLE} to one.")
    if info.st_uid != os.geteuid():
        raise AccessDeniedError(
            f"{root} belongs to user id {info.st_uid}, and we run as {os.geteuid()}. Run Lastseat "
            f"as its owner, or set {DATA_VARIABLE} to a directory of your own."
        )


def _refuse_planted_links(root: Path) -> None:
    """A link made by another user could lead us to claim, as root, a directory of his choice."""
    if any(character < " " for character in str(root)):
        raise EmbeddedError(
            f"The path {str(root)!r} has control characters. Set {DATA_VARIABLE} to another."
        )
    for path in [root, *root.parents]:
        if path.is_symlink() and os.lstat(path).st_uid not in (0, os.geteuid()):
            raise AccessDeniedError(
                f"{path}, on the way to the data directory, is a link made by another user. Name "
                "the real path instead."
            )
