"""Opening occurrences: the head of an event's occurrence is made when first asked for.

In a transaction before that of the commands, so that the occurrence exists whatever becomes of the
booking. FOR SHARE on the event makes an edit of it wait until it can see the new occurrence; else
the edit could miss it, and the first booking's occurrence would keep the old time and capacity for
ever. When the occurrence is, is read by a later statement than that, for the same reason.
"""

from collections.abc import Generator
from typing import Any

import msgspec
from msgspec import Struct

from lastseat.calendar.schedule import Instance, instance, listed
from lastseat.core.defining import open_occurrence
from lastseat.core.events import ActorTime, Kind, WaitPolicy
from lastseat.core.interval import Interval
from lastseat.core.state import Bookable
from lastseat.core.world import World
from lastseat.engine.ids import new_id
from lastseat.engine.reading import head_rows
from lastseat.engine.requests import Request, Rows, Run, Statement
from lastseat.engine.writing import Written, write_statements
from lastseat.ledger import rows
from lastseat.ledger.sql import array


class Frame(Struct, frozen=True):
    """The statements around a transaction's own: how it begins, ends, and is left unwritten."""

    begin: tuple[Statement, ...]
    end: tuple[Statement, ...]
    leave: tuple[Statement, ...]
    part: int
    """Entries that are sent off first to be written while the next are decided."""


def open_occurrences(
    tenant_id: str, wanted: dict[str, str], frame: Frame
) -> Generator[Request, Any, bool]:
    """Make the heads of the occurrences in `wanted` (id to event id) that their events have.

    In the transaction begun, and ends it with the frame's `end`. False when there was nothing to
    open, because the ids name nothing: the transaction goes on.
    """
    tenant = {"tenant": tenant_id}
    events = {**tenant, "events": array(sorted(set(wanted.values())))}
    heads, times = yield Run((Statement("share_events", events), Statement("read_events", events)))
    found = instances_of(wanted, events_of(heads, times))
    if not found:
        return False
    _, locked, now = yield Run(
        (
            Statement("create_heads", tenant | head_rows(found)),
            Statement("lock_heads", {**tenant, "bookables": array(sorted(found))}),
            Statement("clock"),
        )
    )
    world = World(rows.instant(now[0][0]))
    for row in locked:
        head = rows.bookable(row)
        world.bookables[head.bookable] = head
        if head.seq == 0:
            event, there = found[head.bookable]
            during = Interval(there.start, there.end)
            off = there.cancelled
            opened = open_occurrence(event, head.bookable, during, there.capacity, called_off=off)
            world.apply(opened)
    written = Written(world, [(new_id(), "system")] * len(world.entries))
    yield Run((*write_statements(tenant_id, written), *frame.end))
    return True


def events_of(heads: Rows, times: Rows) -> dict[str, Bookable]:
    """The events that rows of `share_events` and `read_events` describe, each with a schedule."""
    schedules = {
        name: rows.schedule(schedule) or listed(tuple(msgspec.json.decode(starts)), seconds)
        for name, starts, seconds, schedule in times
    }
    return {
        name: Bookable(
            name,
            Kind.EVENT,
            capacity,
            time_zone=zone,
            actor_time=ActorTime(actor_time),
            location=location,
            schedule=schedules[name],
            waitlist=WaitPolicy(waitlist),
        )
        for name, capacity, zone, actor_time, location, waitlist in heads
    }


def instances_of(
    wanted: dict[str, str], events: dict[str, Bookable]
) -> dict[str, tuple[Bookable, Instance]]:
    """The occurrences that their events have, with these; one called off, too."""
    found: dict[str, tuple[Bookable, Instance]] = {}
    for name, event_id in wanted.items():
        event = events.get(event_id)
        if event is None or event.schedule is None or event.time_zone is None:
            continue
        there = instance(event.schedule, event.time_zone, name.removeprefix(f"{event_id}@"))
        if there is not None:
            found[name] = event, there
    return found
