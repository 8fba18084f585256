"""Files made to take time or memory: each is refused or passed over within its bounds."""

import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.calendar.ical_files import GOOGLE, calendar, event
from tests.calendar.test_ical_round_trip import NOW

from lastseat.calendar.ical import MOST_BYTES, MOST_COMPONENTS, BadCalendar
from lastseat.calendar.ical_import import parse
from lastseat.calendar.ical_use import Unusable, as_event


def refused(data: bytes) -> str:
    with pytest.raises(BadCalendar) as found:
        parse(data, year=2026)
    return found.value.field


def test_a_hundred_megabytes_are_refused_before_they_are_looked_at() -> None:
    data = bytes(100_000_000)
    since = time.process_time()
    assert refused(data) == "size"
    assert time.process_time() - since < 0.1


def test_too_many_components_are_refused() -> None:
    assert refused(calendar(*[event()] * (MOST_COMPONENTS + 1))) == "components"
    # Alarms are parts of events, and may be more of them; not without end.
    alarm = "BEGIN:VALARM\nEND:VALARM\n"
    assert len(parse(calendar(event(alarm * 100)), year=2026).items) == 1
    assert refused(calendar(event(alarm * 20_000))) == "components"


def test_too_many_lines_are_refused() -> None:
    assert refused(calendar(event(*["X:1"] * 500_000))) == "lines"


def test_nesting_without_end_is_refused() -> None:
    assert refused(calendar("BEGIN:VEVENT\n" * 1_000)) == "file"


def test_megabytes_take_bounded_time_and_memory() -> None:
    """1,200 events of 2 kB each, most of it a description that nobody asked for."""
    text = "DESCRIPTION:" + "\\n ".join(["lorem ipsum"] * 120)
    folded = "\n ".join(text[i : i + 70] for i in range(0, len(text), 70))
    several = [event(folded, f"SUMMARY:{i}", uid=f"{i}@x") for i in range(1_200)]
    data = calendar(*several)
    assert 2_000_000 < len(data) < MOST_BYTES
    since = time.process_time()
    tracemalloc.start(1)
    parsed = parse(data, year=2026)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(parsed.items) == 1_200
    # The text itself, mostly, and what is kept of it.
    assert peak < 4 * len(data)
    # A quarter of a second by itself; tracing and a busy machine take their share.
    assert time.process_time() - since < 15


def test_lines_without_end_are_not_kept() -> None:
    long = "SUMMARY:" + "x" * 5_000_000
    parsed = parse(calendar(event(long)), year=2026)
    assert parsed.items[0].name is None
    folded = "UID:" + "\n ".join(["x" * 70] * 60_000)
    assert parse(calendar(event(folded, uid=None)), year=2026).items == ()


def test_a_million_times_in_one_line_are_not_read() -> None:
    times = ",".join(["20261123T180000Z"] * 500_000)
    (skipped,) = parse(calendar(event(f"EXDATE:{times}")), year=2026).skipped
    assert "is longer than" in skipped.reason
    more = [f"RDATE:{','.join(f'20{y}1123T18{m:02}00Z' for m in range(60))}" for y in range(10, 99)]
    (skipped,) = parse(calendar(event(*more)), year=2026).skipped
    assert "lists more than" in skipped.reason


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=MINUTELY",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12;BYMINUTE=" + ",".join(map(str, range(60))),
        "FREQ=YEARLY;BYDAY=53MO;BYWEEKNO=1",
        "FREQ=WEEKLY;INTERVAL=0",
        "FREQ=WEEKLY;INTERVAL=999999999",
        "FREQ=WEEKLY;COUNT=0",
        "FREQ=WEEKLY;COUNT=1000000",
        "FREQ=WEEKLY;UNTIL=20270101T000000Z;COUNT=3",
        "FREQ=NEVER",
        "BYDAY=MO",
        "",
        "FREQ=DAILY;" + "BYMONTHDAY=1," * 200 + "1",
    ],
)
def test_a_rule_that_is_a_bomb_or_nonsense_is_unusable_at_once(rule: str) -> None:
    since = time.process_time()
    parsed = parse(calendar(event(f"RRULE:{rule}")), year=2026)
    for item in parsed.items:
        with pytest.raises(Unusable):
            as_event(item, "UTC", NOW)
    assert time.process_time() - since < 2


def test_a_zone_whose_changes_are_a_bomb_is_only_compared() -> None:
    described = """BEGIN:VTIMEZONE
TZID:Bomb
BEGIN:STANDARD
DTSTART:00010101T000000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=SECONDLY
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700101T000000
TZOFFSETFROM:+0100
TZOFFSETTO:+0237
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
END:VTIMEZONE"""
    start = "DTSTART;TZID=Bomb:20261123T180000"
    since = time.process_time()
    parsed = parse(calendar(described, event(start=start)), year=2026)
    assert parsed.items == ()
    assert time.process_time() - since < 3


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_file_is_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    damaged = bytearray(GOOGLE)
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        match data.draw(st.integers(0, 2)):
            case 0:
                damaged[at] = data.draw(st.integers(0, 255))
            case 1:
                del damaged[at : at + data.draw(st.integers(1, 60))]
            case _:
                damaged[at:at] = data.draw(st.binary(max_size=20))
    try:
        parsed = parse(bytes(damaged), year=2026)
    except BadCalendar:
        return
    for item in parsed.items:
        try:
            as_event(item, "Europe/Berlin", NOW)
        except Unusable:
            continue
