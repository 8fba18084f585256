"""The client knows the core's values, the views and HTTP; nothing of what is behind the service."""

import ast
from collections.abc import Iterator
from pathlib import Path

import lastseat.client

ROOT = Path(lastseat.client.__file__).parent

KNOWN = ("lastseat.client", "lastseat.core", "lastseat.views")


def imported(source: str) -> Iterator[str]:
    """The modules that a source imports, wherever in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            yield str(node.module)
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def foreign(source: str) -> set[str]:
    """Of these the ones of Lastseat that are not the client's own, the core's or views."""
    ours = {x for x in imported(source) if x.partition(".")[0] in ("lastseat", "psycopg")}
    return {x for x in ours if not x.startswith(KNOWN)}


def test_it_imports_the_core_the_views_and_itself_alone() -> None:
    files = sorted(ROOT.rglob("*.py"))
    assert len(files) > 10
    assert {x.name: foreign(x.read_text()) for x in files if foreign(x.read_text())} == {}


def test_control_another_import_is_seen() -> None:
    assert foreign("from lastseat.reads import bookings") == {"lastseat.reads"}
    assert foreign("def f():\n    import lastseat") == {"lastseat"}
    assert foreign("import httpx\nfrom lastseat.core.status import Status") == set()
