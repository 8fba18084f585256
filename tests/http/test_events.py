"""Events with rules over HTTP: made, edited, and what an edit would do to what is booked (B3)."""

from typing import Any

import pytest
from tests.http.desk import Desk, address, refusal

from lastseat.access import Role

YOGA: dict[str, Any] = {
    "bookable": "yoga",
    "start": "2027-03-01T18:00",
    "rrule": ["FREQ=WEEKLY;BYDAY=MO;COUNT=8"],
    "exdate": ["2027-03-15T18:00"],
    "duration_seconds": 3600,
    "time_zone": "Europe/Berlin",
    "capacity": 10,
    "actor_time": "allow",
}
SPRING = {"start": "2027-03-01T00:00:00+01:00", "end": "2027-06-01T00:00:00+02:00"}
EDIT = "/v1/events/yoga/edit"


@pytest.fixture
def studio(desk: Desk) -> Desk:
    """Yoga on Mondays."""
    made = desk.post("/v1/events", YOGA)
    assert made.status_code == 201, made.text
    return desk


def starts(desk: Desk) -> list[str]:
    """When the occurrences are, in UTC, those that take place."""
    found = desk.get("/v1/events/yoga/occurrences", **SPRING).json()["items"]
    return [x["start"][5:16] for x in found if not x.get("cancelled")]


def test_occurrences_keep_the_wall_clock_across_the_change_of_clocks(studio: Desk) -> None:
    assert starts(studio) == [
        "03-01T17:00",
        "03-08T17:00",
        "03-22T17:00",
        "03-29T16:00",
        "04-05T16:00",
        "04-12T16:00",
        "04-19T16:00",
    ]
    assert studio.get("/v1/events/yoga").json()["schedule"]["segments"] == [
        {
            "start": YOGA["start"],
            "seconds": 3600,
            "rrule": YOGA["rrule"],
            "exdate": YOGA["exdate"],
        }
    ]
    assert studio.post("/v1/events", YOGA).status_code == 200
    other = studio.post("/v1/events", {**YOGA, "rrule": ["FREQ=DAILY"]})
    assert refusal(other) == (409, "already_defined")
    away = {"bookable": "yoga@2027-03-15T18:00", "actor": "ann"}
    assert refusal(studio.post("/v1/bookings", away)) == (404, "unknown_bookable")


def test_an_event_of_its_own_overrides(desk: Desk) -> None:
    overrides = [
        {"at": "2027-03-08T18:00", "start": "2027-03-09T19:00", "capacity": 3},
        {"at": "2027-03-22T18:00", "cancelled": True},
    ]
    assert desk.post("/v1/events", {**YOGA, "overrides": overrides}).status_code == 201
    assert starts(desk)[:3] == ["03-01T17:00", "03-09T18:00", "03-29T16:00"]
    moved = address("yoga@2027-03-08T18:00")
    assert desk.get(f"/v1/occurrences/{moved}").json()["capacity"] == 3
    off = desk.post("/v1/bookings", {"bookable": "yoga@2027-03-22T18:00", "actor": "ann"})
    assert refusal(off) == (409, "not_bookable")
    assert off.json()["rule"] == "called_off"


def test_an_edit_tells_what_it_would_do_and_does_it_when_told_how(studio: Desk) -> None:
    booking = studio.book("yoga@2027-03-22T18:00", units=2)
    change = {"scope": "following", "at": "2027-03-08T18:00", "start": "19:30"}
    asked = studio.post(EDIT, change)
    assert refusal(asked) == (409, "would_affect")
    (affected,) = asked.json()["affected"]
    assert affected == {
        "bookable": "yoga@2027-03-22T18:00",
        "effect": "moved",
        "bookings": 1,
        "units": 2,
        "during": {"start": "2027-03-22T17:00:00Z", "end": "2027-03-22T18:00:00Z"},
        "becomes": {"start": "2027-03-22T18:30:00Z", "end": "2027-03-22T19:30:00Z"},
    }
    dry = studio.post(EDIT, {**change, "on_moved": "move", "dry_run": True})
    assert (dry.status_code, dry.json()["affected"]) == (200, [affected])
    assert starts(studio)[1:3] == ["03-08T17:00", "03-22T17:00"], "nothing was done so far"
    done = studio.post(EDIT, {**change, "on_moved": "move"}, key="edit")
    assert (done.status_code, done.json()["code"]) == (200, "event_edited")
    assert starts(studio)[:3] == ["03-01T17:00", "03-08T18:30", "03-22T18:30"]
    (claim,) = studio.get(f"/v1/bookings/{booking}").json()["claims"]
    assert (claim["bookable"], claim["during"]) == (affected["bookable"], affected["becomes"])
    again = studio.post(EDIT, {**change, "on_moved": "move"}, key="edit")
    assert again.json() == done.json()


def test_one_occurrence_is_called_off_with_its_bookings(studio: Desk) -> None:
    booking = studio.book("yoga@2027-03-08T18:00")
    change = {"scope": "this", "at": "2027-03-08T18:00", "cancelled": True}
    asked = studio.post(EDIT, change)
    assert refusal(asked) == (409, "would_affect")
    done = studio.post(EDIT, {**change, "on_dropped": "call_off", "reason": "ill"})
    assert done.status_code == 200, done.text
    assert studio.get(f"/v1/bookings/{booking}").json()["status"] == "CANCELLED"
    path = f"/v1/occurrences/{address('yoga@2027-03-08T18:00')}"
    assert studio.get(path).json()["called_off"]


def test_overbooking_by_an_edit_is_a_permission(studio: Desk, with_role: Any) -> None:
    studio.book("yoga@2027-03-08T18:00", units=5)
    change = {"scope": "all", "capacity": 3}
    asked = studio.post(EDIT, change)
    assert refusal(asked) == (409, "would_affect")
    assert asked.json()["affected"][0]["effect"] == "overbooked"
    scopes = ["events.edit"]
    editor = with_role(Role.MANAGER, scopes=scopes)
    allowed = {**change, "on_overbooked": "allow", "reason": "the fire brigade"}
    forbidden = editor.post(EDIT, allowed)
    assert refusal(forbidden) == (403, "forbidden")
    assert forbidden.json()["action"] == "bookables.override_capacity"
    assert studio.post(EDIT, allowed).status_code == 200
    assert studio.get("/v1/events/yoga").json()["capacity"] == 3
    assert refusal(with_role(Role.STAFF).post(EDIT, change)) == (403, "forbidden")


BAD_EVENTS: list[tuple[dict[str, Any], str]] = [
    ({"rrule": ["FREQ=SOMETIMES"]}, "rrule"),
    ({"rrule": ["FREQ=WEEKLY;BYDAY=TU"]}, "start"),
    ({"rrule": ["FREQ=SECONDLY"]}, "rrule"),
    ({"rrule": ["FREQ=WEEKLY;COUNT=5;UNTIL=20280101"]}, "rrule"),
    ({"rrule": "FREQ=WEEKLY"}, "rrule"),
    ({"start": "2027-03-01 18:00"}, "start"),
    ({"start": None}, "start"),
    ({"starts": ["2027-03-01T18:00"]}, "starts"),
    ({"exdate": ["tomorrow"]}, "exdate"),
    ({"time_zone": "Mars/Phobos"}, "time_zone"),
    ({"duration_seconds": 0}, "duration_seconds"),
    ({"overrides": [{"at": "2027-03-02T18:00"}]}, "overrides"),
    ({"overrides": [{"at": "2027-03-08T18:00", "seconds": 60}]}, "overrides[0].seconds"),
]


@pytest.mark.parametrize(("change", "field"), BAD_EVENTS, ids=[str(x) for x, _ in BAD_EVENTS])
def test_an_event_that_makes_no_sense_is_refused_by_field(
    desk: Desk, change: dict[str, Any], field: str
) -> None:
    bad = desk.post("/v1/events", {**YOGA, **change})
    assert refusal(bad) == (400, "invalid"), bad.text
    assert bad.json()["field"].startswith(field), bad.text
    assert bad.json()["reason"]
    assert refusal(desk.get("/v1/events/yoga")) == (404, "unknown_bookable")


BAD_EDITS: list[tuple[dict[str, Any], str]] = [
    ({"scope": "some"}, "scope"),
    ({}, "scope"),
    ({"scope": "this", "start": "19:30"}, "at"),
    ({"scope": "this", "at": "2027-03-02T18:00", "start": "19:30"}, "at"),
    ({"scope": "this", "at": "2027-03-08T18:00", "start": "half past"}, "start"),
    ({"scope": "all", "rrule": ["FREQ=NEVER"]}, "rrule"),
    ({"scope": "all", "duration_seconds": 0}, "duration_seconds"),
    ({"scope": "all", "capacity": 0}, "capacity"),
    ({"scope": "all", "capacity": 5, "on_moved": "shrug"}, "on_moved"),
    ({"scope": "all", "color": "blue"}, "color"),
]


@pytest.mark.parametrize(("change", "field"), BAD_EDITS, ids=[str(x) for x, _ in BAD_EDITS])
def test_an_edit_that_makes_no_sense_is_refused_by_field(
    studio: Desk, change: dict[str, Any], field: str
) -> None:
    before = starts(studio)
    bad = studio.post(EDIT, change)
    assert refusal(bad) == (400, "invalid"), bad.text
    assert bad.json()["field"].startswith(field), bad.text
    assert starts(studio) == before


def test_another_event_is_unknown(studio: Desk, elsewhere: Desk) -> None:
    change = {"scope": "all", "capacity": 5}
    for desk, path in ((studio, "/v1/events/zumba/edit"), (elsewhere, EDIT)):
        assert refusal(desk.post(path, change)) == (404, "unknown_bookable")
