"""Moving bookings to another place or time, one by one or several together.

Not an event whose dates are edited (test_editing.py), nor a hold or a cancellation (holds.py).
"""

from tests.core import given as g
from tests.core.given import an_id, between, claim
from tests.core.tables.row import (
    ALSO,
    ANN,
    BUSY,
    HELD,
    LANE,
    LATE,
    SEAT,
    SHOW,
    STALE,
    UNKNOWN,
    Row,
    gone,
)

from lastseat.core import events as e
from lastseat.core import outcomes as o
from lastseat.core.events import ActorTime, ClaimMade
from lastseat.core.status import Status

BEN_LATE = g.book("ben", claim("late"), number=2)


def moved(*seats: int, warnings: tuple[o.Overlap, ...] = ()) -> o.Moved:
    return o.Moved(
        moved=tuple(
            o.Relocated(booking_id=an_id(i), version=2, seat=seat)
            for i, seat in enumerate(seats, 1)
        ),
        warnings=warnings,
    )


def left_and_took(actor: str, left: tuple[int, ...], *made: ClaimMade) -> e.Moved:
    return e.Moved(f"surrogate-{actor}", left, made)


MOVES = [
    Row(
        "to another date",
        (SHOW, LATE, ANN),
        g.move(g.to(1, claim("late"))),
        moved(1),
        (
            ("late", left_and_took("ann", (), ClaimMade(2, 1))),
            ("show", left_and_took("ann", (1,))),
        ),
    ),
    Row(
        "to where it is",
        (SHOW, ANN),
        g.move(g.to(1, SEAT)),
        o.Moved(moved=(o.Relocated(booking_id=an_id(1), version=1, seat=0),)),
    ),
    Row(
        "a bigger party, where its own seats make the room",
        (SHOW, ANN),
        g.move(g.to(1, claim("show", 2))),
        moved(1),
        (("show", left_and_took("ann", (1,), ClaimMade(2, 2))),),
    ),
    Row(
        "an hour later on a lane that is otherwise its own",
        (LANE, g.book("ann", claim("lane", 1, 0, 60))),
        g.move(g.to(1, claim("lane", 1, 30, 90))),
        moved(0),
        (
            (
                "lane",
                left_and_took("ann", (1,), ClaimMade(2, 1, between(30, 90), exclusive=True)),
            ),
        ),
    ),
    Row(
        "two sold-out bookings swapped",
        (g.occurrence("show", 1), LATE, ANN, BEN_LATE),
        g.move(g.to(1, claim("late")), g.to(2, SEAT)),
        moved(1, 1),
        (
            ("late", left_and_took("ann", (), ClaimMade(2, 1))),
            ("show", left_and_took("ann", (1,))),
            ("show", left_and_took("ben", (), ClaimMade(2, 1))),
            ("late", left_and_took("ben", (1,))),
        ),
    ),
    Row(
        "a party too big for the place it swaps into",
        (SHOW, LATE, g.book("ann", claim("show", 2)), BEN_LATE),
        g.move(g.to(1, claim("late", 2)), g.to(2, SEAT)),
        o.Full(
            actor="ann",
            bookable="late",
            capacity=1,
            left=1,
            during=between(60, 120),
            can_join_waitlist=False,
        ),
    ),
    Row(
        "no room there",
        (SHOW, LATE, ANN, BEN_LATE),
        g.move(g.to(1, claim("late"))),
        o.Full(
            actor="ann",
            bookable="late",
            capacity=1,
            left=0,
            during=between(60, 120),
            can_join_waitlist=True,
        ),
    ),
    Row(
        "the lane there is taken",
        (SHOW, LANE, ANN, g.book("ben", claim("lane", 1, 0, 60), number=2)),
        g.move(g.to(1, claim("lane", 1, 0, 30))),
        o.Conflict(
            rule="exclusive",
            actor="ann",
            bookable="lane",
            during=between(0, 60),
            can_join_waitlist=True,
        ),
    ),
    Row(
        "the actor is on that roster already",
        (SHOW, LATE, ANN, g.book("ann", claim("late"), number=2)),
        g.move(g.to(1, claim("late"))),
        o.Already(
            booking_id=an_id(2), actor="ann", bookable="late", seat=1, status=Status.CONFIRMED
        ),
    ),
    Row(
        "the actor is elsewhere then",
        (SHOW, BUSY, ALSO, ANN, g.book("ann", claim("workshop"), number=2)),
        g.move(g.to(1, claim("lecture"))),
        o.ActorBusy(actor="ann", booking_id=an_id(2), during=between(0, 60)),
    ),
    Row(
        "the actor is elsewhere at the same time as before, which was allowed and is not there",
        (
            g.occurrence("meet-up", 9, 0, 60, ActorTime.WARN),
            g.occurrence("meet-up 2", 9, 0, 60, ActorTime.WARN),
            BUSY,
            g.book("ann", claim("meet-up")),
            g.book("ann", claim("meet-up 2"), number=2),
        ),
        g.move(g.to(1, claim("workshop"))),
        o.ActorBusy(actor="ann", booking_id=an_id(2), during=between(0, 60)),
    ),
    Row(
        "two bookings of one actor to the same time",
        (
            SHOW,
            g.occurrence("film", 2),
            BUSY,
            ALSO,
            ANN,
            g.book("ann", claim("film"), number=2),
        ),
        g.move(g.to(1, claim("workshop")), g.to(2, claim("lecture"))),
        o.ActorBusy(actor="ann", booking_id=an_id(1), during=between(30, 90)),
    ),
    Row(
        "two bookings of one actor swapped in time",
        (
            BUSY,
            g.occurrence("lecture", 9, 60, 120, ActorTime.REFUSE),
            g.book("ann", claim("workshop")),
            g.book("ann", claim("lecture"), number=2),
        ),
        g.move(g.to(1, claim("lecture")), g.to(2, claim("workshop"))),
        moved(1, 1),
        (
            ("lecture", left_and_took("ann", (), ClaimMade(3, 1))),
            ("workshop", left_and_took("ann", (1,))),
            (
                "actor:surrogate-ann",
                left_and_took("ann", (2,), ClaimMade(4, 1, between(60, 120), exclusive=True)),
            ),
            ("workshop", left_and_took("ann", (), ClaimMade(3, 1))),
            ("lecture", left_and_took("ann", (1,))),
            (
                "actor:surrogate-ann",
                left_and_took("ann", (2,), ClaimMade(4, 1, between(0, 60), exclusive=True)),
            ),
        ),
    ),
    Row(
        "by override into a full house",
        (SHOW, LATE, ANN, BEN_LATE),
        g.move(g.to(1, claim("late")), override=True, reason="the mayor"),
        moved(2),
        (
            ("late", left_and_took("ann", (), ClaimMade(2, 1, override=True))),
            ("show", left_and_took("ann", (1,))),
        ),
    ),
    Row(
        "one of two can't go, so none goes",
        (SHOW, LATE, ANN, g.book("ben", SEAT, number=2)),
        g.move(g.to(1, claim("late")), g.to(2, claim("nowhere"))),
        o.UnknownBookable(bookable="nowhere"),
    ),
    Row("nothing", (SHOW,), g.move(g.to(7, SEAT)), UNKNOWN),
    Row("a stale version", (SHOW, ANN), g.move(g.to(1, SEAT, version=2)), STALE),
    Row("what was cancelled", (SHOW, ANN, g.cancel(1)), g.move(g.to(1, SEAT)), gone()),
    Row("what ran out", (SHOW, LATE, HELD), g.move(g.to(1, claim("late"))), gone(), now=10),
    Row(
        "one booking twice",
        (SHOW, LATE, ANN),
        g.move(g.to(1, SEAT), g.to(1, claim("late"))),
        o.Invalid(field="moves[1].target", reason="the booking is moved twice"),
    ),
    Row(
        "a lane without a time",
        (SHOW, LANE, ANN),
        g.move(g.to(1, claim("lane"))),
        o.Invalid(field="claims[0].start", reason="resource 'lane' is claimed for a time"),
    ),
]
