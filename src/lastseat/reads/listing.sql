-- Lists, a page at a time. A page is put together from pieces (listing.py): a *source*, which yields
-- the ids of at most `scan` bookings in the order of the list, by one index; the page, which leaves
-- out what the other filters don't want; and what is shown of each. One alone is shown by the same.
--
-- Rows are looked up one by one (LATERAL with OFFSET 0), so that no plan reads a table whole.

-- name: newest_bookings
-- A source: all bookings. Their ids are in the order of time.
SELECT b.booking_id
FROM lastseat.bookings b
WHERE b.tenant_id = %(tenant)s::text AND b.booking_id < %(after)s::uuid
ORDER BY b.booking_id DESC
LIMIT %(scan)s::integer

-- name: bookings_of_actor
-- A source: one actor's bookings.
SELECT b.booking_id
FROM lastseat.bookings b
WHERE b.tenant_id = %(tenant)s::text
  AND b.actor_id = (
      SELECT a.actor_id FROM lastseat.actors a
      WHERE a.tenant_id = %(tenant)s::text AND a.ref = %(actor)s::text)
  AND b.booking_id < %(after)s::uuid
ORDER BY b.booking_id DESC
LIMIT %(scan)s::integer

-- name: bookings_of_series
-- A source: the bookings of one series.
SELECT b.booking_id
FROM lastseat.bookings b
WHERE b.tenant_id = %(tenant)s::text AND b.series_id = %(series)s::uuid
  AND b.booking_id < %(after)s::uuid
ORDER BY b.booking_id DESC
LIMIT %(scan)s::integer

-- name: bookings_in_status
-- A source: those in some statuses, of which CONFIRMED is none: it has no index.
SELECT found.booking_id
FROM unnest(%(stored)s::text[]) AS asked (status)
CROSS JOIN LATERAL (
    SELECT b.booking_id
    FROM lastseat.bookings b
    WHERE b.tenant_id = %(tenant)s::text AND b.status = asked.status AND b.status <> 'CONFIRMED'
      AND b.booking_id < %(after)s::uuid
    ORDER BY b.booking_id DESC
    LIMIT %(scan)s::integer
) AS found
ORDER BY found.booking_id DESC
LIMIT %(scan)s::integer

-- name: wanted_bookable
-- What a booking has to have a claim on: one bookable.
SELECT h.bookable_id, h.kind, h.waiting
FROM lastseat.heads h
WHERE h.tenant_id = %(tenant)s::text AND h.bookable_id = %(bookable)s::text
  AND (h.kind <> 'occurrence'
       OR tstzrange(h.starts_at, h.ends_at)
          && tstzrange(%(starts_from)s::timestamptz, %(starts_to)s::timestamptz))

-- name: wanted_in_time
-- The same: everything, but of the occurrences those that are then.
SELECT h.bookable_id, h.kind, h.waiting
FROM lastseat.heads h
WHERE h.tenant_id = %(tenant)s::text AND h.kind = 'occurrence'
  AND tstzrange(h.starts_at, h.ends_at)
      && tstzrange(%(starts_from)s::timestamptz, %(starts_to)s::timestamptz)
UNION ALL
SELECT h.bookable_id, h.kind, h.waiting
FROM unnest(ARRAY['resource', 'pool', 'limit']) AS asked (kind)
CROSS JOIN LATERAL (
    SELECT * FROM lastseat.heads x
    WHERE x.tenant_id = %(tenant)s::text AND x.kind = asked.kind
      AND x.kind NOT IN ('actor', 'unborn')
    OFFSET 0
) AS h

-- name: wanted_at_location
-- The same, of one location.
SELECT h.bookable_id, h.kind, h.waiting
FROM lastseat.heads h
WHERE h.tenant_id = %(tenant)s::text AND h.kind = 'occurrence'
  AND tstzrange(h.starts_at, h.ends_at)
      && tstzrange(%(starts_from)s::timestamptz, %(starts_to)s::timestamptz)
  AND h.location_id = %(location)s::text
UNION ALL
SELECT h.bookable_id, h.kind, h.waiting
FROM unnest(ARRAY['resource', 'pool', 'limit']) AS asked (kind)
CROSS JOIN LATERAL (
    SELECT * FROM lastseat.heads x
    WHERE x.tenant_id = %(tenant)s::text AND x.location_id = %(location)s::text
      AND x.kind = asked.kind
    OFFSET 0
) AS h

-- name: bookings_on_wanted
-- A source: bookings with a claim on what is wanted, in the time asked for. Live claims are in three
-- indexes, those that are gone in a fourth, so an arm for each; and one for those who wait for it.
SELECT DISTINCT found.booking_id
FROM wanted
CROSS JOIN LATERAL (
    SELECT c.booking_id FROM lastseat.claims c
    WHERE wanted.kind = 'occurrence'
      AND c.tenant_id = %(tenant)s::text AND c.bookable_id = wanted.bookable_id
      AND c.live AND c.blocked IS NULL
    UNION ALL
    SELECT c.booking_id FROM lastseat.claims c
    WHERE wanted.kind <> 'occurrence'
      AND c.tenant_id = %(tenant)s::text AND c.bookable_id = wanted.bookable_id
      AND c.blocked && tstzrange(%(starts_from)s::timestamptz, %(starts_to)s::timestamptz)
      AND c.live AND c.exclusive AND NOT c.override AND NOT c.own_time
    UNION ALL
    SELECT c.booking_id FROM lastseat.claims c
    WHERE wanted.kind <> 'occurrence'
      AND c.tenant_id = %(tenant)s::text AND c.bookable_id = wanted.bookable_id
      AND c.blocked && tstzrange(%(starts_from)s::timestamptz, %(starts_to)s::timestamptz)
      AND c.live AND c.blocked IS NOT NULL AND NOT c.own_time AND (NOT c.exclusive OR c.override)
    UNION ALL
    SELECT c.booking_id FROM lastseat.claims c
    WHERE wanted.kind = 'occurrence'
      AND c.tenant_id = %(tenant)s::text AND c.bookable_id = wanted.bookable_id
      AND NOT c.live AND NOT c.own_time
    UNION ALL
    SELECT c.booking_id FROM lastseat.claims c
    WHERE wanted.kind <> 'occurrence'
      AND c.tenant_id = %(tenant)s::text AND c.bookable_id = wanted.bookable_id
      AND upper(c.during) > coalesce(%(starts_from)s::timestamptz, '-infinity')
      AND lower(c.during) < coalesce(%(starts_to)s::timestamptz, 'infinity')
      AND NOT c.live AND NOT c.own_time
    UNION ALL
    SELECT w.booking_id FROM lastseat.waitlist w
    WHERE wanted.waiting > 0
      AND w.tenant_id = %(tenant)s::text AND w.bookable_id = wanted.bookable_id
      AND w.queue_id = wanted.bookable_id
      AND (w.during IS NULL
           OR w.during && tstzrange(%(starts_from)s::timestamptz, %(starts_to)s::timestamptz))
) AS found
WHERE found.booking_id < %(after)s::uuid
ORDER BY found.booking_id DESC
LIMIT %(scan)s::integer

-- name: one_booking
-- Instead of a source and its page: the booking of that id.
page AS MATERIALIZED (
    SELECT x.*,
           CASE WHEN x.status = 'HELD' AND x.expires_at <= (SELECT lastseat.clock())
                THEN 'EXPIRED' ELSE x.status END AS shown
    FROM lastseat.bookings x
    WHERE x.tenant_id = %(tenant)s::text AND x.booking_id = %(booking)s::uuid
), scanned AS (
    SELECT count(*) AS bookings, NULL::uuid AS last FROM page
)

-- name: page_of_bookings
-- The page after a source. A claim counts while it is live, or when its booking holds nothing any
-- more: one that was moved away is not listed where it was. Who waits is listed where they wait.
page AS MATERIALIZED (
    SELECT b.*
    FROM source
    CROSS JOIN LATERAL (
        SELECT x.*,
               CASE WHEN x.status = 'HELD' AND x.expires_at <= (SELECT lastseat.clock())
                    THEN 'EXPIRED' ELSE x.status END AS shown
        FROM lastseat.bookings x
        WHERE x.tenant_id = %(tenant)s::text AND x.booking_id = source.booking_id
        OFFSET 0
    ) AS b
    WHERE (%(statuses)s::text[] IS NULL OR b.shown = ANY(%(statuses)s::text[]))
      AND (%(series)s::uuid IS NULL OR b.series_id = %(series)s::uuid)
      AND (NOT %(claimed)s::boolean OR (b.status = 'WAITLISTED' AND EXISTS (
          SELECT FROM lastseat.waitlist w
          CROSS JOIN LATERAL (
              SELECT * FROM lastseat.heads x
              WHERE x.tenant_id = w.tenant_id AND x.bookable_id = w.bookable_id
              OFFSET 0
          ) AS h
          WHERE w.tenant_id = %(tenant)s::text AND w.booking_id = b.booking_id
            AND w.bookable_id = w.queue_id
            AND (%(bookable)s::text IS NULL OR w.bookable_id = %(bookable)s::text)
            AND (%(location)s::text IS NULL OR h.location_id = %(location)s::text)
            AND CASE WHEN w.during IS NULL THEN tstzrange(h.starts_at, h.ends_at)
                     ELSE tstzrange((w.awaited #>> '{claims,0,start}')::timestamptz,
                                    (w.awaited #>> '{claims,0,end}')::timestamptz) END
                && tstzrange(%(starts_from)s::timestamptz, %(starts_to)s::timestamptz)))
        OR EXISTS (
          SELECT FROM lastseat.claims c
          CROSS JOIN LATERAL (
              SELECT * FROM lastseat.heads x
              WHERE x.tenant_id = c.tenant_id AND x.bookable_id = c.bookable_id
              OFFSET 0
          ) AS h
          WHERE c.tenant_id = %(tenant)s::text AND c.booking_id = b.booking_id AND NOT c.own_time
            AND (c.live OR b.status IN ('CANCELLED', 'EXPIRED', 'REJECTED'))
            AND (%(bookable)s::text IS NULL OR c.bookable_id = %(bookable)s::text)
            AND (%(location)s::text IS NULL OR h.location_id = %(location)s::text)
            AND coalesce(c.during, tstzrange(h.starts_at, h.ends_at))
                && tstzrange(%(starts_from)s::timestamptz, %(starts_to)s::timestamptz)))
    ORDER BY b.booking_id DESC
    LIMIT %(limit)s::integer + 1
), scanned AS (
    SELECT count(*) AS bookings,
           (SELECT s.booking_id FROM source s ORDER BY s.booking_id LIMIT 1) AS last
    FROM source
)

-- name: shown_bookings
-- The bookings of a page with all the claims each ever made, a row for each; an overdue hold shows as
-- expired already. A row also tells how many bookings the source had and the last of them.
SELECT scanned.bookings, scanned.last::text,
       b.booking_id::text, coalesce(a.ref, ''), b.shown, b.version,
       (extract(epoch FROM b.expires_at) * 1000000)::bigint,
       (extract(epoch FROM b.created_at) * 1000000)::bigint,
       (extract(epoch FROM b.updated_at) * 1000000)::bigint,
       CASE WHEN d.metadata <> '{}' THEN d.metadata::text END,
       nullif(k.name, ''), nullif(k.email, ''), nullif(k.phone, ''), b.series_id::text,
       c.bookable_id, c.units,
       (extract(epoch FROM coalesce(lower(c.during), c.starts_at)) * 1000000)::bigint,
       (extract(epoch FROM coalesce(upper(c.during), c.ends_at)) * 1000000)::bigint,
       c.live AND b.shown <> 'EXPIRED',
       to_char(c.local_start, 'YYYY-MM-DD"T"HH24:MI:SS'),
       coalesce(c.time_zone, c.head_zone),
       w.queue_id, w.units, w.position, w.awaited::text,
       (extract(epoch FROM w.joined_at) * 1000000)::bigint,
       (extract(epoch FROM w.starts_at) * 1000000)::bigint,
       (extract(epoch FROM w.ends_at) * 1000000)::bigint
FROM scanned
LEFT JOIN page b ON true
LEFT JOIN LATERAL (
    SELECT x.ref FROM lastseat.actors x
    WHERE x.tenant_id = %(tenant)s::text AND x.actor_id = b.actor_id
    OFFSET 0
) AS a ON true
LEFT JOIN LATERAL (
    SELECT x.metadata FROM lastseat.booking_details x
    WHERE x.tenant_id = %(tenant)s::text AND x.booking_id = b.booking_id
    OFFSET 0
) AS d ON true
LEFT JOIN LATERAL (
    SELECT * FROM lastseat.booking_contacts x
    WHERE x.tenant_id = %(tenant)s::text AND x.booking_id = b.booking_id
    OFFSET 0
) AS k ON true
LEFT JOIN LATERAL (
    SELECT x.*, h.starts_at, h.ends_at, h.time_zone AS head_zone
    FROM lastseat.claims x
    CROSS JOIN LATERAL (
        SELECT * FROM lastseat.heads y
        WHERE y.tenant_id = x.tenant_id AND y.bookable_id = x.bookable_id
        OFFSET 0
    ) AS h
    WHERE x.tenant_id = %(tenant)s::text AND x.booking_id = b.booking_id AND NOT x.own_time
    OFFSET 0
) AS c ON true
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
ORDER BY b.booking_id DESC, c.no

-- name: bookables_of_kinds
-- A source: the bookables of some kinds.
SELECT found.bookable_id
FROM unnest(%(kinds)s::text[]) AS asked (kind)
CROSS JOIN LATERAL (
    SELECT h.bookable_id
    FROM lastseat.heads h
    WHERE h.tenant_id = %(tenant)s::text AND h.kind = asked.kind
      AND h.kind NOT IN ('actor', 'unborn') AND h.bookable_id > %(after)s::text
    ORDER BY h.bookable_id
    LIMIT %(limit)s::integer + 1
) AS found
ORDER BY found.bookable_id
LIMIT %(limit)s::integer + 1

-- name: bookables_at_location
-- The same, of one location.
SELECT found.bookable_id
FROM unnest(%(kinds)s::text[]) AS asked (kind)
CROSS JOIN LATERAL (
    SELECT h.bookable_id
    FROM lastseat.heads h
    WHERE h.tenant_id = %(tenant)s::text AND h.location_id = %(location)s::text
      AND h.kind = asked.kind AND h.bookable_id > %(after)s::text
    ORDER BY h.bookable_id
    LIMIT %(limit)s::integer + 1
) AS found
ORDER BY found.bookable_id
LIMIT %(limit)s::integer + 1

-- name: one_bookable
-- A source: the bookable of that id.
SELECT h.bookable_id
FROM lastseat.heads h
WHERE h.tenant_id = %(tenant)s::text AND h.bookable_id = %(bookable)s::text
  AND h.seq > 0 AND h.kind <> 'actor'

-- name: shown_bookables
-- What those of a source are, and what is left of an occurrence now.
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
FROM source
CROSS JOIN LATERAL (
    SELECT * FROM lastseat.heads x
    WHERE x.tenant_id = %(tenant)s::text AND x.bookable_id = source.bookable_id
    OFFSET 0
) AS h
LEFT JOIN LATERAL (
    SELECT * FROM lastseat.bookable_details x
    WHERE x.tenant_id = %(tenant)s::text AND x.bookable_id = source.bookable_id
    OFFSET 0
) AS d ON true
ORDER BY h.bookable_id
