"""Part D over HTTP: the four routes with the source's field names, answers and words, and more."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from tests.http.desk import Desk, OpenDesk, refusal

from lastseat.access import Role

SLOT = {"slotStart": "2031-03-01T11:00:00+01:00", "slotEnd": "2031-03-01T12:00:00+01:00"}
LATER = {"slotStart": "2031-03-02T11:00:00+01:00", "slotEnd": "2031-03-02T12:00:00+01:00"}
GUEST = {"guestEmail": "ann@example.org", "guestPhone": "+49 30 1234567"}
NOBODY = "01936b2c-5d1e-7c3a-9f00-3a5c0e6d7b11"


@pytest.fixture
def slot(desk: Desk, tenant_id: str) -> dict[str, Any]:
    """A slot of a service that takes two at once."""
    body = {"service_id": "massage", "name": "Massage", "max_simultaneous_bookings": 2}
    assert desk.post("/v1/services", body).status_code == 201
    return {"businessId": tenant_id, "serviceId": "massage", **SLOT}


@pytest.fixture
def guest(with_role: OpenDesk) -> Desk:
    """Somebody on the business's page: all they have is its publishable key."""
    return with_role(Role.GUEST)


def reserve(desk: Desk, slot: dict[str, Any], **more: Any) -> str:
    answer = desk.post("/api/booking/reserve", {**slot, **more})
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["reservationId"]
    return found


def commit(desk: Desk, reservation_id: str, **more: Any) -> httpx.Response:
    return desk.post("/api/booking/commit", {"reservationId": reservation_id, **GUEST, **more})


def run_out(conninfo: str, reservation_id: str, seconds: float = 1) -> None:
    """The hold was over so many seconds ago."""
    ago = f"clock_timestamp() - interval '{seconds} seconds'"
    with psycopg.connect(conninfo, autocommit=True) as connection:
        for table in ("bookings", "claims"):
            query = f"UPDATE lastseat.{table} SET expires_at = {ago} WHERE booking_id = %s"
            connection.execute(query.encode(), [reservation_id])


def test_a_guest_reserves_commits_and_cancels_without_an_account(
    guest: Desk, slot: dict[str, Any], client: TestClient[Litestar]
) -> None:
    held = guest.post("/api/booking/reserve", {**slot, "ttlMinutes": 5})
    assert held.status_code == 201
    body = held.json()
    assert {k: body[k] for k in ("businessId", "serviceId", "status", "version")} == {
        "businessId": slot["businessId"],
        "serviceId": "massage",
        "status": "HELD",
        "version": 1,
    }
    assert datetime.fromisoformat(body["slotStart"]) == datetime.fromisoformat(slot["slotStart"])
    assert datetime.fromisoformat(body["expiresAt"]).utcoffset() == timedelta(0)
    done = commit(guest, body["reservationId"])
    assert done.status_code == 201
    assert done.headers["etag"] == '"2"'
    assert done.json()["appointmentId"] == body["reservationId"]
    assert (done.json()["status"], done.json()["version"]) == ("CONFIRMED", 2)
    token = {"cancellationToken": done.json()["cancellationToken"]}
    # Not even the publishable key is needed.
    gone = client.post("/api/booking/cancel", json=token)
    assert (gone.status_code, gone.json()["status"]) == (200, "CANCELLED")
    again = client.post("/api/booking/cancel", json=token)
    assert (again.status_code, again.headers["idempotency-replayed"]) == (200, "true")
    assert again.json() == gone.json()


def test_ten_at_once_for_two_slots_two_succeed(guest: Desk, slot: dict[str, Any]) -> None:
    """Its control, without the engine's lock, is in tests/library/test_reservations.py."""
    with ThreadPoolExecutor(10) as crowd:
        answers = list(crowd.map(lambda _: guest.post("/api/booking/reserve", slot), range(10)))
    assert sorted(x.status_code for x in answers) == [201] * 2 + [409] * 8
    for refused in (x for x in answers if x.status_code == 409):
        assert refusal(refused) == (409, "full")
        problem = refused.json()
        assert problem["detail"] == "The selected time slot is no longer available"
        assert problem["message"] == problem["detail"]
        assert (problem["availableSlots"], problem["capacity"]) == (0, 2)
        assert problem["recovery"]["next"] == "GET /api/booking/capacity"


def test_the_number_of_slots_left_is_told(guest: Desk, slot: dict[str, Any]) -> None:
    before = guest.get("/api/booking/capacity", **slot).json()
    assert (before["availableSlots"], before["capacity"], before["taken"]) == (2, 2, 0)
    reserve(guest, slot)
    assert guest.get("/api/booking/capacity", **slot).json()["availableSlots"] == 1
    assert guest.get("/api/booking/capacity", **{**slot, **LATER}).json()["availableSlots"] == 2


def test_commit_after_the_reservation_ran_out(
    guest: Desk, slot: dict[str, Any], conninfo: str
) -> None:
    held = reserve(guest, slot)
    run_out(conninfo, held)
    late = commit(guest, held)
    assert refusal(late) == (404, "hold_expired")
    assert late.json()["message"] == "Reservation not found or expired"
    assert late.json()["recovery"]["next"] == "POST /api/booking/reserve"
    assert "expiredAt" in late.json()
    found = guest.get(f"/api/booking/reservation/{held}").json()
    assert (found["valid"], found["status"]) == (False, "EXPIRED")
    nobody = commit(guest, NOBODY)
    assert refusal(nobody) == (404, "unknown_booking")
    assert nobody.json()["message"] == late.json()["message"]


def test_the_same_key_reserves_once(guest: Desk, slot: dict[str, Any]) -> None:
    first = guest.post("/api/booking/reserve", {**slot, "idempotencyKey": "tap"})
    second = guest.post("/api/booking/reserve", {**slot, "idempotencyKey": "tap"})
    third = guest.post("/api/booking/reserve", slot, key="tap")
    assert first.json() == second.json() == third.json()
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == third.headers["idempotency-replayed"] == "true"
    other = guest.post("/api/booking/reserve", {**slot, **LATER, "idempotencyKey": "tap"})
    assert refusal(other) == (422, "key_reused")
    both = guest.post("/api/booking/reserve", {**slot, "idempotencyKey": "tap"}, key="other")
    assert (refusal(both), both.json()["field"]) == ((400, "invalid"), "idempotencyKey")
    assert guest.get("/api/booking/capacity", **slot).json()["taken"] == 1


def test_a_commit_sent_again_answers_the_same_token_and_a_stranger_gets_none(
    guest: Desk, slot: dict[str, Any]
) -> None:
    held = reserve(guest, slot)
    first = commit(guest, held)
    again = commit(guest, held)
    assert again.status_code == first.status_code == 201
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    stranger = commit(guest, held, guestEmail="eve@example.org")
    assert refusal(stranger) == (404, "unknown_booking")


def test_a_reservation_is_extended_up_to_its_limit(guest: Desk, slot: dict[str, Any]) -> None:
    held = guest.post("/api/booking/reserve", {**slot, "ttlMinutes": 1}).json()
    body = {"reservationId": held["reservationId"]}
    longer = guest.post("/api/booking/extend", {**body, "ttlMinutes": 20}, key="longer")
    assert longer.status_code == 200
    assert (longer.json()["version"], longer.json()["valid"]) == (2, True)
    assert longer.json()["expiresAt"] > held["expiresAt"]
    beyond = guest.post("/api/booking/extend", {**body, "ttlMinutes": 61})
    assert refusal(beyond) == (409, "extend_limit")
    stale = guest.post("/api/booking/extend", {**body, "expectedVersion": 1})
    assert (refusal(stale), stale.json()["currentVersion"]) == ((409, "conflict"), 2)
    commit(guest, held["reservationId"])
    assert refusal(guest.post("/api/booking/extend", body)) == (409, "not_held")
    replay = guest.post("/api/booking/extend", {**body, "ttlMinutes": 20}, key="longer")
    assert replay.headers["idempotency-replayed"] == "true"
    assert replay.json()["expiresAt"] == longer.json()["expiresAt"]


def test_a_stale_version_is_a_conflict_with_the_current_one(
    desk: Desk, slot: dict[str, Any]
) -> None:
    held = reserve(desk, slot)
    body = {"reservationId": held, **LATER, "expectedVersion": 1}
    assert desk.post("/api/booking/reschedule", body).json()["version"] == 2
    stale = desk.post("/api/booking/reschedule", {**body, **SLOT})
    assert refusal(stale) == (409, "conflict")
    problem = stale.json()
    assert (problem["error"], problem["message"]) == ("CONFLICT", "CONFLICT")
    assert problem["currentVersion"] == 2
    assert problem["recovery"]["next"] == f"GET /api/booking/reservation/{held}"
    header = desk.post("/api/booking/reschedule", {"reservationId": held, **SLOT}, if_match='"1"')
    assert refusal(header) == (412, "conflict")


def test_an_appointment_is_moved_only_where_there_is_room(
    desk: Desk, guest: Desk, slot: dict[str, Any]
) -> None:
    held = reserve(guest, slot)
    for _ in range(2):
        reserve(guest, {**slot, **LATER})
    commit(guest, held)
    body = {"appointmentId": held, **LATER}
    full = desk.post("/api/booking/reschedule", body)
    assert refusal(full) == (409, "full")
    assert full.json()["message"] == "No available capacity for the new time slot"
    assert refusal(guest.post("/api/booking/reschedule", body)) == (403, "forbidden")
    both = desk.post("/api/booking/reschedule", {**body, "reservationId": held})
    assert refusal(both) == (400, "invalid")
    over = desk.post("/api/booking/reschedule", {**body, "override": True, "reason": "a favour"})
    assert (over.status_code, over.json()["status"]) == (200, "CONFIRMED")


def test_staff_book_without_a_reservation_and_a_manager_overrides(
    with_role: OpenDesk, slot: dict[str, Any]
) -> None:
    staff, manager = with_role(Role.STAFF), with_role(Role.MANAGER)
    made = staff.post("/api/booking/appointments", {**slot, **GUEST}, key="desk")
    assert (made.status_code, made.json()["status"]) == (201, "CONFIRMED")
    again = staff.post("/api/booking/appointments", {**slot, **GUEST}, key="desk")
    assert again.json() == made.json()
    assert staff.post("/api/booking/appointments", slot).status_code == 201
    full = staff.post("/api/booking/appointments", slot)
    assert full.json()["message"] == "The selected time slot is no longer available"
    over = {**slot, "override": True, "reason": "a regular"}
    assert refusal(staff.post("/api/booking/appointments", over)) == (403, "forbidden")
    assert manager.post("/api/booking/appointments", over).status_code == 201
    listed = staff.get("/api/booking/appointments", **slot).json()["items"]
    assert len(listed) == 3
    assert made.json()["appointmentId"] in {x["appointmentId"] for x in listed}


def test_a_guest_finds_reservations_of_guests_alone(
    desk: Desk, guest: Desk, slot: dict[str, Any], customer: Callable[[str], Desk]
) -> None:
    ann = customer("ann")
    hers = reserve(ann, slot)
    assert desk.get(f"/v1/bookings/{hers}").json()["actor"] == "ann"
    for other in (guest, customer("ben")):
        assert other.get(f"/api/booking/reservation/{hers}").status_code == 404
        assert refusal(commit(other, hers)) == (404, "unknown_booking")
    assert ann.get(f"/api/booking/reservation/{hers}").json()["valid"]
    assert commit(ann, hers).status_code == 201


def test_another_business_is_unknown_whoever_asks(
    guest: Desk, elsewhere: Desk, slot: dict[str, Any], tenant_id: str
) -> None:
    held = reserve(guest, slot)
    other = {**slot, "businessId": f"{tenant_id}-other"}
    for answer in (
        guest.post("/api/booking/reserve", other),
        guest.get("/api/booking/capacity", **other),
        elsewhere.post("/api/booking/reserve", slot),
        elsewhere.post("/api/booking/appointments", slot),
        elsewhere.get(f"/api/booking/reservation/{held}"),
        elsewhere.post("/api/booking/reserve", other),
        commit(elsewhere, held),
    ):
        assert refusal(answer)[0] == 404, answer.text


def test_a_wrong_token_is_not_found_whatever_is_wrong_with_it(
    guest: Desk, slot: dict[str, Any], client: TestClient[Litestar]
) -> None:
    token = commit(guest, reserve(guest, slot)).json()["cancellationToken"]
    head, booking, mac = token.split(".")
    answers = [
        client.post("/api/booking/cancel", json={"cancellationToken": text})
        for text in ("", "x", f"{head}.{booking}.{mac[::-1]}", f"eA.{booking}.{mac}", "ü" * 3000)
    ]
    assert {x.status_code for x in answers} == {404}
    assert len({x.text for x in answers}) == 1, "nothing is learned from which it was"
    assert answers[0].json()["message"] == "Reservation not found or expired"


def test_bad_input_is_named_as_it_was_sent(desk: Desk, slot: dict[str, Any]) -> None:
    held = reserve(desk, slot)
    reserving, committing = "/api/booking/reserve", "/api/booking/commit"
    good = {"reservationId": held, **GUEST}
    for path, body, field in (
        (reserving, {**slot, "slotEnd": slot["slotStart"]}, "slotEnd"),
        (reserving, {**slot, "slotStart": "2031-03-01T11:00:00"}, "slotStart"),
        (reserving, {**slot, "ttlMinutes": 0}, "ttlMinutes"),
        (reserving, {**slot, "ttlMinutes": 61}, "ttlMinutes"),
        (reserving, {**slot, "idempotencyKey": ""}, "idempotencyKey"),
        (reserving, {**slot, "slot_start": slot["slotStart"]}, "slot_start"),
        (reserving, {k: v for k, v in slot.items() if k != "serviceId"}, "serviceId"),
        (committing, {**good, "guestEmail": "ann"}, "guestEmail"),
        (committing, {**good, "guestPhone": "call me"}, "guestPhone"),
        (committing, {"reservationId": held}, "guestEmail"),
    ):
        answer = desk.post(path, body)
        assert refusal(answer) == (400, "invalid"), (body, answer.text)
        assert answer.json()["field"] == field
    for path in (reserving, "/api/booking/appointments"):
        unknown = desk.post(path, {**slot, "serviceId": "sauna"})
        assert refusal(unknown) == (404, "unknown_service")
    backwards = {**slot, "slotStart": slot["slotEnd"], "slotEnd": slot["slotStart"]}
    assert refusal(desk.get("/api/booking/capacity", **backwards)) == (400, "invalid")
    assert refusal(desk.get("/api/booking/appointments", **backwards)) == (400, "invalid")


def test_a_publishable_key_is_rate_limited(with_role: OpenDesk, slot: dict[str, Any]) -> None:
    hasty = with_role(Role.GUEST, per_minute=3)
    answers = [hasty.get("/api/booking/capacity", **slot) for _ in range(5)]
    assert [x.status_code for x in answers[:3]] == [200] * 3
    assert refusal(answers[-1]) == (429, "too_many_requests")
    assert int(answers[-1].headers["retry-after"]) >= 1


def test_the_cleanup_takes_the_schedulers_secret_and_no_other(
    client: TestClient[Litestar],
    guest: Desk,
    desk: Desk,
    slot: dict[str, Any],
    conninfo: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = "/api/cron/cleanup-reservations"
    monkeypatch.delenv("CRON_SECRET", raising=False)
    assert client.get(path, headers={"Authorization": "Bearer "}).status_code == 404
    assert desk.get(path).status_code == 404
    monkeypatch.setenv("CRON_SECRET", "töpf-9182")
    for wrong in ("", "Bearer", "Bearer x", "Basic t\u00f6pf-9182", "Bearer t\u00f6pf-918"):
        headers = {b"Authorization": wrong.encode()} if wrong else {}
        answer = client.get(path, headers=headers)
        assert refusal(answer) == (401, "unauthorized")
    assert desk.get(path).status_code == 401, "an owner's key is no scheduler's secret"
    held = reserve(guest, slot)
    run_out(conninfo, held)
    right = {b"Authorization": "Bearer töpf-9182".encode()}
    assert refusal(client.get(f"{path}?limit=0", headers=right)) == (400, "invalid")
    done = client.get(path, headers=right).json()
    assert done["cleaned"] >= 1
    assert done["more"] is False
    trail = desk.get(f"/v1/bookings/{held}").json()
    assert (trail["status"], trail["version"]) == ("EXPIRED", 2)


def test_the_health_check_fails_when_the_cleanup_lags(
    client: TestClient[Litestar],
    guest: Desk,
    slot: dict[str, Any],
    conninfo: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CRON_SECRET", "topf-9182")
    right = {"Authorization": "Bearer topf-9182"}
    client.get("/api/cron/cleanup-reservations", headers=right)
    assert client.get("/api/booking/health").json()["status"] == "up"
    run_out(conninfo, reserve(guest, slot), seconds=130)
    lagging = client.get("/api/booking/health")
    assert refusal(lagging) == (503, "cleanup_lags")
    assert lagging.json()["lagSeconds"] >= 130
    assert lagging.json()["limitSeconds"] == 120
    assert "retry-after" in lagging.headers
    monkeypatch.setenv("LASTSEAT_CLEANUP_LAG_SECONDS", "600")
    assert client.get("/api/booking/health").status_code == 200
    monkeypatch.delenv("LASTSEAT_CLEANUP_LAG_SECONDS")
    client.get("/api/cron/cleanup-reservations", headers=right)
    assert client.get("/api/booking/health").status_code == 200


def test_the_metrics_are_the_businesss_own(
    desk: Desk, guest: Desk, elsewhere: Desk, slot: dict[str, Any], conninfo: str
) -> None:
    commit(guest, reserve(guest, slot))
    reserve(guest, {**slot, **LATER})
    run_out(conninfo, reserve(guest, {**slot, **LATER}), seconds=30)
    found = desk.get("/api/booking/metrics").json()
    assert (found["active"], found["committed"], found["overdue"]) == (1, 1, 1)
    assert 30 <= found["lagSeconds"] < 60
    assert (found["expired"], found["cancelled"], found["windowSeconds"]) == (0, 0, 86_400)
    assert elsewhere.get("/api/booking/metrics").json()["active"] == 0
    assert refusal(guest.get("/api/booking/metrics")) == (403, "forbidden")
    assert desk.get("/api/booking/metrics", windowSeconds=0).status_code == 400
