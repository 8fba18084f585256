"""To whom goes what comes free (MISSION C7): offered in the step that freed it, in order."""

from collections.abc import Callable, Iterable
from time import process_time

import pytest
from tests.core import given as g
from tests.core.given import an_id, at, between, claim

from lastseat.core import commands as c
from lastseat.core import outcomes as o
from lastseat.core import waiting
from lastseat.core.decide import expire_due, settle
from lastseat.core.events import ActorTime, WaitPolicy
from lastseat.core.status import Status
from lastseat.core.world import World

FITS = WaitPolicy.FIRST_THAT_FITS
SEAT, TWO, THREE = (claim("show", units) for units in (1, 2, 3))


def show(capacity: int = 2, line: WaitPolicy = WaitPolicy.FIFO) -> c.Define:
    return g.occurrence("show", capacity, 600, 660, line=line)


def hour(name: str, start: int, end: int, units: int = 1) -> c.Claim:
    """Minutes after 600, so that it is not over when waiting is."""
    return claim(name, units, 600 + start, 600 + end)


def held(world: World) -> list[int]:
    """The offers there are, by number, in the order they were made."""
    made = dict.fromkeys(x.booking_id for x in world.entries if type(x.event).__name__ == "Offered")
    return [n for n in map(number_of, made) if status(world, n) is Status.HELD]


def number_of(booking_id: str | None) -> int:
    assert booking_id is not None
    return int(booking_id.replace("-", ""), 16)


def status(world: World, number: int) -> Status:
    return world.bookings[an_id(number)].status


def waits(world: World, *numbers: int) -> bool:
    return all(status(world, x) is Status.WAITLISTED for x in numbers)


def forget(world: World, number: int) -> None:
    """Nobody knows any more who waits there."""
    waiter = world.bookings[an_id(number)].waiter
    assert waiter is not None
    waiter.actor = None


def lapse(world: World, minutes: int = 11) -> World:
    """Time goes by and the next batch looks."""
    world.now = at(minutes)
    g.prepare(world, g.expire(999))
    expire_due(world)
    return world


EVE = g.book("eve", TWO, number=90)
LINE = (g.join("ann", SEAT, number=1), g.join("ben", SEAT, number=2), g.join("cy", SEAT, number=3))


@pytest.mark.parametrize(
    ("first", "frees", "offered"),
    [
        (EVE, g.cancel(90), [1, 2]),
        (g.hold("eve", TWO, number=90), g.release(90), [1, 2]),
        (g.hold("eve", TWO, number=90), g.cancel(90), [1, 2]),
        (EVE, g.move(g.to(90, claim("other", 2))), [1, 2]),
        (EVE, g.move(g.to(90, SEAT)), [1]),
        (EVE, g.change("show", 3), [1]),
        (EVE, g.change("show", 9), [1, 2, 3]),
    ],
    ids=["cancel", "release", "cancel a hold", "move", "a smaller party", "1 more", "7 more"],
)
def test_a_place_is_offered_in_the_step_that_frees_it(
    first: c.Book, frees: c.AnyCommand, offered: list[int]
) -> None:
    world = g.given(show(), g.occurrence("other", 2, 600, 660), first, *LINE)
    assert held(world) == []
    g.run(world, frees)
    assert held(world) == offered
    assert world.bookables["show"].waiting == 3 - len(offered)


def test_an_expired_hold_is_offered_in_the_step_that_journals_it() -> None:
    world = g.given(show(), g.hold("eve", TWO, number=90), *LINE)
    lapse(world)
    assert held(world) == [1, 2]
    assert world.bookings[an_id(1)].expires_at == at(21)


def test_leaving_the_line_makes_way_for_those_behind() -> None:
    world = g.given(show(), g.book("eve", SEAT, number=90))
    g.run(world, g.join("ann", TWO, number=1), g.join("ben", SEAT, number=2))
    assert waits(world, 1, 2)
    g.run(world, g.cancel(1))
    assert held(world) == [2]


@pytest.mark.parametrize(
    "ends", [g.release(1), g.cancel(1), None], ids=["declined", "left", "lapsed"]
)
def test_an_offer_that_is_not_taken_goes_on_to_the_next(ends: c.AnyCommand | None) -> None:
    world = g.given(show(1), g.book("eve", SEAT, number=90), *LINE)
    g.run(world, g.cancel(90))
    assert held(world) == [1]
    if ends is None:
        lapse(world)
    else:
        g.run(world, ends)
    assert held(world) == [2]
    assert waits(world, 3)
    assert world.bookings[an_id(2)].expires_at == world.now + (at(10) - at(0))


def test_an_offer_that_is_taken_is_a_booking() -> None:
    world = g.given(show(1), g.book("eve", SEAT, number=90), *LINE)
    g.run(world, g.cancel(90), g.confirm(1))
    assert status(world, 1) is Status.CONFIRMED
    lapse(world, 30)
    assert held(world) == []
    assert waits(world, 2, 3)


def test_fifo_the_first_in_line_is_in_the_way_of_everybody() -> None:
    """A party of two waits for the second seat: nobody takes the first one from under them."""
    world = g.given(show(), EVE, g.join("ann", TWO, number=1), g.join("ben", SEAT, number=2))
    g.run(world, g.move(g.to(90, SEAT)))
    assert waits(world, 1, 2)
    walk_in = o.Full(
        actor="cy",
        bookable="show",
        capacity=2,
        left=0,
        during=between(600, 660),
        waiting=2,
        can_join_waitlist=True,
    )
    assert g.answer(world, g.book("cy", SEAT, number=3)) == walk_in
    assert g.answer(world, g.hold("cy", SEAT, number=3)) == walk_in
    ann = g.answer(world, g.book("ann", SEAT, number=3))
    assert ann.code is o.Code.FULL, "the first in line is no walk-in either: they wait for two"
    g.run(world, g.cancel(90))
    assert held(world) == [1]


def test_first_that_fits_passes_those_who_do_not() -> None:
    first = show(line=FITS), EVE, g.join("ann", TWO, number=1), g.join("ben", SEAT, number=2)
    world = g.given(*first)
    g.run(world, g.move(g.to(90, SEAT)))
    assert held(world) == [2]
    assert waits(world, 1)
    world = g.given(*first[:3], g.move(g.to(90, SEAT)))
    assert waits(world, 1)
    assert g.answer(world, g.book("cy", SEAT, number=3)).ok, "a walk-in has what fits nobody"


def test_a_walk_in_is_refused_on_a_lane_somebody_waits_for() -> None:
    """Ann waits for more than is free: the rest of that time is not sold from under her."""
    world = g.given(
        g.resource("lane"),
        g.book("eve", hour("lane", 0, 60), number=90),
        g.join("ann", hour("lane", 30, 90), number=1),
    )
    waiting_there = o.Conflict(
        rule="waiting",
        actor="ben",
        bookable="lane",
        during=between(660, 720),
        can_join_waitlist=True,
    )
    assert g.answer(world, g.book("ben", hour("lane", 60, 120), number=2)) == waiting_there
    assert g.answer(world, g.book("ben", hour("lane", 90, 120), number=2)).ok
    either = g.resource("other"), g.choice(1, "lane", "other", start=660, end=720)
    g.run(world, either[0])
    picked = g.answer(world, g.picking("ben", either[1], number=2))
    assert isinstance(picked, o.Booked)
    assert picked.chosen == ("other",)
    alone = g.choice(1, "lane", start=660, end=720)
    assert g.answer(world, g.picking("ben", alone, number=2)).code is o.Code.CONFLICT


def test_an_override_passes_the_line() -> None:
    world = g.given(show(), EVE, *LINE)
    outcome, _ = settle(world, g.book("ann", SEAT, number=9, override=True, reason="x"))
    assert outcome.ok
    assert waits(world, 1, 2, 3)


def test_series_and_moves_are_walk_ins() -> None:
    world = g.given(
        show(),
        g.book("eve", SEAT, number=90),
        g.join("ann", TWO, number=1),
        g.occurrence("other", 9, 600, 660),
        g.book("ben", claim("other"), number=2),
    )
    date = g.date(5, SEAT)
    assert g.answer(world, g.series("cy", date)).code is o.Code.SERIES_REFUSED
    refused = g.answer(world, g.move(g.to(2, SEAT)))
    assert isinstance(refused, o.Full)
    assert refused.waiting == 1
    assert g.answer(world, g.move(g.to(90, TWO))).code is o.Code.FULL, "nor may a party grow"


def test_a_move_that_takes_no_more_than_it_leaves_is_no_walk_in() -> None:
    world = g.given(g.resource("lane"), g.resource("other"), g.pool("skis", 4))
    g.run(
        world,
        g.book("eve", hour("lane", 0, 60), number=90),
        g.book("ben", hour("other", 0, 60), number=91),
        g.book("cy", hour("skis", 0, 60, 2), number=92),
        g.book("dee", hour("skis", 0, 120, 1), number=93),
        g.join("ann", hour("lane", 0, 60), number=1),
        g.join("ann", hour("skis", 0, 120, 3), number=2),
    )
    swap = g.move(g.to(90, hour("other", 0, 60)), g.to(91, hour("lane", 0, 60)))
    assert g.answer(world, swap).ok
    assert g.answer(world, g.move(g.to(90, hour("lane", 0, 30)))).ok
    assert g.answer(world, g.move(g.to(90, hour("lane", 0, 90)))).code is o.Code.CONFLICT
    swap = g.move(g.to(92, hour("skis", 0, 60, 1)), g.to(93, hour("skis", 0, 60, 2)))
    assert g.answer(world, swap).ok, "together they take no more"
    grown = g.move(g.to(92, hour("skis", 0, 60, 1)), g.to(93, hour("skis", 0, 120, 2)))
    assert g.answer(world, grown).code is o.Code.FULL, "from 60 on they take one more"


def test_overlapping_times_are_one_line_and_others_are_not() -> None:
    """Ann is in Ben's way, Ben in Cy's, nobody in Dee's."""
    world = g.given(g.limit("service:tour", 2))
    tour = "service:tour"
    g.run(
        world,
        g.book("eve", hour(tour, 0, 30, 2), number=90),
        g.join("ann", hour(tour, 0, 60, 2), number=1),
        g.join("ben", hour(tour, 45, 90), number=2),
        g.join("cy", hour(tour, 60, 120, 2), number=3),
        g.join("dee", hour(tour, 120, 150, 2), number=4),
    )
    assert held(world) == [4]
    assert waits(world, 1, 2, 3)
    assert g.answer(world, g.book("flo", hour(tour, 90, 120), number=5)).code is o.Code.FULL
    g.run(world, g.cancel(1))
    assert held(world) == [4, 2], "Ben had been behind Ann alone"
    assert waits(world, 3)
    g.run(world, g.release(2))
    assert held(world) == [4, 3]


def test_who_was_behind_one_who_is_passed_over_has_their_turn() -> None:
    """And so on: nothing came free for Cy but by way of those before him."""
    world = g.given(g.limit("service:tour", 2))
    tour = "service:tour"
    g.run(
        world,
        g.book("eve", hour(tour, 0, 30, 2), number=90),
        g.join("ann", hour(tour, 0, 60, 2), number=1),
        g.join("ben", hour(tour, 45, 90, 2), number=2),
        g.join("cy", hour(tour, 80, 120, 2), number=3),
    )
    for number in (1, 2):
        forget(world, number)
    g.run(world, g.cancel(90))
    assert [status(world, x) for x in (1, 2)] == [Status.EXPIRED, Status.EXPIRED]
    assert held(world) == [3]


def test_an_offer_makes_way_for_those_who_were_only_behind_it() -> None:
    world = g.given(g.pool("skis", 2))
    g.run(
        world,
        g.book("eve", hour("skis", 0, 30, 2), number=90),
        g.join("ann", hour("skis", 0, 60), number=1),
        g.join("ben", hour("skis", 40, 90), number=2),
        g.cancel(90),
    )
    assert held(world) == [1, 2]


BUSY = g.occurrence("busy", 9, 600, 660, ActorTime.REFUSE)
Spoil = Callable[[World], object]


def busy_elsewhere(world: World) -> None:
    g.run(world, g.book("ann", claim("busy"), number=8))


def seated_already(world: World) -> None:
    g.run(world, g.book("ann", SEAT, number=8, override=True, reason="the mayor"))
    g.run(world, g.change("show", 3))


def against_a_rule(world: World) -> None:
    g.forbid(world, "lane", 600, 660)


def called_off(world: World) -> None:
    world.bookables["second"].called_off = True


def forgotten(world: World) -> None:
    forget(world, 1)


def more_than_there_are_places(world: World) -> None:
    world.bookables["skis"].capacity = 2


@pytest.mark.parametrize(
    "spoil",
    [
        busy_elsewhere,
        seated_already,
        against_a_rule,
        called_off,
        forgotten,
        more_than_there_are_places,
    ],
)
def test_who_could_not_take_it_is_passed_over_and_leaves_the_line(spoil: Spoil) -> None:
    asked = {
        "busy_elsewhere": claim("yoga"),
        "against_a_rule": hour("lane", 0, 60),
        "called_off": claim("second"),
        "more_than_there_are_places": hour("skis", 0, 60, 3),
    }
    beside = asked.get(spoil.__name__)
    also = () if beside is None else (beside,)
    world = g.given(
        show(2),
        BUSY,
        g.resource("lane"),
        g.pool("skis", 3),
        g.occurrence("second", 9, 600, 660),
        g.occurrence("yoga", 9, 600, 660, ActorTime.REFUSE),
        EVE,
        g.join("ann", SEAT, *also, number=1),
        g.join("ben", SEAT, number=2),
    )
    spoil(world)
    g.run(world, g.cancel(90))
    assert status(world, 1) is Status.EXPIRED
    assert held(world) == [2]
    assert world.bookables["show"].waiting == 0
    assert world.left.keys() == {an_id(1), an_id(2)}
    assert all(not there.waiters for there in world.bookables.values())


def test_what_has_begun_is_offered_to_nobody() -> None:
    world = g.given(show(), EVE, *LINE, now=600)
    g.run(world, g.cancel(90))
    assert [status(world, x) for x in (1, 2, 3)] == [Status.EXPIRED] * 3


def test_who_waits_for_what_has_begun_is_in_nobodys_way() -> None:
    """A party of two was waiting when it began: whoever comes now may have the last seat."""
    world = g.given(show(), g.book("eve", SEAT, number=90), g.join("ann", TWO, number=1))
    assert g.answer(world, g.book("cy", SEAT, number=3)).code is o.Code.FULL
    lapse(world, 600)
    assert status(world, 1) is Status.EXPIRED
    assert g.answer(world, g.book("cy", SEAT, number=3)).ok


def test_one_for_whom_there_is_not_yet_enough_keeps_their_place_and_the_rest_waits() -> None:
    """The lane is what is missing: the tour is free, and nobody passes them there."""
    world = g.given(
        g.limit("service:tour", 1),
        g.resource("lane"),
        g.book("eve", hour("lane", 0, 60), number=90),
        g.join("ann", hour("service:tour", 0, 60), hour("lane", 0, 60), number=1),
        g.join("ben", hour("service:tour", 0, 60), number=2),
    )
    assert waits(world, 1, 2)
    assert g.answer(world, g.book("cy", hour("service:tour", 0, 60), number=3)).code is o.Code.FULL
    g.run(world, g.cancel(90))
    assert held(world) == [1]
    assert {x.bookable for x in world.bookings[an_id(1)].claims.values()} == {
        "service:tour",
        "lane",
    }
    g.run(world, g.release(1))
    assert held(world) == [2]


def test_what_comes_free_is_found_from_any_of_the_things_that_are_waited_for() -> None:
    lanes = ("lane 1", "lane 2")
    world = g.given(g.limit("service:tour", 9), *(g.resource(x) for x in lanes))
    g.run(
        world,
        *(g.book("eve", hour(x, 0, 60), number=90 + i) for i, x in enumerate(lanes)),
        g.join(
            "ann",
            hour("service:tour", 30, 90),
            choices=(g.choice(1, *lanes, start=630, end=690),),
            number=1,
        ),
        g.cancel(91),
    )
    assert held(world) == [1]
    assert [x.bookable for x in world.made][-2:] == ["service:tour", "lane 2"]


def test_a_lanes_own_line_goes_before_those_who_would_take_any_lane() -> None:
    """`service:tour` is before `zane` by name: who waits for the lane itself is first all the same.

    And when those in its line are passed over, it is for those who would take any.
    """
    world = g.given(g.limit("service:tour", 9), g.resource("zane"))
    any_lane = (g.choice(1, "zane", start=600, end=660),)
    g.run(
        world,
        g.book("eve", hour("zane", 0, 60), number=90),
        g.join("ann", hour("service:tour", 0, 60), choices=any_lane, number=1),
        g.join("ben", hour("zane", 0, 60), number=2),
        g.cancel(90),
    )
    assert held(world) == [2]
    g.run(world, g.join("cy", hour("zane", 0, 60), number=3))
    forget(world, 3)
    g.run(world, g.release(2))
    assert status(world, 3) is Status.EXPIRED
    assert held(world) == [1]


def test_an_actor_who_waits_in_two_lines_for_one_time_takes_what_comes_first() -> None:
    refuse = ActorTime.REFUSE
    shows = [g.occurrence(x, 1, 600, 660, refuse) for x in ("early", "late")]
    world = g.given(*shows)
    for i, name in enumerate(("early", "late")):
        g.run(world, g.book("eve" if i else "dee", claim(name), number=90 + i))
        g.run(world, g.join("ann", claim(name), number=1 + i))
    g.run(world, g.cancel(91))
    assert held(world) == [2]
    g.run(world, g.cancel(90))
    assert status(world, 1) is Status.EXPIRED, "they are elsewhere by now"


def test_an_occurrences_new_time_is_offered_to_who_is_free_then() -> None:
    event = g.event("yoga", 1, "2026-11-24T18:00")
    name = "yoga@2026-11-24T18:00"
    world = g.given(event, g.book("eve", claim(name), number=90))
    g.run(world, g.join("ann", claim(name), number=1))
    edit = c.OccurrenceEdit(bookable=name, capacity=2, own=True)
    edited = c.EditEvent(**g.BASE, event="yoga", capacity=1, followers=(name,), edits=(edit,))
    g.run(world, edited)
    assert held(world) == [1]
    g.run(world, g.join("ben", claim(name), number=2))
    off = c.OccurrenceEdit(bookable=name, call_off=True)
    g.run(world, c.EditEvent(**g.BASE, event="yoga", capacity=1, followers=(name,), edits=(off,)))
    assert [status(world, x) for x in (90, 1, 2)] == [
        Status.CANCELLED,
        Status.CANCELLED,
        Status.EXPIRED,
    ]


def lane_freed(world: World, ready: Iterable[int]) -> dict[str, None]:
    """Who has to be made ready, when only some are."""
    g.prepare(world, g.cancel(90))
    world.ready = {an_id(x) for x in ready}
    settle(world, g.cancel(90))
    return world.unready


def test_whose_turn_it_is_has_to_be_ready_and_nobody_else() -> None:
    """The others in the lane's line wait for times that nothing came free in."""
    world = g.given(
        g.resource("lane"),
        g.book("dee", hour("lane", 60, 1000), number=91),
        g.book("eve", hour("lane", 0, 60), number=90),
        *(g.join("ann", hour("lane", 60 * i, 60 * i + 60), number=i) for i in range(1, 6)),
        g.join("ben", hour("lane", 0, 60), number=10),
        g.join("cy", hour("lane", 0, 60), number=11),
    )
    assert lane_freed(world, []).keys() == {an_id(10), an_id(11)}
    assert held(world) == []


def test_more_of_them_are_asked_for_each_time() -> None:
    line = [g.join(f"actor {i}", claim("show", 1), number=i) for i in range(1, 60)]
    for ready in (16, 32, 64):
        world = g.given(show(60), g.book("eve", claim("show", 60), number=90), *line)
        asked = lane_freed(world, range(1, 1 if ready == 16 else ready // 2 + 1))
        first = 1 if ready == 16 else ready // 2 + 1
        expected = range(first, min(first + max(16, ready // 2), 60))
        assert asked.keys() == {an_id(x) for x in expected}


def test_control_nobody_is_touched_by_an_hour_that_they_do_not_wait_for() -> None:
    world = g.given(
        g.resource("lane"),
        g.book("eve", hour("lane", 0, 60), number=90),
        g.join("ann", hour("lane", 30, 90), number=1),
    )
    freed = [waiting.Freed("lane", between(690, 720))]
    assert waiting._lines(world, freed) == []
    assert waiting._lines(world, [waiting.Freed("lane", between(689, 720))]) != []


@pytest.mark.parametrize("line", [WaitPolicy.FIFO, FITS])
def test_a_long_line_costs_no_more_than_its_length(line: WaitPolicy) -> None:
    """Five hundred wait for as many hours of a lane: none of it is compared each with each."""
    world = World(g.T0)
    g.run(world, g.resource("lane", line=line), g.book("eve", hour("lane", 0, 60_000), number=1))
    g.run(world, g.book("dee", hour("lane", 60_000, 60_060), number=2))
    for i in range(500):
        asked = g.join(f"actor {i}", hour("lane", 60 * i, 60 * i + 60), number=10 + i)
        world.actors[asked.actor] = f"surrogate {i}"
        during = asked.claims[0].during
        assert during is not None
        world.broken["lane", during, during] = None
        world.ready.add(asked.booking_id)
        assert settle(world, asked)[0].ok
    started = process_time()
    for _ in range(10):
        waiting.make_offers(world, [waiting.Freed("lane", between(600, 601))])
    assert process_time() - started < 0.2
