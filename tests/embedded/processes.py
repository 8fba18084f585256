"""Other processes for these tests: forked, so that they need not be able to read the checkout."""

from __future__ import annotations

import multiprocessing
import os
import pwd
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psycopg

from lastseat.embedded import EmbeddedServer

_FORK = multiprocessing.get_context("fork")


class Process:
    """A function at work in another process, as another user if `uid` is given."""

    def __init__(self, function: Callable[[], Any], uid: int | None = None) -> None:
        self._answers, theirs = _FORK.Pipe(duplex=False)
        self._process = _FORK.Process(target=_work, args=(function, uid, theirs))
        self._process.start()
        theirs.close()

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process.pid is not None
        return self._process.pid

    def result(self) -> Any:
        """What the function returned; what it raised is raised here."""
        value = self._answers.recv()
        self._process.join()
        if isinstance(value, BaseException):
            raise value
        return value

    def kill(self) -> None:
        """Kill -9."""
        self._process.kill()
        self._process.join()


def _work(function: Callable[[], Any], uid: int | None, answers: Connection) -> None:
    try:
        if uid is not None:
            os.setgroups([])
            os.setgid(pwd.getpwuid(uid).pw_gid)
            os.setuid(uid)
        answers.send(function())
    except BaseException as error:  # noqa: BLE001 (it is raised again where the result is asked for)
        answers.send(error)


def until(what: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait until `what` is true."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.002)


def pid_of(server: EmbeddedServer) -> int:
    """The pid of a running server."""
    pid = server.status().pid
    assert pid is not None
    return pid


def write_row(conninfo: str, value: str) -> None:
    """Commit a row."""
    with psycopg.connect(conninfo) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (value text)")
        connection.execute("INSERT INTO kept VALUES (%s)", [value])


def rows(conninfo: str) -> list[str]:
    """All rows committed by `write_row`."""
    with psycopg.connect(conninfo) as connection:
        return [row[0] for row in connection.execute("SELECT value FROM kept ORDER BY value")]


def names(directory: Path) -> set[str]:
    """What a directory holds."""
    return {path.name for path in directory.iterdir()}
