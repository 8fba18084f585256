"""What becomes of one booking that is there: confirmed, released, cancelled, extended, expired.

Every function returns an outcome and the journal entries to write; for a refusal there are none.
For the visit itself see visiting.py, for other places moving.py.
"""

from datetime import timedelta

from lastseat.core import commands as c
from lastseat.core import events as e
from lastseat.core import outcomes as o
from lastseat.core.state import ACTOR_PREFIX, Booking, Entry, Waiter
from lastseat.core.status import Status, may_follow
from lastseat.core.world import Decision, World


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
