"""Booking and holding places. Open this file second; what becomes of a booking: lifecycle.py.

`decide_book` answers "what happens when two people book the last seat?": the engine locks the
occurrence, reads its state, and decides one command after the other, each on the state that its
predecessors left. The first finds a seat left and takes it; the second finds `taken == capacity`
and is answered `full`. Nothing here can be stale, because nobody else holds the lock.

Every function returns an outcome and the journal entries to write; for a refusal there are none.
Refusals come in the order of `outcomes.Code`.
"""

from datetime import timedelta

from lastseat.core import commands as c
from lastseat.core import events as e
from lastseat.core import limits
from lastseat.core import outcomes as o
from lastseat.core.capacity import (
    ActorClaims,
    Placement,
    Short,
    actor_claims,
    actor_overlaps,
    shortage,
)
from lastseat.core.choosing import Candidate, Offer, offers, pick
from lastseat.core.placing import made_claims, place
from lastseat.core.ruling import called_off, in_the_way
from lastseat.core.state import Entry, Waiter, actor_stream
from lastseat.core.status import Status
from lastseat.core.world import World


def decide_book(
    world: World, command: c.Book, series: str | None = None, waiter: Waiter | None = None
) -> tuple[o.DateOutcome, list[Entry]]:
    """Take all claims for the actor, and what is picked for the choices, or refuse.

    Refused as `already`, `not_bookable`, `full`, `conflict`, `actor_busy`. `series` is the id of
    the series that it is a date of; `waiter` is the one who waited for this and is offered it.
    """
    queue = None if waiter is None else waiter.queue
    placements = place(world, command.claims, command.actor, queue)
    if not isinstance(placements, list):
        return placements, []
    offered = offers(world, command.choices, command.actor, lambda _: command.ignore_rules, queue)
    if not isinstance(offered, list):
        return offered, []
    actor_id = world.actors[command.actor]
    already = seated(world, command.actor, placements)
    if already is not None and waiter is None:
        return already, []
    if waiter is None and command.booking_id in world.bookings:
        return o.Invalid(field="booking_id", reason="is the id of another booking"), []
    refusal = _refusal(world, command, placements, offered)
    if refusal is not None:
        return refusal, []
    if already is not None:
        # Who waits is told only when there is a place for them: until then they keep their turn.
        return already, []
    chosen: list[Candidate] = []
    if offered:
        picked = pick(offered, placements, (), override=command.override)
        if not isinstance(picked, list):
            return picked, []
        chosen = picked
        placements += [placement for candidate in chosen for placement in candidate.placements]
    own_time = actor_claims(actor_stream(actor_id), placements)
    warnings: tuple[o.Overlap, ...] = ()
    if not command.override:
        busy = check_actor_time(world, command.actor, own_time, frozenset())
        if isinstance(busy, o.ActorBusy):
            return busy, []
        warnings = busy
    if waiter is None:
        entries = _booked(world, command, actor_id, placements, own_time, series)
    else:
        entries = _offered(world, command, waiter, placements, own_time)
    return _answer(command, placements, chosen, entries[0], warnings), entries


def _refusal(
    world: World, command: c.Book, placements: list[Placement], offered: list[Offer]
) -> o.NotBookable | Short | None:
    """A rule in the way of what is asked for, or too little left for the claims."""
    off = called_off(placements)
    if off is not None or command.override:
        return off
    if command.ignore_rules:
        return shortage(placements, ())
    broken = in_the_way(world, placements)
    if broken is None and offered:
        broken = next((x.broken for x in offered if x.broken is not None), None)
    return broken or shortage(placements, ())


def check_actor_time(
    world: World, actor: str, wanted: ActorClaims, leaving: frozenset[tuple[str, int]]
) -> o.ActorBusy | tuple[o.Overlap, ...]:
    """Refuse or warn of the actor's other bookings at that time (MISSION B8)."""
    if not wanted.intervals:
        return ()
    overlaps = actor_overlaps(world.bookables[wanted.stream], wanted, leaving)
    if wanted.exclusive and overlaps:
        other = overlaps[0]
        return o.ActorBusy(actor=actor, booking_id=other.booking_id, during=other.during)
    return tuple(o.Overlap(booking_id=x.booking_id, during=x.during) for x in overlaps)


def _booked(
    world: World,
    command: c.Book,
    actor_id: str,
    placements: list[Placement],
    own_time: ActorClaims,
    series: str | None,
) -> list[Entry]:
    status = Status.CONFIRMED if command.confirmed else Status.RESERVED
    expires_at = limit_at = None
    if command.hold_seconds is not None:
        status = Status.HELD
        expires_at = world.now + timedelta(seconds=command.hold_seconds)
        limit = command.limit_seconds or limits.HOLD_LIMIT_SECONDS
        limit_at = max(expires_at, world.now + timedelta(seconds=limit))
    streams = made_claims(placements, own_time, 1, override=command.override)
    booking_id = command.booking_id
    return [
        Entry(
            stream,
            e.Booked(actor_id, status, claims, expires_at, limit_at, series),
            booking_id,
            1,
            i == 0,
        )
        for i, (stream, claims) in enumerate(streams.items())
    ]


def _offered(
    world: World,
    command: c.Book,
    waiter: Waiter,
    placements: list[Placement],
    own_time: ActorClaims,
) -> list[Entry]:
    """The waiting booking becomes a hold: on every stream it waited on, and on those it takes."""
    booking = world.bookings[waiter.booking_id]
    assert waiter.awaited is not None
    assert command.hold_seconds is not None
    expires_at = world.now + timedelta(seconds=command.hold_seconds)
    limit_at = max(expires_at, world.now + timedelta(seconds=limits.HOLD_LIMIT_SECONDS))
    taken = made_claims(placements, own_time, booking.made + 1, override=False)
    return [
        Entry(
            stream,
            e.Offered(waiter.actor_id, taken.get(stream, ()), expires_at, limit_at),
            waiter.booking_id,
            booking.version + 1,
            i == 0,
        )
        for i, stream in enumerate(dict.fromkeys((*waiter.awaited.on, *taken)))
    ]


def _answer(
    command: c.Book,
    placements: list[Placement],
    chosen: list[Candidate],
    lead: Entry,
    warnings: tuple[o.Overlap, ...],
) -> o.Booked | o.Held:
    seat = next((p.bookable.taken + 1 for p in placements if p.bookable.counted), 0)
    # As asked for: a composite's parts are one thing to whoever books it.
    units = sum([claim.units for claim in command.claims])
    if command.choices:
        units += sum([choice.units * choice.any for choice in command.choices])
    names = tuple(candidate.bookable for candidate in chosen)
    if command.hold_seconds is None:
        return o.Booked(
            booking_id=command.booking_id,
            actor=command.actor,
            seat=seat,
            units=units,
            status=Status.CONFIRMED if command.confirmed else Status.RESERVED,
            warnings=warnings,
            chosen=names,
        )
    event = lead.event
    assert isinstance(event, e.Booked | e.Offered)
    assert event.expires_at is not None
    assert event.limit_at is not None
    return o.Held(
        booking_id=command.booking_id,
        actor=command.actor,
        seat=seat,
        units=units,
        expires_at=event.expires_at,
        limit_at=event.limit_at,
        version=lead.version or 1,
        warnings=warnings,
        chosen=names,
    )


def seated(world: World, actor: str, placements: list[Placement]) -> o.Already | None:
    """`already`, with the seat, when the actor is on the roster of one of these (MISSION A5)."""
    actor_id = world.actors[actor]
    for placement in placements:
        occurrence = placement.bookable
        if not occurrence.counted:
            continue
        there = world.seated.get((occurrence.bookable, actor_id))
        if there is None:
            continue
        booking = world.bookings[there]
        places = (x.place for x in booking.claims.values() if x.bookable == occurrence.bookable)
        return o.Already(
            booking_id=there,
            actor=actor,
            bookable=occurrence.bookable,
            seat=next(places),
            status=booking.status,
        )
    return None
