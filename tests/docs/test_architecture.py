"""docs/architecture.md names files and what is in them, `path:name`; each has to be there."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "architecture.md").read_text()
NAMED = sorted(set(re.findall(r"`([\w/]+\.(?:py|sql)):([\w.]+)`", TEXT)))


@cache
def names_in(path: str) -> frozenset[str]:
    """The functions, classes with their methods, or named queries of a source file."""
    text = (ROOT / "src" / "lastseat" / path).read_text()
    if path.endswith(".sql"):
        return frozenset(re.findall(r"^-- name: (\w+)$", text, re.MULTILINE))
    return frozenset(_defined(ast.parse(text).body, ""))


def _defined(body: list[ast.stmt], within: str) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield within + node.name
        if isinstance(node, ast.ClassDef):
            yield from _defined(node.body, f"{node.name}.")


@pytest.mark.parametrize(("path", "name"), NAMED, ids=lambda x: str(x).replace("/", "."))
def test_what_the_walk_names_is_there(path: str, name: str) -> None:
    assert name in names_in(path)


def test_the_walk_goes_from_http_through_the_engine_to_sse() -> None:
    places = [path for path, _ in re.findall(r"`([\w/]+\.(?:py|sql)):([\w.]+)`", TEXT)]
    assert places[0] == "http/door.py"
    assert {"http/straight.py", "engine/turnstile.py", "core/booking.py", "feed/relay.py"} < set(
        places
    )
    assert {"http/live.py", "feed/subscription.py"} < set(places[-4:])


def test_control_a_name_that_is_not_there_is_seen() -> None:
    assert "Turnstile.submit" in names_in("engine/turnstile.py")
    assert "Turnstile.enter" not in names_in("engine/turnstile.py")
    assert "append" in names_in("ledger/sql/write.sql")
