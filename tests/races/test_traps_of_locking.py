"""The traps around locks, each twice: naive SQL that falls into it, and the engine, which does not.

The interleavings are made by hand, statement by statement on two connections, so that each comes
out the same every time.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from tests.races import audit
from tests.races.moments import LATER, NOON, until
from tests.races.sabotage import claim_before_freeing, count_in_the_lock, without_for_share
from tests.races.strangers import an_engine_waits, waiting
from tests.races.yoga import YOGA, define_yoga

import lastseat
from lastseat import Claim, outcomes
from lastseat.ledger.sql import QUERIES

Connection = psycopg.Connection[tuple[int]]


@pytest.fixture
def pair(conninfo: str) -> Iterator[tuple[Connection, Connection]]:
    """Two connections to a table of seats of their own: `head` with 1 row, `seats` with none."""
    with psycopg.connect(conninfo) as first, psycopg.connect(conninfo) as second:
        first.execute("CREATE TABLE naive_heads (id integer PRIMARY KEY, capacity integer)")
        first.execute("CREATE TABLE naive_seats (head integer, at timestamptz)")
        first.execute("INSERT INTO naive_heads VALUES (1, 1)")
        first.commit()
        yield first, second
        second.rollback()
        first.rollback()
        first.execute("DROP TABLE naive_heads, naive_seats")


def value(connection: Connection, query: str) -> int:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def blocked(
    conninfo: str, pool: ThreadPoolExecutor, connection: Connection, query: str
) -> Callable[[], int]:
    """Start the query and wait until it waits for a lock; gives what it comes to."""
    future = pool.submit(value, connection, query)
    until(lambda: waiting(conninfo, connection.info.backend_pid))
    return future.result


COUNT_WITH_THE_LOCK = """
    SELECT (SELECT count(*) FROM naive_seats WHERE head = h.id) FROM naive_heads h
    WHERE id = 1 FOR UPDATE"""
COUNT = "SELECT count(*) FROM naive_seats WHERE head = 1"
LOCK = "SELECT id FROM naive_heads WHERE id = 1 FOR UPDATE"


def test_naively_a_count_in_the_locking_statement_is_older_than_the_lock(
    conninfo: str, pair: tuple[Connection, Connection]
) -> None:
    first, second = pair
    with ThreadPoolExecutor(1) as pool:
        assert value(first, COUNT_WITH_THE_LOCK) == 0
        result = blocked(conninfo, pool, second, COUNT_WITH_THE_LOCK)
        first.execute("UPDATE naive_heads SET capacity = capacity WHERE id = 1")
        first.execute("INSERT INTO naive_seats VALUES (1, now())")
        first.commit()
        assert result() == 0, "it sees the lock's row as it is, and the seats as they were"
    assert value(second, COUNT) == 1, "a later statement sees them"


def race_in_callers_transactions(conninfo: str, tenant_id: str) -> list[lastseat.AnyOutcome]:
    """Two callers' transactions book the last seat; the second waits for the first's lock."""
    with lastseat.open(conninfo, migrate=False) as engine:
        tenant = engine.tenant(tenant_id)
        assert tenant.define_occurrence("gala", start=NOON, end=LATER, capacity=1).ok
        ann, bob = (tenant.commands.book("gala", actor=actor) for actor in ("ann", "bob"))
    with (
        psycopg.connect(conninfo) as first,
        psycopg.connect(conninfo) as second,
        ThreadPoolExecutor(1) as pool,
    ):
        won = lastseat.execute_in(first, [ann])
        future = pool.submit(lastseat.execute_in, second, [bob])
        until(lambda: waiting(conninfo, second.info.backend_pid))
        first.commit()
        return won + future.result()


def test_the_engine_counts_after_it_has_the_lock(conninfo: str, tenant_id: str) -> None:
    won, lost = race_in_callers_transactions(conninfo, tenant_id)
    assert isinstance(won, outcomes.Booked)
    assert isinstance(lost, outcomes.Full)
    assert audit.findings(conninfo, tenant_id) == []


def test_control_counting_in_the_lock_the_engine_oversells(
    conninfo: str, tenant_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    count_in_the_lock(monkeypatch)
    won, lost = race_in_callers_transactions(conninfo, tenant_id)
    assert isinstance(won, outcomes.Booked)
    assert isinstance(lost, outcomes.Booked)
    assert audit.oversold(conninfo, tenant_id) == 1


def test_naively_now_is_stale_by_the_whole_wait_for_a_lock(
    conninfo: str, pair: tuple[Connection, Connection]
) -> None:
    first, second = pair
    with ThreadPoolExecutor(1) as pool:
        value(first, LOCK)
        result = blocked(conninfo, pool, second, LOCK)
        first.execute("INSERT INTO naive_seats VALUES (1, clock_timestamp())")
        first.commit()
        result()
    earlier = "SELECT count(*) FROM naive_seats WHERE at > {}"
    assert value(second, earlier.format("now()")) == 1, "what is past seems to come"
    assert value(second, earlier.format("clock_timestamp()")) == 0


def book_after_a_hold_ran_out_during_the_wait(conninfo: str, tenant_id: str) -> object:
    """Somebody holds the last seat for a second; we begin before that, and get the lock after."""
    with lastseat.open(conninfo, migrate=False) as engine:
        tenant = engine.tenant(tenant_id)
        assert tenant.define_occurrence("gala", start=NOON, end=LATER, capacity=1).ok
        with (
            psycopg.connect(conninfo) as stranger,
            psycopg.connect(conninfo) as ours,
            ThreadPoolExecutor(1) as pool,
        ):
            held = tenant.hold("gala", actor="ann", seconds=1)
            assert isinstance(held, outcomes.Held)
            lock = "SELECT 1 FROM lastseat.heads WHERE tenant_id = %s FOR UPDATE"
            stranger.execute(lock, [tenant_id])
            ours.execute("SELECT now()")
            command = tenant.commands.book("gala", actor="bob")
            future = pool.submit(lastseat.execute_in, ours, [command])
            until(lambda: waiting(conninfo, ours.info.backend_pid))
            until(lambda: time.time() > held.expires_at.timestamp() + 0.01)
            stranger.rollback()
            return future.result()[0]


def test_the_engine_takes_the_time_after_the_locks(conninfo: str, tenant_id: str) -> None:
    booked = book_after_a_hold_ran_out_during_the_wait(conninfo, tenant_id)
    assert isinstance(booked, outcomes.Booked)


def test_control_with_now_for_a_clock_a_hold_outlives_its_time(
    database: Callable[[], str], tenant_id: str
) -> None:
    conninfo = database()
    with psycopg.connect(conninfo) as connection:
        connection.execute(
            "CREATE OR REPLACE FUNCTION lastseat.clock() RETURNS timestamptz"
            " LANGUAGE sql AS 'SELECT now()'"
        )
    refused = book_after_a_hold_ran_out_during_the_wait(conninfo, tenant_id)
    assert isinstance(refused, outcomes.Full)


def test_naively_for_update_on_a_missing_row_locks_nothing(
    pair: tuple[Connection, Connection],
) -> None:
    for connection in pair:
        # The second would wait for ever if the first had locked anything.
        connection.execute("SET LOCAL lock_timeout = '1s'")
        rows = connection.execute("SELECT id FROM naive_heads WHERE id = 2 FOR UPDATE").fetchall()
        assert rows == []
        assert value(connection, "SELECT count(*) FROM naive_seats WHERE head = 2") == 0
        connection.execute("INSERT INTO naive_seats VALUES (2, now())")
    for connection in pair:
        connection.commit()
    assert value(pair[0], "SELECT count(*) FROM naive_seats WHERE head = 2") == 2


def first_bookings(conninfo: str, tenant_id: str) -> list[lastseat.AnyOutcome]:
    """Two first bookings of an event's occurrence that nobody has opened; the second waits."""
    with lastseat.open(conninfo, migrate=False) as engine:
        tenant = engine.tenant(tenant_id)
        define_yoga(tenant, capacity=1)
        ann, bob = (tenant.commands.book(YOGA, actor=actor) for actor in ("ann", "bob"))
    with (
        psycopg.connect(conninfo) as first,
        psycopg.connect(conninfo) as second,
        ThreadPoolExecutor(1) as pool,
    ):
        won = lastseat.execute_in(first, [ann])
        future = pool.submit(lastseat.execute_in, second, [bob])
        until(lambda: waiting(conninfo, second.info.backend_pid))
        first.commit()
        return won + future.result()


def test_two_first_bookings_of_an_occurrence_meet(conninfo: str, tenant_id: str) -> None:
    won, lost = first_bookings(conninfo, tenant_id)
    assert isinstance(won, outcomes.Booked)
    assert isinstance(lost, outcomes.Full)
    assert audit.findings(conninfo, tenant_id) == []


def edit_during_the_first_booking(conninfo: str, tenant_id: str) -> tuple[int, bool]:
    """While a first booking opens an occurrence the event grows from 1 to 5 seats.

    Gives the occurrence's capacity once both have committed, and whether the edit had to wait.
    """
    with (
        lastseat.open(conninfo, migrate=False) as engine,
        psycopg.connect(conninfo) as booking,
        psycopg.connect(conninfo) as editing,
        ThreadPoolExecutor(1) as pool,
    ):
        tenant = engine.tenant(tenant_id)
        define_yoga(tenant, capacity=1)
        booked = lastseat.execute_in(booking, [tenant.commands.book(YOGA, actor="ann")])
        assert booked[0].ok
        edit = tenant.commands.change_capacity("yoga", 5)
        future = pool.submit(lastseat.execute_in, editing, [edit])
        until(lambda: future.done() or waiting(conninfo, editing.info.backend_pid))
        waited = not future.done()
        booking.commit()
        assert isinstance(future.result()[0], outcomes.CapacityChanged)
        editing.commit()
        return tenant.bookable(YOGA).capacity, waited


def test_an_edit_of_an_event_waits_for_the_occurrence_being_opened(
    conninfo: str, tenant_id: str
) -> None:
    assert edit_during_the_first_booking(conninfo, tenant_id) == (5, True)


def test_control_without_for_share_the_occurrence_keeps_the_old_capacity(
    conninfo: str, tenant_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_for_share(monkeypatch)
    assert edit_during_the_first_booking(conninfo, tenant_id) == (1, False)


def open_during_an_edit(conninfo: str, tenant_id: str) -> int:
    """The other way round: an occurrence is opened while an edit from 1 to 5 seats goes on."""
    with (
        lastseat.open(conninfo, migrate=False) as engine,
        psycopg.connect(conninfo) as editing,
        ThreadPoolExecutor(1) as pool,
    ):
        tenant = engine.tenant(tenant_id)
        define_yoga(tenant, capacity=1)
        edit = tenant.commands.change_capacity("yoga", 5)
        assert lastseat.execute_in(editing, [edit])[0].ok
        future = pool.submit(tenant.book, YOGA, actor="ann")
        until(lambda: future.done() or an_engine_waits(conninfo))
        editing.commit()
        assert future.result().ok
        return tenant.bookable(YOGA).capacity


def test_an_occurrence_being_opened_waits_for_the_edit_of_its_event(
    conninfo: str, tenant_id: str
) -> None:
    assert open_during_an_edit(conninfo, tenant_id) == 5


def test_control_without_for_share_it_opens_with_the_old_capacity(
    conninfo: str, tenant_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_for_share(monkeypatch)
    assert open_during_an_edit(conninfo, tenant_id) == 1


def swap_lanes(conninfo: str, tenant_id: str) -> lastseat.AnyOutcome:
    with lastseat.open(conninfo, migrate=False) as engine:
        tenant = engine.tenant(tenant_id)
        lanes = [Claim(bookable=lane, start=NOON, end=LATER) for lane in ("lane-1", "lane-2")]
        ids = []
        for i, lane in enumerate(lanes):
            assert tenant.define_resource(lane.bookable).ok
            booked = tenant.book(lane, actor=f"a{i}")
            assert isinstance(booked, outcomes.Booked)
            ids.append(booked.booking_id)
        return tenant.move_together({ids[0]: lanes[1], ids[1]: lanes[0]})


def test_two_bookings_change_places_in_one_statement(
    conninfo: str, tenant_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(swap_lanes(conninfo, tenant_id), outcomes.Moved)
    claim_before_freeing(monkeypatch)
    assert isinstance(swap_lanes(conninfo, f"{tenant_id}-turned"), outcomes.Moved)
    assert audit.findings(conninfo, tenant_id) == []
    assert audit.findings(conninfo, f"{tenant_id}-turned") == []


def test_control_an_exclusion_checked_at_once_refuses_the_swap(
    database: Callable[[], str], tenant_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    conninfo = database()
    with psycopg.connect(conninfo) as connection:
        connection.execute("ALTER TABLE lastseat.claims DROP CONSTRAINT claims_exclusive")
        connection.execute(
            "ALTER TABLE lastseat.claims ADD CONSTRAINT claims_exclusive EXCLUDE USING gist"
            " (tenant_id WITH =, bookable_id WITH =, blocked WITH &&)"
            " WHERE (live AND exclusive AND NOT override)"
        )
    claim_before_freeing(monkeypatch)
    monkeypatch.setitem(QUERIES, "check_exclusive", "SELECT 1")
    with pytest.raises(lastseat.CommandFailed, match="claims_exclusive"):
        swap_lanes(conninfo, tenant_id)


def test_naively_freeing_and_claiming_in_one_statement_fails(conninfo: str) -> None:
    with psycopg.connect(conninfo) as connection:
        connection.execute(
            "CREATE TEMP TABLE lanes (lane integer, during tstzrange, live boolean DEFAULT true,"
            " EXCLUDE USING gist (lane WITH =, during WITH &&) WHERE (live))"
        )
        connection.execute("INSERT INTO lanes VALUES (1, '[2031-01-01, 2031-01-02)')")
        with pytest.raises(psycopg.errors.ExclusionViolation):
            connection.execute(
                "WITH freed AS (UPDATE lanes SET live = false)"
                " INSERT INTO lanes VALUES (1, '[2031-01-01, 2031-01-02)')"
            )
