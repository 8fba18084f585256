"""The cleanup of reservations that ran out, for a scheduler, and whether it keeps up (MISSION D6).

Both are of all tenants, so neither takes an API key: the cleanup takes the secret `CRON_SECRET`,
the health check says nothing but for how long the oldest overdue hold has waited.
"""

import hmac
import os
from typing import Annotated, Any

from litestar import Response, get
from msgspec import Meta, Struct

from lastseat.http.auth import SERVICE, Service, unauthorized
from lastseat.http.describing import described
from lastseat.http.incoming import AnyRequest, query_of
from lastseat.http.problems import Problem, document, unknown
from lastseat.jobs.lag import LIMIT_SECONDS, LIMIT_VARIABLE, limit_seconds
from lastseat.library.cleanup import AT_ONCE, cleanup, lag

SECRET_VARIABLE = "CRON_SECRET"  # noqa: S105 - a variable's name


class CleanupQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many at most in this call."""

    limit: Annotated[int, Meta(ge=1, le=10 * AT_ONCE)] = AT_ONCE


class CleanedAnswer(Struct, frozen=True, kw_only=True):
    """How many reservations the journal now says are expired; `more` are left when true."""

    cleaned: int
    more: bool


class CleanupHealth(Struct, frozen=True, kw_only=True, rename="camel"):
    """For how long the oldest overdue reservation has waited, and how long it may."""

    status: str
    lag_seconds: float
    limit_seconds: float


_CLEANUP = {
    **described(
        "cleanup_reservations",
        tag="reservations",
        summary="Journal overdue reservations as expired",
        says=(
            f"For a scheduler, with `Authorization: Bearer` and the secret {SECRET_VARIABLE} of the"
            " server's environment; without one there, the route is not there either. Overdue"
            " reservations hold no place whether they were cleaned up or not."
        ),
        query=CleanupQuery,
        answer=CleanedAnswer,
        answer_example={"cleaned": 17, "more": False},
        refused=(404,),
    ),
    "security": [{}],
}


@get("/api/cron/cleanup-reservations", **_CLEANUP)
async def cleanup_reservations(request: AnyRequest) -> Response[Any]:
    """Clean up."""
    secret = os.environ.get(SECRET_VARIABLE, "")
    if not secret:
        raise unknown("not_found")
    if not hmac.compare_digest(_sent(request), secret.encode(errors="surrogateescape")):
        raise unauthorized("the secret of the scheduler is missing or wrong")
    query = query_of(request, CleanupQuery)
    service: Service = request.app.opt[SERVICE]
    found = await cleanup(service.engine, limit=query.limit)
    return document(CleanedAnswer(cleaned=found.cleaned, more=found.more))


def _sent(request: AnyRequest) -> bytes:
    """The secret in the header Authorization, as it came."""
    for name, value in request.scope["headers"]:
        if name == b"authorization":
            scheme, _, text = value.partition(b" ")
            return text.strip() if scheme.lower() == b"bearer" else b""
    return b""


_HEALTH = {
    **described(
        "reservations_health",
        tag="reservations",
        summary="Whether the cleanup keeps up",
        says=(
            f"503 when an overdue reservation has waited for more than {LIMIT_SECONDS:.0f} seconds"
            f" ({LIMIT_VARIABLE} says otherwise), or the database is away. Needs no credential."
        ),
        answer=CleanupHealth,
        answer_example={"status": "up", "lagSeconds": 0.0, "limitSeconds": 120.0},
    ),
    "security": [{}],
}


@get("/api/booking/health", **_HEALTH)
async def reservations_health(request: AnyRequest) -> Response[Any]:
    """Whether the cleanup keeps up."""
    service: Service = request.app.opt[SERVICE]
    seconds = await lag(service.engine)
    most = limit_seconds()
    if seconds > most:
        raise Problem(
            503,
            "cleanup_lags",
            f"Overdue reservations wait: call GET /api/cron/cleanup-reservations, with the secret"
            f" {SECRET_VARIABLE}, more often.",
            title="The cleanup of reservations lags behind",
            extra={"lagSeconds": seconds, "limitSeconds": most},
            headers={"Retry-After": "10"},
        )
    return document(CleanupHealth(status="up", lag_seconds=seconds, limit_seconds=most))


handlers = [cleanup_reservations, reservations_health]
