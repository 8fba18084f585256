"""Reading what the server logged since a moment, to say why it died. Not for watching logs."""

from __future__ import annotations

import os
from pathlib import Path

START_LOG = "start.log"  # What is said before PostgreSQL's log collector runs.
_MOST_BYTES = 65536


def sizes(log_dir: Path) -> dict[Path, int]:
    """How long each of the collector's logs is now, in bytes."""
    return {path: path.lstat().st_size for path in log_dir.glob("postgresql-*.log")}


def since(log_dir: Path, before: dict[Path, int]) -> str:
    """What was logged since the sizes were `before`, of each log at most the last 64 KB."""
    later = [(path, before.get(path, 0)) for path in sorted(sizes(log_dir))]
    return "\n".join(_end(path, offset) for path, offset in [(log_dir / START_LOG, 0), *later])


def _end(path: Path, offset: int) -> str:
    try:
        # The server's account owns these: we follow no link of its, and don't wait on a pipe.
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return ""
    try:
        offset = max(offset, os.fstat(fd).st_size - _MOST_BYTES)
        return os.pread(fd, _MOST_BYTES, offset).decode(errors="replace")
    finally:
        os.close(fd)
