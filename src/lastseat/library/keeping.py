"""Idempotent writes of what is outside the ledger, run again when they meet another transaction.

See `catalogue/answers.py` for what one run does.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import psycopg

from lastseat.catalogue.answers import Refused, Saved, answered, request_hash
from lastseat.core import fields as f
from lastseat.core import outcomes as o
from lastseat.engine.errors import OutcomeUnknown, RetryTransaction
from lastseat.engine.ids import new_id
from lastseat.library.checks import unwritable

if TYPE_CHECKING:
    from lastseat.library.asynchronous.engine import AsyncEngine

Connection = psycopg.AsyncConnection[Any]
Work = Callable[[Connection], Awaitable[Saved[Any] | Refused]]

TRIES = 8
"""How often a transaction that met another one is run again."""


def invalid(check: Callable[[], None]) -> o.Invalid | None:
    """What a request by itself is refused for. `check` raises `Bad`."""
    try:
        check()
    except f.Bad as bad:
        return bad.invalid
    return None


def unkeepable(tenant_id: str, key: str | None, asked: dict[str, Any]) -> o.Invalid | None:
    """What any request is refused for: its tenant's name, its key, or what has no JSON."""

    def check() -> None:
        f.name("tenant_id", tenant_id)
        if key is not None:
            f.name("key", key)

    return invalid(check) or unwritable(asked)


async def keep(
    engine: "AsyncEngine",
    tenant_id: str,
    operation: str,
    asked: dict[str, Any],
    key: str | None,
    work: Work,
    row: type[Any],
) -> Saved[Any] | Refused:
    """What `work` comes to in a transaction of its own, once for a key.

    `asked` has to say everything that the effect depends on: it is what the key stands for. `row`
    is the type of what is saved. `invalid` for what is `unkeepable`. Raises
    `OutcomeUnknown` when the connection broke at its end.
    """
    bad = unkeepable(tenant_id, key, asked)
    if bad is not None:
        return bad
    hashed = request_hash(operation, asked)

    async def run(connection: Connection) -> Saved[Any] | Refused:
        ending = False

        async def whole() -> Saved[Any] | Refused:
            nonlocal ending
            found = await work(connection)
            ending = True
            return found

        try:
            return await answered(connection, tenant_id, key, hashed, whole, row, new_id())
        except (
            psycopg.errors.DeadlockDetected,
            psycopg.errors.LockNotAvailable,
            psycopg.errors.SerializationFailure,
        ) as error:
            # Said here, for the engine takes an OperationalError for a database that is away.
            raise RetryTransaction(str(error)) from error
        except psycopg.OperationalError as error:
            if ending:
                # COMMIT may have been on its way, and taken effect.
                raise OutcomeUnknown(str(error)) from error
            raise

    for attempt in range(TRIES):
        try:
            found: Saved[Any] | Refused = await engine.read(run)
        except RetryTransaction:
            await asyncio.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311 - jitter
        else:
            return found
    return o.Overloaded(retry_after=1.0)
