"""The run's own PostgreSQL: an embedded server in a directory that is gone afterwards.

Where root may mount one, the directory is a small file system of its own, so that its disk can be
full without anybody else's being so.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
from psycopg import pq

from lastseat.access import Role, store
from lastseat.access.store import NewKey
from lastseat.access.terms import KeyTerms
from lastseat.embedded import EmbeddedError, EmbeddedServer
from lastseat.ledger.migrate import migrate

DISK_BYTES = 12 * 2**30
"""The size of the mounted file system: a bound, not an allocation."""

STOP_SECONDS = 2.0
"""How long the postmaster may take to be stopped before it is killed."""

BACK_SECONDS = 60.0
"""How long the server may take to come back."""


class Database:
    """The server, its directory, and what is done to it from outside."""

    def __init__(self, *, mounted: bool) -> None:
        # Not below a private directory: the server's account could not enter it.
        self.home = Path(tempfile.mkdtemp(prefix="lst-"))
        self.home.chmod(0o755)
        self.disk = self.home / "disk"
        self.disk.mkdir()
        self.mounted = mounted and self._mount()
        self._server = EmbeddedServer(self.disk / "data")
        self.conninfo = ""
        self._removed = False

    def _mount(self) -> bool:
        if os.geteuid() != 0 or shutil.which("mount") is None:
            return False
        return _quiet("mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=755", "lastseat",
                      str(self.disk))  # fmt: skip

    def start(self) -> str:
        """Start it with the schema in it; where it is."""
        self.conninfo = self._server.ensure_running()
        migrate(self.conninfo)
        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            connection.execute("CREATE TABLE public.torture_callers (op bigint PRIMARY KEY)")
        return self.conninfo

    @property
    def socket(self) -> str:
        """The path of its socket."""
        status = self._server.status()
        return f"{status.socket_dir}/.s.PGSQL.{status.port}"

    def remove(self) -> None:
        """Stop it and remove everything."""
        # A thread that still waits for it to come back must not make another one.
        self._removed = True
        with contextlib.suppress(EmbeddedError):
            self._server.stop(mode="immediate")
        if self.mounted:
            _quiet("umount", str(self.disk)) or _quiet("umount", "-l", str(self.disk))
        shutil.rmtree(self.home, ignore_errors=True)

    def back(self) -> None:
        """See to it that it runs. Raises `EmbeddedError` when it can't be had."""
        deadline = time.monotonic() + BACK_SECONDS
        while not self._removed:
            try:
                self._server.ensure_running()
                return
            except EmbeddedError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def accepts(self) -> bool:
        """Whether it takes connections now."""
        return pq.Ping(pq.PGconn.ping(f"{self.conninfo} connect_timeout=2".encode())) is pq.Ping.OK

    async def accepting(self, *, after_refusal: bool) -> float:
        """When it took connections again; with `after_refusal`, once it has refused one."""
        until = time.monotonic() + BACK_SECONDS
        refusing = time.monotonic() + 1.0
        while after_refusal and time.monotonic() < refusing:
            if not await asyncio.to_thread(self.accepts):
                break
            await asyncio.sleep(0.002)
        while time.monotonic() < until:
            if await asyncio.to_thread(self.accepts):
                return time.monotonic()
            await asyncio.sleep(0.005)
        raise TimeoutError(f"the database did not come back within {BACK_SECONDS:g} s")

    def kill_group(self) -> int:
        """Kill -9 of the postmaster and all its processes; how many there were."""
        pid = self._server.status().pid
        if pid is None:
            return 0
        # Stopped first: a child born between the look and the kill would live on, perhaps for ever
        # in want of a lock that a dead one had, and no server could be started beside it.
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
        deadline = time.monotonic() + STOP_SECONDS
        while _state(pid) not in ("T", None) and time.monotonic() < deadline:
            time.sleep(0.001)
        pids = [pid, *_children(pid)]
        for number in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        return len(pids)

    def resize(self, size: int | None) -> bool:
        """Set the file system's size; None: the one it had."""
        return _quiet("mount", "-o", f"remount,size={size or DISK_BYTES}", str(self.disk))

    def used(self) -> int:
        """Bytes in use on it."""
        return shutil.disk_usage(self.disk).used

    async def run(self, query: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a statement on a connection of its own, which may break."""
        connection = await psycopg.AsyncConnection.connect(
            self.conninfo,
            autocommit=True,
            connect_timeout=5,
            application_name="torture",
            # What the role is made to suffer is not for us.
            options="-c statement_timeout=0 -c lock_timeout=0",
        )
        async with connection:
            cursor = await connection.execute(query.encode(), params)
            return await cursor.fetchall() if cursor.description else []

    async def insist(self, query: str) -> None:
        """The same until it is done: what was changed must be put back."""
        until = time.monotonic() + BACK_SECONDS
        while True:
            try:
                await self.run(query)
            except psycopg.Error:
                if time.monotonic() > until:
                    raise
                await asyncio.sleep(0.1)
            else:
                return


def _children(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, IndexError, ValueError):
            if int(_fields(stat)[1]) == pid:
                found.append(int(stat.parent.name))
    return found


def _state(pid: int) -> str | None:
    """What a process does, by the letter that /proc has for it; None: it is gone."""
    try:
        return _fields(Path("/proc", str(pid), "stat"))[0]
    except OSError:
        return None


def _fields(stat: Path) -> list[str]:
    """What comes after the name, which may have any characters in it."""
    return stat.read_text().rpartition(")")[2].split()


def _quiet(*argv: str) -> bool:
    try:
        return subprocess.run(argv, capture_output=True, check=False, timeout=20).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


async def keys_for(conninfo: str, tenants: Sequence[str]) -> dict[str, tuple[str, str]]:
    """For each tenant, made now, an owner's key and the name that the journal knows it by."""
    made: dict[str, tuple[str, str]] = {}
    async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as connection:
        for tenant in tenants:
            await store.create_tenant(connection, tenant, name="Torture")
            terms = KeyTerms(name="torture", roles=[Role.OWNER])
            key = await store.create_key(connection, tenant, terms, created_by="torture")
            if not isinstance(key, NewKey):
                raise TypeError(f"the run's key was refused: {key}")
            made[tenant] = key.text, f"key:{key.key.key_id}"
    return made
