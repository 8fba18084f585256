"""A booking is moved as soon as it is made: in the same batch, or while its commit is under way.

Whoever made a booking knows its id before the engine does. What the move takes, and for whom, can't
be looked up then, so the engine has to look again.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from tests.races.moments import LATER, NOON, until
from tests.races.sabotage import without_asking_whose_it_is
from tests.races.strangers import an_engine_waits

import lastseat
from lastseat import Claim, outcomes
from lastseat.ledger.verify import verify

LUNCH = Claim(bookable="table", start=NOON, end=LATER)
SUPPER = Claim(bookable="table", start=LATER, end=LATER + (LATER - NOON))


def test_moved_in_one_breath_it_is_decided_like_any_other(conninfo: str, tenant_id: str) -> None:
    async def run() -> list[lastseat.AnyOutcome]:
        async with lastseat.open_async(conninfo, migrate=False) as engine:
            tenant = engine.tenant(tenant_id)
            for name in ("early", "late"):
                start, end = LUNCH.start, LUNCH.end
                if name == "late":
                    start, end = SUPPER.start, SUPPER.end
                assert start is not None
                assert end is not None
                assert (await tenant.define_occurrence(name, start=start, end=end, capacity=5)).ok
            assert (await tenant.book("late", actor="ann")).ok
            commands = tenant.commands
            book = commands.book("early", actor="ann")
            move = commands.move(book.booking_id, "late")
            answers = await asyncio.gather(tenant.execute(book), tenant.execute(move))
            return [answer.outcome for answer in answers]

    booked, moved = asyncio.run(run())
    assert isinstance(booked, outcomes.Booked)
    assert isinstance(moved, outcomes.Already), "ann sits there already"
    assert verify(conninfo, tenant_id=tenant_id).differences == ()


@pytest.mark.parametrize("by_seat", [False, True], ids=["by id", "by seat"])
def test_in_one_transaction_of_the_callers_too(
    tenant: lastseat.Tenant, conninfo: str, by_seat: bool
) -> None:
    assert tenant.define_pool("table", capacity=1).ok
    walk = tenant.define_occurrence("walk", start=NOON, end=LATER, capacity=2, actor_time="allow")
    assert walk.ok
    assert tenant.book(SUPPER, actor="bob").ok
    commands = tenant.commands
    book = commands.book("walk", actor="ann")
    booking, actor = ("walk", "ann") if by_seat else (book.booking_id, None)
    move = commands.move(booking, SUPPER, actor=actor)
    with psycopg.connect(conninfo) as connection:
        booked, moved = lastseat.execute_in(connection, [book, move])
    assert booked.ok
    assert isinstance(moved, outcomes.Full)


def move_while_it_is_made(conninfo: str, tenant_id: str) -> tuple[lastseat.AnyOutcome, int]:
    """Ann sits in the gala. Her walk is being booked; it is to become a gala, too."""
    with (
        lastseat.open(conninfo, migrate=False) as engine,
        psycopg.connect(conninfo) as booking,
        ThreadPoolExecutor(1) as pool,
    ):
        tenant = engine.tenant(tenant_id)
        for name in ("gala", "walk"):
            outcome = tenant.define_occurrence(
                name, start=NOON, end=LATER, capacity=5, actor_time="allow"
            )
            assert outcome.ok
        assert tenant.book("gala", actor="ann").ok
        walk = tenant.commands.book("walk", actor="ann")
        assert lastseat.execute_in(booking, [walk])[0].ok
        both = [Claim(bookable="walk"), Claim(bookable="gala")]
        future = pool.submit(tenant.move, walk.booking_id, both)
        until(lambda: future.done() or an_engine_waits(conninfo))
        booking.commit()
        return future.result(), len(tenant.roster("gala"))


def test_one_that_was_not_there_yet_is_looked_up_again(conninfo: str, tenant_id: str) -> None:
    outcome, sitting = move_while_it_is_made(conninfo, tenant_id)
    assert isinstance(outcome, outcomes.Already)
    assert sitting == 1


def test_control_not_looked_up_again_she_sits_there_twice(
    conninfo: str, tenant_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_asking_whose_it_is(monkeypatch)
    outcome, sitting = move_while_it_is_made(conninfo, tenant_id)
    assert isinstance(outcome, outcomes.Moved)
    assert sitting == 2
