"""`lastseat jobs`: how far what happens by itself is behind. It changes nothing."""

import asyncio
from typing import TYPE_CHECKING

import msgspec
import psycopg
import typer

from lastseat.cli.looking import listed
from lastseat.cli.reaching import reach_made, schema_needed
from lastseat.cli.terminal import DataDir, Failure, Json, Url, out

if TYPE_CHECKING:
    from lastseat.jobs.lag import Lag

WAITING = {
    "holds": "holds that ran out",
    "no_shows": "bookings whose grace is over",
    "feed": "entries to be told",
    "webhooks": "messages to be sent",
    "jobs": "jobs in the queue",
}


def jobs(*, url: Url = None, data_dir: DataDir = None, json: Json = False) -> None:
    """Show how far what happens by itself is behind.

    Exit code 1 if anything is behind by more than LASTSEAT_CLEANUP_LAG_SECONDS (120).
    """
    # Here, since loading takes a moment.
    from lastseat.jobs.lag import limit_seconds

    try:
        limit = limit_seconds()
    except ValueError as error:
        raise Failure(str(error)) from None
    where = reach_made(url, data_dir)
    with schema_needed():
        found = asyncio.run(_lag(where))
    late = found.late(limit)
    if json:
        out.print(msgspec.json.encode({"lag": found, "limit": limit, "late": late}).decode())
    else:
        _show(found, late)
    raise typer.Exit(1 if late else 0)


async def _lag(where: str) -> "Lag":
    from lastseat.jobs.lag import lag

    connection = await psycopg.AsyncConnection.connect(where, autocommit=True)
    async with connection:
        return await lag(connection)


def _show(found: "Lag", late: list[str]) -> None:
    rows = [
        (WAITING[name], str(behind.waiting), f"{behind.seconds:.1f}", "late" * (name in late))
        for name, behind in found.each().items()
    ]
    listed(("what waits", "how many", "the oldest, s", ""), rows, rows)
    out.print(
        f"workers: {found.workers}; jobs under way: {found.running_jobs};"
        f" failed within a day: {found.failed_jobs}"
    )
