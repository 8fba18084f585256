"""One connection of a client: uvicorn's, with the bounds that it leaves to a proxy.

How large a request's head may be, since it is kept in memory until it is complete; since when a
request is being read, so that the server can cut off who is too slow; and a way to end a connection
at once whose client does not read.
"""

import asyncio
import time
from typing import Any

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from lastseat.http.edge import EDGE, Edge
from lastseat.http.live import DROP
from lastseat.http.problems import PROBLEM_TYPE, problem_type
from lastseat.http.settings import HEAD_BYTES
from lastseat.http.whole import WHOLE, Whole
from lastseat.http.wording import TITLE

_WORDS = {
    400: ("invalid", TITLE["invalid"], "This is no request of HTTP/1.1."),
    431: (
        "head_too_large",
        "The request's headers are too large",
        "Nothing was done. Send fewer or shorter headers, and a shorter query.",
    ),
}


class HeadTooLarge(Exception):
    """The line and headers of a request are more than are taken."""


class Door(HttpToolsProtocol):
    """For one connection."""

    def __init__(self, config: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(config, *args, **kwargs)
        opt = getattr(config.app, "opt", {})
        edge: Edge | None = opt.get(EDGE)
        self._has_edge = edge is not None
        self._most = edge.settings.head_bytes if edge is not None else HEAD_BYTES
        self._head = 0
        """Bytes of the head that came before this part."""
        self._part = 0
        self._too_large = False
        self._in_head = True
        self.reading_since: float | None = None
        """When the request began of which not all is there; None while there is none."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client is there, and has said nothing yet."""
        super().connection_made(transport)
        self.reading_since = time.monotonic()

    def data_received(self, data: bytes) -> None:
        """Part of a request, of several, or the rest of one."""
        self._part = len(data)
        super().data_received(data)
        if self._in_head:
            self._head += self._part
            if self._head > self._most and not self.transport.is_closing():
                self._too_large = True
                self.send_400_response("")

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._in_head = True
        self._head = 0
        self.reading_since = time.monotonic()
        self.scope["extensions"] = {DROP: self.transport.abort}  # type: ignore[dict-item]

    def on_headers_complete(self) -> None:
        """Its head is there."""
        self._in_head = False
        if self._head + self._part > self._most:
            # Only then is it worth the counting: most of the part may be the body.
            size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
            if size > self._most:
                self._too_large = True
                # The parser ends with this, and `send_400_response` says why.
                raise HeadTooLarge
        super().on_headers_complete()
        if self._has_edge:
            # Its task has not begun yet. The edge takes it out of there.
            offered: dict[str, Any] = self.scope["extensions"]
            offered[WHOLE] = Whole(self.cycle)

    def on_message_complete(self) -> None:
        """All of it is there."""
        self.reading_since = None
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's words
        """What can't be read is answered with a problem, too, and ends the connection."""
        status = 431 if self._too_large else 400
        code, title, detail = _WORDS[status]
        members: dict[str, Any] = {
            "type": problem_type(code),
            "title": title,
            "status": status,
            "detail": detail,
            "code": code,
        }
        if status == 400:  # noqa: PLR2004
            members |= {"field": "request", "reason": "is no HTTP"}
        body = msgspec.json.encode(members)
        head = b"content-type: %b\r\ncontent-length: %d\r\nconnection: close\r\n" % (
            PROBLEM_TYPE.encode(),
            len(body),
        )
        head += b"x-content-type-options: nosniff\r\n\r\n"
        self.transport.write(STATUS_LINE[status] + head + body)
        self.transport.close()
