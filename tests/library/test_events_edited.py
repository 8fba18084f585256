"""Edits of events that are booked: what they would do is told first, then done as one is told (B3).

Whatever is done, bookings keep their occurrence, seat and id, and the ledger is its journal.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.library.conftest import Clocked
from tests.library.sound import sound
from tests.library.venue import done

import lastseat
from lastseat import Tenant
from lastseat import outcomes as o
from lastseat.core.schedule import Schedule, Segment
from lastseat.library.asynchronous.events import edit_schedule

ZONE = "Europe/Paris"
MONDAYS = ["2027-03-01T18:00", "2027-03-08T18:00", "2027-03-15T18:00", "2027-03-22T18:00"]
FIRST, SECOND, THIRD, FOURTH = (f"yoga@{at}" for at in MONDAYS)
NOW = datetime(2027, 2, 1, tzinfo=UTC)


@pytest.fixture
def studio(clocked: Clocked) -> Iterator[Tenant]:
    """A weekly class of three, which ann and ben have booked; at the end all has to add up."""
    clocked.it_is(NOW)
    weekly(clocked.tenant)
    yield clocked.tenant
    sound(clocked.stage, clocked.tenant.tenant_id)


def weekly(tenant: Tenant, **more: Any) -> None:
    rule: dict[str, Any] = {"start": MONDAYS[0], "rrule": "FREQ=WEEKLY", "duration": 3600}
    outcome = tenant.define_event("yoga", time_zone=ZONE, capacity=3, **rule | more)
    assert outcome.ok, outcome
    for actor in ("ann", "ben"):
        assert tenant.book(FIRST, actor=actor).ok


def hours(tenant: Tenant, name: str) -> tuple[str, str]:
    """When an occurrence begins and ends, in UTC, to the minute."""
    during = tenant.bookable(name).during
    assert during is not None
    return f"{during.start:%d %H:%M}", f"{during.end:%H:%M}"


def affected(outcome: o.AnyOutcome) -> list[tuple[str, str, int]]:
    return [(x.bookable, x.effect, x.units) for x in done(outcome, o.WouldAffect).affected]


def roster(tenant: Tenant, name: str) -> list[str]:
    return [place.actor for place in tenant.roster(name)]


def test_a_booked_occurrence_is_told_before_it_is_moved(studio: Tenant) -> None:
    seen = studio.edit_event("yoga", scope="all", start="19:00")
    (told,) = done(seen, o.WouldAffect).affected
    assert (told.bookable, told.effect, told.bookings, told.units) == (FIRST, "moved", 2, 2)
    assert told.becomes is not None
    assert told.becomes.start - told.during.start == timedelta(hours=1)
    assert hours(studio, FIRST) == ("01 17:00", "18:00"), "and nothing is done"
    assert hours(studio, SECOND) == ("08 17:00", "18:00")
    assert len(studio.journal("yoga")) == 1


def test_told_to_move_them_they_keep_seat_and_id(studio: Tenant) -> None:
    before = studio.roster(FIRST)
    outcome = studio.edit_event("yoga", scope="all", start="19:00", on_moved="move")
    assert done(outcome, o.EventEdited).changed == (FIRST,)
    after = studio.roster(FIRST)
    assert [(x.booking_id, x.seat, x.version) for x in after] == [
        (x.booking_id, x.seat, x.version + 1) for x in before
    ]
    assert hours(studio, FIRST) == ("01 18:00", "19:00")
    (claim,) = studio.booking(after[0].booking_id).claims
    assert (claim.live, claim.during) == (True, studio.bookable(FIRST).during)
    assert claim.local_start == "2027-03-01T19:00:00"
    # Under its old name alone: what is not booked is found where it is now.
    assert studio.book("yoga@2027-03-01T19:00", actor="eve").code == "unknown_bookable"
    assert studio.book(SECOND, actor="eve").code == "unknown_bookable"
    assert studio.book("yoga@2027-03-08T19:00", actor="eve").ok
    assert studio.book(FIRST, actor="eve").ok
    assert [x.action for x in studio.audit(after[0].booking_id)] == ["booked", "moved"]


def test_told_to_keep_them_only_the_others_move(studio: Tenant) -> None:
    assert studio.edit_event("yoga", scope="all", start="19:00", on_moved="keep").ok
    assert hours(studio, FIRST) == ("01 17:00", "18:00")
    assert studio.book("yoga@2027-03-01T19:00", actor="eve").code == "unknown_bookable"
    assert hours(studio, "yoga@2027-03-08T19:00") == ("08 18:00", "19:00")
    assert roster(studio, FIRST) == ["ann", "ben"]


def test_told_to_call_them_off_their_bookings_are_cancelled(studio: Tenant) -> None:
    (ann, _) = studio.roster(FIRST)
    assert studio.edit_event("yoga", scope="all", start="19:00", on_moved="call_off").ok
    assert studio.booking(ann.booking_id).status == "CANCELLED"
    assert studio.bookable(FIRST).called_off
    assert studio.book(FIRST, actor="ann").code == "not_bookable"
    assert studio.book("yoga@2027-03-01T19:00", actor="ann").ok


def test_one_that_the_new_rule_has_no_more_is_kept_or_called_off(studio: Tenant) -> None:
    edit: dict[str, Any] = {"scope": "all", "rrule": "FREQ=WEEKLY;INTERVAL=2"}
    assert studio.book(SECOND, actor="cyd").ok
    assert affected(studio.edit_event("yoga", **edit)) == [(SECOND, "dropped", 1)]
    assert studio.edit_event("yoga", **edit, on_dropped="keep").ok
    assert (roster(studio, SECOND), hours(studio, SECOND)) == (["cyd"], ("08 17:00", "18:00"))
    assert studio.book(SECOND, actor="dee").ok
    assert studio.book(FOURTH, actor="dee").code == "unknown_bookable"
    thrice = studio.edit_event("yoga", scope="all", rrule="FREQ=WEEKLY;INTERVAL=3")
    assert done(thrice, o.EventEdited).changed == (), "once kept it is an occurrence by itself"


def test_called_off_and_back_again(studio: Tenant) -> None:
    off = studio.edit_event("yoga", scope="this", at=MONDAYS[0], cancelled=True)
    assert affected(off) == [(FIRST, "dropped", 2)]
    edit = studio.edit_event
    assert edit("yoga", scope="this", at=FIRST, cancelled=True, on_dropped="call_off").ok
    assert (studio.seats_left(FIRST), roster(studio, FIRST)) == (0, [])
    assert studio.book(FIRST, actor="ann").code == "not_bookable"
    assert done(edit("yoga", scope="this", at=FIRST, cancelled=False), o.EventEdited).changed
    assert studio.seats_left(FIRST) == 3
    assert studio.book(FIRST, actor="ann").ok


def test_one_that_nobody_has_opened_is_called_off_without_a_question(studio: Tenant) -> None:
    assert studio.edit_event("yoga", scope="this", at=SECOND, cancelled=True).ok
    assert studio.book(SECOND, actor="ann").code == "not_bookable"
    assert studio.edit_event("yoga", scope="this", at=SECOND, cancelled=False, start="20:00").ok
    assert studio.book(SECOND, actor="ann").ok
    assert hours(studio, SECOND) == ("08 19:00", "20:00")


def test_one_occurrence_is_moved_to_another_day(studio: Tenant) -> None:
    more: dict[str, Any] = {"scope": "this", "at": FIRST, "duration": 1800}
    more["start"] = "2027-03-02T09:30"
    assert affected(studio.edit_event("yoga", **more)) == [(FIRST, "moved", 2)]
    assert studio.edit_event("yoga", **more, on_moved="move").ok
    assert hours(studio, FIRST) == ("02 08:30", "09:00")
    assert hours(studio, SECOND) == ("08 17:00", "18:00")
    assert studio.edit_event("yoga", scope="all", start="19:00", on_moved="move").ok
    assert hours(studio, FIRST)[0] == "02 08:30", "it stays where it was put"


def test_this_and_following(studio: Tenant) -> None:
    for name in (SECOND, THIRD):
        assert studio.book(name, actor="cyd").ok
    more: dict[str, Any] = {"scope": "following", "at": SECOND, "start": "20:00", "capacity": 2}
    told = [(SECOND, "moved", 1), (THIRD, "moved", 1)]
    assert affected(studio.edit_event("yoga", **more)) == told
    assert studio.edit_event("yoga", **more, on_moved="move").ok
    names = [FIRST, SECOND, THIRD, "yoga@2027-03-22T20:00"]
    assert [hours(studio, x)[0][3:] for x in names] == ["17:00", "19:00", "19:00", "19:00"]
    assert [studio.bookable(x).capacity for x in names] == [3, 2, 2, 2]


def test_fewer_places_than_are_taken(studio: Tenant) -> None:
    assert studio.book(SECOND, actor="cyd").ok
    told = affected(studio.edit_event("yoga", scope="all", capacity=1))
    assert told == [(FIRST, "overbooked", 2)]
    assert studio.edit_event("yoga", scope="all", capacity=1, on_overbooked="allow").ok
    seen = [studio.bookable(x) for x in ("yoga", FIRST, SECOND, THIRD)]
    assert [(x.capacity, x.overbooked) for x in seen] == [(1, 0), (1, 1), (1, 0), (1, 0)]
    assert roster(studio, FIRST) == ["ann", "ben"]


def test_a_capacity_of_its_own_outlives_the_events_edits(studio: Tenant) -> None:
    assert studio.edit_event("yoga", scope="this", at=FIRST, capacity=9).ok
    assert studio.change_capacity(SECOND, 8).ok
    assert studio.edit_event("yoga", scope="this", at=THIRD, capacity=7).ok
    more: dict[str, Any] = {"scope": "all", "start": "19:00", "capacity": 5, "on_moved": "move"}
    assert studio.edit_event("yoga", **more).ok
    third = "yoga@2027-03-15T19:00"
    names = [FIRST, SECOND, third, "yoga@2027-03-22T19:00"]
    assert [studio.bookable(x).capacity for x in names] == [9, 8, 7, 5]
    assert studio.book(third, actor="ann").ok
    assert studio.change_capacity("yoga", 4).ok
    assert [studio.bookable(x).capacity for x in names] == [9, 8, 7, 4]


def test_what_is_over_stays_as_it_was(clocked: Clocked, studio: Tenant) -> None:
    clocked.it_is(datetime(2027, 3, 1, 18, tzinfo=UTC))
    assert studio.book(SECOND, actor="cyd").ok
    outcome = studio.edit_event("yoga", scope="all", start="19:00", capacity=1, on_moved="move")
    assert done(outcome, o.EventEdited).changed == (SECOND,)
    assert hours(studio, FIRST) == ("01 17:00", "18:00")
    assert studio.bookable(FIRST).capacity == 3
    assert roster(studio, FIRST) == ["ann", "ben"]
    assert studio.edit_event("yoga", scope="all", rrule="FREQ=WEEKLY;COUNT=2").ok
    assert not studio.bookable(FIRST).called_off


def test_the_actors_own_time_moves_along(studio: Tenant) -> None:
    at = datetime(2027, 3, 1, 17, tzinfo=UTC)
    assert studio.define_resource("lane").ok
    lane = lastseat.Claim(bookable="lane", start=at, end=at + timedelta(hours=1))
    assert studio.book(lane, actor="ann").code == "actor_busy"
    assert studio.edit_event("yoga", scope="all", start="20:00", on_moved="move").ok
    assert studio.book(lane, actor="ann").ok
    later = lastseat.Claim(
        bookable="lane", start=at + timedelta(hours=2), end=at + timedelta(hours=3)
    )
    assert studio.book(later, actor="ann").code == "actor_busy"


def test_a_dry_run_tells_and_does_nothing(studio: Tenant) -> None:
    more: dict[str, Any] = {"scope": "all", "start": "19:00", "on_moved": "move", "dry_run": True}
    assert affected(studio.edit_event("yoga", **more)) == [(FIRST, "moved", 2)]
    nothing = studio.edit_event("yoga", scope="this", at=SECOND, start="19:00", dry_run=True)
    assert affected(nothing) == []
    assert len(studio.journal("yoga")) == 1


def test_an_event_that_lists_its_starts_is_edited_too(clocked: Clocked) -> None:
    clocked.it_is(NOW)
    tenant = clocked.tenant
    tenant.define_event("yoga", starts=MONDAYS[:2], duration=3600, time_zone=ZONE, capacity=2)
    assert tenant.book(FIRST, actor="ann").ok
    assert tenant.edit_event("yoga", scope="all", capacity=5).ok
    assert tenant.bookable(FIRST).capacity == 5
    assert [x.type for x in tenant.journal("yoga")] == ["defined", "capacity_changed"]
    assert tenant.edit_event("yoga", scope="all", duration=5400, on_moved="move").ok
    assert hours(tenant, FIRST) == ("01 17:00", "18:30")
    assert hours(tenant, SECOND) == ("08 17:00", "18:30")
    sound(clocked.stage, tenant.tenant_id)


def test_one_key_edits_once_however_the_event_is_by_then(studio: Tenant) -> None:
    more: dict[str, Any] = {"scope": "all", "start": "19:00", "on_moved": "move", "key": "k"}
    first = studio.edit_event("yoga", **more)
    assert studio.book("yoga@2027-03-08T19:00", actor="cyd").ok
    assert studio.edit_event("yoga", **more) == first
    assert len(studio.journal("yoga")) == 2
    assert studio.edit_event("yoga", **more | {"start": "20:00"}).code == "key_reused"
    other: dict[str, Any] = {"scope": "all", "start": "20:00", "key": "another"}
    assert studio.edit_event("yoga", **other).code == "would_affect"
    assert studio.edit_event("yoga", **other, on_moved="keep").ok, "nothing was kept for it"


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"scope": "some"}, "scope"),
        ({"scope": "all"}, "scope"),
        ({"scope": "this", "start": "19:00"}, "at"),
        ({"scope": "this", "at": "2027-03-02T18:00", "start": "19:00"}, "at"),
        ({"scope": "following", "at": "soon", "start": "19:00"}, "at"),
        ({"scope": "this", "at": FIRST, "rrule": "FREQ=DAILY"}, "rrule"),
        ({"scope": "all", "start": "25:00"}, "start"),
        ({"scope": "all", "duration": 0}, "seconds"),
        ({"scope": "all", "duration": timedelta(days=500)}, "seconds"),
        ({"scope": "all", "rrule": "FREQ=NEVER"}, "rrule[0]"),
        ({"scope": "this", "at": FIRST, "capacity": 0}, "capacity"),
        ({"scope": "all", "capacity": 0}, "capacity"),
        ({"scope": "all", "capacity": 10_000_000}, "capacity"),
        ({"scope": "all", "start": "19:00", "on_moved": "drop"}, "on_moved"),
        ({"scope": "all", "start": "19:00", "on_dropped": "move"}, "on_dropped"),
        ({"scope": "all", "start": "19:00", "on_overbooked": True}, "on_overbooked"),
        ({"scope": "all", "start": "19:00", "reason": " "}, "reason"),
        ({"scope": "all", "start": "19:00", "key": ""}, "key"),
    ],
)
def test_what_is_no_edit_is_refused_by_field(
    studio: Tenant, more: dict[str, Any], field: str
) -> None:
    refused = done(studio.edit_event("yoga", **more), o.Invalid)
    assert refused.field == field, refused
    assert len(studio.journal("yoga")) == 1


@pytest.mark.parametrize("event", ["gym", FIRST, "lane"])
def test_what_is_no_event_is_unknown(studio: Tenant, event: str) -> None:
    studio.define_resource("lane")
    outcome = studio.edit_event(event, scope="all", start="19:00")
    assert outcome == o.UnknownBookable(bookable=event)


def test_more_bookings_than_one_edit_moves(studio: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lastseat.core.limits.EDITED_BOOKINGS", 1)
    refused = studio.edit_event("yoga", scope="all", start="19:00", on_moved="move")
    assert done(refused, o.Invalid).field == "scope"
    assert studio.edit_event("yoga", scope="all", start="19:00", on_moved="keep").ok


def test_a_date_is_taken_away_and_another_added(studio: Tenant) -> None:
    more: dict[str, Any] = {"scope": "all", "exdate": MONDAYS[:1], "rdate": ["2027-03-02T18:00"]}
    assert affected(studio.edit_event("yoga", **more)) == [(FIRST, "moved", 2)]
    assert studio.edit_event("yoga", **more, on_moved="move").ok
    assert (roster(studio, FIRST), hours(studio, FIRST)[0]) == (["ann", "ben"], "02 17:00")
    assert studio.book("yoga@2027-03-02T18:00", actor="eve").code == "unknown_bookable"


def test_nothing_follows_any_more(studio: Tenant) -> None:
    assert studio.book(THIRD, actor="cyd").ok
    more: dict[str, Any] = {"scope": "following", "at": SECOND, "cancelled": True}
    assert affected(studio.edit_event("yoga", **more)) == [(THIRD, "dropped", 1)]
    assert studio.edit_event("yoga", **more, on_dropped="keep").ok
    assert [studio.book(x, actor="dee").ok for x in (FIRST, SECOND, THIRD, FOURTH)] == [
        True,
        False,
        True,
        False,
    ]


def test_a_schedule_is_replaced_as_a_whole(clocked: Clocked, studio: Tenant) -> None:
    engine = clocked.stage.engines[0]
    tenant = engine.tenant(studio.tenant_id)
    tuesdays = Schedule((Segment("2027-03-02T18:00", 3600, ("FREQ=WEEKLY",)),))
    call = clocked.stage.call
    assert affected(call(edit_schedule, tenant, "yoga", tuesdays)) == [(FIRST, "moved", 2)]
    kept = call(edit_schedule, tenant, "yoga", tuesdays, on_moved="keep", capacity=5)
    assert done(kept, o.EventEdited).changed == (FIRST,)
    assert hours(studio, FIRST)[0] == "01 17:00"
    assert studio.seats_left("yoga@2027-03-09T18:00") == 5
    again = call(edit_schedule, tenant, "yoga", tuesdays)
    assert affected(again) == [(FIRST, "dropped", 2)], "that it was kept is not in what is given"


def test_a_crowd_is_moved_in_parts(studio: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("ledger.rows", "engine.writing"):
        monkeypatch.setattr(f"lastseat.{module}.MOST_CHANGED", 1)
    before = studio.roster(FIRST)
    assert studio.edit_event("yoga", scope="all", start="19:00", on_moved="move").ok
    assert [x.version for x in studio.roster(FIRST)] == [x.version + 1 for x in before]
    assert studio.edit_event("yoga", scope="all", start="20:00", on_moved="call_off").ok
    assert roster(studio, FIRST) == []


def test_both_faces_edit(tenant: Tenant) -> None:
    weekly(tenant)
    assert affected(tenant.edit_event("yoga", scope="all", start="19:00")) == [(FIRST, "moved", 2)]
    assert tenant.edit_event("yoga", scope="all", start="19:00", on_moved="move").ok
    assert hours(tenant, FIRST) == ("01 18:00", "19:00")
