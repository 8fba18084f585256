"""The named queries of this package, and how they are asked."""

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from lastseat.ledger.sql import load

QUERIES = load("lastseat.catalogue")

Connection = psycopg.AsyncConnection[Any]
Row = Sequence[Any]


async def fetch(connection: Connection, name: str, /, **params: Any) -> list[tuple[Any, ...]]:
    """The rows of a named query; none of a tenant whose name no row could have.

    Whoever writes for one was refused before.
    """
    if not storable(params.get("tenant", "")):
        return []
    async with connection.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(QUERIES[name], params)
        return await cursor.fetchall() if cursor.description is not None else []


def storable(text: str) -> bool:
    """Whether a row could have it: no text column holds a NUL or half a surrogate pair."""
    return not any(x == "\0" or "\ud800" <= x <= "\udfff" for x in text)
