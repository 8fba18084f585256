"""Many commands in one transaction: what one of them suffers, the others do not notice.

A poisoned command, a caller who leaves, a crowd past the bound, an engine that closes.
"""

import asyncio
from collections import Counter
from collections.abc import Callable

import psycopg
import pytest
from tests.races import audit
from tests.races.moments import LATER, NOON
from tests.races.strangers import held_by_a_stranger

import lastseat
from lastseat import AsyncTenant, outcomes
from lastseat.engine import executor
from lastseat.engine.executor import Steps

Told = outcomes.AnyOutcome | BaseException


async def define_gala(tenant: AsyncTenant, capacity: int = 100) -> None:
    outcome = await tenant.define_occurrence("gala", start=NOON, end=LATER, capacity=capacity)
    assert outcome.ok


def kinds(told: list[Told]) -> Counter[str]:
    return Counter(type(x).__name__ if isinstance(x, BaseException) else str(x.code) for x in told)


@pytest.fixture
def thirteen_is_refused(database: Callable[[], str]) -> str:
    """A database that refuses what one command writes: 13 units at once."""
    conninfo = database()
    with psycopg.connect(conninfo) as connection:
        connection.execute(
            "ALTER TABLE lastseat.claims ADD CONSTRAINT thirteen CHECK (units <> 13)"
        )
    return conninfo


async def book_with_a_poisoned_one(
    conninfo: str, tenant_id: str, crowd: int = 40
) -> tuple[list[Told], str]:
    """A crowd of bookings, the 18th poisoned; what they were told, and one more after them."""
    async with lastseat.open_async(conninfo, migrate=False) as engine:
        tenant = engine.tenant(tenant_id)
        await define_gala(tenant, 1_000)
        told = await asyncio.gather(
            *(tenant.book("gala", actor=f"a{i}", units=13 if i == 17 else 1) for i in range(crowd)),
            return_exceptions=True,
        )
        after = await tenant.book("gala", actor="zoe")
    return list(told), str(after.code)


@pytest.mark.parametrize("crowd", [40, 600], ids=["one part", "several parts"])
def test_a_poisoned_command_fails_alone(
    thirteen_is_refused: str, tenant_id: str, crowd: int
) -> None:
    told, after = asyncio.run(book_with_a_poisoned_one(thirteen_is_refused, tenant_id, crowd))
    poisoned = told.pop(17)
    assert isinstance(poisoned, lastseat.CommandFailed)
    assert "thirteen" in str(poisoned)
    assert kinds(told) == {"booked": crowd - 1}
    assert after == "booked"
    assert audit.units(thirteen_is_refused, tenant_id, "gala") == crowd
    assert audit.findings(thirteen_is_refused, tenant_id) == []


def test_control_without_bisection_it_sinks_its_whole_batch(
    thirteen_is_refused: str, tenant_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail_all(tenant: str, tickets: list[object], error: Exception, *, wait: bool) -> Steps:
        yield from ()
        return executor._failed(tickets, lastseat.CommandFailed(str(error)))  # type: ignore[arg-type]

    monkeypatch.setattr(executor, "_bisect", fail_all)
    told, after = asyncio.run(book_with_a_poisoned_one(thirteen_is_refused, tenant_id))
    assert kinds(told)["CommandFailed"] > 1
    assert after == "booked"


def test_a_command_that_kills_its_session_every_time_fails_alone_too(
    database: Callable[[], str], tenant_id: str
) -> None:
    conninfo = database()
    with psycopg.connect(conninfo) as connection:
        connection.execute(
            "ALTER TABLE lastseat.claims ADD CONSTRAINT thirteen"
            " CHECK (units <> 13 OR pg_terminate_backend(pg_backend_pid()))"
        )

    async def run() -> tuple[list[Told], str]:
        async with asyncio.timeout(30):
            return await book_with_a_poisoned_one(conninfo, tenant_id)

    told, after = asyncio.run(run())
    poisoned = told.pop(17)
    assert isinstance(poisoned, lastseat.DatabaseUnavailable)
    assert kinds(told) == {"booked": 39}
    assert after == "booked"
    assert audit.units(conninfo, tenant_id, "gala") == 40
    assert audit.findings(conninfo, tenant_id) == []


def test_past_the_bound_callers_wait_and_are_told_that_it_is_too_much(
    conninfo: str, tenant_id: str
) -> None:
    async def run() -> list[Told]:
        async with lastseat.open_async(
            conninfo, migrate=False, queue_limit=6, queue_timeout=0.4
        ) as engine:
            tenant = engine.tenant(tenant_id)
            await define_gala(tenant)
            with held_by_a_stranger(conninfo, tenant_id, "gala"):
                callers = [
                    asyncio.create_task(tenant.book("gala", actor=f"a{i}")) for i in range(20)
                ]
                done, _ = await asyncio.wait(callers, timeout=0.2)
                assert not done, "those past the bound wait before they are refused"
                done, _ = await asyncio.wait(callers, timeout=0.6)
                assert len(done) == 14
            late = [tenant.book("gala", actor=f"b{i}") for i in range(6)]
            return [*await asyncio.gather(*callers), *await asyncio.gather(*late)]

    told = asyncio.run(run())
    assert kinds(told) == {"booked": 12, "overloaded": 14}
    for answer in told:
        if isinstance(answer, outcomes.Overloaded):
            assert answer.retry_after > 0
    assert audit.units(conninfo, tenant_id, "gala") == 12


def test_a_caller_past_the_bound_is_served_when_there_is_room_in_time(
    conninfo: str, tenant_id: str
) -> None:
    async def run() -> list[Told]:
        async with lastseat.open_async(
            conninfo, migrate=False, queue_limit=3, queue_timeout=30
        ) as engine:
            tenant = engine.tenant(tenant_id)
            await define_gala(tenant)
            return list(
                await asyncio.gather(*(tenant.book("gala", actor=f"a{i}") for i in range(50)))
            )

    assert kinds(asyncio.run(run())) == {"booked": 50}


def test_a_caller_who_leaves_while_queued_is_never_booked(conninfo: str, tenant_id: str) -> None:
    async def run() -> list[Told]:
        async with lastseat.open_async(
            conninfo, migrate=False, queue_limit=4, queue_timeout=30
        ) as engine:
            tenant = engine.tenant(tenant_id)
            await define_gala(tenant)
            with held_by_a_stranger(conninfo, tenant_id, "gala"):
                # Three in the queue, one behind the lock, four waiting for a place in the queue.
                callers = [
                    asyncio.create_task(tenant.book("gala", actor=f"a{i}")) for i in range(8)
                ]
                await asyncio.sleep(0.1)
                for leaving in (callers[1], callers[2], callers[5], callers[6]):
                    leaving.cancel()
                # Whoever is in a transaction just now is out of it when its lock times out.
                await asyncio.sleep(1.2)
            told = list(await asyncio.gather(*callers, return_exceptions=True))
            # No place in the queue went with them.
            more = (tenant.book("gala", actor=f"b{i}") for i in range(4))
            async with asyncio.timeout(10):
                assert kinds(list(await asyncio.gather(*more))) == {"booked": 4}
            roster = {place.actor for place in await tenant.roster("gala")}
            assert roster == {"a0", "a3", "a4", "a7", "b0", "b1", "b2", "b3"}
            return told

    assert kinds(asyncio.run(run())) == {"booked": 4, "CancelledError": 4}
    assert audit.findings(conninfo, tenant_id) == []


def test_a_lock_held_for_too_long_is_overloaded_and_not_booked_later(
    conninfo: str, tenant_id: str
) -> None:
    async def run() -> None:
        async with lastseat.open_async(conninfo, migrate=False, lock_patience=0.7) as engine:
            tenant = engine.tenant(tenant_id)
            await define_gala(tenant)
            with held_by_a_stranger(conninfo, tenant_id, "gala"):
                async with asyncio.timeout(10):
                    refused = await tenant.book("gala", actor="ann")
                assert isinstance(refused, outcomes.Overloaded)
            assert (await tenant.book("gala", actor="bob")).ok
            assert [place.actor for place in await tenant.roster("gala")] == ["bob"]

    asyncio.run(run())


@pytest.mark.parametrize("callers", [1, 2, 10])
def test_an_engine_that_closes_answers_everybody_who_called_before(
    conninfo: str, tenant_id: str, callers: int
) -> None:
    async def run() -> list[Told]:
        # One at a time: all others still wait for a place in the queue when it closes.
        engine = await lastseat.open_async(conninfo, migrate=False, queue_limit=1, queue_timeout=30)
        tenant = engine.tenant(tenant_id)
        await define_gala(tenant)
        tasks = [asyncio.create_task(tenant.book("gala", actor=f"a{i}")) for i in range(callers)]
        await asyncio.sleep(0)
        async with asyncio.timeout(10):
            await engine.close()
            return list(await asyncio.gather(*tasks, return_exceptions=True))

    told = kinds(asyncio.run(run()))
    assert set(told) <= {"booked", "EngineClosed"}
    assert audit.units(conninfo, tenant_id, "gala") == told["booked"] >= 1


def test_a_closed_engine_says_so(conninfo: str, tenant_id: str) -> None:
    async def run() -> None:
        engine = await lastseat.open_async(conninfo, migrate=False)
        await engine.close()
        with pytest.raises(lastseat.EngineClosed):
            await engine.tenant(tenant_id).book("gala", actor="ann")

    asyncio.run(run())
