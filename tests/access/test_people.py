"""Who the bearer of a verified token is in a tenant."""

import asyncio
import uuid

import pytest
from tests.access.conftest import Ask

from lastseat.access import Principal, Role, store
from lastseat.access.people import principal_of
from lastseat.access.store import Person
from lastseat.access.tokens import Claims


def person(ask: Ask, tenant_id: str, subject: str, *roles: Role) -> Person:
    found = ask(store.set_person, tenant_id, subject=subject, roles=roles)
    assert isinstance(found, Person)
    return found


def test_a_token_for_a_tenant_makes_its_bearer_a_customer(ask: Ask, studio: str) -> None:
    first = ask(principal_of, Claims("ann@id", (studio,)))
    assert first is not None
    person_id = first.name.removeprefix("person:")
    assert str(uuid.UUID(person_id)) == person_id, "the journal's name for a person tells nothing"
    assert first == Principal(
        tenant_id=studio, name=first.name, roles=frozenset({Role.CUSTOMER}), actor="ann@id"
    )
    assert ask(principal_of, Claims("ann@id", (studio,))) == first
    assert [x.subject for x in ask(store.list_people, studio)] == ["ann@id"]


def test_roles_are_the_tenants_to_give(ask: Ask, studio: str) -> None:
    ann = person(ask, studio, "ann", Role.MANAGER)
    found = ask(principal_of, Claims("ann", (studio,)))
    assert found is not None
    assert (found.name, found.roles) == (f"person:{ann.person_id}", frozenset({Role.MANAGER}))


def test_a_token_that_names_no_tenant_will_do_where_its_bearer_is_known(
    ask: Ask, studio: str
) -> None:
    person(ask, studio, "ann", Role.STAFF)
    assert ask(principal_of, Claims("ann"), studio) is not None
    assert ask(principal_of, Claims("ben"), studio) is None
    assert ask(principal_of, Claims("ann")) is None, "nobody said which tenant"
    assert [x.subject for x in ask(store.list_people, studio)] == ["ann"]


def test_of_several_tenants_one_must_be_picked(ask: Ask, studio: str) -> None:
    other = f"{studio}-other"
    assert isinstance(ask(store.create_tenant, other), store.Tenant)
    both = Claims("ann", (studio, other))
    assert ask(principal_of, both) is None
    found = ask(principal_of, both, other)
    assert found is not None
    assert found.tenant_id == other


def test_a_tenant_that_the_token_is_not_for_can_not_be_picked(ask: Ask, studio: str) -> None:
    other = f"{studio}-other"
    assert isinstance(ask(store.create_tenant, other), store.Tenant)
    person(ask, other, "ann", Role.OWNER)
    assert ask(principal_of, Claims("ann", (studio,)), other) is None


@pytest.mark.parametrize("tenant", ["nobody's", "a\x00b", ""])
def test_a_tenant_that_is_not_there_has_no_people(ask: Ask, tenant: str) -> None:
    assert ask(principal_of, Claims("ann", (tenant,))) is None
    assert ask(principal_of, Claims("ann"), tenant) is None
    assert ask.sql("SELECT 1 FROM lastseat.people WHERE tenant_id = %s", "nobody's") == []


def test_somebody_who_comes_twice_at_once_is_one_person(ask: Ask, studio: str) -> None:
    async def once() -> Principal | None:
        async with await ask.connect() as connection:
            return await principal_of(connection, Claims("ann", (studio,)))

    async def crowd() -> list[Principal | None]:
        return await asyncio.gather(*(once() for _ in range(8)))

    found = asyncio.run(crowd())
    assert None not in found
    assert len({x.name for x in found if x is not None}) == 1
    assert len(ask(store.list_people, studio)) == 1


def test_somebody_removed_has_no_roles_left(ask: Ask, studio: str) -> None:
    ann = person(ask, studio, "ann", Role.OWNER)
    ask(store.remove_person, studio, ann.person_id)
    assert ask(principal_of, Claims("ann"), studio) is None
    back = ask(principal_of, Claims("ann", (studio,)))
    assert back is not None
    assert back.roles == {Role.CUSTOMER}
