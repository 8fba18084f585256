"""The boundary of a batch: what its commands read and write, so what has to be locked.

A command such as "cancel booking X" does not say which bookables it touches. The boundary is
resolved before the locks are taken, and compared with the truth once they are (DESIGN, "The write
path", 4).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct

from lastseat.core import commands as c
from lastseat.core.defining import event_of
from lastseat.core.events import ActorTime, Kind
from lastseat.core.interval import Interval
from lastseat.core.naming import awaited_by, bookables_of, claims_of, targets_of
from lastseat.core.outcomes import Invalid
from lastseat.core.state import Waiter, actor_stream
from lastseat.engine.resolving import NONE, Known, edited_of

FIRST = 8
"""Bookings at the head of a line whose offers are prepared before anybody knows what comes free."""


class Boundary(Struct, gc=False):
    """What one command reads and writes, as far as it is known before the locks.

    Immutable sets, replaced where there is something to add: most are empty for most commands.
    """

    named: tuple[str, ...] = ()
    """The bookables that the command names itself."""
    targets: tuple[c.Target, ...] = ()
    """The existing bookings that it names."""
    heads: frozenset[str] = NONE
    defines: frozenset[str] = NONE
    """Bookables that are defined, so may have no head yet."""
    opens: tuple[tuple[str, str], ...] = ()
    """Occurrences that may have to be opened, with their events."""
    actors: frozenset[str] = NONE
    """Streams of actors' own time that may have no head yet."""
    newcomers: frozenset[str] = NONE
    """The same for actors without a row: nobody else can know these streams before we commit, so
    they are neither locked nor read."""
    edits: frozenset[str] = NONE
    """Events that are changed themselves."""
    edited: frozenset[str] = NONE
    """Occurrences of theirs whose bookings all change with them."""
    bookings: frozenset[str] = NONE
    seats: frozenset[tuple[str, str]] = NONE
    """(occurrence, surrogate) whose live booking is asked for."""
    places: frozenset[tuple[str, str]] = NONE
    """Those whose seat may be the answer."""
    asked: tuple[tuple[str, datetime, datetime], ...] = ()
    """Times of bookables whose live claims have to be read."""
    ruled: tuple[tuple[str, Interval, Interval], ...] = ()
    """Bookables with the times, without and with buffers, that their rules are asked about."""
    refused: Invalid | None = None
    """Why it is not looked at: then there is nothing else."""


def boundary(command: c.AnyCommand, known: Known, *, careful: bool) -> Boundary:
    """The boundary of one command.

    `careful` also looks whether a new booking's id is in use already. Ids are drawn so that they
    never are, so only a batch that the database refused looks, when it goes again.
    """
    named, targets = bookables_of(command), targets_of(command)
    found = Boundary(named, targets, frozenset(named))
    for name in named:
        event_id = None if name in known.definitions else event_of(name)
        if event_id is not None:
            found.opens += ((name, event_id),)
    for target in targets:
        _target(found, target, known)
    match command:
        case c.Book() | c.BookSeries() | c.Join():
            dates = command.dates if isinstance(command, c.BookSeries) else (command,)
            if careful:
                found.bookings |= {date.booking_id for date in dates}
            new = known.new_actors.get(command.actor)
            claims = _all_claims(command)
            _claims(found, claims, new or known.actors[command.actor], known, new=bool(new))
        case c.Move():
            for move in command.moves:
                owner = _owner(move.target, known)
                if owner is not None:
                    _claims(found, claims_of(move), owner, known, new=False)
        case c.Define():
            found.defines |= {command.bookable}
        case c.SetRules() if command.owner in known.locations:
            found.defines |= {command.owner}
        case c.ChangeCapacity() | c.EditEvent():
            _edits(found, command, known)
        case _:
            pass
    return found


def _edits(found: Boundary, command: c.ChangeCapacity | c.EditEvent, known: Known) -> None:
    """An edited event, and all that the bookings claim which its edit touches."""
    if isinstance(command, c.ChangeCapacity):
        there = known.definitions.get(command.bookable)
        if there is not None and there.kind is Kind.EVENT:
            found.edits |= {command.bookable}
        return
    found.edits |= {command.event}
    found.edited |= edited_of(command)
    guests = (known.guests.get(name, set()) for name in found.edited)
    found.heads = found.heads.union(*(known.bookings[x] for ids in guests for x in ids))


def first_in_line(waiters: Iterable[Waiter]) -> set[str]:
    """The first bookings of each line: it is most likely their turn."""
    lines: dict[str, list[str]] = {}
    for waiter in waiters:
        lines.setdefault(waiter.queue, []).append(waiter.booking_id)
    return {booking_id for line in lines.values() for booking_id in line[:FIRST]}


def offering(waiters: Iterable[Waiter], known: Known) -> Boundary:
    """What the offers to these read and write, all together."""
    found = Boundary()
    for waiter in waiters:
        assert waiter.awaited is not None
        found.heads = found.heads.union(awaited_by(waiter))
        _claims(found, claims_of(waiter.awaited), waiter.actor_id, known, new=False)
    return found


def _all_claims(command: c.Making) -> Sequence[c.Claim]:
    if isinstance(command, c.BookSeries):
        return [claim for date in command.dates for claim in claims_of(date)]
    return claims_of(command)


def _owner(target: c.Target, known: Known) -> str | None:
    if isinstance(target, c.BookingId):
        return known.owners.get(target.booking_id)
    return known.actors.get(target.actor)


def _target(found: Boundary, target: c.Target, known: Known) -> None:
    if isinstance(target, c.BookingId):
        booking_id: str | None = target.booking_id
    else:
        booking_id = known.seats.get((target.bookable, target.actor))
        actor_id = known.actors.get(target.actor)
        if actor_id is not None:
            found.seats |= {(target.bookable, actor_id)}
    if booking_id is not None:
        found.bookings |= {booking_id}
        found.heads |= known.bookings.get(booking_id, set())


def _claims(
    found: Boundary, claims: Iterable[c.Claim], actor_id: str, known: Known, *, new: bool
) -> None:
    """The heads, seats and times that claims for an actor need to see."""
    own_time: list[Interval] = []
    asked: list[tuple[str, datetime, datetime]] = []
    ruled: list[tuple[str, Interval, Interval]] = []
    for claim in claims:
        there = known.definitions.get(claim.bookable)
        during = there.during if there else None
        watched = there is not None and there.actor_time is not ActorTime.ALLOW
        if during is not None:
            if not new:
                found.places |= {(claim.bookable, actor_id)}
        elif (blocked := claim.blocked) is not None and (during := claim.during) is not None:
            parts = there.parts if there else ()
            found.heads = found.heads.union(parts)
            asked += ((x, blocked.start, blocked.end) for x in parts or (claim.bookable,))
            ruled += ((x, during, blocked) for x in (claim.bookable, *parts))
            watched |= any(known.definitions[x].actor_time is not ActorTime.ALLOW for x in parts)
        if during is not None and watched:
            own_time.append(during)
    found.asked += tuple(asked)
    found.ruled += tuple(ruled)
    if not own_time:
        return
    stream = actor_stream(actor_id)
    if new:
        found.newcomers |= {stream}
    else:
        found.heads |= {stream}
        found.actors |= {stream}
        found.asked += tuple((stream, x.start, x.end) for x in own_time)
