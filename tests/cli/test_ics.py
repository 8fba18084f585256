"""`lastseat import-ics` and `export-ics` as an operator runs them."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.calendar.ical_files import calendar, event
from tests.cli.running import error_line, lastseat, on_a_terminal
from tests.gateways.hosts import hosted, ok

import lastseat as library
from lastseat.calendar.ical_import import parse

YOGA = event(
    "RRULE:FREQ=WEEKLY;COUNT=4",
    "SUMMARY:Yoga",
    uid="yoga",
    start="DTSTART;TZID=Europe/Berlin:20270607T200000",
)


@pytest.fixture
def hall(database: Callable[[], str]) -> str:
    """A database where the tenant `studio` has a hall with a lane."""
    where = database()
    with library.open(where) as engine:
        studio = engine.tenant("studio")
        studio.catalogue.create_location("hall", name="Hall", time_zone="Europe/Berlin")
        studio.define_resource("lane", location="hall", name="Lane 1")
    return where


def test_a_file_is_imported_exported_and_imported_again_when_it_has_changed(
    hall: str, tmp_path: Path
) -> None:
    file = tmp_path / "classes.ics"
    file.write_bytes(calendar(YOGA, "BEGIN:VTODO\nUID:t\nEND:VTODO"))
    take = ["import-ics", str(file), "--tenant", "studio", "--into", "location:hall", "--url", hall]
    first = lastseat(*take, "--capacity", "8")
    assert first.returncode == 0, first.stderr
    lines = first.stdout.splitlines()
    assert lines[0] == "imported: 1, skipped: 1"
    word, name, made, _ = lines[1].split("\t")
    assert (word, name) == ("imported", "Yoga")
    assert "skipped t: is a to-do" in first.stderr
    again = lastseat(*take, "--capacity", "8")
    assert again.stdout.splitlines() == ["unchanged: 1, skipped: 1"]
    target = tmp_path / "out.ics"
    window = ["--start", "2027-06-01", "--days", "60"]
    export = ["export-ics", f"event:{made}", "--tenant", "studio", "--url", hall, *window]
    written = lastseat(*export, str(target))
    assert written.returncode == 0, written.stderr
    (item,) = parse(target.read_bytes(), year=2027).items
    assert item.name == "Yoga"
    assert lastseat(*export).stdout.replace("\r", "") == target.read_text().replace("\r", "")
    with library.open(hall, migrate=False) as engine:
        assert engine.tenant("studio").book(f"{made}@2027-06-14T20:00", actor="ann").ok
    file.write_bytes(calendar(YOGA.replace("T200000", "T210000")))
    asked = lastseat(*take, "--capacity", "8")
    assert asked.returncode == 1
    assert "--moved" in asked.stderr
    take += ["--capacity", "8", "--calendar", "classes", "--moved", "move"]
    code, shown = on_a_terminal(*take, COLUMNS="80")
    assert code == 0
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    assert "changed: 1" in plain
    assert all(len(line) <= 80 for line in plain.splitlines()), plain


def test_an_address_is_imported_where_the_operator_allows_it(hall: str) -> None:
    with hosted({"/a.ics": ok(calendar(YOGA))}) as host:
        where = f"http://127.0.0.1:{host.port}/a.ics"
        take = ["import-ics", where, "--tenant", "studio", "--into", "resource:lane"]
        take += ["--as", "blocks", "--url", hall]
        refused = lastseat(*take)
        assert refused.returncode == 1
        assert error_line(refused) == "lastseat: url: is not at a public address"
        done = lastseat(*take, LASTSEAT_FETCH_NETWORKS="127.0.0.1/32")
        assert done.returncode == 0, done.stderr
    with library.open(hall, migrate=False) as engine:
        assert len(engine.tenant("studio").rules("lane").rules.blocks) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing.ics", "--into", "location:hall"], "can't be read"),
        (["/dev/zero", "--into", "location:hall"], "10000000 are read at most"),
        (["/dev/null", "--into", "location:attic"], "there is no location 'attic'"),
    ],
)
def test_what_can_not_be_imported_is_one_line(hall: str, arguments: list[str], words: str) -> None:
    done = lastseat("import-ics", *arguments, "--tenant", "studio", "--url", hall)
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_what_can_not_be_exported_is_one_line(hall: str) -> None:
    done = lastseat("export-ics", "event:x", "--tenant", "studio", "--url", hall)
    assert done.returncode == 1
    assert "there is no bookable 'x'" in done.stderr
    assert done.stdout == ""
