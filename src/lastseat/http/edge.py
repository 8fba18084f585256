"""What holds of every answer, whichever route gives it.

It has its request's id, the security headers and those of CORS; it is counted; and its connection
ends with it once the service is about to stop.
One function around the application, since each layer costs on every request. Times are up to the
answer's head, so that a stream of an hour is no slow answer.
"""

import logging
import re
import secrets
import time
from collections.abc import Iterable
from functools import partial
from itertools import count
from typing import Any

from litestar import Litestar

from lastseat import tracing
from lastseat.engine.counts import Spread
from lastseat.http.settings import ServeSettings
from lastseat.http.whole import WHOLE, Whole
from lastseat.logs import FIELDS, REQUEST

EDGE = "lastseat.edge"
"""Where an application's `opt` has its `Edge`."""

AT_ONCE = "lastseat.at_once"
"""Where a request's scope may have what writes an answer that is all there, see `Reply`."""

log = logging.getLogger("lastseat.access")

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "other"
"""The template of an address that is no route's, and the method that none has."""

_GOOD_ID = re.compile(rb"[A-Za-z0-9._:+/=@-]{1,128}")
_Header = tuple[bytes, bytes]

_ALWAYS: list[_Header] = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    # An answer is no page. What is one says so itself, as /docs does.
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    # Most answers are about somebody: they are nobody else's to keep.
    (b"cache-control", b"no-store"),
]

_ALWAYS_NAMED = frozenset({name for name, _ in _ALWAYS} | {b"strict-transport-security"})

_ASKED = (
    b"Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID,"
    b" Lastseat-Tenant, X-Request-ID"
)
_PREFLIGHT: list[_Header] = [
    (b"access-control-allow-methods", b"GET, POST, PUT, PATCH, DELETE"),
    (b"access-control-allow-headers", _ASKED),
    (b"access-control-max-age", b"7200"),
]

_EXPOSED: _Header = (
    b"access-control-expose-headers",
    b"ETag, Idempotency-Replayed, Retry-After, X-Request-ID",
)


class Edge:
    """The numbers of one process's requests, and whether it is about to stop."""

    def __init__(self, settings: ServeSettings) -> None:
        self.settings = settings
        self.stopping = False
        self.busy = 0
        """Requests that are being answered, streams too."""
        self.requests: dict[tuple[str, str, int], Spread] = {}
        """Of each method, route and status, the seconds until the answer began."""
        self._always = list(_ALWAYS)
        if settings.hsts:
            value = b"max-age=%d; includeSubDomains" % settings.hsts
            self._always.append((b"strict-transport-security", value))
        self._origins = frozenset(origin.encode() for origin in settings.cors)
        self._drawn = secrets.token_hex(5).encode() + b"-%x"
        self._number = count(1)

    def named(self, headers: Iterable[_Header]) -> tuple[bytes, bytes | None]:
        """A request's id, drawn unless it has a well-formed one, and the page it comes from."""
        request_id = origin = None
        for name, value in headers:
            if name == b"x-request-id":
                if _GOOD_ID.fullmatch(value):
                    request_id = value
            elif name == b"origin":
                origin = value
        return request_id or self._drawn % next(self._number), origin

    def allowed(self, origin: bytes) -> list[_Header]:
        """What lets that page's script read the answer; nothing unless its origin is configured."""
        if not self._origins:
            return []
        varying = (b"vary", b"origin")
        if b"*" in self._origins:
            return [(b"access-control-allow-origin", b"*"), _EXPOSED]
        if origin in self._origins:
            return [(b"access-control-allow-origin", origin), varying, _EXPOSED]
        return [varying]

    def complete(self, said: list[_Header], request_id: bytes, origin: bytes | None) -> Any:
        """The headers of an answer with those that each has. What a route says itself stays."""
        names = {name for name, _ in said}
        found = [*said, (b"x-request-id", request_id)]
        if names.isdisjoint(_ALWAYS_NAMED):
            found += self._always
        else:
            found += [header for header in self._always if header[0] not in names]
        if origin is not None:
            found += self.allowed(origin)
        if self.stopping and b"connection" not in names:
            # Whoever goes on on this connection would find it closed in the middle of a request.
            found.append((b"connection", b"close"))
        return found

    def answered(self, method: str, template: str, status: int, seconds: float) -> None:
        """Count an answer."""
        key = (method if method in METHODS else OTHER, template, status)
        spread = self.requests.get(key)
        if spread is None:
            spread = self.requests[key] = Spread()
        spread.add(seconds)
        if log.isEnabledFor(logging.INFO):
            # The route, never the path: ids in it may be people's names.
            fields = {"method": key[0], "route": template, "status": status,
                      "ms": round(seconds * 1000, 2)}  # fmt: skip
            log.info("answered", extra={FIELDS: fields})


def stand_before(app: Litestar, edge: Edge) -> None:
    """Let every request of an application come by the edge. To be called last."""
    inner = app.asgi_handler

    def template_of(scope: Any) -> str:
        found: str | None = scope.get("path_template")
        return OTHER if found is None else found or "/"

    async def handler(scope: Any, receive: Any, send: Any) -> None:
        began = time.perf_counter()
        request_id, origin = edge.named(scope["headers"])
        REQUEST.set(request_id.decode())

        def answered(status: int) -> None:
            scope[_STATUS] = status
            edge.answered(scope["method"], template_of(scope), status, time.perf_counter() - began)

        def sending(message: Any) -> Any:
            if message["type"] == "http.response.start":
                message["headers"] = edge.complete(message["headers"], request_id, origin)
                answered(message["status"])
            return send(message)

        def at_once(whole: Whole, status: int, said: list[_Header], body: bytes) -> bool:
            headers = edge.complete(said, request_id, origin)
            if not whole(status, headers, body):
                return False
            answered(status)
            return True

        # Taken out of the scope, as is what was put in: who refers to each other in a circle is
        # garbage that Python has to look for.
        extensions = scope.get("extensions")
        whole = extensions.pop(WHOLE, None) if extensions else None
        if whole is not None and not edge.stopping and scope["method"] != "HEAD":
            scope[AT_ONCE] = partial(at_once, whole)
        edge.busy += 1
        try:
            if origin is not None and _is_preflight(scope) and len(edge.allowed(origin)) > 1:
                await _answer_preflight(sending)
            elif tracing.TRACED:
                with tracing.request_span(scope["method"], scope["headers"]) as made:
                    await inner(scope, receive, sending)
                    tracing.routed(made, scope["method"], template_of(scope), scope.get(_STATUS, 0))
            else:
                await inner(scope, receive, sending)
        finally:
            edge.busy -= 1
            scope.pop(AT_ONCE, None)

    app.asgi_handler = handler


_STATUS = "lastseat.status"


def _is_preflight(scope: Any) -> bool:
    return scope["method"] == "OPTIONS" and any(
        name == b"access-control-request-method" for name, _ in scope["headers"]
    )


async def _answer_preflight(send: Any) -> None:
    """A browser asks whether a page's script may ask. Whoever it is says so with the request."""
    await send({"type": "http.response.start", "status": 204, "headers": list(_PREFLIGHT)})
    await send({"type": "http.response.body", "body": b""})
