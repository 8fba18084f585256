"""A page that is run from its first block to its last, as somebody would who reads it.

| block | run |
|---|---|
| `python`, `py` | here, in one namespace; the variables name the database and the service |
| `console` | each `$ lastseat ...`; the lines below one are what it prints |
| `bash` | in one shell with `$LASTSEAT` and `$KEY`; comments are what the command above prints |
| `sql` | on the database |

`…` stands for anything. A secret key that a command printed is `$KEY` from then on, as it is for
whoever copies it. Blocks of other languages are not run: see test_blocks.py for those.
"""

import os
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
from tests.cli.running import environment, lastseat
from tests.tour import MARK, Service, compare, script_of

from lastseat import Engine

ROOT = Path(__file__).resolve().parents[2]
END = "@@ that was the block @@"


@dataclass(frozen=True)
class Fence:
    """A fenced block: its language, the line its text begins on, the text."""

    language: str
    line: int
    text: str

    @property
    def first(self) -> str:
        """Its first line, which it is known by, without comment and options."""
        return re.split(r"\s+(?:# |--)", self.text.partition("\n")[0])[0].strip()


def fences(text: str) -> list[Fence]:
    """All fenced blocks of a page, in order."""
    found = re.finditer(r"^```([^\n`]*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [Fence(x[1].strip(), text.count("\n", 0, x.start(2)), x[2]) for x in found]


class Shell:
    """One bash for all of a page's blocks: variables and functions stay."""

    def __init__(self, home: Path, env: dict[str, str]) -> None:
        self._errors = (home / "errors").open("w+")
        self._bash = subprocess.Popen(
            ["bash"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd=home,
            env=env,
            text=True,
        )

    def run(self, fence: Fence, service: Service) -> None:
        """Run a block; what it promises has to be printed, and its commands have to succeed."""
        assert self._bash.stdin is not None
        assert self._bash.stdout is not None
        script, promises = script_of([(fence.line, fence.text)], service)
        self._bash.stdin.write(f"{script}\necho {shlex.quote(END)}\n")
        self._bash.stdin.flush()
        printed = ""
        while END not in printed:
            line = self._bash.stdout.readline()
            if not line:
                self._errors.seek(0)
                raise AssertionError(f"line {fence.line}: {printed}{self._errors.read()}")
            printed += line
        for (line_number, promised), shown in zip(promises, printed.split(MARK), strict=False):
            compare(promised, shown, line_number)

    def close(self) -> None:
        """End it."""
        self._bash.kill()
        self._bash.communicate()
        self._errors.close()


@dataclass
class Page:
    """A page, and where it is run."""

    path: Path
    service: Service
    conninfo: str
    home: Path
    names: dict[str, Any] = field(default_factory=dict)
    """What its Python may take for granted."""

    def run(self) -> int:
        """Run all that can be run, in order; how many blocks that were."""
        shell = Shell(self.home, self._environment())
        runners: dict[str, Callable[[Fence], None]] = {
            "python": self._python,
            "py": self._python,
            "console": self._console,
            "bash": lambda fence: shell.run(fence, self.service),
            "sql": self._sql,
        }
        try:
            found = [x for x in fences(self.path.read_text()) if x.language in runners]
            for fence in found:
                runners[fence.language](fence)
        finally:
            shell.close()
            for left in self.names.values():
                # A page that failed has not come to its end, where it closes this.
                if isinstance(left, Engine):
                    left.close()
        return len(found)

    def _environment(self) -> dict[str, str]:
        return self.service.environment() | {"LASTSEAT_DATABASE_URL": self.conninfo}

    def _python(self, fence: Fence) -> None:
        # The line numbers of a failure are the page's.
        code = compile("\n" * fence.line + fence.text, str(self.path), "exec")
        with _as_process(self._environment(), self.home):
            exec(code, self.names)  # noqa: S102 - it is our own

    def _console(self, fence: Fence) -> None:
        for told in re.split(r"^\$ ", fence.text, flags=re.MULTILINE)[1:]:
            command, _, promised = told.partition("\n")
            name, *arguments = shlex.split(command, comments=True)
            assert name == "lastseat", f"line {fence.line}: only our own commands are run here"
            done = lastseat(*arguments, cwd=self.home, LASTSEAT_DATABASE_URL=self.conninfo)
            assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
            compare("…".join(promised.splitlines()), done.stdout, fence.line)
            key = re.search(r"ls_sk_\S+", done.stdout)
            if key is not None:
                self.service = replace(self.service, key=key[0])

    def _sql(self, fence: Fence) -> None:
        with psycopg.connect(self.conninfo) as connection:
            connection.execute(fence.text.encode())


@contextmanager
def _as_process(env: dict[str, str], home: Path) -> Iterator[None]:
    """This process with that environment, in that directory."""
    before, where = dict(os.environ), Path.cwd()
    os.environ.clear()
    os.environ.update(environment() | env)
    os.chdir(home)
    try:
        yield
    finally:
        os.chdir(where)
        os.environ.clear()
        os.environ.update(before)
