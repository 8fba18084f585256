"""The OpenAPI document at /openapi.json, and a page at /docs that reads it, offline.

The document is drawn from the handlers and completed here with what is true of every operation, so
that no handler can forget it. It is drawn when first asked for: most processes never are.
"""

import asyncio
from collections.abc import Callable
from functools import cache
from importlib import metadata, resources
from typing import Any

import msgspec
from litestar import Litestar, Response, get
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.spec import Components, License, SecurityScheme, Tag
from litestar.params import FromPath

from lastseat.http.describing import COMPONENTS
from lastseat.http.incoming import AnyRequest
from lastseat.http.problems import BY_STATUS, PROBLEM_TYPE, Reply, problem_type, unknown
from lastseat.http.wording import DETAIL, TITLE

DRAW = "lastseat.openapi"
"""Where an application's `opt` has the function that draws its document."""

METHODS = ("get", "put", "post", "delete", "patch")

TAGS = {
    "bookings": "Book, hold, confirm, move, cancel; check in and out; who did what.",
    "waitlist": "Who waits for what comes free, and is next.",
    "reservations": "A place kept for a guest until it is committed or runs out.",
    "occurrences": "What has a time and a capacity: rosters, seats.",
    "resources": "Lanes, rooms, people; pools of like units; composites of these.",
    "events": "What recurs: its occurrences open when they are first booked, and keep their id.",
    "availability": "What is taken, what is free, what is on: to look at and to choose from.",
    "live": "What changes, as it happens.",
    "webhooks": "The same, posted to whoever wants to be told.",
    "rules": "Opening hours, blocks, lead time: when something may be booked at all.",
    "services": "What is sold on resources, and how many at once.",
    "locations": "Places, with a time zone.",
    "calendars": "iCalendar in and out, and feeds for those who can send no key.",
    "facts": "The caller's own facts on a stream, at its expected sequence.",
    "actors": "Whom bookings are for.",
    "tenants": "Organisations. Nothing of one is visible to another.",
    "keys": "API keys: shown once, scoped, expiring, revocable.",
    "people": "Who has which role, by the subject of their signed tokens.",
    "service": "The service itself.",
}

DESCRIPTION = """\
**Who asks.** `Authorization: Bearer` with an API key or a signed token; the tenant is that of the
credential. What another tenant has is unknown (404).

**Refusals** are problems (RFC 9457) whose `code` is the name of what was refused and whose other
members say what it takes to go on. A booking's own status is `booking_status` there.

**Retries.** Every write takes an `Idempotency-Key`: the same key and body have the same answer,
marked `Idempotency-Replayed: true`.

**Times** are RFC 3339 with an offset; answers are in UTC. Ids may have any visible character: in a
path, percent-encode them, a slash too (`%2F`).
"""

_POLICY = (
    b"default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    b" base-uri 'none'; frame-ancestors 'none'"
)
PAGE_HEADERS = [
    (b"content-security-policy", _POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-cache"),
]

FILES = {
    "swagger-ui-bundle.js": b"text/javascript; charset=utf-8",
    "swagger-ui.css": b"text/css; charset=utf-8",
    "docs.js": b"text/javascript; charset=utf-8",
}


@get("/openapi.json", include_in_schema=False)
async def openapi(request: AnyRequest) -> Response[Any]:
    """The document."""
    draw: Callable[[], bytes] = request.app.opt[DRAW]
    # In a thread: drawing takes a moment, and others are being served.
    body = await asyncio.to_thread(draw)
    return Reply(200, body, [(b"content-type", b"application/json")])


@get("/docs", include_in_schema=False)
async def docs() -> Response[Any]:
    """The page."""
    return Reply(200, _file("index.html"), [(b"content-type", b"text/html; charset=utf-8"),
                                            *PAGE_HEADERS])  # fmt: skip


@get("/docs/{name:str}", include_in_schema=False)
async def docs_file(name: FromPath[str]) -> Response[Any]:
    """A file of the page."""
    if name not in FILES:
        raise unknown("not_found")
    return Reply(200, _file(name), [(b"content-type", FILES[name]), *PAGE_HEADERS])


handlers = [openapi, docs, docs_file]


@cache
def _file(name: str) -> bytes:
    return resources.files("lastseat.http").joinpath("static", name).read_bytes()


def config() -> OpenAPIConfig:
    """What the document says about the whole service."""
    bearer = SecurityScheme(
        type="http",
        scheme="bearer",
        bearer_format="ls_sk_..., ls_pk_... or JWT",
        description="An API key, or a signed token of the configured issuer.",
    )
    return OpenAPIConfig(
        title="Lastseat",
        version=metadata.version("lastseat"),
        summary="A booking engine that never sells the last seat twice.",
        description=DESCRIPTION,
        license=License(name="Apache-2.0", identifier="Apache-2.0"),
        tags=[Tag(name=name, description=says) for name, says in TAGS.items()],
        components=Components(security_schemes={"bearer": bearer}),
        security=[{"bearer": []}],
    )


def drawn(routes: list[Any]) -> bytes:
    """The document of these routes, as JSON."""
    app = Litestar(route_handlers=routes, openapi_config=config(), logging_config=None)
    return msgspec.json.encode(_completed(app.openapi_schema.to_schema()))


def _completed(schema: dict[str, Any]) -> dict[str, Any]:
    """The document with what holds of every operation."""
    components = schema["components"]
    components.setdefault("schemas", {}).update(COMPONENTS)
    components["schemas"]["Problem"] = _PROBLEM
    for item in schema["paths"].values():
        for method in METHODS:
            if method in item:
                _complete(item[method])
    return schema


def _complete(operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    if operation.get("security") == [{}]:
        # Litestar leaves an empty list out, and then the whole document's would hold.
        operation["security"] = []
        statuses: tuple[int, ...] = ()
    else:
        statuses = (400, 401, 403, 429, 500, 503)
        if "requestBody" in operation:
            statuses += (413, 415)
    for status in statuses:
        found = responses.get(str(status), {})
        if PROBLEM_TYPE not in found.get("content", {}):
            responses[str(status)] = _refused(status)
    for number, response in responses.items():
        if int(number) >= 400:  # noqa: PLR2004
            for media in response.get("content", {}).values():
                media["schema"] = {"$ref": "#/components/schemas/Problem"}
    operation["responses"] = dict(sorted(responses.items()))


def _refused(status: int) -> dict[str, Any]:
    code = BY_STATUS[status]
    example: dict[str, Any] = {
        "type": problem_type(code),
        "title": TITLE[code],
        "status": status,
        "detail": DETAIL[code],
        "code": code,
    }
    return {
        "description": TITLE[code] + ".",
        "content": {PROBLEM_TYPE: {"examples": {code: {"value": example}}}},
    }


_PROBLEM: dict[str, Any] = {
    "title": "Problem",
    "type": "object",
    "description": "RFC 9457. Each `code` has members of its own beside these.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "description": "`urn:lastseat:problem:<code>`"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "How to go on."},
        "code": {"type": "string", "description": "What was refused, by its name."},
        "field": {"type": "string", "description": "Of `invalid`: what can't be taken."},
        "reason": {"type": "string", "description": "Of `invalid`: why not."},
    },
    "additionalProperties": True,
}
