"""A row of a decision table, and what the tables share: where they begin, the usual answers.

What is decided stands in the tables beside this, and in test_visiting.py; what holds them to the
core is test_decisions.py.
"""

from typing import NamedTuple

from tests.core import given as g
from tests.core.given import an_id, at, between, claim

from lastseat.core import commands as c
from lastseat.core import events as e
from lastseat.core import outcomes as o
from lastseat.core.events import ActorTime, ClaimMade
from lastseat.core.status import Status

SHOW = g.occurrence("show", 2)
LATE = g.occurrence("late", 1, 60, 120)
BUSY = g.occurrence("workshop", 9, 0, 60, ActorTime.REFUSE)
ALSO = g.occurrence("lecture", 9, 30, 90, ActorTime.REFUSE)
LANE = g.resource("lane")
SKIS = g.pool("skis", 4)

SEAT = claim("show")
ANN = g.book("ann", SEAT)
BEN = g.book("ben", SEAT, number=2)
HELD = g.hold("ann", SEAT)

LAPSED = o.HoldExpired(booking_id=an_id(1), expired_at=at(10))
UNKNOWN = o.UnknownBooking(booking_id=an_id(7))
STALE = o.Conflict(rule="version", booking_id=an_id(1), actual=1)


class Row(NamedTuple):
    what: str
    given: tuple[c.AnyCommand, ...]
    when: c.AnyCommand
    then: o.AnyOutcome
    entries: tuple[tuple[str, e.Event], ...] = ()
    now: int = 0


def full(actor: str, left: int, bookable: str = "show", capacity: int = 2) -> o.Full:
    return o.Full(
        actor=actor,
        bookable=bookable,
        capacity=capacity,
        left=left,
        during=between(0, 60),
        can_join_waitlist=True,
    )


def booked(seat: int, units: int = 1, number: int = 1, actor: str = "ann") -> o.Booked:
    return o.Booked(
        booking_id=an_id(number), actor=actor, seat=seat, units=units, status=Status.CONFIRMED
    )


def fact(actor: str, *made: ClaimMade) -> e.Booked:
    return e.Booked(f"surrogate-{actor}", Status.CONFIRMED, made)


def gone(number: int = 1) -> o.NotBooked:
    return o.NotBooked(actor="ann", booking_id=an_id(number))


def on_show(event: e.Event) -> tuple[tuple[str, e.Event], ...]:
    return (("show", event),)


def won(cls: type, version: int = 2) -> o.AnyOutcome:
    outcome: o.AnyOutcome = cls(booking_id=an_id(1), actor="ann", version=version)
    return outcome
