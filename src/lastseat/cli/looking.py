"""What commands that look at a tenant share: where it is, which time is meant, how it is shown.

None makes a database where there is none, and only `forget` changes anything. A time is read by the
wall clock of one zone and shown by it; in JSON all times are UTC.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo

import typer
from msgspec import Struct
from rich.table import Table

import lastseat
from lastseat.access import store
from lastseat.calendar import zones
from lastseat.cli.reaching import reach_made, schema_needed
from lastseat.cli.terminal import Failure, no_tenant, out
from lastseat.library.asynchronous.tenant import AsyncTenant

T = TypeVar("T")

TenantId = Annotated[str, typer.Option("--tenant", metavar="ID", help="The tenant.")]
Start = Annotated[
    str | None,
    typer.Option(
        metavar="WHEN", help="From when on: 2027-03-06, 2027-03-06T19:30, or with an offset."
    ),
]
End = Annotated[str | None, typer.Option(metavar="WHEN", help="Until when, not included.")]
Days = Annotated[int | None, typer.Option(min=1, max=400, help="Instead of --end: so many days.")]
Zone = Annotated[
    str | None, typer.Option("--time-zone", metavar="NAME", help="Whose wall clock is meant.")
]

DAYS = 7
"""How far one looks unless told otherwise."""


class Window(Struct, frozen=True):
    """The time `[start, end)` that is asked about, and the zone that it is said and shown in."""

    start: datetime
    end: datetime
    zone: ZoneInfo

    def __str__(self) -> str:
        first, last = self.start.astimezone(self.zone), self.end.astimezone(self.zone)
        return f"{first:%a %d %b %Y %H:%M} to {last:%a %d %b %Y %H:%M}, {self.zone.key}"


def look(
    url: str | None,
    data_dir: Path | None,
    tenant_id: str,
    ask: Callable[[AsyncTenant], Awaitable[T]],
) -> T:
    """What `ask` answers of the tenant, on a database that is there. Raises `Failure`."""
    conninfo = reach_made(url, data_dir)

    async def asked() -> T:
        async with lastseat.open_async(conninfo, migrate=False) as engine:
            if await engine.read(store.tenant, tenant_id) is None:
                raise no_tenant(tenant_id)
            return await ask(engine.tenant(tenant_id))

    try:
        with schema_needed():
            return asyncio.run(asked())
    except ValueError as error:
        # The library speaks of its arguments by the names that the options have.
        raise Failure(str(error)) from None


def zone_of(name: str | None, otherwise: str | None) -> ZoneInfo:
    """The zone asked for, else that of what is looked at, else UTC. Raises `Failure`."""
    try:
        return zones.zone(name or otherwise or "UTC")
    except zones.UnknownZone as error:
        raise Failure(f"--time-zone: {error}; they are spelled as in Europe/Paris") from None


def window(
    zone: ZoneInfo, start: str | None, end: str | None, days: int | None, *, now: bool = False
) -> Window:
    """What the options say: from today, or from `now` on, for a week. Raises `Failure`."""
    if end is not None and days is not None:
        raise Failure("--end and --days both say until when: give one of them")
    present = datetime.now(UTC)
    if start is not None:
        first = _instant("--start", start, zone)
    else:
        first = present if now else _midnight(zones.local(present, zone).date(), zone)
    if end is not None:
        last = _instant("--end", end, zone)
    else:
        # Whole days of the calendar: one of them may have 23 hours.
        last = zones.utc(_later(zones.local(first, zone), days or DAYS), zone)
    if last <= first:
        raise Failure(f"--end has to come after {first.astimezone(zone):%Y-%m-%dT%H:%M}, the start")
    return Window(first, last, zone)


def _instant(option: str, text: str, zone: ZoneInfo) -> datetime:
    try:
        said = datetime.fromisoformat(text)
        return said.astimezone(UTC) if said.tzinfo is not None else zones.utc(said, zone)
    except (ValueError, OverflowError):
        raise Failure(
            f"{option} can't read {text!r}: say a day such as 2027-03-06, or 2027-03-06T19:30"
        ) from None


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return zones.utc(datetime.combine(day, time()), zone)


def _later(local: datetime, days: int) -> datetime:
    try:
        return local + timedelta(days=days)
    except OverflowError:
        raise Failure("--start lies too far ahead") from None


def listed(
    header: Sequence[str], rows: Iterable[Sequence[str]], plain: Iterable[Sequence[str]]
) -> None:
    """A table that fits the terminal; for scripts a line each of `plain`, with tabs between."""
    if not out.is_terminal:
        for row in plain:
            typer.echo("\t".join(row))
        return
    table = Table(box=None, header_style="dim", pad_edge=False)
    for name in header:
        # What is too long for its column goes on below, so that nothing is cut off.
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*row)
    out.print(table, soft_wrap=False)


def day_of(moment: datetime, zone: ZoneInfo) -> str:
    """The day it is on, such as `Sat 06 Mar`."""
    return f"{moment.astimezone(zone):%a %d %b}"


def span(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """From when to when, such as `19:30-20:30`; a later day's end says how many days later."""
    first, last = start.astimezone(zone), end.astimezone(zone)
    days = (last.date() - first.date()).days
    # 24:00 reads better than 00:00 of the next day.
    if days == 1 and last.time() == time():
        return f"{_clock(first)}-24:00"
    return f"{_clock(first)}-{_clock(last)}" + (f" +{days}d" if days else "")


def _clock(moment: datetime) -> str:
    """The wall clock; where it shows a time twice, which of the two is meant."""
    twice = moment.replace(fold=1 - moment.fold).utcoffset() != moment.utcoffset()
    shown = f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"
    return f"{shown} {moment:%Z}" if twice else shown


def stamp(moment: datetime, zone: ZoneInfo) -> str:
    """The moment for a script: its local time and how that lies to UTC."""
    local = moment.astimezone(zone)
    exact = "seconds" if local.second or local.microsecond else "minutes"
    return local.isoformat(timespec=exact)
