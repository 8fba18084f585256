"""When several refusals hold at once, the first in the order of `outcomes.Code` is the answer.

Each ladder is one command that has everything wrong with it; step by step the first thing wrong is
put right, and the next is the answer, up to the success. A refusal lower down held all the while.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

import pytest
from tests.core import given as g
from tests.core.given import claim

from lastseat.core import commands as c
from lastseat.core.events import ActorTime, Fact, Kind, WaitPolicy
from lastseat.core.outcomes import Code
from lastseat.core.status import Status
from lastseat.core.world import World


class Step(NamedTuple):
    command: c.AnyCommand
    code: Code
    state_only: bool = False
    """A code that stands higher in the order for what a command says by itself."""
    seconds: int = -10
    """The clock, after the last entry."""


STALE = {"full": 99}
WRONG = claim("full", 1, 0, 60)
BAD = claim("full", 0)


def world() -> World:
    """Everything is taken, and booking 1 is a confirmed one of ann's on `hers` only."""
    there = g.given(
        g.occurrence("hers", 1),
        g.occurrence("full", 1),
        g.occurrence("then", 9, 0, 60, ActorTime.REFUSE),
        g.occurrence("at once", 9, 30, 90, ActorTime.REFUSE),
        g.occurrence("free", 1, 120, 180),
        g.occurrence("soon", 1, 120, 180),
        g.occurrence("now", 1, -60, 60),
        g.book("eve", claim("now"), number=10),
        g.resource("lane"),
        g.book("ann", claim("hers"), number=1),
        g.book("ben", claim("full"), claim("lane", 1, 0, 60), number=2),
        g.book("ann", claim("then"), number=3),
        g.book("cy", claim("at once"), number=4),
        g.cancel(4),
        g.hold("cy", claim("at once"), number=5, seconds=60),
        g.book("dee", claim("at once"), number=6),
        g.book("eve", claim("soon"), number=8, confirmed=False),
        g.resource("closed"),
        g.composite("hall", "lane", "closed"),
        g.occurrence("shut", 1, 120, 180, line=WaitPolicy.CLOSED),
        g.limit("service:tour", 1),
        g.occurrence("queue", 1, 120, 180),
        g.book("ben", claim("queue"), number=50),
        g.join("ann", claim("queue"), number=51),
        g.resource("crowded"),
        g.book("ben", claim("crowded", 1, 0, 300), number=52),
        *(
            g.join("ann", claim("crowded", 1, 10 * i, 10 * i + 10), number=60 + i)
            for i in range(1, 11)
        ),
    )
    g.forbid(there, "closed", 0, 60)
    return there


def ann(*claims: c.Claim, number: int = 9, expected: dict[str, int] | None = None) -> c.Book:
    return g.book("ann", *claims, number=number, expected=expected or {})


NOWHERE, HERS, FULL, LANE, AT_ONCE, FREE, CLOSED, HALL = (
    claim("nowhere"),
    claim("hers"),
    claim("full"),
    claim("lane", 1, 0, 60),
    claim("at once"),
    claim("free"),
    claim("closed", 1, 0, 60),
    claim("hall", 1, 0, 60),
)
BOOK = [
    Step(ann(NOWHERE, BAD, HERS, LANE, AT_ONCE, expected=STALE), Code.INVALID),
    Step(ann(NOWHERE, WRONG, HERS, LANE, AT_ONCE, expected=STALE), Code.CONFLICT),
    Step(ann(NOWHERE, WRONG, HERS, LANE, AT_ONCE), Code.UNKNOWN_BOOKABLE),
    Step(ann(WRONG, HERS, LANE, AT_ONCE), Code.INVALID, state_only=True),
    Step(ann(FULL, LANE, HERS, AT_ONCE, number=1), Code.ALREADY),
    Step(ann(FULL, LANE, AT_ONCE, CLOSED, number=1), Code.INVALID, state_only=True),
    Step(ann(FULL, LANE, AT_ONCE, CLOSED), Code.NOT_BOOKABLE),
    Step(ann(FULL, LANE, AT_ONCE, HALL), Code.NOT_BOOKABLE),
    Step(ann(FULL, LANE, AT_ONCE), Code.FULL),
    Step(ann(LANE, AT_ONCE), Code.CONFLICT, state_only=True),
    Step(ann(AT_ONCE), Code.ACTOR_BUSY),
    Step(ann(FREE), Code.BOOKED, seconds=0),
]


def ann_picks(*of: str, number: int = 9, claims: tuple[c.Claim, ...] = ()) -> c.Book:
    return g.picking("ann", g.choice(1, *of), claims=claims, number=number)


PICK = [
    Step(ann_picks("lane", "lane"), Code.INVALID),
    Step(ann_picks("closed", "nowhere", claims=(HERS,)), Code.UNKNOWN_BOOKABLE),
    Step(ann_picks("closed", "full", claims=(HERS,)), Code.INVALID, state_only=True),
    Step(ann_picks("closed", claims=(HERS, FULL), number=1), Code.ALREADY),
    Step(ann_picks("closed", claims=(FULL, AT_ONCE)), Code.NOT_BOOKABLE),
    Step(ann_picks("closed", "lane", claims=(FULL, AT_ONCE)), Code.FULL),
    Step(ann_picks("closed", "lane", claims=(AT_ONCE,)), Code.CONFLICT, state_only=True),
    Step(ann_picks("lane", claims=(FREE,)), Code.CONFLICT, state_only=True),
]


def anns_turn(
    *claims: c.Claim, number: int = 9, picks: str = "", expected: dict[str, int] | None = None
) -> c.Join:
    choices = (g.choice(1, picks),) if picks else ()
    return g.join("ann", *claims, number=number, choices=choices, expected=expected or {})


OLD, SHUT, CROWDED, BIG, TOUR = (
    claim("now"),
    claim("shut"),
    claim("crowded", 1, 150, 160),
    claim("free", 2),
    claim("service:tour", 1, 120, 180),
)
JOIN = [
    Step(anns_turn(NOWHERE, BAD, HERS, expected=STALE), Code.INVALID),
    Step(anns_turn(NOWHERE, WRONG, HERS, expected=STALE), Code.CONFLICT),
    Step(anns_turn(NOWHERE, WRONG, HERS), Code.UNKNOWN_BOOKABLE),
    Step(anns_turn(WRONG, HERS), Code.INVALID, state_only=True),
    Step(anns_turn(HALL, HERS), Code.INVALID, state_only=True),
    Step(anns_turn(TOUR, TOUR, HERS), Code.INVALID, state_only=True),
    Step(anns_turn(SHUT, HERS, CLOSED, number=1), Code.ALREADY),
    Step(anns_turn(claim("queue"), SHUT, CLOSED, number=1), Code.ALREADY_WAITING),
    Step(anns_turn(SHUT, CLOSED, BIG, number=1), Code.INVALID, state_only=True),
    Step(anns_turn(SHUT, CLOSED, BIG), Code.NOT_BOOKABLE),
    Step(anns_turn(SHUT, BIG, picks="closed"), Code.NOT_BOOKABLE),
    Step(anns_turn(SHUT, BIG), Code.WAITLIST_CLOSED),
    Step(anns_turn(OLD, BIG, AT_ONCE), Code.WAITLIST_CLOSED),
    Step(anns_turn(CROWDED, BIG, AT_ONCE), Code.WAITLIST_FULL),
    Step(anns_turn(BIG, AT_ONCE), Code.FULL),
    Step(anns_turn(FREE, AT_ONCE), Code.ACTOR_BUSY),
    Step(anns_turn(FREE), Code.CLOCK_BEHIND),
    Step(anns_turn(claim("soon")), Code.JOINED, seconds=0),
]


def anns_series(*claims: c.Claim, expected: dict[str, int] | None = None) -> c.BookSeries:
    dates = [g.date(20 + i, claim) for i, claim in enumerate(claims)]
    return g.series("ann", *dates, expected=expected or {})


SERIES = [
    Step(anns_series(BAD, FREE, expected=STALE), Code.INVALID),
    Step(anns_series(NOWHERE, FREE, expected=STALE), Code.CONFLICT),
    Step(anns_series(NOWHERE, FREE), Code.SERIES_REFUSED),
    Step(anns_series(CLOSED, FREE), Code.SERIES_REFUSED),
    Step(anns_series(FREE), Code.CLOCK_BEHIND),
    Step(anns_series(FREE), Code.SERIES_BOOKED, seconds=0),
]
SET_RULES = [
    Step(g.set_rules("actor:ann", expected=STALE), Code.INVALID),
    Step(g.set_rules("nowhere", expected=STALE), Code.CONFLICT),
    Step(g.set_rules("nowhere"), Code.UNKNOWN_BOOKABLE),
    Step(g.set_rules("full"), Code.INVALID, state_only=True),
    Step(g.set_rules("lane"), Code.CLOCK_BEHIND),
    Step(g.set_rules("lane"), Code.RULES_CHANGED, seconds=0),
]
COMPOSE = [
    Step(g.composite("lane", "lane", "closed"), Code.INVALID),
    Step(g.composite("lane", "nowhere", "closed"), Code.ALREADY_DEFINED),
    Step(g.composite("hall", "closed", "lane"), Code.ALREADY_DEFINED),
    Step(g.composite("arena", "nowhere", "full"), Code.UNKNOWN_BOOKABLE),
    Step(g.composite("arena", "hall", "full"), Code.INVALID, state_only=True),
    Step(g.composite("arena", "hall", "lane"), Code.INVALID, state_only=True),
    Step(g.composite("hall", "lane", "closed"), Code.DEFINED),
]
CLOCK = [
    Step(ann(AT_ONCE), Code.ACTOR_BUSY),
    Step(g.book("eve", AT_ONCE, number=9), Code.CLOCK_BEHIND),
    Step(g.book("eve", AT_ONCE, number=9), Code.BOOKED, seconds=-5),
]
CONFIRM = [
    Step(g.confirm(7, 0, expected=STALE), Code.INVALID),
    Step(g.confirm(7, expected=STALE), Code.CONFLICT),
    Step(g.confirm(7), Code.UNKNOWN_BOOKING),
    Step(g.confirm(5), Code.CLOCK_BEHIND),
    Step(g.confirm(5), Code.CONFIRMED, seconds=0),
]
CONFIRM_GONE = [
    Step(g.confirm(4, 9), Code.CONFLICT),
    Step(g.confirm(4), Code.NOT_BOOKED),
]
CONFIRM_LATE = [
    Step(g.confirm(5, 9), Code.CONFLICT, seconds=60),
    Step(g.confirm(5), Code.HOLD_EXPIRED, seconds=60),
]
CONFIRM_DONE = [
    Step(g.confirm(6, 9), Code.CONFLICT),
    Step(g.confirm(6), Code.WRONG_STATUS),
]
RELEASE = [
    Step(g.release(7, 0, expected=STALE), Code.INVALID),
    Step(g.release(7, expected=STALE), Code.CONFLICT),
    Step(g.release(7), Code.UNKNOWN_BOOKING),
    Step(g.release(1), Code.NOT_HELD),
    Step(g.release(5), Code.CLOCK_BEHIND),
    Step(g.release(5), Code.RELEASED, seconds=0),
]
RELEASE_LATE = [
    Step(g.release(5, 9), Code.CONFLICT, seconds=60),
    Step(g.release(5), Code.HOLD_EXPIRED, seconds=60),
]
CANCEL = [
    Step(g.cancel(7, 0, expected=STALE), Code.INVALID),
    Step(g.cancel(7, expected=STALE), Code.CONFLICT),
    Step(g.cancel(7), Code.UNKNOWN_BOOKING),
    Step(g.cancel(1), Code.CLOCK_BEHIND),
    Step(g.cancel(1), Code.CANCELLED, seconds=0),
]
CANCEL_GONE = [
    Step(g.cancel(4, 9), Code.CONFLICT),
    Step(g.cancel(4), Code.NOT_BOOKED),
]
CANCEL_DONE = [
    Step(g.cancel(3, 9), Code.CONFLICT),
    Step(g.cancel(3), Code.WRONG_STATUS),
]
EXTEND = [
    Step(g.extend(7, 0, expected=STALE), Code.INVALID),
    Step(g.extend(7, 9999, expected=STALE), Code.CONFLICT),
    Step(g.extend(7, 9999), Code.UNKNOWN_BOOKING),
    Step(g.extend(1, 9999), Code.NOT_HELD),
    Step(g.extend(5, 9999), Code.EXTEND_LIMIT),
    Step(g.extend(5, 99), Code.CLOCK_BEHIND),
    Step(g.extend(5, 99), Code.EXTENDED, seconds=0),
]
EXTEND_LATE = [
    Step(g.extend(5, 9999, 9), Code.CONFLICT, seconds=60),
    Step(g.extend(5, 9999), Code.HOLD_EXPIRED, seconds=60),
    Step(g.extend(5, 9999), Code.EXTEND_LIMIT, seconds=0),
]
EXPIRE = [
    Step(c.Expire(**g.BASE, target=c.BookingId("x")), Code.INVALID),
    Step(g.expire(7, expected=STALE), Code.CONFLICT),
    Step(g.expire(7), Code.UNKNOWN_BOOKING),
    Step(g.expire(5), Code.NOT_EXPIRED),
    Step(g.expire(5), Code.EXPIRED, seconds=60),
]
Visit = tuple[Callable[..., c.AnyCommand], int, Code]
VISITS: dict[str, Visit] = {
    "CHECK_IN": (g.check_in, 6, Code.CHECKED_IN),
    "CHECK_OUT": (g.check_out, 1, Code.CHECKED_OUT),
    "COMPLETE": (g.complete, 1, Code.COMPLETED),
    "NO_SHOW": (g.no_show, 6, Code.NO_SHOW),
}


def visit(do: Callable[..., c.AnyCommand], wrong: int, done: Code) -> dict[str, list[Step]]:
    """The ladders of a command that finds booking `wrong` in a status that is not for it."""
    right = {Code.CHECKED_IN: 8, Code.NO_SHOW: 10}.get(done, 6)
    up = [
        Step(do(7, 0, expected=STALE), Code.INVALID),
        Step(do(7, expected=STALE), Code.CONFLICT),
        Step(do(7), Code.UNKNOWN_BOOKING),
        Step(do(wrong), Code.WRONG_STATUS),
        Step(do(right), Code.CLOCK_BEHIND),
        Step(do(right), done, seconds=0),
    ]
    gone = [Step(do(4, 9), Code.CONFLICT), Step(do(4), Code.NOT_BOOKED)]
    late = [
        Step(do(5, 9), Code.CONFLICT, seconds=60),
        Step(do(5), Code.HOLD_EXPIRED, seconds=60),
        Step(do(5), Code.WRONG_STATUS, seconds=0),
    ]
    return {"": up, " gone": gone, " late": late}


UPDATE = [
    Step(g.update(7, 0, expected=STALE), Code.INVALID),
    Step(g.update(7, expected=STALE), Code.CONFLICT),
    Step(g.update(7), Code.UNKNOWN_BOOKING),
    Step(g.update(1), Code.CLOCK_BEHIND),
    Step(g.update(3), Code.UPDATED, seconds=0),
]
UPDATE_GONE = [Step(g.update(4, 9), Code.CONFLICT), Step(g.update(4), Code.NOT_BOOKED)]
UPDATE_LATE = [
    Step(g.update(5, 9), Code.CONFLICT, seconds=60),
    Step(g.update(5), Code.HOLD_EXPIRED, seconds=60),
]
NO_SHOW_SOON = [
    Step(g.no_show(8, 9), Code.CONFLICT),
    Step(g.no_show(8), Code.TOO_EARLY),
    Step(g.no_show(8), Code.TOO_EARLY, seconds=7199),
    Step(g.no_show(8), Code.NO_SHOW, seconds=7200),
]
MOVE = [
    Step(g.move(g.to(7, NOWHERE, BAD), expected=STALE), Code.INVALID),
    Step(g.move(g.to(7, NOWHERE), expected=STALE), Code.CONFLICT),
    Step(g.move(g.to(7, NOWHERE)), Code.UNKNOWN_BOOKING),
    Step(g.move(g.to(4, NOWHERE)), Code.NOT_BOOKED),
    Step(g.move(g.to(6, NOWHERE, WRONG)), Code.WRONG_STATUS),
    Step(g.move(g.to(1, NOWHERE, WRONG)), Code.UNKNOWN_BOOKABLE),
    Step(g.move(g.to(1, WRONG), g.to(1, WRONG)), Code.INVALID, state_only=True),
    Step(g.move(g.to(1, FULL), g.to(1, FULL)), Code.INVALID, state_only=True),
    Step(g.move(g.to(1, FULL, LANE, claim("then"))), Code.ALREADY),
    Step(g.move(g.to(1, FULL, LANE, AT_ONCE, CLOSED)), Code.NOT_BOOKABLE),
    Step(g.move(g.to(1, FULL, LANE, AT_ONCE)), Code.FULL),
    Step(g.move(g.to(1, LANE, AT_ONCE)), Code.CONFLICT, state_only=True),
    Step(g.move(g.to(1, AT_ONCE)), Code.ACTOR_BUSY),
    Step(g.move(g.to(1, FREE)), Code.CLOCK_BEHIND),
    Step(g.move(g.to(1, FREE)), Code.MOVED, seconds=0),
]
MOVE_STALE = [
    Step(g.move(g.to(4, NOWHERE, version=9)), Code.CONFLICT),
    Step(g.move(g.to(4, NOWHERE)), Code.NOT_BOOKED),
]
CHANGE = [
    Step(g.change("nowhere", 0, expected=STALE), Code.INVALID),
    Step(g.change("nowhere", 2, expected=STALE), Code.CONFLICT),
    Step(g.change("nowhere", 2), Code.UNKNOWN_BOOKABLE),
    Step(g.change("lane", 2), Code.INVALID, state_only=True),
    Step(g.change("at once", 1), Code.BELOW_TAKEN),
    Step(g.change("at once", 2), Code.CLOCK_BEHIND),
    Step(g.change("at once", 2), Code.CAPACITY_CHANGED, seconds=0),
]


def define(units: int, expected: dict[str, int]) -> c.Define:
    return c.Define(
        **g.BASE | {"expected": expected},
        bookable="full",
        kind=Kind.OCCURRENCE,
        capacity=units,
        start=g.at(0),
        end=g.at(60),
        actor_time=ActorTime.ALLOW,
    )


DEFINE = [
    Step(define(0, STALE), Code.INVALID),
    Step(define(2, STALE), Code.CONFLICT),
    Step(define(2, {}), Code.ALREADY_DEFINED),
    Step(define(1, {}), Code.DEFINED),
]


def facts(*streams: str, seq: int) -> c.Append:
    fact: tuple[Fact, ...] = (Fact("doors", {"open": True}),)
    expected = {"nowhere": 0, "free": seq}
    return c.Append(**g.BASE | {"expected": expected}, facts=dict.fromkeys(streams, fact))


APPEND = [
    Step(facts("full", "nowhere", seq=9), Code.INVALID),
    Step(facts("free", "nowhere", seq=9), Code.CONFLICT),
    Step(facts("free", "nowhere", seq=1), Code.UNKNOWN_BOOKABLE),
    Step(facts("free", seq=1), Code.CLOCK_BEHIND),
    Step(facts("free", seq=1), Code.APPENDED, seconds=0),
]

LADDERS = {
    name.lower(): steps
    for name, steps in list(globals().items())
    if isinstance(steps, list) and steps and isinstance(steps[0], Step)
} | {
    name.lower() + part: steps
    for name, row in VISITS.items()
    for part, steps in visit(*row).items()
}
ORDER = list(Code)


def arrange(seconds: int) -> World:
    there = world()
    # As if they had come on time.
    there.bookings[g.an_id(6)].status = Status.CHECKED_IN
    there.bookings[g.an_id(3)].status = Status.COMPLETED
    there.now = g.T0 + timedelta(seconds=seconds)
    return there


@pytest.mark.parametrize("name", LADDERS)
def test_the_first_refusal_in_order_is_the_answer(name: str) -> None:
    answers = [g.answer(arrange(step.seconds), step.command).code for step in LADDERS[name]]
    assert answers == [step.code for step in LADDERS[name]]


@pytest.mark.parametrize("name", LADDERS)
def test_the_order_is_that_of_code(name: str) -> None:
    refusals = [step.code for step in LADDERS[name] if not step.state_only]
    refusals = [code for code in refusals if ORDER.index(code) >= ORDER.index(Code.OVERLOADED)]
    assert refusals == sorted(refusals, key=ORDER.index)


def test_every_refusal_the_core_can_give_stands_on_a_ladder() -> None:
    given_elsewhere = {Code.OVERLOADED, Code.KEY_REUSED, Code.WOULD_AFFECT}
    refusals = set(ORDER[ORDER.index(Code.OVERLOADED) :])
    climbed = {step.code for steps in LADDERS.values() for step in steps}
    assert refusals - climbed == given_elsewhere
