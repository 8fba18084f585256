"""Statements that lock a batch's heads and read its state, and the `World` made of their rows.

The order is the point: the locks first, then the clock, then the reads, each a statement of its
own. A statement sees what was committed when it began, so what is read here is newer than the
locks; a count taken in the locking statement would be older, and would sell the last seat twice.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from lastseat.calendar.broken import broken
from lastseat.core import commands as c
from lastseat.core import limits
from lastseat.core.events import Kind
from lastseat.core.limits import LATEST
from lastseat.core.state import undefined
from lastseat.core.world import World
from lastseat.engine.requests import Rows, Statement
from lastseat.engine.scope import Scope
from lastseat.ledger import rows
from lastseat.ledger.ruled import chains
from lastseat.ledger.sql import array

MOST_EXPIRED = 1_000
"""Claims of expired holds looked up at once; when there are more, these are journalled first."""


MOST_EDITED = limits.EDITED_BOOKINGS + 1
"""Bookings on edited occurrences that are looked up: one more than may be edited."""


def head_rows(names: Iterable[str]) -> dict[str, str]:
    """The parameters of `create_heads`: what needs no definition is born ready, the rest unborn."""
    born = [undefined(name) for name in sorted(names)]
    ready = (Kind.ACTOR, Kind.LOCATION)
    return {
        "bookables": array([x.bookable for x in born]),
        "kinds": array([x.kind if x.kind in ready else "unborn" for x in born]),
        "capacities": array([x.capacity for x in born]),
    }


def locks(scope: Scope, *, wait: bool) -> list[Statement]:
    """The statements that lock the heads, the missing ones made; the last returns the rows."""
    tenant = {"tenant": scope.tenant_id}
    defines = {name for needs in scope.boundaries for name in needs.defines}
    actors = {stream for needs in scope.all for stream in needs.actors}
    statements: list[Statement] = []
    if defines:
        # With all the heads that exist, so that these are locked in their place in the order.
        names = scope.heads - (scope.undefined - defines)
        statements.append(Statement("create_heads", tenant | head_rows(names)))
    elif actors:
        params = {**tenant, "bookables": array(sorted(actors))}
        statements.append(Statement("create_actor_heads", params))
    lock = "lock_heads" if wait else "lock_free_heads"
    statements.append(Statement(lock, {**tenant, "bookables": array(sorted(scope.heads))}))
    return statements


def reads(scope: Scope) -> list[Statement]:
    """The statements that read what the decisions need."""
    tenant: dict[str, Any] = {"tenant": scope.tenant_id}
    needs = scope.all
    seats = sorted({pair for x in needs for pair in x.seats | x.places})
    pairs = {
        "seat_bookables": array([name for name, _ in seats]),
        "seat_actors": array([actor_id for _, actor_id in seats]),
    }
    wanted = {
        "booking_ids": array(sorted({booking for x in needs for booking in x.bookings})),
        # Not those on all that is locked: each of them may be on one more head, and so on.
        "bookables": array(sorted(scope.needed)),
        "most_expired": MOST_EXPIRED,
        "edited": array(sorted({name for x in needs for name in x.edited})),
        "most_edited": MOST_EDITED,
    }
    statements = [Statement("read_bookings", tenant | pairs | wanted)]
    if any(x.places for x in needs):
        statements.append(Statement("read_places", tenant | pairs))
    if scope.known.lines:
        lines = {"bookables": array(sorted(scope.known.lines))}
        statements.append(Statement("read_lines", tenant | lines))
    asked = [x for boundary in needs for x in boundary.asked] + _all_time(scope.commands)
    if asked:
        times = {
            "bookables": array([name for name, _, _ in asked]),
            "starts": array([start for _, start, _ in asked]),
            "ends": array([end for _, _, end in asked]),
        }
        statements.append(Statement("read_overlapping", tenant | times))
    ruled = sorted({name for boundary in needs for name, _, _ in boundary.ruled})
    if ruled:
        statements.append(Statement("read_rules", {**tenant, "bookables": array(ruled)}))
    events = [
        command.bookable
        for command in scope.commands
        if isinstance(command, c.Define) and command.kind is Kind.EVENT
    ]
    if events:
        statements.append(Statement("read_events", {**tenant, "events": array(events)}))
    keys = sorted({command.key for command in scope.commands if command.key is not None})
    if keys:
        statements.append(Statement("read_keys", {**tenant, "keys": array(keys)}))
    return statements


def _all_time(commands: Sequence[c.AnyCommand]) -> list[tuple[str, datetime, datetime]]:
    """A change of capacity needs the peak of whatever is to come."""
    return [
        (command.bookable, rows.EPOCH, LATEST)
        for command in commands
        if isinstance(command, c.ChangeCapacity)
    ]


def world_of(
    scope: Scope, now: Rows, heads: Rows, statements: Sequence[Statement], answers: Sequence[Rows]
) -> World:
    """The world that the rows describe; those of `read_keys` are not part of it."""
    world = World(rows.instant(now[0][0]))
    world.actors = scope.known.actors | scope.known.new_actors
    world.followers = scope.followers
    world.broken = {key: None for needs in scope.all for key in needs.ruled}
    world.ready = set(scope.ready)
    for row in heads:
        there = world.bookables[row[0]] = rows.bookable(row)
        if there.waiting:
            world.lines = True
        if there.kind is Kind.COMPOSITE and row[0] in scope.known.definitions:
            there.parts = scope.known.definitions[row[0]].parts
    for needs in scope.boundaries:
        for stream in needs.newcomers:
            world.bookables[stream] = undefined(stream)
    for statement, found in zip(statements, answers, strict=True):
        take = _TAKE.get(statement.name)
        if take is not None:
            take(world, found)
    return world


def _take_bookings(world: World, found: Rows) -> None:
    for booking in rows.bookings(found, world):
        world.add_booking(booking)


def _take_lines(world: World, found: Rows) -> None:
    for row in found:
        waiter, version = rows.waiter(row)
        world.add_waiter(waiter, version)
        if waiter.actor is not None:
            world.actors[waiter.actor] = waiter.actor_id


def _take_places(world: World, found: Rows) -> None:
    for booking_id, no, place in found:
        booking = world.bookings.get(booking_id)
        # Of a head that is not held, this may be newer than the bookings read before.
        if booking is not None and no in booking.claims:
            booking.claims[no].place = place


def _take_overlapping(world: World, found: Rows) -> None:
    for row in found:
        claim = rows.live_claim(row, world)
        bookable = world.bookables.get(claim.bookable)
        if bookable is not None:
            bookable.claims.setdefault((claim.booking_id, claim.no), claim)


def _take_events(world: World, found: Rows) -> None:
    for name, starts, seconds, schedule in found:
        event = world.bookables.get(name)
        if event is not None:
            event.starts, event.seconds = tuple(msgspec.json.decode(starts)), seconds
            event.schedule = rows.schedule(schedule)


def _take_rules(world: World, found: Rows) -> None:
    """What the rules say of each time asked about, worked out now that it can't change."""
    known = chains(found)
    for name, during, blocked in world.broken:
        chain = known.get(name)
        if chain:
            refusal = broken(chain, name, "", during, blocked, world.now)
            world.broken[name, during, blocked] = refusal


_TAKE = {
    "read_lines": _take_lines,
    "read_rules": _take_rules,
    "read_bookings": _take_bookings,
    "read_places": _take_places,
    "read_overlapping": _take_overlapping,
    "read_events": _take_events,
}
