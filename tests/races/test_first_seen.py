"""What was not there yet when a command was prepared, and is when its locks are held.

A command looks up actors and bookables before it locks. Somebody else may make them in between;
what is decided then has to be decided on what is there, not on what was.
"""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from tests.races import audit
from tests.races.moments import LATER, NOON, until
from tests.races.processes import Bookings
from tests.races.strangers import an_engine_waits, waiting

import lastseat
from lastseat import ActorTime, Claim, outcomes

LANE = Claim(bookable="lane", start=NOON, end=LATER)
SKIS = Claim(bookable="skis", start=NOON, end=LATER)
HALL = Claim(bookable="hall", start=NOON, end=LATER)


def test_in_a_callers_transaction_a_repeated_tap_is_already_or_goes_again(
    conninfo: str, tenant_id: str
) -> None:
    with (
        lastseat.open(conninfo, migrate=False) as engine,
        psycopg.connect(conninfo) as first,
        psycopg.connect(conninfo) as second,
        ThreadPoolExecutor(1) as pool,
    ):
        tenant = engine.tenant(tenant_id)
        assert tenant.define_occurrence("gala", start=NOON, end=LATER, capacity=1).ok
        booked = lastseat.execute_in(first, [tenant.commands.book("gala", actor="ann")])[0]
        tap = tenant.commands.book("gala", actor="ann")
        caller = pool.submit(lastseat.execute_in, second, [tap])
        until(lambda: waiting(conninfo, second.info.backend_pid))
        first.commit()
        try:
            repeated = caller.result()[0]
        except lastseat.RetryTransaction:
            second.rollback()
            repeated = lastseat.execute_in(second, [tap])[0]
        assert isinstance(booked, outcomes.Booked)
        assert isinstance(repeated, outcomes.Already)
        assert (repeated.booking_id, repeated.seat) == (booked.booking_id, 1)


def test_a_new_actors_repeated_tap_is_already_though_it_took_the_last_seat(
    conninfo: str, tenant_id: str
) -> None:
    with (
        lastseat.open(conninfo, migrate=False) as engine,
        psycopg.connect(conninfo) as first,
        ThreadPoolExecutor(1) as pool,
    ):
        tenant = engine.tenant(tenant_id)
        for i in range(5):
            occurrence, actor = f"gala-{i}", f"ann-{i}"
            assert tenant.define_occurrence(occurrence, start=NOON, end=LATER, capacity=1).ok
            command = tenant.commands.book(occurrence, actor=actor)
            assert lastseat.execute_in(first, [command])[0].ok
            tap = pool.submit(tenant.book, occurrence, actor=actor)
            until(lambda: an_engine_waits(conninfo))
            first.commit()
            assert isinstance(tap.result(), outcomes.Already)


@pytest.mark.parametrize(
    "what", ["gala", LANE, SKIS, HALL], ids=["occurrence", "resource", "pool", "composite"]
)
@pytest.mark.parametrize("actor", ["ann", "bob"], ids=["a known actor", "a new actor"])
def test_a_bookable_defined_between_the_look_and_the_lock_can_be_booked(
    conninfo: str, tenant_id: str, what: str | Claim, actor: str
) -> None:
    with lastseat.open(conninfo, migrate=False) as engine:
        tenant = engine.tenant(tenant_id)
        tenant.define_resource("locker", actor_time=ActorTime.ALLOW)
        assert tenant.book(Claim(bookable="locker", start=NOON, end=LATER), actor="ann").ok
        with Bookings(conninfo, tenant_id, [(what, actor)], fault="before_lock=stop") as bookings:
            bookings.wait_until_stopped()
            tenant.define_occurrence("gala", start=NOON, end=LATER, capacity=1)
            tenant.define_resource("lane")
            tenant.define_pool("skis", capacity=1)
            tenant.define_composite("hall", parts=["lane", "skis"])
            bookings.go_on()
            outcome = bookings.outcomes()[0]
        # Decided before the definition or after it: both are right.
        assert isinstance(outcome, outcomes.Booked | outcomes.UnknownBookable), outcome
        if isinstance(outcome, outcomes.Booked):
            other = tenant.book("gala" if what in (LANE, HALL) else LANE, actor=actor)
            assert isinstance(other, outcomes.ActorBusy), "its time is taken as well"
    assert audit.findings(conninfo, tenant_id) == []
