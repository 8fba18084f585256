"""Time over HTTP from Python: rules, what is free, series, services, suggestions, on both faces."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.client.conftest import Open
from tests.client.service import new_key
from tests.library.venue import at

from lastseat import outcomes as o
from lastseat.access.roles import Role
from lastseat.client import Client, Need, NotFound, ServiceError, Terms
from lastseat.core.commands import Choice, Claim, Contact, SeriesDate
from lastseat.core.events import Kind
from lastseat.core.interval import Interval
from lastseat.core.rules import Hours, Rules, Span
from lastseat.core.schedule import Override
from lastseat.views.catalogue import Service
from lastseat.views.reservations import ServiceBooked

HOUR = timedelta(hours=1)
ROME = ZoneInfo("Europe/Rome")
LANES = ("lane-1", "lane-2", "lane-3", "lane-4")
EVENING = datetime(2027, 3, 6, 19, 30, tzinfo=ROME)


@pytest.fixture
def alley(client: Client) -> Client:
    """Four lanes."""
    for lane in LANES:
        assert client.define_resource(lane, actor_time="allow").ok
    return client


def three(start: datetime = EVENING) -> Choice:
    return Choice(of=LANES, any=3, adjacent=True, start=start, end=start + HOUR)


def lane(name: str, start: datetime = EVENING) -> Claim:
    return Claim(bookable=name, start=start, end=start + HOUR)


def test_choices_are_booked_held_moved_and_remember_the_wall_clock(alley: Client) -> None:
    booked = alley.book(choices=[three()], actor="ann")
    assert isinstance(booked, o.Booked)
    assert booked.chosen == ("lane-1", "lane-2", "lane-3")
    claims = alley.booking(booked.booking_id).claims
    assert {(x.local_start, x.time_zone) for x in claims} == {
        ("2027-03-06T19:30:00", "Europe/Rome")
    }
    held = alley.hold(lane("lane-4"), actor="ben", seconds=60)
    assert isinstance(held, o.Held)
    moved = alley.move(booked.booking_id, choices=[three(EVENING + HOUR)])
    assert isinstance(moved, o.Moved)
    assert moved.moved[0].chosen == ("lane-1", "lane-2", "lane-3")


def test_a_refusal_brings_times_that_book(alley: Client) -> None:
    assert alley.book(lane("lane-2"), actor="ann").ok
    answer = alley.execute(alley.commands.book(choices=[three()], actor="ben"))
    assert isinstance(answer.outcome, o.Conflict)
    assert answer.outcome.rule == "adjacent"
    assert len(answer.suggested) == 3
    for other in answer.suggested:
        tried = alley.book(other.claims, choices=other.choices, actor="ben")
        assert isinstance(tried, o.Booked), tried
        assert alley.cancel(tried.booking_id).ok
    asked = alley.suggest(choices=[three()], within=HOUR, most=1)
    assert asked == list(answer.suggested[:1])
    assert alley.execute(alley.commands.book("nothing", actor="ben")).suggested == ()


def test_what_is_busy_free_and_next(alley: Client) -> None:
    assert alley.book(lane("lane-2"), actor="ann").ok
    day: dict[str, Any] = {"start": EVENING - 2 * HOUR, "end": EVENING + 4 * HOUR}
    assert [(x.start, x.end) for x in alley.busy("lane-2", **day)] == [(EVENING, EVENING + HOUR)]
    free = [Interval(day["start"], EVENING), Interval(EVENING + HOUR, day["end"])]
    assert list(alley.free("lane-2", **day, page_size=1)) == free
    assert alley.is_free("lane-1", start=EVENING, end=EVENING + HOUR)
    assert not alley.is_free(["lane-1", "lane-2"], start=EVENING, end=EVENING + HOUR)
    found = alley.next_free(
        LANES, duration=HOUR, after=EVENING, horizon=day["end"], any=3, adjacent=True
    )
    assert found is not None
    assert (found.start, found.chosen) == (EVENING + HOUR, LANES[:3])
    none = alley.next_free("lane-2", duration=HOUR, after=EVENING, horizon=EVENING + HOUR)
    assert none is None
    by_force = alley.book(lane("lane-2"), actor="ben", override=True, reason="a mistake")
    assert by_force.ok
    (pair,) = alley.conflicts("lane-2", **day)
    assert pair.during == Interval(EVENING, EVENING + HOUR)
    agenda = [(x.kind, x.actor) for x in alley.agenda(**day, resource="lane-2", page_size=1)]
    assert agenda == [("booking", "ann"), ("booking", "ben")]
    with pytest.raises(NotFound):
        list(alley.busy("nowhere", **day))
    with pytest.raises(ServiceError, match="400"):
        list(alley.busy("lane-2", start=EVENING, end=EVENING))


def test_rules_are_set_read_and_told_by_the_day(alley: Client) -> None:
    alley.create_location("hall", name="Hall", time_zone="Europe/Rome")
    rules = Rules(hours=Hours(weekly={"SA": (Span("18:00", "02:00"),)}), grid_seconds=1800)
    done = alley.set_rules("location:hall", rules)
    assert isinstance(done, o.RulesChanged)
    view = alley.rules("location:hall")
    assert (view.seq, view.time_zone, view.rules) == (done.seq, "Europe/Rome", rules)
    stale = alley.set_rules("location:hall", Rules(), expected={"location:hall": done.seq + 1})
    assert isinstance(stale, o.Conflict)
    assert alley.define_resource("piste", location="hall", actor_time="allow").ok
    (day,) = alley.effective_hours("piste", date(2027, 3, 6), date(2027, 3, 6))
    night = datetime(2027, 3, 6, 18, tzinfo=ROME)
    assert day.spans == (Interval(night, night + 8 * HOUR),)
    early = alley.book(lane("piste", EVENING - 3 * HOUR), actor="ann")
    assert isinstance(early, o.NotBookable)
    assert (early.rule, early.owner) == ("hours", "location:hall")
    assert early.open[0].start == night
    by_force = alley.book(
        lane("piste", EVENING - 3 * HOUR), actor="ann", override=True, reason="the mayor"
    )
    assert isinstance(by_force, o.Booked)
    (outside,) = alley.outside_rules("location:hall")
    assert (outside.booking_id, outside.refusal.rule) == (by_force.booking_id, "hours")
    with pytest.raises(NotFound):
        alley.rules("location:nowhere")


def test_a_series_and_a_composite(alley: Client) -> None:
    assert alley.define_composite("half", parts=LANES[:2], name="Half").ok
    assert alley.bookable("half").parts == LANES[:2]
    listed = [x.bookable for x in alley.bookables(kind=Kind.COMPOSITE)]
    assert listed == ["half"]
    weeks = [EVENING + timedelta(weeks=n) for n in range(4)]
    assert alley.book(lane("lane-2", weeks[1]), actor="ann").ok
    dates = [lane("half", x) for x in weeks]
    refused = alley.book_series(dates, actor="club")
    assert isinstance(refused, o.SeriesRefused)
    made = alley.book_series(dates, actor="club", policy="skip_conflicts")
    assert isinstance(made, o.SeriesBooked)
    assert [x.code if x else None for x in made.report] == [
        "booked",
        "conflict",
        "booked",
        "booked",
    ]
    mine = list(alley.bookings(series=made.series_id, page_size=2))
    assert len(mine) == 3
    assert {x.series_id for x in mine} == {made.series_id}
    choosy = [SeriesDate(booking_id="", choices=(three(x + 3 * HOUR),)) for x in weeks]
    first = alley.book_series(choosy, actor="ben", policy="first_n", most=1, seconds=60)
    assert isinstance(first, o.SeriesBooked)
    assert [x and x.code for x in first.report] == ["held", None, None, None]


def test_an_event_with_a_rule_is_edited(client: Client) -> None:
    made = client.define_event(
        "yoga",
        start="2027-03-01T18:00",
        rrule="FREQ=DAILY;COUNT=5",
        exdate=["2027-03-03T18:00"],
        overrides=[Override(at="2027-03-04T18:00", seconds=1800)],
        duration=HOUR,
        time_zone="Europe/Rome",
        capacity=5,
    )
    assert made.ok, made
    schedule = client.schedule("yoga")
    assert schedule.segments[0].rrule == ("FREQ=DAILY;COUNT=5",)
    assert schedule.overrides[0].seconds == 1800
    with pytest.raises(NotFound):
        client.schedule("zumba")
    first = datetime(2027, 3, 1, tzinfo=ROME)
    month: dict[str, Any] = {"start": first, "end": first + timedelta(days=30)}
    lengths = [x.end - x.start for x in client.agenda(**month, event="yoga", page_size=2)]
    assert lengths == [HOUR, HOUR, HOUR / 2, HOUR]
    assert client.book("yoga@2027-03-02T18:00", actor="ann").ok
    asked = client.edit_event("yoga", scope="all", start="19:00")
    assert isinstance(asked, o.WouldAffect)
    dry = client.edit_event("yoga", scope="all", start="19:00", on_moved="keep", dry_run=True)
    assert dry == asked
    done = client.edit_event("yoga", scope="all", start="19:00", on_moved="move")
    assert isinstance(done, o.EventEdited)
    assert done.changed == ("yoga@2027-03-02T18:00",)


def test_a_service_is_booked_by_staff_and_by_a_guest(
    alley: Client, connect: Open, port: int, conninfo: str, tenant_id: str
) -> None:
    terms = Terms(name="Bowling", duration_seconds=3600, needs=(Need(of=LANES, any=2),))
    made = alley.create_service("bowling", terms, max_simultaneous_bookings=2)
    assert isinstance(made, Service)
    assert made.needs == terms.needs
    day: dict[str, Any] = {"start": at(0), "end": at(180)}
    slots = list(alley.slots("bowling", **day, page_size=3))
    assert [x.left for x in slots] == [2] * len(slots)
    assert slots[0].chosen == LANES[:2]
    key = new_key(conninfo, tenant_id, Role.GUEST, publishable=True)
    guest = connect(f"http://127.0.0.1:{port}", key=key)
    held = guest.book_service("bowling", start=at(0), hold_seconds=60)
    assert isinstance(held, ServiceBooked)
    assert (held.chosen, held.cancellation_token) == (LANES[:2], None)
    done = guest.book_service("bowling", start=at(0), contact=Contact(email="a@example.org"))
    assert isinstance(done, ServiceBooked)
    assert done.chosen == LANES[2:]
    call = guest.commands.book_service("bowling", start=at(30), end=at(90), hold_seconds=60)
    refused = guest.execute(call)
    assert isinstance(refused.outcome, o.Full)
    assert [x.claims for x in refused.suggested] == [()] * 3
    first = refused.suggested[0]
    assert guest.book_service("bowling", start=first.start, hold_seconds=60).ok
