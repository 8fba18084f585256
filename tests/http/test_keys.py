"""API keys over HTTP: shown once, kept as a hash, scoped, expiring, revocable; no key, no entry."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from tests.http.conftest import Headers, bearer, make_key, make_tenant, token

from lastseat.access import Action, Role

Client = TestClient[Litestar]


def made(client: Client, headers: Headers, **body: Any) -> dict[str, Any]:
    """The answer that has the new key's text."""
    answer = client.post("/v1/keys", json={"name": "shop", **body}, headers=headers)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_key_is_shown_once_and_only_its_hash_is_kept(
    client: Client, owner: Headers, conninfo: str, tenant_id: str
) -> None:
    new = made(client, owner, roles=["staff"])
    assert new["text"].startswith("ls_sk_")
    assert client.get("/v1/occurrences", headers=bearer(new["text"])).status_code == 200
    listed = client.get("/v1/keys", headers=owner)
    assert new["text"] not in listed.text
    assert new["key"] in listed.json()["items"]
    secret = new["text"][len("ls_sk_") + 33 :]
    with psycopg.connect(conninfo) as connection:
        for table in ("api_keys", "keys"):
            rows = connection.execute(
                f"SELECT t::text FROM lastseat.{table} t WHERE tenant_id = %s", [tenant_id]
            ).fetchall()
            assert not any(secret in row for (row,) in rows)


def test_a_repeat_under_the_same_idempotency_key_makes_no_second_key_and_has_no_text(
    client: Client, owner: Headers
) -> None:
    headers = {**owner, "Idempotency-Key": '"once"'}
    first = client.post("/v1/keys", json={"name": "shop", "roles": ["staff"]}, headers=headers)
    again = client.post("/v1/keys", json={"name": "shop", "roles": ["staff"]}, headers=headers)
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == {"key": first.json()["key"], "text": None}
    other = client.post("/v1/keys", json={"name": "other", "roles": ["staff"]}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")


def test_a_revoked_key_is_refused_within_a_second(client: Client, owner: Headers) -> None:
    new = made(client, owner, roles=["staff"])
    credential = bearer(new["text"])
    assert client.get("/v1/occurrences", headers=credential).status_code == 200
    revoked = client.delete(f"/v1/keys/{new['key']['key_id']}", headers=owner)
    assert revoked.json()["revoked_at"] is not None
    deadline = time.monotonic() + 1.1
    while (answer := client.get("/v1/occurrences", headers=credential)).status_code == 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json()["code"] == "unauthorized"


def test_an_expired_key_is_refused(client: Client, owner: Headers) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=0.3)
    new = made(client, owner, roles=["staff"], expires_at=soon.isoformat())
    time.sleep(0.4)
    assert client.get("/v1/occurrences", headers=bearer(new["text"])).status_code == 401
    past = client.post(
        "/v1/keys",
        json={"name": "late", "roles": ["staff"], "expires_at": "2020-01-01T00:00:00Z"},
        headers=owner,
    )
    assert (past.status_code, past.json()["field"]) == (400, "expires_at")


def test_a_scoped_key_does_what_its_scopes_name_and_no_more(client: Client, owner: Headers) -> None:
    new = made(client, owner, roles=["manager"], scopes=["bookables.read"])
    credential = bearer(new["text"])
    assert client.get("/v1/occurrences", headers=credential).status_code == 200
    refused = client.get("/v1/keys", headers=credential)
    assert refused.status_code == 403
    assert refused.json()["action"] == "keys.read"
    assert "scopes" in refused.json()["detail"]


def test_nobody_makes_a_key_that_may_do_more_than_themselves(
    client: Client, conninfo: str, tenant_id: str, login: Callable[..., Headers]
) -> None:
    scoped = make_key(
        conninfo, tenant_id, Role.OWNER, scopes=(Action.KEYS_MANAGE, Action.BOOKABLES_READ)
    )
    refused = client.post(
        "/v1/keys", json={"name": "more", "roles": ["owner"]}, headers=bearer(scoped)
    )
    assert refused.status_code == 403
    assert refused.json()["code"] == "forbidden"
    new = made(client, bearer(scoped), roles=["feed"], scopes=["bookables.read"])
    assert new["key"]["roles"] == ["feed"]


def test_a_publishable_key_is_a_guests_and_is_rate_limited(client: Client, owner: Headers) -> None:
    new = made(client, owner, publishable=True, per_minute=3)
    assert new["text"].startswith("ls_pk_")
    assert new["key"]["roles"] == ["guest"]
    credential = bearer(new["text"])
    codes = [client.get("/v1/services-none", headers=credential).status_code for _ in range(2)]
    assert codes == [404, 404]
    codes = [client.get("/v1/occurrences", headers=credential).status_code for _ in range(5)]
    assert codes == [200, 200, 200, 429, 429]
    limited = client.get("/v1/occurrences", headers=credential)
    assert limited.json()["code"] == "too_many_requests"
    assert 1 <= int(limited.headers["retry-after"]) <= 20
    wrong = client.post(
        "/v1/keys", json={"name": "x", "publishable": True, "roles": ["owner"]}, headers=owner
    )
    assert (wrong.status_code, wrong.json()["field"]) == (400, "roles")


@pytest.mark.parametrize(
    "credential",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic b3duZXI6",
        "Bearer ls_sk_" + "0" * 32 + "_" + "x" * 43,
        "Bearer ls_sk_short",
        "Bearer ls_xx_" + "0" * 32 + "_" + "x" * 43,
        "Bearer not.a.token",
        "Bearer " + "x" * 10_000,
        "Bearer \xff\xfe",
        "Bearer ls_sk_\x01",
    ],
)
def test_without_a_good_credential_nothing_is_told(client: Client, credential: str | None) -> None:
    headers = {} if credential is None else {"Authorization": credential.encode("latin-1")}
    for path in ("/v1/keys", "/v1/occurrences", "/v1/bookings/1"):
        answer = client.get(path, headers=headers)  # type: ignore[arg-type]
        assert answer.status_code == 401, (path, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_wrong_secret_behind_a_known_id_is_refused(
    client: Client, conninfo: str, tenant_id: str, owner: Headers
) -> None:
    text = owner["Authorization"].split()[1]
    spoiled = text[:-1] + ("A" if text[-1] != "A" else "B")
    assert client.get("/v1/keys", headers=bearer(spoiled)).status_code == 401


def test_a_key_of_another_tenant_sees_nothing_of_this_one(
    client: Client, conninfo: str, tenant_id: str, owner: Headers
) -> None:
    new = made(client, owner, roles=["staff"])
    make_tenant(conninfo, other := f"{tenant_id}-other")
    stranger = bearer(make_key(conninfo, other))
    assert client.delete(f"/v1/keys/{new['key']['key_id']}", headers=stranger).status_code == 404
    ids = [x["key_id"] for x in client.get("/v1/keys", headers=stranger).json()["items"]]
    assert new["key"]["key_id"] not in ids
    elsewhere = {**stranger, "Lastseat-Tenant": tenant_id}
    assert client.get("/v1/keys", headers=elsewhere).status_code == 403


def test_keys_are_listed_page_by_page(client: Client, owner: Headers) -> None:
    ids = {made(client, owner, roles=["feed"])["key"]["key_id"] for _ in range(4)}
    seen: list[str] = []
    cursor = None
    while True:
        query = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = client.get("/v1/keys", params=query, headers=owner).json()
        seen += [x["key_id"] for x in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert ids <= set(seen)
    assert seen == sorted(set(seen))


def test_tokens_are_believed_by_their_claims_alone(
    client: Client, tenant_id: str, owner: Headers
) -> None:
    def status(text: str, **headers: str) -> int:
        found = client.get("/v1/bookings", headers={**bearer(text), **headers})
        return found.status_code

    assert status(token("ann", tenant=tenant_id)) == 200
    assert status(token("ann", tenant=tenant_id, seconds=-60)) == 401
    assert status(token("ann", tenant=tenant_id, secret="y" * 64)) == 401
    assert status(token("ann", tenant=tenant_id, iss="https://elsewhere.example.org")) == 401
    assert status(token("ann", tenant=tenant_id, aud="others")) == 401
    both = token("ann", tenant=[tenant_id, "another"])
    assert status(both) == 400
    assert status(both, **{"Lastseat-Tenant": tenant_id}) == 200
    assert status(token("ann", tenant=tenant_id), **{"Lastseat-Tenant": "another"}) in (401, 403)


def test_a_token_that_names_no_tenant_needs_the_header(client: Client, tenant_id: str) -> None:
    def answer(text: str, **headers: str) -> dict[str, Any]:
        found = client.get("/v1/bookings", headers={**bearer(text), **headers})
        return {"status": found.status_code, **found.json()}

    good = answer(token("ann", tenant=None))
    assert (good["status"], good["code"], good["field"]) == (400, "invalid", "Lastseat-Tenant")
    assert good["reason"].startswith("is missing")
    # Whoever could not be verified is told nothing of the kind.
    assert answer(token("ann", tenant=None, secret="y" * 64))["status"] == 401
    stranger = answer(token("ann", tenant=None), **{"Lastseat-Tenant": tenant_id})
    assert stranger["status"] == 401


def test_a_key_is_looked_up_once_a_second_however_often_it_is_used(
    client: Client, owner: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = client.app.opt["lastseat"]
    asked = []
    read = service.engine.read

    async def counted(query: Any, *args: Any, **kwargs: Any) -> Any:
        asked.append(query.__name__)
        return await read(query, *args, **kwargs)

    monkeypatch.setattr(service.engine, "read", counted)
    begun = time.monotonic()
    for _ in range(40):
        assert client.get("/v1/occurrences", headers=owner).status_code == 200
    lookups = asked.count("authenticate_key")
    assert 1 <= lookups <= 2 + int(time.monotonic() - begun)
