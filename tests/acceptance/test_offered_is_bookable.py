"""What availability offers, booking accepts, and what booking accepts is offered.

Random venues on a real database: hours, recurring blocks, buffers, grids, lead times, capacities,
bookings, holds that are over, people in line. Each attempt is a true booking, in a transaction that
is undone. The controls put one mistake into availability, and the same property has to find it.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from tests.acceptance.house import CLOCK, House
from tests.acceptance.venues import NOW, Venue, venues

import lastseat
from lastseat import Choice, Claim, outcomes
from lastseat.calendar import zones
from lastseat.calendar.broken import bookable_starts
from lastseat.calendar.free import Extent
from lastseat.library import offering, seeking
from lastseat.reads.rows import QUERIES

SOON = NOW.replace(second=0) + timedelta(minutes=1)
"""Offers begin on the minute."""

RULES_OF_WHEN = ("lead_time", "horizon", "min_duration", "max_duration", "grid")
"""What `free` does not look at: it knows no duration, and is not about beginning."""

SUGGESTED = 3

ATTEMPTS = 8
"""Starts of the service tried in each venue, beside those that are offered."""


# The property ------------------------------------------------------------------------------------


def the_service(house: House, random: Random) -> None:
    """Its slots are the starts that can be booked, with how often and what of."""
    venue = house.venue
    slots = house.tenant.slots(
        "session", start=venue.start, end=venue.end, party=venue.service.party
    )
    offered = {slot.start: slot for slot in slots}
    assert list(offered) == sorted(offered)
    for at in random.sample(sorted(offered), min(2, len(offered))):
        slot = offered[at]
        answers = house.sell(at, slot.left + 1)
        assert [x.ok for x in answers] == [True] * slot.left + [False], (slot, answers)
        assert answers[0].chosen == slot.chosen, (slot, answers[0])
    points = [at for at in quarters(venue) if on_grids(house, at)]
    close = [at for at in points if at >= NOW and near(venue, at)]
    some = random.sample(points, min(ATTEMPTS // 2, len(points)))
    for at in [*some, *random.sample(close, min(ATTEMPTS // 2, len(close)))]:
        (answer,) = house.sell(at)
        # What has begun is not offered, though without a lead time it could be booked.
        assert (answer.ok and at >= NOW) == (at in offered), (at, answer)


def a_bookable(house: House, random: Random) -> None:
    """`is_free` is whether it can be booked, and `free` is where."""
    venue = house.venue
    name = random.choice([random.choice(venue.lane_names), "shoes", "hall"])
    units = random.randint(1, 3) if name == "shoes" else 1
    free = house.tenant.free(name, start=venue.start, end=venue.end, units=units)
    for _ in range(4):
        start = some_time(venue, random, (name, "hall"))
        end = start + timedelta(minutes=random.choice([10, 60, 60, 180]))
        before, after = random.choice([0, 0, 600]), random.choice([0, 0, 900])
        claim = Claim(bookable=name, units=units, start=start, end=end, before=before, after=after)
        (answer,) = house.attempt(claim)
        is_free = house.tenant.is_free(
            name, start=start, end=end, units=units, before=before, after=after
        )
        assert is_free == answer.ok, (claim, answer)
        if before == after == 0 and end <= venue.end:
            inside = any(x.start <= start and end <= x.end for x in free)
            when = isinstance(answer, outcomes.NotBookable) and answer.rule in RULES_OF_WHEN
            assert inside or not answer.ok, (claim, free)
            assert not inside or answer.ok or when, (claim, answer, free)


def the_next_one(house: House, random: Random) -> None:
    """`next_free` can be booked, gets what it says, and nothing before it can."""
    venue = house.venue
    lanes = venue.lane_names
    any_of = random.choice([None, *range(1, len(lanes) + 1)])
    adjacent = any_of is not None and random.random() < 0.5
    minutes, buffer = random.choice([10, 60, 120]), random.choice([0, 900])
    found = house.tenant.next_free(
        lanes,
        duration=timedelta(minutes=minutes),
        after=venue.start,
        horizon=venue.end,
        any=any_of,
        adjacent=adjacent,
        after_buffer=buffer,
    )

    def book(start: datetime) -> Any:
        when: dict[str, Any] = {
            "start": start,
            "end": start + timedelta(minutes=minutes),
            "after": buffer,
        }
        claims = [Claim(bookable=x, **when) for x in lanes] if any_of is None else []
        choices = (
            [] if any_of is None else [Choice(of=lanes, any=any_of, adjacent=adjacent, **when)]
        )
        (answer,) = house.attempt(claims, choices)
        return answer

    latest = venue.end - timedelta(minutes=minutes)
    if found is not None:
        answer = book(found.start)
        assert answer.ok, (found, answer)
        assert found.chosen == (answer.chosen or lanes), (found, answer)
        latest = found.start - timedelta(microseconds=1)
    earlier = [max(SOON, venue.start), *(some_time(venue, random, lanes) for _ in range(3))]
    if found is not None:
        earlier += [found.start - timedelta(minutes=x) for x in (1, 5, 15, 60)]
    for start in earlier:
        if max(SOON, venue.start) <= start <= latest and not in_a_hurry(venue, start):
            assert not book(start).ok, (start, found)


def the_alternatives(house: House, random: Random) -> None:
    """`suggest` tells the nearest times at which the same booking can be had, and no others."""
    venue = house.venue
    lanes = venue.lane_names
    start = some_time(venue, random, (*lanes, "shoes"))
    minutes, buffer = random.choice([20, 60, 120]), random.choice([0, 900])
    several = random.randint(0, len(lanes))

    def asked_at(start: datetime) -> tuple[list[Claim], list[Choice]]:
        end = start + timedelta(minutes=minutes)
        claim = Claim(bookable="shoes", units=2, start=start, end=end, after=buffer)
        lane = Choice(of=lanes, any=several or 1, start=start, end=end, after=buffer)
        return [claim], [lane] if several else []

    claims, choices = asked_at(start)
    found = house.tenant.suggest(claims, choices, actor="guest", most=SUGGESTED)
    shifts = [each.start - start for each in found]
    assert shifts == sorted(shifts, key=lambda shift: (abs(shift), shift))
    for each in found:
        (answer,) = house.attempt(each.claims, each.choices)
        assert answer.ok, (each, answer)
    steps = [timedelta(minutes=15 * x) for x in range(-8, 9) if x]
    farthest = max(map(abs, shifts)) if len(found) == SUGGESTED else timedelta.max
    passed_over = [
        start + x
        for x in steps
        if x not in shifts and abs(x) < farthest and start + x >= SOON
        if on_grids(house, start + x) and not in_a_hurry(venue, start + x)
    ]
    for at in random.sample(passed_over, min(3, len(passed_over))):
        (answer,) = house.attempt(*asked_at(at))
        assert not answer.ok, (at, found)


def in_a_hurry(venue: Venue, start: datetime) -> bool:
    """Whether a lead time lets it be booked now, but not for long: that is not offered."""
    leads = [x.lead_seconds for x in (venue.place, *venue.lanes) if x and x.lead_seconds]
    soonest = (NOW + timedelta(seconds=lead) for lead in leads)
    return any(x <= start < x + timedelta(minutes=2) for x in soonest)


def quarters(venue: Venue) -> list[datetime]:
    """The quarters of an hour of its day, by the wall clock; UTC."""
    where = zones.zone(venue.zone)
    every = [venue.start + timedelta(minutes=5 * x) for x in range(26 * 12)]
    return [
        at
        for at in every
        if venue.start <= at < venue.end and at.astimezone(where).minute % 15 == 0
    ]


def near(venue: Venue, at: datetime) -> bool:
    """Whether the service would begin or end about when a booking ends or begins."""
    minute = (at - venue.start) // timedelta(minutes=1)
    ends = minute + venue.service.minutes
    return any(
        abs(ends - x.minute) <= 30 or abs(minute - x.minute - x.minutes) <= 30 for x in venue.taken
    )


def on_grids(house: House, at: datetime) -> bool:
    """Whether slots are looked for there: on every grid that somebody has in it."""
    venue = house.venue
    ruled = [venue.place, venue.service.rules, venue.hall, *venue.lanes]
    local = at.astimezone(zones.zone(venue.zone))
    of_day = local.hour * 3600 + local.minute * 60
    # Bookables' own zone is their location's here, so there is one wall clock.
    return all(of_day % x.grid_seconds == 0 for x in ruled if x and x.grid_seconds)


def some_time(venue: Venue, random: Random, names: Sequence[str]) -> datetime:
    """A time of its day; more often one about which a booking of these begins or ends."""
    minute = random.randint(0, 24 * 60 - 1)
    there = [x for x in venue.taken if x.what in names]
    if there and random.random() < 0.8:
        taken = random.choice(there)
        minute = taken.minute + random.choice([0, -60, 5, taken.minutes, taken.minutes + 15])
    start = venue.start + timedelta(minutes=minute - minute % random.choice([1, 15, 15]))
    return min(max(start, venue.start), venue.end - timedelta(minutes=10))


def the_property(
    engine: lastseat.Engine,
    where: str,
    examples: int,
    *,
    begin: int = 1,
    ruled: bool = True,
    lines: bool = False,
) -> Counter[str]:
    """Hold it against so many venues, drawn from `begin`; how often the attempts came to what."""
    said: Counter[str] = Counter()
    drawn = venues(ruled=ruled, lines=lines)

    @seed(begin)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        # Shrinking asks the database a thousand times.
        phases=[Phase.generate],
        report_multiple_bugs=False,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(venue=drawn, number=st.integers(0, 2**32))
    def holds(venue: Venue, number: int) -> None:
        with psycopg.connect(where) as connection:
            house = House(engine, connection, venue)
            random = Random(number)
            try:
                the_service(house, random)
                a_bookable(house, random)
                the_next_one(house, random)
                the_alternatives(house, random)
            finally:
                said.update(house.said)

    holds()
    return said


@pytest.fixture
def stage(database: Callable[[], str]) -> Iterator[tuple[lastseat.Engine, str]]:
    """A database whose clock stands still, and an engine on it."""
    where = database()
    with psycopg.connect(where) as connection:
        connection.execute(CLOCK.encode())
    with lastseat.open(where, migrate=False) as engine:
        yield engine, where


def test_what_is_offered_is_bookable_and_the_other_way_round(
    stage: tuple[lastseat.Engine, str],
) -> None:
    said = the_property(*stage, 14) + the_property(*stage, 6, lines=True)
    refused = said.total() - said["booked"]
    assert 0.3 <= refused / said.total() <= 0.8, said
    assert len(said) >= 4, f"too few kinds of refusals: {said}"


# Controls ----------------------------------------------------------------------------------------

Plant = Callable[[pytest.MonkeyPatch], None]


def buffers_are_left_out(plant: pytest.MonkeyPatch) -> None:
    plant.setattr(seeking, "Extent", lambda duration, *_: Extent(duration))


def rules_are_left_out(plant: pytest.MonkeyPatch) -> None:
    plant.setattr(offering, "bookable_starts", lambda _, *more: bookable_starts((), *more))


def overdue_holds_count_as_taken(plant: pytest.MonkeyPatch) -> None:
    rewrite(
        plant,
        "taken_resources",
        "expires_at > (SELECT lastseat.clock())",
        "expires_at > '-infinity'",
    )


def a_pool_has_one_unit_more(plant: pytest.MonkeyPatch) -> None:
    rewrite(plant, "taken_pools", "in_use > asked.room", "in_use > asked.room + 1")


def lines_are_left_out(plant: pytest.MonkeyPatch) -> None:
    async def nobody(*_: object) -> dict[str, object]:
        return {}

    plant.setattr(seeking, "waited_for", nobody)


def rewrite(plant: pytest.MonkeyPatch, query: str, right: str, wrong: str) -> None:
    """Put a mistake into a query of availability."""
    assert right in QUERIES[query]
    plant.setitem(QUERIES, query, QUERIES[query].replace(right, wrong))


@pytest.mark.parametrize(
    ("plant", "ruled", "begin"),
    [
        (rules_are_left_out, True, 1),
        # Without rules there is nothing else in the way.
        (buffers_are_left_out, False, 1),
        (overdue_holds_count_as_taken, False, 2),
        (a_pool_has_one_unit_more, False, 2),
        (lines_are_left_out, False, 2),
    ],
)
def test_control_a_mistake_in_availability_is_found(
    plant: Plant,
    ruled: bool,
    begin: int,
    monkeypatch: pytest.MonkeyPatch,
    stage: tuple[lastseat.Engine, str],
) -> None:
    def hunt() -> None:
        """A few venues from each of many seeds: those of one are much alike (tests/hunting.py)."""
        for number in range(begin, begin + 25):
            lines = plant is lines_are_left_out
            the_property(*stage, 4, begin=number, ruled=ruled, lines=lines)

    plant(monkeypatch)
    with pytest.raises(AssertionError):
        hunt()
