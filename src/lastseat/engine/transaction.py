"""What happens inside one transaction; executor.py says what happens when it fails.

A `Transaction` is used once. `run` is a generator like the executor's: it yields requests and
returns a result for each ticket, having committed, or having written nothing at all.
"""

import sys
from collections.abc import Collection, Generator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from lastseat.core import commands as c
from lastseat.core import limits
from lastseat.core import outcomes as o
from lastseat.core.decide import expire_due, expired_holds, settle
from lastseat.core.state import Booking, Entry
from lastseat.core.world import World
from lastseat.engine.boundary import (
    Boundary,
    Known,
    awaited_by,
    boundary,
    first_in_line,
    learn,
    offering,
    parts_of,
    questions,
    too_much,
)
from lastseat.engine.faults import reach
from lastseat.engine.ids import new_id
from lastseat.engine.opening import Frame, open_occurrences
from lastseat.engine.reading import MOST_EXPIRED, Scope, locks, reads, world_of
from lastseat.engine.requests import (
    DEFERRED,
    Answer,
    Post,
    Request,
    Result,
    Rows,
    Run,
    Statement,
    Ticket,
)
from lastseat.engine.writing import Written, write_statements
from lastseat.ledger.errors import Retryable
from lastseat.ledger.sql import array

ROUNDS = 6
"""How often the boundary is resolved anew when the locks reveal another one."""

FAST_LOCK_TIMEOUT = "200ms"
SLOW_LOCK_TIMEOUT = "500ms"

Steps = Generator[Request, Any, list[Result]]

OWN = Frame(
    begin=(Statement("begin"),),
    end=(Statement("commit"),),
    # Not ROLLBACK, which would cost the connection its prepared statements.
    leave=(Statement("nothing_to_flush"), Statement("commit")),
    part=64,
)
NESTED = Frame(begin=(), end=(), leave=(), part=sys.maxsize)


class Committing(Struct, frozen=True):
    """What is needed to find out, should the connection break now, whether COMMIT took effect."""

    locks: tuple[Statement, ...]
    question: tuple[Statement, ...]
    command_id: str
    results: list[Result]


class Transaction:
    """One try at running `tickets` in order on one tenant.

    With `nested` it is part of a caller's transaction and neither begins nor commits.
    """

    def __init__(
        self,
        tenant_id: str,
        tickets: Sequence[Ticket],
        *,
        wait: bool,
        nested: bool = False,
        lock_timeout: str | None = None,
        careful: bool = False,
    ) -> None:
        self.tenant_id = tenant_id
        self.tickets = tickets
        self.wait = wait
        self.careful = careful
        self.results: list[Result | None] = [None] * len(tickets)
        self.committing: Committing | None = None
        self.sent = False
        """Whether the last writes have gone out, with COMMIT behind them."""
        self.old_keys: list[str] = []
        self.owners: list[tuple[str, str]] = []
        """For each entry not yet written its command's id and principal."""
        self.written = 0
        """The tickets whose answers are written, or on their way."""
        self.lines: frozenset[str] = frozenset()
        """The bookables that were found to be waited on."""
        self.ready: set[str] = set()
        """The waiting bookings whose turn may come, besides the first of each line."""
        self.first: tuple[Entry, str] | None = None
        """The first entry of the transaction, with its command's id."""
        timeout = lock_timeout or (SLOW_LOCK_TIMEOUT if wait else FAST_LOCK_TIMEOUT)
        self.frame = NESTED if nested else OWN
        configure = Statement("configure", {"tenant": tenant_id, "lock_timeout": timeout})
        self.begin = (*self.frame.begin, configure)
        self.nested = nested

    def run(self) -> Steps:
        """Resolve, lock, read, decide, write, commit."""
        scope = yield from self._resolve(frozenset())
        opens = dict(pair for needs in scope.boundaries for pair in needs.opens)
        if not self.wait:
            self._defer_what_has_to_be_made(scope)
        elif opens and (yield from open_occurrences(self.tenant_id, opens, self.frame)):
            scope = yield from self._resolve(frozenset())
        while True:
            scope, world = yield from self._lock_and_read(scope)
            if all(self.results):
                break
            before = list(self.results)
            expire_due(world)
            if not world.unready:
                # Claims are counted, as when they were read: a hold may have several.
                if len(world.freed) < MOST_EXPIRED:
                    yield from self._decide(scope, world)
                else:
                    # So many that there may be more: those first, in a transaction of their own.
                    self.owners = [(new_id(), "system")] * len(world.entries)
                    yield Run((*self._part(scope, world, until=0), *self.frame.end))
                    self.first = None
                    scope = yield from self._resolve(scope.heads)
                    continue
            if not world.unready:
                break
            # It may be the turn of some whose offers touch what is not held: again, with that.
            self.ready |= world.unready.keys()
            self.results = before
            yield from self._leave()
            scope = yield from self._resolve(scope.heads)
        yield from self._look_again(scope)
        return (yield from self._write(scope, world))

    def _resolve(self, extra: frozenset[str]) -> Generator[Request, Any, Scope]:
        """What the commands still open are about; `extra` heads are locked besides."""
        commands = [ticket.command for ticket in self.tickets]
        asked = questions(self.tenant_id, commands, self.lines)
        begin = self.begin
        if self.nested:
            # The caller's snapshot may be older than the lock that `configure` shares: an actor
            # forgotten since is told by this one.
            refs = [command.actor for command in commands if isinstance(command, c.Making)]
            begin += (Statement("hold_actors", {"tenant": self.tenant_id, "refs": array(refs)}),)
        answers: list[Rows] = yield Run((*begin, *asked))
        known = learn(asked, answers[len(begin) :])
        known.lines = self.lines
        refused: Sequence[o.Invalid | None] = (None,) * len(commands)
        if known.composites:
            refused = [too_much(command, known) for command in commands]
        within = [x for x, why in zip(commands, refused, strict=True) if why is None]
        parts = parts_of(self.tenant_id, within, known)
        if parts:
            (found,) = yield Run(parts)
            known.definitions |= learn(parts, (found,)).definitions
        for command in commands:
            if isinstance(command, c.Making) and command.actor not in known.actors:
                known.new_actors.setdefault(command.actor, new_id())
        boundaries = [
            boundary(command, known, careful=self.careful) if why is None else Boundary(refused=why)
            for command, why in zip(commands, refused, strict=True)
        ]
        return self._scope(boundaries, known, extra)

    def _scope(self, boundaries: Sequence[Boundary], known: Known, extra: frozenset[str]) -> Scope:
        needed = frozenset[str]().union(*(needs.heads for needs in boundaries))
        commands = [ticket.command for ticket in self.tickets]
        named = frozenset().union(*(needs.named for needs in boundaries))
        undefined = named - known.definitions.keys()
        offers, ready = Boundary(), frozenset[str]()
        if known.waiters:
            first = first_in_line(known.waiters) | self.ready
            offered = [x for x in known.waiters if x.booking_id in first]
            offers, ready = offering(offered, known), frozenset(x.booking_id for x in offered)
            needed = needed.union(offers.heads, (x.queue for x in known.waiters))
        # Whoever joins knows what is needed already.
        ready |= {x.booking_id for x in commands if isinstance(x, c.Join)}
        return Scope(
            self.tenant_id,
            commands,
            boundaries,
            extra | needed,
            needed,
            known,
            undefined,
            {},
            offers,
            ready,
        )

    def _leave(self) -> Generator[Request, Any, None]:
        """Give the locks back, having written nothing that anybody waits for."""
        if self.frame.leave:
            yield Run(self.frame.leave)

    def _defer_what_has_to_be_made(self, scope: Scope) -> None:
        """In the fast lane: what needs a head made, or an event held, goes to the other one."""
        for i, needs in enumerate(scope.boundaries):
            if needs.defines or needs.opens or needs.edits:
                self.results[i] = DEFERRED

    def _lock_and_read(self, scope: Scope) -> Generator[Request, Any, tuple[Scope, World]]:
        """The world under its locks, gone round until the locks cover what they reveal."""
        left = ROUNDS
        while True:
            left -= 1
            reach("before_lock")
            scope = self._still_open(scope)
            edits = sorted({event for needs in scope.boundaries for event in needs.edits})
            if edits:
                scope = yield from self._lock_events(scope, edits)
            locking, reading = locks(scope, wait=self.wait), reads(scope)
            statements = (*locking, Statement("clock"), *reading)
            answers: list[Rows] = yield Run(statements)
            first = len(locking)
            world = world_of(
                scope, answers[first], answers[first - 1], reading, answers[first + 1 :]
            )
            reach("after_lock")
            if reading[-1].name == "read_keys":
                self._replay(answers[-1])
            lacking = self._lacking(scope, world, last=left == 0)
            again = scope.heads | lacking if lacking else None
            if world.lines:
                again = self._again_for_lines(scope, world, again)
                if again is not None and left == 0:
                    self._come_again()
                    return scope, world
            if again is None:
                return scope, world
            yield from self._leave()
            scope = yield from self._resolve(again)

    def _still_open(self, scope: Scope) -> Scope:
        """The scope without the boundaries of commands that have their result already."""
        if not any(self.results):
            return scope
        nothing = Boundary()
        open_ones = [
            nothing if result else needs
            for needs, result in zip(scope.boundaries, self.results, strict=True)
        ]
        done = {
            x
            for needs, r in zip(scope.boundaries, self.results, strict=True)
            if r
            for x in needs.heads
        }
        wanted = {x for needs in open_ones for x in needs.heads}
        return self._scope(open_ones, scope.known, (scope.heads - done) | wanted)

    def _lock_events(self, scope: Scope, events: list[str]) -> Generator[Request, Any, Scope]:
        """Hold the events that are edited, then find their occurrences: none can be made now."""
        params = {"tenant": self.tenant_id, "events": array(events)}
        asked = (Statement("lock_events", params), Statement("find_followers", params))
        *_, found = yield Run(asked)
        followers: dict[str, tuple[str, ...]] = dict.fromkeys(events, ())
        for event_id, name in found:
            followers[event_id] = (*followers[event_id], name)
        found_too = frozenset[str]().union(*followers.values())
        return msgspec.structs.replace(
            scope,
            heads=scope.heads | found_too,
            needed=scope.needed | found_too,
            followers=followers,
        )

    def _replay(self, found: Rows) -> None:
        """Answer the commands whose keys have an answer (MISSION C6)."""
        answers = {key: (request, outcome) for key, request, outcome, over in found if not over}
        self.old_keys = [key for key, _, _, over in found if over]
        for i, ticket in enumerate(self.tickets):
            key = ticket.command.key
            if key in answers and self.results[i] is None:
                request_hash, stored = answers[key]
                self.results[i] = same_key(ticket, request_hash, stored)

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

    def _again_for_lines(
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
        self.results = [x or DEFERRED for x in self.results]

    def _defer_touching(self, heads: Collection[str], scope: Scope) -> None:
        for i, needs in enumerate(scope.boundaries):
            occurrences = (scope.followers.get(event, ()) for event in needs.edits)
            touched = needs.heads.union(*occurrences)
            if self.results[i] is None and not touched.isdisjoint(heads):
                self.results[i] = DEFERRED

    def _decide(self, scope: Scope, world: World) -> Generator[Request, Any, None]:
        """Decide the open commands in order, each on the state its predecessors left.

        What a part of a crowd came to is being written while the next part is decided.
        """
        self.owners = [(new_id(), "system")] * len(world.entries)
        answered: dict[str, tuple[Ticket, Answer]] = {}
        for i, ticket in enumerate(self.tickets):
            if self.results[i] is not None:
                continue
            if len(self.owners) >= self.frame.part and not world.lines:
                yield Post(tuple(self._part(scope, world, until=i, last=False)))
            command = ticket.command
            if command.key is not None and command.key in answered:
                first, answer = answered[command.key]
                self.results[i] = same_key(ticket, first.request_hash, answer.outcome)
                continue
            refused = scope.boundaries[i].refused
            outcome, entries = settle(world, command) if refused is None else (refused, [])
            if entries:
                self.owners += [(command.command_id, command.principal)] * len(entries)
                # Behind them stand the offers of what came free.
                offers = len(world.entries) - len(self.owners)
                if offers:
                    self.owners += [(new_id(), "system")] * offers
            answer = Answer(outcome)
            self.results[i] = answer
            if command.key is not None:
                answered[command.key] = ticket, answer

    def _look_again(self, scope: Scope) -> Generator[Request, Any, None]:
        """Go again if an actor refused as a newcomer is none any more.

        Somebody else may have booked for the same new actor since it was looked up: `full` would be
        the answer to one who sits there `already`. (A booking made is stopped by `add_actors`.)
        """
        refused = [
            ticket.command.actor
            for ticket, result in zip(self.tickets, self.results, strict=True)
            if isinstance(ticket.command, c.Making)
            and ticket.command.actor in scope.known.new_actors
            and isinstance(result, Answer)
            and _refused(result.outcome)
        ]
        if not refused:
            return
        params = {"tenant": self.tenant_id, "refs": array(refused)}
        (found,) = yield Run((Statement("find_actors", params),))
        if found:
            raise Retryable("an actor was first seen by somebody else at the same moment")

    def _part(
        self, scope: Scope, world: World, *, until: int, last: bool = True
    ) -> list[Statement]:
        """What writes the changes since the last part, and the answers up to ticket `until`."""
        made = {x.booking_id for x in world.entries if x.version == 1 and x.booking_id}
        part = slice(self.written, until)
        written = Written(
            world,
            self.owners,
            frozenset(x for x in world.touched_bookings if x not in made),
            scope.known.new_actors,
            [
                (ticket, result)
                for ticket, result in zip(self.tickets[part], self.results[part], strict=True)
                if isinstance(result, Answer)
            ],
            self.old_keys,
            heads=last,
        )
        statements = write_statements(self.tenant_id, written)
        if world.entries and self.first is None:
            self.first = world.entries[0], self.owners[0][0]
        for booking_id in made:
            # Newcomers no more: the next part finds their rows.
            scope.known.new_actors.pop(world.bookings[booking_id].actor or "", None)
        world.changed()
        self.owners, self.written = [], until
        return statements

    def _write(self, scope: Scope, world: World) -> Steps:
        results = [DEFERRED if x is None else x for x in self.results]
        statements = self._part(scope, world, until=len(self.tickets))
        reach("after_decide")
        if not statements and self.first is None:
            yield from self._leave()
            return results
        self.committing = self._question(scope, results)
        reach("before_commit")
        self.sent = True
        yield Run((*statements, *self.frame.end), writes=True)
        reach("after_commit")
        return results

    def _question(self, scope: Scope, results: list[Result]) -> Committing:
        tenant = {"tenant": self.tenant_id}
        if self.first is not None:
            entry, command_id = self.first
            ask = Statement("find_entry", {**tenant, "stream": entry.stream, "seq": entry.seq})
        else:
            ticket = next(x for x in self.tickets if x.command.key is not None)
            ask = Statement("find_key_owner", {**tenant, "key": ticket.command.key})
            command_id = ticket.command.command_id
        # Those that make missing heads, too: one that the lost transaction made can't be seen yet.
        same_locks = (*self.begin, *locks(scope, wait=True))
        return Committing(same_locks, (ask,), command_id, results)


def _refused(outcome: o.AnyOutcome) -> bool:
    """Whether it, or a date of a series, found no place where one may sit already."""
    report = outcome.report if isinstance(outcome, o.SeriesBooked | o.SeriesRefused) else (outcome,)
    return any(isinstance(x, o.Full | o.Conflict | o.NotBookable) for x in report)


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


def same_key(ticket: Ticket, request_hash: str | None, given: str | o.AnyOutcome) -> Answer:
    """The answer to a command whose key is taken: the same again, or `key_reused`.

    What another request was given may be no outcome at all: the answers of what is not decided
    here are kept under keys, too. So the hashes are compared before it is looked at.
    """
    if ticket.request_hash != request_hash:
        return Answer(o.KeyReused(key=str(ticket.command.key)))
    return Answer(o.decode(given) if isinstance(given, str) else given, replayed=True)
