"""How much was sold, by plain SQL on the tables: an opinion that does not depend on the engine."""

from collections.abc import Sequence

import psycopg
from msgspec import Struct

from lastseat.core.interval import Interval
from lastseat.ledger.sql import load

QUERIES = load("lastseat.demo")


class Sold(Struct, frozen=True):
    """One tenant's sales. `oversold` is every unit past a capacity and every lane sold twice."""

    occurrences: dict[str, tuple[int, int]]
    """Occurrences to (capacity, units sold)."""
    lanes: int
    """Bookings of the lanes asked about, in the time asked about."""
    oversold: int


def count(conninfo: str, tenant_id: str, lanes: Sequence[str], during: Interval) -> Sold:
    """Count what `tenant_id` sold, the `lanes` as of `during`."""
    asked = {
        "tenant": tenant_id,
        "resources": list(lanes),
        "start": during.start,
        "end": during.end,
    }
    with psycopg.connect(conninfo) as connection:
        connection.read_only = True
        rows = connection.execute(QUERIES["units_sold"], asked).fetchall()
        occurrences = {name: (capacity, int(units)) for name, capacity, units in rows}
        ((in_time,),) = connection.execute(QUERIES["sold_for"], asked).fetchall()
        ((twice,),) = connection.execute(QUERIES["sold_twice"], asked).fetchall()
    over = sum(max(0, units - capacity) for capacity, units in occurrences.values())
    return Sold(occurrences, in_time, over + twice)
