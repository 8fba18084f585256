"""Exceptions as problems: none reaches a client as a traceback, and none is swallowed.

What is expected (an unknown address, a body too large, the database away) has words of its own.
Anything else is a bug: it is logged whole under an incident's id, and the answer has only that id.
"""

import logging
import time
import uuid
from http import HTTPStatus
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from lastseat.engine.errors import DatabaseUnavailable, EngineClosed, OutcomeUnknown
from lastseat.http.asking import told
from lastseat.http.problems import BY_STATUS, Problem, invalid
from lastseat.http.wording import DETAIL
from lastseat.library.asynchronous.engine import NotFound
from lastseat.logs import REQUEST

log = logging.getLogger("lastseat.http")

_RETRY = {"Retry-After": "1"}
_warned: dict[str, float] = {}
"""When each kind of outage was last logged, by the monotonic clock."""

_Request = Request[Any, Any, Any]


def problem(_: _Request, error: Problem) -> Response[Any]:
    """One of ours."""
    return error.response()


def of_litestar(request: _Request, error: HTTPException) -> Response[Any]:
    """What Litestar refuses: addresses, methods, parameters, bodies too large."""
    status = error.status_code
    if isinstance(error, ValidationException):
        return _parameter(error).response()
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status not in BY_STATUS:
        return bug(request, error)
    if status == HTTPStatus.BAD_REQUEST:
        return invalid("request", error.detail).response()
    code = BY_STATUS[status]
    headers = {k: v for k, v in (error.headers or {}).items() if k.lower() in _KEPT}
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        # What is left of the body is not read, so the connection is of no more use.
        headers["Connection"] = "close"
    return Problem(status, code, DETAIL[code], headers=headers).response()


_KEPT = frozenset({"allow"})


def _parameter(error: ValidationException) -> Problem:
    """The first parameter or part of the body that Litestar could not take."""
    extra = error.extra if isinstance(error.extra, list) else []
    first: dict[str, str] = extra[0] if extra and isinstance(extra[0], dict) else {}
    field = first.get("key", "request")
    message = first.get("message", error.detail)
    if field == "data":
        return invalid("body", "is missing: send a JSON object")
    if message.startswith("Missing required"):
        return invalid(field, "is missing")
    return invalid(field, message[:1].lower() + message[1:])


def not_found(_: _Request, error: NotFound) -> Response[Any]:
    """A read of what the tenant does not have."""
    return told(error).response()


def unavailable(_: _Request, error: Exception) -> Response[Any]:
    """The database is away, or was when it mattered."""
    code = "outcome_unknown" if isinstance(error, OutcomeUnknown) else "unavailable"
    now = time.monotonic()
    # Said once a second: thousands of requests a second may meet the same outage.
    if now - _warned.get(code, -1.0) >= 1:
        _warned[code] = now
        log.warning("%s: %s", code, error)
    return Problem(503, code, DETAIL[code], headers=_RETRY).response()


def bug(request: _Request, error: Exception) -> Response[Any]:
    """What should not have happened: logged whole, answered with no more than its number."""
    incident = uuid.uuid4().hex
    scope: Any = request.scope
    # The route, not the path: ids in it may be people's names.
    route = scope.get("path_template") or "other"
    log.error("incident %s: %s %s", incident, scope["method"], route, exc_info=error)
    return Problem(
        500,
        "internal",
        DETAIL["internal"],
        extra={
            "incident": incident,
            "instance": f"urn:lastseat:incident:{incident}",
            "request_id": REQUEST.get(),
        },
    ).response()


HANDLERS: dict[Any, Any] = {
    Problem: problem,
    HTTPException: of_litestar,
    NotFound: not_found,
    DatabaseUnavailable: unavailable,
    OutcomeUnknown: unavailable,
    EngineClosed: unavailable,
    Exception: bug,
}
"""Which function answers which exception; the nearest class counts."""


def answered(request: _Request, error: Exception) -> Response[Any]:
    """The problem of an exception, as `HANDLERS` has it."""
    handler = next(HANDLERS[kind] for kind in type(error).__mro__ if kind in HANDLERS)
    found: Response[Any] = handler(request, error)
    return found
