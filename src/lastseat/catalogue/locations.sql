-- Places of a tenant.

-- name: add_location
-- No row when the id is taken.
INSERT INTO lastseat.locations
    (tenant_id, location_id, name, time_zone, attributes, no_show, no_show_after_seconds,
     created_at, updated_at)
SELECT %(tenant)s::text, %(location)s::text, %(name)s::text, %(time_zone)s::text,
       %(attributes)s::jsonb, %(no_show)s::boolean, %(no_show_after_seconds)s::integer,
       now.at, now.at
FROM (SELECT lastseat.clock() AS at OFFSET 0) AS now
ON CONFLICT (tenant_id, location_id) DO NOTHING
RETURNING location_id, name, time_zone, attributes::text, version,
          (extract(epoch FROM created_at) * 1000000)::bigint,
          (extract(epoch FROM updated_at) * 1000000)::bigint, no_show, no_show_after_seconds;

-- name: location
SELECT location_id, name, time_zone, attributes::text, version,
       (extract(epoch FROM created_at) * 1000000)::bigint,
       (extract(epoch FROM updated_at) * 1000000)::bigint, no_show, no_show_after_seconds
FROM lastseat.locations
WHERE tenant_id = %(tenant)s::text AND location_id = %(location)s::text;

-- name: lock_location
SELECT location_id, name, time_zone, attributes::text, version,
       (extract(epoch FROM created_at) * 1000000)::bigint,
       (extract(epoch FROM updated_at) * 1000000)::bigint, no_show, no_show_after_seconds
FROM lastseat.locations
WHERE tenant_id = %(tenant)s::text AND location_id = %(location)s::text
FOR UPDATE;

-- name: locations
-- A page, by id.
SELECT location_id, name, time_zone, attributes::text, version,
       (extract(epoch FROM created_at) * 1000000)::bigint,
       (extract(epoch FROM updated_at) * 1000000)::bigint, no_show, no_show_after_seconds
FROM lastseat.locations
WHERE tenant_id = %(tenant)s::text AND location_id > %(after)s::text
ORDER BY location_id
LIMIT %(limit)s::integer;

-- name: change_location
UPDATE lastseat.locations
SET name = %(name)s::text, time_zone = %(time_zone)s::text, attributes = %(attributes)s::jsonb,
    no_show = %(no_show)s::boolean, no_show_after_seconds = %(no_show_after_seconds)s::integer,
    version = version + 1, updated_at = (SELECT lastseat.clock())
WHERE tenant_id = %(tenant)s::text AND location_id = %(location)s::text
RETURNING location_id, name, time_zone, attributes::text, version,
          (extract(epoch FROM created_at) * 1000000)::bigint,
          (extract(epoch FROM updated_at) * 1000000)::bigint, no_show, no_show_after_seconds;
