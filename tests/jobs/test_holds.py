"""Holds are journalled as expired within a second of their time, with nobody asking (A9)."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from tests.jobs.conftest import Worker, working
from tests.library.venue import done
from tests.races.clocks import set_clock

import lastseat
from lastseat import Status
from lastseat.core.outcomes import Expired, Held, Refusal
from lastseat.jobs.expiring import LEAST_PAUSE, expire_due, expire_holds
from lastseat.jobs.rows import fetch
from lastseat.library.commands import Commands

POOL = 100


@pytest.fixture
def tenants(engine: lastseat.Engine, tenant_id: str, as_before: None) -> list[lastseat.Tenant]:
    """Three, each with a pool of skis."""
    made = [engine.tenant(f"{tenant_id}-{n}") for n in range(3)]
    for tenant in made:
        assert tenant.define_pool("skis", capacity=POOL).ok
    return made


def held(tenant: lastseat.Tenant, seconds: int, actor: str = "ann", of: str = "skis") -> str:
    start = datetime(2027, 3, 1, 18, tzinfo=UTC)
    claim = lastseat.Claim(bookable=of, start=start, end=start + timedelta(hours=1))
    return done(tenant.hold([claim], actor=actor, seconds=seconds), Held).booking_id


def statuses(tenant: lastseat.Tenant, bookings: list[str]) -> set[Status]:
    """What the journal says: a hold that is read is expired by the clock already."""
    return {tenant.audit(x)[-1].after.status for x in bookings}


async def expired(tenant: lastseat.AsyncTenant, booking: str) -> datetime:
    """When the journal says that it did; waits for it."""
    while (last := (await tenant.audit(booking))[-1]).after.status is not Status.EXPIRED:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    return last.at


def test_a_hold_of_a_second_has_expired_within_a_second_of_its_time(
    tenants: list[lastseat.Tenant], where: str
) -> None:
    async def watch() -> list[tuple[datetime | None, datetime]]:
        async with working(where) as one:
            loop = asyncio.create_task(expire_holds(one))
            begun = []
            for tenant in tenants[:2]:
                booking = await asyncio.to_thread(held, tenant, 1)
                begun.append((one.engine.tenant(tenant.tenant_id), booking))
                # The second one is made while the first is waited for.
                await asyncio.sleep(0.3)
            ends = [(await tenant.booking(booking)).expires_at for tenant, booking in begun]
            told = [await expired(tenant, booking) for tenant, booking in begun]
            one.stopping.set()
            await loop
            return list(zip(ends, told, strict=True))

    for ends, at in asyncio.run(watch()):
        assert ends is not None
        assert timedelta() <= at - ends < timedelta(seconds=1)


def test_no_tenant_waits_behind_another_s_thousands(
    tenants: list[lastseat.Tenant], where: str, worker: Worker
) -> None:
    crowd, few, last = tenants
    # Of a lane each: all that are due of one bookable go together.
    many = []
    for n in range(12):
        assert crowd.define_resource(f"lane {n}").ok
        many.append(held(crowd, 60, f"a{n}", f"lane {n}"))
    one, other = held(few, 90), held(last, 120)
    alive = held(last, 7200, "ben")
    set_clock(where, timedelta(hours=1))
    assert worker.do(expire_due, holds=5) == [LEAST_PAUSE]
    assert statuses(few, [one]) == statuses(last, [other]) == {Status.EXPIRED}
    assert worker.do(expire_due, holds=5) == [LEAST_PAUSE]
    assert worker.do(expire_due, holds=5) == [1.0]
    assert statuses(crowd, many) == {Status.EXPIRED}
    assert statuses(last, [alive]) == {Status.HELD}


def test_a_lane_that_somebody_has_locked_keeps_nobody_else_s_hold(
    tenants: list[lastseat.Tenant], where: str
) -> None:
    stuck, other = tenants[:2]
    locked, later = held(stuck, 60), []
    set_clock(where, timedelta(minutes=2))

    async def watch() -> None:
        async with working(where) as one, await psycopg.AsyncConnection.connect(where) as stranger:
            await stranger.execute(
                "SELECT 1 FROM lastseat.heads WHERE tenant_id = %s FOR UPDATE", [stuck.tenant_id]
            )
            loop = asyncio.create_task(expire_holds(one))
            await asyncio.sleep(0.1)
            later.append(await asyncio.to_thread(held, other, 1))
            async with asyncio.timeout(3):
                await expired(one.engine.tenant(other.tenant_id), later[0])
            assert statuses(stuck, [locked]) == {Status.HELD}
            await stranger.rollback()
            async with asyncio.timeout(3):
                await expired(one.engine.tenant(stuck.tenant_id), locked)
            one.stopping.set()
            await loop

    asyncio.run(watch())
    assert [x.after.status for x in stuck.audit(locked)] == [Status.HELD, Status.EXPIRED]


def test_two_workers_at_once_expire_each_once(
    tenants: list[lastseat.Tenant], where: str, worker: Worker
) -> None:
    tenant = tenants[0]
    bookings = [held(tenant, 60, f"a{n}") for n in range(40)]
    set_clock(where, timedelta(hours=1))
    worker.do(expire_due, expire_due, expire_due)
    for booking in bookings:
        became = [entry.after.status for entry in tenant.audit(booking)]
        assert became == [Status.HELD, Status.EXPIRED]


def test_control_the_second_is_told_that_it_is_done(
    tenants: list[lastseat.Tenant], where: str, worker: Worker
) -> None:
    booking = held(tenants[0], 60)
    set_clock(where, timedelta(hours=1))
    command = Commands(tenants[0].tenant_id).expire

    async def twice(one: Any) -> list[Any]:
        return [*await one.carry_out([command(booking)]), *await one.carry_out([command(booking)])]

    ((first, second),) = worker.do(twice)
    assert isinstance(first, Expired)
    assert isinstance(second, Expired | Refusal)
    assert len(tenants[0].audit(booking)) == 2


def test_a_hold_that_was_confirmed_or_extended_under_the_look_stays(
    tenants: list[lastseat.Tenant], where: str, worker: Worker
) -> None:
    tenant = tenants[0]
    kept, longer = held(tenant, 60, "ann"), held(tenant, 60, "ben")
    assert tenant.confirm(kept).ok
    assert tenant.extend(longer, seconds=1800).ok
    set_clock(where, timedelta(minutes=2))

    async def look(one: Any) -> None:
        commands = [Commands(tenant.tenant_id).expire(x) for x in (kept, longer)]
        await one.carry_out(commands)

    worker.do(look)
    assert statuses(tenant, [kept, longer]) == {Status.CONFIRMED, Status.HELD}


def test_when_the_clock_is_set_back_what_was_due_waits_again(
    tenants: list[lastseat.Tenant], where: str, worker: Worker
) -> None:
    tenant = tenants[0]
    set_clock(where, timedelta(hours=1))
    worker.do(expire_due)
    set_clock(where, timedelta())
    booking = held(tenant, 60)
    worker.do(expire_due)
    assert statuses(tenant, [booking]) == {Status.HELD}
    set_clock(where, timedelta(seconds=61))
    worker.do(expire_due)
    assert statuses(tenant, [booking]) == {Status.EXPIRED}


def test_each_second_costs_one_look(where: str, worker: Worker) -> None:
    async def look(one: Any) -> tuple[float, list[Any]]:
        rest = await expire_due(one)
        return rest, await one.engine.read(fetch, "holds_soon", within=0.0, limit=10, besides=[])

    set_clock(where, timedelta(hours=-1))
    assert worker.do(look) == [(1.0, [])]
