"""A short run: every way of killing, and a clean verdict; Ctrl-C ends it with the report so far."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.running import PROGRAM, environment, lastseat
from tests.cli.warm import warm

KILLS = "kill_engine,kill_postmaster,kill_backend,crash_point,cut_answers,double,two_engines,delay"


def last_line(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text.splitlines()[-1])
    return found


@pytest.fixture
def place() -> Iterator[Path]:
    """Where the run makes its directory, and nobody else: its database may enter it."""
    with tempfile.TemporaryDirectory(prefix="lst-of-") as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)


def test_a_run_with_kills_of_each_kind_is_clean(tmp_path: Path) -> None:
    ended = warm(PROGRAM).run(
        ["torture", "--seconds", "8", "--seed", "7", "--faults", KILLS, "--engines", "2",
         "--keep", str(tmp_path / "kept")],
        environment(), Path.cwd(), seconds=110,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr[-4000:]
    told = last_line(ended.stdout)
    for name in ("oversold", "lost", "doubled", "unresolved", "violations"):
        assert told[name] == 0
    assert told["operations"] > 200
    assert told["acknowledged"] > 0
    assert told["refused"] > 0
    for kind in ("kill_engine", "kill_postmaster", "kill_backend", "double"):
        assert told["faults"][kind] >= 1
    assert told["recovery_s"]["worst"] >= 0
    lines = (tmp_path / "kept" / "history.jsonl").read_bytes().splitlines()
    assert json.loads(lines[0])["seed"] == 7
    assert json.loads(lines[-1]) == {"t": "end", "operations": told["operations"]}


def test_an_interrupted_run_reports_what_it_has_and_leaves_nothing(
    tmp_path: Path, place: Path
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", "from lastseat.cli import main; main()", "torture", "--seconds",
         "60", "--faults", "none", "--engines", "2", "--json"],
        cwd=tmp_path, env={**os.environ, "TMPDIR": str(place)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as run:  # fmt: skip
        assert run.stderr is not None
        for line in run.stderr:
            if line.startswith("running"):
                assert list(place.glob("lst-*"))
                break
        time.sleep(1)
        run.send_signal(signal.SIGINT)
        said, _ = run.communicate(timeout=100)
    assert run.returncode == 0
    told = last_line(said)
    assert told["seconds"] < 30
    assert told["violations"] == 0
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("faults", ["kill_enginee", "kill_engine,nonsense"])
def test_a_fault_that_there_is_not_is_refused(faults: str) -> None:
    ended = lastseat("torture", "--faults", faults)
    assert ended.returncode == 1
    assert "there is no fault" in ended.stderr
