"""The library's asynchronous face: an engine, and a tenant's operations as coroutines.

A refusal is returned, never raised: look at `outcome.ok`, or match on its type. What is raised is a
`LastseatError` (the database is away, an answer was lost) or `NotFound`, by reads of what is not
there. Times are aware datetimes; answers are in UTC.
"""

import asyncio
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import psycopg
import psycopg_pool

from lastseat.core import commands as c
from lastseat.core import limits
from lastseat.core.events import ActorTime, Fact, Kind
from lastseat.core.observed import Observed, ObservedPlace, book_observed, cancel_observed
from lastseat.core.outcomes import AnyOutcome, Expired, Invalid
from lastseat.core.status import Status
from lastseat.engine.drivers import CONNECT_TIMEOUT, Lane
from lastseat.engine.errors import DatabaseUnavailable, EngineClosed, ForkedEngine, LastseatError
from lastseat.engine.process import generation
from lastseat.engine.requests import Answer
from lastseat.engine.turnstile import Turnstile
from lastseat.library.build import Claims, Commands, Seconds
from lastseat.library.checks import check
from lastseat.reads import views


class NotFound(LastseatError, LookupError):
    """The tenant has nothing of that id."""


class AsyncEngine:
    """Connections to one database and the turnstile before them; made by `open_async`.

    Safe to share by all tasks of one event loop. Close it, or use it as a context manager.
    """

    def __init__(
        self,
        conninfo: str,
        *,
        lanes: int = 2,
        slow_lanes: int = 2,
        prepare: bool = True,
        patience: float = 2.0,
        queue_limit: int = 20_000,
        queue_timeout: float = 1.0,
        lock_patience: float = 10.0,
    ) -> None:
        self.conninfo = conninfo
        self._pid = os.getpid()
        self._generation = generation()
        self._turnstile = Turnstile(
            [Lane(conninfo, prepare=prepare, patience=patience) for _ in range(lanes)],
            [Lane(conninfo, prepare=prepare, patience=patience) for _ in range(slow_lanes)],
            queue_limit=queue_limit,
            queue_timeout=queue_timeout,
            lock_patience=lock_patience,
        )
        self._patience = patience
        self._reads = psycopg_pool.AsyncConnectionPool(
            conninfo,
            min_size=0,
            max_size=4,
            open=False,
            timeout=patience,
            # Given up that soon, the next read tries anew; else it would wait out a growing pause.
            reconnect_timeout=patience,
            check=psycopg_pool.AsyncConnectionPool.check_connection,
            kwargs={
                "autocommit": True,
                "connect_timeout": CONNECT_TIMEOUT,
                "application_name": "lastseat-reads",
                "prepare_threshold": 5 if prepare else None,
            },
        )

    async def __aenter__(self) -> Self:
        await self._reads.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Finish what is queued, then close the connections."""
        await self._turnstile.close()
        await self._reads.close()

    def tenant(self, tenant_id: str, *, principal: str = "system") -> "AsyncTenant":
        """A tenant's operations, asked for by `principal`."""
        return AsyncTenant(self, tenant_id, principal=principal)

    async def execute(self, command: c.AnyCommand) -> Answer:
        """Run one command through the turnstile; the answer says whether it was a replay."""
        self.check_process()
        checked = check(command)
        if isinstance(checked, Invalid):
            return Answer(checked)
        return await self._turnstile.submit(checked)

    async def read(self, query: Any, *args: Any, **kwargs: Any) -> Any:
        """Run one of `reads.views` on a connection for reads."""
        self.check_process()
        try:
            async with self._reads.connection() as connection:
                return await query(connection, *args, **kwargs)
        except psycopg_pool.PoolClosed as error:
            raise EngineClosed("the engine is closed") from error
        except (psycopg_pool.PoolTimeout, psycopg.OperationalError) as error:
            raise DatabaseUnavailable(f"the database can't be reached: {error}") from error

    def check_process(self) -> None:
        """Raises `ForkedEngine` in a process forked after the engine was opened."""
        if generation() != self._generation:
            raise ForkedEngine(
                f"this engine was opened by process {self._pid}, and this is {os.getpid()}: its"
                " connections can't be shared after a fork; open an engine in each process"
            )


class AsyncTenant:
    """One tenant's operations. Cheap to make; keep no state but ids."""

    def __init__(self, engine: AsyncEngine, tenant_id: str, *, principal: str = "system") -> None:
        self.engine = engine
        self.commands = Commands(tenant_id, principal=principal)

    @property
    def tenant_id(self) -> str:
        """The tenant's id."""
        return self.commands.tenant_id

    async def execute(self, command: c.AnyCommand) -> Answer:
        """Run a command that `commands` made."""
        return await self.engine.execute(command)

    async def _outcome(self, command: c.AnyCommand) -> AnyOutcome:
        return (await self.engine.execute(command)).outcome

    # What there is to book

    async def define_occurrence(
        self,
        bookable: str,
        *,
        start: datetime,
        end: datetime,
        capacity: int,
        time_zone: str | None = None,
        actor_time: ActorTime | str = ActorTime.REFUSE,
    ) -> AnyOutcome:
        """Make an occurrence `[start, end)` with `capacity` places.

        `actor_time` says what a booking does about the actor's other bookings at that time (B8).
        The same definition again is `defined` with `created` false; another, `already_defined`.
        """
        return await self._outcome(
            self.commands.define_occurrence(
                bookable,
                start=start,
                end=end,
                capacity=capacity,
                time_zone=time_zone,
                actor_time=actor_time,
            )
        )

    async def define_resource(
        self,
        bookable: str,
        *,
        time_zone: str | None = None,
        actor_time: ActorTime | str = ActorTime.REFUSE,
    ) -> AnyOutcome:
        """Make an exclusive resource: a lane, a room, a person."""
        return await self._outcome(
            self.commands.define_resource(bookable, time_zone=time_zone, actor_time=actor_time)
        )

    async def define_pool(
        self,
        bookable: str,
        *,
        capacity: int,
        time_zone: str | None = None,
        actor_time: ActorTime | str = ActorTime.REFUSE,
    ) -> AnyOutcome:
        """Make a pool of `capacity` like units, such as skis: its peak overlap is bounded (A11)."""
        return await self._outcome(
            self.commands.define_pool(
                bookable, capacity=capacity, time_zone=time_zone, actor_time=actor_time
            )
        )

    async def define_event(
        self,
        event: str,
        *,
        starts: Sequence[datetime | str],
        duration: Seconds,
        time_zone: str,
        capacity: int,
        actor_time: ActorTime | str = ActorTime.REFUSE,
    ) -> AnyOutcome:
        """Make an event whose occurrences start at naive local times in `time_zone`.

        `duration` is in seconds or a timedelta. Book its occurrence `<event>@<local start>`.
        """
        return await self._outcome(
            self.commands.define_event(
                event,
                starts=starts,
                duration=duration,
                time_zone=time_zone,
                capacity=capacity,
                actor_time=actor_time,
            )
        )

    async def change_capacity(
        self,
        bookable: str,
        capacity: int,
        *,
        override: bool = False,
        reason: str | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """Set the capacity: `capacity_changed`, or `below_taken` when more is taken.

        An override, with its reason, marks the difference as overbooked. An event's capacity goes
        to its occurrences that have not ended and have no capacity of their own (B3).
        """
        return await self._outcome(
            self.commands.change_capacity(
                bookable, capacity, override=override, reason=reason, key=key
            )
        )

    # Bookings

    async def book(
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
        """Take all `claims` for `actor`, or none (A4, A11).

        `claims` is an occurrence's id (with `units` for a party), a `Claim`, or several. Comes to
        `booked`; or `already`, `full`, `conflict` (an exclusive resource is taken), `actor_busy`,
        `unknown_bookable`, `invalid`. `key` makes it safe to repeat (C6). `override`, with its
        `reason`, skips capacity and the actor's time (D3).
        """
        return await self._outcome(
            self.commands.book(
                claims,
                actor=actor,
                units=units,
                confirmed=confirmed,
                override=override,
                reason=reason,
                metadata=metadata,
                key=key,
            )
        )

    async def hold(
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
        """Take all claims for a while (A8, A9): `held`, or refused as `book` is.

        It expires `seconds` after the decision and can be extended up to `limit` seconds after it.
        """
        return await self._outcome(
            self.commands.hold(
                claims,
                actor=actor,
                units=units,
                seconds=seconds,
                limit=limit,
                metadata=metadata,
                key=key,
            )
        )

    async def confirm(
        self,
        booking: str,
        *,
        actor: str | None = None,
        version: int | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """Confirm a held or reserved booking: `confirmed`, `hold_expired`, `not_booked`.

        `booking` is its id; with `actor`, the occurrence on which the actor has it.
        """
        return await self._outcome(
            self.commands.confirm(booking, actor=actor, version=version, key=key)
        )

    async def release(
        self,
        booking: str,
        *,
        actor: str | None = None,
        version: int | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """Give a hold back: `released`; `not_held` leaves any other booking alone (A8)."""
        return await self._outcome(
            self.commands.release(booking, actor=actor, version=version, key=key)
        )

    async def cancel(
        self,
        booking: str,
        *,
        actor: str | None = None,
        version: int | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """Cancel a booking: `cancelled`; once more, or by who is not there, `not_booked` (A7).

        An id of which the tenant has no booking is `unknown_booking`.
        """
        return await self._outcome(
            self.commands.cancel(booking, actor=actor, version=version, key=key)
        )

    async def extend(
        self,
        booking: str,
        *,
        actor: str | None = None,
        seconds: Seconds = limits.HOLD_SECONDS,
        version: int | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """Let a hold run `seconds` from now: `extended`, or `extend_limit` (A9)."""
        return await self._outcome(
            self.commands.extend(booking, actor=actor, seconds=seconds, version=version, key=key)
        )

    async def move(
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
        """Give a booking new claims without giving up the old ones first (A10): `moved`."""
        return await self._outcome(
            self.commands.move(
                booking,
                claims,
                actor=actor,
                units=units,
                version=version,
                override=override,
                reason=reason,
                key=key,
            )
        )

    async def move_together(
        self,
        moves: Mapping[str, Claims],
        *,
        override: bool = False,
        reason: str | None = None,
        key: str | None = None,
    ) -> AnyOutcome:
        """Move several bookings, by id, in one step, all or none: also a swap when sold out."""
        return await self._outcome(
            self.commands.move_together(moves, override=override, reason=reason, key=key)
        )

    async def expire(self, *, limit: int = 1_000) -> int:
        """Journal the tenant's overdue holds as expired, oldest first; how many were.

        Decisions count them as free anyway; this makes the journal say so (A9).
        """
        due = await self.engine.read(views.due_holds, self.tenant_id, limit=_page(limit))
        outcomes = await asyncio.gather(*(self._outcome(self.commands.expire(x)) for x in due))
        return sum(isinstance(x, Expired) for x in outcomes)

    # Decisions on a picture (A2, A3)

    async def observe(self, occurrence: str) -> Observed:
        """An occurrence's roster and sequence now, to decide on. Raises `NotFound`.

        Holds whose time is over are journalled as expired first: the sequence of a picture that
        leaves them out has to be the one after it, or nobody could book on it.
        """
        there, places, due = await self.engine.read(views.observed, self.tenant_id, occurrence)
        if due is not None:
            await self._outcome(self.commands.expire(due))
            there, places, _ = await self.engine.read(views.observed, self.tenant_id, occurrence)
        if there is None or there.during is None:
            raise NotFound(f"there is no occurrence {occurrence!r}")
        seen = tuple(
            ObservedPlace(x.booking_id, x.actor, x.units, x.seat, x.status) for x in places
        )
        return Observed(occurrence, there.seq, there.capacity, there.during, seen)

    async def book_with_observed(
        self, observed: Observed, *, actor: str, units: int = 1, key: str | None = None
    ) -> AnyOutcome:
        """Book on what was observed: `already`, `full`, `booked`, or `conflict` when it changed."""
        refusal = book_observed(observed, actor, units)
        if refusal is not None:
            return refusal
        expected = {observed.bookable: observed.seq}
        return await self._outcome(
            self.commands.book(
                observed.bookable, actor=actor, units=units, expected=expected, key=key
            )
        )

    async def cancel_with_observed(
        self, observed: Observed, *, actor: str, key: str | None = None
    ) -> AnyOutcome:
        """Cancel on what was observed: `not_booked`, `cancelled`, or `conflict`."""
        refusal = cancel_observed(observed, actor)
        if refusal is not None:
            return refusal
        expected = {observed.bookable: observed.seq}
        return await self._outcome(
            self.commands.cancel(observed.bookable, actor=actor, expected=expected, key=key)
        )

    async def append_expect(
        self, appends: Mapping[str, tuple[int, Sequence[Fact]]], *, key: str | None = None
    ) -> AnyOutcome:
        """Append facts to streams at their expected sequences, all or none (A2).

        `appended`, or `conflict` with the actual sequence. Facts change no capacity: what does is
        decided by the engine, never appended. Put no personal data in them (H5).
        """
        return await self._outcome(self.commands.append_expect(appends, key=key))

    # Looking

    async def bookable(self, bookable: str) -> views.BookableView:
        """The bookable as it stands. Raises `NotFound`."""
        found: views.BookableView | None = await self.engine.read(
            views.bookable, self.tenant_id, bookable
        )
        if found is None:
            raise NotFound(f"there is no bookable {bookable!r}")
        return found

    async def is_booked(self, occurrence: str, actor: str) -> bool:
        """Whether the actor is on the roster (A5). Raises `NotFound`."""
        return await self.seat_of(occurrence, actor) > 0

    async def seat_of(self, occurrence: str, actor: str) -> int:
        """The actor's first seat, 1-based; 0 if absent (A5). Raises `NotFound`."""
        found = await self._place(occurrence, actor)
        return found[0] if found else 0

    async def seat_state(self, occurrence: str, actor: str) -> str:
        """`held`, `confirmed` or `none` (A8). Raises `NotFound`."""
        found = await self._place(occurrence, actor)
        if found is None:
            return "none"
        pending = (Status.HELD, Status.PENDING_APPROVAL)
        return "held" if found[1] in pending else "confirmed"

    async def roster(
        self, occurrence: str, *, after_seat: int = 0, limit: int = 1_000
    ) -> list[views.Place]:
        """The live bookings, oldest first: up to `limit` whose first seat is past `after_seat`.

        The last one's `seat` is the next page's `after_seat`. Raises `NotFound`.
        """
        after_seat, limit = _from("after_seat", after_seat), _page(limit)
        await self._occurrence(occurrence)
        places: list[views.Place] = await self.engine.read(
            views.roster, self.tenant_id, occurrence, after_seat=after_seat, limit=limit
        )
        return places

    async def seats_left(self, occurrence: str) -> int:
        """Units still free, never below 0 (A5). Raises `NotFound`."""
        return (await self._occurrence(occurrence)).left

    async def booking_count(self, occurrence: str) -> int:
        """Live bookings on the roster, parties counted once (A5). Raises `NotFound`."""
        await self._occurrence(occurrence)
        count: int = await self.engine.read(views.booking_count, self.tenant_id, occurrence)
        return count

    async def booking(self, booking_id: str) -> views.BookingView:
        """A booking, an expired hold too. Raises `NotFound`."""
        found: views.BookingView | None = None
        if _is_id(booking_id):
            found = await self.engine.read(views.booking, self.tenant_id, booking_id)
        if found is None:
            raise NotFound(f"there is no booking {booking_id!r}")
        return found

    async def journal(
        self, stream: str, *, after: int = 0, limit: int = 1_000
    ) -> list[views.JournalRow]:
        """A stream's entries past sequence `after`, in order, up to `limit`."""
        found: list[views.JournalRow] = await self.engine.read(
            views.journal, self.tenant_id, stream, after=_from("after", after), limit=_page(limit)
        )
        return found

    async def _occurrence(self, name: str) -> views.BookableView:
        found = await self.bookable(name)
        if found.kind is not Kind.OCCURRENCE:
            raise NotFound(f"{name!r} is no occurrence but a {found.kind}")
        return found

    async def _place(self, occurrence: str, actor: str) -> tuple[int, Status] | None:
        await self._occurrence(occurrence)
        found: tuple[int, Status] | None = await self.engine.read(
            views.place, self.tenant_id, occurrence, actor
        )
        return found


def _page(limit: int) -> int:
    if not 1 <= limit <= views.MOST_ROWS:
        raise ValueError(f"limit must be from 1 to {views.MOST_ROWS}")
    return limit


def _from(name: str, value: int) -> int:
    if not 0 <= value < 2**63:
        raise ValueError(f"{name} must be from 0 to {2**63 - 1}")
    return value


def _is_id(booking_id: str) -> bool:
    try:
        return str(UUID(booking_id)) == booking_id.lower()
    except ValueError:
        return False
