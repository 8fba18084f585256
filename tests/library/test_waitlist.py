"""The waitlist (MISSION C7): first come first served, never overtaken, never a place unused."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from tests.library.conftest import Clocked
from tests.library.sound import sound
from tests.library.test_reservations import ANN, SLOT, desk, part, service, was
from tests.library.venue import T0, at, claim, done, occurrence, pool, resource

from lastseat import Choice, Claim, Contact, NotFound, Status, Tenant
from lastseat import outcomes as o
from lastseat.catalogue import Saved
from lastseat.catalogue.slots import Capacity
from lastseat.core import limits
from lastseat.core.events import WaitPolicy
from lastseat.jobs.waiting import end_waiting
from lastseat.jobs.working import Working
from lastseat.library.reserving import Appointment, Reservation, Reserved
from lastseat.views.catalogue import Need, Terms


def full(tenant: Tenant, capacity: int = 1, waitlist: str = "fifo") -> str:
    """The class "yoga", sold out: `a0` and so on have a seat each."""
    outcome = tenant.define_occurrence(
        "yoga", start=at(0), end=at(60), capacity=capacity, actor_time="allow", waitlist=waitlist
    )
    assert outcome.ok, outcome
    for i in range(capacity):
        assert tenant.book("yoga", actor=f"a{i}").ok
    return "yoga"


def joins(tenant: Tenant, actor: str, units: int = 1, bookable: str = "yoga") -> str:
    """The id of a new place in line."""
    outcome = tenant.join_waitlist(bookable, actor=actor, units=units)
    return done(outcome, o.Joined).booking_id


def stands(tenant: Tenant, booking_id: str) -> Status:
    return tenant.booking(booking_id).status


def line(tenant: Tenant, bookable: str = "yoga") -> list[tuple[str, int]]:
    """Who waits, and where."""
    return [(x.actor, x.position) for x in tenant.waitlist(bookable).items]


def test_what_comes_free_is_offered_accepted_declined_and_passed_on(tenant: Tenant) -> None:
    yoga = full(tenant)
    ben, cy, dan = (joins(tenant, x) for x in ("ben", "cy", "dan"))
    assert line(tenant) == [("ben", 1), ("cy", 2), ("dan", 3)]
    assert [tenant.position(x) for x in (ben, cy, dan)] == [1, 2, 3]
    assert tenant.cancel(yoga, actor="a0").ok
    offered = tenant.booking(ben)
    assert (offered.status, offered.version, offered.waiting) == (Status.HELD, 2, None)
    assert offered.expires_at is not None
    assert offered.expires_at - offered.updated_at == timedelta(minutes=15)
    assert tenant.position(ben) == 0
    assert line(tenant) == [("cy", 1), ("dan", 2)]
    # Declined, it goes to the next in the same step; left, to the one after; accepted, to none.
    assert tenant.release(ben).ok
    assert (stands(tenant, ben), stands(tenant, cy)) == (Status.CANCELLED, Status.HELD)
    assert tenant.cancel(cy).ok
    assert done(tenant.confirm(dan), o.Confirmed).version == 3
    assert stands(tenant, dan) is Status.CONFIRMED
    assert [x.actor for x in tenant.roster(yoga)] == ["dan"]
    # Nobody waits any more: a walk-in has what comes free.
    assert tenant.cancel(dan).ok
    assert tenant.book(yoga, actor="eve").ok


def test_what_is_free_when_nobody_waits_is_offered_at_once(tenant: Tenant) -> None:
    yoga = occurrence(tenant, capacity=2)
    held = done(tenant.join_waitlist(yoga, actor="ann", offer_seconds=60), o.Held)
    assert (held.seat, held.version) == (1, 2)
    view = tenant.booking(held.booking_id)
    assert view.expires_at is not None
    assert view.expires_at - view.created_at == timedelta(minutes=1)
    assert [x.action for x in tenant.audit(held.booking_id)] == ["joined", "offered"]


def test_who_waits_is_told_for_what_wherever_bookings_are_shown(tenant: Tenant) -> None:
    yoga = full(tenant)
    contact = Contact(name="Ben", email="ben@example.org")
    joined = done(
        tenant.join_waitlist(yoga, actor="ben", metadata={"mat": 1}, contact=contact), o.Joined
    )
    view = tenant.booking(joined.booking_id)
    assert (view.status, view.claims) == (Status.WAITLISTED, ())
    assert (view.metadata, view.contact) == ({"mat": 1}, contact)
    assert view.waiting is not None
    assert (view.waiting.bookable, view.waiting.units, view.waiting.position) == (yoga, 1, 1)
    assert (view.waiting.during.start, view.waiting.during.end) == (at(0), at(60))
    assert view.waiting.awaited.claims == (Claim(bookable=yoga),)
    for found in (
        tenant.bookings(actor="ben"),
        tenant.bookings(bookable=yoga, status="WAITLISTED"),
        tenant.bookings(status="WAITLISTED"),
        tenant.bookings(bookable=yoga, starts_from=at(59), starts_to=at(70)),
    ):
        assert view in found.items
    assert tenant.bookings(bookable=yoga, starts_from=at(60), status="WAITLISTED").items == []
    there = tenant.bookable(yoga)
    assert (there.waitlist, there.waiting, there.left) == (WaitPolicy.FIFO, 1, 0)
    first, *_ = tenant.audit(joined.booking_id)
    assert (first.action, first.after.status) == ("joined", Status.WAITLISTED)
    assert [(x.bookable, x.units) for x in first.after.awaits] == [(yoga, 1)]


def test_under_fifo_nobody_passes_a_party_that_does_not_fit(tenant: Tenant) -> None:
    yoga = full(tenant, capacity=3)
    two, one = joins(tenant, "two", 2), joins(tenant, "one")
    assert tenant.cancel(yoga, actor="a0").ok
    assert (stands(tenant, two), stands(tenant, one)) == (Status.WAITLISTED, Status.WAITLISTED)
    # A seat is empty, and is not for a walk-in: what is offered is what can be booked.
    refused = done(tenant.book(yoga, actor="eve"), o.Full)
    assert (refused.left, refused.waiting, refused.can_join_waitlist) == (0, 2, True)
    assert (tenant.seats_left(yoga), tenant.bookable(yoga).taken) == (0, 2)
    agenda = tenant.agenda(start=at(0), end=at(60)).items
    assert [(x.taken, x.left, x.waiting) for x in agenda] == [(2, 0, 2)]
    # By permission one passes the line, and whoever moves a party keeps what it has.
    assert tenant.cancel(yoga, actor="a1").ok
    assert (stands(tenant, two), stands(tenant, one)) == (Status.HELD, Status.WAITLISTED)
    assert tenant.book(yoga, actor="boss", override=True, reason="the boss").ok


def test_under_first_that_fits_the_next_who_fits_is_served_and_then_walk_ins(
    tenant: Tenant,
) -> None:
    yoga = full(tenant, capacity=3, waitlist="first_that_fits")
    two, one = joins(tenant, "two", 2), joins(tenant, "one")
    assert tenant.cancel(yoga, actor="a0").ok
    assert (stands(tenant, two), stands(tenant, one)) == (Status.WAITLISTED, Status.HELD)
    assert tenant.cancel(yoga, actor="a1").ok
    # One seat is free, and two want two.
    assert (tenant.seats_left(yoga), stands(tenant, two)) == (1, Status.WAITLISTED)
    assert tenant.book(yoga, actor="eve").ok
    assert done(tenant.book(yoga, actor="fay"), o.Full).waiting == 0


def test_a_line_may_be_closed(tenant: Tenant) -> None:
    yoga = full(tenant, waitlist="closed")
    assert not done(tenant.book(yoga, actor="ben"), o.Full).can_join_waitlist
    assert done(tenant.join_waitlist(yoga, actor="ben"), o.WaitlistClosed).reason
    again = tenant.define_occurrence(
        yoga, start=at(0), end=at(60), capacity=1, actor_time="allow", waitlist="fifo"
    )
    assert done(again, o.AlreadyDefined).field == "waitlist"
    with_event = tenant.define_event(
        "weekly",
        starts=["2027-03-01T18:00"],
        duration=3600,
        time_zone="UTC",
        capacity=1,
        waitlist="closed",
    )
    assert with_event.ok
    lesson = "weekly@2027-03-01T18:00"
    assert tenant.bookable(lesson).waitlist is WaitPolicy.CLOSED
    assert done(tenant.join_waitlist(lesson, actor="ben"), o.WaitlistClosed).bookable == lesson


def test_what_is_refused_names_what_is_wrong(tenant: Tenant) -> None:
    yoga = full(tenant)
    mine = joins(tenant, "ben")
    assert done(tenant.join_waitlist(yoga, actor="a0"), o.Already).seat == 1
    again = done(tenant.join_waitlist(yoga, actor="ben"), o.AlreadyWaiting)
    assert (again.booking_id, again.position) == (mine, 1)
    assert done(tenant.join_waitlist(yoga, actor="cy", units=2), o.Full).capacity == 1
    done(tenant.join_waitlist("nothing", actor="cy"), o.UnknownBookable)
    assert done(tenant.join_waitlist((), actor="cy"), o.Invalid).field == "claims"
    bad = tenant.join_waitlist(yoga, actor="cy", offer_seconds=0)
    assert done(bad, o.Invalid).field == "offer_seconds"
    unknown = tenant.define_resource("x", waitlist="first_come")
    assert done(unknown, o.Invalid).field == "waitlist"
    assert tenant.confirm(mine).code == "wrong_status"
    assert done(tenant.release(mine), o.NotHeld).status is Status.WAITLISTED
    assert tenant.expire() == 0
    for bad_cursor in ("", "x", "-1", "٣", "1" * 30):
        with pytest.raises(ValueError, match="cursor"):
            tenant.waitlist(yoga, cursor=bad_cursor)
    with pytest.raises(NotFound):
        tenant.waitlist("nothing")
    with pytest.raises(NotFound):
        tenant.position("01936b2c-5d1e-7c3a-9f00-3a5c0e6d7b11")
    assert done(tenant.cancel(mine), o.Cancelled).version == 2
    done(tenant.cancel(mine), o.NotBooked)
    assert line(tenant) == []


def test_nobody_fills_a_line_with_their_own_bookings(tenant: Tenant) -> None:
    lane = resource(tenant)
    assert tenant.book([claim(lane, 0, 600)], actor="ann").ok
    codes = [tenant.join_waitlist([claim(lane, i, i + 1)], actor="ben").code for i in range(1, 13)]
    assert codes == ["joined"] * limits.WAITING_OF_ACTOR + ["waitlist_full"] * 2
    refused = done(tenant.join_waitlist([claim(lane, 30, 31)], actor="ben"), o.WaitlistFull)
    assert refused.limit == limits.WAITING_OF_ACTOR


def test_a_line_is_read_a_page_at_a_time(tenant: Tenant) -> None:
    full(tenant)
    for i in range(7):
        joins(tenant, f"b{i}")
    seen, cursor = [], None
    while True:
        page = tenant.waitlist("yoga", limit=3, cursor=cursor)
        seen += [(x.actor, x.position) for x in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert seen == [(f"b{i}", i + 1) for i in range(7)]


def test_those_who_wait_for_other_times_are_not_in_the_way(tenant: Tenant) -> None:
    lane = resource(tenant)
    early = done(tenant.book([claim(lane, 0, 60)], actor="ann"), o.Booked)
    late = done(tenant.book([claim(lane, 60, 120)], actor="ann"), o.Booked)
    first = done(tenant.join_waitlist([claim(lane, 0, 60)], actor="ben"), o.Joined)
    other = done(tenant.join_waitlist([claim(lane, 60, 120)], actor="cy"), o.Joined)
    both = done(tenant.join_waitlist([claim(lane, 30, 90)], actor="dan"), o.Joined)
    assert (first.position, other.position, both.position) == (1, 1, 3)
    assert [x.actor for x in tenant.waitlist(lane, start=at(60), end=at(120)).items] == [
        "cy",
        "dan",
    ]
    assert tenant.cancel(late.booking_id).ok
    assert stands(tenant, other.booking_id) is Status.HELD
    assert stands(tenant, first.booking_id) is Status.WAITLISTED
    assert tenant.cancel(early.booking_id).ok
    assert stands(tenant, first.booking_id) is Status.HELD
    # dan waits for a time that both have: when both have gone it is theirs.
    assert tenant.release(first.booking_id).ok
    assert stands(tenant, both.booking_id) is Status.WAITLISTED
    refused = done(tenant.book([claim(lane, 0, 60)], actor="eve"), o.Conflict)
    assert (refused.rule, refused.can_join_waitlist) == ("waiting", True)
    assert tenant.book([claim(lane, 0, 30)], actor="eve").ok
    assert tenant.release(other.booking_id).ok
    assert stands(tenant, both.booking_id) is Status.HELD


def test_free_time_leaves_out_what_others_wait_for(tenant: Tenant) -> None:
    lane, skis = resource(tenant), pool(tenant, capacity=3)
    window: dict[str, Any] = {"start": at(0), "end": at(120)}
    assert tenant.book([claim(skis, 0, 60, 2)], actor="ann").ok
    assert tenant.join_waitlist([claim(skis, 30, 60, 3)], actor="ben").code == "joined"
    free = [(x.start, x.end) for x in tenant.free(skis, **window)]
    assert free == [(at(0), at(30)), (at(60), at(120))]
    assert not tenant.is_free(skis, start=at(40), end=at(50))
    assert done(tenant.book([claim(skis, 40, 50)], actor="eve"), o.Full).waiting == 1
    assert tenant.book([claim(skis, 0, 30)], actor="eve").ok
    assert tenant.book([claim(lane, 0, 60)], actor="ann").ok
    waits = done(tenant.join_waitlist([claim(lane, 30, 90)], actor="ben"), o.Joined)
    soonest = tenant.next_free([lane], duration=1800, after=at(0), horizon=at(600))
    assert soonest is not None
    assert soonest.start == at(90)
    assert [(x.start, x.end) for x in tenant.free(lane, **window)] == [(at(90), at(120))]
    assert tenant.cancel(waits.booking_id).ok
    assert [(x.start, x.end) for x in tenant.free(lane, **window)] == [(at(60), at(120))]
    assert tenant.busy(lane, **window)[0].end == at(60), "to wait for a time is not to take it"


def test_a_move_gives_up_a_place_to_who_waits_and_a_smaller_party_stays(tenant: Tenant) -> None:
    lane, other = resource(tenant), resource(tenant, "lane-2")
    booked = done(tenant.book([claim(lane, 0, 60)], actor="ann"), o.Booked)
    waits = done(tenant.join_waitlist([claim(lane, 0, 60)], actor="ben"), o.Joined)
    # Within what it has it is no walk-in, whatever others wait for.
    assert tenant.move(booked.booking_id, [claim(lane, 0, 30)]).ok
    assert stands(tenant, waits.booking_id) is Status.WAITLISTED
    assert done(tenant.move(booked.booking_id, [claim(lane, 0, 60)]), o.Conflict).rule == "waiting"
    assert tenant.move(booked.booking_id, [claim(other, 0, 60)]).ok
    assert stands(tenant, waits.booking_id) is Status.HELD


def test_more_places_are_offered_in_order(tenant: Tenant) -> None:
    yoga = full(tenant)
    waiting = [joins(tenant, f"b{i}") for i in range(4)]
    assert tenant.change_capacity(yoga, 3).ok
    assert [stands(tenant, x) for x in waiting] == [Status.HELD] * 2 + [Status.WAITLISTED] * 2
    assert [x.actor for x in tenant.roster(yoga)] == ["a0", "b0", "b1"]


def test_a_lapsed_offer_goes_to_the_next_before_any_walk_in(clocked: Clocked) -> None:
    tenant = clocked.tenant
    clocked.it_is(T0 - timedelta(days=1))
    yoga = full(tenant)
    ben, cy = joins(tenant, "ben"), joins(tenant, "cy")
    assert tenant.cancel(yoga, actor="a0").ok
    clocked.it_is(T0 - timedelta(days=1) + timedelta(minutes=15))
    # Nobody has cleaned up; the walk-in that finds the offer lapsed is second all the same.
    assert done(tenant.book(yoga, actor="eve"), o.Full).left == 0
    assert (stands(tenant, ben), stands(tenant, cy)) == (Status.EXPIRED, Status.HELD)
    assert tenant.confirm(ben).code == "hold_expired"
    assert tenant.confirm(cy).ok
    assert done(tenant.confirm(cy), o.Confirmed).version == 3, "once more changes nothing"
    sound(clocked.stage, tenant.tenant_id)


def test_what_has_begun_or_is_called_off_is_waited_for_no_longer(clocked: Clocked) -> None:
    tenant, stage = clocked.tenant, clocked.stage
    clocked.it_is(T0 - timedelta(days=1))
    yoga = full(tenant)
    lane = resource(tenant)
    assert tenant.book([claim(lane, 0, 60)], actor="ann").ok
    ben = joins(tenant, "ben")
    cy = done(tenant.join_waitlist([claim(lane, 30, 60)], actor="cy"), o.Joined).booking_id
    made = tenant.define_event(
        "weekly", starts=["2027-03-01T21:00"], duration=3600, time_zone="UTC", capacity=1
    )
    assert made.ok
    lesson = "weekly@2027-03-01T21:00"
    assert tenant.book(lesson, actor="ann").ok
    dan = joins(tenant, "dan", bookable=lesson)

    def clean() -> None:
        pool: Any = None  # for other jobs
        working = Working(engine=stage.engines[0], pool=pool, stopping=asyncio.Event())
        stage.run(end_waiting(working))

    clean()
    assert stands(tenant, ben) is Status.WAITLISTED
    clocked.it_is(T0)
    clean()
    assert (stands(tenant, ben), stands(tenant, cy)) == (Status.EXPIRED, Status.WAITLISTED)
    assert done(tenant.join_waitlist(yoga, actor="eve"), o.WaitlistClosed).reason
    clocked.it_is(at(30))
    clean()
    assert stands(tenant, cy) is Status.EXPIRED
    # Nobody is offered a seat on what does not take place, though all of them are free.
    edit = tenant.edit_event(
        "weekly", scope="this", at="2027-03-01T21:00", cancelled=True, on_dropped="call_off"
    )
    assert edit.ok, edit
    assert stands(tenant, dan) is Status.EXPIRED
    clean()
    sound(stage, tenant.tenant_id)


def test_the_clock_steps_back_and_nobody_loses_their_place(clocked: Clocked) -> None:
    tenant = clocked.tenant
    clocked.it_is(T0 - timedelta(days=1))
    yoga = full(tenant)
    ben = joins(tenant, "ben")
    clocked.it_is(T0 - timedelta(days=1, seconds=3))
    cy = joins(tenant, "cy")
    assert line(tenant) == [("ben", 1), ("cy", 2)]
    assert tenant.cancel(yoga, actor="a0").ok
    assert (stands(tenant, ben), stands(tenant, cy)) == (Status.HELD, Status.WAITLISTED)
    clocked.it_is(T0 - timedelta(days=2))
    done(tenant.release(ben), o.ClockBehind)
    done(tenant.join_waitlist(yoga, actor="dan"), o.ClockBehind)
    clocked.it_is(T0 - timedelta(days=1))
    assert tenant.release(ben).ok
    assert stands(tenant, cy) is Status.HELD


def test_whoever_is_elsewhere_at_that_time_is_passed_over(tenant: Tenant) -> None:
    assert tenant.define_occurrence("yoga", start=at(0), end=at(60), capacity=1).ok
    assert tenant.define_occurrence("spin", start=at(30), end=at(90), capacity=1).ok
    assert tenant.book("yoga", actor="ann").ok
    ben, cy = joins(tenant, "ben"), joins(tenant, "cy")
    # To wait takes no time of one's own.
    assert tenant.book("spin", actor="ben").ok
    assert tenant.cancel("yoga", actor="ann").ok
    assert (stands(tenant, ben), stands(tenant, cy)) == (Status.EXPIRED, Status.HELD)


def test_a_slot_of_a_service_is_waited_for_with_all_it_needs(tenant: Tenant) -> None:
    for room in ("room-1", "room-2"):
        resource(tenant, room)
    rooms = Need(of=("room-1", "room-2"), any=1)
    made = part(tenant, "catalogue").create_service(
        "massage",
        Terms(name="Massage", needs=(rooms,), duration_seconds=3600, hold_seconds=300),
        max_simultaneous_bookings=5,
    )
    assert was(Saved, made).row.waitlist is WaitPolicy.FIFO
    reserve, slot = desk(tenant).reserve, SLOT
    first, second = (was(Reserved, reserve("massage", **slot)) for _ in range(2))
    refused = was(o.Conflict, reserve("massage", **slot))
    assert refused.rule == "any_of"
    joined = was(o.Joined, desk(tenant).join_waitlist("massage", **slot, contact=ANN))
    assert (joined.bookable, joined.position) == ("service:massage", 1)
    named = was(o.Joined, desk(tenant).join_waitlist("massage", **slot, actor="ben"))
    assert named.position == 2
    there = was(Reservation, desk(tenant).validate(joined.booking_id))
    assert (there.status, there.valid, there.position) == (Status.WAITLISTED, False, 1)
    # What comes free is the room: the line is the service's, and hears of it.
    assert tenant.release(first.reservation_id).ok
    offered = was(Reservation, desk(tenant).validate(joined.booking_id))
    assert (offered.status, offered.valid, offered.chosen) == (Status.HELD, True, ("room-1",))
    assert offered.position is None
    assert tenant.slots("massage", start=at(0), end=at(60)) == []
    assert was(Appointment, desk(tenant).commit(joined.booking_id, contact=ANN)).chosen
    assert tenant.release(second.reservation_id).ok
    view = tenant.booking(named.booking_id)
    assert view.status is Status.HELD
    assert {x.bookable for x in view.claims if x.live} == {"service:massage", "room-2"}
    journal = {x.stream for x in tenant.booking_journal(named.booking_id) if x.type == "joined"}
    assert journal == {"service:massage", "room-1", "room-2"}


def test_slots_that_others_wait_for_are_not_offered(tenant: Tenant) -> None:
    massage = service(tenant, capacity=2, duration_seconds=3600)
    assert tenant.define_pool("towels", capacity=3, actor_time="allow").ok
    for _ in range(2):
        assert desk(tenant).reserve(massage, **SLOT).ok
    waits = was(o.Joined, desk(tenant).join_waitlist(massage, **SLOT, actor="ben"))
    held = tenant.bookings(bookable="service:massage", status="HELD").items
    day: dict[str, Any] = {"start": at(-120), "end": at(180)}
    before = tenant.slots(massage, **day, step=1800)
    assert {x.start for x in before} == {at(m) for m in (-120, -90, -60, 60, 90, 120, 150)}
    # A first party too large for what is left keeps the slot from all others.
    assert was(o.Full, desk(tenant).reserve(massage, start=at(30), end=at(90))).waiting == 1
    left = was(Capacity, desk(tenant).capacity(massage, **SLOT))
    assert left.available_slots == 0
    assert tenant.release(held[0].booking_id).ok
    assert tenant.confirm(waits.booking_id).ok
    assert tenant.release(held[1].booking_id).ok
    assert [x.left for x in tenant.slots(massage, **day, step=1800) if x.start == at(0)] == [1]


def test_a_service_may_have_no_line(tenant: Tenant) -> None:
    create = part(tenant, "catalogue").create_service
    terms = Terms(name="Massage", duration_seconds=3600)
    made = was(Saved, create("m", terms, max_simultaneous_bookings=1, waitlist="closed"))
    assert made.row.waitlist is WaitPolicy.CLOSED
    assert desk(tenant).reserve("m", **SLOT).ok
    was(o.WaitlistClosed, desk(tenant).join_waitlist("m", **SLOT, actor="ben"))
    other = create("m", terms, max_simultaneous_bookings=1)
    assert was(o.AlreadyDefined, other).field == "waitlist"
    was(o.UnknownBookable, desk(tenant).join_waitlist("n", **SLOT, actor="ben"))
    late = desk(tenant).join_waitlist("m", **SLOT, actor="ben", offer_seconds=10**6)
    assert was(o.Invalid, late).field == "offer_seconds"


def test_any_two_of_three_lanes_are_waited_for_in_the_line_of_the_first_claim(
    tenant: Tenant,
) -> None:
    shoes = pool(tenant, "shoes", 10)
    lanes = tuple(resource(tenant, f"lane-{i}") for i in range(3))
    of_lane = [
        done(tenant.book([claim(x, 0, 60)], actor="ann"), o.Booked).booking_id for x in lanes
    ]
    two = Choice(of=lanes, any=2, start=at(0), end=at(60))
    joined = done(
        tenant.join_waitlist([claim(shoes, 0, 60, 4)], choices=[two], actor="ben"), o.Joined
    )
    assert joined.bookable == shoes
    assert tenant.cancel(of_lane[0]).ok
    assert stands(tenant, joined.booking_id) is Status.WAITLISTED
    assert tenant.cancel(of_lane[2]).ok
    claims = {x.bookable: x.units for x in tenant.booking(joined.booking_id).claims if x.live}
    assert claims == {shoes: 4, "lane-0": 1, "lane-2": 1}


def test_a_key_joins_once(tenant: Tenant) -> None:
    full(tenant)
    tap = tenant.join_waitlist("yoga", actor="ben", key="tap")
    assert tenant.join_waitlist("yoga", actor="ben", key="tap") == tap
    done(tenant.join_waitlist("yoga", actor="ben", units=1, key="tap-2"), o.AlreadyWaiting)
    done(tenant.join_waitlist("yoga", actor="cy", key="tap"), o.KeyReused)
    # What was answered first stays the answer, whatever has become of it since.
    assert tenant.cancel("yoga", actor="a0").ok
    assert tenant.join_waitlist("yoga", actor="ben", key="tap") == tap
    assert line(tenant) == []


def test_a_forgotten_person_leaves_the_lines_first(tenant: Tenant) -> None:
    yoga = full(tenant)
    lane = resource(tenant)
    assert tenant.book([claim(lane, 0, 60)], actor="ann").ok
    ben = joins(tenant, "ben")
    other = done(tenant.join_waitlist([claim(lane, 0, 60)], actor="ben"), o.Joined).booking_id
    cy = joins(tenant, "cy")
    assert tenant.forget("ben").bookings == 2
    assert (stands(tenant, ben), stands(tenant, other)) == (Status.CANCELLED, Status.CANCELLED)
    assert line(tenant) == [("cy", 1)]
    assert tenant.cancel(yoga, actor="a0").ok
    assert stands(tenant, cy) is Status.HELD
