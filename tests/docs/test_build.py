"""The documentation is put together without a warning, and no link in it is dead.

As `make docs` does it, but for writing the pages, which takes as long again and warns of nothing.
"""

import re
import subprocess
import sys
from pathlib import Path

from tests.docs.pages import ROOT, fences


def build(source: Path, scratch: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the command of the Makefile on a source, with pages that are not written."""
    (recipe,) = re.findall(r"\$\(BIN\)/sphinx-build (.*)", (ROOT / "Makefile").read_text())
    assert recipe.endswith(" -c docs -d build/doctrees . build/docs")
    flags = recipe.partition(" -c docs")[0].split()
    places = ["-c", str(ROOT / "docs"), "-d", str(scratch / "trees"), str(source)]
    return subprocess.run(
        [sys.executable, "-m", "sphinx", *flags, "-b", "dummy", *options, *places, str(scratch)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_builds_without_warnings_and_every_link_leads_somewhere(tmp_path: Path) -> None:
    done = build(ROOT, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_control_a_dead_link_and_a_page_that_nothing_leads_to_are_found(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "index.md").write_text("# One\n\n[two](two.md#three), [four](four.md)\n")
    (source / "two.md").write_text("# Two\n")
    options = ("-D", "root_doc=index", "-D", "include_patterns=**", "-D", "exclude_patterns=")
    done = build(source, tmp_path / "out", *options)
    assert done.returncode == 1
    for told in ("'three'", "'four.md'", "isn't included in any toctree"):
        assert told in done.stderr


def test_a_forge_follows_the_links_as_well() -> None:
    """There a link is a path; here a directory or a page without its ending would do, too."""
    dead: list[tuple[str, str]] = []
    for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        text = page.read_text()
        for fence in fences(text):
            text = text.replace(fence.text, "")
        links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text)
        ours = [link for link in links if "://" not in link]
        dead += [(page.name, link) for link in ours if not (page.parent / link).is_file()]
    assert dead == []
