"""The client's live updates go on over whatever breaks, without a gap and without a repeat."""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Iterator

import pytest
from tests.client.conftest import QUICK
from tests.client.venue import occurrence

from lastseat.client import AsyncClient, Client, LiveMessage, NotFound, Retries, Unavailable
from lastseat.client.live import Reader


class Wire:
    """A way to the service that can be cut while it is used."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ends: list[socket.socket] = []
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                service = socket.create_connection(("127.0.0.1", self._port))
                self._ends += [client, service]
                for pair in ((client, service), (service, client)):
                    threading.Thread(target=self._copy, args=pair, daemon=True).start()

    def _copy(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)

    def cut(self) -> None:
        for end in self._ends:
            # Without a farewell: both sides are told of a reset.
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._ends.clear()

    def close(self) -> None:
        # Wakes who waits to accept.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()


@pytest.fixture
def wire(port: int) -> Iterator[Wire]:
    with contextlib.closing(Wire(port)) as found:
        yield found


@pytest.fixture
def studio(port: int, key: str) -> Client:
    client = Client(f"http://127.0.0.1:{port}", key=key, retries=QUICK)
    occurrence(client, "yoga", capacity=1_000)
    return client


def heard(stream: Iterator[LiveMessage]) -> LiveMessage:
    """The next message. What was defined just before may be told, too: the feed is behind."""
    return next(x for x in stream if x.event != "defined")


def test_changes_come_as_they_happen(studio: Client) -> None:
    with studio:
        stream = studio.live(occurrence="yoga")
        assert heard(stream).event == "position"
        after = None
        for n in range(3):
            booked = studio.book("yoga", actor=f"guest-{n}")
            message = heard(stream)
            assert message.event == "booking.booked"
            assert message.data["booking_id"] == booked.booking_id  # type: ignore[union-attr]
            after = message.id
        studio.cancel("yoga", actor="guest-0")
        assert heard(stream).event == "booking.cancelled"
        stream.close()  # type: ignore[attr-defined]
        again = studio.live(occurrence="yoga", after=after)
        assert [next(again).event for _ in range(2)] == ["position", "booking.cancelled"]
        again.close()  # type: ignore[attr-defined]


def test_a_broken_connection_is_made_again_from_the_last_message(
    studio: Client, wire: Wire, key: str
) -> None:
    with studio, Client(wire.url, key=key, retries=QUICK) as flaky:
        stream = flaky.live()
        assert heard(stream).event == "position"
        made: list[str | None] = []
        told: list[str | None] = []
        for n in range(12):
            made.append(studio.book("yoga", actor=f"guest-{n}").booking_id)  # type: ignore[union-attr]
            if n % 3 == 0:
                wire.cut()
            while len(told) < len(made):
                message = heard(stream)
                assert message.event in ("position", "booking.booked")
                if message.event == "booking.booked":
                    told.append(message.data["booking_id"])
        assert told == made
        stream.close()  # type: ignore[attr-defined]


def test_tasks_listen_alike(studio: Client, port: int, key: str) -> None:
    async def listen() -> list[str]:
        async with AsyncClient(f"http://127.0.0.1:{port}", key=key) as client:
            found = []
            async for message in client.live(occurrence="yoga"):
                if message.event == "defined":
                    continue
                found.append(message.event)
                if len(found) == 1:
                    await client.book("yoga", actor="ann")
                else:
                    return found
        raise AssertionError("it ended")

    with studio:
        assert asyncio.run(listen()) == ["position", "booking.booked"]


def test_what_is_not_there_is_said_at_once(studio: Client) -> None:
    with studio, pytest.raises(NotFound):
        next(studio.live(location="nowhere"))


def test_what_never_could_be_had_is_given_up(key: str) -> None:
    with (
        Client("http://127.0.0.1:9", key=key, retries=Retries(attempts=2, first_pause=0)) as nobody,
        pytest.raises(Unavailable),
    ):
        next(nobody.live())


def test_messages_are_read_however_they_are_cut() -> None:
    data = b'retry: 1000\nid: a\nevent: x\ndata: {"n":1}\n\n:\nid: b\nevent: y\ndata: {}\n\n'
    whole = Reader().feed(data)
    assert [(x.id, x.event, x.data) for x in whole] == [("a", "x", {"n": 1}), ("b", "y", {})]
    reader = Reader()
    assert [x for n in range(len(data)) for x in reader.feed(data[n : n + 1])] == whole
    with pytest.raises(ValueError, match="no stream"):
        Reader().feed(b"x" * 2_000_000)
