"""Whether the locks of a transaction cover what they reveal, and what becomes of who needs others.

What commands touch was found out before the locks, so it may be otherwise by now. Then the
transaction goes round again, with the heads that were missing; where one of them can't be had, the
commands that need it are deferred, or answered `conflict` in the last round.
"""

from collections.abc import Collection

from lastseat.core import commands as c
from lastseat.core import limits
from lastseat.core import outcomes as o
from lastseat.core.decide import expired_holds
from lastseat.core.naming import awaited_by
from lastseat.core.state import Booking
from lastseat.core.world import World
from lastseat.engine.reading import MOST_EXPIRED
from lastseat.engine.requests import DEFERRED, Answer, Result
from lastseat.engine.resolving import Known
from lastseat.engine.scope import Scope
from lastseat.ledger.errors import Retryable


class Covering:
    """The rounds of one transaction; what is decided here is put into its `results`."""

    def __init__(self, results: list[Result | None], *, wait: bool, nested: bool) -> None:
        self.results = results
        self.wait = wait
        self.nested = nested
        self.lines: frozenset[str] = frozenset()
        """The bookables that were found to be waited on."""

    def again(self, scope: Scope, world: World, *, last: bool) -> frozenset[str] | None:
        """The heads to lock in the next round; None when those that are held will do.

        In the last round whoever needs others gets an answer all the same, or has to wait.
        """
        lacking = self._lacking(scope, world, last=last)
        again = scope.heads | lacking if lacking else None
        if world.lines:
            again = self._for_lines(scope, world, again)
            if again is not None and last:
                self._come_again()
                return None
        return again

    def _lacking(self, scope: Scope, world: World, *, last: bool) -> frozenset[str]:
        """The heads to be locked too, now that the truth is known; none to go on.

        In the last round what they are needed for is given up instead: a booking that keeps moving
        is answered `conflict`, and who needs a place that an expired hold still has comes again.
        """
        lacking: set[str] = set()
        unknown = scope.undefined
        had = world.bookables.keys() | unknown
        # Defined since they were looked up: a boundary drawn without their times is too small.
        appeared = {x for x in unknown & world.bookables.keys() if world.bookables[x].seq}
        # Or somewhere else in time by now: what an edit of its event moved to is not what was read.
        appeared |= _elsewhere(scope.known, world)
        for i, needs in enumerate(scope.boundaries):
            if self.results[i] is not None:
                continue
            if not self.wait and not needs.heads <= had:
                self.results[i] = DEFERRED
                continue
            needed = appeared.intersection(needs.named) if appeared else set()
            for target in needs.targets:
                booking = _booking(world, target)
                needed |= _unlocked(world, booking) | _unasked(scope.known, booking)
            if needs.edited:
                for booking in _guests(world, needs.edited):
                    needed |= _unlocked(world, booking)
            if needed and last:
                self.results[i] = Answer(o.Conflict(rule="boundary"))
            lacking |= needed
        lacking |= self._lacking_for_holds(scope, world, last=last)
        return frozenset() if last else frozenset(lacking)

    def _lacking_for_holds(self, scope: Scope, world: World, *, last: bool) -> set[str]:
        """The heads to be locked too so that the holds that are over can be journalled.

        Counted though it is over, a hold would have somebody told `full` who is not to be: whoever
        needs a place of one that can't be journalled now waits for it, or comes again.
        """
        lacking: set[str] = set()
        stuck: set[str] = set()
        met = 0
        for hold in expired_holds(world):
            claimed = {claim.bookable for claim in hold.claims.values()}
            met += sum(claim.bookable in scope.needed for claim in hold.claims.values())
            missing = claimed - world.bookables.keys()
            if missing and (last or missing & scope.heads):
                # One of its heads is busy, or there was no end to them.
                stuck |= claimed
            else:
                lacking |= missing
        if stuck:
            if self.nested:
                raise Retryable("a hold that is over is on heads that are not held")
            # Of so many holds that there may be more, nobody knows where the others are.
            self._defer_touching(scope.heads if met >= MOST_EXPIRED else stuck, scope)
        return lacking

    def _for_lines(
        self, scope: Scope, world: World, again: frozenset[str] | None
    ) -> frozenset[str] | None:
        """The heads to lock in the next round, so that what comes free can be offered to who waits.

        `again` are those needed for other reasons; None to go on. Whoever touches a line whose
        offers may touch what can't be had now waits for it: else a place could come free and be
        anybody's.
        """
        waited = {name for name, x in world.bookables.items() if x.waiting}
        lines = {w.queue for name in waited for w in world.bookables[name].waiters.values()}
        if not scope.offers.heads <= world.bookables.keys():
            self._defer_touching(waited | lines, scope)
            self.lines = frozenset()
            # Round again without them, and without what is only theirs.
            return frozenset()
        self.lines |= waited
        # What they wait for may be at another time by now: what was asked about it is no use then.
        awaited = {x for waiter in scope.known.waiters for x in awaited_by(waiter)}
        moved = _elsewhere(scope.known, world) & awaited
        if waited <= scope.known.lines and lines <= world.bookables.keys() and not moved:
            return again
        return scope.heads | lines | (again or frozenset())

    def _come_again(self) -> None:
        """There is no end to what the offers need: whoever has no answer yet waits."""
        if self.nested:
            raise Retryable("somebody waits for what is not held")
        self.results[:] = [x or DEFERRED for x in self.results]

    def _defer_touching(self, heads: Collection[str], scope: Scope) -> None:
        for i, needs in enumerate(scope.boundaries):
            occurrences = (scope.followers.get(event, ()) for event in needs.edits)
            touched = needs.heads.union(*occurrences)
            if self.results[i] is None and not touched.isdisjoint(heads):
                self.results[i] = DEFERRED


def _elsewhere(known: Known, world: World) -> set[str]:
    """The occurrences that have another time than was looked up."""
    there = known.definitions
    return {x for x, y in world.bookables.items() if x in there and there[x].during != y.during}


def _booking(world: World, target: c.Target) -> Booking | None:
    if isinstance(target, c.BookingId):
        return world.bookings.get(target.booking_id)
    actor_id = world.actors.get(target.actor, "")
    return world.bookings.get(world.seated.get((target.bookable, actor_id), ""))


def _guests(world: World, edited: frozenset[str]) -> list[Booking]:
    """The bookings on occurrences that are edited; none where they are more than may be."""
    names = [name for name in edited if name in world.bookables]
    ids = dict.fromkeys(key[0] for name in names for key in world.bookables[name].claims)
    return [world.bookings[x] for x in ids] if len(ids) <= limits.EDITED_BOOKINGS else []


def _unlocked(world: World, booking: Booking | None) -> set[str]:
    """The bookables a booking claims whose heads are not held."""
    if booking is None:
        return set()
    return {claim.bookable for claim in booking.claims.values()} - world.bookables.keys()


def _unasked(known: Known, booking: Booking | None) -> set[str]:
    """What a booking claims that was made since it was looked up.

    Held or not: whose it is was not known, so nobody asked about the times that a move of it takes.
    """
    if booking is None or booking.booking_id in known.owners:
        return set()
    return {claim.bookable for claim in booking.claims.values()}
