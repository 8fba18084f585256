-- name: roster
-- An occurrence's live bookings, oldest first, each with its first seat; a page of them.
SELECT * FROM (
    SELECT c.booking_id::text, coalesce(a.ref, ''), c.units, b.status, b.version,
           1 + sum(c.units) OVER (ORDER BY c.seq) - c.units AS seat,
           (extract(epoch FROM b.expires_at) * 1000000)::bigint
    FROM lastseat.claims c
    JOIN lastseat.bookings b ON b.tenant_id = c.tenant_id AND b.booking_id = c.booking_id
    LEFT JOIN lastseat.actors a ON a.tenant_id = c.tenant_id AND a.actor_id = c.actor_id
    WHERE c.tenant_id = %(tenant)s::text AND c.bookable_id = %(bookable)s::text AND c.live
      AND c.blocked IS NULL
      AND (c.expires_at IS NULL OR c.expires_at > (SELECT lastseat.clock()))
) AS roster
WHERE seat > %(after_seat)s::bigint
ORDER BY seat
LIMIT %(limit)s::integer;

-- name: place
-- One actor's place on a roster.
SELECT c.booking_id::text, b.status,
       1 + coalesce((
           SELECT sum(o.units) FROM lastseat.claims o
           WHERE o.tenant_id = c.tenant_id AND o.bookable_id = c.bookable_id AND o.live
             AND o.blocked IS NULL
             AND o.seq < c.seq AND (o.expires_at IS NULL OR o.expires_at > (SELECT lastseat.clock()))), 0)::bigint
FROM lastseat.actors a
JOIN lastseat.claims c
  ON c.tenant_id = a.tenant_id AND c.actor_id = a.actor_id
 AND c.bookable_id = %(bookable)s::text AND c.live
      AND c.blocked IS NULL
 AND (c.expires_at IS NULL OR c.expires_at > (SELECT lastseat.clock()))
JOIN lastseat.bookings b ON b.tenant_id = c.tenant_id AND b.booking_id = c.booking_id
WHERE a.tenant_id = %(tenant)s::text AND a.ref = %(actor)s::text;

-- name: booking_count
SELECT count(DISTINCT c.booking_id)
FROM lastseat.claims c
WHERE c.tenant_id = %(tenant)s::text AND c.bookable_id = %(bookable)s::text AND c.live
      AND c.blocked IS NULL
  AND (c.expires_at IS NULL OR c.expires_at > (SELECT lastseat.clock()));

-- name: journal
-- A page of one stream.
SELECT seq, type, v, body::text, booking_id::text, version, lead, principal,
       (extract(epoch FROM at) * 1000000)::bigint
FROM lastseat.journal
WHERE tenant_id = %(tenant)s::text AND stream_id = %(stream)s::text AND seq > %(after)s::bigint
ORDER BY seq
LIMIT %(limit)s::integer;

-- name: due_holds
-- The tenant's holds whose time is over and that nobody has journalled as expired yet.
SELECT booking_id::text
FROM lastseat.bookings
WHERE tenant_id = %(tenant)s::text AND status = 'HELD' AND expires_at <= (SELECT lastseat.clock())
ORDER BY expires_at
LIMIT %(limit)s::integer;

-- name: due_on
-- One hold on a bookable whose time is over and that nobody has journalled as expired yet.
SELECT c.booking_id::text
FROM lastseat.claims c
WHERE c.tenant_id = %(tenant)s::text AND c.bookable_id = %(bookable)s::text AND c.live
  AND c.expires_at <= (SELECT lastseat.clock())
LIMIT 1;
