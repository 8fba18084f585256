-- name: event
-- An event as it stands: when its occurrences are, and what each of them has. And the time.
SELECT h.seq, h.capacity, h.time_zone, h.actor_time, h.location_id,
       array_to_json(e.starts)::text, e.seconds, e.schedule::text,
       (extract(epoch FROM lastseat.clock()) * 1000000)::bigint, h.waitlist
FROM lastseat.heads h
JOIN lastseat.events e ON e.tenant_id = h.tenant_id AND e.event_id = h.bookable_id
WHERE h.tenant_id = %(tenant)s::text AND h.bookable_id = %(event)s::text AND h.kind = 'event';

-- name: event_followers
-- The occurrences of an event that have a stream, each with its live bookings: those whose hold ran
-- out are not counted, as a decision would not.
SELECT h.bookable_id,
       (extract(epoch FROM h.starts_at) * 1000000)::bigint,
       (extract(epoch FROM h.ends_at) * 1000000)::bigint,
       h.capacity, h.own_capacity, h.called_off, there.bookings, there.units
FROM lastseat.heads h
CROSS JOIN LATERAL (
    SELECT count(*)::bigint AS bookings, coalesce(sum(c.units), 0)::bigint AS units
    FROM lastseat.claims c
    WHERE c.tenant_id = h.tenant_id AND c.bookable_id = h.bookable_id AND c.live
      AND c.blocked IS NULL AND (c.expires_at IS NULL OR c.expires_at > (SELECT lastseat.clock()))
) AS there
WHERE h.tenant_id = %(tenant)s::text AND h.event_id = %(event)s::text
ORDER BY h.bookable_id
LIMIT %(limit)s::integer;

-- name: kept_answer
-- What a request under an idempotency key was answered, while that is kept.
SELECT request_hash, outcome
FROM lastseat.keys
WHERE tenant_id = %(tenant)s::text AND key = %(key)s::text
  AND (expires_at IS NULL OR expires_at > (SELECT lastseat.clock()));

-- name: zoned_times
-- What was reckoned from a wall clock and is not over: opened occurrences of events with when these
-- are, and live claims with the local time that they were asked for. Of one tenant or all.
SELECT h.tenant_id, h.bookable_id, NULL AS booking_id, h.time_zone, NULL AS local_start,
       (extract(epoch FROM h.starts_at) * 1000000)::bigint AS starts_at, h.event_id
FROM lastseat.heads h
WHERE (%(tenant)s::text IS NULL OR h.tenant_id = %(tenant)s::text)
  AND h.event_id IS NOT NULL AND NOT h.called_off AND h.ends_at > lastseat.clock()
UNION ALL
SELECT c.tenant_id, c.bookable_id, c.booking_id::text, c.time_zone,
       to_char(c.local_start, 'YYYY-MM-DD"T"HH24:MI:SS'),
       (extract(epoch FROM lower(c.during)) * 1000000)::bigint, NULL
FROM lastseat.claims c
WHERE (%(tenant)s::text IS NULL OR c.tenant_id = %(tenant)s::text)
  AND c.live AND c.local_start IS NOT NULL AND c.time_zone IS NOT NULL
  AND upper(c.during) > lastseat.clock()
ORDER BY 1, 2, 3;

-- name: schedules
-- When the occurrences of all events are that have any opened, of one tenant or all.
SELECT h.tenant_id, h.bookable_id, h.time_zone, array_to_json(e.starts)::text, e.seconds,
       e.schedule::text
FROM lastseat.heads h
JOIN lastseat.events e ON e.tenant_id = h.tenant_id AND e.event_id = h.bookable_id
WHERE (%(tenant)s::text IS NULL OR h.tenant_id = %(tenant)s::text) AND h.kind = 'event';
