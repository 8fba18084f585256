"""Tenants over HTTP: one's own; an owner of the operator's tenant sees all, and makes new ones."""

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from tests.http.conftest import Headers, bearer, make_key, make_tenant

from lastseat.access import Role

Client = TestClient[Litestar]


@pytest.fixture
def operator(conninfo: str, tenant_id: str) -> Headers:
    """An owner of an operator's tenant."""
    make_tenant(conninfo, name := f"{tenant_id}-operator", operator=True)
    return bearer(make_key(conninfo, name))


def test_the_operators_owner_makes_tenants(
    client: Client, operator: Headers, tenant_id: str
) -> None:
    new = f"{tenant_id}/new"
    body = {"tenant_id": new, "name": "The studio"}
    made = client.post("/v1/tenants", json=body, headers=operator)
    assert made.status_code == 201
    assert (made.json()["name"], made.json()["operator"]) == ("The studio", False)
    read = client.get(made.headers["location"], headers=operator)
    assert (read.json(), read.headers["etag"]) == (made.json(), '"1"')
    again = client.post("/v1/tenants", json=body, headers=operator)
    assert (again.status_code, again.json()["code"]) == (409, "already_defined")


def test_an_owner_of_another_tenant_makes_none_and_sees_only_theirs(
    client: Client, operator: Headers, owner: Headers, tenant_id: str
) -> None:
    refused = client.post("/v1/tenants", json={"tenant_id": "x"}, headers=owner)
    assert (refused.status_code, refused.json()["action"]) == (403, "tenants.create")
    mine = client.get("/v1/tenants", headers=owner).json()
    assert [x["tenant_id"] for x in mine["items"]] == [tenant_id]
    other = client.get(f"/v1/tenants/{tenant_id}-operator", headers=owner)
    assert (other.status_code, other.json()["code"]) == (404, "unknown_tenant")
    body = {"name": "Mine now"}
    stolen = client.patch(f"/v1/tenants/{tenant_id}-operator", json=body, headers=owner)
    assert stolen.status_code == 404


def test_the_operator_lists_all_page_by_page(
    client: Client, operator: Headers, owner: Headers, tenant_id: str
) -> None:
    seen: list[str] = []
    query: dict[str, str] = {"limit": "3"}
    while True:
        page = client.get("/v1/tenants", params=query, headers=operator).json()
        seen += [x["tenant_id"] for x in page["items"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert {tenant_id, f"{tenant_id}-operator"} <= set(seen)
    assert len(seen) == len(set(seen))


def test_a_tenant_is_renamed_at_the_version_expected(
    client: Client, owner: Headers, tenant_id: str
) -> None:
    path = f"/v1/tenants/{tenant_id}"
    first = client.patch(path, json={"name": "One"}, headers={**owner, "If-Match": '"1"'})
    assert (first.status_code, first.json()["version"], first.headers["etag"]) == (200, 2, '"2"')
    stale = client.patch(path, json={"name": "Two"}, headers={**owner, "If-Match": '"1"'})
    assert (stale.status_code, stale.json()["code"], stale.json()["actual"]) == (412, "conflict", 2)
    body = {"name": "Two", "expected_version": 1}
    stale = client.patch(path, json=body, headers=owner)
    assert (stale.status_code, stale.json()["code"], stale.json()["actual"]) == (409, "conflict", 2)
    assert client.patch(path, json={"name": None}, headers=owner).json()["name"] is None
    both = client.patch(path, json=body, headers={**owner, "If-Match": '"3"'})
    assert (both.status_code, both.json()["field"]) == (400, "expected_version")
    for bad in ("3", '"x"', '"0"', '"99999999999"', '"1", "2"'):
        answer = client.patch(path, json={"name": "x"}, headers={**owner, "If-Match": bad})
        assert (answer.status_code, answer.json()["field"]) == (400, "If-Match"), bad


def test_a_manager_of_the_operators_tenant_does_not_see_all(
    client: Client, conninfo: str, operator: Headers, tenant_id: str
) -> None:
    manager = bearer(make_key(conninfo, f"{tenant_id}-operator", Role.MANAGER))
    seen = client.get("/v1/tenants", headers=manager).json()["items"]
    assert [x["tenant_id"] for x in seen] == [f"{tenant_id}-operator"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"tenant_id": ""}, "tenant_id"),
        ({"tenant_id": "x" * 201}, "tenant_id"),
        ({"tenant_id": "a\u0007"}, "tenant_id"),
        ({"tenant_id": "a", "name": ""}, "name"),
        ({"name": "a"}, "tenant_id"),
        ({"tenant_id": "a", "operator": True}, "operator"),
    ],
)
def test_bad_input_names_its_field(
    client: Client, operator: Headers, body: dict[str, object], field: str
) -> None:
    answer = client.post("/v1/tenants", json=body, headers=operator)
    assert (answer.status_code, answer.json()["field"]) == (400, field)
