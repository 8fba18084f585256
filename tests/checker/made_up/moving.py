"""Bookings moved, one or several together: all of them or none.

Not whether there is room where they go: room.py.
"""

from typing import NamedTuple

from tests.checker.made_up.ledger import Ledger
from tests.checker.made_up.room import elsewhere, own_time, placed, seated, shortage
from tests.checker.made_up.rows import Row
from tests.checker.made_up.waiting import offer


class Plan(NamedTuple):
    """One booking's move."""

    booking: Row
    actor: str
    leaving: list[Row]
    taking: list[Row]
    own: list[Row]


def decide_move(
    ledger: Ledger, moves: list[tuple[str, list[Row]]], command_id: str, *, override: bool
) -> Row:
    plans: list[Plan] = []
    for booking_id, wanted in moves:
        plan = planned(ledger, booking_id, wanted)
        if isinstance(plan, dict):
            return plan
        plans.append(plan)
    refusal = seated_twice(ledger, plans)
    if refusal is None and not override:
        refusal = crowded(ledger, plans)
    if refusal is not None:
        return refusal
    for plan in plans:
        for claim in plan.leaving:
            ledger.free(claim)
    moved = [relocate(ledger, plan, command_id, override=override) for plan in plans]
    offer(ledger, [claim["bookable_id"] for plan in plans for claim in plan.leaving])
    return {"code": "moved", "moved": moved}


def planned(ledger: Ledger, booking_id: str, wanted: list[Row]) -> Plan | Row:
    """What a booking leaves and takes."""
    booking = ledger.bookings[booking_id]
    actor, status = ledger.refs[booking["actor_id"]], booking["status"]
    if status in ("CANCELLED", "EXPIRED"):
        return {"code": "not_booked", "actor": actor, "booking_id": booking_id}
    if status not in ("HELD", "RESERVED", "CONFIRMED"):
        told = {"booking_id": booking_id, "status": status, "wanted": "a move"}
        return {"code": "wrong_status", **told}
    leaving = [x for x in ledger.claims[booking_id] if x["live"]]
    taking = []
    for claim in placed(ledger, wanted):
        same = [x for x in leaving if same_place(x, claim)]
        if same:
            leaving.remove(same[0])
        else:
            taking.append({**claim, "actor": actor})
    own = own_time(ledger, placed(ledger, wanted), booking["actor_id"])
    had = [(x["during"], x["exclusive"]) for x in leaving if x["own_time"]]
    if had and had == [(x["during"], x["exclusive"]) for x in own]:
        leaving = [x for x in leaving if not x["own_time"]]
        own = []
    return Plan(booking, actor, leaving, taking, own)


def seated_twice(ledger: Ledger, plans: list[Plan]) -> Row | None:
    leaving = {(x["booking_id"], x["no"]) for plan in plans for x in plan.leaving}
    seats: set[tuple[str, str]] = set()
    for plan in plans:
        actor_id = plan.booking["actor_id"]
        refusal = seated(ledger, plan.taking, plan.actor, actor_id, leaving)
        if refusal is not None:
            return refusal
        for claim in plan.taking:
            seat = claim["bookable"], actor_id
            if claim["counted"] and seat in seats:
                return {
                    "code": "already",
                    "booking_id": plan.booking["booking_id"],
                    "actor": plan.actor,
                    "bookable": claim["bookable"],
                    "seat": 0,
                    "status": plan.booking["status"],
                }
            if claim["counted"]:
                seats.add(seat)
    return None


def crowded(ledger: Ledger, plans: list[Plan]) -> Row | None:
    leaving = {(x["booking_id"], x["no"]) for plan in plans for x in plan.leaving}
    refusal = shortage(ledger, [x for plan in plans for x in plan.taking], leaving)
    for plan in plans:
        refusal = refusal or elsewhere(ledger, plan.actor, plan.own, leaving, [])
    coming: list[Row] = []
    for plan in plans:
        refusal = refusal or elsewhere(ledger, plan.actor, plan.own, leaving, coming)
        coming += [{**x, "booking_id": plan.booking["booking_id"]} for x in plan.own]
    return refusal


def relocate(ledger: Ledger, plan: Plan, command_id: str, *, override: bool) -> Row:
    booking = plan.booking
    counted = [x["bookable"] for x in plan.taking if x["counted"]]
    seat = ledger.heads[counted[0]]["taken"] + 1 if counted else 0
    made = ledger.make(booking, [*plan.taking, *plan.own], override=override)
    left: dict[str, list[int]] = {}
    for claim in plan.leaving:
        left.setdefault(claim["bookable_id"], []).append(claim["no"])
    names = sorted({**made, **left}, key=lambda x: x.startswith("actor:"))
    if names:
        booking["version"] += 1
        ledger.settle(booking)
    for i, name in enumerate(names):
        body: Row = {"actor_id": booking["actor_id"]}
        if name in left:
            body["left"] = left[name]
        if name in made:
            body["claims"] = made[name]
        ledger.append(name, "moved", body, command_id, booking, lead=i == 0)
    told = {"booking_id": booking["booking_id"], "version": booking["version"]}
    return {**told, "seat": seat}


def same_place(claim: Row, wanted: Row) -> bool:
    return (claim["bookable_id"], claim["units"], claim["during"], claim["blocked"]) == (
        wanted["bookable"],
        wanted["units"],
        wanted["during"],
        wanted["blocked"],
    )
