-- Oversold, on the bare tables: nothing here asks the engine or the checker, or believes a counter.
-- What an override touched, and whoever has an own-time claim only, is left to the checker.

-- name: occurrences
-- Seats beyond the capacity, of occurrences that no override ever touched. An overdue hold is free.
SELECT coalesce(sum(sold.units - h.capacity), 0)
FROM lastseat.heads h
JOIN (
    SELECT tenant_id, bookable_id, sum(units) AS units
    FROM lastseat.claims
    WHERE live AND NOT own_time
    GROUP BY tenant_id, bookable_id
) sold USING (tenant_id, bookable_id)
WHERE h.kind = 'occurrence' AND sold.units > h.capacity
  AND NOT EXISTS (
    SELECT FROM lastseat.claims c
    WHERE c.tenant_id = h.tenant_id AND c.bookable_id = h.bookable_id AND c.override)
  AND NOT EXISTS (
    SELECT FROM lastseat.journal j
    WHERE j.tenant_id = h.tenant_id AND j.stream_id = h.bookable_id
      AND j.type = 'capacity_changed' AND (j.body ->> 'overbooked')::int > 0);

-- name: resources
-- Pairs of live claims of one exclusive resource that overlap.
SELECT count(*)
FROM lastseat.claims a
JOIN lastseat.claims b
  ON b.tenant_id = a.tenant_id AND b.bookable_id = a.bookable_id
 AND b.blocked && a.blocked AND (b.booking_id, b.no) > (a.booking_id, a.no)
JOIN lastseat.heads h
  ON h.tenant_id = a.tenant_id AND h.bookable_id = a.bookable_id AND h.kind = 'resource'
WHERE a.live AND b.live AND NOT a.override AND NOT b.override;

-- name: pools
-- Units beyond the highest capacity that a pool ever had, at the start of any live claim.
SELECT coalesce(sum(greatest(0, used.units - most.capacity)), 0)
FROM lastseat.heads h
CROSS JOIN LATERAL (
    SELECT max((j.body ->> 'capacity')::int) AS capacity
    FROM lastseat.journal j
    WHERE j.tenant_id = h.tenant_id AND j.stream_id = h.bookable_id
      AND j.type IN ('defined', 'capacity_changed')
) most
JOIN lastseat.claims a
  ON a.tenant_id = h.tenant_id AND a.bookable_id = h.bookable_id AND a.live
CROSS JOIN LATERAL (
    SELECT sum(c.units) AS units
    FROM lastseat.claims c
    WHERE c.tenant_id = a.tenant_id AND c.bookable_id = a.bookable_id AND c.live
      AND c.blocked @> lower(a.blocked)
) used
WHERE h.kind = 'pool' AND NOT a.override;

-- name: seated_twice
-- Actors who sit twice on one roster.
SELECT count(*)
FROM (
    SELECT FROM lastseat.claims c
    JOIN lastseat.heads h USING (tenant_id, bookable_id)
    WHERE c.live AND h.kind = 'occurrence'
    GROUP BY c.tenant_id, c.bookable_id, c.actor_id
    HAVING count(*) > 1
) twice;
