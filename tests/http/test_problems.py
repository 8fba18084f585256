"""Bad input over HTTP: each answer is a problem that names what is wrong, and never a traceback."""

import json
import re
from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from tests.http.conftest import Headers

from lastseat.core.outcomes import Code, Conflict, Full, NotHeld, Overloaded, Refusal
from lastseat.core.status import Status
from lastseat.engine.errors import DatabaseUnavailable, EngineClosed, OutcomeUnknown
from lastseat.http.app import openapi_document
from lastseat.http.auth import SERVICE
from lastseat.http.idempotency import read
from lastseat.http.problems import Problem, problem_of
from lastseat.http.wording import DETAIL, STATUS, TITLE

Client = TestClient[Litestar]
KEYS = "/v1/keys"


def sent(client: Client, headers: Headers, content: bytes, **more: str) -> httpx.Response:
    """The answer to a body of bytes that says it is JSON."""
    given = {**headers, "Content-Type": "application/json", **more}
    return client.post(KEYS, content=content, headers=given)


def refused(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The members of a problem of that status and code."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    members: dict[str, Any] = answer.json()
    assert (members["status"], members["code"]) == (status, code)
    assert members["type"] == f"urn:lastseat:problem:{code}"
    assert members["title"]
    assert members["detail"]
    assert "Traceback" not in answer.text
    return members


def test_every_refusal_has_a_status_a_title_and_a_way_to_go_on() -> None:
    refusals = {Code(str(kind.__struct_config__.tag)) for kind in Refusal.__subclasses__()}
    assert set(STATUS) == refusals
    assert refusals <= set(TITLE)
    assert refusals <= set(DETAIL)


def test_a_refusal_tells_its_fields_and_a_bookings_status_under_another_name() -> None:
    booking = "01936b2c-5d1e-7c3a-9f00-3a5c0e6d7b11"
    status, body = problem_of(NotHeld(booking_id=booking, status=Status.CONFIRMED))
    members = json.loads(body)
    assert status == members["status"] == 409
    assert members["booking_status"] == "CONFIRMED"
    assert members["booking_id"] == booking


@pytest.mark.parametrize(
    ("body", "field", "reason"),
    [
        (b"", "body", "no JSON"),
        (b"{", "body", "no JSON"),
        (b"nonsense", "body", "no JSON"),
        (b"\xff\xfe", "body", "JSON"),
        (b"[]", "body", "expected `object`"),
        (b"null", "body", "expected `object`"),
        (b"{}", "name", "is missing"),
        (b'{"name": 3}', "name", "expected `str`"),
        (b'{"name": "a", "roles": "staff"}', "roles", "expected `array`"),
        (b'{"name": "a", "roles": ["staff", "king"]}', "roles[1]", "king"),
        (b'{"name": "a", "publishable": "yes"}', "publishable", "expected `bool`"),
        (b'{"name": "a", "per_minute": "5"}', "per_minute", "expected `int"),
        (b'{"name": "a", "per_minute": 1e400}', "per_minute", ""),
        (b'{"name": "a", "nmae": "b"}', "nmae", "not a field"),
        (b'{"name": "a", "expires_at": "2027-01-01T00:00:00"}', "expires_at", ""),
        (b'{"name": "a\\u0000b", "roles": ["staff"]}', "name", "control"),
        (b'{"name": "\\ud800", "roles": ["staff"]}', "body", ""),
        (b"[" * 100_000, "body", ""),
        (b'{"name":' + b"[" * 100_000, "name", ""),
    ],
)
def test_a_bad_body_is_refused_with_the_field_and_the_reason(
    client: Client, owner: Headers, body: bytes, field: str, reason: str
) -> None:
    members = refused(sent(client, owner, body), 400, "invalid")
    assert members["field"] == field or (field == "name" and members["field"] == "body")
    assert reason in members["reason"]


def test_a_body_that_is_no_json_by_its_own_word_is_415(client: Client, owner: Headers) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        answer = sent(client, owner, b"{}", **{"Content-Type": kind})
        refused(answer, 415, "unsupported_media_type")
    fine = {"Content-Type": "application/json; charset=UTF-8"}
    refused(sent(client, owner, b"{}", **fine), 400, "invalid")


def test_a_body_past_a_megabyte_is_413_whether_it_says_its_length_or_not(
    client: Client, owner: Headers
) -> None:
    refused(sent(client, owner, b" " * 1_000_001), 413, "too_large")

    def chunks() -> Any:
        for _ in range(20):
            yield b" " * 100_000

    answer = client.post(
        KEYS, content=chunks(), headers={**owner, "Content-Type": "application/json"}
    )
    refused(answer, 413, "too_large")
    largest = b'{"name": "a", "roles": ["staff"]}'.ljust(1_000_000)
    assert sent(client, owner, largest).status_code == 201


def test_a_server_told_ten_megabytes_answers_413_and_goes_on(
    remote: httpx.Client, owner: Headers
) -> None:
    headers = {**owner, "Content-Type": "application/json"}
    answer = remote.post(KEYS, content=b" " * 10_000_000, headers=headers)
    refused(answer, 413, "too_large")
    assert remote.get(KEYS, headers=owner).status_code == 200


def test_unknown_addresses_and_methods_are_problems_too(client: Client, owner: Headers) -> None:
    refused(client.get("/nowhere", headers=owner), 404, "not_found")
    refused(client.get("/v1/keys/a/b/c", headers=owner), 404, "not_found")
    answer = client.put(KEYS, headers=owner)
    refused(answer, 405, "method_not_allowed")
    assert {"GET", "POST"} <= set(answer.headers["allow"].replace(" ", "").split(","))


def test_what_is_not_there_is_told_in_our_words(client: Client, owner: Headers) -> None:
    answer = client.get("/v1/locations/nowhere", headers=owner)
    assert refused(answer, 404, "unknown_location")["title"] == TITLE["unknown"]


DAY = "start=2027-03-01T00:00:00Z&end=2027-03-02T00:00:00Z"


@pytest.mark.parametrize(
    ("path", "code", "member", "name"),
    [
        ("/v1/bookables/nope", "unknown_bookable", "bookable", "nope"),
        ("/v1/events/nope", "unknown_bookable", "bookable", "nope"),
        ("/v1/occurrences/nope/roster", "unknown_bookable", "bookable", "nope"),
        ("/v1/occurrences/nope/observed", "unknown_bookable", "bookable", "nope"),
        ("/v1/rules/nope", "unknown_bookable", "bookable", "nope"),
        ("/v1/rules/location:nope/outside", "unknown_bookable", "bookable", "location:nope"),
        ("/v1/hours/nope?first=2027-03-01&last=2027-03-01", "unknown_bookable", "bookable", "nope"),
        (f"/v1/busy?bookable=nope&{DAY}", "unknown_bookable", "bookable", "nope"),
        (f"/v1/is-free?of=nope&{DAY}", "unknown_bookable", "bookable", "nope"),
        ("/v1/waitlist?bookable=nope", "unknown_bookable", "bookable", "nope"),
        ("/v1/calendar?of=resource:nope", "unknown_bookable", "bookable", "nope"),
        ("/v1/calendar?of=location:nope", "unknown_location", "id", "nope"),
        ("/v1/services/nope", "unknown_service", "id", "nope"),
        (f"/v1/services/nope/slots?{DAY}", "unknown_service", "id", "nope"),
        ("/v1/bookings/nope", "unknown_booking", "booking_id", "nope"),
        ("/v1/bookings/nope/audit", "unknown_booking", "booking_id", "nope"),
    ],
)
def test_what_is_not_there_is_told_with_its_id(
    client: Client, owner: Headers, path: str, code: str, member: str, name: str
) -> None:
    assert refused(client.get(path, headers=owner), 404, code)[member] == name


def test_a_feed_of_what_is_not_there_is_told_with_its_id(client: Client, owner: Headers) -> None:
    of = {"of": "resource:nope"}
    given = {**owner, "Idempotency-Key": "k"}
    answer = client.post("/v1/feeds", json=of, headers=given)
    assert refused(answer, 404, "unknown_bookable")["bookable"] == "nope"


def test_who_accepts_no_json_is_406(client: Client, owner: Headers) -> None:
    for accept in ("text/html", "image/*", "application/json;q=0"):
        refused(client.get(KEYS, headers={**owner, "Accept": accept}), 406, "not_acceptable")
    for accept in ("*/*", "application/*", "text/html, application/json;q=0.5", "", "nonsense;;"):
        found = client.get(KEYS, headers={**owner, "Accept": accept}).status_code
        assert found == (406 if accept.startswith("nonsense") else 200), accept


def test_a_word_that_is_none_of_a_list_is_told_with_the_list(
    client: Client, owner: Headers
) -> None:
    answer = sent(client, owner, b'{"name": "till", "roles": ["boss"]}')
    members = refused(answer, 400, "invalid")
    assert members["field"] == "roles[0]"
    assert members["reason"].startswith("is 'boss', and must be one of owner, manager, staff, ")
    answer = client.get("/v1/bookings?status=OPEN", headers=owner)
    members = refused(answer, 400, "invalid")
    assert members["field"] == "status[0]"
    assert members["reason"] == f"is 'OPEN', and must be one of {', '.join(Status)}"
    hours: dict[str, object] = {"rules": {"hours": {"weekly": {"XX": []}}}}
    members = refused(client.put("/v1/rules/lane", json=hours, headers=owner), 400, "invalid")
    assert members["field"] == "rules.hours.weekly"
    assert members["reason"] == "is 'XX', and must be one of FR, MO, SA, SU, TH, TU, WE"


@pytest.mark.parametrize(
    "path",
    [
        "%00",
        "%ff",
        "%ed%a0%80",
        "..%2f..",
        "%25",
        "a%2Fb%2fc",
        "%F0%9F%9A%80",
        "'%20OR%201=1",
        "x" * 900,
    ],
)
def test_any_id_in_a_path_is_an_id(client: Client, owner: Headers, path: str) -> None:
    answer = client.get(f"/v1/occurrences/{path}", headers=owner)
    refused(answer, 404, "unknown_bookable")
    answer = client.delete(f"/v1/keys/{path}", headers=owner)
    refused(answer, 404, "unknown_key")


@pytest.mark.parametrize(
    "query",
    [
        *("limit=0", "limit=1001", "limit=x", "limit=1&limit=2", "limit=1e3"),
        *("cursor=x", "cursor=%00", "cursor=%ff", "cursor=e30", "sort=name"),
    ],
)
def test_a_bad_query_names_its_parameter(client: Client, owner: Headers, query: str) -> None:
    members = refused(client.get(f"{KEYS}?{query}", headers=owner), 400, "invalid")
    assert members["field"] in ("limit", "cursor", "sort", "after")


def documented(header: bytes) -> bool:
    """Whether the OpenAPI document allows a key; spaces around a header are no part of it."""
    document = msgspec.json.decode(openapi_document())
    (key,) = (
        x
        for x in document["paths"]["/v1/bookings"]["post"]["parameters"]
        if x["name"] == "Idempotency-Key"
    )
    text = header.strip().decode("latin-1")
    return re.fullmatch(key["schema"]["pattern"], text) is not None


@pytest.mark.parametrize(
    ("header", "key"),
    [
        (b'"abc"', "abc"),
        (b"abc", "abc"),
        (b'a"b\\c"', 'a"b\\c"'),
        (b" abc\t", "abc"),
        (b'"a\\"b\\\\c"', 'a"b\\c'),
        (b"8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"),
        (b"x" * 200, "x" * 200),
    ],
)
def test_an_idempotency_key_is_read_quoted_or_bare(header: bytes, key: str) -> None:
    assert read(header) == key
    assert documented(header)


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b'""',
        b'"abc',
        b"a b",
        b'"a b"',
        b'"a"b"',
        b'"a\\b"',
        b"x" * 201,
        b"\xc3\xa9",
        b"a\x01",
        b'"',
    ],
)
def test_an_idempotency_key_that_is_none_is_refused(header: bytes) -> None:
    assert not documented(header)
    with pytest.raises(Problem) as raised:
        read(header)
    assert raised.value.extra["field"] == "Idempotency-Key"


def test_a_bug_is_logged_whole_and_answered_with_no_more_than_its_number(
    client: Client,
    owner: Headers,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert client.get(KEYS, headers=owner).status_code == 200
    service = client.app.opt[SERVICE]

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the secret reason")

    monkeypatch.setattr(service.engine, "read", broken)
    members = refused(client.get(KEYS, headers=owner), 500, "internal")
    assert "secret reason" not in json.dumps(members)
    assert members["incident"] in caplog.text
    assert "the secret reason" in caplog.text


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (DatabaseUnavailable("away"), "unavailable", "Nothing was done"),
        (EngineClosed("closed"), "unavailable", "Nothing was done"),
        (OutcomeUnknown("lost"), "outcome_unknown", "same Idempotency-Key again"),
    ],
)
def test_a_database_that_is_away_is_503_and_says_how_to_go_on(
    client: Client,
    owner: Headers,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    code: str,
    words: str,
) -> None:
    assert client.get(KEYS, headers=owner).status_code == 200

    async def away(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(client.app.opt[SERVICE].engine, "read", away)
    answer = client.get(KEYS, headers=owner)
    assert words in refused(answer, 503, code)["detail"]
    assert answer.headers["retry-after"] == "1"


def test_sold_out_and_stale_and_overloaded_have_their_statuses() -> None:
    assert problem_of(Conflict(rule="version", actual=3))[0] == 409
    assert problem_of(Overloaded(retry_after=1.0))[0] == 503
    assert STATUS[Code(str(Full.__struct_config__.tag))] == 409


def test_forbidden_names_the_action_and_the_callers_roles(
    client: Client, login: Callable[..., Headers]
) -> None:
    members = refused(client.get(KEYS, headers=login("feed")), 403, "forbidden")
    assert (members["action"], members["roles"]) == ("keys.read", ["feed"])
