"""One order for all settings: option, environment, file, default; `config` says which it was."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.running import error_line, lastseat

from lastseat.cli.config import page
from lastseat.config.environment import VARIABLES
from lastseat.config.file import Applied, read

ROOT = Path(__file__).parents[2]
PASSWORD = "hunter2"


def shown(*arguments: str, **environment: Any) -> dict[str, Any]:
    """What `lastseat config` says of each setting."""
    done = lastseat("config", "--json", *arguments, **environment)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)["settings"]
    return found


def test_an_option_counts_more_than_the_environment_that_more_than_the_file(tmp_path: Path) -> None:
    file = tmp_path / "lastseat.toml"
    file.write_text(
        'port = 8001\nworkers = 3\ndrain = 1.5\njobs = false\ncron_secret = "hush"\n'
        'cors_origins = ["https://a.example", "https://b.example"]\n'
        f'database_url = "postgresql://ann:{PASSWORD}@db.example/x"\n'
    )
    found = shown(
        *("--config", str(file), "--port", "8003", "--url", "postgresql://ben@db.example/y"),
        LASTSEAT_PORT="8002",
        LASTSEAT_WORKERS="2",
    )
    assert found["port"] == {"value": "8003", "from": "option"}
    assert found["workers"] == {"value": "2", "from": "environment, LASTSEAT_WORKERS"}
    assert found["drain"] == {"value": "1.5", "from": "file"}
    assert found["jobs"] == {"value": "false", "from": "file"}
    assert found["cors_origins"]["value"] == "https://a.example https://b.example"
    assert found["grace"] == {"value": "30.0", "from": "default"}
    assert found["database_url"]["from"] == "option"
    assert found["cron_secret"] == {"value": "***", "from": "file"}


def test_passwords_and_secrets_are_not_shown(tmp_path: Path) -> None:
    for url in (
        f"postgresql://ann:{PASSWORD}@db.example/x",
        f"host=db.example password={PASSWORD}",
        f"postgresql://ann:{PASSWORD}@[broken",
    ):
        done = lastseat(
            "config", LASTSEAT_DATABASE_URL=url, LASTSEAT_READ_URL=url, CRON_SECRET=PASSWORD
        )
        assert done.returncode == 0, done.stderr
        assert PASSWORD not in done.stdout + done.stderr
        assert "***" in done.stdout


def test_the_file_is_found_where_the_command_is_called_or_by_its_variable(tmp_path: Path) -> None:
    here: dict[str, str] = {}
    applied = Applied(here)
    file = tmp_path / "else.toml"
    file.write_text("port = 8004")
    applied.apply(None, ["LASTSEAT_PORT"])
    assert here == {}
    here["LASTSEAT_CONFIG"] = str(file)
    applied.apply(None, ["LASTSEAT_PORT"])
    assert here["LASTSEAT_PORT"] == "8004"
    # One that is named instead leaves nothing of it.
    other = tmp_path / "other.toml"
    other.write_text("workers = 2")
    applied.apply(other, ["LASTSEAT_PORT", "LASTSEAT_WORKERS"])
    assert "LASTSEAT_PORT" not in here
    assert here["LASTSEAT_WORKERS"] == "2"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("prot = 1", "has prot, which is no setting: is it port?"),
        ("port =", "is no TOML"),
        ("[port]\nis = 1", "port must be a text"),
        ("cors_origins = [1]", "cors_origins must be"),
    ],
)
def test_a_wrong_file_is_refused_in_words(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "lastseat.toml"
    file.write_text(text)
    with pytest.raises(ValueError, match=r"lastseat\.toml") as refused:
        read(file, ["LASTSEAT_PORT", "LASTSEAT_CORS_ORIGINS"])
    assert complaint in str(refused.value)


def test_a_wrong_file_or_value_ends_the_command(tmp_path: Path) -> None:
    missing = lastseat("serve", "--config", str(tmp_path / "none.toml"))
    assert missing.returncode == 1
    assert "none.toml can't be read" in error_line(missing)
    file = tmp_path / "lastseat.toml"
    file.write_text('port = "many"')
    for command in ("config", "serve"):
        wrong = lastseat("--config", str(file), command)
        assert wrong.returncode == 1
        assert f"{file}: port: " in error_line(wrong)
        assert "valid int" in error_line(wrong)
    elsewhere = lastseat("--config", str(file), "config", LASTSEAT_PORT="x")
    assert elsewhere.returncode == 2
    assert "LASTSEAT_PORT" in elsewhere.stderr
    no_origin = lastseat("serve", "--cors-origin", "shop.example")
    assert no_origin.returncode == 1
    assert "no origin" in error_line(no_origin)


def test_config_says_what_serve_would_refuse() -> None:
    done = lastseat("config", LASTSEAT_CORS_ORIGINS="foo")
    assert done.returncode == 1
    assert "cors_origins" in done.stdout
    assert "'foo' is no origin" in error_line(done)
    assert lastseat("config", LASTSEAT_AUTH="false", LASTSEAT_HOST="10.0.0.5").returncode == 1


def test_the_page_of_settings_is_current_and_names_every_variable() -> None:
    text = (ROOT / "docs/configuration.md").read_text()
    assert text == page()
    read_by_us = {
        word
        for path in (ROOT / "src/lastseat").rglob("*.py")
        if not {"torture", "demo", "bench"} & set(path.parts)
        for word in path.read_text().replace('"', " ").split()
        if word.startswith("LASTSEAT_") and word.isidentifier()
    }
    # The beginning of all, a client's, a test's, and the file's own.
    read_by_us -= {"LASTSEAT_", "LASTSEAT_KEY", "LASTSEAT_FAULT", "LASTSEAT_CONFIG"}
    assert {x.name for x in VARIABLES} - {"CRON_SECRET"} <= read_by_us
    assert not {name for name in read_by_us if f"`{name}`" not in text}
