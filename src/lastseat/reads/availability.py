"""What is there to be booked, by which rules, and what is taken when. Never used to decide.

Sets are asked for in one statement each (availability.sql): the bookables with their rules, then
what is taken of the resources among them and of the pools. What is free is worked out of it by
`lastseat.calendar`; nothing here makes a query for a slot.
"""

import struct
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format
from psycopg.rows import tuple_row

from lastseat.calendar.broken import Ruled
from lastseat.calendar.ranges import SECOND, Ranges, micros
from lastseat.core.events import Kind
from lastseat.core.interval import Interval
from lastseat.ledger.rows import instant
from lastseat.ledger.ruled import chains
from lastseat.reads.rows import QUERIES, Connection, fetch, storable

POOLED = (Kind.POOL, Kind.LIMIT)
"""What is taken when too many of its units are in use at once."""

TIMED = (Kind.RESOURCE, Kind.COMPOSITE, *POOLED)
"""What is booked over a time that the booking names."""

MOST_CLAIMS = 20_000
"""Claims of one bookable looked at one by one, at most."""


MOST_STEPS = 200_000
"""The same where they are only counted."""


class Thing(Struct, frozen=True):
    """A bookable, and the rules it is booked by: its own, and its location's.

    `time_zone` is its own, else its location's, else UTC. `parts` are a composite's. Somebody may
    stand in a line of the `lined` whom nobody overtakes (MISSION C7).
    """

    bookable: str
    kind: Kind
    capacity: int
    time_zone: str
    chain: tuple[Ruled, ...] = ()
    parts: tuple[str, ...] = ()
    lined: bool = False


class Things(Struct, frozen=True):
    """Bookables by their ids, the parts of composites among them, and the time they were read."""

    found: dict[str, Thing]
    now: datetime

    def leaves(self, name: str) -> tuple[Thing, ...]:
        """What claiming it claims: the parts of a composite, else itself."""
        thing = self.found[name]
        return tuple(self.found[part] for part in thing.parts) or (thing,)


class Lacking(Struct, frozen=True, order=True):
    """When fewer than `units` of a bookable are left is asked for."""

    bookable: str
    units: int = 1


class Step(Struct, frozen=True):
    """`units` of a bookable in use from `first` to `end`, microseconds since 1970."""

    first: int
    end: int
    units: int


class ClaimOver(Struct, frozen=True):
    """One live claim, buffers included."""

    bookable: str
    booking_id: str
    units: int
    blocked: Interval


async def things(connection: Connection, tenant: str, names: Collection[str]) -> Things:
    """What of `names` the tenant has, and the parts of the composites among them."""
    asked = sorted({name for name in names if storable(name)})
    rows = await fetch(connection, QUERIES["things"], tenant=tenant, bookables=asked)
    found = {row[0]: _thing(row) for row in rows}
    return Things(found, instant(rows[0][9]) if rows else await now(connection))


async def now(connection: Connection) -> datetime:
    """The time by the one clock there is, UTC."""
    rows = await fetch(connection, QUERIES["now"])
    return instant(rows[0][0])


def _thing(row: Sequence[Any]) -> Thing:
    name, zone = row[0], row[5] or row[6] or "UTC"
    chain = chains(((name, row[7], row[5], row[4], row[8], row[6]),))[name]
    return Thing(name, Kind(row[1]), row[2], zone, chain, tuple(row[3] or ()), row[10])


async def taken(
    connection: Connection,
    tenant: str,
    there: Things,
    asked: Iterable[Lacking],
    window: Interval,
    *,
    gap: int = 0,
) -> dict[Lacking, Ranges]:
    """For each of `asked` when fewer than its units are left, in order; nothing where they are.

    Resources, pools and limits alone. Looked for is what overlaps `window`; it is not cut to it.
    Where it ends less than `gap` microseconds, and one, before it begins again it goes on: whoever
    looks for longer times is spared the shorter ones.
    """
    found: dict[Lacking, Ranges] = {}
    resources: list[Lacking] = []
    pools: list[Lacking] = []
    for each in set(asked):
        thing = there.found[each.bookable]
        found[each] = ()
        if each.units > thing.capacity:
            found[each] = ((micros(window.start), micros(window.end)),)
        else:
            (pools if thing.kind in POOLED else resources).append(each)
    params = {
        "tenant": tenant,
        "start": window.start,
        "end": window.end,
        "gap": timedelta(microseconds=gap),
    }
    for query, some in (("taken_resources", resources), ("taken_pools", pools)):
        if not some:
            continue
        rooms = {"rooms": [there.found[x.bookable].capacity - x.units for x in some]}
        more = {"bookables": [x.bookable for x in some]} | (rooms if some is pools else {})
        for no, times in await _fetch_times(connection, QUERIES[query], params | more):
            found[some[no - 1]] = _ranges(times, gap)
    return found


class _Raw(Loader):
    """A value as the server sends it."""

    format = Format.BINARY

    def load(self, data: Buffer) -> bytes:
        return bytes(data)


async def _fetch_times(
    connection: Connection, statement: str, params: dict[str, Any]
) -> list[tuple[int, bytes]]:
    """Rows of a number and a multirange, which is read below: it may hold thousands of times."""
    async with connection.cursor(binary=True, row_factory=tuple_row) as cursor:
        cursor.adapters.register_loader("tstzmultirange", _Raw)
        await cursor.execute(statement.encode(), params)
        return await cursor.fetchall()


_TIMES = struct.Struct(">iBiqiq")
"""One range of a multirange: its size, flags, and each edge's size and microseconds."""

_FINITE = 29
_SINCE_1970 = 946_684_800 * SECOND
"""PostgreSQL counts from 2000 on."""


def _ranges(times: bytes, gap: int) -> Ranges:
    """The ranges of a multirange, in order, each beginning later by the gap."""
    later = _SINCE_1970 + gap
    ends = _SINCE_1970
    assert (len(times) - 4) % _FINITE == 0, "no claim is without an end"
    return tuple(
        (first + later, end + ends)
        for _, _, _, first, _, end in _TIMES.iter_unpack(memoryview(times)[4:])
    )


async def steps(
    connection: Connection,
    tenant: str,
    bookables: Sequence[str],
    window: Interval,
    *,
    actor: str | None = None,
    most: int = MOST_CLAIMS,
) -> dict[str, list[Step]]:
    """How many units of each are in use over `window`, where any are; of an actor's own time too.

    Raises `ValueError` where there are more than `most` steps: ask about less.
    """
    rows = await fetch(
        connection,
        QUERIES["steps"],
        tenant=tenant,
        bookables=[name for name in bookables if storable(name)],
        actor=actor,
        start=window.start,
        end=window.end,
        limit=most + 1,
    )
    _few(rows, most)
    found: dict[str, list[Step]] = {}
    for name, first, end, units in rows:
        here = found.setdefault(name, [])
        if here and here[-1].end == first and here[-1].units == units:
            first = here.pop().first  # noqa: PLW2901 - nothing changed at the edge between them
        here.append(Step(first, end, int(units)))
    return found


async def claims_over(
    connection: Connection,
    tenant: str,
    bookables: Sequence[str],
    window: Interval,
    *,
    actor: str | None = None,
) -> list[ClaimOver]:
    """The live claims that overlap `window`, by bookable and start; of an actor's own time too.

    Raises `ValueError` where there are more than `MOST_CLAIMS`: ask about less.
    """
    rows = await fetch(
        connection,
        QUERIES["claims_over"],
        tenant=tenant,
        bookables=[name for name in bookables if storable(name)],
        actor=actor,
        start=window.start,
        end=window.end,
        limit=MOST_CLAIMS + 1,
    )
    _few(rows, MOST_CLAIMS)
    return [
        ClaimOver(name, booking_id, units, Interval(instant(first), instant(end)))
        for name, booking_id, units, first, end in rows
    ]


async def at_location(connection: Connection, tenant: str, location: str) -> list[str]:
    """What is booked over a time at a location. Raises `ValueError` for more than `MOST_CLAIMS`."""
    rows = await fetch(
        connection,
        QUERIES["agenda_bookables"],
        tenant=tenant,
        resource=None,
        location=location,
        limit=MOST_CLAIMS + 1,
    )
    _few(rows, MOST_CLAIMS)
    return [row[0] for row in rows]


async def claims_ahead(
    connection: Connection, tenant: str, names: Sequence[str]
) -> list[tuple[Any, ...]]:
    """The claims that are yet to begin, `MOST_CLAIMS` at most: booking, bookable, actor, times."""
    return await fetch(
        connection,
        QUERIES["claims_ahead"],
        tenant=tenant,
        bookables=list(names),
        limit=MOST_CLAIMS,
    )


def _few(rows: Sequence[object], most: int) -> None:
    if len(rows) > most:
        raise ValueError(f"start and end: more than {most} claims lie between them")
