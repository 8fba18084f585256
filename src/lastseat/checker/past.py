"""What is asked about a stream's past, answered in one sweep over it.

A question has a window of states, and is true if its refusal fits one of them. Most are true in the
first; so the cost is that of the changes, and of the few states until it is.
"""

from collections.abc import Iterator
from math import inf

from msgspec import Struct

from lastseat.checker import told
from lastseat.checker.findings import named
from lastseat.checker.history import Operation
from lastseat.checker.lines import Asked, micros
from lastseat.checker.model import Booking, Claim, Intervals, Load, Stream, Tenant, Waiting, peak
from lastseat.checker.order import Clock


class Question(Struct, gc=False, eq=False):
    """Whether the operation's refusal was true in one of the states `first` to `last`."""

    operation: Operation
    first: int
    last: int


class Seats:
    """The units of live claims by the order in which they were made (a Fenwick tree)."""

    def __init__(self, claims: list[Claim]) -> None:
        self.index = {id(claim): i + 1 for i, claim in enumerate(claims)}
        self.tree = [0] * (len(claims) + 1)

    def add(self, claim: Claim, units: int) -> None:
        """Count units more, or less."""
        i = self.index[id(claim)]
        while i < len(self.tree):
            self.tree[i] += units
            i += i & -i

    def place(self, claim: Claim) -> int:
        """One more than the units before this claim."""
        i, units = self.index[id(claim)] - 1, 0
        while i > 0:
            units += self.tree[i]
            i -= i & -i
        return units + 1


class Past:
    """The questions of one tenant."""

    def __init__(self, tenant: Tenant, clock: Clock) -> None:
        self.tenant = tenant
        self.clock = clock
        self.questions: dict[str, list[Question]] = {}

    def ask(self, stream: Stream, question: Question) -> None:
        """Keep a question."""
        self.questions.setdefault(stream.name, []).append(question)

    def untrue(self) -> Iterator[tuple[Operation, str]]:
        """The refusals that were never true, with what was so instead."""
        for name, questions in self.questions.items():
            yield from _Sweep(self.tenant, self.tenant.streams[name], self.clock).run(questions)


class _Sweep:
    """One stream, from its first state to its last."""

    def __init__(self, tenant: Tenant, stream: Stream, clock: Clock) -> None:
        self.tenant = tenant
        self.stream = stream
        self.clock = clock
        self.live = Intervals()
        self.waiting: dict[str, Waiting] = {}
        counted = stream.counted
        self.seats = Seats([x for _, made, x in stream.changes if made] if counted else [])

    def run(self, questions: list[Question]) -> Iterator[tuple[Operation, str]]:
        """Ask all questions at each state of their windows until they are true."""
        questions.sort(key=lambda question: question.first)
        waiting: list[Question] = []
        done = asked = 0
        changes, line = self.stream.changes, self.stream.line_changes
        lined = 0
        state = 0
        while asked < len(questions) or waiting:
            if not waiting:
                state = questions[asked].first
            while done < len(changes) and changes[done][0] <= state:
                self._apply(changes[done])
                done += 1
            while lined < len(line) and line[lined][0] <= state:
                self._in_line(line[lined])
                lined += 1
            while asked < len(questions) and questions[asked].first <= state:
                waiting.append(questions[asked])
                asked += 1
            still: list[Question] = []
            for question in waiting:
                if self._true(question.operation, state):
                    continue
                if state >= question.last:
                    yield question.operation, self._instead(question)
                else:
                    still.append(question)
            waiting = still
            state += 1

    def _apply(self, change: tuple[int, bool, Claim]) -> None:
        _, made, claim = change
        if self.stream.counted:
            self.seats.add(claim, claim.units if made else -claim.units)
        elif made:
            self.live.put(claim)
        else:
            self.live.drop(claim)

    def _in_line(self, change: tuple[int, bool, Waiting]) -> None:
        _, came, waiting = change
        if came:
            self.waiting[waiting.booking.booking_id] = waiting
        else:
            del self.waiting[waiting.booking.booking_id]

    def _true(self, operation: Operation, state: int) -> bool:
        match operation.outcome:
            case told.Already() as answer:
                return self._already(answer, state)
            case told.Full() as answer:
                if self.stream.counted:
                    return self._full(operation, answer, state)
                return self._over_peak(operation, answer, state)
            case told.AlreadyWaiting() as answer:
                return self._already_waiting(operation, answer)
            case told.WaitlistFull() as answer:
                return self._line_full(answer)
            case told.Conflict(rule="waiting") as answer:
                return self._behind(operation, answer, state)
            case told.Conflict() as answer:
                return self._exclusive(operation, answer, state)
            case told.ActorBusy() as answer:
                return self._busy(operation, answer)
            case told.BelowTaken() as answer:
                return self._below(operation, answer, state)
            case _:
                return False

    def _already(self, answer: told.Already, state: int) -> bool:
        booking = self.tenant.bookings.get(answer.booking_id)
        if booking is None or self.tenant.refs.get(booking.actor_id) != answer.actor:
            return False
        if answer.status not in self._statuses(booking, state):
            return False
        return any(
            self.seats.place(claim) == answer.seat
            for claim in booking.claims.values()
            if claim.stream is self.stream and claim.made_at <= state < claim.freed_at
        )

    def _statuses(self, booking: Booking, state: int) -> set[str]:
        """What a booking here was between this state and the next: its versions are steps here."""
        found = ""
        for version in booking.versions:
            rows = [
                x
                for x in version.command.rows
                if x.stream_id == self.stream.name and x.booking_id == booking.booking_id
            ]
            if rows and rows[0].seq > self.stream.seq_after[state]:
                break
            found = version.status
        return {found}

    # Who waits ------------------------------------------------------------------------------------

    def _line(self, loads: list[Load]) -> list[Waiting]:
        """Who stands in the stream's own line for a time that overlaps one of these."""
        return [
            x
            for x in self.waiting.values()
            if x.queue == self.stream.name
            and any(x.over(load.blocked_start, load.blocked_end) for load in loads)
        ]

    def _already_waiting(self, operation: Operation, answer: told.AlreadyWaiting) -> bool:
        load = self._load(operation.asked.args.claims[0])
        line = self._line([load]) if load is not None else []
        if not 0 < answer.position <= len(line):
            return False
        booking = line[answer.position - 1].booking
        same = self.tenant.refs.get(booking.actor_id) == answer.actor
        return same and booking.booking_id == answer.booking_id

    def _line_full(self, answer: told.WaitlistFull) -> bool:
        mine = [
            x
            for x in self.waiting.values()
            if x.queue == self.stream.name
            and self.tenant.refs.get(x.booking.actor_id) == answer.actor
        ]
        return answer.limit in (len(self.waiting), len(mine))

    def _behind(self, operation: Operation, answer: told.Conflict, state: int) -> bool:
        """Whether others wait for the resource in the time that was asked for."""
        if answer.during is None or self.stream.policy != "fifo":
            return False
        during = micros(answer.during.start), micros(answer.during.end)
        taking, _ = self._plans(operation, state)
        loads = [x for x in taking if (x.blocked_start, x.blocked_end) == during]
        return bool(self._line(loads))

    def _passes(self, operation: Operation, taking: list[Load]) -> bool:
        """Whether it would have been told of those who wait, and was not."""
        new = operation.asked.kind in ("book", "hold")
        return new and self.stream.policy == "fifo" and bool(self._line(taking))

    # What is asked for, and what is left for it ---------------------------------------------------

    def _plans(self, operation: Operation, state: int) -> tuple[list[Load], dict[int, Claim]]:
        """What an operation takes here, and the claims that it leaves, in a state."""
        args = operation.asked.args
        moves = [(move.booking_id, move.claims) for move in args.moves]
        if operation.asked.kind == "move" and args.booking_id is not None:
            moves = [(args.booking_id, args.claims)]
        if not moves:
            return [x for x in map(self._load, args.claims) if x is not None], {}
        taking: list[Load] = []
        leaving: dict[int, Claim] = {}
        for booking_id, claims in moves:
            booking = self.tenant.bookings.get(booking_id)
            had = [] if booking is None else list(booking.claims.values())
            had = [x for x in had if x.stream is self.stream and x.made_at <= state < x.freed_at]
            for load in map(self._load, claims):
                if load is None:
                    continue
                same = next((x for x in had if same_place(x, load)), None)
                if same is None:
                    taking.append(load)
                else:
                    had.remove(same)
            leaving |= {id(x): x for x in had}
        return taking, leaving

    def _load(self, claim: Asked) -> Load | None:
        if claim.bookable != self.stream.name and not self.stream.own_time:
            return None
        if claim.start is None or claim.end is None:
            there = self.tenant.streams.get(claim.bookable)
            start, end = (there.start, there.end) if there is not None else (None, None)
            if start is None or end is None:
                return None
        else:
            start, end = micros(claim.start), micros(claim.end)
        before, after = claim.before * 1_000_000, claim.after * 1_000_000
        return Load(start - before, end + after, claim.units, start, end)

    def _full(self, operation: Operation, answer: told.Full, state: int) -> bool:
        taking, leaving = self._plans(operation, state)
        if answer.waiting:
            so = answer.capacity == self.stream.capacity_after[state] and not answer.left
            return so and self.stream.policy == "fifo" and len(self._line(taking)) == answer.waiting
        wanted = sum(load.units for load in taking)
        freed = sum(claim.units for claim in leaving.values())
        capacity = self.stream.capacity_after[state]
        left = capacity - self.stream.taken_after[state] + freed
        return answer.capacity == capacity and answer.left == max(0, left) and wanted > left

    def _over_peak(self, operation: Operation, answer: told.Full, state: int) -> bool:
        capacity = self.stream.capacity_after[state]
        if capacity != answer.capacity:
            return False
        taking, leaving = self._plans(operation, state)
        if operation.asked.kind == "join":
            # Nobody waits for more than there ever is.
            return not answer.left and any(
                peak(taking, x.blocked_start, x.blocked_end) > capacity for x in taking
            )
        if not answer.waiting and self._passes(operation, taking):
            return False
        for load in taking:
            if (load.start, load.end) != (micros(answer.during.start), micros(answer.during.end)):
                continue
            if answer.waiting:
                line = self._line([load]) if self.stream.policy == "fifo" else []
                return not answer.left and len(line) == answer.waiting
            start, end = load.blocked_start, load.blocked_end
            there = [x for x in self.live.over(start, end) if id(x) not in leaving]
            if peak([*there, *taking], start, end) > capacity:
                return max(0, capacity - peak(there, start, end)) == answer.left
        return False

    def _exclusive(self, operation: Operation, answer: told.Conflict, state: int) -> bool:
        if answer.during is None:
            return False
        taking, leaving = self._plans(operation, state)
        if self._passes(operation, taking):
            return False
        during = micros(answer.during.start), micros(answer.during.end)
        for i, load in enumerate(taking):
            for claim in self.live.over(load.blocked_start, load.blocked_end):
                taken = claim.blocked_start, claim.blocked_end
                if taken == during and id(claim) not in leaving:
                    return True
            for other in taking[:i] + taking[i + 1 :]:
                if (other.blocked_start, other.blocked_end) == during and overlap(other, load):
                    return True
        return False

    def _busy(self, operation: Operation, answer: told.ActorBusy) -> bool:
        args = operation.asked.args
        asked = [*args.claims, *(claim for move in args.moves for claim in move.claims)]
        during = micros(answer.during.start), micros(answer.during.end)
        for load in map(self._load, asked):
            if load is None:
                continue
            for claim in self.live.over(load.start, load.end):
                same = (claim.start, claim.end) == during
                if same and claim.booking.booking_id == answer.booking_id:
                    return True
        return False

    def _below(self, operation: Operation, answer: told.BelowTaken, state: int) -> bool:
        asked = operation.asked.args.capacity
        if asked is None or answer.taken <= asked:
            return False
        if answer.capacity != self.stream.capacity_after[state]:
            return False
        if self.stream.counted:
            return self.stream.taken_after[state] == answer.taken
        claims = [x[3] for x in self.live.claims]
        low, high = self.clock.bounds(operation)
        most = peak(claims, int(max(low, 0)), inf)
        least = peak(claims, int(high), inf) if high < inf else 0
        return least <= answer.taken <= most

    def _instead(self, question: Question) -> str:
        """What was so, in words."""
        stream, states = self.stream, range(question.first, question.last + 1)
        name = named(stream)
        first, last = (stream.seq_after[k] for k in (states[0], states[-1]))
        when = f"at its entry {first}" if first == last else f"from its entry {first} to {last}"
        about_units = told.Full | told.BelowTaken
        if stream.counted and isinstance(question.operation.outcome, about_units):
            seen = dict.fromkeys((stream.taken_after[k], stream.capacity_after[k]) for k in states)
            found = ", ".join(f"{taken} of {capacity}" for taken, capacity in seen)
            return f"{name} had {found} taken, {when}"
        return f"that was not so of {name}, {when}"


def same_place(claim: Claim, load: Load) -> bool:
    """Whether a claim is what is asked for, so that it stays."""
    return (claim.start, claim.end, claim.blocked_start, claim.blocked_end, claim.units) == (
        load.start,
        load.end,
        load.blocked_start,
        load.blocked_end,
        load.units,
    )


def overlap(one: Load, two: Load) -> bool:
    """Whether they share an instant."""
    return one.blocked_start < two.blocked_end and two.blocked_start < one.blocked_end
