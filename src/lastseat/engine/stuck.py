"""A database that takes what is sent and never answers: worse than one that is gone.

Its sockets stay open (the server is stopped, its machine hangs), so nothing tells that it is lost,
and whoever waits would wait for ever. So a connection whose answer is overdue is cut; then
everything goes as for one that broke. This is no limit for statements that are merely slow: locks
are waited for half a second at a time, and reads are pages.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import Iterator
from typing import Any

import psycopg

STUCK_SECONDS = 10.0
"""After so many seconds without an answer a connection is given up."""


@contextlib.contextmanager
def cut_when_stuck(connection: psycopg.AsyncConnection[Any]) -> Iterator[None]:
    """Cut the connection if what is done inside takes too long; that raises there."""
    timer = asyncio.get_running_loop().call_later(STUCK_SECONDS, _cut, connection)
    try:
        yield
    finally:
        timer.cancel()


def _cut(connection: psycopg.AsyncConnection[Any]) -> None:
    # Shut, not closed: the descriptor is libpq's, which notices the end and closes it.
    with (
        contextlib.suppress(psycopg.OperationalError, OSError),
        socket.socket(fileno=os.dup(connection.fileno())) as wire,
    ):
        wire.shutdown(socket.SHUT_RDWR)
