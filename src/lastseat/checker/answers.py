"""Each success beside what was done: journalled once, by who asked, as it was answered (3, 8)."""

from lastseat.checker import told
from lastseat.checker.done import lead_of, seat_after, there_after, times_of, wish
from lastseat.checker.findings import booking_of, maker
from lastseat.checker.history import Operation
from lastseat.checker.lines import Asked, JournalRow, micros
from lastseat.checker.model import Booking, Claim, Command, Tenant, Waiting
from lastseat.checker.order import versions, window
from lastseat.checker.statuses import KIND_OF_TYPE
from lastseat.checker.verdict import Verdict


class Successes:
    """Checks the operations of one tenant that were told that something was done."""

    def __init__(self, tenant: Tenant, verdict: Verdict) -> None:
        self.tenant = tenant
        self.verdict = verdict
        self.seats: dict[tuple[str, int], list[tuple[int, Claim]]] = {}

    def check(self, operation: Operation) -> None:
        """One operation whose result is `ok`."""
        command, answer = operation.done, operation.outcome
        if command is None:
            if not self._changed_nothing(operation):
                self._lost(operation)
            return
        match answer:
            case told.Joined():
                self._joined(operation, command, answer)
            case told.Held() if operation.asked.kind == "join":
                self._offered(operation, command, answer)
            case told.Booked() | told.Held():
                self._booked(operation, command, answer)
            case told.Moved():
                self._moved(operation, command, answer)
            case told.Changed():
                self._changed(operation, command, answer)
            case told.Defined():
                self._defined(operation, command, answer)
            case told.CapacityChanged():
                self._capacity(operation, command, answer)
            case told.Appended():
                for name, seq in answer.sequences.items():
                    last = max((x.seq for x in command.rows if x.stream_id == name), default=0)
                    self._same(operation, f"sequence of {name}", seq, last)
            case _:
                self._wrong(operation, f"was told {answer}")

    # What was booked ---------------------------------------------------------------------------

    def _booked(
        self, operation: Operation, command: Command, answer: told.Booked | told.Held
    ) -> None:
        args = operation.asked.args
        if operation.asked.kind not in ("book", "hold"):
            self._wrong(operation, f"asked to {operation.asked.kind}, and was told of a booking")
            return
        row = lead_of(command, answer.booking_id)
        booking = self.tenant.bookings.get(answer.booking_id)
        if row is None or booking is None or row.type != "booked":
            self._wrong(operation, f"was told of booking {answer.booking_id}, and made another")
            return
        if args.booking_id is not None and operation.asked.key is None:
            self._same(operation, "booking_id", answer.booking_id, args.booking_id)
        self._same(operation, "actor", answer.actor, args.actor)
        self._same(operation, "actor", answer.actor, self.tenant.refs.get(booking.actor_id))
        self._same(operation, "version", answer.version, row.version)
        self._claims(operation, command, answer)
        if isinstance(answer, told.Booked):
            self._same(operation, "status", answer.status, row.body.status)
            wanted = "CONFIRMED" if args.confirmed else "RESERVED"
            if operation.asked.kind == "hold":
                wanted = "HELD"
            self._same(operation, "status", answer.status, wanted)
            return
        self._same(operation, "status", "HELD", row.body.status)
        self._expiry(operation, row, answer, args.seconds)

    def _claims(
        self, operation: Operation, command: Command, answer: told.Booked | told.Held
    ) -> None:
        """What the booking took by this command is what was asked for, and told."""
        booking = self.tenant.bookings[answer.booking_id]
        claims = [
            claim
            for claim in booking.claims.values()
            if not claim.stream.own_time and maker(claim) is command
        ]
        claims.sort(key=lambda claim: claim.no)
        self._same(operation, "units", answer.units, sum(x.units for x in claims))
        self._seat(operation, answer.seat, claims)
        self._as_asked(operation, operation.asked.args.claims, claims)

    def _expiry(
        self, operation: Operation, row: JournalRow, answer: told.Held, seconds: int | None
    ) -> None:
        """When a hold is over, as it was told."""
        if row.body.expires_at is None or row.body.limit_at is None:
            return
        self._same(operation, "expires_at", answer.expires_at, row.body.expires_at)
        self._same(operation, "limit_at", answer.limit_at, row.body.limit_at)
        if seconds is not None:
            started = micros(row.body.expires_at) - seconds * 1_000_000
            if started > row.at:
                self._wrong(operation, f"asked for {seconds} s and got more")

    # Who waits ---------------------------------------------------------------------------------

    def _waiting(
        self, operation: Operation, command: Command, answer: told.Joined | told.Held
    ) -> Waiting | None:
        """The place in line that an operation made, if it is what was asked for."""
        asked = operation.asked
        row = lead_of(command, answer.booking_id)
        booking = self.tenant.bookings.get(answer.booking_id)
        waiting = booking.waiting if booking is not None else None
        if asked.kind != "join" or row is None or row.type != "joined" or waiting is None:
            self._wrong(operation, f"was told of booking {answer.booking_id}, and made another")
            return None
        if asked.args.booking_id is not None and asked.key is None:
            self._same(operation, "booking_id", answer.booking_id, asked.args.booking_id)
        self._same(operation, "actor", answer.actor, asked.args.actor)
        self._same(operation, "actor", answer.actor, self.tenant.refs.get(waiting.booking.actor_id))
        wanted = [wish(x) for x in asked.args.claims]
        self._same(operation, "claims", [wish(x) for x in waiting.awaited.claims], wanted)
        if asked.args.offer_seconds is not None:
            said = waiting.awaited.offer_seconds
            self._same(operation, "offer_seconds", said, asked.args.offer_seconds)
        return waiting

    def _joined(self, operation: Operation, command: Command, answer: told.Joined) -> None:
        waiting = self._waiting(operation, command, answer)
        if waiting is None:
            return
        self._same(operation, "version", answer.version, 1)
        self._same(operation, "bookable", answer.bookable, waiting.queue)
        self._same(operation, "units", answer.units, waiting.units)
        self._same(operation, "position", answer.position, waiting.position)

    def _offered(self, operation: Operation, command: Command, answer: told.Held) -> None:
        """Who came into a line and was offered a place in the same step."""
        waiting = self._waiting(operation, command, answer)
        if waiting is None:
            return
        offer = self.tenant.leads.get((answer.booking_id, answer.version))
        row = lead_of(offer, answer.booking_id) if offer is not None else None
        if offer is None or row is None or row.type != "offered":
            self._wrong(operation, f"was told version {answer.version}, which is no offer")
            return
        if row.tx != command.rows[0].tx:
            self._wrong(operation, "was told of an offer that another transaction made")
        self._claims(operation, offer, answer)
        self._expiry(operation, row, answer, waiting.awaited.offer_seconds)

    def _seat(self, operation: Operation, seat: int, claims: list[Claim]) -> None:
        first = next((claim for claim in claims if claim.stream.counted), None)
        place = 0 if first is None else first.place
        if first is not None:
            told_before = self.seats.setdefault((first.stream.name, seat), [])
            if seat != place:
                others = [op for op, claim in told_before if claim.freed_at > first.made_at]
                too = f", and op {others[-1]} was told seat {seat} too" if others else ""
                self._wrong(
                    operation,
                    f"was told seat {seat} of {first.stream.name}, and has seat {place}{too}",
                    *others[-1:],
                )
            del told_before[:-3]  # the last few are enough to name one
            told_before.append((operation.asked.op, first))
        elif seat:
            self._wrong(operation, f"was told seat {seat}, and nothing it has is seated")

    def _as_asked(
        self, operation: Operation, asked: tuple[Asked, ...], claims: list[Claim]
    ) -> None:
        """The claims in the order asked for."""
        wanted = [wish(claim) for claim in asked]
        had = [
            (x.stream.name, x.units, *times_of(x, asked[i]))
            for i, x in enumerate(claims[: len(asked)])
        ]
        if wanted != had or len(claims) != len(asked):
            self._wrong(operation, f"asked for {wanted}, and got {had}")

    # What became of it -------------------------------------------------------------------------

    def _moved(self, operation: Operation, command: Command, answer: told.Moved) -> None:
        args = operation.asked.args
        asked = [move.booking_id for move in args.moves]
        if args.booking_id is not None:
            asked = [args.booking_id]
        given = [one.booking_id for one in answer.moved]
        if asked and asked != given:
            self._wrong(operation, f"asked to move {asked}, and was told that {given} moved")
        wishes = [move.claims for move in args.moves] or [args.claims]
        for i, one in enumerate(answer.moved):
            booking = self.tenant.bookings.get(one.booking_id)
            rows = [x for x in command.rows if x.booking_id == one.booking_id]
            if booking is None or any(row.type != "moved" for row in rows):
                self._wrong(operation, f"was told that {one.booking_id} moved, which did not")
                continue
            if rows:
                self._same(operation, "version", one.version, rows[0].version)
                self._same(operation, "seat", one.seat, seat_after(booking, command))
            else:
                self._unchanged(operation, booking, one.version)
            if i < len(wishes) and rows:
                step = self.tenant.leads.get((one.booking_id, one.version))
                if step is command:
                    self._has(operation, booking, command, wishes[i])

    def _has(
        self, operation: Operation, booking: Booking, command: Command, asked: tuple[Asked, ...]
    ) -> None:
        """After a move the booking has what was asked for, and nothing else."""
        had = []
        for claim in booking.claims.values():
            if claim.stream.own_time or not there_after(claim, command):
                continue
            had.append((claim.stream.name, claim.units))
        wanted = sorted((claim.bookable, claim.units) for claim in asked)
        if sorted(had) != wanted:
            self._wrong(operation, f"asked for {wanted}, and has {sorted(had)}")

    def _changed(self, operation: Operation, command: Command, answer: told.Changed) -> None:
        args = operation.asked.args
        row = lead_of(command, answer.booking_id)
        if row is None:
            self._wrong(operation, f"was told of {answer.booking_id}, and changed another")
            return
        code = told.code_of(answer)
        if row.type != code or KIND_OF_TYPE[code] != operation.asked.kind:
            self._wrong(operation, f"was told {code}, and the journal says {row.type}")
        if args.booking_id is not None:
            self._same(operation, "booking_id", answer.booking_id, args.booking_id)
        self._same(operation, "version", answer.version, row.version)
        if args.version is not None and answer.version != args.version + 1:
            what = f"asked for version {args.version} to be changed, and made {answer.version}"
            self._wrong(operation, what)
        booking = self.tenant.bookings.get(answer.booking_id)
        ref = self.tenant.refs.get(booking.actor_id) if booking is not None else None
        self._same(operation, "actor", answer.actor, ref)
        if isinstance(answer, told.Extended):
            self._same(operation, "expires_at", answer.expires_at, row.body.expires_at)
        if isinstance(answer, told.Updated):
            self._same(operation, "fields", answer.fields, row.body.fields)

    def _defined(self, operation: Operation, command: Command, answer: told.Defined) -> None:
        args = operation.asked.args
        row = command.rows[0]
        self._same(operation, "bookable", answer.bookable, row.stream_id)
        self._same(operation, "created", answer.created, True)
        wanted = (args.bookable, operation.asked.kind)
        self._same(operation, "definition", (row.stream_id, f"define_{row.body.kind}"), wanted)
        if args.capacity is not None:
            self._same(operation, "capacity", row.body.capacity, args.capacity)
        if args.start is not None and args.end is not None and row.body.during is not None:
            times = micros(row.body.during.start), micros(row.body.during.end)
            self._same(operation, "time", times, (micros(args.start), micros(args.end)))

    def _capacity(
        self, operation: Operation, command: Command, answer: told.CapacityChanged
    ) -> None:
        args = operation.asked.args
        asked = (args.bookable, args.capacity)
        self._same(operation, "capacity", (answer.bookable, answer.capacity), asked)
        over = 0
        for row in command.rows:
            over += row.body.overbooked
            if row.type != "capacity_changed" or row.body.capacity != answer.capacity:
                self._wrong(operation, f"did something else: {row.type} {row.body.capacity}")
        if over > answer.overbooked:
            self._same(operation, "overbooked", answer.overbooked, over)

    # What had nothing to change ----------------------------------------------------------------

    def _changed_nothing(self, operation: Operation) -> bool:
        """Whether the answer is right without a row: it was so already."""
        answer, args = operation.outcome, operation.asked.args
        match answer:
            case told.Confirmed() | told.Expired():
                booking = self.tenant.bookings.get(answer.booking_id)
                status = "CONFIRMED" if isinstance(answer, told.Confirmed) else "EXPIRED"
                if booking is None or answer.actor != self.tenant.refs.get(booking.actor_id):
                    return False
                return any(
                    number == answer.version and booking.versions[number - 1].status == status
                    for number in versions(booking, operation)
                    if number
                )
            case told.Moved():
                for one in answer.moved:
                    booking = self.tenant.bookings.get(one.booking_id)
                    if booking is None or one.version not in versions(booking, operation):
                        return False
                return True
            case told.Defined(created=False):
                stream = self.tenant.streams.get(answer.bookable)
                return stream is not None and window(stream, operation)[1] > 0
            case told.CapacityChanged():
                stream = self.tenant.streams.get(answer.bookable)
                if stream is None or answer.capacity != args.capacity:
                    return False
                first, last = window(stream, operation)
                return any(
                    stream.capacity_after[k] == answer.capacity for k in range(first, last + 1)
                )
            case _:
                return False

    def _unchanged(self, operation: Operation, booking: Booking, version: int) -> None:
        if version not in versions(booking, operation):
            what = f"was told version {version} of {booking_of(booking)}, which it was not then"
            self._wrong(operation, what)

    # Words -------------------------------------------------------------------------------------

    def _lost(self, operation: Operation) -> None:
        asked = operation.asked
        assert operation.outcome is not None
        what = f"op {asked.op} was told {describe(operation)}, and the journal has nothing of it"
        self.verdict.add("lost", what, asked.op, tenant=asked.tenant)

    def _same(self, operation: Operation, name: str, given: object, is_: object) -> None:
        if given != is_:
            self._wrong(operation, f"was told {name} {given}, and it is {is_}")

    def _wrong(self, operation: Operation, what: str, *others: int) -> None:
        asked = operation.asked
        self.verdict.add("answer", f"op {asked.op} {what}", asked.op, *others, tenant=asked.tenant)


def describe(operation: Operation) -> str:
    """A success in words."""
    answer = operation.outcome
    match answer:
        case told.Booked() | told.Held():
            names = ", ".join(claim.bookable for claim in operation.asked.args.claims)
            seat = f", seat {answer.seat}" if answer.seat else ""
            return f"{told.code_of(answer)}{seat} of {names}, for {answer.actor}"
        case told.Changed():
            return f"{told.code_of(answer)} (booking {answer.booking_id}, {answer.version})"
        case None:
            return "nothing"
        case _:
            return told.code_of(answer)
