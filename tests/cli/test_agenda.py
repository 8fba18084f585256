"""`lastseat agenda` and `lastseat hours` as an operator reads them: in order, in local time."""

import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.cli.running import Done, error_line, lastseat, on_a_terminal

import lastseat as library
from lastseat import Claim, Hours, RecurringBlock, Rules, Span, SpecialDay
from lastseat.cli.looking import span, window, zone_of
from lastseat.cli.terminal import Failure

PARIS = ZoneInfo("Europe/Paris")
WIDTH = 80


@pytest.fixture
def venue(engine: library.Engine, tenant: library.Tenant) -> tuple[str, str]:
    """A house in Paris: yoga every Monday, two lanes, a cleaning; the database and the tenant."""
    assert tenant.catalogue.create_location("house", name="House", time_zone="Europe/Paris").ok
    open_ = (Span(opens="09:00", closes="12:30"), Span(opens="14:00", closes="02:00"))
    rules = Rules(
        hours=Hours(
            weekly={"MO": open_, "TU": open_, "SA": open_},
            special=(SpecialDay(date="2027-03-02", name="Mardi gras"),),
        ),
        blocks=(
            RecurringBlock(
                start="2027-03-01T14:00", seconds=3600, rrule=("FREQ=WEEKLY",), name="cleaning"
            ),
        ),
    )
    assert tenant.set_rules("location:house", rules).ok
    made = tenant.define_event(
        "yoga",
        start="2027-03-01T19:30",
        rrule="FREQ=WEEKLY",
        duration=timedelta(minutes=75),
        time_zone="Europe/Paris",
        capacity=12,
        location="house",
        name="Evening yoga for everybody who has ever thought of trying it, and for all others",
    )
    assert made.ok, made
    for lane in ("lane-1", "lane-2"):
        assert tenant.define_resource(lane, location="house").ok
    at = datetime(2027, 3, 1, 20, tzinfo=PARIS)
    claim = Claim(bookable="lane-1", start=at, end=at + timedelta(hours=4))
    assert tenant.book(claim, actor="ann@example.org").ok
    assert tenant.book("yoga@2027-03-01T19:30", actor="ben@example.org", units=3).ok
    return engine.conninfo, tenant.commands.tenant_id


def agenda(venue: tuple[str, str], *more: str) -> Done:
    where, tenant_id = venue
    return lastseat("agenda", "--url", where, "--tenant", tenant_id, *more)


WEEK = ("--start", "2027-03-01", "--days", "8")


def test_it_shows_what_is_on_in_order_by_the_locations_clock(venue: tuple[str, str]) -> None:
    done = agenda(venue, *WEEK, "--location", "house")
    assert done.returncode == 0, done.stderr
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert [line[:3] for line in lines] == [
        ["2027-03-01T14:00+01:00", "2027-03-01T15:00+01:00", "block"],
        ["2027-03-01T19:30+01:00", "2027-03-01T20:45+01:00", "occurrence"],
        ["2027-03-01T20:00+01:00", "2027-03-02T00:00+01:00", "booking"],
        ["2027-03-08T14:00+01:00", "2027-03-08T15:00+01:00", "block"],
        ["2027-03-08T19:30+01:00", "2027-03-08T20:45+01:00", "occurrence"],
    ]
    assert [line[4] for line in lines] == ["blocked", "3/12", "CONFIRMED", "blocked", "0/12"]
    assert lines[2][3] == "lane-1, ann@example.org"


def test_it_is_of_one_resource_event_or_person(venue: tuple[str, str]) -> None:
    def kinds(*whose: str) -> list[str]:
        done = agenda(venue, *WEEK, *whose, "--json")
        assert done.returncode == 0, done.stderr
        return [x["kind"] for x in json.loads(done.stdout)["items"] if x["kind"] != "block"]

    assert kinds("--resource", "lane-1") == ["booking"]
    assert kinds("--event", "yoga") == ["occurrence", "occurrence"]
    assert kinds("--actor", "ann@example.org") == ["booking"]


def test_on_a_terminal_it_is_a_table_that_fits(venue: tuple[str, str]) -> None:
    where, tenant_id = venue
    asked = ("agenda", "--url", where, "--tenant", tenant_id, *WEEK, "--location", "house")
    code, shown = on_a_terminal(*asked, COLUMNS=str(WIDTH), NO_COLOR="1", TERM="dumb")
    assert code == 0, shown
    lines = shown.replace("\r", "").splitlines()
    assert max(map(len, lines)) <= WIDTH, shown
    assert "Mon 01 Mar 2027 00:00 to Tue 09 Mar 2027 00:00, Europe/Paris" in lines[0]
    assert "20:00-24:00" in shown
    words = " ".join(shown.split())
    for word in ("cleaning", "everybody", "ann@example.org", "3/12"):
        assert word in words
    assert shown.count("Mon 01 Mar ") == 2, "the day is said once, and in the heading"


def test_a_page_says_how_to_go_on(venue: tuple[str, str]) -> None:
    first = agenda(venue, *WEEK, "--limit", "2")
    assert len(first.stdout.splitlines()) == 2
    asked, cursor = first.stderr.strip().rsplit(" ", 1)
    assert asked.endswith("go on with --after")
    rest = agenda(venue, *WEEK, "--after", cursor)
    assert len(rest.stdout.splitlines()) == 3
    assert rest.stderr == ""


def test_times_are_read_by_the_zone_asked_for(venue: tuple[str, str]) -> None:
    # 20:00 in Paris is 02:00 of the next day in Tokyo, and 04:00.
    zone = ("--time-zone", "Asia/Tokyo")
    done = agenda(venue, "--start", "2027-03-02T04:00", "--end", "2027-03-02T04:30", *zone)
    assert [x.split("\t")[0] for x in done.stdout.splitlines()] == [
        "2027-03-02T03:30+09:00",
        "2027-03-02T04:00+09:00",
    ]
    offset = agenda(venue, "--start", "2027-03-01T19:00Z", "--end", "2027-03-01T20:30+01:00", *zone)
    assert offset.stdout == done.stdout


def test_nothing_is_an_answer(venue: tuple[str, str]) -> None:
    done = agenda(venue, "--start", "2027-02-01", "--days", "2")
    assert (done.returncode, done.stdout) == (0, "")
    assert "nothing is on" in done.stderr
    assert json.loads(agenda(venue, "--start", "2027-02-01", "--days", "2", "--json").stdout) == {
        "items": [],
        "next": None,
    }


@pytest.mark.parametrize(
    ("start", "end", "days", "complaint"),
    [
        ("tomorrow", None, None, "--start can't read 'tomorrow': say a day such as"),
        ("2027-02-30", None, None, "--start can't read"),
        ("0001-01-01", None, None, "--start can't read"),
        ("9999-12-31", None, 9, "--start lies too far ahead"),
        ("2027-03-02", "2027-03-02", None, "--end has to come after 2027-03-02T00:00"),
        (None, "2999-01-01", 1, "give one of them"),
    ],
)
def test_a_time_that_can_not_be_read_is_told(
    start: str | None, end: str | None, days: int | None, complaint: str
) -> None:
    with pytest.raises(Failure, match=re.escape(complaint)):
        window(PARIS, start, end, days)


@pytest.mark.parametrize("name", ["Mars/Base", "europe/paris", "../../etc/passwd", "EST5EDT4"])
def test_a_zone_that_does_not_exist_is_told(name: str) -> None:
    with pytest.raises(Failure, match="--time-zone: there is no time zone"):
        zone_of(name, None)


def test_a_day_has_the_hours_that_it_has() -> None:
    # Paris puts its clocks forward on 28 March.
    day = window(PARIS, "2027-03-28", None, 1)
    assert day.end - day.start == timedelta(hours=23)
    week = window(PARIS, "2027-03-27T12:00", None, None)
    assert week.end.astimezone(PARIS) == datetime(2027, 4, 3, 12, tzinfo=PARIS)


def test_a_time_that_comes_twice_says_which_it_is() -> None:
    first = datetime(2027, 10, 31, 2, 30, tzinfo=PARIS)
    assert span(first, first + timedelta(minutes=15), PARIS) == "02:30 CEST-02:45 CEST"
    assert span(first.replace(hour=22), first.replace(day=1, month=11), PARIS) == "22:30-02:30 +1d"


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        (("--start", "2027-01-01", "--end", "2127-01-01"), "400 days"),
        (("--location", "moon"), "there is no location 'moon'"),
        (("--resource", "lane-9"), "'lane-9'"),
        (("--after", "mistyped"), "cursor"),
    ],
)
def test_what_is_asked_wrongly_is_a_line_that_says_what(
    wrong: tuple[str, ...], complaint: str, venue: tuple[str, str]
) -> None:
    done = agenda(venue, *wrong)
    assert (done.returncode, done.stdout) == (1, "")
    assert complaint in error_line(done)


def test_a_mistyped_tenant_has_no_empty_agenda(conninfo: str) -> None:
    done = lastseat("agenda", "--url", conninfo, "--tenant", "stduio")
    assert done.returncode == 1
    assert "lastseat tenants list" in error_line(done)


def test_a_database_without_the_schema_is_told(tmp_path: Path) -> None:
    done = lastseat("agenda", "--tenant", "studio", LASTSEAT_DATA_DIR=str(tmp_path / "data"))
    assert done.returncode == 1
    assert "lastseat migrate" in error_line(done)
    assert list(tmp_path.iterdir()) == []


# Hours -------------------------------------------------------------------------------------------


def hours(venue: tuple[str, str], *more: str) -> Done:
    where, tenant_id = venue
    return lastseat("hours", "--url", where, "--tenant", tenant_id, *more)


def test_hours_are_shown_day_by_day_and_why_it_is_closed(venue: tuple[str, str]) -> None:
    done = hours(venue, "lane-1", "--first", "2027-03-01", "--days", "3")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "2027-03-01\t09:00-12:30, 14:00-02:00 +1d",
        "2027-03-02\tclosed (Mardi gras)",
        "2027-03-03\tclosed (week)",
    ]
    (first, *_) = json.loads(
        hours(venue, "location:house", "--first", "2027-03-01", "--json").stdout
    )
    assert first["spans"][0]["start"] == "2027-03-01T08:00:00Z"


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        (("location:moon",), "moon"),
        (("location:house", "--first", "monday"), "--first can't read 'monday'"),
    ],
)
def test_hours_asked_wrongly_are_a_line(
    wrong: tuple[str, ...], complaint: str, venue: tuple[str, str]
) -> None:
    done = hours(venue, *wrong)
    assert (done.returncode, done.stdout) == (1, "")
    assert complaint in error_line(done)
