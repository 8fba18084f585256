"""Booking and holding over HTTP: what succeeds, and each refusal by its status and code."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.http.desk import Desk, OpenDesk, refusal

from lastseat.access import Action, Role


def between(start: str, end: str) -> dict[str, str]:
    return {"start": f"2027-03-01T{start}:00Z", "end": f"2027-03-01T{end}:00Z"}


def test_a_booking_is_created_where_its_location_says(desk: Desk) -> None:
    desk.occurrence()
    made = desk.post("/v1/bookings", {"bookable": "yoga", "actor": "ann", "units": 2})
    assert made.status_code == 201
    booked = made.json()
    assert booked["code"] == "booked"
    assert (booked["actor"], booked["seat"], booked["units"]) == ("ann", 1, 2)
    assert made.headers["location"] == f"/v1/bookings/{booked['booking_id']}"
    assert made.headers["etag"] == '"1"'
    found = desk.get(made.headers["location"])
    assert found.status_code == 200
    assert found.headers["etag"] == '"1"'
    assert found.json()["status"] == "CONFIRMED"
    assert found.json()["claims"][0]["during"]["start"] == "2027-03-01T17:00:00Z"


def test_a_booking_of_several_bookables_is_all_or_nothing(desk: Desk) -> None:
    desk.occurrence(capacity=1)
    desk.resource()
    lane = {"bookable": "lane", **between("17:00", "18:00")}
    both = {"claims": [{"bookable": "yoga"}, lane]}
    made = desk.post("/v1/bookings", {"actor": "ann", **both})
    assert made.status_code == 201
    assert refusal(desk.post("/v1/bookings", {"actor": "ben", **both})) == (409, "full")
    taken = desk.post("/v1/bookings", {"actor": "ben", "claims": [lane]})
    assert refusal(taken) == (409, "conflict")
    assert taken.json()["rule"] == "exclusive"
    assert taken.json()["during"]["start"] == "2027-03-01T17:00:00Z"


def test_a_booking_may_wait_to_be_confirmed(desk: Desk) -> None:
    desk.occurrence()
    booking_id = desk.book(confirmed=False)
    assert desk.get(f"/v1/bookings/{booking_id}").json()["status"] == "RESERVED"


def test_a_hold_has_a_time_and_a_limit(desk: Desk) -> None:
    desk.occurrence()
    made = desk.post(
        "/v1/bookings",
        {"bookable": "yoga", "actor": "ann", "hold_seconds": 60, "limit_seconds": 90},
    )
    assert made.status_code == 201
    held = made.json()
    assert held["code"] == "held"
    assert held["expires_at"] < held["limit_at"]
    assert held["expires_at"].endswith("Z")


def test_who_is_there_already_is_told_the_seat(desk: Desk) -> None:
    desk.occurrence()
    booking_id = desk.book(units=2)
    desk.book(actor="ben")
    again = desk.post("/v1/bookings", {"bookable": "yoga", "actor": "ann"})
    assert refusal(again) == (409, "already")
    assert again.json()["seat"] == 1
    assert again.json()["booking_id"] == booking_id
    assert again.json()["booking_status"] == "CONFIRMED"


def test_what_is_full_says_what_is_left(desk: Desk) -> None:
    desk.occurrence(capacity=3)
    desk.book(units=2)
    refused = desk.post("/v1/bookings", {"bookable": "yoga", "actor": "ben", "units": 2})
    assert refusal(refused) == (409, "full")
    assert (refused.json()["capacity"], refused.json()["left"]) == (3, 1)


def test_an_actor_is_not_in_two_places(desk: Desk) -> None:
    desk.occurrence("yoga", actor_time="refuse")
    desk.occurrence("pilates", actor_time="refuse")
    desk.book("yoga")
    refused = desk.post("/v1/bookings", {"bookable": "pilates", "actor": "ann"})
    assert refusal(refused) == (409, "actor_busy")


def test_what_is_not_there_can_not_be_booked(desk: Desk) -> None:
    refused = desk.post("/v1/bookings", {"bookable": "nothing", "actor": "ann"})
    assert refusal(refused) == (404, "unknown_bookable")
    assert refused.json()["bookable"] == "nothing"


def test_an_observed_sequence_has_to_be_the_last(desk: Desk) -> None:
    desk.occurrence()
    body = {"bookable": "yoga", "actor": "ann", "expected": {"yoga": 7}}
    refused = desk.post("/v1/bookings", body)
    assert refusal(refused) == (409, "conflict")
    assert refused.json()["actual"] == 1
    assert desk.post("/v1/bookings", {**body, "expected": {"yoga": 1}}).status_code == 201


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"bookable": "yoga"}, "actor"),
        ({"actor": "ann"}, "claims"),
        ({"actor": "ann", "bookable": "yoga", "claims": []}, "bookable"),
        ({"actor": "ann", "claims": []}, "claims"),
        ({"actor": "ann", "claims": [{"bookable": "yoga"}], "units": 2}, "units"),
        ({"actor": "ann", "bookable": "yoga", "units": 0}, "units"),
        ({"actor": "ann", "bookable": "yoga", "units": "2"}, "units"),
        ({"actor": "ann", "bookable": "actor:ben"}, "bookable"),
        ({"actor": "ann", "claims": [{"bookable": "yoga", "units": 0}]}, "claims[0].units"),
        ({"actor": "ann", "bookable": "yoga", "colour": "red"}, "colour"),
        ({"actor": "ann", "claims": [{"bookable": "yoga", "unit": 2}]}, "claims[0].unit"),
        ({"actor": "ann", "bookable": "yoga", "limit_seconds": 9}, "limit_seconds"),
        ({"actor": "ann", "bookable": "yoga", "hold_seconds": 0}, "hold_seconds"),
        (
            {"actor": "ann", "bookable": "yoga", "hold_seconds": 9, "confirmed": True},
            "confirmed",
        ),
        ({"actor": "ann", "bookable": "yoga", "override": True}, "reason"),
        ({"actor": "ann", "bookable": "yoga", "contact": {"email": "no"}}, "contact.email"),
        ({"actor": "a\0b", "bookable": "yoga"}, "actor"),
        ([], "body"),
        (
            {"actor": "ann", "claims": [{"bookable": "lane", "start": "2027-03-01T18:00:00"}]},
            "claims[0].start",
        ),
    ],
)
def test_a_bad_body_is_refused_by_field(desk: Desk, body: Any, field: str) -> None:
    desk.occurrence()
    refused = desk.post("/v1/bookings", body)
    assert refusal(refused) == (400, "invalid")
    assert refused.json()["field"] == field
    assert refused.json()["reason"]


@pytest.mark.parametrize("content", [b"", b"{", b'{"actor": "\xff"}', b"[" * 5_000])
def test_what_is_no_json_is_refused(desk: Desk, content: bytes) -> None:
    refused = desk.raw("POST", "/v1/bookings", content, "application/json")
    assert refusal(refused) == (400, "invalid")
    assert refused.json()["field"] == "body"


def test_another_media_type_is_refused(desk: Desk) -> None:
    refused = desk.raw("POST", "/v1/bookings", b"actor=ann", "application/x-www-form-urlencoded")
    assert refusal(refused) == (415, "unsupported_media_type")


def test_an_override_needs_a_permission_and_a_reason(desk: Desk, with_role: OpenDesk) -> None:
    desk.occurrence(capacity=1)
    desk.book()
    body = {"bookable": "yoga", "actor": "ben", "override": True, "reason": "the boss"}
    refused = with_role(Role.STAFF).post("/v1/bookings", body)
    assert refusal(refused) == (403, "forbidden")
    assert refused.json()["action"] == Action.BOOKINGS_OVERRIDE
    manager = with_role(Role.MANAGER)
    without = manager.post("/v1/bookings", {**body, "reason": None})
    assert refusal(without) == (400, "invalid")
    made = manager.post("/v1/bookings", body)
    assert made.status_code == 201
    trail = manager.get(f"{made.headers['location']}/audit").json()["items"]
    assert (trail[0]["override"], trail[0]["reason"]) == (True, "the boss")


def test_a_scoped_key_does_no_more_than_its_scopes(desk: Desk, with_role: OpenDesk) -> None:
    desk.occurrence()
    holds = with_role(Role.STAFF, scopes=[Action.BOOKINGS_HOLD])
    body = {"bookable": "yoga", "actor": "ann"}
    assert refusal(holds.post("/v1/bookings", body)) == (403, "forbidden")
    assert holds.post("/v1/bookings", {**body, "hold_seconds": 60}).status_code == 201
    feed = with_role(Role.FEED)
    assert refusal(feed.post("/v1/bookings", {"bad": "body"})) == (403, "forbidden")


def test_a_customer_books_for_themselves_alone(desk: Desk, customer: OpenDesk) -> None:
    desk.occurrence()
    ann = customer("ann")
    made = ann.post("/v1/bookings", {"bookable": "yoga"})
    assert made.status_code == 201
    assert made.json()["actor"] == "ann"
    other = ann.post("/v1/bookings", {"bookable": "yoga", "actor": "ben"})
    assert refusal(other) == (403, "forbidden")
    assert ann.post(f"{made.headers['location']}/cancel").status_code == 200


def test_another_customers_booking_does_not_exist(desk: Desk, customer: OpenDesk) -> None:
    desk.occurrence()
    path = f"/v1/bookings/{desk.book(actor='ann', hold_seconds=60)}"
    ben = customer("ben")
    assert refusal(ben.get(path)) == (404, "unknown_booking")
    assert refusal(ben.get(f"{path}/audit")) == (404, "unknown_booking")
    assert refusal(ben.ask("PATCH", path, {"metadata": {}})) == (404, "unknown_booking")
    for step in ("confirm", "release", "cancel", "extend"):
        assert refusal(ben.post(f"{path}/{step}")) == (404, "unknown_booking"), step
    move = {"bookable": "yoga"}
    assert refusal(ben.post(f"{path}/move", move)) == (404, "unknown_booking")
    together = {"moves": [{"booking_id": path.rsplit("/", 1)[1], "bookable": "yoga"}]}
    assert refusal(ben.post("/v1/bookings/move", together)) == (404, "unknown_booking")
    seat = {"bookable": "yoga", "actor": "ann"}
    assert refusal(ben.post("/v1/bookings/cancel", seat)) == (403, "forbidden")
    assert customer("ann").get(path).status_code == 200


# A crowd


def test_the_last_seats_are_sold_once(desk: Desk) -> None:
    desk.occurrence(capacity=3)
    bodies = [{"bookable": "yoga", "actor": f"a-{n}"} for n in range(24)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda body: desk.post("/v1/bookings", body), bodies))
    statuses = [x.status_code for x in answers]
    assert (statuses.count(201), statuses.count(409)) == (3, 21)
    assert {x.json()["code"] for x in answers if x.status_code == 409} == {"full"}
    assert len(desk.get("/v1/occurrences/yoga/roster").json()["items"]) == 3
