"""What is asked of `lastseat` loads what it needs, and a question about itself next to nothing.

Loading everything takes a second; modules are counted here, since seconds depend on the machine.
"""

import json
import subprocess
import sys

import pytest

from lastseat.cli.app import COMMANDS
from lastseat.cli.loading import Later

HEAVY = {"icalendar", "litestar", "httpx", "psycopg", "structlog", "uvicorn", "lastseat.core"}

RUN = """\
import json, sys
sys.argv = ["lastseat", *{arguments}]
from lastseat.cli import main
try:
    main()
except SystemExit:
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


def loaded(*arguments: str) -> set[str]:
    """The modules that a process has loaded once a command is done."""
    done = subprocess.run(
        [sys.executable, "-c", RUN.format(arguments=list(arguments))],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize("arguments", [["--version"], ["--help"]], ids=" ".join)
def test_what_it_is_and_has_is_said_without_loading_any_of_it(arguments: list[str]) -> None:
    assert loaded(*arguments) & HEAVY == set()


def test_control_a_command_loads_what_it_needs() -> None:
    found = loaded("keys", "list", "--help")
    assert {"psycopg", "lastseat.core"} <= found
    assert "litestar" not in found


@pytest.mark.parametrize("command", COMMANDS, ids=lambda x: x.name)
def test_what_the_list_says_of_a_command_is_what_it_says_of_itself(command: Later) -> None:
    assert command.short_help == command.loaded().get_short_help_str(100)
