"""Initialising, starting and stopping the cluster.

Callers hold the turn lock; `server.py` sees to that.
The server is a daemon: a session of its own, no descriptors but the server lock, nobody's child.
Processes find it again through `postmaster.py`.
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from . import layout as places
from . import logs, postmaster, settings
from .account import Account
from .binaries import Binaries, of_major
from .errors import (
    AlreadyInUseError,
    DiskFullError,
    EmbeddedError,
    ForeignDirectoryError,
    TimedOutError,
    from_output,
    tail,
    wrong_version,
)
from .layout import Layout
from .locks import POLL_SECONDS, is_held, try_lock
from .postmaster import DATABASE, ROLE, SUPERUSER, Postmaster

StopMode = Literal["smart", "fast", "immediate"]
_SIGNALS: dict[StopMode, signal.Signals] = {
    "smart": signal.SIGTERM,
    "fast": signal.SIGINT,
    "immediate": signal.SIGQUIT,
}

# The application is not the superuser: a hole in it must not run programs on this machine. What it
# may do beyond its own database: look at statistics, force a checkpoint, end sessions, make
# databases (tests do).
_BOOTSTRAP = f"""\
CREATE ROLE {ROLE} LOGIN CREATEDB
GRANT pg_monitor, pg_checkpoint, pg_signal_backend TO {ROLE}
CREATE DATABASE {DATABASE} OWNER {ROLE}
"""

_BUILTIN_LOCALES = 17  # The first major version that has them.
_EXIT_SECONDS = 2.0
# With less than this free, PostgreSQL may have died for want of space without space to say so.
_LOW_DISK_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Launched:
    """What tells why a launched server died: its shell's words, and how long the logs were."""

    said: str
    log_sizes: dict[Path, int]


@dataclass(frozen=True, slots=True)
class Cluster:
    """One cluster: where it lies, whose it is, and the programs to run it with."""

    layout: Layout
    account: Account
    binaries: Binaries

    def initialise(self, keep_fd: int) -> None:
        """Make a new cluster with the database `lastseat`, all or nothing.

        `keep_fd` holds the server lock: should we be killed, initdb keeps it until it has ended,
        too.
        """
        new = self.layout.initialising
        self.make_files(new, keep_fd)
        self.execute(_BOOTSTRAP, new, "postgres", keep_fd)
        self.configure_files(new, keep_fd)
        self.sync_files(new, keep_fd)
        new.rename(self.layout.pgdata)
        places.sync_dir(self.layout.root)

    def make_files(self, new: Path, keep_fd: int) -> None:
        """An empty cluster in `new`, whatever was there before: no role but the superuser's."""
        shutil.rmtree(new, ignore_errors=True)
        places.private_dir(new, self.account)
        options = ["-U", SUPERUSER, "-k", "-E", "UTF8", "--locale=C", "--no-instructions"]
        options += ["--auth-local=trust", "--auth-host=reject"]
        if self.binaries.major >= _BUILTIN_LOCALES:
            # PostgreSQL's own Unicode rules: no update of the C library can change them under an
            # index.
            options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        initdb = self.binaries.path("initdb")
        self._run("Initialising the database", [initdb, "-D", new, *options], keep_fd)

    def configure_files(self, new: Path, keep_fd: int) -> None:
        """Let the cluster in `new` take our settings, once it has the place of `pgdata`."""
        # Appended by the account itself: as root we never write where it could plant a link.
        append: list[str | Path] = ["/bin/sh", "-c", 'cat >> "$1/postgresql.conf"', "sh", new]
        self._run("Configuring the database", append, keep_fd, stdin=settings.INCLUDES)

    def sync_files(self, new: Path, keep_fd: int) -> None:
        """Make the cluster in `new` survive a power cut."""
        initdb = self.binaries.path("initdb")
        self._run("Syncing the database", [initdb, "--sync-only", "-D", new], keep_fd)

    def execute(self, statements: str, files: Path, database: str, keep_fd: int) -> None:
        """Run SQL, a statement a line, on a cluster without a server: nobody else can connect."""
        command: list[str | Path] = [self.binaries.path("postgres"), "--single", "-D", files]
        command += ["-c", "exit_on_error=true", database]
        self._run("Writing to the database", command, keep_fd, stdin=statements)

    def recover(self, keep_fd: int) -> None:
        """Have what a killed server left, or a backup holds, replayed; end cleanly."""
        self._clear_stale_files()
        self._write_settings()
        self.execute("", self.layout.pgdata, "postgres", keep_fd)

    def check(self) -> None:
        """Raise unless the files are a cluster of our programs' major version."""
        major = data_major(self.layout.pgdata)
        if major is None:
            raise ForeignDirectoryError(
                f"{self.layout.pgdata} is not a PostgreSQL data directory (it has no PG_VERSION). "
                "Move it away, or restore a backup with force."
            )
        if major != str(self.binaries.major):
            other = of_major(major)
            raise wrong_version(
                self.layout.pgdata, major, self.binaries.bin_dir, self.binaries.major, other
            )

    def launch(self, lock_fd: int) -> Launched:
        """Start the server, which inherits `lock_fd`, the server lock. Doesn't wait for it."""
        self._clear_stale_files()
        self._write_settings()
        sizes = logs.sizes(self.layout.log_dir)
        # The shell exits at once, so that the server is nobody's child and leaves no zombie behind
        # in us.
        script = 'log=$1; shift; "$@" </dev/null >"$log" 2>&1 &'
        command: list[str | Path] = [self.binaries.path("postgres"), "-D", self.layout.pgdata]
        start_log = self.layout.log_dir / logs.START_LOG
        said = self._run(
            "Starting the server", ["/bin/sh", "-c", script, "sh", start_log, *command], lock_fd
        )
        return Launched(said, sizes)

    def wait_until_ready(self, launched: Launched, deadline: float) -> Postmaster:
        """The launched server, once it takes connections. Its lock must be its own alone by now.

        Raises what the log tells of if it died, or `TimedOutError` at `deadline`: it then goes on
        starting, since a long recovery must not be begun anew each time.
        """
        while True:
            found = postmaster.find(self.layout.pgdata)
            if found is not None and found.accepts():
                return found
            if found is None and not is_held(self.layout.server_lock):
                raise self._why_it_died(
                    launched.said + logs.since(self.layout.log_dir, launched.log_sizes)
                )
            if time.monotonic() >= deadline:
                raise not_ready(
                    self.layout, found, logs.since(self.layout.log_dir, launched.log_sizes)
                )
            time.sleep(POLL_SECONDS)

    def _run(self, doing: str, argv: Sequence[str | Path], keep_fd: int, stdin: str = "") -> str:
        done = self.account.run(argv, stdin=stdin, keep_fds=[keep_fd])
        if done.returncode != 0:
            how = (
                f"signal {-done.returncode}" if done.returncode < 0 else f"status {done.returncode}"
            )
            raise from_output(doing, f"{done.stdout}\n{Path(argv[0]).name} ended with {how}")
        return done.stdout

    def _write_settings(self) -> None:
        server = self.binaries.path("postgres")
        probe = ["-C", "wal_compression", "-c", "wal_compression=lz4"]
        lz4 = self.account.run([server, "-D", self.layout.pgdata, *probe]).returncode == 0
        text = settings.render(
            socket_dir=places.socket_dir(self.layout, self.account),
            port=places.PORT,
            log_dir=self.layout.log_dir,
            lz4=lz4,
        )
        draft = self.layout.settings.with_suffix(".new")
        draft.write_text(text)
        draft.chmod(0o644)  # The server's account reads it; the directory keeps others out.
        draft.replace(self.layout.settings)

    def _clear_stale_files(self) -> None:
        """Remove a dead server's lock files if its pid is now another process's, or a zombie's.

        PostgreSQL would refuse to start for fear that it is a server; in containers, where pids are
        few and the first process may reap no zombies, that is common. We know better: we hold the
        server lock, and the kernel says where that process works.
        """
        pid_file = self.layout.pgdata / "postmaster.pid"
        pid = (places.read_small(pid_file) or "").split("\n", 1)[0].strip()
        # A killed process lets go of its locks a moment before it is gone.
        patience = time.monotonic() + _EXIT_SECONDS
        while pid.isdigit() and Path("/proc", pid).exists() and time.monotonic() < patience:
            if _is_zombie(pid) or self._works_elsewhere(pid):
                pid_file.unlink(missing_ok=True)
                break
            time.sleep(POLL_SECONDS)
        socket = places.socket_dir(self.layout, self.account) / f".s.PGSQL.{places.PORT}"
        if postmaster.listener(socket) is None:
            socket.with_name(socket.name + ".lock").unlink(missing_ok=True)

    def _works_elsewhere(self, pid: str) -> bool:
        name = places.read_small(Path(f"/proc/{pid}/comm"))
        if name is not None and name.strip() != "postgres":
            return True
        # Asked as the account: in a container root may not look into another user's processes.
        said = self.account.run(["readlink", f"/proc/{pid}/cwd"])
        return said.returncode == 0 and said.stdout.rstrip("\n") != str(
            self.layout.pgdata.resolve()
        )

    def _why_it_died(self, log: str) -> EmbeddedError:
        error = from_output("Starting the server", log)
        free = shutil.disk_usage(self.layout.root).free
        if type(error) is EmbeddedError and free < _LOW_DISK_BYTES:
            return DiskFullError(
                f"Only {free} bytes are free at {self.layout.root}: free some space. {error}"
            )
        return error


def _is_zombie(pid: str) -> bool:
    return "State:\tZ" in (places.read_small(Path(f"/proc/{pid}/status")) or "")


def data_major(pgdata: Path) -> str | None:
    """The major version that wrote the files, such as '18'; None when it is no cluster."""
    return (places.read_small(pgdata / "PG_VERSION") or "").strip() or None


@contextmanager
def nothing_running(layout: Layout, deadline: float) -> Iterator[int]:
    """Hold the server lock, in the descriptor given: meanwhile no server runs here.

    Waits for the last processes of a killed server to end. Raises `AlreadyInUseError` at
    `deadline`.
    """
    while (fd := try_lock(layout.server_lock)) is None:
        if time.monotonic() >= deadline:
            raise still_alive(layout)
        time.sleep(POLL_SECONDS)
    try:
        yield fd
    finally:
        os.close(fd)


def not_ready(layout: Layout, found: Postmaster | None, log: str = "") -> TimedOutError:
    """The error for a live server that takes no connections."""
    who = f"pid {found.pid}" if found else "its socket is not open yet"
    return TimedOutError(
        f"The server on {layout.root} runs ({who}) but does not take connections yet. It may be "
        "recovering or ending, and goes on with it: call again. If it lasts, see its logs in "
        f"{layout.log_dir}." + (f"\n--- log ---\n{tail(log)}" if log.strip() else "")
    )


def still_alive(layout: Layout) -> EmbeddedError:
    """The error for processes that hold the server lock though no server can be reached."""
    said = postmaster.recorded(layout.pgdata)
    who = (
        f"its postmaster.pid names pid {said.pid}, at the socket {said.socket}"
        if said
        else "it has no postmaster.pid"
    )
    return AlreadyInUseError(
        f"Processes of a server (or of a killed initdb) on {layout.root} are still alive, but no "
        f"server can be reached; {who}. Wait for them, or see which they are (fuser -v "
        f"{layout.server_lock}) and end them (kill -INT), then try again."
    )


def stop(layout: Layout, mode: StopMode, deadline: float) -> bool:
    """Stop the server and wait for its last process; False when none ran. Raises at `deadline`."""
    found = postmaster.find(layout.pgdata)
    if found is not None:
        os.kill(found.pid, _SIGNALS[mode])
    elif not is_held(layout.server_lock):
        return False
    while is_held(layout.server_lock) or postmaster.find(layout.pgdata) is not None:
        if time.monotonic() >= deadline:
            if found is None:
                raise still_alive(layout)
            raise TimedOutError(
                f"The server (pid {found.pid}) was told to stop ({mode}) but has not ended yet. "
                "'smart' waits for clients to leave: try 'fast', which ends their sessions, or "
                "'immediate'."
            )
        time.sleep(POLL_SECONDS)
    return True
