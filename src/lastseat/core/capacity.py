"""Whether claims fit: the one place that compares what is asked for with what is left.

Three rules for three kinds of bookable (MISSION A11): the sum of an occurrence's units, no overlap
at all on an exclusive resource, the peak of the overlaps in a pool (a limit is counted as one). An
actor's own time (B8) is a fourth, exclusive or merely watched. Nothing here changes anything.
"""

from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise
from operator import attrgetter

from msgspec import Struct

from lastseat.core import outcomes as o
from lastseat.core.claim import Claim
from lastseat.core.events import ActorTime, ClaimMade, Kind, WaitPolicy
from lastseat.core.interval import Interval, Load, merged, peak_overlap
from lastseat.core.limits import WAITING
from lastseat.core.state import Bookable, LiveClaim, Waiter

Key = tuple[str, int]


class Placement(Struct, frozen=True, gc=False):
    """A claim asked for, with the bookable it is for and its times worked out."""

    claim: Claim
    bookable: Bookable
    during: Interval
    blocked: Interval
    actor: str
    """The reference the caller gave, for the answer."""
    within: str | None = None
    """The composite that was asked for, of which this is a part."""
    queue: str | None = None
    """The line whose turn it is: there nobody stands before it."""

    def made(self, no: int, *, override: bool) -> ClaimMade:
        """The same as the journal has it, numbered."""
        if self.bookable.counted:
            return ClaimMade(no, self.claim.units, override=override)
        return ClaimMade(
            no,
            self.claim.units,
            self.during,
            None if self.blocked == self.during else self.blocked,
            self.bookable.kind is Kind.RESOURCE,
            override,
            self.claim.local_start,
            self.claim.time_zone,
        )


Short = o.Full | o.Conflict
"""Why claims do not fit."""


def shortage(placements: Sequence[Placement], leaving: Collection[Key]) -> Short | None:
    """The first refusal among `placements` taken together, or None when all fit.

    `leaving` are the claims that the same step gives up: they count as free already.
    """
    if len(placements) == 1:
        return _shortage_on(placements[0].bookable, placements, leaving)
    groups: dict[str, list[Placement]] = {}
    for placement in placements:
        groups.setdefault(placement.bookable.bookable, []).append(placement)
    for group in groups.values():
        refusal = _shortage_on(group[0].bookable, group, leaving)
        if refusal is not None:
            return refusal
    return None


def _shortage_on(
    bookable: Bookable, group: Sequence[Placement], leaving: Collection[Key]
) -> Short | None:
    if bookable.waiting:
        refusal = _behind(bookable, group, leaving)
        if refusal is not None:
            return refusal
    if bookable.counted:
        return _too_many(bookable, group, leaving)
    if bookable.kind is Kind.RESOURCE:
        return _in_the_way(bookable, group, leaving)
    return _over_peak(bookable, group, leaving)


def _behind(
    bookable: Bookable, group: Sequence[Placement], leaving: Collection[Key]
) -> Short | None:
    """The refusal for those who would overtake a line that lets nobody pass (MISSION C7)."""
    if bookable.waitlist is not WaitPolicy.FIFO:
        return None
    for placement in group:
        if placement.queue == bookable.bookable:
            continue
        waiting = len(waiters_of(bookable, placement.blocked))
        if waiting and not _had(placement, group, leaving):
            if bookable.kind is Kind.RESOURCE:
                return _exclusive(placement, placement.blocked, "waiting")
            return _full(bookable, placement, 0, waiting)
    return None


def waiters_of(bookable: Bookable, blocked: Interval | None = None) -> list[Waiter]:
    """Who waits in the bookable's own line: for a time that overlaps `blocked`, if it is given."""
    line = [x for x in bookable.waiters.values() if x.queue == bookable.bookable]
    if blocked is None or bookable.counted:
        return line
    return [x for x in line if x.blocked is not None and x.blocked.overlaps(blocked)]


def in_line(bookable: Bookable, blocked: Interval | None = None) -> list[Waiter]:
    """The same, first come first."""
    return sorted(waiters_of(bookable, blocked), key=attrgetter("seq"))


def _had(placement: Placement, group: Sequence[Placement], leaving: Collection[Key]) -> bool:
    """Whether it takes no more than the same step gives up there: a smaller party stays seated.

    At no instant of its own: two who change places in a pool are both let through.
    """
    claims = placement.bookable.claims
    loads = [Load(x.blocked, x.claim.units) for x in group]
    loads += [Load(claims[x].blocked, -claims[x].units) for x in leaving if x in claims]
    return peak_overlap(loads, placement.blocked) <= 0


def joinable(bookable: Bookable) -> bool:
    """Whether one more can wait for it (MISSION C10)."""
    return bookable.waitlist is not WaitPolicy.CLOSED and bookable.waiting < WAITING


def _too_many(
    bookable: Bookable, group: Sequence[Placement], leaving: Collection[Key]
) -> Short | None:
    wanted = sum([placement.claim.units for placement in group])
    freed = 0
    if leaving:
        freed = sum([bookable.claims[key].units for key in leaving if key in bookable.claims])
    left = bookable.capacity - (bookable.taken - freed)
    if wanted <= left:
        return None
    return _full(bookable, group[0], left)


def _full(bookable: Bookable, placement: Placement, left: int, waiting: int = 0) -> o.Full:
    return o.Full(
        actor=placement.actor,
        bookable=bookable.bookable,
        capacity=bookable.capacity,
        left=max(0, left),
        during=placement.during,
        waiting=waiting,
        can_join_waitlist=joinable(bookable) and placement.claim.units <= bookable.capacity,
    )


def _in_the_way(
    bookable: Bookable, group: Sequence[Placement], leaving: Collection[Key]
) -> Short | None:
    for placement in group:
        for key, claim in bookable.claims.items():
            if key not in leaving and claim.blocked.overlaps(placement.blocked):
                return _exclusive(placement, claim.blocked)
    ordered = sorted(group, key=lambda placement: placement.blocked)
    for first, second in pairwise(ordered):
        if first.blocked.overlaps(second.blocked):
            return _exclusive(second, first.blocked)
    return None


def _exclusive(placement: Placement, during: Interval, rule: str = "exclusive") -> o.Conflict:
    # The booking in the way is somebody else's: its time is told, its id is not.
    return o.Conflict(
        rule=rule,
        actor=placement.actor,
        bookable=placement.bookable.bookable,
        during=during,
        can_join_waitlist=joinable(placement.bookable),
    )


def _over_peak(
    bookable: Bookable, group: Sequence[Placement], leaving: Collection[Key]
) -> Short | None:
    there = [
        Load(claim.blocked, claim.units)
        for key, claim in bookable.claims.items()
        if key not in leaving
    ]
    asked = [Load(placement.blocked, placement.claim.units) for placement in group]
    for placement in group:
        if peak_overlap(there + asked, placement.blocked) > bookable.capacity:
            left = bookable.capacity - peak_overlap(there, placement.blocked)
            return _full(bookable, placement, left)
    return None


class ActorClaims(Struct, frozen=True, gc=False):
    """What a booking claims of its actor's own time; no intervals: nothing."""

    stream: str
    intervals: tuple[Interval, ...]
    exclusive: bool


NO_ACTOR_TIME = ActorClaims("", (), False)


def actor_claims(stream: str, placements: Iterable[Placement]) -> ActorClaims:
    """The actor's time that these claims take: buffers are the venue's, so `during` counts.

    One claim that refuses overlaps makes the whole booking refuse them.
    """
    watched = [p for p in placements if p.bookable.actor_time is not ActorTime.ALLOW]
    if not watched:
        return NO_ACTOR_TIME
    exclusive = any(p.bookable.actor_time is ActorTime.REFUSE for p in watched)
    return ActorClaims(stream, merged(p.during for p in watched), exclusive)


def actor_overlaps(
    state: Bookable, wanted: ActorClaims, leaving: Collection[Key]
) -> list[LiveClaim]:
    """The actor's other claims over the wanted time, oldest first."""
    return sorted(
        (
            claim
            for key, claim in state.claims.items()
            if key not in leaving and any(claim.during.overlaps(i) for i in wanted.intervals)
        ),
        key=lambda claim: claim.seq,
    )
