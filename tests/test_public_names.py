"""`import lastseat` loads nothing, and each of its names is what type checkers take it for."""

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import lastseat

SOURCE = Path(str(lastseat.__file__)).read_text()


def declared() -> dict[str, str]:
    """Where type checkers find each name: what is imported for them alone."""
    (block,) = [node for node in ast.parse(SOURCE).body if _for_checkers(node)]
    assert isinstance(block, ast.If)
    return {
        name.name: str(each.module)
        for each in block.body
        if isinstance(each, ast.ImportFrom)
        for name in each.names
    }


def _for_checkers(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def test_every_name_is_declared_and_no_other() -> None:
    assert set(declared()) == set(lastseat.__all__) <= set(dir(lastseat))


@pytest.mark.parametrize("name", lastseat.__all__)
def test_a_name_is_what_is_declared(name: str) -> None:
    home = declared()[name]
    package = import_module(home)
    found = getattr(lastseat, name)
    assert found is getattr(package, name)


def test_another_name_is_none_of_its() -> None:
    with pytest.raises(AttributeError, match="'lastseat' has no attribute 'Clam'"):
        _ = lastseat.Clam  # type: ignore[attr-defined]


def test_nothing_is_loaded_before_it_is_used() -> None:
    code = (
        "import sys, lastseat\n"
        "before = {x for x in sys.modules if x.startswith('lastseat.')}\n"
        "lastseat.Claim\n"
        "print(before, 'lastseat.core.commands' in sys.modules, 'psycopg' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set() True False\n"
