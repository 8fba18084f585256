"""Events and their occurrences: opened by the first booking, wall-clock times, capacities (B3)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.library.conftest import Clocked
from tests.library.venue import done

import lastseat
from lastseat import Interval, Kind, Override, Tenant
from lastseat import outcomes as o

MONDAYS = ["2027-03-01T18:00", "2027-03-08T18:00", "2027-03-15T18:00"]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def event(
    tenant: Tenant,
    starts: list[str] = MONDAYS,
    *,
    zone: str = "Europe/Paris",
    minutes: int = 60,
    capacity: int = 2,
) -> None:
    outcome = tenant.define_event(
        "yoga",
        starts=starts,
        duration=timedelta(minutes=minutes),
        time_zone=zone,
        capacity=capacity,
        actor_time="allow",
    )
    assert outcome.ok, outcome


def test_the_first_booking_opens_an_occurrence(tenant: Tenant) -> None:
    event(tenant)
    monday = f"yoga@{MONDAYS[0]}"
    assert done(tenant.book(monday, actor="ann"), o.Booked).seat == 1
    seen = tenant.bookable(monday)
    assert (seen.kind, seen.event_id, seen.capacity) == (Kind.OCCURRENCE, "yoga", 2)
    assert seen.during == Interval(utc("2027-03-01T17:00"), utc("2027-03-01T18:00"))
    assert [x.type for x in tenant.journal(monday)] == ["defined", "booked"]


def test_occurrences_are_booked_apart(tenant: Tenant) -> None:
    event(tenant, capacity=1)
    first, second = (f"yoga@{start}" for start in MONDAYS[:2])
    assert tenant.book(first, actor="ann").ok
    assert tenant.book(first, actor="ben").code == "full"
    assert tenant.book([second], actor="ann").ok
    assert tenant.book([f"yoga@{MONDAYS[2]}", second], actor="ben").code == "full"


@pytest.mark.parametrize(
    "name",
    ["yoga@2027-03-02T18:00", "yoga@2027-03-01T18:00:00", "yoga@monday", "yoga@", "yoga"],
)
def test_what_is_not_among_the_starts_is_unknown(tenant: Tenant, name: str) -> None:
    event(tenant)
    assert done(tenant.book(name, actor="ann"), o.UnknownBookable).bookable == name
    with pytest.raises(lastseat.NotFound):
        tenant.seats_left(name)


@pytest.mark.parametrize(
    ("start", "begins"),
    [
        ("2026-03-28T18:00", "2026-03-28T17:00"),
        ("2026-03-29T01:30", "2026-03-29T00:30"),
        # Skipped that night: read with the offset from before, an hour later by the wall.
        ("2026-03-29T02:30", "2026-03-29T01:30"),
        ("2026-03-29T18:00", "2026-03-29T16:00"),
        ("2026-10-24T18:00", "2026-10-24T16:00"),
        # Comes twice that night: the first of them.
        ("2026-10-25T02:30", "2026-10-25T00:30"),
        ("2026-10-25T18:00", "2026-10-25T17:00"),
    ],
)
def test_six_in_the_evening_stays_six_in_the_evening(
    clocked: Clocked, start: str, begins: str
) -> None:
    clocked.it_is(utc("2026-01-01T00:00"))
    event(clocked.tenant, [start])
    assert clocked.tenant.book(f"yoga@{start}", actor="ann").ok
    during = clocked.tenant.bookable(f"yoga@{start}").during
    assert during == Interval(utc(begins), utc(begins) + timedelta(hours=1))


def test_a_night_shift_over_the_change_lasts_as_long_as_any(tenant: Tenant) -> None:
    event(tenant, ["2026-03-28T22:00"], minutes=8 * 60)
    tenant.book("yoga@2026-03-28T22:00", actor="ann")
    during = tenant.bookable("yoga@2026-03-28T22:00").during
    assert during == Interval(utc("2026-03-28T21:00"), utc("2026-03-29T05:00"))


def test_an_edit_of_the_event_reaches_its_occurrences_and_those_to_come(tenant: Tenant) -> None:
    event(tenant, capacity=1)
    first, second = (f"yoga@{start}" for start in MONDAYS[:2])
    tenant.book(first, actor="ann")
    assert tenant.change_capacity("yoga", 3).ok
    assert (tenant.bookable(first).capacity, tenant.seats_left(first)) == (3, 2)
    tenant.book(second, actor="ann")
    assert tenant.seats_left(second) == 2
    assert tenant.bookable("yoga").capacity == 3


def test_an_occurrence_with_a_capacity_of_its_own_keeps_it(tenant: Tenant) -> None:
    event(tenant, capacity=2)
    first, second = (f"yoga@{start}" for start in MONDAYS[:2])
    assert tenant.change_capacity(first, 10).ok
    tenant.book(second, actor="ann")
    assert tenant.change_capacity("yoga", 5).ok
    assert [tenant.bookable(x).capacity for x in (first, second)] == [10, 5]


def test_an_edit_below_what_one_occurrence_has_taken_changes_none(tenant: Tenant) -> None:
    event(tenant, capacity=3)
    first, second = (f"yoga@{start}" for start in MONDAYS[:2])
    tenant.book(first, actor="two", units=2)
    tenant.book(second, actor="one")
    below = done(tenant.change_capacity("yoga", 1), o.BelowTaken)
    assert (below.bookable, below.taken) == (first, 2)
    assert {tenant.bookable(x).capacity for x in ("yoga", first, second)} == {3}
    over = tenant.change_capacity("yoga", 1, override=True, reason="half the room is wet")
    assert done(over, o.CapacityChanged).overbooked == 1
    assert tenant.bookable(first).overbooked == 1


def test_what_is_over_keeps_the_capacity_it_had(clocked: Clocked) -> None:
    clocked.it_is(utc("2027-02-01T00:00"))
    event(clocked.tenant, capacity=2)
    first, second = (f"yoga@{start}" for start in MONDAYS[:2])
    for name in (first, second):
        clocked.tenant.book(name, actor="ann")
    clocked.it_is(utc("2027-03-01T18:00"))
    assert clocked.tenant.change_capacity("yoga", 1).ok
    assert [clocked.tenant.bookable(x).capacity for x in (first, second)] == [2, 1]


def test_the_same_event_again_changes_nothing_and_another_is_refused(tenant: Tenant) -> None:
    event(tenant)
    event(tenant)
    assert len(tenant.journal("yoga")) == 1
    other = tenant.define_event(
        "yoga", starts=MONDAYS[:2], duration=3600, time_zone="Europe/Paris", capacity=2,
        actor_time="allow",
    )  # fmt: skip
    assert done(other, o.AlreadyDefined).field == "starts"


def test_datetimes_are_taken_by_the_wall(tenant: Tenant) -> None:
    outcome = tenant.define_event(
        "yoga",
        starts=[datetime(2027, 3, 1, 18, 0), datetime(2027, 3, 8, 18, 0)],  # noqa: DTZ001 - local
        duration=3600,
        time_zone="America/New_York",
        capacity=1,
    )
    assert outcome.ok
    tenant.book("yoga@2027-03-01T18:00", actor="ann")
    during = tenant.bookable("yoga@2027-03-01T18:00").during
    assert during == Interval(utc("2027-03-01T23:00"), utc("2027-03-02T00:00"))


def weekly(tenant: Tenant, **more: Any) -> o.AnyOutcome:
    """Mondays at six in Paris, for ever."""
    given: dict[str, Any] = {"start": "2027-03-01T18:00", "rrule": "FREQ=WEEKLY", "duration": 3600}
    given |= {"time_zone": "Europe/Paris", "capacity": 2, "actor_time": "allow"}
    return tenant.define_event("yoga", **given | more)


def test_a_rule_has_occurrences_without_end(tenant: Tenant) -> None:
    assert weekly(tenant).ok
    far = "yoga@2039-10-31T18:00"
    assert done(tenant.book(far, actor="ann"), o.Booked).seat == 1
    assert tenant.bookable(far).during == Interval(utc("2039-10-31T17:00"), utc("2039-10-31T18:00"))
    assert tenant.book("yoga@2039-11-01T18:00", actor="ann").code == "unknown_bookable"
    assert weekly(tenant) == o.Defined(bookable="yoga", created=False)
    assert done(weekly(tenant, rrule="FREQ=DAILY"), o.AlreadyDefined).field == "schedule"


def test_dates_are_added_and_taken_away(tenant: Tenant) -> None:
    assert weekly(tenant, rdate=["2027-03-02T20:00"], exdate=["2027-03-08T18:00"]).ok
    assert tenant.book("yoga@2027-03-02T20:00", actor="ann").ok
    assert tenant.book("yoga@2027-03-08T18:00", actor="ann").code == "unknown_bookable"


def test_single_occurrences_differ_from_their_event(tenant: Tenant) -> None:
    moved = Override("2027-03-08T18:00", start="2027-03-09T20:00", seconds=1800)
    small = Override("2027-03-15T18:00", capacity=1)
    off = Override("2027-03-22T18:00", cancelled=True)
    assert weekly(tenant, overrides=[moved, small, off]).ok
    first, second, third = (f"yoga@{x.at}" for x in (moved, small, off))
    assert tenant.book(first, actor="ann").ok
    at = Interval(utc("2027-03-09T19:00"), utc("2027-03-09T19:30"))
    assert tenant.bookable(first).during == at
    assert tenant.book(second, actor="ann").ok
    assert tenant.book(second, actor="ben").code == "full"
    refused = done(tenant.book(third, actor="ann"), o.NotBookable)
    assert (refused.rule, refused.owner) == ("called_off", third)
    assert tenant.seats_left(third) == 0


def test_an_occurrence_of_its_own_capacity_keeps_it_when_the_events_changes(tenant: Tenant) -> None:
    assert weekly(tenant, overrides=[Override("2027-03-08T18:00", capacity=1)]).ok
    own, other = "yoga@2027-03-08T18:00", "yoga@2027-03-15T18:00"
    assert tenant.change_capacity(other, 7).ok
    for name in (own, "yoga@2027-03-01T18:00"):
        assert tenant.book(name, actor="ann").ok
    assert tenant.change_capacity("yoga", 5).ok
    seen = [tenant.bookable(x).capacity for x in (own, other, "yoga@2027-03-01T18:00")]
    assert seen == [1, 7, 5]


def test_what_nobody_has_asked_for_yet_is_looked_at_all_the_same(tenant: Tenant) -> None:
    off = Override("2027-03-15T18:00", cancelled=True)
    assert weekly(tenant, overrides=[off, Override("2027-03-08T18:00", capacity=9)]).ok
    first = f"yoga@{MONDAYS[0]}"
    seen = tenant.bookable(first)
    assert (seen.kind, seen.event_id, seen.seq, seen.capacity) == (Kind.OCCURRENCE, "yoga", 0, 2)
    assert seen.during == Interval(utc("2027-03-01T17:00"), utc("2027-03-01T18:00"))
    assert [tenant.seats_left(f"yoga@{x}") for x in MONDAYS] == [2, 9, 0]
    assert tenant.bookable(f"yoga@{off.at}").called_off
    assert (tenant.roster(first), tenant.booking_count(first)) == ([], 0)
    assert not tenant.is_booked(first, "ann")
    assert (tenant.seat_of(first, "ann"), tenant.seat_state(first, "ann")) == (0, "none")
    assert tenant.journal(first) == [], "nobody has opened it by looking"
    for name in ("yoga@2027-03-02T18:00", "gym@2027-03-01T18:00", "yoga@soon"):
        with pytest.raises(lastseat.NotFound):
            tenant.seats_left(name)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"rrule": "FREQ=SOMETIMES"}, "rrule[0]"),
        ({"rrule": ["FREQ=WEEKLY", "FREQ=MONTHLY;BYMONTHDAY=2"], "start": "2027-03-03T18:00",
          "exdate": ["tomorrow"]}, "exdate[0]"),
        ({"rrule": "FREQ=WEEKLY;BYDAY=TU"}, "start"),
        ({"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "start": "2027-02-28T18:00"}, "rrule[0]"),
        ({"rrule": "FREQ=MINUTELY"}, "rrule[0]"),
        ({"start": None}, "start"),
        ({"start": "2027-03-01T18:00:30"}, "start"),
        ({"starts": MONDAYS}, "starts"),
        ({"overrides": [Override("2027-03-02T18:00", cancelled=True)]}, "overrides[0].at"),
        ({"overrides": [Override("2027-03-01T18:00", capacity=0)]}, "overrides[0].capacity"),
        ({"duration": 0}, "seconds"),
        ({"rrule": "FREQ=WEEKLY;UNTIL=20270228"}, "rrule[0]"),
        ({"exdate": MONDAYS[:1], "rrule": "FREQ=WEEKLY;COUNT=1"}, "exdate"),
        ({"rrule": ["FREQ=WEEKLY"] * 11}, "rrule"),
        ({"rdate": [f"{x}-01-01T00:00" for x in range(1970, 2200)] * 30}, "rdate"),
    ],
)  # fmt: skip
def test_a_rule_that_makes_no_sense_is_refused_by_field(
    tenant: Tenant, more: dict[str, Any], field: str
) -> None:
    refused = done(weekly(tenant, **more), o.Invalid)
    assert refused.field == field, refused
    assert len(refused.reason) < 200
