"""What there is to book: defined, its capacity changed, facts written beside it.

Not a booking of it: booking.py.
"""

from datetime import datetime

from tests.modelled.things import Thing
from tests.modelled.venue import Venue

from lastseat.core import commands as c
from lastseat.core import outcomes as o
from lastseat.core.events import Kind


def define(venue: Venue, command: c.Define) -> o.AnyOutcome:
    time = None
    if command.start is not None and command.end is not None:
        time = (command.start, command.end)
    new = Thing(
        command.kind,
        command.capacity,
        time,
        command.time_zone,
        command.actor_time,
        command.location,
        command.waitlist,
    )
    old = venue.things.get(command.bookable)
    if old is None:
        venue.things[command.bookable] = new
        return o.Defined(bookable=command.bookable, created=True)
    names = {"kind": "kind", "capacity": "capacity", "time": "during", "zone": "time_zone"}
    names |= {x: x for x in ("actor_time", "location", "waitlist")}
    for mine, theirs in names.items():
        if getattr(old, mine) != getattr(new, mine):
            return o.AlreadyDefined(bookable=command.bookable, field=theirs)
    return o.Defined(bookable=command.bookable, created=False)


def change_capacity(venue: Venue, command: c.ChangeCapacity, now: datetime) -> o.AnyOutcome:
    thing = venue.things.get(command.bookable)
    if thing is None:
        return o.UnknownBookable(bookable=command.bookable)
    if thing.kind is Kind.RESOURCE:
        return o.Invalid(field="capacity", reason="")
    taken = venue.taken(command.bookable, now)
    if taken > command.capacity and not command.override:
        return o.BelowTaken(bookable=command.bookable, capacity=thing.capacity, taken=taken)
    counted = thing.kind is Kind.OCCURRENCE
    over = max(0, taken - command.capacity) if counted else 0
    thing.seq += thing.capacity != command.capacity
    thing.capacity = command.capacity
    return o.CapacityChanged(bookable=command.bookable, capacity=command.capacity, overbooked=over)


def append(venue: Venue, command: c.Append) -> o.AnyOutcome:
    for stream in command.facts:
        if stream not in venue.things:
            return o.UnknownBookable(bookable=stream)
    for stream, facts in command.facts.items():
        venue.things[stream].seq += len(facts)
    return o.Appended(sequences={stream: venue.seq(stream) for stream in command.facts})
