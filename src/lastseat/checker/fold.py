"""The journal, row by row, into the model: what can't follow is a violation (property 1)."""

from collections.abc import Iterable
from heapq import heappush

from lastseat.checker import statuses
from lastseat.checker.defining import Definitions
from lastseat.checker.findings import Findings, booking_of, hold_of
from lastseat.checker.fitting import Fitting
from lastseat.checker.lines import JournalRow, Made, micros
from lastseat.checker.model import Booking, Claim, Command, Stream, Tenant, Version
from lastseat.checker.order import Clock
from lastseat.checker.statuses import BECOMES, FREES, MADE, STAYS
from lastseat.checker.verdict import Verdict
from lastseat.checker.waiting import Lines

MAKING = frozenset({"booked", "joined"})
"""The types with which a booking begins."""

OF_STREAM = frozenset({"defined", "capacity_changed", "fact"})
"""The types that are about no booking."""


class Fold:
    """Folds all rows, in the order of their ordinals."""

    def __init__(self, clock: Clock, rows: Iterable[JournalRow], verdict: Verdict) -> None:
        self.findings = Findings(verdict)
        self.lines = Lines(rows, self.findings)
        self.fitting = Fitting(clock, self.lines, self.findings)
        self.definitions = Definitions(self.findings)

    def take(self, row: JournalRow, command: Command) -> None:
        """The next row."""
        tenant = command.tenant
        stream = tenant.stream(row.stream_id)
        if not command.folded:
            self.lines.before(command)
        if not stream.stepping or stream.steps[-1] is not command:
            if stream.stepping:
                # A command's rows on a stream stand together, unless something is very wrong.
                self.fitting.after(stream)
            stream.steps.append(command)
            stream.stepping = True
            self.fitting.before(stream, row, command)
        self._place(stream, row, command)
        if row.v != 1:
            self.findings.odd(row, command, f"its body has version {row.v}")
        elif row.type in OF_STREAM:
            self.definitions.take(stream, row, command)
        elif row.type in MAKING or row.type in BECOMES or row.type in STAYS:
            self._booking(tenant, stream, row, command)
        else:
            self.findings.odd(row, command, f"there is no type {row.type!r}")
        command.folded += 1
        if command.folded == len(command.rows):
            self.definitions.end(command)
            for name in {row.stream_id for row in command.rows}:
                stream = tenant.streams[name]
                if stream.stepping:
                    stream.stepping = False
                    self.fitting.after(stream)
        self.lines.taken(tenant.streams[row.stream_id], row)

    def end(self, tenant: Tenant) -> None:
        """After the last row."""
        self.fitting.end(tenant)
        self.lines.end(tenant)

    def _place(self, stream: Stream, row: JournalRow, command: Command) -> None:
        if row.seq != stream.seq + 1:
            what = f"{stream.name}: entry {row.seq} comes after entry {stream.seq}"
            self.findings.add("gap", what, command)
            stream.broken = True
        if stream.at is not None and row.at < stream.at:
            what = f"{stream.name}: the time of entry {row.seq} is before that of the last"
            self.findings.add("order", what, command)
        if row.ordinal == stream.ordinal:
            what = f"{stream.name}: entry {row.seq} has the ordinal of the last one"
            self.findings.add("order", what, command)
        if stream.at is None or row.at > stream.at:
            stream.fresh, stream.tx = True, row.tx
        elif row.tx != stream.tx:
            stream.fresh = False
        stream.seq, stream.at, stream.ordinal = row.seq, row.at, row.ordinal

    def _booking(self, tenant: Tenant, stream: Stream, row: JournalRow, command: Command) -> None:
        if row.booking_id is None or row.version is None:
            self.findings.odd(row, command, "it has no booking")
            return
        booking = tenant.bookings.get(row.booking_id)
        if booking is None:
            if row.type not in MAKING or not row.lead:
                self.findings.odd(row, command, "its booking was never made")
                return
            booking = Booking(row.booking_id, row.body.actor_id or "")
            tenant.bookings[row.booking_id] = booking
        if row.lead:
            self._lead(stream, row, command, booking)
        elif row.version != booking.version or booking.versions[-1].command is not command:
            at = f"{stream.name}: entry {row.seq} is of version {row.version}"
            what = f"{at} of {booking_of(booking)}, which is at {booking.version}"
            self.findings.add("order", what, command)
        else:
            self._follows(row, command, booking)
        if row.type == "joined":
            self.lines.join(stream, row, command, booking)
        self._freed(stream, row, command, booking)
        if row.type in ("booked", "moved", "offered", "joined"):
            for made in row.body.claims:
                self._claim(stream, row, command, booking, made)
            if row.body.actor_id != booking.actor_id:
                self.findings.odd(row, command, "it is another actor's booking")
        if booking.status == "HELD" and booking.expires_at is not None:
            heappush(stream.holds, (booking.expires_at, booking.booking_id))

    def _follows(self, row: JournalRow, command: Command, booking: Booking) -> None:
        """The rows of one change say the same on every stream."""
        body, version = row.body, booking.versions[-1]
        if row.type != version.type:
            self.findings.odd(row, command, f"its lead says {version.type}")
        if row.type in ("booked", "offered"):
            said = [body.expires_at, body.limit_at]
            times = [None if x is None else micros(x) for x in said]
            status = body.status if row.type == "booked" else version.status
            if (status, *times) != (version.status, version.expires_at, version.limit_at):
                self.findings.odd(row, command, "its lead says another status or expiry")
        expires_at = None if body.expires_at is None else micros(body.expires_at)
        if row.type == "extended" and expires_at != version.expires_at:
            self.findings.odd(row, command, "its lead says another expiry")

    def _freed(self, stream: Stream, row: JournalRow, command: Command, booking: Booking) -> None:
        """What the row gives up."""
        step = len(stream.steps)
        if row.type in FREES:
            here = [x for x in booking.claims.values() if x.live and x.stream is stream]
            if not self.lines.leave(stream, row, command, booking) and not here:
                self.findings.odd(row, command, "the booking holds nothing there")
            for claim in here:
                stream.drop(claim, step)
        elif row.type == "offered":
            if not self.lines.leave(stream, row, command, booking) and not row.body.claims:
                self.findings.odd(row, command, "the booking does not wait there")
        elif row.type == "moved":
            for no in row.body.left:
                left = booking.claims.get(no)
                if left is None or not left.live or left.stream is not stream:
                    self.findings.odd(row, command, f"it leaves claim {no}, which it has not")
                else:
                    stream.drop(left, step)

    def _lead(self, stream: Stream, row: JournalRow, command: Command, booking: Booking) -> None:
        body = row.body
        if row.version != booking.version + 1:
            what = f"{booking_of(booking)}: version {row.version} comes after {booking.version}"
            self.findings.add("gap", what, command)
        if (row.type in MAKING) != (booking.version == 0):
            self.findings.odd(row, command, f"it can't follow version {booking.version}")
        before = booking.status
        booking.version = row.version or 0
        if row.type == "booked":
            booking.status = body.status or ""
            if booking.status not in MADE:
                self.findings.odd(row, command, f"a booking is not made {booking.status}")
        elif row.type == "joined":
            booking.status = "WAITLISTED"
        elif before not in statuses.before(row.type):
            what = f"{booking_of(booking)} was {row.type} by {command}, but was {before}"
            self.findings.add("impossible", what, command, booking.versions[-1].command)
        self._hold(stream, row, command, booking)
        if row.type in BECOMES:
            booking.status = BECOMES[row.type][0]
        if row.type == "checked_in" and (before == "NO_SHOW") != body.late:
            self.findings.odd(row, command, f"late is {body.late}, and it was {before}")
        booking.versions.append(
            Version(command, row.type, booking.status, booking.expires_at, booking.limit_at)
        )

    def _hold(self, stream: Stream, row: JournalRow, command: Command, booking: Booking) -> None:
        """What a lead row says of a hold's time, and whether it was in time."""
        body, expires_at = row.body, booking.expires_at
        if row.type == "expired" and booking.status == "WAITLISTED":
            pass  # passed over: whether rightly is the line's to say
        elif row.type == "expired":
            if expires_at is None or row.at < expires_at:
                what = f"{hold_of(booking)} was ended before its time was over"
                self.findings.add("expired_early", what, command, booking.versions[0].command)
        elif booking.status == "HELD" and stream.fresh and (expires_at or row.at + 1) <= row.at:
            late = (row.at - (expires_at or 0)) / 1e6
            what = f"{hold_of(booking)} was {row.type} by {command}, {late:.3f} s too late"
            self.findings.add("overdue", what, command, booking.versions[0].command)
        if row.type in ("booked", "offered"):
            held = booking.status == "HELD" or row.type == "offered"
            if held != (body.expires_at is not None) or held != (body.limit_at is not None):
                self.findings.odd(
                    row, command, "a hold has an expiry and a limit, nothing else has"
                )
            if body.expires_at is not None and body.limit_at is not None:
                booking.expires_at = micros(body.expires_at)
                booking.limit_at = micros(body.limit_at)
        elif row.type == "confirmed":
            booking.expires_at = booking.limit_at = None
        elif row.type == "extended":
            if body.expires_at is None or booking.limit_at is None:
                self.findings.odd(row, command, "it says no expiry")
                return
            booking.expires_at = micros(body.expires_at)
            if booking.expires_at > booking.limit_at:
                self.findings.add("impossible", f"{hold_of(booking)} goes past its limit", command)

    def _claim(
        self, stream: Stream, row: JournalRow, command: Command, booking: Booking, made: Made
    ) -> None:
        start, end = stream.start, stream.end
        if made.during is not None:
            start, end = micros(made.during.start), micros(made.during.end)
        if start is None or end is None or stream.kind in ("unborn", "event"):
            self.findings.odd(row, command, f"claim {made.no} has no time, or nothing to claim")
            return
        blocked_start, blocked_end = start, end
        if made.blocked is not None:
            blocked_start, blocked_end = micros(made.blocked.start), micros(made.blocked.end)
        if made.no in booking.claims or made.units < 1:
            self.findings.odd(row, command, f"claim {made.no} of {made.units} can't be made")
            return
        claim = Claim(
            booking,
            made.no,
            stream,
            made.units,
            start,
            end,
            blocked_start,
            blocked_end,
            made.exclusive,
            made.override,
            row.seq,
            made.local_start,
            made.time_zone,
            stream.taken + 1,
            len(stream.steps),
        )
        booking.claims[made.no] = claim
        booking.made = max(booking.made, made.no)
        stream.put(claim)
        stream.made.append(claim)
        if made.override and stream.counted:
            stream.overbooked = max(stream.overbooked, stream.taken - stream.capacity)
