"""What happens inside one transaction; executor.py says what happens when it fails.

A `Transaction` is used once. `run` is a generator like the executor's: it yields requests and
returns a result for each ticket, having committed, or having written nothing at all.
"""

import sys
from collections.abc import Generator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from lastseat.core import commands as c
from lastseat.core import outcomes as o
from lastseat.core.decide import expire_due, settle
from lastseat.core.state import Entry
from lastseat.core.world import World
from lastseat.engine.boundary import Boundary, boundary
from lastseat.engine.covering import Covering
from lastseat.engine.faults import reach
from lastseat.engine.ids import new_id
from lastseat.engine.memory import Memory
from lastseat.engine.opening import Frame, open_occurrences
from lastseat.engine.reading import MOST_EXPIRED, locks, reads, world_of
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
from lastseat.engine.resolving import Known, learn, parts_of, questions, refusal
from lastseat.engine.scope import Scope, scope_of
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
    part=32,
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
        memory: Memory | None = None,
    ) -> None:
        self.tenant_id = tenant_id
        self.tickets = tickets
        self.commands = [ticket.command for ticket in tickets]
        self.wait = wait
        self.careful = careful
        self.memory = Memory() if memory is None else memory
        self.guess: tuple[Statement, ...] = ()
        """What tells whether the scope was guessed right: asked together with the locks."""
        self.met: dict[str, str] = {}
        """The actors that are newcomers no more once this is committed."""
        self.results: list[Result | None] = [None] * len(tickets)
        self.covering = Covering(self.results, wait=wait, nested=nested)
        self.committing: Committing | None = None
        self.sent = False
        """Whether the last writes have gone out, with COMMIT behind them."""
        self.old_keys: list[str] = []
        self.due = 0
        """So many entries are sent off to be written while the next are decided."""
        self.owners: list[tuple[str, str]] = []
        """For each entry not yet written its command's id and principal."""
        self.written = 0
        """The tickets whose answers are written, or on their way."""
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
        scope = self._guess()
        if scope is None:
            scope = yield from self._find_out()
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
            self.results[:] = before
            yield from self._leave()
            scope = yield from self._resolve(scope.heads)
        yield from self._look_again(scope)
        return (yield from self._write(scope, world))

    def _guess(self) -> Scope | None:
        """The scope as it was for such commands lately, if it was: that saves a round trip."""
        if self.wait or self.careful:
            return None
        known = self.memory.guess(self.tenant_id, self.commands)
        if known is None:
            return None
        self.guess = (*self.begin, *questions(self.tenant_id, self.commands))
        boundaries = [boundary(command, known, careful=False) for command in self.commands]
        return self._scope(boundaries, known, frozenset())

    def _guessed(self, answers: list[Rows], known: Known) -> bool:
        """Whether the guess was right: these are the first answers of the round trip with it."""
        begun = len(self.begin)
        found = learn(self.guess[begun:], answers[begun : len(self.guess)])
        if found.definitions == known.definitions and found.actors == known.actors:
            return True
        self.memory.forget(self.tenant_id, known.definitions.keys() - found.definitions.keys())
        self.memory.learn(self.tenant_id, self.commands, found)
        return False

    def _find_out(self) -> Generator[Request, Any, Scope]:
        """The scope as it is, after what has to be made for it was made, or its makers deferred."""
        scope = yield from self._resolve(frozenset())
        opens = dict(pair for needs in scope.boundaries for pair in needs.opens)
        if not self.wait:
            self._defer_what_has_to_be_made(scope)
        elif opens and (yield from open_occurrences(self.tenant_id, opens, self.frame)):
            scope = yield from self._resolve(frozenset())
        return scope

    def _resolve(self, extra: frozenset[str]) -> Generator[Request, Any, Scope]:
        """What the commands still open are about; `extra` heads are locked besides."""
        commands = self.commands
        asked = questions(self.tenant_id, commands, self.covering.lines)
        begin = self.begin
        if self.nested:
            # The caller's snapshot may be older than the lock that `configure` shares: an actor
            # forgotten since is told by this one.
            refs = [command.actor for command in commands if isinstance(command, c.Making)]
            begin += (Statement("hold_actors", {"tenant": self.tenant_id, "refs": array(refs)}),)
        answers: list[Rows] = yield Run((*begin, *asked))
        known = learn(asked, answers[len(begin) :])
        known.lines = self.covering.lines
        self.memory.learn(self.tenant_id, commands, known)
        refused = [refusal(command, known) for command in commands]
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
        return scope_of(self.tenant_id, self.commands, boundaries, known, extra, self.ready)

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
            if any(self.results):
                scope = scope.without(self.results, self.ready)
            edits = sorted({event for needs in scope.boundaries for event in needs.edits})
            if edits:
                scope = yield from self._lock_events(scope, edits)
            locking, reading = locks(scope, wait=self.wait), reads(scope)
            statements = (*self.guess, *locking, Statement("clock"), *reading)
            answers: list[Rows] = yield Run(statements)
            if self.guess:
                right = self._guessed(answers, scope.known)
                answers, self.guess = answers[len(self.guess) :], ()
                if not right:
                    yield from self._leave()
                    scope, left = (yield from self._find_out()), ROUNDS
                    continue
            first = len(locking)
            world = world_of(
                scope, answers[first], answers[first - 1], reading, answers[first + 1 :]
            )
            reach("after_lock")
            if reading[-1].name == "read_keys":
                self._replay(answers[-1])
            again = self.covering.again(scope, world, last=left == 0)
            if again is None:
                return scope, world
            yield from self._leave()
            scope = yield from self._resolve(again)

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

    def _decide(self, scope: Scope, world: World) -> Generator[Request, Any, None]:
        """Decide the open commands in order, each on the state its predecessors left.

        What a part of a crowd came to is being written while the next part is decided. The first is
        small, so that the database begins early; each is twice as large as the one before, since
        the database has more to do for an entry than the decisions have.
        """
        self.due = self.frame.part
        self.owners = [(new_id(), "system")] * len(world.entries)
        answered: dict[str, tuple[Ticket, Answer]] = {}
        for i, ticket in enumerate(self.tickets):
            if self.results[i] is not None:
                continue
            if len(self.owners) >= self.due and not world.lines:
                self.due *= 2
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
            ref = world.bookings[booking_id].actor or ""
            actor_id = scope.known.new_actors.pop(ref, None)
            if actor_id is not None:
                self.met[ref] = actor_id
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
        self.memory.meet(self.tenant_id, self.met)
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


def same_key(ticket: Ticket, request_hash: str | None, given: str | o.AnyOutcome) -> Answer:
    """The answer to a command whose key is taken: the same again, or `key_reused`.

    What another request was given may be no outcome at all: the answers of what is not decided
    here are kept under keys, too. So the hashes are compared before it is looked at.
    """
    if ticket.request_hash != request_hash:
        return Answer(o.KeyReused(key=str(ticket.command.key)))
    return Answer(o.decode(given) if isinstance(given, str) else given, replayed=True)
