"""Starting: one server for all processes, with the settings promised, wherever the data lie."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from lastseat.embedded import (
    EmbeddedError,
    EmbeddedServer,
    TimedOutError,
    default_data_dir,
)
from lastseat.embedded.binaries import OLDEST_MAJOR, locate

from .conftest import MakeServer
from .processes import Process, names, pid_of, rows, write_row

# What would be used here, and whatever else this machine has.
_PROGRAMS = {
    locate().bin_dir,
    *(
        path / "bin"
        for path in Path("/usr/lib/postgresql").glob("[0-9]*")
        if int(path.name) >= OLDEST_MAJOR
    ),
}

IN_FORCE = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "data_checksums": "on",
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "checkpoint_timeout": "15min",
    "checkpoint_completion_target": "0.9",
    "max_wal_size": "2GB",
    "deadlock_timeout": "200ms",
    "jit": "off",
    "TimeZone": "UTC",
    "lc_messages": "C",
    "server_encoding": "UTF8",
    "logging_collector": "on",
}


def test_a_first_start_gives_an_empty_database_to_a_role_without_superuser(
    server: EmbeddedServer,
) -> None:
    with psycopg.connect(server.ensure_running()) as connection:
        said = connection.execute(
            "SELECT current_database(), current_user, usesuper, "
            "pg_catalog.pg_get_userbyid(datdba), (SELECT count(*) FROM pg_stat_user_tables) "
            "FROM pg_user JOIN pg_database ON datname = current_database() "
            "WHERE usename = current_user"
        ).fetchone()
        assert said == ("lastseat", "lastseat", False, "lastseat", 0)
        connection.execute("CREATE EXTENSION btree_gist")


@pytest.mark.parametrize("setting", IN_FORCE)
def test_a_setting_is_in_force(shared: EmbeddedServer, setting: str) -> None:
    with psycopg.connect(shared.ensure_running()) as connection:
        found = connection.execute("SELECT current_setting(%s)", [setting]).fetchone()
    assert found == (IN_FORCE[setting],)


def test_shared_buffers_stay_within_their_bounds(shared: EmbeddedServer) -> None:
    with psycopg.connect(shared.ensure_running()) as connection:
        found = connection.execute(
            "SELECT pg_size_bytes(current_setting('shared_buffers')) / 1024 / 1024"
        ).fetchone()
    assert found is not None
    assert 128 <= found[0] <= 1024


def test_status_describes_the_running_server(shared: EmbeddedServer) -> None:
    conninfo = shared.ensure_running()
    status = shared.status()
    assert (status.running, status.accepting, status.conninfo) == (True, True, conninfo)
    assert status.size_bytes > 10_000_000
    assert status.socket_dir is not None
    assert status.socket_dir.joinpath(f".s.PGSQL.{status.port}").is_socket()
    with psycopg.connect(conninfo) as connection:
        said = connection.execute("SELECT date_trunc('s', pg_postmaster_start_time())").fetchone()
        assert said is not None
        assert status.started_at is not None
        assert abs((said[0] - status.started_at).total_seconds()) <= 1
        assert status.version == connection.info.parameter_status("server_version")


def test_another_process_finds_the_same_server(shared: EmbeddedServer) -> None:
    def other() -> tuple[str, int]:
        found = EmbeddedServer(shared.data_dir)
        return found.ensure_running(), pid_of(found)

    assert Process(other).result() == (shared.ensure_running(), pid_of(shared))


def test_eight_processes_at_once_get_one_server(server: EmbeddedServer) -> None:
    def start_and_write() -> int:
        write_row(server.ensure_running(), f"from {os.getpid()}")
        return pid_of(server)

    # One makes the table, so that they don't race for that; the race is for the server.
    processes = [Process(server.ensure_running) for _ in range(8)]
    assert len({process.result() for process in processes}) == 1
    write_row(server.ensure_running(), "first")
    processes = [Process(start_and_write) for _ in range(8)]
    assert {process.result() for process in processes} == {pid_of(server)}
    assert len(rows(server.ensure_running())) == 9
    assert names(server.data_dir) == {
        *("lastseat.conf", "lastseat.lock", "server.lock", "log", "postgres", "run")
    }


def test_without_the_locks_they_would_not(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the race above."""

    @contextlib.contextmanager
    def no_turn(path: Path, deadline: float) -> Iterator[None]:
        yield

    def no_lock(path: Path) -> int:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    monkeypatch.setattr("lastseat.embedded.server.turn", no_turn)
    monkeypatch.setattr("lastseat.embedded.cluster.try_lock", no_lock)

    def start() -> str:
        try:
            return server.ensure_running()
        except EmbeddedError:
            return "failed"

    processes = [Process(start) for _ in range(8)]
    assert "failed" in {process.result() for process in processes}


def test_the_server_outlives_its_starter_and_inherits_nothing_of_it(
    server: EmbeddedServer, directory: Path
) -> None:
    def start() -> int:
        fd = os.open(directory / "secret", os.O_CREAT | os.O_RDWR, 0o600)
        os.set_inheritable(fd, True)
        server.ensure_running()
        return os.getsid(0)

    session = Process(start).result()
    pid = pid_of(server)
    assert os.getsid(pid) != session
    open_files = {str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()}
    assert str(directory / "secret") not in open_files
    assert Path(f"/proc/{pid}/fd/0").readlink() == Path("/dev/null")
    assert server.status().accepting


def test_only_its_account_may_enter_the_directories_of_data_and_socket(
    shared: EmbeddedServer,
) -> None:
    socket_dir = shared.status().socket_dir
    assert socket_dir is not None
    for path in (socket_dir, shared.data_dir / "postgres", shared.data_dir / "log"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert stat.S_IMODE(shared.data_dir.stat().st_mode) & 0o007 == 0


@pytest.mark.parametrize(
    "name", ["long" * 30, "with, comma and 'quote' \\ backslash", "Zürich and a space"]
)
def test_a_path_that_no_socket_could_have_works(make_server: MakeServer, name: str) -> None:
    server = make_server(name)
    write_row(server.ensure_running(), "there")
    socket_dir = server.status().socket_dir
    assert socket_dir is not None
    assert server.data_dir not in socket_dir.parents
    assert stat.S_IMODE(socket_dir.stat().st_mode) == 0o700
    server.stop()
    assert rows(server.ensure_running()) == ["there"]
    server.stop()
    socket_dir.rmdir()


@pytest.mark.parametrize("bin_dir", sorted(_PROGRAMS), ids=str)
def test_the_wheels_and_the_systems_programs_serve_equally(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch, bin_dir: Path, directory: Path
) -> None:
    monkeypatch.setenv("LASTSEAT_PG_BIN", str(bin_dir))
    write_row(server.ensure_running(), "kept")
    backup = server.backup(directory / "backup.tar")
    server.stop()
    server.restore(backup, force=True)
    assert rows(server.ensure_running()) == ["kept"]
    assert (server.status().version or "").startswith(f"{locate().major}.")


def test_ones_own_settings_are_read_last(server: EmbeddedServer) -> None:
    server.ensure_running()
    server.stop()
    server.data_dir.joinpath("custom.conf").write_text("work_mem = 7MB\nport = 6543\n")
    conninfo = server.ensure_running()
    with psycopg.connect(conninfo) as connection:
        found = connection.execute("SELECT current_setting('work_mem')").fetchone()
    assert found == ("7MB",)
    assert server.status().port == 6543


def test_a_mistake_in_them_is_told_in_a_bounded_message(server: EmbeddedServer) -> None:
    server.ensure_running()
    server.stop()
    mistakes = "".join(f"no_such_setting_{number} = on\n" for number in range(500))
    server.data_dir.joinpath("custom.conf").write_text(mistakes)
    with pytest.raises(EmbeddedError, match="no_such_setting_499") as raised:
        server.ensure_running()
    assert len(str(raised.value)) < 4000
    server.data_dir.joinpath("custom.conf").unlink()
    server.ensure_running()


def test_stop_says_whether_it_ran_and_start_brings_it_back(server: EmbeddedServer) -> None:
    assert not server.stop()
    assert server.status().detail == "not initialised"
    write_row(server.ensure_running(), "kept")
    assert server.stop()
    assert not server.stop()
    status = server.status()
    assert (status.running, status.pid, status.conninfo, status.detail) == (
        *(False, None, None),
        "stopped",
    )
    assert rows(server.ensure_running()) == ["kept"]


def test_a_smart_stop_waits_for_clients_and_a_fast_one_does_not(server: EmbeddedServer) -> None:
    with psycopg.connect(server.ensure_running()):
        with pytest.raises(TimedOutError, match="smart"):
            server.stop(mode="smart", timeout=0.3)
        assert server.stop(mode="fast")


def test_the_data_directory_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    fallback = default_data_dir()
    assert fallback.is_absolute()
    assert fallback.name == "lastseat"
    monkeypatch.setenv("LASTSEAT_DATA_DIR", "/srv/seats")
    assert default_data_dir() == Path("/srv/seats")
    assert EmbeddedServer().data_dir == Path("/srv/seats")
