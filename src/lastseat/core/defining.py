"""Bookables coming into being, changing capacity, and facts noted on their streams."""

from datetime import UTC, datetime

from lastseat.core import commands as c
from lastseat.core import events as e
from lastseat.core import outcomes as o
from lastseat.core.events import Kind
from lastseat.core.interval import Interval, Load, peak_overlap
from lastseat.core.limits import LATEST, PARTS
from lastseat.core.state import Bookable, Entry
from lastseat.core.world import Decision, World


def decide_define(world: World, command: c.Define) -> Decision:
    """Make the bookable; the same definition again changes nothing."""
    there = world.bookables[command.bookable]
    parts = _parts(world, command.parts)
    during = None
    if command.start is not None and command.end is not None:
        during = Interval(command.start.astimezone(UTC), command.end.astimezone(UTC))
    defined = e.Defined(
        command.kind,
        command.capacity,
        during,
        command.time_zone,
        None,
        command.starts,
        command.seconds,
        command.actor_time,
        command.location,
        command.schedule,
        () if isinstance(parts, o.Refusal) else parts,
        command.waitlist,
    )
    if there.seq == 0:
        if isinstance(parts, o.Refusal):
            return parts, []
        entry = Entry(command.bookable, defined, lead=True)
        return o.Defined(bookable=command.bookable, created=True), [entry]
    field = _difference(there, defined)
    if field is not None:
        return o.AlreadyDefined(bookable=command.bookable, field=field), []
    return o.Defined(bookable=command.bookable, created=False), []


def _difference(there: Bookable, defined: e.Defined) -> str | None:
    for field in (
        "kind",
        "capacity",
        "during",
        "time_zone",
        "event_id",
        "starts",
        "seconds",
        "actor_time",
        "location",
        "schedule",
        "parts",
        "waitlist",
    ):
        if getattr(there, field) != getattr(defined, field):
            return field
    return None


def _parts(world: World, named: tuple[str, ...]) -> tuple[str, ...] | o.UnknownBookable | o.Invalid:
    """A composite's parts, each composite among them by its own: so none holds another, or itself.

    What a part is never changes, so what is found here stays true.
    """
    parts: list[str] = []
    for i, name in enumerate(named):
        part = world.bookables.get(name)
        if part is None or part.seq == 0:
            return o.UnknownBookable(bookable=name)
        if part.kind not in (Kind.RESOURCE, Kind.POOL, Kind.COMPOSITE):
            reason = f"is a {part.kind}: parts are resources, pools and composites"
            return o.Invalid(field=f"parts[{i}]", reason=reason)
        parts += part.parts or (name,)
    twice = next((name for name in parts if parts.count(name) > 1), None)
    if twice is not None:
        return o.Invalid(field="parts", reason=f"have {twice!r} twice")
    if len(parts) > PARTS:
        return o.Invalid(field="parts", reason=f"are {len(parts)} in all; at most {PARTS} fit")
    return tuple(parts)


def occurrence_id(event_id: str, local_start: str) -> str:
    """The id of the occurrence of an event that starts at a local time, to the minute."""
    return f"{event_id}@{local_start}"


def event_of(bookable: str) -> str | None:
    """The event whose occurrence an id names by its form, or None for any other id."""
    event_id, at, start = bookable.rpartition("@")
    if not at or not event_id:
        return None
    try:
        parsed = datetime.strptime(start, "%Y-%m-%dT%H:%M")  # noqa: DTZ007 - local by definition
    except ValueError:
        return None
    return event_id if parsed.strftime("%Y-%m-%dT%H:%M") == start else None


def open_occurrence(
    event: Bookable,
    bookable: str,
    during: Interval,
    capacity: int | None = None,
    *,
    called_off: bool = False,
) -> list[Entry]:
    """The first entries of an event's occurrence: the event's capacity as it is under the lock.

    Or its own `capacity` (B3), which it keeps when the event's changes. One that was called off
    before anybody asked for it says so, so that whoever does is told.
    """
    defined = e.Defined(
        Kind.OCCURRENCE,
        event.capacity,
        during,
        event.time_zone,
        event.bookable,
        (),
        0,
        event.actor_time,
        event.location,
        waitlist=event.waitlist,
    )
    entries = [Entry(bookable, defined, lead=True)]
    if capacity is not None:
        entries.append(Entry(bookable, e.CapacityChanged(capacity, 0, own=True)))
    if called_off:
        entries.append(Entry(bookable, e.CalledOff()))
    return entries


def decide_change_capacity(world: World, command: c.ChangeCapacity) -> Decision:
    """Set the capacity of a bookable, or of an event and the occurrences that follow it.

    Below what is taken: `below_taken`, or overbooked by an override. What lies in the past is not
    counted for a pool or a limit, and an event's past occurrences keep the capacity they had.
    """
    bookable = world.bookables.get(command.bookable)
    nobody = (Kind.ACTOR, Kind.LOCATION)
    if bookable is None or bookable.seq == 0 or bookable.kind in nobody:
        return o.UnknownBookable(bookable=command.bookable), []
    if bookable.kind is Kind.COMPOSITE:
        return o.Invalid(field="bookable", reason="a composite has its parts' capacity"), []
    if bookable.kind is Kind.RESOURCE:
        reason = "an exclusive resource has capacity 1; define a pool instead"
        return o.Invalid(field="capacity", reason=reason), []
    changed = [bookable]
    if bookable.kind is Kind.EVENT:
        changed += [
            follower
            for follower in (world.bookables[x] for x in world.followers[bookable.bookable])
            if not follower.own_capacity and follower.during and follower.during.end > world.now
        ]
    own = bookable.event_id is not None
    entries: list[Entry] = []
    over = 0
    for state in changed:
        taken = _peak(state, world.now)
        if taken > command.capacity and not command.override:
            return o.BelowTaken(bookable=state.bookable, capacity=state.capacity, taken=taken), []
        # A pool's overbooking varies in time, so only an occurrence has a number for it.
        overbooked = max(0, taken - command.capacity) if state.counted else 0
        over += overbooked
        if (state.capacity, state.overbooked) != (command.capacity, overbooked):
            event = e.CapacityChanged(command.capacity, overbooked, own)
            entries.append(Entry(state.bookable, event, lead=not entries))
    outcome = o.CapacityChanged(
        bookable=command.bookable, capacity=command.capacity, overbooked=over
    )
    return outcome, entries


def _peak(state: Bookable, now: datetime) -> int:
    if state.counted:
        return state.taken
    loads = [Load(claim.blocked, claim.units) for claim in state.claims.values()]
    return peak_overlap(loads, Interval(now, LATEST))


RULED = (Kind.RESOURCE, Kind.POOL, Kind.LIMIT, Kind.COMPOSITE, Kind.LOCATION)
"""What can have rules. An occurrence has its own time, and its event says which."""


def decide_set_rules(world: World, command: c.SetRules) -> Decision:
    """Replace the owner's rules (C2). Bookings that are there stay, whatever the rules say."""
    owner = world.bookables.get(command.owner)
    if owner is None or (owner.seq == 0 and owner.kind is not Kind.LOCATION):
        return o.UnknownBookable(bookable=command.owner), []
    if owner.kind not in RULED:
        reason = f"is an {owner.kind}, which has its own time and no rules"
        return o.Invalid(field="owner", reason=reason), []
    entry = Entry(command.owner, e.RulesChanged(command.rules), lead=True)
    return o.RulesChanged(owner=command.owner, seq=owner.seq + 1), [entry]


def decide_append(world: World, command: c.Append) -> Decision:
    """Append the facts; the sequences were compared before (see decide.py)."""
    for stream in command.facts:
        bookable = world.bookables.get(stream)
        if bookable is None or bookable.seq == 0:
            return o.UnknownBookable(bookable=stream), []
    entries = [Entry(stream, fact) for stream, facts in command.facts.items() for fact in facts]
    entries[0].lead = True
    sequences = {
        stream: world.bookables[stream].seq + len(facts) for stream, facts in command.facts.items()
    }
    return o.Appended(sequences=sequences), entries
