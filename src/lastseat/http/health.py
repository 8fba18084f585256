"""Whether the process is up. Not whether its database is: that is /api/booking/health's to say."""

from typing import Any

from litestar import Response, get
from msgspec import Struct

from lastseat.http.describing import described
from lastseat.http.problems import document


class Health(Struct, kw_only=True):
    """The process answers."""

    status: str


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


handlers = [healthz]
