-- What a batch's commands are about, read before any lock to know what to lock. All of it is looked
-- at again under the locks.
--
-- Each looks its rows up one by one (LATERAL with OFFSET 0, which no planner flattens): a join planned
-- for an empty table would read a full one whole.

-- name: find_definitions
-- What never changes of the bookables named.
SELECT bookable_id, kind, actor_time,
       (extract(epoch FROM starts_at) * 1000000)::bigint,
       (extract(epoch FROM ends_at) * 1000000)::bigint,
       array_to_json(parts)::text
FROM lastseat.heads
WHERE tenant_id = %(tenant)s::text AND bookable_id = ANY(%(bookables)s::text[]) AND seq > 0;

-- name: find_locations
-- Which of these places there are. None is ever removed.
SELECT location_id
FROM lastseat.locations
WHERE tenant_id = %(tenant)s::text AND location_id = ANY(%(locations)s::text[]);

-- name: find_actors
-- The surrogates of the callers' references.
SELECT wanted.ref, a.actor_id::text
FROM unnest(%(refs)s::text[]) AS wanted (ref)
CROSS JOIN LATERAL (
    SELECT x.actor_id FROM lastseat.actors x
    WHERE x.tenant_id = %(tenant)s::text AND x.ref = wanted.ref
    OFFSET 0
) AS a;

-- name: hold_actors
-- In a caller's transaction: nobody forgets these until it is over, nor did since its snapshot.
SELECT actor_id::text
FROM lastseat.actors
WHERE tenant_id = %(tenant)s::text AND ref = ANY(%(refs)s::text[])
ORDER BY ref
FOR KEY SHARE;

-- name: find_boundaries
-- The bookables that bookings have live claims on, or wait on, and whose the bookings are.
SELECT wanted.booking_id::text, b.actor_id::text, c.bookable_id
FROM unnest(%(booking_ids)s::uuid[]) AS wanted (booking_id)
CROSS JOIN LATERAL (
    SELECT x.actor_id FROM lastseat.bookings x
    WHERE x.tenant_id = %(tenant)s::text AND x.booking_id = wanted.booking_id
    OFFSET 0
) AS b
LEFT JOIN LATERAL (
    SELECT x.bookable_id FROM lastseat.claims x
    WHERE x.tenant_id = %(tenant)s::text AND x.booking_id = wanted.booking_id AND x.live
    UNION ALL
    SELECT x.bookable_id FROM lastseat.waitlist x
    WHERE x.tenant_id = %(tenant)s::text AND x.booking_id = wanted.booking_id
    OFFSET 0
) AS c ON true;

-- name: find_bookings_on
-- The live bookings on occurrences, whose they are, and all the bookables each has claims on.
SELECT seat.bookable_id, seat.booking_id::text, seat.actor_id::text, other.bookable_id
FROM (
    SELECT wanted.bookable_id, c.booking_id, c.actor_id
    FROM unnest(%(bookables)s::text[]) AS wanted (bookable_id)
    CROSS JOIN LATERAL (
        SELECT x.booking_id, x.actor_id FROM lastseat.claims x
        WHERE x.tenant_id = %(tenant)s::text AND x.bookable_id = wanted.bookable_id
          AND x.live AND x.blocked IS NULL
        OFFSET 0
    ) AS c
    LIMIT %(most_edited)s::integer
) AS seat
CROSS JOIN LATERAL (
    SELECT x.bookable_id FROM lastseat.claims x
    WHERE x.tenant_id = %(tenant)s::text AND x.booking_id = seat.booking_id AND x.live
    OFFSET 0
) AS other;

-- name: find_seats
-- The live bookings of actors on occurrences, and all the bookables each has claims on.
SELECT wanted.bookable_id, wanted.ref, seat.booking_id::text, a.actor_id::text, other.bookable_id
FROM unnest(%(bookables)s::text[], %(refs)s::text[]) AS wanted (bookable_id, ref)
CROSS JOIN LATERAL (
    SELECT x.actor_id FROM lastseat.actors x
    WHERE x.tenant_id = %(tenant)s::text AND x.ref = wanted.ref
    OFFSET 0
) AS a
CROSS JOIN LATERAL (
    SELECT x.booking_id FROM lastseat.claims x
    WHERE x.tenant_id = %(tenant)s::text AND x.bookable_id = wanted.bookable_id
      AND x.actor_id = a.actor_id AND x.live AND x.blocked IS NULL
    OFFSET 0
) AS seat
CROSS JOIN LATERAL (
    SELECT x.bookable_id FROM lastseat.claims x
    WHERE x.tenant_id = %(tenant)s::text AND x.booking_id = seat.booking_id AND x.live
    OFFSET 0
) AS other;
