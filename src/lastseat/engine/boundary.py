"""The boundary of a batch: what its commands read and write, so what has to be locked.

A command such as "cancel booking X" does not say which bookables it touches. The boundary is
resolved before the locks are taken, and compared with the truth once they are (DESIGN, "The write
path", 4).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct, field

from lastseat.core import commands as c
from lastseat.core import fields, limits
from lastseat.core.asked import in_parts
from lastseat.core.defining import event_of
from lastseat.core.events import ActorTime, Kind
from lastseat.core.interval import Interval
from lastseat.core.outcomes import Invalid
from lastseat.core.state import LOCATION_PREFIX, Waiter, actor_stream
from lastseat.engine.requests import Rows, Statement
from lastseat.ledger import rows as ledger_rows
from lastseat.ledger.rows import interval
from lastseat.ledger.sql import array

FIRST = 8
"""Bookings at the head of a line whose offers are prepared before anybody knows what comes free."""


class Definition(Struct, frozen=True):
    """What never changes of a bookable, but for an occurrence's time: its event may be edited."""

    kind: Kind
    actor_time: ActorTime
    during: Interval | None
    parts: tuple[str, ...] = ()


NONE: frozenset[Any] = frozenset()


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
    locations: set[str] = field(default_factory=set)
    """The owners of rules that are places, and are there."""
    guests: dict[str, set[str]] = field(default_factory=dict)
    """Edited occurrences to the live bookings there."""
    composites: dict[str, int] = field(default_factory=dict)
    """Those named, to how many parts they have."""
    lines: frozenset[str] = NONE
    """Bookables that somebody waits on, so that was asked who."""
    waiters: list[Waiter] = field(default_factory=list)
    """Who waits in their lines, in order."""

    def defined(self, definitions: dict[str, Definition]) -> None:
        """Note what bookables are."""
        self.definitions.update(definitions)
        for name, there in definitions.items():
            if there.parts:
                self.composites[name] = len(there.parts)

    def claimed(self, booking_id: str, actor_id: str, name: str | None) -> None:
        """Note whose a booking is, and a bookable it has a live claim on, if there is one."""
        self.owners[booking_id] = actor_id
        names = self.bookings.setdefault(booking_id, set())
        if name is not None:
            names.add(name)


def questions(
    tenant_id: str, commands: Sequence[c.AnyCommand], lines: frozenset[str] = NONE
) -> tuple[Statement, ...]:
    """The statements that resolve a batch; `learn` takes their rows in the same order.

    `lines` are the bookables that somebody is known to wait on.
    """
    bookables = {name for command in commands for name in c.bookables_of(command)}
    targets = [target for command in commands for target in c.targets_of(command)]
    ids = [target.booking_id for target in targets if isinstance(target, c.BookingId)]
    seats = [target for target in targets if isinstance(target, c.Seat)]
    refs = {x.actor for x in commands if isinstance(x, c.Making)} | {x.actor for x in seats}
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
    places = [location for x in commands if (location := _location(x)) is not None]
    if places:
        asked.append(Statement("find_locations", {**tenant, "locations": array(places)}))
    edited = {name for command in commands for name in edited_of(command)}
    if edited:
        params = {"bookables": array(sorted(edited)), "most_edited": limits.EDITED_BOOKINGS + 1}
        asked.append(Statement("find_bookings_on", tenant | params))
    if lines:
        asked.append(Statement("read_lines", {**tenant, "bookables": array(sorted(lines))}))
    return tuple(asked)


def _location(command: c.AnyCommand) -> str | None:
    """The place whose rules a command sets."""
    if isinstance(command, c.SetRules) and command.owner.startswith(LOCATION_PREFIX):
        return command.owner.removeprefix(LOCATION_PREFIX)
    return None


def edited_of(command: c.AnyCommand) -> frozenset[str]:
    """The occurrences of an edit whose bookings it touches."""
    if not isinstance(command, c.EditEvent):
        return NONE
    return frozenset(x.bookable for x in command.edits if x.call_off or x.during is not None)


def learn(asked: Sequence[Statement], answers: Sequence[Rows]) -> Known:
    """What the rows of `questions` say."""
    known = Known()
    for statement, rows in zip(asked, answers, strict=True):
        match statement.name:
            case "find_definitions":
                known.defined(_definitions(rows))
            case "find_locations":
                known.locations.update(LOCATION_PREFIX + location for (location,) in rows)
            case "find_actors":
                known.actors.update((ref, actor_id) for ref, actor_id in rows)
            case "find_boundaries":
                for booking_id, actor_id, name in rows:
                    known.claimed(booking_id, actor_id, name)
            case "find_seats":
                for name, ref, booking_id, actor_id, other in rows:
                    known.seats[name, ref] = booking_id
                    known.claimed(booking_id, actor_id, other)
            case "find_bookings_on":
                for name, booking_id, actor_id, other in rows:
                    known.guests.setdefault(name, set()).add(booking_id)
                    known.claimed(booking_id, actor_id, other)
            case "read_lines":
                known.waiters += (waiter for waiter, _ in map(ledger_rows.waiter, rows))
            case _:
                raise AssertionError(statement.name)
    return known


def too_much(command: c.AnyCommand, known: Known) -> Invalid | None:
    """The refusal of what is past its bounds once composites are their parts."""
    if not known.composites or not isinstance(command, c.Making | c.Move):
        return None
    try:
        in_parts(command, known.composites)
    except fields.Bad as bad:
        return bad.invalid
    return None


def parts_of(
    tenant_id: str, commands: Sequence[c.AnyCommand], known: Known
) -> tuple[Statement, ...]:
    """What to ask about the parts of the composites found, another time: most batches have none.

    And about what those wait for who are in line.
    """
    if not known.composites and not known.waiters:
        return ()
    named = {name for command in commands for name in c.bookables_of(command)}
    named &= known.composites.keys()
    parts = {part for name in named for part in known.definitions[name].parts}
    awaited = {name for waiter in known.waiters for name in awaited_by(waiter)}
    unknown = sorted((parts | awaited) - known.definitions.keys())
    if not unknown:
        return ()
    params = {"tenant": tenant_id, "bookables": array(unknown)}
    return (Statement("find_definitions", params),)


def _definitions(found: Rows) -> dict[str, Definition]:
    return {
        name: Definition(
            Kind(kind),
            ActorTime(actor_time),
            interval(start, end),
            tuple(msgspec.json.decode(parts)) if parts else (),
        )
        for name, kind, actor_time, start, end, parts in found
    }


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
    """Why it is too much to be looked at: then there is nothing else."""


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


def awaited_by(waiter: Waiter) -> tuple[str, ...]:
    """What a waiting booking's offer may be on, and the composites that it is asked for as."""
    assert waiter.awaited is not None
    return (*waiter.awaited.on, *(claim.bookable for claim in claims_of(waiter.awaited)))


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


def claims_of(
    asked: c.Book | c.Join | c.SeriesDate | c.Relocation | c.Awaited,
) -> Sequence[c.Claim]:
    """All claims that it may come to: one for each candidate of its choices."""
    if not asked.choices:
        return asked.claims
    return [*asked.claims, *(choice.claim(name) for choice in asked.choices for name in choice.of)]


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
