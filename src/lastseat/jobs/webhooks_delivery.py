"""Webhooks' messages delivered: at least once, those of one booking in order.

A message that is due is taken for the length of a lease, posted, and what that came to noted. A
worker that dies in between leaves a lease that runs out, and the message goes out again, with the
same id. Taking is one statement that skips what others have locked and whatever has something
earlier of its booking before it, so any number of workers keep the order together.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections import Counter
from typing import Any

import psycopg
from msgspec import Struct
from psycopg.rows import tuple_row

from lastseat.gateways.post import Bounds, NotPosted, Posted
from lastseat.jobs.working import Pool
from lastseat.ledger.sql import load
from lastseat.library import hooking

log = logging.getLogger("lastseat.jobs")

QUERIES = load("lastseat.jobs")

SCHEDULE = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Seconds until the next attempt, after each that failed (as Standard Webhooks has it); then a
message is dead."""

JITTER = 0.1
"""Of such a time, more or less: those who failed together do not come back together."""

LONGEST_WAIT = 86_400
"""Seconds for which a receiver may ask to be left alone."""

GONE = 410

Connection = psycopg.AsyncConnection[Any]


class Terms(Struct, frozen=True, kw_only=True):
    """How messages are delivered. Times are in seconds.

    `each` at a time to one endpoint, `most` to all, by one worker; of these `of_tenant` to those of
    one tenant, and `of_failing` to such as fail, which may take long about it. The `lease` must be
    longer than a post may take. An endpoint that fails for `patience` is disabled.
    """

    each: int = 4
    most: int = 64
    of_tenant: int = 32
    of_failing: int = 16
    lease: float = 30.0
    look: float = 1.0
    schedule: tuple[float, ...] = SCHEDULE
    patience: float = 5 * 86_400


class Due(Struct, frozen=True):
    """A message taken for one attempt, the `attempt`th."""

    tenant: str
    webhook_id: str
    delivery_id: str
    subject: str
    pos: int
    attempt: int
    url: str
    body: str
    failing: bool
    signing: list[bytes]


class Deliverer:
    """Delivers what is due; for one event loop."""

    def __init__(self, pool: Pool, terms: Terms, bounds: Bounds) -> None:
        assert terms.lease > bounds.seconds, "a message would be sent again while it is sent"
        self._pool = pool
        self._terms = terms
        self._bounds = bounds
        self._under_way: dict[asyncio.Task[None], Due] = {}
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """There may be something due."""
        self._wake.set()

    async def run(self, stopping: asyncio.Event) -> None:
        """Deliver what is due until asked to stop; what is under way then is finished."""
        ended = asyncio.create_task(stopping.wait())
        ended.add_done_callback(lambda _: self.wake())
        try:
            while not stopping.is_set():
                self._wake.clear()
                since = time.monotonic()
                try:
                    await self.take()
                except psycopg.OperationalError as error:
                    log.warning("webhooks wait for the database: %s", error)
                # With many thousands of endpoints a look takes long: it is not all that is done.
                await asyncio.sleep(min(time.monotonic() - since, self._terms.look))
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._terms.look):
                        await self._wake.wait()
                self._raise_bugs()
            await self.finish()
        finally:
            ended.cancel()
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)

    async def deliver_due(self) -> int:
        """Deliver until nothing is due; how many attempts that took."""
        taken = 0
        while True:
            self._wake.clear()
            taken += await self.take()
            if not self._under_way:
                return taken
            await self._wake.wait()
            self._raise_bugs()

    async def take(self) -> int:
        """Begin to deliver as much of what is due as there is room for; how much that was."""
        room = self._terms.most - len(self._under_way)
        if room <= 0:
            return 0
        busy = Counter((x.tenant, x.webhook_id) for x in self._under_way.values())
        failing = sum(x.failing for x in self._under_way.values())
        async with self._pool.connection() as connection:
            rows = await fetch(
                connection,
                "webhook_take",
                tenants=[tenant for tenant, _ in busy],
                webhooks=[webhook_id for _, webhook_id in busy],
                counts=list(busy.values()),
                each=self._terms.each,
                room=room,
                of_tenant=self._terms.of_tenant,
                of_failing=max(0, self._terms.of_failing - failing),
                longest=LONGEST_WAIT + 1.0,
                lease=self._terms.lease,
            )
        for row in rows:
            due = Due(*row)
            task = asyncio.create_task(self._deliver(due))
            self._under_way[task] = due
            task.add_done_callback(lambda _: self.wake())
        return len(rows)

    async def finish(self) -> None:
        """Wait for what is under way."""
        while self._under_way:
            await asyncio.wait(self._under_way)
            self._raise_bugs()

    def _raise_bugs(self) -> None:
        """Forget what is done. Raises what it should not have raised."""
        for task in [x for x in self._under_way if x.done()]:
            del self._under_way[task]
            task.result()

    async def _deliver(self, due: Due) -> None:
        if not due.signing:
            # The endpoint was removed a moment ago, and the message with it.
            return
        answer: Posted | NotPosted
        try:
            answer = await hooking.send(
                due.url, due.signing, due.delivery_id, due.body, self._bounds
            )
        except Exception:
            # A bug; what it hits must not keep all other messages waiting.
            log.exception("a webhook's message could not be sent")
            answer = NotPosted("could not be sent: the fault is ours")
        try:
            async with self._pool.connection() as connection:
                await self._note(connection, due, answer)
        except psycopg.OperationalError as error:
            # It goes out again when its lease runs out: at least once.
            log.warning("what became of a webhook's message could not be noted: %s", error)

    async def _note(self, connection: Connection, due: Due, answer: Posted | NotPosted) -> None:
        """Write down what an attempt came to."""
        which = {"tenant": due.tenant, "webhook": due.webhook_id}
        reason = hooking.reason_of(answer)
        status = answer.status if isinstance(answer, Posted) else None
        again = None
        if reason is None:
            await fetch(connection, "webhook_works", **which, url=due.url)
        else:
            wait = answer.retry_after if isinstance(answer, Posted) else None
            wait = min(wait, LONGEST_WAIT) if wait is not None else None
            ours = await fetch(
                connection,
                "webhook_fails",
                **which,
                url=due.url,
                gone=status == GONE,
                wait=wait,
                patience=self._terms.patience,
                days=f"{self._terms.patience / 86_400:g}",
            )
            # Gone is the address that it was sent to: if the endpoint has another, it goes there.
            never = status == GONE and bool(ours)
            again = None if never else self._again(due.attempt, wait)
        came_to = "delivered" if reason is None else "dead" if again is None else "pending"
        await fetch(
            connection,
            "webhook_done",
            **which,
            delivery=due.delivery_id,
            attempt=due.attempt,
            status=came_to,
            answered=status,
            reason=reason,
            again=again,
        )
        await fetch(
            connection,
            "webhook_followers",
            **which,
            subject=due.subject,
            pos=due.pos,
            again=again,
        )

    def _again(self, attempt: int, wait: float | None) -> float | None:
        """In how many seconds to try again after that attempt; None: no more."""
        schedule = self._terms.schedule
        if attempt > len(schedule):
            return None
        pause = schedule[attempt - 1] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - jitter
        return max(pause, wait or 0.0)


async def deliver_due(pool: Pool, terms: Terms, bounds: Bounds) -> int:
    """Deliver until nothing is due; how many attempts that took."""
    return await Deliverer(pool, terms, bounds).deliver_due()


async def overdue(connection: Connection) -> tuple[int, float]:
    """How many messages could go out and do not (up to 10,000), and for how long the oldest."""
    ((count, seconds),) = await fetch(connection, "webhooks_overdue")
    return count, seconds


async def fetch(
    connection: Connection, name: str, /, *, cursor: Any = None, **params: Any
) -> list[tuple[Any, ...]]:
    """The rows of a named query."""
    if cursor is None:
        async with connection.cursor(row_factory=tuple_row) as own:
            return await fetch(connection, name, cursor=own, **params)
    await cursor.execute(QUERIES[name], params)
    found: list[tuple[Any, ...]] = await cursor.fetchall() if cursor.description is not None else []
    return found
