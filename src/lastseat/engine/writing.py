"""Statements that write what a batch decided: the journal, its projections, answers under keys."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct, field

from lastseat.core import commands as c
from lastseat.core import events as e
from lastseat.core import outcomes as o
from lastseat.core.events import Kind
from lastseat.core.world import World
from lastseat.engine.personal import booked_by, personal_statements
from lastseat.engine.requests import Answer, Statement, Ticket
from lastseat.ledger.rows import MOST_CHANGED, append_params, in_parts
from lastseat.ledger.sql import array

DEFINING = e.Defined | e.CapacityChanged | e.ScheduleChanged | e.Rescheduled | e.CalledOff
"""The events that change what `define_heads` writes, or an event's schedule."""


class Written(Struct):
    """What there is to write: a world after its decisions, and what goes beside it."""

    world: World
    commands: Sequence[tuple[str, str]]
    """For each of the world's entries its command's id and principal."""
    known: frozenset[str] = frozenset()
    """The bookings that have a row already."""
    new_actors: dict[str, str] = field(default_factory=dict)
    """References to surrogates, of actors without a row."""
    answered: Sequence[tuple[Ticket, Answer]] = ()
    """The tickets decided here, with their answers."""
    old_keys: Sequence[str] = ()
    """Keys whose time is over, to be used anew."""
    heads: bool = True
    """Whether the heads are written too, with all that changed them since the lock."""


def write_statements(tenant_id: str, written: Written) -> list[Statement]:
    """Everything but the COMMIT; empty when there is nothing to write."""
    statements: list[Statement] = []
    world = written.world
    if world.entries or (written.heads and world.touched_streams):
        statements += _newcomers(tenant_id, written)
        params = append_params(
            tenant_id, world, written.commands, written.known, heads=written.heads
        )
        many = len(world.touched_bookings) > MOST_CHANGED
        appends = in_parts(params) if many else [params]
        statements += [Statement("append", each) for each in appends]
        statements += _definitions(tenant_id, world)
        statements += _rules(tenant_id, world)
        if world.lined:
            statements += _lines(tenant_id, world)
    statements += _keys(tenant_id, written)
    statements += personal_statements(tenant_id, written.answered, written.commands)
    if any(claim.exclusive and not claim.override for claim in world.made):
        statements.append(Statement("check_exclusive"))
    return statements


def _newcomers(tenant_id: str, written: Written) -> list[Statement]:
    """Rows for the actors that were booked for here and have none yet."""
    if not written.new_actors:
        return []
    made = written.world.touched_bookings.keys() - written.known
    booked = {written.world.bookings[x].actor_id for x in made}
    new = {ref: actor_id for ref, actor_id in written.new_actors.items() if actor_id in booked}
    if not new:
        return []
    people = {"actor_ids": array(list(new.values())), "refs": array(list(new))}
    return [Statement("add_actors", {"tenant": tenant_id} | people)]


def _definitions(tenant_id: str, world: World) -> list[Statement]:
    changed = [x for x in world.entries if isinstance(x.event, DEFINING)]
    if not changed:
        return []
    tenant = {"tenant": tenant_id, "now": world.now.isoformat()}
    heads = [world.bookables[stream] for stream in dict.fromkeys(x.stream for x in changed)]
    params = {
        "bookables": array([x.bookable for x in heads]),
        "kinds": array([x.kind for x in heads]),
        "starts": array([x.during and x.during.start for x in heads]),
        "ends": array([x.during and x.during.end for x in heads]),
        "time_zones": array([x.time_zone for x in heads]),
        "events": array([x.event_id for x in heads]),
        "own": array([x.own_capacity for x in heads]),
        "actor_times": array([x.actor_time for x in heads]),
        "locations": array([x.location for x in heads]),
        "called_off": array([x.called_off for x in heads]),
        "waitlists": array([x.waitlist for x in heads]),
    }
    statements = [Statement("add_tenant", tenant), Statement("define_heads", tenant | params)]
    for entry in changed:
        event = entry.event
        if isinstance(event, e.Defined) and event.kind is Kind.EVENT:
            recurring = {
                "event": entry.stream,
                "starts": array(list(event.starts)),
                "seconds": event.seconds,
                "schedule": event.schedule and msgspec.json.encode(event.schedule).decode(),
            }
            statements.append(Statement("add_event", tenant | recurring))
        elif isinstance(event, e.Defined) and event.parts:
            whole = {"bookable": entry.stream, "parts": array(event.parts)}
            statements.append(Statement("set_parts", tenant | whole))
        elif isinstance(event, e.ScheduleChanged):
            schedule = msgspec.json.encode(event.schedule).decode()
            params = {"event": entry.stream, "schedule": schedule}
            statements.append(Statement("change_schedule", tenant | params))
    return statements


def _rules(tenant_id: str, world: World) -> list[Statement]:
    """The last rules of each owner whose rules were changed."""
    owners = {
        entry.stream: entry.event.rules
        for entry in world.entries
        if isinstance(entry.event, e.RulesChanged)
    }
    if not owners:
        return []
    params = {
        "owners": array(list(owners)),
        "rules": array([msgspec.json.encode(rules).decode() for rules in owners.values()]),
    }
    return [Statement("save_rules", {"tenant": tenant_id} | params)]


def _lines(tenant_id: str, world: World) -> list[Statement]:
    """Who waits from now on, and who no longer."""
    tenant = {"tenant": tenant_id}
    statements: list[Statement] = []
    came = [(stream, x) for stream, x in world.joined if x.booking_id not in world.left]
    if came:
        # In its own line it says what it waits for.
        wanted = [x.awaited for _, x in came]
        blocked = [x and x.blocked for x in wanted]
        params = {
            "bookables": array([stream for stream, _ in came]),
            "bookings": array([x.booking_id for _, x in came]),
            "queues": array([x.queue for _, x in came]),
            "actors": array([x.actor_id for _, x in came]),
            "seqs": array([x.seq for _, x in came]),
            "units": array([x and x.claims[0].units for x in wanted]),
            "starts": array([x and x.start for x in blocked]),
            "ends": array([x and x.end for x in blocked]),
            "awaited": array([x and msgspec.json.encode(x).decode() for x in wanted]),
            "now": world.now.isoformat(),
        }
        statements.append(Statement("join_lines", tenant | params))
    if world.left:
        left = {"bookings": array(list(world.left))}
        statements.append(Statement("leave_lines", tenant | left))
    counts = {
        "bookables": array(list(world.lined)),
        "waiting": array([world.bookables[x].waiting for x in world.lined]),
    }
    statements.append(Statement("count_lines", tenant | counts))
    return statements


def _keys(tenant_id: str, written: Written) -> list[Statement]:
    """The answers under their idempotency keys, refusals too (MISSION C6)."""
    saved = {
        ticket.command.key: (ticket, answer.outcome)
        for ticket, answer in written.answered
        if ticket.command.key is not None and not answer.replayed and lasting(ticket, answer)
    }
    if not saved:
        return []
    tenant = {"tenant": tenant_id, "now": written.world.now.isoformat()}
    statements: list[Statement] = []
    if written.old_keys:
        old = {"keys": array(list(written.old_keys))}
        statements.append(Statement("drop_keys", tenant | old))
    params = {
        "keys": array(list(saved)),
        "hashes": array([ticket.request_hash for ticket, _ in saved.values()]),
        "outcomes": array([o.encode(outcome) for _, outcome in saved.values()]),
        "commands": array([ticket.command.command_id for ticket, _ in saved.values()]),
        "bookings": array([next(iter(booked_by(x)), None) for _, x in saved.values()]),
    }
    statements.append(Statement("save_keys", tenant | params))
    return statements


def lasting(ticket: Ticket, answer: Answer) -> bool:
    """Whether the same request deserves the same answer later: not if it was never decided.

    An edit of an event that is refused is planned anew on what is there then.
    """
    outcome = answer.outcome
    if isinstance(ticket.command, c.EditEvent) and not outcome.ok:
        return False
    if isinstance(outcome, o.Overloaded | o.ClockBehind | o.KeyReused):
        return False
    return not (isinstance(outcome, o.Conflict) and outcome.rule == "boundary")
