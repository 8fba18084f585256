"""What an edit of an event comes to: worked out on a picture of it, then asked of the engine.

Pure: a new schedule and a picture in, the command out, or what it would do to booked occurrences.
Whether the picture still holds is decided under the locks (core/editing.py).
"""

from typing import Final, Literal, get_args

from msgspec import Struct
from msgspec.structs import replace

from lastseat.calendar.editing import Place, keep, move, pairs, placed
from lastseat.calendar.recurrence import BadRule
from lastseat.calendar.schedule import Instance, Occurrences
from lastseat.calendar.zones import local
from lastseat.calendar.zones import zone as zone_named
from lastseat.core import commands as c
from lastseat.core import limits
from lastseat.core import outcomes as o
from lastseat.core.interval import Interval
from lastseat.core.schedule import Schedule
from lastseat.reads.events import Follower, Picture

Scope = Literal["this", "following", "all"]
OnMoved = Literal["ask", "move", "keep", "call_off"]
OnDropped = Literal["ask", "keep", "call_off"]
OnOverbooked = Literal["ask", "allow"]


class Policies(Struct, frozen=True, kw_only=True):
    """What is to become of booked occurrences that an edit would change; `ask`: nothing is done.

    `moved`: they move to the new time (`move`), stay where they are (`keep`), or are called off.
    `dropped`: the new rule has them no more; they stay all the same, or are called off.
    `overbooked`: `allow` lets more be taken than their new capacity.
    """

    moved: OnMoved = "ask"
    dropped: OnDropped = "ask"
    overbooked: OnOverbooked = "ask"

    def refusal(self) -> o.Invalid | None:
        """The first policy that is none."""
        for field, choices in _CHOICES.items():
            if getattr(self, field) not in choices:
                words = ", ".join(choices)
                return o.Invalid(field=f"on_{field}", reason=f"must be one of {words}")
        return None


_CHOICES: Final = {
    "moved": get_args(OnMoved),
    "dropped": get_args(OnDropped),
    "overbooked": get_args(OnOverbooked),
}


class Wanted(Struct, frozen=True, kw_only=True):
    """The event as it is to be. `one` is the occurrence that the edit is about, if it is one."""

    schedule: Schedule
    capacity: int
    one: str | None = None


class Plan(Struct, frozen=True, kw_only=True):
    """What the edit does: the command's own fields, and which booked occurrences it changes."""

    schedule: Schedule | None
    edits: tuple[c.OccurrenceEdit, ...]
    affected: tuple[o.Affected, ...]
    asks: bool
    """Whether a policy says `ask` of one that it changes."""


def plan(picture: Picture, wanted: Wanted, policies: Policies) -> Plan | o.Invalid:
    """Work out the edit, or why it can't be made."""
    if len(picture.followers) > limits.FOLLOWERS:
        reason = f"has more than {limits.FOLLOWERS} occurrences that were opened"
        return o.Invalid(field="event", reason=reason)
    planned = _Planned(picture, wanted, policies)
    try:
        planned.place()
    except BadRule as bad:
        return o.Invalid(field=bad.field, reason=bad.reason)
    planned.edit()
    touched = sum(
        follower.bookings
        for follower, edit in planned.edits
        if edit.call_off or edit.during is not None
    )
    if touched > limits.EDITED_BOOKINGS:
        reason = f"moves or cancels more than {limits.EDITED_BOOKINGS} bookings: edit in parts"
        return o.Invalid(field="scope", reason=reason)
    return Plan(
        schedule=None if planned.schedule == picture.event.schedule else planned.schedule,
        edits=tuple(edit for _, edit in planned.edits),
        affected=tuple(planned.affected),
        asks=planned.asks,
    )


class _Planned:
    """A plan in the making.

    Each opened occurrence is given its place in the new schedule, and then made as that has it.
    """

    def __init__(self, picture: Picture, wanted: Wanted, policies: Policies) -> None:
        self.event = picture.event
        self.followers = picture.followers
        self.wanted = wanted
        self.policies = policies
        self.schedule = wanted.schedule
        self.before = Occurrences(self.event.schedule, self.event.time_zone)
        self.affected: list[o.Affected] = []
        self.edits: list[tuple[Follower, c.OccurrenceEdit]] = []
        self.asks = False

    def place(self) -> None:
        """See to it that the schedule says of each what is to become of it; raises `BadRule`."""
        old, new, zone = self.event.schedule, self.schedule, self.event.time_zone
        after = Occurrences(new, zone)
        live = [follower.at for follower in self.followers if not follower.called_off]
        becomes = pairs(old, new, zone, live)
        places: list[Place] = []
        for follower in self.followers:
            again = after.at(follower.at)
            place = None
            if not follower.called_off:
                place = self._place(follower, self._was(follower), becomes[follower.at])
            elif again is not None and self._is_over(follower):
                # It did not take place, though the new rule has it.
                place = replace(keep(again), cancelled=True)
            if place is not None:
                places.append(place)
        self.schedule = placed(new, zone, places)

    def _was(self, follower: Follower) -> Instance:
        """The occurrence as it stands."""
        there, during = self.before.at(follower.at), follower.during
        if there is not None and _during(there) == during:
            return there
        shown = local(during.start, zone_named(self.event.time_zone))
        start = shown.isoformat(timespec="minutes")
        return Instance(follower.at, during.start, during.end, start)

    def _place(self, follower: Follower, was: Instance, then: Instance | None) -> Place | None:
        """Where the schedule has to have the occurrence by name; None where it has it by itself."""
        becomes = None if then is None or then.cancelled else then
        if becomes is not None and becomes.at == was.at and _during(becomes) == _during(was):
            return None
        if self._is_over(follower):
            # What is over is history, whatever the rule is from now on.
            return keep(was, then)
        if follower.bookings:
            return self._booked(follower, was, becomes)
        # An empty one is opened anew where it is by then, unless it has something of its own.
        own = becomes is not None and becomes.at != was.at and follower.own_capacity
        return move(was.at, becomes) if becomes is not None and own else None

    def _is_over(self, follower: Follower) -> bool:
        """Whether it has ended, and the edit is not about this one by name."""
        return follower.during.end <= self.event.now and follower.at != self.wanted.one

    def _booked(self, follower: Follower, was: Instance, becomes: Instance | None) -> Place | None:
        """A booked occurrence that is elsewhere from now on, or nowhere: as the policy says."""
        if becomes is None:
            what = self._policy(follower, "dropped", self.policies.dropped)
        elif _during(becomes) == follower.during:
            what = "move"
        else:
            what = self._policy(follower, "moved", self.policies.moved, _during(becomes))
        same = becomes is not None and becomes.at == was.at
        if what == "keep":
            return keep(was, becomes)
        if what == "call_off":
            return replace(keep(was), cancelled=True) if same else None
        return None if becomes is None or same else move(was.at, becomes)

    def _policy(
        self, follower: Follower, effect: str, policy: str, becomes: Interval | None = None
    ) -> str:
        """Note that the edit changes a booked occurrence; what is to be done about it."""
        self.affected.append(
            o.Affected(
                bookable=follower.bookable,
                effect=effect,
                bookings=follower.bookings,
                units=follower.units,
                during=follower.during,
                becomes=becomes,
            )
        )
        self.asks = self.asks or policy == "ask"
        return policy

    def edit(self) -> None:
        """What makes each occurrence as the new schedule has it; none for one that is so."""
        after = Occurrences(self.schedule, self.event.time_zone)
        for follower in self.followers:
            if not self._is_over(follower):
                edit = self._edit(follower, after.at(follower.at))
                if edit is not None:
                    self.edits.append((follower, edit))

    def _edit(self, follower: Follower, there: Instance | None) -> c.OccurrenceEdit | None:
        name, empty = follower.bookable, not follower.bookings
        if there is None or there.cancelled:
            if follower.called_off:
                return None
            return c.OccurrenceEdit(bookable=name, call_off=True, empty=empty)
        moves = follower.called_off or _during(there) != follower.during
        capacity, own = self._capacity(follower, there)
        over = capacity is not None and follower.units > capacity
        if over:
            self._policy(follower, "overbooked", self.policies.overbooked)
        if not moves and capacity is None:
            return None
        return c.OccurrenceEdit(
            bookable=name,
            during=_during(there) if moves else None,
            capacity=capacity,
            own=own,
            empty=empty and moves,
            overbook=over and self.policies.overbooked == "allow",
        )

    def _capacity(self, follower: Follower, there: Instance) -> tuple[int | None, bool | None]:
        """The occurrence's new capacity, None if the edit does not change it, and whether its own.

        What somebody set for the occurrence alone (`change_capacity`) stays, unless this edit is
        about its capacity.
        """
        was = self.before.at(follower.at)
        before = was.capacity if was is not None else None
        if there.capacity != before or (self.wanted.one == follower.at and there.capacity):
            new = self.wanted.capacity if there.capacity is None else there.capacity
            own = there.capacity is not None
            same = (new, own) == (follower.capacity, follower.own_capacity)
            return (None, None) if same else (new, own)
        follows = there.capacity is None and not follower.own_capacity
        if follows and follower.capacity != self.wanted.capacity:
            return self.wanted.capacity, None
        return None, None


def _during(there: Instance) -> Interval:
    return Interval(there.start, there.end)
