"""One client's stream: what waits for it, bounded. Whoever does not keep up is let go.

For one event loop. `following.py` fills it, whoever serves the client empties it.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable

from lastseat.feed.changes import BEAT
from lastseat.feed.channels import Channel

MOST_AT_ONCE = 64
"""Messages sent as one: what is being sent is beside what waits."""


class Subscription:
    """What one client is yet to be sent. Close it when the client is gone."""

    def __init__(
        self,
        channel: Channel,
        *,
        redacted: bool,
        room: int,
        let_go: Callable[[], None],
    ) -> None:
        self.channel = channel
        self.redacted = redacted
        self.told = 0
        """The position that its client goes on from, if the stream ends here."""
        self.after = 0
        """What is at or before this was told by whoever served the client before."""
        self.beats = 0
        self.dropped = False
        self.past: AsyncIterator[bytes] | None = None
        """What it missed, if that has to be read: comes after the first message."""
        self.on_close: Callable[[], None] = lambda: None
        self._room = room
        self._let_go = let_go
        self._backlog: deque[bytes] = deque()
        self._queue: deque[bytes] = deque()
        self._some = asyncio.Event()
        self._ended = False

    def put(self, pos: int, data: bytes) -> None:
        """A message. A client for which too many wait is let go instead."""
        if self._ended or pos <= self.after:
            return
        if len(self._queue) >= self._room:
            self.drop()
            return
        self._queue.append(data)
        self.told = pos
        self._some.set()

    def put_before(self, data: Iterable[bytes], pos: int) -> None:
        """Messages of the past: these come first, and take no room."""
        self._backlog.extend(data)
        self.told = pos
        self._some.set()

    def beat(self) -> None:
        """Let the client hear that the stream is alive."""
        self.beats += 1
        if not self._queue and not self._backlog:
            self._queue.append(BEAT)
        self._some.set()

    def drop(self) -> None:
        """Let the client go, with whatever waits for it: it comes back for that."""
        self.dropped = True
        self.close()
        self._let_go()

    def end(self) -> None:
        """No more is told; what waits is still sent."""
        self._ended = True
        self._some.set()

    def close(self) -> None:
        """The client is gone."""
        self._backlog.clear()
        self._queue.clear()
        self.past = None
        self.end()
        self.on_close()

    async def taken(self) -> bytes | None:
        """What comes next, at least one message; None: the stream has ended.

        Raises what reading the past may: then the client has to come again.
        """
        while self.past is not None and not self._backlog:
            async for data in self.past:
                return data
            self.past = None
        while not self._backlog and not self._queue:
            if self._ended:
                return None
            self._some.clear()
            await self._some.wait()
        waiting = self._backlog or self._queue
        if len(waiting) == 1:
            return waiting.popleft()
        return b"".join(waiting.popleft() for _ in range(min(len(waiting), MOST_AT_ONCE)))
