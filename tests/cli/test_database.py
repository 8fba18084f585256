"""`lastseat db`, from the first start to a restored backup, on a data directory of its own."""

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests.cli.running import error_line, lastseat, on_a_terminal, scratch


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """The directory that the data directory lies in, and files."""
    with scratch() as path:
        yield path


@pytest.fixture(scope="module")
def data(home: Path) -> str:
    """A data directory with a server that `db start` started."""
    started = lastseat("db", "start", LASTSEAT_DATA_DIR=str(home / "data"))
    assert started.returncode == 0, started.stderr
    return str(home / "data")


def conninfo(data: str) -> str:
    """Where `db status` says the server is."""
    done = lastseat("db", "status", "--json", "--data-dir", data)
    where: str = json.loads(done.stdout)["conninfo"]
    return where


def test_start_answers_with_what_to_connect_to_and_can_be_repeated(data: str) -> None:
    again = lastseat("db", "start", "--data-dir", data)
    assert again.returncode == 0
    where = again.stdout.removeprefix("running already: ").strip()
    with psycopg.connect(where) as connection:
        assert connection.execute("SELECT current_database()").fetchone() == ("lastseat",)


def test_status_tells_a_person_what_it_tells_a_program(data: str) -> None:
    told = json.loads(lastseat("db", "status", "--json", "--data-dir", data).stdout)
    assert told["accepting"]
    person = lastseat("db", "status", "--data-dir", data).stdout
    for value in (told["detail"], told["data_dir"], told["version"], told["conninfo"]):
        assert value in person


def test_a_backup_brings_back_what_was_committed_before_it(data: str, home: Path) -> None:
    file = str(home / "monday.tar.gz")
    with psycopg.connect(conninfo(data), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (x integer)")
        written = lastseat("db", "backup", file, "--data-dir", data)
        assert written.returncode == 0, written.stderr
        assert file in written.stdout
        connection.execute("DROP TABLE kept")

    again = lastseat("db", "backup", file, "--data-dir", data)
    assert again.returncode == 1
    assert "never overwrites" in error_line(again)

    running = lastseat("db", "restore", file, "--force", "--yes", "--data-dir", data)
    assert running.returncode == 1
    assert "stop it first" in error_line(running)

    busy = lastseat("db", "upgrade", "--data-dir", data)
    assert (busy.returncode, "stop it first" in error_line(busy)) == (1, True)

    assert lastseat("db", "stop", "--data-dir", data).stdout == "stopped\n"
    assert lastseat("db", "stop", "--data-dir", data).stdout == "was not running\n"

    current = lastseat("db", "upgrade", "--data-dir", data)
    assert (current.returncode, "nothing to do" in current.stdout) == (0, True)

    unforced = lastseat("db", "restore", file, "--data-dir", data)
    assert unforced.returncode == 1
    assert "force" in error_line(unforced)

    nobody = lastseat("db", "restore", file, "--force", "--data-dir", data)
    assert nobody.returncode == 1
    assert "--yes" in error_line(nobody)

    code, shown = on_a_terminal("db", "restore", file, "--force", "--data-dir", data, typed="n\n")
    assert (code, "nothing was changed" in shown) == (1, True), shown

    code, shown = on_a_terminal("db", "restore", file, "--force", "--data-dir", data, typed="y\n")
    assert (code, "restored" in shown) == (0, True), shown

    assert lastseat("db", "start", "--data-dir", data).returncode == 0
    with psycopg.connect(conninfo(data)) as connection:
        assert connection.execute("SELECT to_regclass('kept')::text").fetchone() == ("kept",)
    assert list(Path(data).glob("postgres.before-restore-*")), "the old database was not kept"


def test_nothing_is_upgraded_where_nothing_is(home: Path) -> None:
    done = lastseat("db", "upgrade", "--data-dir", str(home / "nowhere"))
    assert done.returncode == 1
    assert "to upgrade" in error_line(done)
    assert not (home / "nowhere").exists()


def test_what_is_no_backup_is_refused(data: str, home: Path) -> None:
    file = home / "letters.tar"
    file.write_text("Dear Sir or Madam")
    done = lastseat("db", "restore", str(file), "--data-dir", str(home / "other"))
    assert done.returncode == 1
    assert "letters.tar" in error_line(done)
