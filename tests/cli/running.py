"""Running the installed `lastseat` as a user does: another process, its streams, its exit code.

Commands are run by a process that has it loaded already (warm.py); `installed` and `PROGRAM` are
the real one.
"""

import os
import pty
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from tests.cli.warm import Command, warm

from lastseat.embedded import EmbeddedServer

PROGRAM = str(Path(sys.executable).with_name("lastseat"))
SECONDS = 60

Done = subprocess.CompletedProcess[str]


@contextmanager
def scratch() -> Iterator[Path]:
    """A directory to keep a data directory `data` in; the server there is stopped at the end."""
    # In memory where there is room: nothing here cuts the power. Not pytest's tmp_path: the
    # server's account can't enter a directory that is root's alone.
    memory = Path("/dev") / "shm"
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 2 * 2**30
    path = Path(tempfile.mkdtemp(prefix="lastseat-", dir=memory if roomy else None))
    path.chmod(0o755)
    try:
        yield path
    finally:
        EmbeddedServer(path / "data").stop(mode="immediate")
        shutil.rmtree(path)


def environment(**settings: str) -> dict[str, str]:
    """This process's variables without Lastseat's, and `settings`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LASTSEAT_")}
    return kept | settings


def lastseat(*arguments: str, cwd: Path | None = None, **settings: str) -> Done:
    """Run it to its end with nothing to read; `settings` are variables of its environment."""
    return warm(PROGRAM).run(list(arguments), environment(**settings), cwd or Path.cwd(), SECONDS)


def installed(*arguments: str) -> Done:
    """The same by the program that users have, from its first line on."""
    return subprocess.run(
        [PROGRAM, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env=environment(),
        check=False,
    )


class Running(Command):
    """A command that goes on, and what it says meanwhile: lines, of both its streams."""

    def __init__(self, command: Command, said: TextIO) -> None:
        super().__init__(command.pid, command.told)
        self.stdout = said


@contextmanager
def started(*arguments: str, cwd: Path | None = None, **settings: str) -> Iterator[Running]:
    """Begin a command that does not end by itself; at the end of the block it is killed.

    It has a session of its own, so that what it started can be told by that.
    """
    ours, theirs = os.pipe()
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - not a path of ours
        command = warm(PROGRAM).start(
            list(arguments),
            (nothing.fileno(), theirs, theirs),
            environment(**settings),
            cwd or Path.cwd(),
        )
    os.close(theirs)
    with open(ours) as said:  # noqa: PTH123 - not a path of ours
        running = Running(command, said)
        try:
            yield running
        finally:
            running.kill()
            running.wait(SECONDS)


def on_a_terminal(*arguments: str, typed: str = "", **settings: str) -> tuple[int, str]:
    """Run it on a terminal where somebody types `typed`; its exit code and all that it showed."""
    ours, theirs = pty.openpty()
    env = environment(**({"TERM": "xterm", "COLUMNS": "100"} | settings))
    command = warm(PROGRAM).start(list(arguments), (theirs, theirs, theirs), env, Path.cwd())
    os.close(theirs)
    os.write(ours, typed.encode())
    shown = b""
    deadline = time.monotonic() + SECONDS
    try:
        while time.monotonic() < deadline:
            if not select.select([ours], [], [], 0.1)[0]:
                continue
            try:
                shown += os.read(ours, 65536)
            except OSError:  # A terminal without programs reads as an error.
                break
    finally:
        os.close(ours)
        try:
            code = command.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            command.kill()
            raise
    return code, shown.decode(errors="replace")


def error_line(done: Done) -> str:
    """What it complained about: one line on stderr that begins with the program's name."""
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("lastseat: ")]
    assert len(lines) == 1, done.stderr
    return lines[0]
