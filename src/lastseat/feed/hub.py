"""The hub: one process's live updates. Reads each followed tenant's news once, whoever listens.

A message is encoded once for each channel and put as bytes on bounded queues; a client whose queue
is full is let go, never waited for. One hub's clients hear of what any process committed: the feed
is in the database, and whichever relay fills it says so on PostgreSQL's channel. A look every
quarter of a second stands behind that, for when nobody can listen (a pooler) or a word was lost.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

import psycopg

from lastseat.feed.channels import Channel
from lastseat.feed.following import Following
from lastseat.feed.news import Connection, News, ends_of, kept_of, news
from lastseat.feed.positions import UNFED, Position, read_position
from lastseat.feed.relay import CHANNEL
from lastseat.feed.subscription import Subscription

log = logging.getLogger("lastseat.feed")

POLL = 0.25
"""Seconds after which feeds are looked at though nobody said there is news."""

CLIENTS = 5_000
"""Clients of one process, at most."""

ROOM = 256
"""Messages that wait for one client, at most."""

HEARTBEAT = 15.0
"""Seconds between two heartbeats."""

REMEMBERED = 2_000
"""Changes of a tenant in memory, for those who come back."""

FARTHEST = 100_000
"""Entries that one is brought up to date with, at most: past that looking anew is quicker."""

LINGER = 300.0
"""Seconds for which a feed is followed after the last one who listened left."""

CATCHING_UP = 4
"""Clients brought up to date from the database at a time."""

PATIENCE = 5.0
"""Seconds for one answer of the database."""

T = TypeVar("T")


class TooManyClients(Exception):
    """This process has as many live clients as it may."""


class HubClosed(Exception):
    """This process is about to end."""


class Hub:
    """For one event loop. Starts with its first client; close it."""

    def __init__(
        self,
        conninfo: str,
        *,
        clients: int = CLIENTS,
        room: int = ROOM,
        heartbeat: float = HEARTBEAT,
        remembered: int = REMEMBERED,
    ) -> None:
        self._conninfo = conninfo
        self._most = clients
        self._room = room
        self._heartbeat = heartbeat
        self._remembered = remembered
        self.open()

    def open(self) -> None:
        """Begin; again after a `close` too, in another event loop perhaps."""
        self._clients: set[Subscription] = set()
        self._joining = 0
        self._followed: dict[str, Following] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._wake = asyncio.Event()
        self._asking = asyncio.Semaphore(CATCHING_UP)
        self._stopping = asyncio.Event()
        self.let_go = 0
        """Clients that did not keep up."""

    @property
    def clients(self) -> int:
        """How many listen."""
        return len(self._clients) + self._joining

    def heard(self, ends: dict[str, int]) -> None:
        """A relay of this process says that there is news."""
        if not self._followed.keys().isdisjoint(ends):
            self._wake.set()

    async def subscribe(
        self,
        tenant: str,
        channel: Channel,
        *,
        redacted: bool,
        after: str | None = None,
        let_go: Callable[[], None] = lambda: None,
    ) -> Subscription:
        """Tell a client of a channel's changes: past the message with the id `after`, or from now.

        Its first message is `position`, or `reset` if it can't go on from there. `let_go` is called
        when the client does not keep up. Raises `TooManyClients`, `HubClosed`, or
        `psycopg.OperationalError`.
        """
        if self._stopping.is_set():
            raise HubClosed
        if self.clients >= self._most:
            raise TooManyClients

        def too_slow() -> None:
            self.let_go += 1
            let_go()

        who = Subscription(channel, redacted=redacted, room=self._room, let_go=too_slow)
        self._joining += 1
        try:
            self._start()
            following = await self._follow_too(tenant)
            who.on_close = lambda: self._left(following, who)
            following.here.add(who)
            try:
                await self._place(following, who, after)
            except BaseException:
                who.close()
                raise
            self._clients.add(who)
        finally:
            self._joining -= 1
        if self._stopping.is_set():
            who.end()
        return who

    def stop(self) -> None:
        """End all streams, so that nobody waits for them; clients go on elsewhere."""
        self._stopping.set()
        for who in self._clients:
            who.end()

    async def close(self) -> None:
        """End all streams, and what this does by itself."""
        self.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _left(self, following: Following, who: Subscription) -> None:
        self._clients.discard(who)
        following.leave(who, time.monotonic())

    async def _place(self, following: Following, who: Subscription, after: str | None) -> None:
        """The first message, and everything after it."""
        reason, pos = None, following.pos
        if after is not None:
            reason, pos = await self._found(following, after)
        name = "position" if reason is None else "reset"
        who.put_before([following.standing(name, who.channel, pos, reason)], pos)
        if pos < following.since:
            who.past = self._past(following, who, pos)
        else:
            following.join(who, pos)

    async def _found(self, following: Following, after: str) -> tuple[str | None, int]:
        """Where a client goes on; with a reason if that is not where it was."""
        wanted = read_position(after)
        if wanted is None:
            return "unreadable", following.pos
        if wanted.tag != following.tag:
            return "tenant", following.pos
        if wanted.epoch == following.epoch and following.since <= wanted.pos <= following.pos:
            return None, wanted.pos
        reason = await self._why_not(following, wanted)
        # What was followed may have begun another epoch meanwhile.
        if reason is None and wanted.epoch != following.epoch:
            reason = "epoch"
        return reason, wanted.pos if reason is None else following.pos

    async def _why_not(self, following: Following, wanted: Position) -> str | None:
        """Why a client can't go on from where it was; None: it can."""
        kept = await self._ask(lambda connection: kept_of(connection, following.tenant))
        if wanted.epoch != kept.epoch:
            return "epoch"
        if wanted.pos > kept.newest:
            return "ahead"
        if wanted.pos < kept.oldest - 1 or kept.newest - wanted.pos > FARTHEST:
            return "gone"
        # It has heard of an epoch that is news to us, from another server.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while following.epoch != kept.epoch:
                    self._wake.set()
                    await asyncio.sleep(POLL / 10)
        return None

    async def _past(
        self, following: Following, who: Subscription, pos: int
    ) -> AsyncIterator[bytes]:
        """What a client missed, page by page as it is taken; then it listens with the others."""
        epoch = following.epoch
        while pos < following.since and following.epoch == epoch:
            found = await self._page(following, pos)
            if found.epoch != epoch or found.upto == pos:
                break
            told = [
                x.message(who.channel, redacted=who.redacted)
                for x in found.changes
                if who.channel in x.channels
            ]
            pos = who.told = found.upto
            if any(told):
                yield b"".join(x for x in told if x is not None)
        if pos < following.since or following.epoch != epoch:
            # A page was removed meanwhile, or the whole epoch ended.
            reason = "gone" if following.epoch == epoch else "epoch"
            pos = following.pos
            reset = following.standing("reset", who.channel, pos, reason)
            who.put_before([reset], pos)
        following.join(who, pos)

    async def _page(self, following: Following, pos: int) -> News:
        return await self._ask(lambda connection: news(connection, following.where, pos))

    async def _follow_too(self, tenant: str) -> Following:
        following = self._followed.get(tenant)
        if following is not None:
            return following
        async with asyncio.timeout(PATIENCE):
            kept = await self._ask(lambda connection: kept_of(connection, tenant))
            while kept.epoch == UNFED:
                # A relay that has just begun is soon there.
                await asyncio.sleep(POLL / 5)
                kept = await self._ask(lambda connection: kept_of(connection, tenant))
        # Somebody else may have been quicker.
        return self._followed.setdefault(
            tenant,
            Following(
                tenant,
                kept.epoch,
                kept.newest,
                remembered=self._remembered,
                now=time.monotonic(),
            ),
        )

    async def _ask(self, question: Callable[[Connection], Awaitable[T]]) -> T:
        """Ask the database beside what is followed. Raises `OperationalError` or `TimeoutError`."""
        async with (
            self._asking,
            asyncio.timeout(PATIENCE),
            await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True) as connection,
        ):
            return await question(connection)

    def _start(self) -> None:
        if not self._tasks:
            self._tasks = [
                asyncio.create_task(self._again_and_again(work))
                for work in (self._listen, self._look, self._beat)
            ]

    async def _again_and_again(self, work: Callable[[], Awaitable[None]]) -> None:
        """A database that is away is waited for. A bug ends the streams: they must not hang."""
        while True:
            with contextlib.suppress(psycopg.OperationalError, TimeoutError):
                try:
                    await work()
                except (psycopg.OperationalError, TimeoutError):
                    raise
                except Exception:
                    log.exception("live updates broke off")
                    for who in list(self._clients):
                        who.drop()
            await asyncio.sleep(POLL)

    async def _listen(self) -> None:
        connect = psycopg.AsyncConnection.connect(self._conninfo, autocommit=True)
        async with await connect as connection:
            await connection.execute(f"LISTEN {CHANNEL}".encode())
            async for word in connection.notifies():
                if word.payload.rpartition(" ")[0] in self._followed:
                    self._wake.set()

    async def _look(self) -> None:
        connect = psycopg.AsyncConnection.connect(self._conninfo, autocommit=True)
        async with await connect as connection:
            while True:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(POLL):
                        await self._wake.wait()
                self._wake.clear()
                followed = list(self._followed.values())
                if followed:
                    async with asyncio.timeout(PATIENCE):
                        found = await ends_of(connection, [x.tenant for x in followed])
                    for following in followed:
                        end = found.ends[following.tenant]
                        await self._read_if_it_can(connection, following, found.epoch, end)

    async def _read_if_it_can(
        self, connection: Connection, following: Following, epoch: str, end: int
    ) -> None:
        """A bug, or an entry that a later release wrote, ends its own tenant's streams alone."""
        try:
            await self._read(connection, following, epoch, end)
        except (psycopg.OperationalError, TimeoutError):
            raise
        except Exception:
            log.exception("live updates of tenant %s broke off", following.tenant)
            self._followed.pop(following.tenant, None)
            for who in list(following.here):
                who.drop()

    async def _read(
        self, connection: Connection, following: Following, epoch: str, end: int
    ) -> None:
        """Tell what is new in one feed."""
        if epoch != following.epoch or end < following.pos:
            following.begin(epoch, end)
        while following.pos < end:
            async with asyncio.timeout(PATIENCE):
                found = await news(connection, following.where, following.pos)
            if found.epoch != following.epoch:
                # The next look sees where the new epoch begins.
                self._wake.set()
                return
            if found.upto == following.pos:
                # Its pages were removed, or the rows that they name: nobody can be told of it.
                following.begin(epoch, end, reason="gone")
                return
            following.publish(found.changes, found.upto)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._heartbeat)
            now = time.monotonic()
            for tenant, following in list(self._followed.items()):
                following.beat()
                if not following.here and now - following.idle_since > LINGER:
                    del self._followed[tenant]
