"""The README is run: its Python on a real database, its commands and its tour in empty directories.

Links are followed as far as the tree goes.
"""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.running import lastseat, scratch
from tests.tour import blocks, run_bash, run_py, served

README = Path(__file__).resolve().parent.parent / "README.md"
TEXT = README.read_text()


def commands() -> list[str]:
    """The commands of the console blocks that are Lastseat's own."""
    lines = [line for _, block in blocks(TEXT, "console") for line in block.splitlines()]
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ lastseat")]


def test_its_python_runs_from_top_to_bottom_and_is_true(
    database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LASTSEAT_DATABASE_URL", database())
    found = blocks(TEXT, "python")
    assert sum(block.count("assert ") for _, block in found) > 15, "it claims too little"
    namespace: dict[str, object] = {"__name__": "readme"}
    for line, block in found:
        # The line numbers of a failure are the README's.
        code = compile("\n" * line + block, str(README), "exec")
        exec(code, namespace)  # noqa: S102 - it is our own


def test_its_commands_cover_every_part_of_the_program() -> None:
    shown = " ".join(commands())
    for part in (
        "demo",
        "migrate",
        "verify",
        "tenants",
        "keys",
        "agenda",
        "forget",
        "start",
        "status",
        "backup",
        "restore",
        "stop",
    ):
        assert part in shown


def test_its_commands_work_one_after_the_other() -> None:
    with scratch() as home:
        for command in commands():
            _, *arguments = shlex.split(command, comments=True)
            done = lastseat(*arguments, cwd=home, LASTSEAT_DATA_DIR=str(home / "data"))
            assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


def test_its_tour_over_http_works_from_an_empty_directory() -> None:
    (serve,) = [x for _, block in blocks(TEXT, "sh") for x in block.split("\n") if "serve" in x]
    with scratch() as home, served(serve, home) as service:
        assert run_bash(TEXT, service, home) > 10, "it shows too little"
        assert run_py(TEXT, README, service) == 1


def test_control_what_it_says_a_command_prints_is_looked_at() -> None:
    with scratch() as home, served("lastseat serve", home) as service:
        wrong = '```bash\ncurl -s $LASTSEAT/healthz\n# {"status":"down"}\n```\n'
        with pytest.raises(AssertionError, match="line 3"):
            run_bash(wrong, service, home)
        with pytest.raises(AssertionError):
            run_bash("```bash\nfalse\n```\n", service, home)


def test_what_it_links_to_is_there() -> None:
    links = re.findall(r"\]\(([^)]+)\)", TEXT)
    assert "LICENSE" in links
    missing = [link for link in links if not (README.parent / link).exists()]
    assert missing == []
