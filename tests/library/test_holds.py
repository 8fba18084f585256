"""Holds: they count, they run out on the database's clock, they can be extended: A8 and A9."""

from datetime import timedelta

import pytest
from tests.library.conftest import Clocked
from tests.library.venue import T0, at, claim, done, occurrence, pool, resource

from lastseat import Status, Tenant
from lastseat import outcomes as o
from lastseat.core import limits


def test_a_held_seat_counts_and_can_be_confirmed(tenant: Tenant) -> None:
    yoga = occurrence(tenant, capacity=1)
    held = done(tenant.hold(yoga, actor="ann"), o.Held)
    assert tenant.book(yoga, actor="ben").code == "full"
    assert (tenant.seat_state(yoga, "ann"), tenant.seats_left(yoga)) == ("held", 0)
    assert tenant.confirm(held.booking_id).ok
    assert tenant.seat_state(yoga, "ann") == "confirmed"
    assert done(tenant.confirm(held.booking_id), o.Confirmed).version == 2
    assert tenant.booking(held.booking_id).expires_at is None


def test_release_frees_a_held_seat_only(tenant: Tenant) -> None:
    yoga = occurrence(tenant, capacity=1)
    tenant.hold(yoga, actor="ann")
    assert tenant.release(yoga, actor="ann").ok
    assert (tenant.seat_state(yoga, "ann"), tenant.seats_left(yoga)) == ("none", 1)
    assert tenant.release(yoga, actor="ann").code == "not_booked"
    tenant.book(yoga, actor="ann")
    refused = done(tenant.release(yoga, actor="ann"), o.NotHeld)
    assert refused.status == Status.CONFIRMED
    assert tenant.is_booked(yoga, "ann")


def test_a_party_is_held_whole(tenant: Tenant) -> None:
    yoga = occurrence(tenant, capacity=3)
    held = done(tenant.hold(yoga, actor="ann", units=2), o.Held)
    assert (held.seat, held.units) == (1, 2)
    assert tenant.hold(yoga, actor="ben", units=2).code == "full"


def test_a_hold_lasts_a_quarter_of_an_hour_unless_told_otherwise(clocked: Clocked) -> None:
    clocked.it_is(T0)
    yoga = occurrence(clocked.tenant)
    usual = done(clocked.tenant.hold(yoga, actor="ann"), o.Held)
    assert usual.expires_at == T0 + timedelta(minutes=15)
    assert usual.limit_at == T0 + timedelta(hours=1)
    short = done(clocked.tenant.hold(yoga, actor="ben", seconds=60, limit=90), o.Held)
    assert (short.expires_at, short.limit_at) == (at(1), at(1) + timedelta(seconds=30))
    long = clocked.tenant.hold(yoga, actor="cy", seconds=timedelta(hours=2))
    assert done(long, o.Held).limit_at == at(120), (
        "a hold lasts at least as long as it was made for"
    )


def test_at_the_instant_it_runs_out_the_seat_is_free_for_everybody(clocked: Clocked) -> None:
    tenant = clocked.tenant
    clocked.it_is(T0)
    yoga = occurrence(tenant, capacity=1)
    held = done(tenant.hold(yoga, actor="ann", seconds=60), o.Held)
    clocked.it_is(at(1) - timedelta(microseconds=1))
    assert tenant.book(yoga, actor="ben").code == "full"
    assert tenant.seats_left(yoga) == 0
    clocked.it_is(at(1))
    assert (tenant.seats_left(yoga), tenant.seat_state(yoga, "ann")) == (1, "none")
    assert (tenant.roster(yoga), tenant.booking_count(yoga)) == ([], 0)
    assert tenant.booking(held.booking_id).status == Status.EXPIRED
    assert done(tenant.book(yoga, actor="ben"), o.Booked).seat == 1
    assert [x.type for x in tenant.journal(yoga)] == ["defined", "booked", "expired", "booked"]


@pytest.mark.parametrize("operation", ["confirm", "release", "extend"])
def test_a_hold_that_ran_out_can_not_be_used_any_more(clocked: Clocked, operation: str) -> None:
    clocked.it_is(T0)
    yoga = occurrence(clocked.tenant)
    held = done(clocked.tenant.hold(yoga, actor="ann", seconds=60), o.Held)
    clocked.it_is(at(1))
    for _ in range(2):
        late = done(getattr(clocked.tenant, operation)(held.booking_id), o.HoldExpired)
        assert late.expired_at == at(1)
    assert clocked.tenant.cancel(held.booking_id).code == "not_booked"
    assert clocked.tenant.booking(held.booking_id).status == Status.EXPIRED


def test_an_extension_counts_from_now_and_never_shortens(clocked: Clocked) -> None:
    clocked.it_is(T0)
    yoga = occurrence(clocked.tenant)
    held = done(clocked.tenant.hold(yoga, actor="ann", seconds=600, limit=1800), o.Held)
    clocked.it_is(at(5))
    extend = clocked.tenant.extend
    assert done(extend(held.booking_id, seconds=600), o.Extended).expires_at == at(15)
    assert done(extend(held.booking_id, seconds=60), o.Extended).expires_at == at(15)
    assert done(extend(yoga, actor="ann", seconds=1500), o.Extended).expires_at == at(30)
    beyond = done(extend(held.booking_id, seconds=1501), o.ExtendLimit)
    assert beyond.limit_at == at(30)
    clocked.it_is(at(30))
    assert extend(held.booking_id, seconds=1).code == "hold_expired"


def test_an_extended_hold_keeps_its_seat(clocked: Clocked) -> None:
    clocked.it_is(T0)
    yoga = occurrence(clocked.tenant, capacity=1)
    held = done(clocked.tenant.hold(yoga, actor="ann", seconds=60), o.Held)
    clocked.tenant.extend(held.booking_id, seconds=120)
    clocked.it_is(at(1))
    assert clocked.tenant.book(yoga, actor="ben").code == "full"
    clocked.it_is(at(2))
    assert clocked.tenant.book(yoga, actor="ben").ok


def test_a_confirmed_hold_never_runs_out(clocked: Clocked) -> None:
    clocked.it_is(T0)
    yoga = occurrence(clocked.tenant, capacity=1)
    clocked.tenant.hold(yoga, actor="ann", seconds=60)
    clocked.tenant.confirm(yoga, actor="ann")
    clocked.it_is(at(100_000))
    assert clocked.tenant.book(yoga, actor="ben").code == "full"
    assert clocked.tenant.expire() == 0


def test_only_holds_are_extended(tenant: Tenant) -> None:
    yoga = occurrence(tenant)
    tenant.book(yoga, actor="ann")
    assert tenant.extend(yoga, actor="ann").code == "not_held"


def test_the_sweeper_journals_what_ran_out(clocked: Clocked) -> None:
    clocked.it_is(T0)
    yoga, lane = occurrence(clocked.tenant, capacity=4), resource(clocked.tenant)
    clocked.tenant.hold(yoga, actor="ann", seconds=60)
    clocked.tenant.hold(claim(lane, 0, 60), actor="ben", seconds=120)
    clocked.tenant.hold(yoga, actor="cy", seconds=600)
    clocked.it_is(at(4))
    assert clocked.tenant.expire(limit=1) == 1
    assert [x.type for x in clocked.tenant.journal(lane)] == ["defined", "booked"]
    assert clocked.tenant.expire() == 1
    assert [x.type for x in clocked.tenant.journal(lane)] == ["defined", "booked", "expired"]
    assert clocked.tenant.expire() == 0
    assert [x.actor for x in clocked.tenant.roster(yoga)] == ["cy"]


def test_a_hold_on_several_things_frees_all_of_them(clocked: Clocked) -> None:
    clocked.it_is(T0)
    tenant = clocked.tenant
    yoga, lane, skis = occurrence(tenant, capacity=1), resource(tenant), pool(tenant, capacity=1)
    tenant.hold([yoga, claim(lane, 0, 60), claim(skis, 0, 60)], actor="ann", seconds=60)
    clocked.it_is(at(1))
    # Met by a booking of one of them alone: the others come free in the same step.
    assert tenant.book(claim(skis, 30, 90), actor="ben").ok
    assert tenant.book(claim(lane, 30, 90), actor="ben").ok
    assert tenant.book(yoga, actor="ben").ok
    assert [x.type for x in tenant.journal(lane)] == ["defined", "booked", "expired", "booked"]


def test_a_clock_that_was_set_back_is_noticed(clocked: Clocked) -> None:
    """A little is overlooked, and time does not go back within a stream; more is refused."""
    clocked.it_is(at(10))
    yoga = occurrence(clocked.tenant)
    clocked.it_is(at(10) - limits.CLOCK_TOLERANCE)
    assert clocked.tenant.book(yoga, actor="ann").ok
    times = [x.at for x in clocked.tenant.journal(yoga)]
    assert times == [at(10), at(10)]
    clocked.it_is(at(9))
    behind = done(clocked.tenant.book(yoga, actor="ben"), o.ClockBehind)
    assert (behind.bookable, behind.last, behind.clock) == (yoga, at(10), at(9))
    assert clocked.tenant.booking_count(yoga) == 1
