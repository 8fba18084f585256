-- Feeds given out: whose, of what, and the hash of the secret in their address.

-- name: feed_claimed
-- The feed of an id. The one look-up here without a tenant: the address says nothing of it.
SELECT tenant_id, hash, feed_id::text, of, redacted,
       (extract(epoch FROM created_at) * 1000000)::bigint
FROM lastseat.feeds
WHERE feed_id = %(feed)s::uuid;

-- name: add_feed
INSERT INTO lastseat.feeds (tenant_id, feed_id, hash, of, redacted, created_at)
VALUES (%(tenant)s::text, %(feed)s::uuid, %(hash)s::bytea, %(of)s::text, %(redacted)s::boolean,
        (SELECT lastseat.clock()))
RETURNING feed_id::text, of, redacted, (extract(epoch FROM created_at) * 1000000)::bigint;

-- name: feeds
-- A page, by id.
SELECT feed_id::text, of, redacted, (extract(epoch FROM created_at) * 1000000)::bigint
FROM lastseat.feeds
WHERE tenant_id = %(tenant)s::text
  AND feed_id > coalesce(%(after)s::uuid, '00000000-0000-0000-0000-000000000000'::uuid)
ORDER BY feed_id
LIMIT %(limit)s::integer;

-- name: change_feed_secret
-- From here on the old address is unknown.
UPDATE lastseat.feeds SET hash = %(hash)s::bytea
WHERE tenant_id = %(tenant)s::text AND feed_id = %(feed)s::uuid
RETURNING feed_id::text, of, redacted, (extract(epoch FROM created_at) * 1000000)::bigint;

-- name: revoke_feed
DELETE FROM lastseat.feeds
WHERE tenant_id = %(tenant)s::text AND feed_id = %(feed)s::uuid
RETURNING feed_id::text, of, redacted, (extract(epoch FROM created_at) * 1000000)::bigint;
