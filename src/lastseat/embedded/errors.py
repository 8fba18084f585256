"""What can go wrong with the embedded server, each with a way to go on.

This file turns the words of PostgreSQL's programs and of the operating system into
`EmbeddedError`s. It is not for booking refusals (those are outcomes) nor for errors of SQL
statements (those stay psycopg's).
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_TAIL_LINES = 20
_TAIL_CHARS = 3000


class EmbeddedError(Exception):
    """The embedded server can't do what was asked; the message says why and how to go on."""


class NoBinariesError(EmbeddedError):
    """No usable PostgreSQL programs (version 15 or newer) were found."""


class NoAccountError(EmbeddedError):
    """Running as root, and there is no unprivileged account to run the server as."""


class AccessDeniedError(EmbeddedError):
    """The operating system, or the owner of a file, denies what the server needs."""


class ForeignDirectoryError(EmbeddedError):
    """A directory holds something that Lastseat did not put there, so it is left alone."""


class VersionMismatchError(EmbeddedError):
    """The data were written by another major version of PostgreSQL than the programs at hand."""


class DiskFullError(EmbeddedError):
    """No space, quota or file size is left where the server must write."""


class AlreadyInUseError(EmbeddedError):
    """The data directory, or its socket, is in use by a server that is not ours."""


class TimedOutError(EmbeddedError):
    """A start, a stop or another process's turn did not end within the time allowed."""


class NotStoppedError(EmbeddedError):
    """The operation needs a stopped server, and this one runs."""


class AlreadyExistsError(EmbeddedError):
    """A file or data directory is there already and would have been overwritten."""


class InvalidBackupError(EmbeddedError):
    """A file is not a complete, intact backup made by `lastseat backup`."""


_DISK_FULL = (
    "Free some space (or raise the quota or limit), then try again; what was committed is safe."
)

# Looked for in this order: a full disk makes other messages follow, so it comes first.
_KNOWN: tuple[tuple[str, type[EmbeddedError], str], ...] = (
    (
        r"No space left on device|Disk quota exceeded|File too large|File size limit|signal 25\b",
        DiskFullError,
        _DISK_FULL,
    ),
    (
        r"pre-existing shared memory block",
        AlreadyInUseError,
        "Processes of a killed server are still ending. Try again; if it lasts, end them by hand.",
    ),
    (
        r"Is another postmaster|Address already in use|could not create any Unix-domain sockets",
        AlreadyInUseError,
        (
            "Another server uses this data directory or its socket. Stop that server, or set "
            "LASTSEAT_DATA_DIR elsewhere."
        ),
    ),
    (
        r"database files are incompatible with server",
        VersionMismatchError,
        "Point LASTSEAT_PG_BIN at the programs of the version that wrote the data.",
    ),
    (
        r"Permission denied|Operation not permitted|wrong ownership|invalid permissions",
        AccessDeniedError,
        (
            "Give the server's account access to the file named below, or put the data elsewhere "
            "with LASTSEAT_DATA_DIR."
        ),
    ),
)

_BY_ERRNO: dict[int, tuple[type[EmbeddedError], str]] = {
    errno.ENOSPC: (DiskFullError, _DISK_FULL),
    errno.EDQUOT: (DiskFullError, _DISK_FULL),
    errno.EFBIG: (DiskFullError, _DISK_FULL),
    errno.EACCES: (
        AccessDeniedError,
        "Run as the directory's owner, or choose another place (LASTSEAT_DATA_DIR).",
    ),
    errno.EPERM: (
        AccessDeniedError,
        "Run as the directory's owner, or choose another place (LASTSEAT_DATA_DIR).",
    ),
    errno.EROFS: (
        AccessDeniedError,
        "The file system is read-only; choose another place (LASTSEAT_DATA_DIR).",
    ),
}


def tail(text: str) -> str:
    """The last 20 lines of a log, at most 3000 characters: an error must stay readable."""
    return "\n".join(text.strip().splitlines()[-_TAIL_LINES:])[-_TAIL_CHARS:]


def from_output(doing: str, output: str) -> EmbeddedError:
    """The error that a failed program's output tells of; `doing` says what was being done."""
    said = f"\n--- what PostgreSQL said ---\n{tail(output)}" if output.strip() else ""
    for pattern, kind, hint in _KNOWN:
        found = re.search(pattern, output)
        if found:
            return kind(f"{doing} failed: {found.group(0)}. {hint}{said}")
    return EmbeddedError(f"{doing} failed.{said or ' PostgreSQL said nothing.'}")


def from_os_error(doing: str, error: OSError) -> EmbeddedError:
    """The error that an operating system error comes to; `doing` is what was being done."""
    where = f" ({error.filename})" if error.filename else ""
    kind, hint = _BY_ERRNO.get(error.errno or 0, (EmbeddedError, ""))
    return kind(f"{doing} failed: {error.strerror or error}{where}. {hint}".rstrip())


@contextmanager
def os_errors(doing: str) -> Iterator[None]:
    """What the operating system refuses in this block is raised as an `EmbeddedError`."""
    try:
        yield
    except OSError as error:
        raise from_os_error(doing, error) from error


def wrong_version(
    data: Path, data_major: str, bin_dir: Path, bin_major: int, other: Path | None
) -> EmbeddedError:
    """The error for data of another major version; `other`: a directory of fitting programs."""
    use = (
        f"LASTSEAT_PG_BIN={other}"
        if other
        else f"LASTSEAT_PG_BIN=<the bin directory of PostgreSQL {data_major}>"
    )
    older = data_major.isdigit() and int(data_major) < bin_major
    change = (
        f"To change to {bin_major}: `lastseat db upgrade`, once for each data directory"
        if older
        else f"Programs can't read the data of a newer version: install PostgreSQL {data_major}'s, "
        "or write a dump with them and load it into a new LASTSEAT_DATA_DIR"
    )
    return VersionMismatchError(
        f"{data} was written by PostgreSQL {data_major}, but the programs in {bin_dir} are "
        f"PostgreSQL {bin_major}. To go on as before, set {use}. {change}. (A backup is a copy of "
        "the files: it can only be restored by the major version that made it, and upgraded then.)"
    )
