"""Services over HTTP: terms, and how many at once, which the engine alone changes (MISSION D2)."""

import threading
from typing import Any

import httpx
from tests.http.desk import Desk, OpenDesk, refusal

from lastseat.access import Role

MASSAGE = {"service_id": "massage", "name": "Massage", "max_simultaneous_bookings": 2}
PATH = "/v1/services/massage"
SLOT = {"slotStart": "2031-03-01T10:00:00Z", "slotEnd": "2031-03-01T11:00:00Z"}


def make(desk: Desk, **more: Any) -> Any:
    answer = desk.post("/v1/services", {**MASSAGE, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


def book(desk: Desk, tenant_id: str) -> httpx.Response:
    body = {"businessId": tenant_id, "serviceId": "massage", **SLOT}
    return desk.post("/api/booking/appointments", body)


def test_a_service_has_the_usual_terms_unless_told_otherwise(desk: Desk) -> None:
    desk.post("/v1/locations", {"location_id": "kb", "name": "KB", "time_zone": "Europe/Berlin"})
    made = make(desk, location_id="kb")
    assert made == desk.get(PATH).json()
    assert (made["hold_seconds"], made["hold_limit_seconds"]) == (900, 3600)
    assert (made["before_seconds"], made["duration_seconds"]) == (0, None)
    assert made["time_zone"] == "Europe/Berlin"
    assert desk.get("/v1/services").json()["items"] == [made]


def test_the_same_again_changes_nothing_and_another_is_refused_naming_the_field(
    desk: Desk,
) -> None:
    first = make(desk)
    assert make(desk) == first
    for field, value in (("max_simultaneous_bookings", 3), ("after_seconds", 60), ("name", "x")):
        other = desk.post("/v1/services", {**MASSAGE, field: value})
        assert refusal(other) == (409, "already_defined")
        assert other.json()["field"] == field
    assert desk.get(PATH).json() == first


def test_a_refused_service_leaves_nothing_behind(desk: Desk) -> None:
    away = desk.post("/v1/services", {**MASSAGE, "location_id": "nowhere"}, key="a")
    assert refusal(away) == (404, "unknown_location")
    assert refusal(desk.get(PATH)) == (404, "unknown_service")
    assert refusal(desk.get("/v1/resources/service%3Amassage")) == (404, "unknown_bookable")
    again = desk.post("/v1/services", {**MASSAGE, "location_id": "nowhere"}, key="a")
    assert refusal(again) == (404, "unknown_location")
    assert make(desk)["version"] == 1


def test_how_many_at_once_goes_through_the_engine(desk: Desk, tenant_id: str) -> None:
    make(desk)
    assert [book(desk, tenant_id).status_code for _ in range(3)] == [201, 201, 409]
    fewer = desk.ask("PATCH", PATH, {"max_simultaneous_bookings": 1, "name": "New"})
    assert refusal(fewer) == (409, "below_taken")
    assert desk.get(PATH).json()["name"] == "Massage", "all of a change, or nothing"
    more = desk.ask("PATCH", PATH, {"max_simultaneous_bookings": 3})
    assert (more.json()["max_simultaneous_bookings"], more.json()["version"]) == (3, 2)
    assert book(desk, tenant_id).status_code == 201
    unsaid = desk.ask("PATCH", PATH, {"max_simultaneous_bookings": 1, "override": True})
    assert refusal(unsaid) == (400, "invalid")
    over = desk.ask(
        "PATCH", PATH, {"max_simultaneous_bookings": 1, "override": True, "reason": "a room less"}
    )
    assert (over.status_code, over.json()["max_simultaneous_bookings"]) == (200, 1)


def test_a_change_keeps_what_it_does_not_name(desk: Desk) -> None:
    made = make(desk, duration_seconds=3600, attributes={"a": 1}, after_seconds=60)
    changed = desk.ask("PATCH", PATH, {"duration_seconds": None}, if_match='"1"').json()
    same = {"version", "updated_at", "duration_seconds"}
    assert {k: v for k, v in changed.items() if k not in same} == {
        k: v for k, v in made.items() if k not in same
    }
    assert changed["duration_seconds"] is None
    assert refusal(desk.ask("PATCH", PATH, {"name": "x"}, if_match='"1"')) == (412, "conflict")


def test_bad_terms_are_named(desk: Desk) -> None:
    make(desk)
    for field, value in (
        ("hold_seconds", 3601),
        ("hold_seconds", 0),
        ("before_seconds", -1),
        ("duration_seconds", 0),
        ("max_simultaneous_bookings", 0),
        ("name", ""),
        ("location_id", "kb"),
        ("version", 3),
    ):
        answer = desk.ask("PATCH", PATH, {field: value})
        assert refusal(answer) == (400, "invalid"), (field, value)
        assert answer.json()["field"] == field
    bad = desk.post("/v1/services", {**MASSAGE, "service_id": "x" * 193})
    assert bad.json()["field"] == "service_id"
    event_like = desk.post("/v1/services", {**MASSAGE, "service_id": "a@2031-01-01T10:00"})
    assert (refusal(event_like), event_like.json()["field"]) == ((400, "invalid"), "service_id")


def test_the_bookable_of_a_service_is_made_with_it_alone(desk: Desk) -> None:
    body = {"bookable": "service:massage", "capacity": 9}
    assert refusal(desk.post("/v1/resources", body)) == (400, "invalid")
    assert make(desk)["max_simultaneous_bookings"] == 2


def test_who_may_not_override_capacity_is_refused_before_anything(
    with_role: OpenDesk, desk: Desk
) -> None:
    make(desk)
    staff = with_role(Role.STAFF)
    body = {"max_simultaneous_bookings": 1, "override": True, "reason": "x"}
    assert refusal(staff.ask("PATCH", PATH, body)) == (403, "forbidden")
    assert staff.get(PATH).status_code == 200


def test_sent_twice_at_once_with_one_key_it_is_made_once(desk: Desk) -> None:
    answers: list[httpx.Response] = []

    def send() -> None:
        answers.append(desk.post("/v1/services", MASSAGE, key="tap"))

    crowd = [threading.Thread(target=send) for _ in range(6)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert {x.status_code for x in answers} == {201}
    assert len({x.text for x in answers}) == 1
    replayed = [x.headers.get("idempotency-replayed") for x in answers]
    assert sorted(map(str, replayed)) == ["None"] + ["true"] * 5


def test_another_tenants_service_is_unknown(desk: Desk, elsewhere: Desk) -> None:
    make(desk)
    assert refusal(elsewhere.get(PATH)) == (404, "unknown_service")
    assert refusal(elsewhere.ask("PATCH", PATH, {"name": "x"})) == (404, "unknown_service")
