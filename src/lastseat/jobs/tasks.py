"""All that happens by itself. A new task is a line here.

A *loop* runs in every worker from start to end and returns soon after `working.stopping` is set. It
is for what must not wait, such as a hold that runs out this second. One that breaks off is begun
again.

A *periodic task* is a job of the queue: of all workers on a database one runs it, at the times of
its cron line (minutes at the finest, UTC). It is bounded, looks at `working.stopping` between its
units, and may be run twice or broken off anywhere: what it left is done the next time. One that
raises is kept in the queue as failed, and shown by `lastseat jobs`.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from msgspec import Struct

from lastseat.jobs.expiring import expire_holds
from lastseat.jobs.no_shows import note_late_no_shows, note_no_shows
from lastseat.jobs.subscriptions import refresh_calendars
from lastseat.jobs.upkeep import clean_up
from lastseat.jobs.waiting import end_waiting
from lastseat.jobs.webhooks import sweep, webhooks
from lastseat.jobs.working import Working

Work = Callable[[Working], Coroutine[Any, Any, None]]


class Periodic(Struct, frozen=True):
    """A task, and when it is due. `name` stays: waiting jobs are found by it."""

    name: str
    cron: str
    work: Work


LOOPS: list[Work] = [
    expire_holds,
    webhooks,
]

PERIODIC: list[Periodic] = [
    Periodic("no-shows", "* * * * *", note_no_shows),
    Periodic("late-no-shows", "7 * * * *", note_late_no_shows),
    Periodic("waiting", "* * * * *", end_waiting),
    Periodic("calendars", "*/5 * * * *", refresh_calendars),
    Periodic("clean-up", "*/10 * * * *", clean_up),
    Periodic("webhook-deliveries", "23 * * * *", sweep),
]
