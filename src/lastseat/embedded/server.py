"""The embedded server as the rest of Lastseat sees it: start, stop, status, backup, restore.

One short method each; the work is in `cluster.py` and `archive.py`. Which URL to use, embedded or
not, is for the configuration to say.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg

from . import account as accounts
from . import archive, binaries, cluster, layout, postmaster, readable, upgrade
from .cluster import Cluster, StopMode
from .errors import AlreadyExistsError, EmbeddedError, NotStoppedError, os_errors, wrong_version
from .layout import Layout
from .locks import POLL_SECONDS, is_held, turn
from .postmaster import Postmaster
from .upgrade import Upgraded

_LONG_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """The server at one moment.

    `running`: some process of it lives; `accepting`: it takes connections; `detail`: one line for a
    person. `version` is the running server's ('18.6'), else the major version of the data ('18'),
    else None. `size_bytes` is what the cluster's files hold. `started_at` is in UTC. What is not
    known while it is stopped is None.
    """

    running: bool
    accepting: bool
    detail: str
    data_dir: Path
    log_dir: Path
    size_bytes: int
    version: str | None
    pid: int | None
    socket_dir: Path | None
    port: int | None
    conninfo: str | None
    started_at: datetime | None


class EmbeddedServer:
    """The PostgreSQL server of one data directory, shared by all processes that name it.

    It is a daemon: it outlives the process that started it, until `stop` or the end of the machine.
    Threads and processes may use this class at once. Every method raises `EmbeddedError` (a
    subclass telling which kind) with a message that says how to go on.

    >>> server = EmbeddedServer(Path("/var/lib/lastseat"))   # doctest: +SKIP
    >>> psycopg.connect(server.ensure_running())             # doctest: +SKIP
    """

    def __init__(self, data_dir: Path | None = None, *, start_timeout: float = 120.0) -> None:
        """`start_timeout`: seconds that `ensure_running` may wait in all; then `TimedOutError`."""
        chosen = (data_dir or layout.default_data_dir()).expanduser()
        self._layout = Layout(chosen.absolute())
        self._start_timeout = start_timeout

    @property
    def data_dir(self) -> Path:
        """The data directory, absolute."""
        return self._layout.root

    def ensure_running(self) -> str:
        """Initialise and start if needed; returns a libpq conninfo for the database `lastseat`.

        Its role `lastseat` owns that database and is no superuser. Any number of processes may call
        this at once. After kill -9 of anything it recovers what was committed. `TimedOutError` when
        the server is still recovering at the end of `start_timeout`; it goes on with it, so call
        again.
        """
        with os_errors("Starting the embedded server"):
            found = postmaster.find(self._layout.pgdata)
            if found is not None and found.accepts():
                return found.conninfo()
            return self._start(time.monotonic() + self._start_timeout).conninfo()

    def stop(self, *, mode: StopMode = "fast", timeout: float = _LONG_SECONDS) -> bool:
        """Stop the server and wait `timeout` seconds for its end; False when it was not running.

        `smart` waits for clients to leave, `fast` ends their sessions (what is not committed is
        rolled back), `immediate` is a crash on purpose. Raises `TimedOutError` when it has not
        ended in time.
        """
        with os_errors("Stopping the embedded server"):
            if not self._layout.turn_lock.exists():
                return False
            deadline = time.monotonic() + timeout
            with turn(self._layout.turn_lock, deadline):
                return cluster.stop(self._layout, mode, deadline)

    def status(self) -> ServerStatus:
        """The server now. Changes nothing; waits at most 2 s, for a server that does not answer."""
        with os_errors("Looking at the embedded server"):
            found = postmaster.find(self._layout.pgdata)
            accepting = found is not None and found.accepts()
            running = found is not None or is_held(self._layout.server_lock)
            return ServerStatus(
                running=running,
                accepting=accepting,
                detail=_detail(self._layout, found, accepting, running),
                data_dir=self._layout.root,
                log_dir=self._layout.log_dir,
                size_bytes=_size_bytes(self._layout.pgdata),
                version=_version(found)
                if found and accepting
                else cluster.data_major(self._layout.pgdata),
                pid=found.pid if found else None,
                socket_dir=found.socket_dir if found else None,
                port=found.port if found else None,
                conninfo=found.conninfo() if found else None,
                started_at=found.started_at if found else None,
            )

    def backup(self, target: Path) -> Path:
        """Write a consistent, verified copy to `target` (.tar, .tar.gz, .tgz); returns its path.

        Starts the server if needed and doesn't disturb clients. Needs room for the copy and the
        archive beside `target` while it works. The file is readable by its owner only.
        `AlreadyExistsError` rather than overwrite.
        """
        target = target.expanduser().absolute()
        self.ensure_running()
        with os_errors(f"The backup to {target}"):
            found = postmaster.find(self._layout.pgdata)
            if found is None:
                raise EmbeddedError(
                    "The server was stopped by another process just now. Try again."
                )
            programs = binaries.locate()
            major = cluster.data_major(self._layout.pgdata)
            if major is not None and major != str(programs.major):
                raise wrong_version(
                    self._layout.pgdata,
                    major,
                    programs.bin_dir,
                    programs.major,
                    binaries.of_major(major),
                )
            archive.write(found, programs, target)
        return target

    def restore(self, source: Path, *, force: bool = False) -> None:
        """Put the backup `source` into a data directory without a cluster; starts no server.

        With `force` a cluster that is there is moved aside within the data directory
        (postgres.before-restore-<UTC time>) and never deleted. The backup is unpacked and validated
        before anything is replaced. Raises `NotStoppedError`, `AlreadyExistsError`,
        `InvalidBackupError` or `VersionMismatchError`.
        """
        source = source.expanduser().absolute()
        deadline = time.monotonic() + _LONG_SECONDS
        with os_errors(f"The restore of {source}"), self._my_turn(deadline) as mine:
            if postmaster.find(self._layout.pgdata) is not None:
                raise NotStoppedError(
                    f"The server on {self._layout.root} is running: stop it first, then restore."
                )
            if os.path.lexists(self._layout.pgdata) and not force:
                raise AlreadyExistsError(
                    f"{self._layout.pgdata} holds a database already. Restore into another data "
                    "directory, or with force, which moves that database aside."
                )
            with cluster.nothing_running(self._layout, deadline):
                archive.read(source, self._layout, mine.account, mine.binaries)
                archive.put_in_place(self._layout)

    def upgrade(self, *, old_bin_dir: Path | None = None) -> Upgraded | None:
        """Rewrite the cluster for the programs' major version; starts no server.

        None when it is of that version already. `old_bin_dir` has the programs of the version that
        wrote it, unless they lie where `lastseat` looks for programs. The cluster that was there is
        kept within the data directory (postgres.before-upgrade-from-<version>-<UTC time>), so there
        must be room for both. Raises `NotStoppedError`, `NoBinariesError`, `VersionMismatchError`
        and so on, with nothing changed.
        """
        deadline = time.monotonic() + _LONG_SECONDS
        with os_errors("The upgrade"), self._my_turn(deadline) as mine:
            if postmaster.find(self._layout.pgdata) is not None:
                raise NotStoppedError(
                    f"The server on {self._layout.root} is running: stop it first, then upgrade."
                )
            major = cluster.data_major(self._layout.pgdata)
            if major == str(mine.binaries.major):
                return None
            if major is None:
                mine.check()
            old = upgrade.old_binaries(mine, old_bin_dir)
            with cluster.nothing_running(self._layout, deadline) as lock_fd:
                return upgrade.run(mine, old, lock_fd)

    def _start(self, deadline: float) -> Postmaster:
        with self._my_turn(deadline) as mine:
            running = self._join(deadline)
            if running is not None:
                return running
            with cluster.nothing_running(self._layout, deadline) as lock_fd:
                if not os.path.lexists(self._layout.pgdata):
                    mine.initialise(lock_fd)
                mine.check()
                launched = mine.launch(lock_fd)
            return mine.wait_until_ready(launched, deadline)

    def _join(self, deadline: float) -> Postmaster | None:
        """The server that lives already, once it takes connections; None when there is none."""
        while (found := postmaster.find(self._layout.pgdata)) is not None:
            if found.accepts():
                return found
            if time.monotonic() >= deadline:
                raise cluster.not_ready(self._layout, found)
            time.sleep(POLL_SECONDS)
        return None

    @contextmanager
    def _my_turn(self, deadline: float) -> Iterator[Cluster]:
        """Hold the turn lock of a data directory that is ours, and what it takes to work on it."""
        account = accounts.choose(self._layout.pgdata)
        layout.claim(self._layout, account)
        with turn(self._layout.turn_lock, deadline):
            archive.finish(self._layout)
            programs = readable.for_account(binaries.locate(), account)
            yield Cluster(self._layout, account, programs)


def _detail(layout: Layout, found: Postmaster | None, accepting: bool, running: bool) -> str:
    if found is not None:
        state = (
            "running"
            if accepting
            else "running, but not taking connections (starting, recovering, ending or frozen)"
        )
        return f"{state}, pid {found.pid}"
    if running:
        return (
            "processes are alive, but no server answers (starting, or left over from a killed one)"
        )
    return "stopped" if layout.pgdata.exists() else "not initialised"


def _version(found: Postmaster) -> str | None:
    try:
        with psycopg.connect(found.conninfo(), connect_timeout=5) as connection:
            return connection.info.parameter_status("server_version")
    except psycopg.OperationalError:
        return None  # It stopped, or is out of connections, between two looks.


def _size_bytes(directory: Path) -> int:
    total = 0
    for parent, _, files in os.walk(directory):
        for name in files:
            try:
                total += Path(parent, name).lstat().st_size
            except FileNotFoundError:
                continue  # A running server removes files all the time.
    return total
