"""A rule gives what looking at each day finds; what makes no sense is refused, in bounded time."""

import time
from collections import Counter
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.calendar.by_days import Parts, by_days, by_minutes

from lastseat.calendar.recurrence import (
    MOST_STARTS,
    BadRule,
    TooMany,
    check_segment,
    includes,
    starts,
)
from lastseat.calendar.rrule import read_rule, times_a_day
from lastseat.calendar.zones import zone
from lastseat.core.schedule import Segment

UTC = zone("UTC")
PARIS = zone("Europe/Paris")
START = datetime(2026, 11, 23, 18)  # a Monday


def some(numbers: st.SearchStrategy[int], most: int = 3) -> st.SearchStrategy[tuple[int, ...]]:
    return st.lists(numbers, min_size=1, max_size=most, unique=True).map(tuple)


def either(strategy: st.SearchStrategy[tuple[int, ...]]) -> st.SearchStrategy[tuple[int, ...]]:
    return st.just(()) | strategy


def signed(most: int) -> st.SearchStrategy[int]:
    return st.integers(1, most) | st.integers(-most, -1)


@st.composite
def rules(draw: st.DrawFn) -> Parts:
    """Rules by days, weeks, months and years whose parts go together."""
    freq = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    weekno = draw(either(some(signed(53)))) if freq == "YEARLY" else ()
    month = draw(either(some(st.integers(1, 12), 6)))
    yearday = draw(either(some(signed(366), 8))) if freq == "YEARLY" and not month else ()
    monthday = draw(either(some(signed(31), 8))) if freq != "WEEKLY" and not yearday else ()
    numbered = freq in {"MONTHLY", "YEARLY"} and not weekno
    ordinals = signed(5 if freq == "MONTHLY" or month else 53) if numbered else st.just(0)
    days = st.tuples(st.integers(0, 6), st.just(0) | ordinals)
    day = draw(st.just(()) | st.lists(days, min_size=1, max_size=4, unique=True).map(tuple))
    # Read differently by different readers, and refused.
    assume(freq != "YEARLY" or not (monthday and day) or month or weekno or yearday)
    hour = draw(either(some(st.integers(0, 23), 2)))
    minute = draw(either(some(st.integers(0, 59), 2)))
    most = {"DAILY": 1, "WEEKLY": 3, "MONTHLY": 5, "YEARLY": 9}[freq]
    by = month or weekno or yearday or monthday or day or hour or minute
    setpos = draw(either(some(signed(most), 2))) if by else ()
    return Parts(
        freq=freq,
        interval=draw(st.integers(1, 4)),
        count=draw(st.none() | st.integers(1, 40)),
        month=month,
        weekno=weekno,
        yearday=yearday,
        monthday=monthday,
        day=day,
        hour=hour,
        minute=minute,
        setpos=setpos,
        wkst=draw(st.integers(0, 6)),
    )


MOMENTS = st.integers(0, 3 * 366 * 24 * 4).map(
    lambda n: datetime(2023, 12, 20) + n * timedelta(minutes=15)
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(rules(), MOMENTS, st.integers(0, 1500), st.integers(1, 1500))
def test_a_window_has_what_looking_at_each_day_finds(
    rule: Parts, when: datetime, skipped: int, days: int
) -> None:
    end = when + timedelta(days=2200)
    unlimited = by_days(rule, when, end)
    assume(unlimited)
    if unlimited[0] != when:
        refused(rule.text(), start=when)
    # From its first start on the rule is well formed, whatever was drawn.
    start = unlimited[0]
    expected = by_days(rule, start, end)
    assume(expected[:1] == [start])
    after = start + timedelta(days=skipped)
    before = min(after + timedelta(days=days), end)
    segment = Segment(start=text(start), seconds=60, rrule=(rule.text(),))
    # Days that hardly ever come are not counted for long, and that is said.
    assume(rule.freq != "DAILY" or not rule.count or len(expected) == rule.count)
    check_segment(segment, "event", UTC)
    given = list(starts(segment, after, before, UTC))
    assert given == [x for x in expected if after <= x < before]
    for x in given[:3]:
        assert includes(segment, x, UTC)
        assert includes(segment, x + timedelta(minutes=7), UTC) == (
            x + timedelta(minutes=7) in expected
        )


@settings(max_examples=50, deadline=None)
@given(
    freq=st.sampled_from(["HOURLY", "MINUTELY"]),
    interval=st.integers(1, 100),
    hour=either(some(st.integers(0, 23), 4)),
    minute=either(some(st.integers(0, 59), 6)),
    day=st.just(()) | st.just(((0, 0), (2, 0))),
    count=st.none() | st.integers(1, 50),
    skipped=st.integers(0, 2600),
)
def test_rules_by_hours_and_minutes_keep_step(
    freq: str,
    interval: int,
    hour: tuple[int, ...],
    minute: tuple[int, ...],
    day: tuple[tuple[int, int], ...],
    count: int | None,
    skipped: int,
) -> None:
    assume(max(len(hour), 1) * max(len(minute), 1) <= 100)
    rule = Parts(freq, interval, count, hour=hour, minute=minute, day=day)
    first = by_minutes(rule, START, START + timedelta(days=2))
    assume(first[:1] == [START])
    segment = Segment(start=text(START), seconds=60, rrule=(rule.text(),))
    after, before = START + timedelta(minutes=skipped), START + timedelta(days=2)
    assert list(starts(segment, after, before, UTC)) == [x for x in first if x >= after]


@settings(max_examples=50, deadline=None)
@given(rules(), st.integers(0, 200))
def test_until_is_the_last_one_let_in(rule: Parts, days: int) -> None:
    whole = by_days(rule, START, START + timedelta(days=2200))
    assume(whole)
    start = whole[0]
    until = start + timedelta(days=days)
    limited = Parts(**{**vars(rule), "count": None, "until": until})
    expected = by_days(limited, start, start + timedelta(days=400))
    assume(expected[:1] == [start])
    segment = Segment(start=text(start), seconds=60, rrule=(limited.text(),))
    assert list(starts(segment, start, start + timedelta(days=400), UTC)) == expected


def text(when: datetime) -> str:
    return when.isoformat(timespec="minutes")


def refused(*rrule: str, start: datetime = START, **more: Any) -> BadRule:
    """The refusal, which comes in bounded time."""
    begun = time.process_time()
    with pytest.raises(BadRule) as caught:
        check_segment(Segment(start=text(start), seconds=60, rrule=rrule, **more), "event", PARIS)
    assert time.process_time() - begun < 5
    assert caught.value.field.startswith("event.")
    return caught.value


def every(*rrule: str, start: datetime = START, most: int = 20, **more: Any) -> list[str]:
    segment = Segment(start=text(start), seconds=60, rrule=rrule, **more)
    check_segment(segment, "event", PARIS)
    given = starts(segment, datetime(2000, 1, 1), datetime(2100, 1, 1), PARIS)
    return [text(x) for x in islice(given, most)]


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("", "must be a rule"),
        ("nonsense", "NAME=value"),
        ("FREQ=WEEKLY;", "NAME=value"),
        ("RRULE:FREQ=WEEKLY", "has no FREQ"),
        ("INTERVAL=2", "has no FREQ"),
        ("FREQ=FORTNIGHTLY", "FREQ must be"),
        ("FREQ=SECONDLY", "to the minute"),
        ("FREQ=DAILY;BYSECOND=30", "to the minute"),
        ("FREQ=DAILY;FREQ=DAILY", "twice"),
        ("FREQ=DAILY;BYEASTER=0", "BYEASTER"),
        ("FREQ=DAILY;RSCALE=GREGORIAN", "RSCALE"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20270101", "both COUNT and UNTIL"),
        ("FREQ=DAILY;COUNT=0", "COUNT must be from 1"),
        ("FREQ=DAILY;COUNT=-1", "COUNT must be from 1"),
        ("FREQ=DAILY;COUNT=1000000000000", "COUNT must be from 1"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL must be from 1"),
        ("FREQ=DAILY;INTERVAL=1000000000", "INTERVAL must be from 1"),
        ("FREQ=DAILY;INTERVAL=" + "9" * 1900, "INTERVAL must be from 1"),
        ("FREQ=DAILY;INTERVAL=\u0661", "INTERVAL must be from 1"),
        ("FREQ=DAILY;BYDAY=" + ",".join(["MO"] * 35_000), "longer than"),
        ("FREQ=DAILY;UNTIL=tomorrow", "UNTIL must be"),
        ("FREQ=DAILY;UNTIL=20270230", "UNTIL must be"),
        ("FREQ=DAILY;UNTIL=20270101T250000Z", "UNTIL must be"),
        ("FREQ=DAILY;UNTIL=20200101", "no start up to UNTIL"),
        ("FREQ=WEEKLY;WKST=XX", "WKST must be"),
        ("FREQ=WEEKLY;BYDAY=XX", "BYDAY lists"),
        ("FREQ=WEEKLY;BYDAY=2MO", "BYDAY with a number"),
        ("FREQ=DAILY;BYDAY=2MO", "BYDAY with a number"),
        ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=2MO", "BYDAY with a number"),
        ("FREQ=MONTHLY;BYDAY=0MO", "BYDAY lists"),
        ("FREQ=MONTHLY;BYDAY=6MO", "never more than 5"),
        ("FREQ=YEARLY;BYMONTH=11;BYDAY=6MO", "never more than 5"),
        ("FREQ=YEARLY;BYDAY=54MO", "BYDAY lists"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY lists"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY lists"),
        ("FREQ=YEARLY;BYMONTH=13", "BYMONTH lists"),
        ("FREQ=DAILY;BYHOUR=24", "BYHOUR lists"),
        ("FREQ=DAILY;BYHOUR=-1", "BYHOUR lists"),
        ("FREQ=YEARLY;BYYEARDAY=367", "BYYEARDAY lists"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "does not go with FREQ=WEEKLY"),
        ("FREQ=MONTHLY;BYYEARDAY=1", "does not go with FREQ=MONTHLY"),
        ("FREQ=MONTHLY;BYWEEKNO=1", "does not go with FREQ=MONTHLY"),
        ("FREQ=YEARLY;BYMONTHDAY=13;BYDAY=FR", "needs BYMONTH"),
        ("FREQ=MONTHLY;BYSETPOS=1", "another BY part"),
        ("FREQ=WEEKLY;BYDAY=MO;BYSETPOS=8", "never gives more than 7"),
        ("FREQ=MINUTELY;BYHOUR=18;BYSETPOS=2", "never gives more than 1"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "no such day"),
        ("FREQ=MINUTELY;BYMONTH=2,4,6;BYMONTHDAY=31", "no such day"),
        ("FREQ=DAILY;BYHOUR=0,1,2,3,4;BYMINUTE=" + ",".join(map(str, range(60))), "a day"),
        ("FREQ=MINUTELY", "starts in a year"),
        ("FREQ=MINUTELY;INTERVAL=15", "starts in a year"),
        ("FREQ=WEEKLY;BYDAY=TU", "does not match the rule"),
        ("FREQ=MONTHLY;BYMONTHDAY=22", "does not match the rule"),
        ("FREQ=DAILY;BYHOUR=9", "does not match the rule"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_in_so_many_words(rule: str, reason: str) -> None:
    assert reason in refused(rule).reason


@settings(max_examples=50, deadline=None)
@given(
    freq=st.sampled_from(["HOURLY", "MINUTELY"]),
    interval=st.integers(1, 100),
    hour=either(some(st.integers(0, 23), 4)),
    minute=either(some(st.integers(0, 59), 6)),
)
def test_no_day_has_more_starts_than_a_rule_is_said_to_give(
    freq: str, interval: int, hour: tuple[int, ...], minute: tuple[int, ...]
) -> None:
    """So whatever may give too many in a year is counted, and nothing else."""
    assume(max(len(hour), 1) * max(len(minute), 1) <= 100)
    rule = Parts(freq, interval, None, hour=hour, minute=minute)
    found = by_minutes(rule, START, START + timedelta(days=2))
    days = Counter(start.date() for start in found)
    assert max(days.values(), default=0) <= times_a_day(read_rule(rule.text(), "rrule"))


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=YEARLY;BYMONTH=2;BYYEARDAY=366",
        "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6",
        "FREQ=MONTHLY;INTERVAL=12;BYMONTH=10",
        "FREQ=MINUTELY;BYMONTH=2;BYYEARDAY=366",
        "FREQ=HOURLY;INTERVAL=2;BYHOUR=9",
        "FREQ=MINUTELY;INTERVAL=2;BYMINUTE=1",
        "FREQ=MINUTELY;INTERVAL=1440;BYHOUR=9",
    ],
)
def test_a_rule_that_yields_nothing_is_refused_in_bounded_time(rule: str) -> None:
    # The start is taken away, or it would be refused first as not matching.
    assert "no start within 50 years" in refused(rule, exdate=(text(START),)).reason


def test_a_rule_that_hardly_ever_matches_costs_little_in_between() -> None:
    # The next 29 February that is a Monday is in 2044.
    rule = "FREQ=MINUTELY;INTERVAL=10;BYHOUR=9;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO"
    segment = Segment(start="2016-02-29T09:00", seconds=60, rrule=(rule,))
    check_segment(segment, "event", PARIS)
    begun = time.process_time()
    for i in range(100):
        window = START + timedelta(days=i), START + timedelta(days=i + 31)
        assert not list(starts(segment, *window, PARIS))
    assert time.process_time() - begun < 2
    leap = list(starts(segment, START, datetime(2045, 1, 1), PARIS))
    assert [text(x) for x in leap[:2]] == ["2044-02-29T09:00", "2044-02-29T09:10"]
    assert len(leap) == 6
    rare = refused(f"{rule};COUNT=20", start=datetime(2016, 2, 29, 9))
    assert "COUNT: there are not so many within 50 years" in rare.reason


def test_dates_are_bounded_and_spelled_in_one_way() -> None:
    weeks = tuple(text(START + timedelta(weeks=i)) for i in range(100_000 // 25))
    assert "more than 5000" in refused("FREQ=WEEKLY", exdate=weeks * 25).reason
    assert "more than 5000" in refused("FREQ=WEEKLY", rdate=weeks * 25).reason
    assert "more than 10 rules" in refused(*["FREQ=WEEKLY"] * 11).reason
    for other in ("2026-11-23", "2026-11-23 18:00", "20261123T1800", "2026-11-23T18:00:00", "x"):
        assert refused("FREQ=WEEKLY", exdate=(other,)).field == "event.exdate[0]"
    wrong: list[Any] = [[], "2026-11-23T18:00", (1,), ([],)]
    for value in wrong:
        assert refused("FREQ=WEEKLY", exdate=value).reason == "must be a tuple of texts"
    assert refused("FREQ=WEEKLY", start=datetime(1969, 12, 31)).field == "event.start"
    assert refused("FREQ=WEEKLY", start=datetime(2200, 1, 1)).field == "event.start"


def test_a_segment_of_which_everything_is_taken_away_is_refused() -> None:
    twice = (text(START), text(START + timedelta(days=7)))
    assert refused("FREQ=WEEKLY;COUNT=2", exdate=twice).field == "event.exdate"


def test_the_start_is_one_of_the_rules_or_is_taken_away() -> None:
    friday = "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13"
    assert every(friday, exdate=(text(START),), most=2) == ["2027-08-13T18:00", "2028-10-13T18:00"]
    # With COUNT it is not said whether the start that is taken away counts.
    assert refused(friday + ";COUNT=2", exdate=(text(START),)).field == "event.start"
    both = every("FREQ=WEEKLY;BYDAY=TU", "FREQ=WEEKLY;BYDAY=MO", most=3)
    assert both == ["2026-11-23T18:00", "2026-11-24T18:00", "2026-11-30T18:00"]


def test_without_a_rule_there_are_the_start_and_the_dates_added() -> None:
    assert every(rdate=("2026-12-01T10:00", "2026-11-23T18:00")) == [
        "2026-11-23T18:00",
        "2026-12-01T10:00",
    ]


def test_dates_are_added_and_taken_away() -> None:
    given = every(
        "FREQ=WEEKLY;COUNT=4",
        rdate=("2026-11-25T09:00", "2026-11-30T18:00", "2026-12-31T09:00"),
        exdate=("2026-12-07T18:00", "2026-12-31T09:00", "2027-01-01T00:00"),
    )
    # COUNT has counted the one that was taken away.
    assert given == ["2026-11-23T18:00", "2026-11-25T09:00", "2026-11-30T18:00", "2026-12-14T18:00"]


def test_count_does_not_depend_on_the_window() -> None:
    segment = Segment(start=text(START), seconds=60, rrule=("FREQ=WEEKLY;COUNT=4",))
    last = START + timedelta(weeks=3)
    assert list(starts(segment, last, datetime(2100, 1, 1), UTC)) == [last]
    assert not list(starts(segment, last + timedelta(days=1), datetime(2100, 1, 1), UTC))


def test_the_first_week_counts_whole_for_a_set_position() -> None:
    # Of Monday, Wednesday and Friday the first is Monday, which a start on Wednesday is not.
    rule = "FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=1"
    assert "does not match" in refused(rule, start=datetime(2026, 11, 25, 18)).reason
    assert every(rule, most=2) == ["2026-11-23T18:00", "2026-11-30T18:00"]


def test_weekdays_with_and_without_a_number_add_up() -> None:
    assert every("FREQ=MONTHLY;BYDAY=MO,1TU", start=datetime(2026, 12, 1, 9), most=6) == [
        *("2026-12-01T09:00", "2026-12-07T09:00", "2026-12-14T09:00"),
        *("2026-12-21T09:00", "2026-12-28T09:00", "2027-01-04T09:00"),
    ]


def test_a_yearly_day_of_the_month_is_in_the_month_of_the_start() -> None:
    # As calendars write birthdays; read as the RFC's table has it, it would be in every month.
    assert every("FREQ=YEARLY;BYMONTHDAY=23", most=2) == ["2026-11-23T18:00", "2027-11-23T18:00"]
    assert every("FREQ=YEARLY;BYMONTHDAY=-8", most=2) == ["2026-11-23T18:00", "2027-11-23T18:00"]


def test_a_week_of_the_year_is_the_weekday_of_the_start() -> None:
    assert every("FREQ=YEARLY;BYWEEKNO=48", most=3) == [
        *("2026-11-23T18:00", "2027-11-29T18:00", "2028-11-27T18:00"),
    ]


def test_the_53rd_week_is_in_the_years_that_have_one() -> None:
    # Its Friday lies in the next year of the calendar; dateutil finds others, too.
    friday = datetime(2027, 1, 1, 9)
    assert every("FREQ=YEARLY;BYWEEKNO=53;BYDAY=FR", start=friday, most=3) == [
        *("2027-01-01T09:00", "2032-12-31T09:00", "2038-01-01T09:00"),
    ]


def test_days_that_a_month_does_not_have_are_left_out() -> None:
    assert every("FREQ=MONTHLY", start=datetime(2027, 1, 31, 9), most=4) == [
        *("2027-01-31T09:00", "2027-03-31T09:00", "2027-05-31T09:00", "2027-07-31T09:00"),
    ]
    assert every("FREQ=YEARLY", start=datetime(2028, 2, 29, 9), most=2) == [
        *("2028-02-29T09:00", "2032-02-29T09:00"),
    ]


@pytest.mark.parametrize(
    ("until", "last"),
    [
        ("20261207", "2026-12-07T18:00"),  # a date lets its whole day in
        ("20261206", "2026-11-30T18:00"),
        ("20261207T180000", "2026-12-07T18:00"),  # what the clock shows
        ("20261207T175900", "2026-11-30T18:00"),
        ("20261207T170000Z", "2026-12-07T18:00"),  # 18:00 in Paris
        ("20261207T165959Z", "2026-11-30T18:00"),
    ],
)
def test_until_is_a_date_a_local_time_or_one_in_utc(until: str, last: str) -> None:
    assert every(f"FREQ=WEEKLY;UNTIL={until}")[-1] == last


def test_until_in_utc_tells_the_two_hours_apart_that_show_one_time() -> None:
    # Paris, 25 October 2026: 02:30 comes at 00:30 and at 01:30 UTC; a start is the first of them.
    rule = "FREQ=MINUTELY;INTERVAL=30;UNTIL=20261025T010000Z"
    shown = every(rule, start=datetime(2026, 10, 25, 1))
    assert shown == [f"2026-10-25T{x}" for x in ("01:00", "01:30", "02:00", "02:30")]


def test_an_hour_that_the_clock_skips_is_not_counted_twice() -> None:
    # Paris, 28 March 2027: after 01:59 comes 03:00. 02:00 would be shown as 03:00, which is there.
    hourly = every("FREQ=HOURLY;COUNT=4", start=datetime(2027, 3, 28, 1))
    assert hourly == ["2027-03-28T01:00", "2027-03-28T03:00", "2027-03-28T04:00"]
    segment = Segment(start="2027-03-28T01:00", seconds=60, rrule=("FREQ=HOURLY;COUNT=4",))
    assert not includes(segment, datetime(2027, 3, 28, 2), PARIS)
    assert includes(segment, datetime(2027, 3, 28, 3), PARIS)


def test_since_begins_a_segment_without_moving_its_start() -> None:
    segment = Segment(
        start=text(START), seconds=60, rrule=("FREQ=WEEKLY;COUNT=4",), since="2026-12-07T18:00"
    )
    given = list(starts(segment, datetime(2000, 1, 1), datetime(2100, 1, 1), UTC))
    assert [text(x) for x in given] == ["2026-12-07T18:00", "2026-12-14T18:00"]


def test_a_window_of_a_century_is_refused_once_it_has_too_many() -> None:
    begun = time.process_time()
    daily = Segment(start=text(START), seconds=60, rrule=("FREQ=DAILY",))
    with pytest.raises(TooMany, match="shorter time"):
        list(starts(daily, datetime(2000, 1, 1), datetime(2100, 1, 1), PARIS))
    weekly = Segment(start=text(START), seconds=60, rrule=("FREQ=WEEKLY",))
    century = list(starts(weekly, datetime(2000, 1, 1), datetime(2100, 1, 1), PARIS))
    assert len(century) == 3815 < MOST_STARTS
    assert time.process_time() - begun < 5


def test_an_old_rule_costs_no_more_than_a_new_one() -> None:
    # Beginning at the start, as dateutil does, costs a thousand times as much for the old one.
    def cost(start: datetime) -> float:
        segment = Segment(start=text(start), seconds=60, rrule=("FREQ=DAILY;INTERVAL=3",))
        window = START, START + timedelta(days=30)
        list(starts(segment, *window, UTC))
        begun = time.process_time()
        for _ in range(20):
            assert len(list(starts(segment, *window, UTC))) == 10
        return time.process_time() - begun

    old = cost(START - timedelta(days=3 * 5000))
    assert old < 5 * cost(START)
