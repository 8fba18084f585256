"""The commands put together, and `run`, which says errors in one line instead of a traceback."""

import importlib.metadata
import os
import sys
from typing import Annotated, Any

import typer

from lastseat.cli.configuring import Config
from lastseat.cli.loading import PLAIN, Later
from lastseat.cli.terminal import Failure

COMMANDS = (
    Later("demo", "demo:demo", "Rush for the last places, over HTTP."),
    Later("serve", "serve:serve", "Serve bookings over HTTP."),
    Later("worker", "worker:worker", "Do what happens by itself, in a process of its own."),
    Later(
        "config",
        "config:config",
        "Show what is in force, and where each setting is from.",
        # Options of `serve` may follow.
        allow_extra_args=True,
        ignore_unknown_options=True,
    ),
    Later("jobs", "jobs:jobs", "Show how far what happens by itself is behind."),
    Later("agenda", "agenda:agenda", "Show what is on."),
    Later("slots", "slots:slots", "Show when a service can be had."),
    Later("waitlist", "waitlist:waitlist", "Show who waits in line."),
    Later("hours", "hours:hours", "Show when it is open."),
    Later("watch", "watch:watch", "Watch changes as they happen, until Ctrl-C."),
    Later("import-ics", "calendars:import_ics", "Import an iCalendar file, or an address."),
    Later(
        "export-ics",
        "calendars:export_ics",
        "Write what is booked or takes place as an iCalendar file.",
    ),
    Later("migrate", "ledger:migrate", "Bring the schema up to date."),
    Later("verify", "ledger:verify", "Prove the ledger sound."),
    Later(
        "check-history",
        "check_history:check_history",
        "Prove a recorded run sound: nothing oversold, lost or twice.",
    ),
    Later(
        "tz-check", "tz_check:tz_check", "List what would move under today's time zone database."
    ),
    Later("forget", "forget:forget", "Forget a person: who they are, how to reach them."),
    Later("torture", "torture:torture", "Torture the engine, and judge the history."),
    Later("db", "database:app", "The embedded PostgreSQL server: start, stop, back up."),
    Later("bench", "bench:app", "Measure speed here, against plain SQL on the same server."),
    Later("tenants", "access:tenants", "Tenants: the organisations that share this installation."),
    Later("keys", "access:keys", "API keys: made, listed, revoked."),
    Later("people", "access:people", "People with signed tokens, and their roles."),
)
"""In the order of `--help`."""

CONNECT_SECONDS = "10"
"""How long a command waits for a server that does not answer, unless the URL says otherwise."""


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"lastseat {importlib.metadata.version('lastseat')}")
        raise typer.Exit


def _lastseat(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Say which and end."),
    ] = False,
    _config: Config = None,
) -> None:
    """Lastseat: a booking engine that never sells the last seat twice."""


def command() -> Any:
    """The command `lastseat`: a group of all of them, as typer has it."""
    app = typer.Typer(name="lastseat", no_args_is_help=True, **PLAIN)
    app.callback()(_lastseat)
    group: Any = typer.main.get_command(app)
    for each in COMMANDS:
        group.add_command(each)
    return group


def run() -> None:
    """Run the command that the arguments name; always raises `SystemExit`."""
    os.environ.setdefault("PGCONNECT_TIMEOUT", CONNECT_SECONDS)
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal can't show is no reason to fail.
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        command()(prog_name="lastseat")
    except Exception as error:
        said = _said(error)
        if said is None:
            raise
        typer.echo(f"lastseat: {said}", err=True)
        raise SystemExit(1) from None


def _said(error: Exception) -> str | None:
    """An error that a command may end with, as one line; None for a bug."""
    if isinstance(error, Failure):
        return str(error).strip()
    # Here, since loading them takes a moment: who failed by one of them has them loaded.
    import psycopg

    from lastseat.embedded import EmbeddedError
    from lastseat.engine.errors import LastseatError
    from lastseat.ledger.migrate import MigrationError

    match error:
        case psycopg.OperationalError():
            reason = " ".join(str(error).split())
            return f"the database can't be reached, or broke off: {reason}"
        case psycopg.Error():
            return f"the database refused: {' '.join(str(error).split())}"
        case EmbeddedError() | MigrationError() | LastseatError():
            return str(error).strip()
        case _:
            return None
