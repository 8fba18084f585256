"""What is on, in one order: occurrences, bookings and blocks, none missed and none twice."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import lastseat
from lastseat import Claim, Override, RecurringBlock, Rules
from lastseat.views.page import Page
from lastseat.views.times import AgendaItem

DAY = datetime(2031, 3, 4, tzinfo=UTC)  # a Tuesday
HOUR = timedelta(hours=1)


def at(hour: float) -> datetime:
    return DAY + hour * HOUR


def agenda(
    tenant: lastseat.Tenant, start: float = 0, end: float = 24, **more: Any
) -> Page[AgendaItem]:
    return tenant.agenda(start=at(start), end=at(end), **more)


def shown(tenant: lastseat.Tenant, *window: float, **more: Any) -> list[tuple[float, str, str]]:
    return [
        ((x.start - DAY) / HOUR, x.kind, x.bookable) for x in agenda(tenant, *window, **more).items
    ]


@pytest.fixture
def venue(tenant: lastseat.Tenant) -> lastseat.Tenant:
    """Yoga each evening, a concert, two lanes and skis, mopping at noon; Ann and Ben book some."""
    for name in ("hall", "hut"):
        tenant.catalogue.create_location(name, name=name.title(), time_zone="Europe/Paris")
    tenant.define_event(
        "yoga",
        start="2031-03-03T19:00",
        rrule="FREQ=DAILY;COUNT=5",
        duration=HOUR,
        time_zone="Europe/Paris",
        capacity=3,
        location="hall",
        name="Yoga for all",
        overrides=[
            Override("2031-03-05T19:00", cancelled=True),
            Override("2031-03-06T19:00", start="2031-03-06T08:00", capacity=5),
        ],
    )
    tenant.define_occurrence("concert", start=at(20), end=at(26), capacity=100, location="hut")
    for name in ("lane 1", "lane 2"):
        tenant.define_resource(name, location="hall", actor_time="allow")
    tenant.define_pool("skis", capacity=9, location="hut", actor_time="allow", name="Skis")
    mop = RecurringBlock("2031-03-01T12:00", 3600, ("FREQ=DAILY",), name="mopping")
    tenant.set_rules("location:hall", Rules(blocks=(mop,)))
    for booked in (
        tenant.book("yoga@2031-03-04T19:00", actor="ann", units=2),
        tenant.book("concert", actor="ben"),
        tenant.book([claim("lane 1", 9, 10), claim("skis", 9, 12, 4)], actor="ann"),
        tenant.book(claim("lane 2", 9, 10, after=1800), actor="ben"),
    ):
        assert booked.ok, booked
    return tenant


def claim(name: str, start: float, end: float, units: int = 1, after: int = 0) -> Claim:
    return Claim(bookable=name, start=at(start), end=at(end), units=units, after=after)


EVERYTHING = [
    (9, "booking", "lane 1"),
    (9, "booking", "lane 2"),
    (9, "booking", "skis"),
    (11, "block", "location:hall"),
    (18, "occurrence", "yoga@2031-03-04T19:00"),
    (20, "occurrence", "concert"),
]


def test_everything_is_in_one_order(venue: lastseat.Tenant) -> None:
    assert shown(venue) == EVERYTHING
    lane, _, skis, mop, yoga, concert = agenda(venue).items
    assert (lane.actor, lane.taken, lane.capacity) == ("ann", 1, 1)
    assert (skis.title, skis.taken, skis.capacity, skis.location) == ("Skis", 4, 9, "hut")
    assert (mop.title, mop.end) == ("mopping", at(12))
    assert (yoga.title, yoga.event, yoga.taken, yoga.capacity) == ("Yoga for all", "yoga", 2, 3)
    assert (concert.taken, concert.capacity, concert.event) == (1, 100, None)


def test_what_began_before_the_window_and_is_still_on_counts(venue: lastseat.Tenant) -> None:
    assert shown(venue, 9.5, 9.6) == EVERYTHING[:3]
    # Buffers are not shown: lane 2 is taken until half past ten.
    assert shown(venue, 10, 10.5) == [(9, "booking", "skis")]
    assert shown(venue, 18.5, 20) == [EVERYTHING[4]]
    assert (20, "occurrence", "concert") in shown(venue, 25.9, 26)
    assert shown(venue, 26, 27) == []


def test_occurrences_differ_as_their_event_says(venue: lastseat.Tenant) -> None:
    found = agenda(venue, 0, 96, event="yoga").items
    assert [(x.bookable[-16:], x.start, x.cancelled, x.capacity) for x in found] == [
        ("2031-03-04T19:00", at(18), False, 3),
        ("2031-03-05T19:00", at(42), True, 3),
        ("2031-03-06T19:00", at(55), False, 5),
        ("2031-03-07T19:00", at(90), False, 3),
    ]
    venue.book("yoga@2031-03-06T19:00", actor="cyd", units=5)
    (moved,) = agenda(venue, 50, 60, event="yoga").items
    assert (moved.taken, moved.capacity, moved.start) == (5, 5, at(55))


def test_of_a_location_a_resource_an_actor(venue: lastseat.Tenant) -> None:
    assert shown(venue, location="hall") == [EVERYTHING[i] for i in (0, 1, 3, 4)]
    assert shown(venue, location="hut") == [EVERYTHING[i] for i in (2, 5)]
    assert shown(venue, resource="lane 2") == [EVERYTHING[i] for i in (1, 3)]
    assert shown(venue, actor="ann") == [
        (9, "booking", "lane 1"),
        (9, "booking", "skis"),
        (18, "booking", "yoga@2031-03-04T19:00"),
    ]
    assert [x.title for x in agenda(venue, actor="ann").items][2] == "Yoga for all"
    assert shown(venue, actor="ann", event="yoga") == [(18, "booking", "yoga@2031-03-04T19:00")]
    assert shown(venue, actor="ben") == [(9, "booking", "lane 2"), (20, "booking", "concert")]
    for nothing in ({"actor": "cyd"}, {"location": "moon"}, {"resource": "x"}, {"event": "x"}):
        assert shown(venue, **nothing) == []


def test_a_cancelled_booking_is_not_on(venue: lastseat.Tenant) -> None:
    assert venue.cancel("concert", actor="ben").ok
    assert shown(venue, actor="ben") == [(9, "booking", "lane 2")]
    assert agenda(venue, 19).items[-1].taken == 0


@pytest.mark.parametrize("limit", [1, 2, 4])
def test_pages_go_on_where_the_one_before_ended(limit: int, venue: lastseat.Tenant) -> None:
    whole = agenda(venue, -24, 24 * 100).items
    found: list[AgendaItem] = []
    cursor = None
    for _ in range(len(whole) + 1):
        page = agenda(venue, -24, 24 * 100, limit=limit, cursor=cursor)
        assert len(page.items) <= limit
        found += page.items
        cursor = page.next
        if cursor is None:
            break
    assert found == whole
    assert len(whole) > 100
    assert whole == sorted(whole, key=lambda x: x.start)


def test_a_long_window_is_the_sum_of_its_parts(venue: lastseat.Tenant) -> None:
    days = [x for day in range(-2, 80) for x in shown(venue, 24 * day, 24 * day + 24)]
    # The concert is on over midnight, so on two days.
    assert days.count((20, "occurrence", "concert")) == 2
    days.remove((20, "occurrence", "concert"))
    assert shown(venue, -48, 24 * 80) == sorted(days)


@pytest.mark.parametrize("cursor", ["x", "bm90IGpzb24", "WyIyMDMxLTAxLTAxVDAwOjAwOjAwIl0", "é"])
def test_a_cursor_that_no_agenda_gave_is_refused(cursor: str, tenant: lastseat.Tenant) -> None:
    with pytest.raises(ValueError, match="cursor"):
        agenda(tenant, cursor=cursor)


def test_an_agenda_of_a_century_is_refused(tenant: lastseat.Tenant) -> None:
    with pytest.raises(ValueError, match="400 days"):
        agenda(tenant, 0, 24 * 401)


@pytest.mark.parametrize("name", ["a\0b", "\ud800"])
@pytest.mark.parametrize("of", ["location", "resource", "actor", "event"])
def test_of_what_can_have_no_such_name_nothing_is_on(
    of: str, name: str, venue: lastseat.Tenant
) -> None:
    assert shown(venue, -48, 96, **{of: name}) == []
