"""Bookings that move, one or several together: what they keep, leave and take.

Not the rules that hold of every booking: rules.py.
"""

from dataclasses import dataclass, replace
from itertools import combinations

from tests.modelled.instants import meet
from tests.modelled.rules import already, clashes, own_time, placed, shortage
from tests.modelled.things import ARRIVED, OwnTime, Party, Piece
from tests.modelled.venue import Venue

from lastseat.core import commands as c
from lastseat.core import outcomes as o
from lastseat.core.events import Kind
from lastseat.core.interval import Interval


@dataclass
class Going:
    """One booking on the move: what it keeps, and what it asks for."""

    party: Party
    keeps: list[Piece]
    leaves: list[Piece]
    takes: list[Piece]
    own: OwnTime
    own_stays: bool


def move(venue: Venue, command: c.Move) -> o.AnyOutcome:
    going: list[Going] = []
    for i, relocation in enumerate(command.moves):
        plan = planned(venue, relocation)
        if not isinstance(plan, Going):
            return plan
        if any(plan.party is other.party for other in going):
            return o.Invalid(field=f"moves[{i}].target", reason="")
        going.append(plan)
    twice = seated_twice(venue, going)
    if twice is not None:
        return twice
    warnings: list[o.Overlap] = []
    if not command.override:
        checked = room(venue, going)
        if not isinstance(checked, list):
            return checked
        warnings = checked
    for plan in going:
        go(venue, plan)
    moved = []
    for plan in going:
        party = plan.party
        new = [x for x in plan.takes if venue.things[x.bookable].kind is Kind.OCCURRENCE]
        seat = venue.seat(new[0].bookable, party.actor) if new else 0
        moved.append(o.Relocated(booking_id=party.booking_id, version=party.version, seat=seat))
    return o.Moved(moved=tuple(moved), warnings=tuple(warnings))


def planned(venue: Venue, relocation: c.Relocation) -> Going | o.AnyOutcome:
    party = venue.find(relocation.target, relocation.version)
    if not isinstance(party, Party):
        return party
    if not party.live and not party.waits:
        return o.NotBooked(actor=party.actor, booking_id=party.booking_id)
    if party.status in ARRIVED or party.waits:
        return o.WrongStatus(booking_id=party.booking_id, status=party.status, wanted="a move")
    wanted = placed(venue, relocation.claims)
    if not isinstance(wanted, list):
        return wanted
    leaves = list(party.pieces)
    keeps: list[Piece] = []
    takes: list[Piece] = []
    for piece in wanted:
        kept = next((x for x in leaves if x.like(piece)), None)
        if kept is None:
            takes.append(piece)
        else:
            keeps.append(kept)
            leaves.remove(kept)
    own = own_time(venue, wanted)
    stays = own == replace(party.own, since=0) or not (own.stretches or party.own.stretches)
    return Going(party, keeps, leaves, takes, own, stays)


def go(venue: Venue, plan: Going) -> None:
    party = plan.party
    if not plan.leaves and not plan.takes and plan.own_stays:
        return
    venue.made += 1
    takes = [replace(piece, since=venue.made) for piece in plan.takes]
    party.pieces = plan.keeps + takes
    if not plan.own_stays:
        party.own = replace(plan.own, since=venue.made)
    venue.changed(party, {piece.bookable for piece in plan.leaves + plan.takes})


def seated_twice(venue: Venue, going: list[Going]) -> o.AnyOutcome | None:
    """`already`, when the moves would give an actor two bookings on one roster."""
    leaving = [piece for plan in going for piece in plan.leaves]
    coming: list[tuple[str, str]] = []
    for plan in going:
        actor = plan.party.actor
        for piece in plan.takes:
            name = piece.bookable
            if venue.things[name].kind is not Kind.OCCURRENCE:
                continue
            staying = [x for x, _ in venue.on(name, leaving) if x.actor == actor]
            if staying:
                return already(venue, staying[0], actor, name)
            if (name, actor) in coming:
                return o.Already(
                    booking_id=plan.party.booking_id,
                    actor=actor,
                    bookable=name,
                    seat=0,
                    status=plan.party.status,
                )
            coming.append((name, actor))
    return None


def room(venue: Venue, going: list[Going]) -> list[o.Overlap] | o.AnyOutcome:
    leaving = [piece for plan in going for piece in plan.leaves]
    asked = [(plan.party.actor, piece) for plan in going for piece in plan.takes]
    refusal = shortage(venue, asked, leaving)
    if refusal is not None:
        return refusal
    moving = [plan for plan in going if not plan.own_stays]
    changing = [plan.party for plan in moving]
    warnings: list[o.Overlap] = []
    for plan in moving:
        busy = clashes(venue, plan.party.actor, plan.own, changing)
        if isinstance(busy, o.ActorBusy):
            return busy
        warnings += busy
    for first, second in combinations(moving, 2):
        if first.party.actor != second.party.actor:
            continue
        for stretch in second.own.stretches:
            if any(meet(stretch, other) for other in first.own.stretches):
                booking_id = first.party.booking_id
                if first.own.refuses or second.own.refuses:
                    return o.ActorBusy(
                        actor=second.party.actor,
                        booking_id=booking_id,
                        during=Interval(*stretch),
                    )
                warnings.append(o.Overlap(booking_id=booking_id, during=Interval(*stretch)))
    return warnings
