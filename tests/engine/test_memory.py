"""What an engine remembers saves a round trip, and is never what a decision is made on."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from tests.engine.script import DEFINITION, TENANT, Script, book

import lastseat
from lastseat import outcomes as o
from lastseat.core import commands as c
from lastseat.core.events import ActorTime, Kind
from lastseat.engine import memory as remembering
from lastseat.engine.executor import execute
from lastseat.engine.memory import Memory
from lastseat.engine.requests import Answer, Ticket
from lastseat.engine.resolving import Definition, Known
from lastseat.engine.transaction import Transaction

START = datetime(2031, 3, 3, 18, tzinfo=UTC)
HOUR = timedelta(hours=1)
CHANGED = ("yoga", "occurrence", "allow", DEFINITION[3] + 1, DEFINITION[4] + 1, None)


def played(script: Script, memory: Memory, *tickets: Ticket) -> list[str]:
    results = script.play(execute(TENANT, tickets, wait=False, memory=memory))
    return [x.outcome.code if isinstance(x, Answer) else "" for x in results]


def trips(script: Script) -> int:
    return len(script.story)


def test_the_second_booking_of_an_occurrence_takes_two_round_trips() -> None:
    memory = Memory()
    first, second = Script(), Script()
    assert played(first, memory, book("ann")) == ["booked"]
    assert played(second, memory, book("ben")) == ["booked"]
    assert (trips(first), trips(second)) == (3, 2)
    (both, _) = second.story
    # What the guess is held against is read in the transaction, before the locks and the clock.
    assert both.index("configure") < both.index("find_actors") < both.index("lock_free_heads")
    assert both.index("find_definitions") < both.index("lock_free_heads") < both.index("clock")


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ({"find_actors": [("ben", "0196e1a0-0000-7000-8000-000000000000")]}, "a regular"),
        ({"find_definitions": [CHANGED]}, "another time"),
        ({"find_definitions": []}, "gone"),
    ],
)
def test_a_wrong_guess_is_given_back_unwritten(
    rows: dict[str, list[tuple[object]]], why: str
) -> None:
    memory = Memory()
    played(Script(), memory, book("ann"))
    script = Script(rows=rows)
    played(script, memory, book("ben"))
    guessed, left, resolved, *_ = script.story
    assert "lock_free_heads" in guessed, why
    assert left == ["nothing_to_flush", "commit"]
    assert resolved == ["begin", "configure", "find_definitions", "find_actors"]
    # The next guess is another one; of what is gone there is none.
    again = Script(rows=rows)
    played(again, memory, book("ben"))
    assert ("lock_free_heads" in again.story[0]) is (why != "gone")


def test_where_strangers_turn_out_to_be_regulars_it_asks_until_they_are_new_again() -> None:
    memory = Memory()
    played(Script(), memory, book("ann"))
    regular = {"find_actors": [("ben", "0196e1a0-0000-7000-8000-000000000000")]}
    played(Script(rows=regular), memory, book("ben"))
    again, stranger, newcomer = Script(rows=regular), Script(), Script()
    # Ben is known now, Cyd is a stranger: asked about. She is new, so Dee is guessed to be.
    for script, actor in ((again, "ben"), (stranger, "cyd"), (newcomer, "dee")):
        played(script, memory, book(actor))
    assert [trips(x) for x in (again, stranger, newcomer)] == [2, 3, 2]


def test_nothing_is_guessed_of_other_tenants_other_commands_or_composites() -> None:
    memory = Memory()
    ann, ben = book("ann").command, book("ben").command
    memory.learn(TENANT, [ann], Known(definitions={"yoga": Definition(*DEFINITION_OF)}))
    assert memory.guess(TENANT, [ben]) is not None
    assert memory.guess("other", [ben]) is None
    cancel = c.Cancel(tenant_id=TENANT, command_id=ben.command_id, target=c.BookingId("x"))
    assert memory.guess(TENANT, [ben, cancel]) is None
    hall = Definition(*DEFINITION_OF[:3], ("left", "right"))
    memory.learn(TENANT, [], Known(definitions={"hall": hall}))
    assert memory.guess(TENANT, [book("cyd", "hall").command]) is None


DEFINITION_OF = (Kind.OCCURRENCE, ActorTime.ALLOW, None)


def test_no_reference_of_an_actor_is_kept_and_what_is_kept_is_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(remembering, "MOST", 3)
    memory = Memory()
    for n in range(10):
        memory.meet(TENANT, {f"guest {n}": f"surrogate {n}"})
        name = f"class {n}"
        definition = Definition(*DEFINITION_OF)
        memory.learn(TENANT, [], Known(definitions={name: definition}))
    kept = repr(vars(memory))
    assert "guest" not in kept
    assert kept.count("surrogate") <= 4
    assert kept.count("class") <= 4


@pytest.fixture
def others(conninfo: str, tenant_id: str) -> Iterator[lastseat.Tenant]:
    """The same tenant, seen by another engine."""
    with lastseat.open(conninfo, migrate=False) as engine:
        yield engine.tenant(tenant_id)


def test_who_was_seated_by_another_engine_is_already_there(
    tenant: lastseat.Tenant, others: lastseat.Tenant
) -> None:
    tenant.define_occurrence("yoga", start=START, end=START + HOUR, capacity=5)
    assert tenant.book("yoga", actor="ann").ok
    seated = others.book("yoga", actor="ben")
    again = tenant.book("yoga", actor="ben")
    assert isinstance(again, o.Already)
    assert isinstance(seated, o.Booked)
    assert (again.booking_id, again.seat) == (seated.booking_id, 2)


def test_what_another_engine_moved_in_time_is_booked_at_its_new_time(
    tenant: lastseat.Tenant, others: lastseat.Tenant
) -> None:
    tenant.define_event(
        "yoga", start="2031-03-03T18:00", rrule="FREQ=WEEKLY;COUNT=4", duration=HOUR,
        time_zone="UTC", capacity=5,
    )  # fmt: skip
    tenant.define_occurrence("talk", start=START + 3 * HOUR, end=START + 4 * HOUR, capacity=5)
    assert tenant.book("yoga@2031-03-03T18:00", actor="ann").ok
    assert others.edit_event("yoga", scope="all", start="21:00", on_moved="move").ok
    # At three hours later Ben would be at both.
    assert tenant.book("talk", actor="ben").ok
    assert tenant.book("yoga@2031-03-03T18:00", actor="ben").code == "actor_busy"


def test_who_was_forgotten_by_another_engine_is_somebody_new(
    tenant: lastseat.Tenant, others: lastseat.Tenant
) -> None:
    tenant.define_occurrence("yoga", start=START, end=START + HOUR, capacity=5)
    first = tenant.book("yoga", actor="ann")
    others.forget("ann")
    again = tenant.book("yoga", actor="ann")
    assert isinstance(first, o.Booked)
    assert isinstance(again, o.Booked)
    assert again.booking_id != first.booking_id
    assert [x.actor for x in tenant.roster("yoga")] == ["", "ann"]


def test_control_a_guess_that_is_not_checked_books_for_who_is_forgotten(
    tenant: lastseat.Tenant, others: lastseat.Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test above with the check off: the answer is about the one who was forgotten."""
    monkeypatch.setattr(Transaction, "_guessed", lambda *_: True)
    tenant.define_occurrence("yoga", start=START, end=START + HOUR, capacity=5)
    assert tenant.book("yoga", actor="ann").ok
    others.forget("ann")
    assert tenant.book("yoga", actor="ann").code == "already"
