-- Who waits in line for what (MISSION C7). Never used to decide: the engine reads lines under its lock.
--
-- Where nobody waits for a bookable, as its head says, its line is not looked at.

-- name: line
-- A page of a line, in its order; each place with how many before it wait for a time that overlaps.
SELECT w.seq, w.booking_id::text, coalesce(a.ref, ''), b.version,
       h.bookable_id, w.units, w.position, w.awaited::text,
       (extract(epoch FROM w.joined_at) * 1000000)::bigint,
       (extract(epoch FROM h.starts_at) * 1000000)::bigint,
       (extract(epoch FROM h.ends_at) * 1000000)::bigint
FROM lastseat.heads h
CROSS JOIN LATERAL (
    SELECT x.*, (
               SELECT count(*) FROM lastseat.waitlist y
               WHERE y.tenant_id = x.tenant_id AND y.bookable_id = x.bookable_id
                 AND y.queue_id = x.bookable_id AND y.seq <= x.seq
                 AND (x.during IS NULL OR y.during && x.during)) AS position
    FROM lastseat.waitlist x
    WHERE x.tenant_id = h.tenant_id AND x.bookable_id = h.bookable_id
      AND x.queue_id = h.bookable_id AND x.seq > %(after)s::bigint
      AND (x.during IS NULL
           OR x.during && tstzrange(%(start)s::timestamptz, %(end)s::timestamptz))
    ORDER BY x.seq
    LIMIT %(limit)s::integer + 1
) AS w
CROSS JOIN LATERAL (
    SELECT x.version FROM lastseat.bookings x
    WHERE x.tenant_id = w.tenant_id AND x.booking_id = w.booking_id
    OFFSET 0
) AS b
LEFT JOIN LATERAL (
    SELECT x.ref FROM lastseat.actors x
    WHERE x.tenant_id = w.tenant_id AND x.actor_id = w.actor_id
    OFFSET 0
) AS a ON true
WHERE h.tenant_id = %(tenant)s::text AND h.bookable_id = %(bookable)s::text AND h.waiting > 0
ORDER BY w.seq;

-- name: waited_for
-- The times, with buffers, that somebody waits for in the lines of some bookables.
SELECT asked.bookable_id,
       (extract(epoch FROM lower(w.during)) * 1000000)::bigint,
       (extract(epoch FROM upper(w.during)) * 1000000)::bigint
FROM unnest(%(bookables)s::text[]) AS asked (bookable_id)
CROSS JOIN LATERAL (
    SELECT x.during FROM lastseat.waitlist x
    WHERE x.tenant_id = %(tenant)s::text AND x.bookable_id = asked.bookable_id
      AND x.queue_id = asked.bookable_id
      AND x.during && tstzrange(%(start)s::timestamptz, %(end)s::timestamptz)
    OFFSET 0
) AS w
ORDER BY asked.bookable_id, lower(w.during);

-- name: waiting_too_late
-- Those of all tenants who wait for what has begun, or does not take place. All who wait are looked
-- at: few do.
SELECT w.tenant_id, w.booking_id::text
FROM lastseat.waitlist w
CROSS JOIN LATERAL (
    SELECT x.starts_at, x.called_off FROM lastseat.heads x
    WHERE x.tenant_id = w.tenant_id AND x.bookable_id = w.bookable_id
    OFFSET 0
) AS h
WHERE w.bookable_id = w.queue_id
  AND (h.called_off OR (SELECT lastseat.clock()) >= CASE
          WHEN w.during IS NULL THEN h.starts_at
          ELSE (w.awaited #>> '{claims,0,start}')::timestamptz END)
ORDER BY w.joined_at
LIMIT %(limit)s::integer;

-- name: waiting_of_actor
-- The waiting bookings of one actor.
SELECT w.booking_id::text
FROM lastseat.actors a
CROSS JOIN LATERAL (
    SELECT x.booking_id FROM lastseat.bookings x
    WHERE x.tenant_id = a.tenant_id AND x.actor_id = a.actor_id AND x.status = 'WAITLISTED'
    OFFSET 0
) AS w
WHERE a.tenant_id = %(tenant)s::text AND a.ref = %(actor)s::text
LIMIT %(limit)s::integer;
