"""A studio whose changes are told to receivers, on a database where nobody else is told of any."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import psycopg
import psycopg_pool
from tests.races.clocks import set_clock

import lastseat
from lastseat.catalogue.answers import Saved
from lastseat.catalogue.webhooks import NewWebhook
from lastseat.feed.relay import relay
from lastseat.gateways.addresses import networks
from lastseat.gateways.post import Bounds
from lastseat.jobs.webhooks import spread
from lastseat.jobs.webhooks_delivery import Deliverer, Terms, deliver_due
from lastseat.views.webhooks import Delivery

START = datetime(2031, 3, 3, 18, tzinfo=UTC)
HERE = networks("127.0.0.1/32")
QUICK = Bounds(seconds=1.0, also=HERE)
SOON = Terms(lease=2.0, schedule=(0.05,) * 9)
"""Terms that a test has time for."""

ALLOWED = {"LASTSEAT_WEBHOOK_NETWORKS": "127.0.0.1/32"}


class Hooked:
    """A tenant with a class, and what tells receivers of it."""

    def __init__(self, engine: lastseat.AsyncEngine, pool: Any, tenant_id: str) -> None:
        self.engine = engine
        self.pool = pool
        self.tenant: Any = engine.tenant(tenant_id, principal="Zöe the owner")
        self.secrets: dict[str, str] = {}

    async def hook(self, url: str, kinds: Sequence[str] = ("booking.*",)) -> str:
        """A new endpoint's id."""
        made = await self.tenant.webhooks.create(url, kinds=kinds)
        assert isinstance(made, Saved), made
        assert isinstance(made.row, NewWebhook)
        self.secrets[made.row.webhook.webhook_id] = made.row.secret
        return made.row.webhook.webhook_id

    async def book(self, actor: str = "ann", *, occurrence: str = "yoga") -> str:
        booked = await self.tenant.book(occurrence, actor=actor)
        assert isinstance(booked, lastseat.outcomes.Booked), booked
        return booked.booking_id

    async def feed(self) -> None:
        """See that all that was committed is in the feed."""
        async with await psycopg.AsyncConnection.connect(self.engine.conninfo) as connection:
            assert not (await relay(connection)).busy

    async def spread(self) -> int:
        """Make messages of what has happened."""
        await self.feed()
        return await spread(self.pool)

    async def tell(self, terms: Terms = SOON, bounds: Bounds = QUICK) -> int:
        """The same, and deliver what is due."""
        await self.spread()
        return await deliver_due(self.pool, terms, bounds)

    async def deliver_all(self, *, workers: int = 1) -> None:
        """Deliver until nothing is left, what fails again and again."""
        async with asyncio.timeout(10):
            while await self.sql(
                "SELECT 1 FROM lastseat.webhook_deliveries WHERE status = 'pending' LIMIT 1"
            ):
                await asyncio.gather(*(self.deliverer().deliver_due() for _ in range(workers)))
                await asyncio.sleep(0.02)

    def deliverer(self, terms: Terms = SOON, bounds: Bounds = QUICK) -> Deliverer:
        return Deliverer(self.pool, terms, bounds)

    async def deliveries(self, webhook_id: str, status: Any = None) -> list[Delivery]:
        found = await self.tenant.webhooks.deliveries(webhook_id, status=status)
        assert not isinstance(found, lastseat.catalogue.Unknown), found
        return list(found)

    async def sql(self, statement: str, **params: Any) -> list[Any]:
        async with self.pool.connection() as connection:
            cursor = await connection.execute(statement.encode(), params)
            return list(await cursor.fetchall()) if cursor.description else []


@asynccontextmanager
async def hooked(conninfo: str, tenant_id: str) -> AsyncIterator[Hooked]:
    """Such a studio; its endpoints are gone at the end."""
    with mock.patch.dict(os.environ, ALLOWED):
        async with (
            lastseat.open_async(conninfo, migrate=False) as engine,
            psycopg_pool.AsyncConnectionPool(conninfo, min_size=1, max_size=8, open=False) as pool,
        ):
            studio = Hooked(engine, pool, tenant_id)
            for name in ("yoga", "pilates"):
                await studio.tenant.define_occurrence(
                    name,
                    start=START,
                    end=START + timedelta(hours=1),
                    capacity=1_000,
                    actor_time="allow",
                )
            try:
                yield studio
            finally:
                set_clock(conninfo, timedelta())
                for table in ("webhooks", "webhook_deliveries", "webhook_secrets"):
                    await studio.sql(f"DELETE FROM lastseat.{table}")
