"""What the turnstile promises those who wait: shared commits, turns, order, an end to waiting."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

import psycopg
import pytest

import lastseat
from lastseat import Code
from lastseat.engine.turnstile import MOST_BYTES, MOST_COMMANDS

START = datetime(2027, 3, 1, 18, tzinfo=UTC)
END = datetime(2027, 3, 1, 19, tzinfo=UTC)


@contextlib.asynccontextmanager
async def venue(
    conninfo: str, tenant_id: str, *names: str, **options: Any
) -> AsyncIterator[lastseat.AsyncTenant]:
    """A tenant of an engine of its own, with an occurrence of plenty of seats for each name."""
    async with lastseat.open_async(conninfo, migrate=False, **options) as engine:
        tenant = engine.tenant(tenant_id)
        for name in names:
            await define(tenant, name)
        yield tenant


async def define(tenant: lastseat.AsyncTenant, name: str) -> None:
    outcome = await tenant.define_occurrence(name, start=START, end=END, capacity=10_000)
    assert outcome.code == Code.DEFINED


def book(tenant: lastseat.AsyncTenant, name: str, actor: str) -> asyncio.Task[Code]:
    """A booking on its way."""

    async def code() -> Code:
        return (await tenant.book(name, actor=actor)).code

    return asyncio.create_task(code())


@contextlib.contextmanager
def stranger(conninfo: str, tenant_id: str, name: str) -> Iterator[None]:
    """Somebody else holds the head of a bookable."""
    with psycopg.connect(conninfo) as connection:
        connection.execute(
            "SELECT FROM lastseat.heads WHERE tenant_id = %s AND bookable_id = %s FOR UPDATE",
            [tenant_id, name],
        )
        yield


def commits(conninfo: str, tenant_id: str, name: str) -> list[int]:
    """How many entries each commit brought to a stream, oldest first, the definition left out."""
    with psycopg.connect(conninfo) as connection:
        rows = connection.execute(
            "SELECT count(*) FROM lastseat.journal WHERE tenant_id = %s AND stream_id = %s"
            " AND seq > 1 GROUP BY tx ORDER BY min(seq)",
            [tenant_id, name],
        ).fetchall()
    return [count for (count,) in rows]


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(coroutine, 30))


def test_a_crowd_shares_commits_in_batches_of_bounded_size(conninfo: str, tenant_id: str) -> None:
    async def crowd() -> None:
        async with venue(conninfo, tenant_id, "yoga") as tenant:
            codes = await asyncio.gather(*(book(tenant, "yoga", f"a{i}") for i in range(1200)))
            assert set(codes) == {Code.BOOKED}

    run(crowd())
    assert commits(conninfo, tenant_id, "yoga") == [MOST_COMMANDS, MOST_COMMANDS, 176]


def test_a_crowd_goes_through_in_two_halves(conninfo: str, tenant_id: str) -> None:
    async def crowd() -> None:
        async with venue(conninfo, tenant_id, "yoga") as tenant:
            codes = await asyncio.gather(*(book(tenant, "yoga", f"a{i}") for i in range(300)))
            assert set(codes) == {Code.BOOKED}

    run(crowd())
    assert commits(conninfo, tenant_id, "yoga") == [150, 150]


def test_an_answer_does_not_wait_for_a_half_that_is_stuck(conninfo: str, tenant_id: str) -> None:
    async def crowd() -> None:
        async with venue(conninfo, tenant_id, "yoga", "gala") as tenant:
            with stranger(conninfo, tenant_id, "gala"):
                first = [book(tenant, "yoga", f"a{i}") for i in range(100)]
                stuck = [book(tenant, "gala", f"b{i}") for i in range(100)]
                async with asyncio.timeout(5):
                    assert set(await asyncio.gather(*first)) == {Code.BOOKED}
                assert not any(x.done() for x in stuck)
            assert set(await asyncio.gather(*stuck)) == {Code.BOOKED}

    run(crowd())


def test_a_batch_is_bounded_in_bytes_too(conninfo: str, tenant_id: str) -> None:
    long = {"note": "x" * 16_000}

    async def crowd() -> None:
        async with venue(conninfo, tenant_id, "yoga") as tenant:
            books = (tenant.book("yoga", actor=f"a{i}", metadata=long) for i in range(150))
            assert {x.code for x in await asyncio.gather(*books)} == {Code.BOOKED}

    run(crowd())
    most = MOST_BYTES // 16_000 + 1
    assert all(count <= most for count in commits(conninfo, tenant_id, "yoga"))


def test_a_lone_command_does_not_wait_for_company(conninfo: str, tenant_id: str) -> None:
    async def one_by_one() -> None:
        async with venue(conninfo, tenant_id, "yoga") as tenant:
            for i in range(5):
                assert await book(tenant, "yoga", f"a{i}") == Code.BOOKED

    run(one_by_one())
    assert commits(conninfo, tenant_id, "yoga") == [1] * 5


def test_tenants_take_turns(conninfo: str, tenant_id: str) -> None:
    """A small tenant waits for one batch of a big one, not for its whole queue."""
    done: list[str] = []

    def answered(name: str, _: asyncio.Task[Code]) -> None:
        done.append(name)

    async def turns() -> None:
        async with venue(conninfo, tenant_id, "yoga", lanes=1) as big:
            small = [big.engine.tenant(f"{tenant_id} small {i}") for i in range(2)]
            for tenant in small:
                await define(tenant, "yoga")
            waiting = [(big, f"a{i}") for i in range(2000)] + [(tenant, "ann") for tenant in small]
            tasks = []
            for tenant, actor in waiting:
                task = book(tenant, "yoga", actor)
                task.add_done_callback(partial(answered, tenant.tenant_id))
                tasks.append(task)
            await asyncio.gather(*tasks)

    run(turns())
    last_small = max(i for i, name in enumerate(done) if name != tenant_id)
    assert done[:last_small].count(tenant_id) <= MOST_COMMANDS
    assert len(done) == 2002


def test_commands_about_one_thing_are_done_in_the_order_they_came(
    conninfo: str, tenant_id: str
) -> None:
    async def in_order() -> None:
        async with venue(conninfo, tenant_id, "yoga") as tenant:
            outcomes = await asyncio.gather(
                tenant.book("yoga", actor="ann"),
                tenant.cancel("yoga", actor="ann"),
                tenant.cancel("yoga", actor="ann"),
                tenant.book("yoga", actor="ann"),
                tenant.book("yoga", actor="ann"),
            )
            expected = ["booked", "cancelled", "not_booked", "booked", "already"]
            assert [x.code for x in outcomes] == expected

    run(in_order())


def test_a_caller_that_goes_away_while_queued_is_taken_out(conninfo: str, tenant_id: str) -> None:
    async def gone() -> None:
        async with venue(conninfo, tenant_id, "yoga") as tenant:
            tasks = [book(tenant, "yoga", actor) for actor in ("ann", "ben", "cy")]
            await asyncio.sleep(0)
            tasks[1].cancel()
            with pytest.raises(asyncio.CancelledError):
                await tasks[1]
            assert [await tasks[0], await tasks[2]] == [Code.BOOKED, Code.BOOKED]
            assert [x.actor for x in await tenant.roster("yoga")] == ["ann", "cy"]

    run(gone())


def test_a_stalled_head_stops_nobody_else_and_keeps_its_order(
    conninfo: str, tenant_id: str
) -> None:
    async def stalled() -> None:
        async with venue(conninfo, tenant_id, "yoga", "pilates") as tenant:
            with stranger(conninfo, tenant_id, "yoga"):
                waiting = [book(tenant, "yoga", f"a{i}") for i in range(5)]
                for i in range(5):
                    assert await book(tenant, "pilates", f"b{i}") == Code.BOOKED
                late = book(tenant, "yoga", "a5")
                assert not any(task.done() for task in waiting)
            assert set(await asyncio.gather(*waiting, late)) == {Code.BOOKED}
            assert [x.actor for x in await tenant.roster("yoga")] == [f"a{i}" for i in range(6)]

    run(stalled())


def test_a_head_held_for_too_long_is_answered_overloaded(conninfo: str, tenant_id: str) -> None:
    async def too_long() -> None:
        async with venue(conninfo, tenant_id, "yoga", lock_patience=0.1) as tenant:
            with stranger(conninfo, tenant_id, "yoga"):
                assert await book(tenant, "yoga", "ann") == Code.OVERLOADED
            assert await book(tenant, "yoga", "ann") == Code.BOOKED

    run(too_long())


def test_past_the_bound_callers_wait_then_are_answered_overloaded(
    conninfo: str, tenant_id: str
) -> None:
    async def bounded() -> None:
        options = {"queue_limit": 3, "queue_timeout": 0.05}
        async with venue(conninfo, tenant_id, "yoga", **options) as tenant:
            with stranger(conninfo, tenant_id, "yoga"):
                inside = [book(tenant, "yoga", f"a{i}") for i in range(3)]
                await asyncio.sleep(0)
                outcome = await tenant.book("yoga", actor="dee")
                assert isinstance(outcome, lastseat.outcomes.Overloaded)
                assert outcome.retry_after > 0
            assert set(await asyncio.gather(*inside)) == {Code.BOOKED}
            assert await book(tenant, "yoga", "dee") == Code.BOOKED

    run(bounded())


def test_past_the_bound_a_place_that_comes_free_in_time_is_used(
    conninfo: str, tenant_id: str
) -> None:
    async def crowd() -> None:
        options = {"queue_limit": 10, "queue_timeout": 20.0}
        async with venue(conninfo, tenant_id, "yoga", **options) as tenant:
            codes = await asyncio.gather(*(book(tenant, "yoga", f"a{i}") for i in range(100)))
            assert set(codes) == {Code.BOOKED}

    run(crowd())


def test_close_finishes_what_is_queued_and_takes_no_more(conninfo: str, tenant_id: str) -> None:
    async def closing() -> None:
        engine = await lastseat.open_async(conninfo, migrate=False)
        tenant = engine.tenant(tenant_id)
        await define(tenant, "yoga")
        queued = [book(tenant, "yoga", f"a{i}") for i in range(1000)]
        await asyncio.sleep(0)
        await engine.close()
        assert all(task.done() for task in queued)
        assert {task.result() for task in queued} == {Code.BOOKED}
        with pytest.raises(lastseat.EngineClosed):
            await tenant.book("yoga", actor="late")

    run(closing())
