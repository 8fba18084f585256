"""What the tables themselves say, in SQL that shares nothing with the engine's.

A race test ends here: whatever the callers were told, `findings` counts again. It is no replay of
the journal into decisions; `lastseat verify` does that.
"""

import psycopg

CHECKS = {
    "more units than seats": """
        SELECT h.bookable_id, sum(c.units), h.capacity
        FROM lastseat.heads h JOIN lastseat.claims c USING (tenant_id, bookable_id)
        WHERE h.tenant_id = %(tenant)s AND h.kind = 'occurrence' AND c.live
        GROUP BY h.tenant_id, h.bookable_id
        HAVING sum(c.units) > h.capacity + h.overbooked""",
    "a head that counts otherwise than its claims": """
        SELECT h.bookable_id, h.taken, coalesce(sum(c.units) FILTER (WHERE c.live), 0)
        FROM lastseat.heads h LEFT JOIN lastseat.claims c USING (tenant_id, bookable_id)
        WHERE h.tenant_id = %(tenant)s AND h.kind = 'occurrence'
        GROUP BY h.tenant_id, h.bookable_id
        HAVING h.taken <> coalesce(sum(c.units) FILTER (WHERE c.live), 0)""",
    "two claims of one exclusive time": """
        SELECT a.bookable_id, a.blocked, b.blocked
        FROM lastseat.claims a JOIN lastseat.claims b
          ON a.tenant_id = b.tenant_id AND a.bookable_id = b.bookable_id
         AND a.blocked && b.blocked AND (a.booking_id, a.no) < (b.booking_id, b.no)
        WHERE a.tenant_id = %(tenant)s AND a.live AND b.live AND (a.exclusive OR b.exclusive)""",
    # The load of a pool can only rise where a claim begins.
    "a pool past its peak": """
        SELECT h.bookable_id, lower(a.blocked), sum(b.units), h.capacity
        FROM lastseat.heads h
        JOIN lastseat.claims a USING (tenant_id, bookable_id)
        JOIN lastseat.claims b USING (tenant_id, bookable_id)
        WHERE h.tenant_id = %(tenant)s AND h.kind = 'pool' AND a.live AND b.live
          AND b.blocked @> lower(a.blocked)
        GROUP BY h.tenant_id, h.bookable_id, a.booking_id, a.no, a.blocked
        HAVING sum(b.units) > h.capacity""",
    "an actor twice on a roster": """
        SELECT c.bookable_id, c.actor_id
        FROM lastseat.claims c JOIN lastseat.heads h USING (tenant_id, bookable_id)
        WHERE c.tenant_id = %(tenant)s AND c.live AND h.kind = 'occurrence'
        GROUP BY c.bookable_id, c.actor_id HAVING count(*) > 1""",
    "a stream with a gap": """
        SELECT stream_id, min(seq), max(seq), count(*)
        FROM lastseat.journal WHERE tenant_id = %(tenant)s
        GROUP BY stream_id HAVING min(seq) <> 1 OR max(seq) <> count(*)""",
    "a head that stands elsewhere than its stream": """
        SELECT h.bookable_id, h.seq, coalesce(max(j.seq), 0)
        FROM lastseat.heads h LEFT JOIN lastseat.journal j
          ON j.tenant_id = h.tenant_id AND j.stream_id = h.bookable_id
        WHERE h.tenant_id = %(tenant)s
        GROUP BY h.tenant_id, h.bookable_id HAVING h.seq <> coalesce(max(j.seq), 0)""",
    "a stream whose time or order goes back": """
        SELECT stream_id, seq FROM (
            SELECT stream_id, seq, at, ordinal,
                   lag(at) OVER stream AS at_before, lag(ordinal) OVER stream AS ordinal_before
            FROM lastseat.journal WHERE tenant_id = %(tenant)s
            WINDOW stream AS (PARTITION BY stream_id ORDER BY seq)) AS steps
        WHERE at < at_before OR ordinal < ordinal_before""",
    "a booking whose versions are not its leads": """
        SELECT b.booking_id, b.version, count(j.*)
        FROM lastseat.bookings b LEFT JOIN lastseat.journal j
          ON j.tenant_id = b.tenant_id AND j.booking_id = b.booking_id AND j.lead
        WHERE b.tenant_id = %(tenant)s
        GROUP BY b.tenant_id, b.booking_id
        HAVING b.version <> count(j.*) OR b.version <> max(j.version)""",
    "claims of a booking that is gone, or none of one that lives": """
        SELECT b.booking_id, b.status, count(c.*)
        FROM lastseat.bookings b LEFT JOIN lastseat.claims c
          ON c.tenant_id = b.tenant_id AND c.booking_id = b.booking_id AND c.live
        WHERE b.tenant_id = %(tenant)s
        GROUP BY b.tenant_id, b.booking_id
        HAVING (count(c.*) > 0) <> (
            b.status NOT IN ('WAITLISTED', 'CANCELLED', 'EXPIRED', 'REJECTED'))""",
}


def findings(conninfo: str, tenant_id: str) -> list[str]:
    """What is wrong with a tenant's tables; nothing, one hopes."""
    with psycopg.connect(conninfo) as connection:
        return [
            f"{finding}: {row}"
            for finding, query in CHECKS.items()
            for row in connection.execute(query.encode(), {"tenant": tenant_id})
        ]


def oversold(conninfo: str, tenant_id: str) -> int:
    """Units that live claims have of occurrences beyond their capacity."""
    query = """
        SELECT coalesce(sum(greatest(0, taken - capacity)), 0)::integer FROM (
            SELECT h.capacity, sum(c.units) AS taken
            FROM lastseat.heads h JOIN lastseat.claims c USING (tenant_id, bookable_id)
            WHERE h.tenant_id = %s AND h.kind = 'occurrence' AND c.live
            GROUP BY h.tenant_id, h.bookable_id) AS occurrences"""
    return _number(conninfo, query, [tenant_id])


def units(conninfo: str, tenant_id: str, bookable: str) -> int:
    """Units that live claims have of one bookable."""
    query = """
        SELECT coalesce(sum(units), 0)::integer FROM lastseat.claims
        WHERE tenant_id = %s AND bookable_id = %s AND live"""
    return _number(conninfo, query, [tenant_id, bookable])


def _number(conninfo: str, query: str, params: list[str]) -> int:
    with psycopg.connect(conninfo) as connection:
        row = connection.execute(query.encode(), params).fetchone()
    assert row is not None
    return int(row[0])
