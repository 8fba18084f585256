-- What decisions need, read under the locks by statements later than the locks.
--
-- Rows are looked up one by one (LATERAL with OFFSET 0, which no planner flattens): statistics from
-- when a table was empty would have it read whole. The clock is asked in a sub-select, once a statement: a volatile function can't be looked up in an
-- index.

-- name: read_bookings
-- Bookings with their live claims: those named, those of the actors named on the occurrences named,
-- all of the occurrences that are edited, and every hold on a locked head whose time has run out.
WITH wanted AS (
    SELECT unnest(%(booking_ids)s::uuid[]) AS booking_id
    UNION
    SELECT c.booking_id
    FROM unnest(%(seat_bookables)s::text[], %(seat_actors)s::uuid[]) AS seat (bookable_id, actor_id)
    CROSS JOIN LATERAL (
        SELECT x.booking_id FROM lastseat.claims x
        WHERE x.tenant_id = %(tenant)s::text AND x.bookable_id = seat.bookable_id
          AND x.actor_id = seat.actor_id AND x.live AND x.blocked IS NULL
        OFFSET 0
    ) AS c
    UNION
    (SELECT c.booking_id
    FROM unnest(%(edited)s::text[]) AS edited (bookable_id)
    CROSS JOIN LATERAL (
        SELECT x.booking_id FROM lastseat.claims x
        WHERE x.tenant_id = %(tenant)s::text AND x.bookable_id = edited.bookable_id
          AND x.live AND x.blocked IS NULL
        OFFSET 0
    ) AS c
    LIMIT %(most_edited)s::integer)
    UNION
    (SELECT c.booking_id
    FROM lastseat.claims c
    WHERE c.tenant_id = %(tenant)s::text AND c.bookable_id = ANY(%(bookables)s::text[])
      AND c.live AND c.expires_at <= (SELECT lastseat.clock())
    LIMIT %(most_expired)s::integer)
)
SELECT b.booking_id::text, b.actor_id::text, b.status, b.version, a.ref,
       (extract(epoch FROM b.expires_at) * 1000000)::bigint,
       (extract(epoch FROM b.limit_at) * 1000000)::bigint,
       b.made,
       c.no, c.bookable_id, c.units,
       (extract(epoch FROM lower(c.during)) * 1000000)::bigint,
       (extract(epoch FROM upper(c.during)) * 1000000)::bigint,
       (extract(epoch FROM lower(c.blocked)) * 1000000)::bigint,
       (extract(epoch FROM upper(c.blocked)) * 1000000)::bigint,
       c.seq, c.exclusive, c.override
FROM wanted
CROSS JOIN LATERAL (
    SELECT * FROM lastseat.bookings x
    WHERE x.tenant_id = %(tenant)s::text AND x.booking_id = wanted.booking_id
    OFFSET 0
) AS b
LEFT JOIN LATERAL (
    SELECT x.ref FROM lastseat.actors x
    WHERE x.tenant_id = %(tenant)s::text AND x.actor_id = b.actor_id
    OFFSET 0
) AS a ON true
LEFT JOIN LATERAL (
    SELECT * FROM lastseat.claims x
    WHERE x.tenant_id = %(tenant)s::text AND x.booking_id = b.booking_id AND x.live
    OFFSET 0
) AS c ON true
ORDER BY b.booking_id, c.no;

-- name: read_places
-- The first seats of actors on occurrences: one more than the units of all older live claims.
SELECT mine.booking_id::text, mine.no, 1 + coalesce(older.units, 0)
FROM unnest(%(seat_bookables)s::text[], %(seat_actors)s::uuid[]) AS seat (bookable_id, actor_id)
CROSS JOIN LATERAL (
    SELECT * FROM lastseat.claims x
    WHERE x.tenant_id = %(tenant)s::text AND x.bookable_id = seat.bookable_id
      AND x.actor_id = seat.actor_id AND x.live AND x.blocked IS NULL
    OFFSET 0
) AS mine
CROSS JOIN LATERAL (
    SELECT sum(c.units)::bigint AS units
    FROM lastseat.claims c
    WHERE c.tenant_id = mine.tenant_id AND c.bookable_id = mine.bookable_id
      AND c.live AND c.blocked IS NULL AND c.seq < mine.seq
) AS older;

-- name: read_overlapping
-- The live claims over the times asked for. Three partial indexes hold them, so three arms.
SELECT DISTINCT c.booking_id::text, c.no, c.bookable_id, c.actor_id::text, c.units,
       (extract(epoch FROM lower(c.during)) * 1000000)::bigint,
       (extract(epoch FROM upper(c.during)) * 1000000)::bigint,
       (extract(epoch FROM lower(c.blocked)) * 1000000)::bigint,
       (extract(epoch FROM upper(c.blocked)) * 1000000)::bigint,
       c.seq, c.exclusive, c.override
FROM unnest(%(bookables)s::text[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
    AS asked (bookable_id, starts_at, ends_at)
CROSS JOIN LATERAL (
    SELECT * FROM lastseat.claims x
    WHERE x.tenant_id = %(tenant)s::text AND x.bookable_id = asked.bookable_id
      AND x.blocked && tstzrange(asked.starts_at, asked.ends_at)
      AND x.live AND x.exclusive AND NOT x.override AND NOT x.own_time
    UNION ALL
    SELECT * FROM lastseat.claims x
    WHERE x.tenant_id = %(tenant)s::text AND x.bookable_id = asked.bookable_id
      AND x.blocked && tstzrange(asked.starts_at, asked.ends_at)
      AND x.live AND x.blocked IS NOT NULL AND NOT x.own_time AND (NOT x.exclusive OR x.override)
    UNION ALL
    SELECT * FROM lastseat.claims x
    WHERE x.tenant_id = %(tenant)s::text AND x.bookable_id = asked.bookable_id
      AND upper(x.blocked) > asked.starts_at AND lower(x.blocked) < asked.ends_at
      AND x.live AND x.own_time
) AS c;

-- name: read_lines
-- Who waits, in order, in each line in which somebody waits on one of the bookables. Asked before the
-- locks, too, to know what the offers may touch.
WITH lines AS (
    SELECT DISTINCT waits.queue_id
    FROM unnest(%(bookables)s::text[]) AS wanted (bookable_id)
    CROSS JOIN LATERAL (
        SELECT x.queue_id FROM lastseat.waitlist x
        WHERE x.tenant_id = %(tenant)s::text AND x.bookable_id = wanted.bookable_id
        OFFSET 0
    ) AS waits
)
SELECT w.booking_id::text, w.actor_id::text, a.ref, w.queue_id, w.seq, w.awaited::text, b.version
FROM lines
CROSS JOIN LATERAL (
    SELECT * FROM lastseat.waitlist x
    WHERE x.tenant_id = %(tenant)s::text AND x.bookable_id = lines.queue_id
      AND x.queue_id = lines.queue_id
    OFFSET 0
) AS w
CROSS JOIN LATERAL (
    SELECT x.version FROM lastseat.bookings x
    WHERE x.tenant_id = %(tenant)s::text AND x.booking_id = w.booking_id
    OFFSET 0
) AS b
LEFT JOIN LATERAL (
    SELECT x.ref FROM lastseat.actors x
    WHERE x.tenant_id = %(tenant)s::text AND x.actor_id = w.actor_id
    OFFSET 0
) AS a ON true
ORDER BY w.queue_id, w.seq;

-- name: read_rules
-- The rules that hold for bookables: their own, and those of the place where they are. Nobody's head
-- is held for a place's: as late as this, all that was acknowledged is seen (ADR 0016). A place's come
-- once, whatever the number of bookables there.
SELECT wanted.bookable_id, own.rules::text, h.time_zone, l.location_id,
       CASE WHEN row_number() OVER (PARTITION BY l.location_id) = 1 THEN place.rules::text END,
       l.time_zone
FROM unnest(%(bookables)s::text[]) AS wanted (bookable_id)
CROSS JOIN LATERAL (
    SELECT x.time_zone, x.location_id FROM lastseat.heads x
    WHERE x.tenant_id = %(tenant)s::text AND x.bookable_id = wanted.bookable_id
    OFFSET 0
) AS h
LEFT JOIN LATERAL (
    SELECT x.rules FROM lastseat.rules x
    WHERE x.tenant_id = %(tenant)s::text AND x.owner_id = wanted.bookable_id
    OFFSET 0
) AS own ON true
LEFT JOIN LATERAL (
    SELECT x.location_id, x.time_zone FROM lastseat.locations x
    WHERE x.tenant_id = %(tenant)s::text AND x.location_id = h.location_id
    OFFSET 0
) AS l ON true
LEFT JOIN LATERAL (
    SELECT x.rules FROM lastseat.rules x
    WHERE x.tenant_id = %(tenant)s::text AND x.owner_id = 'location:' || l.location_id
    OFFSET 0
) AS place ON true
WHERE own.rules IS NOT NULL OR place.rules IS NOT NULL;

-- name: read_keys
-- The answers already given for idempotency keys, and whether their time is over.
SELECT key, request_hash, outcome, expires_at IS NOT NULL AND expires_at <= (SELECT lastseat.clock())
FROM lastseat.keys
WHERE tenant_id = %(tenant)s::text AND key = ANY(%(keys)s::text[]);

-- name: find_entry
-- Whose journal row this is: how a commit whose answer was lost is told from one that never was.
SELECT command_id::text
FROM lastseat.journal
WHERE tenant_id = %(tenant)s::text AND stream_id = %(stream)s::text AND seq = %(seq)s::bigint;

-- name: find_key_owner
-- The same for a batch that wrote nothing but refusals under keys.
SELECT command_id::text
FROM lastseat.keys
WHERE tenant_id = %(tenant)s::text AND key = %(key)s::text;

-- name: read_events
-- When the occurrences of events are.
SELECT event_id, array_to_json(starts)::text, seconds, schedule::text
FROM lastseat.events
WHERE tenant_id = %(tenant)s::text AND event_id = ANY(%(events)s::text[]);
