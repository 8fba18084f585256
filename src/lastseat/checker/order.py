"""Real time: what came before what, and which states an operation can have seen (property 6).

If A returned before B was invoked, A's steps come before B's on every stream both touch. So along
a stream the steps have two bounds: none may have returned before one in front of it was invoked.
From them follows the window of states that a refusal can have been decided on.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import accumulate
from math import inf

from msgspec import Struct, field

from lastseat.checker.history import History, Operation
from lastseat.checker.model import Booking, Stream, Tenant
from lastseat.checker.verdict import Verdict


def check_order(tenant: Tenant, verdict: Verdict) -> None:
    """No step returned before one in front of it was invoked."""
    for stream in tenant.streams.values():
        latest, last = -inf, None
        for command in stream.steps:
            if command.returned < latest and last is not None:
                what = (
                    f"{stream.name}: {command} had returned before {last} was invoked,"
                    " and comes after it in the journal"
                )
                verdict.add("real_time", what, command.op, last.op, tenant=tenant.name)
            if command.invoked > latest:
                latest, last = command.invoked, command


def window(stream: Stream, operation: Operation) -> tuple[int, int]:
    """The first and the last state of a stream that the operation can have seen."""
    if stream.invoked_before is None or stream.returned_after is None:
        latest, invoked = -inf, []
        for command in stream.steps:
            latest = max(latest, command.invoked)
            invoked.append(latest)
        earliest, returned = inf, []
        for command in reversed(stream.steps):
            earliest = min(earliest, command.returned)
            returned.append(earliest)
        returned.reverse()
        stream.invoked_before, stream.returned_after = invoked, returned
    first = bisect_left(stream.returned_after, operation.since)
    last = bisect_right(stream.invoked_before, operation.until)
    return first, max(first, last)


def versions(booking: Booking, operation: Operation) -> range:
    """The versions of a booking that the operation can have seen; 0 is before it was made."""
    first = last = 0
    for number, version in enumerate(booking.versions, 1):
        if version.command.returned < operation.since:
            first = number
        if version.command.invoked <= operation.until:
            last = number
    return range(first, max(first, last) + 1)


class Epoch(Struct):
    """The times written between two settings of the clock, by when they were asked for and told."""

    told: list[tuple[float, int]] = field(default_factory=list)
    asked: list[tuple[float, int]] = field(default_factory=list)
    latest: list[float] = field(default_factory=list)
    earliest: list[float] = field(default_factory=list)

    def finish(self) -> None:
        """Once all times are there."""
        self.told.sort()
        self.asked.sort()
        self.latest = list(accumulate((at for _, at in self.told), max))
        self.earliest = list(accumulate((at for _, at in reversed(self.asked)), min))
        self.earliest.reverse()


class Clock:
    """What the database's clock can have shown while an operation ran, from the journal's times.

    No earlier than the times written by what had returned before, no later than those written by
    what came after. Where the clock was set, nothing is known across that moment.
    """

    SLACK = 100_000
    """Microseconds that a clock may be set back by its keeper without anybody saying so."""
    AROUND = 1.0
    """Seconds before and after a fault of the clock in which it may have been set."""

    def __init__(self, history: History) -> None:
        self.steps = sorted(x.at for x in history.faults if x.what == "clock_step")
        self.epochs: dict[int, Epoch] = {}

    def read(self, tenants: Iterable[Tenant]) -> None:
        """Take the journal's times."""
        for tenant in tenants:
            for stream in tenant.streams.values():
                at = -1
                for command in stream.steps:
                    row = command.rows[0]
                    # What is not later than the last entry need not be the clock's time.
                    if row.stream_id != stream.name or row.at <= at:
                        continue
                    at = row.at
                    number = self.epoch(command.invoked, command.returned)
                    if number is not None:
                        epoch = self.epochs.setdefault(number, Epoch())
                        epoch.told.append((command.returned, at))
                        epoch.asked.append((command.invoked, at))
        for epoch in self.epochs.values():
            epoch.finish()

    def epoch(self, since: float, until: float) -> int | None:
        """Between which settings of the clock a span of time lies; None if across one."""
        if not self.steps:
            return 0
        before = bisect_left(self.steps, since - self.AROUND)
        return before if before == bisect_right(self.steps, until + self.AROUND) else None

    def bounds(self, operation: Operation) -> tuple[float, float]:
        """The earliest and the latest time that the operation can have read."""
        number = self.epoch(operation.since, operation.until)
        epoch = self.epochs.get(number) if number is not None else None
        if epoch is None:
            return -inf, inf
        before = bisect_left(epoch.told, (operation.since, -1))
        after = bisect_right(epoch.asked, (operation.until, 2**62))
        low = epoch.latest[before - 1] - self.SLACK if before else -inf
        high = epoch.earliest[after] + self.SLACK if after < len(epoch.earliest) else inf
        return low, high
