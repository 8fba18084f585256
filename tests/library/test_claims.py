"""One primitive for seats, lanes and skis, all or nothing; moving without giving up: A10, A11."""

import pytest
from tests.library.venue import claim, done, occurrence, pool, resource

from lastseat import Claim, Tenant
from lastseat import outcomes as o
from lastseat.ledger.verify import verify


def test_an_exclusive_resource_is_taken_once_in_a_time(tenant: Tenant) -> None:
    lane = resource(tenant)
    booked = done(tenant.book(claim(lane, 0, 60), actor="ann"), o.Booked)
    assert (booked.seat, booked.units) == (0, 1)
    taken = done(tenant.book(claim(lane, 59, 90), actor="ben"), o.Conflict)
    assert (taken.rule, taken.bookable, taken.actor) == ("exclusive", lane, "ben")
    assert taken.during == claim(lane, 0, 60).during
    assert taken.booking_id is None, "whose it is is nobody's business"


def test_back_to_back_claims_touch_without_overlapping(tenant: Tenant) -> None:
    lane = resource(tenant)
    for start in (60, 0, 120):
        assert tenant.book(claim(lane, start, start + 60), actor="ann").ok


def test_buffers_keep_others_away(tenant: Tenant) -> None:
    lane = resource(tenant)
    tenant.book(claim(lane, 60, 120, before=600, after=900), actor="ann")
    assert tenant.book(claim(lane, 0, 51), actor="ben").code == "conflict"
    assert tenant.book(claim(lane, 134, 180), actor="ben").code == "conflict"
    assert tenant.book(claim(lane, 0, 50), actor="ben").ok
    assert tenant.book(claim(lane, 135, 180), actor="ben").ok


def test_a_pool_bounds_the_peak_not_the_sum(tenant: Tenant) -> None:
    """Three claims that overlap the same hour but never meet: the sum would refuse the last."""
    skis = pool(tenant, capacity=2)
    assert tenant.book(claim(skis, 0, 20, 1), actor="ann").ok
    assert tenant.book(claim(skis, 20, 40, 1), actor="ben").ok
    assert tenant.book(claim(skis, 40, 60, 1), actor="cy").ok
    assert tenant.book(claim(skis, 0, 60, 1), actor="dee").ok
    full = done(tenant.book(claim(skis, 10, 50, 1), actor="eve"), o.Full)
    assert (full.capacity, full.left) == (2, 0)


def test_a_pool_counts_units_at_the_busiest_instant(tenant: Tenant) -> None:
    skis = pool(tenant, capacity=5)
    tenant.book(claim(skis, 0, 60, 2), actor="ann")
    tenant.book(claim(skis, 30, 90, 2), actor="ben")
    assert done(tenant.book(claim(skis, 0, 90, 2), actor="cy"), o.Full).left == 1
    assert tenant.book(claim(skis, 60, 90, 3), actor="cy").ok
    assert tenant.book(claim(skis, 0, 90, 1), actor="dee").code == "full"
    assert tenant.book(claim(skis, 0, 60, 1), actor="dee").ok


def test_a_mixed_booking_takes_everything_or_nothing(tenant: Tenant) -> None:
    yoga, lane, skis = occurrence(tenant), resource(tenant), pool(tenant)
    tenant.book(claim(lane, 0, 60), actor="ann")
    both: list[str | Claim] = [yoga, claim(skis, 0, 60, 2), claim(lane, 30, 90)]
    assert done(tenant.book(both, actor="ben"), o.Conflict).bookable == lane
    assert (tenant.seats_left(yoga), len(tenant.journal(skis))) == (3, 1)
    later: list[str | Claim] = [yoga, claim(skis, 60, 90, 2), claim(lane, 60, 90)]
    booked = done(tenant.book(later, actor="ben"), o.Booked)
    assert (booked.seat, booked.units) == (1, 4)
    assert len(tenant.booking(booked.booking_id).claims) == 3
    assert tenant.cancel(booked.booking_id).ok
    assert tenant.book(later, actor="cy").ok


def test_three_adjacent_lanes_in_one_booking(tenant: Tenant) -> None:
    lanes = [resource(tenant, f"lane {i}") for i in range(4)]
    assert tenant.book([claim(x, 0, 60) for x in lanes[1:]], actor="ann").ok
    assert tenant.book([claim(x, 0, 60) for x in lanes[:2]], actor="ben").code == "conflict"
    assert tenant.book(claim(lanes[0], 0, 60), actor="ben").ok


def test_claims_of_one_booking_must_fit_beside_each_other(tenant: Tenant) -> None:
    lane, skis = resource(tenant), pool(tenant, capacity=3)
    twice = [claim(lane, 0, 60), claim(lane, 30, 90)]
    assert tenant.book(twice, actor="ann").code == "conflict"
    assert tenant.book([claim(skis, 0, 60, 2), claim(skis, 30, 90, 2)], actor="ann").code == "full"
    assert tenant.book([claim(skis, 0, 60, 2), claim(skis, 60, 90, 2)], actor="ann").ok


def test_units_with_several_ids_are_of_each(tenant: Tenant) -> None:
    yoga, talk = occurrence(tenant), occurrence(tenant, "talk")
    assert done(tenant.book([yoga, talk], actor="ann", units=2), o.Booked).units == 4
    assert (tenant.seats_left(yoga), tenant.seats_left(talk)) == (1, 1)


def test_units_beside_a_claim_that_has_its_own_are_refused_not_dropped(tenant: Tenant) -> None:
    skis = pool(tenant)
    with pytest.raises(ValueError, match="units"):
        tenant.book(claim(skis, 0, 60), actor="ann", units=2)


def test_the_claims_of_one_hold_are_all_or_nothing_too(tenant: Tenant) -> None:
    yoga, lane = occurrence(tenant), resource(tenant)
    tenant.book(claim(lane, 0, 60), actor="ann")
    assert tenant.hold([yoga, claim(lane, 0, 60)], actor="ben").code == "conflict"
    assert tenant.seat_state(yoga, "ben") == "none"


# Moving -------------------------------------------------------------------------------------------


def test_a_booking_moves_and_keeps_its_id(tenant: Tenant) -> None:
    yoga, talk = occurrence(tenant), occurrence(tenant, "talk")
    made = done(tenant.book(yoga, actor="ann"), o.Booked)
    (moved,) = done(tenant.move(made.booking_id, talk, units=2), o.Moved).moved
    assert (moved.booking_id, moved.version, moved.seat) == (made.booking_id, 2, 1)
    assert (tenant.is_booked(yoga, "ann"), tenant.seats_left(talk)) == (False, 1)
    assert [(x.bookable, x.live) for x in tenant.booking(made.booking_id).claims] == [
        (yoga, False),
        (talk, True),
    ]


def test_a_move_that_finds_no_room_gives_nothing_up(tenant: Tenant) -> None:
    yoga, talk = occurrence(tenant), occurrence(tenant, "talk", capacity=1)
    tenant.book(talk, actor="ann")
    tenant.book(yoga, actor="ben")
    assert tenant.move(yoga, talk, actor="ben").code == "full"
    assert tenant.seat_of(yoga, "ben") == 1


def test_a_reschedule_may_overlap_the_time_it_leaves(tenant: Tenant) -> None:
    lane = resource(tenant)
    made = done(tenant.book(claim(lane, 0, 60), actor="ann"), o.Booked)
    assert tenant.move(made.booking_id, claim(lane, 30, 90)).ok
    assert tenant.book(claim(lane, 0, 30), actor="ben").ok
    assert tenant.move(made.booking_id, claim(lane, 15, 75)).code == "conflict"


def test_two_sold_out_bookings_change_places_in_one_step(tenant: Tenant) -> None:
    yoga, talk = occurrence(tenant, capacity=1), occurrence(tenant, "talk", capacity=1)
    lane = resource(tenant)
    ann = done(tenant.book([yoga, claim(lane, 0, 60)], actor="ann"), o.Booked).booking_id
    ben = done(tenant.book([talk, claim(lane, 60, 120)], actor="ben"), o.Booked).booking_id
    swapped = tenant.move_together(
        {ann: [talk, claim(lane, 60, 120)], ben: [yoga, claim(lane, 0, 60)]}
    )
    assert done(swapped, o.Moved).ok
    assert (tenant.seat_of(talk, "ann"), tenant.seat_of(yoga, "ben")) == (1, 1)
    assert (tenant.seats_left(yoga), tenant.seats_left(talk)) == (0, 0)


def test_parties_change_places_and_the_ledger_stays_sound(tenant: Tenant, conninfo: str) -> None:
    """Between the two entries of the swap both parties sit in the same place."""
    yoga, talk = occurrence(tenant, capacity=3), occurrence(tenant, "talk", capacity=2)
    tenant.book(yoga, actor="cy")
    two = done(tenant.book(talk, actor="two", units=2), o.Booked).booking_id
    one = done(tenant.book(yoga, actor="one", units=2), o.Booked).booking_id
    swap = {two: Claim(bookable=yoga, units=2), one: Claim(bookable=talk, units=2)}
    assert tenant.move_together(swap).ok
    report = verify(conninfo, tenant_id=tenant.tenant_id)
    assert report.complete
    assert report.differences == ()


def test_moving_together_is_all_or_none(tenant: Tenant) -> None:
    yoga, talk = occurrence(tenant, capacity=1), occurrence(tenant, "talk", capacity=1)
    opera = occurrence(tenant, "opera", capacity=1)
    ann = done(tenant.book(yoga, actor="ann"), o.Booked).booking_id
    ben = done(tenant.book(talk, actor="ben"), o.Booked).booking_id
    tenant.book(opera, actor="cy")
    assert tenant.move_together({ann: talk, ben: opera}).code == "full"
    assert (tenant.seat_of(yoga, "ann"), tenant.seat_of(talk, "ben")) == (1, 1)


def test_a_move_to_where_it_is_changes_nothing(tenant: Tenant) -> None:
    yoga = occurrence(tenant)
    made = done(tenant.book(yoga, actor="ann"), o.Booked)
    (moved,) = done(tenant.move(made.booking_id, yoga), o.Moved).moved
    assert moved.version == 1
    assert len(tenant.journal(yoga)) == 2


def test_a_move_does_not_seat_an_actor_twice(tenant: Tenant) -> None:
    yoga, talk = occurrence(tenant), occurrence(tenant, "talk")
    tenant.book(yoga, actor="ann")
    tenant.book(talk, actor="ann")
    assert done(tenant.move(talk, yoga, actor="ann"), o.Already).seat == 1


def test_a_hold_can_be_moved_and_stays_a_hold(tenant: Tenant) -> None:
    yoga, talk = occurrence(tenant), occurrence(tenant, "talk")
    held = done(tenant.hold(yoga, actor="ann"), o.Held)
    assert tenant.move(held.booking_id, talk).ok
    assert tenant.seat_state(talk, "ann") == "held"
    assert tenant.booking(held.booking_id).expires_at == held.expires_at


def test_what_is_gone_can_not_be_moved(tenant: Tenant) -> None:
    yoga, talk = occurrence(tenant), occurrence(tenant, "talk")
    made = done(tenant.book(yoga, actor="ann"), o.Booked)
    tenant.cancel(made.booking_id)
    assert tenant.move(made.booking_id, talk).code == "not_booked"
    assert tenant.move(yoga, talk, actor="nobody").code == "not_booked"
