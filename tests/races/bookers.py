"""What the processes of a crowd, and the threads of a test, do: open an engine and book in a hurry.

Each opens its engine as a user would, and answers with what its bookers were told.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from tests.races.crowd import Meet
from tests.races.moments import NOON
from tests.races.sabotage import Sabotage, switched_off

import lastseat
from lastseat import AsyncTenant, Claim

T = TypeVar("T")

Told = tuple[str, int]
"""An outcome's code and the units it gave."""

RAISED = "raised"


def told(outcome: lastseat.AnyOutcome) -> Told:
    """What matters of an outcome for counting."""
    return str(outcome.code), getattr(outcome, "units", 0) if outcome.ok else 0


async def _told(booking: Awaitable[lastseat.AnyOutcome]) -> Told:
    try:
        return told(await booking)
    except lastseat.LastseatError as error:
        return f"{RAISED} {type(error).__name__}", 0


def _with_an_engine(
    meet: Meet,
    conninfo: str,
    tenant_id: str,
    sabotage: Sabotage | None,
    work: Callable[[AsyncTenant], Sequence[Awaitable[lastseat.AnyOutcome]]],
) -> list[Told]:
    """What is told to those who ask for everything that `work` does."""
    return with_an_engine(
        meet, conninfo, tenant_id, sabotage, lambda tenant: [_told(x) for x in work(tenant)]
    )


def with_an_engine(
    meet: Meet,
    conninfo: str,
    tenant_id: str,
    sabotage: Sabotage | None,
    work: Callable[[AsyncTenant], Sequence[Awaitable[T]]],
) -> list[T]:
    """Everything that `work` asks for, at once, as soon as everybody is there."""

    async def run() -> list[T]:
        async with lastseat.open_async(conninfo, migrate=False) as engine:
            tenant = engine.tenant(tenant_id)
            # A read connects nothing of the write path, so let one command do that.
            await tenant.cancel("nowhere", actor="nobody")
            await asyncio.to_thread(meet)
            return list(await asyncio.gather(*work(tenant)))

    with switched_off(sabotage):
        return asyncio.run(run())


def book_parties(
    meet: Meet,
    conninfo: str,
    tenant_id: str,
    occurrence: str,
    who: str,
    sizes: Sequence[int],
    sabotage: Sabotage | None = None,
) -> list[Told]:
    """One booking for each size, by actors named after `who`."""

    def work(tenant: AsyncTenant) -> list[Any]:
        return [
            tenant.book(occurrence, actor=f"{who}-{i}", units=size) for i, size in enumerate(sizes)
        ]

    return _with_an_engine(meet, conninfo, tenant_id, sabotage, work)


def book_intervals(
    meet: Meet,
    conninfo: str,
    tenant_id: str,
    bookables: Sequence[str],
    who: str,
    count: int,
    sabotage: Sabotage | None = None,
) -> list[Told]:
    """`count` bookings of random, overlapping times; of 1 to 3 units where it is a pool."""
    chance = random.Random(who)

    def work(tenant: AsyncTenant) -> list[Any]:
        return [
            tenant.book(random_claim(chance, chance.choice(bookables)), actor=f"{who}-{i}")
            for i in range(count)
        ]

    return _with_an_engine(meet, conninfo, tenant_id, sabotage, work)


def random_claim(chance: random.Random, bookable: str) -> Claim:
    """A claim of a quarter to two hours within one day."""
    start = NOON + timedelta(minutes=15 * chance.randrange(40))
    end = start + timedelta(minutes=15 * chance.randint(1, 8))
    units = chance.randint(1, 3) if bookable.startswith("pool") else 1
    return Claim(bookable=bookable, start=start, end=end, units=units)


def book_one_each(
    meet: Meet,
    conninfo: str,
    tenant_id: str,
    occurrences: Sequence[str],
    actor: str,
    sabotage: Sabotage | None = None,
) -> list[Told]:
    """A booking of each occurrence for one and the same actor."""

    def work(tenant: AsyncTenant) -> list[Any]:
        return [tenant.book(occurrence, actor=actor) for occurrence in occurrences]

    return _with_an_engine(meet, conninfo, tenant_id, sabotage, work)
