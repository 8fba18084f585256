"""What is asked for wrongly is answered in words, with an exit code that tells it apart."""

import importlib.metadata
import json
from pathlib import Path

import pytest
from tests.cli.running import environment, error_line, installed, lastseat


def test_it_says_its_version() -> None:
    done = installed("--version")
    assert (done.returncode, done.stdout) == (
        0,
        f"lastseat {importlib.metadata.version('lastseat')}\n",
    )


def test_help_names_every_command() -> None:
    done = installed("--help")
    assert done.returncode == 0
    for command in ("demo", "migrate", "verify", "db", "bench"):
        assert f"\n  {command} " in done.stdout


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["verfy"], "Did you mean 'verify'?"),
        (["verify", "--nope"], "No such option"),
        (["verify", "--limit", "0"], "'--limit'"),
        (["demo", "--bookers", "many"], "'--bookers'"),
        (["db", "stop", "--mode", "gently"], "'gently' is not one of"),
        (["db", "backup"], "Missing argument"),
    ],
)
def test_wrong_usage_is_exit_code_2(arguments: list[str], complaint: str) -> None:
    done = lastseat(*arguments)
    assert done.returncode == 2
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr
    assert "--help" in done.stderr


@pytest.mark.parametrize(
    ("command", "url", "complaint"),
    [
        ("verify", "mysql://ann:hunter2@db.example/x", "must begin with postgresql://"),
        ("demo", "postgresql://ann:hunter%2@db.example/x", "its host, port and percent-encoding"),
        ("migrate", "postgresql://ann:hunter2@[bad/x", "its host, port and percent-encoding"),
        ("verify", "postgresql://ann:hunter2@127.0.0.1:1/x", "can't be reached"),
        ("migrate", "postgresql://ann:hunter2@127.0.0.1:1/x", "can't be reached"),
        ("demo", "postgresql://ann:hunter2@127.0.0.1:1/x", "can't be reached"),
    ],
)
def test_a_wrong_url_is_one_line_without_its_password(
    command: str, url: str, complaint: str
) -> None:
    done = lastseat(command, LASTSEAT_DATABASE_URL=url)
    assert done.returncode == 1
    assert complaint in error_line(done)
    assert "hunter" not in done.stdout + done.stderr


def test_a_url_and_a_data_directory_can_not_both_be_meant(tmp_path: Path) -> None:
    done = lastseat("verify", "--url", "postgresql://x/y", "--data-dir", str(tmp_path / "data"))
    assert done.returncode == 1
    assert "not both" in error_line(done)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("command", [["start"], ["stop"], ["status"], ["backup", "x.tar"]])
def test_db_leaves_the_embedded_server_alone_while_a_url_is_in_force(
    command: list[str], tmp_path: Path
) -> None:
    done = lastseat(
        "db",
        *command,
        cwd=tmp_path,
        LASTSEAT_DATABASE_URL="postgresql://db.example/x",
        LASTSEAT_DATA_DIR=str(tmp_path / "data"),
    )
    assert done.returncode == 1
    assert "--data-dir" in error_line(done)
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_holds_other_things_is_left_alone(tmp_path: Path) -> None:
    tmp_path.joinpath("thesis.txt").write_text("mine")
    done = lastseat("migrate", "--data-dir", str(tmp_path))
    assert done.returncode == 1
    assert "thesis.txt" in error_line(done)
    assert [x.name for x in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    "command",
    [
        ["verify"],
        ["jobs"],
        ["tz-check"],
        ["keys", "list", "--tenant", "x"],
        ["db", "backup", "x.tar"],
    ],
    ids=" ".join,
)
def test_what_only_looks_makes_no_database(command: list[str], tmp_path: Path) -> None:
    done = lastseat(*command, cwd=tmp_path, LASTSEAT_DATA_DIR=str(tmp_path / "data"))
    assert done.returncode == 1
    assert "lastseat" in error_line(done)
    assert list(tmp_path.iterdir()) == []


def test_status_of_nothing_is_an_answer(tmp_path: Path) -> None:
    done = lastseat("db", "status", "--json", LASTSEAT_DATA_DIR=str(tmp_path / "data"))
    assert done.returncode == 0
    told = json.loads(done.stdout)
    assert (told["running"], told["detail"]) == (False, "not initialised")
    assert list(tmp_path.iterdir()) == []


def test_the_environment_of_these_tests_is_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LASTSEAT_DATABASE_URL", "postgresql://elsewhere/x")
    assert "LASTSEAT_DATABASE_URL" not in environment()
