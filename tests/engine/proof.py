"""Whether a tenant's ledger is sound, asked without the decisions: plain SQL, and the fold."""

from tests.engine.stage import Stage

from lastseat.ledger.verify import verify

OVERSOLD = """
WITH live AS (
    SELECT h.bookable_id, h.kind, h.capacity, c.booking_id, c.no, c.units, c.blocked
    FROM lastseat.heads h JOIN lastseat.claims c USING (tenant_id, bookable_id)
    WHERE h.tenant_id = %s AND c.live
)
SELECT bookable_id FROM live WHERE kind = 'occurrence'
GROUP BY bookable_id, capacity HAVING sum(units) > capacity
UNION
SELECT a.bookable_id FROM live a JOIN live b USING (bookable_id)
WHERE a.kind = 'resource' AND (a.booking_id, a.no) < (b.booking_id, b.no) AND a.blocked && b.blocked
UNION
SELECT a.bookable_id FROM live a JOIN live b USING (bookable_id)
WHERE a.kind = 'pool' AND lower(a.blocked) <@ b.blocked
GROUP BY a.bookable_id, a.capacity, a.booking_id, a.no HAVING sum(b.units) > a.capacity
"""

HALF_SEATED = """
SELECT booking_id FROM lastseat.claims c JOIN lastseat.bookings b USING (tenant_id, booking_id)
WHERE tenant_id = %s
GROUP BY booking_id, b.status
HAVING bool_or(c.live) = (b.status IN ('CANCELLED', 'EXPIRED', 'REJECTED'))
"""


def oversold(stage: Stage, tenant_id: str) -> set[str]:
    """The bookables of which more is taken than there is."""
    return {name for (name,) in stage.rows(OVERSOLD, tenant_id)}


def check(stage: Stage, tenant_id: str, overridden: set[str]) -> None:
    """Nothing oversold but where an override allowed it, and every projection is its fold."""
    assert oversold(stage, tenant_id) <= overridden
    assert stage.rows(HALF_SEATED, tenant_id) == []
    report = verify(stage.conninfo, tenant_id=tenant_id)
    assert report.complete
    assert report.differences == (), report.differences
    assert report.entries > 0
