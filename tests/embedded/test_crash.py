"""Kill -9 of anything at any time: the next start recovers, with everything that was committed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

import psycopg
import pytest

from lastseat.embedded import AlreadyInUseError, EmbeddedServer, TimedOutError
from lastseat.embedded.account import choose

from .conftest import MakeServer
from .processes import Process, names, pid_of, rows, until, write_row


def test_what_was_committed_survives_kill_9_of_the_postmaster(server: EmbeddedServer) -> None:
    write_row(server.ensure_running(), "committed")
    killed = pid_of(server)
    os.kill(killed, signal.SIGKILL)
    assert rows(server.ensure_running()) == ["committed"]
    assert pid_of(server) != killed


def test_what_was_committed_survives_kill_9_of_every_process(server: EmbeddedServer) -> None:
    conninfo = server.ensure_running()
    write_row(conninfo, "committed")
    with contextlib.closing(psycopg.connect(conninfo)) as connection:
        connection.execute("INSERT INTO kept VALUES ('not committed')")
        postmaster = pid_of(server)
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        assert len(children) > 4
        for pid in (postmaster, *map(int, children)):
            os.kill(pid, signal.SIGKILL)
        assert rows(server.ensure_running()) == ["committed"]


@pytest.mark.parametrize("moment", ["postgres.new", "postgres.new/global/pg_control", "postgres"])
def test_kill_9_of_a_starter_leaves_nothing_half_made(server: EmbeddedServer, moment: str) -> None:
    starter = Process(server.ensure_running)
    until(server.data_dir.joinpath(moment).exists)
    starter.kill()
    write_row(server.ensure_running(), "there")
    assert rows(server.ensure_running()) == ["there"]
    assert "postgres.new" not in names(server.data_dir)


def test_a_start_waits_for_the_last_processes_of_a_killed_server(
    server: EmbeddedServer,
) -> None:
    conninfo = server.ensure_running()
    write_row(conninfo, "committed")
    with contextlib.closing(psycopg.connect(conninfo, autocommit=True)) as connection:
        # A backend that only computes does not notice that its postmaster died.
        connection.pgconn.send_query(
            b"DO $$BEGIN WHILE clock_timestamp() < statement_timestamp() + '1.5 s' LOOP "
            b"PERFORM 1; END LOOP; END$$"
        )
        time.sleep(0.2)
        os.kill(pid_of(server), signal.SIGKILL)
        hurried = EmbeddedServer(server.data_dir, start_timeout=0.3)
        with pytest.raises(AlreadyInUseError, match="still alive"):
            hurried.ensure_running()
        assert hurried.status().running
        assert not hurried.status().accepting
        assert rows(server.ensure_running()) == ["committed"]


def test_a_pid_that_now_belongs_to_another_process_is_no_server(server: EmbeddedServer) -> None:
    server.ensure_running()
    pid_file = server.data_dir / "postgres" / "postmaster.pid"
    os.kill(pid_of(server), signal.SIGKILL)
    account = choose(server.data_dir / "postgres")
    user = account.uid if account.drop else None
    stranger = subprocess.Popen(["sleep", "60"], user=user, cwd="/")
    try:
        lines = pid_file.read_text().split("\n")
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]))
        until(lambda: not server.status().running)
        assert not server.stop()
        server.ensure_running()
        assert pid_of(server) != stranger.pid
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_server_that_does_not_answer_is_told_so_and_left_alone(make_server: MakeServer) -> None:
    server = make_server(start_timeout=0.5)
    EmbeddedServer(server.data_dir).ensure_running()
    pid = pid_of(server)
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(TimedOutError, match=f"pid {pid}"):
            server.ensure_running()
    finally:
        os.kill(pid, signal.SIGCONT)
    server.ensure_running()
    assert pid_of(server) == pid


def test_one_that_hangs_while_it_has_its_turn_is_named(make_server: MakeServer) -> None:
    server = make_server(start_timeout=0.5)
    starter = Process(EmbeddedServer(server.data_dir).ensure_running)
    until(server.data_dir.joinpath("postgres.new").exists)
    os.kill(starter.pid, signal.SIGSTOP)
    try:
        with pytest.raises(TimedOutError, match=f"pid {starter.pid}"):
            server.ensure_running()
    finally:
        os.kill(starter.pid, signal.SIGCONT)
    assert starter.result() == EmbeddedServer(server.data_dir).ensure_running()
