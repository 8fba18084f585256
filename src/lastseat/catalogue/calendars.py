"""Calendars that are imported: how each is, what it came to last, what its items became.

Only their rows. What an item is to become is decided in library/importing, and done by the engine.
"""

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from lastseat.catalogue.rows import Connection, Row, fetch, storable
from lastseat.ledger.rows import instant
from lastseat.views.calendars import Calendar, Counts, ImportTerms

LEASE_SECONDS = 180
"""For how long one import keeps others of the same calendar away: longer than any takes."""


class Source(Struct, frozen=True):
    """Where a calendar comes from, and its validators."""

    url: str | None
    etag: str | None
    last_modified: str | None


class Kept(Struct, frozen=True, kw_only=True):
    """What an item became: ids of bookables or bookings. `ends_at` None: it has no end."""

    uid: str
    sequence: int
    hash: str
    made: tuple[str, ...]
    ends_at: datetime | None


async def set_(
    connection: Connection, tenant: str, calendar_id: str, *, url: str | None, terms: ImportTerms
) -> None:
    """Make a calendar, or change how it is imported."""
    text = msgspec.json.encode(terms).decode()
    await fetch(
        connection, "set_calendar", tenant=tenant, calendar=calendar_id, url=url, terms=text
    )


async def get(
    connection: Connection, tenant: str, calendar_id: str
) -> tuple[Calendar, Source] | None:
    """The calendar and where it comes from, or None."""
    if not storable(calendar_id):
        return None
    rows = await fetch(connection, "calendar", tenant=tenant, calendar=calendar_id)
    return (_calendar(rows[0]), Source(rows[0][1], rows[0][3], rows[0][4])) if rows else None


async def page(connection: Connection, tenant: str, *, after: str, limit: int) -> list[Calendar]:
    """Up to `limit` calendars with an id after that one, by id."""
    if not storable(after):
        return []
    rows = await fetch(connection, "calendars", tenant=tenant, after=after, limit=limit)
    return [_calendar(row) for row in rows]


async def begin(connection: Connection, tenant: str, calendar_id: str) -> bool:
    """Keep other imports of the calendar away; False: one is under way."""
    rows = await fetch(
        connection, "begin_import", tenant=tenant, calendar=calendar_id, seconds=LEASE_SECONDS
    )
    return bool(rows)


async def end(
    connection: Connection,
    tenant: str,
    calendar_id: str,
    *,
    counts: Counts | None,
    etag: str | None = None,
    last_modified: str | None = None,
) -> None:
    """The import is over; without counts it came to nothing, and the calendar is as it was."""
    report = msgspec.json.encode(counts).decode() if counts is not None else None
    await fetch(
        connection,
        "end_import",
        tenant=tenant,
        calendar=calendar_id,
        report=report,
        etag=etag,
        last_modified=last_modified,
    )


async def drop(connection: Connection, tenant: str, calendar_id: str) -> Calendar | None:
    """Forget the calendar, not what was made of it; as it was, or None: there is none."""
    found = await get(connection, tenant, calendar_id)
    if found is None:
        return None
    await fetch(connection, "drop_calendar_items", tenant=tenant, calendar=calendar_id)
    gone = await fetch(connection, "drop_calendar", tenant=tenant, calendar=calendar_id)
    return found[0] if gone else None


async def items(connection: Connection, tenant: str, calendar_id: str) -> dict[str, Kept]:
    """What the calendar's items became, by UID."""
    rows = await fetch(connection, "calendar_items", tenant=tenant, calendar=calendar_id)
    return {
        row[0]: Kept(
            uid=row[0],
            sequence=row[1],
            hash=row[2],
            made=tuple(row[3]),
            ends_at=instant(row[4]) if row[4] is not None else None,
        )
        for row in rows
    }


async def keep_items(
    connection: Connection, tenant: str, calendar_id: str, kept: list[Kept]
) -> None:
    """Remember what items became."""
    text = msgspec.json.encode(kept).decode()
    await fetch(connection, "keep_calendar_items", tenant=tenant, calendar=calendar_id, items=text)


async def forget_items(
    connection: Connection, tenant: str, calendar_id: str, uids: list[str]
) -> None:
    """Items that are no more."""
    await fetch(connection, "forget_calendar_items", tenant=tenant, calendar=calendar_id, uids=uids)


async def rename(connection: Connection, tenant: str, names: dict[str, str | None]) -> None:
    """What bookables are called from here on."""
    listed: list[dict[str, Any]] = [{"bookable": x, "name": name} for x, name in names.items()]
    text = msgspec.json.encode(listed).decode()
    await fetch(connection, "rename_bookables", tenant=tenant, names=text)


def _calendar(row: Row) -> Calendar:
    return Calendar(
        calendar_id=row[0],
        host=urlsplit(row[1]).hostname if row[1] else None,
        terms=msgspec.json.decode(row[2], type=ImportTerms),
        imported_at=instant(row[5]) if row[5] is not None else None,
        last=msgspec.json.decode(row[6], type=Counts) if row[6] else None,
        created_at=instant(row[7]),
    )
