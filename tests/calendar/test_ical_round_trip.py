"""Out and in again: a file says all that an item has, and reading it gives the same item."""

from datetime import UTC, datetime, timedelta

import icalendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lastseat.calendar.ical import Item, Standing
from lastseat.calendar.ical_export import Head, export, single
from lastseat.calendar.ical_import import parse
from lastseat.calendar.schedule import expand
from lastseat.core.interval import Interval
from lastseat.core.schedule import Override, Schedule, Segment

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Asia/Jerusalem",
    "Asia/Kathmandu",
    "UTC",
    None,
]
WEEK = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def file(*items: Item) -> bytes:
    return export(items, Head(name="Hall"), stamp=NOW)


def again(item: Item) -> Item:
    parsed = parse(file(item), year=2026)
    assert parsed.skipped == ()
    (found,) = parsed.items
    return found


@st.composite
def plain_items(draw: st.DrawFn) -> Item:
    """Items with a rule or without, and overrides of what it gives."""
    start = datetime(2026, 1, 1) + timedelta(minutes=draw(st.integers(0, 2 * 365 * 24 * 12)) * 5)
    day = WEEK[start.weekday()]
    rules = ["FREQ=DAILY", f"FREQ=WEEKLY;BYDAY={day}", "FREQ=WEEKLY;INTERVAL=2;COUNT=9"]
    until = f"{start + timedelta(days=90):%Y%m%dT%H%M%S}"
    rules += [f"FREQ=DAILY;INTERVAL=3;UNTIL={until}", "FREQ=MONTHLY", "FREQ=YEARLY"]
    rule = draw(st.sampled_from([*rules, None]))
    seconds = draw(st.sampled_from([60, 1800, 3600, 5400, 86_400, 100_000]))
    days = draw(st.lists(st.integers(1, 400), max_size=4, unique=True))
    # At another minute than the rule's, so that none is a start of it already.
    added = tuple(sorted(f"{start + timedelta(days=x, minutes=7):%Y-%m-%dT%H:%M}" for x in days))
    overridden = draw(st.lists(st.sampled_from(added), unique=True)) if added else []
    overrides = tuple(
        draw(
            st.sampled_from(
                [
                    Override(at=at, start=f"{at[:11]}23:55"),
                    Override(at=at, seconds=seconds + 60),
                    Override(at=at, cancelled=True),
                    Override(at=at, capacity=3, start=f"{at[:11]}00:05", seconds=seconds + 120),
                ]
            )
        )
        for at in sorted(overridden)
    )
    taken = (f"{start + timedelta(days=7):%Y-%m-%dT%H:%M}",) if rule is not None else ()
    segment = Segment(
        f"{start:%Y-%m-%dT%H:%M}",
        seconds,
        rrule=(rule,) if rule is not None else (),
        rdate=added,
        exdate=taken,
    )
    text = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=80)
    name = " ".join(draw(text).split()) or None
    return Item(
        uid=draw(st.sampled_from(["a@b", "{1-2}", "a,b;c\\d", "ü" * 100])),
        schedule=Schedule((segment,), overrides),
        zone=draw(st.sampled_from(ZONES)),
        sequence=draw(st.integers(0, 10_000)),
        name=name,
        place=draw(st.sampled_from([None, "Hall 1, first floor; left"])),
        status=draw(st.sampled_from(list(Standing))),
        free=draw(st.booleans()),
        capacity=draw(st.sampled_from([None, 12])),
        changed=draw(st.sampled_from([None, NOW])),
    )


@settings(max_examples=150, deadline=None)
@given(plain_items())
def test_an_item_comes_back_as_it_went(item: Item) -> None:
    found = again(item)
    # A cancelled event's overrides are all cancelled: the file has no more to say of them.
    if item.status is not Standing.CANCELLED:
        assert found == item
    # And icalendar by itself takes the file, without a broken property anywhere.
    calendar = icalendar.Calendar.from_ical(file(item))
    assert [x.errors for x in calendar.walk()] == [[] for _ in calendar.walk()]


@pytest.mark.parametrize("days", [1, 3])
def test_days_are_dates(days: int) -> None:
    schedule = Schedule((Segment("2026-11-23T00:00", days * 86_400, ("FREQ=YEARLY",)),))
    item = Item(uid="x", all_day=True, schedule=schedule)
    text = file(item).decode()
    assert "DTSTART;VALUE=DATE:20261123\r\n" in text
    assert f"DTEND;VALUE=DATE:202611{23 + days}\r\n" in text
    assert again(item) == item


def test_this_and_following_becomes_items_that_together_are_the_event() -> None:
    """No VEVENT can say it alone; the instances are the same to the minute."""
    schedule = Schedule(
        (
            Segment("2026-11-02T18:00", 3600, ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;COUNT=30",)),
            Segment(
                "2026-11-02T18:00",
                5400,
                ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH",),
                since="2026-12-03T00:00",
                capacity=5,
            ),
            Segment("2027-03-01T20:00", 3600, ("FREQ=WEEKLY;COUNT=5",), since="2027-03-01T00:00"),
        ),
        (
            Override("2026-11-05T18:00", start="2026-11-05T19:00"),
            Override("2027-01-15T10:00", seconds=1800),
        ),
    )
    item = Item(uid="yoga", schedule=schedule, zone="Europe/Berlin")
    window = Interval(NOW - timedelta(days=60), NOW + timedelta(days=400))
    wanted = [(x.start, x.end) for x in expand(schedule, "Europe/Berlin", window)]
    parsed = parse(file(item), year=2026)
    assert parsed.skipped == ()
    assert [x.uid for x in parsed.items] == [
        "yoga",
        "yoga-from-2026-12-03T00:00",
        "yoga-from-2027-03-01T00:00",
    ]
    assert [x.capacity for x in parsed.items] == [None, 5, None]
    found = [
        (x.start, x.end)
        for item in parsed.items
        for x in expand(item.schedule, "Europe/Berlin", window)
    ]
    assert sorted(found) == sorted(wanted)
    assert len(found) >= 20


def test_rules_that_share_no_interval_are_written_out() -> None:
    segment = Segment(
        "2026-11-02T18:00",
        3600,
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", "FREQ=MONTHLY;BYMONTHDAY=2"),
        since="2026-12-01T00:00",
    )
    first = Segment("2026-11-02T18:00", 3600)
    item = Item(uid="x", schedule=Schedule((first, segment)), zone="Europe/Berlin")
    window = Interval(NOW, NOW + timedelta(days=300))
    wanted = [x.start for x in expand(item.schedule, "Europe/Berlin", window)]
    found = [x.start for y in single(item) for x in expand(y.schedule, "Europe/Berlin", window)]
    assert sorted(found) == wanted
