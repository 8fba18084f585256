"""What is free is what nobody has and no rule forbids: compared with a count minute by minute.

The engine's own answers judge: what is offered is booked, what is not offered is refused.
"""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.library.conftest import Clocked, Open

import lastseat
from lastseat import (
    Choice,
    Claim,
    Hours,
    Interval,
    NotFound,
    RecurringBlock,
    Rules,
    Season,
    Span,
    SpecialDay,
)

DAY = datetime(2031, 3, 4, tzinfo=UTC)  # a Tuesday
WEEK = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@pytest.fixture
def tenant(threads: Open, tenant_id: str) -> lastseat.Tenant:
    """One face is enough: test_faces.py has that the other is the same."""
    return threads(tenant_id)


def at(hour: float, day: datetime = DAY) -> datetime:
    return day + timedelta(hours=hour)


def claim(name: str, start: float, end: float, units: int = 1, **buffers: Any) -> Claim:
    return Claim(bookable=name, units=units, start=at(start), end=at(end), **buffers)


def book(tenant: lastseat.Tenant, *claims: Claim, override: bool = False) -> str:
    reason = "said so" if override else None
    outcome = tenant.book(list(claims), actor="ann", override=override, reason=reason)
    assert isinstance(outcome, lastseat.outcomes.Booked), outcome
    return outcome.booking_id


def lanes(tenant: lastseat.Tenant, *names: str, location: str | None = None) -> list[str]:
    for name in names:
        assert tenant.define_resource(name, actor_time="allow", location=location).ok
    return list(names)


def pool(tenant: lastseat.Tenant, name: str, capacity: int) -> str:
    assert tenant.define_pool(name, capacity=capacity, actor_time="allow").ok
    return name


def rule(tenant: lastseat.Tenant, owner: str, rules: Rules) -> None:
    outcome = tenant.set_rules(owner, rules)
    assert outcome.ok, outcome


def open_daily(opens: str, closes: str) -> Hours:
    return Hours(weekly={day: (Span(opens, closes),) for day in WEEK})  # type: ignore[misc]


def hours(found: list[Interval]) -> list[tuple[float, float]]:
    """Intervals as hours since DAY."""
    return [
        ((x.start - DAY) / timedelta(hours=1), (x.end - DAY) / timedelta(hours=1)) for x in found
    ]


# Facts -------------------------------------------------------------------------------------------


def test_a_resource_is_busy_with_its_buffers(tenant: lastseat.Tenant) -> None:
    lanes(tenant, "lane")
    book(tenant, claim("lane", 9, 10, before=1800, after=600))
    (busy,) = tenant.busy("lane", start=DAY, end=at(24))
    assert (busy.start, busy.end, busy.units) == (at(8.5), at(10) + timedelta(minutes=10), 1)
    assert hours(tenant.free("lane", start=at(8), end=at(12))) == [(8, 8.5), (10 + 1 / 6, 12)]


def test_a_pool_is_busy_by_units_and_free_where_as_many_are_left(tenant: lastseat.Tenant) -> None:
    skis = pool(tenant, "skis", 3)
    book(tenant, claim(skis, 9, 12, 1))
    book(tenant, claim(skis, 10, 13, 2))
    found = [(x.start, x.end, x.units) for x in tenant.busy(skis, start=DAY, end=at(24))]
    assert found == [(at(9), at(10), 1), (at(10), at(12), 3), (at(12), at(13), 2)]
    assert hours(tenant.free(skis, start=at(8), end=at(14))) == [(8, 10), (12, 14)]
    assert hours(tenant.free(skis, start=at(8), end=at(14), units=2)) == [(8, 10), (13, 14)]
    assert tenant.free(skis, start=at(8), end=at(14), units=4) == []


def test_in_a_pool_only_the_peak_counts(tenant: lastseat.Tenant) -> None:
    skis = pool(tenant, "skis", 6)
    book(tenant, claim(skis, 9, 12, 3))
    book(tenant, claim(skis, 13, 16, 3))
    assert tenant.is_free(skis, start=at(8), end=at(18), units=3)
    assert not tenant.is_free(skis, start=at(8), end=at(18), units=4)


def test_a_composite_is_taken_while_any_part_is(tenant: lastseat.Tenant) -> None:
    lanes(tenant, "left", "right")
    assert tenant.define_composite("hall", parts=["left", "right"]).ok
    book(tenant, claim("left", 9, 10))
    book(tenant, claim("hall", 12, 13))
    found = [(x.start, x.end) for x in tenant.busy("hall", start=DAY, end=at(24))]
    assert found == [(at(9), at(10)), (at(12), at(13))]
    assert hours(tenant.free("hall", start=at(8), end=at(14))) == [(8, 9), (10, 12), (13, 14)]
    assert hours(tenant.free("right", start=at(8), end=at(14))) == [(8, 12), (13, 14)]


def test_what_an_override_took_is_taken_and_is_a_conflict(tenant: lastseat.Tenant) -> None:
    lanes(tenant, "lane")
    first = book(tenant, claim("lane", 9, 11))
    second = book(tenant, claim("lane", 10, 12), override=True)
    third = book(tenant, claim("lane", 11, 13), override=True)
    assert [x.units for x in tenant.busy("lane", start=DAY, end=at(24))] == [1, 2, 1]
    assert hours(tenant.free("lane", start=at(8), end=at(14))) == [(8, 9), (13, 14)]
    found = tenant.conflicts("lane", start=DAY, end=at(24))
    assert [{x.first, x.second} for x in found] == [{first, second}, {second, third}]
    assert [x.during for x in found] == [Interval(at(10), at(11)), Interval(at(11), at(12))]


def test_an_actor_is_busy_with_what_takes_their_time(tenant: lastseat.Tenant) -> None:
    for name, says in (("yoga", "refuse"), ("walk", "warn"), ("news", "allow")):
        assert tenant.define_pool(name, capacity=9, actor_time=says).ok
    yoga, walk = book(tenant, claim("yoga", 9, 11)), book(tenant, claim("walk", 12, 14))
    book(tenant, claim("news", 15, 16))
    found = tenant.busy(actor="ann", start=DAY, end=at(24))
    assert [(x.start, x.end) for x in found] == [(at(9), at(11)), (at(12), at(14))]
    late = book(tenant, claim("walk", 13, 15))
    (clash,) = tenant.conflicts(actor="ann", start=DAY, end=at(24))
    assert {clash.first, clash.second} == {walk, late}
    assert yoga not in (clash.first, clash.second)
    assert tenant.busy(actor="nobody", start=DAY, end=at(24)) == []


def test_a_hold_counts_until_its_time_is_over(clocked: Clocked) -> None:
    tenant = clocked.tenant
    clocked.it_is(DAY)
    lanes(tenant, "lane")
    skis = pool(tenant, "skis", 1)
    tenant.hold([claim("lane", 9, 10), claim(skis, 9, 10)], actor="ann", seconds=600)
    for name in ("lane", skis):
        assert not tenant.is_free(name, start=at(9), end=at(10))
    clocked.it_is(DAY + timedelta(minutes=10))
    for name in ("lane", skis):
        assert tenant.is_free(name, start=at(9), end=at(10))
        assert tenant.busy(name, start=DAY, end=at(24)) == []
        assert hours(tenant.free(name, start=at(8), end=at(11))) == [(8, 11)]


# Rules -------------------------------------------------------------------------------------------


def test_free_is_open_and_not_blocked(tenant: lastseat.Tenant) -> None:
    tenant.catalogue.create_location("hall", name="Hall", time_zone="Europe/Paris")
    lanes(tenant, "lane", location="hall")
    mop = RecurringBlock("2031-03-03T12:00", 1800, ("FREQ=DAILY",), name="mopping")
    rule(tenant, "location:hall", Rules(hours=open_daily("09:00", "18:00")))
    rule(tenant, "lane", Rules(hours=open_daily("10:00", "20:00"), blocks=(mop,)))
    # Paris is an hour ahead of UTC in March; both hours hold.
    assert hours(tenant.free("lane", start=DAY, end=at(24))) == [(9, 11), (11.5, 17)]
    book(tenant, claim("lane", 9, 10))
    assert hours(tenant.free("lane", start=DAY, end=at(24))) == [(10, 11), (11.5, 17)]
    (shown,) = tenant.effective_hours("lane", date(2031, 3, 4), date(2031, 3, 4))
    assert hours(list(shown.spans)) == [(9, 17)]


def test_hours_of_a_day_say_what_closes_it(tenant: lastseat.Tenant) -> None:
    tenant.catalogue.create_location("hall", name="Hall", time_zone="Europe/Paris")
    lanes(tenant, "lane", location="hall")
    lanes(tenant, "always")
    closed = SpecialDay("2031-03-05", name="Ash Wednesday")
    season = Season("2031-03-06", "2031-03-07", {"TH": (Span("20:00", "02:00"),)})
    weekly = open_daily("09:00", "18:00").weekly
    rule(tenant, "location:hall", Rules(hours=Hours(weekly, (season,), (closed,))))
    for owner in ("location:hall", "lane"):
        found = tenant.effective_hours(owner, date(2031, 3, 5), date(2031, 3, 7))
        assert [x.closed_because for x in found] == ["Ash Wednesday", None, "season"]
        assert hours(list(found[1].spans)) == [(67, 73)]
    (whole,) = tenant.effective_hours("always", date(2031, 3, 4), date(2031, 3, 4))
    assert hours(list(whole.spans)) == [(0, 24)]
    with pytest.raises(NotFound):
        tenant.effective_hours("location:moon", date(2031, 3, 4), date(2031, 3, 4))


def test_is_free_is_what_a_booking_would_be_told(clocked: Clocked) -> None:
    tenant = clocked.tenant
    clocked.it_is(DAY)
    lanes(tenant, "lane")
    rules = Rules(
        hours=open_daily("08:00", "20:00"),
        lead_seconds=3600 * 9,
        horizon_seconds=86_400,
        grid_seconds=1800,
        min_seconds=1800,
        max_seconds=7200,
    )
    rule(tenant, "lane", rules)
    asked = [
        (start / 4, start / 4 + length / 4)
        for start in (30, 36, 37, 38, 76, 79, 80, 96, 132, 136)
        for length in (1, 2, 8, 9)
    ]
    answers = []
    for start, end in asked:
        free = tenant.is_free("lane", start=at(start), end=at(end))
        outcome = tenant.book(claim("lane", start, end), actor="ann")
        assert outcome.ok == free, (start, end, outcome)
        answers.append(free)
        if isinstance(outcome, lastseat.outcomes.Booked):
            tenant.cancel(outcome.booking_id)
    assert 5 <= sum(answers) <= len(answers) - 12


def test_bookings_that_todays_rules_would_refuse_are_told(tenant: lastseat.Tenant) -> None:
    tenant.catalogue.create_location("hall", name="Hall", time_zone="UTC")
    lanes(tenant, "a", "b", location="hall")
    book(tenant, claim("a", 9, 10))
    late, early = book(tenant, claim("a", 19, 21)), book(tenant, claim("b", 7, 8))
    assert tenant.outside_rules("location:hall") == []
    # Lead time and horizon are about when a booking is made.
    rules = Rules(hours=open_daily("08:00", "20:00"), lead_seconds=86_400, horizon_seconds=86_400)
    rule(tenant, "location:hall", rules)
    found = tenant.outside_rules("location:hall")
    assert [(x.booking_id, x.bookable, x.refusal.rule) for x in found] == [
        (early, "b", "hours"),
        (late, "a", "hours"),
    ]
    assert [x.booking_id for x in tenant.outside_rules("location:hall", limit=1)] == [early]
    assert [x.booking_id for x in tenant.outside_rules("a")] == [late]
    assert found[0].refusal.actor == "ann"


# Next --------------------------------------------------------------------------------------------


def test_next_free_of_one_together_and_any_of_several(tenant: lastseat.Tenant) -> None:
    names = lanes(tenant, "a", "b", "c", "d")
    for name, until in zip(names, (10, 14, 12, 11), strict=True):
        book(tenant, claim(name, 8, until))

    def found(of: str | list[str], **more: object) -> tuple[float, tuple[str, ...]] | None:
        opening = tenant.next_free(
            of,
            duration=3600,
            after=at(8),
            horizon=at(20),
            **more,  # type: ignore[arg-type]
        )
        if opening is None:
            return None
        assert opening.end - opening.start == timedelta(hours=1)
        return (opening.start - DAY) / timedelta(hours=1), opening.chosen

    assert found("b") == (14, ("b",))
    assert found(names) == (14, ("a", "b", "c", "d"))
    assert found(names, any=1) == (10, ("a",))
    assert found(names, any=2) == (11, ("a", "d"))
    assert found(names, any=2, adjacent=True) == (12, ("c", "d"))
    assert found(names, any=3, adjacent=True) == (14, ("a", "b", "c"))
    assert found("b", before=1800) == (14.5, ("b",))


def test_next_free_ends_by_its_horizon(tenant: lastseat.Tenant) -> None:
    lanes(tenant, "lane")
    book(tenant, claim("lane", 8, 10))
    asked = {"duration": timedelta(hours=2), "after": at(8)}
    assert tenant.next_free("lane", horizon=at(12), **asked) is not None  # type: ignore[arg-type]
    sooner = at(12) - timedelta(seconds=1)
    assert tenant.next_free("lane", horizon=sooner, **asked) is None  # type: ignore[arg-type]
    assert tenant.next_free("lane", duration=7200, after=at(8), horizon=at(9)) is None


def test_next_free_keeps_to_grid_and_hours_and_goes_past_midnight(tenant: lastseat.Tenant) -> None:
    tenant.catalogue.create_location("bar", name="Bar", time_zone="Europe/Paris")
    lanes(tenant, "lane", location="bar")
    hours_ = Hours(weekly={"TU": (Span("18:10", "02:00"),)})
    rule(tenant, "location:bar", Rules(hours=hours_, grid_seconds=1800))
    found = tenant.next_free("lane", duration=6 * 3600, after=at(0), horizon=at(300))
    # 18:30 in Paris is the first half hour after it opens; a week later when that is taken.
    assert found is not None
    assert found.start == at(17.5)
    book(tenant, claim("lane", 17.5, 18.5))
    found = tenant.next_free("lane", duration=6 * 3600, after=at(0), horizon=at(300))
    assert found is not None
    assert found.start == at(18.5)
    assert tenant.next_free("lane", duration=8 * 3600, after=at(0), horizon=at(900)) is None


def test_nothing_that_has_begun_is_offered(clocked: Clocked) -> None:
    tenant = clocked.tenant
    clocked.it_is(at(10))
    lanes(tenant, "lane")
    found = tenant.next_free("lane", duration=600, after=DAY, horizon=at(24))
    assert found is not None
    assert found.start == at(10)


def test_what_is_next_can_still_be_booked_a_little_later(clocked: Clocked) -> None:
    tenant = clocked.tenant
    clocked.it_is(at(10) + timedelta(seconds=3.5))
    lanes(tenant, "lane")
    rule(tenant, "lane", Rules(lead_seconds=3600))
    found = tenant.next_free("lane", duration=600, after=DAY, horizon=at(24))
    assert found is not None
    assert found.start == at(11) + timedelta(minutes=2)
    assert not tenant.is_free("lane", start=at(11), end=at(12))
    clocked.it_is(at(10) + timedelta(seconds=63.5))
    assert tenant.book(Claim(bookable="lane", start=found.start, end=found.end), actor="ann").ok


def test_parts_shared_by_candidates_are_taken_once(tenant: lastseat.Tenant) -> None:
    lanes(tenant, "1", "2", "3")
    for name, parts in (("12", ["1", "2"]), ("23", ["2", "3"])):
        assert tenant.define_composite(name, parts=parts).ok
    asked = {"duration": 3600, "after": at(8), "horizon": at(20), "any": 2}
    found = tenant.next_free(["12", "23", "3"], **asked)  # type: ignore[arg-type]
    assert found is not None
    assert found.chosen == ("12", "3")
    assert tenant.next_free(["12", "23"], **asked) is None  # type: ignore[arg-type]
    choice = Choice(of=("12", "23", "3"), any=2, start=found.start, end=found.end)
    outcome = tenant.book(choices=[choice], actor="ann")
    assert isinstance(outcome, lastseat.outcomes.Booked), outcome
    assert outcome.chosen == found.chosen


# Against brute force -----------------------------------------------------------------------------

MINUTES = 5
SPAN = 14 * 60 // MINUTES


class Model:
    """Who has what in steps of five minutes, counted without any cleverness."""

    def __init__(self, rng: random.Random, tenant: lastseat.Tenant) -> None:
        self.capacity = {"a": 1, "b": 1, "c": 1, "skis": 4}
        self.parts = {"hall": ("a", "b")}
        lanes(tenant, "a", "b", "c")
        pool(tenant, "skis", 4)
        assert tenant.define_composite("hall", parts=["a", "b"]).ok
        self.used = {name: [0] * SPAN for name in self.capacity}
        for _ in range(60):
            name = rng.choice([*self.capacity, "skis", "hall"])
            start, length = rng.randrange(6, SPAN - 30), rng.choice((2, 3, 6, 12))
            before, after = rng.choice((0, 1)), rng.choice((0, 2))
            units = rng.choice((1, 2)) if name == "skis" else 1
            override = rng.random() < 0.1
            fits = self.fits(name, start, length, before, after, units)
            made = Claim(
                bookable=name,
                units=units,
                start=self.time(start),
                end=self.time(start + length),
                before=before * MINUTES * 60,
                after=after * MINUTES * 60,
            )
            outcome = tenant.book(
                made, actor="ann", override=override, reason="so" if override else None
            )
            assert outcome.ok == (fits or override), outcome
            if outcome.ok:
                for part in self.parts.get(name, (name,)):
                    for i in range(start - before, start + length + after):
                        self.used[part][i] += units

    @staticmethod
    def time(step: int) -> datetime:
        return DAY + timedelta(minutes=step * MINUTES)

    def fits(
        self, name: str, start: int, length: int, before: int = 0, after: int = 0, units: int = 1
    ) -> bool:
        steps = range(start - before, start + length + after)
        return all(
            self.used[part][i] + units <= self.capacity[part]
            for part in self.parts.get(name, (name,))
            for i in steps
            if i < SPAN
        )


@pytest.mark.parametrize("seed", range(4))
def test_all_answers_agree_with_a_count_by_minutes(seed: int, tenant: lastseat.Tenant) -> None:
    rng = random.Random(seed)
    model = Model(rng, tenant)
    everything = [*model.capacity, "hall"]
    start, end = model.time(0), model.time(SPAN)
    for name in everything:
        units = 2 if name == "skis" else 1
        free = tenant.free(name, start=start, end=end, units=units)
        steps = [i for i in range(SPAN) if model.fits(name, i, 1, units=units)]
        assert steps == [
            i for i in range(SPAN) if any(x.start <= model.time(i) < x.end for x in free)
        ], name
    for _ in range(25):
        name, first = rng.choice(everything), rng.randrange(6, SPAN - 40)
        length, before, after = rng.choice((2, 5, 12)), rng.choice((0, 2)), rng.choice((0, 1))
        buffers = {"before": before * 300, "after": after * 300}
        answer = tenant.is_free(
            name, start=model.time(first), end=model.time(first + length), **buffers
        )
        assert answer == model.fits(name, first, length, before, after), (name, first)
    for _ in range(15):
        of = rng.sample(everything[:-1], 3)
        any_, adjacent = rng.choice(((None, False), (1, False), (2, False), (2, True)))
        length, first = rng.choice((2, 6, 12)), rng.randrange(0, SPAN // 2)
        opening = tenant.next_free(
            of,
            duration=length * 300,
            after=model.time(first),
            horizon=end,
            any=any_,
            adjacent=adjacent,
        )
        expected = _first(model, of, first, length, any_, adjacent=adjacent)
        assert (opening and (opening.start, opening.chosen)) == expected


def _first(
    model: Model, of: list[str], first: int, length: int, any_: int | None, *, adjacent: bool
) -> tuple[datetime, tuple[str, ...]] | None:
    many = any_ or len(of)
    for i in range(first, SPAN - length + 1):
        free = [name for name in of if model.fits(name, i, length)]
        if adjacent:
            runs = (of[j : j + many] for j in range(len(of) - many + 1))
            chosen = next((run for run in runs if set(run) <= set(free)), None)
        else:
            chosen = free[:many] if len(free) >= many else None
        if chosen is not None:
            return model.time(i), tuple(chosen)
    return None


# Bad input ---------------------------------------------------------------------------------------

Ask = Callable[[Any], object]

BACK = datetime(2030, 10, 27, 2, 30, tzinfo=ZoneInfo("Europe/Paris"))
"""The first of two."""

BAD: dict[str, tuple[Ask, str]] = {
    "backwards": (lambda t: t.free("lane", start=at(2), end=at(1)), "end must come after start"),
    "naive": (
        lambda t: t.busy("lane", start=datetime(2031, 1, 1), end=at(1)),  # noqa: DTZ001
        "start must have a time zone",
    ),
    "a century": (
        lambda t: t.free("lane", start=DAY, end=at(24 * 401)),
        "end must be at most 400 days after start",
    ),
    "no units": (lambda t: t.free("lane", start=DAY, end=at(1), units=0), "units must be from"),
    "whose": (lambda t: t.busy(start=DAY, end=at(1)), "bookable or actor"),
    "nobody": (lambda t: t.is_free([], start=DAY, end=at(1)), "of must name"),
    "twice": (lambda t: t.is_free(["lane", "lane"], start=DAY, end=at(1)), "twice"),
    "more than all": (
        lambda t: t.next_free("lane", duration=60, after=DAY, horizon=at(1), any=2),
        "any must be from 1 to 1",
    ),
    "adjacent of all": (
        lambda t: t.next_free("lane", duration=60, after=DAY, horizon=at(1), adjacent=True),
        "adjacent goes with any",
    ),
    "no duration": (
        lambda t: t.next_free("lane", duration=0, after=DAY, horizon=at(1)),
        "duration must be from 1",
    ),
    "buffer": (
        lambda t: t.next_free("lane", duration=60, after=DAY, horizon=at(1), before=-1),
        "before must be from 0",
    ),
    "step": (
        lambda t: t.next_free("lane", duration=60, after=DAY, horizon=at(1), step=1),
        "step must be from 60",
    ),
    "too many starts": (
        lambda t: t.next_free("lane", duration=60, after=DAY, horizon=at(9_000), step=60),
        "more than 100000 starts",
    ),
    "too much": (
        lambda t: t.next_free(
            [f"x{n}" for n in range(1000)], duration=60, after=DAY, horizon=at(9_000)
        ),
        "too long for so many bookables",
    ),
    "hours of ages": (
        lambda t: t.effective_hours("lane", date(2031, 1, 1), date(2099, 1, 1)),
        "last must be",
    ),
    "hours of the end of days": (
        lambda t: t.effective_hours("lane", date(9999, 12, 30), date(9999, 12, 31)),
        "first must be from 1970 to 2200",
    ),
    "hours past the end": (
        lambda t: t.effective_hours("lane", date(2199, 12, 31), date(2200, 1, 1)),
        "last must be from 1970 to 2200",
    ),
    "hours of a time": (lambda t: t.effective_hours("lane", DAY, DAY), "first must be a date"),
    "clocks put back": (
        # By the wall the end is later; the first of the two comes before the second.
        lambda t: t.free("lane", start=BACK.replace(minute=0, fold=1), end=BACK),
        "end must come after start",
    ),
    "half a second": (
        lambda t: t.is_free("lane", start=DAY, end=at(1) + timedelta(microseconds=1)),
        "end must be whole seconds after start",
    ),
    # What annotations forbid, and a caller without them does not see.
    "endless": (
        lambda t: soon(t, duration=timedelta(days=999_999_999)),
        "duration must be from 1 to",
    ),
    "a long text": (lambda t: soon(t, duration="60"), "duration must be a whole number"),
    "units of text": (lambda t: soon(t, units="1"), "units must be a whole number"),
    "units and a half": (lambda t: soon(t, units=2.5), "units must be a whole number"),
    "any of text": (lambda t: soon(t, any="1"), "any must be a whole number"),
    "step of text": (lambda t: soon(t, step="60"), "step must be a whole number"),
    "buffer of text": (lambda t: soon(t, after_buffer="60"), "after_buffer must be a whole number"),
    "of a number": (lambda t: t.is_free(7, start=DAY, end=at(1)), "of must name"),
    "of numbers": (lambda t: t.is_free([7], start=DAY, end=at(1)), "of must name"),
    "at noon": (lambda t: t.free("lane", start="noon", end=at(1)), "start must be a datetime"),
    "limit of text": (
        lambda t: t.conflicts("lane", start=DAY, end=at(1), limit="9"),
        "limit must be a whole number",
    ),
}


def soon(t: Any, **more: Any) -> object:
    return t.next_free("lane", **{"duration": 60, "after": DAY, "horizon": at(1)} | more)


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_in_words(name: str, tenant: lastseat.Tenant) -> None:
    lanes(tenant, "lane")
    ask, words = BAD[name]
    with pytest.raises(ValueError, match=words):
        ask(tenant)


@pytest.mark.parametrize("name", ["nothing", "yoga", "a\0b", "\ud800"])
def test_what_is_not_booked_over_a_time_is_not_found(name: str, tenant: lastseat.Tenant) -> None:
    tenant.define_occurrence("yoga", start=DAY, end=at(1), capacity=3)
    for ask in (tenant.busy, tenant.free, tenant.is_free, tenant.conflicts):
        with pytest.raises(NotFound):
            ask(name, start=DAY, end=at(1))
