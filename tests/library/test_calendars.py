"""Calendars through the library: imported, and imported again when something has changed."""

from datetime import timedelta
from typing import Any, get_args

import pytest
from tests.calendar.ical_files import calendar, event
from tests.gateways.hosts import hosted, ok
from tests.library.hall import SOON, claim, make_hall, report, weekly

import lastseat
from lastseat import Tenant
from lastseat.catalogue import Saved, Unknown
from lastseat.core import outcomes as o
from lastseat.core.rules import Day
from lastseat.library import importing
from lastseat.views.calendars import ImportReport


@pytest.fixture
def hall(engine: lastseat.Engine, tenant_id: str) -> Tenant:
    return make_hall(engine, tenant_id)


# Events ------------------------------------------------------------------------------------------


def test_events_are_made_and_can_be_booked(hall: Tenant) -> None:
    file = calendar(weekly("LOCATION:upstairs"), event(uid="once", start="20270608T180000Z"))
    found = report(hall.calendars.import_ics("school", file, into="location:hall", capacity=8))
    assert (found.counts.imported, found.counts.skipped) == (2, 0)
    (yoga,) = next(x for x in found.imported if x.uid == "yoga").made
    view = hall.bookable(yoga)
    assert (view.capacity, view.location_id, view.name) == (8, "hall", "Yoga")
    assert view.attributes == {"calendar": "school", "uid": "yoga", "place": "upstairs"}
    assert isinstance(hall.book(f"{yoga}@2027-06-14T20:00", actor="ann"), o.Booked)
    assert isinstance(hall.book(f"{yoga}@2027-06-15T20:00", actor="ann"), o.UnknownBookable)
    kept = hall.calendars.calendar("school")
    assert kept is not None
    assert kept.last == found.counts


def test_floating_times_are_the_locations(hall: Tenant) -> None:
    file = calendar(event(uid="x", start="20270607T200000"))
    found = report(hall.calendars.import_ics("c", file, into="location:hall"))
    (made,) = found.imported[0].made
    hall.book(f"{made}@2027-06-07T20:00", actor="ann")
    during = hall.bookable(f"{made}@2027-06-07T20:00").during
    assert during is not None
    assert during.start == SOON


def test_the_same_again_changes_nothing(hall: Tenant) -> None:
    file = calendar(weekly(), event(uid="once", start="20270608T180000Z"))
    hall.calendars.import_ics("c", file, into="location:hall")
    before = [hall.bookable(x).seq for x in made_of(hall)]
    found = report(hall.calendars.import_ics("c", file, into="location:hall"))
    assert found.counts.unchanged == 2
    assert found.imported == found.changed == ()
    assert [hall.bookable(x).seq for x in made_of(hall)] == before


def test_an_import_that_took_too_long_gets_further_the_next_time(
    hall: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = weekly(uid="one"), weekly(uid="other")
    for into, as_ in (("location:hall", "events"), ("resource:lane", "blocks")):
        take = hall.calendars.import_ics
        terms: dict[str, Any] = {"into": into, "as_": as_}
        assert report(take(as_, calendar(one), **terms)).counts.imported == 1
        with monkeypatch.context() as patched:
            patched.setattr(importing, "READING_SECONDS", -1.0)
            late = report(take(as_, calendar(one, other), **terms))
        # What is there already took no time; what is new has to wait.
        assert (late.counts.unchanged, late.counts.skipped) == (1, 1)
        assert (late.skipped[0].uid, late.skipped[0].reason) == ("other", importing.TOO_LONG)
        assert report(take(as_, calendar(one, other), **terms)).counts.imported == 1


def made_of(hall: Tenant) -> list[str]:
    return [x.bookable for x in hall.bookables(kind=["event"]).items]


def test_what_has_changed_is_edited_and_bookings_are_asked_about(hall: Tenant) -> None:
    take = hall.calendars.import_ics
    first = report(take("c", calendar(weekly()), into="location:hall", capacity=5))
    (yoga,) = first.imported[0].made
    booked = hall.book(f"{yoga}@2027-06-14T20:00", actor="ann")
    assert isinstance(booked, o.Booked)
    later = calendar(
        weekly("SEQUENCE:1", start="20270607T210000").replace("SUMMARY:Yoga", "SUMMARY:Late yoga")
    )
    asked = report(take("c", later, into="location:hall", capacity=5))
    (undecided,) = asked.undecided
    assert undecided.event == yoga
    assert [(x.effect, x.units) for x in undecided.affected] == [("moved", 1)]
    assert hall.bookable(yoga).name == "Yoga"
    # Asked again and told what to do, it does it.
    done = report(take("c", later, into="location:hall", capacity=5, moved="move"))
    assert [x.uid for x in done.changed] == ["yoga"]
    during = hall.bookable(f"{yoga}@2027-06-14T20:00").during
    assert during is not None
    assert during.start == SOON + timedelta(days=7, hours=1)
    assert hall.bookable(yoga).name == "Late yoga"
    assert report(take("c", later, into="location:hall", capacity=5)).counts.unchanged == 1


def test_an_older_sequence_is_not_taken(hall: Tenant) -> None:
    take = hall.calendars.import_ics
    take("c", calendar(weekly("SEQUENCE:3")), into="location:hall")
    old = calendar(weekly("SEQUENCE:2", start="20270607T190000"))
    found = report(take("c", old, into="location:hall"))
    assert found.changed == ()
    assert "older" in found.skipped[0].reason


def test_what_is_gone_is_reported_or_called_off(hall: Tenant) -> None:
    take = hall.calendars.import_ics
    both = calendar(weekly(), weekly(uid="pilates"))
    take("c", both, into="location:hall")
    found = report(take("c", calendar(weekly()), into="location:hall"))
    (gone,) = found.vanished
    assert gone.uid == "pilates"
    (event_id,) = gone.made
    assert isinstance(hall.book(f"{event_id}@2027-06-14T20:00", actor="ann"), o.Booked)
    again = report(take("c", calendar(weekly()), into="location:hall", vanished="cancel"))
    assert [x.event for x in again.undecided] == [event_id]
    done = report(
        take("c", calendar(weekly()), into="location:hall", vanished="cancel", dropped="call_off")
    )
    assert [x.uid for x in done.cancelled] == ["pilates"]
    refused = hall.book(f"{event_id}@2027-06-21T20:00", actor="ben")
    assert not refused.ok
    assert report(take("c", calendar(weekly()), into="location:hall")).vanished == ()


def test_a_skipped_item_has_not_vanished(hall: Tenant) -> None:
    """A rule that we can't take any more is no reason to call the event off."""
    take = hall.calendars.import_ics
    take("c", calendar(weekly()), into="location:hall")
    broken = calendar(weekly().replace("FREQ=WEEKLY", "FREQ=SECONDLY"))
    found = report(take("c", broken, into="location:hall", vanished="cancel"))
    assert (found.counts.skipped, found.counts.cancelled, found.counts.vanished) == (1, 0, 0)


def test_a_calendar_that_was_forgotten_finds_its_events_again(hall: Tenant) -> None:
    file = calendar(weekly())
    first = report(hall.calendars.import_ics("c", file, into="location:hall"))
    assert isinstance(hall.calendars.remove("c"), Saved)
    assert hall.calendars.calendar("c") is None
    assert hall.calendars.remove("c") == Unknown("calendar", "c")
    again = report(hall.calendars.import_ics("c", file, into="location:hall"))
    assert again.imported[0].made == first.imported[0].made
    assert len(made_of(hall)) == 1


def test_each_item_that_is_passed_over_has_its_reason(hall: Tenant) -> None:
    file = calendar(
        event(uid="past", start="20200101T180000Z"),
        event("RRULE:FREQ=DAILY;COUNT=3", uid="over", start="20200101T180000Z"),
        event("RRULE:FREQ=HOURLY;INTERVAL=0", uid="rule", start="20270607T180000Z"),
        event("RRULE:FREQ=WEEKLY;BYDAY=TU", uid="start", start="20270607T180000Z"),
        event("STATUS:CANCELLED", uid="off", start="20270607T180000Z"),
        "BEGIN:VTODO\nUID:todo\nEND:VTODO",
    )
    found = report(hall.calendars.import_ics("c", file, into="location:hall"))
    reasons = {x.uid: x.reason for x in found.skipped}
    assert set(reasons) == {"past", "over", "rule", "start", "off", "todo"}
    assert reasons["past"] == reasons["over"] == "is over"
    assert "rrule[0]" in reasons["rule"]
    assert reasons["start"].startswith("start does not match the rule")
    assert reasons["off"] == "is cancelled"
    assert found.counts.skipped == 6


# Blocks ------------------------------------------------------------------------------------------


def test_what_recurs_becomes_a_rule_of_the_resource(hall: Tenant) -> None:
    found = report(
        hall.calendars.import_ics("ops", calendar(weekly()), into="resource:lane", as_="blocks")
    )
    assert found.counts.imported == 1
    (block,) = hall.rules("lane").rules.blocks
    assert (block.start, block.name) == ("2027-06-07T20:00", "Yoga")
    refused = hall.book(claim("lane", SOON + timedelta(days=7)), actor="ann")
    assert isinstance(refused, o.NotBookable)
    assert refused.rule == "block"
    free = hall.book(claim("lane", SOON + timedelta(days=1)), actor="ann")
    assert isinstance(free, o.Booked)


def test_what_is_once_becomes_a_booking_of_all_there_is(hall: Tenant) -> None:
    once = calendar(event("SUMMARY:Inspection", uid="i", start="20270607T180000Z"))
    for bookable in ("lane", "rooms"):
        found = report(
            hall.calendars.import_ics(bookable, once, into=f"resource:{bookable}", as_="blocks")
        )
        assert found.counts.imported == 1, found
        assert not hall.book(claim(bookable, SOON), actor="ann").ok
        (made,) = found.imported[0].made
        booking = hall.booking(made.partition("=")[2])
        assert booking.actor.startswith("block:")
        assert booking.metadata is not None
        assert booking.metadata["title"] == "Inspection"


def test_blocks_move_and_go_with_their_calendar(hall: Tenant) -> None:
    def take(*items: str, vanished: str = "cancel") -> ImportReport:
        return report(
            hall.calendars.import_ics(
                "ops", calendar(*items), into="resource:lane", as_="blocks", vanished=vanished
            )
        )

    take(weekly(), event(uid="i", start="20270608T180000Z"))
    moved = take(weekly(start="20270607T100000"), event(uid="i", start="20270609T180000Z"))
    assert sorted(x.uid for x in moved.changed) == ["i", "yoga"]
    assert [x.start for x in hall.rules("lane").rules.blocks] == ["2027-06-07T10:00"]
    assert hall.book(claim("lane", SOON + timedelta(days=1)), actor="ann").ok
    assert not hall.book(claim("lane", SOON + timedelta(days=2)), actor="ann").ok
    gone = take()
    assert sorted(x.uid for x in gone.cancelled) == ["i", "yoga"]
    assert hall.rules("lane").rules.blocks == ()
    assert hall.book(claim("lane", SOON + timedelta(days=2)), actor="ann").ok


def test_an_import_leaves_other_rules_alone(hall: Tenant) -> None:
    mine = lastseat.RecurringBlock(start="2027-01-01T03:00", seconds=3600, rrule=("FREQ=DAILY",))
    rules = lastseat.Rules(blocks=(mine,), min_seconds=600)
    assert hall.set_rules("lane", rules).ok
    hall.calendars.import_ics("ops", calendar(weekly()), into="resource:lane", as_="blocks")
    hall.calendars.import_ics(
        "ops", calendar(), into="resource:lane", as_="blocks", vanished="cancel"
    )
    assert hall.rules("lane").rules == rules


def test_a_block_is_not_held_to_the_rules_of_customers_but_to_what_is_taken(hall: Tenant) -> None:
    day = (lastseat.Span("08:00", "20:00"),)
    hours = lastseat.Hours(weekly=dict.fromkeys(get_args(Day), day))
    assert hall.set_rules("lane", lastseat.Rules(hours=hours)).ok
    night = event(uid="night", start="20270607T210000Z")
    noon = event(uid="noon", start="20270607T100000Z")
    assert hall.book(claim("lane", SOON.replace(hour=10)), actor="ann").ok
    found = report(
        hall.calendars.import_ics("o", calendar(night, noon), into="resource:lane", as_="blocks")
    )
    assert [x.uid for x in found.imported] == ["night"]
    (skipped,) = found.skipped
    assert skipped.uid == "noon"
    assert "taken from 2027-06-07T10:00" in skipped.reason
    # Once it is free, the next import has it.
    (booking,) = hall.bookings(actor="ann").items
    hall.cancel(booking.booking_id)
    again = report(
        hall.calendars.import_ics("o", calendar(night, noon), into="resource:lane", as_="blocks")
    )
    assert [x.uid for x in again.imported] == ["noon"]
    assert again.counts.unchanged == 1


def test_a_rule_of_another_zone_is_written_out(hall: Tenant) -> None:
    there = event(
        "RRULE:FREQ=WEEKLY;COUNT=60", uid="x", start="DTSTART;TZID=Asia/Tokyo:20270608T030000"
    )
    found = report(
        hall.calendars.import_ics("o", calendar(there), into="resource:lane", as_="blocks")
    )
    assert found.imported[0].note is not None
    (block,) = hall.rules("lane").rules.blocks
    assert block.rrule == ()
    assert block.start == "2027-06-07T20:00"
    # Berlin's clocks change in October, Tokyo's don't.
    assert "2027-11-08T19:00" in block.rdate


def test_of_another_zone_no_more_is_written_out_than_once_a_day(hall: Tenant) -> None:
    start = "DTSTART;TZID=Asia/Tokyo:20270608T030000"
    daily = event("RRULE:FREQ=DAILY", uid="daily", start=start)
    often = event("RRULE:FREQ=DAILY;BYHOUR=3,9,15,21", uid="often", start=start)
    file = calendar(daily, often)
    found = report(hall.calendars.import_ics("o", file, into="resource:lane", as_="blocks"))
    assert [x.uid for x in found.imported] == ["daily"]
    assert [x.uid for x in found.skipped] == ["often"]
    assert found.skipped[0].reason == "has more than 366 times a year, in another time zone"


def test_an_address_is_asked_again_while_something_is_left_to_do(
    hall: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What could not be blocked is tried again, though the file has not changed."""
    monkeypatch.setenv("LASTSEAT_FETCH_NETWORKS", "127.0.0.1/32")
    once = calendar(event(uid="i", start="20270607T180000Z"))

    def answer(headers: dict[str, str]) -> bytes:
        if "if-none-match" in headers:
            return b"HTTP/1.1 304 Not Modified\r\nContent-Length: 0\r\n\r\n"
        return ok(once, 'ETag: "1"')

    booked = hall.book(claim("lane", SOON), actor="ann")
    assert isinstance(booked, o.Booked)
    with hosted({"/": answer}) as host:
        url = f"http://127.0.0.1:{host.port}/"
        first = report(hall.calendars.import_ics("o", url=url, into="resource:lane", as_="blocks"))
        assert first.counts.skipped == 1
        hall.cancel(booked.booking_id)
        assert report(hall.calendars.refresh("o")).counts.imported == 1
        assert report(hall.calendars.refresh("o")).not_modified


def test_an_instance_apart_from_its_rule_is_blocked_where_it_is(hall: Tenant) -> None:
    file = calendar(
        weekly(),
        event(
            "RECURRENCE-ID;TZID=Europe/Berlin:20270614T200000",
            uid="yoga",
            start="DTSTART;TZID=Europe/Berlin:20270615T200000",
        ),
    )
    found = report(hall.calendars.import_ics("o", file, into="resource:lane", as_="blocks"))
    assert found.counts.imported == 1
    assert hall.book(claim("lane", SOON + timedelta(days=7)), actor="ann").ok
    assert not hall.book(claim("lane", SOON + timedelta(days=8)), actor="ann").ok


def test_a_locations_blocks_hold_for_all_that_is_there(hall: Tenant) -> None:
    file = calendar(weekly(), event(uid="i", start="20270608T180000Z"))
    report(hall.calendars.import_ics("o", file, into="location:hall", as_="blocks"))
    assert len(hall.rules("location:hall").rules.blocks) == 2
    for bookable in ("lane", "rooms"):
        assert not hall.book(claim(bookable, SOON), actor="ann").ok
        assert not hall.book(claim(bookable, SOON + timedelta(days=1)), actor="ann").ok


def test_free_time_blocks_nothing(hall: Tenant) -> None:
    file = calendar(event("TRANSP:TRANSPARENT", uid="i", start="20270608T180000Z"))
    found = report(hall.calendars.import_ics("o", file, into="resource:lane", as_="blocks"))
    assert found.counts.imported == 0
    assert "free" in found.skipped[0].reason


def test_more_blocks_than_rules_have_room_for_are_told(hall: Tenant) -> None:
    file = calendar(*[weekly(uid=f"{i}", start=f"202706{7 + i % 20:02}T{i // 20 + 8:02}0000")
                      for i in range(105)])  # fmt: skip
    found = report(hall.calendars.import_ics("o", file, into="resource:lane", as_="blocks"))
    assert found.counts.imported == 100
    assert len(hall.rules("lane").rules.blocks) == 100
    assert {x.reason for x in found.skipped} == {"finds no room: rules have 100 blocks at most"}


# Bad input ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"into": "hall"}, "into"),
        ({"into": "location:"}, "into"),
        ({"into": "resource:lane"}, "into"),
        ({"into": "location:hall", "as_": "things"}, "as"),
        ({"into": "location:hall", "capacity": 0}, "capacity"),
        ({"into": "location:hall", "vanished": "burn"}, "vanished"),
        ({"into": "location:hall", "moved": "burn"}, "moved"),
        ({"into": "location:hall", "dropped": "move"}, "dropped"),
        ({"into": "location:hall", "url": "https://example.org/"}, "url"),
    ],
)
def test_what_makes_no_sense_is_invalid(
    hall: Tenant, arguments: dict[str, str], field: str
) -> None:
    found = hall.calendars.import_ics("c", calendar(), **arguments)  # type: ignore[arg-type]
    assert isinstance(found, o.Invalid)
    assert found.field == field
    assert hall.calendars.calendars() == []


def test_what_is_not_there_is_unknown(hall: Tenant) -> None:
    take = hall.calendars.import_ics
    assert take("c", calendar(), into="location:x") == Unknown("location", "x")
    assert take("c", calendar(), into="resource:x", as_="blocks") == Unknown("bookable", "x")
    assert hall.calendars.refresh("x") == Unknown("calendar", "x")
    assert hall.calendars.export("event:x") == Unknown("bookable", "x")
    assert hall.calendars.export("location:x") == Unknown("location", "x")


def test_a_refused_file_says_what_about_it_and_leaves_the_calendar_as_it_was(hall: Tenant) -> None:
    hall.calendars.import_ics("c", calendar(weekly()), into="location:hall")
    before = hall.calendars.calendar("c")
    for data, field in ((b"<html>", "ics.file"), (bytes(10_000_001), "ics.size")):
        found = hall.calendars.import_ics("c", data, into="location:hall")
        assert isinstance(found, o.Invalid)
        assert found.field == field
    assert hall.calendars.calendar("c") == before
    # And the next one is not kept out.
    report(hall.calendars.import_ics("c", calendar(weekly()), into="location:hall"))


def test_only_one_import_of_a_calendar_is_under_way(hall: Tenant, conninfo: str) -> None:
    import psycopg  # noqa: PLC0415

    hall.calendars.import_ics("c", calendar(weekly()), into="location:hall")
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(
            "UPDATE lastseat.calendars SET importing_until = now() + interval '1 min'"
            " WHERE tenant_id = %s",
            [hall.tenant_id],
        )
    found = hall.calendars.import_ics("c", calendar(weekly()), into="location:hall")
    assert isinstance(found, o.Conflict)
    assert found.rule == "importing"


def test_a_key_has_one_answer(hall: Tenant) -> None:
    take = hall.calendars.import_ics
    first = take("c", calendar(weekly()), into="location:hall", key="k")
    again = take("c", calendar(weekly()), into="location:hall", key="k")
    assert isinstance(again, Saved)
    assert again.replayed
    assert report(again) == report(first)
    other = take("c", calendar(), into="location:hall", key="k")
    assert isinstance(other, o.KeyReused)


def test_an_address_that_is_not_public_is_not_asked(hall: Tenant) -> None:
    found = hall.calendars.import_ics("c", url="http://127.0.0.1:1/a.ics", into="location:hall")
    assert found == o.Invalid(field="url", reason="is not at a public address")


def test_an_import_that_broke_off_finds_what_it_had_made(hall: Tenant, conninfo: str) -> None:
    """Killed after its bookings and before it kept them: no second ones, and none in the way."""
    file = calendar(weekly(), event(uid="i", start="20270608T180000Z"))
    take = hall.calendars.import_ics
    for into, as_ in (("location:hall", "events"), ("resource:lane", "blocks")):
        first = report(take(as_, file, into=into, as_=as_))
        hall.calendars.remove(as_)
        again = report(take(as_, file, into=into, as_=as_))
        assert again.counts == first.counts
        assert [x.made for x in again.imported] == [x.made for x in first.imported]
    assert len(hall.rules("lane").rules.blocks) == 1
    assert len(hall.bookings(bookable="lane").items) == 1


# An address --------------------------------------------------------------------------------------


def test_an_address_is_imported_and_asked_again_only_for_what_is_new(
    hall: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LASTSEAT_FETCH_NETWORKS", "127.0.0.1/32")
    file = calendar(weekly())

    def answer(headers: dict[str, str]) -> bytes:
        tag = f'"{len(file)}"'
        if headers.get("if-none-match") == tag:
            return b"HTTP/1.1 304 Not Modified\r\nContent-Length: 0\r\n\r\n"
        return ok(file, f"ETag: {tag}")

    with hosted({"/secret-path.ics": answer}) as host:
        url = f"http://127.0.0.1:{host.port}/secret-path.ics"
        first = report(hall.calendars.import_ics("c", url=url, into="location:hall"))
        assert first.counts.imported == 1
        second = report(hall.calendars.refresh("c"))
        assert second.not_modified
        file = calendar(weekly("SEQUENCE:1", start="20270607T190000"))
        third = report(hall.calendars.refresh("c"))
        assert third.counts.changed == 1
        del host.paths["/secret-path.ics"]
        host.paths["/secret-path.ics"] = ok(b"<html>Gone</html>")
        gone = hall.calendars.refresh("c")
        assert isinstance(gone, o.Invalid)
    kept = hall.calendars.calendar("c")
    assert kept is not None
    # The rest of the address may be a secret.
    assert kept.host == "127.0.0.1"
    assert kept.last == third.counts
    assert isinstance(hall.calendars.refresh("c"), o.Invalid)


def test_an_import_that_fails_lets_the_next_one_in(
    hall: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever goes wrong in the middle of it, and however much of it is under way."""
    import lastseat.library.importing_events as making  # noqa: PLC0415

    many = calendar(*[weekly(uid=f"{i}") for i in range(200)])
    define, calls = making._define, 0

    def failing(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 50:
            raise RuntimeError("the power is cut")
        return define(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(making, "_define", failing)
        with pytest.raises(RuntimeError, match="the power is cut"):
            hall.calendars.import_ics("c", many, into="location:hall")
    done = report(hall.calendars.import_ics("c", many, into="location:hall"))
    assert done.counts.imported == 200
    assert len(hall.bookables(kind=["event"], limit=1000).items) == 200
