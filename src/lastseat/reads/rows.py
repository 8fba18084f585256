"""The named queries of this package, and how they are asked."""

from typing import Any

import psycopg
from psycopg.rows import tuple_row

from lastseat.ledger.sql import load

QUERIES = load("lastseat.reads")

MOST_ROWS = 10_000
"""Rows of one page, at most."""

EVERYTHING = 2**31 - 1
"""A limit that is none."""

Connection = psycopg.AsyncConnection[Any]


async def fetch(connection: Connection, statement: str, **params: Any) -> list[tuple[Any, ...]]:
    """The rows of one of the named queries, or of pieces of them put together.

    None when a parameter is a text that no row could have.
    """
    if not all(storable(value) for value in params.values()):
        return []
    async with connection.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(statement.encode(), params)
        return await cursor.fetchall()


def storable(value: object) -> bool:
    """Whether a row could have it: no text column holds a NUL or half a surrogate pair."""
    if not isinstance(value, str):
        return True
    return not any(x == "\0" or "\ud800" <= x <= "\udfff" for x in value)
