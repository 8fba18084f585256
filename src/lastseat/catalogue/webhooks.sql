-- Webhooks: a tenant's endpoints, what signs their messages, and what became of these.

-- name: add_webhook
-- It is told what comes after the feed's end.
INSERT INTO lastseat.webhooks
    (tenant_id, webhook_id, url, kinds, description, epoch, pos, created_at, updated_at)
SELECT %(tenant)s::text, %(webhook)s::uuid, %(url)s::text, %(kinds)s::text[],
       %(description)s::text, (SELECT epoch FROM lastseat.relay),
       coalesce((SELECT max(last_pos) FROM lastseat.feed_pages
                 WHERE tenant_id = %(tenant)s::text), 0),
       now.at, now.at
FROM (SELECT lastseat.clock() AS at OFFSET 0) AS now
RETURNING webhook_id::text, url, kinds, description, disabled,
          (extract(epoch FROM failing_since) * 1000000)::bigint, version,
          (extract(epoch FROM created_at) * 1000000)::bigint,
          (extract(epoch FROM updated_at) * 1000000)::bigint;

-- name: count_webhooks
SELECT count(*) FROM lastseat.webhooks WHERE tenant_id = %(tenant)s::text;

-- name: webhook
SELECT webhook_id::text, url, kinds, description, disabled,
       (extract(epoch FROM failing_since) * 1000000)::bigint, version,
       (extract(epoch FROM created_at) * 1000000)::bigint,
       (extract(epoch FROM updated_at) * 1000000)::bigint
FROM lastseat.webhooks
WHERE tenant_id = %(tenant)s::text AND webhook_id = %(webhook)s::uuid;

-- name: lock_webhook
SELECT webhook_id::text, url, kinds, description, disabled,
       (extract(epoch FROM failing_since) * 1000000)::bigint, version,
       (extract(epoch FROM created_at) * 1000000)::bigint,
       (extract(epoch FROM updated_at) * 1000000)::bigint
FROM lastseat.webhooks
WHERE tenant_id = %(tenant)s::text AND webhook_id = %(webhook)s::uuid
FOR UPDATE;

-- name: webhooks
-- A page, by id.
SELECT webhook_id::text, url, kinds, description, disabled,
       (extract(epoch FROM failing_since) * 1000000)::bigint, version,
       (extract(epoch FROM created_at) * 1000000)::bigint,
       (extract(epoch FROM updated_at) * 1000000)::bigint
FROM lastseat.webhooks
WHERE tenant_id = %(tenant)s::text
  AND webhook_id > coalesce(%(after)s::uuid, '00000000-0000-0000-0000-000000000000'::uuid)
ORDER BY webhook_id
LIMIT %(limit)s::integer;

-- name: change_webhook
-- `afresh`: it was disabled, so what happened meanwhile is not told. Another address has not failed yet.
UPDATE lastseat.webhooks
SET url = %(url)s::text, kinds = %(kinds)s::text[], description = %(description)s::text,
    disabled = %(disabled)s::text,
    failing_since = CASE WHEN %(afresh)s::boolean OR url <> %(url)s::text THEN NULL
                         ELSE failing_since END,
    not_before = CASE WHEN %(afresh)s::boolean OR url <> %(url)s::text THEN NULL
                      ELSE not_before END,
    epoch = CASE WHEN %(afresh)s::boolean THEN (SELECT r.epoch FROM lastseat.relay r)
                 ELSE epoch END,
    pos = CASE WHEN %(afresh)s::boolean
               THEN coalesce((SELECT max(last_pos) FROM lastseat.feed_pages
                              WHERE tenant_id = %(tenant)s::text), 0)
               ELSE pos END,
    version = version + 1, updated_at = (SELECT lastseat.clock())
WHERE tenant_id = %(tenant)s::text AND webhook_id = %(webhook)s::uuid
RETURNING webhook_id::text, url, kinds, description, disabled,
          (extract(epoch FROM failing_since) * 1000000)::bigint, version,
          (extract(epoch FROM created_at) * 1000000)::bigint,
          (extract(epoch FROM updated_at) * 1000000)::bigint;

-- name: hasten_webhook_deliveries
-- What was put off since the endpoint failed is due: whoever put that right waits for it. Past a minute from
-- now no message is that somebody is just sending.
UPDATE lastseat.webhook_deliveries d
SET due_at = now.at
FROM (SELECT lastseat.clock() AS at OFFSET 0) AS now,
     (SELECT x.delivery_id, x.pos FROM lastseat.webhook_deliveries x
      WHERE x.tenant_id = %(tenant)s::text AND x.webhook_id = %(webhook)s::uuid
        AND x.status = 'pending'
        AND x.due_at > (SELECT lastseat.clock()) + interval '1 minute'
      ORDER BY x.due_at
      LIMIT %(limit)s::integer
      FOR UPDATE SKIP LOCKED) AS put_off
WHERE d.tenant_id = %(tenant)s::text AND d.webhook_id = %(webhook)s::uuid
  AND d.delivery_id = put_off.delivery_id AND d.pos = put_off.pos AND d.status = 'pending';

-- name: remove_webhook
DELETE FROM lastseat.webhooks
WHERE tenant_id = %(tenant)s::text AND webhook_id = %(webhook)s::uuid;

-- name: remove_webhook_secrets
DELETE FROM lastseat.webhook_secrets
WHERE tenant_id = %(tenant)s::text AND webhook_id = %(webhook)s::uuid;

-- name: remove_webhook_deliveries
DELETE FROM lastseat.webhook_deliveries
WHERE tenant_id = %(tenant)s::text AND webhook_id = %(webhook)s::uuid;

-- name: end_webhook_secrets
-- Those in force go on for a while; none longer than it would have.
UPDATE lastseat.webhook_secrets
SET ends_at = least(ends_at,
                    (SELECT lastseat.clock()) + make_interval(secs => %(seconds)s::integer))
WHERE tenant_id = %(tenant)s::text AND webhook_id = %(webhook)s::uuid;

-- name: add_webhook_secret
-- The newest; of those before it the last few are kept, and none that has ended.
WITH gone AS (
    DELETE FROM lastseat.webhook_secrets
    WHERE tenant_id = %(tenant)s::text AND webhook_id = %(webhook)s::uuid
      AND (ends_at <= (SELECT lastseat.clock())
           OR no <= (SELECT max(s.no) FROM lastseat.webhook_secrets s
                     WHERE s.tenant_id = %(tenant)s::text AND s.webhook_id = %(webhook)s::uuid)
                    - %(kept)s::integer)
)
INSERT INTO lastseat.webhook_secrets (tenant_id, webhook_id, no, value, created_at)
SELECT %(tenant)s::text, %(webhook)s::uuid, coalesce(max(no), 0) + 1, %(value)s::bytea,
       (SELECT lastseat.clock())
FROM lastseat.webhook_secrets
WHERE tenant_id = %(tenant)s::text AND webhook_id = %(webhook)s::uuid;

-- name: webhook_secrets
-- What signs now, the newest first.
SELECT value
FROM lastseat.webhook_secrets
WHERE tenant_id = %(tenant)s::text AND webhook_id = %(webhook)s::uuid
  AND (ends_at IS NULL OR ends_at > (SELECT lastseat.clock()))
ORDER BY no DESC;

-- name: webhook_deliveries
-- A page, the newest first.
SELECT delivery_id::text, pos, subject, type, status, attempts,
       (extract(epoch FROM created_at) * 1000000)::bigint,
       (extract(epoch FROM due_at) * 1000000)::bigint,
       (extract(epoch FROM done_at) * 1000000)::bigint, answered, reason
FROM lastseat.webhook_deliveries
WHERE tenant_id = %(tenant)s::text AND webhook_id = %(webhook)s::uuid
  AND pos < %(before)s::bigint AND (%(status)s::text IS NULL OR status = %(status)s::text)
ORDER BY pos DESC
LIMIT %(limit)s::integer;

-- name: dead_webhook_deliveries
-- The same of dead letters, which have an index of their own.
SELECT delivery_id::text, pos, subject, type, status, attempts,
       (extract(epoch FROM created_at) * 1000000)::bigint,
       (extract(epoch FROM due_at) * 1000000)::bigint,
       (extract(epoch FROM done_at) * 1000000)::bigint, answered, reason
FROM lastseat.webhook_deliveries
WHERE tenant_id = %(tenant)s::text AND webhook_id = %(webhook)s::uuid
  AND pos < %(before)s::bigint AND status = 'dead'
ORDER BY pos DESC
LIMIT %(limit)s::integer;

-- name: replay_webhook_delivery
-- One that is done goes out again; no row if it is none of these.
UPDATE lastseat.webhook_deliveries
SET status = 'pending', attempts = 0, due_at = (SELECT lastseat.clock()), done_at = NULL
WHERE tenant_id = %(tenant)s::text AND webhook_id = %(webhook)s::uuid
  AND delivery_id = %(delivery)s::uuid AND status <> 'pending'
RETURNING delivery_id;

-- name: webhook_delivery
SELECT status
FROM lastseat.webhook_deliveries
WHERE tenant_id = %(tenant)s::text AND webhook_id = %(webhook)s::uuid
  AND delivery_id = %(delivery)s::uuid;

-- name: replay_dead_webhook_deliveries
-- The oldest dead letters go out again.
UPDATE lastseat.webhook_deliveries d
SET status = 'pending', attempts = 0, due_at = (SELECT lastseat.clock()), done_at = NULL
FROM (
    SELECT delivery_id, pos FROM lastseat.webhook_deliveries
    WHERE tenant_id = %(tenant)s::text AND webhook_id = %(webhook)s::uuid AND status = 'dead'
    ORDER BY pos
    LIMIT %(limit)s::integer
    FOR UPDATE) AS dead
WHERE d.tenant_id = %(tenant)s::text AND d.webhook_id = %(webhook)s::uuid
  AND d.delivery_id = dead.delivery_id AND d.pos = dead.pos
RETURNING d.delivery_id;

-- name: any_dead_webhook_delivery
SELECT 1 FROM lastseat.webhook_deliveries
WHERE tenant_id = %(tenant)s::text AND webhook_id = %(webhook)s::uuid AND status = 'dead'
LIMIT 1;
