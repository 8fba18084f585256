"""What the calendars of Apple, Google and Microsoft insist on is in every file."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import icalendar
import pytest

from lastseat.calendar.ical import Item, Standing
from lastseat.calendar.ical_export import Head, export
from lastseat.calendar.ical_zones import timezone_component
from lastseat.calendar.zones import names, zone
from lastseat.core.schedule import Override, Schedule, Segment

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)

YOGA = Item(
    uid="yoga@hall",
    schedule=Schedule(
        (
            Segment(
                "2026-11-23T18:00",
                3600,
                ("FREQ=WEEKLY;UNTIL=20270301T180000",),
                exdate=("2026-12-28T18:00",),
            ),
        ),
        (Override("2026-12-07T18:00", start="2026-12-08T19:00"),),
    ),
    zone="Europe/Berlin",
    sequence=4,
    name="Yoga für alle; bring a mat, please " + "🧘" * 40,
    changed=NOW,
)
ONCE = Item(
    uid="once",
    schedule=Schedule((Segment("2026-11-23T10:00", 3600),)),
    zone="UTC",
    status=Standing.TENTATIVE,
)


def lines(*items: Item, **head: object) -> list[str]:
    """The lines, unfolded."""
    body = export(items, Head(name="Hall 1", **head), stamp=NOW)  # type: ignore[arg-type]
    return body.decode().replace("\r\n ", "").split("\r\n")


def test_lines_end_with_crlf_and_are_75_octets_long_at_most() -> None:
    body = export([YOGA], Head(name="Hall " * 40), stamp=NOW)
    assert body.endswith(b"END:VCALENDAR\r\n")
    assert b"\n" not in body.replace(b"\r\n", b"")
    assert max(len(line) for line in body.split(b"\r\n")) <= 75
    # Folded between characters, not within one.
    for line in body.split(b"\r\n"):
        line.decode()


def test_the_file_says_what_it_is_and_how_often_to_look() -> None:
    found = lines(YOGA)
    for line in (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Lastseat//Lastseat//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        "X-WR-CALNAME:Hall 1",
        "NAME:Hall 1",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
    ):
        assert line in found
    assert "X-LASTSEAT-CUT-AT:20261201T000000Z" in lines(cut_at=datetime(2026, 12, 1, tzinfo=UTC))


def test_every_component_has_what_it_must_have_once() -> None:
    calendar = icalendar.Calendar.from_ical(export([YOGA, ONCE], Head(name="x"), stamp=NOW))
    events = calendar.walk("VEVENT")
    assert len(events) == 3
    for event in events:
        for name in ("UID", "DTSTAMP", "DTSTART", "SEQUENCE", "STATUS", "SUMMARY", "TRANSP"):
            if name != "SUMMARY" or event["UID"] != "once":
                assert not isinstance(event[name], list), name
        stamp: Any = event["DTSTAMP"]
        assert stamp.dt.tzinfo is not None
    assert [str(x["UID"]) for x in events] == ["yoga@hall", "yoga@hall", "once"]
    assert [x.get("SEQUENCE") for x in events] == [4, 4, 0]
    assert [str(x["STATUS"]) for x in events] == ["CONFIRMED", "CONFIRMED", "TENTATIVE"]


def test_times_have_a_zone_that_the_file_describes_and_utc_has_a_z() -> None:
    found = lines(YOGA, ONCE)
    assert "DTSTART;TZID=Europe/Berlin:20261123T180000" in found
    assert "EXDATE;TZID=Europe/Berlin:20261228T180000" in found
    assert "RECURRENCE-ID;TZID=Europe/Berlin:20261207T180000" in found
    assert "DTSTART:20261123T100000Z" in found
    used = {m[1] for x in found if (m := re.search(r";TZID=([^:;]+)", x))}
    assert used == {x.removeprefix("TZID:") for x in found if x.startswith("TZID:")}
    assert "UTC" not in used
    assert len(used) == 1


def test_until_is_in_utc_where_the_start_has_a_zone() -> None:
    assert "RRULE:FREQ=WEEKLY;UNTIL=20270301T170000Z" in lines(YOGA)


def test_a_zone_has_one_half_for_summer_and_one_for_winter_by_a_rule_from_1970_on() -> None:
    """Outlook ignores a VTIMEZONE with listed changes, or more halves, and takes UTC."""
    component = timezone_component("Europe/Berlin", 2026).to_ical().decode()
    assert component.count("BEGIN:STANDARD") == component.count("BEGIN:DAYLIGHT") == 1
    assert "DTSTART:19700329T020000\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3" in component
    assert "DTSTART:19701025T030000\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10" in component
    assert "RDATE" not in component


@pytest.mark.parametrize(
    "name",
    [
        "Europe/Paris",
        "America/New_York",
        "Australia/Lord_Howe",
        "Africa/Casablanca",
        "Asia/Jerusalem",
        "Europe/Dublin",
        "America/Santiago",
        "Pacific/Chatham",
        "Asia/Kolkata",
        "Asia/Tehran",
    ],
)
def test_what_a_zone_is_described_as_is_how_its_clock_goes(name: str) -> None:
    """Icalendar reads the description on its own, without the zone's name, and agrees."""
    component = timezone_component(name, 2026)
    read: Any = icalendar.Timezone.from_ical(component.to_ical())
    described = read.to_tz(lookup_tzid=False)
    clock = zone(name)
    noon = datetime(2026, 1, 1, 12)
    for day in range(365):
        local = noon + timedelta(days=day)
        assert (
            local.replace(tzinfo=described).utcoffset() == local.replace(tzinfo=clock).utcoffset()
        )


def test_every_zone_can_be_described() -> None:
    for name in sorted(names())[::7]:
        assert b"TZOFFSETTO" in timezone_component(name, 2026).to_ical()


def test_the_same_things_are_the_same_bytes() -> None:
    head = Head(name="x")
    assert export([YOGA, ONCE], head, stamp=NOW) == export([YOGA, ONCE], head, stamp=NOW)


def test_an_end_in_an_hour_that_comes_twice_is_told_by_its_length() -> None:
    """25 October 2026, 02:30 comes twice in Berlin; two hours after 01:30 it is the second one."""
    schedule = Schedule((Segment("2026-10-25T01:30", 7200),))
    found = lines(Item(uid="x", schedule=schedule, zone="Europe/Berlin"))
    assert "DURATION:PT2H" in found
    assert not [x for x in found if x.startswith("DTEND")]
