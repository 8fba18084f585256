"""Commands in the caller's own transaction: with the caller's rows, or not at all (H3)."""

import threading

import psycopg
import pytest
from psycopg.rows import dict_row
from tests.library.caller import Connect, customers, insert, settings
from tests.library.conftest import Clocked, Open
from tests.library.venue import T0, at, claim, done, occurrence, resource

import lastseat
from lastseat import CommandFailed, Tenant, execute_in
from lastseat import outcomes as o


@pytest.fixture
def tenant(threads: Open, tenant_id: str) -> Tenant:
    """One face will do: what is looked at here is beside both."""
    return threads(tenant_id)


# Both or neither ----------------------------------------------------------------------------------


def test_the_row_and_the_seat_commit_together(tenant: Tenant, theirs: Connect, orders: str) -> None:
    yoga = occurrence(tenant)
    connection = theirs()
    insert(connection, orders, "ann")
    (booked,) = execute_in(connection, [tenant.commands.book(yoga, actor="ann")])
    assert done(booked, o.Booked).seat == 1
    assert tenant.seats_left(yoga) == 3, "nobody sees it before the commit"
    connection.commit()
    assert tenant.seat_of(yoga, "ann") == 1
    assert customers(connection, orders) == ["ann"]


def test_rolled_back_neither_is_there(tenant: Tenant, theirs: Connect, orders: str) -> None:
    yoga = occurrence(tenant)
    before = tenant.journal(yoga)
    connection = theirs()
    insert(connection, orders, "ann")
    execute_in(connection, [tenant.commands.book(yoga, actor="ann")])
    connection.rollback()
    assert tenant.journal(yoga) == before
    assert tenant.roster(yoga) == []
    assert customers(connection, orders) == []
    assert done(tenant.book(yoga, actor="ann"), o.Booked).seat == 1


def test_others_wait_for_the_seat_until_the_commit(tenant: Tenant, theirs: Connect) -> None:
    yoga = occurrence(tenant, capacity=1)
    connection = theirs()
    execute_in(connection, [tenant.commands.book(yoga, actor="ann")])
    codes: list[str] = []
    other = threading.Thread(target=lambda: codes.append(tenant.book(yoga, actor="ben").code))
    other.start()
    other.join(0.3)
    assert other.is_alive()
    connection.commit()
    other.join(20)
    assert codes == ["full"]


def test_several_commands_see_what_their_predecessors_left(tenant: Tenant, theirs: Connect) -> None:
    occurrence(tenant, capacity=1)
    make = tenant.commands
    connection = theirs()
    outcomes = execute_in(
        connection,
        [
            make.book("yoga", actor="ann"),
            make.book("yoga", actor="ben"),
            make.cancel("yoga", actor="ann"),
            make.book("yoga", actor="ben"),
            make.define_resource("lane"),
            make.book([claim("lane", 0, 60)], actor="ben"),
            make.book([claim("lane", 30, 90)], actor="cy"),
        ],
    )
    codes = ["booked", "full", "cancelled", "booked", "defined", "booked", "conflict"]
    assert [x.code for x in outcomes] == codes
    connection.commit()
    assert tenant.seat_of("yoga", "ben") == 1


def test_bad_input_has_its_place_among_the_answers(tenant: Tenant, theirs: Connect) -> None:
    occurrence(tenant)
    make = tenant.commands
    connection = theirs()
    books = [make.book("yoga", actor=x, units=units) for x, units in (("a", 0), ("b", 1), ("", 1))]
    outcomes = execute_in(connection, books)
    assert [x.code for x in outcomes] == ["invalid", "booked", "invalid"]
    assert execute_in(connection, []) == []
    assert execute_in(connection, books[:1]) == outcomes[:1]


def test_a_savepoint_of_the_callers_undoes_the_booking_alone(
    tenant: Tenant, theirs: Connect, orders: str
) -> None:
    yoga = occurrence(tenant)
    connection = theirs()
    insert(connection, orders, "ann")
    with connection.transaction(force_rollback=True):
        assert execute_in(connection, [tenant.commands.book(yoga, actor="ann")])[0].ok
    with connection.transaction():
        (again,) = execute_in(connection, [tenant.commands.book(yoga, actor="ben")])
    assert done(again, o.Booked).seat == 1
    connection.commit()
    assert [x.actor for x in tenant.roster(yoga)] == ["ben"]
    assert customers(connection, orders) == ["ann"]


def test_an_event_opens_its_occurrence_in_the_callers_transaction(
    tenant: Tenant, theirs: Connect
) -> None:
    tenant.define_event(
        "yoga", starts=["2027-03-01T18:00"], duration=60, time_zone="Europe/Paris", capacity=1
    )
    monday = "yoga@2027-03-01T18:00"
    connection = theirs()
    assert execute_in(connection, [tenant.commands.book(monday, actor="ann")])[0].ok
    connection.rollback()
    assert tenant.bookable(monday).seq == 0
    assert execute_in(connection, [tenant.commands.book(monday, actor="ann")])[0].ok
    connection.commit()
    assert tenant.seat_of(monday, "ann") == 1


def test_a_hold_that_ran_out_elsewhere_undoes_nothing_of_the_same_call(clocked: Clocked) -> None:
    """Its other heads are locked on the way, while an occurrence was just opened for the call."""
    clocked.it_is(T0)
    tenant = clocked.tenant
    show, lane = occurrence(tenant, "show", capacity=1), resource(tenant)
    tenant.define_event(
        "yoga", starts=["2027-03-02T18:00"], duration=60, time_zone="UTC", capacity=1
    )
    tenant.hold([show, claim(lane, 0, 60)], actor="ann", seconds=60)
    clocked.it_is(at(1))
    make = tenant.commands
    with psycopg.connect(clocked.stage.conninfo) as connection:
        outcomes = execute_in(
            connection,
            [
                make.define_pool("skis", capacity=2),
                make.book(claim("skis", 0, 60), actor="ben"),
                make.book("yoga@2027-03-02T18:00", actor="ben"),
                make.book(show, actor="cy"),
            ],
        )
    assert [x.code for x in outcomes] == ["defined", "booked", "booked", "booked"]
    assert tenant.seats_left(show) == 0
    assert [x.type for x in tenant.journal(lane)] == ["defined", "booked", "expired"]


def test_a_key_is_answered_across_both_ways(tenant: Tenant, theirs: Connect) -> None:
    yoga = occurrence(tenant)
    booked = tenant.book(yoga, actor="ann", key="tap")
    connection = theirs()
    again = execute_in(connection, [tenant.commands.book(yoga, actor="ann", key="tap")])
    assert again == [booked]


def test_the_callers_row_factory_and_isolation_are_no_matter(tenant: Tenant, conninfo: str) -> None:
    yoga = occurrence(tenant)
    for actor, level in enumerate(psycopg.IsolationLevel):
        with psycopg.connect(conninfo, row_factory=dict_row) as connection:
            connection.isolation_level = level
            commands = [tenant.commands.book(yoga, actor=f"a{actor}")]
            expected = ["booked" if actor < 3 else "full"]
            assert [x.code for x in execute_in(connection, commands)] == expected


# Refused, with a reason ---------------------------------------------------------------------------


def test_autocommit_is_refused(tenant: Tenant, conninfo: str) -> None:
    yoga = occurrence(tenant)
    book = tenant.commands.book(yoga, actor="ann")
    with psycopg.connect(conninfo, autocommit=True) as connection:
        with pytest.raises(ValueError, match="autocommit mode: open a transaction first"):
            execute_in(connection, [book])
        with connection.transaction():
            assert execute_in(connection, [book])[0].ok
    assert tenant.booking_count(yoga) == 1


def test_two_tenants_in_one_call_are_refused(tenant: Tenant, theirs: Connect) -> None:
    other = lastseat.Commands("another tenant").cancel("yoga", actor="ann")
    with pytest.raises(ValueError, match="one tenant"):
        execute_in(theirs(), [tenant.commands.cancel("yoga", actor="ann"), other])


def test_what_is_no_connection_of_psycopg_is_refused(tenant: Tenant) -> None:
    with pytest.raises(TypeError, match="psycopg"):
        execute_in(object(), [tenant.commands.cancel("yoga", actor="ann")])  # type: ignore[call-overload]


def test_a_transaction_that_failed_before_says_so(tenant: Tenant, theirs: Connect) -> None:
    connection = theirs()
    with pytest.raises(psycopg.errors.DivisionByZero):
        connection.execute("SELECT 1 / 0")
    with pytest.raises(CommandFailed, match="aborted"):
        execute_in(connection, [tenant.commands.cancel("yoga", actor="ann")])


# What is the caller's stays the caller's ----------------------------------------------------------


def test_settings_are_as_before_whatever_it_came_to(tenant: Tenant, theirs: Connect) -> None:
    yoga = occurrence(tenant, capacity=1)
    connection = theirs()
    own = settings(connection)
    for actor in ("ann", "ben"):
        execute_in(connection, [tenant.commands.book(yoga, actor=actor)])
        assert settings(connection) == own
    connection.execute("SET LOCAL lock_timeout = '7s'; SET LOCAL enable_seqscan = off")
    own = settings(connection)
    execute_in(connection, [tenant.commands.cancel(yoga, actor="ann")])
    assert settings(connection) == own
    with pytest.raises(CommandFailed):
        execute_in(connection, [tenant.commands.cancel(yoga, actor="x")], lock_timeout="soon")
    assert settings(connection) == own


def test_the_callers_deferred_constraints_stay_deferred(
    tenant: Tenant, theirs: Connect, orders: str
) -> None:
    lane = resource(tenant)
    connection = theirs()
    connection.execute(
        f"ALTER TABLE {orders} ADD CONSTRAINT {orders}_once"
        " UNIQUE (customer) DEFERRABLE INITIALLY DEFERRED".encode()
    )
    connection.commit()
    insert(connection, orders, "ann")
    insert(connection, orders, "ann")
    assert execute_in(connection, [tenant.commands.book(claim(lane, 0, 60), actor="ann")])[0].ok
    connection.execute(f"UPDATE {orders} SET customer = 'ben' WHERE ctid = '(0,2)'".encode())
    connection.commit()
    assert sorted(customers(connection, orders)) == ["ann", "ben"]


def test_two_calls_in_one_transaction_may_swap_an_exclusive_time(
    tenant: Tenant, theirs: Connect
) -> None:
    lane = resource(tenant)
    make = tenant.commands
    first = make.book(claim(lane, 0, 60), actor="ann")
    connection = theirs()
    for commands in ([first], [make.cancel(first.booking_id)]):
        assert execute_in(connection, commands)[0].ok
    assert execute_in(connection, [make.book(claim(lane, 0, 60), actor="ben")])[0].ok
    connection.commit()
    assert tenant.book(claim(lane, 0, 60), actor="cy").code == "conflict"
