"""Who may come into a line, and what they are told (MISSION C7): one row for each refusal."""

from typing import NamedTuple

import msgspec
import pytest
from tests.core import given as g
from tests.core.given import an_id, at, between, claim

from lastseat.core import commands as c
from lastseat.core import events as e
from lastseat.core import limits
from lastseat.core import outcomes as o
from lastseat.core.decide import settle
from lastseat.core.events import ActorTime, ClaimMade, WaitPolicy
from lastseat.core.status import Status

SHOW = g.occurrence("show", 2, 60, 120)
SEAT, TWO = claim("show"), claim("show", 2)
TAKEN = (SHOW, g.book("eve", TWO, number=90))
LANE, HOUR = g.resource("lane"), claim("lane", 1, 60, 120)
SKIS = g.pool("skis", 4)
TOUR = g.limit("service:tour", 1)
GUIDED = claim("service:tour", 1, 60, 120)
GUIDES = g.choice(1, "gus", "gil", start=60, end=120)
GUIDE = (g.resource("gus", ActorTime.REFUSE), g.resource("gil"))
LATER = g.occurrence("later", 9, 90, 150, ActorTime.REFUSE)


class Row(NamedTuple):
    what: str
    given: tuple[c.AnyCommand, ...]
    when: c.Join
    then: o.AnyOutcome
    now: int = 0


def joined(position: int, bookable: str = "show", units: int = 1) -> o.Joined:
    return o.Joined(
        booking_id=an_id(1), actor="ann", bookable=bookable, units=units, position=position
    )


def invalid(reason: str, field: str = "claims") -> o.Invalid:
    return o.Invalid(field=field, reason=reason)


JOIN = [
    Row("first in line", TAKEN, g.join("ann", SEAT), joined(1)),
    Row(
        "behind another",
        (*TAKEN, g.join("ben", TWO, number=2)),
        g.join("ann", SEAT),
        joined(2),
    ),
    Row(
        "positions are of those who wait for a time that overlaps, buffers included",
        (
            LANE,
            g.book("eve", claim("lane", 1, 0, 300), number=90),
            g.join("ben", claim("lane", 1, 10, 30), number=2),
            g.join("ben", claim("lane", 1, 30, 50, after=1200), number=3),
        ),
        g.join("ann", HOUR),
        joined(2, "lane"),
    ),
    Row(
        "seated",
        (SHOW, g.book("ann", TWO, number=90)),
        g.join("ann", SEAT),
        o.Already(
            booking_id=an_id(90), actor="ann", bookable="show", seat=1, status=Status.CONFIRMED
        ),
    ),
    Row(
        "waiting there",
        (*TAKEN, g.join("ben", SEAT, number=2), g.join("ann", SEAT, number=3)),
        g.join("ann", TWO),
        o.AlreadyWaiting(booking_id=an_id(3), actor="ann", bookable="show", position=2),
    ),
    Row(
        "waiting there for another time",
        (
            LANE,
            g.book("eve", claim("lane", 1, 0, 300), number=90),
            g.join("ann", claim("lane", 1, 30, 60), number=3),
        ),
        g.join("ann", HOUR),
        joined(1, "lane"),
    ),
    Row(
        "the id of another booking",
        (*TAKEN, LANE, g.book("ben", HOUR, number=1)),
        g.join("ann", SEAT),
        invalid("is the id of another booking", "booking_id"),
    ),
    Row(
        "no waitlist",
        (g.occurrence("show", 1, 60, 120, line=WaitPolicy.CLOSED),),
        g.join("ann", SEAT),
        o.WaitlistClosed(actor="ann", bookable="show", reason="it has no waitlist"),
    ),
    Row(
        "too late",
        TAKEN,
        g.join("ann", SEAT),
        o.WaitlistClosed(actor="ann", bookable="show", reason="it has begun"),
        now=60,
    ),
    Row(
        "a party larger than the place",
        (SHOW, g.book("eve", SEAT, number=90)),
        g.join("ann", claim("show", 3)),
        o.Full(actor="ann", bookable="show", capacity=2, left=1, during=between(60, 120)),
    ),
    Row(
        "a party larger than what else it asks for",
        (TOUR, SKIS, g.book("eve", GUIDED, number=90)),
        g.join("ann", GUIDED, claim("skis", 5, 60, 120)),
        o.Full(actor="ann", bookable="skis", capacity=4, left=0, during=between(60, 120)),
    ),
    Row(
        "two claims that would be in each other's way for ever",
        (TOUR, LANE),
        g.join("ann", GUIDED, HOUR, claim("lane", 1, 90, 150)),
        o.Conflict(rule="exclusive", actor="ann", bookable="lane", during=between(60, 120)),
    ),
    Row(
        "a choice that nothing will ever be enough for",
        (TOUR, SKIS, g.pool("sledges", 4)),
        g.join("ann", GUIDED, choices=(g.choice(1, "skis", "sledges", units=5),)),
        o.Conflict(rule="any_of", actor="ann", bookable="skis", during=between(0, 60), actual=0),
    ),
    Row(
        "a hall has no line",
        (LANE, SKIS, g.composite("hall", "lane", "skis")),
        g.join("ann", claim("hall", 1, 60, 120)),
        invalid(
            "a composite has no line of its own: wait for one of its parts, or for a service",
            "claims[0].bookable",
        ),
    ),
    Row(
        "the line's own bookable twice",
        (SKIS,),
        g.join("ann", claim("skis", 1, 60, 90), claim("skis", 1, 120, 150)),
        invalid("begin with what is waited for: it is asked for once, in one claim"),
    ),
    Row(
        "the line's own bookable among the choices",
        (SKIS, LANE),
        g.join("ann", claim("skis", 1, 60, 90), choices=(g.choice(1, "lane", "skis"),)),
        invalid("begin with what is waited for: it is asked for once, in one claim"),
    ),
    Row(
        "there is room, but they are elsewhere",
        (LATER, GUIDE[0], TOUR, g.book("ann", claim("later"), number=90)),
        g.join("ann", GUIDED, choices=(g.choice(1, "gus", start=60, end=120),)),
        o.ActorBusy(actor="ann", booking_id=an_id(90), during=between(90, 150)),
    ),
    Row(
        "elsewhere until then, maybe not when it is their turn",
        (
            LATER,
            GUIDE[0],
            TOUR,
            g.book("ann", claim("later"), number=90),
            g.book("eve", GUIDED, number=91),
        ),
        g.join("ann", GUIDED, choices=(g.choice(1, "gus", start=60, end=120),)),
        joined(1, "service:tour"),
    ),
]


@pytest.mark.parametrize("row", [pytest.param(row, id=row.what) for row in JOIN])
def test_given_when_then(row: Row) -> None:
    outcome, entries = g.when(g.given(*row.given, now=row.now), row.when)
    assert outcome == row.then
    assert bool(entries) is outcome.ok


@pytest.mark.parametrize(
    "asked",
    [
        g.join("ann", HOUR),
        g.join("ann", SEAT, HOUR),
        g.join("ann", SEAT, choices=(g.choice(1, "lane", start=60, end=120),)),
    ],
    ids=["in line", "beside", "picked"],
)
def test_nobody_waits_for_what_a_rule_does_not_let_be(asked: c.Join) -> None:
    world = g.given(*TAKEN, LANE)
    broken = g.forbid(world, "lane", 60, 120)
    assert g.answer(world, asked) == msgspec.structs.replace(broken, actor="ann")


def test_nobody_waits_for_what_is_called_off() -> None:
    world = g.given(*TAKEN)
    world.bookables["show"].called_off = True
    outcome = g.answer(world, g.join("ann", SEAT))
    assert isinstance(outcome, o.NotBookable)
    assert outcome.rule == "called_off"


def test_an_actor_waits_ten_times_in_one_line_and_no_more() -> None:
    hours = [claim("lane", 1, 60 * i, 60 * i + 60) for i in range(1, 13)]
    world = g.given(LANE, g.book("eve", claim("lane", 1, 0, 1000), number=90))
    g.run(world, *(g.join("ann", hour, number=i) for i, hour in enumerate(hours[:10])))
    limit = limits.WAITING_OF_ACTOR
    full = o.WaitlistFull(actor="ann", bookable="lane", limit=limit)
    assert g.answer(world, g.join("ann", hours[10], number=20)) == full
    assert g.answer(world, g.join("ben", hours[10], number=20)).ok
    g.run(world, g.cancel(0))
    assert g.answer(world, g.join("ann", hours[10], number=20)).ok


def test_waiting_for_services_that_use_a_lane_is_not_waiting_in_the_lanes_line() -> None:
    services = [g.limit(f"service:{i}", 1) for i in range(10)]
    busy = g.book("eve", claim("lane", 1, 0, 1000), number=90)
    world = g.given(LANE, *services, busy)
    lane = (g.choice(1, "lane", start=60, end=120),)
    for i in range(10):
        g.run(world, g.join("ann", claim(f"service:{i}", 1, 60, 120), choices=lane, number=i))
    assert world.bookables["lane"].waiting == 10
    assert g.answer(world, g.join("ann", HOUR, number=20)) == msgspec.structs.replace(
        joined(1, "lane"), booking_id=an_id(20)
    )


def test_a_line_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lastseat.core.capacity.WAITING", 2)
    monkeypatch.setattr(limits, "WAITING", 2)
    world = g.given(*TAKEN, g.join("ben", SEAT, number=2), g.join("cy", SEAT, number=3))
    full = o.WaitlistFull(actor="ann", bookable="show", limit=2)
    assert g.answer(world, g.join("ann", SEAT)) == full
    sold_out = g.answer(world, g.book("ann", SEAT))
    assert isinstance(sold_out, o.Full)
    assert not sold_out.can_join_waitlist


@pytest.mark.parametrize(("units", "joinable"), [(2, True), (3, False)])
def test_whoever_finds_no_place_is_told_whether_they_can_wait(units: int, joinable: bool) -> None:
    refused = g.answer(g.given(*TAKEN), g.book("ann", claim("show", units)))
    assert isinstance(refused, o.Full)
    assert refused.can_join_waitlist is joinable


def test_what_is_written_says_once_for_what_and_everywhere_for_whom() -> None:
    asked = g.join("ann", GUIDED, HOUR, choices=(GUIDES,), seconds=300)
    _, entries = g.when(g.given(TOUR, LANE, *GUIDE, g.book("eve", GUIDED, number=90)), asked)
    on = ("service:tour", "lane", "gus", "gil")
    awaited = c.Awaited((GUIDED, HOUR), (GUIDES,), 300, on)
    ann = "surrogate-ann"
    assert [(x.stream, x.event, x.version, x.lead) for x in entries] == [
        ("service:tour", e.Joined(ann, "service:tour", awaited), 1, True),
        ("lane", e.Joined(ann, "service:tour"), 1, False),
        ("gus", e.Joined(ann, "service:tour"), 1, False),
        ("gil", e.Joined(ann, "service:tour"), 1, False),
    ]


def test_whoever_joins_where_there_is_room_holds_it_at_once() -> None:
    world = g.given(SHOW, g.book("eve", SEAT, number=90))
    asked = g.join("ann", SEAT)
    g.prepare(world, asked)
    outcome, entries = settle(world, asked)
    assert outcome == o.Held(
        booking_id=an_id(1),
        actor="ann",
        seat=2,
        units=1,
        expires_at=at(10),
        limit_at=at(60),
        version=2,
    )
    assert [type(x.event) for x in entries] == [e.Joined]
    offered = world.entries[-1]
    assert offered.event == e.Offered("surrogate-ann", (ClaimMade(1, 1),), at(10), at(60))
    assert (offered.version, offered.lead) == (2, True)
    assert world.bookables["show"].waiting == 0


@pytest.mark.parametrize(
    ("command", "refusal"),
    [
        (g.confirm(1), o.WrongStatus),
        (g.release(1), o.NotHeld),
        (g.extend(1, 60), o.NotHeld),
        (g.check_in(1), o.WrongStatus),
        (g.no_show(1), o.WrongStatus),
        (g.move(g.to(1, claim("other"))), o.WrongStatus),
        (g.expire(1), o.NotExpired),
    ],
)
def test_who_waits_has_nothing_yet(command: c.AnyCommand, refusal: type) -> None:
    world = g.given(*TAKEN, g.occurrence("other", 1, 60, 120), g.join("ann", SEAT))
    assert isinstance(g.answer(world, command), refusal)
    outcome = g.answer(world, c.Cancel(**g.BASE, target=c.Seat("show", "ann")))
    assert isinstance(outcome, o.NotBooked), "a line is left by the booking's id"


def test_what_is_said_beside_a_booking_that_waits_can_be_changed() -> None:
    world = g.run(g.given(*TAKEN, g.join("ann", SEAT)), g.update(1))
    assert world.entries[-1].event == e.Updated(("metadata",))
    assert world.bookings[an_id(1)].status is Status.WAITLISTED


@pytest.mark.parametrize("now", [59, 60])
def test_who_waits_for_what_has_begun_is_let_go(now: int) -> None:
    world = g.given(*TAKEN, g.join("ann", SEAT), now=now)
    outcome = g.answer(world, g.expire(1))
    assert isinstance(outcome, o.Expired if now == 60 else o.NotExpired)


@pytest.mark.parametrize("after", ["", "confirm", "cancel"])
def test_who_waited_and_has_it_is_not_expired_when_it_begins(after: str) -> None:
    """In one batch the booking is still known to have waited."""
    world = g.given(SHOW, g.join("ann", SEAT, seconds=86_400))
    if after:
        g.run(world, g.confirm(1) if after == "confirm" else g.cancel(1))
    world.now = at(61)
    assert isinstance(g.answer(world, g.expire(1)), o.NotExpired)
