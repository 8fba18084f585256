"""Coming into a line: who may wait for what (MISSION C7). What comes of it then: see waiting.py."""

import msgspec

from lastseat.core import commands as c
from lastseat.core import events as e
from lastseat.core import limits
from lastseat.core import outcomes as o
from lastseat.core.booking import check_actor_time, seated
from lastseat.core.capacity import (
    Placement,
    actor_claims,
    in_line,
    joinable,
    shortage,
    waiters_of,
)
from lastseat.core.choosing import Offer, offers, pick
from lastseat.core.events import WaitPolicy
from lastseat.core.placing import place
from lastseat.core.ruling import called_off, in_the_way
from lastseat.core.state import Entry, actor_stream
from lastseat.core.waiting import never_fits
from lastseat.core.world import Decision, World


def decide_join(world: World, command: c.Join) -> Decision:
    """Wait for the claims and choices in the line of the first claim's bookable.

    Refused as `already`, `already_waiting`, `not_bookable`, `waitlist_closed`, `waitlist_full`; as
    `full` or `conflict` if it would not fit if nobody else was there; as `actor_busy` if it would
    be offered at once to somebody who is elsewhere.
    """
    claim = command.claims[0]
    placements = place(world, command.claims, command.actor, claim.bookable)
    if not isinstance(placements, list):
        return placements, []
    offered = offers(world, command.choices, command.actor, lambda _: False, claim.bookable)
    if not isinstance(offered, list):
        return offered, []
    first = placements[0]
    candidates = [x for offer in offered for one in offer.candidates for x in one.placements]
    names = [x.bookable.bookable for x in (*placements, *candidates)]
    if first.within is not None:
        reason = "a composite has no line of its own: wait for one of its parts, or for a service"
        return o.Invalid(field="claims[0].bookable", reason=reason), []
    if names.count(claim.bookable) > 1:
        # The line is for one time: what else was taken there would pass those who wait for it.
        reason = "begin with what is waited for: it is asked for once, in one claim"
        return o.Invalid(field="claims", reason=reason), []
    there = _there_already(world, command, placements)
    if there is not None:
        return there, []
    refusal = _unwaitable(world, command, placements, offered)
    if refusal is not None:
        return refusal, []
    on = tuple(dict.fromkeys(names))
    awaited = c.Awaited(command.claims, command.choices, command.offer_seconds, on)
    actor_id, queue = world.actors[command.actor], first.bookable
    entries = [
        Entry(
            stream,
            e.Joined(actor_id, queue.bookable, awaited if i == 0 else None),
            command.booking_id,
            1,
            i == 0,
        )
        for i, stream in enumerate(on)
    ]
    joined = o.Joined(
        booking_id=command.booking_id,
        actor=command.actor,
        bookable=queue.bookable,
        units=claim.units,
        position=len(waiters_of(queue, first.blocked)) + 1,
    )
    return joined, entries


def _there_already(
    world: World, command: c.Join, placements: list[Placement]
) -> o.Already | o.AlreadyWaiting | o.Invalid | None:
    """The actor sits there, or waits there, for that time."""
    already = seated(world, command.actor, placements)
    if already is not None:
        return already
    first, actor_id = placements[0], world.actors[command.actor]
    for i, waiter in enumerate(in_line(first.bookable, first.blocked)):
        if waiter.actor_id == actor_id:
            return o.AlreadyWaiting(
                booking_id=waiter.booking_id,
                actor=command.actor,
                bookable=first.bookable.bookable,
                position=i + 1,
            )
    if command.booking_id in world.bookings:
        return o.Invalid(field="booking_id", reason="is the id of another booking")
    return None


def _unwaitable(
    world: World, command: c.Join, placements: list[Placement], offered: list[Offer]
) -> o.AnyOutcome | None:
    """Why nobody would ever be offered this, or nobody more can wait."""
    broken = called_off(placements) or in_the_way(world, placements)
    if broken is None:
        broken = next((x.broken for x in offered if x.broken is not None), None)
    if broken is not None:
        return broken
    first, actor = placements[0], command.actor
    queue = first.bookable
    closed = None
    if queue.waitlist is WaitPolicy.CLOSED:
        closed = "it has no waitlist"
    elif first.during.start <= world.now:
        closed = "it has begun"
    if closed is not None:
        return o.WaitlistClosed(actor=actor, bookable=queue.bookable, reason=closed)
    mine = [x for x in waiters_of(queue) if x.actor_id == world.actors[actor]]
    if not joinable(queue) or len(mine) >= limits.WAITING_OF_ACTOR:
        limit = limits.WAITING_OF_ACTOR if joinable(queue) else limits.WAITING
        return o.WaitlistFull(actor=actor, bookable=queue.bookable, limit=limit)
    short = never_fits(world, command.claims, command.choices, actor)
    if isinstance(short, o.Full):
        there = world.bookables[short.bookable]
        left = there.left if there.counted else 0
        return msgspec.structs.replace(short, left=left, can_join_waitlist=False)
    if short is not None:
        return msgspec.structs.replace(short, can_join_waitlist=False)
    return _elsewhere(world, actor, placements, offered)


def _elsewhere(
    world: World, actor: str, placements: list[Placement], offered: list[Offer]
) -> o.ActorBusy | None:
    """The actor's other booking, if it would be offered at once: there is nothing to wait for."""
    queue = placements[0].bookable
    if queue.waitlist is WaitPolicy.FIFO and waiters_of(queue, placements[0].blocked):
        return None
    if shortage(placements, ()) is not None:
        return None
    picked = pick(offered, placements, (), override=False)
    if not isinstance(picked, list):
        return None
    taken = placements + [x for candidate in picked for x in candidate.placements]
    wanted = actor_claims(actor_stream(world.actors[actor]), taken)
    busy = check_actor_time(world, actor, wanted, frozenset())
    return busy if isinstance(busy, o.ActorBusy) else None
