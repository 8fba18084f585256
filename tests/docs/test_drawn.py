"""The pages that are drawn from the code's tables are what the code says now."""

import json
import re
import runpy
import subprocess
import sys
from collections.abc import Callable

import pytest
from tests.docs.pages import ROOT

from lastseat.core.outcomes import Code
from lastseat.core.status import FOLLOWS, Status

PAGES: dict[str, Callable[[], str]] = runpy.run_path(str(ROOT / "docs" / "draw.py"))["PAGES"]


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_drawn_page_is_current(name: str) -> None:
    page = (ROOT / "docs" / name).read_text()
    assert page == PAGES[name](), "run `python docs/draw.py`"


def test_every_outcome_and_every_status_is_on_its_page() -> None:
    outcomes = PAGES["outcomes.md"]()
    assert [code for code in Code if f"\n| `{code}` |" not in outcomes] == []
    at = [outcomes.index(f"\n| `{code}` |") for code in Code]
    assert at == sorted(at), "refusals stand in the order in which they are checked"
    assert [x for x in Status if f"\n| **{x}** |" not in PAGES["statuses.md"]()] == []


def test_the_arrows_of_the_sketch_are_in_the_table_of_statuses() -> None:
    """The sketch in docs/concepts.md leaves out many, and must not make one up."""
    sketch = (ROOT / "docs/concepts.md").read_text()
    arrows = re.findall(r"(?=\b([A-Z_]{4,}) ──► ([A-Z_]{4,})\b)", sketch)
    assert len(arrows) == 4
    assert [x for x in arrows if Status(x[1]) not in FOLLOWS[Status(x[0])]] == []


def test_the_arithmetic_of_scaling_out_goes_by_the_figure_of_the_readme() -> None:
    """A copied figure is the one that nobody changes."""
    readme = (ROOT / "README.md").read_text()
    (figure,) = re.findall(r"\| durable bookings a second \| ([\d,]+) \|", readme)
    assert f"| {figure} bookings a second" in (ROOT / "docs/scale.md").read_text()


def test_the_plot_shows_what_the_table_says() -> None:
    page = (ROOT / "docs/performance.md").read_text()
    figures = json.loads((ROOT / "docs/figures.json").read_text())
    told = [f"| `{x['name']}` | {x['before']} | {x['after']} |" for x in figures]
    assert [row for row in told if row not in page] == []
    # In a process of its own: the package puts itself into Python's importing.
    program = [sys.executable, str(ROOT / "docs" / "figures.py")]
    plot = subprocess.run(program, capture_output=True, text=True, check=True).stdout
    assert [x["name"] for x in figures if f">{x['name']}</text>" not in plot] == []
