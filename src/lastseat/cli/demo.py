"""`lastseat demo`: the demonstration's arguments, the server it runs on, and what to try next."""

import os
import shlex
import shutil
from pathlib import Path
from typing import Annotated

import typer

from lastseat.cli.terminal import DataDir, Url, configured, out, reach, working
from lastseat.config import URL_VARIABLE
from lastseat.embedded import EmbeddedServer
from lastseat.embedded.binaries import locate


def demo(
    *,
    bookers: Annotated[int, typer.Option(min=1, max=5000, help="How many people want in.")] = 200,
    processes: Annotated[
        int, typer.Option(min=1, max=16, help="From how many processes they book.")
    ] = 4,
    stop_after: Annotated[
        bool, typer.Option("--exit", help="Stop the embedded server too, if this started it.")
    ] = False,
    url: Url = None,
    data_dir: DataDir = None,
) -> None:
    """Rush for the last places.

    Makes a sample week of a studio and some lanes in a tenant of its own. Then 200 bookers in 4
    processes want one class of 12 and one of three lanes, all at once, and what was sold is
    counted. Exit code 1 if a place was sold twice or left over.
    """
    from lastseat.demo.story import run

    where = configured(url, data_dir)
    server = EmbeddedServer(where.data_dir) if where.url is None else None
    ran_before = server is not None and server.status().running
    try:
        conninfo = reach(url, data_dir)
        told = run(conninfo, out, bookers=bookers, processes=processes)
        _try_next(told.tenant_id, url, data_dir, server, running=ran_before or not stop_after)
    finally:
        if server is not None and stop_after and not ran_before:
            with working("Stopping the database"):
                server.stop()
    raise typer.Exit(0 if told.passed else 1)


def _try_next(
    tenant_id: str,
    url: str | None,
    data_dir: Path | None,
    server: EmbeddedServer | None,
    *,
    running: bool,
) -> None:
    """The commands that go on from here, each as it can be pasted."""
    option = f" --data-dir {shlex.quote(str(data_dir))}" if data_dir is not None else ""
    if url is not None:
        option = f' --url "${URL_VARIABLE}"'
    out.print("\nTry next")
    out.print(f"  lastseat verify{option} --tenant {tenant_id}")
    if server is None:
        # The URL may hold a password, and is not repeated.
        out.print(f'  psql "${URL_VARIABLE}" -c "{_look_at(tenant_id)}"')
    elif running:
        conninfo = server.status().conninfo or ""
        out.print(f'  {_psql()} "{conninfo}" -c "{_look_at(tenant_id)}"')
        out.print(f"  lastseat db status{option}")
        out.print(f"  lastseat db stop{option}")
    else:
        out.print(f"  lastseat demo{option}   # and leave the database running")


def _look_at(tenant_id: str) -> str:
    # For a person to paste; the demonstration made the id itself.
    return (
        "SELECT stream_id, seq, type, body FROM lastseat.journal"  # noqa: S608
        f" WHERE tenant_id = '{tenant_id}' ORDER BY ordinal DESC LIMIT 20"
    )


def _psql() -> str:
    """A psql that is there: the one on PATH, else the one beside the server's programs."""
    bundled = locate().path("psql")
    return (
        "psql" if shutil.which("psql") or not bundled.exists() else shlex.quote(os.fspath(bundled))
    )
