"""`lastseat migrate` and `lastseat verify` on real databases, sound and spoilt."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from tests.cli.running import error_line, lastseat, on_a_terminal

import lastseat as library

Database = Callable[[], str]


@pytest.fixture
def booked(database: Database) -> str:
    """A database with a class of 3 that two people have booked, of the tenant `studio`."""
    where = database()
    start = datetime(2026, 11, 23, 18, tzinfo=UTC)
    with library.open(where) as engine:
        studio = engine.tenant("studio")
        studio.define_occurrence("yoga", start=start, end=start + timedelta(hours=1), capacity=3)
        for actor in ("ann", "ben"):
            assert studio.book("yoga", actor=actor).ok
    return where


def spoil(where: str, statement: str) -> None:
    """Change the tables behind the engine's back."""
    with psycopg.connect(where) as connection:
        connection.execute(statement.encode())


def test_migrate_makes_the_schema_once(database: Database) -> None:
    where = database()
    spoil(where, "DROP SCHEMA lastseat CASCADE")
    first = lastseat("migrate", "--url", where)
    assert first.returncode == 0, first.stderr
    assert "applying 0001 ledger" in first.stdout
    second = lastseat("migrate", LASTSEAT_DATABASE_URL=where)
    assert (second.returncode, second.stdout) == (0, "the schema is up to date\n")


def test_a_database_of_a_newer_release_is_left_alone(database: Database) -> None:
    where = database()
    spoil(where, "INSERT INTO lastseat.migrations VALUES (9999, 'later', 'x')")
    done = lastseat("migrate", "--url", where)
    assert done.returncode == 1
    assert "upgrade lastseat" in error_line(done)


def test_a_sound_ledger_is_exit_code_0(booked: str) -> None:
    done = lastseat("verify", "--url", booked)
    assert (done.returncode, done.stderr) == (0, "")
    assert "2 bookings" in done.stdout
    assert "sound" in done.stdout


def test_a_sound_ledger_in_json(booked: str) -> None:
    done = lastseat("verify", "--json", "--tenant", "studio", "--url", booked)
    told = json.loads(done.stdout)
    assert done.returncode == 0
    assert (told["sound"], told["bookings"], told["differences"]) == (True, 2, [])


def test_every_difference_is_told_and_is_exit_code_1(booked: str) -> None:
    spoil(booked, "UPDATE lastseat.heads SET taken = 1 WHERE bookable_id = 'yoga'")
    done = lastseat("verify", "--url", booked)
    assert done.returncode == 1
    assert "studio: " in done.stdout
    assert "taken is 1; the journal comes to 2" in done.stdout
    assert "differences" in done.stdout

    told = json.loads(lastseat("verify", "--json", "--url", booked).stdout)
    assert not told["sound"]
    assert any("taken is 1" in x["what"] for x in told["differences"])


def test_it_stops_after_as_many_differences_as_asked_for(booked: str) -> None:
    spoil(booked, "UPDATE lastseat.bookings SET version = version + 1")
    done = lastseat("verify", "--limit", "1", "--url", booked)
    assert done.returncode == 1
    assert "1 differences or more" in done.stdout


def test_another_tenants_trouble_is_not_in_the_answer_for_one(booked: str) -> None:
    start = datetime(2026, 11, 23, 18, tzinfo=UTC)
    with library.open(booked) as engine:
        engine.tenant("gym").define_occurrence(
            "spin", start=start, end=start + timedelta(hours=1), capacity=9
        )
    spoil(booked, "UPDATE lastseat.heads SET capacity = 8 WHERE bookable_id = 'spin'")
    assert lastseat("verify", "--tenant", "studio", "--url", booked).returncode == 0
    assert lastseat("verify", "--tenant", "gym", "--url", booked).returncode == 1


def test_a_tenant_without_anything_is_not_called_sound(booked: str) -> None:
    done = lastseat("verify", "--tenant", "stduio", "--url", booked)
    assert done.returncode == 1
    assert "'stduio'" in error_line(done)


def test_a_database_without_the_schema_is_not_called_sound(database: Database) -> None:
    where = database()
    spoil(where, "DROP SCHEMA lastseat CASCADE")
    done = lastseat("verify", "--url", where)
    assert done.returncode == 1
    assert "lastseat migrate" in error_line(done)


def test_on_a_terminal_a_bar_shows_how_far_it_is(booked: str) -> None:
    code, shown = on_a_terminal("verify", "--url", booked)
    assert code == 0
    assert "checking streams" in shown
