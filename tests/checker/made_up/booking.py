"""A booking made, or a hold.

Not what becomes of it: changes.py, moving.py.
"""

from tests.checker.made_up.ledger import Ledger
from tests.checker.made_up.room import elsewhere, own_time, placed, seated, shortage
from tests.checker.made_up.rows import SECOND, Row, rfc


def decide_booking(
    ledger: Ledger, args: Row, wanted: list[Row], actor: str, seconds: int | None, *, override: bool
) -> Row:
    actor_id = ledger.actors.get(actor, "nobody yet")
    claims = placed(ledger, wanted)
    own = own_time(ledger, claims, actor_id)
    refusal = seated(ledger, claims, actor, actor_id, set())
    if refusal is None and not override:
        for claim in claims:
            claim["actor"] = actor
        refusal = shortage(ledger, claims, set()) or elsewhere(ledger, actor, own, set(), [])
    if refusal is not None:
        return refusal
    actor_id = ledger.actor_id(actor)
    own = own_time(ledger, claims, actor_id)
    booking: Row = {
        "tenant_id": ledger.tenant,
        "booking_id": args["booking_id"],
        "actor_id": actor_id,
        "status": "CONFIRMED" if seconds is None else "HELD",
        "version": 1,
        "made": 0,
        "expires_at": None,
        "limit_at": None,
        "created_at": ledger.clock,
        "updated_at": ledger.clock,
    }
    body: Row = {"actor_id": actor_id, "status": booking["status"]}
    if seconds is not None:
        booking["expires_at"] = ledger.clock + seconds * SECOND
        booking["limit_at"] = ledger.clock + 3600 * SECOND
        body["expires_at"] = rfc(booking["expires_at"])
        body["limit_at"] = rfc(booking["limit_at"])
        ledger.holds[booking["booking_id"]] = None
    ledger.bookings[booking["booking_id"]] = booking
    ledger.claims[booking["booking_id"]] = []
    seat = 0
    for claim in claims:
        if claim["counted"] and not seat:
            seat = ledger.heads[claim["bookable"]]["taken"] + 1
    for stream, made in ledger.make(booking, [*claims, *own], override=override).items():
        first = stream == next(iter(dict.fromkeys(x["bookable"] for x in claims)))
        ledger.append(
            stream, "booked", {**body, "claims": made}, args["command_id"], booking, lead=first
        )
        ledger.settle(booking)
    outcome = {
        "booking_id": booking["booking_id"],
        "actor": actor,
        "seat": seat,
        "units": sum(claim["units"] for claim in claims),
    }
    if seconds is None:
        return {"code": "booked", **outcome, "status": "CONFIRMED"}
    expiry = {"expires_at": body["expires_at"], "limit_at": body["limit_at"]}
    return {"code": "held", **outcome, **expiry}
