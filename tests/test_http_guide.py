"""docs/http.md is run: every command and example, on the service that it starts."""

import re
from pathlib import Path

from tests.cli.running import scratch
from tests.tour import blocks, run_bash, run_py, served

GUIDE = Path(__file__).resolve().parent.parent / "docs" / "http.md"
TEXT = GUIDE.read_text()


def test_its_commands_print_what_it_says() -> None:
    ((_, serve),) = blocks(TEXT, "sh")
    with scratch() as home, served(serve, home) as service:
        assert run_bash(TEXT, service, home) > 20, "it shows too little"
        assert run_py(TEXT, GUIDE, service) == 1


def test_what_it_links_to_is_there() -> None:
    links = re.findall(r"\]\(([^)]+)\)", TEXT)
    assert [link for link in links if not (GUIDE.parent / link).exists()] == []
