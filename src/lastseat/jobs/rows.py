"""The named queries of this package, and how they are asked."""

from typing import Any

import psycopg
from psycopg.rows import tuple_row

from lastseat.ledger.sql import load

QUERIES = load("lastseat.jobs")

Connection = psycopg.AsyncConnection[Any]


async def fetch(connection: Connection, name: str, /, **params: Any) -> list[tuple[Any, ...]]:
    """The rows of a named query."""
    async with connection.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(QUERIES[name].encode(), params)
        return await cursor.fetchall() if cursor.description is not None else []
