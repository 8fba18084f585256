"""Documents that are run: their `sh`, `bash` and `py` blocks, in order, as a reader would.

A comment after a command in a `bash` block is what the command prints; `…` stands for anything.
The service that a document talks to is the one that its `lastseat serve` starts.
"""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cli.running import SECONDS, environment, started

EXPORT = re.compile(r"^export LASTSEAT=\S+ KEY=\S+$", re.MULTILINE)
MARK = "@@ what the commands above printed @@"


def blocks(text: str, language: str) -> list[tuple[int, str]]:
    """The fenced blocks of a language, each with the line it begins on."""
    fenced = re.finditer(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [(text.count("\n", 0, found.start(1)), found[1]) for found in fenced]


@dataclass(frozen=True)
class Service:
    """A service that runs: where, and its first owner's key."""

    url: str
    key: str

    def environment(self) -> dict[str, str]:
        """What the document has exported."""
        # curl must not use the proxy of whoever runs the tests.
        return environment(LASTSEAT=self.url, KEY=self.key, NO_PROXY="127.0.0.1")


@contextmanager
def served(command: str, home: Path, **settings: str) -> Iterator[Service]:
    """What a document's `lastseat serve` starts, in an empty directory, on any free port.

    It has an embedded database there, unless `settings`, variables of its environment, name one.
    """
    name, *arguments = shlex.split(command)
    assert [name, *arguments[:1]] == ["lastseat", "serve"]
    data = {"LASTSEAT_DATA_DIR": str(home / "data")}
    with started(*arguments, "--port", "0", cwd=home, **(data | settings)) as process:
        said = ""
        while (found := re.search(r"serves (http://\S+)", said)) is None:
            line = process.stdout.readline()
            assert line, f"it ended instead of serving: {said}"
            said += line
        key = re.search(r"ls_sk_\S+", said)
        assert key is not None, f"it showed no key: {said}"
        yield Service(found[1], key[0])
        process.terminate()
        process.wait(SECONDS)


def run_bash(text: str, service: Service, home: Path) -> int:
    """Run a document's `bash` blocks in one shell; how many outputs were as it says."""
    assert shutil.which("curl"), "this document is run with curl, and there is none: install it"
    script, promises = script_of(blocks(text, "bash"), service)
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=home,
        env=service.environment(),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    outputs = done.stdout.split(MARK)
    for (line, promised), printed in zip(promises, outputs, strict=False):
        compare(promised, printed, line)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(outputs) == len(promises) + 1
    return len(promises)


def script_of(found: list[tuple[int, str]], service: Service) -> tuple[str, list[tuple[int, str]]]:
    """A script of these blocks, and what they say is printed, each with its line.

    The script prints `MARK` behind what belongs to each.
    """
    script, promises = ["set -euo pipefail"], []
    for first, block in found:
        promised: list[str] = []
        for number, line in enumerate([*block.splitlines(), ""], first + 1):
            if line.startswith("# "):
                promised.append(line.removeprefix("# "))
                continue
            if promised:
                promises.append((number - len(promised), "…".join(promised)))
                script.append(f"echo {shlex.quote(MARK)}")
                promised = []
            script.append(EXPORT.sub(f"export LASTSEAT={service.url} KEY={service.key}", line))
    return "\n".join(script), promises


def compare(promised: str, printed: str, line: int) -> None:
    """Assert that the pieces of what was promised come one after the other."""
    at = 0
    for piece in promised.split("…"):
        found = printed.find(piece.strip(), at)
        assert found >= 0, f"line {line}: {piece.strip()!r} is not next in {printed[at:]!r}"
        at = found + len(piece.strip())


def run_py(text: str, path: Path, service: Service) -> int:
    """Run a document's `py` blocks in one namespace; how many there are."""
    found = blocks(text, "py")
    namespace: dict[str, object] = {"__name__": "document"}
    before = dict(os.environ)
    os.environ.update(service.environment())
    try:
        for line, block in found:
            # The line numbers of a failure are the document's.
            exec(compile("\n" * line + block, str(path), "exec"), namespace)  # noqa: S102 - our own
    finally:
        os.environ.clear()
        os.environ.update(before)
    return len(found)
