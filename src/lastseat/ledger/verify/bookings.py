"""Each booking folded from its lead entries, beside its row and its claims.

The claims themselves were compared with their streams (streams.py); here they have to agree with
the booking: freed with it, expiring with it, numbered up to its `made`.
"""

from collections.abc import Iterator

from lastseat.core import events as e
from lastseat.core.state import Booking, Entry, evolve_booking
from lastseat.ledger.verify.report import Findings, Tally, micros, shown
from lastseat.ledger.verify.rows import Key, Row, Rows, each_key


def check_bookings(
    bookings: Rows, leads: Rows, changes: Rows, claims: Rows, tally: Tally, findings: Findings
) -> None:
    """Compare everything that is kept by booking."""
    for key in each_key(bookings, leads, changes, claims):
        tenant_id, booking_id = key
        where = f"booking {booking_id}"
        odd = _without_one_lead(key, changes.take(key), findings)
        booking = _fold(key, leads.take(key), odd, findings)
        row = bookings.one(key)
        mine = list(claims.take(key))
        if row is None and isinstance(booking, Booking):
            findings.add(tenant_id, where, "is in the journal, but has no row")
        elif row is not None and booking is None:
            findings.add(tenant_id, where, "is a row, but the journal has no entry of it")
        elif row is not None and isinstance(booking, Booking):
            _compare(row, booking, mine, findings)
        if isinstance(booking, Booking):
            _compare_claims(key, booking, mine, findings)
        tally.bookings += bool(row is not None or booking is not None)


class Broken:
    """The fold of leads that can't be folded; what they are is reported already."""


BROKEN = Broken()


def _without_one_lead(
    key: Key, changes: Iterator[Row], findings: Findings
) -> dict[int | None, int]:
    odd: dict[int | None, int] = {}
    for _, _, version, leads in changes:
        odd[version] = leads
        what = f"version {version} has {leads} lead entries, and not one"
        findings.add(key[0], f"booking {key[1]}", what)
    return odd


def _fold(
    key: Key, leads: Iterator[Row], odd: dict[int | None, int], findings: Findings
) -> Booking | Broken | None:
    """The booking after its last lead entry, None when it has none."""
    booking: Booking | None = None
    broken = 0 in odd.values()
    last = 0
    for _, _, version, stream, seq, name, v, body in leads:
        if broken or version == last:
            continue
        if version != last + 1:
            broken = True
            what = f"version {last + 1} is missing from the journal"
            findings.add(key[0], f"booking {key[1]}", what)
            continue
        last = version
        try:
            event = e.decode(name, v, body)
        except Exception:  # noqa: BLE001 - reported where its stream is folded
            broken = True
            continue
        entry = Entry(stream, event, key[1], version, True, seq)
        try:
            booking = evolve_booking(booking, entry)
        except ValueError as error:
            broken = True
            findings.add(key[0], f"booking {key[1]}", f"can't be folded: {error}")
    return BROKEN if broken else booking


def _compare(row: Row, booking: Booking, claims: list[Row], findings: Findings) -> None:
    tenant_id, booking_id, actor_id, status, version, made, expires_at, limit_at, series_id = row
    findings.compare(
        tenant_id,
        f"booking {booking_id}",
        {
            "actor_id": actor_id,
            "status": status,
            "version": version,
            "expires_at": expires_at,
            "limit_at": limit_at,
            "series_id": series_id,
        },
        {
            "actor_id": booking.actor_id,
            "status": booking.status.value,
            "version": booking.version,
            "expires_at": micros(booking.expires_at),
            "limit_at": micros(booking.limit_at),
            "series_id": booking.series,
        },
    )
    highest = max((claim[2] for claim in claims), default=0)
    if made != highest:
        # A number given twice would be refused by the table for ever.
        what = f"made is {made}, and its highest claim is {highest}"
        findings.add(tenant_id, f"booking {booking_id}", what)


def _compare_claims(key: Key, booking: Booking, claims: list[Row], findings: Findings) -> None:
    expires_at = micros(booking.expires_at)
    for _, _, no, live, claim_expires_at in claims:
        if not live:
            continue
        where = f"booking {key[1]}, claim {no}"
        if findings.has(key[0], where):
            # It differs from its stream already.
            continue
        if not booking.live:
            findings.add(key[0], where, f"is live, but its booking is {booking.status}")
        elif claim_expires_at != expires_at:
            is_, is_not = shown("expires_at", claim_expires_at), shown("expires_at", expires_at)
            findings.add(key[0], where, f"expires_at is {is_}; its booking's is {is_not}")
