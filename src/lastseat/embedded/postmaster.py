"""Finding the running server: who it is, whether it answers, how to reach it.

`postmaster.pid` alone proves nothing: after kill -9 its pid may be anybody's. The kernel knows who
listens on the socket, so a server is "found" when the listener is the pid in the file and runs as
the owner of the files. Starting and stopping are in `cluster.py`.
"""

from __future__ import annotations

import os
import socket
import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from psycopg import pq
from psycopg.conninfo import make_conninfo

from .layout import read_small

SUPERUSER = "postgres"
DATABASE = ROLE = "lastseat"
_CONNECT_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Postmaster:
    """A server as its `postmaster.pid` describes it."""

    pid: int
    started_at: datetime
    port: int
    socket_dir: Path

    @property
    def socket(self) -> Path:
        """The Unix socket it listens on."""
        return self.socket_dir / f".s.PGSQL.{self.port}"

    def conninfo(self, *, user: str = ROLE, dbname: str = DATABASE) -> str:
        """A libpq connection string."""
        return make_conninfo(host=str(self.socket_dir), port=self.port, dbname=dbname, user=user)

    def accepts(self) -> bool:
        """Whether it takes connections now, as pg_isready tells; waits up to 2 s to know."""
        probe = make_conninfo(self.conninfo(), connect_timeout=_CONNECT_SECONDS)
        return pq.Ping(pq.PGconn.ping(os.fsencode(probe))) is pq.Ping.OK


def recorded(pgdata: Path) -> Postmaster | None:
    """What `postmaster.pid` says, dead or alive; None when there is none or only part of it."""
    lines = (read_small(pgdata / "postmaster.pid") or "").splitlines()
    try:
        pid, started, port, directory = int(lines[0]), int(lines[2]), int(lines[3]), lines[4]
    except (IndexError, ValueError):
        return None
    if not directory:
        return None
    return Postmaster(pid, datetime.fromtimestamp(started, UTC), port, Path(directory))


def find(pgdata: Path) -> Postmaster | None:
    """The live server of this cluster, accepting or not; None when none can be reached."""
    said = recorded(pgdata)
    if said is None:
        return None
    peer = listener(said.socket)
    return said if peer == (said.pid, os.lstat(pgdata).st_uid) else None


def listener(path: Path) -> tuple[int, int] | None:
    """(pid, uid) of the process listening on a Unix socket, from the kernel; None if nobody."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(_CONNECT_SECONDS)
        try:
            probe.connect(os.fspath(path))
        except OSError:
            return None
        pid, uid, _ = struct.unpack(
            "3i", probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        )
    return pid, uid
