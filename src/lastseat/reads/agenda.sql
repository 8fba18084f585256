-- What is on in a time: what events are made of, opened occurrences with what is taken, claims, blocks.
--
-- Each list is asked for whole, and is bounded: whoever has more asks about less. Personal names
-- come from their erasable rows.

-- name: agenda_events
-- The events asked for, with what their occurrences are.
SELECT h.bookable_id, h.capacity, h.time_zone, h.location_id, d.name,
       array_to_json(e.starts)::text, e.seconds, e.schedule::text
FROM lastseat.heads h
CROSS JOIN LATERAL (
    SELECT * FROM lastseat.events x
    WHERE x.tenant_id = h.tenant_id AND x.event_id = h.bookable_id
    OFFSET 0
) AS e
LEFT JOIN LATERAL (
    SELECT x.name FROM lastseat.bookable_details x
    WHERE x.tenant_id = h.tenant_id AND x.bookable_id = h.bookable_id
    OFFSET 0
) AS d ON true
WHERE h.tenant_id = %(tenant)s::text AND h.kind = 'event' AND h.seq > 0
  AND (%(event)s::text IS NULL OR h.bookable_id = %(event)s::text)
  AND (%(location)s::text IS NULL OR h.location_id = %(location)s::text)
ORDER BY h.bookable_id
LIMIT %(limit)s::integer;

-- name: agenda_opened
-- Occurrences in a time that have a stream: those of events with what is taken of them, and those of
-- no event with all that is known. Holds whose time is over are not counted.
SELECT h.bookable_id, h.event_id, h.capacity, h.called_off,
       h.taken - coalesce((
           SELECT sum(c.units) FROM lastseat.claims c
           WHERE c.tenant_id = h.tenant_id AND c.bookable_id = h.bookable_id AND c.live
             AND c.expires_at <= (SELECT lastseat.clock())), 0),
       (extract(epoch FROM h.starts_at) * 1000000)::bigint,
       (extract(epoch FROM h.ends_at) * 1000000)::bigint,
       h.location_id, d.name, h.waitlist,
       CASE WHEN h.waiting > 0 THEN (
           SELECT count(*) FROM lastseat.waitlist w
           WHERE w.tenant_id = h.tenant_id AND w.bookable_id = h.bookable_id
             AND w.queue_id = h.bookable_id) ELSE 0 END
FROM lastseat.heads h
LEFT JOIN LATERAL (
    SELECT x.name FROM lastseat.bookable_details x
    WHERE h.event_id IS NULL AND x.tenant_id = h.tenant_id AND x.bookable_id = h.bookable_id
    OFFSET 0
) AS d ON true
WHERE h.tenant_id = %(tenant)s::text AND h.kind = 'occurrence' AND h.seq > 0
  AND tstzrange(h.starts_at, h.ends_at)
      && tstzrange(%(start)s::timestamptz, %(end)s::timestamptz)
  AND (%(event)s::text IS NULL OR h.event_id = %(event)s::text)
  AND (%(location)s::text IS NULL OR h.location_id = %(location)s::text)
LIMIT %(limit)s::integer;

-- name: agenda_bookables
-- What is booked over a time: one, with the parts of a composite; a location's; all there is.
SELECT part
FROM lastseat.heads h
CROSS JOIN LATERAL unnest(coalesce(h.parts, ARRAY[h.bookable_id])) AS part
WHERE h.tenant_id = %(tenant)s::text AND h.bookable_id = %(resource)s::text
  AND h.kind IN ('resource', 'pool', 'limit', 'composite')
UNION
SELECT h.bookable_id
FROM lastseat.heads h
WHERE %(resource)s::text IS NULL AND %(location)s::text IS NOT NULL
  AND h.tenant_id = %(tenant)s::text AND h.location_id = %(location)s::text
  AND h.kind IN ('resource', 'pool', 'limit')
UNION
SELECT h.bookable_id
FROM lastseat.heads h
WHERE %(resource)s::text IS NULL AND %(location)s::text IS NULL
  AND h.tenant_id = %(tenant)s::text AND h.kind IN ('resource', 'pool', 'limit')
  AND h.kind NOT IN ('actor', 'unborn')
LIMIT %(limit)s::integer;

-- name: agenda_claims
-- The live claims of bookables that are seen in a time.
SELECT c.booking_id::text, c.no, c.bookable_id, c.units, coalesce(a.ref, ''), b.status,
       (extract(epoch FROM lower(c.during)) * 1000000)::bigint,
       (extract(epoch FROM upper(c.during)) * 1000000)::bigint,
       NULL::text, h.capacity, h.location_id, d.name, m.title
FROM unnest(%(bookables)s::text[]) AS asked (bookable_id)
CROSS JOIN LATERAL (
    SELECT * FROM lastseat.claims x
    WHERE x.tenant_id = %(tenant)s::text AND x.bookable_id = asked.bookable_id
      AND x.blocked && tstzrange(%(start)s::timestamptz, %(end)s::timestamptz)
      AND x.live AND x.exclusive AND NOT x.override AND NOT x.own_time
    UNION ALL
    SELECT * FROM lastseat.claims x
    WHERE x.tenant_id = %(tenant)s::text AND x.bookable_id = asked.bookable_id
      AND x.blocked && tstzrange(%(start)s::timestamptz, %(end)s::timestamptz)
      AND x.live AND x.blocked IS NOT NULL AND NOT x.own_time AND (NOT x.exclusive OR x.override)
) AS c
CROSS JOIN LATERAL (
    SELECT x.status FROM lastseat.bookings x
    WHERE x.tenant_id = %(tenant)s::text AND x.booking_id = c.booking_id
    OFFSET 0
) AS b
CROSS JOIN LATERAL (
    SELECT x.capacity, x.location_id FROM lastseat.heads x
    WHERE x.tenant_id = %(tenant)s::text AND x.bookable_id = c.bookable_id
    OFFSET 0
) AS h
LEFT JOIN LATERAL (
    SELECT x.ref FROM lastseat.actors x
    WHERE x.tenant_id = %(tenant)s::text AND x.actor_id = c.actor_id
    OFFSET 0
) AS a ON true
LEFT JOIN LATERAL (
    SELECT x.name FROM lastseat.bookable_details x
    WHERE x.tenant_id = %(tenant)s::text AND x.bookable_id = c.bookable_id
    OFFSET 0
) AS d ON true
LEFT JOIN LATERAL (
    SELECT x.metadata ->> 'title' AS title FROM lastseat.booking_details x
    WHERE starts_with(a.ref, 'block:') AND x.tenant_id = %(tenant)s::text
      AND x.booking_id = c.booking_id
    OFFSET 0
) AS m ON true
WHERE (c.expires_at IS NULL OR c.expires_at > (SELECT lastseat.clock()))
  AND c.during && tstzrange(%(start)s::timestamptz, %(end)s::timestamptz)
LIMIT %(limit)s::integer;

-- name: agenda_of_actor
-- An actor's live claims in a time, on occurrences too. Their bookings are looked at, the newest
-- `scan` of them.
SELECT c.booking_id::text, c.no, c.bookable_id, c.units, a.ref, b.status,
       (extract(epoch FROM coalesce(lower(c.during), h.starts_at)) * 1000000)::bigint,
       (extract(epoch FROM coalesce(upper(c.during), h.ends_at)) * 1000000)::bigint,
       h.event_id, h.capacity, h.location_id, coalesce(d.name, e.name), NULL::text
FROM lastseat.actors a
CROSS JOIN LATERAL (
    SELECT * FROM lastseat.bookings x
    WHERE x.tenant_id = %(tenant)s::text AND x.actor_id = a.actor_id
    ORDER BY x.booking_id DESC
    LIMIT %(scan)s::integer
) AS b
CROSS JOIN LATERAL (
    SELECT * FROM lastseat.claims x
    WHERE x.tenant_id = %(tenant)s::text AND x.booking_id = b.booking_id
      AND x.live AND NOT x.own_time
      AND (x.expires_at IS NULL OR x.expires_at > (SELECT lastseat.clock()))
    OFFSET 0
) AS c
CROSS JOIN LATERAL (
    SELECT * FROM lastseat.heads x
    WHERE x.tenant_id = %(tenant)s::text AND x.bookable_id = c.bookable_id
    OFFSET 0
) AS h
LEFT JOIN LATERAL (
    SELECT x.name FROM lastseat.bookable_details x
    WHERE x.tenant_id = %(tenant)s::text AND x.bookable_id = c.bookable_id
    OFFSET 0
) AS d ON true
LEFT JOIN LATERAL (
    SELECT x.name FROM lastseat.bookable_details x
    WHERE x.tenant_id = %(tenant)s::text AND x.bookable_id = h.event_id
    OFFSET 0
) AS e ON true
WHERE a.tenant_id = %(tenant)s::text AND a.ref = %(actor)s::text
  AND coalesce(c.during, tstzrange(h.starts_at, h.ends_at))
      && tstzrange(%(start)s::timestamptz, %(end)s::timestamptz)
  AND (%(location)s::text IS NULL OR h.location_id = %(location)s::text)
  AND (%(event)s::text IS NULL OR h.event_id = %(event)s::text)
  AND (%(resource)s::text IS NULL OR c.bookable_id = %(resource)s::text)
LIMIT %(limit)s::integer;

-- name: agenda_rules
-- The rules with blocks, of owners, and of the locations where some bookables are; each owner's time
-- zone beside.
SELECT r.owner_id, coalesce(h.time_zone, l.time_zone, p.time_zone, 'UTC'), r.rules::text
FROM (
    SELECT unnest(%(owners)s::text[]) AS owner_id
    UNION
    SELECT 'location:' || there.location_id
    FROM unnest(%(bookables)s::text[]) AS named (bookable_id)
    CROSS JOIN LATERAL (
        SELECT x.location_id FROM lastseat.heads x
        WHERE x.tenant_id = %(tenant)s::text AND x.bookable_id = named.bookable_id
        OFFSET 0
    ) AS there
    WHERE there.location_id IS NOT NULL
) AS asked
CROSS JOIN LATERAL (
    SELECT * FROM lastseat.rules x
    WHERE x.tenant_id = %(tenant)s::text AND x.owner_id = asked.owner_id
      AND x.rules -> 'blocks' IS NOT NULL
    OFFSET 0
) AS r
LEFT JOIN LATERAL (
    SELECT x.time_zone, x.location_id FROM lastseat.heads x
    WHERE x.tenant_id = %(tenant)s::text AND x.bookable_id = asked.owner_id
    OFFSET 0
) AS h ON true
LEFT JOIN LATERAL (
    SELECT x.time_zone FROM lastseat.locations x
    WHERE x.tenant_id = %(tenant)s::text AND x.location_id = h.location_id
    OFFSET 0
) AS l ON true
LEFT JOIN LATERAL (
    SELECT x.time_zone FROM lastseat.locations x
    WHERE x.tenant_id = %(tenant)s::text AND starts_with(asked.owner_id, 'location:')
      AND x.location_id = substr(asked.owner_id, 10)
    OFFSET 0
) AS p ON true;

-- name: seated
-- On which of some occurrences an actor has a place.
SELECT c.bookable_id
FROM lastseat.actors a
CROSS JOIN unnest(%(bookables)s::text[]) AS asked (bookable_id)
CROSS JOIN LATERAL (
    SELECT x.bookable_id FROM lastseat.claims x
    WHERE x.tenant_id = %(tenant)s::text AND x.bookable_id = asked.bookable_id
      AND x.actor_id = a.actor_id AND x.live AND x.blocked IS NULL
      AND (x.expires_at IS NULL OR x.expires_at > (SELECT lastseat.clock()))
    OFFSET 0
) AS c
WHERE a.tenant_id = %(tenant)s::text AND a.ref = %(actor)s::text;
