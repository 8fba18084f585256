"""Services: what is sold, for how long, with which buffers, held for how long (MISSION D2).

How many at once is the capacity of the bookable `service:<service id>`. These functions read it and
never write it: `library/catalogue.py` has the engine do that in the same transaction.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from lastseat.catalogue.locations import as_json
from lastseat.catalogue.rows import Connection, Row, fetch, storable
from lastseat.core.events import Kind, WaitPolicy
from lastseat.ledger.rows import instant
from lastseat.ledger.sql import array
from lastseat.views.catalogue import Need, Service, Terms

TERMS = Terms.__struct_fields__

TAKEN_BY_NEEDS = (Kind.RESOURCE, Kind.POOL, Kind.COMPOSITE)
"""What a service can need: what is taken over a time. An occurrence has its own."""


async def add(connection: Connection, tenant: str, service_id: str, terms: Terms) -> bool:
    """Write a new service's row. False, and nothing, when the id is taken."""
    rows = await fetch(
        connection, "add_service", tenant=tenant, service=service_id, **_columns(terms)
    )
    return bool(rows)


async def get(connection: Connection, tenant: str, service_id: str) -> Service | None:
    """The service with its capacity now, or None."""
    if not storable(service_id):
        return None
    rows = await fetch(connection, "service", tenant=tenant, service=service_id)
    return _service(rows[0]) if rows else None


async def page(connection: Connection, tenant: str, *, after: str, limit: int) -> list[Service]:
    """Up to `limit` services with an id after that one, by id."""
    if not storable(after):
        return []
    rows = await fetch(connection, "services", tenant=tenant, after=after, limit=limit)
    return [_service(row) for row in rows]


async def lock(connection: Connection, tenant: str, service_id: str) -> int | None:
    """The service's version, its row held until the transaction ends; None: there is none."""
    rows = await fetch(connection, "lock_service", tenant=tenant, service=service_id)
    return int(rows[0][0]) if rows else None


async def change(connection: Connection, tenant: str, service_id: str, terms: Terms) -> None:
    """Write the terms. The location stays: it is part of the bookable's definition."""
    columns = _columns(terms)
    del columns["location_id"]
    await fetch(connection, "change_service", tenant=tenant, service=service_id, **columns)


async def parts_of(
    connection: Connection, tenant: str, names: Sequence[str]
) -> dict[str, tuple[Kind, tuple[str, ...]]]:
    """What each of these bookables is, with the parts of a composite; unknown ones are left out."""
    if not all(storable(name) for name in names):
        return {}
    rows = await fetch(connection, "parts_of", tenant=tenant, names=array(names))
    return {row[0]: (Kind(row[1]), tuple(row[2] or ())) for row in rows}


def terms_of(service: Service) -> Terms:
    """How the service is sold."""
    return Terms(**{field: getattr(service, field) for field in TERMS})


def _columns(terms: Terms) -> dict[str, Any]:
    needs = msgspec.json.encode(terms.needs).decode() if terms.needs else None
    return msgspec.structs.asdict(terms) | {
        "attributes": as_json(terms.attributes),
        "needs": needs,
    }


def _service(row: Row) -> Service:
    return Service(
        service_id=row[0],
        name=row[1],
        location_id=row[2],
        duration_seconds=row[3],
        before_seconds=row[4],
        after_seconds=row[5],
        hold_seconds=row[6],
        hold_limit_seconds=row[7],
        attributes=msgspec.json.decode(row[8]) if row[8] else None,
        version=row[9],
        created_at=instant(row[10]),
        updated_at=instant(row[11]),
        max_simultaneous_bookings=row[12],
        time_zone=row[13],
        needs=msgspec.json.decode(row[14], type=tuple[Need, ...]) if row[14] else (),
        waitlist=WaitPolicy(row[15]),
    )
