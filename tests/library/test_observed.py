"""Decisions on a picture, and appending at an expected sequence: A2 and A3."""

import pytest
from tests.library.conftest import Clocked
from tests.library.venue import T0, at, done, occurrence, resource

import lastseat
from lastseat import Fact, Tenant
from lastseat import outcomes as o


def test_two_bookers_on_one_picture_one_is_booked_and_one_conflicts(tenant: Tenant) -> None:
    yoga = occurrence(tenant)
    picture = tenant.observe(yoga)
    first = done(tenant.book_with_observed(picture, actor="ann"), o.Booked)
    second = done(tenant.book_with_observed(picture, actor="ben"), o.Conflict)
    assert (first.actor, first.seat) == ("ann", 1)
    assert (second.actor, second.actual, second.rule) == ("ben", picture.seq + 1, "expected_seq")
    again = tenant.book_with_observed(tenant.observe(yoga), actor="ben")
    assert done(again, o.Booked).seat == 2


def test_the_order_is_already_full_booked_conflict(tenant: Tenant) -> None:
    """What the picture itself refuses is answered before anything is sent."""
    yoga = occurrence(tenant, capacity=2)
    empty = tenant.observe(yoga)
    tenant.book(yoga, actor="ann")
    tenant.book(yoga, actor="ben")
    sold_out = tenant.observe(yoga)
    tenant.cancel(yoga, actor="ben")
    already = done(tenant.book_with_observed(sold_out, actor="ann"), o.Already)
    assert (already.actor, already.seat) == ("ann", 1)
    full = done(tenant.book_with_observed(sold_out, actor="cy"), o.Full)
    assert (full.actor, full.capacity) == ("cy", 2)
    assert tenant.book_with_observed(empty, actor="ann").code == "conflict"
    assert done(tenant.book_with_observed(tenant.observe(yoga), actor="cy"), o.Booked).seat == 2


def test_a_picture_of_parties(tenant: Tenant) -> None:
    yoga = occurrence(tenant, capacity=5)
    tenant.book(yoga, actor="four", units=4)
    picture = tenant.observe(yoga)
    assert (picture.taken, picture.capacity, len(picture.roster)) == (4, 5, 1)
    assert done(tenant.book_with_observed(picture, actor="two", units=2), o.Full).left == 1
    assert tenant.book_with_observed(picture, actor="one").ok


def test_cancelling_on_a_picture(tenant: Tenant) -> None:
    yoga = occurrence(tenant)
    tenant.book(yoga, actor="ann")
    picture = tenant.observe(yoga)
    assert tenant.cancel_with_observed(picture, actor="ben").code == "not_booked"
    assert tenant.cancel_with_observed(picture, actor="ann").ok
    assert tenant.cancel_with_observed(picture, actor="ann").code == "conflict"
    after = tenant.cancel_with_observed(tenant.observe(yoga), actor="ann")
    assert after.code == "not_booked"


def test_a_key_makes_a_decision_on_a_picture_safe_to_repeat(tenant: Tenant) -> None:
    yoga = occurrence(tenant)
    picture = tenant.observe(yoga)
    first = tenant.book_with_observed(picture, actor="ann", key="tap")
    assert tenant.book_with_observed(picture, actor="ann", key="tap") == first
    assert tenant.booking_count(yoga) == 1


def test_a_picture_shows_no_hold_that_ran_out(clocked: Clocked) -> None:
    """And it is good for one booking still, though nobody had journalled the expiry yet."""
    clocked.it_is(T0)
    yoga = occurrence(clocked.tenant, capacity=1)
    clocked.tenant.hold(yoga, actor="ann", seconds=60)
    clocked.it_is(at(1))
    picture = clocked.tenant.observe(yoga)
    assert picture.roster == ()
    assert clocked.tenant.book_with_observed(picture, actor="ben").code == "booked"


def test_facts_are_appended_at_the_expected_sequence_or_not_at_all(tenant: Tenant) -> None:
    yoga = occurrence(tenant)
    doors = Fact("doors_open", {"by": "desk 4", "late": False, "count": 3})
    first = done(tenant.append_expect({yoga: (1, [doors])}), o.Appended)
    assert first.sequences == {yoga: 2}
    stale = done(tenant.append_expect({yoga: (1, [doors])}), o.Conflict)
    assert (stale.bookable, stale.actual) == (yoga, 2)
    assert [x.event for x in tenant.journal(yoga, after=1)] == [doors]
    assert tenant.seats_left(yoga) == 3


def test_facts_on_several_streams_are_appended_all_or_none(tenant: Tenant) -> None:
    yoga, lane = occurrence(tenant), resource(tenant)
    fact = Fact("inspected")
    half = tenant.append_expect({yoga: (1, [fact]), lane: (7, [fact])})
    assert done(half, o.Conflict).bookable == lane
    assert len(tenant.journal(yoga)) == 1
    both = tenant.append_expect({yoga: (1, [fact, fact]), lane: (1, [fact])})
    assert done(both, o.Appended).sequences == {yoga: 3, lane: 2}


def test_nothing_to_observe_is_said(tenant: Tenant) -> None:
    with pytest.raises(lastseat.NotFound):
        tenant.observe("nothing")
    unknown = tenant.append_expect({"nothing": (1, [Fact("x")])})
    assert done(unknown, o.UnknownBookable).bookable == "nothing"
