"""Moving bookings: new claims for old in one step, so no place is given up first (MISSION A10).

Also the swap: what every booking of the command holds counts as free while all their new claims
are checked together, so two people can change places when nothing else is left.
"""

from collections import Counter
from itertools import combinations

from msgspec import Struct

from lastseat.core import commands as c
from lastseat.core import events as e
from lastseat.core import outcomes as o
from lastseat.core.booking import check_actor_time
from lastseat.core.capacity import (
    ActorClaims,
    Key,
    Placement,
    Short,
    actor_claims,
    shortage,
)
from lastseat.core.choosing import Candidate, Offer, offers, pick
from lastseat.core.lifecycle import find
from lastseat.core.placing import made_claims, place
from lastseat.core.ruling import called_off, in_the_way
from lastseat.core.state import ACTOR_PREFIX, Booking, Entry, LiveClaim, actor_stream
from lastseat.core.status import RELOCATABLE
from lastseat.core.world import Decision, World


class Plan(Struct, frozen=True):
    """One booking's move: what it leaves, what it takes, what stays untouched."""

    booking: Booking
    placements: list[Placement]
    """All that it is to have."""
    offered: list[Offer]
    """The choices, to be picked for when all plans are known."""
    leaving: tuple[LiveClaim, ...]
    taking: list[Placement]
    own_time: ActorClaims
    chosen: tuple[str, ...] = ()

    @property
    def keys(self) -> list[Key]:
        """The claims it leaves, as the bookables know them."""
        return [(claim.booking_id, claim.no) for claim in self.leaving]


def decide_move(world: World, command: c.Move) -> Decision:
    """Relocate every booking of the command, or refuse them all."""
    plans: list[Plan] = []
    for i, relocation in enumerate(command.moves):
        plan = _plan(world, relocation, ignore_rules=command.ignore_rules)
        if not isinstance(plan, Plan):
            return plan, []
        if any(plan.booking is other.booking for other in plans):
            return o.Invalid(field=f"moves[{i}].target", reason="the booking is moved twice"), []
        plans.append(plan)
    refusal = _seated_twice(world, plans)
    if refusal is None:
        refusal = called_off(placement for plan in plans for placement in plan.taking)
    if refusal is None and not (command.override or command.ignore_rules):
        refusal = _broken(world, plans)
    if refusal is not None:
        return refusal, []
    picked = _picked(plans, override=command.override)
    if not isinstance(picked, list):
        return picked, []
    plans = picked
    warnings: tuple[o.Overlap, ...] = ()
    if not command.override:
        checked = _check(world, plans)
        if not isinstance(checked, tuple):
            return checked, []
        warnings = checked
    entries: list[Entry] = []
    moved: list[o.Relocated] = []
    for plan, seat in zip(plans, _seats(plans), strict=True):
        changes = _entries(plan, override=command.override)
        entries += changes
        moved.append(
            o.Relocated(
                booking_id=plan.booking.booking_id,
                version=plan.booking.version + bool(changes),
                seat=seat,
                chosen=plan.chosen,
            )
        )
    return o.Moved(moved=tuple(moved), warnings=warnings), entries


def _plan(world: World, relocation: c.Relocation, *, ignore_rules: bool) -> Plan | o.AnyOutcome:
    booking = find(world, relocation.target, relocation.version)
    if not isinstance(booking, Booking):
        return booking
    if not booking.live or booking.expired(world.now):
        return o.NotBooked(actor=booking.actor, booking_id=booking.booking_id)
    if booking.status not in RELOCATABLE:
        return o.WrongStatus(booking_id=booking.booking_id, status=booking.status, wanted="a move")
    placements = place(world, relocation.claims, booking.actor or "")
    if not isinstance(placements, list):
        return placements
    has = booking.claims.values()
    offered = offers(
        world,
        relocation.choices,
        booking.actor or "",
        lambda placement: ignore_rules or any(_same(claim, placement) for claim in has),
    )
    if not isinstance(offered, list):
        return offered
    return _planned(booking, placements, offered, [])


def _planned(
    booking: Booking, placements: list[Placement], offered: list[Offer], chosen: list[Candidate]
) -> Plan:
    """What stays, goes and comes when the booking is to have the placements and the chosen."""
    placements = placements + [x for candidate in chosen for x in candidate.placements]
    own_time = actor_claims(actor_stream(booking.actor_id), placements)
    leaving = list(booking.claims.values())
    taking: list[Placement] = []
    for placement in placements:
        same = next((claim for claim in leaving if _same(claim, placement)), None)
        if same is None:
            taking.append(placement)
        else:
            leaving.remove(same)
    own = [claim for claim in leaving if claim.bookable == own_time.stream]
    same_rule = all(claim.exclusive is own_time.exclusive for claim in own)
    if own and same_rule and own_time.intervals == tuple(claim.during for claim in own):
        leaving = [claim for claim in leaving if claim.bookable != own_time.stream]
        own_time = ActorClaims(own_time.stream, (), own_time.exclusive)
    names = tuple(candidate.bookable for candidate in chosen)
    return Plan(booking, placements, offered, tuple(leaving), taking, own_time, names)


def _broken(world: World, plans: list[Plan]) -> o.NotBookable | None:
    """The first rule in the way of what is taken anew; what stays is not asked about again."""
    for plan in plans:
        broken = in_the_way(world, plan.taking)
        if broken is None:
            broken = next((x.broken for x in plan.offered if x.broken is not None), None)
        if broken is not None:
            return broken
    return None


def _picked(plans: list[Plan], *, override: bool) -> list[Plan] | Short:
    """The plans with something picked for each choice, beside all that any of them takes anew.

    Until it is picked again, what the moved bookings have and do not claim is free.
    """
    if not any(plan.offered for plan in plans):
        return plans
    leaving = {key for plan in plans for key in plan.keys}
    beside = [placement for plan in plans for placement in plan.taking]
    short = None if override else shortage(beside, leaving)
    if short is not None:
        return short
    picked: list[Plan] = []
    for plan in plans:
        chosen = pick(plan.offered, beside, leaving, override=override)
        if not isinstance(chosen, list):
            return chosen
        beside += [placement for candidate in chosen for placement in candidate.placements]
        picked.append(_planned(plan.booking, plan.placements, plan.offered, chosen))
    return picked


def _same(claim: LiveClaim, placement: Placement) -> bool:
    return (
        claim.bookable == placement.bookable.bookable
        and claim.units == placement.claim.units
        and claim.during == placement.during
        and claim.blocked == placement.blocked
    )


def _seated_twice(world: World, plans: list[Plan]) -> o.AnyOutcome | None:
    """`already`, when a move would give an actor two bookings on one roster (MISSION A5)."""
    going = {key for plan in plans for key in plan.keys}
    coming: Counter[tuple[str, str]] = Counter()
    for plan in plans:
        for placement in plan.taking:
            occurrence = placement.bookable
            if not occurrence.counted:
                continue
            who = (occurrence.bookable, plan.booking.actor_id)
            coming[who] += 1
            there = [
                claim
                for key, claim in occurrence.claims.items()
                if claim.actor_id == plan.booking.actor_id and key not in going
            ]
            if there or coming[who] > 1:
                other = world.bookings[there[0].booking_id] if there else plan.booking
                return o.Already(
                    booking_id=other.booking_id,
                    actor=placement.actor,
                    bookable=occurrence.bookable,
                    seat=there[0].place if there else 0,
                    status=other.status,
                )
    return None


def _check(world: World, plans: list[Plan]) -> tuple[o.Overlap, ...] | o.AnyOutcome:
    leaving = frozenset(key for plan in plans for key in plan.keys)
    refusal = shortage([placement for plan in plans for placement in plan.taking], leaving)
    if refusal is not None:
        return refusal
    warnings: tuple[o.Overlap, ...] = ()
    for plan in plans:
        actor = plan.booking.actor or ""
        busy = check_actor_time(world, actor, plan.own_time, leaving)
        if isinstance(busy, o.ActorBusy):
            return busy
        warnings += busy
    busy = _each_other(plans)
    return busy if isinstance(busy, o.ActorBusy) else warnings + busy


def _each_other(plans: list[Plan]) -> o.ActorBusy | tuple[o.Overlap, ...]:
    """Two bookings of one actor moved onto the same time by one command."""
    warnings: list[o.Overlap] = []
    for first, second in combinations(plans, 2):
        mine, theirs = first.own_time, second.own_time
        if mine.stream != theirs.stream:
            continue
        for interval in theirs.intervals:
            if not any(interval.overlaps(other) for other in mine.intervals):
                continue
            booking_id = first.booking.booking_id
            if mine.exclusive or theirs.exclusive:
                actor = second.booking.actor or ""
                return o.ActorBusy(actor=actor, booking_id=booking_id, during=interval)
            warnings.append(o.Overlap(booking_id=booking_id, during=interval))
    return tuple(warnings)


def _entries(plan: Plan, *, override: bool) -> list[Entry]:
    """One `moved` entry for each stream left or taken; none when nothing changes."""
    booking = plan.booking
    left: dict[str, tuple[int, ...]] = {}
    for claim in plan.leaving:
        left[claim.bookable] = (*left.get(claim.bookable, ()), claim.no)
    taken = made_claims(plan.taking, plan.own_time, booking.made + 1, override=override)
    streams = sorted({**taken, **left}, key=lambda stream: stream.startswith(ACTOR_PREFIX))
    return [
        Entry(
            stream,
            e.Moved(booking.actor_id, left.get(stream, ()), taken.get(stream, ())),
            booking.booking_id,
            booking.version + 1,
            i == 0,
        )
        for i, stream in enumerate(streams)
    ]


def _seats(plans: list[Plan]) -> list[int]:
    """For each plan its first seat on the first occurrence it moves to, once all have moved."""
    taken: Counter[str] = Counter()
    for plan in plans:
        for placement in plan.taking:
            taken[placement.bookable.bookable] = placement.bookable.taken
    for plan in plans:
        for claim in plan.leaving:
            taken[claim.bookable] -= claim.units
    seats: list[int] = []
    for plan in plans:
        seat = 0
        for placement in plan.taking:
            if placement.bookable.counted:
                seat = seat or taken[placement.bookable.bookable] + 1
                taken[placement.bookable.bookable] += placement.claim.units
        seats.append(seat)
    return seats
