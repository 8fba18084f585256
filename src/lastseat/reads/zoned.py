"""What a new time zone database would move: the stored instants beside what the wall clock says.

Reads only, and holds no more than one page of rows and the tenants' events in memory. What is over
is left out: it took place when it did.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import psycopg
from msgspec import Struct
from psycopg.rows import tuple_row

from lastseat.calendar.schedule import instance
from lastseat.calendar.zonecheck import moved_to
from lastseat.core.schedule import Schedule
from lastseat.ledger.rows import instant
from lastseat.reads.events import when
from lastseat.reads.rows import QUERIES

Row = tuple[Any, ...]
PAGE = 5_000
"""Rows fetched at once."""


class Moved(Struct, frozen=True):
    """Something that begins at `stored`, and by today's zone database ought to begin at `becomes`.

    `booking_id` is None for an occurrence, which its bookings share the time of.
    """

    tenant_id: str
    bookable: str
    booking_id: str | None
    time_zone: str
    local_start: str
    stored: datetime
    becomes: datetime


class Found(Struct, frozen=True):
    """How many instants were looked at, and those that would move."""

    checked: int
    moved: tuple[Moved, ...]


def zoned(conninfo: str, tenant_id: str | None) -> Found:
    """Look at everything to come of one tenant or (None) of all.

    Raises `psycopg.Error` when the database can't be read.
    """
    with psycopg.connect(
        conninfo, row_factory=tuple_row, application_name="lastseat-tz-check"
    ) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        schedules = {
            (tenant, event): (zone, when(starts, seconds, body))
            for tenant, event, zone, starts, seconds, body in connection.execute(
                QUERIES["schedules"].encode(), {"tenant": tenant_id}
            )
        }
        checked = 0
        moved: list[Moved] = []
        for row in _rows(connection, tenant_id):
            checked += 1
            found = _moved(row, schedules)
            if found is not None:
                moved.append(found)
    return Found(checked, tuple(moved))


def _rows(connection: psycopg.Connection[Row], tenant_id: str | None) -> Iterator[Row]:
    with connection.cursor("zoned_times") as cursor:
        cursor.execute(QUERIES["zoned_times"].encode(), {"tenant": tenant_id})
        while page := cursor.fetchmany(PAGE):
            yield from page


def _moved(row: Row, schedules: dict[tuple[str, str], tuple[str, Schedule]]) -> Moved | None:
    tenant, bookable, booking_id, zone, local_start, start, event = row
    if event is not None:
        zone, schedule = schedules[tenant, event]
        at = bookable.removeprefix(f"{event}@")
        there = instance(schedule, zone, at)
        local_start = at if there is None else there.local_start
    stored = instant(start)
    becomes = moved_to(zone, local_start, stored)
    if becomes is None:
        return None
    return Moved(tenant, bookable, booking_id, zone, local_start, stored, becomes)
