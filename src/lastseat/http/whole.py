"""An answer that is all there is written whole: its head and its body in one go.

Not for streams, and nothing that ASGI's two messages could not say: whoever is offered this and is
told no sends those. uvicorn looks each header over by itself and writes twice, which is a tenth of
what a sold-out refusal costs.
"""

from collections.abc import Iterable

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

WHOLE = "lastseat.whole"
"""Which of a scope's extensions it is."""


class Whole:
    """Writes the answer to one request, which uvicorn's cycle stands for."""

    __slots__ = ("_cycle",)

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle

    def __call__(self, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> bool:
        """Whether it was written; if not, nothing was. How long the body is is told here."""
        cycle = self._cycle
        if (
            cycle.response_started
            or cycle.disconnected
            or cycle.flow.write_paused
            or not cycle.keep_alive
        ):
            return False
        lines = [b"%b: %b\r\n" % header for header in (*cycle.default_headers, *headers)]
        head = b"".join(lines)
        if head.count(b"\n") != len(lines) or head.count(b"\r") != len(lines) or b"\0" in head:
            # A value that goes on in another line: uvicorn refuses it.
            return False
        if b"connection:" in head:
            # The connection may have to end with this.
            return False
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        cycle.transport.write(
            b"%bcontent-length: %d\r\n%b\r\n%b" % (STATUS_LINE[status], len(body), head, body)
        )
        cycle.message_event.set()
        cycle.on_response()
        return True
