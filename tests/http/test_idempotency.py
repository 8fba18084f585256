"""A key makes a write safe to repeat: one effect, one answer, and another body is refused."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from tests.http.desk import Desk, refusal


def replayed(answer: httpx.Response) -> bool:
    """Whether the answer says that it was given before."""
    said: str | None = answer.headers.get("idempotency-replayed")
    return said == "true"


def test_a_repeated_booking_has_the_same_answer(desk: Desk) -> None:
    desk.occurrence()
    body = {"bookable": "yoga", "actor": "ann", "units": 2}
    first = desk.post("/v1/bookings", body, key="tap-1")
    again = desk.post("/v1/bookings", body, key="tap-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert first.headers["location"] == again.headers["location"]
    assert first.headers["etag"] == again.headers["etag"]
    assert (replayed(first), replayed(again)) == (False, True)
    assert desk.get("/v1/occurrences/yoga/seats-left").json()["left"] == 1


def test_a_repeated_refusal_has_the_same_answer(desk: Desk) -> None:
    desk.occurrence(capacity=1)
    taken = desk.book()
    body = {"bookable": "yoga", "actor": "ben"}
    first = desk.post("/v1/bookings", body, key="tap-1")
    desk.post(f"/v1/bookings/{taken}/cancel")
    again = desk.post("/v1/bookings", body, key="tap-1")
    assert refusal(first) == refusal(again) == (409, "full")
    assert first.content == again.content
    assert replayed(again)
    assert desk.post("/v1/bookings", body, key="tap-2").status_code == 201


def test_the_same_key_for_another_body_is_refused(desk: Desk) -> None:
    desk.occurrence()
    booked = desk.post("/v1/bookings", {"bookable": "yoga", "actor": "ann"}, key="tap-1")
    other = desk.post("/v1/bookings", {"bookable": "yoga", "actor": "ben"}, key="tap-1")
    assert refusal(other) == (422, "key_reused")
    assert other.json()["key"] == "tap-1"
    path = f"{booked.headers['location']}/cancel"
    assert refusal(desk.post(path, key="tap-1")) == (422, "key_reused")


def test_two_at_once_have_one_effect_and_one_answer(desk: Desk) -> None:
    desk.occurrence(capacity=50)
    for _ in range(10):
        key, actor = str(uuid.uuid4()), str(uuid.uuid4())
        body = {"bookable": "yoga", "actor": actor}
        with ThreadPoolExecutor(4) as pool:
            tries = [pool.submit(desk.post, "/v1/bookings", body, key=key) for _ in range(4)]
            answers = [x.result() for x in tries]
        assert [x.status_code for x in answers] == [201] * 4
        assert len({x.content for x in answers}) == 1
        assert [replayed(x) for x in answers].count(False) == 1
    assert desk.get("/v1/occurrences/yoga/seats-left").json()["left"] == 40


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("tap-1", '"tap-1"'),
        ('"a\\"b"', '"a\\"b"'),
        ("a\\b", '"a\\\\b"'),
        ("x" * 200, f'"{"x" * 200}"'),
    ],
)
def test_a_key_is_the_same_quoted_and_bare(desk: Desk, one: str, other: str) -> None:
    desk.occurrence()
    body = {"bookable": "yoga", "actor": "ann"}
    first = desk.post("/v1/bookings", body, key=one)
    again = desk.post("/v1/bookings", body, key=other)
    assert first.status_code == 201
    assert replayed(again)
    assert first.content == again.content


@pytest.mark.parametrize("key", ["", '""', '"', "a b", "x" * 201, '"open', 'a"b"', "\t"])
def test_what_is_no_key_is_refused(desk: Desk, key: str) -> None:
    desk.occurrence()
    refused = desk.post("/v1/bookings", {"bookable": "yoga", "actor": "ann"}, key=key)
    if key == 'a"b"':
        # Bare, and every character is visible.
        assert refused.status_code == 201
        return
    assert refusal(refused) == (400, "invalid")
    assert refused.json()["field"] == "Idempotency-Key"


def _define(desk: Desk, key: str) -> httpx.Response:
    return desk.post("/v1/resources", {"bookable": "lane"}, key=key)


def _confirm(desk: Desk, key: str) -> httpx.Response:
    return desk.post(f"/v1/bookings/{_booking(desk)}/confirm", key=key)


def _cancel(desk: Desk, key: str) -> httpx.Response:
    return desk.post(f"/v1/bookings/{_booking(desk)}/cancel", {"reason": "ill"}, key=key)


def _check_in(desk: Desk, key: str) -> httpx.Response:
    return desk.post(f"/v1/bookings/{_booking(desk)}/check-in", key=key)


def _update(desk: Desk, key: str) -> httpx.Response:
    return desk.ask("PATCH", f"/v1/bookings/{_booking(desk)}", {"metadata": {"x": 1}}, key=key)


def _move(desk: Desk, key: str) -> httpx.Response:
    return desk.post(f"/v1/bookings/{_booking(desk)}/move", {"bookable": "friday"}, key=key)


def _swap(desk: Desk, key: str) -> httpx.Response:
    moves = [{"booking_id": _booking(desk), "bookable": "friday"}]
    return desk.post("/v1/bookings/move", {"moves": moves}, key=key)


def _capacity(desk: Desk, key: str) -> httpx.Response:
    return desk.ask("PUT", "/v1/occurrences/yoga/capacity", {"capacity": 9}, key=key)


def _facts(desk: Desk, key: str) -> httpx.Response:
    appends = {"friday": {"expected": 1, "facts": [{"name": "note"}]}}
    return desk.post("/v1/facts", {"appends": appends}, key=key)


def _cancel_seat(desk: Desk, key: str) -> httpx.Response:
    return desk.post("/v1/bookings/cancel", {"bookable": "yoga", "actor": "ann"}, key=key)


def _booking(desk: Desk) -> str:
    found: str = desk.get("/v1/bookings").json()["items"][-1]["booking_id"]
    return found


@pytest.mark.parametrize(
    "write",
    [
        _define,
        _confirm,
        _cancel,
        _check_in,
        _update,
        _move,
        _swap,
        _capacity,
        _facts,
        _cancel_seat,
    ],
)
def test_every_write_takes_a_key(desk: Desk, write: Callable[[Desk, str], Any]) -> None:
    desk.occurrence("yoga")
    desk.occurrence("friday")
    desk.book("yoga", confirmed=False)
    first, again = write(desk, "once"), write(desk, "once")
    assert first.status_code in {200, 201}, first.text
    assert again.status_code == first.status_code
    assert again.content == first.content
    assert again.headers.get("location") == first.headers.get("location")
    assert (replayed(first), replayed(again)) == (False, True)


def test_keys_of_two_tenants_are_two_keys(desk: Desk, elsewhere: Desk) -> None:
    for one in (desk, elsewhere):
        one.occurrence()
        made = one.post("/v1/bookings", {"bookable": "yoga", "actor": "ann"}, key="tap-1")
        assert made.status_code == 201
        assert not replayed(made)
