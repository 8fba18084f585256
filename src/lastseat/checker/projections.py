"""The tables made from the journal, each row beside the fold of it (property 2)."""

from collections.abc import Iterable
from datetime import UTC, datetime

from lastseat.checker.findings import booking_of
from lastseat.checker.history import History
from lastseat.checker.lines import BookingRow, ClaimRow, EventRow, HeadRow, WaitingRow, micros
from lastseat.checker.model import Claim, Stream, Tenant, Waiting
from lastseat.checker.statuses import FREED
from lastseat.checker.verdict import Verdict

CLAIM = (
    *("bookable_id", "units", "during", "blocked", "seq", "live", "exclusive", "override"),
    *("own_time", "local_start", "time_zone", "actor_id"),
)
"""The columns of a claim, in the order of `claim_fold`."""


class Projections:
    """Compares every table; whatever is in one and not in the other is a violation."""

    def __init__(self, tenants: dict[str, Tenant], verdict: Verdict) -> None:
        self.tenants = tenants
        self.verdict = verdict

    def check(self, history: History) -> None:
        """All tables."""
        self._heads(history.heads)
        self._bookings(history.bookings)
        self._claims(history.claims)
        self._waitlist(history.waitlist)
        self._events(history.events)
        self._actors(history)

    def _heads(self, rows: Iterable[HeadRow]) -> None:
        seen: set[tuple[str, str]] = set()
        for row in rows:
            seen.add((row.tenant_id, row.bookable_id))
            stream = self._stream(row.tenant_id, row.bookable_id)
            if stream is None:
                if row.seq or row.taken:
                    self._differs(row.tenant_id, f"head {row.bookable_id}: no journal has it")
                continue
            if stream.broken:
                continue
            fold = (
                stream.kind,
                stream.capacity,
                stream.overbooked,
                stream.taken,
                stream.seq,
                stream.at,
                stream.start,
                stream.end,
                stream.time_zone,
                stream.event_id,
                stream.own,
                stream.actor_time,
                stream.location,
                len(stream.waiting),
                stream.policy,
            )
            is_ = (
                row.kind,
                row.capacity,
                row.overbooked,
                row.taken,
                row.seq,
                row.at,
                row.starts_at,
                row.ends_at,
                row.time_zone,
                row.event_id,
                row.own_capacity,
                row.actor_time,
                row.location_id,
                row.waiting,
                row.waitlist,
            )
            names = HeadRow.__struct_fields__[2:]
            self._compare(row.tenant_id, f"head {row.bookable_id}", names, is_, fold)
        for tenant in self.tenants.values():
            for name, stream in tenant.streams.items():
                if stream.seq and (tenant.name, name) not in seen:
                    self._differs(tenant.name, f"{name} has a journal and no head")

    def _bookings(self, rows: Iterable[BookingRow]) -> None:
        seen: set[tuple[str, str]] = set()
        for row in rows:
            seen.add((row.tenant_id, row.booking_id))
            tenant = self.tenants.get(row.tenant_id)
            booking = tenant.bookings.get(row.booking_id) if tenant is not None else None
            if booking is None:
                self._differs(row.tenant_id, f"booking {row.booking_id}: no journal has it")
                continue
            fold = (
                booking.actor_id,
                booking.status,
                booking.version,
                booking.made,
                booking.expires_at,
                booking.limit_at,
            )
            is_ = (
                row.actor_id,
                row.status,
                row.version,
                row.made,
                row.expires_at,
                row.limit_at,
            )
            if fold != is_:
                names = BookingRow.__struct_fields__[2:]
                ops = [x.command.op for x in booking.versions[-1:]]
                self._compare(row.tenant_id, booking_of(booking), names, is_, fold, *ops)
        for tenant in self.tenants.values():
            for booking_id, booking in tenant.bookings.items():
                if (tenant.name, booking_id) not in seen:
                    what = f"{booking_of(booking)} is in the journal and has no row"
                    self._differs(tenant.name, what, booking.versions[0].command.op)

    def _claims(self, rows: Iterable[ClaimRow]) -> None:
        seen: set[int] = set()
        for row in rows:
            tenant = self.tenants.get(row.tenant_id)
            booking = tenant.bookings.get(row.booking_id) if tenant is not None else None
            claim = booking.claims.get(row.no) if booking is not None else None
            if booking is None or claim is None:
                what = f"claim {row.no} of {row.booking_id}: no journal has it"
                self._differs(row.tenant_id, what)
                continue
            seen.add(id(claim))
            if claim.stream.broken:
                continue
            fold, is_ = claim_fold(claim), claim_row(row)
            if fold != is_:
                ops = [x.command.op for x in booking.versions[:1]]
                where = f"claim {row.no} of {booking_of(booking)}"
                self._compare(row.tenant_id, where, CLAIM, is_, fold, *ops)
            elif claim.live and row.expires_at != booking.expires_at:
                what = f"claim {row.no} of {booking_of(booking)}: expires_at is {row.expires_at}"
                self._differs(row.tenant_id, f"{what}, and its booking's is {booking.expires_at}")
        for tenant in self.tenants.values():
            for booking in tenant.bookings.values():
                for claim in booking.claims.values():
                    if id(claim) not in seen:
                        what = f"claim {claim.no} of {booking_of(booking)} has no row"
                        self._differs(tenant.name, what, booking.versions[0].command.op)

    def _waitlist(self, rows: Iterable[WaitingRow]) -> None:
        seen: set[tuple[str, str, str]] = set()
        for row in rows:
            seen.add((row.tenant_id, row.bookable_id, row.booking_id))
            stream = self._stream(row.tenant_id, row.bookable_id)
            waiting = stream.waiting.get(row.booking_id) if stream is not None else None
            where = f"waitlist of {row.bookable_id}, booking {row.booking_id}"
            if stream is None or waiting is None:
                self._differs(row.tenant_id, f"{where}: no journal has it")
                continue
            op = waiting.booking.versions[0].command.op
            is_ = (row.queue_id, row.actor_id, row.seq, row.units, row.during)
            names = WaitingRow.__struct_fields__[3:]
            self._compare(row.tenant_id, where, names, is_, waiting_fold(stream, waiting), op)
        for tenant in self.tenants.values():
            for name, stream in tenant.streams.items():
                for booking_id, waiting in stream.waiting.items():
                    if (tenant.name, name, booking_id) not in seen:
                        what = f"{booking_of(waiting.booking)} waits for {name}, and has no row"
                        op = waiting.booking.versions[0].command.op
                        self._differs(tenant.name, what, op)

    def _events(self, rows: Iterable[EventRow]) -> None:
        seen: set[tuple[str, str]] = set()
        for row in rows:
            seen.add((row.tenant_id, row.event_id))
            stream = self._stream(row.tenant_id, row.event_id)
            if stream is None or stream.kind != "event":
                self._differs(row.tenant_id, f"event {row.event_id}: no journal has it")
            else:
                names = ("starts", "seconds")
                is_, fold = (tuple(row.starts), row.seconds), (stream.starts, stream.seconds)
                self._compare(row.tenant_id, f"event {row.event_id}", names, is_, fold)
        for tenant in self.tenants.values():
            for name, stream in tenant.streams.items():
                if stream.kind == "event" and (tenant.name, name) not in seen:
                    self._differs(tenant.name, f"event {name} has no row with its starts")

    def _actors(self, history: History) -> None:
        for tenant in self.tenants.values():
            for booking in tenant.bookings.values():
                if booking.actor_id not in tenant.refs:
                    what = f"the actor of {booking_of(booking)} has no row"
                    self._differs(tenant.name, what, booking.versions[0].command.op)
        pairs = {(row.tenant_id, row.ref) for row in history.actors}
        ids = {(row.tenant_id, row.actor_id) for row in history.actors}
        if not len(pairs) == len(ids) == len(history.actors):
            self.verdict.add("projection", "an actor has two rows")

    def _stream(self, tenant_id: str, name: str) -> Stream | None:
        tenant = self.tenants.get(tenant_id)
        return tenant.streams.get(name) if tenant is not None else None

    def _compare(
        self,
        tenant: str,
        where: str,
        names: tuple[str, ...],
        is_: tuple[object, ...],
        fold: tuple[object, ...],
        *operations: int | None,
    ) -> None:
        for name, value, wanted in zip(names, is_, fold, strict=True):
            if value != wanted:
                what = f"{where}: {name} is {value}, and the journal comes to {wanted}"
                self._differs(tenant, what, *operations)

    def _differs(self, tenant: str, what: str, *operations: int | None) -> None:
        self.verdict.add("projection", what, *operations, tenant=tenant)


def claim_fold(claim: Claim) -> tuple[object, ...]:
    """What the row of a claim has to hold."""
    stream = claim.stream
    counted = stream.counted
    return (
        stream.name,
        claim.units,
        None if counted else (claim.start, claim.end),
        None if counted else (claim.blocked_start, claim.blocked_end),
        claim.seq,
        claim.live and claim.booking.status not in FREED,
        claim.exclusive,
        claim.override,
        stream.own_time,
        local(claim.local_start),
        claim.time_zone,
        claim.booking.actor_id,
    )


def waiting_fold(stream: Stream, waiting: Waiting) -> tuple[object, ...]:
    """What the row of a booking that waits on a stream has to hold."""
    seq, _ = waiting.noted[stream.name]
    own = stream.name == waiting.queue
    return (
        waiting.queue,
        waiting.booking.actor_id,
        seq,
        waiting.units if own else None,
        (waiting.start, waiting.end) if own and not stream.counted else None,
    )


def claim_row(row: ClaimRow) -> tuple[object, ...]:
    """What it holds, in the same order."""
    return (
        row.bookable_id,
        row.units,
        row.during,
        row.blocked,
        row.seq,
        row.live,
        row.exclusive,
        row.override,
        row.own_time,
        local(row.local_start),
        row.time_zone,
        row.actor_id,
    )


def local(time: str | int | None) -> int | None:
    """A wall clock's time as microseconds, however it is written."""
    if isinstance(time, str):
        return micros(datetime.fromisoformat(time).replace(tzinfo=UTC))
    return time
