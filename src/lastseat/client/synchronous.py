"""The client's synchronous face, for threads. Each operation is its line here; see commands.py."""

import random
import threading
import time
from contextlib import AbstractContextManager, nullcontext
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
from lastseat.client.faces import iterates, waits
from lastseat.client.live import streams
from lastseat.client.retrying import Retries

T = TypeVar("T")


class Client:
    """A tenant's operations over HTTP; safe to share by threads. Close it, or use it in a `with`.

    `key` is an API key or a signed token, and says which tenant's: `tenant` is only for a person
    of several, or a service without authentication. `timeout` is in seconds, for each try and each
    of its steps (connecting, sending, waiting for more); `retries` bounds the tries. No more than
    `connections` requests are under way at a time, others wait their turn.
    `http`, an `httpx.Client`, is for proxies, certificates and limits of your own; it stays yours.
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
        http: httpx.Client | None = None,
    ) -> None:
        self.commands = Commands()
        self._retries = retries or Retries()
        self._ours = http is None
        room = limits(connections)
        self._http = http or httpx.Client(limits=room)
        self._turn = threading.BoundedSemaphore(connections)
        self._settings = settings(base_url, key, tenant, timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        if self._ours:
            self._http.close()

    def execute(self, call: Call[T]) -> Answer[T]:
        """Run a call that `commands` made; the answer says whether it was a replay.

        Raises `ServiceError` for what is no outcome, `Unavailable` when there was no answer.
        Executed again, a write is not done again: its key is in the call.
        """
        steps = exchange(call, self._retries, time.monotonic())
        try:
            step = next(steps)
            while True:
                step = steps.send(self._do(step))
        except StopIteration as done:
            answer: Answer[T] = done.value
            return answer

    def _do(self, step: Send | Pause) -> Met:
        what: Reply | Broken | None = None
        if isinstance(step, Send):
            what = self._send(step)
        else:
            # So that those who failed together do not come back together: no secret.
            time.sleep(random.uniform(step.least, step.most))  # noqa: S311
        return Met(time.monotonic(), what)

    def _send(self, step: Send) -> Reply | Broken:
        if not self._turn.acquire(timeout=step.seconds):
            return NO_TURN
        try:
            sent = request(self._settings, step)
            return reply(self._http.send(sent, follow_redirects=False))
        except FAILED as error:
            return broken(error)
        finally:
            self._turn.release()

    define_occurrence = waits(Commands.define_occurrence)
    define_resource = waits(Commands.define_resource)
    define_pool = waits(Commands.define_pool)
    define_composite = waits(Commands.define_composite)
    define_event = waits(Commands.define_event)
    edit_event = waits(Commands.edit_event)
    change_capacity = waits(Commands.change_capacity)
    book = waits(Commands.book)
    hold = waits(Commands.hold)
    book_series = waits(Commands.book_series)
    confirm = waits(Commands.confirm)
    release = waits(Commands.release)
    cancel = waits(Commands.cancel)
    extend = waits(Commands.extend)
    check_in = waits(Commands.check_in)
    check_out = waits(Commands.check_out)
    complete = waits(Commands.complete)
    no_show = waits(Commands.no_show)
    update = waits(Commands.update)
    move = waits(Commands.move)
    move_together = waits(Commands.move_together)
    join_waitlist = waits(Commands.join_waitlist)
    join_service_waitlist = waits(Commands.join_service_waitlist)
    position = waits(Commands.position)
    waitlist = iterates(Commands.waitlist)
    expire = waits(Commands.expire)
    book_with_observed = waits(Commands.book_with_observed)
    cancel_with_observed = waits(Commands.cancel_with_observed)
    append_expect = waits(Commands.append_expect)
    observe = waits(Commands.observe)
    bookable = waits(Commands.bookable)
    schedule = waits(Commands.schedule)
    is_booked = waits(Commands.is_booked)
    seat_of = waits(Commands.seat_of)
    seat_state = waits(Commands.seat_state)
    seats_left = waits(Commands.seats_left)
    booking_count = waits(Commands.booking_count)
    booking = waits(Commands.booking)

    bookables = iterates(Commands.bookables)
    roster = iterates(Commands.roster)
    journal = iterates(Commands.journal)
    bookings = iterates(Commands.bookings)
    audit = iterates(Commands.audit)
    booking_journal = iterates(Commands.booking_journal)
    forget = waits(Commands.forget)

    busy = iterates(Commands.busy)
    conflicts = iterates(Commands.conflicts)
    free = iterates(Commands.free)
    is_free = waits(Commands.is_free)
    next_free = waits(Commands.next_free)
    slots = iterates(Commands.slots)
    suggest = waits(Commands.suggest)
    agenda = iterates(Commands.agenda)
    effective_hours = waits(Commands.effective_hours)
    outside_rules = waits(Commands.outside_rules)
    rules = waits(Commands.rules)
    set_rules = waits(Commands.set_rules)

    create_location = waits(Commands.create_location)
    location = waits(Commands.location)
    update_location = waits(Commands.update_location)
    create_service = waits(Commands.create_service)
    service = waits(Commands.service)
    update_service = waits(Commands.update_service)
    book_service = waits(Commands.book_service)
    reserve = waits(Commands.reserve)
    reservation = waits(Commands.reservation)
    extend_reservation = waits(Commands.extend_reservation)
    commit = waits(Commands.commit)
    reschedule = waits(Commands.reschedule)
    cancel_by_token = waits(Commands.cancel_by_token)
    capacity = waits(Commands.capacity)
    locations = iterates(Commands.locations)
    services = iterates(Commands.services)

    import_ics = waits(Commands.import_ics)
    refresh_calendar = waits(Commands.refresh_calendar)
    calendar = waits(Commands.calendar)
    remove_calendar = waits(Commands.remove_calendar)
    export_calendar = waits(Commands.export_calendar)
    create_feed = waits(Commands.create_feed)
    change_feed = waits(Commands.change_feed)
    revoke_feed = waits(Commands.revoke_feed)
    calendars = iterates(Commands.calendars)
    feeds = iterates(Commands.feeds)

    create_webhook = waits(Commands.create_webhook)
    webhook = waits(Commands.webhook)
    change_webhook = waits(Commands.change_webhook)
    remove_webhook = waits(Commands.remove_webhook)
    rotate_webhook_secret = waits(Commands.rotate_webhook_secret)
    test_webhook = waits(Commands.test_webhook)
    replay_webhook = waits(Commands.replay_webhook)
    webhooks = iterates(Commands.webhooks)
    webhook_deliveries = iterates(Commands.webhook_deliveries)

    live = streams(Commands.live)

    def _streaming(self) -> AbstractContextManager[httpx.Client]:
        """Where a stream goes: it must not take the place of ordinary calls."""
        return httpx.Client() if self._ours else nullcontext(self._http)
