-- Bookings that nobody checked in (MISSION C4).

-- name: no_show_window
-- How many seconds ago the grace ended of what may not have been looked at yet. A clock that was set
-- back has looked at nothing after now; after a long rest no further back than `most`.
SELECT least(extract(epoch FROM now.at - least(looked_until, now.at)) + %(overlap)s::float8,
             %(most)s::float8)::float8,
       now.at
FROM lastseat.no_show_look, (SELECT lastseat.clock() AS at OFFSET 0) AS now;

-- name: no_shows_looked
UPDATE lastseat.no_show_look SET looked_until = %(at)s::timestamptz;

-- name: no_shows_due
-- Bookings of all tenants whose grace ended within the last `back` seconds, the longest ago first,
-- with their version and for how many seconds they are overdue. The grace is that of the location of
-- the first claim that has one, and begins with the first claim, or with the last change if that was
-- later: who is entered afterwards has not failed to come.
--
-- Each tenant is asked once for each grace that its locations have, so that only what began a grace
-- ago is read. Rows are looked up one by one (LATERAL with OFFSET 0, which no planner flattens).
-- Imported blocks are bookings that nobody comes to.
WITH graces AS MATERIALIZED (
    SELECT t.tenant_id, g.seconds, now.at - make_interval(secs => g.seconds) AS until,
           now.at - make_interval(secs => g.seconds + %(back)s::float8) AS since
    FROM (SELECT lastseat.clock() AS at OFFSET 0) AS now
    CROSS JOIN lastseat.tenants t
    CROSS JOIN LATERAL (
        SELECT %(usual)s::integer AS seconds
        UNION
        SELECT l.no_show_after_seconds
        FROM lastseat.locations l
        WHERE l.tenant_id = t.tenant_id AND l.no_show
    ) AS g
), began AS (
    SELECT g.tenant_id, g.seconds, g.since, g.until, c.booking_id
    FROM graces g
    CROSS JOIN LATERAL (
        SELECT x.booking_id
        FROM lastseat.claims x
        WHERE x.tenant_id = g.tenant_id AND x.live AND NOT x.own_time AND x.during IS NOT NULL
          AND lower(x.during) > g.since AND lower(x.during) <= g.until
        OFFSET 0
    ) AS c
    UNION
    SELECT g.tenant_id, g.seconds, g.since, g.until, c.booking_id
    FROM graces g
    CROSS JOIN LATERAL (
        SELECT x.bookable_id
        FROM lastseat.heads x
        WHERE x.tenant_id = g.tenant_id AND x.kind = 'occurrence' AND x.taken > 0
          AND tstzrange(x.starts_at, x.ends_at) && tstzrange(g.since, g.until, '[]')
          AND x.starts_at > g.since AND x.starts_at <= g.until
        OFFSET 0
    ) AS h
    CROSS JOIN LATERAL (
        SELECT x.booking_id
        FROM lastseat.claims x
        WHERE x.tenant_id = g.tenant_id AND x.bookable_id = h.bookable_id
          AND x.live AND x.blocked IS NULL
        OFFSET 0
    ) AS c
)
SELECT b.tenant_id, b.booking_id::text, b.version,
       extract(epoch FROM b.until - greatest(f.starts_at, b.updated_at))::float8 AS overdue
FROM (
    SELECT e.*, x.version, x.updated_at
    FROM began e
    CROSS JOIN LATERAL (
        SELECT y.version, y.updated_at, y.actor_id
        FROM lastseat.bookings y
        WHERE y.tenant_id = e.tenant_id AND y.booking_id = e.booking_id
          AND y.status IN ('RESERVED', 'CONFIRMED') AND y.updated_at <= e.until
        OFFSET 0
    ) AS x
    LEFT JOIN LATERAL (
        SELECT y.ref
        FROM lastseat.actors y
        WHERE y.tenant_id = e.tenant_id AND y.actor_id = x.actor_id
        OFFSET 0
    ) AS a ON true
    WHERE NOT coalesce(starts_with(a.ref, 'block:'), false)
    OFFSET 0
) AS b
CROSS JOIN LATERAL (
    SELECT min(coalesce(lower(c.during), h.starts_at)) AS starts_at,
           bool_or(h.called_off) AS called_off,
           (array_agg(h.location_id ORDER BY coalesce(lower(c.during), h.starts_at), c.no)
               FILTER (WHERE h.location_id IS NOT NULL))[1] AS location_id
    FROM lastseat.claims c
    JOIN lastseat.heads h ON h.tenant_id = c.tenant_id AND h.bookable_id = c.bookable_id
    WHERE c.tenant_id = b.tenant_id AND c.booking_id = b.booking_id AND c.live AND NOT c.own_time
) AS f
LEFT JOIN lastseat.locations l ON l.tenant_id = b.tenant_id AND l.location_id = f.location_id
WHERE NOT f.called_off
  AND coalesce(l.no_show, true)
  AND coalesce(l.no_show_after_seconds, %(usual)s::integer) = b.seconds
  AND f.starts_at > b.since AND f.starts_at <= b.until
ORDER BY overdue DESC
LIMIT %(limit)s::integer;
