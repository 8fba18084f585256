"""The ledger as it is at the end, as lines of the history: plain SQL, one snapshot."""

from collections.abc import Iterator

import psycopg

TABLES = {
    "journal": "tenant_id, stream_id, ordinal",
    "heads": "tenant_id, bookable_id",
    "bookings": "tenant_id, booking_id",
    "claims": "tenant_id, booking_id, no",
    "waitlist": "tenant_id, bookable_id, booking_id",
    "keys": "tenant_id, key",
    "actors": "tenant_id, actor_id",
    "events": "tenant_id, event_id",
    "feed_pages": "tenant_id, last_pos",
    "relay": "one",
}
"""What is written, in this order, each in its own."""

_INSTANT = "CASE WHEN {0} IS NOT NULL THEN (extract(epoch FROM {0}) * 1000000)::bigint END"

_COLUMNS = """
SELECT column_name, data_type FROM information_schema.columns
WHERE table_schema = 'lastseat' AND table_name = %s ORDER BY ordinal_position
"""


def rows(conninfo: str) -> Iterator[bytes]:
    """Every row of the ledger as a line of the history."""
    with psycopg.connect(conninfo) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        for table, order in TABLES.items():
            columns = connection.execute(_COLUMNS, [table]).fetchall()
            pairs = ", ".join(f"'{name}', {_value(name, kind)}" for name, kind in columns)
            query = (
                "SELECT json_build_object('t', 'row', 'table', "  # noqa: S608 - our own tables
                f"'{table}', 'row', json_build_object({pairs}))::text"
                f" FROM lastseat.{table} ORDER BY {order}"
            )
            with connection.cursor(f"dump_{table}") as cursor:
                cursor.itersize = 5_000
                cursor.execute(query.encode())
                for (line,) in cursor:
                    # PostgreSQL breaks no lines in these, but a stored answer might.
                    yield line.replace("\n", " ").encode()


def _value(name: str, kind: str) -> str:
    quoted = f'"{name}"'
    match kind:
        case "timestamp with time zone":
            return _INSTANT.format(quoted)
        case "tstzrange":
            lower, upper = (_INSTANT.format(f"{end}({quoted})") for end in ("lower", "upper"))
            pair = f"json_build_array({lower}, {upper})"
            return f"CASE WHEN {quoted} IS NOT NULL THEN {pair} END"
        case "xid8" | "uuid" | "pg_snapshot" | "timestamp without time zone":
            return f"{quoted}::text"
        case _:
            return quoted
