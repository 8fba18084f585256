"""Services with needs over HTTP: slots, bookings by staff, customers and guests (MISSION C9, D)."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.http.desk import Desk, OpenDesk, refusal

from lastseat.access import Role

DAY = {"start": "2027-03-06T09:00:00Z", "end": "2027-03-06T12:00:00Z"}
SLOT = {"start": "2027-03-06T10:00:00Z"}
BOWLING: dict[str, Any] = {
    "service_id": "bowling",
    "name": "Bowling",
    "max_simultaneous_bookings": 5,
    "duration_seconds": 3600,
    "needs": [
        {"of": ["lane-1", "lane-2", "lane-3"], "any": 2, "adjacent": True},
        {"of": ["shoes"], "units": "party"},
    ],
}
PATH = "/v1/services/bowling/bookings"
SLOTS = "/v1/services/bowling/slots"


@pytest.fixture
def alley(desk: Desk) -> Desk:
    """Three lanes, ten pairs of shoes, and the service that takes two lanes of them."""
    for lane in ("lane-1", "lane-2", "lane-3"):
        desk.resource(lane)
    desk.resource("shoes", capacity=10)
    made = desk.post("/v1/services", BOWLING)
    assert made.status_code == 201, made.text
    return desk


def test_a_service_says_what_it_needs(alley: Desk) -> None:
    read = alley.get("/v1/services/bowling").json()
    assert read["needs"] == BOWLING["needs"]
    fewer = alley.ask("PATCH", "/v1/services/bowling", {"needs": [{"of": ["lane-1"]}]})
    assert (fewer.status_code, fewer.json()["version"]) == (200, 2)
    assert fewer.json()["needs"] == [{"of": ["lane-1"]}]
    assert alley.ask("PATCH", "/v1/services/bowling", {"needs": []}).json()["needs"] == []
    kept = alley.ask("PATCH", "/v1/services/bowling", {"name": "Kegeln"}).json()
    assert (kept["needs"], kept["name"]) == ([], "Kegeln")


@pytest.mark.parametrize(
    ("needs", "field"),
    [
        ([{"of": []}], "needs[0].of"),
        ([{"of": ["lane-1"], "any": 2}], "needs[0].any"),
        ([{"of": ["lane-1"], "units": "all"}], "needs[0].units"),
        ([{"of": ["lane-1"], "some": 1}], "needs[0].some"),
        ([{"any": 1}], "needs[0].of"),
        ([{"of": ["lane-1"]}, {"of": ["lane-1"]}], "needs[1].of[0]"),
        ([{"of": ["service:bowling"]}], "needs[0].of[0]"),
        ("lane-1", "needs"),
    ],
)
def test_needs_that_make_no_sense_are_refused_by_field(alley: Desk, needs: Any, field: str) -> None:
    new = alley.post("/v1/services", {**BOWLING, "service_id": "x", "needs": needs})
    assert (refusal(new), new.json()["field"]) == ((400, "invalid"), field)
    change = alley.ask("PATCH", "/v1/services/bowling", {"needs": needs})
    assert (refusal(change), change.json()["field"]) == ((400, "invalid"), field)
    away = alley.ask("PATCH", "/v1/services/bowling", {"needs": [{"of": ["nowhere"]}]})
    assert (refusal(away), away.json()["bookable"]) == ((404, "unknown_bookable"), "nowhere")


def test_what_slots_offer_can_be_booked_and_what_is_left_goes_down(alley: Desk) -> None:
    slots = alley.get(SLOTS, party=4, **DAY).json()["items"]
    assert slots[0] == {
        "start": "2027-03-06T09:00:00Z",
        "end": "2027-03-06T10:00:00Z",
        "left": 1,
        "chosen": ["lane-1", "lane-2"],
    }
    paged: list[Any] = []
    cursor: dict[str, Any] = {}
    while True:
        page = alley.get(SLOTS, party=4, limit=5, **cursor, **DAY).json()
        paged += page["items"]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert paged == slots
    for slot in (slots[0], slots[4]):
        made = alley.post(PATH, {"start": slot["start"], "party": 4})
        assert (made.status_code, made.json()["chosen"][1:]) == (201, slot["chosen"])
    left = alley.get(SLOTS, party=4, **DAY).json()["items"]
    taken = {x["start"] for x in slots} - {x["start"] for x in left}
    assert "2027-03-06T09:45:00Z" in taken
    assert "2027-03-06T11:00:00Z" not in taken


def test_a_refused_slot_suggests_slots_that_book(alley: Desk) -> None:
    first = alley.post(PATH, {**SLOT, "party": 2, "actor": "ann"})
    assert first.status_code == 201, first.text
    assert first.json()["chosen"] == ["shoes", "lane-1", "lane-2"]
    assert first.json()["cancellation_token"]
    second = alley.post(PATH, {**SLOT, "party": 2})
    assert refusal(second) == (409, "conflict")
    assert (second.json()["rule"], len(second.json()["suggested_slots"])) == ("adjacent", 3)
    for slot in second.json()["suggested_slots"]:
        assert set(slot) == {"start", "end"}
        tried = alley.post(PATH, {**slot, "party": 2, "hold_seconds": 60})
        assert (tried.status_code, tried.json()["status"]) == (201, "HELD")
        alley.post(f"/v1/bookings/{tried.json()['booking_id']}/release")


def test_the_words_of_part_d_have_other_slots_too(alley: Desk, tenant_id: str) -> None:
    start = datetime.fromisoformat(SLOT["start"])
    slot = {
        "businessId": tenant_id,
        "serviceId": "bowling",
        "slotStart": SLOT["start"],
        "slotEnd": (start + timedelta(hours=1)).isoformat(),
        "party": 3,
    }
    held = alley.post("/api/booking/reserve", slot)
    assert (held.status_code, held.json()["chosen"]) == (201, ["shoes", "lane-1", "lane-2"])
    for path in ("reserve", "appointments"):
        refused = alley.post(f"/api/booking/{path}", slot)
        assert refusal(refused) == (409, "conflict")
        assert refused.json()["message"] == "The selected time slot is no longer available"
        assert len(refused.json()["suggestedSlots"]) == 3
        assert set(refused.json()["suggestedSlots"][0]) == {"slotStart", "slotEnd"}
    done = alley.post(
        "/api/booking/commit",
        {"reservationId": held.json()["reservationId"], "guestEmail": "a@example.org"},
    )
    assert done.json()["chosen"] == ["shoes", "lane-1", "lane-2"]
    moved = alley.post(
        "/api/booking/reschedule",
        {
            "appointmentId": done.json()["appointmentId"],
            "slotStart": "2027-03-06T14:00:00Z",
            "slotEnd": "2027-03-06T15:00:00Z",
        },
    )
    assert (moved.status_code, moved.json()["chosen"]) == (200, ["shoes", "lane-1", "lane-2"])


def test_the_capacity_of_a_slot_counts_what_the_service_needs(alley: Desk, tenant_id: str) -> None:
    query = {"businessId": tenant_id, "serviceId": "bowling", "slotStart": SLOT["start"]}
    end = {"slotEnd": "2027-03-06T11:00:00Z"}
    said = alley.get("/api/booking/capacity", **query, **end).json()
    assert (said["availableSlots"], said["taken"]) == (5, 0)
    assert alley.post(PATH, SLOT).status_code == 201
    said = alley.get("/api/booking/capacity", **query, **end).json()
    assert (said["availableSlots"], said["taken"]) == (0, 1), "two lanes of three are gone"


def test_a_service_has_rules_of_its_own(alley: Desk) -> None:
    rules = {"grid_seconds": 1800, "lead_seconds": 3600, "horizon_seconds": 86_400 * 3000}
    assert alley.ask("PUT", "/v1/rules/service%3Abowling", {"rules": rules}).status_code == 200
    starts = [x["start"][11:16] for x in alley.get(SLOTS, **DAY).json()["items"]]
    assert starts == ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]
    off = alley.post(PATH, {"start": "2027-03-06T10:10:00Z"})
    assert refusal(off) == (409, "not_bookable")
    assert (off.json()["rule"], off.json()["owner"]) == ("grid", "service:bowling")
    assert [x["start"] for x in off.json()["suggested_slots"]] == [
        "2027-03-06T10:00:00Z",
        "2027-03-06T10:30:00Z",
        "2027-03-06T09:30:00Z",
    ]
    # Its lanes may be booked at other times by themselves.
    lane = {"bookable": "lane-1", "start": "2027-03-06T10:10:00Z", "end": "2027-03-06T10:20:00Z"}
    assert alley.post("/v1/bookings", {"actor": "ann", "claims": [lane]}).status_code == 201


def test_a_publishable_key_looks_and_books_as_somebody_nameless(
    alley: Desk, with_role: OpenDesk
) -> None:
    guest = with_role(Role.GUEST)
    assert guest.get(SLOTS, **DAY).json()["items"]
    nameless = guest.post(PATH, SLOT)
    assert (refusal(nameless), nameless.json()["field"]) == ((400, "invalid"), "contact")
    named = guest.post(PATH, {**SLOT, "actor": "ann", "hold_seconds": 60})
    assert (refusal(named), named.json()["field"]) == ((400, "invalid"), "actor")
    body = {**SLOT, "contact": {"email": "ann@example.org"}}
    booked = guest.post(PATH, body, key="tap")
    assert (booked.status_code, booked.json()["status"]) == (201, "CONFIRMED")
    again = guest.post(PATH, body, key="tap")
    assert (again.json(), again.headers["idempotency-replayed"]) == (booked.json(), "true")
    booking_id = booked.json()["booking_id"]
    actor = alley.get(f"/v1/bookings/{booking_id}").json()["actor"]
    assert actor.startswith("guest:")
    assert refusal(guest.get(f"/v1/bookings/{booking_id}")) == (403, "forbidden")
    bent = {**body, "override": True, "reason": "please"}
    assert refusal(guest.post(PATH, bent)) == (403, "forbidden")
    cancelled = guest.post(
        "/api/booking/cancel", {"cancellationToken": booked.json()["cancellation_token"]}
    )
    assert cancelled.status_code == 200


def test_a_customer_books_for_themselves(alley: Desk, customer: Any) -> None:
    ann = customer("ann")
    made = ann.post(PATH, SLOT)
    assert made.status_code == 201
    assert ann.get(f"/v1/bookings/{made.json()['booking_id']}").json()["actor"] == "ann"
    assert refusal(ann.post(PATH, {**SLOT, "actor": "ben"})) == (403, "forbidden")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "start"),
        ({"start": "2027-03-06T10:00:00"}, "start"),
        ({**SLOT, "end": "2027-03-06T10:30:00Z"}, "end"),
        ({**SLOT, "end": "2027-03-06T09:30:00Z"}, "end"),
        ({"start": "9999-12-31T23:59:59Z"}, "start"),
        ({"start": "2727-03-06T10:00:00Z"}, "start"),
        ({**SLOT, "party": 0}, "party"),
        ({**SLOT, "hold_seconds": 0}, "hold_seconds"),
        ({**SLOT, "hold_seconds": 3601}, "hold_seconds"),
        ({**SLOT, "hold_seconds": 60, "reason": "x"}, "reason"),
        ({**SLOT, "contact": {"email": "nobody"}}, "contact.email"),
        ({**SLOT, "override": True}, "reason"),
        ({**SLOT, "lanes": 3}, "lanes"),
    ],
)
def test_bad_input_is_refused_by_field(alley: Desk, body: dict[str, Any], field: str) -> None:
    bad = alley.post(PATH, body)
    assert (refusal(bad), bad.json()["field"]) == ((400, "invalid"), field), bad.text


def test_what_is_not_there_is_unknown(alley: Desk, elsewhere: Desk) -> None:
    for body in (SLOT, {**SLOT, "end": "2027-03-06T11:00:00Z"}):
        assert refusal(alley.post("/v1/services/x/bookings", body)) == (404, "unknown_service")
        assert refusal(elsewhere.post(PATH, body)) == (404, "unknown_service")
    assert refusal(elsewhere.get(SLOTS, **DAY)) == (404, "unknown_service")
    endless = {**BOWLING, "service_id": "chess", "duration_seconds": None}
    assert alley.post("/v1/services", endless).status_code == 201
    bad = alley.post("/v1/services/chess/bookings", SLOT)
    assert (refusal(bad), bad.json()["field"]) == ((400, "invalid"), "end")
    bad = alley.get("/v1/services/chess/slots", **DAY)
    assert (refusal(bad), bad.json()["field"]) == ((400, "invalid"), "duration_seconds")
    assert alley.get("/v1/services/chess/slots", duration_seconds=600, **DAY).json()["items"]
