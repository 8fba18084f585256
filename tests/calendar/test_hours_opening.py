"""Opening hours: which of week, season and special day counts, and what the clocks make of it."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.calendar.hours import DAYS, between, chain, daily, opening, spans, utc, week

from lastseat.calendar.broken import Ruled, effective_hours
from lastseat.calendar.zones import zone
from lastseat.core.interval import Interval
from lastseat.core.rules import Hours, Rules, Season, Span, SpecialDay

CHRISTMAS = SpecialDay("2027-12-24", last="2027-12-26", name="Christmas")
HALL = Hours(
    weekly=week(MO="09:00-12:00 13:00-17:00", SA="18:00-02:00"),
    seasons=(
        Season("2027-07-01", "2027-08-31", week(MO="08:00-14:00")),
        Season("11-15", "02-15", week(MO="10:00-16:00", FR="10:00-12:00")),
        Season("2027-08-16", "2027-08-31", week(TU="06:00-07:00")),
    ),
    special=(
        CHRISTMAS,
        SpecialDay("2027-06-07", spans=spans("20:00-24:00"), name="Concert"),
        SpecialDay("2027-12-26", spans=spans("12:00-13:00")),
    ),
)


def open_in_words(hours: Hours, day: str, name: str = "UTC") -> str:
    """What belongs to a day, in its zone's wall time; past midnight with a plus."""
    found = effective_hours(chain(Rules(hours=hours), name), date.fromisoformat(day))
    assert found is not None
    where = zone(name)
    words = []
    for span in found.spans:
        ends = span.end.astimezone(where)
        late = "+" if ends.date() > found.date else ""
        words.append(f"{span.start.astimezone(where):%H:%M}-{late}{ends:%H:%M}")
    return " ".join(words) or f"closed: {found.closed_because}"


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        ("2027-05-03", "09:00-12:00 13:00-17:00"),  # a Monday
        ("2027-05-04", "closed: week"),
        ("2027-05-08", "18:00-+02:00"),  # Saturday, past midnight
        ("2027-05-09", "closed: week"),  # that belongs to Saturday
        ("2027-06-07", "20:00-+00:00"),  # special, a Monday: to midnight
        ("2027-07-05", "08:00-14:00"),  # the season
        ("2027-07-10", "closed: season"),  # whose Saturday is closed
        ("2027-08-16", "closed: season"),  # the season listed last counts
        ("2027-08-17", "06:00-07:00"),
        ("2027-08-31", "06:00-07:00"),  # its last day is included
        ("2027-09-06", "09:00-12:00 13:00-17:00"),
        ("2027-11-15", "10:00-16:00"),  # over New Year: its first day,
        ("2028-01-03", "10:00-16:00"),  # the other year,
        ("2027-02-15", "10:00-16:00"),  # its last day
        ("2028-02-14", "10:00-16:00"),
        ("2028-02-21", "09:00-12:00 13:00-17:00"),
        ("2027-12-24", "closed: Christmas"),  # a Friday: special before season
        ("2027-12-25", "closed: Christmas"),
        ("2027-12-26", "12:00-13:00"),  # the special day listed last counts
    ],
)
def test_special_days_go_before_seasons_and_seasons_before_the_week(day: str, hours: str) -> None:
    assert open_in_words(HALL, day) == hours


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        ("2027-02-28", "09:00-10:00"),
        ("2027-03-01", "20:00-21:00"),
        ("2028-02-28", "09:00-10:00"),
        ("2028-02-29", "20:00-21:00"),
        ("2028-03-01", "20:00-21:00"),
    ],
)
def test_a_season_that_begins_on_29_february_begins_in_every_year(day: str, hours: str) -> None:
    spring = Season("02-29", "05-31", dict.fromkeys(DAYS, spans("20:00-21:00")))
    weekly = daily("09:00-10:00").weekly
    assert open_in_words(Hours(weekly=weekly, seasons=(spring,)), day) == hours


def test_a_night_goes_on_into_a_day_that_is_closed() -> None:
    bar = Hours(weekly=week(FR="18:00-04:00"), special=(SpecialDay("2027-05-08"),))
    assert opening(bar, zone("UTC"), between("2027-05-08T00:00", "2027-05-09T00:00")) == [
        between("2027-05-08T00:00", "2027-05-08T04:00")
    ]


def test_openings_that_touch_or_overlap_are_one() -> None:
    bar = Hours(
        weekly=week(FR="18:00-02:00"),
        special=(SpecialDay("2027-05-08", spans=spans("02:00-06:00 06:00-07:00 10:00-11:00")),),
    )
    assert opening(bar, zone("UTC"), between("2027-05-07T00:00", "2027-05-09T00:00")) == [
        between("2027-05-07T18:00", "2027-05-08T07:00"),
        between("2027-05-08T10:00", "2027-05-08T11:00"),
    ]
    always = daily("00:00-24:00")
    year = between("2027-01-01T00:00", "2028-01-01T00:00")
    assert opening(always, zone("Europe/Paris"), year) == [year]


def test_openings_are_cut_to_the_window() -> None:
    shop = daily("09:00-17:00")
    assert opening(shop, zone("UTC"), between("2027-05-03T16:00", "2027-05-04T10:00")) == [
        between("2027-05-03T16:00", "2027-05-03T17:00"),
        between("2027-05-04T09:00", "2027-05-04T10:00"),
    ]
    assert opening(shop, zone("UTC"), between("2027-05-03T17:00", "2027-05-04T09:00")) == []


SPRING, AUTUMN = "2027-03-28", "2027-10-31"
CHANGES = [
    # Paris, spring: 02:00 becomes 03:00 at 01:00 UTC.
    ("Europe/Paris", SPRING, "00:00-24:00", ["2027-03-27T23:00 2027-03-28T22:00"]),
    ("Europe/Paris", SPRING, "01:00-04:00", ["2027-03-28T00:00 2027-03-28T02:00"]),
    ("Europe/Paris", SPRING, "01:00-02:30", ["2027-03-28T00:00 2027-03-28T01:30"]),
    ("Europe/Paris", SPRING, "02:30-05:00", ["2027-03-28T01:30 2027-03-28T03:00"]),
    ("Europe/Paris", SPRING, "02:30-03:15", []),  # 03:30 to 03:15
    ("Europe/Paris", "2027-03-27", "22:00-02:30", ["2027-03-27T21:00 2027-03-28T01:30"]),
    # Paris, autumn: 03:00 becomes 02:00 at 01:00 UTC.
    ("Europe/Paris", AUTUMN, "00:00-24:00", ["2027-10-30T22:00 2027-10-31T23:00"]),
    ("Europe/Paris", AUTUMN, "01:00-02:30", ["2027-10-30T23:00 2027-10-31T00:30"]),
    ("Europe/Paris", AUTUMN, "02:30-04:00", ["2027-10-31T00:30 2027-10-31T03:00"]),
    ("Europe/Paris", AUTUMN, "02:15-02:45", ["2027-10-31T00:15 2027-10-31T00:45"]),
    # New York: 07:00 UTC and 06:00 UTC.
    ("America/New_York", "2027-03-14", "00:00-24:00", ["2027-03-14T05:00 2027-03-15T04:00"]),
    ("America/New_York", "2027-03-13", "20:00-03:00", ["2027-03-14T01:00 2027-03-14T07:00"]),
    ("America/New_York", "2027-11-07", "00:00-24:00", ["2027-11-07T04:00 2027-11-08T05:00"]),
    ("America/New_York", "2027-11-06", "20:00-01:30", ["2027-11-07T00:00 2027-11-07T05:30"]),
    ("America/New_York", "2027-11-07", "01:30-06:00", ["2027-11-07T05:30 2027-11-07T11:00"]),
    # Lord Howe changes by half an hour: 01:30 for 02:00 at 15:00 UTC, 02:30 for 02:00 at 15:30.
    ("Australia/Lord_Howe", "2027-04-04", "00:00-24:00", ["2027-04-03T13:00 2027-04-04T13:30"]),
    ("Australia/Lord_Howe", "2027-04-04", "01:45-03:00", ["2027-04-03T14:45 2027-04-03T16:30"]),
    ("Australia/Lord_Howe", "2027-10-03", "00:00-24:00", ["2027-10-02T13:30 2027-10-03T13:00"]),
    ("Australia/Lord_Howe", "2027-10-03", "02:15-04:00", ["2027-10-02T15:45 2027-10-02T17:00"]),
    # Casablanca goes back for Ramadan, at 02:00 UTC, and forth again at 02:00 UTC.
    ("Africa/Casablanca", "2025-02-23", "00:00-24:00", ["2025-02-22T23:00 2025-02-24T00:00"]),
    ("Africa/Casablanca", "2025-02-23", "02:30-09:00", ["2025-02-23T01:30 2025-02-23T09:00"]),
    ("Africa/Casablanca", "2025-03-20", "09:00-17:00", ["2025-03-20T09:00 2025-03-20T17:00"]),
    ("Africa/Casablanca", "2025-04-06", "00:00-24:00", ["2025-04-06T00:00 2025-04-06T23:00"]),
    ("Africa/Casablanca", "2025-04-20", "09:00-17:00", ["2025-04-20T08:00 2025-04-20T16:00"]),
    # Clocks that are changed at midnight: a day that begins at 01:00, one that ends at 23:59 twice.
    ("Asia/Beirut", "2027-03-28", "00:00-02:00", ["2027-03-27T22:00 2027-03-27T23:00"]),
    ("America/Santiago", "2027-04-03", "20:00-24:00", ["2027-04-03T23:00 2027-04-04T04:00"]),
    ("America/Havana", "2027-11-07", "00:00-01:00", ["2027-11-07T04:00 2027-11-07T06:00"]),
    # One minute after midnight, back into the day before.
    ("America/St_Johns", "2010-11-06", "22:00-24:00", ["2010-11-07T00:30 2010-11-07T02:30"]),
    ("America/St_Johns", "2010-11-07", "00:00-01:00", ["2010-11-07T02:30 2010-11-07T04:30"]),
    # Samoa had no 30th of December: what closes on it does so as much later.
    ("Pacific/Apia", "2011-12-29", "20:00-19:00", ["2011-12-30T06:00 2011-12-31T05:00"]),
]


@pytest.mark.parametrize(("name", "day", "span", "opened"), CHANGES)
def test_hours_are_the_wall_clocks(name: str, day: str, span: str, opened: list[str]) -> None:
    hours = Hours(special=(SpecialDay(day, spans=spans(span)),))
    about = between(f"{day[:4]}-01-01T00:00", f"{int(day[:4]) + 1}-01-01T00:00")
    assert opening(hours, zone(name), about) == [between(*each.split()) for each in opened]


@pytest.mark.parametrize(("name", "day", "span", "opened"), CHANGES)
def test_a_narrow_window_sees_what_a_wide_one_does(
    name: str, day: str, span: str, opened: list[str]
) -> None:
    hours = Hours(special=(SpecialDay(day, spans=spans(span)),))
    at = utc(f"{day}T00:00") - timedelta(days=1)
    for _ in range(48 * 4):
        half = Interval(at, at + timedelta(minutes=30))
        at = half.end
        wide = [between(*each.split()) for each in opened]
        inside = [
            Interval(max(each.start, half.start), min(each.end, half.end))
            for each in wide
            if each.overlaps(half)
        ]
        assert opening(hours, zone(name), half) == inside


@pytest.mark.parametrize("name", ["Europe/Paris", "America/Santiago", "Australia/Lord_Howe"])
def test_no_minute_of_a_year_is_closed_where_every_day_is_open(name: str) -> None:
    year = between("2027-01-01T00:00", "2028-01-01T00:00")
    assert opening(daily("00:00-24:00"), zone(name), year) == [year]
    assert opening(daily("06:00-06:00"), zone(name), year) == [year]


times = st.integers(0, 24 * 4 - 1).map(lambda quarter: f"{quarter // 4:02}:{quarter % 4 * 15:02}")
weeks = st.dictionaries(
    st.sampled_from(DAYS),
    st.lists(st.builds(Span, times, times | st.just("24:00")), max_size=3).map(tuple),
)
dates = st.integers(0, 20).map(lambda days: f"{date(2027, 5, 1) + timedelta(days=days)}")
any_hours = st.builds(
    Hours,
    weeks,
    st.lists(
        st.builds(lambda a, b, w: Season(min(a, b), max(a, b), w), dates, dates, weeks), max_size=2
    ).map(tuple),
    st.lists(
        st.builds(
            SpecialDay,
            dates,
            st.none(),
            st.lists(st.builds(Span, times, times), max_size=2).map(tuple),
        ),
        max_size=3,
    ).map(tuple),
)


def is_open(hours: Hours, at: datetime) -> bool:
    """One instant, asked the long way round; in UTC, where a wall clock has no surprises."""
    for day in (at.date(), at.date() - timedelta(days=1)):
        for span in spans_of(hours, day):
            midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
            opens, closes = (
                midnight + timedelta(hours=int(text[:2]), minutes=int(text[3:]))
                for text in (span.opens, span.closes)
            )
            if opens <= at < (closes if closes > opens else closes + timedelta(days=1)):
                return True
    return False


def spans_of(hours: Hours, day: date) -> tuple[Span, ...]:
    found = hours.weekly.get(DAYS[day.weekday()], ())
    for season in hours.seasons:
        if season.first <= str(day) <= season.last:
            found = season.weekly.get(DAYS[day.weekday()], ())
    for special in hours.special:
        if special.date == str(day):
            found = special.spans
    return found


@settings(max_examples=60, deadline=None)
@given(any_hours, st.integers(0, 96 * 5), st.integers(1, 96 * 4))
def test_opening_is_what_is_open_at_each_quarter_of_an_hour(
    hours: Hours, first: int, length: int
) -> None:
    quarter = timedelta(minutes=15)
    window = Interval(
        utc("2027-05-10T00:00") + first * quarter,
        utc("2027-05-10T00:00") + (first + length) * quarter,
    )
    opened = opening(hours, zone("UTC"), window)
    at = window.start
    while at < window.end:
        assert is_open(hours, at) == any(each.start <= at < each.end for each in opened)
        at += quarter
    # As few as can be, and in order: what touches is one.
    assert all(one.end < other.start for one, other in pairwise(opened))


@settings(max_examples=20, deadline=None)
@given(any_hours, any_hours)
def test_the_days_together_are_what_is_open_by_each_owner(one: Hours, other: Hours) -> None:
    both = [
        Ruled("lane", Rules(hours=one), "UTC"),
        Ruled("hall", Rules(hours=other), "Europe/Paris"),
    ]
    days = [effective_hours(both, date(2027, 5, 8) + timedelta(days=n)) for n in range(6)]
    at = utc("2027-05-10T00:00")
    while at < utc("2027-05-12T00:00"):
        here = any(span.start <= at < span.end for day in days if day for span in day.spans)
        moment = Interval(at, at + timedelta(minutes=15))
        by_each = [opening(r.rules.hours, zone(r.zone), moment) for r in both if r.rules.hours]
        assert here == (by_each == [[moment], [moment]])
        at += timedelta(minutes=15)


def test_who_has_no_hours_closes_nothing() -> None:
    lane, hall = Ruled("lane", Rules(), "UTC"), Ruled("hall", Rules(hours=HALL), "UTC")
    assert effective_hours([lane], date(2027, 5, 3)) is None
    assert effective_hours([lane, hall], date(2027, 5, 3)) == effective_hours(
        [hall], date(2027, 5, 3)
    )


def test_a_day_says_which_owner_closes_it() -> None:
    lane = Ruled("lane", Rules(hours=daily("09:00-12:00")), "UTC")
    hall = Ruled("hall", Rules(hours=HALL), "UTC")
    night = Ruled("night", Rules(hours=daily("20:00-22:00")), "UTC")
    closed = [
        effective_hours([lane, hall], date(2027, 12, 25)),
        effective_hours([lane, night], date(2027, 12, 25)),
    ]
    assert [day.closed_because for day in closed if day] == ["Christmas", "hours"]
