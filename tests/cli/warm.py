"""A process that has `lastseat` loaded, and forks itself for each command: loading takes a second.

A command is a process of its own, as it is for a user: its arguments, variables, directory,
streams and exit code are its own. What differs is where its modules came from, so the tests of the
program as it is installed, and of signals, start that one instead. This file is both ends: what
tests import, and the script that the process runs.
"""

import atexit
import functools
import gc
import importlib
import io
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

LOADED = ("lastseat.cli.app", "lastseat.client", "lastseat.demo.service", "lastseat.http.server")


class Warm:
    """The tests' end. One command at a time."""

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
    ) -> int:
        """Begin a command on these streams, in a session of its own; its process id."""
        order = json.dumps({"arguments": arguments, "env": env, "cwd": str(cwd)}).encode()
        socket.send_fds(self._socket, [order], list(streams))
        return int(self._socket.recv(64))

    def wait(self, pid: int, until: float) -> int:
        """The exit code, as `subprocess` tells it. Kills a command that does not end in time."""
        try:
            self._socket.settimeout(max(0.0, until - time.monotonic()))
            return int(self._socket.recv(64))
        except (TimeoutError, BlockingIOError):
            os.kill(pid, signal.SIGKILL)
            self._socket.settimeout(None)
            return int(self._socket.recv(64))
        finally:
            self._socket.settimeout(None)

    def run(
        self, arguments: list[str], env: dict[str, str], cwd: Path, seconds: float
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end with nothing to read, as `subprocess.run` does."""
        until = time.monotonic() + seconds
        pipes = [os.pipe(), os.pipe()]
        with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - not a path of ours
            streams = (nothing.fileno(), pipes[0][1], pipes[1][1])
            pid = self.start(arguments, streams, env, cwd)
        for _, write in pipes:
            os.close(write)
        out, err = _read([read for read, _ in pipes], until)
        code = self.wait(pid, until)
        if time.monotonic() > until:
            raise subprocess.TimeoutExpired(arguments, seconds, out, err)
        return subprocess.CompletedProcess(arguments, code, _text(out), _text(err))

    def _end(self) -> None:
        self._socket.close()
        self._process.wait()


@functools.cache
def warm(program: str) -> Warm:
    """This process's own."""
    return Warm(program)


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
    """Fork for each order. Returns in the children alone, with a command's arguments."""
    assert threading.active_count() == 1, "a thread's locks would be forked as they are"
    while True:
        said, streams, _, _ = socket.recv_fds(orders, 2**20, 3)
        if not said:
            os._exit(0)
        pid = os.fork()
        if pid == 0:
            orders.close()
            order = json.loads(said)
            _become(streams, order["env"], order["cwd"])
            return [str(x) for x in order["arguments"]]
        for stream in streams:
            os.close(stream)
        orders.send(str(pid).encode())
        _, status = os.waitpid(pid, 0)
        orders.send(str(os.waitstatus_to_exitcode(status)).encode())


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
    gc.freeze()
    arguments = _serve(socket.socket(fileno=orders))
    sys.argv = [program, *arguments]
    # Workers that it spawns load what the program would have them load.
    sys.modules["__main__"].__file__ = program
    importlib.import_module("lastseat.cli").main()


if __name__ == "__main__":
    _main(int(sys.argv[1]), sys.argv[2])
