"""What a caller's own transaction may have seen too early, and in which order streams are told.

REPEATABLE READ is safe because every change bumps its stream's head, so the lock tells a stale
snapshot. And transaction ids are no order: they are given at the first lock, before the wait.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg import IsolationLevel
from tests.races import audit
from tests.races.moments import LATER, NOON, until
from tests.races.sabotage import Sabotage, switched_off, without_the_bump
from tests.races.strangers import waiting
from tests.races.yoga import YOGA, define_yoga

import lastseat
from lastseat import Claim, outcomes

STALE = [IsolationLevel.REPEATABLE_READ, IsolationLevel.SERIALIZABLE]


def skis(tenant: lastseat.Tenant) -> None:
    assert tenant.define_pool("skis", capacity=1).ok


def gala(tenant: lastseat.Tenant) -> None:
    assert tenant.define_occurrence("gala", start=NOON, end=LATER, capacity=1).ok


def yoga(tenant: lastseat.Tenant) -> None:
    define_yoga(tenant, capacity=1)


SKIS = Claim(bookable="skis", start=NOON, end=LATER)
DEFINITIONS: dict[str | Claim, Callable[[lastseat.Tenant], None]] = {
    SKIS: skis,
    "gala": gala,
    YOGA: yoga,
}


def book_on_a_stale_snapshot(
    conninfo: str,
    tenant_id: str,
    what: str | Claim,
    level: IsolationLevel,
    sabotage: Sabotage | None = None,
) -> lastseat.AnyOutcome:
    """The caller's transaction looks; somebody else books the last one; the caller books."""
    with (
        lastseat.open(conninfo, migrate=False) as engine,
        psycopg.connect(conninfo) as caller,
    ):
        tenant = engine.tenant(tenant_id)
        DEFINITIONS[what](tenant)
        caller.isolation_level = level
        caller.execute("SELECT count(*) FROM lastseat.claims")
        with switched_off(sabotage):
            assert tenant.book(what, actor="ann").ok
            return lastseat.execute_in(caller, [tenant.commands.book(what, actor="bob")])[0]


@pytest.mark.parametrize("level", STALE)
@pytest.mark.parametrize("what", DEFINITIONS, ids=lambda what: getattr(what, "bookable", what))
def test_a_stale_snapshot_is_told_to_go_again(
    conninfo: str, tenant_id: str, what: str | Claim, level: IsolationLevel
) -> None:
    with pytest.raises(lastseat.RetryTransaction):
        book_on_a_stale_snapshot(conninfo, tenant_id, what, level)
    assert audit.findings(conninfo, tenant_id) == []


def test_read_committed_sees_the_truth(conninfo: str, tenant_id: str) -> None:
    level = IsolationLevel.READ_COMMITTED
    assert isinstance(book_on_a_stale_snapshot(conninfo, tenant_id, SKIS, level), outcomes.Full)


@pytest.mark.parametrize(
    ("level", "outcome"),
    [
        (IsolationLevel.READ_COMMITTED, outcomes.Full),
        (IsolationLevel.REPEATABLE_READ, outcomes.Booked),
    ],
)
def test_control_without_the_bump_a_stale_snapshot_oversells(
    beltless: str,
    tenant_id: str,
    level: IsolationLevel,
    outcome: type[lastseat.AnyOutcome],
) -> None:
    # Only the snapshot makes the difference: what reads afresh is right without the bump, too.
    booked = book_on_a_stale_snapshot(beltless, tenant_id, SKIS, level, without_the_bump)
    assert isinstance(booked, outcome)


@pytest.mark.parametrize("what", ["gala", SKIS], ids=["the same request", "another request"])
def test_a_key_used_meanwhile_is_told_to_go_again(
    conninfo: str, tenant_id: str, what: str | Claim
) -> None:
    with (
        lastseat.open(conninfo, migrate=False) as engine,
        psycopg.connect(conninfo) as caller,
    ):
        tenant = engine.tenant(tenant_id)
        gala(tenant)
        skis(tenant)
        caller.isolation_level = IsolationLevel.REPEATABLE_READ
        caller.execute("SELECT count(*) FROM lastseat.keys")
        booked = tenant.book("gala", actor="ann", key="once")
        command = tenant.commands.book(what, actor="ann", key="once")
        with pytest.raises(lastseat.RetryTransaction):
            lastseat.execute_in(caller, [command])
        caller.rollback()
        outcome = lastseat.execute_in(caller, [command])[0]
    assert outcome == booked if what == "gala" else isinstance(outcome, outcomes.KeyReused)


def test_transaction_ids_can_reverse_a_stream_and_ordinals_can_not(
    conninfo: str, tenant_id: str
) -> None:
    with (
        lastseat.open(conninfo, migrate=False) as engine,
        psycopg.connect(conninfo) as early,
        psycopg.connect(conninfo) as late,
        ThreadPoolExecutor(1) as pool,
    ):
        tenant = engine.tenant(tenant_id)
        assert tenant.define_occurrence("gala", start=NOON, end=LATER, capacity=9).ok
        # The early one gets its id first, by any write of the caller's, and its lock last.
        early.execute("SELECT pg_current_xact_id()")
        lastseat.execute_in(late, [tenant.commands.book("gala", actor="ann")])
        command = tenant.commands.book("gala", actor="bob")
        future = pool.submit(lastseat.execute_in, early, [command])
        until(lambda: waiting(conninfo, early.info.backend_pid))
        late.commit()
        assert future.result()[0].ok
        early.commit()
    with psycopg.connect(conninfo) as connection:

        def stream_by(column: str) -> list[int]:
            query = f"""
                SELECT seq FROM lastseat.journal
                WHERE tenant_id = %s AND stream_id = 'gala' ORDER BY {column}"""
            return [seq for (seq,) in connection.execute(query.encode(), [tenant_id])]

        assert stream_by("ordinal") == [1, 2, 3]
        assert stream_by("tx, seq") == [1, 3, 2]
