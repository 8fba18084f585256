"""`lastseat import-ics` and `lastseat export-ics`: calendars in and out, as files or addresses."""

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
import typer

from lastseat.calendar.ical import MOST_BYTES
from lastseat.calendar.zones import zone
from lastseat.catalogue.answers import Refused, Saved, Unknown
from lastseat.cli.looking import Days, End, Start, TenantId, listed, look, window
from lastseat.cli.terminal import DataDir, Failure, Json, Url, err, out, working
from lastseat.core import outcomes as o
from lastseat.library.asynchronous.tenant import AsyncTenant
from lastseat.library.showing import Shown
from lastseat.views.calendars import As, ImportReport

_ADDRESS = re.compile(r"(?i)(https?|webcal)://")


def import_ics(  # noqa: PLR0913 - each is an option
    source: Annotated[
        str, typer.Argument(metavar="FILE|URL", help="An .ics file, - for stdin, or an address.")
    ],
    *,
    tenant: TenantId,
    into: Annotated[
        str, typer.Option(metavar="KIND:ID", help="location:ID; for blocks resource:ID, too.")
    ],
    as_: Annotated[
        As, typer.Option("--as", help="What its items become: events, or times to keep free.")
    ] = As.EVENTS,
    capacity: Annotated[int, typer.Option(min=1, help="How many each event has room for.")] = 1,
    calendar: Annotated[
        str | None,
        typer.Option(metavar="ID", help="What to call it; else by the file or host."),
    ] = None,
    vanished: Annotated[
        str, typer.Option(help="What is no longer in the file: report it, or cancel it.")
    ] = "report",
    moved: Annotated[
        str, typer.Option(help="Booked and moved by a change: ask, move, keep, call_off.")
    ] = "ask",
    dropped: Annotated[
        str, typer.Option(help="Booked and dropped by a change: ask, keep, call_off.")
    ] = "ask",
    url: Url = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Import an iCalendar file, or an address. Again, it changes what has changed.

    Each item that is passed over is told with its reason, on stderr. What a change would do to
    bookings is not done until --moved or --dropped say what becomes of them; then the exit code
    is 1.
    """
    address = source if _ADDRESS.match(source) else None
    data = None if address is not None else _read(source)
    name = calendar or _called(source, address)

    async def ask(of: AsyncTenant) -> Saved[ImportReport] | Refused:
        return await of.calendars.import_ics(
            name,
            data,
            url=address,
            into=into,
            as_=as_,
            capacity=capacity,
            vanished=vanished,
            moved=moved,
            dropped=dropped,
        )

    with working(f"Importing {name}"):
        found = look(url, data_dir, tenant, ask)
    if not isinstance(found, Saved):
        raise Failure(_said(found))
    report = found.row
    if json:
        out.print(msgspec.json.encode(report).decode())
    else:
        _tell(report)
    if report.undecided:
        raise typer.Exit(1)


def export_ics(  # noqa: PLR0913
    of: Annotated[
        str, typer.Argument(metavar="KIND:ID", help="event:, resource:, location: or actor:ID.")
    ],
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Where to; else to stdout.")
    ] = None,
    *,
    tenant: TenantId,
    start: Start = None,
    end: End = None,
    days: Days = None,
    redacted: Annotated[bool, typer.Option("--redacted", help="Without people.")] = False,
    url: Url = None,
    data_dir: DataDir = None,
) -> None:
    """Write what is booked or takes place as an iCalendar file.

    From a month ago to 400 days ahead, unless --start, --end or --days say otherwise; days are
    those of UTC.
    """
    asked = any(x is not None for x in (start, end, days))
    during = window(zone("UTC"), start, end, days) if asked else None

    async def ask(there: AsyncTenant) -> Shown | o.Invalid | Unknown:
        return await there.calendars.export(
            of,
            start=during.start if during else None,
            end=during.end if during else None,
            redacted=redacted,
        )

    found = look(url, data_dir, tenant, ask)
    if not isinstance(found, Shown):
        raise Failure(_said(found))
    if file is None:
        sys.stdout.buffer.write(found.body)
        sys.stdout.buffer.flush()
        return
    try:
        file.write_bytes(found.body)
    except OSError as error:
        raise Failure(f"{file} can't be written: {error.strerror}") from None
    err.print(f"wrote {file} ({len(found.body)} bytes)")


def _read(source: str) -> bytes:
    """The file, no more of it than would be read."""
    try:
        if source == "-":
            return sys.stdin.buffer.read(MOST_BYTES + 1)
        with Path(source).open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise Failure(f"{source} can't be read: {error.strerror}") from None


def _called(source: str, address: str | None) -> str:
    """What a calendar is called that nobody gave a name."""
    if address is not None:
        try:
            host = urlsplit(address).hostname
        except ValueError:
            host = None
        return (host or "calendar")[:100]
    if source == "-":
        raise Failure("what is read from stdin needs a name: give it one with --calendar")
    return Path(source).stem.replace("@", "-")[:100] or "calendar"


def _tell(report: ImportReport) -> None:
    if report.not_modified:
        out.print("nothing new")
        return
    counts = msgspec.structs.asdict(report.counts)
    out.print(", ".join(f"{name}: {count}" for name, count in counts.items() if count) or "empty")
    listed(("", "what", "as", "note"), _rows(report), _rows(report))
    for skipped in report.skipped:
        err.print(f"skipped {skipped.uid or skipped.what}: {skipped.reason}")
    for item in report.undecided:
        for affected in item.affected:
            err.print(
                f"undecided {item.uid}: {affected.bookable} would be {affected.effect}"
                f" ({affected.units} booked); see --moved and --dropped"
            )


def _rows(report: ImportReport) -> Iterable[tuple[str, str, str, str]]:
    for word in ("imported", "changed", "cancelled", "vanished"):
        for entry in getattr(report, word):
            name = entry.name or entry.uid
            yield word, name, ", ".join(entry.made), entry.note or ""


def _said(refusal: Refused) -> str:
    match refusal:
        case Unknown(what=what, id=name):
            return f"there is no {what} {name!r}"
        case o.Invalid(field=field, reason=reason):
            return f"{field}: {reason}"
        case o.Conflict(rule="importing"):
            return "this calendar is being imported already: try again when that is done"
        case _:
            return f"refused: {refusal.code}"
