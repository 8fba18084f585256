"""`lastseat bench stall`: a stranger holds one head's row, and the others should not notice.

A tenant sells many occurrences at once, one of them among all. Then another connection locks that
one's head for some seconds, as a forgotten transaction would, and again, several times. Measured is
how long bookings of the *other* occurrences take: those that had any part of their wait in the time
of the lock, against all the rest. Callers of the stuck one wait; afterwards they are all booked.
"""

import asyncio
import itertools
import math
import os
import time
from collections import Counter
from collections.abc import Iterator

from msgspec import Struct

import lastseat
from lastseat.bench.audit import Told, audit
from lastseat.bench.bookings import define_all
from lastseat.bench.database import Server, ask, connect, describe, own_database
from lastseat.bench.load import Figure, Window, figure, percentile, together
from lastseat.bench.rounds import Report
from lastseat.core.outcomes import Code

CALLERS = 64
"""Callers of the other occurrences, at once."""

STUCK_CALLERS = 8
"""Callers of the one that is to be held."""

OCCURRENCES = 32
STUCK = "stuck"

WARM_UP = 0.5
AFTER = 0.3
"""Seconds after a lock is gone that count for neither side: the queue behind it is let through."""


class Stall(Struct, frozen=True, kw_only=True):
    """What `lastseat bench stall` answers; docs/performance.md says what each field means."""

    server: str
    fsync: str
    synchronous_commit: str
    flush_us: float
    cpus: int
    load_before: float
    load_after: float
    elapsed_s: float
    hold_seconds: float
    rounds: int
    in_flight: int
    before: Figure
    during: Figure
    ratio_p99: float
    ratio_rate: float
    stuck_waited_s: float
    stuck_booked: int
    bookings_checked: int


class Answered(Struct, frozen=True, gc=False):
    """One booking: when it was asked for and when answered, by `time.perf_counter`."""

    asked: float
    at: float


class Crowd:
    """Callers that book until told to stop, remembering when each was answered."""

    def __init__(self, tenant: lastseat.AsyncTenant) -> None:
        self.tenant = tenant
        self.told = Told(tenant.tenant_id, Counter())
        self.others: list[Answered] = []
        self.stuck: list[Answered] = []
        self.going = True
        self._numbers = itertools.count(1)

    async def run(self) -> None:
        """Book with all callers at once."""
        places = itertools.cycle([f"o-{i}" for i in range(OCCURRENCES)])
        stuck = itertools.repeat(STUCK)
        callers = [self._caller(places, self.others) for _ in range(CALLERS)]
        callers += [self._caller(stuck, self.stuck) for _ in range(STUCK_CALLERS)]
        await together(callers)

    async def _caller(self, places: Iterator[str], answered: list[Answered]) -> None:
        while self.going:
            asked = time.perf_counter()
            actor = f"person-{next(self._numbers)}"
            outcome = await self.tenant.book(next(places), actor=actor)
            answered.append(Answered(asked, time.perf_counter()))
            self.told.expect(outcome, Code.BOOKED)


async def stall(server: str, hold_seconds: float, rounds: int, report: Report) -> Stall:
    """Measure. Raises `BenchmarkFailed`, or a `LastseatError` when the database is away."""
    started = time.monotonic()
    load_before = os.getloadavg()[0]
    report("making a database", 0.0)
    async with own_database(server) as where, await connect(where) as connection:
        about = await describe(connection)
        await define_all(where, "stall", [STUCK, *(f"o-{i}" for i in range(OCCURRENCES))], "allow")
        async with lastseat.open_async(where, migrate=False) as engine:
            crowd = Crowd(engine.tenant("stall"))
            running = asyncio.ensure_future(crowd.run())
            script = asyncio.ensure_future(_hold(where, crowd, hold_seconds, rounds, report))
            # Whichever fails ends the other.
            await together([running, script])
        report("counting what was sold", 1.0)
        await audit(connection, crowd.told)
    return _result(about, load_before, started, hold_seconds, crowd, script.result())


async def _hold(
    where: str, crowd: Crowd, seconds: float, rounds: int, report: Report
) -> list[tuple[float, float, float]]:
    """Let the crowd book for so long, then with the head held for as long; again and again.

    For each round: when it began, when the lock was had, and when it was given back.
    """
    times: list[tuple[float, float, float]] = []
    try:
        async with await connect(where) as stranger:
            await stranger.execute("SET idle_in_transaction_session_timeout = 0")
            await asyncio.sleep(WARM_UP)
            for i in range(rounds):
                report("nobody holds a head", i / rounds)
                begins = time.perf_counter()
                await asyncio.sleep(seconds)
                report("a stranger holds a head", (i + 0.5) / rounds)
                async with stranger.transaction():
                    await ask(stranger, "hold_head", tenant=crowd.told.tenant_id, bookable=STUCK)
                    held = time.perf_counter()
                    await asyncio.sleep(seconds)
                    released = time.perf_counter()
                times.append((begins, held, released))
                await asyncio.sleep(AFTER)
    finally:
        crowd.going = False
    return times


def _window(answered: list[Answered], since: float, until: float) -> Window:
    """Bookings that waited in `[since, until)`; the rate is that of those answered in it."""
    took = [x.at - x.asked for x in answered if x.asked < until and x.at >= since]
    rate = sum(since <= x.at < until for x in answered) / (until - since)
    return Window(rate, percentile(took, 0.5) * 1000, percentile(took, 0.99) * 1000)


def _result(
    about: Server,
    load_before: float,
    started: float,
    hold_seconds: float,
    crowd: Crowd,
    times: list[tuple[float, float, float]],
) -> Stall:
    # What began free and met the lock belongs to the lock.
    free = [
        [x for x in crowd.others if begins <= x.asked and x.at < held] for begins, held, _ in times
    ]
    before = figure([_window(some, t[0], t[1]) for some, t in zip(free, times, strict=True)])
    during = figure([_window(crowd.others, held, released) for _, held, released in times])
    return Stall(
        server=about.version,
        fsync=about.fsync,
        synchronous_commit=about.synchronous_commit,
        flush_us=about.flush_us,
        cpus=os.cpu_count() or 1,
        load_before=round(load_before, 2),
        load_after=round(os.getloadavg()[0], 2),
        elapsed_s=round(time.monotonic() - started, 1),
        hold_seconds=hold_seconds,
        rounds=len(times),
        in_flight=CALLERS + STUCK_CALLERS,
        before=before,
        during=during,
        ratio_p99=round((during.p99_ms or math.inf) / (before.p99_ms or math.nan), 3),
        ratio_rate=round(during.per_s / before.per_s, 3),
        stuck_waited_s=round(max((x.at - x.asked for x in crowd.stuck), default=0.0), 2),
        stuck_booked=len(crowd.stuck),
        bookings_checked=crowd.told.answers["booked"],
    )
