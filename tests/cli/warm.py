"""A process that has `lastseat` loaded, and forks itself for each command: loading takes a second.

A command is a process of its own, as it is for a user: its arguments, variables, directory,
streams, session and exit code are its own. What differs is where its modules came from, so the
tests of the program as it is installed start that one instead. This file is both ends: what tests
import, and the script that the process runs.
"""

import atexit
import contextlib
import functools
import gc
import importlib
import io
import json
import os
import select
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

LOADED = ("lastseat.cli.app", "lastseat.client", "lastseat.demo.service", "lastseat.http.server")


NUMBER = 8
"""Bytes of a process id or an exit code, as they are told."""


class Command:
    """A command that was started: what `subprocess.Popen` is of a program."""

    def __init__(self, pid: int, told: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self.told = told

    def poll(self) -> int | None:
        """The exit code, as `subprocess` tells it, if it has ended."""
        return self.returncode if self._ended_within(0) else None

    def wait(self, timeout: float | None = None) -> int:
        """The exit code. Raises `subprocess.TimeoutExpired` when it goes on for so many seconds."""
        if not self._ended_within(timeout) or self.returncode is None:
            raise subprocess.TimeoutExpired(f"command {self.pid}", timeout or 0)
        return self.returncode

    def _ended_within(self, seconds: float | None) -> bool:
        if self.returncode is None:
            if not select.select([self.told], [], [], seconds)[0]:
                return False
            self.returncode = _number(self.told)
            os.close(self.told)
        return True

    def send_signal(self, number: int) -> None:
        """To it alone; nothing if it has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


class Warm:
    """The tests' end."""

    def __init__(self, program: str) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno()), program],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
        # It ends by itself, too, when this process is gone.
        atexit.register(self._end)

    def start(
        self, arguments: list[str], streams: tuple[int, int, int], env: dict[str, str], cwd: Path
    ) -> Command:
        """Begin a command on these streams, in a session of its own."""
        order = json.dumps({"arguments": arguments, "env": env, "cwd": str(cwd)}).encode()
        told, tell = os.pipe()
        socket.send_fds(self._socket, [order], [*streams, tell])
        os.close(tell)
        return Command(_number(told), told)

    def run(
        self, arguments: list[str], env: dict[str, str], cwd: Path, seconds: float
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end with nothing to read, as `subprocess.run` does."""
        until = time.monotonic() + seconds
        pipes = [os.pipe(), os.pipe()]
        with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - not a path of ours
            streams = (nothing.fileno(), pipes[0][1], pipes[1][1])
            command = self.start(arguments, streams, env, cwd)
        for _, write in pipes:
            os.close(write)
        out, err = _read([read for read, _ in pipes], until)
        try:
            code = command.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            command.kill()
            command.wait()
            raise subprocess.TimeoutExpired(arguments, seconds, out, err) from None
        return subprocess.CompletedProcess(arguments, code, _text(out), _text(err))

    def _end(self) -> None:
        self._socket.close()
        self._process.wait()


@functools.cache
def warm(program: str) -> Warm:
    """This process's own."""
    return Warm(program)


def _number(told: int) -> int:
    said = os.read(told, NUMBER)
    assert len(said) == NUMBER, "what waits for the commands has ended"
    return int.from_bytes(said, signed=True)


def _text(output: bytes) -> str:
    return io.TextIOWrapper(io.BytesIO(output)).read()


def _read(pipes: list[int], until: float) -> list[bytes]:
    """All that comes until everybody who could write has closed them, or time is up."""
    found = dict.fromkeys(pipes, b"")
    with selectors.DefaultSelector() as waiting:
        for pipe in pipes:
            waiting.register(pipe, selectors.EVENT_READ)
        while waiting.get_map() and time.monotonic() < until:
            for key, _ in waiting.select(0.5):
                some = os.read(key.fd, 65536)
                found[key.fd] += some
                if not some:
                    waiting.unregister(key.fd)
    for pipe in pipes:
        os.close(pipe)
    return list(found.values())


def _serve(orders: socket.socket) -> list[str]:
    """Fork for each order. Returns in the commands alone, with their arguments."""
    assert threading.active_count() == 1, "a thread's locks would be forked as they are"
    waiting: set[int] = set()
    while True:
        said, given, _, _ = socket.recv_fds(orders, 2**20, 4)
        if not said:
            os._exit(0)
        # Between us and the command is a process that waits for its end, so that we need not.
        pid = os.fork()
        if pid == 0:
            orders.close()
            *streams, tell = given
            _fork_and_wait(tell, streams)
            order = json.loads(said)
            _become(streams, order["env"], order["cwd"])
            return [str(x) for x in order["arguments"]]
        for each in given:
            os.close(each)
        waiting.add(pid)
        waiting -= {each for each in waiting if os.waitpid(each, os.WNOHANG)[0]}


def _fork_and_wait(tell: int, streams: list[int]) -> None:
    """Returns in the child; what forked it tells its id, waits, tells the exit code, and ends."""
    pid = os.fork()
    if pid == 0:
        os.close(tell)
        return
    # Ctrl-C is for the command, and who asked may be gone.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for stream in streams:
        os.close(stream)
    with contextlib.suppress(BrokenPipeError):
        os.write(tell, pid.to_bytes(NUMBER, signed=True))
    _, status = os.waitpid(pid, 0)
    with contextlib.suppress(BrokenPipeError):
        os.write(tell, os.waitstatus_to_exitcode(status).to_bytes(NUMBER, signed=True))
    os._exit(0)


def _become(streams: list[int], env: dict[str, str], cwd: str) -> None:
    """What the system does for a program that is started."""
    os.setsid()
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    # Their buffering depends on what they are connected to.
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(  # noqa: SIM115
        2, "w", closefd=False, errors="backslashreplace", buffering=1
    )


def _main(orders: int, program: str) -> None:
    del sys.path[0]  # the tests' directory, which a program has not
    for name in LOADED:
        importlib.import_module(name)
    # These two load what they have when it is asked for.
    for command in importlib.import_module("lastseat.cli.app").COMMANDS:
        command.loaded()
    public = importlib.import_module("lastseat")
    for name in public.__all__:
        getattr(public, name)
    gc.freeze()
    arguments = _serve(socket.socket(fileno=orders))
    sys.argv = [program, *arguments]
    # Workers that it spawns load what the program would have them load.
    sys.modules["__main__"].__file__ = program
    importlib.import_module("lastseat.cli").main()


if __name__ == "__main__":
    _main(int(sys.argv[1]), sys.argv[2])
