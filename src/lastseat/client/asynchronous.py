"""The client's asynchronous face. Each operation is its line here; see commands.py."""

import asyncio
import random
import time
from contextlib import AbstractAsyncContextManager, nullcontext
from types import TracebackType
from typing import Self, TypeVar

import httpx

from lastseat.client.call import Answer, Call
from lastseat.client.commands import Commands
from lastseat.client.driving import (
    CONNECTIONS,
    FAILED,
    NO_TURN,
    broken,
    limits,
    reply,
    request,
    settings,
)
from lastseat.client.exchange import Broken, Met, Pause, Reply, Send, exchange
from lastseat.client.faces import awaits, iterates_async
from lastseat.client.live import streams_async
from lastseat.client.retrying import Retries

T = TypeVar("T")


class AsyncClient:
    """A tenant's operations over HTTP; for the tasks of one event loop.

    Close it, or use it in an `async with`.

    `key` is an API key or a signed token, and says which tenant's: `tenant` is only for a person
    of several, or a service without authentication. `timeout` is in seconds, for each try and each
    of its steps (connecting, sending, waiting for more); `retries` bounds the tries. No more than
    `connections` requests are under way at a time, others wait their turn.
    `http`, an `httpx.AsyncClient`, is for proxies, certificates and limits of your own; it
    stays yours.
    """

    def __init__(
        self,
        base_url: str,
        *,
        key: str | None = None,
        tenant: str | None = None,
        timeout: float = 10.0,
        retries: Retries | None = None,
        connections: int = CONNECTIONS,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        self.commands = Commands()
        self._retries = retries or Retries()
        self._ours = http is None
        room = limits(connections)
        self._http = http or httpx.AsyncClient(limits=room)
        self._turn = asyncio.Semaphore(connections)
        self._settings = settings(base_url, key, tenant, timeout)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        if self._ours:
            await self._http.aclose()

    async def execute(self, call: Call[T]) -> Answer[T]:
        """Run a call that `commands` made; the answer says whether it was a replay.

        Raises `ServiceError` for what is no outcome, `Unavailable` when there was no answer.
        Executed again, a write is not done again: its key is in the call.
        """
        steps = exchange(call, self._retries, time.monotonic())
        try:
            step = next(steps)
            while True:
                step = steps.send(await self._do(step))
        except StopIteration as done:
            answer: Answer[T] = done.value
            return answer

    async def _do(self, step: Send | Pause) -> Met:
        what: Reply | Broken | None = None
        if isinstance(step, Send):
            what = await self._send(step)
        else:
            # So that those who failed together do not come back together: no secret.
            await asyncio.sleep(random.uniform(step.least, step.most))  # noqa: S311
        return Met(time.monotonic(), what)

    async def _send(self, step: Send) -> Reply | Broken:
        try:
            async with asyncio.timeout(step.seconds):
                await self._turn.acquire()
        except TimeoutError:
            return NO_TURN
        try:
            sent = request(self._settings, step)
            return reply(await self._http.send(sent, follow_redirects=False))
        except FAILED as error:
            return broken(error)
        finally:
            self._turn.release()

    define_occurrence = awaits(Commands.define_occurrence)
    define_resource = awaits(Commands.define_resource)
    define_pool = awaits(Commands.define_pool)
    define_composite = awaits(Commands.define_composite)
    define_event = awaits(Commands.define_event)
    edit_event = awaits(Commands.edit_event)
    change_capacity = awaits(Commands.change_capacity)
    book = awaits(Commands.book)
    hold = awaits(Commands.hold)
    book_series = awaits(Commands.book_series)
    confirm = awaits(Commands.confirm)
    release = awaits(Commands.release)
    cancel = awaits(Commands.cancel)
    extend = awaits(Commands.extend)
    check_in = awaits(Commands.check_in)
    check_out = awaits(Commands.check_out)
    complete = awaits(Commands.complete)
    no_show = awaits(Commands.no_show)
    update = awaits(Commands.update)
    move = awaits(Commands.move)
    move_together = awaits(Commands.move_together)
    join_waitlist = awaits(Commands.join_waitlist)
    join_service_waitlist = awaits(Commands.join_service_waitlist)
    position = awaits(Commands.position)
    waitlist = iterates_async(Commands.waitlist)
    expire = awaits(Commands.expire)
    book_with_observed = awaits(Commands.book_with_observed)
    cancel_with_observed = awaits(Commands.cancel_with_observed)
    append_expect = awaits(Commands.append_expect)
    observe = awaits(Commands.observe)
    bookable = awaits(Commands.bookable)
    schedule = awaits(Commands.schedule)
    is_booked = awaits(Commands.is_booked)
    seat_of = awaits(Commands.seat_of)
    seat_state = awaits(Commands.seat_state)
    seats_left = awaits(Commands.seats_left)
    booking_count = awaits(Commands.booking_count)
    booking = awaits(Commands.booking)

    bookables = iterates_async(Commands.bookables)
    roster = iterates_async(Commands.roster)
    journal = iterates_async(Commands.journal)
    bookings = iterates_async(Commands.bookings)
    audit = iterates_async(Commands.audit)
    booking_journal = iterates_async(Commands.booking_journal)
    forget = awaits(Commands.forget)

    busy = iterates_async(Commands.busy)
    conflicts = iterates_async(Commands.conflicts)
    free = iterates_async(Commands.free)
    is_free = awaits(Commands.is_free)
    next_free = awaits(Commands.next_free)
    slots = iterates_async(Commands.slots)
    suggest = awaits(Commands.suggest)
    agenda = iterates_async(Commands.agenda)
    effective_hours = awaits(Commands.effective_hours)
    outside_rules = awaits(Commands.outside_rules)
    rules = awaits(Commands.rules)
    set_rules = awaits(Commands.set_rules)

    create_location = awaits(Commands.create_location)
    location = awaits(Commands.location)
    update_location = awaits(Commands.update_location)
    create_service = awaits(Commands.create_service)
    service = awaits(Commands.service)
    update_service = awaits(Commands.update_service)
    book_service = awaits(Commands.book_service)
    reserve = awaits(Commands.reserve)
    reservation = awaits(Commands.reservation)
    extend_reservation = awaits(Commands.extend_reservation)
    commit = awaits(Commands.commit)
    reschedule = awaits(Commands.reschedule)
    cancel_by_token = awaits(Commands.cancel_by_token)
    capacity = awaits(Commands.capacity)
    locations = iterates_async(Commands.locations)
    services = iterates_async(Commands.services)

    import_ics = awaits(Commands.import_ics)
    refresh_calendar = awaits(Commands.refresh_calendar)
    calendar = awaits(Commands.calendar)
    remove_calendar = awaits(Commands.remove_calendar)
    export_calendar = awaits(Commands.export_calendar)
    create_feed = awaits(Commands.create_feed)
    change_feed = awaits(Commands.change_feed)
    revoke_feed = awaits(Commands.revoke_feed)
    calendars = iterates_async(Commands.calendars)
    feeds = iterates_async(Commands.feeds)

    create_webhook = awaits(Commands.create_webhook)
    webhook = awaits(Commands.webhook)
    change_webhook = awaits(Commands.change_webhook)
    remove_webhook = awaits(Commands.remove_webhook)
    rotate_webhook_secret = awaits(Commands.rotate_webhook_secret)
    test_webhook = awaits(Commands.test_webhook)
    replay_webhook = awaits(Commands.replay_webhook)
    webhooks = iterates_async(Commands.webhooks)
    webhook_deliveries = iterates_async(Commands.webhook_deliveries)

    live = streams_async(Commands.live)

    def _streaming(self) -> AbstractAsyncContextManager[httpx.AsyncClient]:
        """Where a stream goes: it must not take the place of ordinary calls."""
        return httpx.AsyncClient() if self._ours else nullcontext(self._http)
