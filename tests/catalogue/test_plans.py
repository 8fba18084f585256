"""The queries of reservations look their rows up: expiry, slot overlap, confirmed slots (D5).

The very SQL that is sent, planned on 20,000 bookings for the values at hand and for any.
"""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from tests.ledger.conftest import made_database
from tests.ledger.test_plans import AN_ID, BOOKINGS, FILL, nodes, plan, read_whole

from lastseat.catalogue.rows import QUERIES
from lastseat.embedded import EmbeddedServer
from lastseat.ledger.migrate import migrate

Connection = psycopg.Connection[tuple[Any, ...]]

SLOT = {
    "tenant": "venue",
    "bookable": "skis",
    "start": "2031-02-01T10:00:00Z",
    "end": "2031-02-01T11:00:00Z",
}
OVERDUE = {"limit": "100"}
CASES: list[tuple[str, dict[str, Any], str]] = [
    ("overdue_holds", OVERDUE, "bookings_expiring"),
    ("tenant_lag", {"tenant": "venue"}, "bookings_expiring"),
    ("slot_load", SLOT, "claims_shared"),
    ("confirmed_slots", SLOT | {"limit": "100"}, "claims_shared"),
    ("slot", {"tenant": "venue", "booking": AN_ID}, "bookings_pkey"),
    ("find_answer", {"tenant": "venue", "key": "key 7"}, "keys_pkey"),
]
GENERIC = pytest.mark.parametrize("generic", [False, True], ids=["these values", "any values"])


@pytest.fixture(scope="module")
def full(server: EmbeddedServer) -> Iterator[Connection]:
    """A connection to a ledger with 20,000 bookings, its statistics up to date."""
    with made_database(server) as where:
        migrate(where)
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute(FILL.replace("%(bookings)s", str(BOOKINGS)).encode())
            connection.execute("INSERT INTO lastseat.tenants VALUES ('venue', now())")
            connection.execute("VACUUM ANALYZE")
            yield connection


def indexes(tree: dict[str, Any]) -> set[str]:
    return {str(node["Index Name"]) for node in nodes(tree) if "Index Name" in node}


@GENERIC
@pytest.mark.parametrize(("name", "params", "index"), CASES, ids=[name for name, _, _ in CASES])
def test_a_query_of_reservations_uses_its_index(
    name: str, params: dict[str, Any], index: str, generic: bool, full: Connection
) -> None:
    tree = plan(full, QUERIES[name], params, generic=generic)
    assert index in indexes(tree), json.dumps(tree, indent=1)


@GENERIC
@pytest.mark.parametrize(
    ("name", "params"),
    # Of the holds of a tenant, `tenant_lag` counts every one.
    [(name, params) for name, params, _ in CASES if name != "tenant_lag"],
    ids=[name for name, _, _ in CASES if name != "tenant_lag"],
)
def test_no_query_of_reservations_reads_a_table_whole(
    name: str, params: dict[str, Any], generic: bool, full: Connection
) -> None:
    tree = plan(full, QUERIES[name], params, generic=generic)
    # `tenants` is walked from end to end where all tenants are asked about.
    assert read_whole(tree) == set(), json.dumps(tree, indent=1)


def test_the_lag_of_the_cleanup_is_looked_up_for_each_tenant(full: Connection) -> None:
    row = full.execute(f"EXPLAIN (FORMAT JSON) {QUERIES['cleanup_lag']}".encode()).fetchone()
    assert row is not None
    tree = row[0][0]["Plan"]
    assert "bookings_expiring" in indexes(tree)
    assert read_whole(tree) == set(), json.dumps(tree, indent=1)


@GENERIC
def test_what_became_of_reservations_is_read_from_a_time_on(
    generic: bool, full: Connection
) -> None:
    params = {"tenant": "venue", "seconds": "60"}
    tree = plan(full, QUERIES["reserved_since"], params, generic=generic)
    touched = [x for x in nodes(tree) if x.get("Index Name") == "bookings_pkey"]
    assert touched, json.dumps(tree, indent=1)
    assert "booking_id >=" in touched[0]["Index Cond"]


def test_control_without_its_index_the_overlap_is_told(full: Connection) -> None:
    with full.transaction(force_rollback=True):
        full.execute("DROP INDEX lastseat.claims_shared")
        tree = plan(full, QUERIES["slot_load"], SLOT, generic=False)
    assert "claims_shared" not in indexes(tree)
