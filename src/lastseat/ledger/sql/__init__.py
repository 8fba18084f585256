"""The named queries, read from the .sql files beside this one.

Each query follows a line `-- name: its_name`; further comment lines say what it is for. Arrays of
texts, numbers, times and JSON are passed as PostgreSQL array literals (see `array`).
"""

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import msgspec

_ENCODER = msgspec.json.Encoder()


def array(values: Sequence[Any]) -> str:
    """A PostgreSQL array literal of texts, numbers, booleans, datetimes or None.

    JSON's string escapes for `"` and the backslash are those of an array literal, so one C call
    writes it: an adapter written in Python would cost more than the rest of a batch. Not for texts
    with control characters, whose JSON escapes mean something else there; names have none, and a
    JSON text inside has its own escaped already.
    """
    return "{" + _ENCODER.encode(values)[1:-1].decode() + "}"


def load(package: str) -> dict[str, str]:
    """The named queries of the .sql files in a package's directory."""
    queries: dict[str, str] = {}
    for path in sorted(files(package).iterdir(), key=lambda p: p.name):
        if not path.name.endswith(".sql"):
            continue
        for part in path.read_text(encoding="utf-8").split("-- name: ")[1:]:
            name, _, rest = part.partition("\n")
            lines = [line for line in rest.splitlines() if not line.lstrip().startswith("--")]
            if name.strip() in queries:
                raise ValueError(f"{path.name}: a second query named {name.strip()!r}")
            queries[name.strip()] = "\n".join(lines).strip().rstrip(";")
    return queries


QUERIES: dict[str, str] = load("lastseat.ledger.sql")
"""Every query of the write path by name."""
