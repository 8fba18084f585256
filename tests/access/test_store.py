"""Keys, people and tenants in a real database: who is let in, who is not, and what is kept."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from tests.access.conftest import Ask

from lastseat.access import Action, Principal, Role, keys, store
from lastseat.access.rows import QUERIES, Connection
from lastseat.access.store import NewKey, Person
from lastseat.access.terms import KeyTerms
from lastseat.core.outcomes import Invalid

OWNER = KeyTerms("till", roles=[Role.OWNER])


def made(ask: Ask, tenant_id: str, terms: KeyTerms = OWNER) -> NewKey:
    key = ask(store.create_key, tenant_id, terms, created_by="test")
    assert isinstance(key, NewKey), key
    return key


def known(ask: Ask, tenant_id: str, subject: str, *roles: Role, name: str | None = None) -> Person:
    person = ask(store.set_person, tenant_id, subject=subject, roles=roles, name=name)
    assert isinstance(person, Person), person
    return person


# Who is let in -----------------------------------------------------------------------------------


def test_a_key_lets_in_whoever_holds_it(ask: Ask, studio: str) -> None:
    terms = KeyTerms(
        "till", roles=[Role.STAFF, Role.FEED], scopes=[Action.BOOKINGS_BOOK, Action.SEATS_READ]
    )
    key = made(ask, studio, terms)
    assert ask(store.authenticate_key, key.text) == Principal(
        tenant_id=studio,
        name=f"key:{key.key.key_id}",
        roles=frozenset({Role.STAFF, Role.FEED}),
        scopes=frozenset({Action.BOOKINGS_BOOK, Action.SEATS_READ}),
        key_id=key.key.key_id,
    )


def test_a_publishable_key_is_a_guests_and_is_limited(ask: Ask, studio: str) -> None:
    key = made(ask, studio, KeyTerms("widget", publishable=True))
    principal = ask(store.authenticate_key, key.text)
    assert principal is not None
    assert (principal.roles, principal.publishable, principal.per_minute) == (
        frozenset({Role.GUEST}),
        True,
        60,
    )
    assert key.text.startswith("ls_pk_")


def test_only_the_very_text_lets_in(ask: Ask, studio: str) -> None:
    secret, publishable = made(ask, studio), made(ask, studio, KeyTerms("w", publishable=True))
    wrong = [
        secret.text[:-1] + ("A" if secret.text[-1] != "A" else "B"),
        # another key's id, another key's secret, the other prefix
        publishable.text[:38] + secret.text[38:],
        secret.text[:38] + publishable.text[38:],
        secret.text.replace("ls_sk_", "ls_pk_"),
        publishable.text.replace("ls_pk_", "ls_sk_"),
        keys.mint(publishable=False).text,
        "",
        "eyJhbGciOiJub25lIn0.e30.",
    ]
    assert [x for x in wrong if ask(store.authenticate_key, x) is not None] == []
    assert ask(store.authenticate_key, secret.text) is not None


def test_a_revoked_key_lets_nobody_in(ask: Ask, studio: str) -> None:
    key = made(ask, studio)
    revoked = ask(store.revoke_key, studio, key.key.key_id)
    assert revoked is not None
    assert revoked.revoked_at is not None
    assert ask(store.authenticate_key, key.text) is None
    assert ask(store.revoke_key, studio, key.key.key_id) == revoked, "the first time stays"


def test_an_expired_key_lets_nobody_in(ask: Ask, studio: str) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    key = made(ask, studio, KeyTerms("till", roles=[Role.OWNER], expires_at=soon))
    assert ask(store.authenticate_key, key.text) is not None
    ask.sql(
        "UPDATE lastseat.api_keys SET expires_at = lastseat.clock() WHERE tenant_id = %s", studio
    )
    assert ask(store.authenticate_key, key.text) is None


def test_what_a_later_release_wrote_allows_nothing(ask: Ask, studio: str) -> None:
    key = made(ask, studio)
    ask.sql(
        "UPDATE lastseat.api_keys SET roles = '{emperor,feed}', scopes = '{planets.rule}'"
        " WHERE tenant_id = %s",
        studio,
    )
    principal = ask(store.authenticate_key, key.text)
    assert principal is not None
    assert principal.roles == {Role.FEED}
    assert principal.scopes == frozenset(), "a scope that is not known is not `everything`"
    assert [x.roles for x in ask(store.list_keys, studio)] == [(Role.FEED,)]


# What is kept ------------------------------------------------------------------------------------


def test_the_secret_is_nowhere_in_the_database(ask: Ask, studio: str) -> None:
    key = made(ask, studio)
    rows = ask.sql("SELECT k::text FROM lastseat.api_keys k WHERE tenant_id = %s", studio)
    assert len(rows) == 1
    assert key.text[-43:] not in rows[0][0]
    assert key.text.encode().hex() not in rows[0][0]


def test_the_secret_is_not_in_what_is_printed_of_it(ask: Ask, studio: str) -> None:
    key = made(ask, studio)
    assert key.text[-43:] not in f"{key!r} {key} {[key]}"


def test_keys_are_listed_by_page_and_by_tenant(ask: Ask, studio: str) -> None:
    other = f"{studio}-other"
    assert isinstance(ask(store.create_tenant, other), store.Tenant)
    made(ask, other)
    wanted = sorted(made(ask, studio).key.key_id for _ in range(5))
    first = ask(store.list_keys, studio, limit=3)
    rest = ask(store.list_keys, studio, after=uuid.UUID(first[-1].key_id), limit=3)
    assert [x.key_id for x in first + rest] == wanted
    assert all(x.created_by == "test" and x.created_at.tzinfo is UTC for x in first)


def test_another_tenants_key_can_not_be_revoked(ask: Ask, studio: str) -> None:
    key = made(ask, studio)
    assert isinstance(ask(store.create_tenant, f"{studio}-other"), store.Tenant)
    assert ask(store.revoke_key, f"{studio}-other", key.key.key_id) is None
    assert ask(store.revoke_key, studio, str(uuid.uuid4())) is None
    assert ask(store.revoke_key, studio, "nonsense") is None
    assert ask(store.authenticate_key, key.text) is not None


def test_a_key_goes_with_the_callers_transaction(ask: Ask, studio: str) -> None:
    async def given_up() -> NewKey:
        async with await ask.connect() as connection:
            async with connection.transaction(force_rollback=True):
                key = await store.create_key(connection, studio, OWNER, created_by="test")
            assert isinstance(key, NewKey)
            return key

    assert ask(store.authenticate_key, asyncio.run(given_up()).text) is None


# Bad input ---------------------------------------------------------------------------------------

TOMORROW = datetime.now(UTC) + timedelta(days=1)


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        (KeyTerms("", roles=[Role.OWNER]), "name"),
        (KeyTerms("a\x00b", roles=[Role.OWNER]), "name"),
        (KeyTerms("\ud800", roles=[Role.OWNER]), "name"),
        (KeyTerms("x" * 201, roles=[Role.OWNER]), "name"),
        (KeyTerms("x"), "roles"),
        (KeyTerms("x", roles=[Role.GUEST]), "roles"),
        (KeyTerms("x", roles=[Role.CUSTOMER]), "roles"),
        (KeyTerms("x", roles=[Role.OWNER, Role.GUEST]), "roles"),
        (KeyTerms("x", roles=[Role.OWNER], publishable=True), "roles"),
        (KeyTerms("x", roles=[Role.GUEST, Role.STAFF], publishable=True), "roles"),
        (KeyTerms("x", roles=[Role.OWNER], scopes=[]), "scopes"),
        (KeyTerms("x", publishable=True, per_minute=0), "per_minute"),
        (KeyTerms("x", roles=[Role.OWNER], per_minute=10**9), "per_minute"),
        (KeyTerms("x", roles=[Role.OWNER], expires_at=TOMORROW.replace(tzinfo=None)), "expires_at"),
        (
            KeyTerms("x", roles=[Role.OWNER], expires_at=datetime.max.replace(tzinfo=UTC)),
            "expires_at",
        ),
        (
            KeyTerms("x", roles=[Role.OWNER], expires_at=datetime(2020, 1, 1, tzinfo=UTC)),
            "expires_at",
        ),
    ],
)
def test_a_key_that_makes_no_sense_is_refused(
    ask: Ask, studio: str, terms: KeyTerms, field: str
) -> None:
    refusal = ask(store.create_key, studio, terms, created_by="test")
    assert isinstance(refusal, Invalid)
    assert refusal.field == field
    assert ask(store.list_keys, studio) == []


@pytest.mark.parametrize("tenant", ["nobody's", "", "a\x00b"])
def test_nothing_is_made_for_a_tenant_that_is_not_there(ask: Ask, tenant: str) -> None:
    key = ask(store.create_key, tenant, OWNER, created_by="test")
    person = ask(store.set_person, tenant, subject="ann", roles=[Role.STAFF])
    assert isinstance(key, Invalid)
    assert isinstance(person, Invalid)
    assert (key.field, person.field) == ("tenant_id", "tenant_id")


# People ------------------------------------------------------------------------------------------


def test_people_keep_their_id_when_their_roles_change(ask: Ask, studio: str) -> None:
    first = known(ask, studio, "ann", Role.STAFF, name="Ann")
    again = known(ask, studio, "ann", Role.MANAGER, Role.STAFF)
    assert (again.person_id, again.roles, again.name) == (
        first.person_id,
        (Role.MANAGER, Role.STAFF),
        None,
    )
    assert ask(store.list_people, studio) == [again]


def test_people_are_removed_by_their_own_tenant_alone(ask: Ask, studio: str) -> None:
    ann = known(ask, studio, "ann", Role.STAFF)
    assert ask(store.remove_person, f"{studio}-other", ann.person_id) is None
    assert ask(store.remove_person, studio, "nonsense") is None
    assert ask(store.remove_person, studio, ann.person_id) == ann
    assert ask(store.remove_person, studio, ann.person_id) is None
    assert ask(store.list_people, studio) == []


@pytest.mark.parametrize(
    ("subject", "roles", "field"),
    [("", [Role.STAFF], "subject"), ("ann", [], "roles"), ("ann", [Role.GUEST], "roles")],
)
def test_a_person_who_makes_no_sense_is_refused(
    ask: Ask, studio: str, subject: str, roles: list[Role], field: str
) -> None:
    refusal = ask(store.set_person, studio, subject=subject, roles=roles)
    assert isinstance(refusal, Invalid)
    assert refusal.field == field


# Tenants -----------------------------------------------------------------------------------------


def test_a_tenant_is_made_once(ask: Ask, studio: str) -> None:
    assert ask(store.create_tenant, studio) is None
    found = ask(store.tenant, studio)
    assert found is not None
    assert (found.name, found.operator, found.version) == ("Studio", False, 1)
    assert ask(store.tenant, f"{studio}-other") is None
    assert ask(store.tenant, "a\x00b") is None
    assert isinstance(ask(store.create_tenant, "a\x00b"), Invalid)


def test_tenants_are_listed_by_page(ask: Ask, studio: str) -> None:
    for number in range(3):
        assert isinstance(ask(store.create_tenant, f"{studio}-{number}"), store.Tenant)
    found = ask(store.list_tenants, after=studio, limit=2)
    assert [x.tenant_id for x in found] == [f"{studio}-0", f"{studio}-1"]


def test_a_key_is_looked_up_by_an_index(ask: Ask, studio: str) -> None:
    async def plan(connection: Connection) -> str:
        await connection.execute("SET enable_seqscan = off")
        query = QUERIES["key_claimed"]
        cursor = await connection.execute(f"EXPLAIN {query}".encode(), {"key": made_key.key.key_id})
        return "\n".join(str(row[0]) for row in await cursor.fetchall())

    made_key = made(ask, studio)
    found = ask(plan)
    assert "api_keys_by_id" in found
    assert "Seq Scan" not in found
