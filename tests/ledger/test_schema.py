"""What the tables see to, whatever the code says: asked of the catalog, and tried by plain SQL."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg import errors
from tests.ledger.story import Story

Connection = psycopg.Connection[tuple[Any, ...]]

OF_NO_TENANT = {"migrations", "relay", "job_migrations", "no_show_look"}
"""What the schema is at, and how far a server's feed and its looks have come, is nobody's."""

QUEUE = "procrastinate_"
"""The tables of the queue of jobs are that package's, and stay where the queue is."""


@pytest.fixture
def catalog(story: Story) -> Iterator[Connection]:
    with psycopg.connect(story.conninfo) as connection:
        yield connection
        connection.rollback()


def test_every_table_is_divided_by_tenant(catalog: Connection) -> None:
    rows = catalog.execute(
        "SELECT t.table_name, c.is_nullable, c.ordinal_position FROM information_schema.tables t"
        " LEFT JOIN information_schema.columns c ON (c.table_schema, c.table_name, c.column_name)"
        " = (t.table_schema, t.table_name, 'tenant_id') WHERE t.table_schema = 'lastseat'"
    ).fetchall()
    assert {"heads", "journal", "bookings", "claims", "keys", "actors"} <= {x[0] for x in rows}
    divided = {name for name, nullable, position in rows if (nullable, position) == ("NO", 1)}
    ours = {name for name, _, _ in rows if not name.startswith(QUEUE)}
    assert ours - divided == OF_NO_TENANT


def test_every_unique_thing_is_unique_within_a_tenant(catalog: Connection) -> None:
    rows = catalog.execute(
        "SELECT t.relname, i.relname, a.attname FROM pg_index x"
        " JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid"
        " LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = x.indkey[0]"
        " WHERE t.relnamespace = 'lastseat'::regnamespace"
        " AND (x.indisunique OR x.indisprimary OR x.indisexclusion)"
    ).fetchall()
    names = {index for _, index, _ in rows}
    assert {"heads_pkey", "journal_of_booking", "claims_exclusive", "actors_ref"} <= names
    first = {
        (index, column)
        for table, index, column in rows
        if table not in OF_NO_TENANT and not table.startswith(QUEUE)
    }
    assert {column for _, column in first} == {"tenant_id"}, first


def test_there_are_no_triggers_rules_or_foreign_keys(catalog: Connection) -> None:
    found = catalog.execute(
        "SELECT 'trigger', tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " WHERE c.relnamespace = 'lastseat'::regnamespace"
        # A deferred constraint is checked by one of the system's own, which goes with any table.
        f" AND NOT t.tgisinternal AND NOT starts_with(c.relname, '{QUEUE}')"
        " UNION ALL SELECT 'foreign key', conname FROM pg_constraint"
        " WHERE contype = 'f' AND connamespace = 'lastseat'::regnamespace"
        f" AND NOT starts_with(conname, '{QUEUE}')"
        " UNION ALL SELECT 'rule', rulename FROM pg_rules WHERE schemaname = 'lastseat'"
    ).fetchall()
    assert found == []


def test_ids_compare_by_bytes_wherever_the_database_is(catalog: Connection) -> None:
    rows = catalog.execute(
        "SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
        " JOIN pg_collation l ON l.oid = a.attcollation"
        " WHERE c.relnamespace = 'lastseat'::regnamespace AND c.relkind = 'r' AND a.attnum > 0"
        " AND (a.attname LIKE '%%_id' OR a.attname IN ('ref', 'key')) AND l.collname <> 'C'"
        f" AND NOT starts_with(c.relname, '{QUEUE}')"
    ).fetchall()
    assert rows == []


@pytest.mark.parametrize(
    "change",
    [
        "taken = capacity + 1",
        "capacity = taken - 1",
        "taken = -1",
        "overbooked = -1",
    ],
)
def test_no_sql_can_take_more_than_there_is(change: str, catalog: Connection) -> None:
    with pytest.raises(errors.CheckViolation) as refusal:
        catalog.execute(f"UPDATE lastseat.heads SET {change} WHERE bookable_id = 'yoga'".encode())
    assert refusal.value.diag.constraint_name == "heads_never_oversold"


def test_control_the_last_place_can_be_taken(catalog: Connection) -> None:
    change = "UPDATE lastseat.heads SET taken = capacity WHERE bookable_id = 'yoga'"
    assert catalog.execute(change).rowcount == 2


# Exclusive resources ------------------------------------------------------------------------------

LANE = """
INSERT INTO lastseat.claims (tenant_id, booking_id, no, bookable_id, actor_id, units, during,
                             blocked, seq, live, exclusive, override, own_time)
SELECT 'studio', gen_random_uuid(), n, 'lane 9', gen_random_uuid(), 1, x, x, n, {live}, true,
       {override}, false
FROM (SELECT {no} AS n, tstzrange('2031-01-01 {start}Z', '2031-01-01 {end}Z') AS x) AS one
"""


def lane(no: int, start: str, end: str, *, live: str = "true", override: str = "false") -> bytes:
    """SQL that claims an exclusive lane for a time of day."""
    return LANE.format(no=no, start=start, end=end, live=live, override=override).encode()


def test_two_live_claims_of_one_resource_can_not_be_committed(catalog: Connection) -> None:
    catalog.execute(lane(1, "18:00", "19:00"))
    catalog.execute(lane(2, "18:30", "19:30"))
    with pytest.raises(errors.ExclusionViolation) as refusal:
        catalog.execute("SET CONSTRAINTS lastseat.claims_exclusive IMMEDIATE")
    assert refusal.value.diag.constraint_name == "claims_exclusive"


@pytest.mark.parametrize(
    "other",
    [
        lane(2, "19:00", "20:00"),
        lane(2, "18:00", "19:00", live="false"),
        lane(2, "18:00", "19:00", override="true"),
    ],
    ids=["after it", "freed", "an override"],
)
def test_control_what_does_not_meet_a_claim_may_stand_beside_it(
    other: bytes, catalog: Connection
) -> None:
    catalog.execute(lane(1, "18:00", "19:00"))
    catalog.execute(other)
    catalog.execute("SET CONSTRAINTS lastseat.claims_exclusive IMMEDIATE")


SWAP = """
UPDATE lastseat.claims
SET blocked = CASE no WHEN 1 THEN tstzrange('2031-01-01 19:00Z', '2031-01-01 20:00Z')
                      ELSE tstzrange('2031-01-01 18:00Z', '2031-01-01 19:00Z') END
WHERE bookable_id = 'lane 9'
"""
FREE_AND_TAKE = b"""
WITH freed AS (UPDATE lastseat.claims SET live = false WHERE bookable_id = 'lane 9' AND no = 1)
""" + lane(3, "18:00", "19:00")


@pytest.mark.parametrize("change", [SWAP.encode(), FREE_AND_TAKE], ids=["swap", "free and take"])
def test_a_swap_in_one_statement_passes_because_the_constraint_is_deferred(
    change: bytes, retold: Callable[[], str]
) -> None:
    with psycopg.connect(retold(), autocommit=True) as connection:
        connection.execute(lane(1, "18:00", "19:00"))
        connection.execute(lane(2, "19:00", "20:00"))
        at_once = not_deferrable(connection)
        assert connection.execute(change).rowcount > 0

    with psycopg.connect(retold(), autocommit=True) as control:
        control.execute("ALTER TABLE lastseat.claims DROP CONSTRAINT claims_exclusive")
        control.execute(f"ALTER TABLE lastseat.claims ADD {at_once}".encode())
        control.execute(lane(1, "18:00", "19:00"))
        control.execute(lane(2, "19:00", "20:00"))
        with pytest.raises(errors.ExclusionViolation):
            control.execute(change)


def not_deferrable(connection: Connection) -> str:
    """The very constraint, but for being checked row by row."""
    row = connection.execute(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'claims_exclusive'"
    ).fetchone()
    assert row is not None
    at_once, found = re.subn(r" DEFERRABLE INITIALLY DEFERRED$", "", str(row[0]))
    assert found == 1
    return at_once
