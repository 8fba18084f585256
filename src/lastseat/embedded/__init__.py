"""A PostgreSQL server of Lastseat's own, for when no database URL is configured.

What it is: a small supervisor around PostgreSQL's programs (`server.py` first). What it is not for:
anything that a configured database would not also offer; the rest of Lastseat sees a conninfo
string and nothing else. Linux only.
"""

from .errors import (
    AccessDeniedError,
    AlreadyExistsError,
    AlreadyInUseError,
    DiskFullError,
    EmbeddedError,
    ForeignDirectoryError,
    InvalidBackupError,
    NoAccountError,
    NoBinariesError,
    NotStoppedError,
    TimedOutError,
    VersionMismatchError,
)
from .layout import default_data_dir
from .server import EmbeddedServer, ServerStatus
from .upgrade import Upgraded

__all__ = [
    "AccessDeniedError",
    "AlreadyExistsError",
    "AlreadyInUseError",
    "DiskFullError",
    "EmbeddedError",
    "EmbeddedServer",
    "ForeignDirectoryError",
    "InvalidBackupError",
    "NoAccountError",
    "NoBinariesError",
    "NotStoppedError",
    "ServerStatus",
    "TimedOutError",
    "Upgraded",
    "VersionMismatchError",
    "default_data_dir",
]
