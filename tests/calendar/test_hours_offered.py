"""What is offered can be booked, and what can be booked is offered, whatever the rules."""

from datetime import date, timedelta
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.calendar.hours import DAYS, chain, daily, utc, week

from lastseat.calendar.broken import Chain, Ruled, bookable_starts, broken
from lastseat.calendar.free import Extent
from lastseat.calendar.ranges import micros, moment
from lastseat.calendar.starts import Grid, StartRanges, grid_points
from lastseat.calendar.zones import zone
from lastseat.core.commands import Claim
from lastseat.core.interval import Interval
from lastseat.core.outcomes import NotBookable
from lastseat.core.rules import Hours, RecurringBlock, Rules, Season, Span, SpecialDay

# Weeks in which the clocks are changed somewhere, and one in which they are not.
WEEKS = [
    ("Europe/Paris", "2027-03-26T00:00"),
    ("Europe/Paris", "2027-10-29T00:00"),
    ("America/New_York", "2027-03-12T00:00"),
    ("America/New_York", "2027-11-05T00:00"),
    ("Australia/Lord_Howe", "2027-04-02T00:00"),
    ("Australia/Lord_Howe", "2027-10-01T00:00"),
    ("Africa/Casablanca", "2025-02-21T00:00"),
    ("Africa/Casablanca", "2025-04-04T00:00"),
    ("America/Santiago", "2027-04-02T00:00"),
    ("Asia/Beirut", "2027-03-26T00:00"),
    ("America/St_Johns", "2010-11-05T00:00"),
    ("Pacific/Apia", "2011-12-28T00:00"),
    ("UTC", "2027-05-07T00:00"),
]
HALF_HOURS = [f"{half // 2:02}:{half % 2 * 30:02}" for half in range(48)]
LENGTHS = [1800, 3600, 5400, 4 * 3600]

times = st.sampled_from(HALF_HOURS)
spans = st.lists(st.builds(Span, times, times | st.just("24:00")), max_size=3).map(tuple)
weeks = st.dictionaries(st.sampled_from(DAYS), spans, min_size=3)


@st.composite
def rules(draw: st.DrawFn, about: str) -> Rules:
    """Rules for the days about a date: each kind in about half of them."""
    first = date.fromisoformat(about[:10])
    days = st.integers(-1, 4).map(lambda n: f"{first + timedelta(days=n)}")
    hours = st.builds(
        Hours,
        weeks,
        st.lists(
            st.builds(Season, st.just("02-20"), days.map(lambda day: day[5:]), weeks), max_size=1
        ).map(tuple),
        st.lists(st.builds(SpecialDay, days, spans=spans), max_size=2).map(tuple),
    )
    often = st.sampled_from([(), ("FREQ=DAILY",), ("FREQ=WEEKLY;BYDAY=SA,SU",)])
    starts = st.builds(lambda day, at: f"{day}T{at}", days, times)
    block = st.builds(RecurringBlock, starts, st.sampled_from(LENGTHS), often)
    return Rules(
        hours=draw(st.none() | hours),
        blocks=tuple(draw(st.lists(block, max_size=2))),
        lead_seconds=draw(st.sampled_from([0, 0, 3600, 86_400])),
        horizon_seconds=draw(st.sampled_from([None, None, 86_400 * 2, 86_400 * 4])),
        grid_seconds=draw(st.sampled_from([None, 900, 1800, 3600, 7 * 3600])),
        min_seconds=draw(st.sampled_from([None, None, 3600])),
        max_seconds=draw(st.sampled_from([None, None, 7200])),
    )


def ask(rules: Chain, start: int, extent: Extent, now: str) -> NotBookable | None:
    begins = moment(start)
    ends = begins + timedelta(seconds=extent.duration)
    claim = Claim(bookable="lane", start=begins, end=ends, before=extent.before, after=extent.after)
    assert claim.during is not None
    assert claim.blocked is not None
    return broken(rules, "lane", "ann", claim.during, claim.blocked, utc(now))


def points_of(offered: StartRanges) -> list[int]:
    """The starts offered, one by one."""
    return [at for first, end in offered.ranges for at in grid_points(offered.grids, first, end)]


def test_a_start_is_offered_exactly_if_it_is_bookable() -> None:
    refused: list[str | None] = []

    @settings(max_examples=110, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def attempts(data: st.DataObject) -> None:
        name, now = data.draw(st.sampled_from(WEEKS))
        both = [Ruled("lane", data.draw(rules(now)), name)]
        if data.draw(st.booleans()):
            both.append(Ruled("location:hall", data.draw(rules(now)), "Europe/Paris"))
        extent = Extent(
            data.draw(st.sampled_from(LENGTHS)),
            data.draw(st.sampled_from([0, 0, 900])),
            data.draw(st.sampled_from([0, 0, 900])),
        )
        window = Interval(utc(now), utc(now) + timedelta(days=4))
        offered = bookable_starts(both, window, extent, utc(now))
        # Every half hour and some others, and where what is offered begins and ends.
        edges = [
            at for first, end in offered.ranges[:12] for at in (first - 1, first, end - 1, end)
        ]
        every = range(micros(window.start), micros(window.end), 1800 * 1_000_000)
        some = [
            micros(window.start) + data.draw(st.integers(0, 96 * 4 - 1)) * 900_000_000
            for _ in range(4)
        ]
        for at in (*edges, *every, *some):
            if micros(window.start) <= at < micros(window.end):
                refusal = ask(both, at, extent, now)
                assert offered.has(moment(at)) == (refusal is None), (moment(at), refusal)
                refused.append(None if refusal is None else refusal.rule)
        if offered.grids:
            points = points_of(offered)
            assert points == sorted(set(points))
            assert all(ask(both, at, extent, now) is None for at in points[::7])
            assert {at for at in every if offered.has(moment(at))} <= set(points)

    attempts()
    kinds = {"lead_time", "horizon", "min_duration", "max_duration", "grid", "hours", "block"}
    assert kinds <= set(refused)
    assert len(refused) - refused.count(None) >= 0.3 * len(refused)
    assert refused.count(None) >= 0.05 * len(refused)


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(WEEKS),
    st.lists(st.sampled_from([300, 900, 3600, 7 * 3600, 50 * 60, 86_400]), min_size=1, max_size=2),
    st.integers(0, 86_400),
    st.integers(0, 3 * 86_400),
)
def test_the_points_of_grids_are_the_times_that_are_on_them(
    about: tuple[str, str], seconds: list[int], skipped: int, length: int
) -> None:
    name, begins = about
    grids = tuple(dict.fromkeys(Grid(name, each) for each in seconds))
    first = micros(utc(begins) + timedelta(days=1)) + skipped * 1_000_000
    end = first + length * 1_000_000
    points = list(grid_points(grids, first, end))
    five = 300 * 1_000_000
    # All offsets and steps are multiples of five minutes.
    expected = [
        at
        for at in range(-(-first // five) * five, end, five)
        if all(on_grid(at, grid) for grid in grids)
    ]
    assert points == expected
    assert all(grid.has(moment(at)) for grid, at in product(grids, points[:20]))


@pytest.mark.parametrize(("name", "begins"), WEEKS)
@pytest.mark.parametrize("seconds", [900, 7 * 3600])
def test_a_narrow_window_has_the_points_that_a_wide_one_has(
    name: str, begins: str, seconds: int
) -> None:
    grid = Grid(name, seconds)
    hour = 3600 * 1_000_000
    start = micros(utc(begins)) + 36 * hour
    narrow = [
        at
        for first in range(start, start + 36 * hour, hour)
        for at in grid_points((grid,), first, first + hour)
    ]
    assert narrow == list(grid_points((grid,), start, start + 36 * hour))


def on_grid(at: int, grid: Grid) -> bool:
    wall = moment(at).astimezone(zone(grid.zone))
    return (wall.hour * 3600 + wall.minute * 60 + wall.second) % grid.seconds == 0


def test_a_usual_grid_over_a_change_of_the_clocks_is_a_range() -> None:
    first, end = micros(utc("2027-03-01T00:00")), micros(utc("2027-04-01T00:00"))
    quarters = grid_points((Grid("Europe/Paris", 900),), first, end)
    assert isinstance(quarters, range)
    assert len(quarters) == 31 * 96
    assert list(grid_points((Grid("Europe/Paris", 3600),), first, first)) == []


def test_equal_rules_are_worked_out_once() -> None:
    def same(owner: str) -> list[Ruled]:
        return chain(Rules(hours=daily("09:00-17:00"), grid_seconds=900), "Europe/Paris", owner)

    month = Interval(utc("2027-03-01T00:00"), utc("2027-04-01T00:00"))
    one, other = (
        bookable_starts(same(o), month, Extent(3600), utc("2027-03-01T00:00")) for o in "ab"
    )
    assert one is other
    assert len(one.ranges) == 31


def test_both_of_the_hours_that_come_twice_are_offered() -> None:
    night = chain(
        Rules(hours=Hours(weekly=week(SU="00:00-06:00")), grid_seconds=1800), "Europe/Paris"
    )
    window = Interval(utc("2027-10-30T00:00"), utc("2027-11-02T00:00"))
    offered = bookable_starts(night, window, Extent(3600), utc("2027-10-30T00:00"))
    walls = [f"{moment(at).astimezone(zone('Europe/Paris')):%H:%M}" for at in points_of(offered)]
    assert " ".join(walls) == (
        "00:00 00:30 01:00 01:30 02:00 02:30 02:00 02:30 03:00 03:30 04:00 04:30 05:00"
    )


def test_blocks_and_hours_beyond_the_window_count_for_what_begins_in_it() -> None:
    noon_to_one = Interval(utc("2027-05-03T12:00"), utc("2027-05-03T13:00"))
    until_noon = RecurringBlock("2027-05-03T11:00", 3600)
    from_two = RecurringBlock("2027-05-03T14:00", 3600)
    hour = Extent(3600, before=600, after=600)
    blocked = chain(Rules(blocks=(until_noon, from_two)))
    (offered,) = bookable_starts(blocked, noon_to_one, hour, utc("2027-05-01T00:00")).ranges
    assert offered == (micros(utc("2027-05-03T12:10")), micros(utc("2027-05-03T12:50")) + 1)
    shop = chain(Rules(hours=daily("12:00-13:45")))
    (offered,) = bookable_starts(shop, noon_to_one, hour, utc("2027-05-01T00:00")).ranges
    assert offered == (micros(utc("2027-05-03T12:00")), micros(utc("2027-05-03T12:45")) + 1)


def test_no_start_is_offered_where_the_window_is_empty() -> None:
    window = Interval(utc("2027-10-30T00:00"), utc("2027-10-30T00:00"))
    assert bookable_starts([], window, Extent(3600), utc("2027-10-30T00:00")).ranges == ()
    late = Interval(utc("2027-10-30T00:00"), utc("2027-10-31T00:00"))
    lead = chain(Rules(lead_seconds=86_400))
    assert bookable_starts(lead, late, Extent(3600), utc("2027-10-30T00:00")).ranges == ()
    assert not bookable_starts(lead, late, Extent(60), utc("2027-10-29T00:00")).has(
        utc("2027-10-29T23:59")
    )
