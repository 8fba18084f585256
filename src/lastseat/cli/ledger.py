"""`lastseat migrate` and `lastseat verify`: the schema up to date, and the ledger proven sound."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import msgspec
import typer
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from lastseat.cli.reaching import reach, reach_made, schema_needed
from lastseat.cli.terminal import DataDir, Failure, Json, Url, err, out
from lastseat.ledger import distribute as distribution
from lastseat.ledger import migrate as migrations
from lastseat.ledger.verify import Progress, Report
from lastseat.ledger.verify import verify as compare


def migrate(
    *,
    url: Url = None,
    data_dir: DataDir = None,
    distribute: Annotated[
        bool,
        typer.Option(
            "--distribute",
            help="Then divide the tables by tenant among the nodes of a Citus cluster.",
        ),
    ] = False,
) -> None:
    """Bring the schema up to date. Safe at any time, from any number of processes."""
    where = reach(url, data_dir)
    applied = migrations.migrate(where, report=out.print)
    out.print(f"applied {len(applied)}" if applied else "the schema is up to date")
    if distribute:
        done = distribution.distribute(where, report=out.print)
        out.print(f"distributed {len(done)}" if done else "every table is distributed already")
        out.print("live updates, the feed and webhooks don't work on it: see docs/scale.md")


def verify(
    *,
    url: Url = None,
    data_dir: DataDir = None,
    tenant: Annotated[
        str | None, typer.Option(metavar="ID", help="This tenant alone; else every one.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Stop after so many differences.")] = 1_000,
    json: Json = False,
) -> None:
    """Prove the ledger sound.

    Folds the journal anew, compares it with every table made from it, and looks for anything
    oversold. Reads one snapshot, changes nothing, and can run beside bookings. Exit code 1 if
    anything is wrong.
    """
    where = reach_made(url, data_dir)
    with schema_needed(), _bar() as told:
        report = compare(where, tenant_id=tenant, progress=told, limit=limit)
    if tenant is not None and not report.tenants:
        raise Failure(f"there is nothing of a tenant {tenant!r} here: is it the right database?")
    sound = not report.differences
    if json:
        answer = {"sound": sound, **msgspec.to_builtins(report)}
        out.print(msgspec.json.encode(answer).decode())
    else:
        _print(report)
    raise typer.Exit(0 if sound else 1)


def _print(report: Report) -> None:
    for found in report.differences:
        out.print(f"{found.tenant_id}: {found.where}: {found.what}")
    out.print(
        f"checked {report.tenants} tenants, {report.streams} streams, {report.entries} entries,"
        f" {report.bookings} bookings, {report.claims} claims"
    )
    if not report.differences:
        out.print("sound: the tables are what the journal says; nothing is oversold", style="green")
    else:
        more = "" if report.complete else " or more: it stopped there"
        out.print(f"{len(report.differences)} differences{more}", style="bold red")


@contextmanager
def _bar() -> Iterator[Callable[[Progress], None]]:
    """A bar on stderr that follows the comparison's two phases; nothing where nobody looks."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bar(*columns, TimeElapsedColumn(), console=err, disable=not err.is_terminal) as bar:
        tasks: dict[str, TaskID] = {}

        def told(progress: Progress) -> None:
            if progress.phase not in tasks:
                tasks[progress.phase] = bar.add_task(f"checking {progress.phase}")
            bar.update(tasks[progress.phase], completed=progress.done, total=progress.total)

        yield told
