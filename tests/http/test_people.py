"""People over HTTP: roles by the subject of their tokens, given by owners alone, taken again."""

import time
from typing import Any

import psycopg
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from tests.http.conftest import Headers, bearer, make_key, make_tenant, token

from lastseat.access import Action, Role

Client = TestClient[Litestar]


def given(client: Client, owner: Headers, **body: Any) -> dict[str, Any]:
    """The person who was given roles."""
    answer = client.post("/v1/people", json=body, headers=owner)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_roles_count_from_when_they_are_given_to_when_they_are_taken(
    client: Client, owner: Headers, tenant_id: str
) -> None:
    def status() -> int:
        # A new token each time: what one was found to be is believed for a second.
        text = token("ann", tenant=tenant_id, jti=str(time.monotonic_ns()))
        return client.get("/v1/keys", headers=bearer(text)).status_code

    assert status() == 403
    person = given(client, owner, subject="ann", roles=["manager"], name="Ann")
    assert (person["subject"], person["roles"], person["name"]) == ("ann", ["manager"], "Ann")
    assert status() == 200
    again = given(client, owner, subject="ann", roles=["staff"])
    assert again["person_id"] == person["person_id"]
    assert status() == 403
    gone = client.delete(f"/v1/people/{person['person_id']}", headers=owner)
    assert gone.json()["person_id"] == person["person_id"]
    assert client.delete(f"/v1/people/{person['person_id']}", headers=owner).status_code == 404


def test_whoever_comes_with_a_token_is_a_customer_and_is_listed(
    client: Client, owner: Headers, tenant_id: str
) -> None:
    text = token("new", tenant=tenant_id)
    assert client.get("/v1/bookings", headers=bearer(text)).status_code == 200
    people = client.get("/v1/people", headers=owner).json()["items"]
    assert [x["roles"] for x in people if x["subject"] == "new"] == [["customer"]]


def test_people_are_listed_page_by_page(client: Client, owner: Headers) -> None:
    for number in range(5):
        given(client, owner, subject=f"s{number}", roles=["staff"])
    seen: list[str] = []
    query: dict[str, str] = {"limit": "2"}
    while True:
        page = client.get("/v1/people", params=query, headers=owner).json()
        seen += [x["subject"] for x in page["items"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert sorted(seen) == [f"s{number}" for number in range(5)]


def test_a_repeat_under_a_key_is_answered_the_same(client: Client, owner: Headers) -> None:
    headers = {**owner, "Idempotency-Key": "p1"}
    body = {"subject": "ann", "roles": ["staff", "feed"]}
    first = client.post("/v1/people", json=body, headers=headers)
    again = client.post("/v1/people", json=body, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"
    other = client.post("/v1/people", json={**body, "roles": ["feed"]}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"subject": "ann", "roles": []}, "roles"),
        ({"subject": "ann", "roles": ["guest"]}, "roles"),
        ({"subject": "ann", "roles": ["king"]}, "roles[0]"),
        ({"subject": "", "roles": ["staff"]}, "subject"),
        ({"subject": "a\u0000", "roles": ["staff"]}, "subject"),
        ({"subject": "a", "roles": ["staff"], "name": ""}, "name"),
        ({"roles": ["staff"]}, "subject"),
    ],
)
def test_bad_input_names_its_field(
    client: Client, owner: Headers, body: dict[str, Any], field: str
) -> None:
    answer = client.post("/v1/people", json=body, headers=owner)
    assert (answer.status_code, answer.json()["field"]) == (400, field)


def test_nobody_gives_roles_that_may_do_more_than_themselves(
    client: Client, conninfo: str, tenant_id: str, owner: Headers
) -> None:
    scoped = make_key(conninfo, tenant_id, Role.OWNER, scopes=(Action.PEOPLE_MANAGE,))
    body = {"subject": "ann", "roles": ["owner"]}
    assert client.post("/v1/people", json=body, headers=bearer(scoped)).status_code == 403
    assert client.post("/v1/people", json=body, headers=owner).status_code == 201


def test_another_tenants_people_are_unknown(
    client: Client, conninfo: str, tenant_id: str, owner: Headers
) -> None:
    person = given(client, owner, subject="ann", roles=["staff"])
    make_tenant(conninfo, other := f"{tenant_id}-other")
    stranger = bearer(make_key(conninfo, other))
    gone = client.delete(f"/v1/people/{person['person_id']}", headers=stranger)
    assert (gone.status_code, gone.json()["code"]) == (404, "unknown_person")
    assert client.get("/v1/people", headers=stranger).json()["items"] == []


def test_whoever_is_forgotten_is_not_in_the_kept_answer_either(
    client: Client, owner: Headers, conninfo: str
) -> None:
    keyed = {**owner, "Idempotency-Key": "who"}
    given(client, keyed, subject="zoe@example.org", name="Zoe Quill", roles=["staff"])
    told = client.post("/v1/actors/forget", json={"actor": "zoe@example.org"}, headers=owner)
    assert told.json()["people"] == 1
    with psycopg.connect(conninfo) as connection:
        kept = connection.execute(
            "SELECT outcome FROM lastseat.keys WHERE outcome ~ 'zoe@|Zoe Quill'"
        ).fetchall()
    assert kept == []
