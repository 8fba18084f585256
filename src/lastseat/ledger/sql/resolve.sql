-- What a batch's commands are about, read before any lock to know what to lock. All of it is looked
-- at again under the locks.

-- name: find_definitions
-- What never changes of the bookables named.
SELECT bookable_id, kind, actor_time,
       (extract(epoch FROM starts_at) * 1000000)::bigint,
       (extract(epoch FROM ends_at) * 1000000)::bigint
FROM lastseat.heads
WHERE tenant_id = %(tenant)s::text AND bookable_id = ANY(%(bookables)s::text[]) AND seq > 0;

-- name: find_actors
-- The surrogates of the callers' references.
SELECT ref, actor_id::text
FROM lastseat.actors
WHERE tenant_id = %(tenant)s::text AND ref = ANY(%(refs)s::text[]);

-- name: find_boundaries
-- The bookables that bookings have live claims on, and whose the bookings are.
SELECT b.booking_id::text, b.actor_id::text, c.bookable_id
FROM unnest(%(booking_ids)s::uuid[]) AS wanted (booking_id)
JOIN lastseat.bookings b
  ON b.tenant_id = %(tenant)s::text AND b.booking_id = wanted.booking_id
LEFT JOIN lastseat.claims c
  ON c.tenant_id = b.tenant_id AND c.booking_id = b.booking_id AND c.live;

-- name: find_seats
-- The live bookings of actors on occurrences, and all the bookables each has claims on.
SELECT wanted.bookable_id, wanted.ref, seat.booking_id::text, a.actor_id::text, other.bookable_id
FROM unnest(%(bookables)s::text[], %(refs)s::text[]) AS wanted (bookable_id, ref)
JOIN lastseat.actors a
  ON a.tenant_id = %(tenant)s::text AND a.ref = wanted.ref
JOIN lastseat.claims seat
  ON seat.tenant_id = a.tenant_id AND seat.bookable_id = wanted.bookable_id
 AND seat.actor_id = a.actor_id AND seat.live
JOIN lastseat.claims other
  ON other.tenant_id = seat.tenant_id AND other.booking_id = seat.booking_id AND other.live;
