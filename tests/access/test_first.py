"""The first owner: made once, whoever starts when."""

import asyncio
from collections.abc import Callable

import pytest
from tests.access.conftest import Ask

from lastseat.access import Role, store
from lastseat.access.first import ensure_owner
from lastseat.access.rows import QUERIES


@pytest.fixture
def fresh(database: Callable[[], str]) -> Ask:
    return Ask(database())


def test_the_first_start_makes_an_operators_owner_and_the_next_does_not(fresh: Ask) -> None:
    text = fresh(ensure_owner)
    assert text is not None
    principal = fresh(store.authenticate_key, text)
    assert principal is not None
    assert (principal.tenant_id, principal.roles, principal.operator) == (
        "default",
        frozenset({Role.OWNER}),
        True,
    )
    assert fresh(ensure_owner) is None
    assert principal.key_id is not None
    fresh(store.revoke_key, "default", principal.key_id)
    assert fresh(ensure_owner) is None, "who revokes the last key does not open the door"


def test_a_tenant_of_that_name_that_is_there_becomes_the_operators(fresh: Ask) -> None:
    fresh(store.create_tenant, "default", name="Ours")
    assert fresh(ensure_owner) is not None
    found = fresh(store.tenant, "default")
    assert found is not None
    assert (found.name, found.operator) == ("Ours", True)


async def _overlapping(ask: Ask) -> tuple[str | None, str | None]:
    """Two first starts, the second while the first has not committed."""
    async with await ask.connect() as one, await ask.connect() as two:
        async with one.transaction():
            first = await ensure_owner(one)
            second = asyncio.create_task(ensure_owner(two))
            await asyncio.sleep(0.2)
            assert not second.done()
        return first, await second


def test_of_two_starts_at_once_one_makes_the_owner(fresh: Ask) -> None:
    first, second = asyncio.run(_overlapping(fresh))
    assert first is not None
    assert second is None


def test_control_without_the_lock_both_would(fresh: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(QUERIES, "first_start", "SELECT %(lock)s::bigint")
    first, second = asyncio.run(_overlapping(fresh))
    assert first is not None
    assert second is not None
