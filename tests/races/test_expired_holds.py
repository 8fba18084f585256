"""Holds whose time is over give their places to whoever comes, however many there are of them.

A refusal that only a due hold causes is a lie: its place is free (MISSION A9).
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest
from tests.races import audit
from tests.races.clocks import set_clock, step_clock, stop_clock
from tests.races.moments import LATER, NOON, until
from tests.races.strangers import an_engine_waits, held_by_a_stranger

import lastseat
from lastseat import ActorTime, AsyncTenant, Claim, RetryTransaction, outcomes
from lastseat.core.commands import AnyCommand, Book
from lastseat.engine.covering import Covering
from lastseat.engine.drivers import Lane
from lastseat.engine.executor import execute
from lastseat.engine.reading import MOST_EXPIRED
from lastseat.engine.requests import DEFERRED, Answer, Result, Ticket
from lastseat.engine.transaction import ROUNDS
from lastseat.ledger.verify import verify

MANY = MOST_EXPIRED + 100

MORNING = Claim(bookable="skis", start=NOON - timedelta(hours=3), end=NOON)
AFTERNOON = Claim(bookable="skis", start=NOON + timedelta(hours=3), end=NOON + timedelta(hours=6))


async def fill(tenant: AsyncTenant, claims: str | list[Claim]) -> None:
    """MANY holds at once."""
    held = await asyncio.gather(
        *(tenant.hold(claims, actor=f"a{i}", seconds=600) for i in range(MANY))
    )
    assert all(outcome.ok for outcome in held)


@pytest.fixture
def own(database: Callable[[], str]) -> str:
    """A database of the test's own, for its clock."""
    return database()


def test_more_than_a_thousand_expired_at_once_make_room_for_one_party(
    own: str, tenant_id: str
) -> None:
    async def run() -> None:
        async with lastseat.open_async(own, migrate=False) as engine:
            tenant = engine.tenant(tenant_id)
            outcome = await tenant.define_occurrence(
                "gala", start=NOON, end=LATER, capacity=MANY, actor_time=ActorTime.ALLOW
            )
            assert outcome.ok
            await fill(tenant, "gala")
            assert isinstance(await tenant.book("gala", actor="zoe"), outcomes.Full)
            await asyncio.to_thread(set_clock, own, timedelta(hours=1))
            booked = await tenant.book("gala", actor="zoe", units=MANY)
            assert isinstance(booked, outcomes.Booked)
            assert booked.seat == 1

    asyncio.run(run())
    assert audit.units(own, tenant_id, "gala") == MANY
    assert audit.findings(own, tenant_id) == []
    assert verify(own, tenant_id=tenant_id).differences == ()


def test_holds_with_several_claims_on_one_pool_all_make_room(own: str, tenant_id: str) -> None:
    async def run() -> None:
        async with lastseat.open_async(own, migrate=False) as engine:
            tenant = engine.tenant(tenant_id)
            outcome = await tenant.define_pool("skis", capacity=MANY, actor_time=ActorTime.ALLOW)
            assert outcome.ok
            await fill(tenant, [MORNING, AFTERNOON])
            await asyncio.to_thread(set_clock, own, timedelta(hours=1))
            whole = lastseat.Claim(
                bookable="skis", units=MANY, start=MORNING.start, end=MORNING.end
            )
            booked = await tenant.book(whole, actor="zoe")
            assert isinstance(booked, outcomes.Booked), booked

    asyncio.run(run())
    assert audit.findings(own, tenant_id) == []
    assert verify(own, tenant_id=tenant_id).differences == ()


def test_a_due_hold_is_waited_for_when_its_other_head_is_busy(own: str, tenant_id: str) -> None:
    with lastseat.open(own, migrate=False) as engine, ThreadPoolExecutor(2) as pool:
        tenant = engine.tenant(tenant_id)
        for name in ("gala", "matinee", "other"):
            outcome = tenant.define_occurrence(
                name, start=NOON, end=LATER, capacity=1, actor_time=ActorTime.ALLOW
            )
            assert outcome.ok
        assert tenant.hold(["gala", "matinee"], actor="ann", seconds=600).ok
        set_clock(own, timedelta(hours=1))
        with held_by_a_stranger(own, tenant_id, "matinee"):
            booking = pool.submit(tenant.book, "gala", actor="bob")
            until(lambda: an_engine_waits(own))
            assert tenant.book("other", actor="bob").ok, "the rest of the tenant goes on"
            assert not booking.done()
        assert isinstance(booking.result(), outcomes.Booked)
        # Once it is journalled the matinee is free as well.
        assert isinstance(tenant.book("matinee", actor="cid"), outcomes.Booked)
        statuses = [row.type for row in tenant.journal("matinee")]
        assert statuses == ["defined", "booked", "expired", "booked"]
    assert audit.findings(own, tenant_id) == []
    assert verify(own, tenant_id=tenant_id).differences == ()


def test_many_engines_meet_the_same_due_holds_and_journal_each_once(
    own: str, tenant_id: str
) -> None:
    async def run() -> None:
        async with (
            lastseat.open_async(own, migrate=False) as first,
            lastseat.open_async(own, migrate=False) as second,
        ):
            tenants = [first.tenant(tenant_id), second.tenant(tenant_id)]
            for name in ("gala", "matinee"):
                outcome = await tenants[0].define_occurrence(
                    name, start=NOON, end=LATER, capacity=50, actor_time=ActorTime.ALLOW
                )
                assert outcome.ok
            held = await asyncio.gather(
                *(tenants[0].hold(["gala", "matinee"], actor=f"a{i}") for i in range(50))
            )
            assert all(outcome.ok for outcome in held)
            await asyncio.to_thread(set_clock, own, timedelta(hours=1))
            tasks = [
                tenants[i % 2].book(("gala", "matinee")[i // 2 % 2], actor=f"b{i}")
                for i in range(100)
            ]
            swept, booked = await asyncio.gather(tenants[1].expire(), asyncio.gather(*tasks))
            assert all(outcome.ok for outcome in booked)
            assert 0 <= swept <= 50
            expired = [row for row in await tenants[0].journal("gala") if row.type == "expired"]
            assert len(expired) == len({row.booking_id for row in expired}) == 50

    asyncio.run(run())
    assert audit.findings(own, tenant_id) == []
    assert verify(own, tenant_id=tenant_id).differences == ()


def one_more_in_each_round(own: str, tenant: lastseat.Tenant) -> Book:
    """A booking that finds a hold more over in each round of locks, always on a head not held yet.

    Each hold is on the gala and on a show of its own, so that a round of locks ends with the head
    of one show more to be locked, until there are no rounds left.
    """
    stop_clock(own, NOON)
    names = ["gala", *(f"show {i}" for i in range(ROUNDS))]
    for name in names:
        assert tenant.define_occurrence(
            name,
            start=NOON + timedelta(days=1),
            end=LATER + timedelta(days=1),
            capacity=ROUNDS,
            actor_time=ActorTime.ALLOW,
        ).ok
    for i, name in enumerate(names[1:]):
        assert tenant.hold(["gala", name], actor=f"a{i}", seconds=2 * i + 1).ok
    step_clock(own, NOON)
    return tenant.commands.book("gala", actor="zoe", units=ROUNDS)


def waiting_for_locks(own: str, command: AnyCommand) -> list[Result]:
    """What a lane that waits for its locks comes to."""

    async def run() -> list[Result]:
        lane = Lane(own)
        try:
            return await lane.drive(execute(command.tenant_id, [Ticket(command)], wait=True))
        finally:
            await lane.close()

    return asyncio.run(run())


def test_a_hold_first_met_in_the_last_round_has_nobody_told_full(own: str, tenant_id: str) -> None:
    with lastseat.open(own, migrate=False) as engine:
        command = one_more_in_each_round(own, engine.tenant(tenant_id))
    assert waiting_for_locks(own, command) == [DEFERRED], "nobody knows yet whether there is room"
    (answer,) = waiting_for_locks(own, command)
    assert isinstance(answer, Answer)
    assert isinstance(answer.outcome, outcomes.Booked), answer.outcome
    assert audit.findings(own, tenant_id) == []
    assert verify(own, tenant_id=tenant_id).differences == ()


def test_control_decided_in_the_last_round_it_is_told_full(
    own: str, tenant_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Covering, "_defer_touching", lambda *_: None)
    with lastseat.open(own, migrate=False) as engine:
        command = one_more_in_each_round(own, engine.tenant(tenant_id))
    (answer,) = waiting_for_locks(own, command)
    assert isinstance(answer, Answer)
    assert isinstance(answer.outcome, outcomes.Full)


def test_in_a_callers_transaction_it_has_to_be_run_again(own: str, tenant_id: str) -> None:
    with lastseat.open(own, migrate=False) as engine:
        command = one_more_in_each_round(own, engine.tenant(tenant_id))
    with psycopg.connect(own) as connection:
        with pytest.raises(RetryTransaction):
            lastseat.execute_in(connection, [command])
        connection.rollback()
        (outcome,) = lastseat.execute_in(connection, [command])
        assert isinstance(outcome, outcomes.Booked), outcome
    assert verify(own, tenant_id=tenant_id).differences == ()


def test_control_a_due_hold_that_nobody_looks_for_keeps_its_place(
    own: str, tenant_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lastseat.core.decide.expired_holds", lambda world: [])
    with lastseat.open(own, migrate=False) as engine:
        tenant = engine.tenant(tenant_id)
        assert tenant.define_occurrence("gala", start=NOON, end=LATER, capacity=1).ok
        assert tenant.hold("gala", actor="ann", seconds=600).ok
        set_clock(own, timedelta(hours=1))
        assert isinstance(tenant.book("gala", actor="bob"), outcomes.Full)
