"""Statements that lock a batch's heads and read its state, and the `World` made of their rows.

The order is the point: the locks first, then the clock, then the reads, each a statement of its
own. A statement sees what was committed when it began, so what is read here is newer than the
locks; a count taken in the locking statement would be older, and would sell the last seat twice.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from lastseat.core import commands as c
from lastseat.core.events import Kind
from lastseat.core.limits import LATEST
from lastseat.core.state import ACTOR_PREFIX, undefined
from lastseat.core.world import World
from lastseat.engine.boundary import Boundary, Known
from lastseat.engine.requests import Rows, Statement
from lastseat.ledger import rows
from lastseat.ledger.sql import array

MOST_EXPIRED = 1_000
"""Claims of expired holds looked up at once; when there are more, these are journalled first."""


class Scope(Struct, frozen=True):
    """What one transaction is about: commands, their boundaries, and all heads together."""

    tenant_id: str
    commands: Sequence[c.AnyCommand]
    boundaries: Sequence[Boundary]
    heads: frozenset[str]
    known: Known
    undefined: frozenset[str]
    """The bookables named that have no definition: unknown, or about to be defined."""
    followers: dict[str, tuple[str, ...]]


def head_rows(names: Iterable[str]) -> dict[str, str]:
    """The parameters of `create_heads`: an actor's own time is born ready, the rest unborn."""
    ordered = sorted(names)
    own = [name.startswith(ACTOR_PREFIX) for name in ordered]
    return {
        "bookables": array(ordered),
        "kinds": array([Kind.ACTOR if actor else "unborn" for actor in own]),
        "capacities": array([int(actor) for actor in own]),
    }


def locks(scope: Scope, *, wait: bool) -> list[Statement]:
    """The statements that lock the heads, the missing ones made; the last returns the rows."""
    tenant = {"tenant": scope.tenant_id}
    defines = {name for needs in scope.boundaries for name in needs.defines}
    actors = {stream for needs in scope.boundaries for stream in needs.actors}
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
    needs = scope.boundaries
    seats = sorted({pair for x in needs for pair in x.seats | x.places})
    pairs = {
        "seat_bookables": array([name for name, _ in seats]),
        "seat_actors": array([actor_id for _, actor_id in seats]),
    }
    wanted = {
        "booking_ids": array(sorted({booking for x in needs for booking in x.bookings})),
        "bookables": array(sorted(scope.heads)),
        "most_expired": MOST_EXPIRED,
    }
    statements = [Statement("read_bookings", tenant | pairs | wanted)]
    if any(x.places for x in needs):
        statements.append(Statement("read_places", tenant | pairs))
    asked = [x for boundary in needs for x in boundary.asked] + _all_time(scope.commands)
    if asked:
        times = {
            "bookables": array([name for name, _, _ in asked]),
            "starts": array([start for _, start, _ in asked]),
            "ends": array([end for _, _, end in asked]),
        }
        statements.append(Statement("read_overlapping", tenant | times))
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
    for row in heads:
        world.bookables[row[0]] = rows.bookable(row)
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
    for name, starts, seconds in found:
        if name in world.bookables:
            world.bookables[name].starts = tuple(msgspec.json.decode(starts))
            world.bookables[name].seconds = seconds


_TAKE = {
    "read_bookings": _take_bookings,
    "read_places": _take_places,
    "read_overlapping": _take_overlapping,
    "read_events": _take_events,
}
