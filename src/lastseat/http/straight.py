"""The short way: a handler that takes the request and answers with a response is simply called.

Litestar makes a mapping of arguments, validates it, opens an exit stack and asks for hooks on every
request. Our handlers read their bodies themselves and answer with bytes, so for a path without
parameters there is nothing in between that they need; it would be a fifth of a sold-out refusal.
Errors become the same problems (errors.py). Everything else goes Litestar's way.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Litestar, Request, Response
from litestar.routes import HTTPRoute

from lastseat.http.errors import answered

Handler = Callable[[Request[Any, Any, Any]], Awaitable[Response[Any]]]


def short_ways(app: Litestar) -> None:
    """Let an application call what can be called straight away."""
    table = {
        (method, route.path): handler.fn
        for route in app.routes
        if isinstance(route, HTTPRoute) and not route.path_parameters
        for handler in route.route_handlers
        if set(handler.parsed_fn_signature.parameters) == {"request"}
        and handler.parsed_fn_signature.return_type.is_subclass_of(Response)
        for method in handler.http_methods
    }
    inner = app.asgi_handler

    def asgi_handler(scope: Any, receive: Any, send: Any) -> Any:
        handler = table.get((scope["method"], scope["path"]))
        if handler is None:
            return inner(scope, receive, send)
        scope["path_template"] = scope["path"]
        return _call(handler, scope, receive, send)

    app.asgi_handler = asgi_handler


class Asked(Request[Any, Any, Any]):
    """A request as our handlers read it: its scope, its application, its body message by message.

    What Litestar keeps of a request for its own reading of it is not made.
    """

    __slots__ = ()

    def __init__(self, scope: Any, receive: Any, send: Any) -> None:
        # Without super().__init__(): that is what takes the time.
        self.scope = scope
        self.receive = receive
        self.send = send


async def _call(handler: Handler, scope: Any, receive: Any, send: Any) -> None:
    request = Asked(scope, receive, send)
    try:
        response: Any = await handler(request)
    except Exception as error:  # noqa: BLE001 - each becomes a problem; a bug is logged there
        response = answered(request, error)
    await response(scope, receive, send)
