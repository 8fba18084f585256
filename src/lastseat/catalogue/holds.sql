-- Reservations that ran out, and how the reservations of a tenant fare (MISSION D6).
--
-- Claims are looked up one by one (LATERAL with OFFSET 0, which no planner flattens): statistics
-- from when a table was empty would have it read whole.

-- name: overdue_holds
-- Overdue holds of all tenants, the oldest first. For each tenant its index is looked into once.
SELECT t.tenant_id, due.booking_id::text
FROM lastseat.tenants t
CROSS JOIN LATERAL (
    SELECT b.booking_id, b.expires_at
    FROM lastseat.bookings b
    WHERE b.tenant_id = t.tenant_id AND b.status = 'HELD'
      AND b.expires_at <= (SELECT lastseat.clock())
    ORDER BY b.expires_at
    LIMIT %(limit)s::integer
) AS due
ORDER BY due.expires_at
LIMIT %(limit)s::integer;

-- name: cleanup_lag
-- For how many seconds the oldest overdue hold of any tenant has been overdue; null: there is none.
SELECT extract(epoch FROM (SELECT lastseat.clock()) - min(due.expires_at))::float8
FROM lastseat.tenants t
CROSS JOIN LATERAL (
    SELECT b.expires_at
    FROM lastseat.bookings b
    WHERE b.tenant_id = t.tenant_id AND b.status = 'HELD'
      AND b.expires_at <= (SELECT lastseat.clock())
    ORDER BY b.expires_at
    LIMIT 1
) AS due;

-- name: tenant_lag
-- The same of one tenant, with how many holds are still good and how many are overdue.
SELECT count(*) FILTER (WHERE b.expires_at > now.at),
       count(*) FILTER (WHERE b.expires_at <= now.at),
       coalesce(extract(epoch FROM max(now.at)
           - min(b.expires_at) FILTER (WHERE b.expires_at <= now.at)), 0)::float8
FROM (SELECT lastseat.clock() AS at OFFSET 0) AS now
CROSS JOIN lastseat.bookings b
CROSS JOIN LATERAL (
    SELECT x.bookable_id FROM lastseat.claims x
    WHERE x.tenant_id = b.tenant_id AND x.booking_id = b.booking_id AND x.no = 1
    OFFSET 0
) AS c
WHERE b.tenant_id = %(tenant)s::text AND b.status = 'HELD'
  AND starts_with(c.bookable_id, 'service:');

-- name: reserved_since
-- What became of the reservations made from a time on: ids are in the order of time.
SELECT b.status, count(*)
FROM lastseat.bookings b
CROSS JOIN LATERAL (
    SELECT x.bookable_id FROM lastseat.claims x
    WHERE x.tenant_id = b.tenant_id AND x.booking_id = b.booking_id AND x.no = 1
    OFFSET 0
) AS c
CROSS JOIN LATERAL (
    SELECT x.body FROM lastseat.journal x
    WHERE x.tenant_id = b.tenant_id AND x.booking_id = b.booking_id AND x.version = 1 AND x.lead
    OFFSET 0
) AS j
WHERE b.tenant_id = %(tenant)s::text AND starts_with(c.bookable_id, 'service:')
  AND b.booking_id >= (lpad(to_hex(
          (extract(epoch FROM (SELECT lastseat.clock())) * 1000)::bigint
          - %(seconds)s::bigint * 1000), 12, '0') || '00000000000000000000')::uuid
  AND j.body ->> 'status' = 'HELD'
GROUP BY b.status;
