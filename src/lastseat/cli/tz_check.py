"""`lastseat tz-check`: what a new time zone database would move, before anybody is too late."""

from typing import Annotated

import msgspec
import typer

from lastseat.cli.reaching import reach_made, schema_needed
from lastseat.cli.terminal import DataDir, Json, Url, out
from lastseat.reads.zoned import Moved, zoned


def tz_check(
    *,
    url: Url = None,
    data_dir: DataDir = None,
    tenant: Annotated[
        str | None, typer.Option(metavar="ID", help="This tenant alone; else every one.")
    ] = None,
    json: Json = False,
) -> None:
    """List what would move under today's time zone database.

    Times are stored as instants, reckoned by the zone database of the day. When a country changes
    its clocks, update the `tzdata` package and run this: what is to come is told that was meant for
    another instant. Changes nothing. Exit code 1 if there is any.
    """
    where = reach_made(url, data_dir)
    with schema_needed():
        found = zoned(where, tenant)
    if json:
        out.print(msgspec.json.encode(found).decode())
    else:
        for moved in found.moved:
            out.print(_line(moved))
        out.print(f"checked {found.checked} times to come, {len(found.moved)} would move")
    raise typer.Exit(1 if found.moved else 0)


def _line(moved: Moved) -> str:
    what = moved.bookable if moved.booking_id is None else f"booking {moved.booking_id}"
    of = "" if moved.booking_id is None else f" of {moved.bookable}"
    return (
        f"{moved.tenant_id}: {what}{of}: {moved.local_start} in {moved.time_zone} is"
        f" {moved.becomes:%Y-%m-%dT%H:%MZ}, stored as {moved.stored:%Y-%m-%dT%H:%MZ}"
    )
