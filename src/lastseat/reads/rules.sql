-- When something may be booked, as it was last said.

-- name: rules_of
-- An owner's rules, its stream's sequence, and its time zone: its own, or its location's. An owner that
-- has no stream is a location nobody gave rules yet.
SELECT o.seq, o.time_zone, r.rules::text
FROM (
    SELECT h.seq, coalesce(h.time_zone, l.time_zone) AS time_zone
    FROM lastseat.heads h
    LEFT JOIN lastseat.locations l
      ON l.tenant_id = h.tenant_id
     AND l.location_id = CASE h.kind WHEN 'location' THEN substr(h.bookable_id, 10)
                                     ELSE h.location_id END
    WHERE h.tenant_id = %(tenant)s::text AND h.bookable_id = %(owner)s::text
      AND h.seq > 0 AND h.kind <> 'actor'
    UNION ALL
    SELECT 0, l.time_zone
    FROM lastseat.locations l
    WHERE l.tenant_id = %(tenant)s::text AND starts_with(%(owner)s::text, 'location:')
      AND l.location_id = substr(%(owner)s::text, 10)
) AS o
LEFT JOIN lastseat.rules r ON r.tenant_id = %(tenant)s::text AND r.owner_id = %(owner)s::text
ORDER BY o.seq DESC
LIMIT 1;
