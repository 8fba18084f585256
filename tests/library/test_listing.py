"""Lists of bookings and bookables: newest first, page by page, and every filter (C1)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.library.conftest import Clocked
from tests.library.venue import T0, at, claim, done, occurrence, pool, resource

from lastseat import Claim, Kind, Status, Tenant
from lastseat import outcomes as o
from lastseat.reads import listing


def book(tenant: Tenant, claims: Any, actor: str, **options: Any) -> str:
    """The id of a new booking."""
    return done(tenant.book(claims, actor=actor, **options), o.Booked).booking_id


def ids(tenant: Tenant, **filters: Any) -> list[str]:
    """The bookings on the first page, which has to be the last."""
    page = tenant.bookings(**filters)
    assert page.next is None
    return [x.booking_id for x in page.items]


def test_bookings_are_listed_newest_first_as_they_are_read_one_by_one(tenant: Tenant) -> None:
    yoga = occurrence(tenant)
    lane = resource(tenant)
    first = book(tenant, yoga, "ann", metadata={"diet": "vegan"})
    second = done(tenant.hold([claim(lane, 0, 60), Claim(bookable=yoga)], actor="ben"), o.Held)
    assert ids(tenant) == [second.booking_id, first]
    assert [
        tenant.booking(x.booking_id) for x in tenant.bookings().items
    ] == tenant.bookings().items


def test_a_page_begins_where_the_one_before_ended(tenant: Tenant) -> None:
    yoga = occurrence(tenant, capacity=50)
    made = [book(tenant, yoga, f"guest {n}") for n in range(7)]
    seen: list[str] = []
    after = None
    for expected in (3, 3, 1):
        page = tenant.bookings(after=after, limit=3, bookable=yoga)
        assert len(page.items) == expected
        seen += [x.booking_id for x in page.items]
        after = page.next
        book(tenant, yoga, f"guest after {seen[-1]}")  # newer than all pages: on none of them
    assert after is None
    assert seen == sorted(made, reverse=True)


def test_a_page_that_holds_exactly_the_rest_is_the_last(tenant: Tenant) -> None:
    yoga = occurrence(tenant)
    for actor in ("ann", "ben"):
        book(tenant, yoga, actor)
    assert tenant.bookings(limit=2).next is None
    assert tenant.bookings(limit=1).next is not None


def test_a_walk_that_finds_little_gives_short_pages_and_misses_nothing(
    tenant: Tenant, place: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "SCANNED", 5)
    monkeypatch.setattr(listing, "ROUNDS", 2)
    for hall in ("far", "near"):
        assert tenant.define_resource(hall, location=place(hall), actor_time="allow").ok
    far = [book(tenant, claim("far", n * 60, n * 60 + 60), "ann") for n in range(7)]
    for n in range(14):
        book(tenant, claim("near", n * 60, n * 60 + 60), "ann")
    pages: list[list[str]] = []
    after = None
    while not pages or after is not None:
        page = tenant.bookings(location="far", after=after, limit=3)
        pages.append([x.booking_id for x in page.items])
        after = page.next
    assert pages[0] == [], "fourteen that are elsewhere come first, and a page looks at ten"
    assert [x for page in pages for x in page] == sorted(far, reverse=True)
    assert max(len(page) for page in pages) == 3


def test_each_filter_alone_and_all_together(tenant: Tenant, place: Callable[[str], str]) -> None:
    assert tenant.define_occurrence(
        "yoga", start=at(0), end=at(60), capacity=9, location=place("hall"), actor_time="allow"
    ).ok
    assert tenant.define_resource("lane", location=place("alley"), actor_time="allow").ok
    skis = pool(tenant)
    ann = book(tenant, "yoga", "ann")
    ben = book(tenant, claim("lane", 60, 120), "ben")
    both = book(tenant, [Claim(bookable="yoga"), claim("lane", 300, 360)], "ben")
    held = done(tenant.hold(claim(skis, 30, 90), actor="ann"), o.Held).booking_id

    assert ids(tenant, actor="ann") == [held, ann]
    assert ids(tenant, actor="nobody") == []
    assert ids(tenant, bookable="yoga") == [both, ann]
    assert ids(tenant, bookable="lane") == [both, ben]
    assert ids(tenant, bookable="nothing") == []
    assert ids(tenant, location="hall") == [both, ann]
    assert ids(tenant, location="alley") == [both, ben]
    assert ids(tenant, status="HELD") == [held]
    assert ids(tenant, status=[Status.HELD, Status.CONFIRMED]) == [held, both, ben, ann]
    assert ids(tenant, starts_from=at(60)) == [held, both, ben]
    assert ids(tenant, starts_to=at(60)) == [held, both, ann]
    assert ids(tenant, starts_from=at(60), starts_to=at(300)) == [held, ben]
    assert ids(tenant, location="alley", starts_from=at(0), starts_to=at(300)) == [ben]
    assert ids(tenant, bookable="lane", starts_from=at(300)) == [both]
    assert ids(tenant, actor="ben", bookable="yoga", location="hall", status="CONFIRMED") == [both]
    assert ids(tenant, actor="ann", bookable="lane") == []


def test_the_time_and_the_place_asked_for_are_of_one_claim(tenant: Tenant) -> None:
    lane, room = resource(tenant), resource(tenant, "room")
    mine = book(tenant, [claim(lane, 0, 60), claim(room, 120, 180)], "ann")
    assert ids(tenant, bookable=lane, starts_from=at(0), starts_to=at(60)) == [mine]
    assert ids(tenant, bookable=lane, starts_from=at(120), starts_to=at(180)) == []
    assert ids(tenant, actor="ann", bookable=lane, starts_from=at(120)) == []


def test_buffers_are_not_the_time_of_a_claim(tenant: Tenant) -> None:
    lane = resource(tenant)
    book(tenant, claim(lane, 60, 120, before=1800, after=1800), "ann")
    assert ids(tenant, bookable=lane, starts_from=at(30), starts_to=at(60)) == []
    assert ids(tenant, starts_from=at(120), starts_to=at(150)) == []


def test_a_cancelled_booking_is_listed_under_what_it_had(tenant: Tenant) -> None:
    yoga, lane = occurrence(tenant), resource(tenant)
    seat, hour = book(tenant, yoga, "ann"), book(tenant, claim(lane, 0, 60), "ben")
    for booking in (seat, hour):
        assert tenant.cancel(booking).ok
    assert ids(tenant, bookable=yoga) == ids(tenant, bookable=yoga, starts_to=at(60)) == [seat]
    assert ids(tenant, bookable=lane) == ids(tenant, bookable=lane, starts_from=at(59)) == [hour]
    assert ids(tenant, bookable=lane, starts_from=at(60)) == []
    assert ids(tenant, status="CANCELLED") == [hour, seat]
    assert ids(tenant, starts_from=at(0), status="CANCELLED") == [hour, seat]


def test_a_moved_booking_is_listed_where_it_is(tenant: Tenant) -> None:
    lane, room = resource(tenant), resource(tenant, "room")
    mine = book(tenant, claim(lane, 0, 60), "ann")
    assert tenant.move(mine, claim(room, 0, 60)).ok
    assert ids(tenant, bookable=lane) == []
    assert ids(tenant, bookable=room) == [mine]


def test_an_overdue_hold_shows_as_expired_and_is_found_as_that(clocked: Clocked) -> None:
    tenant = clocked.tenant
    clocked.it_is(T0)
    yoga = occurrence(tenant, start=600, end=660)
    held = done(tenant.hold(yoga, actor="ann", seconds=60), o.Held).booking_id
    filters: tuple[dict[str, Any], ...] = ({}, {"actor": "ann"}, {"bookable": yoga})
    for more in filters:
        assert ids(tenant, status="HELD", **more) == [held]
        assert ids(tenant, status="EXPIRED", **more) == []
    clocked.it_is(T0 + timedelta(seconds=60))
    assert tenant.bookings().items[0].status is Status.EXPIRED
    for more in filters:
        assert ids(tenant, status="HELD", **more) == []
        assert ids(tenant, status="EXPIRED", **more) == [held]
    assert tenant.expire() == 1
    for more in filters:
        assert ids(tenant, status="EXPIRED", **more) == [held]


def test_another_tenants_bookings_are_on_no_list(face: Any, tenant_id: str) -> None:
    mine, theirs = face(tenant_id), face(f"{tenant_id}-other")
    book(theirs, occurrence(theirs), "ann")
    occurrence(mine)
    assert ids(mine) == ids(mine, actor="ann") == ids(mine, bookable="yoga") == []
    assert ids(mine, starts_from=at(0)) == ids(mine, status="CONFIRMED") == []


def test_bookables_are_listed_by_id_kind_and_location(
    tenant: Tenant, place: Callable[[str], str]
) -> None:
    place("hall")
    assert tenant.define_occurrence("b", start=at(0), end=at(60), capacity=9, location="hall").ok
    assert tenant.define_resource("c", location="hall").ok
    assert tenant.define_pool("a", capacity=3).ok
    book(tenant, "b", "ann", units=2)

    def names(**filters: Any) -> list[str]:
        page = tenant.bookables(**filters)
        assert page.next is None
        return [x.bookable for x in page.items]

    assert names() == ["a", "b", "c"]
    assert names(kind="resource") == ["c"]
    assert names(kind=[Kind.RESOURCE, Kind.POOL]) == ["a", "c"]
    assert names(location="hall") == ["b", "c"]
    assert names(location="hall", kind="occurrence") == ["b"]
    assert names(location="cellar") == []
    assert [tenant.bookable(x.bookable) for x in tenant.bookables().items] == list(
        tenant.bookables().items
    )
    page = tenant.bookables(limit=2)
    assert page.next == "b"
    assert names(after=page.next, limit=2) == ["c"]


def test_bad_input_is_told(tenant: Tenant) -> None:
    naive = datetime(2027, 1, 1)  # noqa: DTZ001 - that is the point
    for filters in (
        {"limit": 0},
        {"limit": 1_001},
        {"after": "yesterday"},
        {"status": "SOMEWHAT"},
        {"starts_from": naive},
        {"starts_from": at(60), "starts_to": at(60)},
    ):
        with pytest.raises(ValueError, match=r".+"):
            tenant.bookings(**filters)
    for of_bookables in ({"kind": "actor"}, {"kind": "planet"}, {"limit": 0}):
        with pytest.raises(ValueError, match=r".+"):
            tenant.bookables(**of_bookables)


def test_what_no_column_can_hold_finds_nothing(tenant: Tenant) -> None:
    book(tenant, occurrence(tenant), "ann")
    for odd in ("\0", "\ud800"):
        assert (
            ids(tenant, actor=odd) == ids(tenant, bookable=odd) == ids(tenant, location=odd) == []
        )
        assert tenant.bookables(after=odd).items == []
