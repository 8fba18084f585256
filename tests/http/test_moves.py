"""Places moved, swapped, and taken on a picture over HTTP; facts; a person forgotten."""

from tests.http.desk import Desk, refusal


def test_a_booking_moves_when_its_own_place_is_sold_out(desk: Desk) -> None:
    desk.occurrence("monday", capacity=1)
    desk.occurrence("friday", capacity=1)
    booking_id = desk.book("monday")
    moved = desk.post(f"/v1/bookings/{booking_id}/move", {"bookable": "friday"})
    assert moved.status_code == 200
    assert moved.json()["moved"] == [
        {"booking_id": booking_id, "version": 2, "seat": 1, "chosen": []}
    ]
    assert moved.headers["etag"] == '"2"'
    assert desk.get("/v1/occurrences/monday/seats-left").json()["left"] == 1
    desk.book("monday", actor="ben")
    refused = desk.post(f"/v1/bookings/{booking_id}/move", {"bookable": "monday"})
    assert refusal(refused) == (409, "full")
    assert refusal(desk.post(f"/v1/bookings/{booking_id}/move", {})) == (400, "invalid")
    for field, places in {
        "units": {"bookable": "monday", "units": 0},
        "claims[0].units": {"claims": [{"bookable": "monday", "units": 0}]},
        "claims": {"claims": []},
    }.items():
        refused = desk.post(f"/v1/bookings/{booking_id}/move", places)
        assert refusal(refused) == (400, "invalid")
        assert refused.json()["field"] == field
    there = {"bookable": "monday", "override": True, "reason": "a chair was found"}
    assert desk.post(f"/v1/bookings/{booking_id}/move", there).status_code == 200


def test_two_bookings_of_sold_out_occurrences_are_swapped(desk: Desk) -> None:
    desk.occurrence("monday", capacity=1)
    desk.occurrence("friday", capacity=1)
    ann, ben = desk.book("monday", "ann"), desk.book("friday", "ben")
    moves = [
        {"booking_id": ann, "bookable": "friday", "expected_version": 1},
        {"booking_id": ben, "claims": [{"bookable": "monday"}]},
    ]
    swapped = desk.post("/v1/bookings/move", {"moves": moves})
    assert swapped.status_code == 200
    assert [x["booking_id"] for x in swapped.json()["moved"]] == [ann, ben]
    for name, actor in (("monday", "ben"), ("friday", "ann")):
        roster = desk.get(f"/v1/occurrences/{name}/roster").json()["items"]
        assert [x["actor"] for x in roster] == [actor]
    stale = desk.post("/v1/bookings/move", {"moves": moves})
    assert refusal(stale) == (409, "conflict")
    assert stale.json()["actual"] == 2


def test_one_move_that_fails_leaves_all_where_they_are(desk: Desk) -> None:
    desk.occurrence("monday", capacity=1)
    desk.occurrence("friday", capacity=1)
    desk.occurrence("sunday", capacity=2)
    ann, _ = desk.book("monday", "ann"), desk.book("friday", "ben")
    cyd = desk.book("sunday", "cyd")
    moves = [
        {"booking_id": cyd, "bookable": "monday"},
        {"booking_id": ann, "bookable": "friday"},
    ]
    assert refusal(desk.post("/v1/bookings/move", {"moves": moves})) == (409, "full")
    assert desk.get("/v1/occurrences/sunday/seats-left").json()["left"] == 1
    twice = desk.post("/v1/bookings/move", {"moves": [moves[0], moves[0]]})
    assert refusal(twice) == (400, "invalid")
    assert twice.json()["field"] == "moves[1].booking_id"
    assert refusal(desk.post("/v1/bookings/move", {"moves": []})) == (400, "invalid")


def test_a_booking_is_cancelled_by_its_seat(desk: Desk) -> None:
    desk.occurrence()
    booking_id = desk.book()
    seat = {"bookable": "yoga", "actor": "ann"}
    cancelled = desk.post("/v1/bookings/cancel", seat)
    assert cancelled.status_code == 200
    assert cancelled.json()["booking_id"] == booking_id
    assert refusal(desk.post("/v1/bookings/cancel", seat)) == (409, "not_booked")


def test_two_who_book_on_one_picture(desk: Desk) -> None:
    desk.occurrence(capacity=2)
    picture = desk.get("/v1/occurrences/yoga/observed").json()
    path = "/v1/bookings/book-observed"
    first = desk.post(path, {"observed": picture, "actor": "ann"})
    assert (first.status_code, first.json()["code"]) == (201, "booked")
    second = desk.post(path, {"observed": picture, "actor": "ben"})
    assert refusal(second) == (409, "conflict")
    assert second.json()["actual"] == 2
    picture = desk.get("/v1/occurrences/yoga/observed").json()
    assert refusal(desk.post(path, {"observed": picture, "actor": "ann"})) == (409, "already")
    full = desk.post(path, {"observed": picture, "actor": "ben", "units": 2})
    assert refusal(full) == (409, "full")
    for units in (0, 10**9):
        bad = desk.post(path, {"observed": picture, "actor": "ben", "units": units})
        assert refusal(bad) == (400, "invalid")
        assert bad.json()["field"] == "units"

    path = "/v1/bookings/cancel-observed"
    absent = desk.post(path, {"observed": picture, "actor": "ben"})
    assert refusal(absent) == (409, "not_booked")
    cancelled = desk.post(path, {"observed": picture, "actor": "ann"})
    assert cancelled.json()["code"] == "cancelled"
    again = desk.post(path, {"observed": picture, "actor": "ann"})
    assert refusal(again) == (409, "conflict")


def test_facts_are_appended_at_the_sequence_observed(desk: Desk) -> None:
    desk.occurrence()
    fact = {"name": "teacher_changed", "data": {"to": "t-7", "paid": True, "n": 3}}
    body = {"appends": {"yoga": {"expected": 1, "facts": [fact]}}}
    appended = desk.post("/v1/facts", body)
    assert appended.status_code == 201
    assert appended.json()["sequences"] == {"yoga": 2}
    conflict = desk.post("/v1/facts", body)
    assert refusal(conflict) == (409, "conflict")
    assert conflict.json()["actual"] == 2
    unknown = {"appends": {"nothing": {"expected": 0, "facts": [fact]}}}
    assert refusal(desk.post("/v1/facts", unknown)) == (404, "unknown_bookable")
    bad = {"appends": {"yoga": {"expected": 2, "facts": [{**fact, "data": {"x": 1.5}}]}}}
    assert refusal(desk.post("/v1/facts", bad)) == (400, "invalid")
    assert refusal(desk.post("/v1/facts", {"appends": {}})) == (400, "invalid")
    for field, worse in {
        "appends[yoga].facts": {"expected": 2, "facts": []},
        "appends[yoga].expected": {"expected": -1, "facts": [fact]},
    }.items():
        refused = desk.post("/v1/facts", {"appends": {"yoga": worse}})
        assert refusal(refused) == (400, "invalid")
        assert refused.json()["field"] == field


def test_a_forgotten_person_leaves_a_nameless_booking(desk: Desk) -> None:
    desk.occurrence()
    path = f"/v1/bookings/{desk.book(metadata={'x': 1}, contact={'name': 'Ann'})}"
    forgotten = desk.post("/v1/actors/forget", {"actor": "ann"})
    assert forgotten.status_code == 200
    assert forgotten.json()["bookings"] == 1
    found = desk.get(path).json()
    assert (found["actor"], found["metadata"], found["contact"]) == ("", None, None)
    assert desk.post("/v1/actors/forget", {"actor": "ann"}).json()["bookings"] == 0
    assert refusal(desk.post("/v1/actors/forget", {})) == (400, "invalid")
