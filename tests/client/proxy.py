"""A flaky network between a client and the service: what it does to each connection is told ahead.

It runs in a thread of its own, speaks TCP and knows no HTTP but where a request ends.
"""

import contextlib
import re
import socket
import threading
from collections import deque
from collections.abc import Iterator
from enum import Enum


class Fate(Enum):
    """What becomes of one connection's first request."""

    CUT_BEFORE = "the connection breaks before the request has arrived"
    CUT_AFTER = "the service gets the request and answers it, the answer is lost"
    SILENT = "the service gets the request and answers it, the client waits for ever"
    UNAVAILABLE = "something in between answers 503"


UNAVAILABLE = (
    b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\nretry-after: 0\r\nconnection: close\r\n\r\n"
)


class Proxy:
    """Listens on `url`; connections meet the fates in turn, and then go through unharmed."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._fates: deque[Fate] = deque()
        self._open: list[socket.socket] = []
        self.connections = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def expect(self, *fates: Fate) -> None:
        """What the next connections meet."""
        self._fates.extend(fates)

    @property
    def fates_met(self) -> bool:
        """Whether all that was expected has happened."""
        return not self._fates

    @contextlib.contextmanager
    def listening(self) -> Iterator["Proxy"]:
        """Take connections for the length of the block."""
        threading.Thread(target=self._accept, daemon=True).start()
        try:
            yield self
        finally:
            for end in (self._listener, *self._open):
                _hang_up(end)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # Closed: the end.
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                fate = self._fates.popleft() if self._fates else None
                self._open.append(client)
                threading.Thread(target=self._serve, args=(client, fate), daemon=True).start()

    def _serve(self, client: socket.socket, fate: Fate | None) -> None:
        with contextlib.suppress(OSError):  # Somebody hung up.
            if fate is Fate.CUT_BEFORE:
                _reset(client)
                return
            service = socket.create_connection(("127.0.0.1", self._to))
            self._open.append(service)
            if fate is None:
                threading.Thread(target=_copy, args=(service, client), daemon=True).start()
                _copy(client, service)
                return
            request = _request(client)
            if fate is Fate.UNAVAILABLE:
                client.sendall(UNAVAILABLE)
                _hang_up(client)
                return
            service.sendall(request)
            # It was answered, so whatever it asked for is done.
            assert service.recv(65536)
            if fate is Fate.CUT_AFTER:
                _reset(client)


def _request(source: socket.socket) -> bytes:
    """One request, whole."""
    found = b""
    while b"\r\n\r\n" not in found:
        found += source.recv(65536)
    head, _, body = found.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    missing = int(length[1]) - len(body) if length else 0
    while missing > 0:
        chunk = source.recv(missing)
        found += chunk
        missing -= len(chunk)
    return found


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while chunk := source.recv(65536):
            sink.sendall(chunk)
    _hang_up(sink)


def _reset(end: socket.socket) -> None:
    """Break off, without the courtesy of an end."""
    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    end.close()


def _hang_up(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
