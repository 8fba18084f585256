"""`lastseat tz-check`: what was reckoned by another zone database than today's is told."""

import json
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import psycopg
import pytest
from tests.cli.running import error_line, lastseat

import lastseat as library

PARIS = ZoneInfo("Europe/Paris")


@pytest.fixture
def planned(database: Callable[[], str]) -> str:
    """A class with an occurrence booked and one that was moved, and a lane booked by the wall."""
    where = database()
    with library.open(where) as engine:
        studio = engine.tenant("studio")
        studio.define_event(
            "yoga",
            start="2095-03-07T18:00",
            rrule="FREQ=WEEKLY",
            overrides=[library.Override("2095-03-14T18:00", start="2095-03-15T09:00")],
            duration=3600,
            time_zone="Europe/Paris",
            capacity=3,
        )
        for at in ("2095-03-07T18:00", "2095-03-14T18:00"):
            assert studio.book(f"yoga@{at}", actor="ann").ok
        studio.define_resource("lane")
        # The second 02:30 of that night, which only the stored instant tells from the first.
        first = datetime(2095, 10, 30, 2, 30, fold=1, tzinfo=PARIS)
        end = datetime(2095, 10, 30, 4, 0, tzinfo=PARIS)
        lane = library.Claim(bookable="lane", start=first, end=end)
        assert studio.book(lane, actor="ben").ok
    return where


def reckon_otherwise(where: str, statement: str) -> None:
    """Store what another zone database would have made of the same wall clock."""
    with psycopg.connect(where) as connection:
        connection.execute(statement.encode())


def test_what_is_as_the_zones_say_is_exit_code_0(planned: str) -> None:
    done = lastseat("tz-check", "--url", planned)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "checked 3 times to come, 0 would move\n"


def test_an_occurrence_and_a_booking_that_would_move_are_told(planned: str) -> None:
    reckon_otherwise(
        planned,
        "UPDATE lastseat.heads SET starts_at = starts_at + interval '1 hour',"
        " ends_at = ends_at + interval '1 hour' WHERE bookable_id = 'yoga@2095-03-14T18:00'",
    )
    reckon_otherwise(
        planned,
        "UPDATE lastseat.claims SET during = tstzrange(lower(during) + interval '1 hour',"
        " upper(during) + interval '1 hour') WHERE bookable_id = 'lane'",
    )
    done = lastseat("tz-check", "--tenant", "studio", "--url", planned)
    assert done.returncode == 1
    lane, yoga, last = done.stdout.splitlines()
    assert lane.startswith("studio: booking ")
    assert yoga == (
        "studio: yoga@2095-03-14T18:00: 2095-03-15T09:00 in Europe/Paris is 2095-03-15T08:00Z,"
        " stored as 2095-03-15T09:00Z"
    )
    assert last == "checked 3 times to come, 2 would move"
    told = json.loads(lastseat("tz-check", "--json", "--url", planned).stdout)
    assert [x["bookable"] for x in told["moved"]] == ["lane", "yoga@2095-03-14T18:00"]


def test_another_tenants_times_are_not_in_the_answer_for_one(planned: str) -> None:
    done = lastseat("tz-check", "--tenant", "gym", "--url", planned)
    assert (done.returncode, done.stdout) == (0, "checked 0 times to come, 0 would move\n")


def test_a_database_without_the_schema_is_not_called_fine(planned: str) -> None:
    reckon_otherwise(planned, "DROP SCHEMA lastseat CASCADE")
    done = lastseat("tz-check", "--url", planned)
    assert done.returncode == 1
    assert "lastseat migrate" in error_line(done)
