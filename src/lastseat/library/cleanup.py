"""The cleanup of reservations that ran out, for all tenants, and how far it lags behind (D6).

Decisions count an overdue hold as free whether it was cleaned up or not; the cleanup makes the
journal say so. Each goes through the engine's `expire`, which looks again under the lock.
"""

import asyncio
from typing import TYPE_CHECKING

from lastseat.catalogue import holds
from lastseat.core.outcomes import Expired
from lastseat.library.commands import Commands
from lastseat.library.reserving import Cleaned

if TYPE_CHECKING:
    from lastseat.library.asynchronous.engine import AsyncEngine

AT_ONCE = 1_000
"""Holds cleaned up in one call, unless told otherwise."""


async def cleanup(engine: "AsyncEngine", *, limit: int = AT_ONCE) -> Cleaned:
    """Journal up to `limit` overdue holds as expired, the oldest first, whosever they are."""
    if not 1 <= limit <= 10 * AT_ONCE:
        raise ValueError(f"limit must be from 1 to {10 * AT_ONCE}")
    due = await engine.read(holds.overdue, limit=limit + 1)
    commands = [Commands(tenant_id).expire(booking_id) for tenant_id, booking_id in due[:limit]]
    answers = await asyncio.gather(*(engine.execute(command) for command in commands))
    # One that was extended or committed meanwhile is answered `not_expired` or the like.
    cleaned = sum(isinstance(answer.outcome, Expired) for answer in answers)
    return Cleaned(cleaned=cleaned, more=len(due) > limit)


async def lag(engine: "AsyncEngine") -> float:
    """For how many seconds the oldest overdue hold has waited for its cleanup; 0: none waits."""
    seconds: float = await engine.read(holds.lag)
    return seconds
