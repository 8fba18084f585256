"""Slots of services, and other times for what could not be had: each of them books."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace
from tests.library.conftest import Clocked, Open

import lastseat
from lastseat import Choice, Claim, Hours, NotFound, Override, RecurringBlock, Rules, Span
from lastseat.views.catalogue import Need, Terms
from lastseat.views.times import OpenSlot, Suggestion

DAY = datetime(2031, 3, 4, tzinfo=UTC)  # a Tuesday
PARIS = ZoneInfo("Europe/Paris")
NINE_TO_FIVE = Hours({"TU": (Span("09:00", "17:00"),), "SU": (Span("00:00", "06:00"),)})


@pytest.fixture
def tenant(threads: Open, tenant_id: str) -> lastseat.Tenant:
    """One face is enough: test_faces.py has that the other is the same."""
    return threads(tenant_id)


def at(hour: float) -> datetime:
    return DAY + timedelta(hours=hour)


def hour(time: datetime) -> float:
    return (time - DAY) / timedelta(hours=1)


def service(tenant: lastseat.Tenant, at_once: int = 5, **terms: Any) -> None:
    """A service `s` of an hour at a place in Paris."""
    tenant.catalogue.create_location("hall", name="Hall", time_zone="Europe/Paris")
    usual: dict[str, Any] = {"name": "s", "location_id": "hall", "duration_seconds": 3600}
    asked = Terms(**usual | terms)
    saved = tenant.catalogue.create_service("s", asked, max_simultaneous_bookings=at_once)
    assert not isinstance(saved, lastseat.outcomes.Refusal), saved


def lanes(tenant: lastseat.Tenant, *names: str) -> None:
    for name in names:
        assert tenant.define_resource(name, actor_time="allow", location="hall").ok


def take(tenant: lastseat.Tenant, name: str, start: float, end: float, units: int = 1) -> None:
    claim = Claim(bookable=name, start=at(start), end=at(end), units=units)
    outcome = tenant.book(claim, actor="somebody", override=False)
    assert outcome.ok, outcome


def found(
    tenant: lastseat.Tenant, start: float = 0, end: float = 24, **more: Any
) -> list[OpenSlot]:
    return tenant.slots("s", start=at(start), end=at(end), **more)


def starts(slots: list[OpenSlot]) -> list[float]:
    return [hour(slot.start) for slot in slots]


# Slots -------------------------------------------------------------------------------------------


def test_slots_are_on_the_grid_within_the_hours_and_say_how_many_are_left(
    tenant: lastseat.Tenant,
) -> None:
    service(tenant, at_once=2)
    assert tenant.set_rules("location:hall", Rules(hours=NINE_TO_FIVE, grid_seconds=3600)).ok
    take(tenant, "service:s", 10, 11)
    take(tenant, "service:s", 10, 11)
    take(tenant, "service:s", 12, 14)
    slots = found(tenant)
    # Nine in Paris is eight in UTC.
    assert starts(slots) == [8, 9, 11, 12, 13, 14, 15]
    assert [slot.left for slot in slots] == [2, 2, 2, 1, 1, 2, 2]
    assert all(slot.end - slot.start == timedelta(hours=1) for slot in slots)
    assert starts(found(tenant, 9, 12)) == [9, 11]
    assert starts(found(tenant, limit=2)) == [8, 9]


def test_without_a_grid_they_begin_each_quarter_or_step(tenant: lastseat.Tenant) -> None:
    service(tenant, duration_seconds=None)
    assert starts(found(tenant, 9, 10, duration=600)) == [9, 9.25, 9.5, 9.75]
    assert starts(found(tenant, 9, 10, duration=timedelta(hours=3), step=1800)) == [9, 9.5]
    with pytest.raises(ValueError, match="duration"):
        found(tenant)


def test_buffers_and_needs_count(tenant: lastseat.Tenant) -> None:
    tenant.catalogue.create_location("hall", name="Hall", time_zone="Europe/Paris")
    lanes(tenant, "1", "2", "3", "room")
    assert tenant.define_pool("balls", capacity=6, location="hall", actor_time="allow").ok
    needs = (
        Need(of=("1", "2", "3"), any=2, adjacent=True),
        Need(of=("room",)),
        Need(of=("balls",), units="party"),
    )
    service(tenant, needs=needs, after_seconds=1800)
    rules = Rules(hours=NINE_TO_FIVE, grid_seconds=1800)
    assert tenant.set_rules("location:hall", rules).ok
    take(tenant, "2", 9, 10)  # no two adjacent
    take(tenant, "1", 11, 12)  # 2 and 3 are left
    take(tenant, "room", 13, 14)
    take(tenant, "balls", 15, 16, units=4)
    slots = found(tenant)
    assert starts(slots) == [10, 10.5, 11, 11.5, 14, 14.5, 15]
    chosen = {hour(slot.start): slot.chosen for slot in slots}
    assert chosen[10] == ("2", "3")
    assert chosen[14] == ("1", "2")
    assert {slot.left for slot in slots} == {1}
    assert starts(found(tenant, party=3)) == [10, 10.5, 11, 11.5]


def test_a_party_needs_room_for_all_of_it(tenant: lastseat.Tenant) -> None:
    tenant.catalogue.create_location("hall", name="Hall", time_zone="Europe/Paris")
    assert tenant.define_pool("balls", capacity=6, actor_time="allow").ok
    service(tenant, at_once=9, needs=(Need(of=("balls",), units="party"),))
    take(tenant, "balls", 9, 10, units=2)
    slots = found(tenant, 9, 11, party=2, step=3600)
    assert [(hour(slot.start), slot.left) for slot in slots] == [(9, 2), (10, 3)]
    assert starts(found(tenant, 9, 11, party=5, step=3600)) == [10]
    assert found(tenant, 9, 11, party=7) == []


@pytest.mark.parametrize(
    ("day", "nights"),
    [
        # On 30 March 2031 the clocks of Paris go from 2 to 3, on 26 October from 3 to 2.
        (datetime(2031, 3, 30, tzinfo=UTC), 5),
        (datetime(2031, 10, 26, tzinfo=UTC), 7),
        (datetime(2031, 4, 6, tzinfo=UTC), 6),
    ],
)
def test_a_day_with_changed_clocks_has_the_hours_it_has(
    day: datetime, nights: int, tenant: lastseat.Tenant
) -> None:
    service(tenant)
    assert tenant.set_rules("location:hall", Rules(hours=NINE_TO_FIVE, grid_seconds=3600)).ok
    midnight = day.replace(tzinfo=PARIS)
    slots = tenant.slots("s", start=midnight, end=midnight + timedelta(days=1))
    assert len(slots) == nights
    assert slots[0].start == midnight
    assert slots[-1].end.astimezone(PARIS).hour == 6
    for slot in slots:
        assert tenant.reservations.book("s", start=slot.start, end=slot.end).slot_start  # type: ignore[union-attr]


def test_every_slot_books_and_what_is_between_them_does_not(tenant: lastseat.Tenant) -> None:
    tenant.catalogue.create_location("hall", name="Hall", time_zone="Europe/Paris")
    lanes(tenant, "1", "2", "3")
    assert tenant.define_composite("wide", parts=["1", "2"], location="hall").ok
    needs = (Need(of=("wide", "2", "3"), any=1), Need(of=("1", "3"), any=1))
    service(tenant, needs=needs, before_seconds=900)
    mop = RecurringBlock("2031-03-03T15:00", 1800, ("FREQ=DAILY",))
    assert tenant.set_rules("2", Rules(blocks=(mop,))).ok
    assert tenant.set_rules("3", Rules(grid_seconds=3600)).ok
    assert tenant.set_rules("service:s", Rules(hours=NINE_TO_FIVE)).ok
    take(tenant, "1", 9, 10)
    take(tenant, "2", 12, 13)
    parts = {"wide": ("1", "2")}
    offered = {slot.start: slot for slot in found(tenant)}
    told = []
    for quarter in range(7 * 4, 17 * 4):
        start = at(quarter / 4)
        outcome = tenant.reservations.book("s", start=start, end=start + timedelta(hours=1))
        booked = not isinstance(outcome, lastseat.outcomes.Refusal)
        told.append(booked)
        assert booked == (start in offered), (start, outcome)
        if booked:
            # Of a composite a booking has the parts.
            chosen = [x for name in offered[start].chosen for x in parts.get(name, (name,))]
            assert list(outcome.chosen) == chosen  # type: ignore[union-attr]
            tenant.cancel(outcome.appointment_id)  # type: ignore[union-attr]
    assert 5 < sum(told) < len(told) - 15


def test_slots_of_nothing_and_out_of_reach(tenant: lastseat.Tenant) -> None:
    with pytest.raises(NotFound):
        found(tenant)
    service(tenant)
    with pytest.raises(ValueError, match="party"):
        found(tenant, party=2)
    with pytest.raises(ValueError, match="duration"):
        found(tenant, duration=60)
    lead = Rules(lead_seconds=3600, horizon_seconds=7200)
    assert tenant.set_rules("service:s", lead).ok
    assert found(tenant) == []  # years ahead


# Suggestions -------------------------------------------------------------------------------------


def suggested(found: list[Suggestion]) -> list[float]:
    return [hour(each.start) for each in found]


def test_the_nearest_times_that_can_be_had_are_suggested(tenant: lastseat.Tenant) -> None:
    tenant.catalogue.create_location("hall", name="Hall", time_zone="Europe/Paris")
    lanes(tenant, "lane")
    take(tenant, "lane", 10, 11)
    wanted = Claim(bookable="lane", start=at(10), end=at(11))
    assert suggested(tenant.suggest(wanted)) == [9, 11, 8.75]
    assert suggested(tenant.suggest(wanted, most=4, step=3600)) == [9, 11, 8, 12]
    assert suggested(tenant.suggest(wanted, within=1800)) == []
    take(tenant, "lane", 8, 9)
    assert suggested(tenant.suggest(wanted)) == [9, 11, 11.25]
    for each in tenant.suggest(wanted):
        outcome = tenant.book(each.claims, actor="ann")
        assert isinstance(outcome, lastseat.outcomes.Booked)
        tenant.cancel(outcome.booking_id)


def test_three_adjacent_lanes_are_suggested_at_other_times(tenant: lastseat.Tenant) -> None:
    tenant.catalogue.create_location("hall", name="Hall", time_zone="Europe/Paris")
    names = ("1", "2", "3", "4")
    lanes(tenant, *names)
    assert tenant.set_rules("location:hall", Rules(grid_seconds=1800)).ok
    take(tenant, "2", 18.5, 19.5)
    wanted = Choice(of=names, any=3, adjacent=True, start=at(18.5), end=at(19.5), after=600)
    shoes = Claim(bookable="4", start=at(18.5), end=at(19.5), after=600)
    assert suggested(tenant.suggest(choices=[wanted])) == [19.5, 17, 20]
    (first, *_) = tenant.suggest(choices=[wanted], actor="ann")
    outcome = tenant.book(choices=first.choices, actor="ann")
    assert isinstance(outcome, lastseat.outcomes.Booked)
    assert outcome.chosen == ("1", "2", "3")
    # Lane 4 beside them: three of four adjacent ones are left, without it.
    assert suggested(tenant.suggest([shoes], [wanted])) == [17, 16.5]


def test_a_booking_of_several_times_is_shifted_as_a_whole(tenant: lastseat.Tenant) -> None:
    tenant.catalogue.create_location("hall", name="Hall", time_zone="Europe/Paris")
    lanes(tenant, "room", "bath")
    take(tenant, "bath", 11, 12)
    start = datetime(2031, 3, 4, 11, tzinfo=PARIS)
    claims = [
        Claim(bookable="room", start=start, end=start + timedelta(hours=1)),
        Claim(bookable="bath", start=start + timedelta(hours=1), end=start + timedelta(minutes=90)),
    ]
    found = tenant.suggest(claims, step=1800)
    assert suggested(found) == [9.5, 9, 11]
    assert [hour(x.start) for x in found[2].claims if x.start] == [11, 12]
    assert found[2].claims[0].local_start == "2031-03-04T12:00:00"
    assert tenant.book(found[0].claims, actor="ann").ok


def test_nothing_is_suggested_while_the_actor_has_something_else_on(
    tenant: lastseat.Tenant,
) -> None:
    tenant.catalogue.create_location("hall", name="Hall", time_zone="Europe/Paris")
    lanes(tenant, "lane")
    assert tenant.define_resource("talk").ok
    take(tenant, "lane", 10, 11)
    assert tenant.book(Claim(bookable="talk", start=at(11), end=at(13)), actor="ann").ok
    wanted = Claim(bookable="lane", start=at(10), end=at(11))
    assert suggested(tenant.suggest(wanted, actor="ann")) == [9, 8.75, 8.5]
    assert suggested(tenant.suggest(wanted, actor="ben")) == [9, 11, 8.75]


def test_for_an_occurrence_others_of_its_event_are_suggested(tenant: lastseat.Tenant) -> None:
    tenant.define_event(
        "yoga",
        start="2031-03-01T18:00",
        rrule="FREQ=DAILY;COUNT=40",
        duration=timedelta(hours=1),
        time_zone="Europe/Paris",
        capacity=2,
        overrides=[Override("2031-03-11T18:00", cancelled=True)],
    )
    ids = [f"yoga@2031-03-{day:02}T18:00" for day in range(8, 15)]
    for name in (ids[1], ids[2]):
        assert tenant.book(name, actor="ben", units=2).ok
    assert tenant.book(ids[4], actor="ann").ok

    def named(**more: Any) -> list[str]:
        return [each.claims[0].bookable for each in tenant.suggest(ids[2], **more)]

    # The 9th is full, the 11th called off; a tie goes to the earlier one.
    assert named() == [ids[0], ids[4], "yoga@2031-03-07T18:00"]
    assert named(actor="ann") == [ids[0], "yoga@2031-03-07T18:00", ids[5]]
    assert named(units=2)[:2] == [ids[0], "yoga@2031-03-07T18:00"]
    for each in tenant.suggest(ids[2], actor="ann"):
        assert tenant.book(each.claims, actor="ann").ok
    assert tenant.suggest("yoga@2031-13-99T18:00") == []
    assert tenant.suggest("no such thing") == []


def test_what_has_begun_is_not_suggested(clocked: Clocked) -> None:
    tenant = clocked.tenant
    clocked.it_is(at(10))
    assert tenant.define_resource("lane", actor_time="allow").ok
    take(tenant, "lane", 10.5, 11.5)
    wanted = Claim(bookable="lane", start=at(10.5), end=at(10.75))
    assert suggested(tenant.suggest(wanted)) == [10.25, 10, 11.5]


LANE = Claim(bookable="lane", start=at(10), end=at(11))
ANY = Choice(of=("lane",), any=1, start=at(10), end=at(11))
NAIVE = datetime(2031, 3, 4, 10)  # noqa: DTZ001 - that is what is wrong with it

UNBOOKABLE: list[tuple[str, dict[str, Any]]] = [
    *[("claims[0].units", {"claims": replace(LANE, units=x)}) for x in (0, -5, 2.5, "1")],
    *[("claims[0].before", {"claims": replace(LANE, before=x)}) for x in (-5, 10**14)],
    ("claims[0].end", {"claims": replace(LANE, end=at(24 * 4_000))}),
    ("claims[0].end", {"claims": replace(LANE, end=at(9))}),
    ("claims[0].start", {"claims": replace(LANE, start=NAIVE, end=NAIVE + timedelta(hours=1))}),
    *[
        ("claims[0].start", {"claims": replace(LANE, start=x, end=x + timedelta(hours=1))})
        for x in (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC))
    ],
    ("claims[0].time_zone", {"claims": replace(LANE, time_zone="Mars/Olympus")}),
    ("claims", {}),
    *[("choices[0].any", {"choices": [replace(ANY, any=x)]}) for x in (0, 2, "1")],
    ("choices[0].of", {"choices": [replace(ANY, of=())]}),
    ("actor", {"claims": LANE, "actor": ""}),
    ("actor", {"claims": "yoga@2031-03-04T10:00", "actor": "a\0b"}),
    *[("most", {"claims": LANE, "most": x}) for x in (0, "3", 10**9)],
    *[("within", {"claims": LANE, "within": x}) for x in (0, 1.5, "60", timedelta.max, 10**30)],
    *[("step", {"claims": LANE, "step": x}) for x in (0, "60")],
]


@pytest.mark.parametrize(("field", "asked"), UNBOOKABLE)
def test_for_what_could_never_be_booked_nothing_is_suggested(
    field: str, asked: dict[str, Any], tenant: lastseat.Tenant
) -> None:
    tenant.define_resource("lane")
    with pytest.raises(ValueError, match=f"^{re.escape(field)}:? "):
        tenant.suggest(**asked)


def test_composites_count_as_their_parts(tenant: lastseat.Tenant) -> None:
    tenant.catalogue.create_location("hall", name="Hall", time_zone="Europe/Paris")
    names = [f"{n}" for n in range(40)]
    lanes(tenant, *names)
    assert tenant.define_composite("all", parts=names).ok
    hours = [Claim(bookable="all", start=at(n), end=at(n + 1)) for n in range(3)]
    assert tenant.suggest(hours[:2], step=7200)
    with pytest.raises(ValueError, match=r"^claims: .* parts of composites"):
        tenant.suggest(hours)
    refused = tenant.book(hours, actor="ann")
    assert isinstance(refused, lastseat.outcomes.Invalid)


def test_nothing_is_suggested_past_the_last_time_there_is(tenant: lastseat.Tenant) -> None:
    tenant.define_resource("lane")
    start = datetime(2199, 12, 31, 22, 30, tzinfo=UTC)
    wanted = Claim(bookable="lane", start=start, end=start + timedelta(hours=1))
    found = tenant.suggest(wanted, most=4)
    # A quarter later it ends still in time, two later not.
    minutes = [(each.start - start) // timedelta(minutes=1) for each in found]
    assert minutes == [-15, 15, -30, -45]
    for each in found:
        outcome = tenant.hold(each.claims, actor="ann")
        assert isinstance(outcome, lastseat.outcomes.Held)
        tenant.release(outcome.booking_id)
