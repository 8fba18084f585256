"""What deploy/ says fits the program: its commands are commands, its waits are long enough.

That a container can be built, or nginx started, is not shown: docs/deploy.md says what was run.
"""

import configparser
import importlib
import json
import os
import re
import shlex
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from lastseat.cli.app import command as program
from lastseat.http.app import make_app
from lastseat.http.server import KEEP_ALIVE
from lastseat.http.settings import DRAIN, GRACE, ServeSettings

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))


def unit(path: Path) -> configparser.ConfigParser:
    parsed = configparser.ConfigParser(interpolation=None, strict=False)
    parsed.optionxform = str  # type: ignore[assignment,method-assign]
    parsed.read_string(path.read_text())
    return parsed


def compose() -> Any:
    # It comes with a development dependency, without types.
    yaml: Any = importlib.import_module("yaml")
    return yaml.safe_load(DEPLOY.joinpath("compose.yaml").read_text())["services"]


def container(instruction: str) -> list[str]:
    """The arguments of an instruction in exec form, which signals reach."""
    text = DEPLOY.joinpath("Containerfile").read_text()
    found = re.findall(rf"^(?:    )?{instruction} (\[.+\])$", text, re.MULTILINE)
    arguments: list[str] = json.loads(found[-1])
    return arguments


def commands() -> list[list[str]]:
    """Every command line of `lastseat` that deploy/ has."""
    lines = [container("CMD"), compose()["lastseat"]["command"]]
    for path in UNITS:
        service = unit(path)["Service"]
        lines += [
            shlex.split(service[name])[1:] for name in ("ExecStart", "ExecStop") if name in service
        ]
    return lines


@pytest.mark.parametrize("line", commands(), ids=" ".join)
def test_the_program_knows_the_commands(line: list[str]) -> None:
    above, rest = program().make_context("lastseat", list(line)), list(line)
    while rest and hasattr(above.command, "commands"):
        command = above.command.commands[rest[0]]
        # Parses and does nothing; what it does not know is an error.
        above, rest = command.make_context(rest[0], rest[1:], parent=above), rest[1:]


def test_nobody_is_killed_while_requests_are_finished() -> None:
    assert int(unit(DEPLOY / "lastseat.service")["Service"]["TimeoutStopSec"]) > GRACE + DRAIN
    assert int(compose()["lastseat"]["stop_grace_period"].removesuffix("s")) > GRACE + DRAIN


def test_the_proxy_lets_idle_connections_go_before_the_service_does() -> None:
    conf = DEPLOY.joinpath("nginx.conf").read_text()
    [seconds] = re.findall(r"^ +keepalive_timeout (\d+)s;", conf, re.MULTILINE)
    assert int(seconds) < KEEP_ALIVE


def test_units_run_without_rights() -> None:
    for path in UNITS:
        service = unit(path)["Service"]
        assert service["User"] not in ("", "root")
        assert service["NoNewPrivileges"] == "yes"
        assert service["CapabilityBoundingSet"] == ""
        assert service["ProtectSystem"] == "strict"
    assert "\nUSER lastseat\n" in DEPLOY.joinpath("Containerfile").read_text()


def test_what_the_container_copies_is_not_ignored() -> None:
    text = DEPLOY.joinpath("Containerfile").read_text()
    copied = re.findall(r"^COPY (?!--from)(?:--\S+ )?(\S+) ", text, re.MULTILINE)
    allowed = DEPLOY.joinpath("Containerfile.dockerignore").read_text().splitlines()
    assert copied
    assert {f"!{name}" for name in copied} | {"*"} == set(allowed)


def test_addresses_that_are_named_are_the_services() -> None:
    routes = {route.path for route in make_app(ServeSettings(url="")).routes}
    assert "/healthz" in routes
    assert "http://127.0.0.1:8000/healthz" in DEPLOY.joinpath("Containerfile").read_text()
    named = re.findall(r"location = (/\S+)", DEPLOY.joinpath("nginx.conf").read_text())
    assert set(named) == {"/v1/live", "/metrics"}
    assert set(named) <= routes


PROGRAM = """#!/bin/sh
echo "$@" >> "$SAID"
[ "$1" = serve ] || exit 0
trap 'sleep 0.1; echo finished >> "$SAID"; exit 3' TERM
while true; do sleep 0.02; done
"""


@pytest.mark.parametrize(
    ("url", "order"),
    [
        ("", ["serve --port 1", "finished", "db stop"]),
        ("postgresql://db/x", ["serve --port 1", "finished"]),
    ],
    ids=["a database of its own", "a server elsewhere"],
)
def test_a_container_told_to_stop_stops_its_own_database_last(
    tmp_path: Path, url: str, order: list[str]
) -> None:
    # A stand-in that notes how it is called: what counts here is the script around it.
    program, said = tmp_path / "lastseat", tmp_path / "said"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    settings = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "SAID": str(said)}
    first = subprocess.Popen(
        [str(DEPLOY / "entrypoint.sh"), "serve", "--port", "1"],
        env=settings | {"LASTSEAT_DATABASE_URL": url},
    )
    deadline = time.monotonic() + 20
    while not said.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    # Its shell may not have come to the trap yet.
    time.sleep(0.1)
    first.send_signal(signal.SIGTERM)
    assert first.wait(timeout=20) == 3
    told = said.read_text().splitlines()
    assert told == order
