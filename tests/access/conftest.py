"""Tenants that are there, and a way to ask the store: each call on a connection of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import psycopg
import pytest

from lastseat.access import store
from lastseat.access.rows import Connection

T = TypeVar("T")


class Ask:
    """Runs one of the store's functions on a connection like those of the server's pool."""

    def __init__(self, conninfo: str) -> None:
        self.conninfo = conninfo

    def __call__(self, call: Callable[..., Awaitable[T]], *args: Any, **kwargs: Any) -> T:
        async def asked() -> T:
            async with await self.connect() as connection:
                return await call(connection, *args, **kwargs)

        return asyncio.run(asked())

    async def connect(self) -> Connection:
        return await psycopg.AsyncConnection.connect(self.conninfo, autocommit=True)

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Run SQL behind the store's back."""
        with psycopg.connect(self.conninfo) as connection:
            cursor = connection.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []


@pytest.fixture
def ask(conninfo: str) -> Ask:
    return Ask(conninfo)


@pytest.fixture
def studio(ask: Ask, tenant_id: str) -> str:
    """A tenant that was created."""
    assert isinstance(ask(store.create_tenant, tenant_id, name="Studio"), store.Tenant)
    return tenant_id
