"""Editing an event: another schedule or capacity, and what becomes of the occurrences it has.

What the edit does to each of them was worked out beforehand, from a schedule that this module can't
expand (`lastseat.calendar` does). Here is decided whether that picture still holds under the locks,
and what the bookings go through: they keep their seats and ids, their actors' time moves along, and
those of an occurrence that is called off are cancelled.
"""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from lastseat.core import commands as c
from lastseat.core import events as e
from lastseat.core import limits
from lastseat.core import outcomes as o
from lastseat.core.events import ActorTime, ClaimMade, Kind
from lastseat.core.interval import Interval, merged
from lastseat.core.lifecycle import on_every_stream
from lastseat.core.state import ACTOR_PREFIX, Bookable, Booking, Entry
from lastseat.core.status import Status, may_follow
from lastseat.core.world import Decision, World


class Change(Struct, frozen=True):
    """An edit of one occurrence, and the occurrence."""

    edit: c.OccurrenceEdit
    state: Bookable

    @property
    def during(self) -> Interval | None:
        """Its new time, None when it stays as it is."""
        state, during = self.state, self.edit.during
        return None if during == state.during and not state.called_off else during

    @property
    def called_off(self) -> bool:
        """Whether it is called off, which it was not before."""
        return self.edit.call_off and not self.state.called_off

    @property
    def capacity(self) -> int | None:
        """Its new capacity. What became its own since the edit was made is left alone (B3)."""
        kept = self.state.own_capacity and self.edit.own is None
        return None if kept else self.edit.capacity


def decide_edit_event(world: World, command: c.EditEvent) -> Decision:
    """Edit the event and its occurrences, all of it or nothing.

    `conflict` when the picture is stale: another sequence, other occurrences, a booking on one that
    was taken for empty. `below_taken` when more is taken than an occurrence's new capacity.
    """
    event = world.bookables.get(command.event)
    if event is None or event.seq == 0 or event.kind is not Kind.EVENT:
        return o.UnknownBookable(bookable=command.event), []
    if set(command.followers) != set(world.followers[command.event]):
        return o.Conflict(rule="followers", bookable=command.event), []
    changes: list[Change] = []
    for i, edit in enumerate(command.edits):
        state = world.bookables.get(edit.bookable)
        if state is None or state.event_id != command.event:
            reason = "is no occurrence of the event that anybody asked for yet"
            return o.Invalid(field=f"edits[{i}].bookable", reason=reason), []
        changes.append(Change(edit, state))
    refusal = _refusal(changes)
    if refusal is not None:
        return refusal, []
    entries = _of_event(event, command)
    seq = event.seq + len(entries)
    for change in changes:
        entries += _of_occurrence(change)
    touched = dict.fromkeys(entry.stream for entry in entries)
    touched.pop(command.event, None)
    entries += _of_bookings(world, changes)
    if entries:
        entries[0].lead = True
    return o.EventEdited(event=command.event, seq=seq, changed=tuple(touched)), entries


def _refusal(changes: list[Change]) -> o.AnyOutcome | None:
    """Why the edits can't be made: who is there, too many, or more than the new capacity."""
    for change in changes:
        if change.edit.empty and change.state.taken:
            return o.Conflict(rule="booked", bookable=change.state.bookable)
    bookings = {
        claim.booking_id
        for change in changes
        if change.during is not None or change.called_off
        for claim in change.state.claims.values()
    }
    if len(bookings) > limits.EDITED_BOOKINGS:
        reason = f"touch more than {limits.EDITED_BOOKINGS} bookings: edit fewer at a time"
        return o.Invalid(field="edits", reason=reason)
    for change in changes:
        state, capacity = change.state, change.capacity
        over = capacity is not None and state.taken > capacity and not change.edit.call_off
        if over and not change.edit.overbook:
            name, taken = state.bookable, state.taken
            return o.BelowTaken(bookable=name, capacity=state.capacity, taken=taken)
    return None


def _of_event(event: Bookable, command: c.EditEvent) -> list[Entry]:
    entries: list[Entry] = []
    if command.schedule is not None:
        entries.append(Entry(event.bookable, e.ScheduleChanged(command.schedule)))
    if command.capacity != event.capacity:
        entries.append(Entry(event.bookable, e.CapacityChanged(command.capacity)))
    return entries


def _of_occurrence(change: Change) -> Iterator[Entry]:
    state, capacity = change.state, change.capacity
    if capacity is not None:
        overbooked = max(0, state.taken - capacity)
        now = e.CapacityChanged(state.capacity, state.overbooked, state.own_capacity)
        then = e.CapacityChanged(capacity, overbooked, bool(change.edit.own))
        if now != then:
            yield Entry(state.bookable, then)
    if change.called_off:
        yield Entry(state.bookable, e.CalledOff())
    elif change.during is not None:
        yield Entry(state.bookable, e.Rescheduled(change.during))


def _of_bookings(world: World, changes: list[Change]) -> Iterator[Entry]:
    """What each booking on these occurrences goes through: cancelled as a whole, or moved along."""
    cancelled: set[str] = set()
    for booking in _bookings(world, (x for x in changes if x.called_off)):
        # One that was used, or that nobody came for, has had its time.
        if may_follow(booking.status, Status.CANCELLED):
            cancelled.add(booking.booking_id)
            yield from on_every_stream(booking, e.Cancelled())
    times = {x.state.bookable: x.during for x in changes if x.during and not x.edit.call_off}
    for booking in _bookings(world, (x for x in changes if x.state.bookable in times)):
        if booking.booking_id not in cancelled:
            yield from _moved(world, booking, times)


def _bookings(world: World, changes: Iterable[Change]) -> Iterator[Booking]:
    """The live bookings on the changes' occurrences, each once."""
    ids = dict.fromkeys(key[0] for change in changes for key in change.state.claims)
    return (world.bookings[booking_id] for booking_id in ids)


def _moved(world: World, booking: Booking, times: Mapping[str, Interval]) -> Iterator[Entry]:
    """The booking's new version on the occurrence, and its actor's time with it.

    By permission of whoever edits the event: nobody asks the actor, who may be busy then.
    """
    version = booking.version + 1
    occurrence = next(x.bookable for x in booking.claims.values() if x.bookable in times)
    yield Entry(occurrence, e.Moved(booking.actor_id), booking.booking_id, version, True)
    own = [x for x in booking.claims.values() if x.bookable.startswith(ACTOR_PREFIX)]
    watched = merged(
        times.get(x.bookable, x.during)
        for x in booking.claims.values()
        if x not in own and world.bookables[x.bookable].actor_time is not ActorTime.ALLOW
    )
    if not own or watched == tuple(x.during for x in own):
        return
    exclusive = any(x.exclusive for x in own)
    claims = tuple(
        ClaimMade(booking.made + 1 + i, 1, during, None, exclusive, override=True)
        for i, during in enumerate(watched)
    )
    left = tuple(x.no for x in own)
    moved = e.Moved(booking.actor_id, left, claims)
    yield Entry(own[0].bookable, moved, booking.booking_id, version)
