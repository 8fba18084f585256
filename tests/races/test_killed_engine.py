"""kill -9 of a process that books, at every named point: each key has one answer, one effect.

What the process was answered before its end stands; what it was not is found out by asking again
with the same key.
"""

from collections import Counter
from collections.abc import Callable

import psycopg
import pytest
from tests.races import audit
from tests.races.moments import LATER, NOON
from tests.races.processes import Bookings

import lastseat
from lastseat import outcomes
from lastseat.engine.faults import POINTS
from lastseat.ledger.sql import QUERIES
from lastseat.ledger.verify import verify

CAPACITY = 30
WANTED = [("gala", f"a{i}") for i in range(45)]


def ask_again(tenant: lastseat.Tenant) -> list[lastseat.AnyOutcome]:
    return [
        tenant.book(what, actor=actor, key=f"tap-{i}") for i, (what, actor) in enumerate(WANTED)
    ]


def killed_in_the_middle(conninfo: str, tenant_id: str, fault: str) -> dict[int, object]:
    """What the child was answered before it was killed."""
    with lastseat.open(conninfo, migrate=False) as engine:
        outcome = engine.tenant(tenant_id).define_occurrence(
            "gala", start=NOON, end=LATER, capacity=CAPACITY
        )
        assert outcome.ok
    with Bookings(conninfo, tenant_id, WANTED, fault=fault, keys="tap", at_once=6) as bookings:
        answered = bookings.answers()
        assert bookings.killed
    assert 0 < len(answered) < len(WANTED)
    return dict(answered)


@pytest.mark.parametrize("point", POINTS)
def test_every_key_has_one_answer_and_one_effect(conninfo: str, tenant_id: str, point: str) -> None:
    answered = killed_in_the_middle(conninfo, tenant_id, f"{point}=kill:4")
    with lastseat.open(conninfo, migrate=False) as engine:
        tenant = engine.tenant(tenant_id)
        answers = ask_again(tenant)
        assert ask_again(tenant) == answers
        assert {i: answers[i] for i in answered} == answered
        assert Counter(answer.code for answer in answers) == {
            lastseat.Code.BOOKED: CAPACITY,
            lastseat.Code.FULL: len(WANTED) - CAPACITY,
        }
        ids = {x.booking_id for x in answers if isinstance(x, outcomes.Booked)}
        assert {place.booking_id for place in tenant.roster("gala")} == ids
    assert audit.units(conninfo, tenant_id, "gala") == CAPACITY
    assert audit.findings(conninfo, tenant_id) == []
    assert verify(conninfo, tenant_id=tenant_id).differences == ()


def test_control_without_saved_answers_a_repeated_tap_gets_another_one(
    conninfo: str, tenant_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = killed_in_the_middle(conninfo, tenant_id, "before_answer=kill:4")
    monkeypatch.setitem(QUERIES, "read_keys", QUERIES["read_keys"] + " AND false")
    monkeypatch.setitem(QUERIES, "save_keys", "SELECT 1")
    with lastseat.open(conninfo, migrate=False) as engine:
        answers = ask_again(engine.tenant(tenant_id))
    assert {i: answers[i] for i in answered} != answered


def test_a_process_that_slept_until_its_session_was_gone_sells_nothing_twice(
    database: Callable[[], str], tenant_id: str
) -> None:
    conninfo = database()
    with lastseat.open(conninfo, migrate=False) as engine:
        tenant = engine.tenant(tenant_id)
        assert tenant.define_occurrence("gala", start=NOON, end=LATER, capacity=1).ok
        sleeper = Bookings(conninfo, tenant_id, [("gala", "ann")], fault="before_commit=stop")
        with sleeper, psycopg.connect(conninfo, autocommit=True) as connection:
            sleeper.wait_until_stopped()
            # What the server does by itself after ten seconds.
            ended = connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND state = 'idle in transaction'"
            ).fetchall()
            assert ended == [(True,)]
            assert isinstance(tenant.book("gala", actor="bob"), outcomes.Booked)
            sleeper.go_on()
            assert isinstance(sleeper.outcomes()[0], outcomes.Full)
    assert audit.findings(conninfo, tenant_id) == []
