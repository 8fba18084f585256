"""The engine's own arms: real bookings through the public asynchronous library, in one process.

Every booking is for an actor never seen before, and every answer is looked at. Each window has an
engine of its own, closed at its end, so that its connections report their flushes.
"""

import asyncio
import contextlib
import itertools
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import psycopg
from msgspec import Struct

import lastseat
from lastseat.bench.audit import Told
from lastseat.bench.database import Connection, flushes
from lastseat.bench.load import Load, Window, together
from lastseat.core.limits import CAPACITY
from lastseat.core.outcomes import Booked, Code, Held
from lastseat.feed.relay import Relay, relay

WARM_UP = 0.15
"""Seconds before a window opens: connections are made, statements prepared."""

DEFINED_AT_ONCE = 64


class Shape(Struct, frozen=True, kw_only=True):
    """What is asked for, and by how many at once.

    On how many occurrences; what becomes of the actors' own time (MISSION B8); with idempotency
    keys; with cancels and holds.
    """

    in_flight: int
    occurrences: int = 1
    actor_time: str = "allow"
    keys: bool = False
    mix: bool = False
    feed: bool = False
    """With a relay at work beside it, as in a service."""


class Bookings:
    """Bookings of one shape by `in_flight` callers at once, in a tenant of the arm's own."""

    def __init__(
        self, name: str, where: str, connection: Connection, shape: Shape, *, main: bool = False
    ) -> None:
        self.name = name
        self.main = main
        self.where = where
        self.connection = connection
        self.shape = shape
        self.told = Told(name.replace(" ", "-").replace(",", ""), Counter())
        self.windows = 0
        self._numbers = itertools.count(1)
        self._random = random.Random(1)

    async def window(self, seconds: float) -> Window:
        """Measure for so long; flushes are those of the engine's whole life, bookings too."""
        occurrences = await self._occurrences()
        before = await flushes(self.connection)
        answered = self.told.answers.total()
        beside = feeding(self.where) if self.shape.feed else contextlib.nullcontext()
        async with beside, lastseat.open_async(self.where, migrate=False) as engine:
            tenant = engine.tenant(self.told.tenant_id)
            load = Load(seconds=seconds, warm_up=WARM_UP)
            window = await load.run(self.shape.in_flight, self._turn(tenant, occurrences))
        written = self.told.answers.total() - answered
        window.flushes_per_booking = (await flushes(self.connection) - before) / written
        return window

    async def _occurrences(self) -> list[str]:
        """New occurrences for this window, as large as they can be; where many, the same again."""
        many = self.shape.occurrences > 1
        names = [f"{0 if many else self.windows}-{i}" for i in range(self.shape.occurrences)]
        if self.windows == 0 or not many:
            await define_all(self.where, self.told.tenant_id, names, self.shape.actor_time)
        self.windows += 1
        return names

    def _turn(
        self, tenant: lastseat.AsyncTenant, occurrences: list[str]
    ) -> Callable[[Load], Awaitable[None]]:
        """What a caller does again and again."""
        told, numbers, shape = self.told, self._numbers, self.shape
        places = itertools.cycle(occurrences)

        async def book(load: Load) -> None:
            n = next(numbers)
            key = f"key-{n}" if shape.keys else None
            outcome = await load.timed(tenant.book(next(places), actor=f"person-{n}", key=key))
            told.expect(outcome, Code.BOOKED)

        async def live(load: Load) -> None:
            await self._live(load, tenant, next(places))

        return live if shape.mix else book

    async def _live(self, load: Load, tenant: lastseat.AsyncTenant, occurrence: str) -> None:
        """Half book; of the others, some cancel, some hold and pay, some hold and leave."""
        actor = f"person-{next(self._numbers)}"
        fate = self._random.random()
        if fate < 0.7:  # noqa: PLR2004 - the shares are this function's content
            outcome = await load.timed(tenant.book(occurrence, actor=actor))
            self.told.expect(outcome, Code.BOOKED)
            if fate < 0.2 and isinstance(outcome, Booked):  # noqa: PLR2004
                gone = await load.timed(tenant.cancel(outcome.booking_id))
                self.told.expect(gone, Code.CANCELLED)
            return
        held = await load.timed(tenant.hold(occurrence, actor=actor))
        self.told.expect(held, Code.HELD)
        if not isinstance(held, Held):
            return
        if fate < 0.9:  # noqa: PLR2004
            paid = await load.timed(tenant.confirm(held.booking_id))
            self.told.expect(paid, Code.CONFIRMED)
        else:
            left = await load.timed(tenant.release(held.booking_id))
            self.told.expect(left, Code.RELEASED)


@contextlib.asynccontextmanager
async def feeding(where: str) -> AsyncIterator[None]:
    """A relay meanwhile, which has caught up with what was written before."""
    async with await psycopg.AsyncConnection.connect(where) as connection:
        await relay(connection)
    relaying = asyncio.create_task(Relay(where).run())
    try:
        yield
    finally:
        relaying.cancel()
        await asyncio.gather(relaying, return_exceptions=True)


async def define_all(where: str, tenant_id: str, names: list[str], actor_time: str) -> None:
    """Occurrences as large as they can be, made by an engine that is closed again."""
    async with lastseat.open_async(where, migrate=False) as engine:
        tenant = engine.tenant(tenant_id)
        for at in range(0, len(names), DEFINED_AT_ONCE):
            some = names[at : at + DEFINED_AT_ONCE]
            await together([define(tenant, name, CAPACITY, actor_time) for name in some])


async def define(
    tenant: lastseat.AsyncTenant, name: str, capacity: int, actor_time: str = "allow"
) -> None:
    """An occurrence in a month's time. Raises when it can't be made."""
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=30)
    outcome = await tenant.define_occurrence(
        name,
        start=start,
        end=start + timedelta(hours=1),
        capacity=capacity,
        actor_time=actor_time,
    )
    Told(tenant.tenant_id, Counter()).expect(outcome, Code.DEFINED)
