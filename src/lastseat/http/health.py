"""Whether the process is up, and whether what happens by itself keeps up (MISSION D6).

`/healthz` asks no database: it is for whoever restarts processes. `/healthz/jobs` asks it, for
whoever is to be woken. Both are of all tenants and need no credential: they say how long things
have waited, and nothing about any.
"""

import asyncio
import time
from typing import Any
from weakref import WeakKeyDictionary

from litestar import Response, get
from msgspec import Struct

from lastseat.http.auth import SERVICE, Service
from lastseat.http.describing import described
from lastseat.http.incoming import AnyRequest
from lastseat.http.problems import Problem, document
from lastseat.jobs.lag import LIMIT_SECONDS, LIMIT_VARIABLE, Lag, lag, limit_seconds
from lastseat.library.asynchronous.engine import AsyncEngine

MEASURED_SECONDS = 1.0
"""For so long a measurement is told again: anybody may ask, and as often as they like."""


class Health(Struct, kw_only=True):
    """The process answers."""

    status: str


class JobsHealth(Struct, kw_only=True):
    """For how many seconds the oldest of each has waited, and how long it may.

    `holds` ran out and are not journalled as expired; `no_shows` are bookings whose grace is over;
    `feed` is what live updates and webhooks are still to get, `webhooks` messages that could go
    out, `jobs` what waits in the queue.
    """

    status: str
    seconds: dict[str, float]
    limit_seconds: float


_DESCRIBED = {
    **described(
        "healthz",
        tag="service",
        summary="Whether the process is up",
        says="Answers as long as the process does; needs no credential and asks no database.",
        answer=Health,
        answer_example={"status": "up"},
    ),
    # Nobody is asked who they are, and there is nothing to be refused.
    "security": [{}],
    "responses": {},
}


@get("/healthz", **_DESCRIBED)
async def healthz() -> Response[Any]:
    """Up."""
    return document(Health(status="up"))


_JOBS = {
    **described(
        "jobs_health",
        tag="service",
        summary="Whether what happens by itself keeps up",
        says=(
            f"503 when something has waited for more than {LIMIT_SECONDS:.0f} seconds"
            f" ({LIMIT_VARIABLE} says otherwise), or the database is away: is a `lastseat serve`"
            " or `lastseat worker` at work? Needs no credential."
        ),
        answer=JobsHealth,
        answer_example={
            "status": "up",
            "seconds": {"holds": 0.0, "no_shows": 12.4, "feed": 0.0, "webhooks": 0.2, "jobs": 0.0},
            "limit_seconds": 120.0,
        },
    ),
    "security": [{}],
}


@get("/healthz/jobs", **_JOBS)
async def jobs_health(request: AnyRequest) -> Response[Any]:
    """Whether they keep up."""
    service: Service = request.app.opt[SERVICE]
    limit = limit_seconds()
    found = await measured(service.engine)
    seconds = {name: round(behind.seconds, 3) for name, behind in found.each().items()}
    late = found.late(limit)
    if late:
        raise Problem(
            503,
            "jobs_lag",
            f"These wait too long: {', '.join(late)}. See that `lastseat worker`, or"
            " `lastseat serve` with its jobs, is at work, and what it logs.",
            title="What happens by itself lags behind",
            extra={"late": late, "seconds": seconds, "limit_seconds": limit},
            headers={"Retry-After": "10"},
        )
    return document(JobsHealth(status="up", seconds=seconds, limit_seconds=limit))


class _Measured:
    """The last measurement, one at a time."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._at = 0.0
        self._found: Lag | None = None

    async def lag(self, engine: AsyncEngine) -> Lag:
        async with self._lock:
            if self._found is None or time.monotonic() - self._at > MEASURED_SECONDS:
                self._found = await engine.read(lag)
                self._at = time.monotonic()
            return self._found


async def measured(engine: AsyncEngine) -> Lag:
    """How far all of it is behind, as it was a second ago at most."""
    return await _measured.setdefault(engine, _Measured()).lag(engine)


_measured: WeakKeyDictionary[AsyncEngine, _Measured] = WeakKeyDictionary()

handlers = [healthz, jobs_health]
