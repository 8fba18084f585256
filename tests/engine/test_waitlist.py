"""What comes free goes to who waits for it, in the same transaction, whatever else is under way."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from tests.core import given as g
from tests.engine import proof
from tests.engine.stage import Stage

import lastseat
from lastseat import Choice, Claim, outcomes
from lastseat.core import capacity, waiting
from lastseat.core.commands import AnyCommand
from lastseat.core.outcomes import AnyOutcome, Code
from lastseat.ledger.errors import ConnectionLost

TENANT = "hall"
STATUSES = "SELECT status, count(*) FROM lastseat.bookings WHERE tenant_id = %s GROUP BY status"
TRANSACTIONS = """
SELECT count(DISTINCT tx) FROM lastseat.journal
WHERE tenant_id = %s AND type IN ('cancelled', 'expired', 'offered')
"""


class Hall:
    """A tenant whose shows begin ten hours from now."""

    def __init__(self, still: Stage) -> None:
        self.stage = still
        still.set_clock(g.T0)
        self.tenant = still.engines[0].tenant(TENANT)
        self.say = self.tenant.commands

    def do(self, operation: str, *args: Any, **kwargs: Any) -> Any:
        return self.stage.call(getattr(self.tenant, operation), *args, **kwargs)

    def show(self, name: str = "show", capacity: int = 1, **more: Any) -> None:
        more = {"actor_time": "allow", **more}
        start, end = g.at(600), g.at(660)
        made = self.do("define_occurrence", name, start=start, end=end, capacity=capacity, **more)
        assert made.ok, made

    def resource(self, name: str, **more: Any) -> None:
        assert self.do("define_resource", name, **{"actor_time": "allow", **more}).ok

    def book(self, claims: Any, actor: str, **more: Any) -> str:
        made = self.do("book", claims, actor=actor, **more)
        assert made.ok, made
        return str(made.booking_id)

    def wait(self, claims: Any, actor: str, **more: Any) -> str:
        made = self.do("join_waitlist", claims, actor=actor, **more)
        assert made.code is Code.JOINED, made
        return str(made.booking_id)

    def together(self, *commands: Any, number: int = 0) -> list[AnyOutcome]:
        """In one batch, in this order."""
        return [x.outcome for x in self.stage.together([(number, each) for each in commands])]

    def statuses(self, *bookings: str) -> list[str]:
        return [str(self.do("booking", x).status) for x in bookings]

    def count(self) -> dict[str, int]:
        return dict(self.stage.rows(STATUSES, TENANT))


@pytest.fixture
def hall(still: Stage) -> Iterator[Hall]:
    """Whatever is done there, the ledger is sound after it."""
    there = Hall(still)
    yield there
    proof.check(still, TENANT, set())


def hour(name: str, start: int = 600, length: int = 60, **more: Any) -> Claim:
    return Claim(bookable=name, start=g.at(start), end=g.at(start + length), **more)


def free_and_walk_in(hall: Hall) -> tuple[list[Code], list[str]]:
    """A place is given back, and in the same batch somebody asks for it who never waited."""
    hall.show()
    taken = hall.book("show", "eve")
    waits = hall.wait("show", "ann")
    told = hall.together(hall.say.cancel(taken), hall.say.book("show", actor="zoe"))
    return [x.code for x in told], hall.statuses(waits)


def test_a_walk_in_of_the_same_batch_comes_too_late(hall: Hall) -> None:
    assert free_and_walk_in(hall) == ([Code.CANCELLED, Code.FULL], ["HELD"])
    assert hall.stage.rows(TRANSACTIONS, TENANT) == [(1,)]


def test_control_without_offers_and_without_the_line_the_walk_in_has_it(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "make_offers", lambda *_: {})
    monkeypatch.setattr(capacity, "_behind", lambda *_: None)
    assert free_and_walk_in(hall) == ([Code.CANCELLED, Code.BOOKED], ["WAITLISTED"])


def test_a_hold_that_lapsed_goes_to_who_waits_though_a_walk_in_meets_it(hall: Hall) -> None:
    hall.show()
    held = hall.do("hold", "show", actor="eve", seconds=60).booking_id
    waits = hall.wait("show", "ann")
    hall.stage.set_clock(g.at(2))
    (told,) = hall.together(hall.say.book("show", actor="zoe"))
    assert told.code is Code.FULL
    assert hall.statuses(held, waits) == ["EXPIRED", "HELD"]
    offer = hall.do("booking", waits)
    assert offer.expires_at == g.at(2) + timedelta(minutes=15)


def test_whoever_books_where_a_lapsed_hold_is_offered_is_not_told_that_there_is_room(
    hall: Hall,
) -> None:
    """Refusals of a batch write nothing, unless what was met has to be told."""
    hall.show(capacity=2)
    hall.do("hold", "show", actor="eve", seconds=60, units=2)
    both = hall.wait("show", "ann", units=2)
    hall.stage.set_clock(g.at(2))
    told = hall.together(*(hall.say.book("show", actor=f"walk-in {i}") for i in range(5)))
    assert {x.code for x in told} == {Code.FULL}
    assert hall.statuses(both) == ["HELD"]


def test_more_come_free_at_once_than_are_prepared(hall: Hall) -> None:
    hall.show(capacity=40)
    taken = hall.book("show", "eve", units=40)
    joins = [hall.say.join_waitlist("show", actor=f"actor {i}") for i in range(50)]
    positions = [x.position for x in hall.together(*joins) if isinstance(x, outcomes.Joined)]
    assert positions == list(range(1, 51))
    assert hall.do("cancel", taken).ok
    assert hall.count() == {"CANCELLED": 1, "HELD": 40, "WAITLISTED": 10}
    assert hall.stage.rows(TRANSACTIONS, TENANT) == [(1,)]
    line = hall.do("waitlist", "show")
    assert [x.actor for x in line.items] == [f"actor {i}" for i in range(40, 50)]


def test_a_whole_line_of_people_who_are_elsewhere_is_passed_over(hall: Hall) -> None:
    hall.show(actor_time="refuse")
    hall.show("other", 100, actor_time="refuse")
    taken = hall.book("show", "eve")
    for i in range(30):
        hall.wait("show", f"actor {i}")
        hall.book("other", f"actor {i}")
    last = hall.wait("show", "zoe")
    assert hall.do("cancel", taken).ok
    assert hall.statuses(last) == ["HELD"]
    assert hall.count() == {"CANCELLED": 1, "CONFIRMED": 30, "EXPIRED": 30, "HELD": 1}


def test_a_line_is_found_that_the_command_does_not_name(hall: Hall) -> None:
    """Ann waits for the tour with any guide; a guide comes free who was booked by himself."""
    assert hall.do("define_limit", "service:tour", capacity=9).ok
    for guide in ("gil", "gus"):
        hall.resource(guide)
    taken = [hall.book(hour(guide), "eve") for guide in ("gil", "gus")]
    any_guide = Choice(of=("gil", "gus"), start=g.at(630), end=g.at(690))
    waits = hall.wait(hour("service:tour", 630), "ann", choices=[any_guide])
    also = hall.wait(hour("service:tour", 660), "ben", choices=[any_guide])
    assert hall.do("cancel", taken[1]).ok
    assert hall.statuses(waits, also) == ["HELD", "WAITLISTED"]
    claimed = [x.bookable for x in hall.do("booking", waits).claims]
    assert claimed == ["service:tour", "gus"]
    assert hall.do("release", waits).ok
    assert hall.statuses(waits, also) == ["CANCELLED", "HELD"]


def test_who_waits_for_what_an_edit_frees_is_offered_it(hall: Hall) -> None:
    hall.show(capacity=1)
    hall.book("show", "eve")
    first, second = hall.wait("show", "ann"), hall.wait("show", "ben")
    assert hall.do("change_capacity", "show", 2).ok
    assert hall.statuses(first, second) == ["HELD", "WAITLISTED"]


def test_a_rule_made_since_is_asked_under_the_lock(hall: Hall) -> None:
    hall.resource("lane")
    taken = hall.book(hour("lane"), "eve")
    waits = hall.wait(hour("lane"), "ann")
    closed = lastseat.Rules(hours=lastseat.Hours(weekly={}))
    assert hall.do("set_rules", "lane", closed).ok
    assert hall.do("cancel", taken).ok
    assert hall.statuses(waits) == ["EXPIRED"]


def test_joining_leaving_and_freeing_in_one_batch(hall: Hall) -> None:
    hall.show(capacity=2)
    taken = hall.book("show", "eve", units=2)
    joins = [hall.say.join_waitlist("show", actor=x, units=n) for x, n in (("a", 2), ("b", 1))]
    first, second = (x.booking_id for x in joins)
    told = hall.together(
        *joins,
        hall.say.join_waitlist("show", actor="a"),
        hall.say.cancel(first),
        hall.say.cancel(taken),
        hall.say.book("show", actor="zoe"),
        hall.say.confirm(second),
        hall.say.join_waitlist("show", actor="yan"),
    )
    assert [x.code for x in told] == [
        Code.JOINED,
        Code.JOINED,
        Code.ALREADY_WAITING,
        Code.CANCELLED,
        Code.CANCELLED,
        Code.BOOKED,
        Code.CONFIRMED,
        Code.JOINED,
    ]


def test_two_engines_put_everybody_in_line_once(hall: Hall) -> None:
    hall.show()
    hall.book("show", "eve")
    joins = [hall.say.join_waitlist("show", actor=f"actor {i % 8}") for i in range(16)]
    answers = hall.stage.together(list(zip([0, 1] * 8, joins, strict=True)))
    told = [x.outcome for x in answers]
    assert sorted(x.position for x in told if isinstance(x, outcomes.Joined)) == list(range(1, 9))
    assert sum(isinstance(x, outcomes.AlreadyWaiting) for x in told) == 8


@pytest.mark.parametrize("row", ["show", "actor:"], ids=["the show", "who waits"])
def test_what_is_held_by_a_stranger_is_waited_for_not_given_away(hall: Hall, row: str) -> None:
    """A head that the offer needs is busy: the command comes again, and nobody comes between."""
    hall.show(actor_time="refuse")
    taken = hall.book("show", "eve")
    waits = hall.wait("show", "ann")
    ((ann,),) = hall.stage.rows("SELECT actor_id FROM lastseat.actors WHERE ref = 'ann'")
    # Of hers there is no head yet, but she has been somewhere.
    other = hall.do("define_occurrence", "other", start=g.at(0), end=g.at(9), capacity=1)
    assert other.ok
    hall.book("other", "ann")
    name = row if row == "show" else f"actor:{ann}"
    lock = "SELECT 1 FROM lastseat.heads WHERE tenant_id = %s AND bookable_id = %s FOR UPDATE"

    async def beside() -> list[AnyOutcome]:
        asked: list[AnyCommand] = [hall.say.cancel(taken), hall.say.book("show", actor="zoe")]
        tasks = [asyncio.ensure_future(hall.stage.engines[0].execute(x)) for x in asked]
        await asyncio.sleep(0.2)
        assert not any(task.done() for task in tasks)
        stranger.rollback()
        return [(await task).outcome for task in tasks]

    with psycopg.connect(hall.stage.conninfo) as stranger:
        assert stranger.execute(lock, [TENANT, name]).fetchone() == (1,)
        told = hall.stage.run(beside())
    assert [x.code for x in told] == [Code.CANCELLED, Code.FULL]
    assert hall.statuses(waits) == ["HELD"]


@pytest.mark.parametrize("commits", [True, False])
def test_in_the_callers_transaction_the_offer_is_part_of_it(hall: Hall, commits: bool) -> None:
    hall.show()
    taken = hall.book("show", "eve")
    waits = hall.wait("show", "ann")
    asked: list[AnyCommand] = [hall.say.cancel(taken), hall.say.book("show", actor="zoe")]
    with psycopg.connect(hall.stage.conninfo) as connection:
        told = lastseat.execute_in(connection, asked)
        assert [x.code for x in told] == [Code.CANCELLED, Code.FULL]
        if not commits:
            connection.rollback()
    assert hall.statuses(taken, waits) == (
        ["CANCELLED", "HELD"] if commits else ["CONFIRMED", "WAITLISTED"]
    )


def test_in_the_callers_transaction_more_than_one_round_is_gone(hall: Hall) -> None:
    hall.show(capacity=20)
    taken = hall.book("show", "eve", units=20)
    hall.together(*(hall.say.join_waitlist("show", actor=f"actor {i}") for i in range(20)))
    with psycopg.connect(hall.stage.conninfo) as connection:
        (told,) = lastseat.execute_in(connection, [hall.say.cancel(taken)])
        assert told.code is Code.CANCELLED
    assert hall.count() == {"CANCELLED": 1, "HELD": 20}


def test_an_offer_made_and_lost_with_its_transaction_is_made_again(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first attempt dies just before its commit: nothing of it is there."""
    hall.show()
    taken = hall.book("show", "eve")
    waits = hall.wait("show", "ann")
    died: list[str] = []

    def dies_once(point: str) -> None:
        if point == "before_commit" and not died:
            died.append(point)
            assert hall.stage.rows(STATUSES, TENANT)
            raise ConnectionLost("gone")

    monkeypatch.setattr("lastseat.engine.transaction.reach", dies_once)
    assert hall.do("cancel", taken).ok
    assert died == ["before_commit"]
    assert hall.statuses(taken, waits) == ["CANCELLED", "HELD"]


def test_the_journal_has_each_offer_as_a_command_of_its_own_by_the_system(hall: Hall) -> None:
    hall.show()
    taken = hall.book("show", "eve")
    waits = hall.wait("show", "ann")
    cancel = hall.say.cancel(taken)
    hall.together(cancel)
    query = (
        "SELECT type, principal, command_id::text = %s, seq, lead FROM lastseat.journal"
        " WHERE tenant_id = %s AND stream_id = 'show' ORDER BY seq"
    )
    rows = hall.stage.rows(query, cancel.command_id, TENANT)
    assert [row[0] for row in rows] == ["defined", "booked", "joined", "cancelled", "offered"]
    assert rows[3][2] is True
    assert rows[4][1:] == ("system", False, 5, True)
    assert hall.do("booking", waits).version == 2
