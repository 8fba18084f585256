"""The queries of queries.sql sent, and what is in their rows. For `store`, `people` and `first`."""

import uuid
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from lastseat.access.roles import Action, Role
from lastseat.ledger.sql import load

QUERIES = load("lastseat.access")

Connection = psycopg.AsyncConnection[Any]
Row = tuple[Any, ...]


async def ask(connection: Connection, query: str, **values: object) -> list[Row]:
    """The rows of a named query, none where it has none; times in UTC.

    In a transaction of its own, or a savepoint in the caller's: an error leaves nothing half open.
    """
    async with connection.transaction(), connection.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(QUERIES[query].encode(), values)
        return [_utc(row) for row in await cursor.fetchall()] if cursor.description else []


def _utc(row: Row) -> Row:
    # psycopg gives them in the session's zone.
    return tuple(x.astimezone(UTC) if isinstance(x, datetime) else x for x in row)


def roles_of(stored: Collection[str]) -> tuple[Role, ...]:
    """The roles that this release knows; one of a later release allows nothing."""
    return tuple(role for role in Role if role in stored)


def scopes_of(stored: Collection[str] | None) -> tuple[Action, ...] | None:
    """The actions that this release knows; None is no narrowing, none known is none allowed."""
    return None if stored is None else tuple(action for action in Action if action in stored)


def stored(values: Collection[Role] | Collection[Action]) -> list[str]:
    """Roles or scopes as a column has them."""
    return sorted({str(value) for value in values})


def uuid_of(text: str) -> uuid.UUID | None:
    """An id out of a request; None: it is none, so that nothing has it."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
