"""Series: each date decided as a booking of its own, and what the policy makes of it (H1)."""

import pytest
from tests.core import given as g
from tests.core.given import an_id, choice, claim

from lastseat.core import commands as c
from lastseat.core import events as e
from lastseat.core import outcomes as o
from lastseat.core.decide import settle
from lastseat.core.events import ActorTime
from lastseat.core.outcomes import Code
from lastseat.core.status import Status
from lastseat.core.world import World

DAY = 24 * 60
LANE = g.resource("lane")
ALL, SKIP, FIRST = c.SeriesPolicy
TAKEN = (LANE, g.book("eve", claim("lane", 1, DAY, DAY + 60), number=99))
"""The second of four days is taken."""


def day(number: int) -> c.SeriesDate:
    return g.date(number + 1, claim("lane", 1, number * DAY, number * DAY + 60))


FOUR = [day(i) for i in range(4)]


def codes(outcome: o.AnyOutcome) -> list[Code | None]:
    assert isinstance(outcome, o.SeriesBooked | o.SeriesRefused)
    return [None if x is None else x.code for x in outcome.report]


@pytest.mark.parametrize(
    ("policy", "more", "booked", "report"),
    [
        (ALL, {}, None, ["booked", "conflict", "booked", "booked"]),
        (SKIP, {}, 3, ["booked", "conflict", "booked", "booked"]),
        (FIRST, {"most": 2}, 2, ["booked", "conflict", "booked", None]),
        (FIRST, {"most": 3}, 3, ["booked", "conflict", "booked", "booked"]),
        (FIRST, {"most": 4}, None, ["booked", "conflict", "booked", "booked"]),
    ],
)
def test_a_policy_says_what_becomes_of_a_series_with_a_date_that_is_taken(
    policy: c.SeriesPolicy, more: dict[str, int], booked: int | None, report: list[str | None]
) -> None:
    outcome, entries = g.when(g.given(*TAKEN), g.series("ann", *FOUR, policy=policy, **more))
    assert codes(outcome) == report
    if booked is None:
        assert isinstance(outcome, o.SeriesRefused)
        assert outcome.policy == policy
        assert entries == []
    else:
        assert isinstance(outcome, o.SeriesBooked)
        assert outcome.booked == booked == len(entries)


@pytest.mark.parametrize("policy", [ALL, SKIP])
def test_none_of_the_dates_is_no_series(policy: c.SeriesPolicy) -> None:
    outcome = g.answer(g.given(*TAKEN), g.series("ann", day(1), policy=policy))
    assert codes(outcome) == [Code.CONFLICT]
    assert isinstance(outcome, o.SeriesRefused)


def test_each_date_is_a_booking_of_its_own_and_all_share_the_series() -> None:
    world = g.given(LANE)
    outcome, entries = settle(world, prepared(world, g.series("ann", *FOUR[:2])))
    assert outcome.ok
    assert [entry.booking_id for entry in entries] == [an_id(1), an_id(2)]
    assert all(entry.lead and entry.version == 1 for entry in entries)
    events = [entry.event for entry in entries]
    assert all(isinstance(x, e.Booked) and x.series == an_id(999) for x in events)
    assert {world.bookings[an_id(i)].series for i in (1, 2)} == {an_id(999)}
    assert world.bookings[an_id(1)].actor == "ann"
    run = settle(world, g.cancel(1))[0]
    assert run.ok, "one date is cancelled without the others"


def prepared(world: World, command: c.AnyCommand) -> c.AnyCommand:
    g.prepare(world, command)
    return command


def test_a_date_is_decided_after_those_before_it() -> None:
    twice = g.series("ann", g.date(1, claim("show")), g.date(2, claim("show")), policy=SKIP)
    outcome = g.answer(g.given(g.occurrence("show", 9)), twice)
    assert codes(outcome) == [Code.BOOKED, Code.ALREADY]
    overlapping = [g.date(i, claim("lane", 1, 30 * i, 30 * i + 60)) for i in range(4)]
    outcome = g.answer(g.given(LANE), g.series("ann", *overlapping, policy=SKIP))
    assert codes(outcome) == [Code.BOOKED, Code.CONFLICT, Code.BOOKED, Code.CONFLICT]


def test_a_series_takes_its_actors_time() -> None:
    lane = g.resource("lane", ActorTime.REFUSE)
    lecture = g.occurrence("lecture", 9, DAY, DAY + 60, ActorTime.REFUSE)
    world = g.given(lane, lecture, g.book("ann", claim("lecture"), number=99))
    outcome = g.answer(world, g.series("ann", *FOUR, policy=SKIP))
    assert codes(outcome) == [Code.BOOKED, Code.ACTOR_BUSY, Code.BOOKED, Code.BOOKED]


def test_a_date_may_have_choices_and_rules_in_its_way() -> None:
    world = g.given(*TAKEN, g.resource("other"))
    dates = [
        g.date(i + 1, choices=(choice(1, "lane", "other", start=i * DAY, end=i * DAY + 60),))
        for i in range(3)
    ]
    for name in ("lane", "other"):
        g.forbid(world, name, 2 * DAY, 2 * DAY + 60)
    outcome = g.answer(world, g.series("ann", *dates, policy=SKIP))
    assert codes(outcome) == [Code.BOOKED, Code.BOOKED, Code.NOT_BOOKABLE]
    assert isinstance(outcome, o.SeriesBooked)
    chosen = [x.chosen for x in outcome.report if isinstance(x, o.Booked)]
    assert chosen == [("lane",), ("other",)]


def test_a_series_can_be_held_and_reserved() -> None:
    world = g.given(LANE)
    held = g.answer(world, g.series("ann", *FOUR[:2], hold_seconds=600))
    assert codes(held) == [Code.HELD, Code.HELD]
    reserved = g.answer(world, g.series("ann", *FOUR[:1], confirmed=False))
    assert isinstance(reserved, o.SeriesBooked)
    assert isinstance(reserved.report[0], o.Booked)
    assert reserved.report[0].status is Status.RESERVED


def test_a_picture_of_a_stream_is_compared_once_for_the_whole_series() -> None:
    world = g.given(LANE)
    assert g.answer(world, g.series("ann", *FOUR, expected={"lane": 1})).ok
    stale = g.answer(world, g.series("ann", *FOUR, expected={"lane": 7}))
    assert stale == o.Conflict(rule="expected_seq", actor="ann", bookable="lane", actual=1)
