"""One command against the state under the lock: the checks common to all, then its own decision.

`decide` is pure: it reads the world, changes nothing, and returns what the command came to with
the entries to write. `settle` is decide and apply, what the engine calls for each command in turn.
"""

from typing import assert_never

from lastseat.core import (
    booking,
    defining,
    editing,
    joining,
    lifecycle,
    moving,
    series,
    visiting,
    waiting,
)
from lastseat.core import commands as c
from lastseat.core import outcomes as o
from lastseat.core.limits import CLOCK_TOLERANCE
from lastseat.core.state import Booking, Entry
from lastseat.core.status import Status
from lastseat.core.world import Decision, World


def decide(world: World, command: c.AnyCommand) -> Decision:
    """What `command` comes to, and the entries that make it so (none for a refusal)."""
    if command.expected:
        refusal = _unexpected(world, command)
        if refusal is not None:
            return refusal, []
    outcome, entries = _decide(world, command)
    for entry in entries:
        last = world.bookables[entry.stream].at
        if last is not None and last > world.now and last - world.now > CLOCK_TOLERANCE:
            return o.ClockBehind(bookable=entry.stream, last=last, clock=world.now), []
    return outcome, entries


def _unexpected(world: World, command: c.AnyCommand) -> o.AnyOutcome | None:
    """`conflict` when a stream has moved on since the caller observed it (MISSION A2, A3)."""
    actor = command.actor if isinstance(command, c.Making) else None
    for stream, seq in command.expected.items():
        bookable = world.bookables.get(stream)
        actual = bookable.seq if bookable is not None else 0
        # That nothing was there may be what was observed: 0 is its sequence.
        if actual == 0 and seq != 0:
            return o.UnknownBookable(bookable=stream)
        if actual != seq:
            return o.Conflict(rule="expected_seq", actor=actor, bookable=stream, actual=actual)
    return None


def _decide(world: World, command: c.AnyCommand) -> Decision:
    match command:
        case c.Book():
            return booking.decide_book(world, command)
        case c.Join():
            return joining.decide_join(world, command)
        case c.BookSeries():
            return series.decide_book_series(world, command)
        case c.Move():
            return moving.decide_move(world, command)
        case c.Define():
            return defining.decide_define(world, command)
        case c.ChangeCapacity():
            return defining.decide_change_capacity(world, command)
        case c.SetRules():
            return defining.decide_set_rules(world, command)
        case c.EditEvent():
            return editing.decide_edit_event(world, command)
        case c.Append():
            return defining.decide_append(world, command)
        case _:
            return _decide_on_one(world, command)


def _decide_on_one(world: World, command: c.Targeted) -> Decision:
    """What becomes of the one booking that the command names."""
    match command:
        case c.Confirm():
            return lifecycle.decide_confirm(world, command)
        case c.Release():
            return lifecycle.decide_release(world, command)
        case c.Cancel():
            return lifecycle.decide_cancel(world, command)
        case c.Extend():
            return lifecycle.decide_extend(world, command)
        case c.Expire():
            return lifecycle.decide_expire(world, command)
        case c.CheckIn():
            return visiting.decide_check_in(world, command)
        case c.CheckOut():
            return visiting.decide_check_out(world, command)
        case c.Complete():
            return visiting.decide_complete(world, command)
        case c.NoShow():
            return visiting.decide_no_show(world, command)
        case c.Update():
            return lifecycle.decide_update(world, command)
        case _:
            assert_never(command)


def settle(world: World, command: c.AnyCommand) -> Decision:
    """Decide, and let the world go on from there; what comes free is offered to who waits (C7).

    The entries returned are the command's own; those of the offers are in the world, behind them.
    """
    outcome, entries = decide(world, command)
    if entries:
        freed = len(world.freed)
        world.apply(entries, command.actor if isinstance(command, c.Making) else None)
        if world.lines:
            told = offer_freed(world, entries, freed)
            if isinstance(outcome, o.Joined):
                # What was free at once was offered at once.
                outcome = told.get(outcome.booking_id, outcome)
    return outcome, entries


def offer_freed(world: World, entries: list[Entry], freed: int) -> dict[str, o.AnyOutcome]:
    """Make the offers that these entries call for, by which `world.freed` grew from `freed` on."""
    claims = world.freed[freed:]
    return waiting.make_offers(world, waiting.freed_by(world, entries, claims))


def expired_holds(world: World) -> list[Booking]:
    """The holds in the world whose time is over (MISSION A9)."""
    return [x for x in world.bookings.values() if x.status is Status.HELD and x.expired(world.now)]


def begun_waits(world: World) -> list[Booking]:
    """The bookings that wait for what has begun: nobody has to make way for them any more (C7)."""
    return [
        x
        for x in (world.bookings.values() if world.lines else ())
        if x.status is Status.WAITLISTED
        and x.waiter is not None
        and lifecycle.too_late(world, x.waiter)
        and waiting.here(world, x.waiter)
    ]


def expire_due(world: World) -> list[str]:
    """Journal what is over as expired, holds and waits alike; returns the booking ids.

    Called once before the batch's commands, so that they find those places free, or offered to who
    waits for them; and nobody in line for what has begun. What also is on something that is not in
    the world is left for whoever holds all of it.
    """
    due = [
        hold
        for hold in expired_holds(world)
        if all(claim.bookable in world.bookables for claim in hold.claims.values())
    ]
    due += begun_waits(world)
    for over in due:
        world.apply(lifecycle.expire(over))
    if world.lines and world.entries:
        offer_freed(world, list(world.entries), 0)
    return [over.booking_id for over in due]
