"""`append_expect`: facts at an expected sequence, on one stream or several, all or none (A2)."""

import contextlib
import threading
from typing import Any

import pytest
from tests.ledger.story import at, did

import lastseat
from lastseat import Fact, Status
from lastseat.core import commands as c
from lastseat.core import events as e
from lastseat.core import outcomes as o
from lastseat.core.outcomes import Code
from lastseat.engine.ids import new_id

DOORS = Fact("doors", {"open": True, "count": 3, "by": "porter", "note": None})


@pytest.fixture
def hall(tenant: lastseat.Tenant) -> lastseat.Tenant:
    """A tenant with three occurrences, at sequence 1 each."""
    for name in ("one", "two", "three"):
        did(tenant.define_occurrence(name, start=at(0), end=at(60), capacity=5), Code.DEFINED)
    return tenant


def sequences(tenant: lastseat.Tenant) -> list[int]:
    return [tenant.bookable(name).seq for name in ("one", "two", "three")]


def test_facts_are_appended_where_the_stream_is_as_expected(hall: lastseat.Tenant) -> None:
    appended = hall.append_expect({"one": (1, [DOORS, Fact("shut")])})
    assert appended == o.Appended(sequences={"one": 3})
    rows = hall.journal("one", after=1)
    assert [(x.seq, x.type, x.event) for x in rows] == [
        (2, "fact", DOORS),
        (3, "fact", Fact("shut")),
    ]
    assert [x.lead for x in rows] == [True, False]


@pytest.mark.parametrize("expected", [0, 2, 99])
def test_another_sequence_is_a_conflict_that_carries_the_actual_one(
    expected: int, hall: lastseat.Tenant
) -> None:
    refused = hall.append_expect({"one": (expected, [DOORS])})
    assert refused == o.Conflict(rule="expected_seq", bookable="one", actual=1)
    assert sequences(hall) == [1, 1, 1]


def test_several_streams_are_appended_to_together(hall: lastseat.Tenant) -> None:
    appended = hall.append_expect({"one": (1, [DOORS]), "two": (1, [DOORS, DOORS])})
    assert appended == o.Appended(sequences={"one": 2, "two": 3})
    assert sequences(hall) == [2, 3, 1]


@pytest.mark.parametrize("stale", ["one", "two", "three"])
def test_one_stale_stream_of_several_lets_none_be_written(
    stale: str, hall: lastseat.Tenant
) -> None:
    expected = dict.fromkeys(("one", "two", "three"), 1) | {stale: 0}
    refused = hall.append_expect({name: (seq, [DOORS]) for name, seq in expected.items()})
    assert refused == o.Conflict(rule="expected_seq", bookable=stale, actual=1)
    assert sequences(hall) == [1, 1, 1]


def test_a_stream_that_is_not_there_is_unknown(hall: lastseat.Tenant) -> None:
    refused = hall.append_expect({"one": (1, [DOORS]), "four": (0, [DOORS])})
    assert refused == o.UnknownBookable(bookable="four")
    assert sequences(hall) == [1, 1, 1]


def test_of_racing_appenders_exactly_one_wins_each_sequence(
    hall: lastseat.Tenant, engine: lastseat.Engine, tenant_id: str
) -> None:
    """Eight threads on two engines append to two streams, at whatever they last saw."""
    rounds, won = 12, []
    barrier = threading.Barrier(8)

    def race(tenant: lastseat.Tenant, name: str) -> None:
        for turn in range(rounds):
            barrier.wait()
            facts = [Fact(name)]
            answer = tenant.append_expect({"one": (1 + turn, facts), "two": (1 + turn, facts)})
            if answer.ok:
                won.append((turn, name))
            else:
                assert isinstance(answer, o.Conflict)
                assert answer.actual == 2 + turn
            barrier.wait()

    with contextlib.closing(lastseat.open(engine.conninfo, migrate=False)) as other:
        tenants = [hall, other.tenant(tenant_id)]
        threads = [
            threading.Thread(target=race, args=(tenants[i % 2], f"racer {i}")) for i in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [turn for turn, _ in sorted(won)] == list(range(rounds))
    for stream in ("one", "two"):
        written = [x.event for x in hall.journal(stream, after=1)]
        assert written == [Fact(name) for _, name in sorted(won)]


def test_a_fact_changes_no_capacity_whatever_it_is_called(hall: lastseat.Tenant) -> None:
    before = hall.bookable("one")
    facts = [Fact(name, {"capacity": 1, "units": 5, "taken": 5}) for name in e.TYPES]
    assert hall.append_expect({"one": (1, facts)}).ok
    after = hall.bookable("one")
    assert (after.capacity, after.overbooked, after.taken) == (before.capacity, 0, 0)
    assert after.seq == before.seq + len(e.TYPES)
    did(hall.book("one", actor="ann", units=5), Code.BOOKED)


@pytest.mark.parametrize(
    "event",
    [
        e.CapacityChanged(99),
        e.Defined(e.Kind.POOL, 99),
        e.Checkpoint(99, 0, 0),
        e.Cancelled(),
        e.Booked("", Status.CONFIRMED, (e.ClaimMade(1, 1),)),
    ],
    ids=lambda event: type(event).__name__,
)
def test_what_changes_capacity_can_not_be_appended(event: Any, hall: lastseat.Tenant) -> None:
    refused = hall.append_expect({"one": (1, [event])})
    assert refused == o.Invalid(field="facts[one][0]", reason="must be a Fact")
    assert sequences(hall) == [1, 1, 1]


def test_nothing_is_appended_where_no_sequence_was_observed(hall: lastseat.Tenant) -> None:
    command = c.Append(tenant_id=hall.tenant_id, command_id=new_id(), facts={"one": (DOORS,)})
    refused = hall.execute(command).outcome
    assert isinstance(refused, o.Invalid)
    assert refused.field == "expected[one]"
    assert sequences(hall) == [1, 1, 1]
