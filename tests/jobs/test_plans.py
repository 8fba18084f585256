"""Looks for what is due read what is due, whatever the history: on 100,000 claims."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from tests.catalogue.test_plans import indexes
from tests.ledger.conftest import made_database
from tests.ledger.test_plans import FILL, plan, read_whole
from tests.races.clocks import set_clock

from lastseat.embedded import EmbeddedServer
from lastseat.jobs.rows import QUERIES
from lastseat.ledger.migrate import migrate

Connection = psycopg.Connection[tuple[Any, ...]]

BOOKINGS = 34_000
"""Every hour one, with a lane; the half of them with an occurrence that begins before."""

NOW = datetime(2032, 6, 2, 23, 15, tzinfo=UTC)

SPREAD = """
UPDATE lastseat.heads
SET starts_at = timestamptz '2031-01-01Z' + split_part(bookable_id, ' ', 2)::int * interval '100 h',
    ends_at = timestamptz '2031-01-01Z' + split_part(bookable_id, ' ', 2)::int * interval '100 h'
              + interval '1 hour'
WHERE kind = 'occurrence';
DELETE FROM lastseat.claims
WHERE no = 1 AND ('x' || left(booking_id::text, 8))::bit(32)::int % 100 >= 50;
INSERT INTO lastseat.tenants SELECT 'tenant ' || n, now() FROM generate_series(1, 50) AS n;
INSERT INTO lastseat.tenants VALUES ('venue', now());
"""
MINUTE = {"back": "360", "usual": "900", "limit": "5000"}
WEEK = MINUTE | {"back": "604800"}
CASES = [
    ("no_shows_due", MINUTE, {"claims_begin", "heads_in_time", "claims_on_roster"}),
    ("no_shows_due", WEEK, {"claims_begin", "heads_in_time", "claims_on_roster"}),
    ("holds_soon", {"within": "1", "limit": "1000", "besides": "{}"}, {"bookings_expiring"}),
    ("holds_lag", {"most": "1000"}, {"bookings_expiring"}),
    ("drop_keys", {"limit": "1000"}, {"keys_expiring"}),
]
NAMES = ["no-shows of a minute", "no-shows of a week", "holds", "lag of holds", "keys"]


@pytest.fixture(scope="module")
def full(server: EmbeddedServer) -> Iterator[Connection]:
    with made_database(server) as where:
        migrate(where)
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute(FILL.replace("%(bookings)s", str(BOOKINGS)).encode())
            connection.execute(SPREAD.encode())
            connection.execute("VACUUM ANALYZE")
            set_clock(where, NOW - datetime.now(UTC))
            yield connection


@pytest.mark.parametrize("generic", [False, True], ids=["these values", "any values"])
@pytest.mark.parametrize(("name", "params", "wanted"), CASES, ids=NAMES)
def test_a_look_uses_its_indexes_and_reads_no_table_whole(
    name: str, params: dict[str, str], wanted: set[str], generic: bool, full: Connection
) -> None:
    tree = plan(full, QUERIES[name], params, generic=generic)
    assert wanted <= indexes(tree), json.dumps(tree, indent=1)
    # What this searches by is an expression.
    assert read_whole(tree) - {"heads_in_time"} == set(), json.dumps(tree, indent=1)


def read(full: Connection, back: float) -> tuple[int, int]:
    """How many no-shows are found, and how many pages are read for that."""
    params = {"back": back, "usual": 900, "limit": 5000}
    found = full.execute(QUERIES["no_shows_due"].encode(), params).fetchall()
    explain = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {QUERIES['no_shows_due']}"
    row = full.execute(explain.encode(), params).fetchone()
    assert row is not None
    tree = row[0][0]["Plan"]
    return len(found), tree["Shared Hit Blocks"] + tree["Shared Read Blocks"]


def test_the_look_of_a_minute_reads_next_to_nothing(full: Connection) -> None:
    """At 23:00 one booking began, and in the week before over a hundred."""
    found, pages = read(full, 60)
    assert found == 1
    assert pages < 600
    more, many = read(full, 7 * 24 * 3600)
    assert more > 100
    assert many > 5 * pages
