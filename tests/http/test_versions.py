"""Versions: a change on a stale picture is refused, by If-Match with 412, by the body with 409."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from tests.http.desk import Desk, refusal

Change = Callable[..., httpx.Response]


def _step(name: str) -> Change:
    def change(desk: Desk, booking_id: str, **more: Any) -> httpx.Response:
        body = more.pop("body", {})
        return desk.post(f"/v1/bookings/{booking_id}/{name}", body, **more)

    change.__name__ = name
    return change


def update(desk: Desk, booking_id: str, **more: Any) -> httpx.Response:
    body = {"metadata": {"mat": "own"}, **more.pop("body", {})}
    return desk.ask("PATCH", f"/v1/bookings/{booking_id}", body, **more)


def move(desk: Desk, booking_id: str, **more: Any) -> httpx.Response:
    body = {"bookable": "friday", **more.pop("body", {})}
    return desk.post(f"/v1/bookings/{booking_id}/move", body, **more)


def cancel_seat(desk: Desk, _: str, **more: Any) -> httpx.Response:
    body = {"bookable": "yoga", "actor": "ann", **more.pop("body", {})}
    return desk.post("/v1/bookings/cancel", body, **more)


CHANGES: list[Change] = [
    *(_step(name) for name in ("confirm", "release", "cancel", "extend", "check-in")),
    *(_step(name) for name in ("check-out", "complete", "no-show")),
    update,
    move,
    cancel_seat,
]


@pytest.fixture
def booking_id(desk: Desk) -> str:
    """A hold at version 3, on an occurrence that goes on now or later."""
    desk.occurrence("yoga")
    desk.occurrence("friday")
    booking_id = desk.book("yoga", hold_seconds=60)
    for _ in range(2):
        assert desk.post(f"/v1/bookings/{booking_id}/extend", {"seconds": 120}).status_code == 200
    assert desk.version(booking_id) == 3
    return booking_id


@pytest.mark.parametrize("change", CHANGES)
def test_a_stale_version_in_the_body_is_a_conflict(
    desk: Desk, booking_id: str, change: Change
) -> None:
    refused = change(desk, booking_id, body={"expected_version": 2})
    assert refusal(refused) == (409, "conflict")
    assert (refused.json()["rule"], refused.json()["actual"]) == ("version", 3)
    assert desk.version(booking_id) == 3


@pytest.mark.parametrize("change", CHANGES)
def test_a_stale_if_match_is_a_failed_precondition(
    desk: Desk, booking_id: str, change: Change
) -> None:
    refused = change(desk, booking_id, if_match='"2"')
    assert refusal(refused) == (412, "conflict")
    assert refused.json()["actual"] == 3
    assert desk.version(booking_id) == 3


@pytest.mark.parametrize(
    ("change", "version"), [(update, 4), (move, 4), (_step("confirm"), 4), (_step("cancel"), 4)]
)
def test_the_version_that_was_read_will_do(
    desk: Desk, booking_id: str, change: Change, version: int
) -> None:
    read = desk.get(f"/v1/bookings/{booking_id}").headers["etag"]
    done = change(desk, booking_id, if_match=read)
    assert done.status_code == 200
    assert done.headers["etag"] == f'"{version}"'
    assert desk.version(booking_id) == version


def test_header_and_body_have_to_agree(desk: Desk, booking_id: str) -> None:
    refused = update(desk, booking_id, body={"expected_version": 2}, if_match='"3"')
    assert refusal(refused) == (400, "invalid")
    done = update(desk, booking_id, body={"expected_version": 3}, if_match='"3"')
    assert done.status_code == 200
    assert update(desk, booking_id, if_match="*").status_code == 200


@pytest.mark.parametrize("if_match", ["3", '"three"', '"0"', '""', '"2", "3"', f'"{2**40}"'])
def test_what_is_no_version_is_refused(desk: Desk, booking_id: str, if_match: str) -> None:
    refused = update(desk, booking_id, if_match=if_match)
    assert refusal(refused) == (400, "invalid")
    assert refused.json()["field"] == "If-Match"


@pytest.mark.parametrize("version", [0, "3", 2**40, 1.5])
def test_a_bad_expected_version_is_refused(desk: Desk, booking_id: str, version: Any) -> None:
    for change in (update, move, _step("cancel"), cancel_seat):
        refused = change(desk, booking_id, body={"expected_version": version})
        assert refusal(refused) == (400, "invalid")
        assert refused.json()["field"] == "expected_version"
