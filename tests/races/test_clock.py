"""The database's clock steps back: a little is smoothed over, more is refused, nothing is lost."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from tests.races import audit
from tests.races.clocks import stop_clock
from tests.races.moments import LATER, NOON

import lastseat
from lastseat import outcomes

TODAY = NOON - timedelta(days=100)


@pytest.fixture
def conninfo(database: Callable[[], str]) -> str:
    """A database whose clock stands at TODAY."""
    conninfo = database()
    stop_clock(conninfo, TODAY)
    return conninfo


@pytest.fixture
def tenant(conninfo: str, tenant_id: str) -> Iterator[lastseat.Tenant]:
    with lastseat.open(conninfo, migrate=False) as engine:
        tenant = engine.tenant(tenant_id)
        assert tenant.define_occurrence("gala", start=NOON, end=LATER, capacity=10).ok
        yield tenant


@pytest.mark.parametrize("back", [0.001, 4.9, 5.0])
def test_within_tolerance_a_streams_time_stands_still(
    conninfo: str, tenant: lastseat.Tenant, back: float
) -> None:
    assert tenant.book("gala", actor="ann").ok
    stop_clock(conninfo, TODAY - timedelta(seconds=back))
    assert tenant.book("gala", actor="bob").ok
    stop_clock(conninfo, TODAY + timedelta(seconds=1))
    assert tenant.book("gala", actor="cid").ok
    times = [row.at for row in tenant.journal("gala")]
    assert times == [TODAY, TODAY, TODAY, TODAY + timedelta(seconds=1)]
    assert audit.findings(conninfo, tenant.tenant_id) == []


def test_a_clock_further_behind_is_refused_until_it_is_mended(
    conninfo: str, tenant: lastseat.Tenant
) -> None:
    booked = tenant.book("gala", actor="ann")
    assert isinstance(booked, outcomes.Booked)
    behind = TODAY - timedelta(seconds=5, microseconds=1)
    stop_clock(conninfo, behind)
    refusal = outcomes.ClockBehind(bookable="gala", last=TODAY, clock=behind)
    assert tenant.book("gala", actor="bob", key="tap") == refusal
    assert tenant.cancel(booked.booking_id) == refusal
    assert tenant.change_capacity("gala", 5) == refusal
    # What only looks, or refuses anyway, needs no time.
    assert isinstance(tenant.book("gala", actor="ann"), outcomes.Already)
    assert tenant.seats_left("gala") == 9
    stop_clock(conninfo, TODAY)
    assert tenant.book("gala", actor="bob", key="tap").ok, "a key keeps no `clock_behind`"
    assert audit.findings(conninfo, tenant.tenant_id) == []


def test_streams_without_entries_from_the_future_go_on(
    conninfo: str, tenant: lastseat.Tenant
) -> None:
    stop_clock(conninfo, TODAY - timedelta(hours=1))
    assert tenant.define_occurrence("matinee", start=NOON, end=LATER, capacity=1).ok
    assert tenant.book("matinee", actor="ann").ok
    assert isinstance(tenant.book("gala", actor="bob"), outcomes.ClockBehind)


def test_a_hold_neither_expires_twice_nor_comes_back_when_the_clock_does(
    conninfo: str, tenant: lastseat.Tenant
) -> None:
    tenant.change_capacity("gala", 1)
    held = tenant.hold("gala", actor="ann", seconds=60)
    assert isinstance(held, outcomes.Held)
    stop_clock(conninfo, TODAY + timedelta(seconds=60))
    assert tenant.book("gala", actor="bob").ok
    stop_clock(conninfo, TODAY + timedelta(seconds=56))
    assert isinstance(tenant.confirm(held.booking_id), outcomes.HoldExpired)
    assert tenant.seats_left("gala") == 0
    assert audit.findings(conninfo, tenant.tenant_id) == []
