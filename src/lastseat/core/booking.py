"""Booking, holding and what becomes of one booking after that. Open this file second.

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
from lastseat.core.state import ACTOR_PREFIX, Booking, Entry, Waiter, actor_stream
from lastseat.core.status import Status, may_follow
from lastseat.core.world import World

Decision = tuple[o.AnyOutcome, list[Entry]]


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


def find(world: World, target: c.Target, version: int | None) -> Booking | o.AnyOutcome:
    """The booking a target names, whatever its status, or the refusal.

    A stale `version` is a `conflict` that carries the current one (MISSION D4).
    """
    if isinstance(target, c.Seat):
        bookable = world.bookables.get(target.bookable)
        if bookable is None or bookable.seq == 0:
            return o.UnknownBookable(bookable=target.bookable)
        actor_id = world.actors.get(target.actor)
        there = world.seated.get((target.bookable, actor_id)) if actor_id else None
        if there is None:
            return o.NotBooked(actor=target.actor, bookable=target.bookable)
        booking_id = there
    else:
        booking_id = target.booking_id
    booking = world.bookings.get(booking_id)
    if booking is None:
        return o.UnknownBooking(booking_id=booking_id)
    if version is not None and booking.version != version:
        return o.Conflict(rule="version", booking_id=booking_id, actual=booking.version)
    return booking


def decide_confirm(world: World, command: c.Confirm) -> Decision:
    """HELD or RESERVED becomes CONFIRMED; CONFIRMED answers the same again."""
    booking = find(world, command.target, command.version)
    if not isinstance(booking, Booking):
        return booking, []
    refusal = lapsed(world, booking)
    if refusal is not None:
        return refusal, []
    if booking.status is Status.CONFIRMED:
        return (
            o.Confirmed(
                booking_id=booking.booking_id, actor=booking.actor, version=booking.version
            ),
            [],
        )
    if not may_follow(booking.status, Status.CONFIRMED):
        return wrong(booking, Status.CONFIRMED), []
    entries = on_every_stream(booking, e.Confirmed())
    return (
        o.Confirmed(
            booking_id=booking.booking_id, actor=booking.actor, version=booking.version + 1
        ),
        entries,
    )


def decide_release(world: World, command: c.Release) -> Decision:
    """Free a held seat; a booking that is not HELD is refused as `not_held` (MISSION A8)."""
    booking = find(world, command.target, command.version)
    if not isinstance(booking, Booking):
        return booking, []
    refusal = lapsed(world, booking)
    if refusal is not None:
        return refusal, []
    if booking.status is not Status.HELD:
        return o.NotHeld(booking_id=booking.booking_id, status=booking.status), []
    entries = on_every_stream(booking, e.Released())
    return (
        o.Released(booking_id=booking.booking_id, actor=booking.actor, version=booking.version + 1),
        entries,
    )


def decide_cancel(world: World, command: c.Cancel) -> Decision:
    """Free a booking's claims, once: gone already is `not_booked` (MISSION A7)."""
    booking = find(world, command.target, command.version)
    if not isinstance(booking, Booking):
        return booking, []
    if not booking.live or booking.expired(world.now):
        return o.NotBooked(actor=booking.actor, booking_id=booking.booking_id), []
    if not may_follow(booking.status, Status.CANCELLED):
        return wrong(booking, Status.CANCELLED), []
    entries = on_every_stream(booking, e.Cancelled())
    return (
        o.Cancelled(
            booking_id=booking.booking_id, actor=booking.actor, version=booking.version + 1
        ),
        entries,
    )


def decide_extend(world: World, command: c.Extend) -> Decision:
    """Let a hold expire later, up to its limit (MISSION A9)."""
    booking = find(world, command.target, command.version)
    if not isinstance(booking, Booking):
        return booking, []
    refusal = lapsed(world, booking)
    if refusal is not None:
        return refusal, []
    if booking.status is not Status.HELD or booking.expires_at is None or booking.limit_at is None:
        return o.NotHeld(booking_id=booking.booking_id, status=booking.status), []
    expires_at = world.now + timedelta(seconds=command.seconds)
    if expires_at > booking.limit_at:
        return o.ExtendLimit(booking_id=booking.booking_id, limit_at=booking.limit_at), []
    expires_at = max(expires_at, booking.expires_at)
    entries = on_every_stream(booking, e.Extended(expires_at))
    return (
        o.Extended(
            booking_id=booking.booking_id,
            actor=booking.actor,
            version=booking.version + 1,
            expires_at=expires_at,
        ),
        entries,
    )


def decide_expire(world: World, command: c.Expire) -> Decision:
    """Journal a hold as expired if its time is over; EXPIRED already answers the same again.

    So is a booking that waits for what has begun, or does not take place.
    """
    booking = find(world, command.target, None)
    if not isinstance(booking, Booking):
        return booking, []
    if booking.status is Status.EXPIRED:
        return _expired(booking, booking.version), []
    over = booking.status is Status.HELD and booking.expired(world.now)
    # Its waiter is kept when it waits no longer: only the status says that it does.
    if booking.status is Status.WAITLISTED and booking.waiter is not None:
        over = too_late(world, booking.waiter)
    if not over:
        return o.NotExpired(booking_id=booking.booking_id, expires_at=booking.expires_at), []
    return _expired(booking, booking.version + 1), expire(booking)


def decide_update(world: World, command: c.Update) -> Decision:
    """Note which details were written beside the booking, which the journal knows not (H5)."""
    booking = find(world, command.target, command.version)
    if not isinstance(booking, Booking):
        return booking, []
    refusal = lapsed(world, booking)
    if refusal is not None:
        return refusal, []
    fields = c.written_fields(command)
    return (
        o.Updated(
            booking_id=booking.booking_id,
            actor=booking.actor,
            version=booking.version + 1,
            fields=fields,
        ),
        on_every_stream(booking, e.Updated(fields)),
    )


def expire(booking: Booking) -> list[Entry]:
    """The entries that journal a hold as expired, whoever met it."""
    return on_every_stream(booking, e.Expired())


def too_late(world: World, waiter: Waiter) -> bool:
    """Whether what is waited for has begun, or does not take place."""
    there = world.bookables.get(waiter.queue)
    if there is None or waiter.awaited is None:
        return False
    during = waiter.during or there.during
    return there.called_off or (during is not None and during.start <= world.now)


def on_every_stream(booking: Booking, event: e.Event) -> list[Entry]:
    """The event on each stream the booking claims; what was booked leads, not the actor's time.

    Of one that waits: on each that it waits on, its line first.
    """
    claimed = dict.fromkeys(claim.bookable for claim in booking.claims.values())
    if booking.status is Status.WAITLISTED and booking.waiter and booking.waiter.awaited:
        claimed = dict.fromkeys(booking.waiter.awaited.on)
    streams = sorted(claimed, key=lambda stream: stream.startswith(ACTOR_PREFIX))
    version = booking.version + 1
    return [
        Entry(stream, event, booking.booking_id, version, i == 0)
        for i, stream in enumerate(streams)
    ]


def lapsed(world: World, booking: Booking) -> o.AnyOutcome | None:
    """The refusal for a booking that is gone, or whose hold is over though nobody journalled it."""
    if booking.status is Status.EXPIRED or (booking.live and booking.expired(world.now)):
        expired_at = booking.expires_at or world.now
        return o.HoldExpired(booking_id=booking.booking_id, expired_at=expired_at)
    if not booking.live:
        return o.NotBooked(actor=booking.actor, booking_id=booking.booking_id)
    return None


def _expired(booking: Booking, version: int) -> o.Expired:
    return o.Expired(booking_id=booking.booking_id, actor=booking.actor, version=version)


def wrong(booking: Booking, wanted: Status) -> o.WrongStatus:
    """The refusal for a booking that can't become `wanted`."""
    return o.WrongStatus(booking_id=booking.booking_id, status=booking.status, wanted=wanted)
