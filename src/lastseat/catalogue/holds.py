"""Reservations that ran out and nobody has journalled as expired yet, and how reservations fare."""

from msgspec import Struct

from lastseat.catalogue.rows import Connection, fetch
from lastseat.core.status import FREED, Status


class Metrics(Struct, frozen=True, kw_only=True):
    """How a tenant's reservations fare (MISSION D6).

    `active` holds still count, `overdue` ones wait for the cleanup, which is `lag_seconds` behind.
    Of the reservations made in the last `window_seconds`, `committed` are appointments, whatever
    came of them but a cancellation; `expired` and `cancelled` gave their place back.
    """

    active: int
    overdue: int
    lag_seconds: float
    window_seconds: int
    committed: int
    expired: int
    cancelled: int


async def overdue(connection: Connection, *, limit: int) -> list[tuple[str, str]]:
    """Tenants and overdue holds, the oldest first."""
    rows = await fetch(connection, "overdue_holds", limit=limit)
    return [(row[0], row[1]) for row in rows]


async def lag(connection: Connection) -> float:
    """For how many seconds the oldest overdue hold of any tenant has been overdue; 0: none is."""
    rows = await fetch(connection, "cleanup_lag")
    return float(rows[0][0] or 0.0)


async def metrics(connection: Connection, tenant: str, *, window_seconds: int) -> Metrics:
    """How the tenant's reservations fare."""
    now = await fetch(connection, "tenant_lag", tenant=tenant)
    active, overdue_now, lag_seconds = now[0] if now else (0, 0, 0.0)
    rows = await fetch(connection, "reserved_since", tenant=tenant, seconds=window_seconds)
    became = {Status(status): int(count) for status, count in rows}
    kept = sum(n for status, n in became.items() if status not in FREED | {Status.HELD})
    return Metrics(
        active=active,
        overdue=overdue_now,
        lag_seconds=float(lag_seconds),
        window_seconds=window_seconds,
        committed=kept,
        expired=became.get(Status.EXPIRED, 0),
        cancelled=became.get(Status.CANCELLED, 0),
    )
