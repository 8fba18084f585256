-- What is taken of a service over a time. For people to look at; the engine decides.

-- name: slot_load
-- A service's capacity, and the most units in use at any instant of a time, buffers included. At one
-- instant ends come before starts, since times are half-open.
WITH there AS (
    SELECT c.units, greatest(lower(c.blocked), %(start)s::timestamptz) AS starts_at,
           least(upper(c.blocked), %(end)s::timestamptz) AS ends_at
    FROM lastseat.claims c
    WHERE c.tenant_id = %(tenant)s::text AND c.bookable_id = %(bookable)s::text
      AND c.blocked && tstzrange(%(start)s::timestamptz, %(end)s::timestamptz)
      AND c.live AND c.blocked IS NOT NULL AND NOT c.own_time AND (NOT c.exclusive OR c.override)
      AND (c.expires_at IS NULL OR c.expires_at > (SELECT lastseat.clock()))
), edges AS (
    SELECT starts_at AS at, units AS change FROM there
    UNION ALL
    SELECT ends_at, -units FROM there
), running AS (
    SELECT sum(change) OVER (ORDER BY at, change ROWS UNBOUNDED PRECEDING) AS in_use FROM edges
)
SELECT h.capacity, coalesce((SELECT max(in_use) FROM running), 0)::integer
FROM lastseat.heads h
WHERE h.tenant_id = %(tenant)s::text AND h.bookable_id = %(bookable)s::text AND h.seq > 0;

-- name: confirmed_slots
-- The confirmed appointments of a service over a time, in its order.
SELECT b.booking_id::text, b.version,
       (extract(epoch FROM lower(c.during)) * 1000000)::bigint,
       (extract(epoch FROM upper(c.during)) * 1000000)::bigint
FROM lastseat.claims c
JOIN lastseat.bookings b ON b.tenant_id = c.tenant_id AND b.booking_id = c.booking_id
WHERE c.tenant_id = %(tenant)s::text AND c.bookable_id = %(bookable)s::text
  AND c.blocked && tstzrange(%(start)s::timestamptz, %(end)s::timestamptz)
  AND c.during && tstzrange(%(start)s::timestamptz, %(end)s::timestamptz)
  AND c.live AND c.blocked IS NOT NULL AND NOT c.own_time AND (NOT c.exclusive OR c.override)
  AND b.status = 'CONFIRMED'
ORDER BY lower(c.during), b.booking_id
LIMIT %(limit)s::integer;

-- name: slot
-- A reservation or appointment: the last place it had, or waits for, and what time it is. A hold
-- that ran out shows as expired already. `others` are live claims besides that of the service.
SELECT b.booking_id::text, coalesce(a.ref, ''),
       CASE WHEN b.status = 'HELD' AND b.expires_at <= now.at THEN 'EXPIRED' ELSE b.status END,
       b.version,
       (extract(epoch FROM b.expires_at) * 1000000)::bigint,
       (extract(epoch FROM b.limit_at) * 1000000)::bigint,
       c.bookable_id,
       (extract(epoch FROM lower(c.during)) * 1000000)::bigint,
       (extract(epoch FROM upper(c.during)) * 1000000)::bigint,
       k.email, k.phone,
       (SELECT json_agg(json_build_array(x.bookable_id, x.units) ORDER BY x.no)::text
        FROM lastseat.claims x
        WHERE x.tenant_id = b.tenant_id AND x.booking_id = b.booking_id AND x.live
          AND NOT x.own_time AND x.no <> c.no),
       (extract(epoch FROM now.at) * 1000000)::bigint
FROM (SELECT lastseat.clock() AS at OFFSET 0) AS now
CROSS JOIN lastseat.bookings b
LEFT JOIN lastseat.actors a ON a.tenant_id = b.tenant_id AND a.actor_id = b.actor_id
LEFT JOIN lastseat.booking_contacts k ON k.tenant_id = b.tenant_id AND k.booking_id = b.booking_id
CROSS JOIN LATERAL (
    SELECT x.bookable_id, x.during, x.live, x.no
    FROM lastseat.claims x
    WHERE x.tenant_id = b.tenant_id AND x.booking_id = b.booking_id
    UNION ALL
    SELECT x.bookable_id,
           tstzrange((x.awaited #>> '{claims,0,start}')::timestamptz,
                     (x.awaited #>> '{claims,0,end}')::timestamptz),
           true, 0
    FROM lastseat.waitlist x
    WHERE b.status = 'WAITLISTED' AND x.tenant_id = b.tenant_id AND x.booking_id = b.booking_id
      AND x.bookable_id = x.queue_id
) AS c
WHERE b.tenant_id = %(tenant)s::text AND b.booking_id = %(booking)s::uuid
  AND starts_with(c.bookable_id, 'service:')
ORDER BY c.live DESC, c.no DESC
LIMIT 1;
