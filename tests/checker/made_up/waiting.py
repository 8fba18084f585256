"""Who waits for places in a show, each in its own line; and the offers when some come free.

Not who may pass the line: room.py.
"""

from collections.abc import Iterable

from tests.checker.made_up.ledger import Ledger
from tests.checker.made_up.room import elsewhere, own_time, placed, seated
from tests.checker.made_up.rows import SECOND, Row, rfc, span


def decide_joining(ledger: Ledger, args: Row, name: str, actor: str, units: int) -> Row:
    (claim,) = placed(ledger, args["claims"])
    head, there = ledger.heads[name], ledger.line(name)
    told = {"actor": actor, "bookable": name}
    actor_id = ledger.actors.get(actor, "nobody yet")
    already = seated(ledger, [claim], actor, actor_id, set())
    if already is not None:
        return already
    for i, waiter in enumerate(there):
        if waiter["actor_id"] == actor_id:
            waits = {"booking_id": waiter["booking_id"], "position": i + 1}
            return {"code": "already_waiting", **told, **waits}
    if head["waitlist"] == "closed":
        return {"code": "waitlist_closed", **told, "reason": "it has no waitlist"}
    if units > head["capacity"]:
        room = {"capacity": head["capacity"], "left": max(0, head["capacity"] - head["taken"])}
        return {"code": "full", **told, **room, "during": span(*claim["during"])}
    busy = elsewhere(ledger, actor, own_time(ledger, [claim], actor_id), set(), [])
    free = units <= head["capacity"] - head["taken"]
    if busy is not None and free and (not there or head["waitlist"] != "fifo"):
        return busy
    booking: Row = {
        **dict.fromkeys(("expires_at", "limit_at")),
        "tenant_id": ledger.tenant,
        "booking_id": args["booking_id"],
        "actor_id": ledger.actor_id(actor),
        "status": "WAITLISTED",
        "version": 1,
        "made": 0,
    }
    ledger.bookings[booking["booking_id"]] = booking
    ledger.claims[booking["booking_id"]] = []
    asked = {"claims": args["claims"], "offer_seconds": args["offer_seconds"], "on": [name]}
    body = {"actor_id": booking["actor_id"], "queue": name, "awaited": asked}
    ledger.append(name, "joined", body, args["command_id"], booking)
    head["waiting"] += 1
    ledger.waiting[booking["booking_id"]] = {
        "tenant_id": ledger.tenant,
        "bookable_id": name,
        "booking_id": booking["booking_id"],
        "queue_id": name,
        "actor_id": booking["actor_id"],
        "seq": head["seq"],
        "units": units,
        "during": None,
        "awaited": asked,
    }
    joined = {"booking_id": booking["booking_id"], "position": len(there) + 1}
    return {"code": "joined", **told, "units": units, **joined}


def offer(ledger: Ledger, names: Iterable[str]) -> dict[str, Row]:
    """What came free is offered in order; what each was told."""
    told: dict[str, Row] = {}
    for name in list(dict.fromkeys(names)):
        if name not in ledger.heads or ledger.heads[name]["kind"] != "occurrence":
            continue
        head = ledger.heads[name]
        line = ledger.line(name) if "offers" not in ledger.careless else []
        for waiter in line[::-1] if "order" in ledger.careless else line:
            booking = ledger.bookings[waiter["booking_id"]]
            actor = ledger.refs[waiter["actor_id"]]
            (claim,) = claims = placed(ledger, waiter["awaited"]["claims"])
            own = own_time(ledger, claims, waiter["actor_id"])
            never = claim["units"] > head["capacity"]
            if claim["units"] > head["capacity"] - head["taken"] and not never:
                if head["waitlist"] == "fifo":
                    break
                continue
            lost = never or elsewhere(ledger, actor, own, set(), [])
            if lost or seated(ledger, claims, actor, waiter["actor_id"], set()):
                ledger.write(booking, "expired", {}, ledger.id(), "EXPIRED", principal="system")
                continue
            told[waiter["booking_id"]] = offered(ledger, booking, actor, waiter, [claim, *own])
    return told


def offered(ledger: Ledger, booking: Row, actor: str, waiter: Row, claims: list[Row]) -> Row:
    name, seconds = waiter["bookable_id"], waiter["awaited"]["offer_seconds"]
    seat = ledger.heads[name]["taken"] + 1
    command_id = ledger.id()
    booking["version"] += 1
    booking["status"] = "HELD"
    booking["expires_at"] = ledger.clock + seconds * SECOND
    booking["limit_at"] = ledger.clock + 3600 * SECOND
    ledger.holds[booking["booking_id"]] = None
    ledger.leave_line(booking)
    expiry = {x: rfc(booking[x]) for x in ("expires_at", "limit_at")}
    for stream, made in ledger.make(booking, claims, override=False).items():
        body = {"actor_id": booking["actor_id"], "claims": made, **expiry}
        lead = stream == name
        ledger.append(stream, "offered", body, command_id, booking, lead=lead, principal="system")
    place = {"seat": seat, "units": waiter["units"], "version": booking["version"]}
    return {
        "code": "held", "booking_id": booking["booking_id"], "actor": actor, **place, **expiry
    }  # fmt: skip
