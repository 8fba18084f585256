"""The commands put together, and `run`, which says errors in one line instead of a traceback."""

import importlib.metadata
import os
import sys
from typing import Annotated

import psycopg
import typer

from lastseat.cli import (
    access,
    agenda,
    bench,
    calendars,
    check_history,
    config,
    database,
    demo,
    forget,
    hours,
    jobs,
    ledger,
    serve,
    slots,
    torture,
    tz_check,
    waitlist,
    watch,
    worker,
)
from lastseat.cli.configuring import Config
from lastseat.cli.terminal import Failure
from lastseat.embedded import EmbeddedError
from lastseat.engine.errors import LastseatError
from lastseat.ledger.migrate import MigrationError

app = typer.Typer(
    name="lastseat",
    help="Lastseat: a booking engine that never sells the last seat twice.",
    no_args_is_help=True,
    add_completion=False,
    # Errors are a line, not a box; and a bug's traceback is Python's own.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("demo")(demo.demo)
app.command("serve")(serve.serve)
app.command("worker")(worker.worker)
app.command("config", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(
    config.config
)
app.command("jobs")(jobs.jobs)
app.command("agenda")(agenda.agenda)
app.command("slots")(slots.slots)
app.command("waitlist")(waitlist.waitlist)
app.command("hours")(hours.hours)
app.command("watch")(watch.watch)
app.command("import-ics")(calendars.import_ics)
app.command("export-ics")(calendars.export_ics)
app.command("migrate")(ledger.migrate)
app.command("verify")(ledger.verify)
app.command("check-history")(check_history.check_history)
app.command("tz-check")(tz_check.tz_check)
app.command("forget")(forget.forget)
app.command("torture")(torture.torture)
app.add_typer(database.app, name="db")
app.add_typer(bench.app, name="bench")
app.add_typer(access.tenants, name="tenants")
app.add_typer(access.keys, name="keys")
app.add_typer(access.people, name="people")

CONNECT_SECONDS = "10"
"""How long a command waits for a server that does not answer, unless the URL says otherwise."""


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"lastseat {importlib.metadata.version('lastseat')}")
        raise typer.Exit


@app.callback()
def _lastseat(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Say which and end."),
    ] = False,
    _config: Config = None,
) -> None:
    """Lastseat: a booking engine that never sells the last seat twice."""


def run() -> None:
    """Run the command that the arguments name; always raises `SystemExit`."""
    os.environ.setdefault("PGCONNECT_TIMEOUT", CONNECT_SECONDS)
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal can't show is no reason to fail.
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        app(prog_name="lastseat")
    except (Failure, EmbeddedError, MigrationError, LastseatError, psycopg.Error) as error:
        typer.echo(f"lastseat: {_said(error)}", err=True)
        raise SystemExit(1) from None


def _said(error: Exception) -> str:
    match error:
        case psycopg.OperationalError():
            reason = " ".join(str(error).split())
            return f"the database can't be reached, or broke off: {reason}"
        case psycopg.Error():
            return f"the database refused: {' '.join(str(error).split())}"
        case _:
            return str(error).strip()
