"""How Sphinx puts the documentation together: `make docs`. Not for what the pages say.

The tree is the source, not this directory: README.md and the core's README are pages too, so every
link is the same on a forge and here. A link to a file that is no page becomes a download of it.
"""

import importlib.metadata
import sys
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util.typing import stringify_annotation

from lastseat import AnyOutcome
from lastseat.core.commands import AnyCommand

sys.path.insert(0, str(Path(__file__).parent))
import figures

project = "Lastseat"
author = "The Lastseat authors"
copyright = "The Lastseat authors, Apache-2.0"  # noqa: A001 - Sphinx calls it so
release = importlib.metadata.version("lastseat")

extensions = ["myst_parser", "sphinx.ext.autodoc"]
root_doc = "docs/index"
include_patterns = ["README.md", "CHANGELOG.md", "docs/**", "src/lastseat/core/README.md"]
exclude_patterns = ["build", "dist", "deploy", "requirements", "tests", "docs/examples", ".*"]

html_theme = "furo"
html_title = f"Lastseat {release}"
html_copy_source = False
html_show_sourcelink = False
# Pages lie where their sources do; who opens the directory is sent to the first.
html_extra_path = ["html"]

# Every heading can be linked to, as on a forge.
myst_heading_anchors = 4
myst_enable_extensions = ["attrs_inline"]

# A block that names no language is plain text.
highlight_language = "none"
# Quotes stay as they are written.
smartquotes = False
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
# Docstrings here quote with single backticks.
default_role = "code"

# Python forgets what a union is called, and half a page of names is no signature.
NAMED = {
    stringify_annotation(AnyOutcome, "smart"): "~lastseat.AnyOutcome",
    stringify_annotation(AnyCommand, "smart"): "~lastseat.core.commands.AnyCommand",
}


def called(*told: Any) -> tuple[str | None, str | None]:
    """A signature and what it returns, with these unions by their names."""
    signature, returns = told[-2:]
    for members, name in NAMED.items():
        signature = signature and signature.replace(members, name)
        returns = returns and returns.replace(members, name)
    return signature, returns


def draw(app: Sphinx) -> None:
    """Draw what the pages show, where nothing is kept."""
    drawn = Path(app.srcdir, "build", "drawn")
    drawn.mkdir(parents=True, exist_ok=True)
    (drawn / "speed.svg").write_bytes(figures.plot())


def setup(app: Sphinx) -> None:
    """Have it asked about every signature, and draw."""
    app.connect("autodoc-process-signature", called)
    app.connect("builder-inited", draw)
