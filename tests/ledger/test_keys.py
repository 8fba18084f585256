"""Idempotency keys: the answer is kept with its effect, in one transaction (C6)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from tests.ledger.story import at, did, turn_clock

import lastseat
from lastseat import Claim
from lastseat.core import outcomes as o
from lastseat.core.outcomes import Code
from lastseat.engine.requests import Answer

Row = tuple[str, str | None, datetime, datetime | None]


@pytest.fixture
def shop(tenant: lastseat.Tenant) -> lastseat.Tenant:
    """A tenant with an occurrence of three places and a lane."""
    did(tenant.define_occurrence("yoga", start=at(0), end=at(60), capacity=3), Code.DEFINED)
    did(tenant.define_resource("lane"), Code.DEFINED)
    return tenant


@pytest.fixture
def rows(conninfo: str, tenant_id: str) -> Iterator["Kept"]:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        yield Kept(connection, tenant_id)


class Kept:
    """What the ledger keeps under keys."""

    def __init__(self, connection: psycopg.Connection[Any], tenant_id: str) -> None:
        self.connection = connection
        self.tenant_id = tenant_id

    def __getitem__(self, key: str) -> Row:
        row = self.connection.execute(
            "SELECT outcome, booking_id::text, at, expires_at FROM lastseat.keys"
            " WHERE tenant_id = %s AND key = %s",
            [self.tenant_id, key],
        ).fetchone()
        assert row is not None, key
        found: Row = row
        return found


def test_the_answer_is_kept_and_given_again_without_a_second_effect(
    shop: lastseat.Tenant, rows: Kept
) -> None:
    first = did(shop.book("yoga", actor="ann", units=2, key="k"), Code.BOOKED)
    again = shop.commands.book("yoga", actor="ann", units=2, key="k")
    answer = shop.execute(again)
    assert (answer.outcome, answer.replayed) == (first, True)
    assert o.decode(rows["k"][0]) == first
    assert shop.bookable("yoga").taken == 2


def test_a_refusal_is_an_answer_too_and_stays_the_same_when_things_change(
    shop: lastseat.Tenant, rows: Kept
) -> None:
    all_of_it = did(shop.book("yoga", actor="ann", units=3), Code.BOOKED)
    full = did(shop.book("yoga", actor="bob", key="k"), Code.FULL)
    did(shop.cancel(all_of_it.booking_id), Code.CANCELLED)
    assert shop.book("yoga", actor="bob", key="k") == full
    assert shop.bookable("yoga").taken == 0
    assert o.decode(rows["k"][0]) == full
    did(shop.book("yoga", actor="bob", key="another"), Code.BOOKED)


def test_the_key_of_another_request_is_refused(shop: lastseat.Tenant, rows: Kept) -> None:
    first = did(shop.book("yoga", actor="ann", key="k"), Code.BOOKED)
    for other in (
        shop.book("yoga", actor="bob", key="k"),
        shop.book("yoga", actor="ann", units=2, key="k"),
        shop.hold("yoga", actor="ann", key="k"),
        shop.cancel(first.booking_id, key="k"),
    ):
        assert other == o.KeyReused(key="k")
    assert shop.bookable("yoga").taken == 1
    assert o.decode(rows["k"][0]) == first


def test_the_key_of_an_answer_that_is_none_of_the_engines_is_refused_too(
    shop: lastseat.Tenant, conninfo: str
) -> None:
    """The answers of what the engine does not decide are kept under keys as well: other words."""
    with psycopg.connect(conninfo) as connection:
        connection.execute(
            "INSERT INTO lastseat.keys (tenant_id, key, request_hash, outcome, command_id, at)"
            " VALUES (%s, 'theirs', 'theirs', %s, gen_random_uuid(), now())",
            [shop.tenant_id, '{"location_id":"north","version":1}'],
        )
    assert shop.book("yoga", actor="ann", key="theirs") == o.KeyReused(key="theirs")
    did(shop.book("yoga", actor="ann", key="mine"), Code.BOOKED)


def test_a_definition_has_a_key_too(shop: lastseat.Tenant) -> None:
    first = did(shop.define_pool("skis", capacity=3, name="Skis", key="k"), Code.DEFINED)
    again = shop.commands.define_pool("skis", capacity=3, name="Skis", key="k")
    assert shop.execute(again) == Answer(first, replayed=True)
    assert shop.define_pool("skis", capacity=3, key="k") == o.KeyReused(key="k")
    assert shop.define_pool("skis", capacity=3) == o.Defined(bookable="skis", created=False)


def test_another_tenant_may_use_the_same_key(
    shop: lastseat.Tenant, engine: lastseat.Engine
) -> None:
    did(shop.book("yoga", actor="ann", key="k"), Code.BOOKED)
    neighbour = engine.tenant(f"{shop.tenant_id}-next-door")
    did(neighbour.define_occurrence("yoga", start=at(0), end=at(60), capacity=3), Code.DEFINED)
    did(neighbour.book("yoga", actor="bob", key="k"), Code.BOOKED)


def test_the_key_of_a_booking_lives_as_long_as_the_booking(
    shop: lastseat.Tenant, rows: Kept
) -> None:
    lane = Claim(bookable="lane", start=at(0), end=at(60))
    for key, made in (
        ("booked", shop.book("yoga", actor="ann", key="booked")),
        ("held", shop.hold(lane, actor="bob", key="held")),
    ):
        _, booking_id, _, expires_at = rows[key]
        assert isinstance(made, o.Booked | o.Held)
        assert (booking_id, expires_at) == (made.booking_id, None)


def test_any_other_key_lives_for_a_day(shop: lastseat.Tenant, rows: Kept) -> None:
    mine = did(shop.hold("yoga", actor="ann"), Code.HELD)
    did(shop.confirm(mine.booking_id, key="confirm"), Code.CONFIRMED)
    did(shop.cancel(mine.booking_id, key="cancel"), Code.CANCELLED)
    did(shop.cancel(mine.booking_id, key="refused"), Code.NOT_BOOKED)
    did(shop.change_capacity("yoga", 4, key="capacity"), Code.CAPACITY_CHANGED)
    did(shop.append_expect({"lane": (1, [lastseat.Fact("swept")])}, key="fact"), Code.APPENDED)
    for key in ("confirm", "cancel", "refused", "capacity", "fact"):
        _, booking_id, kept_at, expires_at = rows[key]
        assert (booking_id, expires_at) == (None, kept_at + timedelta(hours=24))


def test_after_its_day_a_key_may_be_used_anew(database: Any) -> None:
    where = database()
    with lastseat.open(where, migrate=False) as engine:
        shop = engine.tenant("shop")
        did(shop.define_occurrence("yoga", start=at(0), end=at(60), capacity=3), Code.DEFINED)
        held = did(shop.hold("yoga", actor="ann", key="hold"), Code.HELD)
        did(shop.cancel("yoga", actor="bob", key="k"), Code.NOT_BOOKED)
        turn_clock(where, "23 hours 59 minutes")
        assert shop.change_capacity("yoga", 4, key="k") == o.KeyReused(key="k")
        turn_clock(where, "24 hours 1 minute")
        did(shop.change_capacity("yoga", 4, key="k"), Code.CAPACITY_CHANGED)
        assert shop.hold("yoga", actor="ann", key="hold") == held


def test_what_was_rolled_back_left_no_answer(
    shop: lastseat.Tenant, conninfo: str, rows: Kept
) -> None:
    booking = shop.commands.book("yoga", actor="ann", key="k")
    with psycopg.connect(conninfo) as connection:
        (booked,) = lastseat.execute_in(connection, [booking])
        assert booked.ok
        connection.rollback()
    with pytest.raises(AssertionError, match="k"):
        rows["k"]
    did(shop.book("yoga", actor="ann", units=2, key="k"), Code.BOOKED)
