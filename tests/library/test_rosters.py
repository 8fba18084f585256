"""Occurrences and their rosters: A1 and A5 to A7, through both faces."""

import pytest
from tests.library.venue import done, occurrence

import lastseat
from lastseat import Tenant
from lastseat import outcomes as o


def test_the_roster_is_oldest_first_with_seats_from_one(tenant: Tenant) -> None:
    yoga = occurrence(tenant)
    assert [done(tenant.book(yoga, actor=x), o.Booked).seat for x in ("ann", "ben")] == [1, 2]
    assert [(x.actor, x.seat) for x in tenant.roster(yoga)] == [("ann", 1), ("ben", 2)]
    assert (tenant.seat_of(yoga, "ben"), tenant.seat_of(yoga, "cy")) == (2, 0)
    assert (tenant.is_booked(yoga, "ben"), tenant.is_booked(yoga, "cy")) == (True, False)
    assert (tenant.seats_left(yoga), tenant.booking_count(yoga)) == (1, 2)


def test_the_last_seat_sells_once(tenant: Tenant) -> None:
    yoga = occurrence(tenant, capacity=1)
    assert tenant.book(yoga, actor="ann").ok
    full = done(tenant.book(yoga, actor="ben"), o.Full)
    assert (full.actor, full.bookable, full.capacity, full.left) == ("ben", yoga, 1, 0)
    assert tenant.seats_left(yoga) == 0


def test_an_actor_is_on_a_roster_once(tenant: Tenant) -> None:
    yoga = occurrence(tenant)
    tenant.book(yoga, actor="ann")
    first = done(tenant.book(yoga, actor="ben"), o.Booked)
    again = done(tenant.book(yoga, actor="ben"), o.Already)
    assert (again.seat, again.actor, again.booking_id) == (2, "ben", first.booking_id)
    assert tenant.booking_count(yoga) == 2


def test_already_comes_before_full(tenant: Tenant) -> None:
    yoga = occurrence(tenant, capacity=1)
    tenant.book(yoga, actor="ann")
    assert done(tenant.book(yoga, actor="ann"), o.Already).seat == 1
    assert tenant.book(yoga, actor="ben").code == "full"


def test_cancel_frees_the_seat_once_and_seats_behind_move_up(tenant: Tenant) -> None:
    yoga = occurrence(tenant)
    for actor in ("ann", "ben", "cy"):
        tenant.book(yoga, actor=actor)
    assert tenant.cancel(yoga, actor="ann").ok
    assert tenant.cancel(yoga, actor="ann").code == "not_booked"
    assert (tenant.seats_left(yoga), tenant.seat_of(yoga, "cy")) == (1, 2)
    back = done(tenant.book(yoga, actor="ann"), o.Booked)
    assert back.seat == 3


def test_cancel_by_id_frees_once_too(tenant: Tenant) -> None:
    yoga = occurrence(tenant)
    booking_id = done(tenant.book(yoga, actor="ann"), o.Booked).booking_id
    assert done(tenant.cancel(booking_id), o.Cancelled).version == 2
    assert tenant.cancel(booking_id).code == "not_booked"
    assert tenant.cancel(yoga, actor="nobody").code == "not_booked"
    assert tenant.booking(booking_id).status == "CANCELLED"


def test_the_count_is_of_the_roster_not_of_the_journal(tenant: Tenant) -> None:
    yoga = occurrence(tenant)
    for _ in range(3):
        tenant.book(yoga, actor="ann")
        tenant.cancel(yoga, actor="ann")
    tenant.book(yoga, actor="ben")
    assert tenant.booking_count(yoga) == 1
    assert len(tenant.journal(yoga)) == 8


def test_half_a_party_is_never_seated(tenant: Tenant) -> None:
    yoga = occurrence(tenant, capacity=5)
    assert done(tenant.book(yoga, actor="four", units=4), o.Booked).seat == 1
    full = done(tenant.book(yoga, actor="two", units=2), o.Full)
    assert full.left == 1
    assert done(tenant.book(yoga, actor="one"), o.Booked).seat == 5
    assert (tenant.seat_of(yoga, "four"), tenant.booking_count(yoga)) == (1, 2)
    assert tenant.seats_left(yoga) == 0


def test_a_party_as_large_as_the_house_fits_and_a_larger_one_never_does(tenant: Tenant) -> None:
    yoga = occurrence(tenant, capacity=5)
    assert tenant.book(yoga, actor="six", units=6).code == "full"
    assert tenant.book(yoga, actor="five", units=5).ok


def test_a_long_roster_comes_in_pages(tenant: Tenant) -> None:
    yoga = occurrence(tenant, capacity=50)
    for i in range(7):
        tenant.book(yoga, actor=f"party {i}", units=1 + i % 3)
    whole = tenant.roster(yoga)
    paged, after = [], 0
    while page := tenant.roster(yoga, after_seat=after, limit=2):
        assert len(page) <= 2
        paged += page
        after = page[-1].seat
    assert paged == whole
    assert [x.actor for x in whole] == [f"party {i}" for i in range(7)]
    assert [x.seat for x in whole] == [1, 2, 4, 7, 8, 10, 13]


def test_the_journal_only_grows_and_says_who_asked(conninfo: str, tenant_id: str) -> None:
    with lastseat.open(conninfo, migrate=False) as engine:
        desk = engine.tenant(tenant_id, principal="desk 4")
        yoga = occurrence(desk)
        desk.book(yoga, actor="ann")
        before = desk.journal(yoga)
        desk.cancel(yoga, actor="ann")
        after = desk.journal(yoga)
    assert after[:2] == before
    assert [x.type for x in after] == ["defined", "booked", "cancelled"]
    assert [x.seq for x in after] == [1, 2, 3]
    assert {x.principal for x in after} == {"desk 4"}
    assert "ann" not in repr(after)


def test_the_journal_comes_in_pages(tenant: Tenant) -> None:
    yoga = occurrence(tenant, capacity=9)
    for i in range(5):
        tenant.book(yoga, actor=f"a{i}")
    assert tenant.journal(yoga, after=2, limit=3) == tenant.journal(yoga)[2:5]
    assert tenant.journal("nothing") == []


def test_a_booking_shows_its_claims_and_what_came_with_it(tenant: Tenant) -> None:
    yoga = occurrence(tenant)
    notes = {"shoes": [42, 43], "vegan": True, "name": "Zoë \N{PARTY POPPER}"}
    made = done(tenant.book(yoga, actor="ann", units=2, metadata=notes), o.Booked)
    booking = tenant.booking(made.booking_id)
    assert (booking.actor, booking.status, booking.version) == ("ann", "CONFIRMED", 1)
    assert booking.metadata == notes
    (claimed,) = booking.claims
    assert (claimed.bookable, claimed.units, claimed.live) == (yoga, 2, True)
    assert claimed.during == tenant.bookable(yoga).during
    tenant.cancel(made.booking_id)
    assert [x.live for x in tenant.booking(made.booking_id).claims] == [False]


def test_the_same_definition_again_changes_nothing(tenant: Tenant) -> None:
    occurrence(tenant, capacity=3)
    same = tenant.define_occurrence(
        "yoga", start=tenant.bookable("yoga").during.start,  # type: ignore[union-attr]
        end=tenant.bookable("yoga").during.end, capacity=3, actor_time="allow",  # type: ignore[union-attr]
    )  # fmt: skip
    assert not done(same, o.Defined).created
    assert tenant.define_pool("yoga", capacity=3).code == "already_defined"
    assert len(tenant.journal("yoga")) == 1


def test_a_reserved_booking_is_confirmed_later(tenant: Tenant) -> None:
    yoga = occurrence(tenant)
    made = done(tenant.book(yoga, actor="ann", confirmed=False), o.Booked)
    assert made.status == "RESERVED"
    assert tenant.seat_state(yoga, "ann") == "confirmed"
    assert done(tenant.confirm(made.booking_id), o.Confirmed).version == 2


def test_a_stale_version_is_told_the_current_one(tenant: Tenant) -> None:
    yoga = occurrence(tenant)
    made = done(tenant.book(yoga, actor="ann", confirmed=False), o.Booked)
    tenant.confirm(made.booking_id, version=1)
    stale = done(tenant.cancel(made.booking_id, version=1), o.Conflict)
    assert (stale.rule, stale.actual) == ("version", 2)
    assert tenant.cancel(made.booking_id, version=2).ok


def test_an_override_seats_beyond_capacity_and_is_marked(tenant: Tenant) -> None:
    yoga = occurrence(tenant, capacity=1)
    tenant.book(yoga, actor="ann")
    assert tenant.book(yoga, actor="mayor", override=True, reason="the mayor").ok
    seen = tenant.bookable(yoga)
    assert (seen.taken, seen.capacity, seen.overbooked) == (2, 1, 1)
    assert tenant.seats_left(yoga) == 0
    tenant.cancel(yoga, actor="ann")
    assert tenant.bookable(yoga).overbooked == 0


def test_capacity_can_grow_and_not_shrink_below_what_is_taken(tenant: Tenant) -> None:
    yoga = occurrence(tenant, capacity=2)
    for actor in ("ann", "ben"):
        tenant.book(yoga, actor=actor)
    assert done(tenant.change_capacity(yoga, 1), o.BelowTaken).taken == 2
    over = tenant.change_capacity(yoga, 1, override=True, reason="a broken bench")
    assert done(over, o.CapacityChanged).overbooked == 1
    assert tenant.change_capacity(yoga, 3).ok
    assert (tenant.seats_left(yoga), tenant.bookable(yoga).overbooked) == (1, 0)


def test_an_override_that_changes_nothing_is_answered_all_the_same(tenant: Tenant) -> None:
    skis = tenant.define_pool("skis", capacity=2)
    assert skis.ok
    same = tenant.change_capacity("skis", 2, override=True, reason="just to be sure")
    assert done(same, o.CapacityChanged).capacity == 2
    assert len(tenant.journal("skis")) == 1


@pytest.mark.parametrize("read", ["roster", "seats_left", "booking_count", "observe"])
def test_what_is_no_occurrence_has_no_roster(tenant: Tenant, read: str) -> None:
    tenant.define_resource("lane")
    for name in ("lane", "nothing"):
        with pytest.raises(lastseat.NotFound, match=name):
            getattr(tenant, read)(name)
