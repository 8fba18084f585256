"""An event's occurrences: half-open windows, overrides, segments one after the other, bounds."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lastseat.calendar.recurrence import BadRule, TooMany
from lastseat.calendar.schedule import Instance, check_schedule, expand, instance, listed
from lastseat.calendar.zones import utc, zone
from lastseat.core.interval import Interval
from lastseat.core.schedule import Override, Schedule, Segment

PARIS = "Europe/Paris"
WEEKLY = Segment(start="2026-11-23T18:00", seconds=3600, rrule=("FREQ=WEEKLY",))
NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)
LONG = Interval(NOVEMBER, NOVEMBER + timedelta(days=120))


def at(shown: str) -> datetime:
    return utc(datetime.fromisoformat(shown), zone(PARIS))


def names(schedule: Schedule, window: Interval = LONG) -> list[str]:
    return [x.at for x in expand(schedule, PARIS, window)]


def segment(start: str = "2026-11-23T18:00", seconds: int = 3600, **more: Any) -> Segment:
    return Segment(start=start, seconds=seconds, **more)


def refused(schedule: Schedule, time_zone: str = PARIS, **more: Any) -> str:
    with pytest.raises(BadRule) as caught:
        check_schedule(schedule, time_zone, **more)
    return f"{caught.value.field} {caught.value.reason}"


def test_an_occurrence_has_its_time_in_utc_and_on_the_wall() -> None:
    found = instance(Schedule((WEEKLY,)), PARIS, "2026-11-30T18:00")
    begins = datetime(2026, 11, 30, 17, tzinfo=UTC)
    assert found == Instance(
        "2026-11-30T18:00", begins, begins + timedelta(hours=1), "2026-11-30T18:00"
    )


@pytest.mark.parametrize(
    "name",
    [
        *("", "x", "2026-11-30", "2026-11-30T18:01", "2026-11-30 18:00", "2026-11-30T18:00:00"),
        *("20261130T1800", "2026-11-30T18:00Z", "2026-11-24T18:00", "2026-11-16T18:00"),
        *("1926-11-30T18:00", "9999-11-30T18:00", "2026-11-30T18:00\n"),
    ],
)
def test_what_is_no_occurrence_is_none_by_any_spelling(name: str) -> None:
    assert instance(Schedule((WEEKLY,)), PARIS, name) is None


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-11-23T18:00", "2026-11-23T18:01", 1),
        ("2026-11-23T17:00", "2026-11-23T18:00", 0),  # ends when it begins
        ("2026-11-23T17:00", "2026-11-23T18:01", 1),
        ("2026-11-23T18:59", "2026-11-23T20:00", 1),  # began before
        ("2026-11-23T19:00", "2026-11-23T20:00", 0),  # begins when it ends
        ("2026-11-23T18:20", "2026-11-23T18:40", 1),  # lies within
        ("2026-11-23T19:00", "2026-11-30T18:00", 0),
        ("2026-11-23T18:59", "2026-11-30T18:01", 2),
    ],
)
def test_a_window_is_half_open(start: str, end: str, expected: int) -> None:
    assert len(names(Schedule((WEEKLY,)), Interval(at(start), at(end)))) == expected


def test_what_began_long_before_the_window_is_in_it() -> None:
    # Three weeks each, one a week: three at any time.
    long = Schedule(
        (Segment(start="2026-01-05T18:00", seconds=21 * 86400, rrule=("FREQ=WEEKLY",)),)
    )
    noon = at("2026-11-25T12:00")
    assert names(long, Interval(noon, noon + timedelta(minutes=1))) == [
        *("2026-11-09T18:00", "2026-11-16T18:00", "2026-11-23T18:00"),
    ]


def test_an_override_is_known_by_the_original_start() -> None:
    schedule = Schedule(
        (WEEKLY,),
        (
            Override("2026-11-30T18:00", start="2026-12-01T20:00", seconds=7200),
            Override("2026-12-07T18:00", capacity=5),
            Override("2026-12-14T18:00", cancelled=True),
        ),
    )
    check_schedule(schedule, PARIS, new=True)
    moved, small, cancelled = expand(
        schedule, PARIS, Interval(at("2026-11-30T18:00"), at("2026-12-15T00:00"))
    )
    assert moved == Instance(
        "2026-11-30T18:00", at("2026-12-01T20:00"), at("2026-12-01T22:00"), "2026-12-01T20:00"
    )
    assert (small.at, small.capacity, small.cancelled) == ("2026-12-07T18:00", 5, False)
    assert (cancelled.at, cancelled.cancelled) == ("2026-12-14T18:00", True)
    assert instance(schedule, PARIS, "2026-12-14T18:00") == cancelled
    # It is where it was moved to, and nowhere else.
    assert instance(schedule, PARIS, "2026-12-01T20:00") is None
    assert not expand(schedule, PARIS, Interval(at("2026-11-30T18:00"), at("2026-11-30T19:00")))


def test_an_occurrence_moved_far_away_is_found_where_it_is() -> None:
    schedule = Schedule((WEEKLY,), (Override("2026-11-30T18:00", start="2027-06-01T10:00"),))
    june = Interval(at("2027-06-01T00:00"), at("2027-06-02T00:00"))
    assert names(schedule, june) == ["2026-11-30T18:00"]


def test_what_was_kept_is_an_occurrence_though_no_rule_gives_it() -> None:
    kept = Override("2026-11-25T18:00", start="2026-11-25T18:30", seconds=1800, capacity=3)
    schedule = Schedule((WEEKLY,), (kept,))
    found = instance(schedule, PARIS, "2026-11-25T18:00")
    assert found is not None
    assert (found.start, found.end, found.capacity) == (
        at("2026-11-25T18:30"), at("2026-11-25T19:00"), 3,
    )  # fmt: skip
    check_schedule(schedule, PARIS)
    assert "not the start of an occurrence" in refused(schedule, new=True)


def test_a_segment_holds_until_the_next_one() -> None:
    later = Segment(
        start="2026-12-08T19:00",
        seconds=5400,
        rrule=("FREQ=WEEKLY",),
        since="2026-12-07T18:00",
        capacity=30,
    )
    schedule = Schedule((WEEKLY, later))
    check_schedule(schedule, PARIS, new=True)
    window = Interval(LONG.start, at("2026-12-20T00:00"))
    assert names(schedule, window) == [
        *("2026-11-23T18:00", "2026-11-30T18:00", "2026-12-08T19:00", "2026-12-15T19:00"),
    ]
    assert instance(schedule, PARIS, "2026-12-07T18:00") is None
    found = instance(schedule, PARIS, "2026-12-08T19:00")
    assert found is not None
    assert (found.end - found.start, found.capacity) == (timedelta(minutes=90), 30)


def test_listed_starts_are_a_schedule_too() -> None:
    starts = ("2026-12-08T19:30", "2026-12-01T19:30", "2026-12-24T10:00")
    schedule = listed(starts, 900)
    check_schedule(schedule, PARIS, new=True)
    assert names(schedule) == sorted(starts)
    assert instance(schedule, PARIS, "2026-12-24T10:00") is not None
    assert instance(schedule, PARIS, "2026-12-24T10:01") is None
    check_schedule(listed(starts[:1], 900), PARIS, new=True)


def test_occurrences_are_in_order_of_their_start_then_of_their_name() -> None:
    schedule = Schedule(
        (WEEKLY,),
        (
            Override("2026-12-07T18:00", start="2026-11-23T18:00"),
            Override("2026-12-14T18:00", start="2026-11-20T18:00"),
        ),
    )
    assert names(schedule)[:3] == ["2026-12-14T18:00", "2026-11-23T18:00", "2026-12-07T18:00"]


@pytest.mark.parametrize(
    ("segments", "refusal"),
    [
        ((WEEKLY, WEEKLY), "segments[1].since"),
        ((segment(since="2026-11-01T00:00"),), "segments[0].since"),
        ((segment(seconds=0),), "segments[0].seconds"),
        ((segment(seconds=86400 * 401),), "segments[0].seconds"),
        ((segment(capacity=0),), "segments[0].capacity"),
        ((segment(start="2026-11-23"),), "segments[0].start"),
        ((segment(rrule=("FREQ=WEEKLY;BYDAY=TU",)),), "segments[0].start"),
        ((segment(exdate=("2026-11-23T18:00",)),), "exdate"),
        ((), "exdate"),
        ((WEEKLY,) * 101, "segments are more than 100"),
    ],
)  # fmt: skip
def test_a_schedule_that_makes_no_sense_is_refused(
    segments: tuple[Segment, ...], refusal: str
) -> None:
    assert refused(Schedule(segments), new=True).startswith(refusal)


@pytest.mark.parametrize(
    ("override", "refusal"),
    [
        (Override("2026-11-30"), "overrides[0].at"),
        (Override("2026-11-30T18:00", start="19:00"), "overrides[0].start"),
        (Override("2026-11-30T18:00", seconds=-1), "overrides[0].seconds"),
        (Override("2026-11-30T18:00", capacity=0), "overrides[0].capacity"),
        (Override("2026-11-30T18:00", capacity=2_000_000), "overrides[0].capacity"),
        (Override("2026-12-01T18:00"), "overrides[0].at is not the start"),
    ],
)
def test_an_override_that_makes_no_sense_is_refused(override: Override, refusal: str) -> None:
    assert refused(Schedule((WEEKLY,), (override,)), new=True).startswith(refusal)


def test_overrides_are_bounded_and_each_of_another_occurrence() -> None:
    twice = (Override("2026-11-30T18:00"), Override("2026-11-30T18:00", cancelled=True))
    assert refused(Schedule((WEEKLY,), twice)) == "overrides[1].at is overridden twice"
    assert "more than 5000" in refused(Schedule((WEEKLY,), twice * 2501))


def test_a_zone_that_does_not_exist_is_refused() -> None:
    assert refused(Schedule((WEEKLY,)), "Mars/Olympus").startswith("time_zone there is no")


def test_a_window_of_a_century_is_refused_in_bounded_time() -> None:
    dense = Segment(start="2026-11-23T18:00", seconds=60, rrule=("FREQ=HOURLY",))
    century = Interval(datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC))
    begun = time.process_time()
    with pytest.raises(TooMany, match="shorter time"):
        expand(Schedule((dense,)), PARIS, century)
    since = "2026-11-23T19:00"
    with pytest.raises(TooMany):
        expand(
            Schedule(
                (dense, Segment(start=since, seconds=60, rrule=("FREQ=HOURLY",), since=since))
            ),
            PARIS,
            century,
        )
    assert time.process_time() - begun < 5


@settings(max_examples=60, deadline=None)
@given(
    seconds=st.integers(1, 3 * 86400),
    skipped=st.integers(0, 90 * 96),
    length=st.integers(1, 10 * 96),
    moved=st.dictionaries(st.integers(0, 60), st.integers(-20 * 96, 20 * 96), max_size=5),
)
def test_a_window_has_all_that_overlaps_it_and_nothing_else(
    seconds: int, skipped: int, length: int, moved: dict[int, int]
) -> None:
    # Every other day over two changes of the clock; some occurrences are elsewhere.
    first = datetime(2025, 10, 1, 2, 30)
    starts = [first + timedelta(days=2 * i) for i in range(61)]
    where = {i: starts[i] + by * timedelta(minutes=15) for i, by in moved.items()}
    schedule = Schedule(
        (Segment(start=text(first), seconds=seconds, rrule=("FREQ=DAILY;INTERVAL=2;COUNT=61",)),),
        tuple(Override(text(starts[i]), start=text(to)) for i, to in where.items()),
    )
    begin = datetime(2025, 9, 20, tzinfo=UTC) + skipped * timedelta(minutes=15)
    window = Interval(begin, begin + length * timedelta(minutes=15))
    expected = []
    for i, start in enumerate(starts):
        begins = utc(where.get(i, start), zone(PARIS))
        if Interval(begins, begins + timedelta(seconds=seconds)).overlaps(window):
            expected.append((begins, text(start)))
    assert [(x.start, x.at) for x in expand(schedule, PARIS, window)] == sorted(expected)


def text(when: datetime) -> str:
    return when.isoformat(timespec="minutes")


def test_ten_thousand_occurrences_of_many_events_take_well_under_a_second() -> None:
    # Decades old, so beginning at the start would be noticed.
    events = [
        Schedule(
            (segment(start=f"1996-01-{1 + i % 28:02}T{i % 24:02}:00", rrule=("FREQ=WEEKLY",)),)
        )
        for i in range(2_500)
    ]
    month = Interval(NOVEMBER, NOVEMBER + timedelta(days=30))
    begun = time.process_time()
    total = sum(len(expand(event, PARIS, month)) for event in events)
    taken = time.process_time() - begun
    assert total > 10_000
    assert taken < 2, f"{taken:.2f} s"


def test_for_one_occurrence_no_other_override_is_worked_out() -> None:
    shown, odd = "2026-11-30T18:00", Override("2026-12-07T18:00", start="never")
    schedule = Schedule((WEEKLY,), (Override(shown, seconds=60), odd))
    found = instance(schedule, PARIS, shown)
    assert found is not None
    assert found.end - found.start == timedelta(minutes=1)
    with pytest.raises(BadRule):
        expand(schedule, PARIS, LONG)
