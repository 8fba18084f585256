"""One batch of commands, one transaction: lock, read, decide, write, commit. Sans-I/O.

`execute` is a generator: it yields requests (statements to run, a pause, a new connection) and is
sent what they came to; a driver performs them (drivers.py). It makes three round trips, or two
where the answers of the first can be guessed and are asked for along with the second (memory.py):

1. *resolve*: which bookables, bookings and actors is this about? (resolving.py,
   boundary.py)
2. *lock and read*: the heads in one global order; then, by later statements, whose snapshots are
   newer than the locks, the clock and the state. A count in the locking statement itself would be
   from before the lock, and oversell.
3. *write*: each command is decided in turn on the state that its predecessors left (core/), and
   one set-based statement appends the journal and updates the projections, followed by COMMIT.
   Only then is anybody answered.

What the locks reveal to be otherwise than resolved makes it go round again, a bounded number of
times. Deadlocks and lost races retry the batch; any other error bisects it, so that one poisoned
command can't sink the others. A connection lost during COMMIT is no answer: the same locks are
taken *first*, because the old transaction may still be committing, then the journal is asked.
"""

from collections.abc import Generator, Sequence
from contextlib import suppress
from typing import Any

from lastseat.core.commands import (
    AnyCommand,
    Book,
    BookingId,
    BookSeries,
    Define,
    EditEvent,
    Move,
    SetRules,
)
from lastseat.core.defining import event_of
from lastseat.core.naming import bookables_of
from lastseat.engine.errors import CommandFailed, DatabaseUnavailable, OutcomeUnknown
from lastseat.engine.faults import reach
from lastseat.engine.memory import Memory
from lastseat.engine.requests import (
    DEFERRED,
    Failed,
    Reconnect,
    Request,
    Result,
    Rows,
    Run,
    Sleep,
    Statement,
    Ticket,
)
from lastseat.engine.transaction import Transaction
from lastseat.ledger.errors import ConnectionLost, LedgerError, LockTimeout, Retryable
from lastseat.ledger.sql import array

ATTEMPTS = 8
"""How often a batch is tried that loses races; each waits longer, with jitter."""

LOSSES = 3
"""How often a batch is tried whose connection breaks, before its halves are tried by themselves."""

WAITS = 60
"""How often the locks of a lost commit are asked for, 0.3 s or more each time."""

Steps = Generator[Request, Any, list[Result]]

_CHANGING_RULES = (SetRules, EditEvent)


def execute(
    tenant_id: str, tickets: Sequence[Ticket], *, wait: bool, memory: Memory | None = None
) -> Steps:
    """Run the tickets in order, in a transaction of their own; a result for each.

    With `wait` locks are waited for; without, a command whose head is busy, or has to be made, is
    `Deferred`. A lock not waited out in time defers those who need it, and lets the others through.
    With the `memory` of earlier transactions most take a round trip less.
    """
    results: list[Result] = []
    for part in segments(tickets):
        results += yield from _batch(tenant_id, part, memory, wait=wait)
    return results


def execute_nested(
    tenant_id: str, tickets: Sequence[Ticket], lock_timeout: str
) -> Generator[Request, Any, list[Result]]:
    """The same inside a caller's transaction: a savepoint, no retry, no commit (MISSION H3).

    Raises whatever `LedgerError` it meets, its savepoint rolled back.
    """
    settings: Rows
    settings, _ = yield Run((Statement("read_settings"), Statement("savepoint")))
    results: list[Result] = []
    for part in segments(tickets):
        transaction = Transaction(
            tenant_id, part, wait=True, nested=True, lock_timeout=lock_timeout, careful=True
        )
        try:
            results += yield from transaction.run()
        except ConnectionLost:
            raise
        except Exception:
            yield Run((Statement("rollback_to_savepoint"),))
            yield Run((Statement("release_savepoint"),))
            raise
    names, values = zip(*settings, strict=True)
    restored = {"names": array(names), "values": array(values)}
    yield Run(
        (
            Statement("defer_exclusive"),
            Statement("restore_settings", restored),
            Statement("release_savepoint"),
        )
    )
    return results


def segments(tickets: Sequence[Ticket]) -> list[list[Ticket]]:
    """The tickets cut before each command that names what is defined earlier in its part.

    What a command's boundary is depends on the definition, so it has to be in the ledger first; and
    an occurrence is opened as its event is in the ledger. They are cut after rules, too: what these
    come to for the commands of a part is worked out before the first of them is decided. And after
    an edit: the bound on the bookings that are read for one is of the whole part. And before a move
    of what is booked earlier: until then nobody knows whose the claims are that it takes.
    """
    parts: list[list[Ticket]] = [[]]
    defined: set[str] = set()
    made: set[str] = set()
    moving = any(isinstance(ticket.command, Move) for ticket in tickets)
    for ticket in tickets:
        command = ticket.command
        if defined and not defined.isdisjoint(named(command)):
            parts.append([])
            defined, made = set(), set()
        if isinstance(command, Move) and not made.isdisjoint(moved(command)):
            parts.append([])
            defined, made = set(), set()
        parts[-1].append(ticket)
        if isinstance(command, _CHANGING_RULES):
            parts.append([])
            defined, made = set(), set()
        if moving and isinstance(command, Book):
            made.update((command.booking_id, command.actor))
        elif moving and isinstance(command, BookSeries):
            made.update((command.actor, *(date.booking_id for date in command.dates)))
        if isinstance(command, Define):
            defined.add(command.bookable)
    return [part for part in parts if part]


def named(command: AnyCommand) -> set[str]:
    """The bookables a command names, and the events of the occurrences among them."""
    names = set(bookables_of(command))
    return names | {event for event in map(event_of, names) if event}


def moved(command: Move) -> set[str]:
    """The bookings that a command moves, by id, or the actors whose they are."""
    targets = [move.target for move in command.moves]
    return {x.booking_id if isinstance(x, BookingId) else x.actor for x in targets}


def _batch(
    tenant_id: str, tickets: Sequence[Ticket], memory: Memory | None, *, wait: bool
) -> Steps:
    attempt = losses = 0
    while True:
        transaction = Transaction(tenant_id, tickets, wait=wait, careful=attempt > 0, memory=memory)
        try:
            results = yield from transaction.run()
            reach("before_answer")
            return results
        except DatabaseUnavailable as error:
            return _failed(tickets, error)
        except LockTimeout:
            yield from _rollback()
            if not wait or len(tickets) == 1:
                return [DEFERRED] * len(tickets)
            # One of the heads is held by a stranger. Let through whoever does not need it.
            wait = False
        except Retryable as error:
            yield from _rollback()
            attempt += 1
            if attempt == ATTEMPTS:
                return _failed(tickets, CommandFailed(f"{attempt} attempts lost: {error}"))
            yield Sleep(0.002 * 2**attempt)
        except ConnectionLost as error:
            settled = yield from _after_loss(transaction, tickets)
            if settled is not None:
                return settled
            losses += 1
            if losses == LOSSES:
                # It may be one of these commands that the session dies of.
                lost = DatabaseUnavailable(f"{losses} connections lost: {error}")
                return (yield from _bisect(tenant_id, tickets, lost, wait=wait))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is one command's, see below
            if transaction.sent and not isinstance(error, LedgerError):
                # No refusal of the database's: what may be committed must not be done again.
                yield from _rollback()
                return _failed(tickets, OutcomeUnknown(f"after COMMIT was sent: {error}"))
            yield from _rollback()
            return (yield from _bisect(tenant_id, tickets, error, wait=wait))


def _rollback() -> Generator[Request, Any, None]:
    try:
        yield Run((Statement("rollback"),))
    except ConnectionLost:
        # That there is none is told by the next statement, where it is known what it means.
        with suppress(DatabaseUnavailable):
            yield Reconnect()
    except LedgerError:
        # Of what was posted before, or of the ROLLBACK itself: a new connection has no transaction.
        with suppress(DatabaseUnavailable):
            yield Reconnect()


def _bisect(tenant_id: str, tickets: Sequence[Ticket], error: Exception, *, wait: bool) -> Steps:
    """Run the halves by themselves, down to the one command that can't be run."""
    if len(tickets) == 1:
        if isinstance(error, DatabaseUnavailable):
            return _failed(tickets, error)
        failure = CommandFailed(f"{type(tickets[0].command).__name__}: {error}")
        failure.__cause__ = error
        return _failed(tickets, failure)
    middle = len(tickets) // 2
    first = yield from _batch(tenant_id, tickets[:middle], None, wait=wait)
    second = yield from _batch(tenant_id, tickets[middle:], None, wait=wait)
    return first + second


def _failed(tickets: Sequence[Ticket], error: Exception) -> list[Result]:
    return [Failed(error)] * len(tickets)


def _after_loss(
    transaction: Transaction, tickets: Sequence[Ticket]
) -> Generator[Request, Any, list[Result] | None]:
    """After a lost connection: the results if the commit took effect, None to go again."""
    committing = transaction.committing
    losses = waits = 0
    while True:
        try:
            yield Reconnect()
            if committing is None:
                return None
            yield Run(committing.locks)
            *_, rows = yield Run(committing.question)
            yield Run((Statement("rollback"),))
        except DatabaseUnavailable as error:
            lost = OutcomeUnknown(str(error)) if committing else error
            return _failed(tickets, lost)
        except ConnectionLost as error:
            losses += 1
            if losses == ATTEMPTS:
                return _failed(tickets, OutcomeUnknown(f"{losses} connections lost: {error}"))
            continue
        except LedgerError as error:
            # The old transaction still holds the locks: it has not ended yet. Or the question was
            # refused, by a timeout of the server's: that is no answer either.
            yield from _rollback()
            waits += 1
            if waits == WAITS:
                return _failed(tickets, OutcomeUnknown(f"the lost commit has not ended: {error}"))
            yield Sleep(0.2)
            continue
        took_effect = bool(rows) and rows[0][0] == committing.command_id
        return committing.results if took_effect else None
