"""The sample week: read from its TOML file, dated to the coming week, and put into a tenant."""

import tomllib
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from importlib.resources import files
from itertools import count
from typing import get_args
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from lastseat.client import Client
from lastseat.core.commands import Claim
from lastseat.core.events import ActorTime
from lastseat.core.interval import Interval
from lastseat.core.outcomes import AnyOutcome, Refusal
from lastseat.core.rules import Day, Hours, Rules, Span
from lastseat.core.state import LOCATION_PREFIX
from lastseat.library.synchronous.tenant import Tenant

HALF_HOUR = 1800
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class Class(Struct, frozen=True):
    """A class of the studio: an event, with how many regulars each occurrence has.

    Without an `rrule` it has the `starts` listed and no others.
    """

    id: str
    title: str
    capacity: int
    minutes: int
    starts: tuple[str, ...]
    regulars: tuple[int, ...]
    rrule: str | None = None


class Lane(Struct, frozen=True):
    """A lane of the venue: an exclusive resource, with the hours that are taken."""

    id: str
    taken: tuple[str, ...]


class House(Struct, frozen=True):
    """Where the lanes are, open from `opens` to `closes` every day, booked at any half hour."""

    id: str
    name: str
    opens: str
    closes: str


class Group(Struct, frozen=True):
    """What a group asks for: a service of `adjacent` lanes; all lanes together are the `hall`."""

    service: str
    title: str
    adjacent: int
    start: str
    minutes: int
    hall: str


class Rush(Struct, frozen=True, rename={"course": "class"}):
    """What the crowd wants."""

    course: str
    class_start: str
    lanes: tuple[str, ...]
    lane_start: str
    lane_minutes: int


class People(Struct, frozen=True):
    """First names to make bookers of."""

    names: tuple[str, ...]


class Week(Struct, frozen=True):
    """The sample, as its file has it."""

    time_zone: str
    classes: tuple[Class, ...]
    house: House
    lanes: tuple[Lane, ...]
    group: Group
    rush: Rush
    people: People

    def person(self, n: int) -> str:
        """The reference of the `n`-th booker."""
        return f"{self.people.names[n % len(self.people.names)]}-{n + 1:03d}"


class Goal(Struct, frozen=True):
    """What the crowd is after, dated."""

    occurrence: str
    title: str
    capacity: int
    lanes: tuple[str, ...]
    during: Interval
    """When the lanes are wanted, in the venue's time zone."""


class Dated(Struct, frozen=True):
    """A week of the calendar for the sample to happen in."""

    week: Week
    monday: date

    def local(self, when: str) -> datetime:
        """The wall-clock time of such as "Sat 19:30", naive."""
        day, _, clock = when.partition(" ")
        time = datetime.strptime(clock, "%H:%M").time()  # noqa: DTZ007 - a wall clock has no zone
        return datetime.combine(self.monday + timedelta(days=DAYS.index(day)), time)

    def span(self, when: str, minutes: int) -> Interval:
        """The interval that starts then."""
        start = self.local(when).replace(tzinfo=ZoneInfo(self.week.time_zone))
        return Interval(start, start + timedelta(minutes=minutes))

    def occurrence(self, event: str, when: str) -> str:
        """The id of an event's occurrence."""
        return f"{event}@{self.local(when):%Y-%m-%dT%H:%M}"

    @property
    def goal(self) -> Goal:
        """What the crowd wants."""
        rush = self.week.rush
        course = next(x for x in self.week.classes if x.id == rush.course)
        return Goal(
            self.occurrence(course.id, rush.class_start),
            course.title,
            course.capacity,
            rush.lanes,
            self.span(rush.lane_start, rush.lane_minutes),
        )


def sample() -> Week:
    """The week of the file beside this one."""
    text = (files("lastseat.demo") / "sample_week.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Week)


def coming(week: Week, today: date) -> Dated:
    """The sample in the week after `today`'s."""
    return Dated(week, today + timedelta(days=7 - today.weekday()))


def load(tenant: Tenant | Client, dated: Dated) -> int:
    """Put the week into the tenant, by the library or over HTTP; how many bookings it has.

    Raises `ValueError` on a refusal.
    """
    made = 0
    for outcome in _outcomes(tenant, dated):
        if not outcome.ok:
            raise ValueError(f"the sample week does not fit: {outcome}")
        made += outcome.code == "booked"
    return made


def _outcomes(tenant: Tenant | Client, dated: Dated) -> Iterator[AnyOutcome]:
    week = dated.week
    guest = (f"regular-{n:02d}" for n in count(1))
    for course in week.classes:
        yield _define(tenant, course, dated)
        for start, regulars in zip(course.starts, course.regulars, strict=True):
            occurrence = dated.occurrence(course.id, start)
            for _ in range(regulars):
                yield tenant.book(occurrence, actor=next(guest))
    yield _open_house(tenant, week)
    for lane in week.lanes:
        # A lane is booked for a group: whoever books it may be elsewhere at that time.
        yield tenant.define_resource(lane.id, location=week.house.id, actor_time=ActorTime.ALLOW)
        for start in lane.taken:
            during = dated.span(start, week.rush.lane_minutes)
            claim = Claim(bookable=lane.id, start=during.start, end=during.end)
            yield tenant.book(claim, actor=next(guest))


def _define(tenant: Tenant | Client, course: Class, dated: Dated) -> AnyOutcome:
    starts = [dated.local(x) for x in course.starts]
    return tenant.define_event(
        course.id,
        starts=[] if course.rrule else starts,
        start=starts[0] if course.rrule else None,
        rrule=course.rrule or (),
        duration=timedelta(minutes=course.minutes),
        time_zone=dated.week.time_zone,
        capacity=course.capacity,
        name=course.title,
    )


def _open_house(tenant: Tenant | Client, week: Week) -> AnyOutcome:
    house = week.house
    catalogue = tenant.catalogue if isinstance(tenant, Tenant) else tenant
    made = catalogue.create_location(house.id, name=house.name, time_zone=week.time_zone)
    refusal = made if isinstance(made, Refusal) else None
    if refusal is not None:
        raise ValueError(f"the sample week has no place: {refusal}")
    days: tuple[Day, ...] = get_args(Day)
    every_day: dict[Day, tuple[Span, ...]] = {
        day: (Span(opens=house.opens, closes=house.closes),) for day in days
    }
    rules = Rules(hours=Hours(weekly=every_day), grid_seconds=HALF_HOUR)
    return tenant.set_rules(LOCATION_PREFIX + house.id, rules)
