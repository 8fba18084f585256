"""The waitlist over HTTP: who may join which line, and every conflict says if one can (C7, C10)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.http.desk import Desk, refusal

from lastseat.access import Role

WAITLIST = "/v1/waitlist"
START, END = "2027-03-01T18:00:00Z", "2027-03-01T19:00:00Z"
SLOT = {"service_id": "bowling", "start": START}


@pytest.fixture
def sold_out(desk: Desk) -> Desk:
    """A class with one seat, which is taken."""
    desk.occurrence(capacity=1)
    desk.book()
    return desk


@pytest.fixture
def alley(desk: Desk) -> Desk:
    """A service that needs the one lane there is, which is taken from six to seven."""
    desk.resource("lane-1")
    made = desk.post(
        "/v1/services",
        {
            "service_id": "bowling",
            "name": "Bowling",
            "max_simultaneous_bookings": 5,
            "duration_seconds": 3600,
            "needs": [{"of": ["lane-1"], "any": 1}],
        },
    )
    assert made.json()["waitlist"] == "fifo", made.text
    held = desk.post("/v1/services/bowling/bookings", {"start": START, "hold_seconds": 900})
    assert held.status_code == 201, held.text
    return desk


def joins(desk: Desk, actor: str, bookable: str = "yoga", **more: Any) -> str:
    """The id of a place in line."""
    made = desk.post(WAITLIST, {"bookable": bookable, "actor": actor, **more})
    assert (made.status_code, made.json()["code"]) == (201, "joined"), made.text
    booking_id: str = made.json()["booking_id"]
    assert made.headers["location"] == f"/v1/bookings/{booking_id}"
    return booking_id


def status(desk: Desk, booking_id: str) -> str:
    found: str = desk.get(f"/v1/bookings/{booking_id}").json()["status"]
    return found


def test_join_be_offered_accept(sold_out: Desk) -> None:
    ben, cy = joins(sold_out, "ben", metadata={"mat": 1}), joins(sold_out, "cy")
    view = sold_out.get(f"/v1/bookings/{cy}").json()
    assert (view["status"], view["claims"], view["waiting"]["position"]) == ("WAITLISTED", [], 2)
    assert view["waiting"]["during"]["end"] == START
    listed = sold_out.get(WAITLIST, bookable="yoga", limit=1).json()
    assert [(x["booking_id"], x["actor"], x["position"]) for x in listed["items"]] == [
        (ben, "ben", 1)
    ]
    rest = sold_out.get(WAITLIST, bookable="yoga", cursor=listed["next"]).json()
    assert ([x["actor"] for x in rest["items"]], rest["next"]) == (["cy"], None)
    left = sold_out.get("/v1/occurrences/yoga/seats-left").json()
    assert (left["left"], left["waiting"]) == (0, 2)
    assert sold_out.get("/v1/occurrences/yoga").json()["waiting"] == 2
    assert sold_out.post("/v1/bookings/cancel", {"bookable": "yoga", "actor": "ann"}).is_success
    assert status(sold_out, ben) == "HELD"
    trail = sold_out.get(f"/v1/bookings/{ben}/audit").json()["items"]
    assert [x["action"] for x in trail] == ["joined", "offered"]
    assert trail[1]["before"]["awaits"][0]["bookable"] == "yoga"
    assert sold_out.post(f"/v1/bookings/{ben}/release").is_success
    assert sold_out.post(f"/v1/bookings/{cy}/confirm").json()["version"] == 3
    # Once more, and too late for the other.
    assert sold_out.post(f"/v1/bookings/{cy}/confirm").status_code == 200
    assert refusal(sold_out.post(f"/v1/bookings/{ben}/confirm"))[0] == 409


def test_a_key_joins_once(sold_out: Desk) -> None:
    body = {"bookable": "yoga", "actor": "ben"}
    first = sold_out.post(WAITLIST, body, key="tap")
    again = sold_out.post(WAITLIST, body, key="tap")
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    other = sold_out.post(WAITLIST, {**body, "actor": "cy"}, key="tap")
    assert refusal(other) == (422, "key_reused")


def test_what_is_free_is_offered_at_once(desk: Desk) -> None:
    desk.occurrence()
    made = desk.post(WAITLIST, {"bookable": "yoga", "actor": "ben", "offer_seconds": 60})
    assert (made.status_code, made.json()["code"], made.headers["etag"]) == (201, "held", '"2"')


def test_every_refusal_names_what_is_wrong(sold_out: Desk) -> None:
    mine = joins(sold_out, "ben")
    again = sold_out.post(WAITLIST, {"bookable": "yoga", "actor": "ben"})
    assert refusal(again) == (409, "already_waiting")
    assert (again.json()["booking_id"], again.json()["position"]) == (mine, 1)
    seated = sold_out.post(WAITLIST, {"bookable": "yoga", "actor": "ann"})
    assert refusal(seated) == (409, "already")
    larger = sold_out.post(WAITLIST, {"bookable": "yoga", "actor": "cy", "units": 2})
    assert refusal(larger) == (409, "full")
    nowhere = sold_out.post(WAITLIST, {"bookable": "nowhere", "actor": "cy"})
    assert refusal(nowhere) == (404, "unknown_bookable")
    assert refusal(sold_out.get(WAITLIST, bookable="nowhere")) == (404, "unknown_bookable")
    sold_out.occurrence("spin", capacity=1, waitlist="closed")
    sold_out.book("spin")
    closed = sold_out.post(WAITLIST, {"bookable": "spin", "actor": "cy"})
    assert refusal(closed) == (409, "waitlist_closed")
    assert not sold_out.post("/v1/bookings", {"bookable": "spin", "actor": "cy"}).json()[
        "can_join_waitlist"
    ]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"actor": "ben"}, "claims"),
        ({"bookable": "yoga"}, "actor"),
        ({"bookable": "yoga", "actor": "ben", "units": 0}, "units"),
        ({"bookable": "yoga", "actor": "ben", "offer_seconds": 0}, "offer_seconds"),
        ({"bookable": "yoga", "actor": "ben", "start": START}, "start"),
        ({"bookable": "yoga", "actor": "ben", "party": 2}, "party"),
        ({"service_id": "bowling"}, "start"),
        ({**SLOT, "bookable": "yoga"}, "bookable"),
        ({**SLOT, "units": 2}, "units"),
        ({**SLOT, "party": 0}, "party"),
        ({**SLOT, "end": "2027-03-01T18:30:00Z"}, "end"),
        ({**SLOT, "actor": ""}, "actor"),
        ({"bookable": "yoga", "actor": "ben", "version": 1}, "version"),
    ],
)
def test_bad_input_is_told_by_its_field(alley: Desk, body: dict[str, Any], field: str) -> None:
    answer = alley.post(WAITLIST, body)
    assert (refusal(answer), answer.json()["field"]) == ((400, "invalid"), field)


def test_customers_wait_for_themselves_and_touch_no_others(
    sold_out: Desk, customer: Callable[[str], Desk], elsewhere: Desk
) -> None:
    sold_out.post("/v1/people", {"subject": "ben", "roles": ["customer"]})
    sold_out.post("/v1/people", {"subject": "cy", "roles": ["customer"]})
    ben, cy = customer("ben"), customer("cy")
    joined = ben.post(WAITLIST, {"bookable": "yoga"}).json()
    assert joined["actor"] == "ben"
    assert refusal(ben.post(WAITLIST, {"bookable": "yoga", "actor": "cy"})) == (403, "forbidden")
    assert refusal(ben.get(WAITLIST, bookable="yoga")) == (403, "forbidden")
    this = f"/v1/bookings/{joined['booking_id']}"
    assert ben.get(this).json()["waiting"]["position"] == 1
    assert sold_out.post("/v1/bookings/cancel", {"bookable": "yoga", "actor": "ann"}).is_success
    # The offer is theirs to take alone.
    for stranger in (cy, elsewhere):
        assert refusal(stranger.get(this)) == (404, "unknown_booking")
        assert refusal(stranger.post(f"{this}/confirm")) == (404, "unknown_booking")
        assert refusal(stranger.post(f"{this}/release")) == (404, "unknown_booking")
    assert ben.post(f"{this}/confirm").status_code == 200


def test_a_guest_waits_for_a_slot_and_takes_what_is_offered(
    alley: Desk, with_role: Callable[..., Desk], tenant_id: str
) -> None:
    guest = with_role(Role.GUEST)
    assert refusal(guest.post(WAITLIST, {"bookable": "lane-1"})) == (403, "forbidden")
    named = guest.post(WAITLIST, {**SLOT, "actor": "ann"})
    assert (refusal(named), named.json()["field"]) == ((400, "invalid"), "actor")
    joined = guest.post(WAITLIST, SLOT, key="tap")
    assert (joined.status_code, joined.json()["bookable"]) == (201, "service:bowling"), joined.text
    assert guest.post(WAITLIST, SLOT, key="tap").json() == joined.json()
    place = f"/api/booking/reservation/{joined.json()['booking_id']}"
    there = guest.get(place).json()
    assert (there["status"], there["valid"], there["position"]) == ("WAITLISTED", False, 1)
    slots = {"start": START, "end": "2027-03-01T18:30:00Z"}
    assert guest.get("/v1/services/bowling/slots", **slots).json()["items"] == []
    (held,) = alley.get("/v1/bookings", status="HELD").json()["items"]
    assert alley.post(f"/v1/bookings/{held['booking_id']}/release").is_success
    assert guest.get(place).json()["valid"]
    assert guest.get("/v1/services/bowling/slots", **slots).json()["items"] == []
    contact = {"reservationId": joined.json()["booking_id"], "guestEmail": "ann@example.org"}
    assert guest.post("/api/booking/commit", contact).json()["status"] == "CONFIRMED"


def test_every_conflict_says_whether_one_can_wait(alley: Desk, tenant_id: str) -> None:
    alley.occurrence(capacity=1)
    alley.book()
    pairs = {
        "full": alley.post("/v1/bookings", {"bookable": "yoga", "actor": "ben"}),
        "exclusive": alley.post("/v1/bookings", _claims("lane-1")),
        "of a service": alley.post("/v1/services/bowling/bookings", _slot()),
        "any of these": alley.post("/v1/bookings", _any_of("lane-1")),
        "a stale version": alley.ask(
            "PATCH",
            f"/v1/bookings/{alley.book(actor='eve', override=True, reason='x')}",
            {"metadata": {}, "expected_version": 7},
        ),
    }
    found = {name: answer.json()["can_join_waitlist"] for name, answer in pairs.items()}
    assert found == {
        "full": True,
        "exclusive": True,
        "of a service": True,
        # A line is of one bookable, the first claim's: there is none here.
        "any of these": False,
        "a stale version": False,
    }
    assert all(answer.status_code == 409 for answer in pairs.values())
    body = {"businessId": tenant_id, "serviceId": "bowling", "slotStart": START, "slotEnd": END}
    for path in ("reserve", "appointments"):
        answer = alley.post(f"/api/booking/{path}", body)
        assert refusal(answer) == (409, "conflict")
        assert answer.json()["canJoinWaitlist"] is True
        assert "POST /v1/waitlist" in answer.json()["recovery"]["do"]
    joined = alley.post(WAITLIST, SLOT)
    assert joined.status_code == 201, joined.text
    behind = alley.post("/api/booking/reserve", body)
    assert (refusal(behind), behind.json()["availableSlots"]) == ((409, "full"), 0)
    assert len(behind.json()["suggestedSlots"]) == 3
    busy = alley.post("/v1/bookings", {**_claims("lane-2"), "actor": "zoe"})
    assert refusal(busy)[0] == 404


def test_suggestions_leave_out_what_others_wait_for(alley: Desk) -> None:
    alley.resource("lane-2")
    later = {"start": END, "end": "2027-03-01T20:00:00Z"}
    alley.post("/v1/bookings", {"actor": "ann", "claims": [{"bookable": "lane-2", **later}]})
    waits = alley.post(WAITLIST, {"actor": "ben", "claims": [{"bookable": "lane-2", **later}]})
    assert waits.json()["code"] == "joined"
    wanted = {"bookable": "lane-2", "start": "2027-03-01T18:30:00Z", "end": "2027-03-01T19:30:00Z"}
    refused = alley.post("/v1/bookings", {"actor": "cy", "claims": [wanted]}).json()
    assert (refused["rule"], refused["can_join_waitlist"]) == ("waiting", True)
    assert len(refused["suggested_slots"]) == 3
    for slot in refused["suggested_slots"]:
        made = alley.post("/v1/bookings", {"actor": "cy", "claims": slot["claims"]})
        assert made.status_code == 201, made.text
        alley.post(f"/v1/bookings/{made.json()['booking_id']}/cancel")


def _claims(name: str) -> dict[str, Any]:
    return {"actor": "ben", "claims": [{"bookable": name, "start": START, "end": END}]}


def _any_of(*names: str) -> dict[str, Any]:
    return {"actor": "ben", "choices": [{"of": names, "any": 1, "start": START, "end": END}]}


def _slot() -> dict[str, Any]:
    return {"start": START, "hold_seconds": int(timedelta(minutes=5).total_seconds())}
