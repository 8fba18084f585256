"""The ordinary torture run, with a bug planted in its engines or with none, and what came of it.

    python -m tests.torture.hunt            every planted bug, then ten clean runs (20 minutes)
    python -m tests.torture.hunt NAME ...   these bugs only

Nothing here knows one bug from another: the run is `lastseat torture` with one seed, and what
catches them is `lastseat check-history` on the file that it leaves. Ends with 1 if a bug was missed
or a clean run was not clean.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct
from tests.torture import planted  # noqa: F401 - its plants note themselves
from tests.torture.planting import PLANTS

ROOT = Path(__file__).parents[2]
LASTSEAT = str(Path(sys.executable).with_name("lastseat"))

SEED = 7
SECONDS = 25
"""How long a run with a bug lasts: with starting and checking it is over within a minute."""

ENGINES = 4

CLEAN_SECONDS = 15
CLEAN_SEEDS = range(101, 111)


class Found(Struct):
    """What a run and the checker came to."""

    plant: str | None
    seed: int
    exit_code: int
    """Of `lastseat torture`."""
    clean: bool
    """By `lastseat check-history`."""
    operations: int
    counts: dict[str, int]
    first: str
    """The violation whose operations were over first, in the checker's words."""
    after: float | None
    """When these were over, in seconds from the run's first operation."""
    seconds: float
    """From the start of the run to the checker's verdict."""


class Line(Struct):
    """Of a line of the history, what places it in time."""

    t: str
    op: int = -1
    at: float = 0.0


def hunt(
    plant: str | None, *, seed: int = SEED, seconds: float = SECONDS, engines: int = ENGINES
) -> Found:
    """One run and the checker's verdict on its history."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}"}
    if plant is not None:
        environment["LASTSEAT_TORTURE_PLANT"] = f"tests.torture.planted:{plant}"
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="lastseat-hunt-") as directory:
        history = Path(directory, "history.jsonl")
        order = ["torture", "--seconds", seconds, "--seed", seed, "--engines", engines]
        run = subprocess.run(
            [LASTSEAT, *map(str, order), "--report", str(history)],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=seconds + 120,
            check=False,
        )
        if not history.exists():
            raise AssertionError(f"the run left no history: {run.stderr[-2000:]}")
        # Alone: a process that knows of no plant, and only the file.
        check = subprocess.run(
            [LASTSEAT, "check-history", str(history), "--json"],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
            capture_output=True,
            text=True,
            check=False,
        )
        taken = time.monotonic() - began
        if check.returncode not in (0, 1):
            raise AssertionError(f"no verdict: {check.stderr[-2000:]}")
        verdict = json.loads(check.stdout)
        first, after = earliest(history, verdict["violations"])
    return Found(
        plant,
        seed,
        run.returncode,
        check.returncode == 0,
        verdict["operations"],
        verdict["counts"],
        first,
        after,
        taken,
    )


def earliest(history: Path, violations: Sequence[dict[str, object]]) -> tuple[str, float | None]:
    """The violation that could have been told first, and when: all its operations were over."""
    concerned = {op for x in violations for op in msgspec.convert(x["operations"], list[int])}
    over: dict[int, float] = {}
    beginning = None
    decode = msgspec.json.Decoder(Line).decode
    with history.open("rb") as lines:
        for text in lines:
            line = decode(text)
            if beginning is None and line.t == "invoke":
                beginning = line.at
            if line.op in concerned:
                over[line.op] = line.at
    told = [
        (max(over.get(op, 0.0) for op in operations), str(x["what"]))
        for x in violations
        if (operations := msgspec.convert(x["operations"], list[int]))
    ]
    if not told or beginning is None:
        return (str(violations[0]["what"]) if violations else ""), None
    at, words = min(told)
    return words, at - beginning


HEADINGS = ("planted", "caught", "after", "verdict", "by")


def row(found: Found) -> tuple[str, ...]:
    """A line of the table."""
    kinds = ", ".join(
        f"{kind} {count}" for kind, count in sorted(found.counts.items(), key=lambda x: -x[1])
    )
    after = "-" if found.after is None else f"{found.after:.1f} s"
    name = (found.plant or f"nothing (seed {found.seed})").replace("_", " ")
    caught = "no" if found.clean else "yes"
    return name, caught, after, f"{found.seconds:.0f} s", kinds


def say(line: str) -> None:
    """Print at once: the whole takes a while, and is watched."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(arguments: Sequence[str]) -> int:
    """Run them all, telling each as it comes; 0 if all is as it should be."""
    parser = argparse.ArgumentParser(description="planted bugs against the torture run")
    parser.add_argument("plants", nargs="*", choices=[[], *PLANTS], metavar="NAME")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    options = parser.parse_args(arguments)
    say("| " + " | ".join(HEADINGS) + " |\n" + "|---" * len(HEADINGS) + "|")
    wrong = 0
    for name in options.plants or PLANTS:
        found = hunt(name, seed=options.seed, seconds=options.seconds)
        wrong += found.clean
        say("| " + " | ".join(row(found)) + " |")
        sys.stderr.write(f"  {found.first}\n")
    for seed in () if options.plants else CLEAN_SEEDS:
        found = hunt(None, seed=seed, seconds=CLEAN_SECONDS)
        wrong += not found.clean or found.exit_code != 0
        say("| " + " | ".join(row(found)) + " |")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
