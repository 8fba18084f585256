-- What availability is measured against, and the rows of the month it is measured on.

-- name: copy_bookings
COPY lastseat.bookings
    (tenant_id, booking_id, actor_id, status, version, made, created_at, updated_at) FROM STDIN;

-- name: copy_claims
COPY lastseat.claims
    (tenant_id, booking_id, no, bookable_id, actor_id, units, during, blocked, seq, live, exclusive,
     override, own_time) FROM STDIN;

-- name: settle_claims
-- As it is with a table that grew over months: its pages known to be visible to all, statistics taken.
VACUUM (ANALYZE) lastseat.claims, lastseat.bookings, lastseat.heads;

-- name: live_claims
SELECT count(*) FROM lastseat.claims
WHERE tenant_id = %(tenant)s::text AND live AND NOT own_time AND blocked IS NOT NULL;

-- name: scan_claims
-- The same claims read by plain SQL, once, and of each when it is: how long each lane is taken.
SELECT bookable_id, sum(upper(blocked) - lower(blocked))
FROM lastseat.claims
WHERE tenant_id = %(tenant)s::text AND bookable_id = ANY(%(bookables)s::text[])
  AND blocked && tstzrange(%(start)s::timestamptz, %(end)s::timestamptz)
  AND live AND NOT own_time
  AND (expires_at IS NULL OR expires_at > (SELECT lastseat.clock()))
GROUP BY bookable_id;

-- name: count_claims
-- The same, counted alone: no more than the index knows.
SELECT count(*)
FROM lastseat.claims
WHERE tenant_id = %(tenant)s::text AND bookable_id = ANY(%(bookables)s::text[])
  AND blocked && tstzrange(%(start)s::timestamptz, %(end)s::timestamptz)
  AND live AND NOT own_time
  AND (expires_at IS NULL OR expires_at > (SELECT lastseat.clock()));

-- name: fetch_claims
-- The same, fetched: as whole microseconds, which Python sorts faster than times.
SELECT (extract(epoch FROM lower(blocked)) * 1000000)::bigint,
       (extract(epoch FROM upper(blocked)) * 1000000)::bigint, bookable_id
FROM lastseat.claims
WHERE tenant_id = %(tenant)s::text AND bookable_id = ANY(%(bookables)s::text[])
  AND blocked && tstzrange(%(start)s::timestamptz, %(end)s::timestamptz)
  AND live AND NOT own_time
  AND (expires_at IS NULL OR expires_at > (SELECT lastseat.clock()));
