"""Live updates at the client: a channel's changes as they happen, over whatever breaks in between.

`client.live(...)` iterates over messages, each change once and in order. It reconnects by itself
with the id of the last message, and tells of a `reset`: then what is shown has to be read anew.
"""

import asyncio
import functools
import inspect
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, aclosing, closing
from typing import Any, Concatenate, ParamSpec, Protocol

import httpx
import msgspec
from msgspec import Struct

from lastseat.client.call import Call, read
from lastseat.client.driving import FAILED, Settings, broken
from lastseat.client.errors import Unavailable
from lastseat.client.replies import read_reply
from lastseat.client.retrying import PASSING, Retries, retry_after

P = ParamSpec("P")

OK = 200

SILENCE = 45.0
"""Seconds without a word, not even a heartbeat, after which a connection is taken for broken."""

MOST_BYTES = 1_000_000
"""Bytes of one message, at most: more is none of the service's."""


class LiveMessage(Struct, frozen=True):
    """One message. `id` is what `after` takes, to go on from here; `data` is the message's JSON.

    `event` is `booking.booked`, `booking.cancelled` and so on; `capacity_changed`, `defined` and
    the like for what is no booking's; `position` where a stream begins, `reset` where it can't.
    """

    id: str
    event: str
    data: dict[str, Any]


class Reader:
    """Bytes of a stream to messages."""

    def __init__(self) -> None:
        self._rest = b""
        self._fields: dict[str, str] = {}

    def feed(self, data: bytes) -> list[LiveMessage]:
        """The messages that are complete with these bytes. Raises `ValueError`."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > MOST_BYTES:
            raise ValueError("the stream is no stream of messages")
        found = []
        for line in lines:
            if line:
                name, _, value = line.decode().partition(":")
                self._fields[name] = value.removeprefix(" ")
            elif "data" in self._fields:
                fields, self._fields = self._fields, {}
                content = msgspec.json.decode(fields["data"], type=dict[str, Any])
                found.append(LiveMessage(fields.get("id", ""), fields.get("event", ""), content))
        return found


class Listening:
    """Where a client is in a channel, and how often in a row it could not be had."""

    def __init__(self, call: Call[Any], settings: Settings, retries: Retries) -> None:
        self._call = call
        self._settings = settings
        self._retries = retries
        self._failed = 0
        self._after: str | None = None
        self._reader = Reader()

    def request(self) -> httpx.Request:
        """What to ask next."""
        headers = self._settings.headers.copy()
        headers["accept"] = "text/event-stream"
        if self._after is not None:
            headers["last-event-id"] = self._after
        self._reader = Reader()
        limits = httpx.Timeout(self._settings.timeout, read=max(SILENCE, self._settings.timeout))
        return httpx.Request(
            self._call.method,
            self._settings.url + self._call.path,
            params=self._call.query or None,
            headers=headers,
            extensions={"timeout": limits.as_dict()},
        )

    def had(self, data: bytes) -> Iterator[LiveMessage]:
        """The messages that these bytes complete, each remembered once it was taken."""
        for message in self._reader.feed(data):
            self._failed = 0
            yield message
            self._after = message.id

    def refused(self, response: httpx.Response) -> float:
        """Seconds to wait for; raises `ServiceError` where waiting won't help."""
        if response.status_code in PASSING:
            return self.broke(f"status {response.status_code}", retry_after(response.headers))
        read_reply(self._call, response.status_code, response.headers, response.content)
        raise Unavailable("the service did not answer with a stream", call=self._call)

    def broke(self, reason: str, asked: float | None = None) -> float:
        """Seconds to wait for. Raises `Unavailable` if it never could be had, as often as tried.

        What could be had once is waited for however long it takes.
        """
        self._failed += 1
        if self._after is None and self._failed >= self._retries.attempts:
            message = f"no stream after {self._failed} tries: {reason}"
            raise Unavailable(message, retry_after=asked, call=self._call)
        least, most = self._retries.pause(self._failed, asked)
        # So that those who lost one server do not come to the next all at once: no secret.
        return random.uniform(least, most)  # noqa: S311


class Live:
    """The calls of live updates."""

    def live(
        self,
        *,
        location: str | None = None,
        resource: str | None = None,
        event: str | None = None,
        occurrence: str | None = None,
        after: str | None = None,
    ) -> Call[LiveMessage]:
        """What changes at a location, on a resource, of an event, or anywhere; from now, for ever.

        Each change once, in order, whatever breaks meanwhile. `after`, the id of a message, goes on
        from there. After `reset`, and the first `position`, read what is shown anew.
        """
        channel = {
            "location": location,
            "resource": resource,
            "event": event,
            "occurrence": occurrence,
        }
        return read(LiveMessage, "v1", "live", query={**channel, "last_event_id": after})


class Sync(Protocol):
    """What the synchronous face has to have."""

    commands: Any
    _settings: Settings
    _retries: Retries

    def _streaming(self) -> AbstractContextManager[httpx.Client]: ...


class Async(Protocol):
    """What the asynchronous face has to have."""

    commands: Any
    _settings: Settings
    _retries: Retries

    def _streaming(self) -> AbstractAsyncContextManager[httpx.AsyncClient]: ...


def streams(
    make: Callable[Concatenate[Any, P], Call[LiveMessage]],
) -> Callable[Concatenate[Sync, P], Iterator[LiveMessage]]:
    """The stream, message by message as it comes."""

    @functools.wraps(make)
    def operation(face: Sync, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[LiveMessage]:
        listening = Listening(make(face.commands, *args, **kwargs), face._settings, face._retries)  # noqa: SLF001
        with face._streaming() as http:  # noqa: SLF001
            while True:
                try:
                    response = http.send(listening.request(), stream=True, follow_redirects=False)
                    with closing(response):
                        if response.status_code == OK:
                            for data in response.iter_raw():
                                yield from listening.had(data)
                            pause = listening.broke("the stream ended")
                        else:
                            response.read()
                            pause = listening.refused(response)
                except FAILED as error:
                    pause = listening.broke(broken(error).reason)
                time.sleep(pause)

    _returns(operation, make, Iterator[LiveMessage])
    return operation


def streams_async(
    make: Callable[Concatenate[Any, P], Call[LiveMessage]],
) -> Callable[Concatenate[Async, P], AsyncIterator[LiveMessage]]:
    """The stream, message by message as it comes."""

    @functools.wraps(make)
    async def operation(
        face: Async, /, *args: P.args, **kwargs: P.kwargs
    ) -> AsyncIterator[LiveMessage]:
        listening = Listening(make(face.commands, *args, **kwargs), face._settings, face._retries)  # noqa: SLF001
        async with face._streaming() as http:  # noqa: SLF001
            while True:
                try:
                    asking = listening.request()
                    response = await http.send(asking, stream=True, follow_redirects=False)
                    async with aclosing(response):
                        if response.status_code == OK:
                            async for data in response.aiter_raw():
                                for message in listening.had(data):
                                    yield message
                            pause = listening.broke("the stream ended")
                        else:
                            await response.aread()
                            pause = listening.refused(response)
                except FAILED as error:
                    pause = listening.broke(broken(error).reason)
                await asyncio.sleep(pause)

    _returns(operation, make, AsyncIterator[LiveMessage])
    return operation


def _returns(operation: Any, make: Callable[..., Any], returned: Any) -> None:
    """With the signature of `make`, but for what it returns."""
    operation.__annotations__ = {**make.__annotations__, "return": returned}
    operation.__signature__ = inspect.signature(make).replace(return_annotation=returned)
