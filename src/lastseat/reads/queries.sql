-- name: occurrence
-- What an occurrence, resource, pool, limit or event is, and what is left of an occurrence now.
SELECT h.bookable_id, h.kind, h.capacity, h.overbooked, h.seq,
       (extract(epoch FROM h.starts_at) * 1000000)::bigint,
       (extract(epoch FROM h.ends_at) * 1000000)::bigint,
       h.time_zone, h.event_id, h.actor_time,
       h.taken - coalesce((
           SELECT sum(c.units) FROM lastseat.claims c
           WHERE h.kind = 'occurrence' AND c.tenant_id = h.tenant_id
             AND c.bookable_id = h.bookable_id AND c.live
             AND c.blocked IS NULL AND c.expires_at <= (SELECT lastseat.clock())), 0),
       h.location_id, d.name, d.attributes::text, h.parts, h.called_off, h.waitlist,
       CASE WHEN h.waiting > 0 THEN (
           SELECT count(*) FROM lastseat.waitlist w
           WHERE w.tenant_id = h.tenant_id AND w.bookable_id = h.bookable_id
             AND w.queue_id = h.bookable_id) ELSE 0 END
FROM lastseat.heads h
LEFT JOIN lastseat.bookable_details d
  ON d.tenant_id = h.tenant_id AND d.bookable_id = h.bookable_id
WHERE h.tenant_id = %(tenant)s::text AND h.bookable_id = %(bookable)s::text
  AND h.seq > 0 AND h.kind <> 'actor';

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

-- name: booking
-- One booking with all the claims it ever made; an overdue hold shows as expired already.
SELECT b.booking_id::text, coalesce(a.ref, ''),
       CASE WHEN b.status = 'HELD' AND b.expires_at <= (SELECT lastseat.clock())
            THEN 'EXPIRED' ELSE b.status END,
       b.version,
       (extract(epoch FROM b.expires_at) * 1000000)::bigint,
       (extract(epoch FROM b.created_at) * 1000000)::bigint,
       (extract(epoch FROM b.updated_at) * 1000000)::bigint,
       CASE WHEN d.metadata <> '{}' THEN d.metadata::text END,
       nullif(k.name, ''), nullif(k.email, ''), nullif(k.phone, ''), b.series_id::text,
       c.bookable_id, c.units,
       (extract(epoch FROM coalesce(lower(c.during), h.starts_at)) * 1000000)::bigint,
       (extract(epoch FROM coalesce(upper(c.during), h.ends_at)) * 1000000)::bigint,
       c.live AND NOT (b.status = 'HELD' AND b.expires_at <= (SELECT lastseat.clock())),
       to_char(c.local_start, 'YYYY-MM-DD"T"HH24:MI:SS'),
       coalesce(c.time_zone, h.time_zone),
       w.queue_id, w.units, w.position, w.awaited::text,
       (extract(epoch FROM w.joined_at) * 1000000)::bigint,
       (extract(epoch FROM w.starts_at) * 1000000)::bigint,
       (extract(epoch FROM w.ends_at) * 1000000)::bigint
FROM lastseat.bookings b
LEFT JOIN lastseat.actors a ON a.tenant_id = b.tenant_id AND a.actor_id = b.actor_id
LEFT JOIN lastseat.booking_details d ON d.tenant_id = b.tenant_id AND d.booking_id = b.booking_id
LEFT JOIN lastseat.booking_contacts k ON k.tenant_id = b.tenant_id AND k.booking_id = b.booking_id
LEFT JOIN lastseat.claims c ON c.tenant_id = b.tenant_id AND c.booking_id = b.booking_id
LEFT JOIN lastseat.heads h ON h.tenant_id = c.tenant_id AND h.bookable_id = c.bookable_id
LEFT JOIN LATERAL (
    SELECT x.*, h.starts_at, h.ends_at, (
               SELECT count(*) FROM lastseat.waitlist y
               WHERE y.tenant_id = x.tenant_id AND y.bookable_id = x.bookable_id
                 AND y.queue_id = x.bookable_id AND y.seq <= x.seq
                 AND (x.during IS NULL OR y.during && x.during)) AS position
    FROM lastseat.waitlist x
    CROSS JOIN LATERAL (
        SELECT * FROM lastseat.heads y
        WHERE y.tenant_id = x.tenant_id AND y.bookable_id = x.bookable_id
        OFFSET 0
    ) AS h
    WHERE b.status = 'WAITLISTED' AND x.tenant_id = %(tenant)s::text
      AND x.booking_id = b.booking_id AND x.bookable_id = x.queue_id
    OFFSET 0
) AS w ON true
WHERE b.tenant_id = %(tenant)s::text AND b.booking_id = %(booking)s::uuid
  AND (c.bookable_id IS NULL OR h.kind <> 'actor')
ORDER BY c.no;

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
