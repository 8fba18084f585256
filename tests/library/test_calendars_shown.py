"""What calendars show through the library, and feeds."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.calendar.ical_files import calendar
from tests.library.hall import SOON, claim, make_hall, report, shown, weekly

import lastseat
from lastseat import Tenant
from lastseat.catalogue import Saved, Unknown
from lastseat.catalogue.feeds import NewFeed
from lastseat.core import outcomes as o
from lastseat.library.showing import Shown
from lastseat.views.calendars import Feed


@pytest.fixture
def hall(engine: lastseat.Engine, tenant_id: str) -> Tenant:
    return make_hall(engine, tenant_id)


def test_an_event_is_shown_with_its_rule_and_comes_back_the_same(hall: Tenant) -> None:
    rule = "FREQ=WEEKLY;COUNT=10"
    made = hall.define_event(
        "yoga",
        start="2027-06-07T20:00",
        rrule=rule,
        duration=3600,
        time_zone="Europe/Berlin",
        capacity=8,
        location="hall",
        name="Yoga",
    )
    assert made.ok
    year: dict[str, Any] = {"start": SOON - timedelta(days=30), "end": SOON + timedelta(days=300)}
    (item,) = shown(hall.calendars.export("event:yoga", **year))
    assert item.schedule.segments[0].rrule == (rule,)
    assert (item.name, item.place, item.capacity, item.zone) == ("Yoga", "Hall", 8, "Europe/Berlin")
    assert item.sequence == hall.bookable("yoga").seq - 1
    hall.edit_event("yoga", scope="this", at="2027-06-14T20:00", cancelled=True)
    (edited,) = shown(hall.calendars.export("event:yoga", **year))
    assert edited.uid == item.uid
    assert edited.sequence > item.sequence
    assert [(x.at, x.cancelled) for x in edited.schedule.overrides] == [("2027-06-14T20:00", True)]
    # And in again, as an event of its own.
    file = hall.calendars.export("event:yoga", **year)
    assert isinstance(file, Shown)
    found = report(hall.calendars.import_ics("copy", file.body, into="location:hall"))
    (copy,) = found.imported[0].made
    (shown_copy,) = shown(hall.calendars.export(f"event:{copy}", **year))
    assert shown_copy.schedule == edited.schedule


def test_events_that_list_their_starts_are_shown_for_the_time_asked_for(hall: Tenant) -> None:
    starts = [f"2027-{m:02}-07T20:00" for m in range(1, 13)]
    hall.define_event("talk", starts=starts, duration=3600, time_zone="Europe/Berlin", capacity=8)
    found = hall.calendars.export("event:talk", start=SOON, end=SOON + timedelta(days=40))
    (item,) = shown(found)
    (segment,) = item.schedule.segments
    assert (segment.start, segment.rdate) == ("2027-06-07T20:00", ("2027-07-07T20:00",))
    early = hall.calendars.export(
        "event:talk", start=SOON - timedelta(days=700), end=SOON - timedelta(days=500)
    )
    assert shown(early) == []


def test_a_resource_shows_when_it_is_taken_and_redacted_nobody(hall: Tenant) -> None:
    hall.book(claim("lane", SOON), actor="ann@example.org")
    held = hall.hold(claim("lane", SOON + timedelta(hours=2)), actor="ben")
    assert isinstance(held, o.Held)
    hall.calendars.import_ics("o", calendar(weekly()), into="resource:lane", as_="blocks")
    day: dict[str, Any] = {"start": SOON - timedelta(days=1), "end": SOON + timedelta(days=1)}
    open_ = shown(hall.calendars.export("resource:lane", **day))
    assert [x.name for x in open_] == ["ann@example.org", "ben", "Yoga"]
    assert [x.status for x in open_] == ["CONFIRMED", "TENTATIVE", "CONFIRMED"]
    assert (open_[0].zone, open_[0].place) == ("UTC", "Hall")
    redacted = hall.calendars.export("resource:lane", redacted=True, **day)
    assert [x.name for x in shown(redacted)] == ["Booked", "Held", "Closed"]
    assert isinstance(redacted, Shown)
    for secret in ("ann", "ben", "Yoga", held.booking_id):
        assert secret.encode() not in redacted.body


def test_a_booking_keeps_its_uid_when_it_moves(hall: Tenant) -> None:
    booked = hall.book(claim("lane", SOON), actor="ann")
    assert isinstance(booked, o.Booked)
    year: dict[str, Any] = {"start": SOON - timedelta(days=1), "end": SOON + timedelta(days=9)}
    (before,) = shown(hall.calendars.export("resource:lane", **year))
    assert hall.move(booked.booking_id, [claim("lane", SOON + timedelta(days=2))], version=1).ok
    (after,) = shown(hall.calendars.export("resource:lane", **year))
    assert after.uid == before.uid
    assert after.sequence == before.sequence + 1
    assert after.schedule != before.schedule
    hall.cancel(booked.booking_id)
    assert shown(hall.calendars.export("resource:lane", **year)) == []


def test_a_location_shows_all_that_takes_place_there(hall: Tenant) -> None:
    hall.define_event(
        "yoga", start="2027-06-07T20:00", rrule="FREQ=DAILY", duration=3600,
        time_zone="Europe/Berlin", capacity=8, location="hall", name="Yoga",
    )  # fmt: skip
    hall.define_occurrence(
        "ball", start=SOON, end=SOON + timedelta(hours=3), capacity=9, location="hall", name="Ball"
    )
    hall.define_event(
        "elsewhere", start="2027-06-07T20:00", duration=60, time_zone="Europe/Berlin", capacity=8
    )
    hall.book(claim("lane", SOON), actor="ann")
    hall.book(claim("rooms", SOON, units=2), actor="ben")
    found = shown(
        hall.calendars.export(
            "location:hall", start=SOON, end=SOON + timedelta(days=1), redacted=True
        )
    )
    assert sorted(x.name or "" for x in found) == [
        "Ball",
        "Lane 1: Booked",
        "Yoga",
        "rooms: Booked",
    ]


def test_a_composite_shows_its_parts(hall: Tenant) -> None:
    hall.define_resource("lane-2", location="hall")
    assert hall.define_composite("both", parts=["lane", "lane-2"]).ok
    hall.book(claim("lane-2", SOON), actor="ann")
    window: dict[str, Any] = {"start": SOON, "end": SOON + timedelta(days=1)}
    found = shown(hall.calendars.export("resource:both", redacted=True, **window))
    assert [x.name for x in found] == ["lane-2: Booked"]


def test_an_actor_sees_their_own_bookings_and_nobody_elses(hall: Tenant) -> None:
    hall.define_event(
        "yoga", start="2027-06-07T20:00", rrule="FREQ=DAILY", duration=3600,
        time_zone="Europe/Berlin", capacity=8, location="hall", name="Yoga",
    )  # fmt: skip
    hall.book("yoga@2027-06-08T20:00", actor="ann")
    hall.book([claim("lane", SOON), claim("rooms", SOON)], actor="ann")
    hall.book(claim("rooms", SOON), actor="ben")
    window: dict[str, Any] = {"start": SOON, "end": SOON + timedelta(days=9)}
    found = shown(hall.calendars.export("actor:ann", **window))
    assert sorted(x.name or "" for x in found) == ["Lane 1, rooms", "Yoga"]
    assert shown(hall.calendars.export("actor:nobody", **window)) == []


def test_the_same_things_have_the_same_etag(hall: Tenant) -> None:
    first, second = (hall.calendars.export("location:hall") for _ in range(2))
    assert first == second
    now = datetime.now(UTC) + timedelta(days=1)
    hall.book(claim("lane", now), actor="ann")
    assert hall.calendars.export("location:hall") != first


@pytest.mark.parametrize(
    ("of", "more", "field"),
    [
        ("yoga", {}, "of"),
        ("event:", {}, "of"),
        ("thing:x", {}, "of"),
        ("resource:lane", {"start": SOON, "end": SOON}, "end"),
        ("resource:lane", {"start": SOON, "end": SOON + timedelta(days=801)}, "end"),
        ("resource:lane", {"start": SOON.replace(tzinfo=None)}, "start"),
        ("resource:lane", {"start": SOON.replace(year=2900)}, "start"),
    ],
)
def test_what_can_not_be_shown_is_invalid(
    hall: Tenant, of: str, more: dict[str, Any], field: str
) -> None:
    found = hall.calendars.export(of, **more)
    assert isinstance(found, o.Invalid)
    assert found.field == field


# Feeds -------------------------------------------------------------------------------------------


def test_a_feeds_address_is_told_once_and_can_be_changed_and_revoked(
    hall: Tenant, conninfo: str
) -> None:
    import psycopg  # noqa: PLC0415

    made = hall.calendars.create_feed("resource:lane", key="k")
    assert isinstance(made, Saved)
    assert isinstance(made.row, NewFeed)
    assert made.row.address not in repr(made.row)
    repeated = hall.calendars.create_feed("resource:lane", key="k")
    assert isinstance(repeated, Saved)
    assert repeated.row == made.row.feed
    assert hall.calendars.feeds() == [made.row.feed]
    changed = hall.calendars.change_feed(made.row.feed.feed_id)
    assert isinstance(changed, Saved)
    assert isinstance(changed.row, NewFeed)
    assert changed.row.address != made.row.address
    with psycopg.connect(conninfo) as connection:
        kept = connection.execute(
            "SELECT (f.*)::text FROM lastseat.feeds f WHERE tenant_id = %s", [hall.tenant_id]
        ).fetchall()
    for address in (made.row.address, changed.row.address):
        assert address.partition(".")[2] not in str(kept)
    gone = hall.calendars.revoke_feed(made.row.feed.feed_id)
    assert isinstance(gone, Saved)
    assert isinstance(gone.row, Feed)
    assert hall.calendars.feeds() == []
    unknown = Unknown("feed", made.row.feed.feed_id)
    assert hall.calendars.revoke_feed(made.row.feed.feed_id) == unknown
    assert hall.calendars.change_feed(made.row.feed.feed_id) == unknown
    assert hall.calendars.change_feed("nonsense") == Unknown("feed", "nonsense")


def test_a_feed_is_of_something_that_is_there(hall: Tenant) -> None:
    assert hall.calendars.create_feed("event:x") == Unknown("bookable", "x")
    assert hall.calendars.create_feed("location:x") == Unknown("location", "x")
    assert isinstance(hall.calendars.create_feed("actor:tomorrow's"), Saved)
    assert isinstance(hall.calendars.create_feed("nothing"), o.Invalid)


def test_another_tenants_feed_is_unknown(hall: Tenant, engine: lastseat.Engine) -> None:
    made = hall.calendars.create_feed("resource:lane")
    assert isinstance(made, Saved)
    other = engine.tenant(f"{hall.tenant_id}-other")
    assert isinstance(made.row, NewFeed)
    assert isinstance(other.calendars.revoke_feed(made.row.feed.feed_id), Unknown)
    assert other.calendars.feeds() == []
    assert len(hall.calendars.feeds()) == 1


def test_whoever_is_forgotten_has_no_feed_any_more(hall: Tenant, conninfo: str) -> None:
    import psycopg  # noqa: PLC0415

    hall.book(claim("lane", SOON), actor="ann")
    assert isinstance(hall.calendars.create_feed("actor:ann", key="k"), Saved)
    other = hall.calendars.create_feed("actor:anna")
    assert isinstance(other, Saved)
    hall.forget("ann")
    assert [x.of for x in hall.calendars.feeds()] == ["actor:anna"]
    with psycopg.connect(conninfo) as connection:
        kept = connection.execute(
            "SELECT outcome FROM lastseat.keys WHERE tenant_id = %s", [hall.tenant_id]
        ).fetchall()
    assert "actor:ann" not in str(kept)
