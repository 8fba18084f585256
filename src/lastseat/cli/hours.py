"""`lastseat hours`: when something is open, day by day. It changes nothing."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
import typer

from lastseat.calendar import zones
from lastseat.cli.looking import DAYS, Days, TenantId, listed, look, span, zone_of
from lastseat.cli.terminal import DataDir, Failure, Json, Url, out
from lastseat.library.asynchronous.engine import NotFound
from lastseat.library.asynchronous.tenant import AsyncTenant
from lastseat.views.times import DayHours


def hours(
    owner: Annotated[
        str,
        typer.Argument(
            metavar="OWNER", help="A bookable, a service's `service:ID`, or `location:ID`."
        ),
    ],
    *,
    tenant: TenantId,
    first: Annotated[
        str | None, typer.Option(metavar="DAY", help="From this day on, such as 2027-03-06.")
    ] = None,
    days: Days = None,
    url: Url = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Show when it is open. Day by day for a week from today, by its location's hours, too."""

    async def ask(of: AsyncTenant) -> tuple[ZoneInfo, list[DayHours]]:
        zone = zone_of(None, (await of.rules(owner)).time_zone)
        begin = _day(first) if first else zones.local(datetime.now(UTC), zone).date()
        try:
            last = begin + timedelta(days=(days or DAYS) - 1)
        except OverflowError:
            raise Failure("--first lies too far ahead") from None
        return zone, await of.effective_hours(owner, first=begin, last=last)

    try:
        zone, found = look(url, data_dir, tenant, ask)
    except NotFound as error:
        raise Failure(str(error)) from None
    if json:
        out.print(msgspec.json.encode(found).decode())
        return
    rows = [(f"{day.date:%a %d %b %Y}", _open(day, zone)) for day in found]
    plain = [(f"{day.date}", _open(day, zone)) for day in found]
    listed(("day", f"open, {zone.key}"), rows, plain)


def _open(day: DayHours, zone: ZoneInfo) -> str:
    if not day.spans:
        return f"closed ({day.closed_because})" if day.closed_because else "closed"
    return ", ".join(span(each.start, each.end, zone) for each in day.spans)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Failure(f"--first can't read {text!r}: say a day such as 2027-03-06") from None
