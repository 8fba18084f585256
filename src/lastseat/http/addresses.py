"""What holds of every address: ids with a slash in a path, OPTIONS, HEAD.

`%2F` in a path belongs to an id, a bare `/` divides. Servers decode a path before it is routed, and
then the two look alike. The undecoded path still tells them apart; a mark that no decoded path can
have stands for the slash while it is routed.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_to_bytes

from litestar import Litestar
from litestar.exceptions import HTTPException
from litestar.routes import HTTPRoute
from litestar.utils import normalize_path

MARK = "\udc2f"
"""Half a surrogate pair: decoding what a client sent never makes one."""

HEAD = "lastseat.head"
"""Where the scope of a GET says that it was a HEAD: nobody waits for a body."""


def keep_slashes(app: Litestar) -> None:
    """Let the application route by the path as it was sent."""
    inner = app.asgi_handler
    router = app.asgi_router

    def handler(scope: Any, receive: Any, send: Any) -> Any:
        raw = scope.get("raw_path")
        if raw and b"%2" in raw:
            _mark(scope, raw)
        return inner(scope, receive, send)

    app.asgi_handler = handler
    router.handle_routing = _unmarking(router.handle_routing)  # type: ignore[assignment]


def tell_methods(app: Litestar) -> None:
    """Let OPTIONS tell all methods of an address.

    Litestar's own answer has those of the first handler that was given for it.
    """
    inner, router = app.asgi_handler, app.asgi_router
    known: dict[str, set[str]] = {}
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            known.setdefault(route.path_format or "/", set()).update(route.methods)

    async def options(scope: Any, receive: Any, send: Any) -> None:
        try:
            template = router.handle_routing(normalize_path(scope["path"]), "OPTIONS")[4]
        except HTTPException:
            # Nothing is there: the usual way says so.
            await inner(scope, receive, send)
            return
        methods = known[template]
        allowed = ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set()))).encode()
        headers = [(b"allow", allowed)]
        await send({"type": "http.response.start", "status": 204, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    def handler(scope: Any, receive: Any, send: Any) -> Any:
        way = options if scope["method"] == "OPTIONS" else inner
        return way(scope, receive, send)

    app.asgi_handler = handler


def answer_head(app: Litestar) -> None:
    """Let HEAD be answered as GET is, without the body (RFC 9110, 9.3.2)."""
    inner = app.asgi_handler

    def handler(scope: Any, receive: Any, send: Any) -> Any:
        if scope["method"] != "HEAD":
            return inner(scope, receive, send)

        async def headers_alone(message: Any) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        asked: Any = {**scope, "method": "GET", HEAD: True}
        return inner(asked, receive, headers_alone)

    app.asgi_handler = handler


def _mark(scope: Any, raw: bytes) -> None:
    path = raw.split(b"?", 1)[0].replace(b"%2f", b"%2F")
    if b"%2F" in path:
        parts = (unquote_to_bytes(part).decode(errors="replace") for part in path.split(b"%2F"))
        scope["path"] = MARK.join(parts)


def _unmarking(routing: Callable[..., Any]) -> Callable[..., Any]:
    def handle_routing(path: str, method: str | None) -> Any:
        app, handler, found, params, template = routing(path=path, method=method)
        if MARK in path:
            found = found.replace(MARK, "/")
            params = {
                name: value.replace(MARK, "/") if isinstance(value, str) else value
                for name, value in params.items()
            }
        return app, handler, found, params, template

    return handle_routing
