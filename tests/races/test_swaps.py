"""Changing places while sold out: nobody else gets in between, however many try."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from tests.races import audit
from tests.races.moments import LATER, NOON

import lastseat
from lastseat import ActorTime, AsyncTenant, outcomes
from lastseat.ledger.verify import verify

EARLY, LATE = "early", "late"
SWAPS = 25

Swap = Callable[[AsyncTenant, str, str, bool], Awaitable[bool]]


async def together(tenant: AsyncTenant, first: str, second: str, turned: bool) -> bool:
    """Both bookings change places in one step."""
    places = {first: LATE, second: EARLY} if turned else {first: EARLY, second: LATE}
    return isinstance(await tenant.move_together(places), outcomes.Moved)


async def one_by_one(tenant: AsyncTenant, first: str, second: str, turned: bool) -> bool:
    """The naive way: both give up their places, then each takes the other's."""
    before, after = (EARLY, LATE) if turned else (LATE, EARLY)
    # By their places, not by `first` and `second`: what is booked again has a new id.
    await tenant.cancel(before, actor="ann")
    await tenant.cancel(after, actor="bob")
    taken = [await tenant.book(after, actor="ann"), await tenant.book(before, actor="bob")]
    return not any(isinstance(outcome, outcomes.Full) for outcome in taken)


async def swap_under_load(conninfo: str, tenant_id: str, swap: Swap) -> tuple[int, list[set[str]]]:
    """Swap while 20 others keep asking for either place: how many swaps failed, and the rosters."""
    async with (
        lastseat.open_async(conninfo, migrate=False) as engine,
        lastseat.open_async(conninfo, migrate=False) as another,
    ):
        tenant, theirs = engine.tenant(tenant_id), another.tenant(tenant_id)
        ids: list[str] = []
        for place, actor in ((EARLY, "ann"), (LATE, "bob")):
            outcome = await tenant.define_occurrence(
                place, start=NOON, end=LATER, capacity=2, actor_time=ActorTime.ALLOW
            )
            assert outcome.ok
            booked = await tenant.book(place, actor=actor)
            assert isinstance(booked, outcomes.Booked)
            ids.append(booked.booking_id)
            assert (await tenant.book(place, actor=f"{place}-fan")).ok
        going = True

        async def intrude(i: int) -> None:
            while going:
                await theirs.book((EARLY, LATE)[i % 2], actor=f"intruder-{i}")
                await asyncio.sleep(0)

        intruders = [asyncio.create_task(intrude(i)) for i in range(20)]
        failed = 0
        for i in range(SWAPS):
            failed += not await swap(tenant, ids[0], ids[1], i % 2 == 0)
            if failed:
                break
        going = False
        await asyncio.gather(*intruders)
        rosters = [{x.actor for x in await tenant.roster(place)} for place in (EARLY, LATE)]
    return failed, rosters


def test_two_bookings_swap_while_sold_out_and_nobody_gets_in(conninfo: str, tenant_id: str) -> None:
    failed, rosters = asyncio.run(swap_under_load(conninfo, tenant_id, together))
    assert failed == 0
    assert rosters == [{"bob", "early-fan"}, {"ann", "late-fan"}]
    assert audit.findings(conninfo, tenant_id) == []
    assert verify(conninfo, tenant_id=tenant_id).differences == ()


def test_control_giving_up_first_loses_the_place_to_an_intruder(
    conninfo: str, tenant_id: str
) -> None:
    for attempt in range(5):
        failed, rosters = asyncio.run(
            swap_under_load(conninfo, f"{tenant_id}-{attempt}", one_by_one)
        )
        if failed:
            assert any("intruder" in actor for roster in rosters for actor in roster)
            return
    pytest.fail("nobody got in between in five tries")
