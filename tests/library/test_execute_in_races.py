"""Transactions of callers that meet each other, and the engine's: told, never oversold (H3)."""

import asyncio
import threading
import uuid

import psycopg
import pytest
from tests.library.caller import Connect, customers, insert, settings, until_waiting
from tests.library.conftest import Open
from tests.library.venue import claim, done, occurrence, resource

import lastseat
from lastseat import Claim, RetryTransaction, Tenant, execute_in
from lastseat import outcomes as o


@pytest.fixture
def tenant(threads: Open, tenant_id: str) -> Tenant:
    """One face will do: what is looked at here is beside both."""
    return threads(tenant_id)


# Met by others ------------------------------------------------------------------------------------


def test_a_lock_not_had_in_time_means_again_and_the_earlier_work_is_still_there(
    tenant: Tenant, theirs: Connect, orders: str
) -> None:
    yoga = occurrence(tenant)
    holder, connection = theirs(), theirs()
    execute_in(holder, [tenant.commands.book(yoga, actor="ann")])
    insert(connection, orders, "ben")
    own = settings(connection)
    with pytest.raises(RetryTransaction, match="run the transaction again"):
        execute_in(connection, [tenant.commands.book(yoga, actor="ben")], lock_timeout="20ms")
    assert customers(connection, orders) == ["ben"]
    assert settings(connection) == own
    holder.commit()
    (booked,) = execute_in(connection, [tenant.commands.book(yoga, actor="ben")])
    assert done(booked, o.Booked).seat == 2
    connection.commit()
    assert tenant.booking_count(yoga) == 2


@pytest.mark.parametrize(
    "level", [psycopg.IsolationLevel.REPEATABLE_READ, psycopg.IsolationLevel.SERIALIZABLE]
)
@pytest.mark.parametrize("capacity", [1, 5])
def test_a_stale_snapshot_is_told_and_sells_nothing_twice(
    tenant: Tenant,
    theirs: Connect,
    level: psycopg.IsolationLevel,
    capacity: int,
) -> None:
    yoga = occurrence(tenant, capacity=capacity)
    connection = theirs()
    connection.isolation_level = level
    connection.execute("SELECT count(*) FROM lastseat.claims")
    assert tenant.book(yoga, actor="ann").ok
    with pytest.raises(RetryTransaction):
        execute_in(connection, [tenant.commands.book(yoga, actor="ben")])
    connection.rollback()
    (outcome,) = execute_in(connection, [tenant.commands.book(yoga, actor="ben")])
    assert outcome.code == ("full" if capacity == 1 else "booked")
    connection.commit()
    assert tenant.booking_count(yoga) == min(capacity, 2)


def test_a_stale_snapshot_of_a_pool_is_told_too(tenant: Tenant, theirs: Connect) -> None:
    """A pool's peak is guarded by the lock and the core alone."""
    tenant.define_pool("skis", capacity=1)
    connection = theirs()
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.execute("SELECT 1")
    assert tenant.book(claim("skis", 0, 60), actor="ann").ok
    with pytest.raises(RetryTransaction):
        execute_in(connection, [tenant.commands.book(claim("skis", 30, 90), actor="ben")])


def test_a_deadlock_means_again(tenant: Tenant, theirs: Connect, orders: str) -> None:
    yoga = occurrence(tenant)
    one, other = theirs(), theirs()
    insert(one, orders, "row")
    one.commit()
    execute_in(one, [tenant.commands.book(yoga, actor="ann")])
    other.execute(f"SELECT FROM {orders} FOR UPDATE".encode())

    def update() -> None:
        one.execute(f"UPDATE {orders} SET customer = 'ann'".encode())
        one.commit()

    waiting = threading.Thread(target=update)
    waiting.start()
    # It has looked for a deadlock once and found none; so the one who comes now finds it.
    until_waiting(one, "2 * current_setting('deadlock_timeout')::interval")
    with pytest.raises(RetryTransaction, match="deadlock"):
        execute_in(other, [tenant.commands.book(yoga, actor="ben")])
    other.rollback()
    waiting.join(20)
    assert [x.actor for x in tenant.roster(yoga)] == ["ann"]
    assert customers(one, orders) == ["ann"]


def test_two_transactions_with_one_new_customer_make_one_of_them_go_again(
    tenant: Tenant, theirs: Connect
) -> None:
    yoga = occurrence(tenant)
    talk = occurrence(tenant, "talk")
    one, other = theirs(), theirs()
    execute_in(one, [tenant.commands.book(yoga, actor="ann")])
    met: list[Exception] = []

    def book() -> None:
        try:
            execute_in(other, [tenant.commands.book(talk, actor="ann")])
        except RetryTransaction as error:
            met.append(error)

    waiting = threading.Thread(target=book)
    waiting.start()
    until_waiting(other)
    one.commit()
    waiting.join(20)
    assert len(met) == 1
    other.rollback()
    assert execute_in(other, [tenant.commands.book(talk, actor="ann")])[0].ok
    other.commit()
    assert tenant.is_booked(talk, "ann")


# Asynchronous connections -------------------------------------------------------------------------


async def _asynchronously(conninfo: str, tenant: Tenant, lane: Claim) -> None:
    make = tenant.commands
    connection = await psycopg.AsyncConnection.connect(conninfo)
    try:
        outcomes = await execute_in(
            connection,
            [
                make.book("yoga", actor="ann"),
                make.book(lane, actor="ann"),
                make.book("x", actor=""),
            ],
        )
        assert [x.code for x in outcomes] == ["booked", "booked", "invalid"]
        await connection.rollback()
        async with connection.transaction():
            assert (await execute_in(connection, [make.book("yoga", actor="ben")]))[0].ok
        await connection.commit()
        assert await execute_in(connection, []) == []
        with psycopg.connect(conninfo) as holder:
            execute_in(holder, [make.book("yoga", actor="cy")])
            with pytest.raises(RetryTransaction):
                await execute_in(connection, [make.book("yoga", actor="dee")], lock_timeout="20ms")
        await connection.rollback()
        await connection.set_autocommit(True)
        with pytest.raises(ValueError, match="autocommit"):
            await execute_in(connection, [make.book("yoga", actor="eve")])
    finally:
        await connection.close()


def test_an_asynchronous_connection_serves_too(conninfo: str, engine: lastseat.Engine) -> None:
    tenant = engine.tenant(f"asynchronous {uuid.uuid4().hex[:12]}")
    occurrence(tenant)
    lane = resource(tenant)
    asyncio.run(_asynchronously(conninfo, tenant, claim(lane, 0, 60)))
    assert [x.actor for x in tenant.roster("yoga")] == ["ben", "cy"]
    assert len(tenant.journal("lane")) == 1


def test_an_asynchronous_connection_that_breaks_says_so(
    conninfo: str, engine: lastseat.Engine, tenant_id: str
) -> None:
    occurrence(engine.tenant(tenant_id))
    book = lastseat.Commands(tenant_id).book("yoga", actor="ann")

    async def broken() -> None:
        connection = await psycopg.AsyncConnection.connect(conninfo)
        await connection.execute("SELECT 1")
        with psycopg.connect(conninfo, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [connection.info.backend_pid])
        with pytest.raises(lastseat.DatabaseUnavailable):
            await execute_in(connection, [book])
        await connection.close()

    asyncio.run(broken())
