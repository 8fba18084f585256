"""What is defined at a location is at one that is there: a typo could never be mended."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from tests.library.caller import Connect
from tests.library.venue import T0, at, done

from lastseat import Engine, Tenant, execute_in
from lastseat import outcomes as o

UNKNOWN = o.Invalid(field="location", reason="is not known: make it first")

Place = Callable[[str], str]

KINDS: dict[str, Callable[[Any, str], Any]] = {
    "occurrence": lambda to, where: to.define_occurrence(
        "x", start=at(0), end=at(60), capacity=2, location=where
    ),
    "resource": lambda to, where: to.define_resource("x", location=where),
    "pool": lambda to, where: to.define_pool("x", capacity=2, location=where),
    "limit": lambda to, where: to.define_limit("service:x", capacity=2, location=where),
    "composite": lambda to, where: to.define_composite(
        "x", parts=["left", "right"], location=where
    ),
    "event": lambda to, where: to.define_event(
        "x",
        starts=[T0.strftime("%Y-%m-%dT%H:%M")],
        duration=timedelta(hours=1),
        time_zone="UTC",
        capacity=2,
        location=where,
    ),
}


def journalled(conninfo: str, tenant: Tenant) -> list[Any]:
    """The tenant's bookables, as the journal and their rows have them."""
    with psycopg.connect(conninfo) as connection:
        return connection.execute(
            "SELECT stream_id FROM lastseat.journal WHERE tenant_id = %(tenant)s"
            " UNION ALL SELECT bookable_id FROM lastseat.heads WHERE tenant_id = %(tenant)s"
            " UNION ALL SELECT bookable_id FROM lastseat.bookable_details"
            " WHERE tenant_id = %(tenant)s ORDER BY 1",
            {"tenant": tenant.tenant_id},
        ).fetchall()


@pytest.mark.parametrize("define", KINDS.values(), ids=KINDS.keys())
def test_nothing_is_defined_at_a_location_that_is_not_there(
    define: Callable[[Any, str], Any], tenant: Tenant, place: Place, conninfo: str
) -> None:
    for part in ("left", "right"):
        assert tenant.define_resource(part).ok
    before = journalled(conninfo, tenant)
    assert define(tenant, "hal") == UNKNOWN
    assert journalled(conninfo, tenant) == before
    place("hal")
    assert done(define(tenant, "hal"), o.Defined).created


def test_another_tenants_location_is_not_there(tenant: Tenant, engine: Engine) -> None:
    there = engine.tenant(f"{tenant.tenant_id}-other").catalogue
    assert there.create_location("hall", name="Hall", time_zone="UTC").ok
    assert tenant.define_resource("lane", location="hall") == UNKNOWN


def test_what_is_there_is_not_defined_again_elsewhere(tenant: Tenant, place: Place) -> None:
    place("hall")
    assert tenant.define_resource("lane", location="hall").ok
    assert tenant.define_resource("lane", location="hal") == UNKNOWN
    assert not done(tenant.define_resource("lane", location="hall"), o.Defined).created


def test_in_the_callers_transaction_it_is_refused_and_what_is_beside_it_done(
    tenant: Tenant, theirs: Connect
) -> None:
    do, connection = tenant.commands, theirs()
    asked = [do.define_resource("a"), do.define_resource("b", location="hal")]
    assert [x.code for x in execute_in(connection, [*asked, do.define_resource("c")])] == [
        "defined",
        "invalid",
        "defined",
    ]
    connection.commit()
    assert [len(tenant.journal(name)) for name in "abc"] == [1, 0, 1]


def test_the_same_key_is_told_the_same_of_it(tenant: Tenant) -> None:
    assert tenant.define_resource("lane", location="hal", key="k") == UNKNOWN
    assert tenant.define_resource("lane", location="hal", key="k") == UNKNOWN
