"""What becomes of a booking over HTTP: each step, and each of its refusals."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from tests.http.desk import Desk, OpenDesk, refusal

from lastseat.access import Action, Role

NOWHERE = "5e9f1d1c-98a0-4c3b-9d0e-2f6a7b1c4d10"
STEPS = (
    "confirm",
    "release",
    "cancel",
    "extend",
    "check-in",
    "check-out",
    "complete",
    "no-show",
    "expire",
)


def soon(**delta: float) -> str:
    return (datetime.now(UTC) + timedelta(**delta)).isoformat()


def test_a_held_booking_goes_all_the_way(desk: Desk) -> None:
    desk.occurrence()
    booking_id = desk.book(hold_seconds=60)
    path = f"/v1/bookings/{booking_id}"
    extended = desk.post(f"{path}/extend", {"seconds": 120})
    assert extended.status_code == 200
    assert extended.json()["code"] == "extended"
    for step, code in [
        ("confirm", "confirmed"),
        ("check-in", "checked_in"),
        ("check-out", "checked_out"),
    ]:
        done = desk.post(f"{path}/{step}")
        assert (done.status_code, done.json()["code"]) == (200, code)
        assert done.headers["etag"] == f'"{done.json()["version"]}"'
    assert desk.get(path).json()["status"] == "COMPLETED"


def test_what_was_booked_is_completed(desk: Desk) -> None:
    desk.occurrence()
    path = f"/v1/bookings/{desk.book()}"
    assert refusal(desk.post(f"{path}/complete")) == (409, "wrong_status")
    desk.post(f"{path}/check-in", {})
    assert desk.post(f"{path}/complete").json()["code"] == "completed"
    assert refusal(desk.post(f"{path}/check-in")) == (409, "wrong_status")


def test_a_hold_is_released_and_nothing_else(desk: Desk) -> None:
    desk.occurrence(capacity=1)
    path = f"/v1/bookings/{desk.book(hold_seconds=60)}"
    assert desk.post(f"{path}/release").json()["code"] == "released"
    assert refusal(desk.post(f"{path}/release")) == (409, "not_booked")
    path = f"/v1/bookings/{desk.book()}"
    refused = desk.post(f"{path}/release")
    assert refusal(refused) == (409, "not_held")
    assert refused.json()["booking_status"] == "CONFIRMED"


def test_a_cancelled_booking_is_not_booked(desk: Desk) -> None:
    desk.occurrence(capacity=1)
    path = f"/v1/bookings/{desk.book()}"
    assert desk.post(f"{path}/cancel", {"reason": "ill"}).json()["code"] == "cancelled"
    for step in ("cancel", "confirm", "check-in", "no-show"):
        assert refusal(desk.post(f"{path}/{step}"))[0] == 409, step
    assert desk.book() != path


def test_a_hold_runs_no_longer_than_its_limit(desk: Desk) -> None:
    desk.occurrence()
    path = f"/v1/bookings/{desk.book(hold_seconds=60, limit_seconds=90)}"
    refused = desk.post(f"{path}/extend", {"seconds": 120})
    assert refusal(refused) == (409, "extend_limit")
    assert refusal(desk.post(f"{path}/expire")) == (409, "not_expired")
    assert refusal(desk.post(f"{path}/extend", {"seconds": 0})) == (400, "invalid")


def test_overdue_holds_are_expired_one_or_all(desk: Desk) -> None:
    # Of two occurrences: a decision on one journals all that is overdue there.
    desk.occurrence("yoga")
    desk.occurrence("pilates")
    desk.book("pilates", hold_seconds=1)
    first = desk.book("yoga", hold_seconds=1)
    time.sleep(1.05)
    assert desk.get(f"/v1/bookings/{first}").json()["status"] == "EXPIRED"
    assert refusal(desk.post(f"/v1/bookings/{first}/confirm")) == (409, "hold_expired")
    assert desk.post(f"/v1/bookings/{first}/expire").json()["code"] == "expired"
    assert desk.post("/v1/expire").json() == {"expired": 1}
    assert desk.post("/v1/expire", {"limit": 5}).json() == {"expired": 0}
    assert refusal(desk.post("/v1/expire", {"limit": 0})) == (400, "invalid")


def test_nobody_is_a_no_show_before_the_start(desk: Desk, with_role: OpenDesk) -> None:
    desk.occurrence()
    refused = desk.post(f"/v1/bookings/{desk.book()}/no-show")
    assert refusal(refused) == (409, "too_early")
    assert refused.json()["not_before"] == "2027-03-01T17:00:00Z"

    desk.occurrence("now", start=soon(minutes=-30), end=soon(minutes=30))
    path = f"/v1/bookings/{desk.book('now')}"
    assert desk.post(f"{path}/no-show").json()["code"] == "no_show"
    assert refusal(desk.post(f"{path}/check-in")) == (409, "wrong_status")
    late = with_role(Role.STAFF).post(f"{path}/check-in", {"late": True})
    assert refusal(late) == (403, "forbidden")
    assert late.json()["action"] == Action.BOOKINGS_CHECK_IN_LATE
    assert desk.post(f"{path}/check-in", {"late": True}).json()["code"] == "checked_in"


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("booking_id", [NOWHERE, "no-id", "%00", "a%2Fb"])
def test_an_unknown_booking_is_unknown(desk: Desk, step: str, booking_id: str) -> None:
    refused = desk.post(f"/v1/bookings/{booking_id}/{step}")
    assert refusal(refused) == (404, "unknown_booking")


@pytest.mark.parametrize("step", STEPS)
def test_a_step_takes_no_unknown_field(desk: Desk, step: str) -> None:
    refused = desk.post(f"/v1/bookings/{NOWHERE}/{step}", {"colour": "red"})
    if step == "expire":
        # It has nothing to say, so nothing is read.
        assert refusal(refused) == (404, "unknown_booking")
    else:
        assert refusal(refused) == (400, "invalid")
        assert refused.json()["field"] == "colour"


def test_the_same_booking_in_capitals(desk: Desk) -> None:
    desk.occurrence()
    booking_id = desk.book().upper()
    assert desk.get(f"/v1/bookings/{booking_id}").status_code == 200
    assert desk.post(f"/v1/bookings/{booking_id}/cancel").status_code == 200


def test_details_are_written_and_named(desk: Desk) -> None:
    desk.occurrence()
    path = f"/v1/bookings/{desk.book(metadata={'mat': 'own'}, contact={'name': 'Ann'})}"
    body = {"metadata": {"mat": "ours"}, "contact": {"email": "ann@example.org"}}
    updated = desk.ask("PATCH", path, body)
    assert updated.status_code == 200
    assert updated.json()["code"] == "updated"
    assert set(updated.json()["fields"]) == {"metadata", "contact.email"}
    found = desk.get(path).json()
    assert found["metadata"] == {"mat": "ours"}
    assert found["contact"] == {"name": "Ann", "email": "ann@example.org"}
    trail = desk.get(f"{path}/audit").json()["items"]
    assert trail[-1]["action"] == "updated"
    assert "ann@example.org" not in str(trail)
    assert refusal(desk.ask("PATCH", path, {})) == (400, "invalid")
    assert refusal(desk.ask("PATCH", path, {"status": "CONFIRMED"})) == (400, "invalid")
