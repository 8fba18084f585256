"""Each refusal beside the past: it was true at one moment while it ran (property 5).

What it can have seen follows from real time (order.py): a window of states of each stream, of
versions of each booking, of times of the clock. In one of them it has to have been true, with the
numbers that were told. Not proven are `invalid`, `overloaded` and a `conflict` of the rule
`boundary`: they are about the request and the engine's patience, not about the state.
"""

from bisect import bisect_left, bisect_right

from lastseat.checker import told
from lastseat.checker.fitting import GRACE
from lastseat.checker.history import Operation
from lastseat.checker.lines import micros
from lastseat.checker.model import Booking, Stream, Tenant, Version
from lastseat.checker.order import Clock, versions, window
from lastseat.checker.past import Past, Question
from lastseat.checker.statuses import FREED
from lastseat.checker.verdict import Verdict

FIELDS = frozenset(
    {
        "kind",
        "capacity",
        "during",
        "time_zone",
        "event_id",
        "starts",
        "seconds",
        "actor_time",
        "location",
        "waitlist",
    }
)
"""What a definition can differ in."""
LONGEST = 1_000
"""Bookings that may wait for one bookable."""
CLOCK_TOLERANCE = 5_000_000
"""Microseconds that the clock may lie behind a stream before the engine refuses."""


class Refusals:
    """Checks the operations of one tenant that were refused."""

    def __init__(self, tenant: Tenant, clock: Clock, verdict: Verdict) -> None:
        self.tenant = tenant
        self.clock = clock
        self.verdict = verdict
        self.past = Past(tenant, clock)

    def check(self, operation: Operation) -> None:
        """One operation; questions about the past are kept for `finish`."""
        answer = operation.outcome
        match answer:
            case told.Full() | told.ActorBusy() | told.Already() | told.BelowTaken():
                self._ask(operation, answer.bookable if hasattr(answer, "bookable") else "")
            case told.AlreadyWaiting() | told.WaitlistFull():
                self._ask(operation, answer.bookable)
            case told.WaitlistClosed():
                self._closed(operation, answer)
            case told.Conflict(rule="exclusive" | "waiting"):
                self._ask(operation, answer.bookable or "")
            case told.Conflict():
                self._conflict(operation, answer)
            case told.UnknownBookable():
                self._unknown(operation, answer)
            case told.AlreadyDefined():
                self._already_defined(operation, answer)
            case told.KeyReused():
                self._key_reused(operation)
            case told.ClockBehind():
                self._clock_behind(operation, answer)
            case told.NotBooked(booking_id=None):
                self._not_seated(operation, answer)
            case told.Invalid() | told.Overloaded() | None:
                pass
            case _:
                self._of_booking(operation)

    def finish(self) -> None:
        """Ask the past what was left to it."""
        for operation, reason in self.past.untrue():
            self._untrue(operation, reason)

    # About streams -----------------------------------------------------------------------------

    def _ask(self, operation: Operation, name: str) -> None:
        answer = operation.outcome
        moved = [move.booking_id for move in operation.asked.args.moves]
        if isinstance(answer, told.Already) and not answer.seat and answer.booking_id in moved:
            return  # two of one actor's, moved onto one roster
        if isinstance(answer, told.ActorBusy):
            if answer.booking_id in moved:
                return  # two of one command on one time
            name = f"actor:{self.tenant.actors.get(answer.actor, '?')}"
        stream = self.tenant.streams.get(name)
        if stream is None:
            self._untrue(operation, f"{name} has no journal")
            return
        first, last = window(stream, operation)
        self._can_join(operation, stream)
        if isinstance(answer, told.Full) and stream.counted and not moving(operation):
            self._full(operation, answer, stream, first, last)
        else:
            self.past.ask(stream, Question(operation, first, last))

    def _full(
        self, operation: Operation, answer: told.Full, stream: Stream, first: int, last: int
    ) -> None:
        asked = operation.asked.args.claims
        wanted = sum(x.units for x in asked if x.bookable == stream.name)
        if operation.asked.kind == "join":
            # Nobody waits for more than there ever is.
            states = range(first, last + 1)
            seen = {(stream.capacity_after[k], self._left(stream, k)) for k in states}
            if (answer.capacity, answer.left) not in seen or wanted <= answer.capacity:
                self._untrue(operation, f"{stream.name} had room for {wanted} if it was empty")
            return
        if wanted <= answer.left and not answer.waiting:
            reason = f"it asked for {wanted}, and {answer.left} were left"
            self._untrue(operation, reason)
            return
        if stream.left_at is None:
            stream.left_at = {}
            for k, capacity in enumerate(stream.capacity_after):
                before = stream.lined_after[k] if stream.policy == "fifo" else 0
                left = 0 if before else self._left(stream, k)
                stream.left_at.setdefault((capacity, left, before), []).append(k)
        states_so = stream.left_at.get((answer.capacity, answer.left, answer.waiting), [])
        low = self.clock.bounds(operation)[0] - GRACE
        here = states_so[bisect_left(states_so, first) : bisect_right(states_so, last)]
        if not here:
            lefts = {stream.capacity_after[k] - stream.taken_after[k] for k in (first, last)}
            found = " or ".join(str(left) for left in sorted(lefts))
            reason = f"{stream.name} had {found} of {stream.capacity_after[last]} left then"
            waited = {stream.lined_after[k] for k in (first, last)}
            if answer.waiting or waited != {0}:
                reason += f", and {' or '.join(str(x) for x in sorted(waited))} waited for it"
            self._untrue(operation, reason)
        elif not any(stream.expiry_after[k] > low for k in here):
            self._untrue(operation, f"a hold on {stream.name} was over by then, and was counted")

    def _unknown(self, operation: Operation, answer: told.UnknownBookable) -> None:
        stream = self.tenant.streams.get(answer.bookable)
        seen = stream is not None and window(stream, operation)[0] > 0
        if stream is not None and seen and stream.kind not in ("event", "actor"):
            self._untrue(operation, f"{answer.bookable} had been defined before")

    def _closed(self, operation: Operation, answer: told.WaitlistClosed) -> None:
        stream = self.tenant.streams.get(answer.bookable)
        high = self.clock.bounds(operation)[1]
        if stream is None or (stream.policy != "closed" and (stream.start or 0) > high):
            self._untrue(operation, f"{answer.bookable} has a line, and has not begun")

    def _left(self, stream: Stream, k: int) -> int:
        return max(0, stream.capacity_after[k] - stream.taken_after[k])

    def _can_join(self, operation: Operation, stream: Stream) -> None:
        """Whether who was refused was told rightly that they can wait."""
        answer = operation.outcome
        if not isinstance(answer, told.Full | told.Conflict):
            return
        args = operation.asked.args
        asked = [*args.claims, *(claim for move in args.moves for claim in move.claims)]
        first = self.tenant.streams.get(asked[0].bookable) if asked else None
        several = operation.asked.kind in ("book", "hold") and first not in (None, stream)
        if operation.asked.via == "http" and several and first is not None:
            # Who books several things waits for the first; what is in the way may be another.
            if answer.can_join_waitlist and first.policy == "closed":
                self._untrue(operation, f"nobody can wait for {first.name}")
            return
        can = {stream.policy != "closed" and operation.asked.kind != "join"}
        if can == {True} and isinstance(answer, told.Full):
            # Nobody waits for more than there ever is.
            can = {x.units <= answer.capacity for x in asked if x.bookable == stream.name}
        if answer.can_join_waitlist not in can and max(stream.lined_after) < LONGEST:
            said = "could" if answer.can_join_waitlist else "could not"
            self._untrue(operation, f"that they {said} wait for {stream.name} is not so")

    def _not_seated(self, operation: Operation, answer: told.NotBooked) -> None:
        stream = self.tenant.streams.get(answer.bookable or "")
        actor_id = self.tenant.actors.get(answer.actor or "")
        if stream is None or actor_id is None:
            return
        first, last = window(stream, operation)
        there = [x for _, made, x in stream.changes if made and x.booking.actor_id == actor_id]
        high = self.clock.bounds(operation)[1]
        over = any((x.booking.expires_at or high) < high for x in there)
        if not over and all(
            any(x.made_at <= k < x.freed_at for x in there) for k in range(first, last + 1)
        ):
            self._untrue(operation, f"{answer.actor} was on {stream.name} all the time")

    def _already_defined(self, operation: Operation, answer: told.AlreadyDefined) -> None:
        stream = self.tenant.streams.get(answer.bookable)
        args = operation.asked.args
        if stream is None or window(stream, operation)[1] == 0 or answer.field not in FIELDS:
            self._untrue(operation, f"{answer.bookable} was not defined, or not by {answer.field}")
            return
        first, last = window(stream, operation)
        capacities = set(stream.capacity_after[first : last + 1])
        if answer.field == "capacity" and capacities == {args.capacity}:
            self._untrue(operation, f"its capacity was {args.capacity} all the time")

    # About one booking -------------------------------------------------------------------------

    def _of_booking(self, operation: Operation) -> None:
        answer = operation.outcome
        booking_id = getattr(answer, "booking_id", None)
        if booking_id is None:
            self.verdict.add(
                "not_understood",
                f"op {operation.asked.op}: what {answer} means is not known",
                operation.asked.op,
            )
            return
        booking = self.tenant.bookings.get(booking_id)
        if booking is None:
            if not isinstance(answer, told.UnknownBooking):
                self._untrue(operation, f"there never was a booking {booking_id}")
            return
        seen = versions(booking, operation)
        if isinstance(answer, told.UnknownBooking):
            if 0 not in seen:
                self._untrue(operation, "it had been made before")
            return
        low, high = self.clock.bounds(operation)
        states = [booking.versions[number - 1] for number in seen if number]
        if not any(self._holds(operation, booking, state, low, high) for state in states):
            was = ", ".join(dict.fromkeys(state.status for state in states)) or "not there"
            self._untrue(operation, f"the booking was {was} then")

    def _holds(
        self, operation: Operation, booking: Booking, state: Version, low: float, high: float
    ) -> bool:
        """Whether a refusal about one booking is true of one of its versions."""
        answer, expires_at = operation.outcome, state.expires_at
        held = state.status == "HELD" and expires_at is not None
        over = held and expires_at is not None and expires_at <= high
        match answer:
            case told.NotBooked():
                return state.status in FREED or over
            case told.HoldExpired():
                if expires_at is None and state.status == "EXPIRED":
                    # Put out of its line before there was an offer: over when asked about.
                    return low <= micros(answer.expired_at) <= high
                same = expires_at == micros(answer.expired_at)
                return same and (state.status == "EXPIRED" or over)
            case told.NotHeld():
                return not held and state.status == answer.status
            case told.NotExpired():
                due = None if answer.expires_at is None else micros(answer.expires_at)
                still = not held or (expires_at is not None and expires_at > low)
                return due == expires_at and still and state.status != "EXPIRED"
            case told.WrongStatus():
                return state.status == answer.status
            case told.TooEarly():
                begins = {claim.start for claim in booking.claims.values()}
                return micros(answer.not_before) in begins and micros(answer.not_before) > low
            case told.ExtendLimit():
                seconds = operation.asked.args.seconds
                limit = micros(answer.limit_at)
                far = seconds is None or high + seconds * 1_000_000 > limit
                return held and state.limit_at == limit and far
            case _:
                return False

    def _conflict(self, operation: Operation, answer: told.Conflict) -> None:
        args = operation.asked.args
        if answer.rule == "version":
            booking = self.tenant.bookings.get(answer.booking_id or "")
            asked = {args.version, *(move.version for move in args.moves)}
            if booking is None or answer.actual not in versions(booking, operation):
                self._untrue(operation, f"it was not at version {answer.actual} then")
            elif asked == {answer.actual}:
                self._untrue(operation, f"version {answer.actual} is the one it asked for")
        elif answer.rule == "expected_seq":
            stream = self.tenant.streams.get(answer.bookable or "")
            expected = (args.expected or {}).get(answer.bookable or "")
            if expected is not None and expected == answer.actual:
                self._untrue(operation, f"{answer.actual} is what it expected")
            elif stream is not None:
                first, last = window(stream, operation)
                if answer.actual not in stream.seq_after[first : last + 1]:
                    self._untrue(operation, f"{stream.name} was not at {answer.actual} then")
        elif answer.rule != "boundary":
            self._untrue(operation, f"there is no rule {answer.rule!r}")

    # About the request -------------------------------------------------------------------------

    def _key_reused(self, operation: Operation) -> None:
        tries = self.tenant.by_key.get(operation.asked.key or "", [])
        if not any(asked_of(x) != asked_of(operation) for x in tries):
            self._untrue(operation, "nobody used the key for anything else")

    def _clock_behind(self, operation: Operation, answer: told.ClockBehind) -> None:
        behind = micros(answer.last) - micros(answer.clock)
        if behind <= CLOCK_TOLERANCE or not self.clock.steps:
            self._untrue(operation, "nobody set the clock back so far")

    def _untrue(self, operation: Operation, reason: str) -> None:
        asked = operation.asked
        what = f"op {asked.op} ({asked.kind}) was told {told.words(operation.outcome)}: {reason}"
        self.verdict.add("refusal", what, asked.op, tenant=asked.tenant)


def moving(operation: Operation) -> bool:
    """Whether it gives something up in the same step."""
    return operation.asked.kind in ("move", "move_together")


def asked_of(operation: Operation) -> tuple[object, ...]:
    """What an idempotency key stands for: the request without the ids drawn for a try."""
    args = operation.asked.args
    drawn = ("command_id",) if args.actor is None else ("command_id", "booking_id")
    fields = [getattr(args, name) for name in args.__struct_fields__ if name not in drawn]
    return operation.asked.kind, fields
