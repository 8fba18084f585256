"""`lastseat forget` as an operator runs it: asked first, counted, safe to repeat (H5)."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from tests.cli.running import error_line, lastseat, on_a_terminal

import lastseat as library


@pytest.fixture
def booked(database: Callable[[], str]) -> str:
    """A database where ann has booked a class of the tenant `studio`, and left her e-mail."""
    where = database()
    start = datetime(2026, 11, 23, 18, tzinfo=UTC)
    with library.open(where) as engine:
        studio = engine.tenant("studio")
        studio.define_occurrence("yoga", start=start, end=start + timedelta(hours=1), capacity=3)
        contact = library.Contact(email="ann@example.org")
        assert studio.book("yoga", actor="ann", contact=contact, key="one").ok
    return where


def actors(where: str) -> list[str]:
    """Who is on the roster."""
    with library.open(where, migrate=False) as engine:
        return [x.actor for x in engine.tenant("studio").roster("yoga")]


def test_a_person_is_forgotten_once_and_it_can_be_repeated(booked: str) -> None:
    first = lastseat("forget", "--tenant", "studio", "ann", "--yes", "--url", booked)
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.startswith("bookings: 1, details: 0, contacts: 1, ")
    assert actors(booked) == [""]
    again = lastseat("forget", "--tenant", "studio", "ann", "--yes", "--url", booked)
    assert again.returncode == 0
    assert "nothing to forget" in again.stdout


def test_in_json_the_counts_are_given(booked: str) -> None:
    done = lastseat("forget", "--tenant", "studio", "ann", "--yes", "--json", "--url", booked)
    assert json.loads(done.stdout) == {
        "bookings": 1,
        "details": 0,
        "contacts": 1,
        "notes": 0,
        "answers": 1,
        "people": 0,
    }


def test_nobody_is_forgotten_without_a_yes(booked: str) -> None:
    where = ("forget", "--tenant", "studio", "ann", "--url", booked)
    code, shown = on_a_terminal(*where, typed="n\n")
    assert code == 1
    assert "Forget 'ann' of 'studio' for good?" in shown
    assert lastseat(*where).returncode == 1, "nor where nobody can be asked"
    assert actors(booked) == ["ann"]
    assert on_a_terminal(*where, typed="y\n")[0] == 0
    assert actors(booked) == [""]


def test_a_database_without_a_schema_is_told(booked: str) -> None:
    with psycopg.connect(booked) as connection:
        connection.execute("DROP SCHEMA lastseat CASCADE")
    done = lastseat("forget", "--tenant", "studio", "ann", "--yes", "--url", booked)
    assert done.returncode == 1
    assert "lastseat migrate" in error_line(done)


def test_the_tenant_has_to_be_named(booked: str) -> None:
    assert lastseat("forget", "ann", "--yes", "--url", booked).returncode == 2


def test_a_mistyped_tenant_is_no_answer(booked: str) -> None:
    done = lastseat("forget", "--tenant", "studoi", "ann", "--yes", "--url", booked)
    assert done.returncode == 1
    assert "there is no tenant 'studoi'" in error_line(done)
