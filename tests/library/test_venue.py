"""A venue in the library: rules, composites, choices and series (MISSION C2, C9, H1, H2)."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from tests.library.venue import at, claim, done, occurrence, pool, resource

from lastseat import (
    Choice,
    Claim,
    Contact,
    Engine,
    Hours,
    RecurringBlock,
    Rules,
    SeriesDate,
    Span,
    SpecialDay,
    Tenant,
)
from lastseat import outcomes as o
from lastseat.core import limits
from lastseat.ledger.verify import verify

MONDAY = datetime(2027, 3, 1, 18, tzinfo=UTC)
EVENINGS = Rules(hours=Hours(weekly={"MO": (Span("17:00", "22:00"),)}))
WEEK = 7 * 24 * 60


def lanes(tenant: Tenant, count: int = 4) -> list[str]:
    return [resource(tenant, f"lane {i}") for i in range(1, count + 1)]


def choice(
    any_of: int, of: list[str], start: int = 0, end: int = 60, *, adjacent: bool = False
) -> Choice:
    return Choice(of=tuple(of), any=any_of, start=at(start), end=at(end), adjacent=adjacent)


def sound(conninfo: str, tenant: Tenant) -> bool:
    return verify(conninfo, tenant_id=tenant.tenant_id).differences == ()


# Rules --------------------------------------------------------------------------------------------


def test_rules_hold_for_all_bookings_from_then_on(tenant: Tenant, conninfo: str) -> None:
    lane = resource(tenant)
    assert tenant.book(claim(lane, 24 * 60, 25 * 60), actor="ann").ok
    changed = done(tenant.set_rules(lane, EVENINGS), o.RulesChanged)
    assert (changed.owner, changed.seq) == (lane, 3)
    assert tenant.book(claim(lane, 0, 60), actor="ann").ok
    closed = done(tenant.book(claim(lane, 48 * 60, 49 * 60), actor="ann"), o.NotBookable)
    assert (closed.rule, closed.owner, closed.actor) == ("hours", lane, "ann")
    assert tenant.set_rules(lane, Rules()).ok
    assert tenant.book(claim(lane, 48 * 60, 49 * 60), actor="ann").ok
    assert sound(conninfo, tenant)


def test_a_locations_rules_hold_for_all_that_is_there_in_its_time_zone(
    tenant: Tenant, engine: Engine, conninfo: str
) -> None:
    catalogue = engine.tenant(tenant.tenant_id).catalogue
    catalogue.create_location("north", name="North", time_zone="Asia/Tokyo")
    assert tenant.define_resource("lane", actor_time="allow", location="north").ok
    assert tenant.define_pool("skis", capacity=2, actor_time="allow", location="north").ok
    # 18:00 to 19:00 in UTC is from 03:00 in Tokyo.
    night = Rules(hours=Hours(weekly={"TU": (Span("03:00", "04:00"),)}))
    assert done(tenant.set_rules("location:north", night), o.RulesChanged).seq == 1
    for name in ("lane", "skis"):
        assert tenant.book(claim(name, 0, 60), actor="ann").ok
        refused = done(tenant.book(claim(name, 60, 120), actor="ann"), o.NotBookable)
        assert refused.owner == "location:north"
    # Both hold: the lane is closed where either of them is.
    assert tenant.set_rules("lane", Rules(min_seconds=7200)).ok
    refused = done(tenant.book(claim("lane", WEEK, WEEK + 60), actor="ann"), o.NotBookable)
    assert (refused.rule, refused.owner) == ("min_duration", "lane")
    assert sound(conninfo, tenant)


def test_a_locations_rules_hold_for_each_of_many_in_one_booking(
    tenant: Tenant, engine: Engine
) -> None:
    catalogue = engine.tenant(tenant.tenant_id).catalogue
    catalogue.create_location("north", name="North", time_zone="UTC")
    for name in ("lane 1", "lane 2", "lane 3"):
        assert tenant.define_resource(name, actor_time="allow", location="north").ok
    assert tenant.set_rules("location:north", EVENINGS).ok
    for late in range(3):
        claims = [
            claim(f"lane {i + 1}", 600 if i == late else 0, 660 if i == late else 60)
            for i in range(3)
        ]
        refused = done(tenant.book(claims, actor="ann"), o.NotBookable)
        assert refused.bookable == f"lane {late + 1}"


def test_hours_are_for_the_customer_and_blocks_for_the_buffers_too(tenant: Tenant) -> None:
    lane = resource(tenant)
    service = RecurringBlock("2027-03-01T19:00", 1800, rrule=("FREQ=WEEKLY",), name="waxing")
    assert tenant.set_rules(lane, Rules(hours=EVENINGS.hours, blocks=(service,))).ok
    waxing = done(tenant.book(claim(lane, 0, 60, after=60), actor="ann"), o.NotBookable)
    assert (waxing.rule, waxing.reason) == ("block", "waxing")
    assert tenant.book(claim(lane, 0, 60), actor="ann").ok
    assert tenant.book(claim(lane, 210, 240, after=3600), actor="ann").ok, "open until 22:00"


def test_an_override_goes_past_rules_with_its_reason(tenant: Tenant) -> None:
    lane = resource(tenant)
    assert tenant.set_rules(lane, Rules(hours=Hours())).ok
    assert tenant.book(claim(lane, 0, 60), actor="ann").code == "not_bookable"
    assert tenant.book(claim(lane, 0, 60), actor="ann", override=True, reason="the mayor").ok


def test_a_move_asks_the_rules_and_what_stays_does_not(tenant: Tenant) -> None:
    lane, other = resource(tenant), resource(tenant, "other")
    booked = done(tenant.book(claim(lane, 0, 60), actor="ann"), o.Booked)
    assert tenant.set_rules(lane, Rules(hours=Hours())).ok
    closed = tenant.move(booked.booking_id, claim(lane, 60, 120))
    assert done(closed, o.NotBookable).rule == "hours"
    assert tenant.move(booked.booking_id, [claim(lane, 0, 60), claim(other, 0, 60)]).ok


def test_rules_are_set_on_what_was_observed(tenant: Tenant) -> None:
    lane = resource(tenant)
    assert tenant.set_rules(lane, EVENINGS, expected={lane: 1}).ok
    stale = done(tenant.set_rules(lane, Rules(), expected={lane: 1}), o.Conflict)
    assert (stale.rule, stale.actual) == ("expected_seq", 2)


def test_rules_are_set_once_for_one_key(tenant: Tenant) -> None:
    lane = resource(tenant)
    first = tenant.set_rules(lane, EVENINGS, key="k")
    assert tenant.set_rules(lane, EVENINGS, key="k") == first
    assert len(tenant.journal(lane)) == 2
    assert tenant.set_rules(lane, Rules(), key="k").code == "key_reused"


@pytest.mark.parametrize(
    ("rules", "field"),
    [
        (Rules(hours=Hours(weekly={"MO": (Span("25:00", "26:00"),)})), "rules.hours.weekly.MO[0]"),
        (Rules(hours=Hours(special=(SpecialDay("2027-02-30"),))), "rules.hours.special[0].date"),
        (Rules(lead_seconds=-1), "rules.lead_seconds"),
        (Rules(min_seconds=7200, max_seconds=3600), "rules.m"),
        (Rules(blocks=(RecurringBlock("2027-03-01T19:00", 60, rrule=("FREQ=OFTEN",)),)), "rules"),
    ],
)
def test_rules_that_make_no_sense_are_refused_by_name(
    tenant: Tenant, rules: Rules, field: str
) -> None:
    lane = resource(tenant)
    invalid = done(tenant.set_rules(lane, rules), o.Invalid)
    assert invalid.field.startswith(field)
    assert invalid.reason


def test_rules_are_for_what_there_is_and_has_no_time_of_its_own(tenant: Tenant) -> None:
    occurrence(tenant, "yoga")
    for owner in ("nowhere", "location:nowhere", "service:nothing"):
        assert done(tenant.set_rules(owner, EVENINGS), o.UnknownBookable).bookable == owner
    assert done(tenant.set_rules("yoga", EVENINGS), o.Invalid).field == "owner"


# Composites ---------------------------------------------------------------------------------------


def test_the_hall_takes_both_halves_and_a_half_blocks_the_hall(
    tenant: Tenant, conninfo: str
) -> None:
    halves = [resource(tenant, "east"), resource(tenant, "west")]
    assert done(tenant.define_composite("hall", parts=halves), o.Defined).created
    assert not done(tenant.define_composite("hall", parts=halves), o.Defined).created
    again = done(tenant.define_composite("hall", parts=halves[::-1]), o.AlreadyDefined)
    assert again.field == "parts"
    hall = done(tenant.book(claim("hall", 0, 60), actor="ann"), o.Booked)
    assert hall.units == 1
    taken = done(tenant.book(claim("west", 30, 90), actor="ben"), o.Conflict)
    assert (taken.rule, taken.bookable) == ("exclusive", "west")
    assert tenant.book(claim("west", 60, 90), actor="ben").ok
    assert done(tenant.book(claim("hall", 80, 120), actor="cy"), o.Conflict).bookable == "west"
    assert tenant.cancel(hall.booking_id).ok
    assert tenant.book(claim("east", 0, 60), actor="ben").ok
    assert sound(conninfo, tenant)


def test_a_composite_of_what_is_not_there_or_of_itself_is_refused(tenant: Tenant) -> None:
    resource(tenant, "east")
    missing = tenant.define_composite("hall", parts=["east", "west"])
    assert done(missing, o.UnknownBookable).bookable == "west"
    itself = done(tenant.define_composite("hall", parts=["east", "hall"]), o.Invalid)
    assert itself.field == "parts[1]"
    assert tenant.book(claim("hall", 0, 60), actor="ann").code == "unknown_bookable"


def test_a_composites_rules_and_its_parts_rules_both_hold(tenant: Tenant) -> None:
    halves = [resource(tenant, "east"), resource(tenant, "west")]
    tenant.define_composite("hall", parts=halves)
    assert tenant.set_rules("hall", Rules(min_seconds=7200)).ok
    assert tenant.set_rules("west", EVENINGS).ok
    short = done(tenant.book(claim("hall", 0, 60), actor="ann"), o.NotBookable)
    assert (short.rule, short.bookable) == ("min_duration", "hall")
    late = done(tenant.book(claim("hall", 180, 300), actor="ann"), o.NotBookable)
    assert (late.rule, late.bookable) == ("hours", "west")
    assert tenant.book(claim("hall", 0, 120), actor="ann").ok
    assert tenant.book(claim("east", 180, 240), actor="ann").ok


def test_what_is_asked_for_is_bounded_by_the_parts_it_comes_to(
    tenant: Tenant, conninfo: str
) -> None:
    parts = [resource(tenant, f"seat {i}") for i in range(limits.PARTS)]
    for n in range(12):
        assert tenant.define_composite(f"hall {n}", parts=parts).ok
    hours = [claim("hall 0", 60 * i, 60 * i + 60) for i in range(101)]
    most = done(tenant.book(hours[:2], actor="ann", key="k"), o.Booked)
    too_many = done(tenant.book(hours[:3], actor="ann"), o.Invalid)
    assert too_many.field == "claims"
    assert too_many.reason.startswith("come to 150 claims with the parts of composites; at most")
    moved = done(tenant.move(most.booking_id, hours[2:5]), o.Invalid)
    assert moved.field == "moves[0].claims"
    halls = [f"hall {n}" for n in range(12)]
    picked = done(tenant.book(hours[2:4], choices=[choice(1, halls[:2])], actor="b"), o.Invalid)
    assert (picked.field, picked.reason[:17]) == ("choices", "come to 150 claim")
    offered = done(tenant.book(choices=[choice(1, halls)], actor="ben"), o.Invalid)
    assert (offered.field, offered.reason[:20]) == ("choices", "pick from 600 claims")
    assert tenant.book(choices=[choice(1, halls[:10], 300, 360)], actor="ben").ok
    refused = done(tenant.book_series(hours[:101], actor="cy", key="long"), o.Invalid)
    assert refused.field == "dates"
    assert refused.reason.startswith("have more than 5000 claims and candidates together")
    assert tenant.book_series(hours[:101], actor="cy", key="long") == refused
    date = done(tenant.book_series([hours[10:13]], actor="cy"), o.Invalid)
    assert date.field == "dates[0].claims"
    assert sound(conninfo, tenant)


def test_a_parts_actor_time_counts_in_the_composite(tenant: Tenant) -> None:
    parts = [resource(tenant, "room"), resource(tenant, "teacher", actor_time="refuse")]
    tenant.define_composite("lesson", parts=parts)
    occurrence(tenant, "yoga", actor_time="refuse")
    assert tenant.book("yoga", actor="ann").ok
    assert tenant.book(claim("lesson", 30, 90), actor="ann").code == "actor_busy"
    assert tenant.book(claim("lesson", 30, 90), actor="ben").ok


# Choices ------------------------------------------------------------------------------------------


def test_three_adjacent_lanes(tenant: Tenant, conninfo: str) -> None:
    of = lanes(tenant, 6)
    assert tenant.book(claim("lane 2", 0, 60), actor="eve").ok
    booked = done(tenant.book(choices=[choice(3, of, adjacent=True)], actor="ann"), o.Booked)
    assert booked.chosen == ("lane 3", "lane 4", "lane 5")
    assert booked.units == 3
    view = tenant.booking(booked.booking_id)
    assert {x.bookable for x in view.claims if not x.bookable.startswith("actor:")} == {
        "lane 3",
        "lane 4",
        "lane 5",
    }
    refused = tenant.hold(choices=[choice(2, of, adjacent=True)], actor="ben")
    conflict = done(refused, o.Conflict)
    assert (conflict.rule, conflict.bookable, conflict.actual) == ("adjacent", "lane 2", 2)
    held = done(tenant.hold(choices=[choice(2, of)], actor="ben"), o.Held)
    assert held.chosen == ("lane 1", "lane 6")
    assert sound(conninfo, tenant)


def test_a_choice_beside_claims_and_within_one_batch(tenant: Tenant) -> None:
    of, skis = lanes(tenant, 3), pool(tenant, capacity=5)
    outcomes = [
        tenant.book([claim(skis, 0, 60, 2)], choices=[choice(1, of)], actor=f"a{i}")
        for i in range(4)
    ]
    chosen = [x.chosen for x in outcomes if isinstance(x, o.Booked)]
    assert chosen == [("lane 1",), ("lane 2",)]
    assert done(outcomes[2], o.Full).bookable == skis


def test_a_booking_is_moved_to_what_is_free(tenant: Tenant) -> None:
    of = lanes(tenant, 3)
    first = done(tenant.book(choices=[choice(1, of)], actor="ann"), o.Booked)
    assert tenant.book(claim("lane 1", 60, 120), actor="eve").ok
    moved = done(tenant.move(first.booking_id, choices=[choice(1, of, 60, 120)]), o.Moved)
    assert moved.moved[0].chosen == ("lane 2",)
    stays = done(tenant.move(first.booking_id, choices=[choice(1, ["lane 2"], 90, 150)]), o.Moved)
    assert stays.moved[0].chosen == ("lane 2",), "what it has is free for itself"


def test_a_choice_of_what_is_not_there_is_refused_by_name(tenant: Tenant) -> None:
    of = lanes(tenant, 2)
    unknown = tenant.book(choices=[choice(1, [*of, "lane 9"])], actor="ann")
    assert done(unknown, o.UnknownBookable).bookable == "lane 9"
    occurrence(tenant, "yoga")
    assert done(tenant.book(choices=[choice(1, ["yoga"])], actor="ann"), o.Invalid).reason


def test_a_chosen_lane_takes_its_actors_time(tenant: Tenant) -> None:
    of = [resource(tenant, "one"), resource(tenant, "two", actor_time="refuse")]
    occurrence(tenant, "yoga", actor_time="refuse")
    assert tenant.book("yoga", actor="ann").ok
    assert tenant.book(choices=[choice(1, of)], actor="ann").ok, "the first watches nobody"
    assert tenant.book(choices=[choice(1, of)], actor="ann").code == "actor_busy"


# Series -------------------------------------------------------------------------------------------


def weekly(bookable: str, weeks: int) -> list[Claim]:
    return [claim(bookable, WEEK * i, WEEK * i + 60) for i in range(weeks)]


def test_a_year_of_weeks_in_one_transaction(tenant: Tenant, conninfo: str) -> None:
    lane = resource(tenant, actor_time="refuse")
    for week in (3, 17, 40):
        assert tenant.book(claim(lane, WEEK * week + 30, WEEK * week + 90), actor="eve").ok
    dates = weekly(lane, 52)
    refused = done(tenant.book_series(dates, actor="ann"), o.SeriesRefused)
    assert refused.policy == "all_or_nothing"
    booked = done(tenant.book_series(dates, actor="ann", policy="skip_conflicts"), o.SeriesBooked)
    assert booked.booked == 49
    assert [i for i, x in enumerate(booked.report) if isinstance(x, o.Conflict)] == [3, 17, 40]
    with psycopg.connect(conninfo) as connection:
        rows = connection.execute(
            "SELECT count(DISTINCT j.tx), count(DISTINCT b.series_id), count(DISTINCT b.booking_id)"
            " FROM lastseat.bookings b JOIN lastseat.journal j USING (tenant_id, booking_id)"
            " WHERE b.tenant_id = %s AND b.series_id = %s",
            [tenant.tenant_id, booked.series_id],
        ).fetchall()
    assert rows == [(1, 1, 49)]
    assert sound(conninfo, tenant)


def test_the_first_n_that_can_be_had(tenant: Tenant) -> None:
    lane = resource(tenant)
    assert tenant.book(claim(lane, 0, 60), actor="eve").ok
    first = tenant.book_series(weekly(lane, 4), actor="ann", policy="first_n", most=2)
    codes = [x and x.code for x in done(first, o.SeriesBooked).report]
    assert codes == ["conflict", "booked", "booked", None]


def test_one_key_is_one_series(tenant: Tenant, conninfo: str) -> None:
    lane = resource(tenant)
    dates = weekly(lane, 3)
    first = done(tenant.book_series(dates, actor="ann", key="k"), o.SeriesBooked)
    assert tenant.book_series(dates, actor="ann", key="k") == first
    assert tenant.book_series(dates[:2], actor="ann", key="k").code == "key_reused"
    with psycopg.connect(conninfo) as connection:
        rows = connection.execute(
            "SELECT booking_id IS NOT NULL, expires_at FROM lastseat.keys WHERE tenant_id = %s",
            [tenant.tenant_id],
        ).fetchall()
    assert rows == [(True, None)], "kept as long as a booking's"


def test_what_is_said_with_a_series_is_kept_with_each_booking_and_forgotten(
    tenant: Tenant,
) -> None:
    lane = resource(tenant)
    series = tenant.book_series(
        [*weekly(lane, 2), weekly(lane, 1)[0]],
        actor="ann",
        policy="skip_conflicts",
        metadata={"class": "beginners"},
        contact=Contact(email="ann@example.org"),
        reason="she asked by phone",
        key="k",
    )
    made = [x.booking_id for x in done(series, o.SeriesBooked).report if isinstance(x, o.Booked)]
    assert len(made) == 2
    for booking_id in made:
        view = tenant.booking(booking_id)
        assert view.metadata == {"class": "beginners"}
        assert view.contact is not None
        assert view.contact.email == "ann@example.org"
    forgotten = tenant.forget("ann")
    assert (forgotten.bookings, forgotten.details, forgotten.contacts) == (2, 2, 2)
    assert (forgotten.notes, forgotten.answers) == (1, 1)


def test_a_series_can_be_held_and_each_of_it_confirmed(tenant: Tenant) -> None:
    of = lanes(tenant, 2)
    assert tenant.book(claim("lane 1", WEEK, WEEK + 60), actor="eve").ok
    dates = [SeriesDate(choices=(choice(1, of, WEEK * i, WEEK * i + 60),)) for i in range(3)]
    held = done(tenant.book_series(dates, actor="ann", seconds=timedelta(hours=1)), o.SeriesBooked)
    report = [done(x, o.Held) for x in held.report if x is not None]
    assert [x.chosen for x in report] == [("lane 1",), ("lane 2",), ("lane 1",)]
    assert tenant.confirm(report[0].booking_id).ok
    assert tenant.release(report[1].booking_id).ok


def test_a_series_of_an_events_occurrences_opens_them(tenant: Tenant, conninfo: str) -> None:
    outcome = tenant.define_event(
        "yoga",
        start="2027-03-01T18:00",
        rrule="FREQ=WEEKLY",
        duration=3600,
        time_zone="UTC",
        capacity=1,
        actor_time="allow",
    )
    assert outcome.ok
    days = [MONDAY + timedelta(weeks=i) for i in range(3)]
    dates = [f"yoga@{day:%Y-%m-%dT%H:%M}" for day in days]
    assert tenant.book(dates[1], actor="eve").ok
    booked = tenant.book_series(
        [*dates, "yoga@2027-03-02T18:00"], actor="ann", policy="skip_conflicts"
    )
    codes = [x and x.code for x in done(booked, o.SeriesBooked).report]
    assert codes == ["booked", "full", "booked", "unknown_bookable"]
    assert sound(conninfo, tenant)
