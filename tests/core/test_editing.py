"""Editing an event: what it does to occurrences and bookings, and when it does nothing."""

from typing import Any

import msgspec
import pytest
from hypothesis import given as hypothesis_given
from hypothesis import settings
from hypothesis import strategies as st
from tests.core import given as g
from tests.core.given import between, claim

from lastseat.core import commands as c
from lastseat.core import events as e
from lastseat.core import outcomes as o
from lastseat.core.decide import settle
from lastseat.core.defining import open_occurrence
from lastseat.core.events import ActorTime, Kind
from lastseat.core.schedule import Override, Schedule, Segment
from lastseat.core.state import Entry, undefined
from lastseat.core.validate import validate
from lastseat.core.world import World

YOGA = msgspec.structs.replace(
    g.event("yoga", 2, "2026-11-23T18:00", "2026-11-30T18:00"), actor_time=ActorTime.REFUSE
)
FIRST, SECOND = "yoga@2026-11-23T18:00", "yoga@2026-11-30T18:00"
WEEK = 7 * 24 * 60
MONDAYS = Schedule((Segment("2026-11-23T19:00", 3600, ("FREQ=WEEKLY",)),))
BOOKED = (YOGA, g.book("ann", claim(FIRST)), g.book("ben", claim(FIRST), number=2))
OWN_ANN = "actor:surrogate-ann"


def edit(*edits: c.OccurrenceEdit, **more: Any) -> c.EditEvent:
    more = {"capacity": 2, "followers": tuple(x.bookable for x in edits), **more}
    return c.EditEvent(**g.BASE, event="yoga", edits=edits, **more)


def moved(name: str, start: int, **more: Any) -> c.OccurrenceEdit:
    return c.OccurrenceEdit(bookable=name, during=between(start, start + 60), **more)


def told(entries: list[Entry]) -> list[tuple[str, e.Event]]:
    return [(entry.stream, entry.event) for entry in entries]


def test_a_rule_takes_the_place_of_listed_starts() -> None:
    world = g.given(YOGA)
    outcome, entries = settle(world, edit(schedule=MONDAYS))
    assert outcome == o.EventEdited(event="yoga", seq=2)
    assert told(entries) == [("yoga", e.ScheduleChanged(MONDAYS))]
    assert entries[0].lead
    event = world.bookables["yoga"]
    assert (event.schedule, event.starts, event.seconds) == (MONDAYS, (), 0)


def test_bookings_move_along_with_their_seats_and_their_actors_time() -> None:
    world = g.given(*BOOKED)
    outcome, entries = settle(world, edit(moved(FIRST, 60), schedule=MONDAYS))
    assert outcome == o.EventEdited(event="yoga", seq=2, changed=(FIRST,))
    own = e.ClaimMade(3, 1, between(60, 120), None, exclusive=True, override=True)
    assert told(entries)[:4] == [
        ("yoga", e.ScheduleChanged(MONDAYS)),
        (FIRST, e.Rescheduled(between(60, 120))),
        (FIRST, e.Moved("surrogate-ann")),
        (OWN_ANN, e.Moved("surrogate-ann", (2,), (own,))),
    ]
    leads = [(x.booking_id, x.version) for x in entries if x.lead]
    assert leads == [(None, None), (g.an_id(1), 2), (g.an_id(2), 2)]
    assert [x.place for x in world.bookables[FIRST].claims.values()] == [1, 2]
    assert {x.during for x in world.bookables[FIRST].claims.values()} == {between(60, 120)}
    # The hour before is hers again, and the new one is not.
    world.bookables["lane"] = g.given(g.resource("lane", ActorTime.REFUSE)).bookables["lane"]
    there = g.when(world, g.book("ann", claim("lane", 1, 60, 120), number=3))[0]
    assert isinstance(there, o.ActorBusy)
    assert g.when(world, g.book("ann", claim("lane", 1, 0, 60), number=3))[0].ok


def test_of_a_booking_of_several_things_only_the_occurrence_moves() -> None:
    lane = g.resource("lane", ActorTime.REFUSE)
    both = g.book("ann", claim(FIRST), claim("lane", 1, 60, 120))
    world = g.given(YOGA, lane, both)
    settle(world, edit(moved(FIRST, 180)))
    booking = world.bookings[g.an_id(1)]
    assert {(x.bookable, x.during) for x in booking.claims.values()} == {
        (FIRST, between(180, 240)),
        ("lane", between(60, 120)),
        (OWN_ANN, between(60, 120)),
        (OWN_ANN, between(180, 240)),
    }


def test_a_booking_that_takes_nobodys_time_has_a_new_version_all_the_same() -> None:
    allow = msgspec.structs.replace(YOGA, actor_time=ActorTime.ALLOW)
    world = g.given(allow, g.book("ann", claim(FIRST)))
    _, entries = settle(world, edit(moved(FIRST, 60)))
    assert told(entries) == [
        (FIRST, e.Rescheduled(between(60, 120))),
        (FIRST, e.Moved("surrogate-ann")),
    ]
    assert world.bookings[g.an_id(1)].version == 2


def test_calling_off_cancels_the_bookings_as_a_whole_and_nothing_more_can_be_booked() -> None:
    lane = g.resource("lane")
    both = g.book("ann", claim(FIRST), claim("lane", 1, 60, 120))
    world = g.given(YOGA, lane, both)
    outcome, _ = settle(world, edit(c.OccurrenceEdit(bookable=FIRST, call_off=True)))
    assert outcome == o.EventEdited(event="yoga", seq=1, changed=(FIRST,))
    assert world.bookings[g.an_id(1)].status == "CANCELLED"
    assert not world.bookables["lane"].claims
    assert world.bookables[FIRST].taken == 0
    refusal = o.NotBookable(
        rule="called_off", actor="ben", bookable=FIRST, owner=FIRST, during=between(0, 60)
    )
    assert g.when(world, g.book("ben", claim(FIRST), number=2))[0] == refusal
    forced = g.book("ben", claim(FIRST), number=2, override=True, reason="the mayor")
    assert g.when(world, forced)[0] == refusal
    elsewhere = g.run(world, g.book("ben", claim(SECOND), number=2))
    assert g.when(elsewhere, g.move(g.to(2, claim(FIRST))))[0] == refusal


def test_one_that_was_called_off_takes_place_again() -> None:
    off = c.OccurrenceEdit(bookable=FIRST, call_off=True)
    world = g.given(YOGA, g.book("ann", claim(FIRST)), edit(off))
    assert told(g.when(world, edit(off))[1]) == [], "it is called off once"
    outcome, entries = settle(world, edit(moved(FIRST, 0)))
    assert told(entries) == [(FIRST, e.Rescheduled(between(0, 60)))]
    assert outcome.ok
    assert g.when(world, g.book("ben", claim(FIRST), number=2))[0].ok


def test_what_is_over_for_a_booking_stays_over() -> None:
    world = g.given(YOGA, g.book("ann", claim(FIRST)), g.book("ben", claim(FIRST), number=2))
    g.run(world, g.check_in(1), g.complete(1))
    settle(world, edit(c.OccurrenceEdit(bookable=FIRST, call_off=True)))
    assert [world.bookings[g.an_id(x)].status for x in (1, 2)] == ["COMPLETED", "CANCELLED"]


def test_a_booking_on_two_occurrences_goes_through_each_edit_once() -> None:
    world = g.given(YOGA, g.book("ann", claim(FIRST), claim(SECOND)))
    _, entries = settle(world, edit(moved(FIRST, 60), moved(SECOND, WEEK + 60)))
    assert sum(entry.lead and entry.booking_id is not None for entry in entries) == 1
    own = [x.during for x in world.bookings[g.an_id(1)].claims.values() if x.no > 2]
    assert own == [between(60, 120), between(WEEK + 60, WEEK + 120)]


def test_one_moved_and_the_other_called_off_cancels_it() -> None:
    world = g.given(YOGA, g.book("ann", claim(FIRST), claim(SECOND)))
    off = c.OccurrenceEdit(bookable=SECOND, call_off=True)
    settle(world, edit(moved(FIRST, 60), off))
    assert world.bookings[g.an_id(1)].status == "CANCELLED"
    assert world.bookables[FIRST].taken == 0


def test_a_capacity_of_its_own_and_its_events_again() -> None:
    world = g.given(YOGA, g.book("ann", claim(FIRST)))
    own = c.OccurrenceEdit(bookable=FIRST, capacity=5, own=True)
    assert told(settle(world, edit(own))[1]) == [(FIRST, e.CapacityChanged(5, 0, own=True))]
    later = c.OccurrenceEdit(bookable=FIRST, capacity=3)
    _, entries = settle(world, edit(later, capacity=3))
    assert told(entries) == [("yoga", e.CapacityChanged(3))], "it does not follow its event"
    _, entries = settle(world, edit(msgspec.structs.replace(later, own=False), capacity=3))
    assert told(entries) == [(FIRST, e.CapacityChanged(3, 0, own=False))]


def test_overbooking_is_asked_for_by_name() -> None:
    world = g.given(*BOOKED)
    less = c.OccurrenceEdit(bookable=FIRST, capacity=1)
    refusal, entries = g.when(world, edit(less, capacity=1))
    assert (refusal, entries) == (o.BelowTaken(bookable=FIRST, capacity=2, taken=2), [])
    anyway = msgspec.structs.replace(less, overbook=True)
    assert settle(world, edit(anyway, capacity=1))[0].ok
    assert (world.bookables[FIRST].capacity, world.bookables[FIRST].overbooked) == (1, 1)


EMPTY = c.OccurrenceEdit(bookable=FIRST, call_off=True, empty=True)


@pytest.mark.parametrize(
    ("command", "refusal"),
    [
        (edit(EMPTY), o.Conflict(rule="booked", bookable=FIRST)),
        (edit(), o.Conflict(rule="followers", bookable="yoga")),
        (
            edit(EMPTY, followers=(FIRST, SECOND)),
            o.Conflict(rule="followers", bookable="yoga"),
        ),
        (
            msgspec.structs.replace(edit(EMPTY), expected={"yoga": 7}),
            o.Conflict(rule="expected_seq", bookable="yoga", actual=1),
        ),
        (
            edit(c.OccurrenceEdit(bookable=SECOND, call_off=True), followers=(FIRST,)),
            o.Invalid(
                field="edits[0].bookable",
                reason="is no occurrence of the event that anybody asked for yet",
            ),
        ),
        (
            msgspec.structs.replace(edit(), event="lane"),
            o.UnknownBookable(bookable="lane"),
        ),
        (
            msgspec.structs.replace(edit(), event="nowhere"),
            o.UnknownBookable(bookable="nowhere"),
        ),
    ],
    ids=["booked", "opened", "more", "sequence", "no occurrence", "no event", "nothing"],
)
def test_a_stale_picture_changes_nothing(command: c.EditEvent, refusal: o.AnyOutcome) -> None:
    world = g.given(YOGA, g.resource("lane"), g.book("ann", claim(FIRST)))
    world.followers.setdefault("nowhere", ())
    assert g.when(world, command) == (refusal, [])


def test_more_bookings_than_one_edit_may_touch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lastseat.core.limits.EDITED_BOOKINGS", 1)
    refusal, entries = g.when(g.given(*BOOKED), edit(moved(FIRST, 60)))
    assert isinstance(refusal, o.Invalid)
    assert (refusal.field, entries) == ("edits", [])
    assert g.when(g.given(*BOOKED), edit(c.OccurrenceEdit(bookable=FIRST, capacity=3)))[0].ok


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"event": ""}, "event"),
        ({"capacity": 0}, "capacity"),
        ({"schedule": "weekly"}, "schedule"),
        ({"schedule": Schedule((Segment("x", "an hour"),))}, "schedule.segments[0].seconds"),  # type: ignore[arg-type]
        ({"followers": [FIRST]}, "followers"),
        ({"edits": ("x",)}, "edits[0]"),
        ({"edits": (moved(FIRST, 0), moved(FIRST, 60))}, "edits"),
        ({"edits": (c.OccurrenceEdit(bookable=FIRST, capacity=-1),)}, "edits[0].capacity"),
        (
            {"edits": (c.OccurrenceEdit(bookable=FIRST, during=between(60, 0)),)},
            "edits[0].during.end",
        ),
    ],
)
def test_what_is_no_edit_is_refused_by_field(change: dict[str, Any], field: str) -> None:
    invalid = validate(msgspec.structs.replace(edit(), **change))
    assert invalid is not None
    assert invalid.field == field


def test_an_occurrence_is_opened_as_its_schedule_says() -> None:
    event = g.given(YOGA).bookables["yoga"]
    world = World(g.T0)
    world.bookables[FIRST] = undefined(FIRST)
    world.apply(open_occurrence(event, FIRST, between(0, 60), 7, called_off=True))
    state = world.bookables[FIRST]
    assert (state.kind, state.capacity, state.own_capacity) == (Kind.OCCURRENCE, 7, True)
    assert state.called_off
    assert [entry.lead for entry in world.entries] == [True, False, False]


def test_the_same_schedule_again_is_the_same_event() -> None:
    ruled = msgspec.structs.replace(YOGA, starts=(), seconds=0, schedule=MONDAYS)
    world = g.given(ruled)
    assert settle(world, ruled)[0] == o.Defined(bookable="yoga", created=False)
    other = Schedule(MONDAYS.segments, (Override("2026-11-30T19:00", cancelled=True),))
    again = msgspec.structs.replace(ruled, schedule=other)
    assert settle(world, again)[0] == o.AlreadyDefined(bookable="yoga", field="schedule")


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("book"), st.integers(0, 4), st.sampled_from([FIRST, SECOND])),
        st.tuples(st.just("cancel"), st.integers(1, 20), st.none()),
        st.tuples(st.just("move"), st.integers(0, 6), st.sampled_from([FIRST, SECOND])),
        st.tuples(st.just("off"), st.none(), st.sampled_from([FIRST, SECOND])),
    ),
    max_size=20,
)


@settings(deadline=None)
@hypothesis_given(steps=STEPS)
def test_whatever_is_edited_the_journal_tells_it_and_no_booking_is_lost(
    steps: list[tuple[str, Any, Any]],
) -> None:
    world = g.given(YOGA)
    for number, (what, which, name) in enumerate(steps, 1):
        opened = tuple(world.followers["yoga"])
        match what:
            case "book":
                command: c.AnyCommand = g.book(f"actor {which}", claim(name), number=number)
            case "cancel":
                command = g.cancel(which)
            case "move":
                only = (moved(name, 60 * which),) if name in opened else ()
                command = edit(*only, followers=opened)
            case _:
                off = (c.OccurrenceEdit(bookable=name, call_off=True),) if name in opened else ()
                command = edit(*off, followers=opened)
        live = {x for x, booking in world.bookings.items() if booking.live}
        g.prepare(world, command)
        settle(world, command)
        if what == "move":
            assert {x for x, booking in world.bookings.items() if booking.live} == live
        for booking in world.bookings.values():
            seats = [x for x in booking.claims.values() if x.bookable.startswith("yoga@")]
            own = [x for x in booking.claims.values() if x.bookable.startswith("actor:")]
            assert [x.during for x in seats] == [x.during for x in own]
            assert bool(seats) == booking.live
    again = g.later_batch(world.entries, world)
    for name in world.bookables:
        mine, theirs = world.bookables[name], again.bookables[name]
        if mine.seq and theirs.seq:
            assert repr(mine) == repr(theirs)
