"""Locations over HTTP: made once, changed at a version, listed in pages, unknown elsewhere."""

from typing import Any

from tests.http.desk import Desk, refusal

PLACE = {"location_id": "haus/1", "name": "House one", "time_zone": "Europe/Berlin"}
PATH = "/v1/locations/haus%2F1"


def make(desk: Desk, **more: Any) -> Any:
    answer = desk.post("/v1/locations", {**PLACE, **more})
    assert answer.status_code == 201, answer.text
    return answer


def test_a_location_is_made_and_read(desk: Desk) -> None:
    made = make(desk, attributes={"floor": 2})
    assert made.headers["location"] == PATH
    assert made.headers["etag"] == '"1"'
    read = desk.get(PATH)
    assert read.json() == made.json()
    assert read.json()["attributes"] == {"floor": 2}
    assert desk.get("/v1/locations").json() == {"items": [read.json()], "next": None}


def test_the_same_again_changes_nothing_and_another_is_refused(desk: Desk) -> None:
    first = make(desk).json()
    assert make(desk).json() == first
    other = desk.post("/v1/locations", {**PLACE, "name": "House two"})
    assert refusal(other) == (409, "already_defined")
    assert other.json()["field"] == "name"


def test_a_key_repeats_the_answer_and_refuses_another_body(desk: Desk) -> None:
    first = desk.post("/v1/locations", PLACE, key="a")
    assert "idempotency-replayed" not in first.headers
    assert desk.ask("PATCH", PATH, {"name": "Another"}).json()["version"] == 2
    again = desk.post("/v1/locations", PLACE, key="a")
    assert again.status_code == 201
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == first.json()
    other = desk.post("/v1/locations", {**PLACE, "name": "x"}, key="a")
    assert refusal(other) == (422, "key_reused")
    change = desk.ask("PATCH", PATH, {"name": "x"}, key="a")
    assert refusal(change) == (422, "key_reused")


def test_a_change_expects_the_version_it_was_made_for(desk: Desk) -> None:
    make(desk, attributes={"floor": 2})
    changed = desk.ask("PATCH", PATH, {"attributes": None, "expected_version": 1})
    assert (changed.json()["version"], changed.json()["attributes"]) == (2, None)
    assert changed.json()["name"] == "House one"
    stale = desk.ask("PATCH", PATH, {"name": "x", "expected_version": 1})
    assert refusal(stale) == (409, "conflict")
    assert stale.json()["actual"] == 2
    assert refusal(desk.ask("PATCH", PATH, {"name": "x"}, if_match='"1"')) == (412, "conflict")
    assert desk.ask("PATCH", PATH, {"name": "x"}, if_match='"2"').json()["version"] == 3
    assert desk.ask("PATCH", PATH, {"name": "x"}).json()["version"] == 3, "nothing changed"


def test_bad_input_is_named(desk: Desk) -> None:
    for field, value in (
        ("location_id", ""),
        ("location_id", "x" * 201),
        ("name", "a\x00b"),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../../etc/passwd"),
        ("attributes", {"a": "\x00"}),
        ("name", 3),
        ("colour", "red"),
    ):
        answer = desk.post("/v1/locations", {**PLACE, field: value})
        assert refusal(answer) == (400, "invalid"), (field, value)
        assert answer.json()["field"] == field
    assert refusal(desk.ask("PATCH", PATH, {"name": None})) == (400, "invalid")


def test_what_is_not_there_or_anothers_is_unknown(desk: Desk, elsewhere: Desk) -> None:
    assert refusal(desk.get(PATH)) == (404, "unknown_location")
    make(desk)
    assert refusal(elsewhere.get(PATH)) == (404, "unknown_location")
    assert refusal(elsewhere.ask("PATCH", PATH, {"name": "x"})) == (404, "unknown_location")
    assert elsewhere.get("/v1/locations").json()["items"] == []
    assert desk.get("/v1/locations/%00").status_code == 404


def test_a_list_comes_in_pages(desk: Desk) -> None:
    for name in "cab":
        desk.post("/v1/locations", {**PLACE, "location_id": name})
    page = desk.get("/v1/locations", limit=2).json()
    assert [x["location_id"] for x in page["items"]] == ["a", "b"]
    rest = desk.get("/v1/locations", limit=2, cursor=page["next"]).json()
    assert [x["location_id"] for x in rest["items"]] == ["c"]
    assert rest["next"] is None


def test_a_location_says_when_who_did_not_come_is_a_no_show(desk: Desk) -> None:
    made = make(desk).json()
    assert (made["no_show"], made["no_show_after_seconds"]) == (True, 900)
    patient = desk.ask("PATCH", PATH, {"no_show_after_seconds": 3600}).json()
    assert (patient["no_show_after_seconds"], patient["version"]) == (3600, 2)
    never = desk.ask("PATCH", PATH, {"no_show": False}).json()
    assert (never["no_show"], never["no_show_after_seconds"]) == (False, 3600)
    assert desk.get(PATH).json() == never
    other = desk.post("/v1/locations", {**PLACE, "no_show": True})
    assert refusal(other) == (409, "already_defined")
    assert other.json()["field"] == "no_show"
    for field, wrong in (("no_show", None), ("no_show_after_seconds", -1)):
        bad = desk.ask("PATCH", PATH, {field: wrong})
        assert refusal(bad) == (400, "invalid")
        assert bad.json()["field"] == field
    late = desk.post("/v1/locations", {**PLACE, "no_show_after_seconds": 604_801})
    assert refusal(late) == (400, "invalid")
