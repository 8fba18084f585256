"""`execute_in`: commands on the caller's own connection, in the caller's own transaction (H3).

The caller's rows and the bookings commit together or not at all. Answers are provisional until
the caller commits. Locks are held until then, so commit soon.
"""

from collections.abc import Awaitable, Sequence
from typing import Any, overload

import psycopg
from psycopg.pq import TransactionStatus

from lastseat.core.commands import AnyCommand
from lastseat.core.outcomes import AnyOutcome, Invalid
from lastseat.engine.drivers import drive_in, drive_in_sync
from lastseat.engine.errors import CommandFailed, DatabaseUnavailable, RetryTransaction
from lastseat.engine.executor import execute_nested
from lastseat.engine.requests import Answer, Result, Ticket
from lastseat.ledger.errors import ConnectionLost, LedgerError, Retryable
from lastseat.library.checks import check

LOCK_TIMEOUT = "5s"
"""How long a lock is waited for in a caller's transaction."""


@overload
def execute_in(
    connection: psycopg.Connection[Any],
    commands: Sequence[AnyCommand],
    *,
    lock_timeout: str = LOCK_TIMEOUT,
) -> list[AnyOutcome]: ...
@overload
def execute_in(
    connection: psycopg.AsyncConnection[Any],
    commands: Sequence[AnyCommand],
    *,
    lock_timeout: str = LOCK_TIMEOUT,
) -> Awaitable[list[AnyOutcome]]: ...
def execute_in(
    connection: psycopg.Connection[Any] | psycopg.AsyncConnection[Any],
    commands: Sequence[AnyCommand],
    *,
    lock_timeout: str = LOCK_TIMEOUT,
) -> list[AnyOutcome] | Awaitable[list[AnyOutcome]]:
    """Run the commands of one tenant, in order, in the open transaction of a psycopg connection.

    Give all the commands of the transaction in one call, so that their locks are taken in one
    order. Nothing is committed or retried; an outcome for each command, refusals too. On an
    asynchronous connection the result has to be awaited.

    Raises `RetryTransaction` when the transaction met another one, or a lock was not had within
    `lock_timeout` (PostgreSQL's notation): roll back and run it again from its start. Raises
    `CommandFailed` when the database refused; what the commands wrote is undone, the rest of the
    caller's transaction is not. REPEATABLE READ and SERIALIZABLE work too: every change bumps its
    stream's head, so a stale snapshot is told by the lock. (Of a location the rules of the snapshot
    hold: its head is not locked, see ADR 0016.)
    """
    tickets, outcomes = _tickets(commands)
    if isinstance(connection, psycopg.AsyncConnection):
        return _execute_in_async(connection, tickets, outcomes, lock_timeout)
    _in_transaction(connection)
    if not tickets:
        return _all(outcomes, [])
    steps = execute_nested(tickets[0].command.tenant_id, tickets, lock_timeout)
    try:
        return _all(outcomes, drive_in_sync(connection, steps))
    except LedgerError as error:
        raise _raised(error) from error


async def _execute_in_async(
    connection: psycopg.AsyncConnection[Any],
    tickets: list[Ticket],
    outcomes: list[AnyOutcome | None],
    lock_timeout: str,
) -> list[AnyOutcome]:
    _in_transaction(connection)
    if not tickets:
        return _all(outcomes, [])
    steps = execute_nested(tickets[0].command.tenant_id, tickets, lock_timeout)
    try:
        return _all(outcomes, await drive_in(connection, steps))
    except LedgerError as error:
        raise _raised(error) from error


def _tickets(commands: Sequence[AnyCommand]) -> tuple[list[Ticket], list[AnyOutcome | None]]:
    if len({command.tenant_id for command in commands}) > 1:
        raise ValueError("the commands of one call must be of one tenant")
    checked = [check(command) for command in commands]
    tickets = [x for x in checked if isinstance(x, Ticket)]
    return tickets, [x if isinstance(x, Invalid) else None for x in checked]


def _in_transaction(connection: object) -> None:
    if not isinstance(connection, psycopg.Connection | psycopg.AsyncConnection):
        raise TypeError(f"needs a connection of psycopg, not {type(connection).__name__}")
    idle = connection.info.transaction_status == TransactionStatus.IDLE
    if idle and connection.autocommit:
        raise ValueError("the connection is in autocommit mode: open a transaction first")


def _all(outcomes: list[AnyOutcome | None], results: list[Result]) -> list[AnyOutcome]:
    done = iter(results)
    merged: list[AnyOutcome] = []
    for outcome in outcomes:
        if outcome is None:
            result = next(done)
            if not isinstance(result, Answer):
                raise CommandFailed(f"{result!r} inside a caller's transaction")
            outcome = result.outcome  # noqa: PLW2901 - the place is this command's
        merged.append(outcome)
    return merged


def _raised(error: LedgerError) -> Exception:
    if isinstance(error, Retryable):
        return RetryTransaction(f"roll back and run the transaction again: {error}")
    if isinstance(error, ConnectionLost):
        return DatabaseUnavailable(str(error))
    return CommandFailed(str(error))
