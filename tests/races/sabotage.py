"""Protections switched off one by one, for the controls: a race test has to fail without them.

Each sabotage works in the process that applies it, through a `MonkeyPatch` that undoes it.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest

from lastseat.core import decide, editing
from lastseat.core.events import Cancelled
from lastseat.core.outcomes import AnyOutcome
from lastseat.core.state import Entry
from lastseat.core.world import World
from lastseat.engine import covering, opening
from lastseat.engine.requests import Run, Statement
from lastseat.ledger.sql import QUERIES

Sabotage = Callable[[pytest.MonkeyPatch], None]

COUNTED = """coalesce((
    SELECT sum(c.units)::integer FROM lastseat.claims c
    WHERE c.tenant_id = heads.tenant_id AND c.bookable_id = heads.bookable_id AND c.live), 0)"""


def replaced(query: str, old: str, new: str) -> str:
    """A named query with a part of it replaced, which has to be there."""
    text = QUERIES[query]
    assert old in text, f"{query} has no {old!r} to take away"
    return text.replace(old, new)


def without_locks(patch: pytest.MonkeyPatch) -> None:
    """Heads are read, not locked."""
    for query, lock in (
        ("lock_heads", "FOR UPDATE"),
        ("lock_free_heads", "FOR UPDATE SKIP LOCKED"),
    ):
        patch.setitem(QUERIES, query, replaced(query, lock, ""))


def count_in_the_lock(patch: pytest.MonkeyPatch) -> None:
    """What is taken is counted by the statement that locks."""
    counting = replaced("lock_heads", "overbooked, taken,", f"overbooked, {COUNTED},")
    patch.setitem(QUERIES, "lock_heads", counting)
    patch.setitem(QUERIES, "lock_free_heads", counting)


def claim_before_freeing(patch: pytest.MonkeyPatch) -> None:
    """The parts of the write in the other order, which PostgreSQL is free to run them in."""
    text = QUERIES["append"]
    before, claiming, rest = re.split(r", new_claims AS |, changed_claims AS ", text)
    freeing, after = rest.split("\n)\n", 1)
    turned = f"{before}, changed_claims AS {freeing}\n), new_claims AS {claiming}\n{after}"
    patch.setitem(QUERIES, "append", turned)


def without_the_bump(patch: pytest.MonkeyPatch) -> None:
    """Heads stay as they are, whatever is written beside them."""
    before, conflict, _ = QUERIES["append"].partition("ON CONFLICT (tenant_id, bookable_id) DO")
    assert conflict
    patch.setitem(QUERIES, "append", f"{before}{conflict} NOTHING")


def without_for_share(patch: pytest.MonkeyPatch) -> None:
    """An event is read, not held, while an occurrence of it is made."""
    patch.setitem(QUERIES, "share_events", replaced("share_events", "FOR SHARE OF h", ""))


def read_the_schedule_before_the_lock(patch: pytest.MonkeyPatch) -> None:
    """When an event's occurrences are is read first, and then the event is held."""

    def turned(statements: tuple[Statement, ...]) -> Run:
        first = statements[0].name
        return Run(statements[::-1] if first == "share_events" else statements)

    found = opening.events_of
    patch.setattr(opening, "Run", turned)
    patch.setattr(opening, "events_of", lambda times, heads: found(heads, times))


def without_looking_who_is_there(patch: pytest.MonkeyPatch) -> None:
    """An edit of an event is not compared with what there is by now."""
    patch.setattr(editing, "_refusal", lambda _: None)


def without_asking_when_it_is(patch: pytest.MonkeyPatch) -> None:
    """Occurrences are taken to be when they were before the locks."""
    patch.setattr(covering, "_elsewhere", lambda _known, _world: set())


def without_asking_whose_it_is(patch: pytest.MonkeyPatch) -> None:
    """A booking made since it was looked up is moved all the same."""
    patch.setattr(covering, "_unasked", lambda _known, _booking: set())


def offers_in_a_transaction_of_their_own(patch: pytest.MonkeyPatch) -> None:
    """What a cancellation frees is left for a later command to offer to who waits."""
    made = decide.offer_freed

    def later(world: World, entries: list[Entry], freed: int) -> dict[str, AnyOutcome]:
        if any(isinstance(entry.event, Cancelled) for entry in entries):
            return {}
        return made(world, entries, freed)

    patch.setattr(decide, "offer_freed", later)


@contextmanager
def switched_off(sabotage: Sabotage | None) -> Iterator[None]:
    """Run the block with a protection switched off; with None, as it is."""
    with pytest.MonkeyPatch.context() as patch:
        if sabotage is not None:
            sabotage(patch)
        yield


def drop_the_belt(conninfo: str) -> None:
    """Take away what the schema guards by itself, in a database of the test's own.

    Without the heads' locks two decisions on one state also write one sequence twice, so that the
    journal's key stops them before anything is oversold.
    """
    with psycopg.connect(conninfo) as connection:
        connection.execute("ALTER TABLE lastseat.journal DROP CONSTRAINT journal_pkey")
        connection.execute("ALTER TABLE lastseat.heads DROP CONSTRAINT heads_never_oversold")
        connection.execute("ALTER TABLE lastseat.claims DROP CONSTRAINT claims_exclusive")
        # Of the same name, because the engine has it checked: one that can't fail.
        connection.execute(
            "ALTER TABLE lastseat.claims ADD CONSTRAINT claims_exclusive"
            " UNIQUE (tenant_id, booking_id, no) DEFERRABLE INITIALLY DEFERRED"
        )
