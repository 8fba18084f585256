"""Bugs planted on purpose: each takes one protection away from the engine of its process.

A plant is a function without arguments. An engine process of the torture run calls the one that
LASTSEAT_TORTURE_PLANT names (`tests.torture.planted:answer_before_commit`) before it opens an
engine; the run, its faults and the checker know nothing of it. See hunt.py.
"""

from collections.abc import Generator, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import psycopg
from tests.races.sabotage import COUNTED, replaced
from tests.torture.planting import instead, lock_and_read_by, plant

from lastseat.core import booking, capacity, decide, moving, waiting
from lastseat.core import commands as c
from lastseat.core import outcomes as o
from lastseat.core.capacity import NO_ACTOR_TIME
from lastseat.core.interval import Interval
from lastseat.core.state import Bookable, Booking, Entry, Waiter
from lastseat.core.world import Decision, World
from lastseat.engine import drivers, executor, reading, transaction
from lastseat.engine.drivers import Lane
from lastseat.engine.executor import Steps
from lastseat.engine.requests import (
    Answer,
    Post,
    Reconnect,
    Request,
    Result,
    Rows,
    Run,
    Statement,
    Ticket,
)
from lastseat.engine.scope import Scope
from lastseat.engine.transaction import Committing, Transaction
from lastseat.engine.turnstile import Pending, Queue, Turnstile
from lastseat.feed import relay as feeding
from lastseat.ledger import errors
from lastseat.ledger.sql import QUERIES, array
from lastseat.library import transaction as callers


@plant
def lock_and_count_in_one() -> None:
    """What is taken is counted by the very statement that locks, so as it was before the lock."""
    # Only an occurrence has such a count; that of all others stays 0.
    counted = f"CASE kind WHEN 'occurrence' THEN {COUNTED} ELSE 0 END"
    for query in ("lock_heads", "lock_free_heads"):
        QUERIES[query] = replaced(query, "overbooked, taken,", f"overbooked, {counted},")


@plant
def answer_before_commit() -> None:
    """The callers are told while the COMMIT is on its way."""
    whole = Transaction._write

    def write(self: Transaction, scope: Scope, world: World) -> Steps:
        if self.nested:
            return (yield from whole(self, scope, world))
        steps = whole(self, scope, world)
        request = next(steps)
        if isinstance(request, Run) and request.writes and self.committing is not None:
            steps.close()
            yield Post(request.statements)
            return self.committing.results
        yield request
        return (yield from steps)

    instead(Transaction, "_write", write)


@plant
def idempotency_outside_the_transaction() -> None:
    """Answers are saved under their keys after the commit, in a transaction of their own."""
    part, whole = Transaction._part, Transaction._write

    def without_keys(self: Transaction, *args: Any, **options: Any) -> list[Statement]:
        statements = part(self, *args, **options)
        if self.nested:
            return statements
        later = [x for x in statements if x.name in ("drop_keys", "save_keys")]
        self.later = (*getattr(self, "later", ()), *later)  # type: ignore[attr-defined]
        return [x for x in statements if x not in later]

    def write(self: Transaction, scope: Scope, world: World) -> Steps:
        results = yield from whole(self, scope, world)
        if getattr(self, "later", ()):
            yield Run(self.later)  # type: ignore[attr-defined]
        return results

    instead(Transaction, "_part", without_keys)
    instead(Transaction, "_write", write)


@plant
def no_recheck_after_the_lock() -> None:
    """Bookings are decided on as they were found before the lock, and not looked at again."""

    def bookings_first(request: Run) -> Generator[Request, Any, Any]:
        early = [x for x in request.statements if x.name in ("read_bookings", "read_places")]
        late = [x for x in request.statements if x not in early]
        found = yield Run((*early, *late))
        answers = dict(zip([id(x) for x in (*early, *late)], found, strict=True))
        return [answers[id(x)] for x in request.statements]

    lock_and_read_by(bookings_first)


@plant
def locks_in_order_of_arrival() -> None:
    """Heads are locked one by one as they come; and a deadlock is an error like any other.

    By itself the order oversells nothing: PostgreSQL breaks each deadlock, and the engine goes
    again. So what makes it go again is taken away too, and what comes before PostgreSQL does:
    stepping aside where a head is busy, and short waits.
    """
    whole, translate = reading.locks, errors.translate

    def as_they_come(scope: Scope, *, wait: bool) -> list[Statement]:
        *making, lock = whole(scope, wait=wait)
        tenant = {"tenant": scope.tenant_id}
        # A set's order is another one in each process.
        each = [Statement("lock_heads", {**tenant, "bookables": array([x])}) for x in scope.heads]
        return [*making, *each, lock]

    def one_by_one(request: Run) -> Generator[Request, Any, Any]:
        clock = [x.name for x in request.statements].index("clock")
        found: list[Rows] = []
        for statement in request.statements[:clock]:
            found += yield Run((statement,))
        found += yield Run(request.statements[clock:])
        return found

    def like_any_other(error: psycopg.Error) -> errors.LedgerError:
        if isinstance(error, psycopg.errors.DeadlockDetected):
            return errors.Rejected(f"{error.sqlstate}: {error.diag.message_primary}")
        return translate(error)

    lock_and_read_by(one_by_one)
    instead(transaction, "locks", as_they_come)
    instead(transaction, "FAST_LOCK_TIMEOUT", "5s")
    instead(transaction, "SLOW_LOCK_TIMEOUT", "5s")
    instead(drivers, "translate", like_any_other)


@plant
def holds_expire_too_early() -> None:
    """A hold is over a second before its time."""

    def expired(self: Booking, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now + timedelta(seconds=1)

    early = "c.expires_at <= (SELECT lastseat.clock()) + interval '1 second'"
    query = replaced("read_bookings", "c.expires_at <= (SELECT lastseat.clock())", early)
    QUERIES["read_bookings"] = query
    instead(Booking, "expired", expired)


@plant
def holds_count_for_ever() -> None:
    """Nobody looks for holds whose time is over, so their places stay taken."""
    query = replaced("read_bookings", "c.expires_at <= (SELECT lastseat.clock())", "false")
    QUERIES["read_bookings"] = query


@plant
def a_move_frees_first() -> None:
    """The old place is given up before it is known whether the new one can be had."""
    whole = moving.decide_move

    def decide_move(world: World, command: c.Move) -> Decision:
        outcome, entries = whole(world, command)
        if isinstance(outcome, o.Full | o.ActorBusy) or (
            isinstance(outcome, o.Conflict) and outcome.rule == "exclusive"
        ):
            plans = [moving._plan(world, x, ignore_rules=False) for x in command.moves]
            entries = [entry for x in plans if isinstance(x, moving.Plan) for entry in freed(x)]
        return outcome, entries

    def freed(plan: moving.Plan) -> list[Entry]:
        leaving = msgspec.structs.replace(plan, taking=[], own_time=NO_ACTOR_TIME)
        return moving._entries(leaving, override=False)

    instead(moving, "decide_move", decide_move)


@plant
def a_refused_command_writes() -> None:
    """A party too large is refused, and what there is of seats is booked for it all the same."""
    whole = booking.decide_book

    def decide_book(world: World, command: c.Book) -> Decision:
        outcome, entries = whole(world, command)
        if isinstance(outcome, o.Full) and len(command.claims) == 1 and outcome.left:
            smaller = msgspec.structs.replace(command.claims[0], units=outcome.left)
            half = msgspec.structs.replace(command, claims=(smaller,))
            entries = whole(world, half)[1]
        return outcome, entries

    instead(booking, "decide_book", decide_book)


@plant
def a_capacity_change_skips_the_lock() -> None:
    """A change of capacity decides on the head as it was before the lock was had."""
    whole = reading.locks
    before = """(SELECT x.taken FROM lastseat.heads x
        WHERE x.tenant_id = heads.tenant_id AND x.bookable_id = heads.bookable_id)"""
    QUERIES["peek_heads"] = replaced("lock_heads", "overbooked, taken,", f"overbooked, {before},")

    def locks(scope: Scope, *, wait: bool) -> list[Statement]:
        statements = whole(scope, wait=wait)
        if any(isinstance(command, c.ChangeCapacity) for command in scope.commands):
            statements[-1] = msgspec.structs.replace(statements[-1], name="peek_heads")
        return statements

    instead(transaction, "locks", locks)


@plant
def a_batch_answers_the_wrong_caller() -> None:
    """Two callers of a batch who asked for the same kind of thing get each other's answers."""
    whole = Turnstile._run

    async def run(
        turnstile: Turnstile, lane: Lane, queue: Queue, batch: list[Pending]
    ) -> list[Result]:
        results = await whole(turnstile, lane, queue, batch)
        kinds = [type(pending.ticket.command) for pending in batch]
        for i in range(len(batch) - 1):
            pair = results[i], results[i + 1]
            if kinds[i] is kinds[i + 1] and all(isinstance(x, Answer) for x in pair):
                results[i], results[i + 1] = pair[1], pair[0]
                break
        return results

    instead(Turnstile, "_run", run)


@plant
def no_lock_before_the_look_up() -> None:
    """After a lost COMMIT the journal is asked at once, though it may still be on its way."""
    whole = Transaction._question

    def question(self: Transaction, scope: Scope, results: list[Result]) -> Committing:
        committing = whole(self, scope, results)
        only_begun = tuple(x for x in committing.locks if x.name in ("begin", "configure"))
        return msgspec.structs.replace(committing, locks=only_begun)

    instead(Transaction, "_question", question)


@plant
def a_lost_commit_is_taken_for_done() -> None:
    """After a lost COMMIT the callers are told ok, though it may have been rolled back."""

    def after_loss(
        lost: Transaction, tickets: Sequence[Ticket]
    ) -> Generator[Request, Any, list[Result] | None]:
        yield Reconnect()
        return lost.committing.results if lost.committing else None

    instead(executor, "_after_loss", after_loss)


@plant
def a_callers_transaction_is_committed() -> None:
    """What is done inside a caller's transaction stays, whatever the caller does with it."""
    whole = executor.execute_nested

    def execute_nested(
        tenant_id: str, tickets: Sequence[Ticket], lock_timeout: str
    ) -> Generator[Request, Any, list[Result]]:
        results = yield from whole(tenant_id, tickets, lock_timeout)
        yield Run((Statement("commit"), Statement("begin")))
        return results

    instead(callers, "execute_nested", execute_nested)


@plant
def offers_wait_for_the_next_transaction() -> None:
    """What comes free is offered when next somebody comes, and stands empty until then."""
    whole = decide.expire_due

    def offered_later(world: World, entries: list[Entry], freed: int) -> dict[str, o.AnyOutcome]:
        return {}

    def expire_due(world: World) -> None:
        whole(world)
        everywhere = [waiting.Freed(name) for name, x in world.bookables.items() if x.waiting]
        waiting.make_offers(world, everywhere)

    instead(decide, "offer_freed", offered_later)
    instead(transaction, "expire_due", expire_due)


@plant
def walk_ins_pass_the_line() -> None:
    """Whoever asks at the right moment has what others wait for."""

    def behind(*_: object) -> None:
        return None

    instead(capacity, "_behind", behind)


@plant
def the_last_in_line_is_first() -> None:
    """A place goes to whoever came last."""
    whole = capacity.in_line

    def in_line(bookable: Bookable, blocked: Interval | None = None) -> list[Waiter]:
        return whole(bookable, blocked)[::-1]

    instead(waiting, "in_line", in_line)


def feeding_by(old: str, new: str) -> None:
    """Feed by another statement than the relay's."""
    fresh = feeding.FRESH.decode()
    assert old in fresh, old
    instead(feeding, "FRESH", fresh.replace(old, new).encode())


@plant
def the_feed_follows_transaction_ids() -> None:
    """What is new is fed in the order of transaction ids, which are drawn at the first lock."""
    feeding_by("j.ordinal, j.booking_id", "j.ordinal, j.tx::text::bigint AS tx, j.booking_id")
    feeding_by("ORDER BY change, ordinal", "ORDER BY tx, change, ordinal")


@plant
def the_feed_follows_ordinals() -> None:
    """What has a higher ordinal than all that was fed is new: who commits late is left out."""
    feeding_by("NOT pg_visible_in_snapshot(j.tx, (SELECT %(snapshot)s::pg_snapshot))", "true")
    feeding_by("(j.tx::text)::bigint >= %(xmin)s::bigint", "%(snapshot)s <> '' AND %(xmin)s > 0")
    last = "greatest(floor, (SELECT max(ordinal) FROM new_rows))"
    feeding_by("SET snapshot =", f"SET floor = {last}, snapshot =")


@plant
def the_feed_takes_a_change_apart() -> None:
    """Rows are fed in the order of their ordinals alone, so others stand between those of one."""
    feeding_by("ORDER BY change, ordinal", "ORDER BY ordinal")


@plant
def the_cursor_moves_by_itself() -> None:
    """What was fed is committed, and then how far it went, in a transaction of its own."""
    whole = feeding.relay
    noted = "set_config('lastseat.fed', pg_current_snapshot()::text, false)"
    feeding_by(
        "SET snapshot = pg_current_snapshot()",
        f"SET snapshot = CASE WHEN {noted} <> '' THEN snapshot END",
    )

    async def relay(connection: psycopg.AsyncConnection[tuple[object, ...]]) -> feeding.Relayed:
        done = await whole(connection)
        await connection.execute(
            "UPDATE lastseat.relay SET snapshot = current_setting('lastseat.fed')::pg_snapshot"
            " WHERE current_setting('lastseat.fed', true) <> ''"
        )
        return done

    instead(feeding, "relay", relay)
