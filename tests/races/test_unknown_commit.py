"""The connection breaks at COMMIT: whatever became of it, the answer is right, the effect single.

The hard one is the COMMIT that arrives late: the old transaction still holds its locks when the
engine is back, and whoever looks before locking finds nothing and does it all again.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec
import pytest
from tests.races import audit
from tests.races.moments import LATER, NOON, until
from tests.races.proxy import Break, Proxy, proxy_directory
from tests.races.strangers import an_engine_waits

import lastseat
from lastseat import AsyncTenant, Claim, outcomes
from lastseat.engine import executor
from lastseat.engine.requests import Result
from lastseat.engine.scope import Scope
from lastseat.engine.transaction import Committing, Transaction
from lastseat.ledger.verify import verify

SKIS = Claim(bookable="skis", start=NOON, end=LATER)


@asynccontextmanager
async def behind_a_proxy(conninfo: str, tenant_id: str) -> AsyncIterator[tuple[Proxy, AsyncTenant]]:
    """An engine behind a proxy, a gala of 2 places and a pair of skis; the write path is warm."""
    with proxy_directory() as directory:
        proxy = Proxy(conninfo, directory)
        async with (
            proxy.listening(),
            lastseat.open_async(proxy.conninfo, migrate=False) as engine,
        ):
            tenant = engine.tenant(tenant_id)
            assert (await tenant.define_occurrence("gala", start=NOON, end=LATER, capacity=2)).ok
            assert (await tenant.define_pool("skis", capacity=5)).ok
            held = await tenant.hold("gala", actor="zoe")
            assert isinstance(held, outcomes.Held)
            assert (await tenant.release(held.booking_id)).ok
            yield proxy, tenant


async def lose(
    conninfo: str, tenant_id: str, how: Break, what: str | Claim, key: str | None
) -> lastseat.AnyOutcome:
    """Book while the COMMIT meets its fate."""
    async with behind_a_proxy(conninfo, tenant_id) as (proxy, tenant):
        proxy.break_next(how)
        booking = asyncio.create_task(tenant.book(what, actor="ann", key=key))
        await proxy.broken.wait()
        if how is Break.COMMIT_LATE:
            await asyncio.to_thread(until, lambda: an_engine_waits(conninfo))
            assert not booking.done()
            proxy.deliver()
            await proxy.delivered.wait()
        outcome = await booking
        if key is not None:
            assert await tenant.book(what, actor="ann", key=key) == outcome
        return outcome


def assert_booked_once(
    conninfo: str, tenant_id: str, what: str | Claim, outcome: lastseat.AnyOutcome
) -> None:
    assert isinstance(outcome, outcomes.Booked)
    assert audit.units(conninfo, tenant_id, getattr(what, "bookable", str(what))) == 1
    assert audit.findings(conninfo, tenant_id) == []
    assert verify(conninfo, tenant_id=tenant_id).differences == ()


@pytest.mark.parametrize("key", [None, "tap"], ids=["without a key", "with a key"])
@pytest.mark.parametrize("what", ["gala", SKIS], ids=["gala", "skis"])
@pytest.mark.parametrize("how", Break)
def test_it_is_booked_once_and_the_caller_told_so(
    conninfo: str, tenant_id: str, how: Break, what: str | Claim, key: str | None
) -> None:
    outcome = asyncio.run(lose(conninfo, tenant_id, how, what, key))
    assert_booked_once(conninfo, tenant_id, what, outcome)


def test_a_refusal_under_a_key_is_found_again(conninfo: str, tenant_id: str) -> None:
    # Nothing is in the journal to look for: the key itself is asked for.
    async def run() -> lastseat.AnyOutcome:
        async with behind_a_proxy(conninfo, tenant_id) as (proxy, tenant):
            proxy.break_next(Break.ANSWER_LOST)
            return await tenant.book("gala", actor="ann", units=3, key="tap")

    assert isinstance(asyncio.run(run()), outcomes.Full)


def test_cancelling_and_moving_are_done_once_too(conninfo: str, tenant_id: str) -> None:
    async def run() -> None:
        async with behind_a_proxy(conninfo, tenant_id) as (proxy, tenant):
            booked = await tenant.book("gala", actor="ann")
            assert isinstance(booked, outcomes.Booked)
            steps: list[tuple[Callable[[], Awaitable[lastseat.AnyOutcome]], type]] = [
                (lambda: tenant.move(booked.booking_id, SKIS), outcomes.Moved),
                (lambda: tenant.cancel(booked.booking_id), outcomes.Cancelled),
            ]
            for how in (Break.ANSWER_LOST, Break.COMMIT_LOST):
                proxy.break_next(how)
                step, done = steps.pop(0)
                assert isinstance(await step(), done)
                assert proxy.broken.is_set()

    asyncio.run(run())
    assert audit.findings(conninfo, tenant_id) == []
    assert verify(conninfo, tenant_id=tenant_id).differences == ()


def test_a_whole_batch_whose_answer_was_lost_is_answered(conninfo: str, tenant_id: str) -> None:
    async def run() -> list[lastseat.AnyOutcome]:
        async with behind_a_proxy(conninfo, tenant_id) as (proxy, tenant):
            proxy.break_next(Break.ANSWER_LOST)
            return await asyncio.gather(*(tenant.book("gala", actor=f"a{i}") for i in range(5)))

    codes = [outcome.code for outcome in asyncio.run(run())]
    assert codes == ["booked"] * 2 + ["full"] * 3
    assert audit.units(conninfo, tenant_id, "gala") == 2
    assert audit.findings(conninfo, tenant_id) == []


def test_a_database_that_stays_away_leaves_the_outcome_unknown_and_the_key_tells(
    conninfo: str, tenant_id: str
) -> None:
    async def run() -> None:
        with proxy_directory() as directory:
            proxy = Proxy(conninfo, directory)
            engine = await lastseat.open_async(proxy.conninfo, migrate=False, patience=0.2)
            tenant = engine.tenant(tenant_id)
            async with proxy.listening():
                await tenant.define_occurrence("gala", start=NOON, end=LATER, capacity=2)
                await tenant.hold("gala", actor="zoe")
                proxy.break_next(Break.ANSWER_LOST)
                booking = asyncio.create_task(tenant.book("gala", actor="ann", key="tap"))
                await proxy.broken.wait()
                proxy.hang_up()
                with pytest.raises(lastseat.OutcomeUnknown):
                    await booking
            async with proxy.listening():
                found = await tenant.book("gala", actor="ann", key="tap")
                assert isinstance(found, outcomes.Booked)
                await engine.close()

    asyncio.run(run())
    assert audit.units(conninfo, tenant_id, "gala") == 2
    assert audit.findings(conninfo, tenant_id) == []


def test_a_late_definition_was_made_by_its_caller(conninfo: str, tenant_id: str) -> None:
    # The head that would be waited for is not there to be seen before the COMMIT.
    async def run() -> lastseat.AnyOutcome:
        async with behind_a_proxy(conninfo, tenant_id) as (proxy, tenant):
            proxy.break_next(Break.COMMIT_LATE)
            definition = asyncio.create_task(tenant.define_resource("lane"))
            await proxy.broken.wait()
            await asyncio.to_thread(until, lambda: an_engine_waits(conninfo))
            proxy.deliver()
            return await definition

    assert asyncio.run(run()) == outcomes.Defined(bookable="lane", created=True)


def test_a_commit_that_never_ends_leaves_the_outcome_unknown_and_the_key_tells(
    conninfo: str, tenant_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Half a pipeline that the server goes on waiting for: no timeout of its own ends that.
    monkeypatch.setattr(executor, "WAITS", 3)

    async def run() -> None:
        async with behind_a_proxy(conninfo, tenant_id) as (proxy, tenant):
            proxy.break_next(Break.COMMIT_LATE)
            async with asyncio.timeout(20):
                with pytest.raises(lastseat.OutcomeUnknown):
                    await tenant.book("gala", actor="ann", key="tap")
            proxy.deliver()
            await proxy.delivered.wait()
            assert isinstance(await tenant.book("gala", actor="ann", key="tap"), outcomes.Booked)

    asyncio.run(run())
    assert audit.units(conninfo, tenant_id, "gala") == 1
    assert audit.findings(conninfo, tenant_id) == []


@pytest.mark.parametrize(
    ("what", "wrong"),
    [("gala", outcomes.Already), (SKIS, outcomes.Invalid)],
    ids=["gala", "skis"],
)
def test_control_looking_before_locking_answers_a_late_commit_wrongly(
    conninfo: str,
    tenant_id: str,
    what: str | Claim,
    wrong: type[lastseat.AnyOutcome],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = Transaction._question

    def without_the_locks(self: Transaction, scope: Scope, results: list[Result]) -> Committing:
        committing = whole(self, scope, results)
        only_begun = tuple(x for x in committing.locks if x.name in ("begin", "configure"))
        return msgspec.structs.replace(committing, locks=only_begun)

    monkeypatch.setattr(Transaction, "_question", without_the_locks)
    outcome = asyncio.run(lose(conninfo, tenant_id, Break.COMMIT_LATE, what, None))
    assert isinstance(outcome, wrong)
