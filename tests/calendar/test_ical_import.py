"""Files as they are in the wild: what is read of them, and why what is not."""

from datetime import UTC, datetime

import pytest
from tests.calendar.ical_files import GOOGLE, OUTLOOK, calendar, event

from lastseat.calendar.ical import BadCalendar, Item, Standing
from lastseat.calendar.ical_import import hash_of, parse
from lastseat.core.schedule import Override, Schedule, Segment


def one(data: bytes) -> Item:
    """The file's only item, of which nothing was skipped."""
    parsed = parse(data, year=2026)
    assert parsed.skipped == ()
    (item,) = parsed.items
    return item


def reason(*components: str) -> str:
    """Why the file's only item was skipped."""
    parsed = parse(calendar(*components), year=2026)
    assert parsed.items == ()
    (skipped,) = parsed.skipped
    return skipped.reason


def test_googles_calendar() -> None:
    parsed = parse(GOOGLE, year=2026)
    assert parsed.name == "Hall operations"
    assert parsed.skipped == ()
    yoga, inspection, closed = parsed.items
    assert yoga == Item(
        uid="6kq3ge1g@google.com",
        schedule=Schedule(
            (
                Segment(
                    "2026-11-23T18:00",
                    5400,
                    ("FREQ=WEEKLY;WKST=MO;UNTIL=20270301T235959;BYDAY=MO",),
                    exdate=("2026-12-28T18:00",),
                ),
            ),
            (Override("2026-12-07T18:00", start="2026-12-08T19:00"),),
        ),
        zone="Europe/Berlin",
        sequence=3,
        name="Yoga, with Ann",
        place="Hall 1, first floor",
        changed=datetime(2026, 11, 10, 8, tzinfo=UTC),
    )
    assert inspection.zone == "UTC"
    assert inspection.status is Standing.TENTATIVE
    assert inspection.schedule == Schedule((Segment("2026-11-24T09:00", 3600),))
    assert closed.all_day
    assert closed.free
    assert closed.zone is None
    assert closed.schedule == Schedule((Segment("2026-12-24T00:00", 3 * 86_400),))


def test_outlooks_calendar() -> None:
    parsed = parse(OUTLOOK, year=2026)
    assert parsed.skipped == ()
    cleaning, call = parsed.items
    assert cleaning.zone == "Europe/Berlin"
    assert cleaning.name == "Cleaning"
    assert cleaning.schedule.segments[0].rrule == ("FREQ=WEEKLY;UNTIL=20261221T090000;BYDAY=MO",)
    # No name that anybody knows, but its clock goes as New York's does.
    assert call.zone in ("America/New_York", "America/Toronto", "America/Detroit")
    assert call.free


@pytest.mark.parametrize(
    ("tzid", "name"),
    [
        ("Europe/Paris", "Europe/Paris"),
        ("/freeassociation.sourceforge.net/Europe/Paris", "Europe/Paris"),
        ("/softwarestudio.org/Olson_20011030_5/America/New_York", "America/New_York"),
        ("Romance Standard Time", "Europe/Paris"),
        ("Pacific Standard Time", "America/Los_Angeles"),
        ("India Standard Time", "Asia/Calcutta"),
        ("UTC", "UTC"),
    ],
)
def test_zones_by_their_names(tzid: str, name: str) -> None:
    item = one(calendar(event(start=f'DTSTART;TZID="{tzid}":20261123T180000')))
    assert item.zone == name
    assert item.schedule.segments[0].start == "2026-11-23T18:00"


def test_a_zone_described_without_summer_time_is_an_offset() -> None:
    described = """BEGIN:VTIMEZONE
TZID:Mine
BEGIN:STANDARD
DTSTART:19700101T000000
TZOFFSETFROM:+0300
TZOFFSETTO:+0300
END:STANDARD
END:VTIMEZONE"""
    item = one(calendar(described, event(start="DTSTART;TZID=Mine:20261123T180000")))
    assert item.zone == "Etc/GMT-3"


def test_one_files_zone_does_not_change_what_a_zone_is_for_the_next() -> None:
    """Icalendar by itself would remember it for the whole process."""
    described = """BEGIN:VTIMEZONE
TZID:{}
BEGIN:STANDARD
DTSTART:19700101T000000
TZOFFSETFROM:+0900
TZOFFSETTO:+0900
END:STANDARD
END:VTIMEZONE"""
    start = "DTSTART;TZID={}:20261123T180000"
    for name in ("Europe/Paris", "Mine"):
        parse(calendar(described.format(name), event(start=start.format(name))), year=2026)
    assert one(calendar(event(start=start.format("Europe/Paris")))).zone == "Europe/Paris"
    assert "is not known" in reason(event(start=start.format("Mine")))


def test_floating_and_whole_days_have_no_zone() -> None:
    assert one(calendar(event(start="20261123T180000"))).zone is None
    day = one(calendar("BEGIN:VEVENT\nUID:x\nDTSTART;VALUE=DATE:20261123\nEND:VEVENT"))
    assert day.all_day
    assert day.schedule.segments[0].seconds == 86_400


def test_a_length_is_that_between_two_zones_and_over_the_change_of_clocks() -> None:
    flight = event(
        "DTEND;TZID=America/New_York:20261123T200000",
        start="DTSTART;TZID=Europe/Berlin:20261123T180000",
    )
    assert one(calendar(flight)).schedule.segments[0].seconds == 8 * 3600
    night = event(
        "DTEND;TZID=Europe/Berlin:20270328T040000",
        start="DTSTART;TZID=Europe/Berlin:20270328T010000",
    )
    assert one(calendar(night)).schedule.segments[0].seconds == 2 * 3600


def test_exceptions_are_found_in_whatever_zone_they_are_told() -> None:
    item = one(
        calendar(
            event(
                "RRULE:FREQ=DAILY;COUNT=9",
                "EXDATE:20261124T170000Z,20261125T170000Z",
                "EXDATE;VALUE=DATE:20261126",
                "RDATE;VALUE=PERIOD:20261201T090000Z/PT2H",
                start="DTSTART;TZID=Europe/Berlin:20261123T180000",
            ),
            event(
                "RECURRENCE-ID:20261127T170000Z",
                "STATUS:CANCELLED",
                start="DTSTART;TZID=Europe/Berlin:20261127T180000",
            ),
            event("RECURRENCE-ID:20261128T170000Z", start="20261128T190000Z"),
        )
    )
    assert item.schedule == Schedule(
        (
            Segment(
                "2026-11-23T18:00",
                3600,
                ("FREQ=DAILY;COUNT=9",),
                rdate=("2026-12-01T10:00",),
                exdate=("2026-11-24T18:00", "2026-11-25T18:00", "2026-11-26T18:00"),
            ),
        ),
        (
            Override("2026-11-27T18:00", cancelled=True),
            Override("2026-11-28T18:00", start="2026-11-28T20:00"),
            Override("2026-12-01T10:00", seconds=7200),
        ),
    )


@pytest.mark.parametrize(
    ("component", "words"),
    [
        (event(start=None), "has no DTSTART"),
        (event(start="tomorrow"), "can't be read"),
        (event(start="20261323T180000Z"), "can't be read"),
        (event(start="20261123T180030Z"), "with seconds"),
        (event(start="DTSTART;TZID=Middle/Earth:20261123T180000"), "is not known"),
        (event(start="DTSTART;TZID=../../etc/passwd:20261123T180000"), "is not known"),
        (event("DTEND:20261123T180000Z"), "ends no later than it starts"),
        (event("DTEND:20261122T180000Z"), "ends no later than it starts"),
        (event("DURATION:-PT1H"), "ends no later than it starts"),
        (event("DURATION:an hour"), "can't be read"),
        (event("DTEND;VALUE=DATE:20261123"), "ends no later than it starts"),
        (event("DTSTART:20261124T180000Z"), "has DTSTART twice"),
        (event("EXRULE:FREQ=DAILY"), "EXRULE"),
        (event("EXDATE:never"), "can't be read"),
        (event(uid=None), "has no UID"),
        (event(uid="ü" * 501), "has no UID"),
        ("BEGIN:VEVENT\nUID:x\nDTSTART:20261123T180000Z\nEND:VEVENT", "takes no time"),
        (event("RECURRENCE-ID:20261124T180000Z"), "not in the file"),
        ("BEGIN:VTODO\nUID:t\nSUMMARY:buy\nEND:VTODO", "is a to-do"),
        ("BEGIN:VJOURNAL\nUID:t\nEND:VJOURNAL", "is a journal entry"),
        ("BEGIN:VFREEBUSY\nUID:t\nEND:VFREEBUSY", "is free/busy time"),
        ("BEGIN:X-THING\nUID:t\nEND:X-THING", "is no event"),
    ],
)
def test_what_is_skipped_has_its_reason(component: str, words: str) -> None:
    assert words in reason(component)


def test_one_bad_item_does_not_spoil_the_others() -> None:
    parsed = parse(
        calendar(event(uid="1"), event(uid="2", start="never"), event(uid="3")), year=2026
    )
    assert [x.uid for x in parsed.items] == ["1", "3"]
    assert [x.uid for x in parsed.skipped] == ["2"]


def test_an_override_that_can_not_be_read_leaves_the_others() -> None:
    parsed = parse(
        calendar(
            event("RRULE:FREQ=DAILY;COUNT=9"),
            event("RECURRENCE-ID:20261124T180000Z", start="20261124T200000Z"),
            event("RECURRENCE-ID:20261125T180000Z", start="never"),
            event("RECURRENCE-ID;RANGE=THISANDFUTURE:20261126T180000Z"),
        ),
        year=2026,
    )
    assert [x.at for x in parsed.items[0].schedule.overrides] == ["2026-11-24T18:00"]
    assert len(parsed.skipped) == 2
    assert "RANGE" in parsed.skipped[1].reason


def test_of_one_uid_twice_the_latest_counts() -> None:
    parsed = parse(
        calendar(event("SEQUENCE:2", "SUMMARY:new"), event("SEQUENCE:1", "SUMMARY:old")), year=2026
    )
    assert [x.name for x in parsed.items] == ["new"]
    assert "twice" in parsed.skipped[0].reason


def test_broken_lines_are_passed_over_and_told() -> None:
    wild = event(
        "DESCRIPTION:a text",
        "that goes on without being folded",
        "",
        "  and: this is a continuation",
        "SUMMARY:Yoga",
        ":no name",
        "=E4=F6",
        'X-BAD;="":x',
    )
    parsed = parse(calendar(wild), year=2026)
    assert parsed.items[0].name == "Yoga"
    assert "3 of its lines are no properties" in parsed.skipped[0].reason


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r", b"\r\n\r\n"])
def test_any_line_ending_will_do(ending: bytes) -> None:
    data = calendar(event("SUMMARY:Yoga and\n  breath")).replace(b"\r\n", ending)
    assert one(data).name == "Yoga and breath"


def test_latin_1_and_a_byte_order_mark() -> None:
    text = calendar(event("SUMMARY:Café für Ältere")).decode()
    assert one(text.encode("latin-1")).name == "Café für Ältere"
    assert one(b"\xef\xbb\xbf" + text.encode()).name == "Café für Ältere"
    # A character folded in its middle, as some do.
    folded = text.encode().replace("ü".encode(), "ü".encode()[:1] + b"\r\n " + "ü".encode()[1:])
    assert one(folded).name is not None


def test_names_have_nothing_that_no_terminal_or_row_could_take() -> None:
    item = one(calendar(event("SUMMARY:Yo\x00ga\x1b[31m\\nred " + "x" * 500)))
    assert item.name is not None
    assert item.name.isprintable()
    assert len(item.name) <= 200


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (b"", "file"),
        (b"<html><body>Log in</body></html>", "file"),
        (b"\x00\x01\x02", "file"),
        (b"BEGIN:VCALENDAR\r\n", "file"),
        (calendar(event())[:-20], "file"),
        (calendar(event()).replace(b"END:VEVENT\r\n", b""), "file"),
        (calendar("END:VEVENT"), "file"),
        (calendar(event()) + b"DTSTART:20261123T180000Z\r\n", "file"),
        (calendar(event()) + b"BEGIN:VEVENT\r\nEND:VEVENT\r\n", "file"),
        (calendar("BEGIN:A\n" * 20 + "END:A\n" * 20), "file"),
    ],
)
def test_a_file_that_is_none_or_breaks_off_is_refused(data: bytes, field: str) -> None:
    """What is missing at its end would be taken for called off."""
    with pytest.raises(BadCalendar) as refused:
        parse(data, year=2026)
    assert refused.value.field == field


def test_a_cancelled_calendar_cancels_its_items() -> None:
    item = one(calendar(event(), head="METHOD:CANCEL"))
    assert item.status is Standing.CANCELLED


def test_a_hash_tells_another_text_and_not_another_time_of_change() -> None:
    item = one(calendar(event("SEQUENCE:1", "LAST-MODIFIED:20261101T080000Z")))
    later = one(calendar(event("SEQUENCE:2", "LAST-MODIFIED:20261102T080000Z")))
    other = one(calendar(event("SEQUENCE:1", "SUMMARY:Yoga")))
    assert hash_of(item) == hash_of(later)
    assert hash_of(item) != hash_of(other)
