"""`lastseat db`: the embedded server's life, and backups of it. Not for a server of your own."""

import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from lastseat.cli.loading import PLAIN
from lastseat.cli.reaching import embedded
from lastseat.cli.terminal import DataDir, Failure, Json, err, out, working
from lastseat.embedded import EmbeddedServer, ServerStatus
from lastseat.embedded.cluster import StopMode

app = typer.Typer(
    help="The embedded PostgreSQL server: start, stop, back up.",
    no_args_is_help=True,
    **PLAIN,
)

MB = 1024 * 1024


@app.command()
def start(data_dir: DataDir = None) -> None:
    """Start the server. It stays until `db stop`; without a database yet, one is made."""
    server = embedded(data_dir)
    if server.status().accepting:
        out.print(f"running already: {server.ensure_running()}")
        return
    with working(f"Starting the database in {server.data_dir}"):
        where = server.ensure_running()
    out.print(f"running: {where}")


@app.command()
def stop(
    data_dir: DataDir = None,
    mode: Annotated[
        StopMode,
        typer.Option(
            help="smart: when clients have left; fast: now, rolling back what is open;"
            " immediate: a crash on purpose."
        ),
    ] = "fast",
) -> None:
    """Stop the server. Committed bookings are on disk in any mode."""
    server = embedded(data_dir)
    with working(f"Stopping the database in {server.data_dir}"):
        was_running = server.stop(mode=mode)
    out.print("stopped" if was_running else "was not running")


@app.command()
def status(*, data_dir: DataDir = None, json: Json = False) -> None:
    """Say how it is. Whether it runs, where its data are, how to reach it; changes nothing."""
    found = embedded(data_dir).status()
    if json:
        out.print(msgspec.json.encode(found, enc_hook=str).decode())
        return
    out.print(found.detail, style="green" if found.accepting else "yellow")
    for name, value in _facts(found):
        out.print(f"  {name:<9} {value}")


def _facts(found: ServerStatus) -> list[tuple[str, object]]:
    facts: list[tuple[str, object]] = [
        ("data", found.data_dir),
        ("logs", found.log_dir),
        ("size", f"{found.size_bytes / MB:.1f} MB"),
    ]
    if found.version is not None:
        facts.append(("version", f"PostgreSQL {found.version}"))
    if found.started_at is not None:
        facts.append(("since", f"{found.started_at:%Y-%m-%d %H:%M:%S} UTC"))
    if found.conninfo is not None:
        facts.append(("conninfo", found.conninfo))
    return facts


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="Where to: a new .tar, .tar.gz or .tgz file.")],
    data_dir: DataDir = None,
) -> None:
    """Write a verified backup. It is a consistent copy of it all, made while it is in use."""
    server = embedded(data_dir)
    _must_exist(server, "back up")
    with working(f"Backing up {server.data_dir}"):
        written = server.backup(file)
    out.print(f"wrote and verified {written} ({written.stat().st_size / MB:.1f} MB)")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What `lastseat db backup` wrote.")],
    *,
    data_dir: DataDir = None,
    force: Annotated[
        bool, typer.Option("--force", help="Move a database that is there aside first.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before forcing.")] = False,
) -> None:
    """Put a backup in place. Starts no server.

    Nothing is replaced before the backup is checked, and nothing is deleted: with --force the
    database that is there stays beside the new one, under another name. Live updates and other
    readers of the feed begin anew.
    """
    server = embedded(data_dir)
    there = server.status()
    if force and not yes and there.version is not None and not there.running:
        _ask(server)
    with working(f"Restoring {file} into {server.data_dir}"):
        server.restore(file, force=force)
    out.print(f"restored {file} into {server.data_dir}; `lastseat db start` starts it")


@app.command()
def upgrade(
    *,
    data_dir: DataDir = None,
    old_bindir: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="The programs of the version that wrote the data, where they are not found.",
        ),
    ] = None,
) -> None:
    """Rewrite the database for the PostgreSQL that is installed now. Starts no server.

    For another major version, such as 18 after 17: needs the old version's programs, a stopped
    server, and room for a copy. Nothing is deleted: the database that was there stays beside the
    new one, under another name.
    """
    server = embedded(data_dir)
    _must_exist(server, "upgrade")
    with working(f"Upgrading the database in {server.data_dir}"):
        done = server.upgrade(old_bin_dir=old_bindir)
    if done is None:
        now = server.status().version
        out.print(f"{server.data_dir} is of PostgreSQL {now}, as the programs are: nothing to do")
        return
    out.print(f"upgraded {server.data_dir} from PostgreSQL {done.before} to {done.after}")
    out.print(f"the old database is kept in {done.kept}")
    out.print("`lastseat db start` starts it; `lastseat verify` says whether all is sound")


def _must_exist(server: EmbeddedServer, wanted: str) -> None:
    """To make a database for this, in a wrong directory, would be a false comfort."""
    if server.status().version is None:
        raise Failure(
            f"there is no database in {server.data_dir} to {wanted}: name its directory with"
            " --data-dir, or make one with `lastseat db start`"
        )


def _ask(server: EmbeddedServer) -> None:
    if not sys.stdin.isatty():
        raise Failure("nobody can be asked here, so --force needs --yes; nothing was changed")
    err.print(f"There is a database in {server.data_dir} already.")
    err.print("It will be moved aside within that directory, and the backup takes its place.")
    if not typer.confirm("Go on?", err=True):
        raise Failure("nothing was changed")
