"""What there is to book over HTTP: defined, read, changed, looked at; each refusal by its code."""

import uuid
from typing import Any

import httpx
import pytest
from tests.http.conftest import Headers
from tests.http.desk import END, START, Desk, OpenDesk, address, refusal

from lastseat.access import Action, Role

EVENT = {
    "bookable": "yoga",
    "starts": ["2027-03-01T18:00", "2027-03-08T18:00"],
    "duration_seconds": 3600,
    "time_zone": "Europe/Berlin",
    "capacity": 2,
    "actor_time": "allow",
}
OCCURRENCE = {"bookable": "yoga", "start": START, "end": END, "capacity": 3}


# Defining


def test_an_occurrence_is_created_where_its_location_says(desk: Desk) -> None:
    body = {
        **OCCURRENCE,
        "time_zone": "Europe/Berlin",
        "location": "hall",
        "name": "Yoga for all",
        "attributes": {"level": 1},
    }
    desk.location("hall")
    made = desk.post("/v1/occurrences", body)
    assert made.status_code == 201
    assert made.json() == {"code": "defined", "bookable": "yoga", "created": True}
    assert made.headers["location"] == "/v1/occurrences/yoga"
    found = desk.get(made.headers["location"])
    assert found.status_code == 200
    view = found.json()
    assert (view["kind"], view["capacity"], view["left"]) == ("occurrence", 3, 3)
    assert view["during"] == {"start": "2027-03-01T17:00:00Z", "end": "2027-03-01T18:00:00Z"}
    assert (view["location_id"], view["name"]) == ("hall", "Yoga for all")
    assert view["attributes"] == {"level": 1}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/occurrences", OCCURRENCE),
        ("/v1/events", EVENT),
        ("/v1/resources", {"bookable": "yoga"}),
        ("/v1/resources", {"bookable": "yoga", "capacity": 2}),
        ("/v1/composites", {"bookable": "yoga", "parts": ["left", "right"]}),
    ],
)
def test_a_location_that_is_not_there_is_told_by_its_field(
    desk: Desk, path: str, body: dict[str, Any]
) -> None:
    for part in ("left", "right"):
        desk.resource(part)
    refused = desk.post(path, {**body, "location": "hal"})
    assert refusal(refused) == (400, "invalid")
    assert refused.json()["field"] == "location"
    assert refused.json()["reason"] == "is not known: make it first"
    kind = "resources" if path == "/v1/composites" else path.removeprefix("/v1/")
    assert refusal(desk.get(f"/v1/{kind}/yoga")) == (404, "unknown_bookable")
    desk.location("hal")
    assert desk.post(path, {**body, "location": "hal"}).status_code == 201


def test_the_same_definition_again_changes_nothing(desk: Desk) -> None:
    assert desk.post("/v1/occurrences", OCCURRENCE).status_code == 201
    again = desk.post("/v1/occurrences", OCCURRENCE)
    assert (again.status_code, again.json()["created"]) == (200, False)
    other = desk.post("/v1/occurrences", {**OCCURRENCE, "capacity": 4})
    assert refusal(other) == (409, "already_defined")
    assert other.json()["field"] == "capacity"


def test_capacity_makes_a_resource_or_a_pool(desk: Desk) -> None:
    desk.resource("lane")
    desk.resource("skis", capacity=5)
    assert desk.get("/v1/resources/lane").json()["kind"] == "resource"
    assert desk.get("/v1/resources/skis").json()["kind"] == "pool"


def test_an_events_occurrence_opens_when_it_is_booked(desk: Desk) -> None:
    assert desk.post("/v1/events", EVENT).status_code == 201
    assert desk.get("/v1/events/yoga").json()["kind"] == "event"
    occurrence = "yoga@2027-03-01T18:00"
    path = f"/v1/occurrences/{address(occurrence)}"
    # It answers from the event until then, and an occurrence the event has not is unknown.
    assert (desk.get(path).json()["seq"], desk.get(path).json()["left"]) == (0, 2)
    never = f"/v1/occurrences/{address('yoga@2027-03-01T18:30')}"
    assert refusal(desk.get(never)) == (404, "unknown_bookable")
    desk.book(occurrence)
    assert desk.get(path).json()["event_id"] == "yoga"
    assert desk.get(path).json()["seq"] > 0
    assert desk.get(f"{path}/seats-left").json()["left"] == 1


@pytest.mark.parametrize("name", ["a/b", "50% off?", "Kürbis #1", "a b", "%2F", "a/../b", "\u200d"])
def test_an_id_may_have_any_visible_character(
    remote: httpx.Client, owner: Headers, name: str
) -> None:
    # Over a socket: what is done to a path on its way is the server's part of it.
    desk = Desk(remote, owner)
    made = desk.post("/v1/occurrences", {**OCCURRENCE, "bookable": name})
    assert made.status_code == 201
    assert desk.get(made.headers["location"]).json()["bookable"] == name
    desk.book(name)
    roster = desk.get(f"{made.headers['location']}/roster").json()["items"]
    assert [x["actor"] for x in roster] == ["ann"]


@pytest.mark.parametrize(
    ("collection", "body", "field"),
    [
        ("occurrences", {**OCCURRENCE, "start": "2027-03-01T18:00:00"}, "start"),
        ("occurrences", {**OCCURRENCE, "start": "tomorrow"}, "start"),
        ("occurrences", {**OCCURRENCE, "start": 1_800_000_000}, "start"),
        ("occurrences", {**OCCURRENCE, "end": START}, "end"),
        ("occurrences", {**OCCURRENCE, "capacity": 0}, "capacity"),
        ("occurrences", {**OCCURRENCE, "capacity": "3"}, "capacity"),
        ("occurrences", {**OCCURRENCE, "capacity": 10**30}, "capacity"),
        ("occurrences", {**OCCURRENCE, "bookable": ""}, "bookable"),
        ("occurrences", {**OCCURRENCE, "bookable": "yoga@2027-03-01T18:00"}, "bookable"),
        ("occurrences", {**OCCURRENCE, "bookable": "service:massage"}, "bookable"),
        ("occurrences", {**OCCURRENCE, "colour": "red"}, "colour"),
        ("occurrences", {**OCCURRENCE, "actor_time": "maybe"}, "actor_time"),
        ("occurrences", {**OCCURRENCE, "time_zone": "Mars/Olympus"}, "time_zone"),
        ("occurrences", {"bookable": "yoga"}, "start"),
        ("resources", {"capacity": 1}, "bookable"),
        ("resources", {"bookable": "lane", "start": START}, "start"),
        ("events", {**EVENT, "starts": []}, "starts"),
        ("events", {**EVENT, "starts": ["2027-03-01T18:00:00Z"]}, "starts[0]"),
        ("events", {**EVENT, "time_zone": None}, "time_zone"),
        ("events", {**EVENT, "bookable": "yo@ga"}, "bookable"),
        ("events", {**EVENT, "duration_seconds": 0}, "duration_seconds"),
    ],
)
def test_a_bad_definition_is_refused_by_field(
    desk: Desk, collection: str, body: Any, field: str
) -> None:
    refused = desk.post(f"/v1/{collection}", body)
    assert refusal(refused) == (400, "invalid")
    assert refused.json()["field"] == field


# Reading


@pytest.mark.parametrize(
    "path",
    [
        "/v1/occurrences/{}",
        "/v1/occurrences/{}/roster",
        "/v1/occurrences/{}/seats-left",
        "/v1/occurrences/{}/seat?actor=ann",
        "/v1/occurrences/{}/observed",
        "/v1/occurrences/{}/journal",
        "/v1/resources/{}",
        "/v1/resources/{}/journal",
        "/v1/events/{}",
        "/v1/events/{}/journal",
    ],
)
def test_what_is_not_there_or_of_another_kind_is_unknown(desk: Desk, path: str) -> None:
    desk.resource("lane")
    desk.occurrence("pilates")
    other = "lane" if "occurrences" in path else "pilates"
    for name in ("nothing", other, "%00", "x" * 500):
        assert refusal(desk.get(path.format(name))) == (404, "unknown_bookable"), name


def test_the_roster_and_what_is_left(desk: Desk) -> None:
    desk.occurrence(capacity=5)
    ann = desk.book(units=2)
    ben = desk.book(actor="ben", hold_seconds=60)
    roster = desk.get("/v1/occurrences/yoga/roster").json()
    assert roster["next"] is None
    assert [(x["booking_id"], x["actor"], x["seat"], x["status"]) for x in roster["items"]] == [
        (ann, "ann", 1, "CONFIRMED"),
        (ben, "ben", 3, "HELD"),
    ]
    left = desk.get("/v1/occurrences/yoga/seats-left").json()
    assert left == {"bookable": "yoga", "capacity": 5, "left": 2, "bookings": 2, "waiting": 0}


def test_a_seat_and_its_state(desk: Desk) -> None:
    desk.occurrence()
    desk.book()
    desk.book(actor="ben", hold_seconds=60)
    states = {
        actor: desk.get("/v1/occurrences/yoga/seat", actor=actor).json()
        for actor in ("ann", "ben", "cyd")
    }
    assert {actor: (x["seat"], x["state"]) for actor, x in states.items()} == {
        "ann": (1, "confirmed"),
        "ben": (2, "held"),
        "cyd": (0, "none"),
    }
    assert refusal(desk.get("/v1/occurrences/yoga/seat")) == (400, "invalid")


def test_whose_seat_it_is_stays_with_them_and_the_staff(
    desk: Desk, customer: OpenDesk, with_role: OpenDesk
) -> None:
    desk.occurrence()
    desk.book()
    path = "/v1/occurrences/yoga/seat"
    assert customer("ann").get(path).json()["seat"] == 1
    assert customer("ben").get(path).json()["seat"] == 0
    assert refusal(customer("ben").get(path, actor="ann")) == (403, "forbidden")
    assert refusal(with_role(Role.FEED).get(path, actor="ann")) == (403, "forbidden")
    assert refusal(with_role(Role.GUEST).get(path, actor="ann")) == (403, "forbidden")
    assert refusal(customer("ann").get("/v1/occurrences/yoga/roster")) == (403, "forbidden")
    assert customer("ann").get("/v1/occurrences/yoga/seats-left").status_code == 200


def test_the_journal_has_everything_that_happened(desk: Desk) -> None:
    desk.occurrence()
    booking_id = desk.book()
    desk.post(f"/v1/bookings/{booking_id}/cancel")
    entries = desk.get("/v1/occurrences/yoga/journal").json()["items"]
    assert [(x["seq"], x["type"]) for x in entries] == [
        (1, "defined"),
        (2, "booked"),
        (3, "cancelled"),
    ]
    assert entries[0]["event"]["capacity"] == 3
    assert entries[1]["booking_id"] == booking_id
    assert entries[1]["principal"].startswith("key:")
    assert "ann" not in str(entries)


# Capacity


def test_a_capacity_below_what_is_taken_is_a_permission(desk: Desk, with_role: OpenDesk) -> None:
    desk.occurrence(capacity=3)
    desk.book(units=3)
    path = "/v1/occurrences/yoga/capacity"
    assert desk.ask("PUT", path, {"capacity": 5}).json()["capacity"] == 5
    below = desk.ask("PUT", path, {"capacity": 2})
    assert refusal(below) == (409, "below_taken")
    assert below.json()["taken"] == 3
    body = {"capacity": 2, "override": True, "reason": "a chair broke"}
    narrow = with_role(Role.MANAGER, scopes=[Action.BOOKABLES_CAPACITY])
    assert refusal(narrow.ask("PUT", path, body)) == (403, "forbidden")
    without = desk.ask("PUT", path, {"capacity": 2, "override": True})
    assert refusal(without) == (400, "invalid")
    assert without.json()["field"] == "reason"
    changed = desk.ask("PUT", path, body)
    assert changed.status_code == 200
    assert changed.json()["overbooked"] == 1


def test_each_kind_has_its_capacity_at_its_own_address(desk: Desk) -> None:
    desk.occurrence("pilates")
    desk.resource("skis", capacity=5)
    desk.post("/v1/events", EVENT)
    for right, name in (("occurrences", "pilates"), ("resources", "skis"), ("events", "yoga")):
        for collection in ("occurrences", "resources", "events"):
            changed = desk.ask("PUT", f"/v1/{collection}/{name}/capacity", {"capacity": 7})
            if collection == right:
                assert changed.json()["capacity"] == 7
            else:
                assert refusal(changed) == (404, "unknown_bookable")
    unopened = address("yoga@2027-03-08T18:00")
    changed = desk.ask("PUT", f"/v1/occurrences/{unopened}/capacity", {"capacity": 1})
    assert changed.status_code == 200
    assert desk.get(f"/v1/occurrences/{unopened}").json()["capacity"] == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "capacity"),
        ({"capacity": 0}, "capacity"),
        ({"capacity": 1.5}, "capacity"),
        ({"capacity": 3, "colour": "red"}, "colour"),
    ],
)
def test_a_bad_capacity_is_refused_by_field(desk: Desk, body: Any, field: str) -> None:
    desk.occurrence()
    refused = desk.ask("PUT", "/v1/occurrences/yoga/capacity", body)
    assert refusal(refused) == (400, "invalid")
    assert refused.json()["field"] == field


def test_an_exclusive_resource_stays_exclusive(desk: Desk) -> None:
    desk.resource("lane")
    refused = desk.ask("PUT", "/v1/resources/lane/capacity", {"capacity": 2})
    assert refusal(refused) == (400, "invalid")


def test_another_tenants_bookables_are_unknown(desk: Desk, elsewhere: Desk) -> None:
    desk.occurrence()
    booking_id = desk.book()
    assert refusal(elsewhere.get("/v1/occurrences/yoga")) == (404, "unknown_bookable")
    assert refusal(elsewhere.get(f"/v1/bookings/{booking_id}")) == (404, "unknown_booking")
    body = {"bookable": "yoga", "actor": "eve"}
    assert refusal(elsewhere.post("/v1/bookings", body)) == (404, "unknown_bookable")
    cancelled = elsewhere.post(f"/v1/bookings/{booking_id}/cancel")
    assert refusal(cancelled) == (404, "unknown_booking")
    assert elsewhere.get("/v1/bookings").json()["items"] == []
    unknown = elsewhere.get(f"/v1/bookings/{uuid.uuid4()}")
    assert refusal(unknown) == (404, "unknown_booking")


def test_head_is_get_without_the_body(desk: Desk) -> None:
    desk.occurrence()
    path = "/v1/occurrences/yoga"
    whole, head = desk.get(path), desk.ask("HEAD", path)
    assert (head.status_code, head.content) == (200, b"")
    assert {**head.headers, "x-request-id": ""} == {**whole.headers, "x-request-id": ""}
    assert desk.ask("HEAD", "/v1/occurrences/nothing").status_code == 404
    assert desk.ask("HEAD", "/v1/facts").status_code == 405
    assert "HEAD" in desk.ask("OPTIONS", path).headers["allow"]


def test_a_bookable_is_read_whatever_it_is(desk: Desk) -> None:
    desk.occurrence()
    desk.resource("skis", capacity=5)
    service = {"service_id": "massage", "name": "Massage", "max_simultaneous_bookings": 2}
    assert desk.post("/v1/services", service).status_code == 201
    for name, kind in (("yoga", "occurrence"), ("skis", "pool"), ("service:massage", "limit")):
        found = desk.get(f"/v1/bookables/{address(name)}").json()
        assert (found["bookable"], found["kind"]) == (name, kind)
    desk.book("yoga")
    for name in ("nothing", "actor:ann", "location:hall"):
        answer = desk.get(f"/v1/bookables/{address(name)}")
        assert refusal(answer) == (404, "unknown_bookable")
