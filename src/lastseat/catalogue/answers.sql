-- Answers under idempotency keys, in the table that the engine keeps its own in.

-- name: set_lock_timeout
-- For this transaction alone.
SELECT set_config('lock_timeout', %(timeout)s::text, true);

-- name: drop_old_key
-- A key whose time is over may be used anew.
DELETE FROM lastseat.keys
WHERE tenant_id = %(tenant)s::text AND key = %(key)s::text
  AND expires_at <= (SELECT lastseat.clock());

-- name: claim_key
-- Waits for whoever is at work under the same key; no row when they have answered.
INSERT INTO lastseat.keys (tenant_id, key, request_hash, outcome, command_id, at, expires_at)
VALUES (%(tenant)s::text, %(key)s::text, %(hash)s::text, '', %(command)s::uuid,
        (SELECT lastseat.clock()), (SELECT lastseat.clock()) + interval '24 hours')
ON CONFLICT (tenant_id, key) DO NOTHING
RETURNING key;

-- name: keep_answer
UPDATE lastseat.keys SET outcome = %(answer)s::text
WHERE tenant_id = %(tenant)s::text AND key = %(key)s::text;

-- name: find_answer
SELECT request_hash, outcome FROM lastseat.keys
WHERE tenant_id = %(tenant)s::text AND key = %(key)s::text;
