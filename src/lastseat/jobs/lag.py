"""How far what happens by itself is behind (MISSION D6).

Measured at the work that waits, not at the workers: that none of them is running is what has to be
seen.
"""

import math
import os

from msgspec import Struct

from lastseat.jobs.no_shows import OVERLAP, WEEK
from lastseat.jobs.rows import Connection, fetch
from lastseat.jobs.webhooks_delivery import overdue
from lastseat.jobs.working import STALLED_SECONDS
from lastseat.views.catalogue import NO_SHOW_AFTER_SECONDS

COUNTED = 1_000
"""Of what waits in one place, no more is counted."""

LIMIT_SECONDS = 120.0
"""How far anything may be behind and still be called healthy, unless told otherwise."""

LIMIT_VARIABLE = "LASTSEAT_CLEANUP_LAG_SECONDS"


class Behind(Struct, frozen=True, kw_only=True):
    """How many wait, counted up to a thousand, and for how many seconds the oldest has."""

    waiting: int
    seconds: float


class Lag(Struct, frozen=True, kw_only=True):
    """How far each is behind, of all tenants; and the queue of jobs.

    `holds` ran out and are not journalled as expired, `no_shows` are bookings whose grace is over,
    `feed` is the journal's entries that live updates and webhooks have not got, `webhooks` are
    messages that could go out. `jobs` wait in the queue, where `running_jobs` are under way and
    `failed_jobs` failed within a day; `workers` gave a sign lately.
    """

    holds: Behind
    no_shows: Behind
    feed: Behind
    webhooks: Behind
    jobs: Behind
    running_jobs: int
    failed_jobs: int
    workers: int

    def each(self) -> dict[str, Behind]:
        """What can be behind, by its name."""
        return {
            "holds": self.holds,
            "no_shows": self.no_shows,
            "feed": self.feed,
            "webhooks": self.webhooks,
            "jobs": self.jobs,
        }

    def late(self, limit: float) -> list[str]:
        """What is behind by more than `limit` seconds."""
        return [name for name, behind in self.each().items() if behind.seconds > limit]


async def lag(connection: Connection) -> Lag:
    """How far all of it is behind now."""
    ((held, hold),) = await fetch(connection, "holds_lag", most=COUNTED)
    ((back, _),) = await fetch(connection, "no_show_window", overlap=OVERLAP, most=WEEK)
    params = {"back": back, "usual": NO_SHOW_AFTER_SECONDS, "limit": COUNTED}
    absent = await fetch(connection, "no_shows_due", **params)
    ((waits, feed),) = await fetch(connection, "relay_lag", most=COUNTED)
    messages, unsent = await overdue(connection)
    ((todo, oldest, doing, failed, workers),) = await fetch(
        connection, "queue_lag", stalled=STALLED_SECONDS
    )
    return Lag(
        holds=Behind(waiting=held, seconds=hold),
        no_shows=Behind(
            waiting=len(absent), seconds=max((seconds for *_, seconds in absent), default=0.0)
        ),
        feed=Behind(waiting=waits, seconds=feed),
        webhooks=Behind(waiting=messages, seconds=unsent),
        jobs=Behind(waiting=todo, seconds=oldest),
        running_jobs=doing,
        failed_jobs=failed,
        workers=workers,
    )


def limit_seconds() -> float:
    """How far anything may be behind, by LASTSEAT_CLEANUP_LAG_SECONDS.

    Raises `ValueError` when that is no number of seconds.
    """
    text = os.environ.get(LIMIT_VARIABLE, "").strip()
    if not text:
        return LIMIT_SECONDS
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not (math.isfinite(seconds) and seconds >= 0):
        raise ValueError(f"{LIMIT_VARIABLE} must be a number of seconds, 0 or more")
    return seconds
