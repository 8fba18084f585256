"""`lastseat agenda`: what is on. It changes nothing."""

from itertools import groupby
from typing import Annotated
from zoneinfo import ZoneInfo

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
from lastseat.views.page import Page
from lastseat.views.times import AgendaItem

LIMIT = 100


class _Asked(msgspec.Struct, frozen=True):
    """Whose agenda, which page of it."""

    location: str | None
    resource: str | None
    actor: str | None
    event: str | None
    limit: int
    after: str | None


def agenda(  # noqa: PLR0913 - each is an option
    *,
    tenant: TenantId,
    start: Start = None,
    end: End = None,
    days: Days = None,
    location: Annotated[
        str | None, typer.Option(metavar="ID", help="What is on at this location.")
    ] = None,
    resource: Annotated[
        str | None, typer.Option(metavar="ID", help="What is on this resource.")
    ] = None,
    actor: Annotated[str | None, typer.Option(help="What this person has booked.")] = None,
    event: Annotated[str | None, typer.Option(metavar="ID", help="This event alone.")] = None,
    zone: Zone = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="So many at most.")] = LIMIT,
    after: Annotated[
        str | None, typer.Option(metavar="CURSOR", help="Go on after a page that was cut off.")
    ] = None,
    url: Url = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Show what is on. Classes, bookings and blocks in order, for a week from today.

    Times are those of --time-zone; without it of the location, resource or event asked about, else
    UTC. What has begun before and is still on is shown, too.
    """
    asked = _Asked(location, resource, actor, event, limit, after)

    async def ask(of: AsyncTenant) -> tuple[Window, Page[AgendaItem]]:
        during = window(zone_of(zone, await _its_zone(of, asked)), start, end, days)
        page = await of.agenda(
            start=during.start,
            end=during.end,
            location=location,
            resource=resource,
            actor=actor,
            event=event,
            limit=limit,
            cursor=after,
        )
        return during, page

    try:
        during, page = look(url, data_dir, tenant, ask)
    except NotFound as error:
        raise Failure(str(error)) from None
    if json:
        out.print(msgspec.json.encode(page).decode())
        return
    if out.is_terminal:
        out.print(f"{during}", style="dim")
    elif not page.items:
        err.print(f"nothing is on from {during}")
    _show(page.items, during.zone)
    if out.is_terminal and not page.items:
        out.print("nothing is on")
    if page.next is not None:
        err.print(f"there is more: go on with --after {page.next}")


async def _its_zone(tenant: AsyncTenant, asked: _Asked) -> str | None:
    """The zone of what is asked about. Raises `Failure` when it is not there."""
    if asked.location is not None:
        place = await tenant.catalogue.location(asked.location)
        if place is None:
            raise Failure(f"there is no location {asked.location!r}")
        return place.time_zone
    for name in (asked.resource, asked.event):
        if name is not None:
            found = await tenant.bookable(name)
            if found.time_zone is None and found.location_id is not None:
                place = await tenant.catalogue.location(found.location_id)
                return None if place is None else place.time_zone
            return found.time_zone
    return None


def _show(items: list[AgendaItem], zone: ZoneInfo) -> None:
    rows = []
    for day, each in groupby(items, key=lambda item: day_of(item.start, zone)):
        for no, item in enumerate(each):
            rows.append(
                ("" if no else day, span(item.start, item.end, zone), _what(item), _how(item))
            )
    plain = [
        (stamp(item.start, zone), stamp(item.end, zone), item.kind, _what(item), _how(item))
        for item in items
    ]
    listed(("day", "time", "what", "booked"), rows, plain)


def _what(item: AgendaItem) -> str:
    """What it is called, of what it is, and whose."""
    what = item.title or item.bookable
    return f"{what}, {item.actor}" if item.actor else what


def _how(item: AgendaItem) -> str:
    """How many have booked; how a booking stands."""
    if item.cancelled:
        return "called off"
    match item.kind:
        case "occurrence":
            return f"{item.taken}/{item.capacity}"
        case "booking":
            return str(item.status or "")
        case _:
            return "blocked"
