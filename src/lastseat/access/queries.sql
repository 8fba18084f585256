-- name: key_claimed
-- The key of an id, and whether it still counts. The one look-up without a tenant: the key says
-- which tenant it is of.
SELECT k.tenant_id, k.hash, k.roles, k.scopes, k.publishable, k.per_minute, t.operator,
       k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > (SELECT lastseat.clock()))
FROM lastseat.api_keys k
JOIN lastseat.tenants t ON t.tenant_id = k.tenant_id
WHERE k.key_id = %(key)s::uuid;

-- name: key_created
-- A key of a tenant that is there; no row if it is not, or the key would be expired already.
INSERT INTO lastseat.api_keys
    (tenant_id, key_id, hash, name, roles, scopes, publishable, per_minute, created_at, created_by,
     expires_at)
SELECT t.tenant_id, %(key)s::uuid, %(hash)s::bytea, %(name)s::text, %(roles)s::text[],
       %(scopes)s::text[], %(publishable)s::boolean, %(per_minute)s::integer, c.now,
       %(created_by)s::text, %(expires_at)s::timestamptz
FROM lastseat.tenants t, (SELECT lastseat.clock() AS now) c
WHERE t.tenant_id = %(tenant)s::text
  AND (%(expires_at)s::timestamptz IS NULL OR %(expires_at)s::timestamptz > c.now)
RETURNING key_id::text, name, roles, scopes, publishable, per_minute, created_at, created_by,
          expires_at, revoked_at;

-- name: keys_listed
-- A page of a tenant's keys by id, revoked and expired ones too.
SELECT key_id::text, name, roles, scopes, publishable, per_minute, created_at, created_by,
       expires_at, revoked_at
FROM lastseat.api_keys
WHERE tenant_id = %(tenant)s::text
  AND key_id > coalesce(%(after)s::uuid, '00000000-0000-0000-0000-000000000000'::uuid)
ORDER BY key_id
LIMIT %(limit)s::integer;

-- name: key_revoked
-- A key is revoked once: the first time stays.
UPDATE lastseat.api_keys
SET revoked_at = coalesce(revoked_at, (SELECT lastseat.clock()))
WHERE tenant_id = %(tenant)s::text AND key_id = %(key)s::uuid
RETURNING key_id::text, name, roles, scopes, publishable, per_minute, created_at, created_by,
          expires_at, revoked_at;

-- name: any_key
-- Whether anybody has a key: else this is a first start.
SELECT EXISTS (SELECT FROM lastseat.api_keys);

-- name: first_start
-- One process at a time makes the first owner. Held to the end of the transaction.
SELECT pg_advisory_xact_lock(%(lock)s::bigint);

-- name: operator_made
-- The operator's tenant: made, or marked if it was there.
INSERT INTO lastseat.tenants (tenant_id, name, operator, created_at)
VALUES (%(tenant)s::text, %(name)s::text, true, (SELECT lastseat.clock()))
ON CONFLICT (tenant_id) DO UPDATE SET operator = true;

-- name: tenant_created
-- A new tenant; no row if it is there.
INSERT INTO lastseat.tenants (tenant_id, name, created_at)
VALUES (%(tenant)s::text, %(name)s::text, (SELECT lastseat.clock()))
ON CONFLICT (tenant_id) DO NOTHING
RETURNING tenant_id, name, operator, version, created_at, updated_at;

-- name: tenant
-- One tenant.
SELECT tenant_id, name, operator, version, created_at, updated_at
FROM lastseat.tenants
WHERE tenant_id = %(tenant)s::text;

-- name: tenants_listed
-- A page of all tenants by id: for the operator alone.
SELECT tenant_id, name, operator, version, created_at, updated_at
FROM lastseat.tenants
WHERE tenant_id > %(after)s::text
ORDER BY tenant_id
LIMIT %(limit)s::integer;

-- name: person_found
-- Who a subject is in a tenant that is there; the person is null if nobody made them known.
SELECT p.person_id::text, p.roles, t.operator
FROM lastseat.tenants t
LEFT JOIN lastseat.people p ON p.tenant_id = t.tenant_id AND p.subject = %(subject)s::text
WHERE t.tenant_id = %(tenant)s::text;

-- name: person_seen
-- A subject at their first use of a token. Of two at once the first makes the row.
INSERT INTO lastseat.people (tenant_id, person_id, subject, roles, created_at)
VALUES (%(tenant)s::text, %(person)s::uuid, %(subject)s::text, %(roles)s::text[],
        (SELECT lastseat.clock()))
ON CONFLICT ON CONSTRAINT people_subject DO NOTHING;

-- name: person_set
-- A person's roles and name, in a tenant that is there: made, or replaced. Their id stays.
INSERT INTO lastseat.people (tenant_id, person_id, subject, name, roles, created_at)
SELECT t.tenant_id, %(person)s::uuid, %(subject)s::text, %(name)s::text, %(roles)s::text[],
       (SELECT lastseat.clock())
FROM lastseat.tenants t
WHERE t.tenant_id = %(tenant)s::text
ON CONFLICT ON CONSTRAINT people_subject DO UPDATE
SET name = excluded.name, roles = excluded.roles
RETURNING person_id::text, subject, name, roles, created_at;

-- name: people_listed
-- A page of a tenant's people by id.
SELECT person_id::text, subject, name, roles, created_at
FROM lastseat.people
WHERE tenant_id = %(tenant)s::text
  AND person_id > coalesce(%(after)s::uuid, '00000000-0000-0000-0000-000000000000'::uuid)
ORDER BY person_id
LIMIT %(limit)s::integer;

-- name: person_removed
-- A person is no longer known.
DELETE FROM lastseat.people
WHERE tenant_id = %(tenant)s::text AND person_id = %(person)s::uuid
RETURNING person_id::text, subject, name, roles, created_at;
