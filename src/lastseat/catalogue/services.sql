-- Services: how each is sold. How many at once is on its head, which the engine alone writes.

-- name: add_service
-- No row when the id is taken.
INSERT INTO lastseat.services
    (tenant_id, service_id, name, location_id, duration_seconds, before_seconds, after_seconds,
     hold_seconds, hold_limit_seconds, attributes, needs, created_at, updated_at)
SELECT %(tenant)s::text, %(service)s::text, %(name)s::text, %(location_id)s::text,
       %(duration_seconds)s::integer, %(before_seconds)s::integer, %(after_seconds)s::integer,
       %(hold_seconds)s::integer, %(hold_limit_seconds)s::integer, %(attributes)s::jsonb,
       %(needs)s::json, now.at, now.at
FROM (SELECT lastseat.clock() AS at OFFSET 0) AS now
ON CONFLICT (tenant_id, service_id) DO NOTHING
RETURNING service_id;

-- name: service
SELECT s.service_id, s.name, s.location_id, s.duration_seconds, s.before_seconds, s.after_seconds,
       s.hold_seconds, s.hold_limit_seconds, s.attributes::text, s.version,
       (extract(epoch FROM s.created_at) * 1000000)::bigint,
       (extract(epoch FROM s.updated_at) * 1000000)::bigint,
       h.capacity, l.time_zone, s.needs::text, h.waitlist
FROM lastseat.services s
JOIN lastseat.heads h
  ON h.tenant_id = s.tenant_id AND h.bookable_id = 'service:' || s.service_id AND h.seq > 0
LEFT JOIN lastseat.locations l ON l.tenant_id = s.tenant_id AND l.location_id = s.location_id
WHERE s.tenant_id = %(tenant)s::text AND s.service_id = %(service)s::text;

-- name: lock_service
SELECT version FROM lastseat.services
WHERE tenant_id = %(tenant)s::text AND service_id = %(service)s::text
FOR UPDATE;

-- name: services
-- A page, by id.
SELECT s.service_id, s.name, s.location_id, s.duration_seconds, s.before_seconds, s.after_seconds,
       s.hold_seconds, s.hold_limit_seconds, s.attributes::text, s.version,
       (extract(epoch FROM s.created_at) * 1000000)::bigint,
       (extract(epoch FROM s.updated_at) * 1000000)::bigint,
       h.capacity, l.time_zone, s.needs::text, h.waitlist
FROM lastseat.services s
JOIN lastseat.heads h
  ON h.tenant_id = s.tenant_id AND h.bookable_id = 'service:' || s.service_id AND h.seq > 0
LEFT JOIN lastseat.locations l ON l.tenant_id = s.tenant_id AND l.location_id = s.location_id
WHERE s.tenant_id = %(tenant)s::text AND s.service_id > %(after)s::text
ORDER BY s.service_id
LIMIT %(limit)s::integer;

-- name: change_service
UPDATE lastseat.services
SET name = %(name)s::text, duration_seconds = %(duration_seconds)s::integer,
    before_seconds = %(before_seconds)s::integer, after_seconds = %(after_seconds)s::integer,
    hold_seconds = %(hold_seconds)s::integer, hold_limit_seconds = %(hold_limit_seconds)s::integer,
    attributes = %(attributes)s::jsonb, needs = %(needs)s::json, version = version + 1,
    updated_at = (SELECT lastseat.clock())
WHERE tenant_id = %(tenant)s::text AND service_id = %(service)s::text;

-- name: parts_of
-- What some bookables are, and the parts of those that are composites.
SELECT h.bookable_id, h.kind, h.parts
FROM lastseat.heads h
WHERE h.tenant_id = %(tenant)s::text AND h.bookable_id = ANY(%(names)s::text[]) AND h.seq > 0;
