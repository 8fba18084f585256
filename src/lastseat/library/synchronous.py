"""The library's synchronous face: the same operations, for threads.

An engine runs the asynchronous one in a thread of its own, so all threads of the process share one
turnstile, and their commands share commits.
"""

import asyncio
import concurrent.futures
import threading
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Self, TypeVar

from lastseat.core import commands as c
from lastseat.core import limits
from lastseat.core.events import ActorTime, Fact
from lastseat.core.observed import Observed
from lastseat.core.outcomes import AnyOutcome
from lastseat.engine.errors import EngineClosed
from lastseat.engine.requests import Answer
from lastseat.library.asynchronous import AsyncEngine, AsyncTenant
from lastseat.library.build import Claims, Commands, Seconds
from lastseat.reads import views

T = TypeVar("T")


class Engine:
    """Connections to one database and the turnstile before them; made by `open`.

    Safe to share by all threads of a process, not across a fork. Close it, or use it as a context
    manager.
    """

    def __init__(self, make: Callable[[], AsyncEngine]) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="lastseat", daemon=True)
        self._thread.start()
        self._lock = threading.Lock()
        self._closed = False
        self._engine = self._wait(self._submit(self._open(make)))

    @staticmethod
    async def _open(make: Callable[[], AsyncEngine]) -> AsyncEngine:
        return await make().__aenter__()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def conninfo(self) -> str:
        """Where the database is, as libpq has it."""
        return self._engine.conninfo

    def close(self) -> None:
        """Finish what is queued, then close the connections."""
        self._engine.check_process()
        with self._lock:
            if self._closed:
                return
            self._closed = True
            closing = self._submit(self._finish())
        closing.result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _finish(self) -> None:
        await self._engine.close()
        # Nobody may be left waiting for an answer from a loop that has stopped.
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)

    def tenant(self, tenant_id: str, *, principal: str = "system") -> "Tenant":
        """A tenant's operations, asked for by `principal`."""
        return Tenant(self, AsyncTenant(self._engine, tenant_id, principal=principal))

    def execute(self, command: c.AnyCommand) -> Answer:
        """Run one command through the turnstile; the answer says whether it was a replay."""
        return self.call(self._engine.execute, command)

    def call(self, function: Callable[..., Awaitable[T]], *args: Any, **kwargs: Any) -> T:
        """Run a coroutine function of the asynchronous face and wait for it."""

        async def run() -> T:
            return await function(*args, **kwargs)

        # A forked child has no thread to answer: it would wait for ever.
        self._engine.check_process()
        # Under the lock, so that all is submitted before the engine closes or not at all.
        with self._lock:
            if self._closed:
                raise EngineClosed("the engine is closed")
            future = self._submit(run())
        return self._wait(future)

    def _submit(self, coroutine: Coroutine[Any, Any, T]) -> "concurrent.futures.Future[T]":
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    @staticmethod
    def _wait(future: "concurrent.futures.Future[T]") -> T:
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise


class Tenant:
    """One tenant's operations; `AsyncTenant` says what each comes to."""

    def __init__(self, engine: Engine, tenant: AsyncTenant) -> None:
        self.engine = engine
        self._tenant = tenant

    @property
    def tenant_id(self) -> str:
        """The tenant's id."""
        return self._tenant.tenant_id

    @property
    def commands(self) -> Commands:
        """The operations as commands, for `execute` and `execute_in`."""
        return self._tenant.commands

    def execute(self, command: c.AnyCommand) -> Answer:
        """Run a command that `commands` made."""
        return self.engine.execute(command)

    def define_occurrence(
        self,
        bookable: str,
        *,
        start: datetime,
        end: datetime,
        capacity: int,
        time_zone: str | None = None,
        actor_time: ActorTime | str = ActorTime.REFUSE,
    ) -> AnyOutcome:
        """See `AsyncTenant.define_occurrence`."""
        return self.engine.call(
            self._tenant.define_occurrence,
            bookable,
            start=start,
            end=end,
            capacity=capacity,
            time_zone=time_zone,
            actor_time=actor_time,
        )

    def define_resource(
        self,
        bookable: str,
        *,
        time_zone: str | None = None,
        actor_time: ActorTime | str = ActorTime.REFUSE,
    ) -> AnyOutcome:
        """See `AsyncTenant.define_resource`."""
        return self.engine.call(
            self._tenant.define_resource, bookable, time_zone=time_zone, actor_time=actor_time
        )

    def define_pool(
        self,
        bookable: str,
        *,
        capacity: int,
        time_zone: str | None = None,
        actor_time: ActorTime | str = ActorTime.REFUSE,
    ) -> AnyOutcome:
        """See `AsyncTenant.define_pool`."""
        return self.engine.call(
            self._tenant.define_pool,
            bookable,
            capacity=capacity,
            time_zone=time_zone,
            actor_time=actor_time,
        )

    def define_event(
        self,
        event: str,
        *,
        starts: Sequence[datetime | str],
        duration: Seconds,
        time_zone: str,
        capacity: int,
        actor_time: ActorTime | str = ActorTime.REFUSE,
    ) -> AnyOutcome:
        """See `AsyncTenant.define_event`."""
        return self.engine.call(
            self._tenant.define_event,
            event,
            starts=starts,
            duration=duration,
            time_zone=time_zone,
            capacity=capacity,
            actor_time=actor_time,
        )

    def change_capacity(
        self,
        bookable: str,
        capacity: int,
        *,
        override: bool = False,
        reason: str | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """See `AsyncTenant.change_capacity`."""
        return self.engine.call(
            self._tenant.change_capacity,
            bookable,
            capacity,
            override=override,
            reason=reason,
            key=key,
        )

    def book(
        self,
        claims: Claims,
        *,
        actor: str,
        units: int = 1,
        confirmed: bool = True,
        override: bool = False,
        reason: str | None = None,
        metadata: dict[str, Any] | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """See `AsyncTenant.book`."""
        return self.engine.call(
            self._tenant.book,
            claims,
            actor=actor,
            units=units,
            confirmed=confirmed,
            override=override,
            reason=reason,
            metadata=metadata,
            key=key,
        )

    def hold(
        self,
        claims: Claims,
        *,
        actor: str,
        units: int = 1,
        seconds: Seconds = limits.HOLD_SECONDS,
        limit: Seconds = limits.HOLD_LIMIT_SECONDS,
        metadata: dict[str, Any] | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """See `AsyncTenant.hold`."""
        return self.engine.call(
            self._tenant.hold,
            claims,
            actor=actor,
            units=units,
            seconds=seconds,
            limit=limit,
            metadata=metadata,
            key=key,
        )

    def confirm(
        self,
        booking: str,
        *,
        actor: str | None = None,
        version: int | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """See `AsyncTenant.confirm`."""
        return self.engine.call(
            self._tenant.confirm, booking, actor=actor, version=version, key=key
        )

    def release(
        self,
        booking: str,
        *,
        actor: str | None = None,
        version: int | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """See `AsyncTenant.release`."""
        return self.engine.call(
            self._tenant.release, booking, actor=actor, version=version, key=key
        )

    def cancel(
        self,
        booking: str,
        *,
        actor: str | None = None,
        version: int | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """See `AsyncTenant.cancel`."""
        return self.engine.call(self._tenant.cancel, booking, actor=actor, version=version, key=key)

    def extend(
        self,
        booking: str,
        *,
        actor: str | None = None,
        seconds: Seconds = limits.HOLD_SECONDS,
        version: int | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """See `AsyncTenant.extend`."""
        return self.engine.call(
            self._tenant.extend, booking, actor=actor, seconds=seconds, version=version, key=key
        )

    def move(
        self,
        booking: str,
        claims: Claims,
        *,
        actor: str | None = None,
        units: int = 1,
        version: int | None = None,
        override: bool = False,
        reason: str | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """See `AsyncTenant.move`."""
        return self.engine.call(
            self._tenant.move,
            booking,
            claims,
            actor=actor,
            units=units,
            version=version,
            override=override,
            reason=reason,
            key=key,
        )

    def move_together(
        self,
        moves: Mapping[str, Claims],
        *,
        override: bool = False,
        reason: str | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """See `AsyncTenant.move_together`."""
        return self.engine.call(
            self._tenant.move_together, moves, override=override, reason=reason, key=key
        )

    def expire(self, *, limit: int = 1000) -> int:
        """See `AsyncTenant.expire`."""
        return self.engine.call(self._tenant.expire, limit=limit)

    def observe(self, occurrence: str) -> Observed:
        """See `AsyncTenant.observe`."""
        return self.engine.call(self._tenant.observe, occurrence)

    def book_with_observed(
        self, observed: Observed, *, actor: str, units: int = 1, key: str | None = None
    ) -> AnyOutcome:
        """See `AsyncTenant.book_with_observed`."""
        return self.engine.call(
            self._tenant.book_with_observed, observed, actor=actor, units=units, key=key
        )

    def cancel_with_observed(
        self, observed: Observed, *, actor: str, key: str | None = None
    ) -> AnyOutcome:
        """See `AsyncTenant.cancel_with_observed`."""
        return self.engine.call(self._tenant.cancel_with_observed, observed, actor=actor, key=key)

    def append_expect(
        self, appends: Mapping[str, tuple[int, Sequence[Fact]]], *, key: str | None = None
    ) -> AnyOutcome:
        """See `AsyncTenant.append_expect`."""
        return self.engine.call(self._tenant.append_expect, appends, key=key)

    def bookable(self, bookable: str) -> views.BookableView:
        """See `AsyncTenant.bookable`."""
        return self.engine.call(self._tenant.bookable, bookable)

    def is_booked(self, occurrence: str, actor: str) -> bool:
        """See `AsyncTenant.is_booked`."""
        return self.engine.call(self._tenant.is_booked, occurrence, actor)

    def seat_of(self, occurrence: str, actor: str) -> int:
        """See `AsyncTenant.seat_of`."""
        return self.engine.call(self._tenant.seat_of, occurrence, actor)

    def seat_state(self, occurrence: str, actor: str) -> str:
        """See `AsyncTenant.seat_state`."""
        return self.engine.call(self._tenant.seat_state, occurrence, actor)

    def roster(
        self, occurrence: str, *, after_seat: int = 0, limit: int = 1000
    ) -> list[views.Place]:
        """See `AsyncTenant.roster`."""
        return self.engine.call(self._tenant.roster, occurrence, after_seat=after_seat, limit=limit)

    def seats_left(self, occurrence: str) -> int:
        """See `AsyncTenant.seats_left`."""
        return self.engine.call(self._tenant.seats_left, occurrence)

    def booking_count(self, occurrence: str) -> int:
        """See `AsyncTenant.booking_count`."""
        return self.engine.call(self._tenant.booking_count, occurrence)

    def booking(self, booking_id: str) -> views.BookingView:
        """See `AsyncTenant.booking`."""
        return self.engine.call(self._tenant.booking, booking_id)

    def journal(self, stream: str, *, after: int = 0, limit: int = 1000) -> list[views.JournalRow]:
        """See `AsyncTenant.journal`."""
        return self.engine.call(self._tenant.journal, stream, after=after, limit=limit)
