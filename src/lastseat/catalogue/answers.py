"""Idempotent writes of what is outside the ledger: the answer is kept with its effect (MISSION C6).

The engine keeps the answers of its commands in the same table. The key's row is inserted first: a
duplicate in flight waits there until the first is done, then finds its answer. A refusal undoes
what was written before it and is kept too.
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Generic, TypeVar

import msgspec
import psycopg
from msgspec import Struct

from lastseat.catalogue.rows import Connection, fetch, storable
from lastseat.core import outcomes as o

R = TypeVar("R")

LOCK_TIMEOUT = "5s"
"""How long a duplicate in flight is waited for."""


class Saved(Struct, Generic[R], frozen=True):
    """What was written, as it is now. `created` is false when it was there before."""

    row: R
    created: bool
    replayed: bool = False

    @property
    def ok(self) -> bool:
        """True: it was done."""
        return True


class Unknown(Struct, frozen=True):
    """The tenant has no `what` (location, service) of that id."""

    what: str
    id: str

    @property
    def ok(self) -> bool:
        """False: nothing was done."""
        return False


REFUSALS: tuple[type[Any], ...] = (
    o.Invalid,
    o.KeyReused,
    o.Conflict,
    o.AlreadyDefined,
    o.BelowTaken,
    o.UnknownBookable,
    o.ClockBehind,
    Unknown,
)
"""What can be kept under a key."""

Refused = (
    o.Invalid
    | o.KeyReused
    | o.Conflict
    | o.AlreadyDefined
    | o.BelowTaken
    | o.UnknownBookable
    | o.ClockBehind
    | o.Overloaded
    | Unknown
)
"""Why nothing was written."""


def request_hash(operation: str, request: Mapping[str, Any]) -> str:
    """What a key stands for. Never equal to a command's hash, which has no prefix."""
    body = msgspec.json.encode([operation, request], order="deterministic")
    return f"catalogue:{hashlib.sha256(body).hexdigest()[:32]}"


async def answered(
    connection: Connection,
    tenant: str,
    key: str | None,
    hashed: str,
    work: Callable[[], Awaitable[Saved[Any] | Refused]],
    row: type[Any],
    command_id: str,
) -> Saved[Any] | Refused:
    """What `work` comes to, done once for a key; all of it in one transaction.

    `row` is the type of what is saved. Raises what the database raises when it meets another
    transaction: run it again.
    """
    async with connection.transaction():
        await fetch(connection, "set_lock_timeout", timeout=LOCK_TIMEOUT)
        if key is not None:
            await fetch(connection, "drop_old_key", tenant=tenant, key=key)
            claimed = await fetch(
                connection,
                "claim_key",
                tenant=tenant,
                key=key,
                hash=hashed,
                command=command_id,
            )
            if not claimed:
                return await _given_before(connection, tenant, key, hashed, row)
        answer = await _undone_if_refused(connection, work)
        if key is not None:
            text = msgspec.json.encode([type(answer).__name__, answer]).decode()
            await fetch(connection, "keep_answer", tenant=tenant, key=key, answer=text)
        return answer


async def outcome_under(connection: Connection, tenant: str, key: str) -> str | None:
    """What is kept under a key, the engine's answers too, or None."""
    if not storable(key):
        return None
    rows = await fetch(connection, "find_answer", tenant=tenant, key=key)
    return str(rows[0][1]) if rows else None


async def _undone_if_refused(
    connection: Connection, work: Callable[[], Awaitable[Saved[Any] | Refused]]
) -> Saved[Any] | Refused:
    answer: Saved[Any] | Refused | None = None
    async with connection.transaction() as savepoint:
        answer = await work()
        if not answer.ok:
            raise psycopg.Rollback(savepoint)
    assert answer is not None
    return answer


async def _given_before(
    connection: Connection, tenant: str, key: str, hashed: str, row: type[Any]
) -> Saved[Any] | Refused:
    ((stored_hash, text),) = await fetch(connection, "find_answer", tenant=tenant, key=key)
    if stored_hash != hashed:
        return o.KeyReused(key=key)
    name, body = msgspec.json.decode(text, type=tuple[str, msgspec.Raw])
    if name == Saved.__name__:
        saved = msgspec.json.decode(body, type=Saved[row])  # type: ignore[valid-type]
        return msgspec.structs.replace(saved, replayed=True)
    kinds = {kind.__name__: kind for kind in REFUSALS}
    refused: Refused = msgspec.json.decode(body, type=kinds[name])
    return refused
