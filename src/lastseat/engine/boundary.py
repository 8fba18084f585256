"""The boundary of a batch: what its commands read and write, so what has to be locked.

A command such as "cancel booking X" does not say which bookables it touches. The boundary is
resolved before the locks are taken, and compared with the truth once they are (DESIGN, "The write
path", 4).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct, field

from lastseat.core import commands as c
from lastseat.core.defining import event_of
from lastseat.core.events import ActorTime, Kind
from lastseat.core.interval import Interval
from lastseat.core.state import actor_stream
from lastseat.engine.requests import Rows, Statement
from lastseat.ledger.rows import interval
from lastseat.ledger.sql import array


class Definition(Struct, frozen=True):
    """What never changes of a bookable."""

    kind: Kind
    actor_time: ActorTime
    during: Interval | None


class Known(Struct):
    """What was found before the locks."""

    definitions: dict[str, Definition] = field(default_factory=dict)
    actors: dict[str, str] = field(default_factory=dict)
    """Callers' references to surrogates."""
    new_actors: dict[str, str] = field(default_factory=dict)
    """The same for actors that have no row yet."""
    bookings: dict[str, set[str]] = field(default_factory=dict)
    """Bookings to the bookables they have live claims on."""
    owners: dict[str, str] = field(default_factory=dict)
    """Bookings to their actors' surrogates."""
    seats: dict[tuple[str, str], str] = field(default_factory=dict)
    """(occurrence, reference) to the live booking there."""


def questions(tenant_id: str, commands: Sequence[c.AnyCommand]) -> tuple[Statement, ...]:
    """The statements that resolve a batch; `learn` takes their rows in the same order."""
    bookables = {name for command in commands for name in c.bookables_of(command)}
    targets = [target for command in commands for target in c.targets_of(command)]
    ids = [target.booking_id for target in targets if isinstance(target, c.BookingId)]
    seats = [target for target in targets if isinstance(target, c.Seat)]
    refs = {x.actor for x in commands if isinstance(x, c.Book)} | {x.actor for x in seats}
    tenant = {"tenant": tenant_id}
    asked = [
        Statement("find_definitions", {**tenant, "bookables": array(list(bookables))}),
        Statement("find_actors", {**tenant, "refs": array(list(refs))}),
    ]
    if ids:
        asked.append(Statement("find_boundaries", {**tenant, "booking_ids": array(ids)}))
    if seats:
        pairs: dict[str, Any] = {
            "bookables": array([x.bookable for x in seats]),
            "refs": array([x.actor for x in seats]),
        }
        asked.append(Statement("find_seats", tenant | pairs))
    return tuple(asked)


def learn(asked: Sequence[Statement], answers: Sequence[Rows]) -> Known:
    """What the rows of `questions` say."""
    known = Known()
    for statement, rows in zip(asked, answers, strict=True):
        match statement.name:
            case "find_definitions":
                for name, kind, actor_time, start, end in rows:
                    known.definitions[name] = Definition(
                        Kind(kind), ActorTime(actor_time), interval(start, end)
                    )
            case "find_actors":
                known.actors.update((ref, actor_id) for ref, actor_id in rows)
            case "find_boundaries":
                for booking_id, actor_id, name in rows:
                    known.owners[booking_id] = actor_id
                    claimed = known.bookings.setdefault(booking_id, set())
                    if name is not None:
                        claimed.add(name)
            case "find_seats":
                for name, ref, booking_id, actor_id, other in rows:
                    known.seats[name, ref] = booking_id
                    known.owners[booking_id] = actor_id
                    known.bookings.setdefault(booking_id, set()).add(other)
            case _:
                raise AssertionError(statement.name)
    return known


NONE: frozenset[Any] = frozenset()


class Boundary(Struct):
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
    bookings: frozenset[str] = NONE
    seats: frozenset[tuple[str, str]] = NONE
    """(occurrence, surrogate) whose live booking is asked for."""
    places: frozenset[tuple[str, str]] = NONE
    """Those whose seat may be the answer."""
    asked: tuple[tuple[str, datetime, datetime], ...] = ()
    """Times of bookables whose live claims have to be read."""


def boundary(command: c.AnyCommand, known: Known, *, careful: bool) -> Boundary:
    """The boundary of one command.

    `careful` also looks whether a new booking's id is in use already. Ids are drawn so that they
    never are, so only a batch that the database refused looks, when it goes again.
    """
    named, targets = c.bookables_of(command), c.targets_of(command)
    found = Boundary(named, targets, frozenset(named))
    for name in named:
        event_id = None if name in known.definitions else event_of(name)
        if event_id is not None:
            found.opens += ((name, event_id),)
    for target in targets:
        _target(found, target, known)
    match command:
        case c.Book():
            if careful:
                found.bookings |= {command.booking_id}
            new = known.new_actors.get(command.actor)
            _claims(found, command.claims, new or known.actors[command.actor], known, new=bool(new))
        case c.Move():
            for move in command.moves:
                owner = _owner(move.target, known)
                if owner is not None:
                    _claims(found, move.claims, owner, known, new=False)
        case c.Define():
            found.defines |= {command.bookable}
        case c.ChangeCapacity():
            there = known.definitions.get(command.bookable)
            if there is not None and there.kind is Kind.EVENT:
                found.edits |= {command.bookable}
        case _:
            pass
    return found


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
    for claim in claims:
        there = known.definitions.get(claim.bookable)
        during = there.during if there else None
        if during is not None:
            if not new:
                found.places |= {(claim.bookable, actor_id)}
        elif (blocked := claim.blocked) is not None:
            during = claim.during
            found.asked += ((claim.bookable, blocked.start, blocked.end),)
        if during is not None and there is not None and there.actor_time is not ActorTime.ALLOW:
            own_time.append(during)
    if not own_time:
        return
    stream = actor_stream(actor_id)
    if new:
        found.newcomers |= {stream}
    else:
        found.heads |= {stream}
        found.actors |= {stream}
        found.asked += tuple((stream, x.start, x.end) for x in own_time)
