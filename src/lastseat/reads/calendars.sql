-- What calendars show: events with their schedules, and claims that are live, with their times.

-- name: shown_event
SELECT h.bookable_id, d.name, h.capacity, h.seq, (extract(epoch FROM h.at) * 1000000)::bigint,
       h.time_zone, e.starts, e.seconds, e.schedule::text, l.name
FROM lastseat.heads h
JOIN lastseat.events e ON e.tenant_id = h.tenant_id AND e.event_id = h.bookable_id
LEFT JOIN lastseat.bookable_details d
  ON d.tenant_id = h.tenant_id AND d.bookable_id = h.bookable_id
LEFT JOIN lastseat.locations l ON l.tenant_id = h.tenant_id AND l.location_id = h.location_id
WHERE h.tenant_id = %(tenant)s::text AND h.bookable_id = %(event)s::text AND h.kind = 'event'
  AND %(limit)s::integer > 0;

-- name: shown_events_at
SELECT h.bookable_id, d.name, h.capacity, h.seq, (extract(epoch FROM h.at) * 1000000)::bigint,
       h.time_zone, e.starts, e.seconds, e.schedule::text, l.name
FROM lastseat.heads h
JOIN lastseat.events e ON e.tenant_id = h.tenant_id AND e.event_id = h.bookable_id
LEFT JOIN lastseat.bookable_details d
  ON d.tenant_id = h.tenant_id AND d.bookable_id = h.bookable_id
LEFT JOIN lastseat.locations l ON l.tenant_id = h.tenant_id AND l.location_id = h.location_id
WHERE h.tenant_id = %(tenant)s::text AND h.location_id = %(event)s::text AND h.kind = 'event'
ORDER BY h.bookable_id
LIMIT %(limit)s::integer;

-- name: shown_bookable
-- One bookable that is taken over a time; of a composite, its parts.
SELECT part.bookable_id
FROM lastseat.heads h,
     unnest(CASE WHEN h.kind = 'composite' THEN h.parts ELSE ARRAY[h.bookable_id] END)
         AS part (bookable_id)
WHERE h.tenant_id = %(tenant)s::text AND h.bookable_id = %(bookable)s::text
  AND h.kind IN ('resource', 'pool', 'limit', 'composite');

-- name: shown_bookables_at
SELECT bookable_id FROM lastseat.heads
WHERE tenant_id = %(tenant)s::text AND location_id = %(location)s::text
  AND kind IN ('resource', 'pool')
ORDER BY bookable_id
LIMIT %(limit)s::integer;

-- name: shown_occurrences_at
-- Occurrences of their own at a location: those of events are in their events.
SELECT h.bookable_id, d.name, h.capacity, h.seq, (extract(epoch FROM h.at) * 1000000)::bigint,
       h.time_zone, (extract(epoch FROM h.starts_at) * 1000000)::bigint,
       (extract(epoch FROM h.ends_at) * 1000000)::bigint, h.called_off, l.name
FROM lastseat.heads h
LEFT JOIN lastseat.bookable_details d
  ON d.tenant_id = h.tenant_id AND d.bookable_id = h.bookable_id
LEFT JOIN lastseat.locations l ON l.tenant_id = h.tenant_id AND l.location_id = h.location_id
WHERE h.tenant_id = %(tenant)s::text AND h.location_id = %(location)s::text
  AND h.kind = 'occurrence' AND h.event_id IS NULL
  AND tstzrange(h.starts_at, h.ends_at)
      && tstzrange(%(start)s::timestamptz, %(end)s::timestamptz)
ORDER BY h.starts_at, h.bookable_id
LIMIT %(limit)s::integer;

-- name: shown_claims
-- The live claims of bookables in a time, by their start. Two halves, since what can't overlap and
-- what may are in two indexes.
WITH found AS (
    SELECT c.* FROM lastseat.claims c
    WHERE c.tenant_id = %(tenant)s::text AND c.bookable_id = ANY (%(bookables)s::text[])
      AND c.live AND c.exclusive AND NOT c.override AND NOT c.own_time
      AND c.blocked && tstzrange(%(start)s::timestamptz, %(end)s::timestamptz)
    UNION ALL
    SELECT c.* FROM lastseat.claims c
    WHERE c.tenant_id = %(tenant)s::text AND c.bookable_id = ANY (%(bookables)s::text[])
      AND c.live AND c.blocked IS NOT NULL AND NOT c.own_time AND (NOT c.exclusive OR c.override)
      AND c.blocked && tstzrange(%(start)s::timestamptz, %(end)s::timestamptz)
)
SELECT c.booking_id::text, c.no, c.bookable_id, d.name, coalesce(a.ref, ''), c.units,
       (extract(epoch FROM lower(c.during)) * 1000000)::bigint,
       (extract(epoch FROM upper(c.during)) * 1000000)::bigint,
       coalesce(c.time_zone, h.time_zone), b.status, b.version,
       (extract(epoch FROM b.updated_at) * 1000000)::bigint, l.name,
       CASE WHEN starts_with(a.ref, 'block:') THEN m.metadata ->> 'title' END
FROM found c
JOIN lastseat.heads h ON h.tenant_id = c.tenant_id AND h.bookable_id = c.bookable_id
JOIN lastseat.bookings b ON b.tenant_id = c.tenant_id AND b.booking_id = c.booking_id
LEFT JOIN lastseat.actors a ON a.tenant_id = c.tenant_id AND a.actor_id = c.actor_id
LEFT JOIN lastseat.bookable_details d
  ON d.tenant_id = c.tenant_id AND d.bookable_id = c.bookable_id
LEFT JOIN lastseat.locations l ON l.tenant_id = h.tenant_id AND l.location_id = h.location_id
LEFT JOIN lastseat.booking_details m
  ON m.tenant_id = c.tenant_id AND m.booking_id = c.booking_id
WHERE (c.expires_at IS NULL OR c.expires_at > (SELECT lastseat.clock()))
ORDER BY lower(c.during), c.booking_id, c.no
LIMIT %(limit)s::integer;

-- name: shown_claims_of_actor
-- The same of an actor's bookings, on occurrences too. The newest bookings are looked at: `scan`.
WITH theirs AS MATERIALIZED (
    SELECT b.* FROM lastseat.actors a
    JOIN lastseat.bookings b ON b.tenant_id = a.tenant_id AND b.actor_id = a.actor_id
    WHERE a.tenant_id = %(tenant)s::text AND a.ref = %(actor)s::text
    ORDER BY b.booking_id DESC
    LIMIT %(scan)s::integer
)
SELECT c.booking_id::text, c.no, c.bookable_id, coalesce(d.name, e.name), %(actor)s::text, c.units,
       (extract(epoch FROM coalesce(lower(c.during), h.starts_at)) * 1000000)::bigint,
       (extract(epoch FROM coalesce(upper(c.during), h.ends_at)) * 1000000)::bigint,
       coalesce(c.time_zone, h.time_zone), b.status, b.version,
       (extract(epoch FROM b.updated_at) * 1000000)::bigint, l.name, NULL::text
FROM theirs b
JOIN lastseat.claims c ON c.tenant_id = b.tenant_id AND c.booking_id = b.booking_id
JOIN lastseat.heads h ON h.tenant_id = c.tenant_id AND h.bookable_id = c.bookable_id
LEFT JOIN lastseat.bookable_details d
  ON d.tenant_id = c.tenant_id AND d.bookable_id = c.bookable_id
LEFT JOIN lastseat.bookable_details e
  ON e.tenant_id = h.tenant_id AND e.bookable_id = h.event_id
LEFT JOIN lastseat.locations l ON l.tenant_id = h.tenant_id AND l.location_id = h.location_id
WHERE c.tenant_id = %(tenant)s::text AND c.live AND NOT c.own_time
  AND (c.expires_at IS NULL OR c.expires_at > (SELECT lastseat.clock()))
  AND coalesce(c.during, tstzrange(h.starts_at, h.ends_at))
      && tstzrange(%(start)s::timestamptz, %(end)s::timestamptz)
ORDER BY 7, c.booking_id, c.no
LIMIT %(limit)s::integer;

-- name: shown_rules
-- The rules of several bookables, each with the zone it is in.
SELECT r.owner_id, coalesce(h.time_zone, l.time_zone), r.rules::text
FROM lastseat.rules r
JOIN lastseat.heads h ON h.tenant_id = r.tenant_id AND h.bookable_id = r.owner_id
LEFT JOIN lastseat.locations l ON l.tenant_id = h.tenant_id AND l.location_id = h.location_id
WHERE r.tenant_id = %(tenant)s::text AND r.owner_id = ANY (%(owners)s::text[])
ORDER BY r.owner_id;

-- name: shown_now
SELECT (extract(epoch FROM lastseat.clock()) * 1000000)::bigint;
