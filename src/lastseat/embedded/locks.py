"""Locks between processes, which the kernel releases when the last holder dies.

Two of them guard a data directory. `lastseat.lock` is held by whoever is starting, stopping or
restoring. `server.lock` is *inherited by the server and all its children*, so it is free only when
none of them is left: that is how leftovers of a killed server, or of a killed initdb, are told from
none, even across containers. Not for locks on rows or bookings.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import TimedOutError

POLL_SECONDS = 0.02


def try_lock(path: Path) -> int | None:
    """A descriptor that holds the lock on `path` (made if missing), or None when it is held.

    It is let go by closing the descriptor, never by unlocking it: unlocking would also take it from
    the children that inherited it.
    """
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    except BaseException:
        os.close(fd)
        raise
    return fd


def is_held(path: Path) -> bool:
    """Whether some process holds the lock on `path`; a missing file is not locked."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return False
    try:
        # Shared, so that two processes that only look never take each other for a holder.
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


@contextmanager
def turn(path: Path, deadline: float) -> Iterator[None]:
    """Hold the lock on `path`. Raises `TimedOutError` if its turn has not come by `deadline`.

    `deadline` is on the clock of `time.monotonic()`, in seconds.
    """
    while (fd := try_lock(path)) is None:
        if time.monotonic() >= deadline:
            holder = path.read_text(errors="replace").strip() or "unknown"
            raise TimedOutError(
                f"Another process (pid {holder}) has been starting, stopping or restoring this "
                f"server all the while. Wait for it, or end it, then try again. (Lock: {path})"
            )
        time.sleep(POLL_SECONDS)
    try:
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(fd)
