"""An error between COMMIT and the answer: nobody is told that nothing was done, or done twice."""

import asyncio
from collections import Counter
from collections.abc import Iterator

import pytest
from tests.races.moments import LATER, NOON

import lastseat
from lastseat import Claim, outcomes
from lastseat.engine import faults

BIKE = Claim(bookable="bikes", start=NOON, end=LATER)

after_commit = pytest.mark.parametrize("point", ["after_commit", "before_answer"])


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    faults.arm("")


@after_commit
def test_a_lone_booking_is_answered_unknown_and_its_key_finds_it(
    tenant: lastseat.Tenant, point: str
) -> None:
    assert tenant.define_pool("bikes", capacity=9).ok
    faults.arm(f"{point}=raise")
    with pytest.raises(lastseat.OutcomeUnknown):
        tenant.book(BIKE, actor="ann", key="tap")
    assert isinstance(tenant.book(BIKE, actor="ann", key="tap"), outcomes.Booked)
    assert Counter(row.type for row in tenant.journal("bikes")) == {"defined": 1, "booked": 1}


@after_commit
def test_a_batch_is_not_run_again_in_halves(conninfo: str, tenant_id: str, point: str) -> None:
    async def rush() -> list[object]:
        async with lastseat.open_async(conninfo, migrate=False) as engine:
            tenant = engine.tenant(tenant_id)
            assert (await tenant.define_pool("bikes", capacity=9)).ok
            faults.arm(f"{point}=raise")
            asked = [tenant.book(BIKE, actor=f"a{i}") for i in range(4)]
            return [*await asyncio.gather(*asked, return_exceptions=True)]

    told = asyncio.run(rush())
    # Again, each would find its own booking in the way of its id.
    assert {type(x) for x in told} <= {lastseat.OutcomeUnknown, outcomes.Booked}
    assert lastseat.OutcomeUnknown in {type(x) for x in told}
    with lastseat.open(conninfo, migrate=False) as engine:
        rows = Counter(row.type for row in engine.tenant(tenant_id).journal("bikes"))
    assert rows == {"defined": 1, "booked": 4}
