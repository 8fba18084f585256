"""Locations: places of a tenant, each with its time zone. No capacity, so no journal."""

from typing import Any

import msgspec

from lastseat.catalogue.answers import Refused, Saved, Unknown
from lastseat.catalogue.rows import Connection, Row, fetch, storable
from lastseat.core import outcomes as o
from lastseat.core.commands import metadata_json
from lastseat.ledger.rows import instant
from lastseat.views.catalogue import NO_SHOW_AFTER_SECONDS, Location

NO_SHOW_MOST_SECONDS = 7 * 24 * 3600


async def create(  # noqa: PLR0913 - a location's fields
    connection: Connection,
    tenant: str,
    location_id: str,
    *,
    name: str,
    time_zone: str,
    attributes: dict[str, Any] | None,
    no_show: bool = True,
    no_show_after_seconds: int = NO_SHOW_AFTER_SECONDS,
) -> Saved[Location] | Refused:
    """Make a location. The same again changes nothing; another of that id is `already_defined`."""
    asked = {
        "name": name,
        "time_zone": time_zone,
        "attributes": attributes or None,
        "no_show": no_show,
        "no_show_after_seconds": no_show_after_seconds,
    }
    params = asked | {"attributes": as_json(attributes)}
    rows = await fetch(connection, "add_location", tenant=tenant, location=location_id, **params)
    if rows:
        return Saved(_location(rows[0]), created=True)
    there = await get(connection, tenant, location_id)
    assert there is not None, "nobody deletes a location"
    for field, value in asked.items():
        if getattr(there, field) != value:
            return o.AlreadyDefined(bookable=location_id, field=field)
    return Saved(there, created=False)


async def get(connection: Connection, tenant: str, location_id: str) -> Location | None:
    """The location, or None."""
    if not storable(location_id):
        return None
    rows = await fetch(connection, "location", tenant=tenant, location=location_id)
    return _location(rows[0]) if rows else None


async def page(connection: Connection, tenant: str, *, after: str, limit: int) -> list[Location]:
    """Up to `limit` locations with an id after that one, by id."""
    if not storable(after):
        return []
    rows = await fetch(connection, "locations", tenant=tenant, after=after, limit=limit)
    return [_location(row) for row in rows]


async def update(
    connection: Connection,
    tenant: str,
    location_id: str,
    *,
    changes: dict[str, Any],
    version: int | None,
) -> Saved[Location] | Refused:
    """Change what `changes` names: of name, time_zone, attributes, no_show, no_show_after_seconds.

    A stale `version` is a `conflict` with the actual one. Nothing to change leaves the version.
    """
    rows = await fetch(connection, "lock_location", tenant=tenant, location=location_id)
    if not rows:
        return Unknown("location", location_id)
    there = _location(rows[0])
    if version is not None and version != there.version:
        return o.Conflict(rule="version", actual=there.version)
    wanted = msgspec.structs.replace(there, **changes)
    if wanted == there:
        return Saved(there, created=False)
    rows = await fetch(
        connection,
        "change_location",
        tenant=tenant,
        location=location_id,
        name=wanted.name,
        time_zone=wanted.time_zone,
        attributes=as_json(wanted.attributes),
        no_show=wanted.no_show,
        no_show_after_seconds=wanted.no_show_after_seconds,
    )
    return Saved(_location(rows[0]), created=False)


def as_json(attributes: dict[str, Any] | None) -> str | None:
    """Attributes as a column has them: nothing is null."""
    return metadata_json(attributes) if attributes else None


def _location(row: Row) -> Location:
    return Location(
        location_id=row[0],
        name=row[1],
        time_zone=row[2],
        attributes=msgspec.json.decode(row[3]) if row[3] else None,
        version=row[4],
        created_at=instant(row[5]),
        updated_at=instant(row[6]),
        no_show=row[7],
        no_show_after_seconds=row[8],
    )
