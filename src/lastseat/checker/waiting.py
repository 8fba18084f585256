"""Who waits for what, and who is offered it: the rules of a line, on the checker's own model.

A place that comes free is offered in the transaction that frees it, to the first in line who fits:
so nobody who does is ever found waiting beside it, neither by a transaction nor by the next command
of the same one. Where the line lets nobody pass (`fifo`) whoever does not fit stands in the way of
those behind, and of walk-ins.
"""

from collections import Counter
from collections.abc import Iterable

from lastseat.checker.done import times_of, wish
from lastseat.checker.findings import Findings, booking_of, maker, named, who
from lastseat.checker.lines import Asked, JournalRow, micros
from lastseat.checker.model import Booking, Claim, Command, Load, Stream, Tenant, Waiting, peak


class Lines:
    """Follows all lines, row by row."""

    def __init__(self, rows: Iterable[JournalRow], findings: Findings) -> None:
        self.findings = findings
        self.left = Counter(row.tx for row in rows)
        """How many rows each transaction has still to come."""
        self.touched: dict[str, dict[str, Stream]] = {}
        """By transaction the streams it wrote to on which somebody waits."""

    # One row ------------------------------------------------------------------------------------

    def join(self, stream: Stream, row: JournalRow, command: Command, booking: Booking) -> None:
        """The booking waits on this stream from now on."""
        if row.lead:
            awaited = row.body.awaited
            if awaited is None or not awaited.claims or row.body.queue != stream.name:
                self.findings.odd(row, command, "it does not say what it waits for in this line")
                return
            if stream.policy not in ("fifo", "first_that_fits"):
                self.findings.odd(row, command, f"its line is {stream.policy}")
            load = load_of(stream.tenant, awaited.claims[0])
            if load is None or awaited.claims[0].bookable != stream.name:
                self.findings.odd(row, command, "what it waits for has no time here")
                return
            start, end = load.blocked_start, load.blocked_end
            position = 1 + sum(x.over(start, end) for x in stream.line())
            booking.waiting = Waiting(booking, stream.name, awaited, start, end, row.seq, position)
        waiting = booking.waiting
        if waiting is None or row.body.queue != waiting.queue:
            self.findings.odd(row, command, "its lead says another line")
            return
        if stream.name not in waiting.awaited.on or stream.name in waiting.noted:
            self.findings.odd(row, command, "that is none of what it waits on, or noted already")
            return
        stream.join(waiting, row.seq)

    def leave(self, stream: Stream, row: JournalRow, command: Command, booking: Booking) -> bool:
        """The booking waits here no longer, if it did; whether it did."""
        waiting = booking.waiting
        if waiting is None or booking.booking_id not in stream.waiting:
            return False
        if row.type == "offered" and stream.name == waiting.queue:
            self._turn(stream, command, waiting)
        over = row.type == "expired" and row.lead
        if over and not self._hindered(stream.tenant, waiting, row.at):
            what = f"{waiter(waiting)} was put out of its line, and nothing was in its way"
            self._wrong(stream, what, command, waiting)
        return stream.leave(booking)

    def _turn(self, stream: Stream, command: Command, waiting: Waiting) -> None:
        """Nobody is offered a place whom somebody in front of them could have had, or waits for."""
        for other in stream.line():
            if other is waiting or other.overlooked:
                continue
            passed = other.before(waiting)
            if stream.policy != "fifo":
                passed = other.seq < waiting.seq and self._fits(stream.tenant, other)
            if passed:
                other.overlooked = True
                what = f"{waiter(waiting)} was offered a place, and {waiter(other)} was before it"
                self._wrong(stream, what, command, waiting, other)

    def _hindered(self, tenant: Tenant, waiting: Waiting, at: int) -> bool:
        """Whether it could not have a place if there was one: begun, too many, elsewhere."""
        if waiting.start <= at or waiting.awaited.choices:
            return True
        actor_id = waiting.booking.actor_id
        own = tenant.streams.get(f"actor:{actor_id}")
        for name, loads in self._loads(tenant, waiting).items():
            stream = tenant.streams[name]
            if stream.counted and actor_id in stream.seated:
                return True
            if sum(x.units for x in loads) > stream.capacity:
                return True
            for load in loads if own is not None and stream.actor_time != "allow" else ():
                assert own is not None
                if any(True for _ in own.in_time.over(load.start, load.end)):
                    return True
        return False

    # One command ---------------------------------------------------------------------------------

    def before(self, command: Command) -> None:
        """Before somebody takes something: what there was has been offered to who waits."""
        if command.rows[0].type not in ("booked", "moved"):
            return
        for name in dict.fromkeys(row.stream_id for row in command.rows):
            stream = command.tenant.stream(name)
            if stream.waiting:
                self._empty(stream, f"when {command} came")

    def after(self, stream: Stream, command: Command, made: list[Claim]) -> None:
        """What was taken was not taken from under the eyes of who waits for it."""
        if not stream.lined or stream.policy != "fifo":
            return
        walked = [x for x in made if not x.override and in_line_of(x) != stream.name]
        line = stream.line() if walked else []
        step = len(stream.steps)
        for claim in walked:
            start, end = claim.blocked_start, claim.blocked_end
            waiting = next((x for x in line if x.over(start, end)), None)
            if waiting is None or taken_more(stream, made, step, claim) <= 0:
                continue
            what = f"{who(claim)} took a place though {waiter(waiting)} waited for it"
            self._wrong(stream, what, command, waiting)
            return

    # One transaction -----------------------------------------------------------------------------

    def taken(self, stream: Stream, row: JournalRow) -> None:
        """After each row; after its transaction's last no place may stand empty."""
        if stream.waiting:
            self.touched.setdefault(row.tx, {})[stream.name] = stream
        self.left[row.tx] -= 1
        if not self.left[row.tx]:
            for each in self.touched.pop(row.tx, {}).values():
                self._empty(each, f"after its entry {each.seq}")

    def _empty(self, stream: Stream, when: str) -> None:
        """Whether anybody could have a place for whom it is free and whose turn it is."""
        queues = {x.queue for x in stream.waiting.values()}
        for queue in sorted(queues):
            self._look_along(stream.tenant.streams[queue], stream, when)

    def _look_along(self, queue: Stream, touched: Stream, when: str) -> None:
        behind: list[Waiting] = []
        fifo = queue.policy == "fifo"
        for waiting in queue.line():
            if fifo and any(x.over(waiting.start, waiting.end) for x in behind):
                continue
            if not waiting.overlooked and self._fits(queue.tenant, waiting):
                waiting.overlooked = True
                what = f"there was a place for {waiter(waiting)}, and it was not offered, {when}"
                self._wrong(touched, what, touched.steps[-1], waiting)
            if fifo:
                behind.append(waiting)
                if queue.counted:
                    return

    def _fits(self, tenant: Tenant, waiting: Waiting) -> bool:
        """Whether all that it waits for is free. What it may choose among is not looked at."""
        if waiting.awaited.choices:
            return False
        return all(
            self._free(tenant.streams[name], loads, waiting)
            for name, loads in self._loads(tenant, waiting).items()
        )

    def _free(self, stream: Stream, loads: list[Load], waiting: Waiting) -> bool:
        if stream.name != waiting.queue and stream.policy == "fifo":
            for other in stream.line():
                if any(other.over(x.blocked_start, x.blocked_end) for x in loads):
                    return False
        if stream.counted:
            return sum(x.units for x in loads) <= stream.capacity - stream.taken
        for load in loads:
            start, end = load.blocked_start, load.blocked_end
            there: list[Claim | Load] = [*stream.in_time.over(start, end), *loads]
            if peak(there, start, end) > stream.capacity:
                return False
        return True

    def _loads(self, tenant: Tenant, waiting: Waiting) -> dict[str, list[Load]]:
        found: dict[str, list[Load]] = {}
        for claim in waiting.awaited.claims:
            load = load_of(tenant, claim)
            if load is not None:
                found.setdefault(claim.bookable, []).append(load)
        return found

    # The end -------------------------------------------------------------------------------------

    def end(self, tenant: Tenant) -> None:
        """After the last row: what was offered is what was waited for, for as long as was said."""
        for booking in tenant.bookings.values():
            waiting = booking.waiting
            if waiting is None or waiting.awaited.choices:
                continue
            offer = next((x.command for x in booking.versions if x.type == "offered"), None)
            if offer is None:
                continue
            asked = waiting.awaited.claims
            made = [
                x
                for x in booking.claims.values()
                if x.stream.name in waiting.noted and maker(x) is offer
            ]
            made.sort(key=lambda claim: claim.no)
            had = [
                (x.stream.name, x.units, *times_of(x, asked[i]))
                for i, x in enumerate(made[: len(asked)])
            ]
            if had != [wish(x) for x in asked] or len(made) != len(asked):
                what = f"{waiter(waiting)} waited for {[wish(x) for x in asked]}, was offered {had}"
                self._wrong(tenant.streams[waiting.queue], what, offer, waiting)

    def _wrong(self, stream: Stream, what: str, command: Command, *waiting: Waiting) -> None:
        joined = [x.booking.versions[0].command for x in waiting]
        self.findings.add("line", f"{named(stream)}: {what}", command, *joined)


def load_of(tenant: Tenant, claim: Asked) -> Load | None:
    """A claim asked for, in whole microseconds; None where there is nothing to claim."""
    stream = tenant.streams.get(claim.bookable)
    if stream is None:
        return None
    if stream.counted:
        if stream.start is None or stream.end is None:
            return None
        return Load(stream.start, stream.end, claim.units, stream.start, stream.end)
    if claim.start is None or claim.end is None:
        return None
    start, end = micros(claim.start), micros(claim.end)
    before, after = claim.before * 1_000_000, claim.after * 1_000_000
    return Load(start - before, end + after, claim.units, start, end)


def in_line_of(claim: Claim) -> str | None:
    """The line in which its booking waited for it."""
    waiting = claim.booking.waiting
    if waiting is None or claim.booking.versions[-1].type != "offered":
        return None
    return waiting.queue


def taken_more(stream: Stream, made: list[Claim], step: int, claim: Claim) -> int:
    """How much more a step takes than it gives up, at the worst instant of one of its claims."""
    loads: list[Claim | Load] = list(made)
    for at, came, gone in reversed(stream.changes):
        if at < step:
            break
        if not came:
            times = gone.blocked_start, gone.blocked_end
            loads.append(Load(*times, -gone.units, gone.start, gone.end))
    return peak(loads, claim.blocked_start, claim.blocked_end)


def waiter(waiting: Waiting) -> str:
    """Who waits, in words."""
    return booking_of(waiting.booking)
