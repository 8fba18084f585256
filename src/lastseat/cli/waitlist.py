"""`lastseat waitlist`: who waits in line, and for what. It changes nothing."""

from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
import typer

from lastseat.cli.looking import TenantId, Zone, day_of, listed, look, span, stamp, zone_of
from lastseat.cli.terminal import DataDir, Failure, Json, Url, err, out
from lastseat.library.asynchronous.engine import NotFound
from lastseat.library.asynchronous.tenant import AsyncTenant
from lastseat.views.bookings import WaitlistEntry
from lastseat.views.page import Page

LIMIT = 100
MOST = 1_000


def waitlist(  # noqa: PLR0913 - each is an option
    bookable: Annotated[
        str,
        typer.Argument(metavar="BOOKABLE", help="A class, a lane, or service:ID for a service."),
    ],
    *,
    tenant: TenantId,
    zone: Zone = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="So many at most.")] = LIMIT,
    after: Annotated[
        str | None, typer.Option(metavar="CURSOR", help="Go on after a page that was cut off.")
    ] = None,
    url: Url = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Show who waits in line. First come first, with the party and the time waited for.

    Times are those of --time-zone; without it of the bookable, else UTC.
    """

    async def ask(of: AsyncTenant) -> tuple[ZoneInfo, Page[WaitlistEntry]]:
        there = await of.bookable(bookable)
        page = await of.waitlist(bookable, limit=limit, cursor=after)
        return zone_of(zone, there.time_zone), page

    try:
        where, page = look(url, data_dir, tenant, ask)
    except NotFound as error:
        raise Failure(str(error)) from None
    if json:
        out.print(msgspec.json.encode(page).decode())
        return
    rows = [
        (
            str(x.position),
            day_of(x.during.start, where),
            span(x.during.start, x.during.end, where),
            str(x.units),
            x.actor,
            x.booking_id,
        )
        for x in page.items
    ]
    plain = [
        (
            str(x.position),
            stamp(x.during.start, where),
            stamp(x.during.end, where),
            str(x.units),
            x.actor,
            x.booking_id,
        )
        for x in page.items
    ]
    listed(("position", "day", "time", "party", "who", "booking"), rows, plain)
    if not page.items:
        err.print(f"nobody waits for {bookable!r}")
    if page.next is not None:
        err.print(f"there is more: go on with --after {page.next}")
