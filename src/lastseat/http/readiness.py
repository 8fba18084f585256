"""Whether this process can take requests now: for load balancers, which ask often.

Not whether it is to be restarted: that is /healthz. A process that waits for its database is alive,
and not ready.
"""

import asyncio
import time
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from litestar import Response, get
from msgspec import Struct
from psycopg.rows import tuple_row

from lastseat.engine.errors import LastseatError
from lastseat.http.auth import SERVICE, Service
from lastseat.http.describing import described
from lastseat.http.edge import EDGE, Edge
from lastseat.http.incoming import AnyRequest
from lastseat.http.problems import Problem, document
from lastseat.ledger.migrate import migrations

BELIEVED_SECONDS = 0.5
"""For so long the database's answer is told again: anybody may ask."""

PATIENCE = 2.0
"""Seconds that the database may take to answer."""


class Readiness(Struct, kw_only=True):
    """Requests can be taken."""

    status: str


_DESCRIBED = {
    **described(
        "readyz",
        tag="service",
        summary="Whether the process can take requests now",
        says=(
            "503 with `reasons` when it is about to stop (`stopping`), its queues are full"
            " (`overloaded`), the database is away (`database`) or is not of this release's schema"
            " (`schema`). Needs no credential."
        ),
        answer=Readiness,
        answer_example={"status": "ready"},
    ),
    "security": [{}],
}


@get("/readyz", **_DESCRIBED)
async def readyz(request: AnyRequest) -> Response[Any]:
    """Ready, or why not."""
    edge: Edge = request.app.opt[EDGE]
    service: Service = request.app.opt[SERVICE]
    reasons = []
    if edge.stopping:
        reasons.append("stopping")
    if service.engine.turnstile.crowded:
        reasons.append("overloaded")
    wrong = await _looks.setdefault(service, _Look()).wrong(service)
    if wrong is not None:
        reasons.append(wrong)
    if reasons:
        raise Problem(
            503,
            "not_ready",
            f"Send requests elsewhere: {', '.join(reasons)}.",
            title="This server takes no requests now",
            extra={"reasons": reasons},
            headers={"Retry-After": "1"},
        )
    return document(Readiness(status="ready"))


class _Look:
    """What the database said last; one asks at a time."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._at = -BELIEVED_SECONDS
        self._wrong: str | None = None

    async def wrong(self, service: Service) -> str | None:
        async with self._lock:
            if time.monotonic() - self._at >= BELIEVED_SECONDS:
                self._wrong = await _ask(service)
                self._at = time.monotonic()
            return self._wrong


async def _ask(service: Service) -> str | None:
    try:
        async with asyncio.timeout(PATIENCE):
            newest: int = await service.engine.read(_newest)
    except (LastseatError, TimeoutError):
        return "database"
    except psycopg.Error:
        # There is no such table, or we may not read it.
        return "schema"
    # A newer one is not ours to judge: a rolling upgrade migrates first.
    return "schema" if newest < migrations()[-1][0] else None


async def _newest(connection: psycopg.AsyncConnection[Any]) -> int:
    cursor = connection.cursor(row_factory=tuple_row)
    await cursor.execute("SELECT coalesce(max(version), 0) FROM lastseat.migrations")
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


_looks: WeakKeyDictionary[Service, _Look] = WeakKeyDictionary()

handlers = [readyz]
