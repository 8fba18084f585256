"""Idempotency keys: the same again answers the same, once done; anything else is refused (C6)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.library.conftest import Clocked, Open
from tests.library.venue import T0, at, claim, done, occurrence, resource

from lastseat import AnyOutcome, Fact, Tenant
from lastseat import outcomes as o


def test_the_same_request_again_is_the_same_booking(tenant: Tenant) -> None:
    yoga = occurrence(tenant)
    first = done(tenant.book(yoga, actor="ann", metadata={"a": 1, "b": 2}, key="tap"), o.Booked)
    again = tenant.book(yoga, actor="ann", metadata={"b": 2, "a": 1}, key="tap")
    assert again == first
    assert tenant.booking_count(yoga) == 1


def test_it_is_said_that_the_answer_is_an_old_one(tenant: Tenant) -> None:
    yoga = occurrence(tenant)
    answers = [tenant.execute(tenant.commands.book(yoga, actor="ann", key="tap")) for _ in range(3)]
    assert [x.replayed for x in answers] == [False, True, True]
    assert len({repr(x.outcome) for x in answers}) == 1


def test_a_refusal_is_an_answer_too(tenant: Tenant) -> None:
    yoga = occurrence(tenant, capacity=1)
    tenant.book(yoga, actor="ann")
    full = tenant.book(yoga, actor="ben", key="tap")
    tenant.cancel(yoga, actor="ann")
    assert done(tenant.book(yoga, actor="ben", key="tap"), o.Full) == full
    assert tenant.book(yoga, actor="ben", key="another tap").ok


@pytest.mark.parametrize(
    "change",
    [{"actor": "ben"}, {"units": 2}, {"confirmed": False}, {"metadata": {"vegan": True}}],
    ids=lambda x: next(iter(x)),
)
def test_a_key_used_for_something_else_is_refused(
    tenant: Tenant, change: dict[str, object]
) -> None:
    yoga = occurrence(tenant)
    tenant.book(yoga, actor="ann", key="tap")
    request: dict[str, object] = {"actor": "ann", "key": "tap"} | change
    assert done(tenant.book(yoga, **request), o.KeyReused).key == "tap"  # type: ignore[arg-type]
    assert tenant.booking_count(yoga) == 1


def test_a_key_used_for_another_operation_is_refused(tenant: Tenant) -> None:
    yoga = occurrence(tenant)
    made = done(tenant.book(yoga, actor="ann", key="tap"), o.Booked)
    assert tenant.cancel(made.booking_id, key="tap").code == "key_reused"
    assert tenant.is_booked(yoga, "ann")


def test_every_write_takes_a_key(tenant: Tenant) -> None:
    yoga, lane = occurrence(tenant), resource(tenant)
    talk = occurrence(tenant, "talk")
    held = done(tenant.hold(yoga, actor="ann", key="hold"), o.Held)
    assert tenant.hold(yoga, actor="ann", key="hold") == held
    booking_id = held.booking_id
    fact = Fact("inspected")
    operations: dict[str, Callable[[], AnyOutcome]] = {
        "extend": lambda: tenant.extend(booking_id, key="extend"),
        "confirm": lambda: tenant.confirm(booking_id, key="confirm"),
        "move": lambda: tenant.move(booking_id, talk, key="move"),
        "move_together": lambda: tenant.move_together({booking_id: yoga}, key="move_together"),
        "change_capacity": lambda: tenant.change_capacity(yoga, 9, key="change_capacity"),
        "update": lambda: tenant.update(booking_id, metadata={"a": 1}, key="update"),
        "check_in": lambda: tenant.check_in(booking_id, key="check_in"),
        "no_show": lambda: tenant.no_show(booking_id, key="no_show"),
        "cancel": lambda: tenant.cancel(booking_id, key="cancel"),
        "check_out": lambda: tenant.check_out(booking_id, key="check_out"),
        "complete": lambda: tenant.complete(booking_id, key="complete"),
        "define_limit": lambda: tenant.define_limit("service:tour", capacity=1, key="limit"),
        "release": lambda: tenant.release(booking_id, key="release"),
        "append_expect": lambda: tenant.append_expect({lane: (1, [fact])}, key="append_expect"),
    }
    for name, operation in operations.items():
        assert operation() == operation(), name
    # Hold, extend, confirm, move away and back, capacity, update, check-in, cancel: each once.
    assert len(tenant.journal(yoga)) == 10


def test_a_client_that_lost_the_answer_of_a_cancellation_gets_it(tenant: Tenant) -> None:
    yoga = occurrence(tenant)
    tenant.book(yoga, actor="ann")
    cancelled = done(tenant.cancel(yoga, actor="ann", key="x"), o.Cancelled)
    tenant.book(yoga, actor="ann")
    assert tenant.cancel(yoga, actor="ann", key="x") == cancelled
    assert tenant.is_booked(yoga, "ann"), "the second booking is another one"


def test_keys_are_each_tenants_own(face: Open, tenant: Tenant, tenant_id: str) -> None:
    other = face(f"{tenant_id} other")
    for each in (tenant, other):
        assert each.book(occurrence(each), actor="ann", key="tap").code == "booked"


def test_bad_input_uses_up_no_key(tenant: Tenant) -> None:
    yoga = occurrence(tenant)
    assert tenant.book(yoga, actor="ann", units=0, key="tap").code == "invalid"
    assert tenant.book(yoga, actor="ann", key="tap").ok


def test_a_key_lives_as_long_as_its_booking_and_others_a_day(clocked: Clocked) -> None:
    clocked.it_is(T0 - timedelta(days=2))
    tenant = clocked.tenant
    yoga = occurrence(tenant, capacity=1)
    lane = resource(tenant)
    booked = tenant.book(yoga, actor="ann", key="booking")
    full = tenant.book(yoga, actor="ben", key="refusal")
    clocked.it_is(T0 - timedelta(days=1, seconds=1))
    assert tenant.book(yoga, actor="ben", key="refusal") == full
    clocked.it_is(T0 - timedelta(days=1))
    assert tenant.book(claim(lane, 0, 60), actor="ben", key="refusal").ok
    clocked.it_is(at(0))
    assert tenant.book(yoga, actor="ann", key="booking") == booked
