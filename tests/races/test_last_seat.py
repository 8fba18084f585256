"""However many threads, engines and processes book: exactly the capacity is sold, no seat twice.

Each race has its control: the same without the lock, in a database without the belt, sells seats
twice. (With the belt on, a second writer of one sequence is stopped by the journal's key.)
"""

import contextlib
import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from tests.races import audit
from tests.races.bookers import Told, book_parties, told
from tests.races.crowd import Crowd
from tests.races.moments import LATER, NOON
from tests.races.sabotage import Sabotage, count_in_the_lock, switched_off, without_locks

import lastseat


def define(conninfo: str, tenant_id: str, occurrence: str, capacity: int) -> None:
    with lastseat.open(conninfo, migrate=False) as engine:
        outcome = engine.tenant(tenant_id).define_occurrence(
            occurrence, start=NOON, end=LATER, capacity=capacity
        )
        assert outcome.ok


def sold(answers: list[Told]) -> int:
    return sum(units for code, units in answers if code == "booked")


def storm(
    crowd: Crowd,
    conninfo: str,
    tenant_id: str,
    *,
    processes: int,
    bookers: int,
    capacity: int,
    sizes: tuple[int, ...] = (1,),
    sabotage: Sabotage | None = None,
) -> list[Told]:
    """Many processes of many bookers each, on one occurrence: what they were told."""
    chance = random.Random(tenant_id)
    define(conninfo, tenant_id, "gala", capacity)
    parties = [[chance.choice(sizes) for _ in range(bookers)] for _ in range(processes)]
    answers = crowd.run(
        book_parties,
        [(conninfo, tenant_id, "gala", f"p{i}", parties[i], sabotage) for i in range(processes)],
    )
    return [answer for of_one in answers for answer in of_one]


def assert_sold_out(conninfo: str, tenant_id: str, answers: list[Told], capacity: int) -> None:
    """The capacity and not a seat more, by what callers were told and by what the tables say."""
    assert {code for code, _ in answers} == {"booked", "full"}
    assert sold(answers) == capacity
    assert audit.units(conninfo, tenant_id, "gala") == capacity
    assert audit.oversold(conninfo, tenant_id) == 0
    assert audit.findings(conninfo, tenant_id) == []
    with lastseat.open(conninfo, migrate=False) as engine:
        tenant = engine.tenant(tenant_id)
        roster = tenant.roster("gala")
        assert tenant.seats_left("gala") == 0
    assert len(roster) == sum(code == "booked" for code, _ in answers)
    seat = 1
    for place in roster:
        assert place.seat == seat
        seat += place.units
    assert seat == capacity + 1


def test_processes_sell_parties_up_to_the_last_seat(
    crowd: Crowd, conninfo: str, tenant_id: str
) -> None:
    answers = storm(
        crowd, conninfo, tenant_id, processes=6, bookers=40, capacity=30, sizes=(1, 1, 2, 3)
    )
    assert_sold_out(conninfo, tenant_id, answers, 30)


def test_without_locks_the_journals_key_still_lets_no_seat_be_sold_twice(
    crowd: Crowd, conninfo: str, tenant_id: str
) -> None:
    answers = storm(
        crowd,
        conninfo,
        tenant_id,
        processes=6,
        bookers=40,
        capacity=60,
        sabotage=without_locks,
    )
    assert audit.oversold(conninfo, tenant_id) == 0
    assert audit.findings(conninfo, tenant_id) == []
    assert sold(answers) == audit.units(conninfo, tenant_id, "gala")


@pytest.mark.parametrize("sabotage", [without_locks, count_in_the_lock])
def test_control_without_the_lock_and_the_belt_seats_are_sold_twice(
    crowd: Crowd, beltless: str, tenant_id: str, sabotage: Sabotage
) -> None:
    for attempt in range(5):
        tenant = f"{tenant_id}-{attempt}"
        storm(crowd, beltless, tenant, processes=6, bookers=40, capacity=60, sabotage=sabotage)
        if audit.oversold(beltless, tenant):
            return
    pytest.fail("nothing was oversold in five races")


def test_many_processes_and_a_thousand_bookers_fill_a_hall(
    crowd: Crowd, conninfo: str, tenant_id: str
) -> None:
    answers = storm(crowd, conninfo, tenant_id, processes=8, bookers=150, capacity=100)
    assert Counter(code for code, _ in answers) == {"booked": 100, "full": 1100}
    assert_sold_out(conninfo, tenant_id, answers, 100)


def test_control_counting_and_then_inserting_oversells_the_hall(conninfo: str) -> None:
    capacity, bookers = 20, 8

    def book(connection: psycopg.Connection[tuple[int]]) -> None:
        for _ in range(capacity):
            with connection.transaction():
                taken = connection.execute("SELECT count(*) FROM naive").fetchone()
                assert taken is not None
                if taken[0] < capacity:
                    connection.execute("INSERT INTO naive VALUES (1)")

    with contextlib.ExitStack() as stack:
        first, *_ = connections = [
            stack.enter_context(psycopg.connect(conninfo, autocommit=True)) for _ in range(bookers)
        ]
        first.execute("CREATE TABLE naive (seat integer)")
        stack.callback(first.execute, "DROP TABLE naive")
        for _ in range(20):
            with ThreadPoolExecutor(bookers) as pool:
                list(pool.map(book, connections))
            rows = first.execute("SELECT count(*) FROM naive").fetchone()
            assert rows is not None
            if rows[0] > capacity:
                return
            first.execute("TRUNCATE naive")
    pytest.fail("nothing was oversold in twenty races")


def in_threads(
    engines: list[lastseat.Engine], tenant_id: str, occurrence: str, bookers: int
) -> list[Told]:
    """`bookers` threads, each with its own actor, on the engines in turn."""
    start = threading.Barrier(bookers)

    def book(i: int) -> Told:
        tenant = engines[i % len(engines)].tenant(tenant_id)
        start.wait()
        try:
            return told(tenant.book(occurrence, actor=f"{occurrence}-{i}"))
        except lastseat.LastseatError as error:
            return f"raised {type(error).__name__}", 0

    with ThreadPoolExecutor(bookers) as pool:
        return list(pool.map(book, range(bookers)))


@pytest.mark.parametrize("engines", [1, 3])
def test_threads_never_sell_the_last_seat_twice(
    conninfo: str, tenant_id: str, engines: int
) -> None:
    with contextlib.ExitStack() as stack:
        opened = [
            stack.enter_context(lastseat.open(conninfo, migrate=False)) for _ in range(engines)
        ]
        tenant = opened[0].tenant(tenant_id)
        for i in range(30):
            assert tenant.define_occurrence(f"o{i}", start=NOON, end=LATER, capacity=1).ok
            answers = Counter(code for code, _ in in_threads(opened, tenant_id, f"o{i}", 50))
            assert answers == {"booked": 1, "full": 49}
            assert tenant.booking_count(f"o{i}") == 1
    assert audit.oversold(conninfo, tenant_id) == 0
    assert audit.findings(conninfo, tenant_id) == []


def test_control_threads_on_engines_without_locks_sell_it_twice(
    beltless: str, tenant_id: str
) -> None:
    deadline = time.monotonic() + 20
    with switched_off(without_locks), contextlib.ExitStack() as stack:
        opened = [stack.enter_context(lastseat.open(beltless, migrate=False)) for _ in range(3)]
        tenant = opened[0].tenant(tenant_id)
        i = 0
        while not audit.oversold(beltless, tenant_id):
            assert time.monotonic() < deadline, "nothing was oversold"
            assert tenant.define_occurrence(f"o{i}", start=NOON, end=LATER, capacity=1).ok
            in_threads(opened, tenant_id, f"o{i}", 50)
            i += 1
