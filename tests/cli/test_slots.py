"""`lastseat slots` as an operator reads it: what can be had, how often, and what it would get."""

import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.cli.running import Done, error_line, lastseat, on_a_terminal

import lastseat as library
from lastseat import Claim, Hours, Rules, Span
from lastseat.views.catalogue import Need, Terms

PARIS = ZoneInfo("Europe/Paris")
SATURDAY = datetime(2027, 3, 6, tzinfo=PARIS)


@pytest.fixture
def alley(engine: library.Engine, tenant: library.Tenant) -> tuple[str, str]:
    """Four lanes that open at 18:00 on Saturdays; three adjacent ones are sold by the hour.

    Somebody has the first lane from 19:00 to 20:00.
    """
    lanes = [f"lane-{n}" for n in range(1, 5)]
    assert tenant.catalogue.create_location("alley", name="Alley", time_zone="Europe/Paris").ok
    rules = Rules(
        hours=Hours(weekly={"SA": (Span(opens="18:00", closes="22:00"),)}), grid_seconds=1800
    )
    assert tenant.set_rules("location:alley", rules).ok
    for lane in lanes:
        assert tenant.define_resource(lane, location="alley").ok
    three = Terms(
        name="Three lanes",
        location_id="alley",
        duration_seconds=3600,
        needs=(Need(of=tuple(lanes), any=3, adjacent=True),),
    )
    assert tenant.catalogue.create_service("three", three, max_simultaneous_bookings=5).ok
    evening = SATURDAY.replace(hour=19)
    claim = Claim(bookable="lane-1", start=evening, end=evening + timedelta(hours=1))
    assert tenant.book(claim, actor="ann").ok
    return engine.conninfo, tenant.commands.tenant_id


def slots(alley: tuple[str, str], *more: str) -> Done:
    where, tenant_id = alley
    return lastseat("slots", "three", "--url", where, "--tenant", tenant_id, *more)


def test_what_can_be_had_is_a_line_each_and_says_how_to_go_on(alley: tuple[str, str]) -> None:
    done = slots(alley, "--start", "2027-03-06", "--days", "1", "--limit", "2")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "2027-03-06T18:00+01:00\t2027-03-06T19:00+01:00\t1\tlane-1,lane-2,lane-3",
        "2027-03-06T18:30+01:00\t2027-03-06T19:30+01:00\t1\tlane-2,lane-3,lane-4",
    ]
    assert done.stderr == "there is more: go on with --start 2027-03-06T19:00+01:00\n"
    rest = slots(alley, "--start", "2027-03-06T19:00+01:00", "--days", "1")
    assert len(rest.stdout.splitlines()) == 5
    assert rest.stderr == ""


def test_in_json_times_are_utc(alley: tuple[str, str]) -> None:
    done = slots(alley, "--start", "2027-03-06T21:00", "--days", "1", "--json")
    assert json.loads(done.stdout) == {
        "items": [
            {
                "start": "2027-03-06T20:00:00Z",
                "end": "2027-03-06T21:00:00Z",
                "left": 1,
                "chosen": ["lane-1", "lane-2", "lane-3"],
            }
        ],
        "next": None,
    }


def test_on_a_terminal_it_is_a_table_that_fits(alley: tuple[str, str]) -> None:
    where, tenant_id = alley
    code, shown = on_a_terminal(
        *("slots", "three", "--url", where, "--tenant", tenant_id, "--start", "2027-03-06"),
        COLUMNS="60",
        TERM="dumb",
    )
    assert code == 0, shown
    lines = shown.replace("\r", "").splitlines()
    assert max(map(len, lines)) <= 60, shown
    assert "Sat 06 Mar" in shown
    assert "18:00-19:00" in shown


def test_nothing_free_is_an_answer_that_says_where_to_look(alley: tuple[str, str]) -> None:
    done = slots(alley, "--start", "2027-03-08", "--days", "2")
    assert (done.returncode, done.stdout) == (0, "")
    assert "`lastseat hours service:three`" in done.stderr


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        (("--party", "2"), "party"),
        (("--minutes", "30"), "duration"),
    ],
)
def test_what_is_asked_wrongly_is_a_line_that_says_what(
    wrong: tuple[str, ...], complaint: str, alley: tuple[str, str]
) -> None:
    done = slots(alley, *wrong)
    assert (done.returncode, done.stdout) == (1, "")
    assert complaint in error_line(done)


def test_a_service_that_is_not_there_is_told(alley: tuple[str, str]) -> None:
    where, tenant_id = alley
    done = lastseat("slots", "four", "--url", where, "--tenant", tenant_id)
    assert done.returncode == 1
    assert "there is no service 'four'" in error_line(done)
