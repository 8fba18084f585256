"""Every example of RFC 5545, section 3.8.5.3, with the result that it states; 09:00 in New York.

A rule without an end is asked for as many starts as the RFC prints. One example is read with its
erratum (3883), whose UNTIL it had in the wrong zone.
"""

from datetime import UTC, datetime
from itertools import islice

import pytest

from lastseat.calendar.recurrence import check_segment, starts
from lastseat.calendar.zones import utc, zone
from lastseat.core.schedule import Segment

NEW_YORK = zone("America/New_York")
EVERY_DAY = tuple(range(1, 32))


def days(*months: tuple[int, int, tuple[int, ...]]) -> list[str]:
    """`(1997, 9, (2, 3))` is 2 and 3 September 1997 at 09:00."""
    return [f"{year}-{month:02}-{day:02}T09:00" for year, month, listed in months for day in listed]


def clock(day: str, *times: str) -> list[str]:
    return [f"{day}T{shown}" for shown in times]


DECEMBER_24 = "UNTIL=19971224T000000Z"
JANUARIES = days((1998, 1, EVERY_DAY), (1999, 1, EVERY_DAY), (2000, 1, EVERY_DAY))
TUESDAYS_AND_THURSDAYS = days((1997, 9, (2, 4, 9, 11, 16, 18, 23, 25, 30)), (1997, 10, (2,)))
TWENTY_MINUTES = [
    start
    for day in ("1997-09-02", "1997-09-03")
    for start in clock(day, *(f"{h:02}:{m:02}" for h in range(9, 17) for m in (0, 20, 40)))
]

EXAMPLES = {
    "daily for 10 occurrences": (
        "1997-09-02T09:00",
        "FREQ=DAILY;COUNT=10",
        days((1997, 9, tuple(range(2, 12)))),
        "ends",
    ),
    "daily until December 24": (
        "1997-09-02T09:00",
        f"FREQ=DAILY;{DECEMBER_24}",
        days(
            (1997, 9, EVERY_DAY[1:30]),
            (1997, 10, EVERY_DAY),
            (1997, 11, EVERY_DAY[:30]),
            (1997, 12, EVERY_DAY[:23]),
        ),
        "ends",
    ),
    "every other day": (
        "1997-09-02T09:00",
        "FREQ=DAILY;INTERVAL=2",
        days(
            (1997, 9, tuple(range(2, 31, 2))),
            (1997, 10, tuple(range(2, 31, 2))),
            (1997, 11, tuple(range(1, 30, 2))),
            (1997, 12, (1, 3)),
        ),
        "goes on",
    ),
    "every 10 days, 5 occurrences": (
        "1997-09-02T09:00",
        "FREQ=DAILY;INTERVAL=10;COUNT=5",
        days((1997, 9, (2, 12, 22)), (1997, 10, (2, 12))),
        "ends",
    ),
    "every day in January for 3 years, yearly": (
        "1998-01-01T09:00",
        "FREQ=YEARLY;UNTIL=20000131T140000Z;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA",
        JANUARIES,
        "ends",
    ),
    "every day in January for 3 years, daily": (
        "1998-01-01T09:00",
        "FREQ=DAILY;UNTIL=20000131T140000Z;BYMONTH=1",
        JANUARIES,
        "ends",
    ),
    "weekly for 10 occurrences": (
        "1997-09-02T09:00",
        "FREQ=WEEKLY;COUNT=10",
        days((1997, 9, (2, 9, 16, 23, 30)), (1997, 10, (7, 14, 21, 28)), (1997, 11, (4,))),
        "ends",
    ),
    "weekly until December 24": (
        "1997-09-02T09:00",
        f"FREQ=WEEKLY;{DECEMBER_24}",
        days(
            (1997, 9, (2, 9, 16, 23, 30)),
            (1997, 10, (7, 14, 21, 28)),
            (1997, 11, (4, 11, 18, 25)),
            (1997, 12, (2, 9, 16, 23)),
        ),
        "ends",
    ),
    "every other week": (
        "1997-09-02T09:00",
        "FREQ=WEEKLY;INTERVAL=2;WKST=SU",
        days(
            (1997, 9, (2, 16, 30)),
            (1997, 10, (14, 28)),
            (1997, 11, (11, 25)),
            (1997, 12, (9, 23)),
            (1998, 1, (6, 20)),
            (1998, 2, (3, 17)),
        ),
        "goes on",
    ),
    "weekly on Tuesday and Thursday for five weeks, until": (
        "1997-09-02T09:00",
        "FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH",
        TUESDAYS_AND_THURSDAYS,
        "ends",
    ),
    "weekly on Tuesday and Thursday for five weeks, counted": (
        "1997-09-02T09:00",
        "FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH",
        TUESDAYS_AND_THURSDAYS,
        "ends",
    ),
    "every other week on Monday, Wednesday and Friday until December 24": (
        "1997-09-01T09:00",
        f"FREQ=WEEKLY;INTERVAL=2;{DECEMBER_24};WKST=SU;BYDAY=MO,WE,FR",
        days(
            (1997, 9, (1, 3, 5, 15, 17, 19, 29)),
            (1997, 10, (1, 3, 13, 15, 17, 27, 29, 31)),
            (1997, 11, (10, 12, 14, 24, 26, 28)),
            (1997, 12, (8, 10, 12, 22)),
        ),
        "ends",
    ),
    "every other week on Tuesday and Thursday, for 8 occurrences": (
        "1997-09-02T09:00",
        "FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH",
        days((1997, 9, (2, 4, 16, 18, 30)), (1997, 10, (2, 14, 16))),
        "ends",
    ),
    "monthly on the first Friday for 10 occurrences": (
        "1997-09-05T09:00",
        "FREQ=MONTHLY;COUNT=10;BYDAY=1FR",
        days(
            *((1997, 9, (5,)), (1997, 10, (3,)), (1997, 11, (7,)), (1997, 12, (5,))),
            *((1998, 1, (2,)), (1998, 2, (6,)), (1998, 3, (6,)), (1998, 4, (3,))),
            *((1998, 5, (1,)), (1998, 6, (5,))),
        ),
        "ends",
    ),
    "monthly on the first Friday until December 24": (
        "1997-09-05T09:00",
        f"FREQ=MONTHLY;{DECEMBER_24};BYDAY=1FR",
        days((1997, 9, (5,)), (1997, 10, (3,)), (1997, 11, (7,)), (1997, 12, (5,))),
        "ends",
    ),
    "every other month on the first and last Sunday for 10 occurrences": (
        "1997-09-07T09:00",
        "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU",
        days(
            *((1997, 9, (7, 28)), (1997, 11, (2, 30)), (1998, 1, (4, 25)), (1998, 3, (1, 29))),
            (1998, 5, (3, 31)),
        ),
        "ends",
    ),
    "monthly on the second-to-last Monday for 6 months": (
        "1997-09-22T09:00",
        "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO",
        days(
            *((1997, 9, (22,)), (1997, 10, (20,)), (1997, 11, (17,)), (1997, 12, (22,))),
            *((1998, 1, (19,)), (1998, 2, (16,))),
        ),
        "ends",
    ),
    "monthly on the third-to-the-last day": (
        "1997-09-28T09:00",
        "FREQ=MONTHLY;BYMONTHDAY=-3",
        days(
            *((1997, 9, (28,)), (1997, 10, (29,)), (1997, 11, (28,)), (1997, 12, (29,))),
            *((1998, 1, (29,)), (1998, 2, (26,))),
        ),
        "goes on",
    ),
    "monthly on the 2nd and 15th for 10 occurrences": (
        "1997-09-02T09:00",
        "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15",
        days(
            *((1997, month, (2, 15)) for month in (9, 10, 11, 12)),
            (1998, 1, (2, 15)),
        ),
        "ends",
    ),
    "monthly on the first and last day for 10 occurrences": (
        "1997-09-30T09:00",
        "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1",
        days(
            *((1997, 9, (30,)), (1997, 10, (1, 31)), (1997, 11, (1, 30)), (1997, 12, (1, 31))),
            *((1998, 1, (1, 31)), (1998, 2, (1,))),
        ),
        "ends",
    ),
    "every 18 months on the 10th thru 15th for 10 occurrences": (
        "1997-09-10T09:00",
        "FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15",
        days((1997, 9, (10, 11, 12, 13, 14, 15)), (1999, 3, (10, 11, 12, 13))),
        "ends",
    ),
    "every Tuesday, every other month": (
        "1997-09-02T09:00",
        "FREQ=MONTHLY;INTERVAL=2;BYDAY=TU",
        days(
            (1997, 9, (2, 9, 16, 23, 30)),
            (1997, 11, (4, 11, 18, 25)),
            (1998, 1, (6, 13, 20, 27)),
            (1998, 3, (3, 10, 17, 24, 31)),
        ),
        "goes on",
    ),
    "yearly in June and July for 10 occurrences": (
        "1997-06-10T09:00",
        "FREQ=YEARLY;COUNT=10;BYMONTH=6,7",
        days(*((year, month, (10,)) for year in range(1997, 2002) for month in (6, 7))),
        "ends",
    ),
    "every other year on January, February and March for 10 occurrences": (
        "1997-03-10T09:00",
        "FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3",
        days(
            (1997, 3, (10,)),
            *((year, month, (10,)) for year in (1999, 2001, 2003) for month in (1, 2, 3)),
        ),
        "ends",
    ),
    "every third year on the 1st, 100th and 200th day for 10 occurrences": (
        "1997-01-01T09:00",
        "FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200",
        days(
            *((1997, 1, (1,)), (1997, 4, (10,)), (1997, 7, (19,))),
            *((2000, 1, (1,)), (2000, 4, (9,)), (2000, 7, (18,))),
            *((2003, 1, (1,)), (2003, 4, (10,)), (2003, 7, (19,))),
            (2006, 1, (1,)),
        ),
        "ends",
    ),
    "every 20th Monday of the year": (
        "1997-05-19T09:00",
        "FREQ=YEARLY;BYDAY=20MO",
        days((1997, 5, (19,)), (1998, 5, (18,)), (1999, 5, (17,))),
        "goes on",
    ),
    "Monday of week number 20": (
        "1997-05-12T09:00",
        "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO",
        days((1997, 5, (12,)), (1998, 5, (11,)), (1999, 5, (17,))),
        "goes on",
    ),
    "every Thursday in March": (
        "1997-03-13T09:00",
        "FREQ=YEARLY;BYMONTH=3;BYDAY=TH",
        days((1997, 3, (13, 20, 27)), (1998, 3, (5, 12, 19, 26)), (1999, 3, (4, 11, 18, 25))),
        "goes on",
    ),
    "every Thursday, but only during June, July and August": (
        "1997-06-05T09:00",
        "FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8",
        days(
            *(
                (1997, 6, (5, 12, 19, 26)),
                (1997, 7, (3, 10, 17, 24, 31)),
                (1997, 8, (7, 14, 21, 28)),
            ),
            *(
                (1998, 6, (4, 11, 18, 25)),
                (1998, 7, (2, 9, 16, 23, 30)),
                (1998, 8, (6, 13, 20, 27)),
            ),
            *(
                (1999, 6, (3, 10, 17, 24)),
                (1999, 7, (1, 8, 15, 22, 29)),
                (1999, 8, (5, 12, 19, 26)),
            ),
        ),
        "goes on",
    ),
    "the first Saturday that follows the first Sunday of the month": (
        "1997-09-13T09:00",
        "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13",
        days(
            *((1997, 9, (13,)), (1997, 10, (11,)), (1997, 11, (8,)), (1997, 12, (13,))),
            *((1998, 1, (10,)), (1998, 2, (7,)), (1998, 3, (7,)), (1998, 4, (11,))),
            *((1998, 5, (9,)), (1998, 6, (13,))),
        ),
        "goes on",
    ),
    "every 4 years, the first Tuesday after a Monday in November": (
        "1996-11-05T09:00",
        "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
        days((1996, 11, (5,)), (2000, 11, (7,)), (2004, 11, (2,))),
        "goes on",
    ),
    "the third of Tuesday, Wednesday or Thursday in a month, for 3 months": (
        "1997-09-04T09:00",
        "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3",
        days((1997, 9, (4,)), (1997, 10, (7,)), (1997, 11, (6,))),
        "ends",
    ),
    "the second-to-last weekday of the month": (
        "1997-09-29T09:00",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
        days(
            *((1997, 9, (29,)), (1997, 10, (30,)), (1997, 11, (27,)), (1997, 12, (30,))),
            *((1998, 1, (29,)), (1998, 2, (26,)), (1998, 3, (30,))),
        ),
        "goes on",
    ),
    "every 3 hours from 9:00 AM to 5:00 PM on a specific day (erratum 3883)": (
        "1997-09-02T09:00",
        "FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T210000Z",
        clock("1997-09-02", "09:00", "12:00", "15:00"),
        "ends",
    ),
    "every 15 minutes for 6 occurrences": (
        "1997-09-02T09:00",
        "FREQ=MINUTELY;INTERVAL=15;COUNT=6",
        clock("1997-09-02", "09:00", "09:15", "09:30", "09:45", "10:00", "10:15"),
        "ends",
    ),
    "every hour and a half for 4 occurrences": (
        "1997-09-02T09:00",
        "FREQ=MINUTELY;INTERVAL=90;COUNT=4",
        clock("1997-09-02", "09:00", "10:30", "12:00", "13:30"),
        "ends",
    ),
    "every 20 minutes from 9:00 AM to 4:40 PM every day, daily": (
        "1997-09-02T09:00",
        "FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40",
        TWENTY_MINUTES,
        "goes on",
    ),
    "every 20 minutes from 9:00 AM to 4:40 PM every day, minutely": (
        "1997-09-02T09:00",
        "FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16",
        TWENTY_MINUTES,
        "goes on",
    ),
    "weeks that begin on Monday": (
        "1997-08-05T09:00",
        "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",
        days((1997, 8, (5, 10, 19, 24))),
        "ends",
    ),
    "weeks that begin on Sunday": (
        "1997-08-05T09:00",
        "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU",
        days((1997, 8, (5, 17, 19, 31))),
        "ends",
    ),
    "an invalid date (February 30) is ignored": (
        "2007-01-15T09:00",
        "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5",
        days((2007, 1, (15, 30)), (2007, 2, (15,)), (2007, 3, (15, 30))),
        "ends",
    ),
}


def first(segment: Segment, most: int) -> list[str]:
    check_segment(segment, "event", NEW_YORK)
    given = starts(segment, datetime(1990, 1, 1), datetime(2100, 1, 1), NEW_YORK)
    return [start.isoformat(timespec="minutes") for start in islice(given, most)]


@pytest.mark.parametrize(("start", "rule", "expected", "then"), EXAMPLES.values(), ids=EXAMPLES)
def test_the_rule_gives_what_the_rfc_says(
    start: str, rule: str, expected: list[str], then: str
) -> None:
    given = first(Segment(start=start, seconds=3600, rrule=(rule,)), len(expected) + 1)
    assert given[: len(expected)] == expected
    assert len(given) == len(expected) + (then == "goes on")


def test_every_friday_the_13th() -> None:
    # The RFC takes away the start, which is no Friday.
    segment = Segment(
        start="1997-09-02T09:00",
        seconds=3600,
        rrule=("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",),
        exdate=("1997-09-02T09:00",),
    )
    assert first(segment, 5) == days(
        *((1998, 2, (13,)), (1998, 3, (13,)), (1998, 11, (13,))),
        *((1999, 8, (13,)), (2000, 10, (13,))),
    )


def test_the_hours_are_those_of_new_york_before_and_after_the_clock_is_put_back() -> None:
    # The RFC marks its results EDT and EST; 1997 the change was on October 26.
    segment = Segment(start="1997-09-02T09:00", seconds=3600, rrule=(f"FREQ=DAILY;{DECEMBER_24}",))
    given = starts(segment, datetime(1997, 10, 25), datetime(1997, 10, 28), NEW_YORK)
    assert [utc(start, NEW_YORK) for start in given] == [
        datetime(1997, 10, 25, 13, tzinfo=UTC),
        datetime(1997, 10, 26, 14, tzinfo=UTC),
        datetime(1997, 10, 27, 14, tzinfo=UTC),
    ]


def test_until_as_printed_in_the_hourly_example_is_one_in_the_afternoon() -> None:
    # What erratum 3883 corrects: 17:00 UTC is 13:00 in New York.
    segment = Segment(
        start="1997-09-02T09:00",
        seconds=3600,
        rrule=("FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T170000Z",),
    )
    assert first(segment, 5) == clock("1997-09-02", "09:00", "12:00")
