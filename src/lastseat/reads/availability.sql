-- What is taken and when, for whoever looks for free time. The engine decides.
--
-- Of a claim `blocked` counts: what the customer sees, with its buffers. A hold whose time is over
-- is free, by the predicate of the decisions. Three partial indexes hold the claims, so there are
-- three arms: resources in claims_taken, pools and overrides in claims_shared, actors' own time in
-- claims_own_time. Bookables are looked up one by one (LATERAL with OFFSET 0), as in read.sql.

-- name: now
SELECT (extract(epoch FROM lastseat.clock()) * 1000000)::bigint;

-- name: things
-- Bookables, the parts of composites among them, the rules of each and of its location; and the time.
SELECT h.bookable_id, h.kind, h.capacity, h.parts, h.location_id,
       h.time_zone, l.time_zone, own.rules::text, place.rules::text,
       (extract(epoch FROM (SELECT lastseat.clock())) * 1000000)::bigint,
       h.waiting > 0 AND h.waitlist = 'fifo'
FROM (
    SELECT unnest(%(bookables)s::text[]) AS bookable_id
    UNION
    SELECT part
    FROM unnest(%(bookables)s::text[]) AS named (bookable_id)
    CROSS JOIN LATERAL (
        SELECT x.parts FROM lastseat.heads x
        WHERE x.tenant_id = %(tenant)s::text AND x.bookable_id = named.bookable_id
        OFFSET 0
    ) AS composite
    CROSS JOIN LATERAL unnest(composite.parts) AS part
) AS asked
CROSS JOIN LATERAL (
    SELECT * FROM lastseat.heads x
    WHERE x.tenant_id = %(tenant)s::text AND x.bookable_id = asked.bookable_id AND x.seq > 0
    OFFSET 0
) AS h
LEFT JOIN LATERAL (
    SELECT x.time_zone FROM lastseat.locations x
    WHERE x.tenant_id = %(tenant)s::text AND x.location_id = h.location_id
    OFFSET 0
) AS l ON true
LEFT JOIN LATERAL (
    SELECT x.rules FROM lastseat.rules x
    WHERE x.tenant_id = %(tenant)s::text AND x.owner_id = h.bookable_id
    OFFSET 0
) AS own ON true
LEFT JOIN LATERAL (
    SELECT x.rules FROM lastseat.rules x
    WHERE x.tenant_id = %(tenant)s::text AND x.owner_id = 'location:' || h.location_id
    OFFSET 0
) AS place ON true;

-- name: taken_resources
-- For each resource when it is taken over a time: what overlaps, touches, or lies less than `gap`
-- apart is one. Each claim begins earlier by the gap, and what overlaps then is joined; whoever reads
-- it lets the joined ones begin later again.
-- Of the claims that end after the time only the first can begin in it: two never overlap.
SELECT asked.no,
       CASE WHEN rest.wide IS NULL THEN most.wide ELSE coalesce(most.wide, '{}') + rest.wide END
FROM unnest(%(bookables)s::text[]) WITH ORDINALITY AS asked (bookable_id, no)
CROSS JOIN LATERAL (
    SELECT range_agg(tstzrange(lower(x.blocked) - %(gap)s::interval, upper(x.blocked))) AS wide
    FROM lastseat.claims x
    WHERE x.tenant_id = %(tenant)s::text AND x.bookable_id = asked.bookable_id
      AND upper(x.blocked) > %(start)s::timestamptz AND upper(x.blocked) <= %(end)s::timestamptz
      AND x.live AND x.exclusive AND NOT x.override AND NOT x.own_time
      AND (x.expires_at IS NULL OR x.expires_at > (SELECT lastseat.clock()))
    OFFSET 0
) AS most
CROSS JOIN LATERAL (
    SELECT range_agg(tstzrange(lower(c.blocked) - %(gap)s::interval, upper(c.blocked))) AS wide
    FROM (
        SELECT last.blocked
        FROM (
            SELECT x.blocked, x.expires_at FROM lastseat.claims x
            WHERE x.tenant_id = %(tenant)s::text AND x.bookable_id = asked.bookable_id
              AND upper(x.blocked) > %(end)s::timestamptz
              AND x.live AND x.exclusive AND NOT x.override AND NOT x.own_time
            ORDER BY upper(x.blocked)
            LIMIT 1
        ) AS last
        WHERE lower(last.blocked) < %(end)s::timestamptz
          AND (last.expires_at IS NULL OR last.expires_at > (SELECT lastseat.clock()))
        UNION ALL
        SELECT x.blocked FROM lastseat.claims x
        WHERE x.tenant_id = %(tenant)s::text AND x.bookable_id = asked.bookable_id
          AND x.blocked && tstzrange(%(start)s::timestamptz, %(end)s::timestamptz)
          AND x.live AND x.blocked IS NOT NULL AND NOT x.own_time AND (NOT x.exclusive OR x.override)
          AND (x.expires_at IS NULL OR x.expires_at > (SELECT lastseat.clock()))
    ) AS c
    OFFSET 0
) AS rest
WHERE most.wide IS NOT NULL OR rest.wide IS NOT NULL;

-- name: taken_pools
-- The same of pools and limits: when more than `room` of their units are in use. A running sum over
-- the edges; at one instant ends come before starts, since times are half-open.
SELECT asked.no, taken.wide
FROM unnest(%(bookables)s::text[], %(rooms)s::integer[]) WITH ORDINALITY
    AS asked (bookable_id, room, no)
CROSS JOIN LATERAL (
    SELECT range_agg(tstzrange(step.at - %(gap)s::interval, step.until)) AS wide
    FROM (
        SELECT edge.at, lead(edge.at) OVER in_order AS until,
               sum(edge.change) OVER (in_order ROWS UNBOUNDED PRECEDING) AS in_use
        FROM lastseat.claims x
        CROSS JOIN LATERAL (
            VALUES (lower(x.blocked), x.units), (upper(x.blocked), -x.units)
        ) AS edge (at, change)
        WHERE x.tenant_id = %(tenant)s::text AND x.bookable_id = asked.bookable_id
          AND x.blocked && tstzrange(%(start)s::timestamptz, %(end)s::timestamptz)
          AND x.live AND x.blocked IS NOT NULL AND NOT x.own_time AND (NOT x.exclusive OR x.override)
          AND (x.expires_at IS NULL OR x.expires_at > (SELECT lastseat.clock()))
        WINDOW in_order AS (ORDER BY edge.at, edge.change)
    ) AS step
    WHERE step.in_use > asked.room AND step.at < step.until
    OFFSET 0
) AS taken
WHERE taken.wide IS NOT NULL;

-- name: claims_over
-- The live claims of some bookables, or of one actor's own time, over a time, in their order.
SELECT c.bookable_id, c.booking_id::text, c.units,
       (extract(epoch FROM lower(c.blocked)) * 1000000)::bigint,
       (extract(epoch FROM upper(c.blocked)) * 1000000)::bigint
FROM (
    SELECT unnest(%(bookables)s::text[]) AS bookable_id
    UNION ALL
    SELECT 'actor:' || a.actor_id FROM lastseat.actors a
    WHERE a.tenant_id = %(tenant)s::text AND a.ref = %(actor)s::text
) AS asked
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
    UNION ALL
    SELECT * FROM lastseat.claims x
    WHERE x.tenant_id = %(tenant)s::text AND x.bookable_id = asked.bookable_id
      AND upper(x.blocked) > %(start)s::timestamptz AND lower(x.blocked) < %(end)s::timestamptz
      AND x.live AND x.own_time
) AS c
WHERE c.expires_at IS NULL OR c.expires_at > (SELECT lastseat.clock())
ORDER BY c.bookable_id, lower(c.blocked), upper(c.blocked), c.booking_id
LIMIT %(limit)s::integer;

-- name: steps
-- How many units of some bookables, or of one actor's own time, are in use over a time, and how that
-- changes: a running sum over the edges, ends before starts. Nothing where none are.
SELECT asked.bookable_id, step.at, step.until, step.in_use
FROM (
    SELECT unnest(%(bookables)s::text[]) AS bookable_id
    UNION ALL
    SELECT 'actor:' || a.actor_id FROM lastseat.actors a
    WHERE a.tenant_id = %(tenant)s::text AND a.ref = %(actor)s::text
) AS asked
CROSS JOIN LATERAL (
    SELECT (extract(epoch FROM edge.at) * 1000000)::bigint AS at,
           (extract(epoch FROM lead(edge.at) OVER in_order) * 1000000)::bigint AS until,
           sum(edge.change) OVER (in_order ROWS UNBOUNDED PRECEDING) AS in_use
    FROM (
        SELECT * FROM lastseat.claims x
        WHERE x.tenant_id = %(tenant)s::text AND x.bookable_id = asked.bookable_id
          AND x.blocked && tstzrange(%(start)s::timestamptz, %(end)s::timestamptz)
          AND x.live AND x.exclusive AND NOT x.override AND NOT x.own_time
        UNION ALL
        SELECT * FROM lastseat.claims x
        WHERE x.tenant_id = %(tenant)s::text AND x.bookable_id = asked.bookable_id
          AND x.blocked && tstzrange(%(start)s::timestamptz, %(end)s::timestamptz)
          AND x.live AND x.blocked IS NOT NULL AND NOT x.own_time AND (NOT x.exclusive OR x.override)
        UNION ALL
        SELECT * FROM lastseat.claims x
        WHERE x.tenant_id = %(tenant)s::text AND x.bookable_id = asked.bookable_id
          AND upper(x.blocked) > %(start)s::timestamptz AND lower(x.blocked) < %(end)s::timestamptz
          AND x.live AND x.own_time
    ) AS c
    CROSS JOIN LATERAL (
        VALUES (lower(c.blocked), c.units), (upper(c.blocked), -c.units)
    ) AS edge (at, change)
    WHERE c.expires_at IS NULL OR c.expires_at > (SELECT lastseat.clock())
    WINDOW in_order AS (ORDER BY edge.at, edge.change)
) AS step
WHERE step.in_use > 0 AND step.at < step.until
ORDER BY asked.bookable_id, step.at
LIMIT %(limit)s::integer;

-- name: claims_ahead
-- The live claims of some bookables that are yet to begin, by their start.
SELECT c.booking_id::text, c.bookable_id, coalesce(a.ref, ''),
       (extract(epoch FROM lower(c.during)) * 1000000)::bigint,
       (extract(epoch FROM upper(c.during)) * 1000000)::bigint,
       (extract(epoch FROM lower(c.blocked)) * 1000000)::bigint,
       (extract(epoch FROM upper(c.blocked)) * 1000000)::bigint
FROM unnest(%(bookables)s::text[]) AS asked (bookable_id)
CROSS JOIN LATERAL (
    SELECT * FROM lastseat.claims x
    WHERE x.tenant_id = %(tenant)s::text AND x.bookable_id = asked.bookable_id
      AND upper(x.blocked) > (SELECT lastseat.clock())
      AND x.live AND x.exclusive AND NOT x.override AND NOT x.own_time
    UNION ALL
    SELECT * FROM lastseat.claims x
    WHERE x.tenant_id = %(tenant)s::text AND x.bookable_id = asked.bookable_id
      AND x.blocked && tstzrange((SELECT lastseat.clock()), NULL)
      AND x.live AND x.blocked IS NOT NULL AND NOT x.own_time AND (NOT x.exclusive OR x.override)
) AS c
LEFT JOIN LATERAL (
    SELECT x.ref FROM lastseat.actors x
    WHERE x.tenant_id = %(tenant)s::text AND x.actor_id = c.actor_id
    OFFSET 0
) AS a ON true
WHERE lower(c.during) > (SELECT lastseat.clock())
  AND (c.expires_at IS NULL OR c.expires_at > (SELECT lastseat.clock()))
ORDER BY lower(c.during), c.booking_id, c.no
LIMIT %(limit)s::integer;
