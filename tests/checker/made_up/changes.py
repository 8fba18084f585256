"""What becomes of a booking: confirmed, released, cancelled, extended, visited, or expired.

Not a move: moving.py.
"""

from tests.checker.made_up.ledger import Ledger
from tests.checker.made_up.rows import SECOND, Row, rfc
from tests.checker.made_up.waiting import offer

CHANGES: dict[str, tuple[str, tuple[str, ...], str]] = {
    "confirm": ("confirmed", ("HELD", "RESERVED"), "CONFIRMED"),
    "release": ("released", ("HELD",), "CANCELLED"),
    "cancel": (
        "cancelled",
        ("WAITLISTED", "HELD", "RESERVED", "CONFIRMED", "CHECKED_IN"),
        "CANCELLED",
    ),
    "extend": ("extended", ("HELD",), ""),
    "check_in": ("checked_in", ("RESERVED", "CONFIRMED"), "CHECKED_IN"),
    "check_out": ("checked_out", ("CHECKED_IN",), "COMPLETED"),
}


def decide_change(ledger: Ledger, command_id: str, kind: str, booking_id: str, args: Row) -> Row:
    code, froms, to = CHANGES[kind]
    booking = ledger.bookings.get(booking_id)
    if booking is None:
        return {"code": "unknown_booking", "booking_id": booking_id}
    version, status = booking["version"], booking["status"]
    if args.get("version") not in (None, version):
        return {
            "code": "conflict",
            "rule": "version",
            "booking_id": booking_id,
            "actual": version,
        }
    actor = ledger.refs[booking["actor_id"]]
    if status == "EXPIRED" and kind not in ("cancel", "expire"):
        over = rfc(booking["expires_at"] or ledger.clock)
        return {"code": "hold_expired", "booking_id": booking_id, "expired_at": over}
    if status in ("CANCELLED", "EXPIRED"):
        return {"code": "not_booked", "actor": actor, "booking_id": booking_id}
    told = {"code": code, "booking_id": booking_id, "actor": actor}
    if kind == "confirm" and status == "CONFIRMED":
        return {**told, "version": version}
    if kind in ("release", "extend") and status != "HELD":
        return {"code": "not_held", "booking_id": booking_id, "status": status}
    if status not in froms:
        return {
            "code": "wrong_status",
            "booking_id": booking_id,
            "status": status,
            "wanted": to,
        }
    body: Row = {}
    if kind == "extend":
        until = max(ledger.clock + args["seconds"] * SECOND, booking["expires_at"])
        if ledger.clock + args["seconds"] * SECOND > booking["limit_at"]:
            limit = rfc(booking["limit_at"])
            return {"code": "extend_limit", "booking_id": booking_id, "limit_at": limit}
        booking["expires_at"] = until
        body["expires_at"] = told["expires_at"] = rfc(until)
    offer(ledger, ledger.write(booking, code, body, command_id, to or status))
    return {**told, "version": booking["version"]}


def expire_due(ledger: Ledger) -> None:
    """What every batch does first."""
    command_id = None
    freed: list[str] = []
    now = ledger.clock
    for booking_id in list(ledger.holds) if "expiry" not in ledger.careless else ():
        booking = ledger.bookings[booking_id]
        if booking["expires_at"] <= now:
            command_id = command_id or ledger.id()
            freed += ledger.write(booking, "expired", {}, command_id, "EXPIRED", principal="system")
    offer(ledger, freed)
