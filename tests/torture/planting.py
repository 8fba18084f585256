"""How a bug is planted: a protection replaced for good in this process, which dies with it."""

from collections.abc import Callable, Generator
from typing import Any

from lastseat.engine.requests import Request, Run
from lastseat.engine.scope import Scope
from lastseat.engine.transaction import Transaction

Plant = Callable[[], None]

PLANTS: dict[str, Plant] = {}
"""Every plant by its name, in the order of the table that is printed."""


def plant(function: Plant) -> Plant:
    """Note a plant for the table."""
    PLANTS[function.__name__] = function
    return function


def instead(where: object, name: str, other: object) -> None:
    """Put `other` in the place of what is there, for good: the process is planted and dies so."""
    assert hasattr(where, name), f"{where!r} has no {name} to take away"
    setattr(where, name, other)


Exchange = Callable[[Run], Generator[Request, Any, Any]]


def lock_and_read_by(exchange: Exchange) -> None:
    """Let `exchange` do what is otherwise one round trip: locks, clock, reads."""
    whole = Transaction._lock_and_read

    def exchanged(request: Request) -> Generator[Request, Any, Any]:
        if isinstance(request, Run) and "clock" in (x.name for x in request.statements):
            return (yield from exchange(request))
        return (yield request)

    def lock_and_read(self: Transaction, scope: Scope) -> Generator[Request, Any, Any]:
        steps = whole(self, scope)
        request = next(steps)
        try:
            while True:
                try:
                    reply = yield from exchanged(request)
                except Exception as error:  # noqa: BLE001 - passed on to where it belongs
                    request = steps.throw(error)
                else:
                    request = steps.send(reply)
        except StopIteration as stop:
            return stop.value

    instead(Transaction, "_lock_and_read", lock_and_read)
