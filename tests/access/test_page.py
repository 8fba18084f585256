"""docs/access.md names what there is: commands, options, actions, variables, bounds."""

import re
from pathlib import Path

from lastseat import config
from lastseat.access import Action, Role
from lastseat.access.jwks import ANEW_SECONDS, KEPT_SECONDS
from lastseat.access.signing import RSA_BITS, SECRET_BYTES
from lastseat.access.terms import GUEST_PER_MINUTE
from lastseat.access.tokens import LEEWAY_SECONDS, TOKEN_BYTES
from lastseat.cli.app import COMMANDS

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "access.md").read_text()


def test_its_variables_are_those_that_are_read() -> None:
    read = {value for name, value in vars(config).items() if name.startswith("TOKEN_")}
    assert set(re.findall(r"LASTSEAT_TOKEN_\w+", TEXT)) == read


def test_its_commands_and_options_are_there() -> None:
    groups = {each.name: each.loaded() for each in COMMANDS}
    lines = re.findall(r"^lastseat (\w+) (\w+)(.*)$", TEXT, re.MULTILINE)
    assert len(lines) == 9
    for group, name, rest in lines:
        command = groups[group].commands[name]
        known = {option for parameter in command.params for option in parameter.opts}
        assert set(re.findall(r"--[a-z-]+", rest)) <= known, (group, name)
        assert set(re.findall(r"--role (\w+)", rest)) <= set(Role)
        assert set(re.findall(r"--scope ([\w.]+)", rest)) <= set(Action)


def test_its_figures_are_the_bounds_in_force() -> None:
    assert f"{GUEST_PER_MINUTE} requests a minute" in TEXT
    assert f"{LEEWAY_SECONDS} seconds apart" in TEXT
    assert f"{TOKEN_BYTES // 1024} KB" in TEXT
    assert f"{SECRET_BYTES} bytes or more" in TEXT
    assert f"RSA of {RSA_BITS} bits" in TEXT
    assert (KEPT_SECONDS, ANEW_SECONDS) == (600, 60), "ten minutes, once a minute"
