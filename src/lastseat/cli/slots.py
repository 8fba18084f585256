"""`lastseat slots`: when a service can be had, and how often. Nothing is kept for who looks."""

from datetime import timedelta
from itertools import groupby
from typing import Annotated

import msgspec
import typer

from lastseat.cli.looking import (
    Days,
    End,
    Start,
    TenantId,
    Window,
    Zone,
    day_of,
    listed,
    look,
    span,
    stamp,
    window,
    zone_of,
)
from lastseat.cli.terminal import DataDir, Failure, Json, Url, err, out
from lastseat.library.asynchronous.engine import NotFound
from lastseat.library.asynchronous.tenant import AsyncTenant
from lastseat.views.times import OpenSlot

LIMIT = 100
MOST = 9_999


def slots(  # noqa: PLR0913 - each is an option
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="The service's id.")],
    *,
    tenant: TenantId,
    start: Start = None,
    end: End = None,
    days: Days = None,
    party: Annotated[int, typer.Option(min=1, help="For how many.")] = 1,
    minutes: Annotated[
        int | None, typer.Option(min=1, help="How long, of a service that leaves it open.")
    ] = None,
    step: Annotated[
        int | None,
        typer.Option(min=1, help="Every so many minutes, where no rule says when to begin."),
    ] = None,
    zone: Zone = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="So many at most.")] = LIMIT,
    url: Url = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Show when a service can be had. Each start, how often it can be booked, and what that gets.

    For a week from now. Times are those of --time-zone; without it of the service's location, else
    UTC. What is shown can be booked, unless somebody is faster.
    """

    async def ask(of: AsyncTenant) -> tuple[Window, list[OpenSlot]]:
        found = await of.catalogue.service(service)
        if found is None:
            raise Failure(f"there is no service {service!r}")
        during = window(zone_of(zone, found.time_zone), start, end, days, now=True)
        slots = await of.slots(
            service,
            start=during.start,
            end=during.end,
            party=party,
            duration=None if minutes is None else timedelta(minutes=minutes),
            step=None if step is None else step * 60,
            # One more tells whether that was all.
            limit=limit + 1,
        )
        return during, slots

    try:
        during, found = look(url, data_dir, tenant, ask)
    except NotFound as error:
        raise Failure(str(error)) from None
    shown, more = found[:limit], found[limit:]
    following = stamp(more[0].start, during.zone) if more else None
    if json:
        out.print(msgspec.json.encode({"items": shown, "next": following}).decode())
        return
    if out.is_terminal:
        out.print(str(during), style="dim")
    _show(shown, during)
    if not shown:
        err.print(f"nothing is free from {during}: `lastseat hours service:{service}` tells why")
    if following is not None:
        err.print(f"there is more: go on with --start {following}")


def _show(slots: list[OpenSlot], during: Window) -> None:
    rows = []
    for day, each in groupby(slots, key=lambda slot: day_of(slot.start, during.zone)):
        for no, slot in enumerate(each):
            time = span(slot.start, slot.end, during.zone)
            rows.append(("" if no else day, time, str(slot.left), ", ".join(slot.chosen)))
    plain = [
        (
            stamp(slot.start, during.zone),
            stamp(slot.end, during.zone),
            str(slot.left),
            ",".join(slot.chosen),
        )
        for slot in slots
    ]
    listed(("day", "time", "left", "gets"), rows, plain)
