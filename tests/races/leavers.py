"""A process of its own that cancels bookings at random moments, and can be killed in the middle."""

import asyncio
import random
from collections.abc import Sequence

from tests.races.child import Child, Tell

import lastseat
from lastseat.core.outcomes import encode

WITHIN = 0.4
"""Seconds over which the cancellations are spread."""


class Leavers(Child):
    """A child that cancels these bookings, each at a moment of its own. `fault`: LASTSEAT_FAULT."""

    def __init__(
        self, conninfo: str, tenant_id: str, bookings: Sequence[str], *, fault: str = ""
    ) -> None:
        super().__init__(_leave_all, conninfo, tenant_id, bookings, fault=fault)


def _leave_all(tell: Tell, conninfo: str, tenant_id: str, bookings: Sequence[str]) -> None:
    async def run() -> None:
        async def leave(booking_id: str) -> None:
            await asyncio.sleep(random.uniform(0, WITHIN))
            tell(str(encode(await tenant.cancel(booking_id))))

        async with lastseat.open_async(conninfo, migrate=False) as engine:
            tenant = engine.tenant(tenant_id)
            await asyncio.gather(*map(leave, bookings))

    asyncio.run(run())
