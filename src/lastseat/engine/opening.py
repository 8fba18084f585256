"""Opening occurrences: the head of an event's occurrence is made when first asked for.

In a transaction before that of the commands, so that the occurrence exists whatever becomes of the
booking. FOR SHARE on the event makes an edit of it wait until it can see the new occurrence; else
the edit could miss it, and the first booking's occurrence would keep the old capacity for ever.
"""

from collections.abc import Generator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from lastseat.core.defining import open_occurrence
from lastseat.core.events import ActorTime, Kind
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
    """Entries that are sent off to be written while the next are decided."""


def open_occurrences(
    tenant_id: str, wanted: dict[str, str], frame: Frame
) -> Generator[Request, Any, bool]:
    """Make the heads of the occurrences in `wanted` (id to event id) that their events have.

    In the transaction begun, and ends it with the frame's `end`. False when there was nothing to
    open, because the ids name nothing: the transaction goes on.
    """
    tenant = {"tenant": tenant_id}
    events = {**tenant, "events": array(sorted(set(wanted.values())))}
    (found,) = yield Run((Statement("share_events", events),))
    starts = starts_of(wanted, found)
    if not starts:
        return False
    _, locked, now = yield Run(
        (
            Statement("create_heads", tenant | head_rows(starts)),
            Statement("lock_heads", {**tenant, "bookables": array(sorted(starts))}),
            Statement("clock"),
        )
    )
    world = World(rows.instant(now[0][0]))
    for row in locked:
        head = rows.bookable(row)
        world.bookables[head.bookable] = head
        if head.seq == 0:
            event, start = starts[head.bookable]
            world.apply([open_occurrence(event, head.bookable, start)])
    written = Written(world, [(new_id(), "system")] * len(world.entries))
    yield Run((*write_statements(tenant_id, written), *frame.end))
    return True


def starts_of(wanted: dict[str, str], events: Rows) -> dict[str, tuple[Bookable, datetime]]:
    """The occurrences that rows of `share_events` have, each with its event and start in UTC."""
    known: dict[str, tuple[Bookable, frozenset[str]]] = {}
    for name, capacity, zone, actor_time, location, starts, seconds in events:
        event = Bookable(
            name,
            Kind.EVENT,
            capacity,
            time_zone=zone,
            seconds=seconds,
            actor_time=ActorTime(actor_time),
            location=location,
        )
        known[name] = event, frozenset(msgspec.json.decode(starts))
    found: dict[str, tuple[Bookable, datetime]] = {}
    for name, event_id in wanted.items():
        local = name.removeprefix(f"{event_id}@")
        if event_id not in known or local not in known[event_id][1]:
            continue
        event = known[event_id][0]
        # A wall-clock time that is skipped or repeated is read as fold 0 (RFC 5545, 3.3.5).
        start = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(str(event.time_zone)))
        found[name] = event, start.astimezone(UTC)
    return found
