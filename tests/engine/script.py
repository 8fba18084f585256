"""A driver that plays a script: each statement's rows, and where the world goes wrong.

The executor does no I/O, so what it asks for can be answered by hand: a deadlock, a connection that
breaks during COMMIT and what is found afterwards. Nothing of ours is replaced by it; with a real
database the same executor runs in all other tests.
"""

from collections.abc import Generator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from lastseat.core import commands as c
from lastseat.engine.ids import new_id
from lastseat.engine.requests import Post, Reconnect, Request, Result, Rows, Run, Sleep, Ticket

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TENANT = "studio"

Failure = tuple[str, Exception | None]
"""The name of a statement, or "reconnect", and what happens when that is next asked for: None for
nothing, to tell a later one from the next."""


def micros(moment: datetime) -> int:
    """A time as the queries return it."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


START, END = micros(NOW + timedelta(hours=6)), micros(NOW + timedelta(hours=7))
DEFINITION = ("yoga", "occurrence", "allow", START, END, None)
HEAD = (
    "yoga",
    "occurrence",
    20,
    0,
    0,
    1,
    micros(NOW),
    START,
    END,
    None,
    None,
    False,
    "allow",
    None,
    False,
    0,
    "fifo",
)
ROWS: dict[str, Rows] = {
    "find_definitions": [DEFINITION],
    "lock_heads": [HEAD],
    "lock_free_heads": [HEAD],
    "clock": [(micros(NOW),)],
}
"""A database with one occurrence on which nobody sits yet. What is not named has no rows."""


def book(actor: str, bookable: str = "yoga", key: str | None = None) -> Ticket:
    """A ticket to book one place."""
    command = c.Book(
        tenant_id=TENANT,
        command_id=new_id(),
        booking_id=new_id(),
        actor=actor,
        claims=(c.Claim(bookable=bookable),),
        key=key,
    )
    return Ticket(command, None if key is None else f"hash of {key}")


class Script:
    """Answers requests from `rows` by statement; `failures` happen one after the other.

    `refused` are actors whose bookings the database rejects whenever they are written.
    """

    def __init__(
        self,
        *failures: Failure,
        rows: Mapping[str, Rows] | None = None,
        refused: Mapping[str, Exception] | None = None,
    ) -> None:
        self.failures = [*failures]
        self.rows = ROWS | dict(rows or {})
        self.refused = dict(refused or {})
        self.asked: list[Request] = []
        self.posted: Exception | None = None

    def play(self, steps: Generator[Request, Any, list[Result]]) -> list[Result]:
        """Run the executor to its end."""
        reply: Any = None
        error: Exception | None = None
        while True:
            try:
                request = steps.throw(error) if error else steps.send(reply)
            except StopIteration as stop:
                return list(stop.value)
            self.asked.append(request)
            error = self._failure(request)
            if isinstance(request, Post):
                # Nobody hears of it before the next round trip.
                self.posted, error = self.posted or error, None
            elif self.posted is not None:
                error, self.posted = self.posted, None
            reply = None if error else self._reply(request)

    def _failure(self, request: Request) -> Exception | None:
        names = self.names(request)
        if self.failures and self.failures[0][0] in names:
            return self.failures.pop(0)[1]
        if "append" in names:
            written = repr(request)
            return next((error for actor, error in self.refused.items() if actor in written), None)
        return None

    def _reply(self, request: Request) -> list[Rows] | None:
        if not isinstance(request, Run):
            return None
        return [self.rows.get(statement.name, []) for statement in request.statements]

    @staticmethod
    def names(request: Request) -> list[str]:
        """What a request is, in the words of `failures`."""
        match request:
            case Run() | Post():
                return [statement.name for statement in request.statements]
            case Reconnect():
                return ["reconnect"]
            case Sleep():
                return ["sleep"]

    @property
    def story(self) -> list[list[str]]:
        """Everything asked for, request by request."""
        return [self.names(request) for request in self.asked]

    @property
    def pauses(self) -> list[float]:
        """The longest each pause may last, in seconds."""
        return [request.seconds for request in self.asked if isinstance(request, Sleep)]

    def times(self, name: str) -> int:
        """How often a statement was sent."""
        return sum(names.count(name) for names in self.story)
