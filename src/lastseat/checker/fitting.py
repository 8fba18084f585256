"""At the end of each step everything fits: the arithmetic of what is sold (property 2).

A sum for occurrences, no overlap on resources, a peak for pools; an actor sits once on a roster,
and is in one place at a time. Overrides may do what they are marked for.
"""

from heapq import heappop
from math import inf

from lastseat.checker.findings import Findings, booking_of, hold_of, maker, makers, named, who
from lastseat.checker.lines import JournalRow
from lastseat.checker.model import Booking, Claim, Command, Stream, Tenant, peak
from lastseat.checker.order import Clock
from lastseat.checker.statuses import FREED
from lastseat.checker.waiting import Lines

GRACE = 2_000_000
"""Microseconds for which an overdue hold may still count where another head of its is busy."""


class Fitting:
    """Looks at a stream before and after each of its steps."""

    def __init__(self, clock: Clock, lines: Lines, findings: Findings) -> None:
        self.clock = clock
        self.lines = lines
        self.findings = findings

    def before(self, stream: Stream, row: JournalRow, command: Command) -> None:
        """Whoever writes to a stream journals its overdue holds first."""
        due = stream.expiry_after[-1]
        if due > row.at or row.type == "expired" or stream.own_time or not stream.holds:
            return
        if stream.at is not None and row.at <= stream.at:
            return  # not surely the clock's time
        if self.clock.epoch(command.invoked, command.returned) is None:
            return  # it may have looked for overdue holds by another time than it wrote
        hold = stream.tenant.bookings[stream.holds[0][1]]
        alone = all(claim.stream is stream for claim in hold.live_claims())
        if due + (0 if alone else GRACE) < row.at:
            what = (
                f"{stream.name}: {hold_of(hold)} was over, and still counted"
                f" {(row.at - due) / 1e6:.1f} s later, when {command} was let in"
            )
            self.findings.add("overdue", what, command, hold.versions[0].command)

    def after(self, stream: Stream) -> None:
        """The end of a step: now everything must fit, and the state is one that can be seen."""
        command = stream.steps[-1]
        made = stream.made
        if made:
            stream.made = []
            self._fits(stream, command, made)
            self.lines.after(stream, command, made)
        if stream.counted:
            stream.overbooked = min(stream.overbooked, max(0, stream.taken - stream.capacity))
            if stream.taken > stream.capacity + stream.overbooked:
                self._oversold(stream, command)
                stream.overbooked = stream.taken - stream.capacity  # said once
        stream.seq_after.append(stream.seq)
        stream.taken_after.append(stream.taken)
        stream.capacity_after.append(stream.capacity)
        stream.overbooked_after.append(stream.overbooked)
        stream.lined_after.append(stream.lined)
        stream.expiry_after.append(self._next_expiry(stream) if stream.holds else inf)

    def _next_expiry(self, stream: Stream) -> float:
        while stream.holds:
            expires_at, booking_id = stream.holds[0]
            hold = stream.tenant.bookings[booking_id]
            counts = hold.status == "HELD" and hold.expires_at == expires_at
            if counts and any(x.live and x.stream is stream for x in hold.claims.values()):
                return expires_at
            heappop(stream.holds)
        return inf

    def _fits(self, stream: Stream, command: Command, made: list[Claim]) -> None:
        """Whether the claims of a step fit beside all others."""
        operation = command.operation
        asked = operation is None or operation.asked.args.override
        if not asked and any(claim.override for claim in made):
            what = f"{stream.name}: {command} is marked an override, and did not ask for one"
            self.findings.add("impossible", what, command)
        if stream.kind == "occurrence":
            self._seats(stream, command, made)
            return
        for claim in made:
            if claim.live and not claim.override:
                if stream.kind in ("pool", "limit"):
                    self._peak(stream, claim)
                elif claim.exclusive or stream.kind == "resource":
                    self._alone(stream, claim)

    def _seats(self, stream: Stream, command: Command, made: list[Claim]) -> None:
        for claim in made:
            others = stream.seated.get(claim.booking.actor_id, [])
            if claim.live and len(others) > 1:
                what = f"{stream.name}: {' and '.join(map(who, others))} are of one actor"
                self.findings.add("seated_twice", what, *makers(others))
        if stream.taken > stream.capacity and not all(claim.override for claim in made):
            self._oversold(stream, command)
            stream.overbooked = stream.taken - stream.capacity  # said once

    def _peak(self, stream: Stream, claim: Claim) -> None:
        over = list(stream.in_time.over(claim.blocked_start, claim.blocked_end))
        most = peak(over, claim.blocked_start, claim.blocked_end)
        if most > stream.capacity:
            what = f"{stream.name} has {stream.capacity}, and with {who(claim)} {most} are in use"
            self.findings.add("oversold", f"{what} at once", *makers([claim, *over]))

    def _alone(self, stream: Stream, claim: Claim) -> None:
        for other in stream.in_time.over(claim.blocked_start, claim.blocked_end):
            if other is not claim:
                given = f"{named(stream)} was given to {who(other)}"
                what = f"{given}, and for the same time to {who(claim)}"
                self.findings.add("oversold", what, maker(other), maker(claim))
                return

    def _oversold(self, stream: Stream, command: Command) -> None:
        taken, capacity = stream.taken, stream.capacity
        what = f"{stream.name} has {capacity} places, and with {command} {taken} are taken"
        self.findings.add("oversold", what, command)

    def end(self, tenant: Tenant) -> None:
        """After the last row: no booking lives by half."""
        for booking in tenant.bookings.values():
            self._own_time(booking)
            if booking.status not in FREED:
                continue
            for claim in booking.live_claims():
                name = claim.stream.name
                what = f"{booking_of(booking)} is {booking.status}, and still holds {name}"
                self.findings.add("impossible", what, booking.versions[-1].command)

    def _own_time(self, booking: Booking) -> None:
        """A booking takes its actor's time where what it books says so."""
        # Whoever waits takes nothing until they are offered it.
        made = next((x.command for x in booking.versions if x.type != "joined"), None)
        if made is None:
            return
        first = [x for x in booking.claims.values() if maker(x) is made]
        last = booking.live_claims()
        for claims in (first, last) if last and len(last) != len(first) else (first,):
            booked = [x for x in claims if not x.stream.own_time]
            watched = [x for x in booked if x.stream.actor_time != "allow"]
            wanted: list[tuple[int, int]] = []
            for start, end in sorted((x.start, x.end) for x in watched):
                if wanted and start <= wanted[-1][1]:
                    wanted[-1] = wanted[-1][0], max(end, wanted[-1][1])
                else:
                    wanted.append((start, end))
            refuses = any(x.stream.actor_time == "refuse" for x in watched)
            own = sorted((x.start, x.end) for x in claims if x.stream.own_time)
            same = all(x.exclusive is refuses for x in claims if x.stream.own_time)
            if own != wanted or not same:
                what = f"{booking_of(booking)} takes of its actor's time {own}, and not {wanted}"
                self.findings.add("impossible", what, made)
