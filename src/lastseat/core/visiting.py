"""Arriving, leaving, or not coming at all: what becomes of a booking at its time (MISSION C3, C4).

None of these frees a claim: the time is used, or over. What may follow what is the table in
status.py; who may say so is not decided here.
"""

from lastseat.core import commands as c
from lastseat.core import events as e
from lastseat.core import outcomes as o
from lastseat.core.lifecycle import find, lapsed, on_every_stream, wrong
from lastseat.core.state import Booking
from lastseat.core.status import Status, may_follow
from lastseat.core.world import Decision, World


def decide_check_in(world: World, command: c.CheckIn) -> Decision:
    """RESERVED or CONFIRMED becomes CHECKED_IN; a NO_SHOW only when let in late (MISSION C4)."""
    booking = _there(world, command, Status.CHECKED_IN)
    if not isinstance(booking, Booking):
        return booking, []
    late = booking.status is Status.NO_SHOW
    if late and not command.late:
        return wrong(booking, Status.CHECKED_IN), []
    return (
        o.CheckedIn(
            booking_id=booking.booking_id, actor=booking.actor, version=booking.version + 1
        ),
        on_every_stream(booking, e.CheckedIn(late)),
    )


def decide_check_out(world: World, command: c.CheckOut) -> Decision:
    """CHECKED_IN becomes COMPLETED, since they left."""
    booking = _there(world, command, Status.COMPLETED)
    if not isinstance(booking, Booking):
        return booking, []
    return (
        o.CheckedOut(
            booking_id=booking.booking_id, actor=booking.actor, version=booking.version + 1
        ),
        on_every_stream(booking, e.CheckedOut()),
    )


def decide_complete(world: World, command: c.Complete) -> Decision:
    """CHECKED_IN becomes COMPLETED, since it is done."""
    booking = _there(world, command, Status.COMPLETED)
    if not isinstance(booking, Booking):
        return booking, []
    return (
        o.Completed(
            booking_id=booking.booking_id, actor=booking.actor, version=booking.version + 1
        ),
        on_every_stream(booking, e.Completed()),
    )


def decide_no_show(world: World, command: c.NoShow) -> Decision:
    """RESERVED or CONFIRMED becomes NO_SHOW, once the first of its claims has begun."""
    booking = _there(world, command, Status.NO_SHOW)
    if not isinstance(booking, Booking):
        return booking, []
    # What is claimed of the actor's own time is the same time.
    begins = min(claim.during.start for claim in booking.claims.values())
    if world.now < begins:
        return o.TooEarly(booking_id=booking.booking_id, not_before=begins), []
    return (
        o.NoShow(booking_id=booking.booking_id, actor=booking.actor, version=booking.version + 1),
        on_every_stream(booking, e.NoShow()),
    )


def _there(
    world: World, command: c.CheckIn | c.CheckOut | c.Complete | c.NoShow, wanted: Status
) -> Booking | o.AnyOutcome:
    """The live booking that the command names, in a status that `wanted` may follow."""
    booking = find(world, command.target, command.version)
    if not isinstance(booking, Booking):
        return booking
    refusal = lapsed(world, booking)
    if refusal is not None:
        return refusal
    return booking if may_follow(booking.status, wanted) else wrong(booking, wanted)
