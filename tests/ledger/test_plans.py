"""The hot queries look their rows up: no plan reads a table that grows from end to end.

The very SQL that the engine and the reads send, planned on 20,000 bookings: once for the values at
hand, once for any (PostgreSQL keeps such a plan for a statement sent often). Nothing here turns
sequential scans off, as the engine's transactions do besides.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql
from tests.ledger.conftest import made_database

from lastseat.embedded import EmbeddedServer
from lastseat.ledger.migrate import migrate
from lastseat.ledger.sql import QUERIES, array
from lastseat.reads.bookings import ONE_BOOKABLE, ONE_BOOKING
from lastseat.reads.rows import QUERIES as READS

BOOKINGS = 20_000
GROWING = {
    "heads",
    "journal",
    "bookings",
    "claims",
    "actors",
    "keys",
    "booking_details",
    "booking_contacts",
    "bookable_details",
    "notes",
    "waitlist",
}

# One occurrence for a hundred bookings; beside each a claim of a lane, or of a pool, and of the
# actor's own time. Every tenth is a hold.
FILL = """
CREATE TEMPORARY TABLE made AS
SELECT n, lpad(to_hex(n), 8, '0') || '-0000-7000-8000-000000000000' AS id,
       'yoga ' || n / 100 AS occurrence,
       CASE WHEN n % 3 = 0 THEN 'skis' ELSE 'lane ' || n % 50 END AS thing,
       tstzrange(timestamptz '2031-01-01Z' + n * interval '1 hour',
                 timestamptz '2031-01-01Z' + n * interval '1 hour' + interval '50 min') AS during
FROM generate_series(1, %(bookings)s) AS n;
INSERT INTO lastseat.heads
    (tenant_id, bookable_id, kind, capacity, taken, seq, at, starts_at, ends_at, event_id)
SELECT 'venue', occurrence, 'occurrence', 200, 100, 101, now(), now(), now() + interval '1 hour',
       'yoga' FROM (SELECT DISTINCT occurrence FROM made) AS x
UNION ALL
SELECT 'venue', thing, CASE thing WHEN 'skis' THEN 'pool' ELSE 'resource' END, 9, 0, 101, now(),
       NULL, NULL, NULL FROM (SELECT DISTINCT thing FROM made) AS x
UNION ALL
SELECT 'venue', 'actor:' || id, 'actor', 1, 0, 1, now(), NULL, NULL, NULL FROM made
UNION ALL
SELECT 'venue', 'yoga', 'event', 200, 0, 1, now(), NULL, NULL, NULL;
INSERT INTO lastseat.events VALUES ('venue', 'yoga', '{2031-01-01T18:00}', 3600);
INSERT INTO lastseat.actors SELECT 'venue', id::uuid, 'guest ' || n FROM made;
INSERT INTO lastseat.bookings
SELECT 'venue', id::uuid, id::uuid, CASE WHEN n % 10 = 0 THEN 'HELD' ELSE 'CONFIRMED' END, 1, 3,
       CASE WHEN n % 10 = 0 THEN now() + n * interval '1 second' END, NULL, now(), now() FROM made;
INSERT INTO lastseat.claims
    (tenant_id, booking_id, no, bookable_id, actor_id, units, during, blocked, seq, live, exclusive,
     override, own_time, expires_at)
SELECT 'venue', id::uuid, 1, occurrence, id::uuid, 1, NULL, NULL, n % 100 + 2, true, false, false,
       false, CASE WHEN n % 10 = 0 THEN now() + n * interval '1 second' END FROM made
UNION ALL
SELECT 'venue', id::uuid, 2, thing, id::uuid, 1, during, during, n + 1, true, thing <> 'skis',
       false, false, NULL FROM made
UNION ALL
SELECT 'venue', id::uuid, 3, 'actor:' || id, id::uuid, 1, during, during, 1, true, true, false,
       true, NULL FROM made;
INSERT INTO lastseat.journal
    (tenant_id, stream_id, seq, type, v, body, command_id, booking_id, version, lead, principal, at)
SELECT 'venue', occurrence, n % 100 + 2, 'booked',
       1, '{}'::json, id::uuid, id::uuid, 1, true, 'x', now()
FROM made
UNION ALL
SELECT 'venue', 'actor:' || id, 1, 'booked', 1, '{}'::json, id::uuid, id::uuid, 1, false, 'x', now()
FROM made;
INSERT INTO lastseat.keys
SELECT 'venue', 'key ' || n, 'hash', '{}', id::uuid, id::uuid, now(), NULL FROM made;
INSERT INTO lastseat.booking_details SELECT 'venue', id::uuid, '{}' FROM made;
INSERT INTO lastseat.booking_contacts SELECT 'venue', id::uuid, 'Guest', NULL, NULL FROM made;
INSERT INTO lastseat.bookable_details SELECT 'venue', 'room ' || n, 'A room', NULL FROM made;
INSERT INTO lastseat.notes SELECT 'venue', id::uuid, 'because' FROM made;
INSERT INTO lastseat.waitlist
SELECT 'venue', bookable, id::uuid, occurrence, id::uuid, n, 1, NULL, '{}'::json, now()
FROM made, unnest(ARRAY[occurrence, thing]) AS x (bookable);
"""

AN_ID = "00000123-0000-7000-8000-000000000000"
TENANT = {"tenant": "venue"}
SEATS = {"seat_bookables": array(["yoga 2", "yoga 3"]), "seat_actors": array([AN_ID, AN_ID])}
HEADS = {"bookables": array(["actor:" + AN_ID, "lane 7", "skis", "yoga 2"])}
EVENTS = {"events": array(["yoga"])}
TIMES = {
    "bookables": array(["lane 7", "skis", "actor:" + AN_ID]),
    "starts": array(["2031-02-01T10:00:00Z"] * 3),
    "ends": array(["2031-02-01T11:00:00Z"] * 3),
}
ONE = {"bookable": "yoga 2"}

LIMITS = {"most_expired": 1000, "edited": array(["yoga 2"]), "most_edited": 100}

HOT: list[tuple[str, dict[str, Any]]] = [
    ("find_definitions", HEADS),
    ("find_actors", {"refs": array(["guest 1", "guest 2", "somebody"])}),
    ("find_boundaries", {"booking_ids": array([AN_ID])}),
    ("find_seats", {"bookables": array(["yoga 2"]), "refs": array(["guest 201"])}),
    ("lock_free_heads", HEADS),
    ("lock_heads", HEADS),
    ("share_events", EVENTS),
    ("lock_events", EVENTS),
    ("find_followers", EVENTS),
    ("read_bookings", {"booking_ids": array([AN_ID]), **LIMITS, **SEATS, **HEADS}),
    ("read_places", SEATS),
    ("read_overlapping", TIMES),
    ("read_keys", {"keys": array(["key 7", "a new one"])}),
    ("find_entry", {"stream": "yoga 2", "seq": 7}),
    ("find_key_owner", {"key": "key 7"}),
    ("read_events", EVENTS),
    ("read_lines", {"bookables": array(["yoga 2", "lane 7"])}),
    ("leave_lines", {"bookings": array([AN_ID])}),
    ("count_lines", {"bookables": array(["yoga 2"]), "waiting": array([3])}),
    ("read_rules", {"bookables": array(["lane 7", "skis", "hall"])}),
    ("find_locations", {"locations": array(["north"])}),
    ("find_bookings_on", {"bookables": array(["yoga 2"]), "most_edited": 100}),
]
READ: list[tuple[str, dict[str, Any]]] = [
    ("roster", {**ONE, "after_seat": 0, "limit": 100}),
    ("place", {**ONE, "actor": "guest 201"}),
    ("booking_count", ONE),
    ("journal", {"stream": "yoga 2", "after": 10, "limit": 100}),
    ("due_holds", {"limit": 100}),
]
CASES = [(name, QUERIES[name], params) for name, params in HOT]
CASES += [(f"reads {name}", READS[name], params) for name, params in READ]
CASES += [
    ("reads a bookable", ONE_BOOKABLE, ONE),
    ("reads a booking", ONE_BOOKING, {"booking": AN_ID}),
]

Connection = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture(scope="module")
def full(server: EmbeddedServer) -> Iterator[Connection]:
    """A connection to a ledger with 20,000 bookings, its statistics up to date."""
    with made_database(server) as where:
        migrate(where)
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute(FILL.replace("%(bookings)s", str(BOOKINGS)).encode())
            connection.execute("VACUUM ANALYZE")
            yield connection


def plan(connection: Connection, query: str, params: dict[str, Any], *, generic: bool) -> Any:
    """How PostgreSQL would run the query: for these values, or for any."""
    names = list(params)
    numbered = re.sub(r"%\((\w+)\)s", lambda m: f"${names.index(m[1]) + 1}", query)
    mode = "force_generic_plan" if generic else "force_custom_plan"
    values = sql.SQL(", ").join(sql.Literal(str(x)) for x in params.values())
    connection.execute(f"SET plan_cache_mode = {mode}".encode())
    connection.execute(f"PREPARE hot AS {numbered}".encode())
    try:
        explain = sql.SQL("EXPLAIN (FORMAT JSON) EXECUTE hot({})").format(values)
        row = connection.execute(explain).fetchone()
    finally:
        connection.execute("DEALLOCATE hot")
    assert row is not None
    return row[0][0]["Plan"]


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every node of a plan."""
    yield node
    for below in node.get("Plans", []):
        yield from nodes(below)


def read_whole(tree: dict[str, Any]) -> set[str]:
    """The growing tables and indexes of which a plan reads a whole tenant, or all."""
    tables = {str(node["Relation Name"]) for node in nodes(tree) if node["Node Type"] == "Seq Scan"}
    indexes = {
        str(node["Index Name"])
        for node in nodes(tree)
        if "Index Name" in node and not conditions(node.get("Index Cond", "")) - {"tenant_id"}
    }
    return (tables & GROWING) | indexes


def conditions(text: str) -> set[str]:
    """The columns that an index is searched by."""
    return set(re.findall(r"\((\w+)(?:\(\w+\))? (?:=|<=?|>=?|&&) ", text))


@pytest.mark.parametrize("generic", [False, True], ids=["these values", "any values"])
@pytest.mark.parametrize(("name", "query", "params"), CASES, ids=[name for name, _, _ in CASES])
def test_no_hot_query_reads_a_table_whole(
    name: str, query: str, params: dict[str, Any], generic: bool, full: Connection
) -> None:
    tree = plan(full, query, TENANT | params, generic=generic)
    assert read_whole(tree) == set(), json.dumps(tree, indent=1)


@pytest.mark.parametrize("generic", [False, True], ids=["these values", "any values"])
def test_the_write_finds_what_it_changes_by_its_keys(generic: bool, full: Connection) -> None:
    query = QUERIES["append"]
    params = dict.fromkeys(re.findall(r"%\((\w+)\)s", query), "{}")
    params |= {"tenant": "venue", "now": "2031-01-01T00:00:00Z", "j_v": "1"}
    params |= {"cb_booking": array([AN_ID])}
    params |= {"cc_booking": array([AN_ID, AN_ID]), "cc_no": array([1, 2])}
    tree = plan(full, query, params, generic=generic)
    assert read_whole(tree) == set(), json.dumps(tree, indent=1)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("SELECT * FROM lastseat.claims WHERE tenant_id = %(tenant)s AND units = 5", "claims"),
        (
            "SELECT FROM lastseat.heads WHERE tenant_id = %(tenant)s ORDER BY bookable_id LIMIT 1",
            "heads_pkey",
        ),
    ],
)
def test_control_a_query_that_looks_nothing_up_is_told(
    query: str, told: str, full: Connection
) -> None:
    assert read_whole(plan(full, query, TENANT, generic=False)) == {told}


def test_holds_that_are_due_are_found_by_when_they_run_out(full: Connection) -> None:
    tree = plan(full, READS["due_holds"], TENANT | {"limit": 100}, generic=True)
    assert "bookings_expiring" in {node.get("Index Name") for node in nodes(tree)}
