"""The turnstile: what waits for a tenant goes through together, in one transaction.

PostgreSQL frees a row lock only after the commit's flush, so a hot row commits about once a flush
whatever the number of clients. The way past that is many commands to a commit. There is no linger
timer: a lone command goes at once; while its transaction runs a crowd gathers, and goes next.

Tenants are served in turn by the fast lanes, which never wait for a lock. Commands whose head is
busy, or has to be made, go to the slow lanes, grouped by what they name, in order within a group;
a head that a stranger holds stops its own group and nobody else. Queues are bounded: past the bound
callers wait, then are answered `overloaded`. A caller that goes away while queued is taken out.
"""

import asyncio
import time
from collections import deque
from collections.abc import Iterable

from lastseat.core import outcomes as o
from lastseat.core.commands import (
    AnyCommand,
    BookingId,
    ChangeCapacity,
    Define,
    EditEvent,
)
from lastseat.core.naming import bookables_of, targets_of
from lastseat.engine.counts import Counts
from lastseat.engine.drivers import Lane
from lastseat.engine.errors import EngineClosed, LastseatError
from lastseat.engine.executor import execute
from lastseat.engine.memory import Memory
from lastseat.engine.requests import Answer, Deferred, Failed, Result, Ticket
from lastseat.tracing import span

MOST_COMMANDS = 512
"""Commands in one batch."""

MOST_BYTES = 1_000_000
"""Roughly the bytes that one batch may write."""

CROWD = 64
"""So many commands are worth a batch of their own while others are written."""

LONGEST_PAUSE = 0.02
"""Seconds that an answer may be kept back until the database is busy with the next batch."""


_MAKING_HEADS = (Define, ChangeCapacity, EditEvent)
"""The commands that make heads or wait for an event: no fast lane can run them."""


class Pending:
    """A ticket and the caller who waits for its answer."""

    __slots__ = ("answer", "since", "ticket")

    def __init__(self, ticket: Ticket, answer: "asyncio.Future[Answer]") -> None:
        self.ticket = ticket
        self.answer = answer
        self.since = time.monotonic()


class Queue:
    """Commands that go together: a tenant's, or those of one group that waits for its heads."""

    __slots__ = ("decided", "group", "scheduled", "tenant_id", "waiting")

    def __init__(self, tenant_id: str, group: str | None = None) -> None:
        self.tenant_id = tenant_id
        self.group = group
        self.waiting: deque[Pending] = deque()
        self.scheduled = False
        self.decided: list[tuple[Pending, Answer]] = []
        """What is committed and still to be told to its callers."""

    def take(self) -> list[Pending]:
        """The next batch, without those whose callers have gone.

        Half of a crowd, so that the other half can gather while this one is written.
        """
        waiting = len(self.waiting)
        halve = waiting >= 2 * CROWD and not self.decided
        most = min(MOST_COMMANDS, waiting // 2 if halve else waiting)
        batch: list[Pending] = []
        size = 0
        while self.waiting and len(batch) < most and size < MOST_BYTES:
            pending = self.waiting.popleft()
            if not pending.answer.done():
                batch.append(pending)
                size += pending.ticket.weight
        return batch

    def tell(self) -> None:
        """Answer the callers whose commands are committed."""
        decided, self.decided = self.decided, []
        for pending, answer in decided:
            if not pending.answer.done():
                pending.answer.set_result(answer)


def group_of(command: AnyCommand) -> str:
    """What a command is queued under when it has to wait: the first thing that it names."""
    for target in targets_of(command):
        return target.booking_id if isinstance(target, BookingId) else target.bookable
    return bookables_of(command)[0]


class Turnstile:
    """Queues and lanes of one engine. Lives in one event loop.

    `fast` and `slow` lanes are one connection each. `queue_limit` bounds the commands waiting;
    past it a caller waits up to `queue_timeout` seconds. A command that has waited for its locks
    for `lock_patience` seconds is answered `overloaded`.
    """

    def __init__(
        self,
        lanes: Iterable[Lane],
        slow_lanes: Iterable[Lane],
        *,
        queue_limit: int = 20_000,
        queue_timeout: float = 1.0,
        lock_patience: float = 10.0,
    ) -> None:
        self.counts = Counts()
        self._memory = Memory()
        self._free = queue_limit
        """Places in the queues that nobody has."""
        self._line: deque[asyncio.Future[None]] = deque()
        """Who waits for one."""
        self._queue_timeout = queue_timeout
        self._lock_patience = lock_patience
        self._tenants: dict[str, Queue] = {}
        self._groups: dict[tuple[str, str], Queue] = {}
        self._ready: asyncio.Queue[Queue | None] = asyncio.Queue()
        self._ready_slow: asyncio.Queue[Queue | None] = asyncio.Queue()
        self._closed = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._open = 0
        self.fast_lanes = [*lanes]
        self.slow_lanes = [*slow_lanes]
        self._tasks = [asyncio.create_task(self._serve(x, self._ready)) for x in self.fast_lanes]
        self._tasks += [
            asyncio.create_task(self._serve(x, self._ready_slow)) for x in self.slow_lanes
        ]

    async def submit(self, ticket: Ticket) -> Answer:
        """Queue the command and wait for its answer. Raises a `LastseatError`."""
        if self._closed:
            raise EngineClosed("the engine is closed")
        # Counted from here on: `close` finishes those who wait for a place in the queue, too.
        self._open += 1
        self._idle.clear()
        try:
            if self._free:
                self._free -= 1
            elif not await self._wait_for_place():
                self.counts.turned_away += 1
                return Answer(o.Overloaded(retry_after=self._queue_timeout))
            try:
                pending = Pending(ticket, asyncio.get_running_loop().create_future())
                self._put(pending)
                return await pending.answer
            finally:
                self._give_place()
        finally:
            self._open -= 1
            if not self._open:
                self._idle.set()

    @property
    def crowded(self) -> bool:
        """Whether no place in the queues is free: who comes now has to wait for one."""
        return self._free <= 0

    @property
    def queued(self) -> int:
        """How many commands wait, those that wait for a place in the queues too."""
        queues = (*self._tenants.values(), *self._groups.values())
        return len(self._line) + sum(len(queue.waiting) for queue in queues)

    @property
    def open(self) -> int:
        """How many callers wait for an answer."""
        return self._open

    async def _wait_for_place(self) -> bool:
        """Whether a place was given up to us in time."""
        given = asyncio.get_running_loop().create_future()
        self._line.append(given)
        try:
            await asyncio.wait((given,), timeout=self._queue_timeout)
        except asyncio.CancelledError:
            if given.done():
                self._give_place()
            given.cancel()
            raise
        if not given.done():
            given.cancel()
            return False
        return True

    def _give_place(self) -> None:
        """Give a place up to whoever has waited longest."""
        while self._line:
            given = self._line.popleft()
            if not given.done():
                given.set_result(None)
                return
        self._free += 1

    async def close(self) -> None:
        """Take no more commands, finish those that are queued, close the connections."""
        self._closed = True
        await self._idle.wait()
        for _ in self.fast_lanes:
            self._ready.put_nowait(None)
        for _ in self.slow_lanes:
            self._ready_slow.put_nowait(None)
        await asyncio.gather(*self._tasks)
        for lane in [*self.fast_lanes, *self.slow_lanes]:
            await lane.close()

    def _put(self, pending: Pending) -> None:
        command = pending.ticket.command
        group = self._groups.get((command.tenant_id, group_of(command))) if self._groups else None
        if group is not None:
            # Others wait for the same thing already: keep their order.
            group.waiting.append(pending)
        elif isinstance(command, _MAKING_HEADS):
            self._put_in_group(pending)
        else:
            queue = self._tenants.get(command.tenant_id)
            if queue is None:
                queue = self._tenants[command.tenant_id] = Queue(command.tenant_id)
            queue.waiting.append(pending)
            self._schedule(queue)

    def _put_in_group(self, pending: Pending) -> None:
        command = pending.ticket.command
        key = command.tenant_id, group_of(command)
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = Queue(*key)
        group.waiting.append(pending)
        self._schedule(group)

    def _schedule(self, queue: Queue) -> None:
        if not queue.scheduled:
            queue.scheduled = True
            (self._ready if queue.group is None else self._ready_slow).put_nowait(queue)

    async def _serve(self, lane: Lane, ready: "asyncio.Queue[Queue | None]") -> None:
        """What one lane does all day: take the next queue's next batch through."""
        while True:
            queue = await ready.get()
            if queue is None:
                return
            batch = queue.take()
            if batch:
                began = time.monotonic()
                results = await self._run(lane, queue, batch)
                queue.tell()
                self._count(batch, results, began)
                self._settle(queue, batch, results)
            queue.scheduled = False
            if queue.waiting:
                self._schedule(queue)
            elif queue.group is not None:
                del self._groups[queue.tenant_id, queue.group]
            else:
                del self._tenants[queue.tenant_id]

    def _count(self, batch: list[Pending], results: list[Result], began: float) -> None:
        counts = self.counts
        counts.batches.add(len(batch))
        counts.waited.add(began - batch[0].since)
        counts.took.add(time.monotonic() - began)
        counts.settled(results)

    async def _run(self, lane: Lane, queue: Queue, batch: list[Pending]) -> list[Result]:
        tickets = [pending.ticket for pending in batch]
        try:
            wait = queue.group is not None
            steps = execute(queue.tenant_id, tickets, wait=wait, memory=self._memory)
            with span("lastseat.batch", commands=len(batch)):
                results = await lane.drive(steps, queue.tell)
            assert len(results) == len(batch)
        except Exception as error:  # noqa: BLE001 - a bug must not take the lane with it
            return [Failed(error)] * len(batch)
        return results

    def _settle(self, queue: Queue, batch: list[Pending], results: list[Result]) -> None:
        """Answer the callers; queue the deferred again, in their order."""
        again: list[Pending] = []
        for pending, result in zip(batch, results, strict=True):
            if pending.answer.done():
                continue
            match result:
                case Answer():
                    queue.decided.append((pending, result))
                case Failed():
                    pending.answer.set_exception(_raised(result.error))
                case Deferred():
                    again.append(pending)
        if len(queue.waiting) >= CROWD:
            # Their callers would come back with more while the database has nothing to do.
            asyncio.get_running_loop().call_later(LONGEST_PAUSE, queue.tell)
        else:
            queue.tell()
        if queue.group is None:
            for pending in again:
                self._put_in_group(pending)
            return
        now = time.monotonic()
        for pending in reversed(again):
            if now - pending.since > self._lock_patience:
                pending.answer.set_result(Answer(o.Overloaded(retry_after=self._lock_patience)))
            else:
                queue.waiting.appendleft(pending)


def _raised(error: Exception) -> Exception:
    """A new exception for each caller: one instance raised in many tasks would mix tracebacks."""
    if isinstance(error, LastseatError):
        fresh = type(error)(*error.args)
        fresh.__cause__ = error.__cause__
        return fresh
    return error
