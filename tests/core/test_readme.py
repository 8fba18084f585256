"""The core's README is run: its example is a test, and the files it sends the reader to exist."""

import re
from pathlib import Path

from lastseat import core

README = Path(core.__file__).with_name("README.md")
TEXT = README.read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)


def test_the_example_runs_and_is_true() -> None:
    assert BLOCKS, "nothing was run"
    for block in BLOCKS:
        assert "assert " in block, "an example that claims nothing"
        exec(compile(block, str(README), "exec"), {})  # noqa: S102 - it is our own


def test_the_files_it_names_exist() -> None:
    named = re.findall(r"\]\(([^)]+)\)", TEXT)
    assert "booking.py" in named
    assert [name for name in named if not (README.parent / name).exists()] == []
