"""Decision tables: given this world, when this command, then this answer and these entries.

One row for each refusal of each command, and the successes. What comes first when several refusals
hold is in test_precedence.py.
"""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from tests.core import given as g
from tests.core.given import an_id, at, between, claim

from lastseat.core import commands as c
from lastseat.core import events as e
from lastseat.core import outcomes as o
from lastseat.core.decide import expire_due, settle
from lastseat.core.events import ActorTime, ClaimMade, Fact, Kind
from lastseat.core.status import Status

SHOW = g.occurrence("show", 2)
BUSY = g.occurrence("workshop", 9, 0, 60, ActorTime.REFUSE)
ALSO = g.occurrence("lecture", 9, 30, 90, ActorTime.REFUSE)
WATCHED = g.occurrence("meet-up", 9, 30, 90, ActorTime.WARN)
LANE = g.resource("lane")
SKIS = g.pool("skis", 4)

SEAT = claim("show")
ANN = g.book("ann", SEAT)
BEN = g.book("ben", SEAT, number=2)
HELD = g.hold("ann", SEAT)


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


BOOK = [
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


def gone(number: int = 1) -> o.NotBooked:
    return o.NotBooked(actor="ann", booking_id=an_id(number))


def on_show(event: e.Event) -> tuple[tuple[str, e.Event], ...]:
    return (("show", event),)


LAPSED = o.HoldExpired(booking_id=an_id(1), expired_at=at(10))
UNKNOWN = o.UnknownBooking(booking_id=an_id(7))
STALE = o.Conflict(rule="version", booking_id=an_id(1), actual=1)


def won(cls: type, version: int = 2) -> o.AnyOutcome:
    outcome: o.AnyOutcome = cls(booking_id=an_id(1), actor="ann", version=version)
    return outcome


HOLDS = [
    Row("confirm", (SHOW, HELD), g.confirm(1), won(o.Confirmed), on_show(e.Confirmed())),
    Row("confirm again", (SHOW, HELD, g.confirm(1)), g.confirm(1), won(o.Confirmed)),
    Row(
        "confirm what was reserved",
        (SHOW, g.book("ann", SEAT, confirmed=False)),
        g.confirm(1),
        won(o.Confirmed),
        on_show(e.Confirmed()),
    ),
    Row("confirm too late", (SHOW, HELD), g.confirm(1), LAPSED, now=10),
    Row("confirm what was cancelled", (SHOW, ANN, g.cancel(1)), g.confirm(1), gone()),
    Row("confirm nothing", (SHOW, HELD), g.confirm(7), UNKNOWN),
    Row("confirm a stale version", (SHOW, HELD), g.confirm(1, 2), STALE),
    Row("release", (SHOW, HELD), g.release(1), won(o.Released), on_show(e.Released())),
    Row(
        "release what is confirmed",
        (SHOW, ANN),
        g.release(1),
        o.NotHeld(booking_id=an_id(1), status=Status.CONFIRMED),
    ),
    Row("release too late", (SHOW, HELD), g.release(1), LAPSED, now=10),
    Row("release again", (SHOW, HELD, g.release(1)), g.release(1), gone()),
    Row("release nothing", (SHOW, HELD), g.release(7), UNKNOWN),
    Row("release a stale version", (SHOW, HELD), g.release(1, 2), STALE),
    Row("cancel", (SHOW, ANN), g.cancel(1), won(o.Cancelled), on_show(e.Cancelled())),
    Row("cancel a hold", (SHOW, HELD), g.cancel(1), won(o.Cancelled), on_show(e.Cancelled())),
    Row("cancel again", (SHOW, ANN, g.cancel(1)), g.cancel(1), gone()),
    Row("cancel what ran out", (SHOW, HELD), g.cancel(1), gone(), now=10),
    Row("cancel nothing", (SHOW, ANN), g.cancel(7), UNKNOWN),
    Row("cancel a stale version", (SHOW, ANN), g.cancel(1, 2), STALE),
    Row(
        "cancel by name",
        (SHOW, ANN),
        c.Cancel(**g.BASE, target=c.Seat("show", "ann")),
        won(o.Cancelled),
        on_show(e.Cancelled()),
    ),
    Row(
        "cancel somebody who is not there",
        (SHOW, ANN),
        c.Cancel(**g.BASE, target=c.Seat("show", "ben")),
        o.NotBooked(actor="ben", bookable="show"),
    ),
    Row(
        "cancel by name, again",
        (SHOW, ANN, g.cancel(1)),
        c.Cancel(**g.BASE, target=c.Seat("show", "ann")),
        o.NotBooked(actor="ann", bookable="show"),
    ),
    Row(
        "cancel somebody nowhere",
        (SHOW, ANN),
        c.Cancel(**g.BASE, target=c.Seat("nowhere", "ann")),
        o.UnknownBookable(bookable="nowhere"),
    ),
    Row(
        "extend",
        (SHOW, HELD),
        g.extend(1, 600),
        o.Extended(booking_id=an_id(1), actor="ann", version=2, expires_at=at(15)),
        on_show(e.Extended(at(15))),
        now=5,
    ),
    Row(
        "extend, never to sooner",
        (SHOW, HELD),
        g.extend(1, 60),
        o.Extended(booking_id=an_id(1), actor="ann", version=2, expires_at=at(10)),
        on_show(e.Extended(at(10))),
    ),
    Row(
        "extend past the limit",
        (SHOW, HELD),
        g.extend(1, 3601),
        o.ExtendLimit(booking_id=an_id(1), limit_at=at(60)),
    ),
    Row("extend too late", (SHOW, HELD), g.extend(1, 600), LAPSED, now=10),
    Row(
        "extend what is confirmed",
        (SHOW, ANN),
        g.extend(1, 600),
        o.NotHeld(booking_id=an_id(1), status=Status.CONFIRMED),
    ),
    Row("extend what was released", (SHOW, HELD, g.release(1)), g.extend(1, 600), gone()),
    Row("extend nothing", (SHOW, HELD), g.extend(7, 600), UNKNOWN),
    Row("extend a stale version", (SHOW, HELD), g.extend(1, 600, 2), STALE),
    Row("expire", (SHOW, HELD), g.expire(1), won(o.Expired), on_show(e.Expired()), now=10),
    Row(
        "expire too soon",
        (SHOW, HELD),
        g.expire(1),
        o.NotExpired(booking_id=an_id(1), expires_at=at(10)),
        now=9,
    ),
    Row("expire what is no hold", (SHOW, ANN), g.expire(1), o.NotExpired(booking_id=an_id(1))),
    Row("expire nothing", (SHOW, HELD), g.expire(7), UNKNOWN),
]


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


LATE = g.occurrence("late", 1, 60, 120)
BEN_LATE = g.book("ben", claim("late"), number=2)

MOVE = [
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

YOGA = g.event("yoga", 2, "2026-11-23T18:00", "2026-11-30T18:00")
FIRST, SECOND = "yoga@2026-11-23T18:00", "yoga@2026-11-30T18:00"
TWO_ON_SHOW = (SHOW, ANN, BEN)
DOORS = Fact("doors", {"open": True})


def changed(bookable: str, capacity: int, overbooked: int = 0) -> o.CapacityChanged:
    return o.CapacityChanged(bookable=bookable, capacity=capacity, overbooked=overbooked)


ONCE = c.Define(**g.BASE | {"expected": {"skis": 0}}, bookable="skis", kind=Kind.POOL, capacity=4)
DEFINE = [
    Row(
        "define",
        (),
        SHOW,
        o.Defined(bookable="show", created=True),
        (
            (
                "show",
                e.Defined(Kind.OCCURRENCE, 2, between(0, 60), actor_time=ActorTime.ALLOW),
            ),
        ),
    ),
    Row("define again", (SHOW,), SHOW, o.Defined(bookable="show", created=False)),
    Row(
        "define otherwise",
        (SHOW,),
        g.occurrence("show", 2, 0, 90),
        o.AlreadyDefined(bookable="show", field="during"),
    ),
    Row(
        "define as another kind",
        (SHOW,),
        g.pool("show", 2),
        o.AlreadyDefined(bookable="show", field="kind"),
    ),
    Row(
        "define only where there is nothing yet",
        (),
        ONCE,
        o.Defined(bookable="skis", created=True),
        (("skis", e.Defined(Kind.POOL, 4)),),
    ),
    Row(
        "more seats",
        TWO_ON_SHOW,
        g.change("show", 3),
        changed("show", 3),
        (("show", e.CapacityChanged(3)),),
    ),
    Row("as many seats", TWO_ON_SHOW, g.change("show", 2), changed("show", 2)),
    Row(
        "fewer seats than are taken",
        TWO_ON_SHOW,
        g.change("show", 1),
        o.BelowTaken(bookable="show", capacity=2, taken=2),
    ),
    Row(
        "fewer seats than are taken, by override",
        TWO_ON_SHOW,
        g.change("show", 1, override=True, reason="the fire officer"),
        changed("show", 1, 1),
        (("show", e.CapacityChanged(1, 1)),),
    ),
    Row(
        "the same override again",
        (*TWO_ON_SHOW, g.change("show", 1, override=True, reason="the fire officer")),
        g.change("show", 1, override=True, reason="the fire officer"),
        changed("show", 1, 1),
    ),
    Row(
        "fewer skis than are out at the peak to come",
        (SKIS, g.book("ann", claim("skis", 3, 0, 60))),
        g.change("skis", 2),
        o.BelowTaken(bookable="skis", capacity=4, taken=3),
        now=59,
    ),
    Row(
        "fewer skis than were out in the past",
        (SKIS, g.book("ann", claim("skis", 3, 0, 60))),
        g.change("skis", 2),
        changed("skis", 2),
        (("skis", e.CapacityChanged(2)),),
        now=60,
    ),
    Row(
        "a lane is one lane",
        (LANE,),
        g.change("lane", 2),
        o.Invalid(
            field="capacity",
            reason="an exclusive resource has capacity 1; define a pool instead",
        ),
    ),
    Row("capacity of nothing", (), g.change("nowhere", 2), o.UnknownBookable(bookable="nowhere")),
    Row(
        "an event's capacity is that of the occurrences that follow it",
        (
            YOGA,
            g.book("ann", claim(FIRST)),
            g.book("ben", claim(SECOND), number=2),
            g.change(SECOND, 5),
        ),
        g.change("yoga", 3),
        changed("yoga", 3),
        (("yoga", e.CapacityChanged(3)), (FIRST, e.CapacityChanged(3))),
    ),
    Row(
        "an event's past occurrences keep the capacity they had",
        (YOGA, g.book("ann", claim(FIRST)), g.book("ben", claim(SECOND), number=2)),
        g.change("yoga", 3),
        changed("yoga", 3),
        (("yoga", e.CapacityChanged(3)), (SECOND, e.CapacityChanged(3))),
        now=7 * 24 * 60 - 60,
    ),
    Row(
        "an event's capacity below what one occurrence has taken",
        (YOGA, g.book("ann", claim(FIRST, 2))),
        g.change("yoga", 1),
        o.BelowTaken(bookable=FIRST, capacity=2, taken=2),
    ),
    Row(
        "an occurrence goes its own way",
        (YOGA, g.book("ann", claim(FIRST))),
        g.change(FIRST, 5),
        changed(FIRST, 5),
        ((FIRST, e.CapacityChanged(5, 0, own=True)),),
    ),
    Row(
        "facts",
        (SHOW, LANE),
        c.Append(
            **g.BASE,
            facts={"show": (DOORS, DOORS), "lane": (DOORS,)},
            expected={"show": 1, "lane": 1},
        ),
        o.Appended(sequences={"show": 3, "lane": 2}),
        (("show", DOORS), ("show", DOORS), ("lane", DOORS)),
    ),
    Row(
        "facts on a stream that moved on: none of them",
        (SHOW, LANE, ANN),
        c.Append(
            **g.BASE,
            facts={"lane": (DOORS,), "show": (DOORS,)},
            expected={"lane": 1, "show": 1},
        ),
        o.Conflict(rule="expected_seq", bookable="show", actual=2),
    ),
    Row(
        "facts on nothing, observed to be nothing",
        (),
        c.Append(**g.BASE, facts={"nowhere": (DOORS,)}, expected={"nowhere": 0}),
        o.UnknownBookable(bookable="nowhere"),
    ),
    Row(
        "facts on nothing, observed to be something",
        (),
        c.Append(**g.BASE, facts={"nowhere": (DOORS,)}, expected={"nowhere": 3}),
        o.UnknownBookable(bookable="nowhere"),
    ),
]


@pytest.mark.parametrize(
    "row", [pytest.param(row, id=row.what) for row in BOOK + HOLDS + MOVE + DEFINE]
)
def test_given_when_then(row: Row) -> None:
    outcome, entries = g.when(g.given(*row.given, now=row.now), row.when)
    assert outcome == row.then
    assert [(entry.stream, entry.event) for entry in entries] == list(row.entries)
    leads = {entry.booking_id: entry.lead for entry in reversed(entries)}
    assert all(leads.values()), "the first entry of each change is its lead"
    assert sum(entry.lead for entry in entries) == len(leads)


@pytest.mark.parametrize(
    "row",
    [pytest.param(row, id=row.what) for row in BOOK + HOLDS + MOVE + DEFINE if row.then.ok],
)
def test_what_was_decided_is_seen_by_the_next_command_of_the_batch(row: Row) -> None:
    """The same command again finds its own effect: it books, frees and counts nothing twice."""
    world = g.given(*row.given, now=row.now)
    g.prepare(world, row.when)
    settle(world, row.when)
    taken = {name: x.taken for name, x in world.bookables.items()}
    capacity = {name: x.capacity for name, x in world.bookables.items()}
    settle(world, row.when)
    assert {name: x.taken for name, x in world.bookables.items()} == taken
    assert {name: x.capacity for name, x in world.bookables.items()} == capacity


def test_two_bookers_on_one_snapshot_one_booked_one_conflict() -> None:
    """MISSION A3, with one seat: the second is told that the picture is stale, not `full`."""
    world = g.given(g.occurrence("show", 1))
    seen = {"show": world.bookables["show"].seq}
    first = g.book("ann", SEAT, expected=seen)
    second = g.book("ben", SEAT, number=2, expected=seen)
    g.prepare(world, first)
    g.prepare(world, second)
    answers = [settle(world, command)[0].code for command in (first, second)]
    assert answers == [o.Code.BOOKED, o.Code.CONFLICT]


def test_the_last_seat_is_sold_once_whoever_asks_first() -> None:
    world = g.given(g.occurrence("show", 3))
    answers = []
    for number in range(1, 9):
        command = g.book(f"actor {number}", SEAT, number=number)
        g.prepare(world, command)
        answers.append(settle(world, command)[0])
    assert [x.seat for x in answers if isinstance(x, o.Booked)] == [1, 2, 3]
    assert [x.code for x in answers[3:]] == [o.Code.FULL] * 5


def test_a_cancelled_actor_books_again_at_the_end_of_the_roster() -> None:
    world = g.given(SHOW, ANN, BEN, g.cancel(1))
    assert g.answer(world, g.book("ann", SEAT, number=3)) == booked(2, number=3)


def test_after_a_swap_both_actors_are_on_their_new_rosters() -> None:
    """Also where one actor has both: a swap must not forget where anybody sits."""
    world = g.given(SHOW, LATE, ANN, g.book("ann", claim("late"), number=2))
    g.run(world, g.move(g.to(1, claim("late")), g.to(2, SEAT)))
    for name, number in (("late", 1), ("show", 2)):
        again = g.answer(world, g.book("ann", claim(name), number=3))
        assert again == o.Already(
            booking_id=an_id(number), actor="ann", bookable=name, seat=1, status=Status.CONFIRMED
        )


def test_an_expired_hold_frees_its_seat_for_the_same_batch() -> None:
    """One predicate (MISSION A9): at the very instant it expires the seat is free, not before."""
    for now, code in ((9, o.Code.FULL), (10, o.Code.BOOKED)):
        world = g.given(g.occurrence("show", 1), HELD, now=now)
        expire_due(world)
        assert g.answer(world, BEN).code is code


@pytest.mark.parametrize(
    "command",
    [
        g.confirm(1),
        g.release(1),
        g.extend(1, 60),
        g.cancel(1),
        g.move(g.to(1, claim("late"))),
    ],
    ids=lambda command: type(command).__name__,
)
@pytest.mark.parametrize("now", [9, 10])
def test_a_hold_whose_time_is_over_is_over_whether_the_journal_says_so_or_not(
    command: c.AnyCommand, now: int
) -> None:
    swept = g.given(SHOW, LATE, HELD, now=now)
    unswept = g.given(SHOW, LATE, HELD, now=now)
    expire_due(swept)
    outcome = g.answer(unswept, command)
    assert outcome.ok is (now == 9)
    if isinstance(command, c.Move) and outcome.code is o.Code.NOT_BOOKED:
        assert g.answer(swept, command) == outcome
    else:
        assert g.answer(swept, command).code is outcome.code


def test_times_are_counted_in_truth_not_by_the_wall() -> None:
    """The night the clocks go back, 01:30 to 02:30 and a two-hour buffer before it."""
    zone = ZoneInfo("Europe/Brussels")
    start = datetime(2026, 10, 25, 3, 30, tzinfo=zone)
    end = datetime(2026, 10, 25, 4, 0, tzinfo=zone)
    wanted = c.Claim(bookable="lane", start=start, end=end, before=7200)
    _, entries = g.when(g.given(LANE), g.book("ann", wanted))
    event = entries[0].event
    assert isinstance(event, e.Booked)
    blocked = event.claims[0].blocked
    assert blocked is not None
    assert blocked.start == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert '"2026-10-25T02:30:00Z"' in e.encode(event), "the journal's times are UTC"


def test_an_occurrence_is_defined_in_utc() -> None:
    zone = ZoneInfo("Europe/Brussels")
    start, end = (datetime(2026, 11, 23, hour, tzinfo=zone) for hour in (18, 19))
    define = c.Define(
        **g.BASE, bookable="show", kind=Kind.OCCURRENCE, capacity=1, start=start, end=end
    )
    _, entries = g.when(g.given(), define)
    assert '"2026-11-23T17:00:00Z"' in e.encode(entries[0].event)


def test_time_never_goes_back_within_a_stream() -> None:
    """A clock a little behind is written as the last entry's time; far behind it is refused."""
    world = g.given(SHOW, ANN)
    world.now = g.T0 - timedelta(seconds=5)
    g.run(world, BEN)
    assert world.entries[-1].at == g.T0
    world.now = g.T0 - timedelta(seconds=6)
    assert g.answer(world, g.cancel(1)) == o.ClockBehind(
        bookable="show", last=g.T0, clock=world.now
    )


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1)])
def test_seats_behind_move_up_when_a_party_leaves(order: tuple[int, ...]) -> None:
    world = g.given(g.occurrence("show", 6))
    for number in (1, 2, 3):
        g.run(world, g.book(f"actor {number}", claim("show", number), number=number))
    for number in order:
        claims = sorted(world.bookables["show"].claims.values(), key=lambda x: x.seq)
        place = 1
        for each in claims:
            assert each.place == place
            place += each.units
        g.run(world, g.cancel(number))
    assert world.bookables["show"].taken == 0
