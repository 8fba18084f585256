"""What a calendar shows is looked up: the claims of its time, not all that ever were.

The very SQL that is sent, planned on 20,000 bookings for the values at hand and for any.
"""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from tests.ledger.conftest import made_database
from tests.ledger.test_plans import BOOKINGS, FILL, nodes, plan, read_whole

from lastseat.embedded import EmbeddedServer
from lastseat.ledger.migrate import migrate
from lastseat.reads.rows import QUERIES

Connection = psycopg.Connection[tuple[Any, ...]]

WINDOW = {"start": "2031-02-01T00:00:00Z", "end": "2031-02-08T00:00:00Z", "limit": "5001"}
CASES: list[tuple[str, dict[str, Any], set[str]]] = [
    ("shown_claims", {"tenant": "venue", "bookables": "{skis}", **WINDOW}, {"claims_shared"}),
    (
        "shown_claims_of_actor",
        {"tenant": "venue", "actor": "guest 7", "scan": "5000", **WINDOW},
        {"bookings_of_actor", "claims_pkey"},
    ),
    ("shown_event", {"tenant": "venue", "event": "yoga", "limit": "1"}, {"heads_listed"}),
    (
        "shown_events_at",
        {"tenant": "venue", "event": "hall", "limit": "2001"},
        {"heads_at_location"},
    ),
]


@pytest.fixture(scope="module")
def full(server: EmbeddedServer) -> Iterator[Connection]:
    """A connection to a ledger with 20,000 bookings, its statistics up to date."""
    with made_database(server) as where:
        migrate(where)
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute(FILL.replace("%(bookings)s", str(BOOKINGS)).encode())
            connection.execute("VACUUM ANALYZE")
            yield connection


@pytest.mark.parametrize("generic", [False, True], ids=["these values", "any values"])
@pytest.mark.parametrize(("name", "params", "wanted"), CASES, ids=[x[0] for x in CASES])
def test_what_is_shown_is_looked_up(
    name: str, params: dict[str, Any], wanted: set[str], generic: bool, full: Connection
) -> None:
    tree = plan(full, QUERIES[name], params, generic=generic)
    used = {str(node["Index Name"]) for node in nodes(tree) if "Index Name" in node}
    assert wanted <= used, json.dumps(tree, indent=1)
    assert read_whole(tree) == set(), json.dumps(tree, indent=1)
