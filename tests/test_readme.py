"""The README is run: its Python in one go on a real database, its commands in an empty directory.

Links are followed as far as the tree goes.
"""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.running import lastseat, scratch

README = Path(__file__).resolve().parent.parent / "README.md"
TEXT = README.read_text()


def blocks(language: str) -> list[tuple[int, str]]:
    """The fenced blocks of a language, each with the line it begins on."""
    fenced = re.finditer(rf"^```{language}\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
    return [(TEXT.count("\n", 0, found.start(1)), found[1]) for found in fenced]


def commands() -> list[str]:
    """The commands of the console blocks that are Lastseat's own."""
    lines = [line for _, block in blocks("console") for line in block.splitlines()]
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ lastseat")]


def test_its_python_runs_from_top_to_bottom_and_is_true(
    database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LASTSEAT_DATABASE_URL", database())
    found = blocks("python")
    assert sum(block.count("assert ") for _, block in found) > 15, "it claims too little"
    namespace: dict[str, object] = {"__name__": "readme"}
    for line, block in found:
        # The line numbers of a failure are the README's.
        code = compile("\n" * line + block, str(README), "exec")
        exec(code, namespace)  # noqa: S102 - it is our own


def test_its_commands_cover_every_part_of_the_program() -> None:
    shown = " ".join(commands())
    for part in ("demo", "migrate", "verify", "start", "status", "backup", "restore", "stop"):
        assert part in shown


def test_its_commands_work_one_after_the_other() -> None:
    with scratch() as home:
        for command in commands():
            _, *arguments = shlex.split(command, comments=True)
            done = lastseat(*arguments, cwd=home, LASTSEAT_DATA_DIR=str(home / "data"))
            assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


def test_what_it_links_to_is_there() -> None:
    links = re.findall(r"\]\(([^)]+)\)", TEXT)
    assert "LICENSE" in links
    missing = [link for link in links if not (README.parent / link).exists()]
    assert missing == []
