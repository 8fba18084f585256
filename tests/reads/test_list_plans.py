"""Lists look their rows up: whatever the filter, a page reads few of the tenant's rows.

The very SQL that the reads send, run on 20,000 bookings, planned for the values at hand and for
any. What every scan of the plan touched is added up, kept or not.
"""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql
from tests.ledger.conftest import made_database
from tests.ledger.test_plans import nodes

from lastseat import Kind, Status
from lastseat.embedded import EmbeddedServer
from lastseat.ledger.migrate import migrate
from lastseat.reads.audit import SPAN
from lastseat.reads.bookings import ONE_BOOKABLE, ONE_BOOKING
from lastseat.reads.listing import SCANNED, BookingFilter, bookable_query, booking_query
from lastseat.reads.rows import QUERIES

BOOKINGS = 20_000
LIMIT = 50
GROWING = {"heads", "journal", "bookings", "claims", "actors", "booking_details", "notes"}

# A class for a hundred bookings, or a lane (or skis) for an hour, in turns. Of ten bookings one is
# held, one was cancelled and one is completed. An actor has twenty, a series a hundred.
FILL = """
CREATE TEMPORARY TABLE made AS
SELECT n, lpad(to_hex(n), 8, '0') || '-0000-7000-8000-000000000000' AS id,
       lpad(to_hex(n / 20), 8, '0') || '-0000-4000-8000-000000000000' AS actor,
       (ARRAY['HELD', 'CANCELLED', 'COMPLETED'])[n % 10 + 1] AS unusual,
       CASE WHEN n / 100 % 2 = 0 THEN 'yoga ' || n / 100
            WHEN n % 3 = 0 THEN 'skis' ELSE 'lane ' || n % 50 END AS thing,
       n / 100 % 2 = 0 AS counted,
       timestamptz '2031-01-01Z' + n * interval '1 hour' AS starts
FROM generate_series(1, %(bookings)s) AS n;
INSERT INTO lastseat.heads
    (tenant_id, bookable_id, kind, capacity, taken, seq, at, starts_at, ends_at, location_id)
SELECT 'venue', thing, 'occurrence', 200, 100, 101, now(), min(starts),
       min(starts) + interval '1 hour', 'hall ' || min(n) / 1000
FROM made WHERE counted GROUP BY thing
UNION ALL
SELECT 'venue', thing, CASE thing WHEN 'skis' THEN 'pool' ELSE 'resource' END, 9, 0, 101, now(),
       NULL, NULL, 'hall ' || min(n) % 10 FROM made WHERE NOT counted GROUP BY thing
UNION ALL
SELECT 'venue', 'actor:' || actor, 'actor', 1, 0, 1, now(), NULL, NULL, NULL
FROM made GROUP BY actor
UNION ALL
SELECT 'venue', 'past ' || n, 'occurrence', 9, 0, 1, now(), '2020-01-01'::timestamptz
       + n * interval '1 hour', '2020-01-01'::timestamptz + (n + 1) * interval '1 hour', 'hall 1'
FROM generate_series(1, 10000) AS n;
INSERT INTO lastseat.actors
SELECT DISTINCT 'venue', actor::uuid, 'guest ' || n / 20 FROM made;
INSERT INTO lastseat.bookings
SELECT 'venue', id::uuid, actor::uuid, coalesce(unusual, 'CONFIRMED'), 2, 1,
       CASE unusual WHEN 'HELD' THEN now() + n * interval '1 hour' END, NULL, now(), now()
FROM made;
INSERT INTO lastseat.claims
    (tenant_id, booking_id, no, bookable_id, actor_id, units, during, blocked, seq, live, exclusive,
     override, own_time, expires_at)
SELECT 'venue', id::uuid, 1, thing, actor::uuid, 1, during, during, n % 100 + 1,
       coalesce(unusual, '') <> 'CANCELLED', NOT counted AND thing <> 'skis', false, false,
       NULL::timestamptz
FROM (SELECT *, CASE WHEN NOT counted
             THEN tstzrange(starts, starts + interval '50 min') END AS during FROM made) AS x
UNION ALL
SELECT 'venue', id::uuid, 2, 'actor:' || actor, actor::uuid, 1,
       tstzrange(starts, starts + '50 min'), tstzrange(starts, starts + '50 min'), n % 20 + 1,
       true, true, false, true, NULL
FROM made;
INSERT INTO lastseat.journal
    (tenant_id, stream_id, seq, type, v, body, command_id, booking_id, version, lead, principal, at)
SELECT 'venue', thing, row_number() OVER (PARTITION BY thing ORDER BY n), 'booked', 1, '{}'::json,
       id::uuid, id::uuid, 1, true, 'x', now()
FROM made ORDER BY n;
INSERT INTO lastseat.journal
    (tenant_id, stream_id, seq, type, v, body, command_id, booking_id, version, lead, principal, at)
SELECT 'venue', 'actor:' || actor, n % 20 + 1, 'booked', 1, '{}'::json,
       id::uuid, id::uuid, 1, false, 'x', now()
FROM made ORDER BY n;
UPDATE lastseat.bookings SET series_id = '11111111-0000-7000-8000-000000000000'
WHERE booking_id IN (SELECT id::uuid FROM made WHERE n % 200 = 0);
INSERT INTO lastseat.booking_details SELECT 'venue', id::uuid, '{}' FROM made;
INSERT INTO lastseat.notes SELECT 'venue', id::uuid, 'because' FROM made;
"""

NOON = datetime(2032, 6, 1, 12, tzinfo=UTC)
TOMORROW = NOON + timedelta(days=1)
MIDDLE = "00002710-0000-7000-8000-000000000000"

# A filter, and how many rows a page of it may touch. A row of the page has at most eight lookups.
PAGE = LIMIT * 8 + 20
WALK = SCANNED * 5 + PAGE
LISTS: dict[str, tuple[BookingFilter, int]] = {
    "nothing": (BookingFilter(), PAGE),
    "actor": (BookingFilter(actor="guest 400"), PAGE),
    "actor and location": (BookingFilter(actor="guest 400", location="hall 9"), PAGE),
    "bookable with one time": (BookingFilter(bookable="yoga 60"), 800),
    "bookable": (BookingFilter(bookable="lane 7"), 1_000),
    "bookable in time": (
        BookingFilter(bookable="lane 7", starts_from=NOON, starts_to=TOMORROW),
        20,
    ),
    "time": (BookingFilter(starts_from=NOON, starts_to=TOMORROW), 600),
    "location in time": (
        BookingFilter(location="hall 3", starts_from=NOON, starts_to=TOMORROW),
        50,
    ),
    "status": (BookingFilter(status=(Status.CANCELLED,)), PAGE),
    "completed": (BookingFilter(status=(Status.COMPLETED,)), PAGE),
    "expired": (BookingFilter(status=(Status.EXPIRED,)), WALK),
    "usual status": (BookingFilter(status=(Status.CONFIRMED,)), WALK),
    "series": (BookingFilter(series="11111111-0000-7000-8000-000000000000"), PAGE),
    "location": (BookingFilter(location="hall 3"), WALK),
    "location and status": (BookingFilter(location="hall 3", status=(Status.CANCELLED,)), WALK),
}

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


def run(connection: Connection, query: str, params: dict[str, Any], *, generic: bool) -> Any:
    """How PostgreSQL ran the query: planned for these values, or for any."""
    names = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", query)))
    numbered = re.sub(r"%\((\w+)\)s", lambda m: f"${names.index(m[1]) + 1}", query)
    mode = "force_generic_plan" if generic else "force_custom_plan"
    values = sql.SQL(", ").join(sql.Literal(params[x]) for x in names)
    connection.execute(f"SET plan_cache_mode = {mode}".encode())
    connection.execute(f"PREPARE list AS {numbered}".encode())
    try:
        explain = sql.SQL("EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE list({})").format(values)
        row = connection.execute(explain).fetchone()
    finally:
        connection.execute("DEALLOCATE list")
    assert row is not None
    return row[0][0]["Plan"]


def touched(tree: dict[str, Any]) -> int:
    """The rows that all scans of tables touched, whether they were kept or not."""
    return sum(
        round(
            node["Actual Loops"]
            * (
                node["Actual Rows"]
                + node.get("Rows Removed by Filter", 0)
                + node.get("Rows Removed by Index Recheck", 0)
            )
        )
        for node in nodes(tree)
        if "Relation Name" in node
    )


def read_whole(tree: dict[str, Any]) -> set[str]:
    """The growing tables that were read from end to end."""
    scans = (node for node in nodes(tree) if node["Node Type"] == "Seq Scan")
    return GROWING & {str(node["Relation Name"]) for node in scans}


@pytest.mark.parametrize("generic", [False, True], ids=["these values", "any values"])
@pytest.mark.parametrize("after", [None, MIDDLE], ids=["first page", "a later page"])
@pytest.mark.parametrize("name", LISTS)
def test_a_page_of_bookings_touches_few_rows(
    name: str, after: str | None, generic: bool, full: Connection
) -> None:
    wanted, most = LISTS[name]
    query, params = booking_query(wanted, after=after, limit=LIMIT)
    tree = run(full, query, {"tenant": "venue", **params}, generic=generic)
    assert read_whole(tree) == set(), json.dumps(tree, indent=1)
    assert touched(tree) <= most, json.dumps(tree, indent=1)


@pytest.mark.parametrize("generic", [False, True], ids=["these values", "any values"])
@pytest.mark.parametrize("location", [None, "hall 1"])
@pytest.mark.parametrize("kinds", [(), (Kind.RESOURCE,), (Kind.OCCURRENCE,)])
def test_a_page_of_bookables_touches_few_rows(
    kinds: tuple[Kind, ...], location: str | None, generic: bool, full: Connection
) -> None:
    query, params = bookable_query(kinds, location, after="m", limit=LIMIT)
    tree = run(full, query, {"tenant": "venue", **params}, generic=generic)
    assert read_whole(tree) == set(), json.dumps(tree, indent=1)
    # The sources give a page for each kind; a bookable's overdue holds are looked for.
    assert touched(tree) <= 7 * LIMIT + 10, json.dumps(tree, indent=1)


@pytest.mark.parametrize("generic", [False, True], ids=["these values", "any values"])
@pytest.mark.parametrize(
    ("query", "params", "most"),
    [
        (ONE_BOOKING, {"booking": MIDDLE}, 9),
        (ONE_BOOKABLE, {"bookable": "lane 7"}, 4),
        # A hundred have a place there: those whose hold is over are looked for.
        (ONE_BOOKABLE, {"bookable": "yoga 60"}, 120),
    ],
    ids=["booking", "resource", "occurrence"],
)
def test_one_alone_is_looked_up(
    query: str, params: dict[str, str], most: int, generic: bool, full: Connection
) -> None:
    tree = run(full, query, {"tenant": "venue", **params}, generic=generic)
    assert read_whole(tree) == set(), json.dumps(tree, indent=1)
    assert touched(tree) <= most, json.dumps(tree, indent=1)


@pytest.mark.parametrize("generic", [False, True], ids=["these values", "any values"])
def test_a_bookings_journal_is_found_without_reading_its_streams(
    generic: bool, full: Connection
) -> None:
    params = {"tenant": "venue", "booking": MIDDLE, "span": SPAN}
    tree = run(full, QUERIES["booking_journal"], params, generic=generic)
    assert read_whole(tree) == set(), json.dumps(tree, indent=1)
    assert touched(tree) <= 4 * SPAN + 100, json.dumps(tree, indent=1)


def test_control_what_has_no_index_is_told(full: Connection) -> None:
    query = "SELECT * FROM lastseat.bookings WHERE tenant_id = %(tenant)s::text AND made = 5"
    tree = run(full, query, {"tenant": "venue"}, generic=False)
    assert read_whole(tree) == {"bookings"}
    assert touched(tree) == BOOKINGS
