"""What Lastseat must answer, worked out the slow way: an independent model of the booking rules.

For tests that compare. It shares no code with the decisions (`booking`, `capacity`, `moving`,
`defining`, `state`, `world`, `decide`): it keeps a list of bookings in the order they were made and
recounts everything, instant by instant, for every question. Of the core it uses only the language:
commands, outcomes, statuses, kinds. Here is the door; what it knows and reckons is in `modelled`,
a file for each kind of command.

    model = Model()
    expected = model.apply(command, now)      # what an engine must answer, and the model goes on
    assert same(expected, answered)

It holds for any engine that settles these commands one after the other, each at its `now`, with
`now` never going back. The caller gives what an engine draws or knows by itself: booking ids come
with `Book`, the time with `apply`. Four things differ between right engines, so they are not the
model's:

- commands must be well formed (`validate` is not repeated here), and the clock sound
  (`clock_behind`, `overloaded`, `key_reused` are never expected);
- occurrences of recurring events are not opened: define them one by one;
- the sequences that `expected` names are the model's `seq`, where each expired hold is journalled
  as soon as its time is over; an engine that journals it later is behind until it does;
- the claim that a `conflict` of the rule `exclusive` shows, where several are in the way, and the
  wording of a reason: `same` leaves both out.
"""

from datetime import datetime

import msgspec
from tests.modelled.booking import book
from tests.modelled.defining import append, change_capacity, define
from tests.modelled.lifecycle import cancel, expire, hold, visit
from tests.modelled.lines import join, serve
from tests.modelled.moving import move
from tests.modelled.venue import Venue

from lastseat.core import commands as c
from lastseat.core import outcomes as o
from lastseat.core.status import Status


def same(expected: o.AnyOutcome, answered: o.AnyOutcome) -> bool:
    """Whether an engine's answer is the one the model expected."""
    return _essence(expected) == _essence(answered)


def _essence(outcome: o.AnyOutcome) -> o.AnyOutcome:
    if isinstance(outcome, o.Invalid | o.WaitlistClosed):
        return msgspec.structs.replace(outcome, reason="")
    if isinstance(outcome, o.Conflict):
        return msgspec.structs.replace(outcome, during=None)
    return outcome


class Model(Venue):
    """A venue that answers commands."""

    def apply(self, command: c.AnyCommand, now: datetime) -> o.AnyOutcome:
        """What the command comes to at `now`; the model is then as after it."""
        self.lapse(now)
        outcome = self._apply(command, now)
        told = serve(self, now)
        if isinstance(outcome, o.Joined):
            return told.get(outcome.booking_id, outcome)
        return outcome

    def lapse(self, now: datetime) -> None:
        """Every hold whose time is over is EXPIRED from here on, and its place another's."""
        for party in self.parties:
            if party.status is Status.HELD and party.expires_at and party.expires_at <= now:
                self.became(party, Status.EXPIRED)
        serve(self, now)

    def _apply(self, command: c.AnyCommand, now: datetime) -> o.AnyOutcome:
        stale = self._stale(command)
        if stale is not None:
            return stale
        match command:
            case c.Join():
                return join(self, command, now)
            case c.Define():
                return define(self, command)
            case c.Book():
                return book(self, command, now)
            case c.Move():
                return move(self, command)
            case c.ChangeCapacity():
                return change_capacity(self, command, now)
            case c.Append():
                return append(self, command)
            case c.Expire():
                return expire(self, command)
            case c.Cancel():
                return cancel(self, command)
            case c.Confirm() | c.Release() | c.Extend():
                return hold(self, command, now)
            case _:
                # No machine asks these of the model.
                assert not isinstance(command, c.BookSeries | c.SetRules | c.EditEvent)
                return visit(self, command, now)

    def _stale(self, command: c.AnyCommand) -> o.AnyOutcome | None:
        for stream, seq in command.expected.items():
            actual = self.seq(stream)
            if actual == 0 and seq != 0:
                return o.UnknownBookable(bookable=stream)
            if actual != seq:
                actor = command.actor if isinstance(command, c.Book | c.Join) else None
                return o.Conflict(rule="expected_seq", actor=actor, bookable=stream, actual=actual)
        return None
