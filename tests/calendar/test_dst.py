"""The wall clock is kept when clocks are changed; what it skips or shows twice is as in RFC 5545.

Section 3.3.5: a time shown twice is the first; one that is skipped has the offset before the gap.
The tables are of changes that are past, which no new database moves.
"""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from lastseat.calendar.schedule import Instance, check_schedule, expand, instance
from lastseat.calendar.zones import local, utc, zone
from lastseat.core.interval import Interval
from lastseat.core.schedule import Schedule, Segment

PARIS, NEW_YORK = "Europe/Paris", "America/New_York"
LORD_HOWE, CASABLANCA = "Australia/Lord_Howe", "Africa/Casablanca"

CHANGES = [
    # zone, what the rule says, the instant, what the clock shows then
    (PARIS, "2025-03-29T02:30", "2025-03-29T01:30", "2025-03-29T02:30"),
    (PARIS, "2025-03-30T01:59", "2025-03-30T00:59", "2025-03-30T01:59"),
    (PARIS, "2025-03-30T02:00", "2025-03-30T01:00", "2025-03-30T03:00"),  # 02:00 to 03:00 is
    (PARIS, "2025-03-30T02:30", "2025-03-30T01:30", "2025-03-30T03:30"),  # skipped
    (PARIS, "2025-03-30T03:00", "2025-03-30T01:00", "2025-03-30T03:00"),
    (PARIS, "2025-10-26T01:59", "2025-10-25T23:59", "2025-10-26T01:59"),
    (PARIS, "2025-10-26T02:30", "2025-10-26T00:30", "2025-10-26T02:30"),  # the first of two
    (PARIS, "2025-10-26T03:00", "2025-10-26T02:00", "2025-10-26T03:00"),
    (NEW_YORK, "2025-03-09T01:30", "2025-03-09T06:30", "2025-03-09T01:30"),
    (NEW_YORK, "2025-03-09T02:30", "2025-03-09T07:30", "2025-03-09T03:30"),  # as the RFC has it
    (NEW_YORK, "2025-03-09T03:00", "2025-03-09T07:00", "2025-03-09T03:00"),
    (NEW_YORK, "2025-11-02T01:30", "2025-11-02T05:30", "2025-11-02T01:30"),
    (NEW_YORK, "2025-11-02T02:00", "2025-11-02T07:00", "2025-11-02T02:00"),
    # Half an hour: 01:30 to 02:00 comes twice in April, 02:00 to 02:30 never in October.
    (LORD_HOWE, "2025-04-06T01:29", "2025-04-05T14:29", "2025-04-06T01:29"),
    (LORD_HOWE, "2025-04-06T01:45", "2025-04-05T14:45", "2025-04-06T01:45"),
    (LORD_HOWE, "2025-04-06T02:00", "2025-04-05T15:30", "2025-04-06T02:00"),
    (LORD_HOWE, "2025-10-05T01:59", "2025-10-04T15:29", "2025-10-05T01:59"),
    (LORD_HOWE, "2025-10-05T02:15", "2025-10-04T15:45", "2025-10-05T02:45"),
    (LORD_HOWE, "2025-10-05T02:30", "2025-10-04T15:30", "2025-10-05T02:30"),
    # Back for Ramadan and forth again, six weeks later, so twice a year.
    (CASABLANCA, "2025-02-22T02:30", "2025-02-22T01:30", "2025-02-22T02:30"),
    (CASABLANCA, "2025-02-23T02:30", "2025-02-23T01:30", "2025-02-23T02:30"),  # the first of two
    (CASABLANCA, "2025-02-23T03:00", "2025-02-23T03:00", "2025-02-23T03:00"),
    (CASABLANCA, "2025-03-15T02:30", "2025-03-15T02:30", "2025-03-15T02:30"),
    (CASABLANCA, "2025-04-06T02:30", "2025-04-06T02:30", "2025-04-06T03:30"),  # skipped
    (CASABLANCA, "2025-04-06T03:00", "2025-04-06T02:00", "2025-04-06T03:00"),
    (CASABLANCA, "2025-06-01T02:30", "2025-06-01T01:30", "2025-06-01T02:30"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "says", "instant", "shows"), CHANGES)
def test_a_time_of_the_wall_clock_is_one_instant(
    name: str, says: str, instant: str, shows: str
) -> None:
    there = utc(datetime.fromisoformat(says), zone(name))
    assert there == datetime.fromisoformat(instant).replace(tzinfo=UTC)
    assert local(there, zone(name)) == datetime.fromisoformat(shows)


@pytest.mark.parametrize(("name", "says", "instant", "shows"), CHANGES)
def test_an_occurrence_is_known_by_what_the_rule_says(
    name: str, says: str, instant: str, shows: str
) -> None:
    # Every day at that time, from the day before on.
    start = datetime.fromisoformat(says) - timedelta(days=1)
    daily = Schedule(
        (Segment(start=start.isoformat("T", "minutes"), seconds=1800, rrule=("FREQ=DAILY",)),)
    )
    begins = datetime.fromisoformat(instant).replace(tzinfo=UTC)
    expected = Instance(says, begins, begins + timedelta(minutes=30), says)
    assert instance(daily, name, says) == expected
    assert expand(daily, name, Interval(begins, begins + timedelta(seconds=1))) == [expected]


@pytest.mark.parametrize(
    ("name", "first", "hours"),
    [
        # Days between one start at 18:00 and the next, in hours of which the sun knows nothing.
        (PARIS, "2025-03-28T18:00", [24, 23, 24]),
        (PARIS, "2025-10-24T18:00", [24, 25, 24]),
        (NEW_YORK, "2025-03-07T18:00", [24, 23, 24]),
        (NEW_YORK, "2025-10-31T18:00", [24, 25, 24]),
        (LORD_HOWE, "2025-04-04T18:00", [24, 24.5, 24]),
        (LORD_HOWE, "2025-10-03T18:00", [24, 23.5, 24]),
        (CASABLANCA, "2025-02-21T18:00", [24, 25, 24]),
        (CASABLANCA, "2025-04-04T18:00", [24, 23, 24]),
    ],
)
def test_six_in_the_evening_stays_six_in_the_evening(
    name: str, first: str, hours: list[float]
) -> None:
    daily = Schedule((Segment(start=first, seconds=3600, rrule=("FREQ=DAILY;COUNT=4",)),))
    found = expand(daily, name, YEAR)
    assert [local(x.start, zone(name)).hour for x in found] == [18, 18, 18, 18]
    assert [(b.start - a.start) / timedelta(hours=1) for a, b in pairwise(found)] == hours
    assert {x.end - x.start for x in found} == {timedelta(hours=1)}


YEAR = Interval(datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))


def test_a_night_lasts_as_long_as_it_says_however_the_clock_is_changed() -> None:
    # 22:00 for nine hours: until 08:00 by the clock where an hour is skipped.
    night = Schedule((Segment(start="2025-03-29T22:00", seconds=9 * 3600),))
    (found,) = expand(night, PARIS, YEAR)
    assert found.end - found.start == timedelta(hours=9)
    assert local(found.end, zone(PARIS)) == datetime(2025, 3, 30, 8)


@pytest.mark.parametrize(
    ("name", "start", "expected"),
    [
        (PARIS, "2025-03-30T00:30", ["00:30", "01:30", "03:30", "04:30"]),
        (NEW_YORK, "2025-03-09T00:00", ["00:00", "01:00", "03:00", "04:00"]),
        (CASABLANCA, "2025-04-06T01:00", ["01:00", "03:00", "04:00", "05:00"]),
        # Half an hour on: 02:15 is shown as 02:45, which no other start is.
        (LORD_HOWE, "2025-10-05T00:15", ["00:15", "01:15", "02:15", "03:15"]),
    ],
)
def test_every_hour_has_one_start_where_an_hour_is_skipped(
    name: str, start: str, expected: list[str]
) -> None:
    hourly = Schedule((Segment(start=start, seconds=60, rrule=("FREQ=HOURLY;UNTIL=20251231",)),))
    check_schedule(hourly, name, new=True)
    day = Interval(utc(datetime.fromisoformat(start), zone(name)), YEAR.end)
    found = expand(hourly, name, Interval(day.start, day.start + timedelta(hours=6)))[:4]
    assert [x.at[11:] for x in found] == expected
    assert len({x.start for x in found}) == 4


def test_a_day_that_a_country_skipped_is_the_next_one_and_not_there_twice() -> None:
    # Samoa went from Thursday, 29 December 2011 to Saturday.
    daily = Schedule(
        (Segment(start="2011-12-28T10:00", seconds=60, rrule=("FREQ=DAILY;COUNT=5",)),)
    )
    year = Interval(datetime(2011, 1, 1, tzinfo=UTC), datetime(2013, 1, 1, tzinfo=UTC))
    found = expand(daily, "Pacific/Apia", year)
    assert [x.at for x in found] == [
        *("2011-12-28T10:00", "2011-12-29T10:00", "2011-12-31T10:00", "2012-01-01T10:00"),
    ]
    once = Schedule((Segment(start="2011-12-30T10:00", seconds=60),))
    (moved,) = expand(once, "Pacific/Apia", year)
    assert local(moved.start, zone("Pacific/Apia")) == datetime(2011, 12, 31, 10)
