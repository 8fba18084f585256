"""What a made-up history is written in: rows, times as the engine writes them, lines in a file.

Not what the rows say: ledger.py keeps them.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

Row = dict[str, Any]

SECOND = 1_000_000
NOON = 1_800_000_000 * SECOND
"""When the shows, courts and skis are booked for, in microseconds."""


def rfc(time: int) -> str:
    """Microseconds as the engine writes them in JSON."""
    whole, rest = divmod(time, SECOND)
    text = datetime.fromtimestamp(whole, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{rest:06d}Z" if rest else f"{text}Z"


def span(start: int, end: int) -> Row:
    return {"start": rfc(start), "end": rfc(end)}


def fed(journal: list[Row]) -> list[Row]:
    """The feed of one tenant's journal, in pages of four entries."""
    pages = [journal[at : at + 4] for at in range(0, len(journal), 4)]
    return [
        {
            "tenant_id": page[0]["tenant_id"],
            "last_pos": 4 * i + len(page),
            "first_pos": 4 * i + 1,
            "streams": [row["stream_id"] for row in page],
            "seqs": [row["seq"] for row in page],
        }
        for i, page in enumerate(pages)
    ]


def write(path: Path, lines: Iterable[Row]) -> Path:
    encode = msgspec.json.Encoder().encode
    with path.open("wb") as file:
        for line in lines:
            file.write(encode(line) + b"\n")
    return path
