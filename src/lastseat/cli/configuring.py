"""Where commands have their settings from: options, the environment, a file, in this order.

Options with a variable are typer's to look up; a file sets variables before it does. What is
shared by several commands is here, and the record of which variables a file has set. typer's own
classes are click's or a copy of them, by its version: hence `Any`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from lastseat.cli.terminal import Failure
from lastseat.config import (
    FETCH_NETWORKS_VARIABLE,
    WEBHOOK_NETWORKS_VARIABLE,
    fetch_networks,
    webhook_networks,
)
from lastseat.config.environment import VARIABLES
from lastseat.config.file import CONFIG_VARIABLE, Applied, key_of

APPLIED = Applied()
"""What the file of this process says."""

COMMANDS = ("serve", "worker")
"""The commands whose options are settings."""


def known(root: Any) -> list[str]:
    """Every variable that a file may set."""
    options = [str(option.envvar) for option in options_of(root)]
    return [*(x.name for x in VARIABLES), *dict.fromkeys(options)]


def options_of(root: Any) -> list[Any]:
    """The options of all commands that have a variable; one that two commands share, once."""
    found = {
        str(option.envvar): option
        for name in COMMANDS
        for option in root.commands[name].loaded().params
        if option.envvar
    }
    return list(found.values())


def configure(context: typer.Context, path: Path | None) -> Path | None:
    """Let the file that is named, or found, set variables. Before the other options are read."""
    if context.resilient_parsing:
        return path
    # The file that holds anyway was applied before any command was looked at.
    if path is not None or context.parent is None:
        try:
            APPLIED.apply(path, known(context.find_root().command))
        except ValueError as error:
            raise Failure(str(error)) from None
    return path


@contextmanager
def as_written() -> Iterator[None]:
    """Let a value of the file be refused by its key there, not by the option that it stands for."""
    try:
        yield
    except typer.BadParameter as error:
        option: Any = error.param
        variable = str(getattr(option, "envvar", None))
        came = error.ctx.get_parameter_source(option.name) if error.ctx and option else None
        if came is None or came.name != "ENVIRONMENT" or variable not in APPLIED.values:
            raise
        raise Failure(f"{APPLIED.path}: {key_of(variable)}: {error.message}") from None


def check_variables() -> None:
    """Refuse to begin with a variable that could not be used once it is needed."""
    # Here, since loading takes a moment.
    from lastseat.gateways.addresses import networks
    from lastseat.jobs.lag import limit_seconds

    for name, value in (
        (FETCH_NETWORKS_VARIABLE, fetch_networks()),
        (WEBHOOK_NETWORKS_VARIABLE, webhook_networks()),
    ):
        try:
            networks(value)
        except ValueError as error:
            raise Failure(f"{name}: {error}; name networks such as 10.1.0.0/16") from None
    try:
        limit_seconds()
    except ValueError as error:
        raise Failure(str(error)) from None


Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        is_eager=True,
        callback=configure,
        help=f"Settings in TOML; else {CONFIG_VARIABLE}, else ./lastseat.toml if it is there.",
    ),
]

LogFormat = Annotated[
    Literal["text", "json"],
    typer.Option(envvar="LASTSEAT_LOG_FORMAT", help="How a line of the log is written."),
]
LogLevel = Annotated[
    Literal["debug", "info", "warning", "error"],
    typer.Option(envvar="LASTSEAT_LOG_LEVEL", help="What is logged; info: each request, too."),
]
