"""The audit trail of a booking: who did what and when, and what it was before and after (C5).

Nothing is kept for it: the journal has it all. The booking's rows are folded by the core's own
`evolve`, so what the trail says is what the decisions went by. Personal data are in no entry: of an
update it says which fields were written; the reason given with a change is a note, and goes when
the person is forgotten.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from msgspec import Struct

from lastseat.core import events as e
from lastseat.core import limits
from lastseat.core.events import Kind
from lastseat.core.interval import Interval
from lastseat.core.state import Bookable, Booking, Entry, evolve, evolve_booking
from lastseat.ledger.rows import EPOCH, interval, moment
from lastseat.reads.rows import QUERIES, Connection, fetch
from lastseat.views.history import AuditClaim, AuditEntry, AuditState, BookingRow

SPAN = 2 * limits.MOVES
"""Rows that one command writes to one stream, at most: a booking that a swap moves leaves and takes
there in one row, and no more than `MOVES` bookings move together."""


class _Row(Struct, frozen=True):
    """A journal row with what its stream is, and the note left with its command."""

    row: BookingRow
    reason: str | None
    kind: Kind
    during: Interval | None


async def booking_journal(connection: Connection, tenant: str, booking_id: str) -> list[BookingRow]:
    """Every row of the booking, in the order written; none when there is no such booking."""
    return [x.row for x in await _rows(connection, tenant, booking_id)]


async def audit(
    connection: Connection, tenant: str, booking_id: str, *, after_version: int, limit: int
) -> list[AuditEntry] | None:
    """The booking's changes past `after_version`, oldest first; None without such a booking."""
    rows = await _rows(connection, tenant, booking_id)
    if not rows:
        return None
    trail = [entry for entry in _fold(booking_id, rows) if entry.version > after_version]
    return trail[:limit]


async def _rows(connection: Connection, tenant: str, booking_id: str) -> list[_Row]:
    found = await fetch(
        connection, QUERIES["booking_journal"], tenant=tenant, booking=booking_id, span=SPAN
    )
    return [
        _Row(
            BookingRow(
                x[0],
                x[1],
                x[2],
                e.decode(x[2], x[3], x[4]),
                moment(x[8]) or EPOCH,
                x[7],
                x[6],
                x[5],
            ),
            x[9],
            Kind(x[10]),
            interval(x[11], x[12]),
        )
        for x in found
    ]


def _fold(booking_id: str, rows: Sequence[_Row]) -> Iterable[AuditEntry]:
    """An entry for each version: all its rows applied, told by its lead."""
    booking: Booking | None = None
    streams: dict[str, Bookable] = {}
    before: AuditState | None = None
    in_order = sorted(rows, key=lambda x: x.row.version)
    for version, group in groupby(in_order, key=lambda x: x.row.version):
        changes = list(group)
        lead = next(x for x in changes if x.row.lead)
        for change in changes:
            row = change.row
            stream = streams.get(row.stream)
            if stream is None:
                stream = Bookable(row.stream, change.kind, 0, during=change.during, ranked=False)
                streams[row.stream] = stream
            entry = Entry(row.stream, row.event, booking_id, version, row.lead, row.seq, row.at)
            evolve(stream, entry)
            if row.lead:
                booking = evolve_booking(booking, entry)
        if booking is None:
            raise ValueError(f"booking {booking_id}: its first entry is no booking")
        after = _state(booking, streams.values())
        event = lead.row.event
        yield AuditEntry(
            version,
            lead.row.type,
            lead.row.at,
            lead.row.principal,
            before,
            after,
            lead.reason,
            event.fields if isinstance(event, e.Updated) else (),
            any(_overrides(change.row.event) for change in changes),
        )
        before = after


def _state(booking: Booking, streams: Iterable[Bookable]) -> AuditState:
    claims = sorted(
        (
            claim
            for stream in streams
            if stream.kind is not Kind.ACTOR
            for claim in stream.claims.values()
        ),
        key=lambda claim: claim.no,
    )
    shown = tuple(AuditClaim(x.bookable, x.units, x.during) for x in claims)
    return AuditState(booking.status, shown, booking.expires_at, tuple(_awaited(streams)))


def _awaited(streams: Iterable[Bookable]) -> Iterable[AuditClaim]:
    """What the booking waits for, as the stream of its line has it."""
    for stream in streams:
        for waiter in stream.waiters.values():
            for claim in waiter.awaited.claims if waiter.awaited else ():
                during = claim.during or stream.during
                if during is not None:
                    yield AuditClaim(claim.bookable, claim.units, during)


def _overrides(event: Any) -> bool:
    """Whether a change took claims by an override: only these two events can."""
    return isinstance(event, e.Booked | e.Moved) and any(x.override for x in event.claims)
