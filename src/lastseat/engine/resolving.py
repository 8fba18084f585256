"""What is found out about a batch before the locks: the questions, and what their answers say.

A command such as "cancel booking X" does not say which bookables it touches. What is found here may
be otherwise under the locks, and is compared with the truth there (covering.py).
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct, field

from lastseat.core import commands as c
from lastseat.core import fields, limits
from lastseat.core.asked import in_parts
from lastseat.core.events import ActorTime, Kind
from lastseat.core.interval import Interval
from lastseat.core.naming import awaited_by, bookables_of, targets_of
from lastseat.core.outcomes import Invalid
from lastseat.core.state import LOCATION_PREFIX, Waiter
from lastseat.engine.requests import Rows, Statement
from lastseat.ledger import rows as ledger_rows
from lastseat.ledger.rows import interval
from lastseat.ledger.sql import array

NONE: frozenset[Any] = frozenset()


class Definition(Struct, frozen=True):
    """What never changes of a bookable, but for an occurrence's time: its event may be edited."""

    kind: Kind
    actor_time: ActorTime
    during: Interval | None
    parts: tuple[str, ...] = ()


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
    """The places named that are there, as owners of rules: `location:<id>`."""
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
    bookables = {name for command in commands for name in bookables_of(command)}
    targets = [target for command in commands for target in targets_of(command)]
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
    """The place whose rules a command sets, or where it defines something."""
    if isinstance(command, c.Define):
        return command.location
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


def refusal(command: c.AnyCommand, known: Known) -> Invalid | None:
    """Why a command is not looked at, if it is not.

    It defines something where no location is, or is past its bounds once composites are their
    parts.
    """
    if isinstance(command, c.Define):
        # No lock is needed: a location that is there is never removed.
        place = command.location
        if place is not None and LOCATION_PREFIX + place not in known.locations:
            return Invalid(field="location", reason="is not known: make it first")
        return None
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
    named = {name for command in commands for name in bookables_of(command)}
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
