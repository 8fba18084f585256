"""The examples of the documentation, run as they stand: an order and its seat, both or neither."""

import importlib.util
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg
import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

import lastseat

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
ORDERED = {
    "plain_psycopg.py": ["booked", "booked", "full"],
    "sqlalchemy_orders.py": ["booked", "conflict", "booked"],
    "django_orders.py": ["held", "held", "full"],
}


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name.removesuffix(".py"), EXAMPLES / name)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows(conninfo: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(conninfo) as connection:
        return connection.execute(query.encode()).fetchall()


def seats_and_orders(conninfo: str, table: str = "orders") -> tuple[set[str], set[str]]:
    """The bookings that are live, and those that orders are of."""
    live = rows(conninfo, "SELECT DISTINCT booking_id::text FROM lastseat.claims WHERE live")
    orders = rows(conninfo, f"SELECT booking_id::text FROM {table}")
    return {x for (x,) in live}, {x for (x,) in orders}


def test_these_are_all_the_examples() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(ORDERED)


@pytest.mark.parametrize("name", sorted(ORDERED))
def test_an_example_does_what_its_docstring_says(database: Callable[[], str], name: str) -> None:
    conninfo = database()
    command = [sys.executable, "-W", "error", str(EXAMPLES / name), conninfo]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.split() == ORDERED[name]
    live, ordered = seats_and_orders(conninfo, "shop_order" if "django" in name else "orders")
    assert live == ordered
    assert len(live) == 2


def test_rolled_back_with_psycopg_neither_is_there(database: Callable[[], str]) -> None:
    conninfo = database()
    example = load("plain_psycopg.py")
    assert example.main(conninfo) == ["booked", "booked", "full"]
    with lastseat.open(conninfo) as engine:
        theatre = engine.tenant("theatre")
        assert theatre.cancel(example.SHOW, actor="ann").ok
        before = theatre.journal(example.SHOW)
        with psycopg.connect(conninfo) as connection:
            assert example.order_in(connection, "cy").code == "booked"
            assert connection.execute("SELECT count(*) FROM orders").fetchone() == (3,)
            connection.rollback()
        assert theatre.journal(example.SHOW) == before
        assert theatre.seats_left(example.SHOW) == 1
    assert rows(conninfo, "SELECT customer FROM orders ORDER BY id") == [("ann",), ("ben",)]


def test_the_loop_goes_again_when_the_transaction_met_another(
    database: Callable[[], str],
) -> None:
    """Eight times the same new customer at once: one order, and nobody sees an error."""
    conninfo = database()
    example = load("plain_psycopg.py")
    example.main(conninfo)
    with lastseat.open(conninfo) as engine:
        engine.tenant("theatre").change_capacity("show", 50)
    codes: list[str] = []
    at_once = threading.Barrier(8)

    def buy(round_: int) -> None:
        at_once.wait()
        codes.append(example.order(conninfo, f"customer {round_}").code)

    for round_ in range(5):
        threads = [threading.Thread(target=buy, args=[round_]) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(codes) == ["already"] * 35 + ["booked"] * 5
    live, ordered = seats_and_orders(conninfo)
    assert live == ordered
    assert len(ordered) == 7


def test_rolled_back_with_sqlalchemy_neither_is_there(database: Callable[[], str]) -> None:
    conninfo = database()
    example = load("sqlalchemy_orders.py")
    example.main(conninfo)
    before = seats_and_orders(conninfo)
    shop = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(conninfo))
    later = example.evening("lane 1")
    with Session(shop) as session:
        assert example.order_in(session, "dee", later).code == "conflict"
        session.rollback()
        with lastseat.open(conninfo) as engine:
            engine.tenant("bowling").define_resource("lane 4")
        fresh = example.evening("lane 4")
        assert example.order_in(session, "dee", fresh).code == "booked"
        session.flush()
        session.rollback()
    shop.dispose()
    assert seats_and_orders(conninfo) == before


DJANGO = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("django_orders", sys.argv[1])
example = importlib.util.module_from_spec(spec)
spec.loader.exec_module(example)
assert example.main(sys.argv[2]) == ["held", "held", "full"]

from django.db import transaction
import lastseat

with lastseat.open(sys.argv[2]) as engine:
    theatre = engine.tenant("theatre")
    assert theatre.release(example.SHOW, actor="ann").ok
    before = theatre.journal(example.SHOW)

    class Declined(Exception): ...

    try:
        with transaction.atomic():
            assert example.order_in("cy").code == "held"
            raise Declined
    except Declined:
        pass
    assert theatre.journal(example.SHOW) == before
    assert not example.Order.objects.filter(customer="cy").exists()

    # A savepoint of Django's own: the inner block alone is undone.
    with transaction.atomic():
        example.Order.objects.filter(customer="ann").delete()
        try:
            with transaction.atomic():
                assert example.order_in("cy").code == "held"
                raise Declined
        except Declined:
            pass
        assert example.order_in("dee").code == "held"
    assert {x.actor for x in theatre.roster(example.SHOW)} == {"ben", "dee"}
    assert {x.customer for x in example.Order.objects.all()} == {"ben", "dee"}

    # Outside a transaction Django's connection commits by itself: refused, not half done.
    try:
        example.order_in("eve")
    except ValueError as error:
        assert "autocommit" in str(error)
    else:
        raise AssertionError("it was not refused")
"""


def test_rolled_back_with_django_neither_is_there(database: Callable[[], str]) -> None:
    command = [sys.executable, "-W", "error", "-c", DJANGO]
    arguments = [str(EXAMPLES / "django_orders.py"), database()]
    ran = subprocess.run(
        [*command, *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
