"""The load of a slot in SQL is the peak that the engine decides by, whatever is booked."""

import random
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from tests.library.venue import T0, at

import lastseat
from lastseat.catalogue import Saved
from lastseat.catalogue.slots import Capacity
from lastseat.core.interval import Interval, Load, peak_overlap
from lastseat.views.catalogue import Terms


@pytest.mark.parametrize("seed", range(3))
def test_the_peak_in_sql_is_the_cores(seed: int, tenant: lastseat.Tenant) -> None:
    chance = random.Random(seed)
    made = tenant.catalogue.create_service(
        "massage",
        Terms(name="Massage", before_seconds=300, after_seconds=600),
        max_simultaneous_bookings=50,
    )
    assert isinstance(made, Saved)
    loads = []
    for _ in range(40):
        start = chance.randrange(0, 300, 5)
        end = start + chance.randrange(5, 60, 5)
        booked = tenant.reservations.book("massage", start=at(start), end=at(end))
        assert booked.ok
        blocked = Interval(at(start) - timedelta(minutes=5), at(end) + timedelta(minutes=10))
        loads.append(Load(blocked, 1))
    for _ in range(40):
        start = chance.randrange(-30, 330, 5)
        end = start + chance.randrange(5, 90, 5)
        window = Interval(at(start) - timedelta(minutes=5), at(end) + timedelta(minutes=10))
        found = tenant.reservations.capacity("massage", start=at(start), end=at(end))
        assert isinstance(found, Capacity)
        assert found.taken == peak_overlap(loads, window)
        assert found.available_slots == 50 - found.taken


def test_a_hold_that_ran_out_is_not_counted_though_nobody_cleaned_up(
    tenant: lastseat.Tenant, conninfo: str
) -> None:
    made = tenant.catalogue.create_service(
        "massage", Terms(name="Massage"), max_simultaneous_bookings=1
    )
    assert isinstance(made, Saved)
    slot: dict[str, Any] = {"start": T0, "end": at(60)}
    assert tenant.reservations.reserve("massage", **slot).ok
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(
            "UPDATE lastseat.claims SET expires_at = clock_timestamp() WHERE tenant_id = %s",
            [tenant.tenant_id],
        )
    found = tenant.reservations.capacity("massage", **slot)
    assert isinstance(found, Capacity)
    assert found.available_slots == 1
