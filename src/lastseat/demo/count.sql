-- The count after the rush, on the bare tables: nothing here asks the engine, or believes its
-- counters.

-- name: units_sold
-- For each occurrence: its capacity, and the units that live bookings hold.
SELECT h.bookable_id, h.capacity, coalesce(sum(c.units), 0)
FROM lastseat.heads h
LEFT JOIN lastseat.claims c
  ON c.tenant_id = h.tenant_id AND c.bookable_id = h.bookable_id AND c.live
WHERE h.tenant_id = %(tenant)s AND h.kind = 'occurrence'
GROUP BY h.bookable_id, h.capacity
ORDER BY h.bookable_id;

-- name: sold_for
-- The live bookings of exclusive resources that overlap one time.
SELECT count(DISTINCT c.booking_id)
FROM lastseat.claims c
WHERE c.tenant_id = %(tenant)s AND c.bookable_id = ANY(%(resources)s) AND c.live
  AND c.blocked && tstzrange(%(start)s, %(end)s);

-- name: sold_twice
-- Pairs of live claims of one exclusive resource that overlap.
SELECT count(*)
FROM lastseat.claims a
JOIN lastseat.claims b
  ON b.tenant_id = a.tenant_id AND b.bookable_id = a.bookable_id AND b.live AND b.exclusive
 AND b.blocked && a.blocked AND (b.booking_id, b.no) > (a.booking_id, a.no)
JOIN lastseat.heads h
  ON h.tenant_id = a.tenant_id AND h.bookable_id = a.bookable_id AND h.kind = 'resource'
WHERE a.tenant_id = %(tenant)s AND a.live AND a.exclusive;
