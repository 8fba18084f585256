"""What a service needs is taken with it in one command, picked anew when it moves (MISSION C9)."""

from datetime import timedelta
from typing import Any, cast

import pytest
from tests.library.test_reservations import ANN, LATER, SLOT, desk, part, was
from tests.library.venue import at

from lastseat import Tenant
from lastseat import outcomes as o
from lastseat.catalogue import Saved, Unknown
from lastseat.core.commands import Claim
from lastseat.library.reserving import Appointment, Reservation, Reserved
from lastseat.library.synchronous.groups import Catalogue
from lastseat.views.catalogue import Need, Service, Terms

LANES = tuple(f"lane-{n}" for n in range(1, 7))


@pytest.fixture
def alley(tenant: Tenant) -> Tenant:
    """Six lanes as they lie, twenty pairs of shoes, and a hall of two halves."""
    for lane in (*LANES, "north", "south"):
        assert tenant.define_resource(lane, actor_time="allow").ok
    assert tenant.define_pool("shoes", capacity=20, actor_time="allow").ok
    assert tenant.define_composite("hall", parts=["north", "south"]).ok
    return tenant


def catalogue(tenant: Tenant) -> Catalogue:
    return cast("Catalogue", part(tenant, "catalogue"))


def make(tenant: Tenant, *needs: Need, capacity: int = 10, **terms: Any) -> Service:
    """The service "bowling"."""
    wanted = Terms(name="Bowling", needs=needs, **terms)
    made = catalogue(tenant).create_service("bowling", wanted, max_simultaneous_bookings=capacity)
    assert isinstance(made, Saved), made
    return made.row


def taken(tenant: Tenant, booking_id: str) -> dict[str, int]:
    """What a booking has, by bookable, when it has it over the slot."""
    found = tenant.booking(booking_id).claims
    return {x.bookable: x.units for x in found if x.live}


def test_a_booking_takes_the_limit_and_the_needs_in_one_command(alley: Tenant) -> None:
    three = Need(of=LANES, any=3, adjacent=True)
    make(alley, three, Need(of=("shoes",), units="party"), Need(of=("hall",)))
    held = was(Reserved, desk(alley).reserve("bowling", **SLOT, party=6))
    assert held.chosen == ("shoes", "hall", "lane-1", "lane-2", "lane-3")
    assert taken(alley, held.reservation_id) == {
        "service:bowling": 1,
        "lane-1": 1,
        "lane-2": 1,
        "lane-3": 1,
        "shoes": 6,
        "north": 1,
        "south": 1,
    }
    # The hall is one: nothing of the second is taken.
    other = was(o.Conflict, desk(alley).reserve("bowling", **SLOT, party=2))
    assert other.bookable in {"north", "south"}
    done = was(Appointment, desk(alley).commit(held.reservation_id, contact=ANN))
    assert set(done.chosen) == set(taken(alley, held.reservation_id)) - {"service:bowling"}


def test_lanes_are_picked_as_they_lie_around_those_that_are_taken(alley: Tenant) -> None:
    make(alley, Need(of=LANES, any=2, adjacent=True))
    hour: dict[str, Any] = {"start": at(0), "end": at(60)}
    assert alley.book(Claim(bookable="lane-2", **hour), actor="ben").ok
    assert alley.book(Claim(bookable="lane-5", **hour), actor="cyd").ok
    first = was(Reserved, desk(alley).reserve("bowling", **SLOT))
    assert first.chosen == ("lane-3", "lane-4")
    none = was(o.Conflict, desk(alley).reserve("bowling", **SLOT))
    assert (none.rule, none.actual) == ("adjacent", 2)


def test_buffers_hold_for_what_is_needed(alley: Tenant) -> None:
    make(alley, Need(of=("lane-1",)), after_seconds=600)
    assert desk(alley).reserve("bowling", **SLOT).ok
    for begins, refused in ((60, True), (70, False)):
        claim = Claim(bookable="lane-1", start=at(begins), end=at(begins + 5))
        assert isinstance(alley.book(claim, actor="ben"), o.Conflict) is refused


def test_moving_picks_anew_and_keeps_the_party(alley: Tenant) -> None:
    make(alley, Need(of=LANES, any=2), Need(of=("shoes",), units="party"), Need(of=("hall",)))
    made = was(Appointment, desk(alley).book("bowling", **SLOT, party=4, contact=ANN))
    assert alley.book(Claim(bookable="lane-1", **LATER), actor="ben").ok
    moved = was(Reservation, desk(alley).reschedule(made.appointment_id, **LATER))
    assert moved.chosen == ("shoes", "hall", "lane-2", "lane-3")
    assert taken(alley, made.appointment_id) == {
        "service:bowling": 1,
        "lane-2": 1,
        "lane-3": 1,
        "shoes": 4,
        "north": 1,
        "south": 1,
    }
    now = was(Reservation, desk(alley).validate(made.appointment_id))
    assert (now.slot_start, now.slot_end) == (LATER["start"], LATER["end"])


def test_a_move_over_itself_may_keep_what_it_has(alley: Tenant) -> None:
    make(alley, Need(of=("lane-1", "lane-2"), any=2))
    made = was(Appointment, desk(alley).book("bowling", **SLOT))
    later: dict[str, Any] = {"start": at(30), "end": at(90)}
    moved = was(Reservation, desk(alley).reschedule(made.appointment_id, **later))
    assert set(moved.chosen) == {"lane-1", "lane-2"}


def test_what_takes_more_than_the_service_needs_is_moved_as_a_booking(alley: Tenant) -> None:
    make(alley, Need(of=LANES, any=1))
    both = [Claim(bookable=x, **SLOT) for x in ("service:bowling", "shoes")]
    booked = was(o.Booked, alley.book(both, actor="ben"))
    refused = was(o.Invalid, desk(alley).reschedule(booked.booking_id, **LATER))
    assert refused.field == "booking_id"


def test_a_party_is_for_services_that_count_it(alley: Tenant) -> None:
    make(alley, Need(of=LANES, any=1))
    assert was(o.Invalid, desk(alley).reserve("bowling", **SLOT, party=2)).field == "party"
    assert was(o.Invalid, desk(alley).reserve("bowling", **SLOT, party=0)).field == "party"
    changes: dict[str, Any] = {"needs": [Need(of=("shoes",), units="party")]}
    assert isinstance(catalogue(alley).update_service("bowling", changes), Saved)
    assert was(Reserved, desk(alley).reserve("bowling", **SLOT, party=20)).chosen == ("shoes",)
    assert was(o.Full, desk(alley).reserve("bowling", **SLOT, party=1)).left == 0


def test_the_same_key_picks_the_same_once(alley: Tenant) -> None:
    make(alley, Need(of=LANES, any=1))
    first = was(Reserved, desk(alley).reserve("bowling", **SLOT, key="tap"))
    again = was(Reserved, desk(alley).reserve("bowling", **SLOT, key="tap"))
    assert again.replayed
    assert (again.reservation_id, again.chosen) == (first.reservation_id, ("lane-1",))
    assert isinstance(desk(alley).reserve("bowling", **LATER, key="tap"), o.KeyReused)


def test_an_answer_kept_from_before_the_needs_changed_is_the_same(alley: Tenant) -> None:
    make(alley, Need(of=LANES, any=1), Need(of=("hall",)))
    first = was(Reserved, desk(alley).reserve("bowling", **SLOT, key="tap"))
    changes: dict[str, Any] = {"needs": [Need(of=("shoes",))]}
    assert isinstance(catalogue(alley).update_service("bowling", changes), Saved)
    again = was(Reserved, desk(alley).reserve("bowling", **SLOT, key="tap"))
    assert (again.reservation_id, again.replayed) == (first.reservation_id, True)
    assert set(again.chosen) == {"lane-1", "north", "south"}


def test_needs_are_changed_and_taken_away(alley: Tenant) -> None:
    need = Need(of=LANES, any=1)
    made = make(alley, need)
    assert made.needs == (need,)
    assert catalogue(alley).service("bowling") == made
    changes: dict[str, Any] = {"needs": ()}
    changed = catalogue(alley).update_service("bowling", changes)
    assert isinstance(changed, Saved)
    assert (changed.row.needs, changed.row.version) == ((), 2)
    assert was(Reserved, desk(alley).reserve("bowling", **SLOT)).chosen == ()


BAD: list[tuple[Need, str]] = [
    (Need(of=()), "needs[0].of"),
    (Need(of=tuple(f"x{n}" for n in range(65)), any=1), "needs[0].of"),
    (Need(of=("lane-1", "lane-1"), any=1), "needs[0].of[1]"),
    (Need(of=("",), any=1), "needs[0].of[0]"),
    (Need(of=LANES, any=7), "needs[0].any"),
    (Need(of=LANES, any=0), "needs[0].any"),
    (Need(of=LANES, adjacent=True), "needs[0].adjacent"),
    (Need(of=LANES, units=0), "needs[0].units"),
    (Need(of=("yoga",)), "needs[0].of[0]"),
    (Need(of=("service:other",)), "needs[0].of[0]"),
]


@pytest.mark.parametrize(("need", "field"), BAD, ids=[field for _, field in BAD])
def test_needs_that_make_no_sense_are_refused_by_name(
    alley: Tenant, need: Need, field: str
) -> None:
    later = at(0) + timedelta(hours=1)
    assert alley.define_occurrence("yoga", start=at(0), end=later, capacity=3).ok
    others = Terms(name="Other")
    assert catalogue(alley).create_service("other", others, max_simultaneous_bookings=1).ok
    terms = Terms(name="Bowling", needs=(need,))
    made = catalogue(alley).create_service("bowling", terms, max_simultaneous_bookings=1)
    assert isinstance(made, o.Invalid), made
    assert made.field == field
    assert catalogue(alley).service("bowling") is None


def test_what_is_needed_has_to_be_there(alley: Tenant) -> None:
    terms = Terms(name="Bowling", needs=(Need(of=("lane-1", "lane-9"), any=1),))
    made = catalogue(alley).create_service("bowling", terms, max_simultaneous_bookings=1)
    assert made == o.UnknownBookable(bookable="lane-9")
    away = catalogue(alley).create_service(
        "bowling", Terms(name="x", location_id="nowhere"), max_simultaneous_bookings=1
    )
    assert isinstance(away, Unknown)


def test_needs_that_nobody_could_book_for_all_their_parts_are_refused(alley: Tenant) -> None:
    seats = [f"seat {i}" for i in range(50)]
    for seat in seats:
        assert alley.define_resource(seat, actor_time="allow").ok
    rooms = tuple(f"room {i}" for i in range(11))
    for room in rooms:
        assert alley.define_composite(room, parts=seats).ok
    create = catalogue(alley).create_service
    for needs, reason in (
        ((Need(of=rooms[:2]),), "come to 101 claims with the parts of composites"),
        ((Need(of=rooms, any=1),), "pick from 550 claims"),
    ):
        terms = Terms(name="Show", needs=needs)
        refused = create("show", terms, max_simultaneous_bookings=2)
        assert isinstance(refused, o.Invalid), refused
        assert refused.field == "needs"
        assert refused.reason.startswith(reason)
    terms = Terms(name="Show", needs=(Need(of=rooms[:10], any=1), Need(of=LANES)))
    assert isinstance(create("show", terms, max_simultaneous_bookings=2), Saved)
