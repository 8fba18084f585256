"""The waitlist: who waits for what, and to whom goes what comes free (MISSION C7).

A *line* is of one bookable: those who wait for it, first come first. A booking in line takes
nothing; it also notes itself on whatever else it may be given, so that what comes free there is
found. After every command that may have freed something the same step makes the offers: each a hold
with an expiry of its own, for the first in line who fits. Nobody can come in between, because the
places were never free outside the transaction.

Under `fifo` a party that does not fit lets nobody pass for the time it waits for, walk-ins included
(capacity.py); under `first_that_fits` it does. Whoever could not take a place if there was one
(they are elsewhere at that time, the rules have changed, it has begun) is passed over and leaves
the line, so that no place stands empty for them.
"""

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct

from lastseat.core import commands as c
from lastseat.core import events as e
from lastseat.core import outcomes as o
from lastseat.core.booking import decide_book
from lastseat.core.capacity import Short, in_line, shortage
from lastseat.core.choosing import offers, pick
from lastseat.core.events import WaitPolicy
from lastseat.core.interval import Interval
from lastseat.core.lifecycle import expire, too_late
from lastseat.core.placing import place
from lastseat.core.state import Bookable, Entry, LiveClaim, Waiter
from lastseat.core.world import World


class Freed(Struct, frozen=True):
    """Where something may have come free, and when; without `during` at any time."""

    bookable: str
    during: Interval | None = None
    only: str | None = None
    """For this booking alone: it came, and for the others nothing is as it was not before."""


AHEAD = 16
"""Bookings in line that are asked for at once when their turn may come."""


def freed_by(world: World, entries: Iterable[Entry], claims: Iterable[LiveClaim]) -> list[Freed]:
    """Where something may have come free by these entries, which gave up these claims.

    Also where somebody came into a line or left it: it may be their turn, or that of those behind.
    """
    freed = [Freed(claim.bookable, claim.blocked) for claim in claims]
    for entry in entries:
        match entry.event:
            case e.CapacityChanged() | e.Rescheduled() | e.CalledOff() | e.RulesChanged():
                freed.append(Freed(entry.stream))
            case e.Joined() | e.Cancelled() | e.Expired() if entry.lead:
                waiter = world.bookings[entry.booking_id or ""].waiter
                if waiter is not None:
                    only = waiter.booking_id if isinstance(entry.event, e.Joined) else None
                    freed.append(Freed(waiter.queue, waiter.blocked, only))
            case _:
                pass
    return freed


def make_offers(world: World, freed: Sequence[Freed]) -> dict[str, o.AnyOutcome]:
    """Offer what came free to those who wait for it, in order; what each was told, by booking.

    Changes the world. A booking whose turn it may be and that is not `ready` ends it: `unready`
    then says which have to be.
    """
    told: dict[str, o.AnyOutcome] = {}
    lines = _lines(world, freed)
    while lines:
        left: list[Freed] = []
        for queue, touched in lines:
            left += [Freed(queue.bookable, x) for x in _go_through(world, queue, touched, told)]
            if world.unready:
                return told
        # A line that got shorter may have been in the way of somebody in another one.
        lines = _lines(world, left, others=True)
    return told


def _go_through(
    world: World, queue: Bookable, touched: set[str], told: dict[str, o.AnyOutcome]
) -> list[Interval]:
    """Make the offers of one line; returns the times of those who wait no longer."""
    left: list[Interval] = []
    behind: list[Interval] = []
    fifo = queue.waitlist is WaitPolicy.FIFO
    line = in_line(queue)
    for i, waiter in enumerate(line):
        blocked = waiter.blocked or queue.during
        assert blocked is not None
        if too_late(world, waiter) and here(world, waiter):
            world.apply(expire(world.bookings[waiter.booking_id]))
            left.append(blocked)
            continue
        # Who was only behind those who left may have their turn, too. For others it is as it was.
        turn = waiter.booking_id in touched or any(blocked.overlaps(x) for x in left)
        if turn and not any(blocked.overlaps(x) for x in behind) and _room(queue, waiter):
            if waiter.booking_id not in world.ready:
                _prepare(world, [x for x in line[i:] if x is waiter or x.booking_id in touched])
                return left
            outcome = _offer(world, waiter)
            if outcome.ok:
                told[waiter.booking_id] = outcome
            elif not isinstance(outcome, Short):
                world.apply(expire(world.bookings[waiter.booking_id]))
            if not isinstance(outcome, Short):
                left.append(blocked)
                continue
        if fifo:
            behind.append(blocked)
            if queue.counted:
                break
    return left


def _lines(
    world: World, freed: Iterable[Freed], *, others: bool = False
) -> list[tuple[Bookable, set[str]]]:
    """The lines in which somebody waits for what came free, in a fixed order; and who it is.

    With `others` only those who wait for it in another line.
    """
    lines: dict[str, set[str]] = {}
    for each in freed:
        there = world.bookables.get(each.bookable)
        for name, waiter in there.waiters.items() if there is not None else ():
            if (each.only not in (None, name)) or (others and waiter.queue == each.bookable):
                continue
            if each.during is None or _touched(waiter, each.bookable, each.during):
                lines.setdefault(waiter.queue, set()).add(name)
    return [(world.bookables[name], lines[name]) for name in sorted(lines)]


def _touched(waiter: Waiter, name: str, during: Interval) -> bool:
    """Whether it waits for the bookable over that time, as far as is told without its parts."""
    assert waiter.awaited is not None
    if name != waiter.queue:
        return waiter.awaited.touches(during)
    # In its line it waits for this alone.
    return waiter.blocked is None or waiter.blocked.overlaps(during)


def _prepare(world: World, line: Sequence[Waiter]) -> None:
    """Ask for the first of these, twice as many each time: what their offers may touch is read."""
    ahead = max(AHEAD, len(world.ready))
    world.unready.update((x.booking_id, None) for x in line[:ahead])


def here(world: World, waiter: Waiter) -> bool:
    """Whether all that it waits on is held."""
    assert waiter.awaited is not None
    return all(name in world.bookables for name in waiter.awaited.on)


def _room(queue: Bookable, waiter: Waiter) -> bool:
    """Whether there may be room: of an occurrence it is known without asking for anything else.

    One for which there never is, since less fit now than are in the party, is to be asked about.
    """
    assert waiter.awaited is not None
    units = waiter.awaited.claims[0].units
    return not queue.counted or queue.called_off or not queue.left < units <= queue.capacity


def _offer(world: World, waiter: Waiter) -> o.AnyOutcome:
    """Make the waiting booking a hold if it fits, or say why not."""
    awaited, actor = waiter.awaited, waiter.actor
    assert awaited is not None
    if actor is None:
        return o.UnknownBooking(booking_id=waiter.booking_id)
    book = c.Book(
        tenant_id="",
        command_id="",
        booking_id=waiter.booking_id,
        actor=actor,
        claims=awaited.claims,
        choices=awaited.choices,
        hold_seconds=awaited.offer_seconds,
    )
    outcome, entries = decide_book(world, book, None, waiter)
    if isinstance(outcome, Short) and never_fits(world, awaited.claims, awaited.choices, actor):
        return o.Invalid(field="claims", reason="are more than there is place for")
    world.apply(entries)
    return outcome


def never_fits(
    world: World, claims: Sequence[c.Claim], choices: Sequence[c.Choice], actor: str
) -> Short | None:
    """Why all of it would not fit if nobody else was there: a party larger than the place."""
    empty = World(world.now)
    empty.actors, empty.broken = world.actors, world.broken
    asked = [*(x.bookable for x in claims), *(name for choice in choices for name in choice.of)]
    for name in asked:
        for part in (name, *world.bookables[name].parts):
            empty.bookables[part] = msgspec.structs.replace(
                world.bookables[part], taken=0, claims={}, waiting=0, waiters={}
            )
    placements = place(empty, claims, actor)
    offered = offers(empty, choices, actor, lambda _: False)
    assert isinstance(placements, list)
    assert isinstance(offered, list)
    short = shortage(placements, ())
    if short is not None:
        return short
    picked = pick(offered, placements, (), override=False)
    return None if isinstance(picked, list) else picked
