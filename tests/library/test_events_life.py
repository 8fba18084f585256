"""An event's life at random: booked, edited, called off. No booking is lost, nothing doubled."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.engine.stage import Stage
from tests.library.conftest import awaited
from tests.library.sound import sound

from lastseat import Interval
from lastseat.calendar.editing import Edit, edited, pairs
from lastseat.calendar.schedule import Occurrences
from lastseat.core.schedule import Schedule
from lastseat.reads import events

ZONE = "Europe/Paris"
NOW = datetime(2027, 2, 1, tzinfo=UTC)
TENANTS = count(1)

STARTS = st.sampled_from(["08:00", "18:00", "19:15", "23:30"])
RULES = st.sampled_from(
    ["FREQ=WEEKLY", "FREQ=DAILY;INTERVAL=3", "FREQ=WEEKLY;BYDAY=MO,TH", "FREQ=WEEKLY;COUNT=6"]
)
POLICIES = st.fixed_dictionaries(
    {
        "on_moved": st.sampled_from(["ask", "move", "keep", "call_off"]),
        "on_dropped": st.sampled_from(["ask", "keep", "call_off"]),
        "on_overbooked": st.sampled_from(["ask", "allow"]),
    }
)
ONE = {
    "start": st.one_of(STARTS, st.sampled_from(["2027-03-03T18:00", "2027-03-12T10:00"])),
    "duration": st.sampled_from([1800, 5400]),
    "capacity": st.integers(1, 4),
    "cancelled": st.booleans(),
}
SEVERAL = {**ONE, "start": STARTS, "rrule": RULES}
EDITS = st.one_of(
    st.fixed_dictionaries({"scope": st.just("this")}, optional=ONE),
    st.fixed_dictionaries({"scope": st.sampled_from(["following", "all"])}, optional=SEVERAL),
).filter(lambda edit: len(edit) > 1)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("book"), st.integers(0, 9), st.integers(1, 2)),
        st.tuples(st.just("edit"), EDITS, st.tuples(st.integers(0, 9), POLICIES)),
        st.tuples(st.just("cancel"), st.integers(0, 9), st.none()),
        st.tuples(st.just("later"), st.integers(1, 12), st.none()),
    ),
    min_size=4,
    max_size=14,
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_no_booking_is_lost_and_nothing_takes_place_twice(
    still_stage: Stage, steps: list[tuple[str, Any, Any]]
) -> None:
    life = Life(still_stage)
    for number, (what, which, more) in enumerate(steps):
        names = life.names()
        if what == "later":
            life.it_is(life.now + timedelta(days=which))
        elif names and what == "book":
            life.book(names[which % len(names)], f"actor {number}", more)
        elif names and what == "edit":
            one, policies = more
            at = {} if which["scope"] == "all" else {"at": names[one % len(names)]}
            life.edit(which | at, policies)
        elif what == "cancel" and life.live():
            life.tenant.cancel(sorted(life.live())[which % len(life.live())])
    life.check()


class Life:
    """A weekly class, and what was booked of it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.tenant_id = f"life {next(TENANTS)}"
        self.tenant: Any = awaited(stage.engines[0].tenant(self.tenant_id), stage.run)
        self.made: dict[str, str] = {}
        self.it_is(NOW)
        rule = {"start": "2027-03-01T18:00", "rrule": "FREQ=WEEKLY", "duration": 3600}
        assert self.tenant.define_event("yoga", time_zone=ZONE, capacity=3, **rule).ok
        self.book("yoga@2027-03-01T18:00", "ann", 2)

    def it_is(self, now: datetime) -> None:
        self.now = now
        self.stage.set_clock(now)

    def picture(self) -> events.Picture:
        engine = self.stage.engines[0]
        seen: events.Picture = self.stage.call(engine.read, events.picture, self.tenant_id, "yoga")
        return seen

    def names(self) -> list[str]:
        """Occurrences to do something with: those that have a stream, and the next few."""
        seen = self.picture()
        window = Interval(self.now, self.now + timedelta(days=40))
        coming = Occurrences(seen.event.schedule, ZONE).within(window)[:6]
        opened = (x.bookable for x in seen.followers)
        return list(dict.fromkeys([*opened, *(f"yoga@{x.at}" for x in coming)]))

    def live(self) -> set[str]:
        """The bookings that stand."""
        return {x for x in self.made if self.tenant.booking(x).status == "CONFIRMED"}

    def book(self, name: str, actor: str, units: int) -> None:
        outcome = self.tenant.book(name, actor=actor, units=units)
        if outcome.ok:
            self.made[outcome.booking_id] = name

    def edit(self, edit: dict[str, Any], policies: dict[str, str]) -> None:
        seen, live = self.picture(), self.live()
        outcome = self.tenant.edit_event("yoga", **edit, **policies)
        after = self.picture()
        if not outcome.ok:
            assert after.followers == seen.followers, "a refusal changes nothing"
        if not outcome.ok or "call_off" not in policies.values():
            assert self.live() == live, "nobody said that they may be called off"
        if outcome.ok:
            plain = edited(seen.event.schedule, ZONE, an_edit(**edit))
            one = edit.get("at") if edit["scope"] == "this" else None
            expected = takes_place(plain) + extra(seen, plain, policies, one)
            assert takes_place(after.event.schedule) == expected

    def check(self) -> None:
        for booking_id, name in self.made.items():
            booking = self.tenant.booking(booking_id)
            (claim,) = booking.claims
            assert claim.bookable == name
            assert claim.live == (booking.status == "CONFIRMED")
            if claim.live:
                assert claim.during == self.tenant.bookable(name).during
                assert not self.tenant.bookable(name).called_off
        sound(self.stage, self.tenant_id)


def an_edit(*, duration: int | None = None, rrule: str | None = None, **more: Any) -> Edit:
    more["at"] = more.get("at", "").removeprefix("yoga@") or None
    return Edit(seconds=duration, rrule=None if rrule is None else (rrule,), **more)


def takes_place(schedule: Schedule) -> int:
    """How many occurrences there are in a year."""
    window = Interval(NOW - timedelta(days=30), NOW + timedelta(days=365))
    return sum(not x.cancelled for x in Occurrences(schedule, ZONE).within(window))


def extra(seen: events.Picture, plain: Schedule, policies: dict[str, str], one: str | None) -> int:
    """How many occurrences there are more than by the new rule, for the sake of those opened."""
    live = [x for x in seen.followers if not x.called_off]
    becomes = pairs(seen.event.schedule, plain, ZONE, [x.at for x in live])
    again = Occurrences(plain, ZONE)
    more = 0
    for follower in seen.followers:
        over = follower.during.end <= seen.event.now and follower.bookable != one
        if follower.called_off:
            there = again.at(follower.at)
            more -= over and there is not None and not there.cancelled
            continue
        then = becomes[follower.at]
        dropped = then is None or then.cancelled
        if over:
            more += dropped
        elif follower.bookings and then is not None and not dropped:
            moved = Interval(then.start, then.end) != follower.during
            more -= moved and policies["on_moved"] == "call_off" and then.at == follower.at
        elif follower.bookings:
            more += policies["on_dropped"] == "keep"
    return more
