"""Arriving, leaving, not coming, and details written: decision tables as in `tables`."""

import pytest
from tests.core import given as g
from tests.core.given import an_id, at, between, claim
from tests.core.tables.row import (
    ANN,
    BUSY,
    HELD,
    LAPSED,
    SEAT,
    SHOW,
    STALE,
    UNKNOWN,
    Row,
    gone,
    on_show,
    won,
)

from lastseat.core import commands as c
from lastseat.core import events as e
from lastseat.core import outcomes as o
from lastseat.core.decide import settle
from lastseat.core.status import FREED, Status

RESERVED = g.book("ann", SEAT, confirmed=False)
ARRIVED = (SHOW, ANN, g.check_in(1))
ABSENT = (SHOW, ANN, g.no_show(1))
LEFT = (*ARRIVED, g.check_out(1))
TOUR = g.limit("service:tour", 2)
LATER = g.book("ann", claim("service:tour", 1, 60, 90), claim("service:tour", 1, 30, 60))


def wrong(status: Status, wanted: Status | str) -> o.WrongStatus:
    return o.WrongStatus(booking_id=an_id(1), status=status, wanted=wanted)


def early(minutes: int) -> o.TooEarly:
    return o.TooEarly(booking_id=an_id(1), not_before=at(minutes))


def updated(*fields: str, version: int = 2) -> o.Updated:
    return o.Updated(booking_id=an_id(1), actor="ann", version=version, fields=fields)


CHECK_IN = [
    Row("check in", (SHOW, ANN), g.check_in(1), won(o.CheckedIn), on_show(e.CheckedIn())),
    Row(
        "check in who has not confirmed",
        (SHOW, RESERVED),
        g.check_in(1),
        won(o.CheckedIn),
        on_show(e.CheckedIn()),
    ),
    Row(
        "check in a no-show, by permission",
        ABSENT,
        g.check_in(1, late=True),
        won(o.CheckedIn, 3),
        on_show(e.CheckedIn(late=True)),
    ),
    Row(
        "the permission is not noted where it was not needed",
        (SHOW, ANN),
        g.check_in(1, late=True),
        won(o.CheckedIn),
        on_show(e.CheckedIn()),
    ),
    Row(
        "check in a no-show",
        ABSENT,
        g.check_in(1),
        wrong(Status.NO_SHOW, Status.CHECKED_IN),
    ),
    Row("check in a hold", (SHOW, HELD), g.check_in(1), wrong(Status.HELD, Status.CHECKED_IN)),
    Row(
        "check in twice: a ticket lets in once",
        ARRIVED,
        g.check_in(1),
        wrong(Status.CHECKED_IN, Status.CHECKED_IN),
    ),
    Row("check in who left", LEFT, g.check_in(1), wrong(Status.COMPLETED, Status.CHECKED_IN)),
    Row("check in an expired hold", (SHOW, HELD), g.check_in(1), LAPSED, now=10),
    Row("check in what was cancelled", (SHOW, ANN, g.cancel(1)), g.check_in(1), gone()),
    Row("check in nothing", (SHOW,), g.check_in(7), UNKNOWN),
    Row("check in a stale version", (SHOW, ANN), g.check_in(1, 2), STALE),
    Row(
        "check in by name",
        (SHOW, ANN),
        c.CheckIn(**g.BASE, target=c.Seat("show", "ann")),
        won(o.CheckedIn),
        on_show(e.CheckedIn()),
    ),
    Row(
        "check in who is not on the roster",
        (SHOW, ANN),
        c.CheckIn(**g.BASE, target=c.Seat("show", "ben")),
        o.NotBooked(actor="ben", bookable="show"),
    ),
    Row(
        "check in nowhere",
        (SHOW, ANN),
        c.CheckIn(**g.BASE, target=c.Seat("nowhere", "ann")),
        o.UnknownBookable(bookable="nowhere"),
    ),
    Row(
        "every stream of the booking has it, what was booked first",
        (BUSY, g.book("ann", claim("workshop"))),
        g.check_in(1),
        won(o.CheckedIn),
        (("workshop", e.CheckedIn()), ("actor:surrogate-ann", e.CheckedIn())),
    ),
]
CHECK_OUT = [
    Row("check out", ARRIVED, g.check_out(1), won(o.CheckedOut, 3), on_show(e.CheckedOut())),
    Row(
        "check out who never came",
        (SHOW, ANN),
        g.check_out(1),
        wrong(Status.CONFIRMED, Status.COMPLETED),
    ),
    Row("check out twice", LEFT, g.check_out(1), wrong(Status.COMPLETED, Status.COMPLETED)),
    Row("check out an expired hold", (SHOW, HELD), g.check_out(1), LAPSED, now=10),
    Row("check out what was cancelled", (SHOW, ANN, g.cancel(1)), g.check_out(1), gone()),
    Row("check out nothing", (SHOW,), g.check_out(7), UNKNOWN),
    Row("check out a stale version", (SHOW, ANN), g.check_out(1, 2), STALE),
    Row("complete", ARRIVED, g.complete(1), won(o.Completed, 3), on_show(e.Completed())),
    Row("complete a no-show", ABSENT, g.complete(1), wrong(Status.NO_SHOW, Status.COMPLETED)),
    Row("complete twice", LEFT, g.complete(1), wrong(Status.COMPLETED, Status.COMPLETED)),
    Row("complete an expired hold", (SHOW, HELD), g.complete(1), LAPSED, now=10),
    Row("complete what was cancelled", (SHOW, ANN, g.cancel(1)), g.complete(1), gone()),
    Row("complete nothing", (SHOW,), g.complete(7), UNKNOWN),
    Row("complete a stale version", (SHOW, ANN), g.complete(1, 2), STALE),
]
NO_SHOW = [
    Row("nobody came", (SHOW, ANN), g.no_show(1), won(o.NoShow), on_show(e.NoShow())),
    Row(
        "nobody came to what was reserved",
        (SHOW, RESERVED),
        g.no_show(1),
        won(o.NoShow),
        on_show(e.NoShow()),
    ),
    Row("a minute too early", (TOUR, LATER), g.no_show(1), early(30), now=29),
    Row(
        "when the first of the claims begins, whichever it is",
        (TOUR, LATER),
        g.no_show(1),
        won(o.NoShow),
        (("service:tour", e.NoShow()),),
        now=30,
    ),
    Row("who was checked in is there", ARRIVED, g.no_show(1), wrong(Status.CHECKED_IN, "NO_SHOW")),
    Row("nobody came, twice", ABSENT, g.no_show(1), wrong(Status.NO_SHOW, "NO_SHOW")),
    Row("a hold is no promise to come", (SHOW, HELD), g.no_show(1), wrong(Status.HELD, "NO_SHOW")),
    Row("a hold ran out", (SHOW, HELD), g.no_show(1), LAPSED, now=10),
    Row("they cancelled", (SHOW, ANN, g.cancel(1)), g.no_show(1), gone()),
    Row("nobody was to come", (SHOW,), g.no_show(7), UNKNOWN),
    Row("nobody came, by a stale version", (SHOW, ANN), g.no_show(1, 2), STALE),
]
UPDATE = [
    Row(
        "metadata",
        (SHOW, ANN),
        g.update(1),
        updated("metadata"),
        on_show(e.Updated(("metadata",))),
    ),
    Row(
        "parts of the contact, and the metadata cleared",
        (SHOW, HELD),
        g.update(1, metadata={}, contact=c.Contact(email="ann@example.org", phone="")),
        updated("metadata", "contact.email", "contact.phone"),
        on_show(e.Updated(("metadata", "contact.email", "contact.phone"))),
    ),
    Row(
        "details of a visit that is over",
        LEFT,
        g.update(1, metadata=None, contact=c.Contact(name="Ann")),
        updated("contact.name", version=4),
        on_show(e.Updated(("contact.name",))),
    ),
    Row("details of an expired hold", (SHOW, HELD), g.update(1), LAPSED, now=10),
    Row("details of what was cancelled", (SHOW, ANN, g.cancel(1)), g.update(1), gone()),
    Row("details of nothing", (SHOW,), g.update(7), UNKNOWN),
    Row("details of a stale version", (SHOW, ANN), g.update(1, 2), STALE),
]
AFTERWARDS = [
    Row("confirm who came", ARRIVED, g.confirm(1), wrong(Status.CHECKED_IN, Status.CONFIRMED)),
    Row(
        "send away who came",
        ARRIVED,
        g.cancel(1),
        won(o.Cancelled, 3),
        on_show(e.Cancelled()),
    ),
    Row("cancel what is over", LEFT, g.cancel(1), wrong(Status.COMPLETED, Status.CANCELLED)),
    Row("cancel a no-show", ABSENT, g.cancel(1), wrong(Status.NO_SHOW, Status.CANCELLED)),
    Row(
        "release who came",
        ARRIVED,
        g.release(1),
        o.NotHeld(booking_id=an_id(1), status=Status.CHECKED_IN),
    ),
    Row("move who came", ARRIVED, g.move(g.to(1, SEAT)), wrong(Status.CHECKED_IN, "a move")),
    Row("move a no-show", ABSENT, g.move(g.to(1, SEAT)), wrong(Status.NO_SHOW, "a move")),
    Row(
        "the place of a no-show is not sold again",
        (g.occurrence("show", 1), ANN, g.no_show(1)),
        g.book("ben", SEAT, number=2),
        o.Full(
            actor="ben",
            bookable="show",
            capacity=1,
            left=0,
            during=between(0, 60),
            can_join_waitlist=True,
        ),
    ),
    Row(
        "who has left sits on the roster",
        LEFT,
        g.book("ann", SEAT, number=2),
        o.Already(
            booking_id=an_id(1), actor="ann", bookable="show", seat=1, status=Status.COMPLETED
        ),
    ),
]
LIMIT = [
    Row(
        "as many at once as the limit says",
        (TOUR, g.book("ben", claim("service:tour", 1, 0, 60), number=2)),
        g.book("ann", claim("service:tour", 2, 30, 90)),
        o.Full(
            actor="ann",
            bookable="service:tour",
            capacity=2,
            left=1,
            during=between(30, 90),
            can_join_waitlist=True,
        ),
    ),
    Row(
        "the same peak, not the same sum",
        (
            TOUR,
            g.book("ben", claim("service:tour", 2, 0, 30), number=2),
            g.book("cy", claim("service:tour", 2, 60, 90), number=3),
        ),
        g.book("ann", claim("service:tour", 2, 30, 60)),
        o.Booked(booking_id=an_id(1), actor="ann", seat=0, units=2, status=Status.CONFIRMED),
        (
            (
                "service:tour",
                e.Booked(
                    "surrogate-ann",
                    Status.CONFIRMED,
                    (e.ClaimMade(1, 2, between(30, 60)),),
                ),
            ),
        ),
    ),
    Row(
        "a limit is claimed for a time",
        (TOUR,),
        g.book("ann", claim("service:tour")),
        o.Invalid(field="claims[0].start", reason="limit 'service:tour' is claimed for a time"),
    ),
    Row(
        "a limit is raised",
        (TOUR,),
        g.change("service:tour", 3),
        o.CapacityChanged(bookable="service:tour", capacity=3, overbooked=0),
        (("service:tour", e.CapacityChanged(3)),),
    ),
    Row(
        "a limit is lowered below its peak",
        (TOUR, g.book("ben", claim("service:tour", 2, 30, 60))),
        g.change("service:tour", 1),
        o.BelowTaken(bookable="service:tour", capacity=2, taken=2),
    ),
]


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(row, id=row.what)
        for row in CHECK_IN + CHECK_OUT + NO_SHOW + UPDATE + AFTERWARDS + LIMIT
    ],
)
def test_given_when_then(row: Row) -> None:
    outcome, entries = g.when(g.given(*row.given, now=row.now), row.when)
    assert outcome == row.then
    assert [(entry.stream, entry.event) for entry in entries] == list(row.entries)
    assert [entry.lead for entry in entries] == [i == 0 for i in range(len(entries))]


@pytest.mark.parametrize(
    ("commands", "status"),
    [
        ((g.check_in(1),), Status.CHECKED_IN),
        ((g.check_in(1), g.check_out(1)), Status.COMPLETED),
        ((g.check_in(1), g.complete(1)), Status.COMPLETED),
        ((g.no_show(1),), Status.NO_SHOW),
        ((g.no_show(1), g.check_in(1, late=True)), Status.CHECKED_IN),
        ((g.update(1),), Status.CONFIRMED),
    ],
)
def test_a_visit_keeps_its_place(commands: tuple[c.AnyCommand, ...], status: Status) -> None:
    """Only what is cancelled, expired or rejected gives capacity back."""
    world = g.given(SHOW, ANN, *commands)
    booking = world.bookings[an_id(1)]
    assert booking.status is status
    assert status not in FREED
    assert world.bookables["show"].taken == 1
    assert len(booking.claims) == 1
    assert booking.version == 1 + len(commands)


def test_a_location_is_part_of_what_a_bookable_is() -> None:
    """And an event's occurrences are where it is."""
    there = c.Define(**g.BASE, bookable="lane", kind=e.Kind.RESOURCE, capacity=1, location="north")
    world = g.given(there)
    assert g.answer(world, there) == o.Defined(bookable="lane", created=False)
    elsewhere = c.Define(
        **g.BASE, bookable="lane", kind=e.Kind.RESOURCE, capacity=1, location="south"
    )
    assert g.answer(world, elsewhere) == o.AlreadyDefined(bookable="lane", field="location")
    renamed = c.Define(
        **g.BASE, bookable="lane", kind=e.Kind.RESOURCE, capacity=1, location="north", name="Left"
    )
    assert g.answer(world, renamed) == o.Defined(bookable="lane", created=False)
    yoga = g.event("yoga", 2, "2026-11-23T18:00")
    world = g.given(c.Define(**{f: getattr(yoga, f) for f in yoga.__struct_fields__} | NORTH))
    settle_one = g.book("ann", claim("yoga@2026-11-23T18:00"))
    g.prepare(world, settle_one)
    settle(world, settle_one)
    assert world.bookables["yoga@2026-11-23T18:00"].location == "north"


NORTH = {"location": "north"}
