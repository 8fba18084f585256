-- The locks, in one global order everywhere: events, then heads by id (bytes), then keys by key.
-- A head's own columns are current in its locking statement; everything else has to be read by a
-- later statement, whose snapshot is newer than the lock.

-- name: lock_free_heads
-- The heads that nobody holds. A stalled one is left out, not waited for.
SELECT bookable_id, kind, capacity, overbooked, taken, seq,
       (extract(epoch FROM at) * 1000000)::bigint,
       (extract(epoch FROM starts_at) * 1000000)::bigint,
       (extract(epoch FROM ends_at) * 1000000)::bigint,
       time_zone, event_id, own_capacity, actor_time, location_id, called_off, waiting, waitlist
FROM lastseat.heads
WHERE tenant_id = %(tenant)s::text AND bookable_id = ANY(%(bookables)s::text[])
ORDER BY bookable_id
FOR UPDATE SKIP LOCKED;

-- name: lock_heads
-- The same heads, each waited for.
SELECT bookable_id, kind, capacity, overbooked, taken, seq,
       (extract(epoch FROM at) * 1000000)::bigint,
       (extract(epoch FROM starts_at) * 1000000)::bigint,
       (extract(epoch FROM ends_at) * 1000000)::bigint,
       time_zone, event_id, own_capacity, actor_time, location_id, called_off, waiting, waitlist
FROM lastseat.heads
WHERE tenant_id = %(tenant)s::text AND bookable_id = ANY(%(bookables)s::text[])
ORDER BY bookable_id
FOR UPDATE;

-- name: create_heads
-- Heads that do not exist yet, made and locked; those that do are locked and left as they are. FOR
-- UPDATE would lock nothing where there is no row, and two first bookings would not meet.
INSERT INTO lastseat.heads (tenant_id, bookable_id, kind, capacity)
SELECT %(tenant)s::text, new.bookable_id, new.kind, new.capacity
FROM unnest(%(bookables)s::text[], %(kinds)s::text[], %(capacities)s::integer[])
    AS new (bookable_id, kind, capacity)
ORDER BY new.bookable_id
ON CONFLICT (tenant_id, bookable_id) DO UPDATE SET seq = heads.seq WHERE false;

-- name: create_actor_heads
-- The streams of actors' own time, for those who have none yet. Does not wait for a head that exists.
INSERT INTO lastseat.heads (tenant_id, bookable_id, kind, capacity)
SELECT %(tenant)s::text, bookable_id, 'actor', 1
FROM unnest(%(bookables)s::text[]) AS new (bookable_id)
ORDER BY bookable_id
ON CONFLICT (tenant_id, bookable_id) DO NOTHING;

-- name: share_events
-- Held while an occurrence of theirs is made: an edit of the event waits until it can see it. When the
-- occurrences are is read by a later statement: joined here it would be as it was before the wait for
-- an edit, though the head is as it is after it.
SELECT h.bookable_id, h.capacity, h.time_zone, h.actor_time, h.location_id, h.waitlist
FROM lastseat.heads h
WHERE h.tenant_id = %(tenant)s::text AND h.bookable_id = ANY(%(events)s::text[])
  AND h.kind = 'event'
ORDER BY h.bookable_id
FOR SHARE OF h;

-- name: lock_events
-- Held while events are edited: no occurrence of theirs can be made meanwhile.
SELECT bookable_id
FROM lastseat.heads
WHERE tenant_id = %(tenant)s::text AND bookable_id = ANY(%(events)s::text[])
ORDER BY bookable_id
FOR UPDATE;

-- name: find_followers
-- The occurrences of events that have a stream.
SELECT event_id, bookable_id
FROM lastseat.heads
WHERE tenant_id = %(tenant)s::text AND event_id = ANY(%(events)s::text[])
ORDER BY bookable_id;
