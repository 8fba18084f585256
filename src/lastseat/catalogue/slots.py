"""What is taken of a service over a time, and where one reservation stands. For looking only."""

from datetime import datetime

import msgspec
from msgspec import Struct

from lastseat.catalogue.rows import Connection, fetch, storable
from lastseat.core.interval import Interval
from lastseat.core.status import Status
from lastseat.ledger.rows import instant, moment


class Capacity(Struct, frozen=True, kw_only=True):
    """How many more of a service fit in a time: never decided by, since others book meanwhile."""

    available_slots: int
    capacity: int
    taken: int


class ConfirmedSlot(Struct, frozen=True, kw_only=True):
    """One confirmed appointment."""

    appointment_id: str
    slot_start: datetime
    slot_end: datetime
    version: int


class Taken(Struct, frozen=True):
    """`units` of a bookable that a booking has beside the service."""

    bookable: str
    units: int


class Slot(Struct, frozen=True, kw_only=True):
    """A reservation or appointment as it stands at `now`, by the database's clock."""

    booking_id: str
    actor: str
    status: Status
    version: int
    expires_at: datetime | None
    limit_at: datetime | None
    bookable: str
    start: datetime
    end: datetime
    email: str | None
    phone: str | None
    others: tuple[Taken, ...]
    now: datetime


async def load(
    connection: Connection, tenant: str, bookable: str, blocked: Interval
) -> Capacity | None:
    """The capacity of a service, and the peak over a time that has its buffers already."""
    rows = await fetch(
        connection,
        "slot_load",
        tenant=tenant,
        bookable=bookable,
        start=blocked.start,
        end=blocked.end,
    )
    if not rows:
        return None
    capacity, taken = rows[0]
    return Capacity(available_slots=max(0, capacity - taken), capacity=capacity, taken=taken)


async def confirmed(
    connection: Connection, tenant: str, bookable: str, during: Interval, *, limit: int
) -> list[ConfirmedSlot]:
    """The confirmed appointments that overlap a time, by their start."""
    if not storable(bookable):
        return []
    rows = await fetch(
        connection,
        "confirmed_slots",
        tenant=tenant,
        bookable=bookable,
        start=during.start,
        end=during.end,
        limit=limit,
    )
    return [
        ConfirmedSlot(
            appointment_id=row[0],
            version=row[1],
            slot_start=instant(row[2]),
            slot_end=instant(row[3]),
        )
        for row in rows
    ]


async def slot(connection: Connection, tenant: str, booking_id: str) -> Slot | None:
    """The reservation or appointment; None when the tenant has no such booking of a service."""
    rows = await fetch(connection, "slot", tenant=tenant, booking=booking_id)
    if not rows:
        return None
    row = rows[0]
    return Slot(
        booking_id=row[0],
        actor=row[1],
        status=Status(row[2]),
        version=row[3],
        expires_at=moment(row[4]),
        limit_at=moment(row[5]),
        bookable=row[6],
        start=instant(row[7]),
        end=instant(row[8]),
        email=row[9],
        phone=row[10],
        others=tuple(Taken(*x) for x in msgspec.json.decode(row[11])) if row[11] else (),
        now=instant(row[12]),
    )
