"""`lastseat demo`: the demonstration's arguments, the server it runs on, and what to try next."""

import os
import shlex
import shutil
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer

from lastseat.cli.reaching import configured, reach
from lastseat.cli.terminal import DataDir, Failure, Url, out, working
from lastseat.config import URL_VARIABLE
from lastseat.embedded import EmbeddedServer
from lastseat.embedded.binaries import locate

if TYPE_CHECKING:
    from lastseat.demo.story import Told


def demo(
    *,
    bookers: Annotated[int, typer.Option(min=1, max=5000, help="How many people want in.")] = 200,
    processes: Annotated[
        int, typer.Option(min=1, max=16, help="From how many processes they book.")
    ] = 4,
    port: Annotated[
        int | None,
        typer.Option(
            min=1, max=65535, help="The service's port.", show_default="8000, or any when taken"
        ),
    ] = None,
    stop_after: Annotated[
        bool,
        typer.Option(
            "--exit", help="End after the count; stop the embedded server too, if this started it."
        ),
    ] = False,
    url: Url = None,
    data_dir: DataDir = None,
) -> None:
    """Rush for the last places, over HTTP.

    Makes a sample week of a studio and some lanes in a tenant of its own. Then 200 bookers in 4
    processes want one class of 12 and one of three lanes, all at once, and what was sold is
    counted. The service stays up for you to try, until Ctrl-C. Exit code 1 if a place was sold
    twice or left over.
    """
    from lastseat.demo import service
    from lastseat.demo.story import run

    where = configured(url, data_dir)
    server = EmbeddedServer(where.data_dir) if where.url is None else None
    ran_before = server is not None and server.status().running
    try:
        opened = service.open_port(port)
    except OSError as error:
        raise Failure(f"port {port} can't be had ({error.strerror}): try another --port") from None
    try:
        with opened:
            conninfo = reach(url, data_dir)
            _say_first_owner(service.first_owner(conninfo))
            with service.serving(conninfo, opened) as address:
                told = run(conninfo, address, out, bookers=bookers, processes=processes)
                _try_next(
                    told.tenant_id, url, data_dir, server, running=ran_before or not stop_after
                )
                if not stop_after:
                    _stay_up(told, address)
    finally:
        if server is not None and stop_after and not ran_before:
            with working("Stopping the database"):
                server.stop()
    raise typer.Exit(0 if told.passed else 1)


def _say_first_owner(key: str | None) -> None:
    if key is not None:
        out.print("Nobody had a key to this database. That of its first owner, shown this once:")
        out.print(f"  {key}")


def _stay_up(told: "Told", address: str) -> None:
    """Until Ctrl-C. The commands work as long as this waits."""
    from lastseat.demo.tour import tour

    out.print(f"\nOver HTTP, in another terminal   ({address}/docs describes all of it)")
    for line in tour(told, address):
        out.print(f"  {line}")
    out.print(f"\nServing at {address} until Ctrl-C.")
    with suppress(KeyboardInterrupt):
        Event().wait()


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
