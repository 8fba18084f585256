"""docs/waitlist.md is run: its Python on a real database, then its commands on what that made."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.running import lastseat
from tests.tour import blocks

GUIDE = Path(__file__).resolve().parent.parent / "docs" / "waitlist.md"
TEXT = GUIDE.read_text()


def test_its_python_is_true_and_its_commands_show_it(
    database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    where = database()
    monkeypatch.setenv("LASTSEAT_DATABASE_URL", where)
    found = blocks(TEXT, "python")
    assert sum(block.count("assert ") for _, block in found) > 15, "it claims too little"
    namespace: dict[str, object] = {"__name__": "guide"}
    for line, block in found:
        # The line numbers of a failure are the guide's.
        code = compile("\n" * line + block, str(GUIDE), "exec")
        exec(code, namespace)  # noqa: S102 - it is our own

    shown = [line for _, block in blocks(TEXT, "console") for line in block.splitlines()]
    assert len(shown) == 2
    for command in shown:
        _, *arguments = shlex.split(command.removeprefix("$ "))
        done = lastseat(*arguments, LASTSEAT_DATABASE_URL=where)
        assert done.returncode == 0, done.stderr
        assert done.stdout, f"nothing to see: {command}"


def test_what_it_links_to_is_there() -> None:
    links = re.findall(r"\]\(([^)]+)\)", TEXT)
    assert [link for link in links if not (GUIDE.parent / link).exists()] == []
