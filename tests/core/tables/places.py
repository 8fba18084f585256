"""Booking places on an occurrence: the roster, its capacity, and the refusals of either.

Not what is booked for a time of its own, nor the actor's time: times.py.
"""

from tests.core import given as g
from tests.core.given import an_id, at, claim
from tests.core.tables.row import ANN, BEN, HELD, LANE, SEAT, SHOW, Row, booked, fact, full

from lastseat.core import events as e
from lastseat.core import outcomes as o
from lastseat.core.events import ClaimMade
from lastseat.core.status import Status

PLACES = [
    Row(
        "the last seat",
        (SHOW, ANN),
        BEN,
        booked(2, number=2, actor="ben"),
        (("show", fact("ben", ClaimMade(1, 1))),),
    ),
    Row("no seat left", (g.occurrence("show", 1), ANN), BEN, full("ben", 0, capacity=1)),
    Row("half a party", (SHOW, ANN), g.book("ben", claim("show", 2), number=2), full("ben", 1)),
    Row(
        "a party's first seat",
        (g.occurrence("show", 4), ANN),
        g.book("ben", claim("show", 3), number=2),
        booked(2, 3, 2, "ben"),
        (("show", fact("ben", ClaimMade(1, 3))),),
    ),
    Row(
        "a hold, 15 minutes by the caller's choice, an hour at most",
        (SHOW,),
        g.hold("ann", SEAT, seconds=900),
        o.Held(
            booking_id=an_id(1),
            actor="ann",
            seat=1,
            units=1,
            expires_at=at(15),
            limit_at=at(60),
        ),
        (
            (
                "show",
                e.Booked("surrogate-ann", Status.HELD, (ClaimMade(1, 1),), at(15), at(60)),
            ),
        ),
    ),
    Row("a held seat is taken", (g.occurrence("show", 1), HELD), BEN, full("ben", 0, capacity=1)),
    Row(
        "something is left to confirm",
        (SHOW,),
        g.book("ann", SEAT, confirmed=False),
        o.Booked(booking_id=an_id(1), actor="ann", seat=1, units=1, status=Status.RESERVED),
        (("show", e.Booked("surrogate-ann", Status.RESERVED, (ClaimMade(1, 1),))),),
    ),
    Row(
        "on the roster already",
        (g.occurrence("show", 5), g.book("ben", claim("show", 2), number=2), ANN),
        g.book("ann", claim("show", 3), number=3),
        o.Already(
            booking_id=an_id(1), actor="ann", bookable="show", seat=3, status=Status.CONFIRMED
        ),
    ),
    Row(
        "no such place",
        (SHOW,),
        g.book("ann", SEAT, claim("nowhere")),
        o.UnknownBookable(bookable="nowhere"),
    ),
    Row(
        "an event is not an occurrence",
        (g.event("yoga", 2, "2026-11-23T18:00"),),
        g.book("ann", claim("yoga")),
        o.UnknownBookable(bookable="yoga"),
    ),
    Row(
        "an occurrence that its event does not have",
        (g.event("yoga", 2, "2026-11-23T18:00"),),
        g.book("ann", claim("yoga@2026-11-24T18:00")),
        o.UnknownBookable(bookable="yoga@2026-11-24T18:00"),
    ),
    Row(
        "an occurrence has its own time",
        (SHOW,),
        g.book("ann", claim("show", 1, 0, 60)),
        o.Invalid(
            field="claims[0].start",
            reason="an occurrence has its own time; leave start, end and buffers out",
        ),
    ),
    Row(
        "an occurrence is claimed once",
        (SHOW,),
        g.book("ann", SEAT, SEAT),
        o.Invalid(
            field="claims[1].bookable",
            reason="the occurrence is claimed twice; ask for more units instead",
        ),
    ),
    Row(
        "an id is used once",
        (SHOW, LANE, ANN),
        g.book("ben", claim("lane", 1, 0, 60)),
        o.Invalid(field="booking_id", reason="is the id of another booking"),
    ),
    Row(
        "the same booking sent twice",
        (SHOW, ANN),
        ANN,
        o.Already(
            booking_id=an_id(1), actor="ann", bookable="show", seat=1, status=Status.CONFIRMED
        ),
    ),
    Row(
        "the roster has moved on since it was observed",
        (SHOW, ANN),
        g.book("ben", SEAT, number=2, expected={"show": 1}),
        o.Conflict(rule="expected_seq", actor="ben", bookable="show", actual=2),
    ),
    Row(
        "the roster is as it was observed",
        (SHOW, ANN),
        g.book("ben", SEAT, number=2, expected={"show": 2}),
        booked(2, 1, 2, "ben"),
        (("show", fact("ben", ClaimMade(1, 1))),),
    ),
    Row(
        "an override goes over capacity, on the record",
        (g.occurrence("show", 1), ANN),
        g.book("ben", claim("show", 2), number=2, override=True, reason="the mayor"),
        booked(2, 2, 2, "ben"),
        (("show", fact("ben", ClaimMade(1, 2, override=True))),),
    ),
    Row(
        "an override does not seat anybody twice",
        (SHOW, ANN),
        g.book("ann", SEAT, number=2, override=True, reason="the mayor"),
        o.Already(
            booking_id=an_id(1), actor="ann", bookable="show", seat=1, status=Status.CONFIRMED
        ),
    ),
]
