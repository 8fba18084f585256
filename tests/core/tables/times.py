"""Booking for a time: lanes, pools, several things in one booking, and the actor's own time.

Not the places of an occurrence by themselves: places.py.
"""

from tests.core import given as g
from tests.core.given import an_id, between, claim
from tests.core.tables.row import ALSO, ANN, BUSY, LANE, SEAT, SHOW, SKIS, Row, booked, fact, full

from lastseat.core import outcomes as o
from lastseat.core.events import ActorTime, ClaimMade
from lastseat.core.status import Status

WATCHED = g.occurrence("meet-up", 9, 30, 90, ActorTime.WARN)

TIMES = [
    Row(
        "the buffers are blocked, the customer sees the rest",
        (LANE,),
        g.book("ann", claim("lane", 1, 0, 60, before=600, after=1200)),
        booked(0),
        (
            (
                "lane",
                fact("ann", ClaimMade(1, 1, between(0, 60), between(-10, 80), exclusive=True)),
            ),
        ),
    ),
    Row(
        "the lane is taken, buffers included",
        (LANE, g.book("ann", claim("lane", 1, 0, 60, after=600))),
        g.book("ben", claim("lane", 1, 60, 90), number=2),
        o.Conflict(
            rule="exclusive",
            actor="ben",
            bookable="lane",
            during=between(0, 70),
            can_join_waitlist=True,
        ),
    ),
    Row(
        "back to back on a lane",
        (LANE, g.book("ann", claim("lane", 1, 0, 60))),
        g.book("ben", claim("lane", 1, 60, 90), number=2),
        booked(0, 1, 2, "ben"),
        (("lane", fact("ben", ClaimMade(1, 1, between(60, 90), exclusive=True))),),
    ),
    Row(
        "the same lane twice at once in one booking",
        (LANE,),
        g.book("ann", claim("lane", 1, 30, 90), claim("lane", 1, 0, 60)),
        o.Conflict(
            rule="exclusive",
            actor="ann",
            bookable="lane",
            during=between(0, 60),
            can_join_waitlist=True,
        ),
    ),
    Row(
        "the pool's peak, not its sum",
        (
            SKIS,
            g.book("ann", claim("skis", 3, 0, 30)),
            g.book("ben", claim("skis", 3, 30, 60), number=2),
        ),
        g.book("cy", claim("skis", 1, 0, 60), number=3),
        booked(0, 1, 3, "cy"),
        (("skis", fact("cy", ClaimMade(1, 1, between(0, 60)))),),
    ),
    Row(
        "the pool is short at its peak",
        (
            SKIS,
            g.book("ann", claim("skis", 3, 0, 30)),
            g.book("ben", claim("skis", 2, 30, 60), number=2),
        ),
        g.book("cy", claim("skis", 2, 0, 60), number=3),
        full("cy", 1, "skis", 4),
    ),
    Row(
        "the pool is short for two claims together",
        (SKIS,),
        g.book("ann", claim("skis", 3, 0, 60), claim("skis", 2, 30, 90)),
        full("ann", 4, "skis", 4),
    ),
    Row(
        "seats, a lane and skis in one booking; the actor's time goes last",
        (BUSY, LANE, SKIS),
        g.book(
            "ann",
            claim("lane", 1, 60, 90),
            claim("workshop", 2),
            claim("skis", 3, 0, 90),
            claim("lane", 1, 0, 30),
        ),
        booked(1, 7),
        (
            (
                "lane",
                fact(
                    "ann",
                    ClaimMade(1, 1, between(60, 90), exclusive=True),
                    ClaimMade(4, 1, between(0, 30), exclusive=True),
                ),
            ),
            ("workshop", fact("ann", ClaimMade(2, 2))),
            ("skis", fact("ann", ClaimMade(3, 3, between(0, 90)))),
            ("actor:surrogate-ann", fact("ann", ClaimMade(5, 1, between(0, 60), exclusive=True))),
        ),
    ),
    Row(
        "all or nothing",
        (g.occurrence("show", 1), LANE, ANN),
        g.book("ben", claim("lane", 1, 0, 60), SEAT, number=2),
        full("ben", 0, capacity=1),
    ),
    Row(
        "a lane is claimed for a time",
        (LANE,),
        g.book("ann", claim("lane")),
        o.Invalid(field="claims[0].start", reason="resource 'lane' is claimed for a time"),
    ),
    Row(
        "a lane is claimed whole",
        (LANE,),
        g.book("ann", claim("lane", 2, 0, 60)),
        o.Invalid(
            field="claims[0].units", reason="an exclusive resource is claimed whole, as 1 unit"
        ),
    ),
    Row(
        "the actor is elsewhere at that time",
        (BUSY, ALSO, g.book("ann", claim("workshop"))),
        g.book("ann", claim("lecture"), number=2),
        o.ActorBusy(actor="ann", booking_id=an_id(1), during=between(0, 60)),
    ),
    Row(
        "the actor is elsewhere, and is told",
        (BUSY, WATCHED, g.book("ann", claim("workshop"))),
        g.book("ann", claim("meet-up"), number=2),
        o.Booked(
            booking_id=an_id(2),
            actor="ann",
            seat=1,
            units=1,
            status=Status.CONFIRMED,
            warnings=(o.Overlap(booking_id=an_id(1), during=between(0, 60)),),
        ),
        (
            ("meet-up", fact("ann", ClaimMade(1, 1))),
            ("actor:surrogate-ann", fact("ann", ClaimMade(2, 1, between(30, 90)))),
        ),
    ),
    Row(
        "what allows overlaps takes no part",
        (BUSY, SHOW, g.book("ann", claim("workshop"))),
        g.book("ann", SEAT, number=2),
        booked(1, 1, 2),
        (("show", fact("ann", ClaimMade(1, 1))),),
    ),
]
