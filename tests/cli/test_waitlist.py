"""`lastseat waitlist` as an operator reads it: who is next, for how many and when."""

import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.cli.running import Done, error_line, lastseat

import lastseat as library

EIGHT = datetime(2027, 3, 6, 20, tzinfo=ZoneInfo("Europe/Paris"))


@pytest.fixture
def line(engine: library.Engine, tenant: library.Tenant) -> tuple[str, str]:
    """A full class for which two people wait, one of them for two."""
    made = tenant.define_occurrence("yoga", start=EIGHT, end=EIGHT + timedelta(hours=1), capacity=2)
    assert made.ok
    assert tenant.book("yoga", actor="ann", units=2).ok
    assert tenant.join_waitlist("yoga", actor="ben", units=2).ok
    assert tenant.join_waitlist("yoga", actor="cy").ok
    assert tenant.catalogue.create_location("known", name="Known", time_zone="UTC").ok
    return engine.conninfo, tenant.tenant_id


def waitlist(line: tuple[str, str], *more: str) -> Done:
    where, tenant_id = line
    return lastseat("waitlist", *more, "--url", where, "--tenant", tenant_id)


def test_who_is_next_is_a_line_each(line: tuple[str, str]) -> None:
    done = waitlist(line, "yoga")
    assert done.returncode == 0, done.stderr
    rows = [row.split("\t")[:-1] for row in done.stdout.splitlines()]
    when = ["2027-03-06T20:00+01:00", "2027-03-06T21:00+01:00"]
    assert rows == [["1", *when, "2", "ben"], ["2", *when, "1", "cy"]]
    first = waitlist(line, "yoga", "--limit", "1", "--json")
    page = json.loads(first.stdout)
    assert [x["actor"] for x in page["items"]] == ["ben"]
    rest = waitlist(line, "yoga", "--after", page["next"], "--time-zone", "UTC")
    assert rest.stdout.startswith("2\t2027-03-06T19:00+00:00\t")


def test_what_is_not_there_is_told(line: tuple[str, str]) -> None:
    done = waitlist(line, "nowhere")
    assert done.returncode == 1
    assert "nowhere" in error_line(done)
