"""A busy month to look for free time in: lanes, a service on all of them, classes, and bookings.

What defines it goes through the engine, as do the bookings of classes. The claims on lanes are
written by COPY, as the engine would leave them: 100,000 of them would take half an hour otherwise.
The tables are then settled as autovacuum does with any table of that size.
"""

import asyncio
import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from msgspec import Struct

import lastseat
from lastseat import Hours, Rules, Span
from lastseat.bench.database import QUERIES, Connection, ask
from lastseat.bench.failure import BenchmarkFailed
from lastseat.bench.load import together
from lastseat.catalogue import Saved
from lastseat.core.interval import Interval
from lastseat.core.rules import Day
from lastseat.views.catalogue import Need, Terms

TENANT = "month"
SERVICE = "match"
HALL, STUDIO = "hall", "studio"
WEEK: tuple[Day, ...] = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
OPENS, CLOSES = "06:00", "24:00"
OPENS_HOUR, CLOSES_HOUR = 6, 24
GRID_SECONDS = 900
HOUR_SECONDS = 3_600
STARTS_A_CLASS = 20
BOOKED_CLASSES = 500
BOOKERS = 32
ACTORS = 1_000


class Size(Struct, frozen=True, kw_only=True):
    """How much there is: lanes, days, claims on lanes, and classes within the days."""

    resources: int = 100
    days: int = 30
    claims: int = 100_000
    occurrences: int = 10_000


class Month(Struct, frozen=True):
    """Where it is."""

    where: str
    size: Size
    window: Interval

    @property
    def lanes(self) -> list[str]:
        """The lanes, as they lie."""
        return [f"lane-{n:03}" for n in range(1, self.size.resources + 1)]

    @property
    def starts_a_class(self) -> int:
        """How often each class recurs."""
        return min(STARTS_A_CLASS, self.size.days)

    @property
    def classes(self) -> int:
        """Occurrences in all."""
        return self.size.occurrences // self.starts_a_class * self.starts_a_class

    @property
    def pairs(self) -> dict[str, tuple[str, str]]:
        """Lanes side by side, two to a match: one choice names 64 bookables at most."""
        return {f"pair-{a[-3:]}": (a, b) for a, b in batched(self.lanes)}


def batched(names: list[str]) -> Iterator[tuple[str, str]]:
    """The names two by two."""
    return zip(names[::2], names[1::2], strict=True)


async def make(where: str, connection: Connection, size: Size) -> Month:
    """The month after the next one, booked. Raises `BenchmarkFailed`."""
    tomorrow = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    start = tomorrow + timedelta(days=30)
    month = Month(where, size, Interval(start, start + timedelta(days=size.days)))
    async with lastseat.open_async(where, migrate=False) as engine:
        tenant = engine.tenant(TENANT)
        await _define(tenant, month)
        await _classes(tenant, month)
    await _book_lanes(connection, month)
    (found,) = await ask(connection, "live_claims", tenant=TENANT)
    if found[0] != size.claims:
        raise BenchmarkFailed(f"{found[0]} live claims, and not {size.claims}")
    return month


def done(outcome: lastseat.AnyOutcome) -> None:
    """Raises `BenchmarkFailed` for a refusal."""
    if not outcome.ok:
        raise BenchmarkFailed(f"could not be prepared: {outcome}")


async def _define(tenant: lastseat.AsyncTenant, month: Month) -> None:
    for name in (HALL, STUDIO):
        await tenant.catalogue.create_location(name, name=name, time_zone="UTC")
    hours = Hours({day: (Span(OPENS, CLOSES),) for day in WEEK})
    rules = Rules(hours=hours, grid_seconds=GRID_SECONDS)
    done(await tenant.set_rules(f"location:{HALL}", rules))
    made = await asyncio.gather(
        *(tenant.define_resource(x, location=HALL, actor_time="allow") for x in month.lanes)
    )
    for outcome in made:
        done(outcome)
    made = await asyncio.gather(
        *(tenant.define_composite(name, parts=parts) for name, parts in month.pairs.items())
    )
    for outcome in made:
        done(outcome)
    need = Need(of=tuple(month.pairs), any=1)
    terms = Terms(name="A match", location_id=HALL, duration_seconds=HOUR_SECONDS, needs=(need,))
    saved = await tenant.catalogue.create_service(
        SERVICE, terms, max_simultaneous_bookings=month.size.resources
    )
    if not isinstance(saved, Saved):
        raise BenchmarkFailed(f"could not be prepared: {saved}")


async def _classes(tenant: lastseat.AsyncTenant, month: Month) -> None:
    """Classes that recur daily; of some a place is taken, so that they have a stream."""
    first = month.window.start + timedelta(hours=18)
    count = month.starts_a_class
    names = [f"class-{n}" for n in range(month.classes // count)]
    local = f"{first:%Y-%m-%dT%H:%M}"
    made = await asyncio.gather(
        *(
            tenant.define_event(
                name,
                start=local,
                rrule=f"FREQ=DAILY;COUNT={count}",
                duration=timedelta(hours=1),
                time_zone="UTC",
                capacity=12,
                actor_time="allow",
                location=STUDIO,
            )
            for name in names
        )
    )
    for outcome in made:
        done(outcome)
    left = iter([f"{name}@{local}" for name in names][:BOOKED_CLASSES])

    async def booker() -> None:
        for occurrence in left:
            done(await tenant.book(occurrence, actor="ann"))

    await together([booker() for _ in range(BOOKERS)])


async def _book_lanes(connection: Connection, month: Month) -> None:
    rng = random.Random(5)
    rows = [
        (lane, start, end)
        for lane, many in zip(month.lanes, _shares(month.size), strict=True)
        for start, end in _taken(rng, month, many)
    ]
    # As bookings come in: not lane by lane.
    rng.shuffle(rows)
    now = datetime.now(UTC)
    actors = [uuid.UUID(int=rng.getrandbits(128), version=4) for _ in range(ACTORS)]
    ids = [uuid.UUID(int=rng.getrandbits(128), version=4) for _ in rows]
    async with connection.cursor() as cursor, connection.transaction():
        async with cursor.copy(QUERIES["copy_bookings"].encode()) as copy:
            for n, booking in enumerate(ids):
                await copy.write_row(
                    (TENANT, booking, actors[n % ACTORS], "CONFIRMED", 1, 1, now, now)
                )
        async with cursor.copy(QUERIES["copy_claims"].encode()) as copy:
            for n, (lane, start, end) in enumerate(rows):
                during = f'["{start.isoformat()}","{end.isoformat()}")'
                who = actors[n % ACTORS]
                await copy.write_row(
                    (TENANT, ids[n], 1, lane, who, 1, during, during, n + 2, *_EXCLUSIVE)
                )
    await ask(connection, "settle_claims")


_EXCLUSIVE = (True, True, False, False)
"""Live, exclusive, no override, nobody's own time."""


def _shares(size: Size) -> Iterator[int]:
    """Claims of each lane."""
    for n in range(size.resources):
        yield size.claims * (n + 1) // size.resources - size.claims * n // size.resources


def _taken(rng: random.Random, month: Month, many: int) -> Iterator[tuple[datetime, datetime]]:
    """Times one after the other, some of them back to back; now and then an hour off.

    Scaled to whole seconds so that they fill the window.
    """
    lengths = [rng.choice((3, 4, 5, 6)) for _ in range(many)]
    gaps = [rng.choice((12, 16, 20)) if rng.random() < 0.1 else rng.randrange(6) for _ in lengths]  # noqa: PLR2004
    unit = (month.window.end - month.window.start) / (sum(lengths) + sum(gaps))
    unit -= timedelta(microseconds=unit.microseconds)
    at = month.window.start
    for length, gap in zip(lengths, gaps, strict=True):
        yield at, at + length * unit
        at += (length + gap) * unit
