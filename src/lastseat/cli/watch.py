"""`lastseat watch`: what changes at a location, as it happens. It changes nothing itself."""

import asyncio
import contextlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.table import Table

from lastseat.cli.looking import look
from lastseat.cli.terminal import DataDir, Failure, Json, err, out
from lastseat.client.live import LiveMessage, Reader
from lastseat.feed.channels import EVERYTHING, Channel, Of
from lastseat.feed.hub import Hub
from lastseat.feed.relay import Relay
from lastseat.library.asynchronous.engine import NotFound
from lastseat.library.asynchronous.tenant import AsyncTenant

KEY_VARIABLE = "LASTSEAT_KEY"


class Wanted(msgspec.Struct, frozen=True):
    """What is watched, and how it is shown."""

    channel: Channel
    json: bool


def watch(  # noqa: PLR0913 - each is an option
    *,
    location: Annotated[
        str | None, typer.Option(metavar="ID", help="What changes at this location.")
    ] = None,
    resource: Annotated[
        str | None, typer.Option(metavar="ID", help="What changes on this resource.")
    ] = None,
    event: Annotated[str | None, typer.Option(metavar="ID", help="This event alone.")] = None,
    occurrence: Annotated[
        str | None, typer.Option(metavar="ID", help="This occurrence alone.")
    ] = None,
    tenant: Annotated[
        str, typer.Option("--tenant", metavar="ID", help="The tenant; a key names its own.")
    ] = "default",
    url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="A service (http://...), or a PostgreSQL server."),
    ] = None,
    key: Annotated[
        str | None, typer.Option(envvar=KEY_VARIABLE, help="The API key for a service.")
    ] = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Watch changes as they happen, until Ctrl-C.

    Of a location, a resource, an event or an occurrence; without one of all the tenant's. From the
    database, or with --url http://... and a key from a service elsewhere.
    """
    wanted = Wanted(_channel(location, resource, event, occurrence), json)
    with contextlib.suppress(KeyboardInterrupt):
        if url is not None and url.startswith(("http://", "https://")):
            _from_service(wanted, url, key, None if key else tenant)
        else:
            _from_database(wanted, url, data_dir, tenant)


def _channel(*given: str | None) -> Channel:
    kinds = (Of.LOCATION, Of.RESOURCE, Of.EVENT, Of.OCCURRENCE)
    wanted = [Channel(of, id_) for of, id_ in zip(kinds, given, strict=True) if id_ is not None]
    if len(wanted) > 1:
        raise Failure(f"give --{wanted[0].of} or --{wanted[1].of}, not both")
    return wanted[0] if wanted else EVERYTHING


def _from_service(wanted: Wanted, url: str, key: str | None, tenant: str | None) -> None:
    from lastseat.client import Client, ServiceError, Unavailable

    channel = wanted.channel
    named = {} if channel == EVERYTHING else {str(channel.of): channel.id}
    try:
        with Client(url, key=key, tenant=tenant) as client:
            for message in client.live(**named):
                _show(wanted, message)
    except (ServiceError, Unavailable, ValueError) as error:
        raise Failure(str(error)) from None


def _from_database(wanted: Wanted, url: str | None, data_dir: Path | None, tenant: str) -> None:
    async def follow(of: AsyncTenant) -> None:
        await _check(of, wanted.channel)
        conninfo = of.engine.conninfo
        hub = Hub(conninfo)
        # Where nobody serves nobody else would do it; where somebody does it stands aside.
        relay = asyncio.create_task(Relay(conninfo, heard=hub.heard).run())
        try:
            stream = await hub.subscribe(of.tenant_id, wanted.channel, redacted=False)
            reader = Reader()
            while (data := await stream.taken()) is not None:
                for message in reader.feed(data):
                    _show(wanted, message)
        finally:
            relay.cancel()
            await asyncio.gather(relay, return_exceptions=True)
            await hub.close()

    look(url, data_dir, tenant, follow)


async def _check(tenant: AsyncTenant, channel: Channel) -> None:
    """Raises `Failure` when there is nothing of that id: silence would look like peace."""
    if channel == EVERYTHING:
        return
    if channel.of is Of.LOCATION:
        if await tenant.catalogue.location(channel.id) is None:
            raise Failure(f"there is no location {channel.id!r}")
        return
    try:
        await tenant.bookable(channel.id)
    except NotFound as error:
        raise Failure(str(error)) from None


def _show(wanted: Wanted, message: LiveMessage) -> None:
    if wanted.json:
        out.print(msgspec.json.encode(message).decode())
        out.file.flush()
        return
    if message.event == "position":
        err.print(f"watching {message.data['channel']}; Ctrl-C ends it")
        return
    if message.event == "reset":
        err.print("some changes may have been missed")
        return
    if not out.is_terminal:
        # Not rich's: it would turn the tabs into spaces.
        typer.echo("\t".join(_cells(message)))
        return
    line = Table.grid(padding=(0, 2))
    for width in (8, 24):
        line.add_column(width=width, no_wrap=True)
    line.add_column(ratio=1)
    when, event, *rest = _cells(message)
    line.add_row(when, event, "  ".join(x for x in rest if x), style=_STYLES.get(event, ""))
    out.print(line)


_STYLES = {
    "booking.booked": "green",
    "booking.offered": "green",
    "booking.joined": "cyan",
    "booking.cancelled": "red",
    "booking.released": "red",
    "booking.expired": "yellow",
    "booking.no_show": "yellow",
}


def _cells(message: LiveMessage) -> Iterator[str]:
    data: dict[str, Any] = message.data
    at = datetime.fromisoformat(data["at"]).astimezone()
    yield f"{at:%H:%M:%S}"
    yield message.event
    yield " + ".join(data["bookables"])
    units = sum(x["units"] for x in data.get("claims", ()))
    yield f"{units} units" if units > 1 else ""
    yield data.get("status", "")
    yield str(data["capacity"]) if "capacity" in data else ""
    yield data.get("booking_id", "")
